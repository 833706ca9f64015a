"""NAdam: Adam whose step uses the momentum one step ahead, as Nesterov's does.

Definition, with x the parameters, g the gradient, λ the (coupled) weight decay, t counted from 1::

    g ← g + λ·x
    m ← β₁·m + (1-β₁)·g
    v ← β₂·v + (1-β₂)·g²                             v̂ = v/(1-β₂ᵗ)
    m̂ = μₜ₊₁·m/(1 - Pₜ·μₜ₊₁) + (1-μₜ)·g/(1-Pₜ)      Pₜ = μ₁·μ₂ ⋯ μₜ
    x ← x - lr·m̂/(√v̂ + ε)

Variants. `scheduled` (torch) has μₜ = β₁·(1 - ½·0.96^(t·ψ)), Dozat's schedule for ψ = 1/250, and keeps Pₜ in the
state. `constant` (optax) has μₜ = β₁.

Where sources disagree. In the paper m decays by μₜ, too, and v̂ is β₂·v/(1-β₂ᵗ); neither library does either. The
weights of the gradients in m̂ do not sum up to 1: the first step is 1 + μ₂(1-β₁)/(1-μ₁μ₂) times as long as Adam's,
1.056 for the defaults, 1.474 in the variant "constant".

Sources: Dozat 2016; `torch.optim.NAdam` 2.13; `optax.nadam` 0.2.8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import nadam as reference
from gnomon_spec.cases import Case
from gnomon_spec.descent import adam_family, elementwise, weight_decay
from gnomon_spec.descent.elementwise import run
from gnomon_spec.descent.step_cases import step_cases
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import steps_of, tame
from gnomon_spec.system import System

system = System("nadam", title="NAdam", text=__doc__ or "")
cases = step_cases(reference, positive=["second_moment"])
hyperparameters, steps, calm, bare, fresh = cases

step = system.operation(reference.step, cases=steps, rejecting=calm)
elementwise.declare_step_laws(step, cases, mirrored=["first_moment"], units=adam_family.UNITS)
elementwise.declare_step_mistakes(step)
weight_decay.declare_coupled(step, calm)
elementwise.declare_repetitions(system, reference, hyperparameters)
adam_family.declare_moment_laws(step, bare, bare)


def momentum(case: Case, t: int) -> Any:
    """Return μₜ."""
    return case.beta1 * (1 - 0.96 ** (t * case.momentum_decay) / 2 if case.variant == "scheduled" else 1)


@step.law("closed form", cases=fresh)
def the_first_step_has_a_known_length(port: Any, case: Case) -> Iterable[Fact]:
    """From a fresh state every entry moves by lr·(1 + μ₂(1-β₁)/(1-μ₁μ₂))·g/(|g| + ε)."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    ahead = momentum(case, 2) * (1 - case.beta1) / (1 - momentum(case, 1) * momentum(case, 2))
    yield equal("params", params, case.params - case.lr * (1 + ahead) * case.grad / (np.abs(case.grad) + case.eps))


@step.law("closed form", cases=fresh.but(grads=steps_of(tame(), 8)))
def the_product_is_that_of_all_momenta(port: Any, case: Case) -> Iterable[Fact]:
    """Scheduled, P is μ₁·μ₂ ⋯ μₜ after t steps, whatever the gradients are; constant, it stays 1."""
    params, state, product = case.params, case.state, 1.0
    for t, grad in enumerate(case.grads, start=1):
        params, state = port.step(params, grad, state, **case.hyper)
        product = product * momentum(case, t) if case.variant == "scheduled" else product
    yield equal("momentum_product", state.momentum_product, product)


@step.law("limit", cases=fresh.but(momentum_decay=1e6, variant="scheduled", grads=steps_of(tame(), 8)))
def a_fast_schedule_is_a_constant_one(port: Any, case: Case) -> Iterable[Fact]:
    """Where 0.96^(t·ψ) is 0, the scheduled run is the constant one."""
    constant = case.but(variant="constant")
    yield equal("params", run(port, case), run(port.oracle, constant))


CORRECTED = "second / (1 - beta2**step_count)"
AHEAD, NOW = "mu_next * first / (1 - product * mu_next)", "(1 - mu) * grad / (1 - product)"
PRODUCT = "kept = product = state.momentum_product * mu"
adam_family.declare_moment_mistakes(step, "step_count", CORRECTED)
step.edits(f"""
without_looking_ahead: The step is Adam's: it uses the momentum of this step, not of the next
    `{AHEAD} + {NOW}` → `first / (1 - beta1**step_count)`
momentum_of_this_step_ahead: The first moment is weighed by μₜ instead of μₜ₊₁
    `{AHEAD}` → `mu * first / (1 - product * mu)`
momentum_of_the_next_step_now: The gradient is weighed by 1-μₜ₊₁ instead of 1-μₜ
    `{NOW}` → `{NOW.replace("mu", "mu_next")}`
schedule_one_ahead: The schedule counts one step too many
    `t * momentum_decay` → `(t + 1) * momentum_decay`
schedule_without_its_half: The schedule grows from 0 instead of β₁/2
    `0.5 * 0.96` → `0.96`
product_not_kept: The product of the momenta is computed anew from this step's alone
    `{PRODUCT}` → `kept, product = state.momentum_product, mu`
product_taken_for_a_power: Bias is corrected by 1-β₁ᵗ although the momentum is scheduled
    `{PRODUCT}` → `kept, product = state.momentum_product * mu, beta1**step_count`
product_without_this_step: Bias is corrected by the product before this step entered it
    `{PRODUCT}` → `kept, product = state.momentum_product * mu, state.momentum_product`
one_correction_for_both: The first moment ahead is corrected by 1-Pₜ instead of 1-Pₜ₊₁
    `(1 - product * mu_next)` → `(1 - product)`
gradient_not_corrected: The gradient's part has no bias correction
    `{NOW}` → `(1 - mu) * grad`
first_moment_decays_by_the_schedule: The first moment decays by μₜ instead of β₁ (as in the paper)
    `beta1 * state.first_moment + (1 - beta1) * grad` → `0 * grad`
    `m_hat = mu_next` → `first = mu * state.first_moment + (1 - mu) * grad\nm_hat = mu_next`
second_moment_times_its_decay: The corrected second moment has a factor β₂ (as in the paper)
    `{CORRECTED}` → `beta2 * {CORRECTED}`
""")
