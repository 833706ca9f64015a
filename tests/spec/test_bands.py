"""Judgements: what holds, what does not, what cannot be said, and how sharp the comparison was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from noisy import law

from gnomon_spec.arithmetic import Noise, NoisyArray, wide_dtype
from gnomon_spec.bands import MARGIN, REPLICAS, judge
from gnomon_spec.facts import Fact, agree, at_least, equal, follows, identical, rejects, same_outputs

FLOAT32 = np.dtype(np.float32)


def runs(*replicas, dtype=np.float64):
    """What perturbed runs of the oracle gave, one after the other."""
    return NoisyArray(np.array(replicas, dtype), dtype, Noise(len(replicas)), "exact")


def judged(port, oracle_runs, expected, claim=equal):
    """Judge a port's value where perturbed runs of the oracle gave `oracle_runs`."""
    return judge(claim("x", np.asarray(port), np.asarray(expected)), [claim("x", oracle_runs, expected)], FLOAT32)


# --- equal ---------------------------------------------------------------------------------------------------------


@law
@given(st.integers(-1000, 1000), st.integers(1, 1000), st.integers(0, 4000))
def test_an_equal_entry_holds_exactly_up_to_the_margin_times_the_widest_run(value, widest, thousandths):
    """All numbers are integers, so that every step of the judgement is exact."""
    deviation = thousandths * widest
    oracle = runs([1000 * value], [1000 * (value + widest)], [1000 * (value - 0)])
    inside = judged([1000.0 * value + deviation], oracle, [1000.0 * value])
    beyond = judged([1000.0 * value + (MARGIN * 1000 + 1) * widest], oracle, [1000.0 * value])
    assert inside.holds is True
    assert inside.ratio == deviation / (MARGIN * 1000 * widest)
    assert beyond.holds is False
    assert beyond.at == (0,)
    assert beyond.band == MARGIN * 1000 * widest
    assert beyond.deviation == (MARGIN * 1000 + 1) * widest
    assert beyond.ratio > 1


def test_the_worst_entry_is_reported():
    verdict = judged(
        [[1.0, 12.0], [1.0, 20.0]], runs([[1.0, 2.0], [1.0, 3.0]], [[2.0, 3.0], [2.0, 2.0]]), np.ones((2, 2))
    )
    assert verdict.holds is False
    assert verdict.at == (1, 1)
    assert (verdict.port, verdict.oracle) == (20.0, 1.0)


def test_without_noise_only_the_same_number_is_equal():
    exact = runs([1.0, 2.0], [1.0, 2.0])
    assert judged([1.0, 2.0], exact, [1.0, 2.0]).holds is True
    assert judged([1.0, np.nextafter(2.0, 3.0)], exact, [1.0, 2.0]).holds is False


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_a_special_value_must_be_where_the_oracle_has_it(special):
    with np.errstate(invalid="ignore"):
        both = judged([1.0, special], runs([1.0, special], [1.0, special]), [1.0, special])
        only_port = judged([special, 1.0], runs([1.0, 1.0], [1.0, 1.0]), [1.0, 1.0])
        only_oracle = judged([1.0, 1.0], runs([1.0, special], [1.0, special]), [1.0, special])
    assert both.holds is True
    assert only_port.holds is False
    assert only_port.at == (0,)
    assert only_oracle.holds is False
    assert only_oracle.at == (1,)
    assert str(special).lower() in only_port.why.lower()
    assert str(special).lower() in only_oracle.why.lower()


def test_a_nan_is_named():
    assert judged([np.nan], runs([1.0], [1.0]), [1.0]).why == "NaN where the oracle has none"
    assert judged([1.0], runs([np.nan], [np.nan]), [np.nan]).why == "1.0 where the oracle has NaN"


def test_infinities_of_different_sign_differ():
    with np.errstate(invalid="ignore"):
        assert judged([np.inf], runs([-np.inf], [-np.inf]), [-np.inf]).holds is False
        assert judged([np.inf], runs([np.nan], [np.nan]), [np.nan]).holds is False


@pytest.mark.parametrize("port", [1.0, np.inf, np.nan, -7.0])
def test_an_entry_on_which_runs_differ_in_kind_is_ambiguous_whatever_the_port_has(port):
    with np.errstate(invalid="ignore"):
        verdict = judged([port, 1.0], runs([1.0, 1.0], [np.inf, 1.0]), [1.0, 1.0])
    assert verdict.holds is None


def test_beside_an_ambiguous_entry_the_others_are_judged():
    oracle = runs([1.0, 1.0, 1.0], [np.inf, 1.0, 1.0])
    with np.errstate(invalid="ignore"):
        wrong = judged([1.0, 2.0, 1.0], oracle, [1.0, 1.0, 1.0])
        strange = judged([1.0, 1.0, np.nan], oracle, [1.0, 1.0, 1.0])
    assert (wrong.holds, wrong.at) == (False, (1,))
    assert (strange.holds, strange.at) == (False, (2,))


def test_a_law_whose_own_side_leaves_the_range_is_ambiguous():
    with np.errstate(invalid="ignore"):
        assert judged([1.0], runs([1.0], [1.0]), [np.inf]).holds is None


def test_a_wrong_shape_fails_and_is_named():
    verdict = judged([1.0, 2.0], runs([1.0], [1.0]), [1.0])
    assert verdict.holds is False
    assert verdict.why == "has shape (2,) where the oracle has (1,)"


def test_where_runs_have_another_shape_than_the_exact_oracle_it_is_ambiguous():
    for port in ([1.0], [1.0, 2.0]):
        assert judged(port, runs([1.0], [1.0]), [1.0, 2.0]).holds is None
        assert judged(port, runs([1.0], [1.0]), np.empty((0,))).holds is None


def test_a_number_stands_for_every_entry():
    oracle = runs(np.ones((2, 2)), np.ones((2, 2)))
    assert judged(np.ones((2, 2)), oracle, 1.0).holds is True
    assert judged(np.full((2, 2), 2.0), oracle, 1.0).holds is False
    noisy_number = runs(*np.linspace(0.5, 1.5, 2))
    assert judge(equal("x", np.ones((2, 2)), 1.0), [equal("x", oracle, noisy_number)], FLOAT32).holds is True


def test_scalars_and_empty_arrays_are_judged():
    assert judged(1.0, runs(1.0, 1.5), 1.0).holds is True
    assert judged(4.0, runs(1.0, 1.5), 1.0).at == ()
    empty = judged(np.empty((0, 2)), runs(np.empty((0, 2)), np.empty((0, 2))), np.empty((0, 2)))
    assert (empty.holds, empty.digits) == (True, None)


def test_runs_made_one_by_one_are_judged_as_runs_made_together():
    values = [[1.0, 2.0], [1.5, 2.5], [0.5, 2.0]]
    alone = [equal("x", runs(value), np.array([1.0, 2.0])) for value in values]
    for port in ([2.0, 3.0], [2.0, 5.0]):
        fact = equal("x", np.array(port), np.array([1.0, 2.0]))
        apart, at_once = (judge(fact, many, FLOAT32) for many in (alone, [equal("x", runs(*values), fact.expected)]))
        assert (apart.holds, apart.ratio, apart.at) == (at_once.holds, at_once.ratio, at_once.at)


def test_runs_of_different_shapes_are_ambiguous():
    alone = [equal("x", runs(value), 0.0) for value in ([1.0], [1.0, 2.0])]
    assert judge(equal("x", np.ones(1), 0.0), alone, FLOAT32).holds is None


def test_digits_are_those_of_the_band_relative_to_the_value():
    """The median of log₁₀(1/4), clipped to 0, and twice log₁₀(2⁷·2⁷/4): powers of two, so that the ratio is exact."""
    near = 128.0 + 2.0**-7
    many = judged([1.0, 128.0, 128.0], runs([2.0, near, near], [1.0, 128.0, 128.0]), [1.0, 128.0, 128.0])
    assert many.digits == -np.log10(MARGIN * 2.0**-7 / 128)
    assert judged([1.0], runs([2.0], [1.0]), [1.0]).digits == 0
    assert judged([1.0], runs([1.0], [1.0]), [1.0]).digits == -np.log10(np.finfo(FLOAT32).eps / 2)
    assert judged([0.0], runs([0.0], [0.0]), [0.0]).digits is None


# --- at least ------------------------------------------------------------------------------------------------------


def test_a_slack_may_be_negative_by_the_spread_of_the_runs():
    oracle = runs([0.0], [1.0])
    assert judged([-MARGIN], oracle, [0.0], at_least).holds is True
    assert judged([-MARGIN - 0.5], oracle, [0.0], at_least).holds is False


def test_without_noise_equality_is_enough_and_nothing_less():
    oracle = runs([1.0], [1.0])
    assert judged([1.0], oracle, [1.0], at_least).holds is True
    assert judged([1e30], oracle, [1.0], at_least).holds is True
    assert judged([7.0], oracle, [1.0], at_least).ratio == 0
    assert judged([np.nextafter(1.0, 0.0)], oracle, [1.0], at_least).holds is False


def test_a_bound_of_minus_infinity_claims_nothing():
    oracle = runs([1.0, 1.0], [2.0, 1.0])
    with np.errstate(invalid="ignore"):
        assert judged([-5.0, 1.0], oracle, [-np.inf, 1.0], at_least).holds is True
        assert judged([-5.0, 0.0], oracle, [-np.inf, 1.0], at_least).holds is False
        assert judged([np.nan, 1.0], oracle, [-np.inf, 1.0], at_least).holds is False


# --- agree, identical, rejects -------------------------------------------------------------------------------------


def test_outcomes_must_agree_where_every_run_does():
    same = [agree("steps", 3, 3)] * 2
    assert judge(agree("steps", 3, 3), same, FLOAT32).holds is True
    verdict = judge(agree("steps", 4, 3), same, FLOAT32)
    assert (verdict.holds, verdict.why) == (False, "is 4 where it must be 3")
    assert judge(agree("state", "warm", "warm"), [agree("state", "warm", "warm")], FLOAT32).holds is True


def test_where_rounding_decides_an_outcome_it_is_ambiguous():
    assert judge(agree("steps", 4, 3), [agree("steps", 3, 3), agree("steps", 4, 3)], FLOAT32).holds is None
    mixed = NoisyArray(np.array([[1], [2]]), np.int64, Noise(2))
    assert (
        judge(agree("index", np.array([1]), np.array([1])), [agree("index", mixed, np.array([1]))], FLOAT32).holds
        is None
    )


def test_outcomes_of_another_shape_do_not_agree():
    kept = agree("index", np.array([1]), np.array([1]))
    assert judge(agree("index", np.array([1, 1]), np.array([1])), [kept], FLOAT32).holds is False


def test_identical_means_every_bit_and_a_nan_is_a_nan():
    nan = np.array([np.nan, 1.0])
    assert judge(identical("x", nan, nan.copy()), [], FLOAT32).holds is True
    verdict = judge(identical("x", np.array([1.0, np.nextafter(2.0, 3.0)]), np.array([1.0, 2.0])), [], FLOAT32)
    assert (verdict.holds, verdict.at) == (False, (1,))
    assert judge(identical("x", nan, np.array([1.0, 1.0])), [], FLOAT32).holds is False
    assert judge(identical("x", np.ones(2), np.ones(1)), [], FLOAT32).holds is False
    assert judge(identical("x", np.float64(1), np.float64(2)), [], FLOAT32).at == ()


def test_a_rejection_is_an_error_of_any_kind():
    def refuse():
        raise ValueError("lr must be >= 0")

    assert judge(rejects("lr", refuse), [], FLOAT32).holds is True
    verdict = judge(rejects("lr", lambda: 1), [], FLOAT32)
    assert (verdict.holds, verdict.why) == (False, "accepted")


def test_parts_of_outputs_are_compared_under_their_names():
    facts = list(same_outputs("params", (np.ones(1), 3), (np.ones(1), 3)))
    assert [(fact.label, fact.relation) for fact in facts] == [("params", "equal"), ("1", "agree")]


@pytest.mark.parametrize("outcome", [1, True, "converged", np.int64(1), np.bool_(True), np.arange(2)])
def test_outputs_without_an_in_between_must_agree(outcome):
    (fact,) = same_outputs("x", outcome, outcome)
    assert fact.relation == "agree"


# --- follows -------------------------------------------------------------------------------------------------------


def trajectory(scale):
    """A run that drifts from 1 by `scale`, ten times as far each step."""
    return 1 + scale * 10.0 ** np.arange(8)


def judged_trajectory(port):
    expected = np.ones(8)
    oracle = runs(trajectory(1e-4), trajectory(-1e-4))
    return judge(follows("x", port, expected), [follows("x", oracle, expected)], FLOAT32)


def test_a_trajectory_is_judged_until_the_band_swallows_it():
    """The band is 4e-4·10ᵗ, so it reaches the value 1 at t = 4."""
    late, early = np.ones(8), np.ones(8)
    late[4:], early[3] = 1e9, 1.5
    assert judged_trajectory(late).holds is True
    assert judged_trajectory(late).horizon == 4
    verdict = judged_trajectory(early)
    assert (verdict.holds, verdict.horizon, verdict.at) == (False, 4, (3,))


def test_a_trajectory_without_noise_is_judged_to_its_end():
    still = np.zeros((5, 2))
    oracle = [follows("x", runs(still, still), still)]
    assert judge(follows("x", still, still), oracle, FLOAT32).horizon == 5
    assert judge(follows("x", still + 1, still), oracle, FLOAT32).holds is False


@pytest.mark.parametrize("shape", [(0,), (0, 3), (4, 0)])
def test_an_empty_trajectory_holds(shape):
    empty = np.zeros(shape)
    assert judge(follows("x", empty, empty), [follows("x", runs(empty, empty), empty)], FLOAT32).holds is True


# --- the design's probes: honest ports stay within the band --------------------------------------------------------


def together(function, *inputs, dtype, seed, exactly_in=None):
    """Judge a port by perturbed runs of the oracle function, and by itself in a wide dtype (LAPACK: in float64)."""
    noise = Noise(REPLICAS, seed=seed)
    wide = wide_dtype(dtype)
    with np.errstate(all="ignore"):
        entered = [NoisyArray(np.repeat(x[np.newaxis].astype(wide), REPLICAS, 0), dtype, noise) for x in inputs]
        perturbed = function(*entered)
        oracle = np.asarray(function(*(x.astype(exactly_in or wide) for x in inputs)))
    outside = NoisyArray(perturbed.values.astype(wide), wide, noise, "exact")

    def verdict(port):
        return judge(Fact("x", "equal", port.astype(wide), oracle), [Fact("x", "equal", outside, oracle)], dtype)

    return verdict


def adam(x, g, m, v):
    m, v = 0.9 * m + (1 - 0.9) * g, 0.999 * v + (1 - 0.999) * g * g
    return x - 1e-3 * (m / (1 - 0.9**3)) / ((v / (1 - 0.999**3)) ** 0.5 + 1e-8)


def adam_in_another_order(x, g, m, v):
    """The same step with fused corrections, moments as interpolations, and the square formed first."""
    m, v = m + (1 - 0.9) * (g - m), v + (1 - 0.999) * (g * g - v)
    size = np.sqrt(v) / np.sqrt(x.dtype.type(1 - 0.999**3)) + x.dtype.type(1e-8)
    return x - x.dtype.type(1e-3 / (1 - 0.9**3)) * m / size


def adam_with_epsilon_inside(x, g, m, v):
    m, v = 0.9 * m + (1 - 0.9) * g, 0.999 * v + (1 - 0.999) * g * g
    return x - 1e-3 * (m / (1 - 0.9**3)) / (v / (1 - 0.999**3) + 1e-8) ** 0.5


def test_an_adam_step_in_another_order_never_strays_beyond_the_band():
    generator = np.random.default_rng(0)
    caught = 0
    for case in range(400):
        decades = 10.0 ** generator.uniform(-6, 6, 4)
        x, g, m, v = (generator.standard_normal((4, 5)) * decades[:, np.newaxis]).astype(np.float32)
        v = v * v
        verdict = together(adam, x, g, m, v, dtype=FLOAT32, seed=case)
        assert verdict(adam_in_another_order(x, g, m, v)).holds is True
        caught += verdict(adam_with_epsilon_inside(x, g, m, v)).holds is False
    assert caught > 0


def polar(g):
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    return u @ vt


def polar_through_the_gram_matrix(g):
    values, vectors = np.linalg.eigh(g @ g.T)
    return ((vectors / np.sqrt(values)) @ vectors.T) @ g


def matrices_of_condition(condition, count, dtype):
    generator = np.random.default_rng(1)
    for _ in range(count):
        left, right = (np.linalg.qr(generator.standard_normal((n, n)))[0] for n in (5, 8))
        yield ((left * np.geomspace(1, 1 / condition, 5)) @ right[:5]).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("condition", [1, 10, 100, 1000])
def test_a_polar_factor_through_the_svd_stays_within_the_band(dtype, condition):
    for case, g in enumerate(matrices_of_condition(condition, 25, dtype)):
        verdict = together(polar, g, dtype=np.dtype(dtype), seed=case, exactly_in=np.float64)
        assert verdict(polar(g)).holds is True
        assert verdict(polar(g.T).T).holds is True


def test_a_polar_factor_through_the_gram_matrix_is_found_out_among_25_matrices_of_condition_1000():
    """One case beyond its band is enough for the checker; in another the Gram matrix may be right by luck."""
    found = []
    for case, g in enumerate(matrices_of_condition(1000, 25, np.float32)):
        verdict = together(polar, g, dtype=FLOAT32, seed=case)
        with np.errstate(invalid="ignore"):  # a negative eigenvalue, by rounding
            found.append(verdict(polar_through_the_gram_matrix(g)).holds is False)
    assert any(found)
