"""HysteroGrad's other variants: the code published before, and what the text says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon_spec.cases import Case, Quantity
from gnomon_spec.descent.hysterograd import step
from gnomon_spec.descent.hysterograd_cases import (
    NO_CLIP,
    calm,
    fresh_states,
    nonzero,
    stiff,
    zeros,
)
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import (
    count,
    tame,
)


@step.law("invariance", cases=calm.but(variant="head", grad_clip=NO_CLIP))
def v4_is_one_cooling_behind(port: Any, case: Case) -> Iterable[Fact]:
    """Without clipping, v4 started at temperature γT does what head does at T."""
    behind = case.state._replace(temperature=case.cooling_rate * case.state.temperature)
    params, state, report = port.step(case.params, case.grad, case.state, **case.hyper)
    same, other, expected = port.step(case.params, case.grad, behind, **{**case.hyper, "variant": "v4"})
    yield equal("params", same, params)
    for name in ("path_length", "mean_norm"):
        yield equal(name, getattr(other, name), getattr(state, name))
    yield equal("norm", expected.norm, report.norm)
    yield equal("width", expected.width, report.width)
    yield agree("liquid", expected.liquid, report.liquid)


theory = calm.but(variant="theory")
open_theory = theory.but(stiffening_factor=0.0)


@step.law("closed form", cases=theory.but(state=fresh_states()))
def theory_divides_by_the_metric_itself(port: Any, case: Case) -> Iterable[Fact]:
    """In theory the first step, never refused as no path lies behind it, is lr·g/((1-β)·m·g² + ε)."""
    params, _, report = port.step(case.params, case.grad, case.state, **case.hyper)
    direction = case.grad / ((1 - case.beta) * case.metric_scale * case.grad**2 + case.epsilon)
    yield equal("params", params, case.params - case.lr * direction)
    yield equal("norm", report.norm, np.sqrt(np.sum(direction**2) / direction.size))


@step.law("conservation", cases=theory.but(params=zeros, stiffening_factor=stiff))
def theory_measures_the_step_that_was_taken(port: Any, case: Case) -> Iterable[Fact]:
    """In theory τ grows by √(ΔᵀGΔ) of the step that was taken, with the new G, and not at all when it was refused."""
    params, state, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    yield equal("path_length", state.path_length, case.state.path_length + np.sqrt(np.sum(state.metric * params**2)))


@step.law(
    "equivariance",
    cases=theory.but(
        params=zeros, epsilon=0.0, grad=nonzero, adaptive_threshold=True, power=count(1, 3, low=-20, high=20)
    ),
)
def theory_takes_larger_steps_for_smaller_gradients(port: Any, case: Case) -> Iterable[Fact]:
    """In theory with ε = 0, gradients 2ᵏ times as large make steps and norms 2ᵏ times as small, bit for bit, and leave
    the path and an adaptive gate as they are."""
    c = 2.0**case.power
    scaled = case.state._replace(metric=c * c * case.state.metric, mean_norm=case.state.mean_norm / c)
    params, state, report = port.step(case.params, case.grad, case.state, **case.hyper)
    moved, other, same = port.step(case.params, c * case.grad, scaled, **case.hyper)
    yield identical("params", c * moved, params)
    yield identical("norm", c * same.norm, report.norm)
    yield identical("path_length", other.path_length, state.path_length)
    yield identical("liquid", same.liquid, report.liquid)


units = Quantity(
    lambda draw, context: np.exp2(np.rint(tame().draw(draw, context) / 2)).astype(context.dtype), "powers of 2"
)


@step.law("equivariance", cases=open_theory.but(params=zeros, epsilon=0.0, grad=nonzero, units=units))
def theory_follows_a_change_of_units(port: Any, case: Case) -> Iterable[Fact]:
    """In theory with ε = 0 and without a barrier, a parameter measured in units of D moves by 1/D of the numbers."""
    scaled = case.state._replace(metric=case.units**2 * case.state.metric)
    params, *_ = port.step(case.params, case.grad, case.state, **case.hyper)
    moved, *_ = port.step(case.params, case.units * case.grad, scaled, **case.hyper)
    yield identical("params", case.units * moved, params)
