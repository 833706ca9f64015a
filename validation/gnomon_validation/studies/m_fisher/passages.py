"""First passages of many streams, which are drawn no further once they had an alarm."""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.probability.m_fisher.detector import DetectorState, detect
from gnomon.probability.m_fisher.nulls import Gaussian

NORMAL = Gaussian(0.0, 1.0)
CHUNK = 50
FAILURE = 1e-9  # of a bound of what was drawn


def passages(
    draw: Callable[[Any, int, int], Array], streams: int, horizon: int, *, null: Any = NORMAL, **given: Any
) -> tuple[Array, Array]:
    """Return τ of each stream, 0 if it has no alarm up to the horizon, and log M there.

    draw: gives the scores of the streams of these numbers, from a time on, so many. given: as for `detect`.
    """
    times, values, alive, state = np.zeros(streams), np.full(streams, -np.inf), np.arange(streams), None
    for begin in range(0, horizon, CHUNK):
        found, state = detect(draw(alive, begin, CHUNK), null, None, state, **given)
        hit = found.first > 0
        at = found.first[hit] - 1
        times[alive[hit]], values[alive[hit]] = begin + at + 1, found.log_wealth[hit, at]
        alive, state = alive[~hit], DetectorState._make([*(part[~hit] for part in state[:4]), state.step_count])
        if not len(alive):
            break
    return times, values


def normal(seed: int, mean: Any = 0.0) -> Callable[[Any, int, int], Array]:
    """Return how normal scores are drawn; mean: a number, one a stream, or a function of the times."""
    rng = np.random.default_rng(seed)

    def draw(alive: Any, begin: int, count: int) -> Array:
        shift = mean(np.arange(begin, begin + count)) if callable(mean) else mean
        if np.ndim(mean):
            shift = mean[alive, np.newaxis]
        scores: Array = rng.standard_normal((len(alive), count)) + shift
        return scores

    return draw


def chance_of(count: int, streams: int, rate: float) -> float:
    """Return the chance that of some streams so many have an alarm, or more, if each has one at this rate."""
    return float(sum(comb(streams, k) * rate**k * (1 - rate) ** (streams - k) for k in range(count, streams + 1)))


def least_rate(count: int, streams: int) -> float:
    """Return the smallest rate of which so many alarms have a chance of `FAILURE` at least, by bisection."""
    low, high = 0.0, count / streams
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chance_of(count, streams, middle) < FAILURE else (low, middle)
    return low


def near(stated: float, sd: float, count: int, digits: int = 1) -> str:
    """Return a range around a mean: six standard deviations of a difference of two of so many, 2e-9 of a normal one."""
    error = 6 * sd * (2 / count) ** 0.5
    return f"{max(stated - error, 0):.{digits}f} … {stated + error:.{digits}f}"


def alike(share: float, count: int) -> str:
    """Return the shares of a sample that a sample of as many at the same rate allows: all others have a chance of
    `FAILURE` at most, by Fisher's exact test."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, 2 * count + 1)))])
    found, k = np.arange(count + 1)[:, np.newaxis], np.arange(count + 1)
    total = round(share * count) + found
    other = np.clip(total - k, 0, count)
    ways = 2 * logs[count] - logs[k] - logs[count - k] - logs[other] - logs[count - other]
    of_all = logs[2 * count] - logs[total] - logs[2 * count - total]
    p = np.exp(np.where(other == total - k, ways - of_all, -np.inf))
    tails = np.minimum(np.sum(p * (k >= found), axis=1), np.sum(p * (k <= found), axis=1))
    allowed = np.flatnonzero(tails >= FAILURE / 2) / count
    return f"{allowed[0]:.4f} … {allowed[-1]:.4f}"
