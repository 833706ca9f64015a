"""`gnomon.descent.hill_adam_runs` as compiled loops: the whole run, the loss and its gradient included."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

import numpy as np

from gnomon.descent import hill_adam_losses as losses
from gnomon.descent import hill_adam_runs as reference
from gnomon.descent.hill_adam import init
from gnomon.descent.hill_adam_losses import LOSSES
from gnomon.descent.hill_adam_runs import Explored, Trajectory
from gnomon.domains import Array
from gnomon.kernels.compiled import called, compiled
from gnomon.kernels.copies import write
from gnomon.kernels.descent.hill_adam import Constants, advance, constants_for, corrections
from gnomon.kernels.domains import contiguous, in_place_of

__all__ = ["Explored", "Trajectory", "explore", "trajectory"]

NAMES = tuple(LOSSES)
tilted, bumps, three_wells, four_wells, camel = (called(LOSSES[name].value) for name in NAMES)
d_tilted, d_bumps, d_three_wells, d_four_wells, d_camel = (called(LOSSES[name].slopes) for name in NAMES)


@compiled
def evaluate(which: int, x: Array, g: Array) -> Any:
    """Write the gradient of the loss of that number into `g` and return its value."""
    if which == 0:
        (g[0],) = d_tilted(x)
        return tilted(x)
    if which == 1:
        (g[0],) = d_bumps(x)
        return bumps(x)
    if which == 2:
        (g[0],) = d_three_wells(x)
        return three_wells(x)
    if which == 3:
        g[0], g[1] = d_four_wells(x)
        return four_wells(x)
    g[0], g[1] = d_camel(x)
    return camel(x)


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
    which: int, steps: int, up: bool, best_loss: Any, at: Array, c: Constants, path: Array, passed: Array,
    events: Any, ups: Any, best: Array, keep: bool,
) -> Any:  # fmt: skip
    """Make a run, from the first row of `path`, and return the lowest recorded loss; NaN if the run is to be refused.

    keep: fill all rows of `path`, `passed`, `events` and `ups`; otherwise the first two rows of `path` take turns, and
    `events[0]` is their number. best: where the lowest loss was.
    """
    number, n = path.dtype.type, path.shape[1]
    g, m, v = np.empty(n, path.dtype), np.zeros(n, path.dtype), np.zeros(n, path.dtype)
    previous, inside, t = number(nan), True, 0
    for k in range(steps):
        x, new = path[k if keep else k % 2], path[k + 1 if keep else (k + 1) % 2]
        loss = number(evaluate(which, x, g))
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
            for i in range(n):
                best[i] = x[i]
        if reset:
            t = 0
            for i in range(n):
                m[i] = v[i] = 0
        advance(x, g, m, v, up, at[t], c, new, m, v)
        t += 1
        previous = loss if counts else number(nan)
        if keep:
            passed[k], events[k], ups[k] = loss, event, up
        elif event:
            events[0] += 1
    return best_loss


@compiled
def explore_loop(
    which: int, steps: int, up: bool, best_loss: Any, at: Array, c: Constants, params: Array, best: Array,
    best_losses: Array, ends: Array, events: Any,
) -> bool:  # fmt: skip
    """Make a run from each row of `params`; return whether none is to be refused."""
    path, ups = np.empty((2, params.shape[1]), params.dtype), np.empty(0, np.bool_)
    for r in range(params.shape[0]):
        write(params[r], path[0])
        row = events[r : r + 1]
        best_losses[r] = run(which, steps, up, best_loss, at, c, path, path[0], row, ups, best[r], False)
        if best_losses[r] != best_losses[r]:
            return False
        ends[r] = path[steps % 2]
    return True


def beginning(params: Array, loss: str, steps: int, start: Any, variant: Any, given: Any) -> tuple[Any, ...]:
    """Return what a run is given first: its loss's number, steps, direction, best loss, corrections, constants."""
    number = params.dtype.type
    state = init(params, start=start, variant=variant)
    table = corrections(number, range(1, int(steps) + 1), **given)
    constants = constants_for(number, variant=variant, **given)
    return NAMES.index(loss), int(steps), state.ascending, state.best_loss, table, constants


@in_place_of(reference.trajectory)
def trajectory(
    params: Array, *, loss: losses.LossName, steps: int, start: Any, variant: Any, **given: Any
) -> Trajectory:
    path, passed = np.empty((steps + 1, params.size), params.dtype), np.empty(steps, params.dtype)
    events, ups, best = np.empty(steps, np.int64), np.empty(steps, np.bool_), np.full(params.size, nan, params.dtype)
    path[0] = params
    first = beginning(params, loss, steps, start, variant, given)
    lowest = run(*first, path, passed, events, ups, best, True)
    if lowest != lowest:  # the reference says what is wrong
        return reference.trajectory(params, loss=loss, steps=steps, start=start, variant=variant, **given)
    return Trajectory(path, passed, events, ups, best, params.dtype.type(lowest))


@in_place_of(reference.explore)
def explore(params: Array, *, loss: losses.LossName, steps: int, start: Any, variant: Any, **given: Any) -> Explored:
    first = beginning(params, loss, steps, start, variant, given)
    best, ends = np.full_like(params, nan, order="C", subok=False), np.empty(params.shape, params.dtype)
    best_losses, events = np.empty(len(params), params.dtype), np.zeros(len(params), np.int64)
    if not explore_loop(*first, contiguous(params), best, best_losses, ends, events):
        return reference.explore(params, loss=loss, steps=steps, start=start, variant=variant, **given)
    return Explored(best, best_losses, ends, events)
