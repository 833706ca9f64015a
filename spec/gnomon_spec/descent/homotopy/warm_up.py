"""The warm-up that waits for low curvature."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, inf, log
from typing import Any

import numpy as np

from gnomon.descent.homotopy import warm_up as reference
from gnomon.descent.homotopy.warm_up import WarmUpState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import series
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import SMALL_CODES, count, number, shapes, single
from gnomon_spec.system import WITH_ROOM

# ln(1/fraction)/ln(factor) is nowhere within 0.03 of an integer, so that rounding cannot decide the number of calls.
FRACTIONS, FACTORS = (0.2, 0.3, 0.15), (1.3, 1.45, 2.25)


def draw_state(draw: Draw, context: Context) -> WarmUpState:
    code = draw(SMALL_CODES)
    lr = number(0.125, 0.25, exponents=(-6, -2)).draw(draw, context)
    return WarmUpState(code % 6, np.array(lr, context.dtype), code % 4 == 3)


states = Quantity(draw_state, "WarmUpState: 0 to 5 calls, a rate from 1/64 to 1/2, done or not")
calls = Cases(
    {"state": states, "curvature": single(number(1.0, 0.0, 4.0, 0.25, inf, exponents=(-4, 4)))}, shapes(())
).but(
    target_lr=choice(1.0, 0.5, 0.125),
    threshold=choice(2.0, 1.0, 0.5),
    factor=choice(*FACTORS),
    max_steps=count(3, 1, low=1, high=6),
    force=choice(True, False),
)
# A whole warm-up from its own start; curvatures at a distance from the threshold 2.
runs = (
    Cases({"curvatures": series(choice(1.0, 4.0), 9, 3)}, shapes(()))
    .but(fraction=choice(*FRACTIONS), target_lr=number(1e-3, 1.0, 0.5, 0.1), threshold=2.0, factor=choice(*FACTORS))
    .but(max_steps=count(3, 5, 1000, low=1, high=9), force=choice(True, False))
)
warm_up = system.operation(reference.warm_up, cases=calls, dtypes=WITH_ROOM)


def along(port: Any, case: Case, curvatures: Any) -> list[WarmUpState]:
    """Return the states of a port along curvatures, the first one before any."""
    states = [WarmUpState(0, case.target_lr * case.fraction + 0 * case.curvatures[0], False)]
    for kappa in curvatures:
        states.append(port.warm_up(states[-1], kappa, **case.hyper))
    return states


@warm_up.law("closed form", cases=runs)
def the_rate_counts_the_calls_of_low_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """Before it is done lr = target·fraction·factor^k, k the number of calls with κ < threshold: it never falls. It is
    done, and lr the target, when k is ⌈ln(1/fraction)/ln(factor)⌉, or, if force, by a jump at call max_steps."""
    needed = ceil(log(1 / float(case.fraction)) / log(float(case.factor)))
    nothing = 0 * case.curvatures[0]
    for label, curvatures in (
        ("", case.curvatures),
        (" (low)", [nothing] * (needed + 1)),
        (" (high)", [nothing + 4] * 9),
    ):
        low, calls, is_done = 0, 0, False
        for state, kappa in zip(along(port, case, curvatures)[1:], curvatures, strict=True):
            calls += not is_done
            low += bool(kappa < case.threshold)
            is_done = low >= needed or (case.force and calls >= case.max_steps)
            expected = case.target_lr * (1 if is_done else case.fraction * case.factor**low)
            yield equal(f"rate{label}", state.lr, expected)
            yield agree(f"done{label}", state.done, is_done)
            yield agree(f"calls{label}", state.calls, calls)


@warm_up.law("fixed point")
def what_is_done_stays(port: Any, case: Case) -> Iterable[Fact]:
    """After it is done no call changes anything, whatever κ is."""
    done = case.state._replace(done=True)
    after = port.warm_up(done, case.curvature, **case.hyper)
    yield identical("rate", after.lr, done.lr)
    yield agree("calls", after.calls, done.calls)
    yield agree("done", after.done, True)


RAISED, TARGET = "state.lr * factor if curvature < threshold else state.lr", "0 * lr + target_lr"
warm_up.edits(f"""
the_jump_is_missing: After max_steps the rate goes on as before although force is asked for
    `(force and calls >= max_steps)` → `False`
the_jump_is_always_made: After max_steps the rate jumps to the target although it should not be forced
    `force and calls >= max_steps` → `calls >= max_steps`
done_without_the_jump: After max_steps it is done, but the rate stays where it was for ever
    `{TARGET}` → `min(lr, {TARGET})`
raised_whatever_the_curvature: The rate is raised at every call: the curvature does not count
    `{RAISED}` → `state.lr * factor`
raised_where_the_curvature_is_high: The comparison is the wrong way round: the rate is raised where κ >= threshold
    `curvature < threshold` → `curvature >= threshold`
beyond_the_target: The last raise is not cut at the target
    `{TARGET}` → `lr if lr >= target_lr else {TARGET}`
calls_are_counted_for_ever: Calls after the end are counted, too
    `return state` → `return state._replace(calls=state.calls + 1)`
one_call_too_many: The jump comes one call late: calls > max_steps
    `calls >= max_steps` → `calls > max_steps`
starts_again_after_the_end: That it is done is not looked at: the rate is set to the target again and again
    `if state.done:` → `if False:`
""")
