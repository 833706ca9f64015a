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

import numpy as np

from gnomon.descent import sgd as reference
from gnomon.descent.sgd import SGDState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent import elementwise
from gnomon_spec.facts import Fact, equal, identical, rejects
from gnomon_spec.strategies import (
    ANY_SHAPE,
    VECTORS,
    count,
    fraction,
    number,
    rotation,
    steps_of,
    tame,
    unit_interval,
    vector,
)
from gnomon_spec.system import WITH_ROOM, System

system = System("sgd", title="Stochastic gradient descent", text=__doc__ or "")


def states(array: Quantity) -> Quantity:
    """A state of SGD: fresh (empty buffer), or with any buffer after some steps."""

    def draw_state(draw: Draw, context: Context) -> SGDState:
        steps = count(0, 1, 2, 9).draw(draw, context)
        buffer = array.draw(draw, context) if steps else np.zeros(context.shape, context.dtype)
        return SGDState(buffer, steps)

    return Quantity(draw_state, "SGDState: fresh (zeros, step_count 0) or any buffer and step_count")


lr = number(1e-3, 1.0, 0.5, 0.1)
momentum = fraction(0.9, 0.0, 0.5)
weight_decay = number(0.0, 0.5, 0.01)
hyperparameters = Cases({"lr": lr, "momentum": momentum}, VECTORS).but(
    dampening=unit_interval(), nesterov=False, weight_decay=weight_decay
)
steps = Cases({"params": vector(), "grad": vector(), "state": states(vector())}, ANY_SHAPE).but(
    **hyperparameters.quantities
)
calm = steps.but(params=tame(), grad=tame(), state=states(tame())).shaped(VECTORS)
moving = calm.but(momentum=fraction(0.9, 0.5, 0.99))
fresh = moving.but(state=Quantity(lambda _draw, c: reference.init(np.zeros(c.shape, c.dtype)), "fresh SGDState"))

step = system.operation(reference.step, cases=steps)
elementwise.declare_step_laws(
    step, steps, calm, mirrored=lambda state: state._replace(momentum_buffer=-state.momentum_buffer)
)
elementwise.declare_step_mistakes(system, reference.step)
elementwise.declare_repetitions(system, reference, reference.init, hyperparameters)


@step.law("oracle agreement", cases=steps.but(momentum=fraction(0.9, 0.5), dampening=0.0, nesterov=True))
def nesterov_agrees_with_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
    """With Nesterov's momentum, too, every output is what the oracle computes."""
    params, state = port.step(case.params, case.grad, case.state, **case.hyper)
    expected, oracle_state = port.oracle.step(case.params, case.grad, case.state, **case.hyper)
    yield equal("params", params, expected)
    yield equal("momentum_buffer", state.momentum_buffer, oracle_state.momentum_buffer)


@step.law("closed form", cases=calm.but(momentum=0.0, weight_decay=0.0, curvature=tame(-3), times=count(1, 2, high=12)))
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


@step.law("equivariance", cases=calm.but(turn=rotation(), nesterov=False))
def a_rotated_run_is_the_rotation_of_the_run(port: Any, case: Case) -> Iterable[Fact]:
    """Rotating parameters, gradient and buffer rotates the new parameters (Adam does not have this)."""
    turned = SGDState(case.turn @ case.state.momentum_buffer, case.state.step_count)
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    moved, _ = port.step(case.turn @ case.params, case.turn @ case.grad, turned, **case.hyper)
    yield equal("params", moved, case.turn @ params)


@step.law("equivariance", cases=calm.but(shift=tame(), weight_decay=0.0))
def a_shifted_run_is_the_shift_of_the_run(port: Any, case: Case) -> Iterable[Fact]:
    """Without weight decay, adding a constant to the parameters adds it to the new parameters."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    moved, _ = port.step(case.params + case.shift, case.grad, case.state, **case.hyper)
    yield equal("params", moved, params + case.shift)


@step.law("invariance", cases=calm.but(weight_decay=0.0, power=count(1, 3, low=-20, high=20)), dtypes=WITH_ROOM)
def gradients_and_learning_rate_scale_against_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients times 2ᵏ with the learning rate divided by 2ᵏ give the same parameters, bit for bit."""
    scale = 2.0**case.power
    scaled = SGDState(scale * case.state.momentum_buffer, case.state.step_count)
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    moved, _ = port.step(case.params, scale * case.grad, scaled, **{**case.hyper, "lr": case.lr / scale})
    yield identical("params", moved, params)


@step.law("invariance", cases=calm.but(dampening=0.0))
def weight_decay_is_a_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """Weight decay λ acts as the gradient λ·x: it can be added to the gradient by hand."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    by_hand = case.grad + case.weight_decay * case.params
    expected, _ = port.oracle.step(case.params, by_hand, case.state, **{**case.hyper, "weight_decay": 0.0})
    yield equal("params", params, expected)


@step.law("invariance", cases=calm.but(momentum=0.0))
def without_momentum_dampening_does_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """With momentum 0 the dampening changes no bit of the parameters, which move by lr times the gradient."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    undamped, _ = port.step(case.params, case.grad, case.state, **{**case.hyper, "dampening": 0.0})
    yield identical("params", params, undamped)
    yield equal("move", params, case.params - case.lr * (case.grad + case.weight_decay * case.params))


@step.law("bad input", cases=calm.but(momentum=0.0, dampening=0.0, nesterov=True))
def nesterov_needs_momentum(port: Any, case: Case) -> Iterable[Fact]:
    """Nesterov's momentum with momentum 0 is rejected."""
    yield rejects("momentum = 0", lambda: port.step(case.params, case.grad, case.state, **case.hyper))


def _buffer(grad: Any, state: SGDState, momentum: float, dampening: float) -> Any:
    if state.step_count == 0:
        return grad
    return momentum * state.momentum_buffer + (1 - dampening) * grad


@system.mistake("step")
def dampening_on_the_first_step(params: Any, grad: Any, state: SGDState, **hyper: Any) -> Any:
    """The first buffer is (1-τ) times the gradient instead of the gradient."""
    seen = SGDState(np.zeros_like(params), max(state.step_count, 1)) if state.step_count == 0 else state
    new, after = reference.step(params, grad, seen, **hyper)
    return new, SGDState(after.momentum_buffer, state.step_count + 1)


@system.mistake("step")
def momentum_buffer_started_from_zero(params: Any, grad: Any, state: SGDState, **hyper: Any) -> Any:
    """The momentum buffer starts from zero: the first gradient moves the parameters but never enters it."""
    new, after = reference.step(params, grad, state, **hyper)
    empty = state.step_count == 0 and hyper["momentum"] != 0
    return new, after._replace(momentum_buffer=np.zeros_like(params)) if empty else after


@system.mistake("step")
def nesterov_without_looking_ahead(params: Any, grad: Any, state: SGDState, **hyper: Any) -> Any:
    """Nesterov's momentum is asked for but plain momentum is done (the gradient is not taken at the point ahead)."""
    return reference.step(params, grad, state, **{**hyper, "nesterov": False})


@system.mistake("step")
def nesterov_in_the_other_form(
    params: Any, grad: Any, state: SGDState, *, lr: float, momentum: float, nesterov: bool, **hyper: Any
) -> Any:
    """Nesterov's momentum looks ahead along the old buffer instead of the new one: g + μ²·buf instead of g + μ·buf'."""
    new, after = reference.step(params, grad, state, lr=lr, momentum=momentum, nesterov=nesterov, **hyper)
    if not nesterov:
        return new, after
    grad = grad + hyper["weight_decay"] * params
    return params - lr * (grad + momentum * momentum * state.momentum_buffer), after


@system.mistake("step")
def learning_rate_inside_the_buffer(
    params: Any, grad: Any, state: SGDState, *, lr: float, momentum: float, weight_decay: float, **hyper: Any
) -> Any:
    """The buffer holds lr·g, so that a change of the learning rate reaches only later gradients."""
    if momentum == 0:
        return reference.step(params, grad, state, lr=lr, momentum=momentum, weight_decay=weight_decay, **hyper)
    grad = grad + weight_decay * params
    buffer = _buffer(lr * grad, state, momentum, hyper["dampening"])
    move = lr * grad + momentum * buffer if hyper["nesterov"] else buffer
    return params - move, SGDState(buffer, state.step_count + 1)


@system.mistake("step")
def dampening_on_the_buffer(
    params: Any, grad: Any, state: SGDState, *, lr: float, momentum: float, dampening: float, **hyper: Any
) -> Any:
    """The dampening weakens the old buffer instead of the new gradient."""
    weaker = state._replace(momentum_buffer=(1 - dampening) * state.momentum_buffer)
    return reference.step(params, grad, weaker, lr=lr, momentum=momentum, dampening=0.0, **hyper)


@system.mistake("step")
def dampening_without_momentum(
    params: Any, grad: Any, state: SGDState, *, lr: float, momentum: float, dampening: float, **hyper: Any
) -> Any:
    """The dampening scales the gradient although there is no momentum."""
    rate = lr * (1 - dampening) if momentum == 0 else lr
    return reference.step(params, grad, state, lr=rate, momentum=momentum, dampening=dampening, **hyper)


@system.mistake("step")
def decay_outside_the_momentum(
    params: Any, grad: Any, state: SGDState, *, lr: float, weight_decay: float, **hyper: Any
) -> Any:
    """Weight decay is taken off the parameters directly and never enters the buffer."""
    new, after = reference.step(params, grad, state, lr=lr, weight_decay=0.0, **hyper)
    return new - lr * weight_decay * params, after


@system.mistake("step")
def decay_of_the_wrong_sign(params: Any, grad: Any, state: SGDState, *, weight_decay: float, **hyper: Any) -> Any:
    """Weight decay pushes the parameters away from 0."""
    return reference.step(params, grad - weight_decay * params, state, weight_decay=0.0, **hyper)


@system.mistake("step")
def hyperparameters_are_not_checked(
    params: Any, grad: Any, state: SGDState, *, lr: float, momentum: float, weight_decay: float, **hyper: Any
) -> Any:
    """Any hyperparameter is accepted, and arrays are broadcast against each other."""
    grad = grad + weight_decay * params if grad.shape == params.shape else grad[: params.size].reshape(params.shape)
    if momentum == 0:
        return params - lr * grad, SGDState(state.momentum_buffer, state.step_count + 1)
    buffer = _buffer(grad, state, momentum, hyper["dampening"])
    direction = grad + momentum * buffer if hyper["nesterov"] else buffer
    return params - lr * direction, SGDState(buffer, state.step_count + 1)
