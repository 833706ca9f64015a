"""An optimizer whose rate is the scheduler's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.adam import AdamState
from gnomon.descent.homotopy import optimizer as reference
from gnomon.descent.homotopy.optimizer import HomotopyState
from gnomon.descent.sgd import SGDState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, probes, regular_matrix
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.quantities import BAD_BOUNDS, nonzero, rejected
from gnomon_spec.descent.homotopy.scheduler import hyperparameters
from gnomon_spec.descent.homotopy.scheduler import states as scheduler_states
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.strategies import SMALL_CODES, number, tame
from gnomon_spec.system import WITH_ROOM


def states() -> Quantity:
    """A state of the optimizer that was drawn before, after as many steps as its scheduler's calls."""

    def draw_state(draw: Draw, context: Context) -> HomotopyState:
        scheduler = scheduler_states(5).draw(draw, context)
        steps = draw(SMALL_CODES) % 8
        moment, square = tame().draw(draw, context), np.abs(tame().draw(draw, context)) + context.dtype.type(1)
        optimizer: SGDState | AdamState = AdamState(moment, square, square, steps)
        if context.drawn["base"] == "sgd":
            optimizer = SGDState(moment, steps)
        return HomotopyState(scheduler, optimizer, steps)

    return Quantity(draw_state, "HomotopyState: any state of the scheduler and of the optimizer")


steps = Cases(
    {
        "base": choice(*reference.BASES),
        "params": tame(),
        "grad": nonzero(),
        "state": states(),
        "operator": operator(regular_matrix()),
        "probes": probes(2),
        "start": nonzero_vector(),
    },
    UP_TO_3,
).but(
    momentum=choice(0.0, 0.5, 0.9),
    weight_decay=number(0.0, 0.5, 0.01),
    **hyperparameters,
    adaptive=choice(True, False),
    rtol=0.0,
)
by_sgd = steps.but(base="sgd", momentum=0.0, weight_decay=0.0)
step = system.operation(reference.step, cases=steps, dtypes=WITH_ROOM)


def call(port: Any, case: Case, **changed: Any) -> Any:
    """Return what a port does in one step."""
    inputs = (case.params, case.grad, case.state, case.operator, case.probes, case.start)
    return port.step(*inputs, **{**case.hyper, **changed})


@step.law("closed form", cases=by_sgd)
def the_rate_of_the_report_moves_the_parameters(port: Any, case: Case) -> Iterable[Fact]:
    """With plain gradient descent x' = x - lr·g, lr the scheduler's rate of this very step, the same in the state."""
    params, state, report = call(port, case)
    yield equal("params", params, case.params - report.lr * case.grad)
    yield identical("rate", state.scheduler.lr, report.lr)


@step.law("invariance")
def it_is_the_optimizer_with_the_schedulers_rate(port: Any, case: Case) -> Iterable[Fact]:
    """Scheduler and optimizer do what each does alone; the scheduler's step index is the number of steps before."""
    params, state, report = call(port, case)
    names = port.oracle.system.operations["schedule"].hyperparameters
    scheduling = {name: case[name] for name in names if name in case.hyper}
    inputs = (case.operator, case.grad, case.probes, case.start, case.state.step_count)
    scheduler, expected = port.oracle.schedule(case.state.scheduler, *inputs, **scheduling)
    yield equal("rate", report.lr, expected.lr)
    yield equal("target", report.target, expected.target)
    yield equal("history", state.scheduler.history, scheduler.history)
    moved, optimizer = reference.advance(
        case.params,
        case.grad,
        case.state.optimizer,
        report.lr,
        case.base,
        float(case.momentum),
        float(case.weight_decay),
    )
    yield equal("params", params, moved)
    yield equal("moment", state.optimizer[0], optimizer[0])
    yield agree("step_count", state.step_count, case.state.step_count + 1)


@step.law("rejects", cases=by_sgd)
def bad_steps_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Rates out of their domains, an optimizer that is unknown and a gradient that does not fit are rejected."""
    yield from rejected(lambda **hyper: call(port, case, **hyper), {}, (*BAD_BOUNDS, ("base", {"base": "best"})))
    inputs = (case.state, case.operator, case.probes, case.start)
    longer = np.concatenate([case.grad, case.grad])
    yield rejects("longer", lambda: port.step(case.params, longer, *inputs, **case.hyper))


def moved_by(lr: Any, inputs: tuple[Any, ...], hyper: dict[str, Any], found: Any) -> Any:
    """Return a step whose optimizer was given another rate than the one found."""
    params, grad, state, *_ = inputs
    options = (hyper["base"], hyper["momentum"], hyper["weight_decay"])
    new, optimizer = reference.advance(params, grad, state.optimizer, lr, *options)
    return new, found[1]._replace(optimizer=optimizer), found[2]


@system.mistake("step")
def the_rate_never_reaches_the_optimizer(*inputs: Any, **hyper: Any) -> Any:
    """The rate is reported, and the optimizer steps with base_lr, as in the code."""
    found = reference.step(*inputs, **hyper)
    return moved_by(hyper["base_lr"] + 0 * found[2].lr, inputs, hyper, found)


@system.mistake("step")
def the_rate_of_the_step_before(*inputs: Any, **hyper: Any) -> Any:
    """The optimizer steps with the rate of the step before, and only then is it set."""
    found = reference.step(*inputs, **hyper)
    return moved_by(inputs[2].scheduler.lr, inputs, hyper, found)


@system.mistake("step")
def steps_are_not_counted(*inputs: Any, **hyper: Any) -> Any:
    """The number of steps stays what it was: the target never becomes adaptive."""
    params, state, report = reference.step(*inputs, **hyper)
    return params, state._replace(step_count=inputs[2].step_count), report


@system.mistake("step")
def calls_for_the_step_index(*inputs: Any, **hyper: Any) -> Any:
    """The scheduler is given the number of its own calls as the step index."""
    params, grad, state, *rest = inputs
    found = reference.step(params, grad, state._replace(step_count=state.scheduler.calls), *rest, **hyper)
    return found[0], found[1]._replace(step_count=state.step_count + 1), found[2]


@system.mistake("step")
def the_optimizer_forgets(*inputs: Any, **hyper: Any) -> Any:
    """The optimizer begins anew at every step."""
    params, grad, state, *rest = inputs
    fresh = reference.init(params, base=hyper["base"]).optimizer if hyper["base"] in reference.BASES else None
    return reference.step(params, grad, state._replace(optimizer=fresh), *rest, **hyper)


@system.mistake("step")
def adam_for_adamw(*inputs: Any, **hyper: Any) -> Any:
    """AdamW decays as Adam does: through the gradient."""
    base = "adam" if hyper["base"] == "adamw" else hyper["base"]
    return reference.step(*inputs, **{**hyper, "base": base})


@system.mistake("step")
def steps_are_not_checked(params: Any, grad: Any, *inputs: Any, **hyper: Any) -> Any:
    """Whatever is given is used, cut to fit."""
    good = {
        "base_lr": hyper["base_lr"] if 0 < hyper["base_lr"] < np.inf else 1.0,
        "min_lr": max(0.0, hyper["min_lr"]),
        "base": hyper["base"] if hyper["base"] in reference.BASES else "sgd",
    }
    good["max_lr"] = max(good["min_lr"], hyper["max_lr"])
    return reference.step(params, grad[: params.shape[0]], *inputs, **{**hyper, **good})
