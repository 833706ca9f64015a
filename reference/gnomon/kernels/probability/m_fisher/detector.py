"""`gnomon.probability.m_fisher.detector` as one compiled pass over the scores, for fixed bets."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.probability.m_fisher import detector as reference
from gnomon.probability.m_fisher.detector import Alarms, Detection, DetectorState, beginning
from gnomon.probability.m_fisher.nulls import log_mgf, moments

__all__ = ["Alarms", "Detection", "DetectorState", "alarms", "detect"]

NONE, RESET, CUSUM, SR = range(4)
RESTARTS = ("none", "reset", "cusum", "sr")


@compiled
def watch(
    scores: Array, numbers: Array, restart: int, wealth: Array, increments: Array, statistic: Array, largest: Array,
    reached: Any, first: Any, last: Array,
) -> None:  # fmt: skip
    """Fill what a `Detection` has. numbers: λ, ψ, μ₀, threshold, 0. last: log wealth, statistic and Σ(s - μ₀), rows."""
    lam, psi, mean, threshold, zero = numbers
    for i in range(scores.shape[0]):
        total, before, deviation = last[0, i], last[1, i], last[2, i]
        top, at = zero - np.inf, 0
        for t in range(scores.shape[1]):
            x = lam * scores[i, t] - psi
            deviation += scores[i, t] - mean
            total += x
            if restart == CUSUM:
                before = max(before, zero)
            elif restart == SR:
                before = max(before, zero) + np.log1p(np.exp(-abs(before)))
            elif restart == RESET and before >= threshold:
                before = zero
            before += x
            top = max(top, before)
            if before >= threshold and at == 0:
                at = t + 1
            wealth[i, t], increments[i, t], statistic[i, t], largest[i, t] = total, x, before, top
            reached[i, t] = before >= threshold
        first[i] = at
        last[0, i], last[1, i], last[2, i] = total, before, deviation


def watched(scores: Array, given: tuple[Any, ...], restart: str, last: list[Array]) -> tuple[Detection, Array]:
    """Return what `watch` finds, and what it ends with. given: λ, ψ, μ₀, δ."""
    *bet, delta = given
    numbers = np.array([*bet, -log(delta), 0.0], scores.dtype)
    outputs = [np.empty(scores.shape, scores.dtype) for _ in range(4)]
    reached, first = np.empty(scores.shape, np.bool_), np.empty(len(scores), np.int64)
    ends = np.stack(last)
    watch(contiguous(scores), numbers, RESTARTS.index(restart), *outputs, reached, first, ends)
    wealth, increments, statistic, largest = outputs
    return Detection(wealth, increments, statistic, largest, reached, first), ends


@in_place_of(reference.alarms)
def alarms(log_increments: Array, start: Array | None, *, delta: float, restart: str) -> Alarms:
    before = beginning(log_increments, restart) if start is None else start
    zero = np.zeros_like(before)
    found, _ = watched(log_increments, (1.0, 0.0, 0.0, delta), restart, [zero, before, zero])
    return Alarms(*found[2:])


@in_place_of(reference.detect)
def detect(
    scores: Array, null: Any, tilts: Array | None, state: DetectorState | None, *, lam: float | None, tilt: str,
    two_sided: bool, delta: float, restart: str,
) -> tuple[Detection, DetectorState]:  # fmt: skip
    if tilts is not None or tilt == "adaptive" or two_sided:
        other = {"lam": lam, "tilt": tilt, "two_sided": two_sided, "delta": delta, "restart": restart}
        return reference.detect(scores, null, tilts, state, **other)  # type: ignore[arg-type]
    mean, sd = moments(null)
    chosen = np.full((1, 1), 0.5 / sd if lam is None else lam, scores.dtype)
    zero = np.zeros(len(scores), scores.dtype)
    before = DetectorState(zero, zero, zero, beginning(scores, restart), 0) if state is None else state
    last = [before.up, before.statistic, before.deviation]
    found, ends = watched(scores, (chosen[0, 0], log_mgf(chosen, null)[0, 0], mean, delta), restart, last)
    after = DetectorState(ends[0], np.array(before.down), ends[2], ends[1], before.step_count + scores.shape[1])
    return found, after
