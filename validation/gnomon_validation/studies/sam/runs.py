"""Runs that the studies and the claims share, and the two functions that they are on."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.descent.sam.steps import SampledState, init_sampled, step_sampled
from gnomon.domains import Array
from gnomon.objectives.several_arrays import ArraysObjective
from gnomon.several_arrays import Arrays, join

PLAIN: dict[str, Any] = {"momentum": 0.0, "weight_decay": 0.0}
PUBLISHED: dict[str, Any] = {"alpha1": 0.13, "alpha2": 0.13, "beta": 0.7, "max_p": 0.8, "blocks": 5}


class Hyperbola:
    """f(u, v) = (u·v - 1)²/2: minima wherever uv = 1, of sharpness u² + v²."""

    def gradient(self, params: Arrays) -> Arrays:
        """Return ((uv - 1)·v, (uv - 1)·u)."""
        u, v = params
        return (u * v - 1) * v, (u * v - 1) * u


class Bowl:
    """f = ½Σ λᵢxᵢ² of one array."""

    def __init__(self, eigenvalues: Array) -> None:
        self.eigenvalues = eigenvalues

    def gradient(self, params: Arrays) -> Arrays:
        """Return (λ∘x,)."""
        return (self.eigenvalues * params[0],)


class LogCosh:
    """f = Σ log cosh xᵢ of one array."""

    def gradient(self, params: Arrays) -> Arrays:
        """Return (tanh x,)."""
        return (np.tanh(params[0]),)


@dataclass
class Run:
    """A run. iterates: the parameters laid end to end, (T + 1, n). samples: which steps were SAM steps. state: the last
    one."""

    iterates: Array
    samples: tuple[bool, ...]
    state: SampledState

    @property
    def cost(self) -> float:
        """Gradient evaluations, relative to those of SAM."""
        return self.state.evaluations / (2 * len(self.samples))


def run(
    params: Arrays, objective: ArraysObjective, steps: int, *, warm_up: int = 0, window: int = 50, seed: int = 0,
    schedule: str = "vsam", **given: Any,
) -> Run:  # fmt: skip
    """Return what steps of vSAM or ARSAM do, after a warm-up; the uniform numbers are `random.Random(seed)`'s."""
    stream, state = random.Random(seed), init_sampled(params, window=window)
    numbers = [stream.random() for _ in range(steps)]
    iterates, samples = [join(params)], []
    for t in range(steps):
        given["schedule"] = "warm_up" if t < warm_up else schedule
        params, state, report = step_sampled(params, state, objective, numbers[state.draws], **given)
        iterates.append(join(params))
        samples.append(bool(report.took_sam))
    return Run(np.stack(iterates), tuple(samples), state)
