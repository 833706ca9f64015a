"""The rate as a function of κ, and the target that the curvatures of the past set."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import inf
from typing import Any

import numpy as np

from gnomon.descent.homotopy import rate as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import (
    HIGHEST,
    alpha,
    any_number,
    braking,
    declare_order_of_bounds,
    max_lr,
    min_lr,
    near_one,
    positive,
    series,
)
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import CODES, SMALL_CODES, count, number, shapes, single
from gnomon_spec.system import WITH_ROOM

VARIANT = choice(*reference.VARIANTS)
curvature = number(1.0, 0.0, 2.0, 0.5, 3.0, inf, exponents=(-34, 20))
target = number(1.0, 2.0, 0.5, 0.0, 4.0, exponents=(-34, 20))
rates = Cases({"curvature": single(curvature), "target": single(target)}, shapes(())).but(
    base_lr=number(1e-3, 1.0, 4.0, 0.5, exponents=(-8, 6)), alpha=alpha, min_lr=min_lr, max_lr=max_lr, variant=VARIANT
)
finite = rates.but(curvature=single(positive), target=single(positive))
free = finite.but(min_lr=0.0, max_lr=HIGHEST)
plain = free.but(variant="standard")
rate = system.operation(reference.rate, cases=rates, dtypes=WITH_ROOM)
declare_order_of_bounds(rate)


@rate.law("closed form", cases=plain.but(alpha=braking))
def above_the_target_the_rate_falls_with_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """For κ <= target lr = b, above it lr = b·target/(α·κ + (1-α)·target), which tends to b·target/(α·κ); with α = 1,
    lr = b·min(1, target/κ). Only κ/target matters."""
    found = rate.call(port, case)
    above = case.base_lr * case.target / (case.alpha * case.curvature + (1 - case.alpha) * case.target)
    yield equal("rate", found, np.where(case.curvature <= case.target, case.base_lr, above))
    simple = case.base_lr * np.minimum(1, case.target / case.curvature)
    yield equal("alpha = 1", rate.call(port, case, alpha=1.0), simple)


# Numbers of every dtype, so that a bound and the rate that meets it are the same to the bit.
exact = choice(0.5, 0.125, 2.0, 0.0009765625, 0.25)


@rate.law(
    "bound", cases=rates.but(base_lr=exact, min_lr=choice(0.0, 0.0625, 2.0**-12), max_lr=choice(1.0, 0.0625, 0.25))
)
def the_rate_lies_within_its_bounds(port: Any, case: Case) -> Iterable[Fact]:
    """min_lr <= lr <= max_lr always, and lr <= b if b lies between the two."""
    found = rate.call(port, case)
    yield at_least("min_lr", found, case.min_lr)
    yield at_least("max_lr", case.max_lr, found)
    yield at_least("base_lr", np.maximum(case.base_lr, case.min_lr), found)


@rate.law("bound", cases=finite.but(more=near_one))
def more_curvature_or_alpha_never_raises_the_rate(port: Any, case: Case) -> Iterable[Fact]:
    """lr falls with κ and α, rises with the target and b."""
    found, more = rate.call(port, case), 1 + case.more
    yield at_least("more curvature", found, rate.call(port, case, curvature=case.curvature * more))
    yield at_least("more target", rate.call(port, case, target=case.target * more), found)
    yield at_least("more alpha", found, rate.call(port, case, alpha=case.alpha + case.more))
    yield at_least("more base_lr", rate.call(port, case, base_lr=case.base_lr * more), found)


@rate.law("bound", cases=plain.but(alpha=braking))
def the_formula_of_the_readme_is_never_above(port: Any, case: Case) -> Iterable[Fact]:
    """The README's rate, b/(1 + α·κ/target), is at most the code's, and b only for κ = 0. It is b/(1+α) and not b at
    the target; b/2 at κ = target/α, where the code's is b/2 at target·(1 + 1/α)."""
    readme = partial(rate.call, port, case, variant="readme")
    yield at_least("readme", rate.call(port, case), readme())
    for label, ratio in (("anywhere", case.curvature / case.target), ("no curvature", 0.0), ("half", 1 / case.alpha)):
        expected = case.base_lr / (1 + case.alpha * ratio)
        yield equal(label, readme(curvature=ratio * case.target), expected)
    yield equal("code's half", rate.call(port, case, curvature=case.target * (1 + 1 / case.alpha)), case.base_lr / 2)


@rate.law("limit", cases=rates.but(alpha=0.0))
def without_alpha_the_curvature_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """With α = 0 the rate is b, kept within its bounds, for every κ."""
    yield equal("rate", rate.call(port, case), np.clip(case.base_lr, case.min_lr, case.max_lr))


@rate.law("limit", cases=rates.but(alpha=braking, curvature=single(choice(inf)), target=single(positive)))
def infinite_curvature_gives_the_lowest_rate(port: Any, case: Case) -> Iterable[Fact]:
    """At κ = ∞, where the gradient is 0, lr = min_lr."""
    yield equal("rate", rate.call(port, case), case.min_lr)


@rate.law("limit", cases=free.but(variant=choice("standard", "readme"), alpha=braking, target=single(choice(0.0))))
def a_target_of_0_is_defined(port: Any, case: Case) -> Iterable[Fact]:
    """With target 0, lr = b for κ = 0 and the lowest rate for every other κ."""
    yield equal("no curvature", port.rate(case.target, case.target, **case.hyper), case.base_lr)
    yield equal("curvature", rate.call(port, case), case.min_lr)


@rate.law(
    "closed form", cases=free.but(variant="code", alpha=1.0, target=single(number(2.0**-33, exponents=(-36, -30))))
)
def the_code_adds_to_the_target(port: Any, case: Case) -> Iterable[Fact]:
    """Variant "code" takes target + 1e-10 for the target: with 1e-10 the rate at κ = 4e-10 is b/2 and not b/4."""
    kappa = 2 * (case.target + 1e-10)
    yield equal("rate", port.rate(kappa, case.target, **case.hyper), case.base_lr / 2)


CLIPPED, EXCESS = "np.clip(free, min_lr, max_lr)", 'relative if variant == "readme" else np.maximum(relative - 1, 0)'
GUARD = '1e-10 if variant == "code" else 0.0'
rate.edits(f"""
code_without_its_guard: Variant "code" does without the 1e-10 that the code adds to the target
    `{GUARD}` → `0.0`
guard_in_every_variant: 1e-10 is added to the target in the other variants, too: the rate depends on the units of the
    loss
    `{GUARD}` → `1e-10`
the_readme_taken_for_the_code: The formula is the README's, b/(1 + α·κ/target), in every variant
    `{EXCESS}` → `relative`
the_code_taken_for_the_readme: The formula is the code's although the README's is asked for
    `{EXCESS}` → `np.maximum(relative - 1, 0)`
below_the_target_the_rate_rises: The maximum with 0 is missing: below the target the rate is above b
    `np.maximum(relative - 1, 0)` → `relative - 1`
rate_without_bounds: The rate is not kept within min_lr and max_lr
    `{CLIPPED}` → `free`
bounds_before_the_formula: b is kept within min_lr and max_lr, and the formula applied afterwards
    `` → `base_lr = min(max(base_lr, min_lr), max_lr)`, `{CLIPPED}` → `free`
below_the_target_without_bounds: Where κ <= target b itself is returned, whatever min_lr and max_lr are
    `{CLIPPED}` → `base_lr + 0 * free if curvature <= target else {CLIPPED}`
alpha_times_the_whole_ratio: α multiplies κ/target before 1 is taken off: b/(1 + max(0, α·κ/target - 1))
    `np.maximum(relative - 1, 0)` → `np.maximum(alpha * relative - 1, 0) / alpha`
alpha_left_out: α is accepted and taken for 1
    `` → `alpha = 1.0`
ratio_upside_down: target/κ stands for κ/target: the rate is lowered where the curvature is small
    `` → `curvature, target = target, curvature`
zero_over_zero: 0/0 is not looked at: the rate is NaN for κ = target = 0, and for κ = ∞ where α = 0
    `if alpha == 0:` → `if False:`, `ratio(curvature, target + guard)` → `curvature / (target + guard)`
""")


# With at most 12 curvatures k·q is never within 1/32 of an integer, so that rounding cannot decide the index.
PERCENTILES = choice(0.71875, 0.53125, 0.28125, 0.03125, 0.90625, 0.84375, 0.96875)


def distinct(most: int) -> Quantity:
    """Different positive numbers in any order, shape (k,), k from 1 to `most`."""

    def draw_distinct(draw: Draw, context: Context) -> Any:
        size = 1 + draw(SMALL_CODES) % most
        order = np.random.Generator(np.random.PCG64(draw(CODES))).permutation(size)
        return np.array([1 + 2.0**-3 * k for k in range(size)], context.dtype)[order]

    return Quantity(draw_distinct, f"1 to {most} different numbers from 1 to 3")


histories = Cases({"history": series(any_number, 12)}, shapes(())).but(
    percentile=PERCENTILES, window=count(1000, 3, 5, low=1, high=12)
)
unlimited = histories.but(window=1000)
adaptive_target = system.operation(reference.adaptive_target, cases=histories, dtypes=WITH_ROOM)


@adaptive_target.law("bound", cases=unlimited.but(history=distinct(12)))
def the_target_is_a_quantile(port: Any, case: Case) -> Iterable[Fact]:
    """Of k different curvatures the fraction above the target is at most 1-q and more than 1-q-1/k."""
    found = port.adaptive_target(case.history, **case.hyper)
    size = case.history.shape[0]
    above = np.sum(np.where(case.history > found, 1.0, 0.0))
    yield at_least("not more", (1 - case.percentile) * size, above)
    yield at_least("not fewer", above, (1 - case.percentile) * size - 1)
    yield agree("one of them", bool(np.any(case.history == found)), True)


@adaptive_target.law("limit", cases=unlimited)
def the_ends_are_the_extremes(port: Any, case: Case) -> Iterable[Fact]:
    """q = 0 gives the smallest curvature and q = 1 the largest."""
    for percentile, extreme in ((0.0, np.min(case.history)), (1.0, np.max(case.history))):
        yield identical(f"q = {percentile:g}", port.adaptive_target(case.history, percentile=percentile), extreme)


@adaptive_target.law("invariance", cases=histories.but(older=series(any_number, 4)))
def only_the_window_counts_and_not_its_order(port: Any, case: Case) -> Iterable[Fact]:
    """What is older than the window does not count, nor does the order within it."""
    recent = case.history[-case.window :]
    found = port.adaptive_target(recent, **case.hyper)
    yield identical("reversed", port.adaptive_target(recent[::-1], **case.hyper), found)
    longer = np.concatenate([case.older, recent])
    narrow = {**case.hyper, "window": recent.shape[0]}
    yield identical("older", port.adaptive_target(longer, **narrow), found)


WINDOW, SORTED = "history[-window:]", "np.sort(history[-window:])"
adaptive_target.edits(f"""
interpolated_percentile: The percentile is interpolated between two curvatures, as numpy.percentile does
    `return recent[min(int(np.floor(k * percentile)), k - 1)]` → `place = (k - 1) * percentile
        low = int(np.floor(place))
        return recent[low] + (place - low) * (recent[min(low + 1, k - 1)] - recent[low])`
index_of_one_curvature_fewer: The index is ⌊(k-1)·q⌋ instead of ⌊k·q⌋
    `k * percentile` → `(k - 1) * percentile`
index_rounded_up: The index is rounded up and not down
    `np.floor(k * percentile)` → `np.floor(k * percentile) + 1`
whole_history_counts: The window is ignored: all curvatures count for ever
    `{WINDOW}` → `history`
oldest_curvatures_count: The window holds the first curvatures and not the last
    `{WINDOW}` → `history[:window]`
curvatures_are_not_sorted: The curvature at the index is taken in the order of time
    `{SORTED}` → `{WINDOW}`
sorted_downwards: The curvatures are sorted from the largest down
    `{SORTED}` → `{SORTED}[::-1]`
target_in_units_of_its_own: A small number is added to the target, so that it does not scale with the curvatures
    `{SORTED}` → `{SORTED} + 1e-2`
""")
