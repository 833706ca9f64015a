"""The shapes of the specification carry systems of other kinds than those it holds: small ones, made here."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gnomon_spec.bands import REPLICAS
from gnomon_spec.cases import Cases, Quantity, constant
from gnomon_spec.facts import agree, equal
from gnomon_spec.stand_ins import ExactOracle, PerturbedRuns
from gnomon_spec.strategies import VECTORS, number, shapes, tame
from gnomon_spec.system import System
from gnomon_validation.checker import check_law
from gnomon_validation.ports.bundled import MistakenPort, ReferencePort
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.runs.plan import Plan

DTYPES = ("float32", "float64")
Array = NDArray[Any]


def statuses(port, system, dtype):
    return {law.name: check_law(port, law, dtype, Plan(examples=100))[0].status for law in system.laws}


# --- linear algebra inside -------------------------------------------------------------------------------------------


def orthogonal_factor(matrix):
    """U Vᵀ of the singular value decomposition U Σ Vᵀ."""
    U, _, Vt = np.linalg.svd(matrix, full_matrices=False)
    return U @ Vt


def test_the_exact_oracle_does_linear_algebra_in_float64_and_hands_on_the_wide_dtype():
    matrix = np.array([[2.0, 1.0], [0.5, 3.0]])
    system = System("polar", title="", text="")
    system.operation(orthogonal_factor, cases=Cases({"matrix": constant(matrix)}, VECTORS))
    for _ in range(2):
        factor = ExactOracle(system, np.dtype(np.float64)).orthogonal_factor(matrix)
        assert type(factor) is np.ndarray
        assert factor.dtype == np.longdouble
    U, _, Vt = (np.asarray(part, np.longdouble) for part in np.linalg.svd(matrix))
    assert np.array_equal(factor, U @ Vt), "the product is made in the wide dtype"


def test_the_exact_oracle_lets_other_type_errors_through():
    def refuses(params):
        raise TypeError("params must be something else")

    system = System("refusing", title="", text="")
    system.operation(refuses, cases=Cases({"params": tame()}, VECTORS))
    with pytest.raises(TypeError, match="something else"):
        ExactOracle(system, np.dtype(np.float64)).refuses(np.ones(2))


# --- a discrete outcome that rounding decides: a stopping time -------------------------------------------------------


def first_alarm(stream, *, threshold):
    """The first t at which the sum of the stream exceeds the threshold; -1 if there is none."""
    sums = np.cumsum(stream)
    return next((t for t in range(stream.shape[0]) if sums[t] > threshold), -1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_stopping_time_on_the_threshold_itself_is_ambiguous(dtype):
    on_the_edge = System("edge", title="", text="")
    third = Quantity(lambda _draw, context: np.full(3, 1 / 3, context.dtype), "a third, three times")
    on_the_edge.operation(first_alarm, cases=Cases({"stream": third, "threshold": constant(1.0)}, VECTORS))
    (law,) = on_the_edge.laws
    verdict, _ = check_law(ReferencePort(), law, dtype, Plan(examples=10))
    assert verdict.ambiguous > 0
    assert not verdict.failed


@pytest.mark.parametrize("dtype", DTYPES)
def test_replicas_that_stop_at_the_same_time_run_together(dtype):
    """Sums of 1/5 pass 3/5 or not, and 4/5 or not: where ways part, those go on together who take the same one."""
    on_the_edge, lengths = System("edge", title="", text=""), []
    fifths = Quantity(lambda _draw, context: np.full(5, 1 / 5, context.dtype), "a fifth, five times")

    def stops(stream, *, threshold):
        lengths.append(stream.values.shape[0])
        return first_alarm(stream, threshold=threshold), first_alarm(stream, threshold=threshold + 0.2)

    operation = on_the_edge.operation(stops, cases=Cases({"stream": fifths, "threshold": constant(0.6)}, VECTORS))
    runs = PerturbedRuns(np.dtype(dtype)).of_call(
        operation, (np.full(5, 1 / 5, dtype),), {"threshold": 0.6}, lambda o: stops
    )
    assert 1 < len(runs) == len(set(runs)) <= 4
    assert lengths[0] == REPLICAS and len(lengths) == 2 * len(runs) - 1 <= 7


# --- outputs of variable length, compared as multisets: persistence pairs --------------------------------------------


def persistence_pairs(steps):
    """H₀ persistence of heights hᵢ = Σ_{j<=i} sⱼ on a path: (birth, death) of each component of {h <= a} that merges.

    A component is born at a local minimum and dies where it meets one born lower; pairs without duration are left out.
    """
    heights = np.cumsum(steps)
    component = {}  # of each vertex that has appeared: the place of its lowest one
    pairs = []
    for vertex in (int(i) for i in np.argsort(heights, kind="stable")):
        component[vertex] = vertex
        for neighbour in (vertex - 1, vertex + 1):
            if neighbour not in component or component[neighbour] == component[vertex]:
                continue
            first, second = component[neighbour], component[vertex]
            older, younger = (first, second) if heights[first] <= heights[second] else (second, first)
            if heights[younger] < heights[vertex]:
                pairs.append(np.stack([heights[younger], heights[vertex]]))
            component = {v: older if root == younger else root for v, root in component.items()}
    return np.stack(pairs) if pairs else np.reshape(heights[:0], (0, 2))


def in_order(pairs):
    """Return the rows in lexicographic order."""
    for column in (1, 0):
        order = np.argsort(pairs[:, column], kind="stable")
        pairs = np.take_along_axis(pairs, np.broadcast_to(np.expand_dims(order, 1), pairs.shape), 0)
    return pairs


def same_multiset(label, actual, expected):
    return equal(label, in_order(actual), in_order(expected))


persistence = System("persistence", title="Persistence", text="Components of sublevel sets of a path.")
pairs_of = persistence.operation(
    persistence_pairs,
    cases=Cases({"steps": tame()}, shapes((1,), (3,), (5,), (8,), (12,))),
    compare=same_multiset,
    length_varies=True,
)


@pairs_of.law("equivariance", cases=pairs_of.cases.but(power=number(2.0, 4.0, 0.5, exponents=(-3, 3))))
def persistence_scales_with_the_heights(port, case):
    """Heights c times as large have pairs c times as large, as many of them."""
    plain = port.persistence_pairs(case.steps)
    scaled = port.persistence_pairs(case.power * case.steps)
    yield agree("number of pairs", len(scaled), len(plain))
    yield same_multiset("pairs", scaled, case.power * plain)


@persistence.mistake("persistence_pairs")
def younger_component_survives(steps):
    """Where two components meet, the one with the higher minimum lives on."""
    pairs = persistence_pairs(steps)
    return np.stack([pairs[:, 0] - (pairs[:, 1] - pairs[:, 0]), pairs[:, 1]], axis=1) if len(pairs) else pairs


@pytest.mark.parametrize("dtype", DTYPES)
def test_outputs_of_variable_length_compare_as_multisets(dtype):
    backwards = SimpleNamespace(persistence_persistence_pairs=lambda steps: persistence_pairs(steps)[::-1].copy())
    for port in (ReferencePort(), FunctionsPort(backwards, "a_port")):
        assert set(statuses(port, persistence, dtype).values()) == {"conforms"}
    for mistake in persistence.mistakes.values():
        assert statuses(MistakenPort(mistake.edited), persistence, dtype)["agrees_with_the_oracle"] == "wrong"
