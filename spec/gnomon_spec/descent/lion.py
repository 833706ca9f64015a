"""Lion: every entry moves by lr, against the sign of an interpolation of momentum and gradient.

Definition, with x the parameters, g the gradient, m the momentum, λ the (decoupled) weight decay::

    c ← β₁·m + (1-β₁)·g
    x ← x - lr·(sign(c) + λ·x)
    m ← β₂·m + (1-β₂)·g

Where sources disagree. The sign is that of c, which knows the new gradient with weight 1-β₁, not that of the new
momentum, which knows it with 1-β₂ (the paper, optax, torch packages). No bias is corrected, which would change no sign.
The decay is multiplied by lr, and its default is 0 in the authors' code, 1e-3 in optax.

Sources: Chen et al., arXiv 2302.06675; `optax.lion` 0.2.8; `pytorch_optimizer.Lion` 4.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import lion as reference
from gnomon_spec.cases import Case
from gnomon_spec.descent import elementwise, weight_decay
from gnomon_spec.descent.step_cases import decay, step_cases
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import fraction
from gnomon_spec.system import System

system = System("lion", title="Lion", text=__doc__ or "")
cases = step_cases(reference, weight_decay=decay(0.0, 0.5, 0.01, turns=True))
hyperparameters, steps, calm, bare, _ = cases

step = system.operation(reference.step, cases=steps, rejecting=calm)
elementwise.declare_step_laws(step, cases, mirrored=["momentum"], units={"state.momentum": elementwise.scaled(1)})
elementwise.declare_step_mistakes(step)
elementwise.declare_repetitions(system, reference, hyperparameters)


@step.law("closed form", cases=bare)
def the_momentum_is_a_running_mean(port: Any, case: Case) -> Iterable[Fact]:
    """m ← β₂m + (1-β₂)g, whatever β₁ is."""
    _, state = port.step(case.params, case.grad, case.state, **case.hyper)
    yield equal("momentum", state.momentum, case.beta2 * case.state.momentum + (1 - case.beta2) * case.grad)


@step.law("closed form", cases=bare)
def every_entry_moves_by_the_learning_rate(port: Any, case: Case) -> Iterable[Fact]:
    """Without decay every entry moves by lr against the sign of β₁m + (1-β₁)g, and stays where that is 0."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    interpolated = case.beta1 * case.state.momentum + (1 - case.beta1) * case.grad
    yield equal("params", params, case.params - case.lr * np.sign(interpolated))


@step.law("invariance", cases=bare.but(beta1=0.0, other=fraction(0.5, 0.9)))
def without_interpolation_the_past_does_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """With β₁ = 0 the parameters do not depend on the momentum: it is sign descent."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    yield equal("params", params, case.params - case.lr * np.sign(case.grad))


@step.law("bound", cases=calm.but(weight_decay=decay(0.5, 0.01)))
def decay_keeps_parameters_in_a_box(port: Any, case: Case) -> Iterable[Fact]:
    """With lr·λ <= 1 no entry leaves [-1/λ, 1/λ], and one that is outside does not go further out."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    yield at_least("box", np.maximum(np.abs(case.params), 1 / case.weight_decay), np.abs(params))


SIGN = "np.sign(interpolated)"
weight_decay.declare_decoupled(step, calm, f"`({SIGN} + weight_decay * params)` → `{SIGN}`")
step.edits(f"""
betas_swapped: β₁ and β₂ are swapped
    `` → `beta1, beta2 = beta2, beta1`
sign_of_the_new_momentum: The sign is that of the new momentum, not of the interpolation
    `{SIGN}` → `np.sign(momentum)`
momentum_of_the_interpolation: The interpolation is kept as the momentum: β₁ is used twice, β₂ never
    `LionState(momentum)` → `LionState(interpolated)`
sign_left_out: The step is the interpolation itself, not its sign
    `{SIGN}` → `interpolated`
sign_of_zero_is_one: Where the interpolation is 0 its sign is taken for 1
    `{SIGN}` → `np.where(interpolated >= 0, np.ones_like(params), -np.ones_like(params))`
sign_of_the_gradient: The sign is that of the gradient alone (sign descent)
    `{SIGN}` → `np.sign(grad)`
interpolation_without_its_weight: The interpolation adds the whole gradient instead of (1-β₁) of it
    `(1 - beta1) * grad` → `grad`
momentum_without_its_weight: The momentum adds the whole gradient instead of (1-β₂) of it
    `(1 - beta2) * grad` → `grad`
""")
