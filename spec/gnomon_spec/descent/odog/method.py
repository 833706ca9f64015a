"""Steps and runs on a function: what follows from its constants, and how runs change with its units and axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.odog import episodes as runs
from gnomon.descent.odog import optimizer as reference
from gnomon.descent.odog.optimizer import OdogState
from gnomon.hessian_free.small_objectives import Valley
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice, constant
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent.elementwise import shifted
from gnomon_spec.descent.odog import system
from gnomon_spec.descent.odog.inputs import (
    UP_TO_3,
    cosines,
    noise,
    rate_within,
    rows,
    scaled,
    sizes,
    steps,
    turned,
    where,
    with_its,
)
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.hessian_free.drawn_objectives import positive_matrix, quadratic
from gnomon_spec.strategies import SMALL_CODES, count, number, or_none, rotation, shapes, tame, zeros
from gnomon_spec.system import WITH_ROOM, Changed, Misfits

some = number(0.5, 0.25, 1.0, exponents=(-4, 0))
radii = Quantity(some.draw, some.text, lambda value: value is not None and some.allows(value))


def states() -> Quantity:
    """The state after 0 to 5 steps, displacement and error of a size that matters."""
    some = tame(-4)

    def draw_state(draw: Draw, context: Context) -> OdogState:
        code = draw(SMALL_CODES)
        if code % 4 == 0:
            nothing = np.zeros(context.shape, context.dtype)
            return OdogState(nothing, nothing, nothing, context.dtype.type(0), 0)
        delta, error, grad = (some.draw(draw, context) for _ in range(3))
        return OdogState(delta, error, grad, context.dtype.type(code // 4 % 4) / 4, 1 + code // 4 % 5)

    return Quantity(draw_state, "OdogState after 0 to 5 steps")


common = {
    "params": tame(),
    "objective": cosines(),
    "radius": or_none(radii),
    "lr": rate_within(0.5, 0.25, 0.75),
    "hint": choice("double", "previous", "zero", "double"),
    "variant": where(lambda drawn: drawn["radius"] is not None, choice("constant", "adaptive"), "constant"),
    "gamma": choice(1.0, 0.5),
    "alpha": choice(1.0, 0.25, 4.0),
    "length": choice(2, 3, 1),
}
single = Cases(
    {
        **common,
        "state": states(),
        "sample": or_none(tame(-2)),
        "hint_sample": or_none(tame(-2)),
        "position": choice(0.5, 0.25, 1.0, 0.0),
    },
    UP_TO_3,
)
exact = single.but(sample=constant(None), hint_sample=constant(None), lr=choice(0.05, 0.1))
curved = exact.but(objective=quadratic(positive_matrix()))
step = system.operation(reference.step, cases=single, rejecting=single, dtypes=WITH_ROOM)


parts = Quantity(
    lambda draw, c: np.asarray([draw(SMALL_CODES) / 63 for _ in range(steps(c.drawn))], c.dtype), "positions in [0, 1]"
)
none = constant(None)
whole = Cases(
    {
        **common,
        "episodes": choice(2, 1, 3),
        "samples": or_none(noise),
        "hint_samples": where(lambda drawn: drawn["samples"] is not None, or_none(rows(tame(-2), steps))),
        "positions": or_none(parts),
        "start": or_none(tame(-10)),
    },
    UP_TO_3,
)
run = system.operation(runs.run, cases=whole, rejecting=whole, dtypes=WITH_ROOM)
shared = whole.but(hint_samples=none, radius=radii)
plain = whole.but(
    radius=radii, samples=none, hint_samples=none, positions=none, start=none, hint="double", variant="constant"
)


@step.law("closed form", cases=curved)
def each_hint_is_where_it_should_be(port: Any, case: Case) -> Iterable[Fact]:
    """h is ∇F(x + Δ/2), the gradient before, or 0; w = x + sΔ' and x' = x + Δ' with the new Δ'; e = g - h."""
    f, before, first = case.objective, case.state, case.state.step_count == 0
    hints = {
        "double": f.gradient(case.params + before.displacement / 2),
        "previous": before.grad,
        "zero": 0 * before.grad,
    }
    for hint, h in hints.items():
        new, state, report = step.call(port, case, hint=hint)
        yield equal(f"{hint}: h", report.hint, h)
        yield equal(f"{hint}: x", new, case.params + state.displacement)
        yield equal(f"{hint}: w", report.midpoint, case.params + case.position * state.displacement)
        g = f.gradient(report.midpoint)
        yield equal(f"{hint}: g", state.grad, g)
        yield equal(f"{hint}: e", state.error, 0 * g if first and hint == "previous" else g - report.hint)
        yield agree(f"{hint}: count", state.step_count, before.step_count + 1)


@step.law("conservation", cases=exact.but(objective=constant(Valley(np.float64(4.0)))).shaped(shapes((2,))))
def a_random_midpoint_sees_the_whole_fall(port: Any, case: Case) -> Iterable[Fact]:
    """The mean over s from [0, 1] of ⟨∇F(x + sΔ), Δ⟩ is F(x + Δ) - F(x): on a quartic two nodes of Gauss give it."""
    f = case.objective
    found = [step.call(port, case, position=0.5 + side / np.sqrt(np.longdouble(12))) for side in (-1, 1)]
    delta = found[0][1].displacement
    fall = f.value(case.params + delta) - f.value(case.params)
    along = sum(np.sum(state.grad * delta) for _, state, _ in found) / 2
    yield equal("fall", along, fall, scale=abs(f.value(case.params)) + abs(along))


@step.misfits(cases=curved)
def gradients_that_are_not_finite_are_rejected(case: Case) -> Misfits:
    """A gradient with a NaN, a sample for a function that takes none, and an adaptive rate without a radius."""
    broken = case.objective._replace(stationary=case.params * np.nan)
    return {
        "NaN": {"objective": broken},
        "sample": {"sample": case.params},
        "hint's sample": {"hint_sample": case.params},
        "radius": {"variant": "adaptive", "radius": None},
    }


@run.law("oracle agreement", cases=shared.but(samples=noise))
def a_run_is_its_steps_one_after_the_other(port: Any, case: Case) -> Iterable[Fact]:
    """From a state that was kept a run goes on as if nothing had happened; ξₙ is that of gₙ and of hₙ₊₁."""
    found = run.call(port, case, start=None, positions=None)
    x, state = case.params, OdogState(0 * case.params, 0 * case.params, 0 * case.params, 0 * case.params[0], 0)
    names = ("radius", "lr", "hint", "variant", "gamma", "alpha", "length")
    for n in range(case.episodes * case.length):
        hyper = {name: case[name] for name in names}
        x, state, _ = port.step(x, state, case.objective, case.samples[n + 1], case.samples[n], **hyper)
        yield equal(f"x {n}", found.points[n + 1], x)


@run.law("invariance", cases=shared)
def samples_of_nothing_and_a_start_of_nothing_change_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """With ξ = 0, and with Δ₀ = 0, a run has the bits that it has without."""
    nothing = np.zeros((case.episodes * case.length + 1, *case.params.shape))
    plainly = run.call(port, case, samples=None, start=None)
    drawn = run.call(port, case, samples=nothing, hint_samples=nothing[1:], start=0 * case.params)
    yield identical("points", drawn.points, plainly.points)
    yield identical("averages", drawn.averages, plainly.averages)


@run.law("invariance", cases=shared.but(variant="constant"))
def lengths_of_episodes_decide_over_averages_alone(port: Any, case: Case) -> Iterable[Fact]:
    """With the constant rate x does not depend on T, bit for bit; episodes of one step have midpoints for averages."""
    found = run.call(port, case)
    other = run.call(port, case, episodes=case.episodes * case.length, length=1)
    yield identical("points", other.points, found.points)
    yield equal("averages", other.averages, found.midpoints)
    for name, each in (("averages", found.midpoints), ("mean_grads", found.grads)):
        means = np.mean(each.reshape((case.episodes, case.length, -1)), axis=1)
        yield equal(f"mean {name}", getattr(found, name), means)


@run.law("conservation", cases=plain.but(samples=or_none(noise), hint=choice("double", "previous", "zero")))
def displacements_take_the_points_apart(port: Any, case: Case) -> Iterable[Fact]:
    """xₙ - xₙ₋₁ = Δₙ, no longer than D, so ‖xₙ - xₘ‖ <= |n - m|·D; wₙ is half way; η is what was asked for."""
    found = run.call(port, case)
    deltas, x = found.displacements[1:], found.points
    yield equal("x", x[1:], x[:-1] + deltas)
    yield equal("w", found.midpoints, (x[:-1] + x[1:]) / 2)
    yield at_least("length", case.radius * np.arange(1, len(x)), sizes(x[1:] - x[0]))
    yield equal("rates", found.rates, 0 * found.rates + case.lr)


@run.law("fixed point", cases=whole.but(params=zeros, samples=none, hint_samples=none, start=none))
def from_a_stationary_point_nothing_moves(port: Any, case: Case) -> Iterable[Fact]:
    """Where ∇F(x₀) = 0 and Δ₀ = 0, x never moves, bit for bit."""
    found = run.call(port, case)
    yield identical("points", found.points, 0 * found.points)
    yield identical("averages", found.averages, 0 * found.averages)


power = count(1, 3, low=-8, high=8)


def relates(kind: Any, name: str, statement: str, cases: Cases, points: Changed, same: Any, **inputs: Changed) -> None:
    """Declare that where the inputs of a run are changed its points are changed so."""
    run.symmetry(kind, name, statement, cases=cases, inputs=inputs, outputs={"points": points}, same=same)


relates(
    "invariance", "units_of_the_function_do_not_count",
    "F times 2ᵏ with η/2ᵏ, and 4ᵏα for the adaptive rate, leaves every point, bit for bit (C6)",
    shared.but(power=power, start=none), unchanged, identical,
    objective=with_its(amplitudes=scaled(1)), samples=scaled(1), lr=scaled(-1), alpha=scaled(2),
)  # fmt: skip
relates(
    "equivariance", "units_of_space_do_not_count",
    "F(y/2ᵏ) from 2ᵏx₀ with 2ᵏD, 4ᵏη, α/4ᵏ for the adaptive rate: 2ᵏ times the points, bit for bit (C7)",
    shared.but(power=power), scaled(1), identical, params=scaled(1), start=scaled(1), radius=scaled(1),
    objective=with_its(frequencies=scaled(-1)), samples=scaled(-1), lr=scaled(2), alpha=scaled(-2),
)  # fmt: skip
relates(
    "equivariance", "axes_do_not_count",
    "In turned coordinates, F(Rᵀ·) from Rx₀, the run is the turned one; entries are not scaled one by one (C8)",
    shared.but(turn=rotation()), turned, equal,
    objective=with_its(turn=turned), params=turned, start=turned, samples=turned,
)  # fmt: skip
bowls = plain.but(objective=quadratic(positive_matrix()), lr=choice(0.05, 0.1), shift=tame())


relates(
    "equivariance", "origins_do_not_count", "A function that is moved, from a start that is moved: so is the run (C8)",
    bowls, shifted, equal, objective=with_its(stationary=shifted), params=shifted,
)  # fmt: skip


@run.law("closed form", cases=bowls.but(radius=none))
def on_a_quadratic_it_is_a_linear_recursion(port: Any, case: Case) -> Iterable[Fact]:
    """With D = ∞ on ½(x-x*)ᵀH(x-x*): Δₙ₊₁ = Δₙ - ηH(xₙ - x* + Δₙ - Δₙ₋₁/2), and xₙ₊₁ = xₙ + Δₙ₊₁."""
    f, points = case.objective, [case.params]
    before = delta = 0 * case.params
    for _ in range(case.episodes * case.length):
        before, delta = delta, delta - case.lr * (f.matrix @ (points[-1] - f.stationary + delta - before / 2))
        points.append(points[-1] + delta)
    yield equal("points", run.call(port, case).points, np.stack(points))


motions = shared.but(hint=choice("zero", "previous"), radius=none, variant="constant")


@run.law("closed form", cases=motions)
def hints_of_one_gradient_a_step_are_known_recursions(port: Any, case: Case) -> Iterable[Fact]:
    """With D = ∞ hint "zero" is xₙ₊₁ - 2xₙ + xₙ₋₁ = -η·gₙ, a motion without friction (C3); hint "previous" is
    optimistic gradient descent, Δ₁ = Δ₀, Δ₂ = Δ₁ - ηg₁, then Δₙ₊₁ = Δₙ - η(2gₙ - gₙ₋₁) (C4)."""
    found = run.call(port, case)
    deltas, g = found.displacements, found.grads
    before = np.concatenate([g[:1], g[:-1]]) if case.hint == "previous" else g
    yield equal("points", found.points[1:], found.points[:-1] + deltas[1:])
    yield equal("second differences", deltas[2:], deltas[1:-1] - case.lr * (2 * g - before)[:-1])
    if case.hint == "previous":
        yield equal("first", deltas[1], deltas[0])


@run.misfits(cases=whole.but(radius=radii, samples=noise, start=none))
def draws_that_do_not_fit_the_steps_are_rejected(case: Case) -> Misfits:
    """As many samples as steps and one more, as many hints' samples and positions as steps; positions up to 1."""
    M = case.episodes * case.length
    longer = np.concatenate([case.samples, case.samples[:1]])
    return {
        "samples": {"samples": longer},
        "hint_samples": {"hint_samples": case.samples},
        "hint_samples alone": {"hint_samples": case.samples[1:], "samples": None},
        "positions": {"positions": np.ones(M + 1) / 2},
        "positions above 1": {"positions": 2 * np.ones(M)},
        "start": {"start": 2 * case.radius + 0 * case.params},
        "radius": {"variant": "adaptive", "radius": None},
    }


MIDPOINT = "midpoint = params + position * displacement"
step.edits(f"""
first_previous_hint_is_nought: With hint "previous" e₁ is g₁ - 0, so that the first step along a gradient is twice as
    long [optax before its issue 1082]
    `0 * g if hint == "previous" and n == 1 else g - h` → `g - h`
gradient_at_the_end_of_the_step: g is taken at x + Δ, where the step ends, as gradient descent would
    `{MIDPOINT}` → `midpoint = params + displacement`
gradient_at_the_start_of_the_step: g is taken at x, where the step begins
    `{MIDPOINT}` → `midpoint = params`
hint_at_the_point_itself: The hint is the gradient at x and not at x + Δ/2
    `params + state.displacement / 2` → `params`
hint_a_whole_step_ahead: The hint is the gradient at x + Δ, a Nesterov look-ahead
    `params + state.displacement / 2` → `params + state.displacement`
midpoint_of_the_old_displacement: The midpoint is x + Δ/2 with the displacement of the step before
    `{MIDPOINT}` → `midpoint = params + position * state.displacement`
parameters_move_to_the_midpoint: x becomes the midpoint
    `return params + displacement, OdogState` → `return midpoint, OdogState`
hint_without_the_sample: The sample enters g alone, the hint is exact
    `params + state.displacement / 2, hint_sample,` → `params + state.displacement / 2, None,`
hint_has_the_sample_of_its_step: The hint has the sample of the step that it is for, and so it is not independent
    `params + state.displacement / 2, hint_sample,` → `params + state.displacement / 2, sample,`
parameters_are_decayed: Parameters shrink a little in each step, as by an optimizer's weight decay
    `return params + displacement, OdogState` → `return 0.99 * params + displacement, OdogState`
hint_is_reported_with_its_error: The hint that is reported is h + e
    `Report(midpoint, h, rate)` → `Report(midpoint, h + state.error, rate)`
""")
run.edits(
    """
last_point_ends_the_average: The average is over iterates and not over midpoints
    `midpoints[row] - points[k * T]` → `np.stack(points[1:])[row] - points[k * T]`
average_is_a_sum: The midpoints are added up and not divided by T
    `points[k * T] + np.mean(midpoints[row]` → `points[k * T] + np.sum(midpoints[row]`
average_is_one_row_short: The average leaves out the last midpoint of the episode, unless it is the only one
    `np.mean(midpoints[row] -` → `np.mean(midpoints[row][: max(T - 1, 1)] -`
average_is_over_all_episodes: The sums are not set back to 0 when an episode ends
    `np.mean(midpoints[row] - points[k * T], axis=0)` → `np.mean(midpoints[: (k + 1) * T] - points[k * T], axis=0)`
samples_begin_with_the_second: g₁ has the first sample, that of h₁
    `(samples[n + 1], own[n])` → `(samples[n], own[n])`
samples_of_hints_are_not_used: Samples of the hints' own are given, and those of the gradients are used
    `if hint_samples is None and samples is not None else hint_samples` → `if samples is not None else None`
midpoints_are_never_random: The positions are not used
    `if positions is None else positions[n]` → `if True else positions[n]`
start_counts_as_a_step: With Δ₀ given a step counts as made
    `state._replace(displacement=start)` → `state._replace(displacement=start, step_count=1)`
start_is_not_nought: Δ₀ is a small number in every entry where none is given, lest a length be 0
    `OdogState(0 * params, 0 * params,` → `OdogState(0 * params + 1e-3, 0 * params,`
start_is_forgotten: Δ₀ is 0 whatever is given
    `if start is None else state._replace(displacement=start)` → `if True else state`
state_is_new_in_every_episode: Each episode begins with Δ = e = 0
    `x, state, report = step(` → `state = init(params) if n and n % T == 0 else state\nx, state, report = step(`
"""
)
