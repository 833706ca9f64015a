"""The rate as a function of κ."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import inf
from typing import Any

import numpy as np

from gnomon.descent.homotopy import rate as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import (
    HIGHEST,
    alpha,
    braking,
    declare_order_of_bounds,
    max_lr,
    min_lr,
    near_one,
    positive,
    power,
    single,
)
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import number, shapes
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
    """For κ <= target lr = b, above it lr = b·target/(α·κ + (1-α)·target); with α = 1, lr = b·min(1, target/κ)."""
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


@rate.law("closed form", cases=plain.but(alpha=braking))
def the_half_points_differ(port: Any, case: Case) -> Iterable[Fact]:
    """lr = b/2 at κ = target·(1 + 1/α) by the code's formula, at κ = target/α by the README's."""
    half = case.base_lr / 2
    yield equal("standard", rate.call(port, case, curvature=case.target * (1 + 1 / case.alpha)), half)
    yield equal("readme", rate.call(port, case, curvature=case.target / case.alpha, variant="readme"), half)


@rate.law("bound", cases=plain.but(alpha=braking))
def the_formula_of_the_readme_is_never_above(port: Any, case: Case) -> Iterable[Fact]:
    """The README's rate is at most the code's, and b only for κ = 0; at κ = target it is b/(1+α) and not b."""
    readme = partial(rate.call, port, case, variant="readme")
    yield at_least("readme", rate.call(port, case), readme())
    yield equal("no curvature", readme(curvature=0 * case.curvature), case.base_lr)
    yield equal("at the target", readme(curvature=case.target), case.base_lr / (1 + case.alpha))


@rate.law("limit", cases=rates.but(alpha=0.0))
def without_alpha_the_curvature_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """With α = 0 the rate is b, kept within its bounds, for every κ."""
    yield equal("rate", rate.call(port, case), np.clip(case.base_lr, case.min_lr, case.max_lr))


@rate.law("limit", cases=plain.but(alpha=braking, far=single(number(1.0, 2.0, exponents=(10, 30)))))
def far_above_the_target_it_is_the_inverse_of_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """For κ >= target, α·κ·lr/(b·target) = 1/(1 + (1-α)·target/(α·κ)): it tends to 1, and is 1 for α = 1."""
    kappa = case.target * (1 + case.far)
    found = port.rate(kappa, case.target, **case.hyper)
    rest = (1 - case.alpha) * case.target / (case.alpha * kappa)
    yield equal("tail", case.alpha * kappa * found / (case.base_lr * case.target), 1 / (1 + rest))


@rate.law("limit", cases=rates.but(alpha=braking, curvature=single(choice(inf)), target=single(positive)))
def infinite_curvature_gives_the_lowest_rate(port: Any, case: Case) -> Iterable[Fact]:
    """At κ = ∞, where the gradient is 0, lr = min_lr."""
    yield equal("rate", rate.call(port, case), case.min_lr)


@rate.law("limit", cases=free.but(variant=choice("standard", "readme"), alpha=braking, target=single(choice(0.0))))
def a_target_of_0_is_defined(port: Any, case: Case) -> Iterable[Fact]:
    """With target 0, lr = b for κ = 0 and the lowest rate for every other κ."""
    yield equal("no curvature", port.rate(case.target, case.target, **case.hyper), case.base_lr)
    yield equal("curvature", rate.call(port, case), case.min_lr)


rate.symmetry(
    "invariance",
    "curvature_and_target_scale_together",
    "Only κ/target matters: both times 2ᵏ, as by a loss 2ᵏ times smaller, change no bit",
    cases=plain.but(variant=choice("standard", "readme"), power=power),
    inputs={"curvature": scaled, "target": scaled},
    outputs={"rate": unchanged},
    same=identical,
)


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
