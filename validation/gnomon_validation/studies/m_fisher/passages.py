"""First passages of streams of normal scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.kernels.probability.m_fisher.detector import Passage, passage
from gnomon.probability.m_fisher.nulls import Gaussian

NORMAL = Gaussian(0.0, 1.0)


def first_alarms(seed: int, streams: int, horizon: int, mean: Any = 0.0, **given: Any) -> Passage:
    """Return the first alarms among scores N(mean, 1) where N(0, 1) is the null. mean: of all, of each stream (a
    column) or of each time. given: as for `passage`."""
    scores = np.random.default_rng(seed).standard_normal((streams, horizon)) + mean
    found: Passage = passage(scores, NORMAL, **given)
    return found
