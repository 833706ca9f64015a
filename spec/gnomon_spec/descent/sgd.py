"""Stochastic gradient descent with momentum, dampening, Nesterov's momentum and coupled weight decay.

Definition, with x the parameters, g the gradient, μ the momentum, τ the dampening, λ the weight decay::

    g ← g + λ·x
    buf ← g  at the first step,  μ·buf + (1-τ)·g  afterwards
    x ← x - lr·(g                if μ = 0
              | buf              if μ > 0
              | g + μ·buf        if Nesterov)

Where sources disagree. The first buffer is the gradient itself, not (1-τ) of it (torch): with τ = μ the buffer is then
a running mean that starts at the first gradient. Nesterov's momentum looks ahead with the *new* buffer (torch, optax).
Optax has neither dampening nor coupled decay in `sgd`. torch accepts momentum 1.5 and dampening 2; here dampening is
limited to [0, 1].

Sources: Polyak 1964; Nesterov 1983; `torch.optim.SGD` 2.13; `optax.sgd` 0.2.8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gnomon.descent import sgd as reference
from gnomon_spec.cases import Case, Quantity, choice
from gnomon_spec.curvature.symmetries import turned, unchanged
from gnomon_spec.descent import elementwise, weight_decay
from gnomon_spec.descent.step_cases import momenta, step_cases
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.strategies import count, fraction, rotation, steps_of, tame
from gnomon_spec.system import WITH_ROOM, Misfits, System

system = System("sgd", title="Stochastic gradient descent", text=__doc__ or "")


cases = step_cases(reference, momentum=momenta(0.9, 0.0, 0.5), nesterov=False)
hyperparameters, steps, calm, bare, fresh = cases
fresh = fresh.but(momentum=fraction(0.9, 0.5, 0.99))

step = system.operation(reference.step, cases=steps, rejecting=calm)
elementwise.declare_step_laws(step, cases, mirrored=["momentum_buffer"])
elementwise.declare_step_mistakes(step)
weight_decay.declare_coupled(step, calm)
trajectory = elementwise.declare_repetitions(system, reference, hyperparameters)[0]


@step.law("oracle agreement", cases=steps.but(momentum=fraction(0.9, 0.5), dampening=0.0, nesterov=True))
def nesterov_agrees_with_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
    """With Nesterov's momentum, too, every output is what the oracle computes."""
    params, state = port.step(case.params, case.grad, case.state, **case.hyper)
    expected, oracle_state = port.oracle.step(case.params, case.grad, case.state, **case.hyper)
    yield equal("params", params, expected)
    yield equal("momentum_buffer", state.momentum_buffer, oracle_state.momentum_buffer)


@step.law("closed form", cases=bare.but(momentum=0.0, curvature=tame(-3), times=count(1, 2, high=12)))
def gradient_descent_contracts_by_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """On ½λx² without momentum, t steps multiply x by (1 - lr·λ)ᵗ."""
    params, state = case.params, case.state
    for _ in range(case.times):
        params, state = port.step(params, case.curvature * params, state, **case.hyper)
    yield equal("params", params, (1 - case.lr * case.curvature) ** case.times * case.params)


@step.law(
    "closed form",
    cases=fresh.but(dampening=0.0, nesterov=choice(False, True), weight_decay=0.0).but(
        curvature=tame(-3), times=count(1, 2, 3, low=1, high=12)
    ),
)
def momentum_is_a_linear_recursion_of_order_two(port: Any, case: Case) -> Iterable[Fact]:
    """On ½λx², t steps with momentum are the t-th power of the 2 × 2 companion matrix applied to (x₀, 0)."""
    params, state = case.params, case.state
    for _ in range(case.times):
        params, state = port.step(params, case.curvature * params, state, **case.hyper)
    mu, rate = case.momentum, case.lr
    if case.nesterov:
        top = (1 - rate * case.curvature * (1 + mu), -rate * mu * mu)
    else:
        top = (1 - rate * case.curvature, -rate * mu)
    x, buffer = case.params, 0 * case.params
    for _ in range(case.times):
        x, buffer = top[0] * x + top[1] * buffer, case.curvature * x + mu * buffer
    yield equal("params", params, x)
    yield equal("momentum_buffer", state.momentum_buffer, buffer)


as_momentum = Quantity(lambda _draw, context: context.drawn["momentum"], "equal to momentum", lambda _: False)


@step.law(
    "closed form", cases=fresh.but(dampening=as_momentum, nesterov=False, weight_decay=0.0, grads=steps_of(tame(), 8))
)
def dampening_equal_to_momentum_averages_the_gradients(port: Any, case: Case) -> Iterable[Fact]:
    """With τ = μ the buffer is the running mean of the gradients that starts at the first one, not at (1-μ) of it."""
    params, state = case.params, case.state
    for grad in case.grads:
        params, state = port.step(params, grad, state, **case.hyper)
    mean = case.grads[0]
    for grad in case.grads[1:]:
        mean = case.momentum * mean + (1 - case.momentum) * grad
    yield equal("momentum_buffer", state.momentum_buffer, mean)


step.symmetry(
    "equivariance",
    "a_rotated_run_is_the_rotation_of_the_run",
    "Rotating parameters, gradient and buffer rotates the new parameters (Adam does not have this)",
    cases=calm.but(turn=rotation(), nesterov=False),
    inputs={"params": turned, "grad": turned, "state.momentum_buffer": turned},
    outputs={"params": turned},
)
step.symmetry(
    "invariance",
    "gradients_and_learning_rate_scale_against_each_other",
    "Gradients times 2ᵏ with the learning rate divided by 2ᵏ give the same parameters, bit for bit",
    cases=bare.but(power=count(1, 3, low=-20, high=20)),
    inputs={
        "grad": elementwise.scaled(1),
        "state.momentum_buffer": elementwise.scaled(1),
        "lr": elementwise.scaled(-1),
    },
    outputs={"params": unchanged},
    same=identical,
    dtypes=WITH_ROOM,
)


@step.law("invariance", cases=calm.but(momentum=0.0))
def without_momentum_dampening_does_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """With momentum 0 the dampening changes no bit of the parameters, which move by lr times the gradient."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    undamped, _ = port.step(case.params, case.grad, case.state, **{**case.hyper, "dampening": 0.0})
    yield identical("params", params, undamped)
    yield equal("move", params, case.params - case.lr * (case.grad + case.weight_decay * case.params))


@step.misfits(cases=calm.but(momentum=0.0, dampening=0.0, nesterov=True))
def nesterov_needs_momentum(case: Case) -> Misfits:
    """Nesterov's momentum with momentum 0 is rejected."""
    return {"momentum = 0": {}}


@trajectory.misfits(cases=trajectory.cases.but(momentum=0.0, dampening=0.0, nesterov=True, steps=0))
def a_run_of_no_steps_checks_its_arguments(case: Case) -> Misfits:
    """Nesterov's momentum with momentum 0 is rejected before the first step, where none is asked for, too."""
    return {"momentum = 0": {}}


trajectory.edits("""
arguments_are_checked_by_the_first_step: Nothing is checked before the first step is made
    `check_arguments(step, given["params"], given["params"], begin(given["params"]), **then)` → `pass`
""")
step.edits("""
momentum_from_1_on_is_off: A momentum of 1 or more, which is legal, counts as none
    `if momentum == 0:` → `if not 0 < momentum < 1:`
dampening_on_the_first_step: The first buffer is (1-τ) times the gradient instead of the gradient
    `buffer = grad` → `buffer = (1 - dampening) * grad`
momentum_buffer_started_from_zero: The momentum buffer starts from zero: the first gradient moves the parameters but
    never enters it
    `SGDState(buffer,` → `SGDState(buffer if state.step_count > 0 else 0 * buffer,`
nesterov_without_looking_ahead: Nesterov's momentum is asked for but plain momentum is done (the gradient is not taken
    at the point ahead)
    `grad + momentum * buffer if nesterov else buffer` → `buffer`
nesterov_in_the_other_form: Nesterov's momentum looks ahead along the old buffer instead of the new one: g + μ²·buf
    instead of g + μ·buf'
    `grad + momentum * buffer if` → `grad + momentum * momentum * state.momentum_buffer if`
learning_rate_inside_the_buffer: The buffer holds lr·g, so that a change of the learning rate reaches only later
    gradients
    `if state.step_count == 0:` → `grad = lr * grad\nif state.step_count == 0:`
    `params - lr * direction` → `params - direction`
dampening_on_the_buffer: The dampening weakens the old buffer instead of the new gradient
    `momentum * state.momentum_buffer + (1 - dampening) * grad` →
        `(1 - dampening) * momentum * state.momentum_buffer + grad`
dampening_without_momentum: The dampening scales the gradient although there is no momentum
    `params - lr * grad` → `params - lr * (1 - dampening) * grad`
""")
