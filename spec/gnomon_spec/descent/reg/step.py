"""The step: its length, what it does not depend on, its decay, and where it cannot go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.reg import optimizer as reference
from gnomon.descent.reg.optimizer import REGState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent import weight_decay
from gnomon_spec.descent.elementwise import declare_run_laws, declare_shift
from gnomon_spec.descent.reg import inputs, system
from gnomon_spec.descent.step_cases import decay
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import SMALL_CODES, fraction, number, steps_of, tame, vector, whole_range, zeros
from gnomon_spec.system import WITH_ROOM, Misfits


def states(arrays: Quantity) -> Quantity:
    """A state: fresh, or any momentum."""

    def draw_state(draw: Draw, context: Context) -> REGState:
        momentum = arrays.draw(draw, context)
        return REGState(0 * momentum if draw(SMALL_CODES) < 8 else momentum)

    return Quantity(draw_state, f"REGState: zeros, or {arrays.text}")


fresh = Quantity(lambda _draw, context: REGState(np.zeros(context.shape, context.dtype)), "fresh state")
steps = Cases({"params": vector(), "grad": vector(), "state": states(vector())}, inputs.MATRICES).but(
    lr=number(1e-3, 1.0, 0.5, 0.02),
    beta=fraction(0.95, 0.0, 0.5, 0.9),
    nesterov=choice(False, True),
    weight_decay=decay(0.1, 0.0, 0.5),
    gamma=number(0.2, 1.0, 2.0),
    scale=choice("rms", "muon"),
    p=inputs.exponents,
    mode=inputs.modes,
    sweeps=inputs.few,
)
calm = steps.but(params=tame(), grad=tame(), state=states(tame())).but(
    lr=choice(0.5, 1.0, 0.25, 0.125), gamma=choice(1.0, 0.5, 0.25)
)
full = calm.but(grad=inputs.full(2), state=states(inputs.full(2)))
default = full.but(mode="rc", p=2.0, sweeps=inputs.few, scale="rms")
step = system.operation(reference.step, cases=steps, rejecting=full.but(mode="rc", sweeps=inputs.few))
weight_decay.declare_decoupled(
    step, calm.but(mode="rc"), "`(1 - lr * weight_decay) * params - lr * update` → `params - lr * update`", turns=False
)
declare_run_laws(step, calm.but(mode=choice("rc", "cr", "sqrt")))
declare_shift(step, calm.but(weight_decay=0.0, mode="rc"))


@step.law("closed form", cases=full.but(scale="rms"))
def every_step_has_the_same_root_mean_square(port: Any, case: Case) -> Iterable[Fact]:
    """With scale "rms" the step but for the decay has the root mean square η·γ, whatever mode, p, shape and gradient
    are."""
    nowhere = 0 * case.params
    move, _ = step.call(port, case, params=nowhere)
    yield equal("length", np.sum(move * move), (case.lr * case.gamma) ** 2 * move.size)


@step.law("closed form", cases=default)
def rc_multiplies_by_the_root_of_the_number_of_rows(port: Any, case: Case) -> Iterable[Fact]:
    """In mode "rc" with p = 2, columns have norm 1, ‖R‖ = √n, and U = γ·√m·R with R of the new momentum."""
    move, state = step.call(port, case, params=0 * case.params, nesterov=False)
    momentum = case.beta * case.state.momentum + (1 - case.beta) * case.grad
    yield equal("momentum", state.momentum, momentum)
    rows = momentum / np.where(momentum == 0, 1, inputs.norm(momentum, 1, 2.0)[:, np.newaxis])
    columns = inputs.norm(rows, 0, 2.0)
    scaled = rows / np.where(columns == 0, 1, columns)
    there = np.sqrt(np.sum(np.any(momentum != 0, axis=0)) / momentum.shape[1])
    yield equal("move", there * move, -case.lr * case.gamma * len(momentum) ** 0.5 * scaled)


@step.law("closed form", cases=full.but(scale="muon", state=fresh))
def muon_s_scale_is_that_of_the_longer_side(port: Any, case: Case) -> Iterable[Fact]:
    """With scale "muon" U = γ·√max(m, n)·R."""
    move, _ = step.call(port, case, params=0 * case.params, nesterov=False)
    of_momentum = {name: case[name] for name in ("p", "mode", "sweeps")}
    scaled = port.oracle.racs_reg((1 - case.beta) * case.grad, **of_momentum)
    yield equal("move", move, -case.lr * case.gamma * max(move.shape) ** 0.5 * scaled)


step.symmetry(
    "invariance",
    "rows_of_the_gradient_may_have_any_factors",
    'Rows of gradient and momentum times positive factors give the same parameters, in mode "rc" with scale "rms"',
    cases=default.but(factors=inputs.factors(0)),
    inputs={"grad": inputs.with_rows_times, "state.momentum": inputs.with_rows_times},
    outputs={"params": unchanged},
    dtypes=WITH_ROOM,
)
step.symmetry(
    "invariance",
    "the_scale_of_the_loss_does_not_matter",
    'Gradient and momentum times 2ᵏ give the same parameters in every mode with scale "rms", anywhere in the range',
    cases=full.but(scale="rms", power=whole_range(40), sign=1),
    inputs={"grad": inputs.times_a_power, "state.momentum": inputs.times_a_power},
    outputs={"params": unchanged},
    dtypes=WITH_ROOM,
)


@step.law("closed form", cases=full.but(mode="product", scale="rms", beta=0.0, state=fresh, tiny=inputs.below(1.0)))
def what_leaves_the_range_on_the_way_is_scaled_before(port: Any, case: Case) -> Iterable[Fact]:
    """Entries ±x all of one size move all parameters by η·γ in mode "product", also where 1/x is out of range."""
    signs = np.sign(case.grad)
    move, _ = step.call(port, case, params=0 * case.params, grad=case.tiny * signs)
    yield equal("move", move, -case.lr * case.gamma * signs)


@step.law(
    "invariance", cases=default.but(state=fresh, beta=choice(0.5, 0.75, 0.875), grads=steps_of(inputs.full(2), 4))
)
def a_sum_of_gradients_serves_as_well_as_their_mean(port: Any, case: Case) -> Iterable[Fact]:
    """Heavy-ball momentum M ← β·M + G takes the same steps, with Nesterov's X = β·M + G, too."""
    params, state = case.params, case.state
    theirs, ball = case.params, 0 * case.params
    plain = {**case.hyper, "beta": 0.0, "nesterov": False}
    for t, grad in enumerate(case.grads, start=1):
        params, state = port.step(params, grad, state, **case.hyper)
        ball = case.beta * ball + grad
        ahead = case.beta * ball + grad if case.nesterov else ball
        theirs, _ = port.oracle.step(theirs, ahead, REGState(0 * ball), **plain)
        yield equal(f"params {t}", params, theirs)


@step.law("bound", cases=full.but(scale="rms", state=fresh, grads=steps_of(tame(), 6)))
def parameters_stay_where_decay_and_step_are_even(port: Any, case: Case) -> Iterable[Fact]:
    """RMS(W_t) <= (1-ηλ)ᵗ·RMS(W₀) + ηγ·Σ(1-ηλ)ᵏ, k < t; and without decay RMS(W_t - W₀) <= tηγ."""
    for name, rate in (("decaying", case.weight_decay), ("free", 0.0)):
        kept, within, params, state = 1 - case.lr * rate, 0.0, case.params, case.state
        start = inputs.norm(case.params, None, 2.0) if rate else 0.0
        for t, grad in enumerate(case.grads, start=1):
            params, state = port.step(params, grad, state, **{**case.hyper, "weight_decay": rate})
            within = kept * within + case.lr * case.gamma * params.size**0.5
            gone = params if rate else params - case.params
            yield at_least(f"{name} {t}", kept**t * start + within, inputs.norm(gone, None, 2.0))


@step.law("fixed point", cases=calm.but(grad=zeros, state=fresh))
def without_a_gradient_only_the_decay_acts(port: Any, case: Case) -> Iterable[Fact]:
    """While the momentum is 0 the parameters are multiplied by 1 - ηλ, nothing else."""
    params, state = step.call(port, case)
    yield equal("params", params, (1 - case.lr * case.weight_decay) * case.params)
    yield identical("momentum", state.momentum, case.state.momentum)


@step.law("conservation", cases=full.but(mode=inputs.one_pass, state=fresh, weight_decay=0.0))
def rows_without_a_gradient_do_not_move(port: Any, case: Case) -> Iterable[Fact]:
    """Without decay a row or a column whose gradients have been 0 stays as it is."""
    grad = np.where(np.arange(len(case.grad)) == 0, 0, case.grad.T).T
    params, _ = step.call(port, case, grad=grad)
    yield identical("row", params[0], case.params[0])
    columns = np.where(np.arange(case.grad.shape[1]) == 0, 0, case.grad)
    params, _ = step.call(port, case, grad=columns)
    yield identical("column", params[:, 0], case.params[:, 0])


@step.misfits(cases=full.but(lr=2.0, weight_decay=0.5))
def a_decay_that_changes_signs_is_rejected(case: Case) -> Misfits:
    """η·λ >= 1 is rejected."""
    return {"lr = 2, weight_decay = 0.5": {}}


RMS, MUON = 'gamma * (m * n) ** 0.5 * unit(scaled, "all", 2)', "gamma * max(m, n) ** 0.5 * scaled"
AHEAD = "beta * momentum + (1 - beta) * grad if nesterov"
step.edits(f"""
nesterov_is_ignored: Nesterov's momentum is asked for, but plain momentum is done
    `{AHEAD}` → `momentum if nesterov`
nesterov_adds_the_whole_gradient: With a mean of gradients Nesterov's direction is β·M + G, as if M were a sum
    `{AHEAD}` → `beta * momentum + grad if nesterov`
momentum_keeps_the_direction: What Nesterov's momentum looks at is remembered as the momentum
    `REGState(momentum)` → `REGState(direction)`
momentum_of_a_sum: The momentum is a sum, M ← β·M + G: steps stay, the state does not
    `momentum = beta * state.momentum + (1 - beta) * grad` → `momentum = beta * state.momentum + grad`
gradient_without_momentum: The gradient of now is scaled, and the momentum only remembered
    `if nesterov else momentum` → `if nesterov else grad`
momentum_of_what_was_scaled: The gradient is scaled before it enters the momentum
    `` → `grad = racs.scaled(grad, p, mode, sweeps)`
root_of_the_columns: U = γ·√n·R where √m is meant: without the norm of R, √m and √n change places
    `{RMS}` → `gamma * params.shape[1] ** 0.5 * scaled`
length_of_one: The step has length γ, not root mean square γ: in larger matrices entries move less
    `{RMS}` → `gamma * unit(scaled, "all", 2)`
largest_entry_of_one: The step is scaled by its largest entry
    `{RMS}` → `gamma * unit(scaled, "all", np.inf)`
gamma_left_out: γ is ignored
    `{RMS} if` → `(m * n) ** 0.5 * unit(scaled, "all", 2) if`
muon_with_the_shape_s_ratio: Scale "muon" is √max(1, m/n), that of its first form [Jordan et al., Muon, 2024]
    `{MUON}` → `gamma * max(1, m / n) ** 0.5 * scaled`
muon_s_scale_always: The norm of R is not looked at, √max(m, n) stands for √(mn)/‖R‖
    `if scale == "rms" else {MUON}` → `if False else {MUON}`
step_in_proportion_to_the_parameters: The gradient is multiplied by the size of the parameter (a trust ratio that
    nobody asked for)
    `` → `grad = grad * np.abs(params)`
the_gradient_goes_up: The step goes up the gradient
    `- lr * update` → `+ lr * update`
""")
