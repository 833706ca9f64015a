"""`gnomon.probability.m_fisher.detector` as one compiled pass over the scores, for fixed bets."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.probability.m_fisher import detector as reference
from gnomon.probability.m_fisher.detector import Detection, DetectorState, Passage, beginning
from gnomon.probability.m_fisher.nulls import log_mgf, moments

__all__ = ["Detection", "DetectorState", "Passage", "detect", "passage"]

NONE, RESET, CUSUM, SR = range(4)
RESTARTS = ("none", "reset", "cusum", "sr")
BLOCK = 256


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


@in_place_of(reference.detect)
def detect(
    scores: Array, null: Any, tilts: Array | None, state: DetectorState | None, **given: Any
) -> tuple[Detection, DetectorState]:
    lam, delta, restart = given["lam"], given["delta"], given["restart"]
    if tilts is not None or given["tilt"] == "adaptive" or given["two_sided"]:
        return reference.detect(scores, null, tilts, state, **given)
    mean, sd = moments(null)
    chosen = np.full((1, 1), 0.5 / sd if lam is None else lam, scores.dtype)
    numbers = np.array([chosen[0, 0], log_mgf(chosen, null)[0, 0], mean, -log(delta), 0.0], scores.dtype)
    zero = np.zeros(len(scores), scores.dtype)
    before = DetectorState(zero, zero, zero, beginning(scores, restart), 0) if state is None else state
    ends = np.stack([before.up, before.statistic, before.deviation])
    wealth, increments, statistic, largest = (np.empty(scores.shape, scores.dtype) for _ in range(4))
    found = Detection(wealth, increments, statistic, largest, np.empty(scores.shape, np.bool_), zero.astype(np.int64))
    watch(contiguous(scores), numbers, RESTARTS.index(restart), *found, ends)
    after = DetectorState(ends[0], np.array(before.down), ends[2], ends[1], before.step_count + scores.shape[1])
    return found, after


@compiled(fastmath={"reassoc"})
def summed(scores: Array, lam: Any, psi: Any, zero: Any) -> Any:
    """Return Σx and the sum of the positive x, x = λs - ψ."""
    total, rises = zero, zero
    for t in range(scores.size):
        x = lam * scores[t] - psi
        total += x
        rises += max(x, zero)
    return total, rises


@compiled
def walk(scores: Array, numbers: Array, restart: int, first: Any, ends: Array) -> None:
    """Fill τ of each stream and, in rows of ends, the statistic there and its largest. numbers: λ, ψ, threshold, 0.

    Without restarts a block in which the wealth cannot rise above its largest so far is summed in any order.
    """
    lam, psi, threshold, zero = numbers
    for i in range(scores.shape[0]):
        stream, before, top, t = scores[i], zero, zero - np.inf, 0
        while t < stream.size and first[i] == 0:
            end = min(t + BLOCK, stream.size)
            if restart != CUSUM and t > 0:
                total, rises = summed(stream[t:end], lam, psi, zero)
                if before + rises < top:
                    before, t = before + total, end
            while t < end:
                if restart == CUSUM and before < zero:
                    before = zero
                before += lam * stream[t] - psi
                t += 1
                if before > top:
                    top = before
                    if before >= threshold:
                        first[i] = t
                        break
        ends[0, i], ends[1, i] = before, top


@compiled
def walk_in_ratios(scores: Array, numbers: Array, first: Any, ends: Array) -> None:
    """Do as `walk` for R of Shiryaev and Roberts itself, whose logarithm is needed only where it may be the largest."""
    lam, psi, threshold, zero = numbers
    near, tiny = np.exp(np.float64(threshold)) / 2, np.exp(np.float64(-600.0))
    for i in range(scores.shape[0]):
        ratio, best, before, x = np.float64(0.0), np.float64(0.0), np.float64(0.0), zero
        top = zero - np.inf
        for t in range(scores.shape[1]):
            x, before = lam * scores[i, t] - psi, ratio
            ratio = (ratio + 1) * np.exp(np.float64(x))
            if ratio > best or best < tiny:
                best, top = max(ratio, best), max(top, zero + np.log1p(before) + x)
                if ratio > near and np.log1p(before) + x >= threshold:
                    first[i] = t + 1
                    break
        ends[0, i], ends[1, i] = np.log1p(before) + x, top


@in_place_of(reference.passage)
def passage(scores: Array, null: Any, **given: Any) -> Passage:
    lam, restart, threshold = given["lam"], given["restart"], -log(given["delta"])
    if given["two_sided"] or given["tilt"] == "adaptive" or threshold > 600:
        return reference.passage(scores, null, **given)
    chosen = np.array([[0.5 / moments(null)[1] if lam is None else lam]], scores.dtype)
    numbers = np.array([chosen[0, 0], log_mgf(chosen, null)[0, 0], threshold, 0], scores.dtype)
    first, ends = np.zeros(len(scores), np.int64), np.empty((2, len(scores)), scores.dtype)
    if restart == "sr":
        walk_in_ratios(contiguous(scores), numbers, first, ends)
    else:
        walk(contiguous(scores), numbers, RESTARTS.index(restart), first, ends)
    return Passage(first, *ends)
