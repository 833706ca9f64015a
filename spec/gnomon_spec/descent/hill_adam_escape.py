"""How far Adam's momentum carries Hill-ADAM, and the slope on which it turns on the spot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import adam
from gnomon.descent import hill_adam_escape as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.descent.hill_adam import system
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.strategies import ANY_SHAPE, SMALL_CODES, VECTORS, fraction, nonzero, number, tame, whole_range
from gnomon_spec.system import WITH_ROOM

HILLS = (0.3, 0.0, 0.01, 0.1, 0.25, 0.6, 1.0, 2.0, 5.0, 12.0)


def hills() -> Quantity:
    """Steepnesses, the flat among them, none so near to a power of a usual β that the number of steps is in doubt."""

    def draw_hills(draw: Draw, context: Context) -> Any:
        codes = [draw(SMALL_CODES) for _ in range(context.shape[0])]
        return np.array([HILLS[c % 10] * (1 + (c // 10) / 64) for c in codes], context.dtype)

    return Quantity(draw_hills, "array of the common shape: 0, or from 1/100 to 13")


rates = {"lr": number(0.01, 1.0, 0.1, exponents=(-10, 0))}
betas = {"beta1": fraction(0.9, 0.0, 0.5, closest=4), "beta2": fraction(0.999, 0.99, 0.9)}
climbs = Cases({**rates, **betas, "steepness": hills()}, VECTORS)
grads = Cases({**rates, "eps": number(1e-8, 1e-3, 1.0, exponents=(-30, 3)), "grad": tame()}, ANY_SHAPE)
climb = system.operation(reference.climb, cases=climbs, rejecting=climbs, dtypes=WITH_ROOM)
slope_change = system.operation(reference.slope_change, cases=grads, rejecting=grads, dtypes=WITH_ROOM)


@climb.law("closed form", cases=climbs)
def it_is_what_adam_does_at_the_foot_of_a_hill(port: Any, case: Case) -> Iterable[Fact]:
    """Adam that has come down a slope of -1 for long (m = -1, v = 1, no corrections left), ε = 0, goes up a hill of
    slope h by C(h) before it turns (H16)."""
    height, steps = port.climb(case.steepness, **case.hyper)
    h = case.steepness
    given = {**case.hyper, "eps": 0.0}
    state = adam.AdamState(0 * h - 1, 0 * h + 1, 0 * h, 10**9)
    x, peak, at = 0 * h, 0 * h, 0 * h
    for j in range(1, 80):
        x, state = adam.step(x, h, state, **given)
        peak, at = np.where(x > peak, x, peak), np.where(x > peak, j + 0 * h, at)
    hilly = h > 0
    yield equal("height", height[hilly], peak[hilly])
    yield equal("steps", steps[hilly], at[hilly])


@climb.law("closed form", cases=climbs.but(steepness=Quantity(lambda _draw, c: np.zeros(c.shape, c.dtype), "zeros")))
def on_the_flat_it_coasts_by_a_geometric_series(port: Any, case: Case) -> Iterable[Fact]:
    """For h = 0 it is lr·β₁/(√β₂ - β₁), in infinitely many steps; without end where β₁ >= √β₂."""
    height, steps = port.climb(case.steepness, **case.hyper)
    gap = np.sqrt(case.beta2) - case.beta1
    expected = case.lr * case.beta1 / gap if gap > 0 else np.inf
    yield equal("height", height, expected + 0 * case.steepness)
    yield identical("steps", steps, np.inf + case.steepness)


@slope_change.law("closed form", cases=grads.but(grad=nonzero, power=whole_range()))
def it_does_not_leave_the_range_before_the_gradient_does(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients and ε times 2ᵏ give 2ᵏ times as much, for any k that there is room for."""
    scale = 2.0**case.power
    change = port.slope_change(case.grad, **case.hyper)
    yield equal("scaled", port.slope_change(scale * case.grad, lr=case.lr, eps=scale * case.eps), scale * change)


climb.edits("""
hill_counted_once: A hill as steep as the slope before counts once: the gradient's change is taken for h, not 1 + h
    `(1 + h) - h` → `h`
flat_is_finite: On the flat it is said to come to rest after no steps
    `np.where(flat, inf, steps)` → `steps`
flat_by_the_first_moment_alone: On the flat only the first moment fades: lr·β₁/(1-β₁)
    `beta1 / beta2**0.5 if beta2 > 0 else inf` → `beta1`
""")
slope_change.edits("""
length_instead_of_sum: The change of the loss is taken for lr times the length of the gradient
    `np.sum(size * (size / (size + eps)))` → `np.sqrt(np.sum(size * size))`
squares_overflow: The entries are squared first, and large ones overflow
    `size * (size / (size + eps))` → `size * size / (size + eps)`
epsilon_left_out: ε is left out of Adam's denominator
    `size + eps` → `size`
""")
