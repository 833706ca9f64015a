"""The optimizer run for some steps, and what is read off its reports."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.products import Classification, Regression, network
from gnomon.domains import Array
from gnomon.hessian_free.optimizer import HessianFreeState, Report, init, step


class Run(NamedTuple):
    """points: θ before the first step and after each, shape (steps + 1, n). reports: one a step. state: at the end."""

    points: Array
    reports: tuple[Report, ...]
    state: HessianFreeState

    @property
    def losses(self) -> Array:
        """f before the first step and after each, shape (steps + 1,)."""
        return np.array([self.reports[0].loss, *(report.final_loss for report in self.reports)])

    @property
    def dampings(self) -> Array:
        """λ of each step, and the one after the last, shape (steps + 1,)."""
        return np.array([*(report.damping for report in self.reports), self.state.damping])

    @property
    def ratios(self) -> Array:
        """ρ of each step."""
        return np.array([report.ratio for report in self.reports])

    @property
    def lengths(self) -> Array:
        """How far each step went: ‖θ_t - θ_{t-1}‖."""
        return np.array([np.linalg.norm(after - before) for before, after in pairwise(self.points)])


def first_below(losses: Array, goal: float) -> int:
    """Return after which step f is below a goal for the first time. Raises `ValueError` if it never is."""
    reached = np.flatnonzero(losses < goal)
    if not reached.size:
        raise ValueError(f"f never falls below {goal:g}; the least is {np.min(losses):g}")
    return int(reached[0])


def descend(objective: Any, start: Array, steps: int, *, damping: float = 1.0, **hyper: Any) -> Run:
    """Return a run of the optimizer. objective: any that `step` takes. hyper: as for `step`, whose presets stand."""
    f = network(objective) if isinstance(objective, Regression | Classification) else objective
    params, state = start, init(start, damping=damping)
    points, reports = [start], []
    for _ in range(steps):
        params, state, report = step(params, state, f, **hyper)
        points.append(params)
        reports.append(report)
    return Run(np.stack(points), tuple(reports), state)
