"""The rate as a function of κ."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.descent.homotopy import rate as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.quantities import (
    BAD_BOUNDS,
    HIGHEST,
    alpha,
    braking,
    exponent,
    max_lr,
    min_lr,
    near_one,
    positive,
    rejected,
    rejected_numbers,
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
plain = free.but(variant="reference")
rate = system.operation(reference.rate, cases=rates, dtypes=WITH_ROOM)


@rate.law("closed form", cases=plain.but(alpha=braking))
def above_the_target_the_rate_falls_with_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """For κ <= target lr = b, above it lr = b·target/(α·κ + (1-α)·target); with α = 1, lr = b·min(1, target/κ)."""
    found = port.rate(case.curvature, case.target, **case.hyper)
    above = case.base_lr * case.target / (case.alpha * case.curvature + (1 - case.alpha) * case.target)
    yield equal("rate", found, np.where(case.curvature <= case.target, case.base_lr, above))
    simple = port.rate(case.curvature, case.target, **{**case.hyper, "alpha": 1.0})
    yield equal("alpha = 1", simple, case.base_lr * np.minimum(1, case.target / case.curvature))


# Numbers of every dtype, so that a bound and the rate that meets it are the same to the bit.
exact = choice(0.5, 0.125, 2.0, 0.0009765625, 0.25)


@rate.law(
    "bound", cases=rates.but(base_lr=exact, min_lr=choice(0.0, 0.0625, 2.0**-12), max_lr=choice(1.0, 0.0625, 0.25))
)
def the_rate_lies_within_its_bounds(port: Any, case: Case) -> Iterable[Fact]:
    """min_lr <= lr <= max_lr always, and lr <= b if b lies between the two."""
    found = port.rate(case.curvature, case.target, **case.hyper)
    yield at_least("min_lr", found, case.min_lr)
    yield at_least("max_lr", case.max_lr, found)
    yield at_least("base_lr", np.maximum(case.base_lr, case.min_lr), found)


@rate.law("bound", cases=finite.but(more=near_one))
def more_curvature_or_alpha_never_raises_the_rate(port: Any, case: Case) -> Iterable[Fact]:
    """lr falls with κ and α, rises with the target and b."""
    found = port.rate(case.curvature, case.target, **case.hyper)
    more = 1 + case.more
    yield at_least("more curvature", found, port.rate(case.curvature * more, case.target, **case.hyper))
    yield at_least("more target", port.rate(case.curvature, case.target * more, **case.hyper), found)
    changed = {**case.hyper, "alpha": case.alpha + case.more}
    yield at_least("more alpha", found, port.rate(case.curvature, case.target, **changed))
    changed = {**case.hyper, "base_lr": case.base_lr * more}
    yield at_least("more base_lr", port.rate(case.curvature, case.target, **changed), found)


@rate.law("closed form", cases=plain.but(alpha=braking))
def the_half_points_differ(port: Any, case: Case) -> Iterable[Fact]:
    """lr = b/2 at κ = target·(1 + 1/α) by the code's formula, at κ = target/α by the README's."""
    half = case.base_lr / 2
    yield equal("reference", port.rate(case.target * (1 + 1 / case.alpha), case.target, **case.hyper), half)
    readme = {**case.hyper, "variant": "readme"}
    yield equal("readme", port.rate(case.target / case.alpha, case.target, **readme), half)


@rate.law("bound", cases=plain.but(alpha=braking))
def the_formula_of_the_readme_is_never_above(port: Any, case: Case) -> Iterable[Fact]:
    """The README's rate is at most the code's, and b only for κ = 0; at κ = target it is b/(1+α) and not b."""
    readme = {**case.hyper, "variant": "readme"}
    found = port.rate(case.curvature, case.target, **readme)
    yield at_least("readme", port.rate(case.curvature, case.target, **case.hyper), found)
    yield equal("no curvature", port.rate(0 * case.curvature, case.target, **readme), case.base_lr)
    yield equal("at the target", port.rate(case.target, case.target, **readme), case.base_lr / (1 + case.alpha))


@rate.law("limit", cases=rates.but(alpha=0.0))
def without_alpha_the_curvature_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """With α = 0 the rate is b, kept within its bounds, for every κ."""
    found = port.rate(case.curvature, case.target, **case.hyper)
    yield equal("rate", found, np.clip(case.base_lr, case.min_lr, case.max_lr))


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
    yield equal("rate", port.rate(case.curvature, case.target, **case.hyper), case.min_lr)


@rate.law("limit", cases=free.but(variant=choice("reference", "readme"), alpha=braking, target=single(choice(0.0))))
def a_target_of_nothing_is_defined(port: Any, case: Case) -> Iterable[Fact]:
    """With target 0, lr = b for κ = 0 and the lowest rate for every other κ."""
    yield equal("no curvature", port.rate(case.target, case.target, **case.hyper), case.base_lr)
    yield equal("curvature", port.rate(case.curvature, case.target, **case.hyper), case.min_lr)


@rate.law("invariance", cases=plain.but(variant=choice("reference", "readme"), exponent=exponent))
def curvature_and_target_scale_together(port: Any, case: Case) -> Iterable[Fact]:
    """Only κ/target matters: both times 2ᵏ, as by a loss 2ᵏ times smaller, change no bit."""
    scale = 2.0**case.exponent
    found = port.rate(case.curvature, case.target, **case.hyper)
    yield identical("rate", port.rate(case.curvature * scale, case.target * scale, **case.hyper), found)


@rate.law(
    "closed form", cases=free.but(variant="code", alpha=1.0, target=single(number(2.0**-33, exponents=(-36, -30))))
)
def the_code_adds_to_the_target(port: Any, case: Case) -> Iterable[Fact]:
    """Variant "code" takes target + 1e-10 for the target: with 1e-10 the rate at κ = 4e-10 is b/2 and not b/4."""
    kappa = 2 * (case.target + 1e-10)
    yield equal("rate", port.rate(kappa, case.target, **case.hyper), case.base_lr / 2)


BAD = (
    *BAD_BOUNDS,
    ("alpha = -0.5", {"alpha": -0.5}),
    ("alpha = nan", {"alpha": nan}),
    ("variant", {"variant": "best"}),
)


@rate.law("rejects", cases=finite.but(variant="reference"))
def bad_rates_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A κ or a target that is negative or NaN, a b that is not positive, a negative α and min_lr > max_lr are
    rejected."""
    yield from rejected(lambda **hyper: port.rate(case.curvature, case.target, **hyper), case.hyper, BAD)
    yield from rejected_numbers(lambda x: port.rate(x, case.target, **case.hyper), "curvature", case.curvature)
    yield from rejected_numbers(lambda x: port.rate(case.curvature, x, **case.hyper), "target", case.target)


def bounded(found: Any, hyper: dict[str, Any]) -> Any:
    """Return a rate within the bounds of the case."""
    return np.clip(found, hyper["min_lr"], hyper["max_lr"])


@system.mistake("rate")
def code_without_its_guard(curvature: Any, target: Any, **hyper: Any) -> Any:
    """Variant "code" does without the 1e-10 that the code adds to the target."""
    variant = "reference" if hyper["variant"] == "code" else hyper["variant"]
    return reference.rate(curvature, target, **{**hyper, "variant": variant})


@system.mistake("rate")
def the_readme_taken_for_the_code(curvature: Any, target: Any, **hyper: Any) -> Any:
    """The formula is the README's, b/(1 + α·κ/target), in every variant."""
    return reference.rate(curvature, target, **{**hyper, "variant": "readme"})


@system.mistake("rate")
def the_code_taken_for_the_readme(curvature: Any, target: Any, **hyper: Any) -> Any:
    """The formula is the code's although the README's is asked for."""
    variant = "reference" if hyper["variant"] == "readme" else hyper["variant"]
    return reference.rate(curvature, target, **{**hyper, "variant": variant})


@system.mistake("rate")
def below_the_target_the_rate_rises(curvature: Any, target: Any, **hyper: Any) -> Any:
    """The maximum with 0 is missing: below the target the rate is above b."""
    right = reference.rate(curvature, target, **hyper)
    if hyper["variant"] == "readme" or hyper["alpha"] == 0:
        return right
    excess = reference.ratio(curvature, target + 1e-10 if hyper["variant"] == "code" else target) - 1
    return bounded(hyper["base_lr"] / (1 + hyper["alpha"] * excess), hyper)


@system.mistake("rate")
def rate_without_bounds(curvature: Any, target: Any, **hyper: Any) -> Any:
    """The rate is not kept within min_lr and max_lr."""
    reference.rate(curvature, target, **hyper)
    return reference.unbounded(curvature, target, hyper["base_lr"], hyper["alpha"], hyper["variant"])


@system.mistake("rate")
def bounds_before_the_formula(curvature: Any, target: Any, **hyper: Any) -> Any:
    """b is kept within min_lr and max_lr, and the formula applied afterwards."""
    reference.rate(curvature, target, **hyper)
    base = min(max(hyper["base_lr"], hyper["min_lr"]), hyper["max_lr"])
    return reference.unbounded(curvature, target, base, hyper["alpha"], hyper["variant"])


@system.mistake("rate")
def below_the_target_without_bounds(curvature: Any, target: Any, **hyper: Any) -> Any:
    """Where κ <= target b itself is returned, whatever min_lr and max_lr are."""
    right = reference.rate(curvature, target, **hyper)
    return np.where(curvature <= target, hyper["base_lr"] + 0 * np.ones_like(right), right)


@system.mistake("rate")
def alpha_times_the_whole_ratio(curvature: Any, target: Any, **hyper: Any) -> Any:
    """α multiplies κ/target before 1 is taken off: b/(1 + max(0, α·κ/target - 1))."""
    right = reference.rate(curvature, target, **hyper)
    if hyper["variant"] == "readme" or hyper["alpha"] == 0:
        return right
    whole = hyper["alpha"] * reference.ratio(curvature, target + 1e-10 if hyper["variant"] == "code" else target)
    return bounded(hyper["base_lr"] / (1 + np.maximum(whole - 1, 0)), hyper)


@system.mistake("rate")
def alpha_left_out(curvature: Any, target: Any, **hyper: Any) -> Any:
    """α is accepted and taken for 1."""
    reference.rate(curvature, target, **hyper)
    return reference.rate(curvature, target, **{**hyper, "alpha": 1.0})


@system.mistake("rate")
def ratio_upside_down(curvature: Any, target: Any, **hyper: Any) -> Any:
    """target/κ stands for κ/target: the rate is lowered where the curvature is small."""
    return reference.rate(target, curvature, **hyper)


@system.mistake("rate")
def guard_in_every_variant(curvature: Any, target: Any, **hyper: Any) -> Any:
    """1e-10 is added to the target in the other variants, too: the rate depends on the units of the loss."""
    return (
        reference.rate(curvature, target + 1e-10, **hyper)
        if hyper["variant"] != "code"
        else reference.rate(curvature, target, **hyper)
    )


@system.mistake("rate")
def nothing_over_nothing(curvature: Any, target: Any, **hyper: Any) -> Any:
    """0/0 is not looked at: the rate is NaN for κ = target = 0, and 0·∞ for α = 0."""
    right = reference.rate(curvature, target, **hyper)
    excess = curvature / (target + 1e-10 if hyper["variant"] == "code" else target)
    excess = excess if hyper["variant"] == "readme" else np.maximum(excess - 1, 0)
    return bounded(hyper["base_lr"] / (1 + hyper["alpha"] * excess), hyper) + 0 * right


@system.mistake("rate")
def rates_are_not_checked(curvature: Any, target: Any, **hyper: Any) -> Any:
    """Any number is accepted."""
    kappa, aim = np.abs(np.nan_to_num(curvature)), np.abs(np.nan_to_num(target))
    good = (curvature == kappa) & (target == aim)
    if bool(good) and 0 < hyper["base_lr"] < inf and hyper["alpha"] >= 0 and 0 <= hyper["min_lr"] <= hyper["max_lr"]:
        variant = hyper["variant"] if hyper["variant"] in reference.VARIANTS else "reference"
        return reference.rate(curvature, target, **{**hyper, "variant": variant})
    if np.isinf(curvature) and hyper["base_lr"] > 0:
        return reference.rate(curvature, target, **hyper)
    return reference.unbounded(kappa, aim, hyper["base_lr"], hyper["alpha"], "reference")
