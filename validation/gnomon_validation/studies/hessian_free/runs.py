"""The optimizer run for some steps, what is read off its reports, and two tiny networks to run it on.

Data and parameters of the networks are sines and cosines, so that any language can rebuild them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.products import Classification, Regression, network
from gnomon.domains import Array
from gnomon.hessian_free.optimizer import HessianFreeState, Report, init, step
from gnomon.objectives import MLP


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


class Specimen(NamedTuple):
    """A learning problem, where its optimization begins, and what it is called."""

    name: str
    problem: Regression | Classification
    start: Array


def tiny_networks() -> tuple[Specimen, Specimen]:
    """Return a 4-6-2 network with squared error on 12 examples, and a 4-5-3 one with cross-entropy on 15.

    Parameters 0.6·sin(s₀ + 0.7t), t = 0, 1, …; X = cos(s₁ + 1.3i + 0.9j); Y = sin(s₁ + 0.4i² + 1.1j), label
    (i² + ⌊i/2⌋) mod 3. The squared error is half the sum over the two outputs, which is their mean.
    """
    i, k = np.arange(12.0)[:, np.newaxis], np.arange(15)
    features, targets = np.cos(1.7 + 1.3 * i + 0.9 * np.arange(4.0)), np.sin(1.7 + 0.4 * i**2 + 1.1 * np.arange(2.0))
    regression = Specimen("squared error", Regression(features, targets, (6,)), sine(0.6, 0.9, 44))
    features, labels = np.cos(0.6 + 1.3 * k[:, np.newaxis] + 0.9 * np.arange(4.0)), (k * k + k // 2) % 3
    return regression, Specimen("cross-entropy", Classification(features, labels, 3, (5,)), sine(0.6, 0.4, 43))


def sine(size: float, phase: float, count: int) -> Array:
    """Return size·sin(phase + 0.7t), t = 0, 1, …"""
    return size * np.sin(phase + 0.7 * np.arange(float(count)))


class DenseCurvature(MLP):
    """A network whose Gauss-Newton matrix is computed as a whole: the same numbers but for their rounding.

    G = (1/N) Σᵢ JᵢᵀHᵢJᵢ, Jᵢ the Jacobian of the outputs of example i and Hᵢ the Hessian of its loss. For a few dozen
    parameters it is faster than products one by one.
    """

    def ggn_at(self, params: Array) -> Callable[[Array], Array]:
        z, n = self.outputs(params), self.dimension
        units = np.eye(z.shape[1])
        jacobian = np.stack([self.example_pullbacks(params, 0 * z + e) for e in units], axis=1)
        hessian = np.stack([self.output_loss.hessian_products(z, 0 * z + e) for e in units], axis=2)
        curved = np.transpose(hessian, (0, 2, 1)) @ jacobian
        matrix = np.reshape(jacobian, (-1, n)).T @ np.reshape(curved, (-1, n)) / z.shape[0]
        return lambda vector: matrix @ vector
