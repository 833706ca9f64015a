"""Statements about probabilities that are tested on draws: the evidence against one is an e-process, M-FISHER's own.

Bets are made on outcomes, one after the other, by `gnomon.probability.m_fisher.detector`. If the statement is true
their wealth is a non-negative supermartingale, and by Ville's inequality the chance that it ever reaches
1/`FALSE_ALARM` is at most `FALSE_ALARM`: whatever the number of draws is, and whenever one looks. Nothing is ever tried
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np

from gnomon.probability.m_fisher.detector import alarms, detect
from gnomon.probability.m_fisher.nulls import Bernoulli, Bounded
from gnomon_spec.facts import Fact, agree

FALSE_ALARM = 1e-9
SHARES = tuple(2.0**-k for k in range(7))  # of the largest tilt: the wealth is the mean of what these win


def first_contradiction(values: Sequence[Any], null: Bernoulli | Bounded, largest: float) -> int:
    """Return after how many values it is refuted that each has at most the mean of the null, given those before.

    0 if it never is. largest: the largest tilt. The wealth is the mean over seven tilts from there down, so that
    nothing need be known of how wrong the statement is. Tilts are positive, so that smaller means lose.
    """
    if not len(values):
        return 0
    scores = np.asarray(values, np.float64)[np.newaxis]
    paths = [detect(scores, null, lam=share * largest)[0].log_wealth for share in SHARES]
    wealth = np.logaddexp.reduce(np.stack(paths), axis=0) - log(len(SHARES))
    return int(alarms(np.diff(wealth, axis=1, prepend=0.0), delta=FALSE_ALARM).first[0])


def rate_at_most(label: str, outcomes: Sequence[Any], probability: float) -> Fact:
    """Claim that each outcome is true with at most this probability, in (0, 1), given those before.

    A right port fails with probability at most `FALSE_ALARM`, which the law states as its `false_alarm`.
    """
    null = Bernoulli(float(probability))
    largest = log((1 - null.probability / 8) / null.probability)
    return agree(label, first_contradiction([bool(x) for x in outcomes], null, largest), 0)


def mean_at_most(label: str, values: Sequence[Any], mean: float, low: float, high: float) -> Fact:
    """Claim that numbers in [low, high] have at most this mean, given those before; `FALSE_ALARM` as `rate_at_most`."""
    return agree(label, first_contradiction(values, Bounded(mean, low, high), 8 / (high - low)), 0)
