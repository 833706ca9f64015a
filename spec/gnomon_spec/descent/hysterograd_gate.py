"""HysteroGrad's barrier and gate: when a step is refused, what a refusal changes, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon_spec.cases import Case, Context, Draw, Quantity, choice
from gnomon_spec.descent import hysterograd_cases as given
from gnomon_spec.descent.hysterograd import step
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import (
    count,
    fraction,
    indices,
    nonzero,
    number,
    poisons,
    shapes,
    steps_of,
    tame,
    unit_interval,
    vector,
    zeros,
)

NAN = np.array(np.nan)


@step.law("closed form", cases=given.calm.but(release_ratio=number(0.5, 1.0, 0.25, exponents=(-4, -1))))
def the_gate_compares_norm_and_width(port: Any, case: Case) -> Iterable[Fact]:
    """A step is liquid if and only if n > h, or n > ρ·h if the step before was liquid: as reported, nothing hidden. So
    between its thresholds the gate stays as it was; with ρ = 1, the source's gate, it remembers nothing."""
    for before in (True, False):
        _, state, report = port.step(case.params, case.grad, case.state._replace(liquid=before), **case.hyper)
        threshold = case.release_ratio * report.width if before else report.width
        label = f"liquid after {'liquid' if before else 'frozen'}"
        yield agree(label, report.liquid, report.norm > threshold)
        yield agree(f"{label}, in the state", state.liquid, report.norm > threshold)


@step.law(
    "closed form",
    cases=given.plain.but(
        state=given.fresh_states(),
        grads=steps_of(tame(), 10),
        grad_clip=given.for_the_code(given.clips, None, "head"),
        stiffening_factor=given.stiff,
    ),
)
def the_barrier_follows_from_the_reported_norms(port: Any, case: Case) -> Iterable[Fact]:
    """h_t = κ·s·√(lr·Σ nₖ)·(1 - min(T₀γᵗ, 1))·((1-β)·Σ βᵗ⁻ᵏ·nₖ + 1e-8), of a run's norms alone (v4: γᵗ⁻¹)."""
    done = given.run(port, case, case.grads)
    barrier = barriers(case, done.norms)
    yield equal("widths", done.widths, barrier)
    yield agree("liquid", done.liquid, done.norms > barrier)


def barriers(case: Case, norms: Any) -> Any:
    """Return h of every step of a run from a fresh state, given its norms."""
    cooled = np.arange(len(norms)) + (case.variant == "head")
    warmth = np.minimum(case.state.temperature * case.cooling_rate**cooled, 1)
    height = case.stiffening_factor * case.hysteresis_scale * np.sqrt(case.lr * np.cumsum(norms)) * (1 - warmth)
    return height * (given.running_mean(norms, case.beta) + 1e-8) if case.adaptive_threshold else height


@step.law(
    "closed form",
    cases=given.fresh_unclipped.but(
        grad=nonzero,
        eps=0.0,
        hysteresis_scale=1.0,
        stiffening_factor=given.stiff,
        state=given.fresh_states(given.cold),
        lr=number(1.0, 0.5, 0.1, exponents=(-4, 2)),
        beta=fraction(0.5, 0.9, 0.0, 0.99, closest=6),
    ),
)
def a_constant_gradient_freezes_when_predicted(port: Any, case: Case) -> Iterable[Fact]:
    """Under a constant gradient (ε = 0) the first frozen step of 16 is the first t whose barrier, from closed forms
    alone, is not below √(k/(m(1-βᵗ)))."""
    done = given.run(port, case, [case.grad] * 16)
    norms = given.norms_under_a_constant_gradient(case, 16)
    yield agree(
        "steps before the first frozen one", first_frozen(done.liquid), first_frozen(norms > barriers(case, norms))
    )


def first_frozen(liquid: Any) -> int:
    """Return how many steps come before the first frozen one, all of them if there is none."""
    return int(np.argmin(np.append(liquid, False)))


@step.law(
    "limit", cases=given.calm.but(cooling_rate=choice(1.0, 0.5, 0.75), warmth=number(2.0, 4.0, 3.0, exponents=(1, 3)))
)
def while_warm_there_is_no_barrier(port: Any, case: Case) -> Iterable[Fact]:
    """While T >= 1, h is exactly 0 and every step with n > 0 is liquid."""
    warm = case.state._replace(temperature=case.warmth + 0 * case.state.temperature)
    _, _, report = port.step(case.params, case.grad, warm, **case.hyper)
    yield identical("width", report.width, np.zeros(()))
    yield agree("liquid", report.liquid, report.norm > 0)


@step.law(
    "fixed point",
    cases=given.calm.but(grad=zeros, state=given.fresh_states()).shaped(shapes((1,), (2,), (3,), (0,), (5,), (0,))),
)
def without_a_gradient_nothing_moves(port: Any, case: Case) -> Iterable[Fact]:
    """From a fresh state a gradient of 0, or of no entries, has n = h = 0, which is frozen; only T moves on."""
    _, state, report = port.step(case.params, case.grad, case.state, **case.hyper)
    for name, value in (("norm", report.norm), ("width", report.width), ("path_length", state.path_length)):
        yield identical(name, value, np.zeros(()))
    yield agree("liquid", [bool(report.liquid), bool(state.liquid)], [False, False])
    yield equal("temperature", state.temperature, case.cooling_rate * case.state.temperature)


refusing = given.calm.but(
    stiffening_factor=number(64.0, 8.0, 512.0, exponents=(3, 10)),
    hysteresis_scale=1.0,
    coldness=given.cold,
    walked=number(1.0, 4.0, exponents=(0, 8)),
)


@step.law("conservation", cases=refusing)
def a_refused_step_changes_the_state_and_no_parameter(port: Any, case: Case) -> Iterable[Fact]:
    """A frozen step leaves every bit of the parameters as it was, a liquid one moves them by lr·f·d and no less; G, τ,
    T and E move on as if there were no barrier (in theory τ does not: it counts what was walked)."""
    nothing = 0 * case.state.temperature
    state = case.state._replace(temperature=case.coldness + nothing, path_length=case.walked + nothing)
    params, after, report = port.step(case.params, case.grad, state, **case.hyper)
    yield identical("params", case.params if report.liquid else params, case.params)
    moved, expected, _ = port.oracle.step(case.params, case.grad, state, **{**case.hyper, "stiffening_factor": 0.0})
    yield equal("move", params, moved if report.liquid else case.params)
    stays = case.variant == "theory" and not report.liquid
    yield equal("metric", after.metric, expected.metric)
    yield equal("temperature", after.temperature, expected.temperature)
    yield equal("mean_norm", after.mean_norm, expected.mean_norm)
    yield equal("path_length", after.path_length, state.path_length if stays else expected.path_length)


@step.law("conservation", cases=given.plain.but(params=zeros))
def a_step_is_as_long_as_what_it_adds_to_the_path(port: Any, case: Case) -> Iterable[Fact]:
    """A liquid group moves by exactly the length that τ grows by, which is lr·n in head; a frozen one not at all: no
    run gets further than τ from its start."""
    state = case.state._replace(path_length=0 * case.state.path_length)
    params, after, report = port.step(case.params, case.grad, state, **case.hyper)
    length = np.sqrt(np.sum(params**2))
    yield equal("length", length, after.path_length if report.liquid else 0 * length)


@step.law(
    "bound",
    cases=given.plain.but(
        hysteresis_scale=number(1.0, 0.5, 2.0, exponents=(-3, 2)),
        stiffening_factor=given.stiff,
        coldness=given.cold,
        excess=number(1.5, 2.0, 4.0, exponents=(1, 6)),
        grads=steps_of(vector(), 6),
        bad=choice(False, False, True),
        cooling_rate=unit_interval(),
    ),
)
def beyond_the_leash_no_gradient_is_long_enough(port: Any, case: Case) -> Iterable[Fact]:
    """Once κ·s·(1-T)·√τ·(1-β) >= 1, or κ·s·(1-T)·√τ >= √(k/((1-β)m)) if not adaptive, any gradient is refused,
    for ever: huge, tiny, NaN."""
    reach = 1 / (1 - case.beta)
    if not case.adaptive_threshold:
        reach = np.sqrt(max(1, case.params.size) * reach / case.metric_scale)
    root = case.excess * reach / (case.stiffening_factor * case.hysteresis_scale * (1 - case.coldness))
    nothing = 0 * case.state.temperature
    state = case.state._replace(temperature=case.coldness + nothing, path_length=root**2 + nothing)
    grads = [np.nan * grad if case.bad and t == 1 else grad for t, grad in enumerate(case.grads)]
    done = given.run(port, case.but(state=state), grads)
    for t, params in enumerate(done.params, start=1):
        yield identical(f"params after step {t}", params, case.params)
    yield agree("liquid", done.liquid, np.zeros(len(case.grads), bool))


@step.law(
    "fixed point",
    cases=given.unclipped.but(
        eps=0.0, stiffening_factor=0.0, curvature=nonzero, signs=nonzero, times=count(1, 2, 3, low=1, high=12)
    ),
)
def without_a_barrier_it_ends_on_a_cycle_of_two(port: Any, case: Case) -> Iterable[Fact]:
    """With κ = ε = 0 on ½λx², every x = ±lr/(2√m) with G = mλ²x² is thrown to -x and back: nothing converges."""
    curvature = np.abs(case.curvature)
    start = np.sign(case.signs) * case.lr / (2 * np.sqrt(case.metric_scale))
    params, state = start, case.state._replace(metric=case.metric_scale * curvature**2 * start**2)
    for _ in range(case.times):
        params, state, _ = port.step(params, curvature * params, state, **case.hyper)
    yield equal("params", params, start * (-1) ** case.times)


def _fitting_stiffness(draw: Draw, context: Context) -> float:
    share = float(number(0.5, 0.75, exponents=(-4, -2)).draw(draw, context))
    lr, clip, scale = (float(context.drawn[name]) for name in ("lr", "grad_clip", "hysteresis_scale"))
    return share / (scale * float(np.sqrt(12 * lr * clip)))


fitting_stiffness = Quantity(_fitting_stiffness, "number: κ with 12·lr·c·(κ·s)² < 1")


@step.law(
    "bound",
    cases=given.plain.but(
        grad=nonzero,
        eps=0.0,
        state=given.fresh_states(),
        adaptive_threshold=True,
        hysteresis_scale=number(1.0, 0.5, 2.0, exponents=(-3, 2)),
        grad_clip=number(0.125, 0.0625, exponents=(-8, -6)),
        metric_scale=number(1.0, 4.0, 0.25, exponents=(-6, 3)),
        stiffening_factor=fitting_stiffness,
    ),
)
def a_saturated_clip_keeps_the_gate_open(port: Any, case: Case) -> Iterable[Fact]:
    """While N > c, every step t < 1/(lr·c·(κ·s)²) is liquid, whatever the temperature."""
    done = given.run(port, case, [case.grad] * 12)
    yield agree("liquid", done.liquid, np.ones(12, bool))


@step.law(
    "bound",
    cases=given.calm.but(
        variant=given.CODE,
        grads=steps_of(given.or_zeros(tame()), 12),
        stiffening_factor=given.stiff,
        release_ratio=number(0.5, 0.25, exponents=(-4, -1)),
        share=number(1.0, 0.5, exponents=(-4, -1)),
    ),
)
def a_wider_hysteresis_freezes_less_and_changes_less(port: Any, case: Case) -> Iterable[Fact]:
    """Along the same gradients, with ρ₁ <= ρ₂ every step that is liquid under ρ₂ is under ρ₁, and the status changes no
    more often."""
    start = case.state._replace(liquid=True)
    begun = case.but(state=start)
    higher = case.release_ratio + (1 - case.release_ratio) * case.share
    wide = given.run(port, begun, case.grads).liquid
    narrow = given.run(port, begun, case.grads, release_ratio=higher).liquid
    yield agree("liquid as well", wide | ~narrow, np.ones(len(case.grads), bool))
    yield agree("no more changes", changes(wide) <= changes(narrow), True)


def changes(liquid: Any) -> int:
    """Return how often the status changes in a run that starts liquid."""
    return int(np.sum(np.diff(np.concatenate([[True], liquid]))))


@step.law("conservation", cases=given.calm.but(variant=given.CODE, place=indices(), bad=poisons, later=tame()))
def a_gradient_that_is_no_number_kills_the_group(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN or infinite entry of the gradient makes n, τ and E NaN: this step and all later ones are refused.

    The metric of other entries moves on as if nothing had happened.
    """
    poison = np.arange(case.grad.size) == case.place
    grad = np.where(poison, case.bad, case.grad)
    params, state, report = port.step(case.params, grad, case.state, **case.hyper)
    later, last, refused = port.step(params, case.later, state, **case.hyper)
    yield identical("params", params, case.params)
    yield identical("params later", later, case.params)
    yield agree("liquid", [bool(report.liquid), bool(refused.liquid)], [False, False])
    for name, value in (("norm", report.norm), ("path_length", state.path_length), ("mean_norm", state.mean_norm)):
        yield identical(name, value, NAN)
    yield identical("path_length later", last.path_length, NAN)
    unharmed = port.oracle.step(case.params, case.grad, case.state, **case.hyper)[1].metric
    yield equal("metric elsewhere", np.where(poison, 0, state.metric), np.where(poison, 0, unharmed))


@step.law("conservation", cases=given.plain.but(state=given.fresh_states(), eps=0.0, place=indices()))
def nothing_divided_by_nothing_kills_the_group(port: Any, case: Case) -> Iterable[Fact]:
    """With ε = 0 an entry that never had a gradient is 0/0: n, τ and E are NaN and the step is refused."""
    grad = np.where(np.arange(case.grad.size) == case.place, 0, case.grad)
    params, state, report = port.step(case.params, grad, case.state, **case.hyper)
    yield identical("params", params, case.params)
    yield agree("liquid", report.liquid, False)
    for name, value in (("norm", report.norm), ("path_length", state.path_length), ("mean_norm", state.mean_norm)):
        yield identical(name, value, NAN)
