"""What the constants of a function give: bounds of runs, on every path and in the mean."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from gnomon_spec.cases import Case, choice, constant
from gnomon_spec.descent.odog.inputs import by_episode, constants, each_step, inner, noise, opposite, rate_within, sizes
from gnomon_spec.descent.odog.method import plain, radii, run, shared, whole
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import shapes

none = constant(None)
safe = plain.but(lr=rate_within(0.8, 0.5, 0.25))


@run.law("bound", cases=safe.but(hint=choice("double", "previous"), variant=choice("constant", "adaptive")))
def hints_are_wrong_by_at_most_half_a_turn(port: Any, case: Case) -> Iterable[Fact]:
    """‖eₙ‖ <= (L₁/2)‖Δₙ - Δₙ₋₁‖ for "double", as wₙ - zₙ₋₁ = (Δₙ - Δₙ₋₁)/2; with + for "previous", n >= 2."""
    found, (L1, _) = run.call(port, case), constants(case.objective)
    deltas, errors = found.displacements, found.grads - found.hints
    apart = deltas[1:] - deltas[:-1] if case.hint == "double" else deltas[1:] + deltas[:-1]
    skip = 0 if case.hint == "double" else 1
    yield at_least("errors", (L1 / 2 * sizes(apart))[skip:], sizes(errors)[skip:])
    z = found.points[:-1] + deltas[:-1] / 2
    yield equal("apart", found.midpoints - z, (deltas[1:] - deltas[:-1]) / 2)


@run.law("bound", cases=shared.but(variant="constant", positions=none))
def a_midpoint_sees_the_fall_up_to_the_third_order(port: Any, case: Case) -> Iterable[Fact]:
    """|F(xₙ) - F(xₙ₋₁) - ⟨∇F(wₙ), Δₙ⟩| <= (L₂/24)‖Δₙ‖³."""
    found, f, (_, L2) = run.call(port, case), case.objective, constants(case.objective)
    for n in range(case.episodes * case.length):
        delta = found.displacements[n + 1]
        rest = f.value(found.points[n + 1]) - f.value(found.points[n]) - np.sum(f.gradient(found.midpoints[n]) * delta)
        yield at_least(f"step {n}", L2 / 24 * np.sum(delta * delta) ** 1.5, np.abs(rest))


@run.law("bound", cases=shared.but(variant="constant", positions=none, start=none))
def an_average_is_as_stationary_as_its_gradients(port: Any, case: Case) -> Iterable[Fact]:
    """‖∇F(w̄)‖ <= ‖mean ∇F(wₙ)‖ + (L₂/2)·V, V the variance of the midpoints, at most D²(T² - 1)/12; all of them are
    within D(T - 1)/2 of w̄, and so ⟨∇F(wₙ), ∇F(w̄)⟩ >= ‖∇F(w̄)‖(‖∇F(w̄)‖ - L₁D(T - 1)/2): no vector of their convex hull is
    shorter than ‖∇F(w̄)‖ - L₁D(T - 1)/2."""
    found, f, T, D = run.call(port, case), case.objective, case.length, case.radius
    L1, L2 = constants(f)
    for k in range(case.episodes):
        w, mean = found.midpoints[k * T : (k + 1) * T], found.averages[k]
        true = np.stack([f.gradient(each) for each in w])
        size, spread = sizes(f.gradient(mean)), np.mean(np.sum((w - mean) ** 2, axis=1))
        yield at_least(f"gradient {k}", sizes(np.mean(true, axis=0)) + L2 / 2 * spread, size)
        yield at_least(f"variance {k}", D * D * (T * T - 1) / 12, spread)
        yield at_least(f"distance {k}", D * (T - 1) / 2, np.max(sizes(w - mean)))
        yield at_least(f"Goldstein {k}", inner(true, f.gradient(mean)), size * (size - L1 * D * (T - 1) / 2))


@run.law("bound", cases=safe)
def gradients_of_averages_are_small_on_average(port: Any, case: Case) -> Iterable[Fact]:
    """(1/K)Σ‖ḡₖ‖ <= (F(x₀) - F(x_M))/(DM) + (4 - 3.5/K)D/(ηT) + L₂D²/24, and with T² in the last term for ‖∇F(w̄ₖ)‖."""
    found, f, T, K, D = run.call(port, case), case.objective, case.length, case.episodes, case.radius
    _, L2 = constants(f)
    fall = (f.value(found.points[0]) - f.value(found.points[-1])) / (D * K * T)
    bound = fall + (4 - 3.5 / K) * D / (case.lr * T)
    yield at_least("mean gradients", bound + L2 * D * D / 24, np.mean(sizes(found.mean_grads)))
    gradients = np.stack([f.gradient(mean) for mean in found.averages])
    yield at_least("averages", bound + L2 * D * D * T * T / 24, np.mean(sizes(gradients)))


@run.law(
    "bound",
    cases=whole.but(
        radius=radii, samples=noise, variant="constant", positions=none, hint=choice("double", "previous", "zero")
    ),
)
def every_noisy_path_obeys_its_own_bound(port: Any, case: Case) -> Iterable[Fact]:
    """TD·Σ‖mean ∇F(wₙ)‖ <= F(x₀) - F(x_M) + (L₂/24)Σ‖Δₙ‖³ + Reg + Σ⟨gₙ - ∇F(wₙ), uₖ - Δₙ⟩, u against mean ∇F(wₙ)."""
    found, f, T, D = run.call(port, case), case.objective, case.length, case.radius
    _, L2 = constants(f)
    true, deltas = np.stack([f.gradient(w) for w in found.midpoints]), found.displacements[1:]
    means = np.stack([np.mean(true[k * T : (k + 1) * T], axis=0) for k in range(case.episodes)])
    u = each_step(opposite(means, D), case)
    lost = np.sum(inner(found.grads, deltas - u)) + np.sum(inner(found.grads - true, u - deltas))
    fall = f.value(found.points[0]) - f.value(found.points[-1]) + L2 / 24 * np.sum(sizes(deltas) ** 3)
    yield at_least("path", fall + lost, T * D * np.sum(sizes(means)))


few = safe.but(
    lr=rate_within(0.5, 0.25, 0.125), length=choice(1, 2), episodes=choice(2, 1), size=choice(0.125, 0.5, 2.0)
)


@run.law("statistical", cases=few.shaped(shapes((1,))))
def the_regret_is_small_in_the_mean_over_all_noise(port: Any, case: Case) -> Iterable[Fact]:
    """E Reg <= (4K - 3.5)D²/η + 4.5ηMσ² for η <= 1/(√3·L₁), against the comparators that the noise makes the worst; and
    E (1/K)Σ‖mean ∇F(wₙ)‖ <= E(F(x₀) - F(x_M))/(DM) + (4 - 3.5/K)D/(ηT) + 4.5ησ²/D + σ/√T + L₂D²/24.

    All 2^(M+1) patterns of noise ±σ are gone through: their mean is the expectation, and the false alarm has
    probability 0.
    """
    f, T, K, D, sigma = case.objective, case.length, case.episodes, case.radius, case.size
    lost, fall, norms, (_, L2) = [], [], [], constants(f)
    for signs in product((-1.0, 1.0), repeat=K * T + 1):
        found = run.call(port, case, samples=sigma * np.array(signs)[:, np.newaxis])
        sums = np.abs(by_episode(found.grads[:, 0], case))
        lost.append(np.sum(found.grads * found.displacements[1:]) + D * np.sum(sums))
        fall.append(f.value(found.points[0]) - f.value(found.points[-1]))
        true = np.stack([f.gradient(w)[0] for w in found.midpoints])
        norms.append(np.mean(np.abs(by_episode(true, case))) / T)
    regret = (4 * K - 3.5) * D * D / case.lr + 4.5 * case.lr * K * T * sigma**2
    yield at_least("expectation", regret, sum(lost) / len(lost))
    rest = regret / (D * K * T) + sigma / T**0.5 + L2 * D * D / 24
    yield at_least("gradient", sum(fall) / len(fall) / (D * K * T) + rest, sum(norms) / len(norms))
