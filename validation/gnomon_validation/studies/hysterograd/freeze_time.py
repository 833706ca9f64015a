"""When the gate first closes: of a gradient that never changes, and of a norm that clipping holds at one value."""

from __future__ import annotations

from itertools import repeat
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from gnomon_validation.studies.hysterograd.walk import walk


class Settings(NamedTuple):
    """What decides when a constant gradient freezes, under the names of `hysterograd.step`.

    entries: k, how many entries of the gradient are not zero.
    """

    entries: int
    metric_scale: float
    lr: float
    stiffening_factor: float
    beta: float = 0.99
    cooling_rate: float = 0.99

    @property
    def settled_norm(self) -> float:
        """√(k/m), to which the norm of a constant gradient falls."""
        return sqrt(self.entries / self.metric_scale)

    @property
    def predicted(self) -> float:
        """√m/(lr·√k·κ²): the step at which κ·√τ reaches 1, if the norm is √(k/m) and nothing is left of the start."""
        return 1 / (self.lr * self.settled_norm * self.stiffening_factor**2)


def first_frozen_step(settings: Settings, limit: int) -> int | None:
    """Return the first step, counted from 1, that the adaptive gate refuses; `None` if it takes the first `limit`.

    With ε = 0 a constant gradient has N = √(k/(m(1-βᵗ))) whatever its size, so one entry with metric_scale m/k stands
    for k entries with m.
    """
    hyper = settings._replace(metric_scale=settings.metric_scale / settings.entries)._asdict()
    del hyper["entries"]
    return _first_refused(limit, eps=0.0, **hyper)


class Clipped(NamedTuple):
    """A gate whose norm is clipped at every step, under the names of `hysterograd.step`; adaptive, variant "v4"."""

    lr: float
    stiffening_factor: float
    hysteresis_scale: float
    grad_clip: float
    cooling_rate: float = 0.99

    @property
    def open_until(self) -> float:
        """1/(lr·c·(κ·s)²): before this step the gate cannot close.

        The norm is c, hence τ = lr·c·t and E <= c, and h <= κ·s·√τ·c is below c while κ·s·√τ < 1.
        """
        return 1 / (self.lr * self.grad_clip * (self.stiffening_factor * self.hysteresis_scale) ** 2)


def first_frozen_clipped(settings: Clipped, limit: int) -> int | None:
    """Return the first step that is refused while every norm exceeds the clip; `None` if it takes the first `limit`."""
    # With metric_scale m the unclipped norm of a constant gradient is at least 1/√m: here twice the clip.
    return _first_refused(limit, variant="v4", metric_scale=1 / (2 * settings.grad_clip) ** 2, **settings._asdict())


def _first_refused(limit: int, **hyper: Any) -> int | None:
    """Return the first step along a gradient of 1 that a gate with these hyperparameters refuses."""
    told = walk(np.zeros(1), repeat(np.ones(1), limit), **hyper)
    return next((t for t, (*_, report) in enumerate(told, start=1) if not report.liquid), None)
