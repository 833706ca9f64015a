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
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.inputs import declare_order_of_bounds
from gnomon_spec.descent.homotopy.scheduler import fresh_state as fresh_scheduler
from gnomon_spec.descent.homotopy.scheduler import hyperparameters
from gnomon_spec.descent.homotopy.scheduler import states as scheduler_states
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import SMALL_CODES, nonzero, number, tame
from gnomon_spec.system import WITH_ROOM


def states(schedulers: Quantity) -> Quantity:
    """A state of the optimizer that was drawn before, after 0 to 7 steps, with any of the schedulers."""

    def draw_state(draw: Draw, context: Context) -> HomotopyState:
        scheduler = schedulers.draw(draw, context)
        steps = draw(SMALL_CODES) % 8
        moment, square = tame().draw(draw, context), np.abs(tame().draw(draw, context)) + context.dtype.type(1)
        optimizer: SGDState | AdamState = AdamState(moment, square, square, steps)
        if context.drawn["base"] == "sgd":
            optimizer = SGDState(moment, steps)
        return HomotopyState(scheduler, optimizer, steps)

    return Quantity(draw_state, f"HomotopyState: any state of the optimizer and {schedulers.text}")


steps = Cases(
    {
        "base": choice(*reference.BASES),
        "params": tame(),
        "grad": nonzero,
        "state": states(scheduler_states(5)),
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
    on_nonfinite="raise",
)
measuring = steps.but(base="sgd", momentum=0.0, weight_decay=0.0, state=states(fresh_scheduler))
step = system.operation(reference.step, cases=steps, rejecting=measuring, dtypes=WITH_ROOM)
declare_order_of_bounds(step)


@step.law("invariance")
def it_is_the_optimizer_with_the_schedulers_rate(port: Any, case: Case) -> Iterable[Fact]:
    """Scheduler and optimizer do what each does alone, the optimizer with the rate of this very step; the scheduler's
    step index is the number of steps before."""
    params, state, report = step.call(port, case)
    names = port.oracle.system.operations["schedule"].hyperparameters
    scheduling = {name: case[name] for name in names if name in case.hyper}
    inputs = (case.operator, case.grad, case.probes, case.start, case.state.step_count)
    scheduler, expected = port.oracle.schedule(case.state.scheduler, *inputs, **scheduling)
    yield equal("rate", report.lr, expected.lr)
    yield identical("rate in the state", state.scheduler.lr, report.lr)
    yield equal("target", report.target, expected.target)
    yield equal("history", state.scheduler.history, scheduler.history)
    options = (case.base, float(case.momentum), float(case.weight_decay))
    expected_params, optimizer = reference.advance(case.params, case.grad, case.state.optimizer, report.lr, *options)
    yield equal("params", params, expected_params)
    yield equal("moment", state.optimizer[0], optimizer[0])
    yield agree("step_count", state.step_count, case.state.step_count + 1)


step.edits("""
the_rate_never_reaches_the_optimizer: The rate is reported, and the optimizer steps with base_lr, as in the code
    `state.optimizer, report.lr` → `state.optimizer, scheduling["base_lr"]`
the_rate_of_the_step_before: The optimizer steps with the rate of the step before, and only then is it set
    `state.optimizer, report.lr` → `state.optimizer, state.scheduler.lr`
steps_are_not_counted: The number of steps stays what it was: the target never becomes adaptive
    `state.step_count + 1` → `state.step_count`
calls_for_the_step_index: The scheduler is given the number of its own calls as the step index
    `start, state.step_count` → `start, state.scheduler.calls`
the_optimizer_forgets: The optimizer begins anew at every step
    `state.optimizer, report.lr` → `init(params, base=base).optimizer, report.lr`
adam_for_adamw: AdamW decays as Adam does: through the gradient
    `adam.step if base == "adam" else adamw.step` → `adam.step`
""")
