"""Ranges around stated figures that were sampled, and what a sample excludes."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np

FAILURE = 1e-9  # of a bound of what was drawn


def chance_of(count: int, streams: int, rate: float) -> float:
    """Return the chance that of some streams so many have an alarm, or more, if each has one at this rate."""
    return float(sum(comb(streams, k) * rate**k * (1 - rate) ** (streams - k) for k in range(count, streams + 1)))


def exceeds(share: float, count: int, rate: float) -> bool:
    """Return whether such a share of a sample, or a larger one, has a chance below `FAILURE` at this rate."""
    return chance_of(round(share * count), count, rate) < FAILURE


def least_rate(count: int, streams: int) -> float:
    """Return the smallest rate of which so many alarms have a chance of `FAILURE` at least, by bisection."""
    low, high = 0.0, count / streams
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chance_of(count, streams, middle) < FAILURE else (low, middle)
    return low


def around(middle: float, reach: float, digits: int) -> str:
    """Return the range from `middle - reach` to `middle + reach`, with so many digits."""
    return f"{middle - reach:.{digits}f} … {middle + reach:.{digits}f}"


def near(stated: float, sd: float, count: int, digits: int = 1) -> str:
    """Return a range around a mean: six standard deviations of a difference of two of so many, 2e-9 of a normal one."""
    error = 6 * sd * (2 / count) ** 0.5
    return f"{max(stated - error, 0):.{digits}f} … {stated + error:.{digits}f}"


def reach(three: Sequence[float]) -> float:
    """Return how far one more normal number lies from the mean of three, but in one of 100 cases: t·s·√(1 + 1/3).

    Student's t with two degrees of freedom is (2p - 1)/√(2p·(1 - p)), here at p = 0.995.
    """
    return float(0.99 / np.sqrt(2 * 0.995 * 0.005) * np.std(three, ddof=1) * np.sqrt(4 / 3))


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
