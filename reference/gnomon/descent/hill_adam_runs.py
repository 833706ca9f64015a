"""Whole runs of Hill-ADAM on the losses that are known by name: one with all that it passed, or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from gnomon.arguments import check_arguments, checked, with_keywords
from gnomon.descent.hill_adam import Event, Variant, init, step
from gnomon.descent.hill_adam_losses import LOSSES, LossName
from gnomon.descent.on_quadratics import Start, Starts
from gnomon.domains import Array, PositiveInt

EVENTS: tuple[Event, ...] = get_args(Event)


class Trajectory(NamedTuple):
    """A run, call by call. iterates: x₀ … x_steps, shape (steps + 1, n). losses: f at each call, shape (steps,).

    events: of each call, 0 none, 1 plateau, 2 hi, 3 lo, as in `EVENTS`. ascending: the direction of each step.
    best_params, best_loss: what is recorded in the end.
    """

    iterates: Array
    losses: Array
    events: Any
    ascending: Any
    best_params: Array
    best_loss: Any


class Explored(NamedTuple):
    """What runs came to, one a row: the recorded minimiser and minimum, the last parameters, how many events."""

    best_params: Array
    best_loss: Array
    params: Array
    events: Any


def require_dimension(given: Mapping[str, Any]) -> None:
    params, n = given["params"], LOSSES[given["loss"]].dimension
    if params.shape[-1] != n:
        raise ValueError(f"params must have {n} entries for the loss {given['loss']!r}, got {params.shape[-1]}")


def require_steps(given: Mapping[str, Any]) -> None:
    x = np.zeros(1)
    of_init = {name: given[name] for name in ("start", "variant")}
    others = {name: value for name, value in given.items() if name not in ("params", "loss", "steps", "start")}
    check_arguments(step, x, x, init(x, **of_init), x[0], **others)


@checked(require_dimension, require_steps)
@with_keywords(step)
def trajectory(
    params: Start, *,
    loss: LossName, steps: PositiveInt, start: Literal["min", "max"] = "min",
    variant: Variant = "clean", **given: Any,
) -> Trajectory:  # fmt: skip
    """Make `steps` calls from x₀ = params, each with the loss and the gradient there, and return all of them.

    params: shape (n,), n the dimension of the loss. loss: the name of one of `LOSSES`. start, and the hyperparameters:
    as in `init` and `step`, which say what is raised.
    """
    f, state = LOSSES[loss], init(params, start=start, variant=variant)
    iterates, losses, reports = [params], [], []
    for _ in range(steps):
        x = iterates[-1]
        value, slopes = f.at(x)
        new, state, report = step(x, np.stack(slopes), state, value, variant=variant, **given)
        iterates.append(new)
        losses.append(value)
        reports.append(report)
    return Trajectory(
        np.stack(iterates),
        np.stack(losses),
        np.array([EVENTS.index(report.event) for report in reports]),
        np.array([report.ascending for report in reports]),
        state.best_params,
        state.best_loss,
    )


@checked(require_dimension, require_steps)
@with_keywords(trajectory)
def explore(params: Starts, **given: Any) -> Explored:
    """Return what `trajectory` comes to from each row of `params`, shape (replicas, n); everything else as there."""
    return explored(params, (trajectory(row, **given) for row in params))


def explored(params: Array, runs: Iterable[Trajectory]) -> Explored:
    """Return what the runs from some starts came to."""
    parts = [(run.best_params, run.best_loss, run.iterates[-1], np.count_nonzero(run.events)) for run in runs]
    nothing = params[:0], params[:0, 0], params[:0], np.zeros(0, np.int64)
    return Explored(*map(np.stack, zip(*parts, strict=True))) if parts else Explored(*nothing)
