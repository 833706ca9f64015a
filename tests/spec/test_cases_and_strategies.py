"""Cases: every quantity draws what it says, reaches what is nasty, filters nothing, and can be narrowed to a port."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData
from noisy import dtypes, law

from gnomon_spec import strategies
from gnomon_spec.arithmetic import wide_dtype
from gnomon_spec.cases import Case, Cases, Context, Quantity, choice, constant, map_leaves
from gnomon_spec.strategies import (
    ANY_SHAPE,
    VECTORS,
    count,
    fraction,
    indices,
    nonnegative,
    number,
    permutation,
    rotation,
    shapes,
    spectrum,
    steps_of,
    symmetric,
    tame,
    unit_interval,
    vector,
)

FLOAT32 = np.dtype(np.float32)
ALL_DTYPES = st.sampled_from([np.dtype(np.float16), FLOAT32, np.dtype(np.float64)])
some_shapes = st.sampled_from([(), (0,), (1,), (3,), (2, 3), (17,), (35,)])


def drawn(data, quantity, dtype=FLOAT32, shape=(3,), before=None):
    return quantity.draw(data.draw, Context(dtype, shape, before or {}))


def collected(quantity, dtype=FLOAT32, shape=(8,), examples=300):
    """Return what a fixed seed draws: the same in every run of this test."""
    found = []

    @seed(0)
    @settings(max_examples=examples, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.data())
    def collect(data):
        found.append(drawn(data, quantity, dtype, shape))

    collect()
    return found


# --- arrays --------------------------------------------------------------------------------------------------------


@law
@given(st.data(), ALL_DTYPES, some_shapes, st.integers(-3, 3), st.integers(1, 5))
def test_arrays_have_the_dtype_and_the_common_shape_and_are_finite(data, dtype, shape, scale, most):
    """Tame entries are zero or within their window; a sequence has one array a step."""
    for quantity in (vector(), vector(0), nonnegative(), tame(), tame(scale)):
        array = drawn(data, quantity, dtype, shape)
        assert (array.dtype, array.shape) == (dtype, shape)
        assert np.isfinite(array).all()
    sizes, window = np.abs(array.astype(np.float64)) / 2.0**scale, 2.0**strategies.WINDOW
    assert np.all((sizes == 0) | ((sizes >= 1 / window) & (sizes <= 2 * window)))
    assert np.all(drawn(data, nonnegative(), dtype, shape) >= 0)
    sequence = drawn(data, steps_of(vector(), most), dtype, shape)
    assert (sequence.dtype, sequence.shape[1:]) == (dtype, shape) and 1 <= len(sequence) <= most


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(8,), (35,)])
def test_arrays_reach_zeros_ties_subnormals_and_both_ends_of_the_range(dtype, shape):
    """Counted over 300 arrays of a fixed seed; the same in every run."""
    info = np.finfo(dtype)
    arrays = collected(vector(), np.dtype(dtype), shape)
    values = np.concatenate(arrays)
    sizes = np.abs(values[values != 0]).astype(np.longdouble)
    for reached in (
        values == 0,
        (values > 0) & (values < info.smallest_normal),
        (values < 0) & (values > -info.smallest_normal),
        sizes * sizes > np.longdouble(info.max),
        sizes * sizes < np.longdouble(info.smallest_normal),
    ):
        assert np.any(reached)
    assert any(np.any((array[1:] == array[:-1]) & (array[1:] != 0)) for array in arrays)


def test_arrays_reach_many_decades_and_stay_near_one_scale_each():
    """A scale of an array is its median size; half of the entries of most arrays lie within the window around it.

    The scale itself stops where a square would leave the range: most entries are not extremes.
    """
    arrays = [np.abs(array[array != 0]).astype(np.float64) for array in collected(vector())]
    scales = np.log10([np.median(array) for array in arrays if array.size])
    assert scales.max() - scales.min() > 20
    near = [np.mean(np.abs(np.log2(a / np.median(a))) <= 2 * strategies.WINDOW + 1) >= 0.5 for a in arrays if a.size]
    assert np.mean(near) > 0.5
    squares, info = np.concatenate(arrays) ** 2, np.finfo(np.float32)
    assert np.mean((squares < info.max) & (squares > info.smallest_normal)) > 0.5


def test_tame_arrays_reach_zeros_and_both_signs():
    values = np.concatenate(collected(tame()))
    assert np.any(values == 0) and np.any(values < 0)
    assert np.abs(values[values != 0]).max() / np.abs(values[values != 0]).min() > 100


# --- numbers -------------------------------------------------------------------------------------------------------

NUMBERS = [
    (number(1e-3, 1.0, 0.5), float, lambda x: 2.0**-12 <= x < 16 or x == 1e-3),
    (number(0.0, 0.5), float, lambda x: 0 <= x < 16),
    (number(exponents=(0, 1)), float, lambda x: 1 <= x < 4),
    (fraction(0.9, 0.0), float, lambda x: 0 <= x < 1),
    (fraction(closest=3), float, lambda x: 0 <= x <= 1 - 2.0**-3),
    (unit_interval(), float, lambda x: 0 <= x <= 1),
    (count(1, 2, high=12), int, lambda x: 0 <= x <= 12),
    (count(low=-20, high=20), int, lambda x: -20 <= x <= 20),
]


@law
@given(st.data(), st.sampled_from(NUMBERS))
def test_numbers_are_python_numbers_in_their_domain_and_allowed(data, case):
    quantity, kind, inside = case
    value = drawn(data, quantity)
    assert type(value) is kind
    assert inside(value)
    assert quantity.allows(value)


def test_numbers_reach_their_simple_values_several_decades_and_the_neighbourhood_of_one():
    rates = collected(number(1e-3, 1.0, 0.5))
    assert {1e-3, 1.0, 0.5} <= set(rates)
    assert np.log10(max(rates) / min(rates)) > 3
    momenta = collected(fraction(0.9, 0.0))
    assert {0.9, 0.0} <= set(momenta)
    assert max(momenta) > 0.999
    assert {0.0, 1.0} <= set(collected(unit_interval()))
    assert {0, 1, 12} <= set(collected(count(1, high=12)))


def test_numbers_outside_their_domain_are_not_allowed():
    assert not any(number(0.5).allows(value) for value in (0.0, -1.0, 1e6))
    assert number(0.0, 0.5).allows(0.0) and unit_interval().allows(1.0)
    assert not fraction(0.9).allows(1.0) and not count(high=3).allows(4)


@law
@given(st.data(), st.lists(st.integers(), min_size=1, max_size=4))
def test_a_choice_is_one_of_its_values_and_a_constant_its_own(data, values):
    assert drawn(data, choice(*values)) in values
    assert drawn(data, constant(values[0])) == values[0]
    assert choice(*values).allows(values[0]) and not choice(*values).allows(max(values) + 1)
    assert constant(values[0]).allows(values[0]) and not constant(values[0]).allows(values[0] + 1)


@law
@given(st.data(), some_shapes)
def test_a_permutation_holds_every_index_once_and_an_index_is_one_of_them(data, shape):
    size = int(np.prod(shape))
    assert sorted(drawn(data, permutation(), shape=shape)) == list(range(size))
    assert 0 <= drawn(data, indices(), shape=shape) < max(1, size)


def test_a_shape_is_one_of_the_given_ones_and_all_are_reached():
    assert set(collected(shapes((1,), (2, 3)))) == {(1,), (2, 3)}
    assert {(), (0,), (2, 3), (35,)} <= set(collected(ANY_SHAPE))
    assert all(len(shape) == 1 and shape[0] > 0 for shape in collected(VECTORS))


# --- matrices ------------------------------------------------------------------------------------------------------


@law
@given(st.data(), dtypes, st.integers(1, 5), st.sampled_from([0.0, 2.0, 6.0]))
def test_matrices_are_orthogonal_or_symmetric_with_a_spectrum_to_the_rounding_of_their_entries(data, dtype, n, decades):
    """Each entry is off by u from a matrix that Householder's QR makes orthogonal within 2⁻⁵³·20·n² (Higham, 19.4).

    Weyl: rounding the entries, each at most 1, moves eigenvalues by at most n·u; QR and products by 20·n²·2⁻⁵³.
    """
    eps = np.finfo(dtype).eps
    turn = drawn(data, rotation(), dtype, (n,))
    matrix, values = drawn(data, symmetric(decades), dtype, (n,)), drawn(data, spectrum(decades), dtype, (n,))
    assert [(a.dtype, a.shape) for a in (turn, matrix, values)] == [(dtype, (n, n)), (dtype, (n, n)), (dtype, (n,))]
    wide = turn.astype(wide_dtype(dtype))
    assert np.all(np.abs(wide.T @ wide - np.eye(n)) <= eps * n + 2.0**-52 * 20 * n * n)
    assert np.all((values <= 1) & (values >= 10.0**-decades * (1 - 2 * eps)))
    assert np.array_equal(matrix, matrix.T)
    found, moved = np.linalg.eigvalsh(matrix.astype(np.float64)), n * eps / 2 + 3 * 20 * n * n * 2.0**-53
    assert np.all((found >= 10.0**-decades - moved) & (found <= 1 + moved))


# --- nothing is filtered -------------------------------------------------------------------------------------------


def test_no_drawn_case_is_declared_invalid(monkeypatch):
    """What `assume`, `filter` and `reject` have in common is that they end a drawn case as invalid."""

    def refuse(*_, **__):
        raise AssertionError("a drawn case was thrown away")

    monkeypatch.setattr(ConjectureData, "mark_invalid", refuse)
    quantities = {"x": vector(), "y": nonnegative(), "z": tame(), "lr": number(0.1), "beta": fraction(0.9)}
    quantities["t"] = count(1)
    matrices = {"turn": rotation(), "curvature": symmetric(), "order": permutation(), "steps": steps_of(tame(), 8)}
    matrices |= {"values": spectrum(2.0), "at": indices(), "part": unit_interval(), "one": choice(1, 2)}
    for cases in (Cases(quantities, ANY_SHAPE), Cases(matrices, VECTORS)):
        assert len(one(cases)) == 20
    with pytest.raises(AssertionError, match="thrown away"):
        collected(Quantity(lambda draw, _: draw(st.integers(0, 9).filter(lambda x: x < 0)), ""), examples=5)


# --- cases ---------------------------------------------------------------------------------------------------------

plain = Cases({"params": vector(), "lr": number(0.1, 0.5), "decay": number(0.0, 0.5)}, VECTORS)


def one(cases, dtype=FLOAT32):
    return collected(Quantity(lambda draw, _: draw(cases.strategy(dtype)), ""), examples=20)


@law
@given(st.data(), dtypes)
def test_a_case_has_its_quantities_by_name_in_one_shape(data, dtype):
    both = Cases({"params": vector(), "grad": vector(), "lr": number(0.1)}, ANY_SHAPE).for_arguments(["lr", "eps"])
    case = data.draw(both.strategy(dtype))
    assert list(case) == ["params", "grad", "lr"] and len(case) == 3
    assert case.params is case["params"]
    assert case.params.shape == case.grad.shape
    assert case.hyper == {"lr": case.lr}
    with pytest.raises(AttributeError, match="this case has no 'eps'"):
        _ = case.eps


def test_a_quantity_sees_what_was_drawn_before_it():
    doubled = plain.but(twice=Quantity(lambda _draw, context: 2 * context.drawn["lr"], "2·lr"))
    assert all(case.twice == 2 * case.lr for case in one(doubled))


def test_changed_cases_leave_the_old_ones_as_they_were():
    changed = plain.but(lr=1.0, extra=count(1)).shaped(shapes((4,)))
    assert set(plain.quantities) == {"params", "lr", "decay"}
    assert all(case.lr == 1.0 and case.params.shape == (4,) and "extra" in case for case in one(changed))


def test_a_port_with_a_fixed_value_is_only_asked_for_that():
    within = plain.within({"decay": 0.0, "unknown": 3})
    assert all(case.decay == 0.0 for case in one(within))
    assert plain.within({"lr": 0.0}) is None
    assert plain.but(decay=0.5).within({"decay": 0.0}) is None
    assert plain.but(decay=0.5).within({"decay": 0.5}) is not None
    assert plain.within({}) == plain


def test_a_port_with_a_few_values_is_only_asked_for_those_that_fit():
    among = plain.but(nesterov=choice(False, True)).among({"lr": (0.1, -1.0), "nesterov": (True,), "unknown": (1,)})
    assert {(case.lr, case.nesterov) for case in one(among)} == {(0.1, True)}
    assert plain.among({"lr": (-1.0, 0.0)}) is None
    assert plain.but(nesterov=False).among({"nesterov": (True,)}) is None


@law
@given(st.data(), ALL_DTYPES)
def test_widened_values_are_exactly_the_same_numbers(data, dtype):
    quantities = {"params": vector(), "lr": number(0.1), "steps": count(1), "order": permutation()}
    case = data.draw(Cases(quantities, ANY_SHAPE).strategy(dtype))
    wide = case.widened(dtype)
    assert wide.params.dtype == wide_dtype(dtype)
    assert np.array_equal(wide.params, case.params) and np.array_equal(wide.params.astype(dtype), case.params)
    assert wide.lr.dtype == wide_dtype(dtype) and float(wide.lr) == case.lr
    assert wide.steps is case.steps
    assert wide.order.dtype == case.order.dtype


def test_leaves_are_changed_wherever_they_stand():
    case = Case({"state": {"a": [1, (2, 3)], "b": Context(FLOAT32, (1,), {})}})
    assert map_leaves(lambda leaf: leaf, case["state"]) == case["state"]
    assert map_leaves(lambda leaf: leaf + 1, [1, (2, {"c": 3})]) == [2, (3, {"c": 4})]
    assert isinstance(case.map(lambda leaf: leaf).state["b"], Context)
