"""What a band is: how far a fact may be off before rounding stops being the explanation.

A law is evaluated K = 32 times with the oracle standing in as the port, in the port's dtype, every elementary
result perturbed (`gnomon_spec.arithmetic`). With dₖ the deviation of the k-th run from the law, entry by entry,

    band = MARGIN · max(maxₖ |dₖ|, u·s)  for `equal`
    band = MARGIN · max(maxₖ dₖ - minₖ dₖ, u·s)  for `at least`

with u the unit roundoff and s the scale of the fact: 0, but for a quantity that vanishes in exact arithmetic. What is
left of a difference of things of size s is of size u·s, or u times as large again for each time that it is taken anew
(a second orthogonalisation, a refined residual): how often the oracle does that is no measure of a port's rounding.

Why 32 runs and a margin of 4 are enough: to first order a run's deviation is Σ 2u·aᵢξᵢ with ξᵢ uniform in [-1, 1],
and a port that makes the same operations, each off by at most u, strays at most u·Σ|aᵢ|. The density of Σ aᵢξᵢ is at
most 1/(√2‖a‖₂) (Ball's theorem on cube sections), so one run stays below 1/MARGIN of that with probability at most
√m/(√2·MARGIN), where m = ‖a‖₁²/‖a‖₂² is the effective number of operations, and the widest of K with that to the
power of K: for m = 8, 2⁻³² = 2.3e-10, and that only for a port whose every rounding is the worst possible and in the
worst direction. One margin serves every law.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log10, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon_spec.arithmetic import NoisyArray
from gnomon_spec.arithmetic.noise import limits
from gnomon_spec.facts import Fact

REPLICAS = 32
MARGIN = 4.0
OTHER_BITS = "differs where the same bits are guaranteed"


def half_way(dtype: np.dtype[Any], other: np.dtype[Any]) -> float:
    """Return the line between a deviation that is the same in another dtype, and one that follows the unit roundoff.

    As a ratio, the other dtype's to this one's: half way on a logarithmic scale, √(u'/u).
    """
    return sqrt(float(np.finfo(other).eps) / float(np.finfo(dtype).eps))


class Judgement(NamedTuple):
    """One fact, judged.

    holds: True, False, or None where it cannot be judged (ambiguous: perturbed runs of the oracle differ in kind).
    ratio: worst deviation / band. digits: how many decimal digits were verified (median over entries), None if none
    were compared. deviation: largest deviation beyond its band. at, port, oracle, band: the entry where it is.
    relation: what the port's value should be to the oracle's; for a bound it says on which side the port's value is.
    why: what is wrong if it is not a deviation, e.g. "NaN where the oracle has none". horizon: how many steps of a
    trajectory were judged. beyond, deviations: which entries are beyond their band, and how far off each entry is.
    """

    label: str
    holds: bool | None
    ratio: float = 0.0
    digits: float | None = None
    deviation: float = 0.0
    at: tuple[int, ...] = ()
    port: Any = None
    oracle: Any = None
    band: Any = None
    why: str = ""
    horizon: int | None = None
    beyond: Any = None
    deviations: Any = None
    relation: str = "equal"


def judge(fact: Fact, runs: list[Fact], dtype: np.dtype[Any], exact: Callable[[], Fact] | None = None) -> Judgement:
    """Judge a fact about a port by the same fact about the perturbed oracle.

    runs: one fact whose expressions hold all replicas, or several, each with a part of them. exact: gives the same fact
    about the exact oracle; asked only where results are not finite. Without it, what the fact expects is taken to be
    exact.
    """
    if fact.relation == "identical":
        return _judge_identical(fact)
    if fact.relation == "rejects":
        return Judgement(fact.label, fact.actual is not None, why="" if fact.actual is not None else "accepted")
    if fact.relation == "agree":
        return _judge_agreement(fact, runs)
    stand_in_actual = _replicas(runs, "actual")
    stand_in_expected = _replicas(runs, "expected")
    if stand_in_actual is None or stand_in_expected is None:
        return Judgement(fact.label, None, why="perturbed runs have results of different shapes")
    if not _fits(stand_in_expected.shape[1:], stand_in_actual.shape[1:]):
        return Judgement(fact.label, None, why="perturbed runs have results of another shape than the law expects")
    actual, expected = np.asarray(fact.actual), np.asarray(fact.expected)
    if actual.shape != stand_in_actual.shape[1:]:
        return Judgement(
            fact.label, False, why=f"has shape {actual.shape} where the oracle has {stand_in_actual.shape[1:]}"
        )
    if actual.shape != expected.shape or stand_in_actual.ndim != stand_in_expected.ndim:
        try:
            expected = np.broadcast_to(expected, actual.shape)
        except ValueError:
            why = f"has shape {actual.shape} where {expected.shape} is expected"
            return Judgement(fact.label, False, why=why)
        missing = (1,) * (stand_in_actual.ndim - stand_in_expected.ndim)
        replicas, *rest = stand_in_expected.shape
        stand_in_expected = stand_in_expected.reshape((replicas, *missing, *rest))

    def exactly() -> Any:
        known = np.asarray(exact().actual) if exact else expected
        return known if known.shape == actual.shape else expected

    if fact.relation == "follows":
        return _judge_trajectory(fact, actual, expected, stand_in_actual, stand_in_expected, dtype, exactly)
    return _judge_entries(fact, actual, expected, stand_in_actual, stand_in_expected, dtype, exactly)


def _replicas(runs: list[Fact], side: str) -> NDArray[Any] | None:
    """Return one side of the facts with the replicas along the first axis; None if their shapes differ."""
    parts = [_rows(getattr(run, side)) for run in runs]
    if len(parts) == 1:
        return parts[0]
    if len({part.shape[1:] for part in parts}) > 1:
        return None
    replicas = [max(len(_rows(run.actual)), len(_rows(run.expected))) for run in runs]
    return np.concatenate([np.broadcast_to(p, (n, *p.shape[1:])) for n, p in zip(replicas, parts, strict=True)])


def _rows(value: Any) -> NDArray[Any]:
    """Return a side of a fact with the replicas along the first axis, one for all where it is the same in all."""
    return value.values if isinstance(value, NoisyArray) else np.asarray(value)[np.newaxis]


def _fits(shape: tuple[int, ...], larger: tuple[int, ...]) -> bool:
    """Return whether an array of one shape can be broadcast to the other."""
    if shape == larger:
        return True
    pairs = zip(reversed(shape), reversed(larger), strict=False)
    return len(shape) <= len(larger) and all(m in (1, n) for m, n in pairs)


def _judge_identical(fact: Fact) -> Judgement:
    actual, expected = np.asarray(fact.actual), np.asarray(fact.expected)
    if actual.shape != expected.shape:
        return Judgement(fact.label, False, why=f"has shape {actual.shape} where {expected.shape} is expected")
    differ = actual != expected
    if not differ.any() or not (differ := differ & ((actual == actual) | (expected == expected))).any():
        return Judgement(fact.label, True)
    index = tuple(int(i) for i in np.argwhere(differ)[0])
    return Judgement(fact.label, False, np.inf, at=index, port=actual[index], oracle=expected[index], why=OTHER_BITS)


def _judge_agreement(fact: Fact, runs: list[Fact]) -> Judgement:
    for run in runs:
        held = run.actual == run.expected
        if not (bool(np.all(held.values)) if isinstance(held, NoisyArray) else bool(np.all(held))):
            return Judgement(fact.label, None, why="rounding decides the outcome")
    if np.shape(fact.actual) == np.shape(fact.expected) and bool(np.all(fact.actual == fact.expected)):
        return Judgement(fact.label, True)
    return Judgement(
        fact.label,
        False,
        np.inf,
        port=fact.actual,
        oracle=fact.expected,
        why=f"is {_whole(fact.actual)} where it must be {_whole(fact.expected)}",
    )


def _whole(value: Any) -> Any:
    """Return an array of whole numbers as integers, which is how they are written."""
    is_whole = isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.all(np.abs(value) < 2.0**53)
    return value.astype(np.int64) if is_whole and np.all(value == np.round(value)) else value


def _deviations(
    fact: Fact, actual: Any, expected: Any, many: NDArray[Any], many_expected: NDArray[Any], dtype: np.dtype[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return how far the port is off, and its band, entry by entry."""
    runs = many - many_expected
    rounded_at = float(limits(dtype).spacing) / 2 * fact.scale
    if fact.relation == "at least":
        return expected - actual, MARGIN * np.maximum(np.maximum.reduce(runs) - np.minimum.reduce(runs), rounded_at)
    return np.abs(actual - expected), MARGIN * np.maximum(np.maximum.reduce(np.abs(runs)), rounded_at)


def _judge_entries(
    fact: Fact,
    actual: Any,
    expected: Any,
    many: NDArray[Any],
    many_expected: NDArray[Any],
    dtype: np.dtype[Any],
    exactly: Callable[[], Any],
) -> Judgement:
    deviation, band = _deviations(fact, actual, expected, many, many_expected, dtype)
    compared: Any = None  # every entry
    ambiguous = False
    if not np.isfinite(band + deviation).all():
        kind, own = _kinds(many), _kinds(actual)
        consensus = np.all(kind == kind[0], axis=0)
        # Where only the dtype's range keeps the oracle from a finite result, a port may leave the range elsewhere.
        out_of_range = (kind[0] != 0) & np.isfinite(exactly())
        differs = consensus & (own != kind[0])
        if np.any(differs & ~out_of_range):
            return _of_another_kind(fact.label, actual, many[0], differs & ~out_of_range)
        compared = consensus & (kind[0] == 0)
        if fact.relation == "at least":  # a bound of -∞ claims nothing
            band = np.where(np.all(many_expected == -np.inf, axis=0) & (expected == -np.inf), 0.0, band)
        # The law's own side may leave the range of numbers, too.
        ambiguous = not np.all(consensus) or bool(np.any(differs) or np.any(compared & ~np.isfinite(band)))
        compared = compared & np.isfinite(band)
    beyond = deviation > band
    ratio = np.fmax(deviation, 0) / np.where(band > 0, band, limits(dtype).smallest_subnormal)
    if compared is not None:
        beyond, ratio = beyond & compared, np.where(compared, ratio, 0.0)
    digits = _digits(band, expected, compared, dtype)
    if not beyond.any():
        worst = float(ratio.max(initial=0.0))
        return Judgement(fact.label, None if ambiguous else True, worst, digits)
    index = np.unravel_index(int(np.argmax(np.where(beyond, ratio, -1.0))), np.shape(ratio))
    at = tuple(int(i) for i in index)
    port, bound = actual[at], np.broadcast_to(expected, np.shape(actual))[at]
    relation = "equal"
    if fact.relation == "at least":
        oracles, bounds = (np.broadcast_to(side[0], np.shape(deviation))[at] for side in (many, many_expected))
        relation = "at least"
        if abs(bound - bounds) > abs(port - oracles):  # the law bounds the port's value from above
            port, bound, relation = bound, port, "at most"
    return Judgement(
        fact.label,
        False,
        float(ratio[at]),
        digits,
        float(deviation[at]),
        at,
        port,
        bound,
        band[at],
        beyond=np.broadcast_to(beyond, np.shape(deviation)),
        deviations=deviation,
        relation=relation,
    )


def _kinds(values: Any) -> Any:
    """Return, entry by entry, what a value is: 0 a finite number, ±1 an infinity, 2 NaN."""
    return np.where(np.isfinite(values), 0, np.where(np.isnan(values), 2, np.sign(values)))


def _of_another_kind(label: str, actual: Any, oracle: Any, strange: Any) -> Judgement:
    at = tuple(int(i) for i in np.argwhere(strange)[0])
    names = ("the port has", actual[at]), ("where the oracle has", oracle[at])
    if np.isnan(actual[at]):
        why = "NaN where the oracle has none"
    elif np.isfinite(actual[at]) and np.isnan(oracle[at]):
        why = f"{actual[at]} where the oracle has NaN"
    else:
        why = " ".join(f"{words} {value}" for words, value in names)
    return Judgement(label, False, np.inf, None, np.inf, at, actual[at], oracle[at], why=why)


def _digits(band: Any, expected: Any, compared: Any, dtype: np.dtype[Any]) -> float | None:
    """Return the median over entries of -log₁₀(band/|value|), at most the digits of the dtype."""
    scale = np.abs(expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = band / scale
    counted = np.isfinite(relative)
    if compared is not None:
        counted = counted & np.isfinite(scale) & compared
    relative = np.sort(relative[counted])
    if not relative.size:
        return None
    most = -log10(limits(dtype).spacing / 2)
    middle = relative[(relative.size - 1) // 2], relative[relative.size // 2]
    return sum(min(max(-log10(x), 0.0), most) if x > 0 else most for x in map(float, middle)) / 2


def _judge_trajectory(
    fact: Fact,
    actual: Any,
    expected: Any,
    many: NDArray[Any],
    many_expected: NDArray[Any],
    dtype: np.dtype[Any],
    exactly: Callable[[], Any],
) -> Judgement:
    """Judge up to the first time at which the band swallows the largest entry: no common digit is left there."""
    _, band = _deviations(fact, actual, expected, many, many_expected, dtype)
    entries = tuple(range(1, np.ndim(actual)))
    size, widest = (np.max(x, axis=entries, initial=0.0) for x in (np.abs(expected), band))
    lost = ~(widest < size) & ~(widest == 0)
    horizon = int(np.argmax(lost)) if np.any(lost) else len(lost)
    judged = _judge_entries(
        fact,
        actual[:horizon],
        expected[:horizon],
        many[:, :horizon],
        many_expected[:, :horizon],
        dtype,
        lambda: exactly()[:horizon],
    )
    return judged._replace(horizon=horizon)
