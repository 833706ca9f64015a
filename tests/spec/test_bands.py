"""Judgements: what holds, what does not, what cannot be said, and how sharp the comparison was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from noisy import law

from gnomon_spec.arithmetic import Noise, NoisyArray, wide_dtype
from gnomon_spec.bands import MARGIN, REPLICAS, judge
from gnomon_spec.facts import agree, at_least, equal, follows, identical, rejects, same_outputs

FLOAT32 = np.dtype(np.float32)


def runs(*replicas, dtype=np.float64):
    """What perturbed runs of the oracle gave, one after the other."""
    return NoisyArray(np.array(replicas, dtype), dtype, Noise(len(replicas)), "exact")


def judged(port, oracle_runs, expected, claim=equal):
    """Judge a port's value where perturbed runs of the oracle gave `oracle_runs`."""
    oracle_runs = oracle_runs if isinstance(oracle_runs, NoisyArray) else runs(*oracle_runs)
    with np.errstate(invalid="ignore"):
        return judge(claim("x", np.asarray(port), np.asarray(expected)), [claim("x", oracle_runs, expected)], FLOAT32)


# --- equal ---------------------------------------------------------------------------------------------------------


@law
@given(st.integers(-1000, 1000), st.integers(1, 1000), st.integers(0, 4000))
def test_an_equal_entry_holds_exactly_up_to_the_margin_times_the_widest_run(value, widest, thousandths):
    """All numbers are integers, so that every step of the judgement is exact."""
    deviation = thousandths * widest
    oracle = [1000 * value], [1000 * (value + widest)], [1000 * value]
    inside = judged([1000.0 * value + deviation], oracle, [1000.0 * value])
    beyond = judged([1000.0 * value + (MARGIN * 1000 + 1) * widest], oracle, [1000.0 * value])
    assert (inside.holds, inside.ratio) == (True, deviation / (MARGIN * 1000 * widest))
    assert (beyond.holds, beyond.at, beyond.band) == (False, (0,), MARGIN * 1000 * widest)
    assert beyond.deviation == (MARGIN * 1000 + 1) * widest
    assert beyond.ratio > 1


@pytest.mark.parametrize(("roundoffs", "holds"), [(0, True), (MARGIN, True), (1.01 * MARGIN, False)])
def test_what_vanishes_is_judged_at_the_scale_it_is_rounded_at(roundoffs, holds):
    """A difference of numbers of size 8 is 0 up to 8u, however small the rest that the oracle's runs are left with."""

    def residual(label, actual, expected):
        return equal(label, actual, expected, scale=8.0)

    rest = roundoffs * 8 * 2.0**-24
    assert judged([rest], ([0.0], [1e-30]), [0.0], residual).holds is holds
    assert judged([rest], ([0.0], [1e-30]), [0.0]).holds is (roundoffs == 0)


NAN, INF, ONE = np.nan, np.inf, [1.0]
PARTED = [1.0, 1.0, 1.0], [np.inf, 1.0, 1.0]
EVERY, NOTHING = np.ones((2, 2)), np.empty((0, 2))
# What the port has, the runs of the oracle, what is expected, and the judgement: whether it holds, and where not.
JUDGED = {
    "the same number": ([1.0, 2.0], ([1.0, 2.0], [1.0, 2.0]), [1.0, 2.0], True, None),
    "a neighbour": ([1.0, np.nextafter(2.0, 3.0)], ([1.0, 2.0], [1.0, 2.0]), [1.0, 2.0], False, (1,)),
    "the worst entry": ([1.0, 12.0, 20.0], ([1.0, 2.0, 3.0], [2.0, 3.0, 2.0]), np.ones(3), False, (2,)),
    "infinities of different sign": ([INF], ([-INF], [-INF]), [-INF], False, (0,)),
    "infinity for NaN": ([INF], ([NAN], [NAN]), [NAN], False, (0,)),
    **{f"runs differ in kind, {port}": ([port, 1, 1], PARTED, np.ones(3), None, None) for port in (1, INF, NAN, -7)},
    "wrong beside a parted entry": ([1.0, 2.0, 1.0], PARTED, np.ones(3), False, (1,)),
    "strange beside a parted entry": ([1.0, 1.0, NAN], PARTED, np.ones(3), False, (2,)),
    "the law's own side leaves the range": (ONE, (ONE, ONE), [INF], None, None),
    "runs of another shape than the oracle": (ONE, (ONE, ONE), [1.0, 2.0], None, None),
    "of another shape, like the port": ([1.0, 2.0], (ONE, ONE), [1.0, 2.0], None, None),
    "of another shape than nothing": (ONE, (ONE, ONE), np.empty(0), None, None),
    "a number for every entry": (EVERY, (EVERY, EVERY), 1.0, True, None),
    "another number for every entry": (2 * EVERY, (EVERY, EVERY), 1.0, False, (0, 0)),
    "scalars": (1.0, (1.0, 1.5), 1.0, True, None),
    "scalars that differ": (4.0, (1.0, 1.5), 1.0, False, ()),
    "nothing": (NOTHING, (NOTHING, NOTHING), NOTHING, True, None),
}
IN_WORDS = {
    **{f"{x} in both": ([1.0, x], ([1.0, x], [1.0, x]), [1.0, x], True, (), "") for x in (NAN, INF, -INF)},
    "NaN": ([NAN, 1.0], ([1.0, 1.0], [1.0, 1.0]), [1.0, 1.0], False, (0,), "NaN where the oracle has none"),
    "no NaN": (ONE, ([NAN], [NAN]), [NAN], False, (0,), "1.0 where the oracle has NaN"),
    **{f"{x}": ([x], (ONE, ONE), ONE, False, (0,), f"the port has {x} where the oracle has 1.0") for x in (INF, -INF)},
    **{
        f"no {x}": (ONE, ([x], [x]), [x], False, (0,), f"the port has 1.0 where the oracle has {x}")
        for x in (INF, -INF)
    },
    "another shape": ([1.0, 2.0], (ONE, ONE), ONE, False, (), "has shape (2,) where the oracle has (1,)"),
}


@pytest.mark.parametrize("what", IN_WORDS)
def test_what_is_wrong_is_put_into_words(what):
    *given, holds, at, why = IN_WORDS[what]
    verdict = judged(*given)
    assert (verdict.holds, verdict.at, verdict.why) == (holds, at, why)


@pytest.mark.parametrize("what", JUDGED)
def test_an_array_is_judged_by_its_worst_entry(what):
    port, oracle, expected, holds, at = JUDGED[what]
    verdict = judged(port, oracle, expected)
    assert verdict.holds is holds
    if holds is False:
        assert verdict.at == at
        np.testing.assert_equal(verdict.port, np.asarray(port)[at])
    assert what != "nothing" or verdict.digits is None


def test_a_number_stands_for_every_entry_in_noisy_runs_too():
    expected = equal("x", runs(EVERY, EVERY), runs(*np.linspace(0.5, 1.5, 2)))
    assert judge(equal("x", EVERY, 1.0), [expected], FLOAT32).holds is True


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
    many = judged([1.0, 128.0, 128.0], ([2.0, near, near], [1.0, 128.0, 128.0]), [1.0, 128.0, 128.0])
    assert many.digits == -np.log10(MARGIN * 2.0**-7 / 128)
    assert judged(ONE, ([2.0], ONE), ONE).digits == 0
    assert judged(ONE, (ONE, ONE), ONE).digits == -np.log10(np.finfo(FLOAT32).eps / 2)
    assert judged([0.0], ([0.0], [0.0]), [0.0]).digits is None


# --- at least ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "oracle", "bound", "holds"),
    [
        ([-MARGIN], ([0.0], [1.0]), [0.0], True),  # a slack may be negative by the spread of the runs
        ([-MARGIN - 0.5], ([0.0], [1.0]), [0.0], False),
        (ONE, (ONE, ONE), ONE, True),  # without noise equality is enough and nothing less
        ([1e30], (ONE, ONE), ONE, True),
        ([np.nextafter(1.0, 0.0)], (ONE, ONE), ONE, False),
        ([-5.0, 1.0], ([1.0, 1.0], [2.0, 1.0]), [-np.inf, 1.0], True),  # a bound of minus infinity claims nothing
        ([-5.0, 0.0], ([1.0, 1.0], [2.0, 1.0]), [-np.inf, 1.0], False),
        ([np.nan, 1.0], ([1.0, 1.0], [2.0, 1.0]), [-np.inf, 1.0], False),
    ],
)
def test_a_bound_holds_up_to_the_band(port, oracle, bound, holds):
    assert judged(port, oracle, bound, at_least).holds is holds
    assert judged([7.0], (ONE, ONE), ONE, at_least).ratio == 0


# --- agree, identical, rejects -------------------------------------------------------------------------------------


MIXED = NoisyArray(np.array([[1], [2]]), np.int64, Noise(2))
NANS, TWO = np.array([np.nan, 1.0]), np.array([1.0, 2.0])


def refuse():
    raise ValueError("lr must be >= 0")


@pytest.mark.parametrize(
    ("fact", "oracle", "holds"),
    [
        (agree("steps", 3, 3), [agree("steps", 3, 3)] * 2, True),
        (agree("steps", 4, 3), [agree("steps", 3, 3)] * 2, False),
        (agree("state", "warm", "warm"), [agree("state", "warm", "warm")], True),
        (agree("steps", 4, 3), [agree("steps", 3, 3), agree("steps", 4, 3)], None),  # rounding decides the outcome
        (agree("index", TWO[:1], TWO[:1]), [agree("index", MIXED, TWO[:1])], None),
        (agree("index", np.array([1, 1]), np.array([1])), [agree("index", np.array([1]), np.array([1]))], False),
        (identical("x", NANS, NANS.copy()), [], True),  # every bit, and a NaN is a NaN
        (identical("x", NANS, np.ones(2)), [], False),
        (identical("x", np.ones(2), np.ones(1)), [], False),
        (rejects("lr", refuse), [], True),
    ],
)
def test_outcomes_and_bits_must_be_the_same_and_any_error_is_a_rejection(fact, oracle, holds):
    assert judge(fact, oracle, FLOAT32).holds is holds


def test_what_does_not_agree_is_put_into_words():
    assert judge(agree("steps", 4, 3), [agree("steps", 3, 3)] * 2, FLOAT32).why == "is 4 where it must be 3"
    neighbour = judge(identical("x", np.nextafter(TWO, [1, 3]), TWO), [], FLOAT32)
    assert (neighbour.holds, neighbour.at) == (False, (1,))
    assert judge(identical("x", np.float64(1), np.float64(2)), [], FLOAT32).at == ()
    accepted = judge(rejects("lr", lambda: 1), [], FLOAT32)
    assert (accepted.holds, accepted.why) == (False, "accepted")


def test_parts_of_outputs_are_compared_under_their_names():
    facts = list(same_outputs("params", (np.ones(1), 3), (np.ones(1), 3)))
    assert [(fact.label, fact.relation) for fact in facts] == [("params", "equal"), ("output 2", "agree")]


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


def polar(g):
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    return u @ vt


def matrices_of_condition(condition, count, dtype):
    generator = np.random.default_rng(1)
    for _ in range(count):
        left, right = (np.linalg.qr(generator.standard_normal((n, n)))[0] for n in (5, 8))
        yield ((left * np.geomspace(1, 1 / condition, 5)) @ right[:5]).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("condition", [1, 10, 100, 1000])
def test_a_polar_factor_through_the_svd_stays_within_the_band(dtype, condition):
    for case, g in enumerate(matrices_of_condition(condition, 25, dtype)):
        wide, oracle = wide_dtype(np.dtype(dtype)), polar(g.astype(np.float64))
        entered = np.repeat(g[np.newaxis].astype(wide), REPLICAS, 0)
        perturbed = polar(NoisyArray(entered, dtype, Noise(REPLICAS, seed=case)))
        outside = NoisyArray(perturbed.values.astype(wide), wide, perturbed.noise, "exact")
        for port in (polar(g), polar(g.T).T):
            fact = equal("x", port.astype(wide), oracle)
            assert judge(fact, [equal("x", outside, oracle)], np.dtype(dtype)).holds is True
