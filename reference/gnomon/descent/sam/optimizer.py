"""SAM with SGD as its base optimizer: one step.

Source: Foret et al., arXiv 2010.01412. Defaults are those of `ajiaaa/vSAM` (commit 895e0e5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent import sgd
from gnomon.descent.sam.decomposition import Like, Params, decompose
from gnomon.descent.sgd import SGDState
from gnomon.domains import NonNegative
from gnomon.norms import joint_length
from gnomon.objectives.several_arrays import ArraysObjective
from gnomon.several_arrays import Arrays, join


class SamState(NamedTuple):
    """What the base optimizer remembers. buffers: momentum, one array for each parameter array. step_count: steps."""

    buffers: Like
    step_count: int


class Report(NamedTuple):
    """What a step saw. grad_norm: ‖g‖. psf_norm: ‖psf‖. alignment: ⟨g, psf⟩/‖g‖², 0 where g = 0."""

    grad_norm: Any
    psf_norm: Any
    alignment: Any


@checked()
def init(params: Params) -> SamState:
    """Return the state before the first step: empty buffers."""
    return SamState(tuple(np.zeros_like(w) for w in params), 0)


@checked()
def step(
    params: Params, state: SamState, objective: ArraysObjective, *,
    rho: NonNegative = 0.05, eps: NonNegative = 0.0, lr: NonNegative = 0.05, momentum: NonNegative = 0.9,
    weight_decay: NonNegative = 1e-3,
) -> tuple[Arrays, SamState, Report]:  # fmt: skip
    """Return the parameters after one step, the new state and a report.

    ::

        g = ∇f(w);  w' = w + ρ·g/(‖g‖ + ε);  g' = ∇f(w')
        w ← SGD step from w with g', momentum and coupled weight decay: buf ← μ·buf + g' + λ·w;  w ← w - lr·buf

    The decay is that of the base optimizer, at w: it enters neither the perturbation nor the PSF g' - g. lr, momentum,
    weight_decay: as in `gnomon.descent.sgd`; with momentum 0 the buffers stay as they were. All else, and what is
    raised, as in `decompose`.
    """
    found = decompose(params, objective, rho=rho, eps=eps)
    rates = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    new, buffers = descended(params, found.sam_grads, state, rates)
    return new, SamState(buffers, state.step_count + 1), report(found.grads, found.psf)


def descended(params: Arrays, directions: Arrays, state: Any, rates: Mapping[str, Any]) -> tuple[Arrays, Arrays]:
    """Return what a step of SGD along a direction makes of each array, and the buffers."""
    before = (SGDState(buffer, state.step_count) for buffer in state.buffers)
    moved = [sgd.step(*given, **rates) for given in zip(params, directions, before, strict=True)]
    return tuple(new for new, _ in moved), tuple(after.momentum_buffer for _, after in moved)


def report(grads: Arrays, psf: Arrays) -> Report:
    """Return the norms of gradient and PSF, and how far the PSF lies along the gradient."""
    size = joint_length(grads)
    if size == 0:
        return Report(size, joint_length(psf), size)
    return Report(size, joint_length(psf), np.sum(join(grads) / size * join(psf)) / size)
