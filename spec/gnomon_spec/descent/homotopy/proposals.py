"""The two designs that came before the code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy import proposals as reference
from gnomon.descent.homotopy.proposals import AverageState, CreepingState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, regular_matrix
from gnomon_spec.descent.homotopy import inputs, system
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.rate import PERCENTILES
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import SMALL_CODES, count, nonzero, number, shapes, single
from gnomon_spec.system import WITH_ROOM

base_lr = number(1e-3, 1.0, 0.5, 0.1)


def draw_average_state(draw: Draw, context: Context) -> AverageState:
    return AverageState(draw(SMALL_CODES) % 10, np.array(inputs.near_one.draw(draw, context), context.dtype))


average_states = Quantity(draw_average_state, "AverageState after 0 to 9 calls, any mean")
averages = Cases(
    {"state": average_states, "operator": operator(regular_matrix()), "grad": nonzero, "start": nonzero_vector()},
    UP_TO_3,
).but(
    base_lr=base_lr,
    target_curvature=inputs.near_one,
    alpha=inputs.alpha,
    frequency=inputs.frequency,
    decay=inputs.decay,
    iterations=count(1, 2, low=1, high=3),
)
proposal_average = system.operation(
    reference.proposal_average, cases=averages, rejecting=averages.but(frequency=1), dtypes=WITH_ROOM
)


@proposal_average.law("closed form", cases=averages.but(norms=inputs.series(inputs.near_one, 5), iterations=1))
def the_mean_of_the_curvature_begins_at_the_target(port: Any, case: Case) -> Iterable[Fact]:
    """κ̄ is the target until the N-th call, and moves by (1-β)·(s/(‖g‖² + 1e-8) - κ̄) at every N-th; lr is its rate."""
    state = AverageState(0, case.target_curvature + 0 * case.grad[0])
    mean, squared = case.target_curvature, np.sum(case.grad**2)
    for t, size in enumerate(case.norms, start=1):
        ball = Dense(size * np.eye(len(case.grad)))
        state, lr = port.proposal_average(state, ball, case.grad, case.start, **case.hyper)
        if t % case.frequency == 0:
            mean = case.decay * mean + (1 - case.decay) * size / (squared + 1e-8)
        yield equal(f"curvature {t}", state.curvature, mean)
        excess = np.maximum(mean / case.target_curvature - 1, 0)
        yield equal(f"rate {t}", lr, case.base_lr / (1 + case.alpha * excess))


@proposal_average.law("limit", cases=averages.but(frequency=1, decay=0.0, iterations=1, size=inputs.near_one))
def at_a_critical_point_the_guard_limits_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """Where g = 0, κ = s/1e-8: large, and a number with units."""
    ball = Dense(case.size * np.eye(len(case.grad)))
    state, _ = port.proposal_average(case.state, ball, 0 * case.grad, case.start, **case.hyper)
    yield equal("curvature", state.curvature, case.size / 1e-8)


NOW = "calls % frequency == 0"
proposal_average.edits(f"""
average_at_the_first_call_too: The first call measures, whatever N is
    `{NOW}` → `calls == 1 or {NOW}`
average_counted_from_zero: The calls are counted from 0: 1, 1 + N, … measure
    `{NOW}` → `(calls - 1) % frequency == 0`
average_replaced_by_the_last: The curvature is the last one measured, without a mean
    `` → `decay = 0.0`
average_without_its_guard: The 1e-8 below the curvature is left out
    `size * size + 1e-8` → `size * size`
""")


def draw_creeping_state(draw: Draw, context: Context) -> CreepingState:
    history = [inputs.near_one.draw(draw, context) for _ in range(draw(SMALL_CODES) % 7)]
    return CreepingState(np.array(history, context.dtype), np.array(inputs.near_one.draw(draw, context), context.dtype))


creeping_states = Quantity(draw_creeping_state, "CreepingState after 0 to 6 calls, any target")
creeping = Cases({"state": creeping_states, "curvature": single(inputs.near_one)}, shapes(())).but(
    base_lr=base_lr,
    warmup_steps=count(3, 1, 5, low=1, high=8),
    percentile=PERCENTILES,
    creep=number(0.01, 0.5, 0.0, 1.0, exponents=(-6, -1)),
    window=count(100, 2, 3, low=1, high=8),
)
proposal_adaptive = system.operation(reference.proposal_adaptive, cases=creeping, dtypes=WITH_ROOM)


@proposal_adaptive.law("closed form", cases=creeping.but(curvatures=inputs.series(inputs.near_one, 7, 2)))
def the_target_creeps_after_a_linear_warm_up(port: Any, case: Case) -> Iterable[Fact]:
    """lr = b·k/W for k < W; the target is the interpolated percentile at k = W and then moves by r towards that of the
    window; lr = b·min(1, target/κ)."""
    state = CreepingState(case.curvatures[:0], 0 * case.curvatures[0])
    target = 0.0
    for k, kappa in enumerate(case.curvatures, start=1):
        state, lr = port.proposal_adaptive(state, kappa, **case.hyper)
        if k < case.warmup_steps:
            yield equal(f"rate {k}", lr, case.base_lr * k / case.warmup_steps)
            continue
        recent = case.curvatures[:k] if k == case.warmup_steps else case.curvatures[:k][-case.window :]
        place = case.percentile * (len(recent) - 1)
        low = int(np.floor(place))
        ordered = np.sort(recent)
        high = ordered[min(low + 1, len(recent) - 1)]
        percentile = ordered[low] + (place - low) * (high - ordered[low])
        target = percentile if k == case.warmup_steps else (1 - case.creep) * target + case.creep * percentile
        yield equal(f"target {k}", state.target, target)
        yield equal(f"rate {k}", lr, case.base_lr * np.minimum(1, target / kappa))


CREPT = "(1 - creep) * target + creep * interpolated(history[-window:], percentile)"
proposal_adaptive.edits("""
creeping_without_a_warm_up: The rate is b before the target is set: there is no explicit warm-up
    `base_lr * calls / warmup_steps` → `base_lr`
""")
proposal_adaptive.edits(
    """
creeping_after_an_order_statistic: The percentile is an order statistic without interpolation, as in the code
    `` → `return np.sort(values)[min(int(np.floor(values.shape[0] * percentile)), values.shape[0] - 1)]`
""",
    within=reference.interpolated,
)
proposal_adaptive.edits(f"""
target_does_not_creep: After W the target stays what it was
    `{CREPT}` → `target`
target_jumps: After W the target is the percentile itself: r is taken for 1
    `{CREPT}` → `interpolated(history[-window:], percentile)`
creeping_after_all_curvatures: The window is ignored
    `history[-window:]` → `history`
""")
