"""The two designs that came before the code."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.curvature.power import power_iteration
from gnomon.descent.homotopy import proposals as reference
from gnomon.descent.homotopy.proposals import AverageState, CreepingState
from gnomon.descent.homotopy.rate import adaptive_target, unbounded
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, regular_matrix
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.quantities import (
    alpha,
    decay,
    frequency,
    near_one,
    nonzero,
    rejected,
    rejected_numbers,
    series,
    single,
)
from gnomon_spec.descent.homotopy.target import PERCENTILES
from gnomon_spec.facts import Fact, equal, rejects
from gnomon_spec.strategies import SMALL_CODES, count, number, shapes
from gnomon_spec.system import WITH_ROOM

base_lr = number(1e-3, 1.0, 0.5, 0.1)


def average_states() -> Quantity:
    """The state of the running mean of κ after 0 to 9 calls."""

    def draw_state(draw: Draw, context: Context) -> AverageState:
        return AverageState(draw(SMALL_CODES) % 10, np.array(near_one.draw(draw, context), context.dtype))

    return Quantity(draw_state, "AverageState after 0 to 9 calls, any mean")


averages = Cases(
    {
        "state": average_states(),
        "operator": operator(regular_matrix()),
        "grad": nonzero(),
        "start": nonzero_vector(),
    },
    UP_TO_3,
).but(
    base_lr=base_lr,
    target_curvature=near_one,
    alpha=alpha,
    frequency=frequency,
    decay=decay,
    iterations=count(1, 2, low=1, high=3),
)
proposal_average = system.operation(reference.proposal_average, cases=averages, dtypes=WITH_ROOM)


@proposal_average.law("closed form", cases=averages.but(norms=series(near_one, 5), iterations=1))
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


@proposal_average.law("limit", cases=averages.but(frequency=1, decay=0.0, iterations=1, size=near_one))
def at_a_critical_point_the_guard_limits_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """Where g = 0, κ = s/1e-8: large, and a number with units."""
    ball = Dense(case.size * np.eye(len(case.grad)))
    state, _ = port.proposal_average(case.state, ball, 0 * case.grad, case.start, **case.hyper)
    yield equal("curvature", state.curvature, case.size / 1e-8)


BAD_AVERAGES = (
    ("base_lr = 0", {"base_lr": 0.0}),
    ("target_curvature = 0", {"target_curvature": 0.0}),
    ("alpha = -1", {"alpha": -1.0}),
    ("frequency = 0", {"frequency": 0}),
    ("decay = 1", {"decay": 1.0}),
)


@proposal_average.law("rejects", cases=averages)
def bad_averages_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Hyperparameters out of their domains are rejected."""
    inputs = (case.state, case.operator, case.grad, case.start)
    yield from rejected(lambda **hyper: port.proposal_average(*inputs, **hyper), case.hyper, BAD_AVERAGES)


@system.mistake("proposal_average")
def average_at_the_first_call_too(state: Any, operator: Any, grad: Any, start: Any, **hyper: Any) -> Any:
    """The first call measures, whatever N is."""
    if state.calls > 0:
        return reference.proposal_average(state, operator, grad, start, **hyper)
    return reference.proposal_average(
        state, operator, grad, start, **{**hyper, "frequency": min(1, hyper["frequency"])}
    )


@system.mistake("proposal_average")
def average_counted_from_zero(state: Any, operator: Any, grad: Any, start: Any, **hyper: Any) -> Any:
    """The calls are counted from 0: 1, 1 + N, … measure."""
    after, lr = reference.proposal_average(
        state._replace(calls=state.calls + hyper["frequency"] - 1), operator, grad, start, **hyper
    )
    return after._replace(calls=state.calls + 1), lr


@system.mistake("proposal_average")
def average_replaced_by_the_last(state: Any, operator: Any, grad: Any, start: Any, **hyper: Any) -> Any:
    """The curvature is the last one measured, without a mean."""
    reference.proposal_average(state, operator, grad, start, **hyper)
    return reference.proposal_average(state, operator, grad, start, **{**hyper, "decay": 0.0})


@system.mistake("proposal_average")
def average_without_its_guard(state: Any, operator: Any, grad: Any, start: Any, **hyper: Any) -> Any:
    """The 1e-8 below the curvature is left out."""
    reference.proposal_average(state, operator, grad, start, **hyper)
    calls, mean = state.calls + 1, state.curvature
    if calls % hyper["frequency"] == 0:
        norm = power_iteration(operator, start, iterations=hyper["iterations"], rtol=0.0).norm
        mean = hyper["decay"] * mean + (1 - hyper["decay"]) * norm / np.sum(grad * grad)
    target = hyper["target_curvature"] + 0 * np.ones_like(mean)
    return AverageState(calls, mean), unbounded(mean, target, hyper["base_lr"], hyper["alpha"], "reference")


@system.mistake("proposal_average")
def averages_are_not_checked(state: Any, operator: Any, grad: Any, start: Any, **hyper: Any) -> Any:
    """Whatever is given is used."""
    good = {
        "base_lr": hyper["base_lr"] or 1.0,
        "target_curvature": hyper["target_curvature"] or 1.0,
        "alpha": max(0.0, hyper["alpha"]),
        "frequency": max(1, hyper["frequency"]),
        "decay": hyper["decay"] if hyper["decay"] < 1 else 0.5,
    }
    return reference.proposal_average(state, operator, grad, start, **{**hyper, **good})


def creeping_states() -> Quantity:
    """The state of the creeping target after 0 to 6 calls."""

    def draw_state(draw: Draw, context: Context) -> CreepingState:
        history = [near_one.draw(draw, context) for _ in range(draw(SMALL_CODES) % 7)]
        return CreepingState(np.array(history, context.dtype), np.array(near_one.draw(draw, context), context.dtype))

    return Quantity(draw_state, "CreepingState after 0 to 6 calls, any target")


creeping = Cases({"state": creeping_states(), "curvature": single(near_one)}, shapes(())).but(
    base_lr=base_lr,
    warmup_steps=count(3, 1, 5, low=1, high=8),
    percentile=PERCENTILES,
    creep=number(0.01, 0.5, 0.0, 1.0, exponents=(-6, -1)),
    window=count(100, 2, 3, low=1, high=8),
)
proposal_adaptive = system.operation(reference.proposal_adaptive, cases=creeping, dtypes=WITH_ROOM)


@proposal_adaptive.law("closed form", cases=creeping.but(curvatures=series(near_one, 7, 2)))
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


@proposal_adaptive.law("rejects", cases=creeping)
def bad_creeping_targets_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Hyperparameters out of their domains and a κ that is negative, NaN or infinite are rejected."""
    bad: tuple[tuple[str, dict[str, Any]], ...] = (
        ("base_lr = 0", {"base_lr": 0.0}),
        ("warmup_steps = 0", {"warmup_steps": 0}),
        ("percentile = 1.5", {"percentile": 1.5}),
        ("creep = nan", {"creep": nan}),
        ("window = 0", {"window": 0}),
    )
    yield from rejected(lambda **h: port.proposal_adaptive(case.state, case.curvature, **h), case.hyper, bad)
    yield from rejected_numbers(
        lambda x: port.proposal_adaptive(case.state, x, **case.hyper), "curvature", case.curvature
    )
    infinite = np.full_like(case.curvature, inf)
    yield rejects("infinite", lambda: port.proposal_adaptive(case.state, infinite, **case.hyper))


def crept(state: Any, curvature: Any, hyper: dict[str, Any], target: Any) -> Any:
    """Return what the reference does with another target; nothing else before W."""
    after, lr = reference.proposal_adaptive(state, curvature, **hyper)
    if after.history.shape[0] < hyper["warmup_steps"]:
        return after, lr
    aim = target(after.history)
    return after._replace(target=aim), unbounded(curvature, aim, hyper["base_lr"], 1.0, "reference")


@system.mistake("proposal_adaptive")
def creeping_without_a_warm_up(state: Any, curvature: Any, **hyper: Any) -> Any:
    """The rate is b before the target is set: there is no explicit warm-up."""
    after, lr = reference.proposal_adaptive(state, curvature, **hyper)
    early = after.history.shape[0] < hyper["warmup_steps"]
    return after, hyper["base_lr"] + 0 * lr if early else lr


@system.mistake("proposal_adaptive")
def creeping_after_an_order_statistic(state: Any, curvature: Any, **hyper: Any) -> Any:
    """The percentile is an order statistic without interpolation, as in the code."""

    def target(history: Any) -> Any:
        share, k = {"percentile": hyper["percentile"]}, history.shape[0]
        if k == hyper["warmup_steps"]:
            return adaptive_target(history, **share)
        return (1 - hyper["creep"]) * state.target + hyper["creep"] * adaptive_target(
            history[-hyper["window"] :], **share
        )

    return crept(state, curvature, hyper, target)


@system.mistake("proposal_adaptive")
def target_does_not_creep(state: Any, curvature: Any, **hyper: Any) -> Any:
    """After W the target stays what it was."""
    reference.proposal_adaptive(state, curvature, **hyper)
    return reference.proposal_adaptive(state, curvature, **{**hyper, "creep": 0.0})


@system.mistake("proposal_adaptive")
def target_jumps(state: Any, curvature: Any, **hyper: Any) -> Any:
    """After W the target is the percentile itself: r is taken for 1."""
    reference.proposal_adaptive(state, curvature, **hyper)
    return reference.proposal_adaptive(state, curvature, **{**hyper, "creep": 1.0})


@system.mistake("proposal_adaptive")
def creeping_after_all_curvatures(state: Any, curvature: Any, **hyper: Any) -> Any:
    """The window is ignored."""
    reference.proposal_adaptive(state, curvature, **hyper)
    return reference.proposal_adaptive(state, curvature, **{**hyper, "window": max(1000, hyper["window"])})


@system.mistake("proposal_adaptive")
def creeping_targets_are_not_checked(state: Any, curvature: Any, **hyper: Any) -> Any:
    """Whatever is given is used."""
    good = {
        "base_lr": hyper["base_lr"] or 1.0,
        "warmup_steps": max(1, hyper["warmup_steps"]),
        "percentile": min(1.0, hyper["percentile"]),
        "creep": hyper["creep"] if hyper["creep"] == hyper["creep"] else 0.5,
        "window": max(1, hyper["window"]),
    }
    kappa = np.abs(np.nan_to_num(curvature, posinf=1.0))
    return reference.proposal_adaptive(state, kappa, **{**hyper, **good})
