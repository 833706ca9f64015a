"""Runs that the studies and the claims share: ARSAM's step, the uniform numbers of a seed given one by one."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.descent.sam.steps import VsamState, init_vsam, step_arsam, step_vsam
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


@dataclass
class Run:
    """A run. iterates: the parameters laid end to end, (T + 1, n). samples: which steps were SAM steps. state: the
    last.

    rates: S after each step.
    """

    iterates: Array
    samples: tuple[bool, ...]
    rates: Array
    state: VsamState

    @property
    def cost(self) -> float:
        """Gradient evaluations, relative to those of SAM."""
        return self.state.evaluations / (2 * len(self.samples))


def run(
    params: Arrays, objective: ArraysObjective, steps: int, *, warm_up: int = 0, window: int = 50, seed: int = 0,
    variant: Any = None, **given: Any,
) -> Run:  # fmt: skip
    """Return what steps do, of vSAM in a variant, or of ARSAM; the numbers are `random.Random(seed)`'s."""
    stream, state = random.Random(seed), init_vsam(params, window=window)
    numbers = [stream.random() for _ in range(steps)]
    iterates, samples, rates = [join(params)], [], []
    for t in range(steps):
        if variant is None:
            params, state, report = step_arsam(params, state, objective, numbers[state.draws], **given)
        else:
            how = {**given, "warm_up": t < warm_up, "variant": variant}
            params, state, report = step_vsam(params, state, objective, numbers[state.draws], **how)
        iterates.append(join(params))
        samples.append(bool(report.took_sam))
        rates.append(float(state.sampler.samples_per_window))
    return Run(np.stack(iterates), tuple(samples), np.array(rates), state)
