"""`gnomon.descent.hill_adam_runs` as compiled loops: the whole run, the loss and its gradient included."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

import numpy as np

from gnomon.descent import hill_adam_runs as reference
from gnomon.descent.hill_adam import init
from gnomon.descent.hill_adam_losses import LOSSES
from gnomon.descent.hill_adam_runs import Explored, Trajectory
from gnomon.domains import Array
from gnomon.kernels.compiled import called, compiled
from gnomon.kernels.copies import write
from gnomon.kernels.descent.hill_adam import Constants, advance, numbers_for
from gnomon.kernels.domains import in_place_of

__all__ = ["Explored", "Trajectory", "explore", "trajectory"]

NAMES = tuple(LOSSES)
tilted, bumps, three_wells, four_wells, camel = (called(LOSSES[name].at) for name in NAMES)


@compiled
def evaluate(which: int, x: Array, g: Array) -> Any:
    """Write the gradient of the loss of that number into `g` and return its value."""
    if which == 0:
        value, (g[0],) = tilted(x)
    elif which == 1:
        value, (g[0],) = bumps(x)
    elif which == 2:
        value, (g[0],) = three_wells(x)
    elif which == 3:
        value, (g[0], g[1]) = four_wells(x)
    else:
        value, (g[0], g[1]) = camel(x)
    return value


@compiled
def turned(loss: Any, previous: Any, up: bool, inside: bool, c: Constants) -> Any:
    """Return the event's number, the direction, whether the loss is inside, and whether moments are thrown away."""
    if abs(loss - previous) < c.delta:
        return 1, not up, inside, True
    if loss > c.hi:
        return 2 if inside or c.code else 0, False, False, inside
    inside = inside or c.code
    if loss < c.lo:
        return 3 if inside else 0, True, False, inside
    return 0, up, True, False


@compiled
def run(
    which: int, up: bool, best_loss: Any, at: Array, c: Constants, path: Array, passed: Array, events: Any, ups: Any,
    best: Array,
) -> Any:  # fmt: skip
    """Make a run from the first row of `path`, filling a row a call, and return the lowest recorded loss.

    best: where that was. NaN is returned if the run is to be refused.
    """
    number, n = path.dtype.type, path.shape[1]
    g, m, v = np.empty(n, path.dtype), np.zeros(n, path.dtype), np.zeros(n, path.dtype)
    previous, inside, t = number(nan), True, 0
    for k in range(len(passed)):
        x = path[k]
        passed[k] = loss = number(evaluate(which, x, g))
        if not c.code:
            finite = isfinite(loss)
            for i in range(n):
                finite = finite and isfinite(g[i])
            if not finite:
                return number(nan)
        event, up, inside, reset = turned(loss, previous, up, inside, c)
        counts = inside and event != 1
        if (counts or not c.code) and loss < best_loss:
            best_loss = loss
            write(x, best)
        if reset:
            t = 0
            for i in range(n):
                m[i] = v[i] = 0
        advance(x, g, m, v, up, at[t], c, path[k + 1], m, v)
        t += 1
        previous = loss if counts else number(nan)
        events[k], ups[k] = event, up
    return best_loss


def run_from(params: Array, *, loss: Any, steps: int, start: Any, variant: Any, **given: Any) -> Any:
    """Return how to make a run from a point of the dtype and the dimension of `params`."""
    number, n = params.dtype.type, params.shape[-1]
    state = init(params, start=start, variant=variant)
    numbers = numbers_for(number, range(1, int(steps) + 1), variant=variant, **given)
    first = NAMES.index(loss), state.ascending, state.best_loss, *numbers

    def made(point: Array) -> Trajectory:
        path, passed = np.empty((steps + 1, n), number), np.empty(steps, number)
        events, ups, best = np.empty(steps, np.int64), np.empty(steps, np.bool_), np.full(n, nan, number)
        path[0] = point
        lowest = run(*first, path, passed, events, ups, best)
        if lowest != lowest:  # the reference says what is wrong
            return reference.trajectory(point, loss=loss, steps=steps, start=start, variant=variant, **given)
        return Trajectory(path, passed, events, ups, best, number(lowest))

    return made


@in_place_of(reference.trajectory)
def trajectory(params: Array, **given: Any) -> Trajectory:
    made: Trajectory = run_from(params, **given)(params)
    return made


@in_place_of(reference.explore)
def explore(params: Array, **given: Any) -> Explored:
    runs = map(run_from(params, **given), params)
    return reference.explored(params, (run._replace(iterates=run.iterates[-1:].copy()) for run in runs))
