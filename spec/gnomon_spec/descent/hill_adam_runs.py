"""Whole runs of Hill-ADAM on losses that are known by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import hill_adam_runs as reference
from gnomon.descent.hill_adam_losses import LOSSES
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.descent.hill_adam import system
from gnomon_spec.descent.hill_adam_cases import hyperparameters, known_losses
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import count, number, shapes, tame
from gnomon_spec.system import WITH_ROOM, Misfits

POINTS, ROWS = shapes((1,), (2,)), shapes((2, 1), (1, 2), (1, 1), (0, 2))
calls = {
    **hyperparameters,
    "start": choice("min", "max"),
    "lr": number(0.1, 0.5, 0.01, exponents=(-7, -2)),
    "beta1": choice(0.9, 0.5, 0.0),
    "beta2": choice(0.999, 0.9),
    "eps": choice(1e-8, 1e-3),
    "delta": choice(1e-4, 0.1, 0.0, 1.0),
    "hi": choice(200.0, 3.0, 1.0),
    "lo": choice(-1e4, -2.0, 0.0),
    "steps": count(4, 1, 2, low=1, high=6),
}


def near_wells() -> Quantity:
    """Points whose entries are from -2 to 2."""
    return Quantity(
        lambda draw, c: np.asarray(np.clip(tame(-3).draw(draw, c), -2, 2), c.dtype), "entries from -2 to 2, many small"
    )


runs = Cases({**calls, "loss": known_losses(), "params": near_wells()}, POINTS)
rows = Cases({**calls, "loss": known_losses(), "params": near_wells()}, ROWS)
trajectory = system.operation(reference.trajectory, cases=runs, rejecting=runs, dtypes=WITH_ROOM)
explore = system.operation(reference.explore, cases=rows, rejecting=rows, dtypes=WITH_ROOM)


@trajectory.law("trajectory", cases=runs)
def each_call_is_a_step(port: Any, case: Case) -> Iterable[Fact]:
    """Each iterate is what a step makes of the one before, with the loss and the gradient there (step-locked)."""
    run, f = port.trajectory(case.params, **case.hyper), LOSSES[case.loss]
    state = port.init(case.params, start=case.start, variant=case.variant)
    given = {name: case[name] for name in hyperparameters}
    for k in range(case.steps):
        x, loss = run.iterates[k], run.losses[k]
        yield equal("losses", loss, f.value(x))
        new, state, report = port.step(x, f.gradient(x), state, loss, **given)
        yield equal("iterates", run.iterates[k + 1], new)
        yield agree("event", [reference.EVENTS[int(run.events[k])], bool(run.ascending[k])],
                    [report.event, report.ascending])  # fmt: skip
    yield identical("start", run.iterates[0], case.params)


@trajectory.law("bound", cases=runs.but(more=count(1, 3, low=1, high=4), start="min"))
def more_calls_are_never_worse(port: Any, case: Case) -> Iterable[Fact]:
    """A longer run begins as the shorter one and has no larger best loss; up to the first event it is Adam's (H15)."""
    run, longer = trajectory.call(port, case), trajectory.call(port, case, steps=case.steps + case.more)
    adam = trajectory.call(port, case, delta=0.0, hi=1e30, lo=-1e30)
    yield identical("begins", longer.iterates[: case.steps + 1], run.iterates)
    yield at_least("best_loss", run.best_loss, longer.best_loss)
    turn = int(np.argmax(run.events != 0)) if np.any(run.events) else case.steps
    yield identical("Adam", run.iterates[: turn + 1], adam.iterates[: turn + 1])


@explore.law("oracle agreement")
def each_row_is_a_run_of_its_own(port: Any, case: Case) -> Iterable[Fact]:
    """A row of the result is what the trajectory from that start comes to, bit for bit."""
    found = port.explore(case.params, **case.hyper)
    for i, start in enumerate(case.params):
        run = port.trajectory(start, **case.hyper)
        yield identical("params", found.params[i], run.iterates[-1])
        yield identical("best_loss", found.best_loss[i], run.best_loss)
        yield identical("best_params", found.best_params[i], run.best_params)
        yield agree("events", int(found.events[i]), int(np.count_nonzero(run.events)))


@trajectory.misfits(cases=runs)
def a_start_of_another_dimension_is_rejected(case: Case) -> Misfits:
    """The start has as many entries as the loss has variables, and the band is not empty."""
    return {"params": {"params": np.zeros(3, case.params.dtype)}, "lo = hi": {"lo": 1.0, "hi": 1.0}}


trajectory.edits("""
loss_of_the_next_iterate: Each step is given the loss after the step before it was given: one call late
    `np.stack(slopes), state, value` → `np.stack(slopes), state, (losses or [value])[-1]`
direction_of_the_state_lost: It begins downhill whatever the start is
    `init(params, start=start,` → `init(params, start="min",`
""")
explore.edits("""
events_summed: The numbers of the kinds of events are added instead of the events counted
    `np.count_nonzero(run.events)` → `np.sum(run.events)`
best_instead_of_last: The parameters in the end are the best ones
    `run.iterates[-1]` → `run.best_params`
""")
