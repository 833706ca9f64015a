"""HysteroGrad's other variants: the code published before, and what the text says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon_spec.cases import Case
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent import hysterograd_cases as given
from gnomon_spec.descent.elementwise import scaled
from gnomon_spec.descent.hysterograd import step
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.strategies import count, nonzero, zeros

step.symmetry(
    "invariance",
    "v4_is_one_cooling_behind",
    "Without clipping, v4 started at temperature γT does what head does at T",
    cases=given.calm.but(variant="head", grad_clip=given.NO_CLIP),
    inputs={
        "variant": lambda _head, _case: "v4",
        "state.temperature": lambda temperature, case: case.cooling_rate * temperature,
    },
    outputs=dict.fromkeys(("params", "path_length", "mean_norm", "norm", "width"), unchanged),
)

theory = given.calm.but(variant="theory")


@step.law("closed form", cases=theory.but(state=given.fresh_states()))
def theory_divides_by_the_metric_itself(port: Any, case: Case) -> Iterable[Fact]:
    """In theory the first step, never refused as no path lies behind it, is lr·g/((1-β)·m·g² + ε)."""
    params, _, report = port.step(case.params, case.grad, case.state, **case.hyper)
    direction = case.grad / ((1 - case.beta) * case.metric_scale * case.grad**2 + case.eps)
    yield equal("params", params, case.params - case.lr * direction)
    yield equal("norm", report.norm, np.sqrt(np.sum(direction**2) / direction.size))


@step.law("conservation", cases=theory.but(params=zeros, stiffening_factor=given.stiff))
def theory_measures_the_step_that_was_taken(port: Any, case: Case) -> Iterable[Fact]:
    """In theory τ grows by √(ΔᵀGΔ) of the step that was taken, with the new G, and not at all when it was refused."""
    params, state, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    yield equal("path_length", state.path_length, case.state.path_length + np.sqrt(np.sum(state.metric * params**2)))


step.symmetry(
    "equivariance",
    "theory_takes_larger_steps_for_smaller_gradients",
    "In theory with ε = 0, gradients 2ᵏ times as large make steps and norms 2ᵏ times as small, bit for bit, and leave "
    "the path and an adaptive gate as they are",
    cases=theory.but(params=zeros, eps=0.0, grad=nonzero, adaptive_threshold=True, power=count(1, 3, low=-20, high=20)),
    inputs={"grad": scaled(1), "state.metric": scaled(2), "state.mean_norm": scaled(-1)},
    outputs={"params": scaled(-1), "norm": scaled(-1), "path_length": unchanged, "liquid": unchanged},
    same=identical,
)
