"""The detector: evidence against "nothing has changed" is multiplied up, and is an alarm when it reaches 1/δ.

Scores come in rows, one stream each, so that all paths of a discrete score, or thousands of drawn ones, are one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, log
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked, with_keywords
from gnomon.domains import Array, Entries, OpenFraction, Real
from gnomon.probability.m_fisher.nulls import Null, log_mgf, moments, require_finite_mgf, require_inside

Streams: TypeAlias = Annotated[Array, Entries(("N", "T"), least=1, finite=True)]
OnePerStream: TypeAlias = Annotated[Array, Entries(("N",))]
Restart: TypeAlias = Literal["none", "reset", "cusum", "sr"]


class Alarms(NamedTuple):
    """statistic: log of the evidence. running_max: its largest so far. reached: where it is >= log(1/δ), equality
    counts. first: the time τ of the first alarm of each stream, from 1; 0 if there is none."""

    statistic: Array
    running_max: Array
    reached: NDArray[np.bool_]
    first: NDArray[np.int64]


class Detection(NamedTuple):
    """What `Alarms` has, and log_wealth, log_increments: log M and its differences, shape (N, T)."""

    log_wealth: Array
    log_increments: Array
    statistic: Array
    running_max: Array
    reached: NDArray[np.bool_]
    first: NDArray[np.int64]


class Passage(NamedTuple):
    """first: the time τ of the first alarm of each stream, from 1; 0 if there is none. statistic, running_max: those of
    `Alarms` at that time, or at the end, shape (N,)."""

    first: NDArray[np.int64]
    statistic: Array
    running_max: Array


class DetectorState(NamedTuple):
    """What is remembered of each stream. up, down: log wealth of the tilts λ and -λ. deviation: Σ(s - μ₀). statistic:
    what the next increment is added to. step_count: how many scores there were."""

    up: OnePerStream
    down: OnePerStream
    deviation: OnePerStream
    statistic: OnePerStream
    step_count: int


def beginning(like: Array, restart: str) -> Array:
    """Return the statistic of each stream before its first increment: log 1, or log 0 of Shiryaev and Roberts."""
    return 0 * like[:, 0] - inf if restart == "sr" else 0 * like[:, 0]


@checked()
def alarms(
    log_increments: Streams,
    start: OnePerStream | None = None, *,
    delta: OpenFraction = 0.05, restart: Restart = "none",
) -> Alarms:  # fmt: skip
    """Return when the evidence reaches 1/δ.

    With x the increments of a log wealth::

        none   log M ← log M + x                        P(ever an alarm) <= δ
        reset  as none, from log M = 0 after an alarm   P(k alarms) <= δᵏ
        cusum  log W ← max(0, log W) + x                E(run length) >= 1/δ, but an alarm comes almost surely
        sr     log R ← log(R + 1) + x, R = 0 at first   the same

    log_increments: x, shape (N, T), N streams. start: the statistic before them, shape (N,), if it is not the first
    time. delta: δ. exp(-running_max), at most 1, is an anytime-valid p-value of restart "none".
    """
    threshold = -np.log(0 * log_increments[:, 0] + delta)
    before = beginning(log_increments, restart) if start is None else start
    path = []
    for t in range(log_increments.shape[1]):
        if restart == "cusum":
            before = np.maximum(before, 0)
        elif restart == "sr":
            before = np.logaddexp(before, 0)
        elif restart == "reset":
            before = np.where(before >= threshold, 0, before)
        before = before + log_increments[:, t]
        path.append(before)
    statistic = np.stack(path, axis=1)
    reached = statistic >= threshold[:, np.newaxis]
    first = np.where(np.any(reached, axis=1), np.argmax(reached, axis=1) + 1, 0)
    return Alarms(statistic, np.maximum.accumulate(statistic, axis=1), reached, first)


def require_bets(given: Mapping[str, Any]) -> None:
    null, lam, adaptive = given["null"], given["lam"], given["tilt"] == "adaptive"
    used: Any = [given.get("tilts")]
    require_inside("scores", given["scores"], null)
    if lam is not None and lam == 0:
        raise ValueError("lam must not be 0")
    if given.get("tilts") is None:
        _, sd = moments(null)
        if sd == 0 and (lam is None or adaptive):
            raise ValueError("null.scores must not have zero spread where lam follows from it")
        usual = 0.5 / sd if lam is None else lam
        used = [usual, 2 / sd if adaptive else usual]
    for tilts in used:
        require_finite_mgf(tilts, null)
        if given["two_sided"]:
            require_finite_mgf(-tilts, null)


@checked(require_bets)
def detect(
    scores: Streams, null: Null, tilts: Streams | None = None, state: DetectorState | None = None, *,
    lam: Real | None = None, tilt: Literal["fixed", "adaptive"] = "fixed", two_sided: bool = False,
    delta: OpenFraction = 0.05, restart: Restart = "none",
) -> tuple[Detection, DetectorState]:  # fmt: skip
    """Bet on each score and return when the evidence reaches 1/δ, with the state for the next call.

    ::

        x = λs - ψ(λ);   log M ← log M + x
        λ = lam, or ½/σ₀                                                   "fixed"
            (mean of the scores before - μ₀)/σ₀², within 0 and 2/σ₀       "adaptive"; 0 at first
            tilts, which may depend on the scores before, and on no others
        M = ½(M of λ) + ½(M of -λ)                                         two_sided

    scores: s, shape (N, T), finite, N streams. null: see `log_mgf`, and what is guaranteed. tilts: λ of each score,
    shape (N, T). state: of the scores before, if there were some. lam: not 0; > 0 bets on larger scores only. delta,
    restart: as in `alarms`. Raises `ValueError` as well for scores that the null excludes, a λ at which its moment
    generating function is infinite, and calibration scores without spread where lam follows from it.

    Choices: no value of λ was published; ½/σ₀ is best for a shift of half a standard deviation. The guarantee needs a
    λ that is fixed before its score: neither the score, nor a model that was adapted to it, may choose it.
    """
    mean, sd = moments(null)
    zero = 0 * scores[:, 0]
    before = DetectorState(zero, zero, zero, beginning(scores, restart), 0) if state is None else state
    totals = before.deviation[:, np.newaxis] + np.cumsum(scores - mean, axis=1)
    if tilts is None and tilt == "adaptive":
        past = np.concatenate([before.deviation[:, np.newaxis], totals[:, :-1]], axis=1)
        counts = before.step_count + np.arange(scores.shape[1], dtype=scores.dtype)
        tilts = np.clip(past / np.maximum(counts, 1) / sd / sd, 0, 2 / sd)
    elif tilts is None:
        tilts = 0 * scores[:1, :1] + (0.5 / sd if lam is None else lam)
    increments = tilts * scores - log_mgf(tilts, null)
    up = before.up[:, np.newaxis] + np.cumsum(increments, axis=1)
    down, log_wealth = before.down, up
    if two_sided:
        other = before.down[:, np.newaxis] + np.cumsum(-tilts * scores - log_mgf(-tilts, null), axis=1)
        down, log_wealth = other[:, -1], np.logaddexp(up, other) - log(2)
        last = np.logaddexp(before.up, before.down)[:, np.newaxis] - log(2)
        increments = log_wealth - np.concatenate([last, log_wealth[:, :-1]], axis=1)
    found = alarms(increments, before.statistic, delta=delta, restart=restart)
    steps = before.step_count + scores.shape[1]
    after = DetectorState(up[:, -1], down, totals[:, -1], found.statistic[:, -1], steps)
    return Detection(log_wealth, increments, *found), after


@checked(require_bets)
@with_keywords(detect)
def passage(scores: Streams, null: Null, **given: Any) -> Passage:
    """Bet on each score until the first alarm, and return when that is and the evidence there.

    scores: s, shape (N, T), N streams; after an alarm its stream is read no further. The rest as in `detect`. With
    nothing to be kept of each score this is what simulations of false alarms and delays need.
    """
    found, _ = detect(scores, null, **given)
    last = np.where(found.first > 0, found.first, scores.shape[1]) - 1
    streams = np.arange(scores.shape[0])
    return Passage(found.first, found.statistic[streams, last], found.running_max[streams, last])
