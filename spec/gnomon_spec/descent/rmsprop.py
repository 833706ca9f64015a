"""RMSprop: the gradient divided by the root of the running mean of its square.

Definition, with x the parameters, g the gradient, λ the (coupled) weight decay, μ the momentum::

    g ← g + λ·x
    v ← α·v + (1-α)·g²
    s ← v,  or centred: v - ḡ² with ḡ ← α·ḡ + (1-α)·g
    d ← g/(√s + ε)  (variant "outside"),  g/√(s + ε)  (variant "inside")
    x ← x - lr·d,  or with momentum: x - lr·buf with buf ← μ·buf + d

Where sources disagree. The lecture has no ε; torch adds it outside the root, Graves and optax inside, where ε = 1e-8
acts on gradients of size 0 as 1e-4 outside does. The bias of v is not corrected (optax can), so that the first step is
1/√(1-α) times as long as those after many like it; TensorFlow 1 started v at 1 instead of 0. The buffer holds d
(torch) or lr·d (Graves, optax), which differ once lr changes. α is 0.99 in torch, 0.9 in the lecture and in optax.

Sources: Tieleman & Hinton 2012; Graves, arXiv 1308.0850; `torch.optim.RMSprop` 2.13; `optax.rmsprop` 0.2.8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import rmsprop as reference
from gnomon.descent.rmsprop import RMSpropState
from gnomon_spec.cases import Case
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent import elementwise, weight_decay
from gnomon_spec.descent.elementwise import scaled
from gnomon_spec.descent.step_cases import momenta, step_cases
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import count, fraction, number, zeros
from gnomon_spec.system import System

system = System("rmsprop", title="RMSprop", text=__doc__ or "")


def with_a_variance(state: RMSpropState) -> RMSpropState:
    """Return a state whose mean square is at least twice the square of its mean: no rounding makes that negative."""
    return state._replace(square_average=state.square_average + 2 * state.mean_gradient**2)


cases = step_cases(reference, positive=["square_average"], consistent=with_a_variance, momentum=momenta(0.0, 0.9, 0.5))
cases = cases.with_calm(alpha=number(0.99, 0.5, exponents=(-1, -1)))
hyperparameters, steps, calm, bare, fresh = cases
step = system.operation(reference.step, cases=steps, rejecting=calm)
elementwise.declare_step_laws(
    step,
    cases,
    mirrored=["mean_gradient", "momentum_buffer"],
    units={
        "eps": lambda eps, case: scaled(1 if case.variant == "outside" else 2)(eps, case),
        "state.square_average": scaled(2),
        "state.mean_gradient": scaled(1),
        "state.momentum_buffer": unchanged,
    },
)
elementwise.declare_step_mistakes(step)
weight_decay.declare_coupled(step, calm)
trajectory, _ = elementwise.declare_repetitions(system, reference, hyperparameters)


@step.law("closed form", cases=bare)
def averages_are_running_means(port: Any, case: Case) -> Iterable[Fact]:
    """v ← αv + (1-α)g²; ḡ ← αḡ + (1-α)g where it is needed, and else as it was."""
    _, state = port.step(case.params, case.grad, case.state, **case.hyper)
    old, new = case.alpha, 1 - case.alpha
    yield equal("square_average", state.square_average, old * case.state.square_average + new * case.grad**2)
    mean = old * case.state.mean_gradient + new * case.grad if case.centred else case.state.mean_gradient
    yield equal("mean_gradient", state.mean_gradient, mean)


@step.law("closed form", cases=fresh.but(momentum=0.0, times=count(1, 2, low=1, high=8)))
def constant_gradients_make_steps_that_shorten(port: Any, case: Case) -> Iterable[Fact]:
    """From a fresh state with one gradient, v is (1-αᵗ)·g² at step t: no bias is corrected; centred, s is αᵗ·v."""
    params, state, expected = case.params, case.state, case.params
    for t in range(1, case.times + 1):
        params, state = port.step(params, case.grad, state, **case.hyper)
        spread = (1 - case.alpha**t) * (case.alpha**t if case.centred else 1) * case.grad**2
        inside, outside = (case.eps, 0) if case.variant == "inside" else (0, case.eps)
        expected = expected - case.lr * case.grad / (np.sqrt(spread + inside) + outside)
    yield equal("params", params, expected)


@step.law("closed form", cases=bare.but(momentum=fraction(0.9, 0.5)))
def with_momentum_the_buffer_is_the_direction(port: Any, case: Case) -> Iterable[Fact]:
    """With momentum the parameters move by lr times the new buffer, which is μ·buf and the step without momentum."""
    params, state = port.step(case.params, case.grad, case.state, **case.hyper)
    yield equal("params", params, case.params - case.lr * state.momentum_buffer)
    plain = {**case.hyper, "lr": 1.0, "momentum": 0.0}
    direction = -port.oracle.step(0 * case.params, case.grad, case.state, **plain)[0]
    yield equal("momentum_buffer", state.momentum_buffer, case.momentum * case.state.momentum_buffer + direction)


@step.law("bound", cases=bare.but(params=zeros, momentum=0.0, centred=False))
def no_step_is_longer_than_the_first_can_be(port: Any, case: Case) -> Iterable[Fact]:
    """Without momentum, not centred, no entry moves by more than lr/√(1-α), as v is at least (1-α)·g²."""
    new, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    yield at_least("bound", case.lr / np.sqrt(1 - case.alpha) + 0 * new, np.abs(new))


SQUARE = "alpha * state.square_average + (1 - alpha) * (grad * grad)"
OUTSIDE, INSIDE = "np.sqrt(spread) + eps", "np.sqrt(spread + eps)"
ROOT = f'{OUTSIDE} if variant == "outside" else {INSIDE}'
BUFFER = "direction = buffer = momentum * buffer + direction"
step.edits(f"""
momentum_from_1_on_is_off: A momentum of 1 or more, which is legal, counts as none
    `if momentum != 0:` → `if 0 < momentum < 1:`
epsilon_always_inside_the_root: ε is added inside the square root whatever the variant
    `{ROOT}` → `{INSIDE}`
epsilon_always_outside_the_root: ε is added outside the square root whatever the variant
    `{ROOT}` → `{OUTSIDE}`
epsilon_left_out: ε is not added at all
    `{ROOT}` → `np.sqrt(spread)`
root_left_out: The gradient is divided by the mean square itself, not by its root
    `{ROOT}` → `spread + eps`
decay_and_its_complement_swapped: α weighs the new square and 1-α the old mean (the decay is taken for 1-α)
    `{SQUARE}` → `(1 - alpha) * state.square_average + alpha * (grad * grad)`
squares_added_up: The new square is added whole
    `(1 - alpha) * (grad * grad)` → `grad * grad`
mean_begun_with_the_first_square: The first square is taken whole, as if to correct a bias
    `{SQUARE}` → `np.where(state.square_average == 0, grad * grad, {SQUARE})`
old_mean_square_divides: The gradient is divided by the mean before it entered
    `state.momentum_buffer, square` → `state.momentum_buffer, state.square_average`
    `square - mean` → `state.square_average - mean`
mean_not_squared: The mean is subtracted from the mean square, not its square
    `mean * mean` → `mean`
centred_by_the_old_mean: Centring subtracts the square of the mean before this gradient
    `mean * mean` → `state.mean_gradient * state.mean_gradient`
centring_ignored: The mean square is never centred
    `square - mean * mean` → `square`
learning_rate_inside_the_buffer: The buffer holds lr times the direction, so that a change of lr reaches only later
    gradients
    `if momentum != 0:` → `direction = lr * direction\nif momentum != 0:`
    `params - lr * direction` → `params - direction`
momentum_before_the_division: The buffer gathers gradients, and is divided, instead of gathering what was divided
    `direction = grad / (` → `if momentum != 0:\n    grad = buffer = momentum * buffer + grad\ndirection = grad / (`
    `{BUFFER}` → `pass`
buffer_as_a_running_mean: The buffer takes (1-μ) of the direction
    `{BUFFER}` → `{BUFFER} * (1 - momentum)`
""")
trajectory.edits("""
mean_square_started_at_one: The mean square starts at 1 instead of 0 (TensorFlow 1)
    `RMSpropState(np.zeros_like(params)` → `RMSpropState(np.ones_like(params)`
""")
