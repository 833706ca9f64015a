"""One step of SAM."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.sam import optimizer as reference
from gnomon.descent.sam.decomposition import decompose, perturb
from gnomon.several_arrays import cut, join
from gnomon_spec.cases import Case
from gnomon_spec.descent.sam import system
from gnomon_spec.descent.sam.decomposition import norm
from gnomon_spec.descent.sam.inputs import PLAIN, RATES, problems, quadratics, sgd_along, states
from gnomon_spec.facts import Fact, agree, equal, identical, same_outputs
from gnomon_spec.system import WITH_ROOM

steps = problems.but(state=states(), **RATES)
calm = quadratics.but(state=states(), **RATES)
step = system.operation(reference.step, cases=steps, rejecting=calm, dtypes=WITH_ROOM)


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
    yield from same_outputs("params", (new, state.buffers), sgd_along(case, found.sam_grads))
    yield from reported(report, found.grads, found.psf)


def reported(report: Any, grads: Any, psf: Any) -> Iterable[Fact]:
    """Claim what a report says of a gradient and a PSF."""
    yield equal("grad_norm", report.grad_norm, norm(grads))
    yield equal("psf_norm", report.psf_norm, norm(psf))
    yield equal("alignment", report.alignment * norm(grads) ** 2, np.sum(join(grads) * join(psf)))


@step.law("limit", cases=steps.but(rho=0.0))
def without_a_perturbation_it_is_the_base_optimizer(port: Any, case: Case) -> Iterable[Fact]:
    """With ρ = 0 it is SGD with momentum and coupled decay."""
    new, state, report = step.call(port, case)
    expected = sgd_along(case, case.objective.gradient(case.params))
    yield from same_outputs("params", (new, state.buffers), expected)
    yield identical("psf_norm", report.psf_norm, 0 * report.psf_norm)


@step.law("fixed point", cases=quadratics.but(state=states(0), **PLAIN))
def at_a_stationary_point_it_stays(port: Any, case: Case) -> Iterable[Fact]:
    """At x = x*, without momentum and decay, the parameters stay, bit for bit; all that is reported is 0."""
    still = cut(case.objective.objective.stationary, case.params)
    new, _, report = step.call(port, case, params=still)
    yield identical("params", join(new), join(still))
    for name, value in zip(report._fields, report, strict=True):
        yield identical(name, value, 0 * join(case.params)[0])


step.edits("""
plain_gradient_after_all: The gradient at the parameters is used for the step: the second one is thrown away
    `params, found.sam_grads, state` → `params, found.grads, state`
remainder_alone: The step is made with the PSF alone
    `params, found.sam_grads, state` → `params, found.psf, state`
remainder_twice: The PSF is added to the gradient that has it already
    `params, found.sam_grads, state` → `params, tuple(s + p for s, p in zip(found.sam_grads, found.psf)), state`
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
