"""The learner: what is true of it for every sequence of gradients and hints, no function behind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.odog import learner as reference
from gnomon_spec.cases import Case, Cases, Quantity, choice, constant
from gnomon_spec.descent.odog import system
from gnomon_spec.descent.odog.inputs import UP_TO_3, by_episode, each_step, inner, rows, sizes, steps, within
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import nonzero, number, or_none, tame, whole_range, zeros
from gnomon_spec.system import WITH_ROOM, Misfits

near_one = number(1.0, 0.5, 2.0, 0.25, exponents=(-3, 2))
vectors = Cases({"vector": tame(), "radius": or_none(near_one)}, UP_TO_3)
project = system.operation(reference.project, cases=vectors, rejecting=vectors.but(vector=nonzero), dtypes=WITH_ROOM)
balls = vectors.but(radius=near_one)


@project.law("closed form", cases=balls.but(vector=nonzero, power=whole_range()))
def it_is_the_nearest_vector_of_the_ball_at_any_scale(port: Any, case: Case) -> Iterable[Fact]:
    """The result is v·min(1, D/‖v‖), no longer than D, also where squares of v or D/‖v‖ leave the range; inside of the
    ball, and without one, it is v, bit for bit."""
    scale = 2.0**case.power
    small = port.project(case.vector, radius=case.radius)
    yield equal("vector", small, case.vector * np.minimum(1, case.radius / sizes(case.vector)))
    yield at_least("radius", case.radius, sizes(small))
    large = port.project(case.vector * scale, radius=case.radius * scale)
    yield identical("any scale", large, small * scale)
    tiny, scale = case.radius * 2.0**-40, 2.0 ** abs(case.power)
    far, near = (port.project(case.vector * size, radius=tiny) for size in (scale, 1.0))
    yield identical("tiny radius", far, near)
    longer = port.project(np.concatenate([case.vector, 0 * case.vector[:1]]), radius=case.radius)
    yield equal("with a 0", longer, np.concatenate([small, 0 * small[:1]]))
    for words, v, D in (("inside", case.vector / 2048, case.radius), ("no ball", case.vector, None)):
        yield identical(words, port.project(v, radius=D), v)


games = Cases(
    {
        "length": choice(2, 1, 3),
        "episodes": choice(2, 1, 3),
        "start": zeros,
        "grads": rows(tame(), steps),
        "hints": rows(tame(), steps),
        "comparators": rows(tame(), lambda drawn: drawn["episodes"]),
        "radius": near_one,
        "lr": number(0.25, 0.5, 1.0, exponents=(-8, 2)),
        "variant": choice("constant"),
        "gamma": choice(1.0, 0.5, 2.0),
        "alpha": choice(1.0, 0.25, 4.0, 16.0),
    },
    UP_TO_3,
)
both = games.but(variant=choice("constant", "adaptive"))
moved = both.but(start=tame(-10))
free = games.but(radius=constant(None), start=tame())
play = system.operation(reference.play, cases=moved, rejecting=moved, dtypes=WITH_ROOM)


def played(port: Any, case: Case) -> tuple[Any, Any, Any, Any]:
    """Return Δ₀ … Δ_M, η₀ … η_{M-1}, e₁ … e_M and e₀ … e_{M-1}."""
    found, errors = play.call(port, case), case.grads - case.hints
    return found.displacements, found.rates, errors, np.concatenate([0 * errors[:1], errors[:-1]])


def squares(vectors: Any) -> Any:
    return np.sum(vectors * vectors, axis=-1)


def one_step(port: Any, case: Case, comparators: Any) -> tuple[Any, Any, Any]:
    """Return what the learner loses to a comparator in each step, and the two parts of its bound.

    The second are the nearer distances to the comparator, (‖Δₙ₋₁-u‖² - ‖Δₙ-u‖²)/(2ηₙ₋₁).
    """
    deltas, rates, errors, before = played(port, case)
    old, new = deltas[:-1], deltas[1:]
    hints = inner(errors, new - comparators) - inner(before, old - comparators) + inner(before, old - new)
    nearer = (squares(old - comparators) - squares(new - comparators)) / (2 * rates)
    return inner(case.grads, new - comparators), hints - squares(new - old) / (2 * rates), nearer


@play.law("bound", cases=moved)
def no_step_loses_more_than_the_three_point_inequality_allows(port: Any, case: Case) -> Iterable[Fact]:
    """⟨gₙ, Δₙ-u⟩ <= ⟨eₙ, Δₙ-u⟩ - ⟨eₙ₋₁, Δₙ₋₁-u⟩ + ⟨eₙ₋₁, Δₙ₋₁-Δₙ⟩ + (‖Δₙ₋₁-u‖² - ‖Δₙ-u‖² - ‖Δₙ-Δₙ₋₁‖²)/(2ηₙ₋₁) (R0);
    so summed, where between two comparators ⟨e, uₖ₊₁-uₖ⟩ and the difference of distances stay (R1)."""
    lost, rest, nearer = one_step(port, case, each_step(within(case.comparators, case.radius), case))
    yield at_least("slack", rest + nearer, lost)
    yield at_least("regret", np.sum(rest + nearer), np.sum(lost))


@play.law("closed form", cases=free)
def without_a_ball_the_inequality_is_an_equation(port: Any, case: Case) -> Iterable[Fact]:
    """With D = ∞ the three-point inequality, and so the exact bound of the regret, holds with =, whatever u is (R1)."""
    lost, rest, nearer = one_step(port, case, each_step(case.comparators, case))
    yield equal("loss", lost, rest + nearer)
    yield equal("regret", np.sum(lost), np.sum(rest + nearer))


@play.law("bound", cases=games)
def the_regret_is_within_all_usable_bounds(port: Any, case: Case) -> Iterable[Fact]:
    """From Δ₀ = 0: Reg <= (4K - 3.5)D²/η + (3η/2)Σ‖eₙ‖² - Σ‖Δₙ-Δₙ₋₁‖²/(4η), and the published 4KD²/η + (5η/2)Σ‖eₙ‖² …
    (R2); with h = 0 it is projected gradient descent, and Reg <= (½ + 2(K-1))D²/η + (η/2)Σ‖gₙ‖² (R3)."""
    u, K, D, eta = each_step(within(case.comparators, case.radius), case), case.episodes, case.radius, case.lr
    deltas, _, errors, _ = played(port, case)
    lost, spread = np.sum(inner(case.grads, deltas[1:] - u)), eta * np.sum(squares(errors))
    moved = np.sum(squares(deltas[1:] - deltas[:-1])) / (4 * eta)
    yield at_least("own", (4 * K - 3.5) * D * D / eta + 1.5 * spread - moved, lost)
    yield at_least("published", 4 * K * D * D / eta + 2.5 * spread - moved, lost)
    deltas = play.call(port, case, hints=0 * case.hints).displacements
    lost = np.sum(inner(case.grads, deltas[1:] - u))
    yield at_least("descent", (2 * K - 1.5) * D * D / eta + eta / 2 * np.sum(squares(case.grads)), lost)
    descended = [deltas[0], *(within(x - eta * g, D) for x, g in zip(deltas[1:-1], case.grads[:-1], strict=True))]
    yield equal("descended", deltas[1:], np.stack(descended))


@play.law("bound", cases=both.but(variant="adaptive"))
def adaptive_episodes_lose_at_most_by_their_last_rate(port: Any, case: Case) -> Iterable[Fact]:
    """In each episode the distances add up to at most 2D²/η, η the last rate of the episode (R4)."""
    lost, rest, _ = one_step(port, case, each_step(within(case.comparators, case.radius), case))
    last = play.call(port, case).rates[case.length - 1 :: case.length]
    yield at_least("slack", by_episode(rest, case) + 2 * case.radius**2 / last, by_episode(lost, case))


@play.law("closed form", cases=both.but(variant="adaptive"))
def adaptive_rates_begin_anew_with_each_episode_and_only_fall(port: Any, case: Case) -> Iterable[Fact]:
    """η = γD/√(α + Σ‖eᵢ‖²) over the steps made of the episode: γD/√α at first, never more, never rising (C10)."""
    _, rates, errors, _ = played(port, case)
    rates, spread = (x.reshape((case.episodes, case.length)) for x in (rates, squares(errors)))
    made = np.cumsum(spread, axis=1) - spread
    yield equal("rates", rates, case.gamma * case.radius / np.sqrt(case.alpha + made))
    yield at_least("fall", rates[:, :-1], rates[:, 1:])
    yield equal("first", rates[:, 0], case.gamma * case.radius / np.sqrt(case.alpha) + 0 * rates[:, 0])


@play.law("bound", cases=moved)
def displacements_stay_within_the_radius(port: Any, case: Case) -> Iterable[Fact]:
    """‖Δₙ‖ <= D in every step (R5)."""
    found = sizes(play.call(port, case).displacements)
    yield at_least("length", case.radius + 0 * found, found)


@play.law("closed form", cases=games.but(slope=nonzero))
def a_constant_gradient_is_followed_to_the_edge(port: Any, case: Case) -> Iterable[Fact]:
    """With gₙ = hₙ = c and Δ₀ = 0: Δₙ = -min(nη‖c‖, D)·c/‖c‖ (C1)."""
    same = 0 * case.grads + case.slope
    deltas, n = play.call(port, case, grads=same, hints=same).displacements, np.arange(len(same) + 1)
    shares = np.minimum(n * case.lr, case.radius / sizes(case.slope))
    yield equal("displacements", deltas, -shares[:, np.newaxis] * case.slope)


beyond = Quantity(lambda _draw, c: 1 + float(np.finfo(c.dtype).eps) ** 0.5 / 2, "1 and half the root of a rounding")


@play.misfits(cases=both.but(beyond=beyond))
def a_start_outside_and_adaptive_rates_without_a_radius_are_rejected(case: Case) -> Misfits:
    """A start longer than D, were it by half the root of a rounding, and variant "adaptive" without a radius, are
    rejected."""
    axis = 0 * case.start
    axis[0] = 1
    return {
        "start": {"start": 2 * case.radius + 0 * case.start},
        "start a little too long": {"start": case.radius * case.beyond * axis},
        "radius": {"variant": "adaptive", "radius": None},
    }


project.edits("""
projected_always: Every vector is stretched or shortened to the radius, also one inside of the ball
    `if radius is None or norm(vector) <= radius:` → `if radius is None or norm(vector) == 0:`
clipped_entry_by_entry: Each entry is clipped on its own, as a clip by value does: a box and no ball
    `unit * (radius / norm(unit))` → `np.clip(vector, -radius, radius)`
squares_are_summed_unscaled: ‖v‖ is the root of plain squares, which overflow long before v does
    `unit * (radius / norm(unit))` → `vector * (radius / np.sqrt(np.sum(vector * vector)))`
largest_entry_is_projected: The largest entry is brought to the radius, not the length
    `unit * (radius / norm(unit))` → `unit * radius`
""")
play.edits("""
hint_without_its_correction: The error of the last hint is not taken back: Δ - ηh
    `rate * (hint + error)` → `rate * hint`
gradient_and_hint_together: The step goes along g + h of the step before and not along h + (g - h of the step before)
    `error = grad - hint` → `error = grad`
error_of_the_wrong_sign: The error is h - g
    `error = grad - hint` → `error = hint - grad`
uphill: The step is made uphill
    `displacement - rate * (hint` → `displacement + rate * (hint`
radius_is_forgotten: The displacement is not projected
    `return project(displacement - rate * (hint + error), radius=radius)` →
        `return displacement - rate * (hint + error)`
adaptive_sum_is_never_reset: The adaptive sum goes on over all episodes
    `0 * spread if steps % length == 0 else norm(np.stack([spread, norm(error)]))` →
        `norm(np.stack([spread, norm(error)]))`
adaptive_sum_is_reset_a_step_late: The first step of an episode has the rate of the episode before
    `if steps % length == 0` → `if steps % length == 1 % length`
adaptive_rate_without_the_root: The adaptive rate is γD/(α + Σ‖eᵢ‖²)
    `norm(np.stack([0 * spread + alpha**0.5, spread]))` → `(alpha + spread**2)`
alpha_outside_the_root: The adaptive rate is γD/(α + √Σ‖eᵢ‖²)
    `norm(np.stack([0 * spread + alpha**0.5, spread]))` → `(alpha + spread)`
adaptive_rate_without_the_radius: The adaptive rate is γ/√(α + Σ‖eᵢ‖²), without D, and has other units
    `gamma * radius /` → `gamma /`
adaptive_sum_of_gradients: The adaptive sum is over gradients, as AdaGrad's, and not over errors
    `spread = spread_after(spread, error, n, length)` → `spread = spread_after(spread, grad, n, length)`
error_is_forgotten_with_the_episode: e is 0 again when an episode begins
    `error = grad - hint` → `error = (grad - hint) * (n % length != 0)`
""")
