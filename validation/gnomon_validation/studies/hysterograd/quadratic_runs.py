"""Runs on f = ½(θ-D)² with θ a single number: what each step reported, until the gate can never open again."""

from __future__ import annotations

from functools import cache
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array
from gnomon_validation.studies.hysterograd.walk import walk

LR, STIFFENING_FACTOR, BETA, EPSILON = 0.1, 0.5, 0.9, 1e-12
SETTINGS: dict[str, Any] = {"lr": LR, "stiffening_factor": STIFFENING_FACTOR, "beta": BETA, "eps": EPSILON}
LEASH = 1 / (STIFFENING_FACTOR * (1 - BETA)) ** 2
LIMIT = 20_000


class QuadraticRun(NamedTuple):
    """What a run reported, one entry a step; `position` is that after the step.

    shut_for_ever: the step, counted from 1, from which every gradient whatsoever is refused; `None` if none was.
    """

    position: Array
    norm: Array
    width: Array
    liquid: NDArray[np.bool_]
    shut_for_ever: int | None

    @property
    def end(self) -> float:
        """Where the run ends."""
        return float(self.position[-1])

    @property
    def first_frozen(self) -> int:
        """The first refused step, counted from 1."""
        return int(np.argmin(self.liquid)) + 1

    @property
    def last_liquid(self) -> int:
        """The last step taken, counted from 1."""
        return int(np.flatnonzero(self.liquid)[-1]) + 1

    @property
    def changes(self) -> int:
        """How often the status changed."""
        return int(np.sum(np.diff(self.liquid)))

    @property
    def statuses(self) -> str:
        """The status of each step: L (Liquid) or F (Frozen)."""
        return "".join("FL"[int(liquid)] for liquid in self.liquid)


@cache
def run(minimiser: float, start: float = 0.0, limit: int = LIMIT) -> QuadraticRun:
    """Return the run with lr 0.1, κ 0.5, β 0.9, ε 1e-12, until it is shut for ever or has made `limit` steps.

    Adaptive, E >= (1-β)·n after every step. So once κ·(1-T)·√τ·(1-β) >= 1, h >= n whatever the gradient; and the left
    side never falls. From there on the position cannot change, and the run is cut short.
    """
    told, shut = [], None
    steps = walk(np.array([start]), repeat(lambda x: x - minimiser, limit), **SETTINGS)
    for t, (params, state, report) in enumerate(steps, start=1):
        told.append((params[0], report.norm, report.width, report.liquid))
        if STIFFENING_FACTOR * (1 - state.temperature) * state.path_length**0.5 * (1 - BETA) >= 1:
            shut = t
            break
    position, norm, width, liquid = np.array(told).T
    return QuadraticRun(position, norm, width, liquid == 1, shut)
