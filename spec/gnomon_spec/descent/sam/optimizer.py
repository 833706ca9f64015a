"""One step of SAM."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import sgd
from gnomon.descent.sam import optimizer as reference
from gnomon.descent.sam.decomposition import decompose, perturb
from gnomon.descent.sgd import SGDState
from gnomon.several_arrays import cut, join
from gnomon_spec.cases import Case
from gnomon_spec.descent.sam import system
from gnomon_spec.descent.sam.decomposition import norm
from gnomon_spec.descent.sam.inputs import PLAIN, RATES, problems, quadratics, states
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.several_arrays import times, turned
from gnomon_spec.strategies import count, number, rotation, shapes
from gnomon_spec.system import WITH_ROOM

steps = problems.but(state=states(), **RATES)
calm = quadratics.but(state=states(), **RATES)
step = system.operation(reference.step, cases=steps, rejecting=calm, dtypes=WITH_ROOM)
plain = quadratics.but(state=states(0), **PLAIN)


@step.law("closed form", cases=steps.but(momentum=0.0))
def the_step_begins_where_the_parameters_are(port: Any, case: Case) -> Iterable[Fact]:
    """Without momentum w moves from w, not from w', by -lr·(∇f(w') + λ·w): the decay is no part of the perturbation."""
    new, state, _ = step.call(port, case)
    f, grad = case.objective.objective, case.objective.objective.gradient(join(case.params))
    ahead = join(case.params) + case.rho * grad / (norm([grad]) + case.eps)
    direction = f.gradient(ahead) + case.weight_decay * join(case.params)
    yield equal("params", join(new), join(case.params) - case.lr * direction)
    yield agree("step_count", state.step_count, case.state.step_count + 1)


@step.law("invariance")
def it_is_sgd_with_the_other_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """Parameters and buffers are those of SGD, given the gradient at the perturbed point, for each array alone."""
    new, state, report = step.call(port, case)
    found = port.decompose(case.params, case.objective, rho=case.rho, eps=case.eps)
    rates = {name: case[name] for name in RATES}
    for i, (w, g, buffer) in enumerate(zip(case.params, found.sam_grads, case.state.buffers, strict=True)):
        expected, after = sgd.step(w, g, SGDState(buffer, case.state.step_count), **rates)
        yield equal(f"params[{i}]", new[i], expected)
        yield equal(f"buffers[{i}]", state.buffers[i], after.momentum_buffer)
    yield equal("grad_norm", report.grad_norm, norm(found.grads))
    yield equal("psf_norm", report.psf_norm, norm(found.psf))
    yield equal("alignment", report.alignment * norm(found.grads) ** 2, np.sum(join(found.grads) * join(found.psf)))


@step.law("limit", cases=steps.but(rho=0.0))
def without_a_perturbation_it_is_the_base_optimizer(port: Any, case: Case) -> Iterable[Fact]:
    """With ρ = 0 it is SGD with momentum and coupled decay."""
    new, state, report = step.call(port, case)
    grads = case.objective.gradient(case.params)
    rates = {name: case[name] for name in RATES}
    for i, (w, g, buffer) in enumerate(zip(case.params, grads, case.state.buffers, strict=True)):
        expected, after = sgd.step(w, g, SGDState(buffer, case.state.step_count), **rates)
        yield equal(f"params[{i}]", new[i], expected)
        yield equal(f"buffers[{i}]", state.buffers[i], after.momentum_buffer)
    yield identical("psf_norm", report.psf_norm, 0 * report.psf_norm)


@step.law("closed form", cases=plain.shaped(shapes((1,))).but(lr=number(0.125, 0.0625, exponents=(-5, -4))))
def in_one_dimension_it_bounces(port: Any, case: Case) -> Iterable[Fact]:
    """On ½hx² the points ±lr·ρh/(2 - lr·h) are taken to each other: SAM never stays in the minimum."""
    f = case.objective.objective
    h = f.matrix[0, 0]
    size = case.lr * case.rho * h / (2 - case.lr * h)
    for sign in (1, -1):
        there = cut(f.stationary + sign * size, case.params)
        new, _, _ = step.call(port, case, params=there)
        yield equal(f"from {sign:+d}", join(new), f.stationary - sign * size)


@step.law("fixed point", cases=plain)
def at_a_stationary_point_it_stays(port: Any, case: Case) -> Iterable[Fact]:
    """At x = x*, without momentum and decay, the parameters stay, bit for bit; all that is reported is 0."""
    still = cut(case.objective.objective.stationary, case.params)
    new, _, report = step.call(port, case, params=still)
    yield identical("params", join(new), join(still))
    for name, value in zip(report._fields, report, strict=True):
        yield identical(name, value, 0 * join(case.params)[0])


step.symmetry(
    "invariance",
    "loss_and_rate_scale_against_each_other",
    "f times 2ᵏ with lr divided by 2ᵏ gives the same parameters, bit for bit, and 2ᵏ times the buffers",
    cases=calm.but(weight_decay=0.0, power=count(1, 3, low=-20, high=20)),
    inputs={
        "objective": lambda f, case: times(2.0**case.power, f),
        "state.buffers": lambda value, case: times(2.0**case.power, value),
        "lr": lambda value, case: value / 2.0**case.power,
    },
    outputs={"params": lambda value, case: value, "buffers": lambda value, case: times(2.0**case.power, value)},
    same=identical,
)
step.symmetry(
    "equivariance",
    "a_turned_step_is_the_step_turned",
    "In turned coordinates the new parameters and buffers are the turned ones",
    cases=calm.but(turn=rotation()),
    inputs={"objective": turned, "params": turned, "state.buffers": turned},
    outputs={"params": turned, "buffers": turned},
)


step.edits("""
plain_gradient_after_all: The gradient at the parameters is used for the step: the second one is thrown away
    `zip(params, found.sam_grads, states` → `zip(params, found.grads, states`
remainder_alone: The step is made with the PSF alone
    `zip(params, found.sam_grads, states` → `zip(params, found.psf, states`
remainder_twice: The PSF is added to the gradient that has it already
    `zip(params, found.sam_grads, states` →
        `zip(params, [s + p for s, p in zip(found.sam_grads, found.psf)], states`
""")


@system.mistake("step")
def the_step_begins_at_the_perturbed_point(params: Any, state: Any, objective: Any, **hyper: Any) -> Any:
    """The base optimizer steps from the perturbed point: the parameters were not restored."""
    given = {name: hyper.pop(name) for name in ("rho", "eps") if name in hyper}
    found = decompose(params, objective, **given)
    ahead = perturb(params, found.grads, **given)
    shift = tuple(a - w for a, w in zip(ahead, params, strict=True))
    new, after, report = reference.step(params, state, objective, **given, **hyper)
    return tuple(x + s for x, s in zip(new, shift, strict=True)), after, report


@system.mistake("step")
def decay_is_perturbed_with(params: Any, state: Any, objective: Any, **hyper: Any) -> Any:
    """The decay is part of the gradient before the perturbation: the penalty λ‖w‖²/2 is made sharpness-aware, too."""

    class Decayed:
        def gradient(self, w: Any) -> Any:
            decay = hyper.get("weight_decay", 1e-3)
            return tuple(g + decay * x for g, x in zip(objective.gradient(w), w, strict=True))

    return reference.step(params, state, Decayed(), **{**hyper, "weight_decay": 0.0})
