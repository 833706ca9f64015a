"""The rates of layers from their curvatures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.homotopy import layers as reference
from gnomon.descent.homotopy.rate import ratio
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.quantities import (
    BAD_BOUNDS,
    HIGHEST,
    exponent,
    max_lr,
    min_lr,
    near_one,
    rejected,
    series,
)
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects
from gnomon_spec.strategies import CODES, number, shapes
from gnomon_spec.system import WITH_ROOM

bounds = {
    "base_lr": number(1e-3, 1.0, 4.0, 0.5, exponents=(-8, 4)),
    "min_lr": min_lr,
    "max_lr": max_lr,
    "variant": choice(*reference.VARIANTS),
}
kappas = number(1.0, 0.0, 2.0, 0.5, exponents=(-30, 10))
rates = Cases({"curvatures": series(kappas, 5)}, shapes(())).but(**bounds, normalize_by_median=choice(True, False))
by_median = rates.but(normalize_by_median=True, min_lr=0.0, max_lr=HIGHEST)
positive = by_median.but(curvatures=series(near_one, 5), variant=choice("reference", "docs"))
layer_rates = system.operation(reference.layer_rates, cases=rates, dtypes=WITH_ROOM)


@layer_rates.law("closed form", cases=positive)
def the_median_layer_gets_half_of_the_rate(port: Any, case: Case) -> Iterable[Fact]:
    """The layer with the (upper) median curvature gets b/2, whatever comment the code has; b in variant "docs". So
    does a layer alone."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    order = np.argsort(case.curvatures)
    part = 1.0 if case.variant == "docs" else 0.5
    yield equal("median", found[order[len(order) // 2]], part * case.base_lr)
    yield equal("alone", port.layer_rates(case.curvatures[:1], **case.hyper), part * case.base_lr + 0 * found[:1])


@layer_rates.law("closed form", cases=positive.but(variant="reference"))
def the_inverse_rate_is_affine_in_the_curvature_of_the_layer(port: Any, case: Case) -> Iterable[Fact]:
    """b/lr = 1 + κ/med."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield equal("inverse", case.base_lr / found, 1 + case.curvatures / np.sort(case.curvatures)[len(found) // 2])


@layer_rates.law("closed form", cases=positive.but(variant="reference", normalize_by_median=False))
def without_the_median_a_rate_stands_for_a_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """Without normalize_by_median lr = b/(1 + κ/b): the units do not fit, as in the code."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield equal("rates", found, case.base_lr / (1 + case.curvatures / case.base_lr))


@layer_rates.law(
    "bound",
    cases=rates.but(base_lr=choice(0.5, 0.125, 2.0), min_lr=choice(0.0, 0.0625), max_lr=choice(1.0, 0.25)).but(
        variant=choice("reference", "code")
    ),
)
def rates_of_layers_lie_within_their_bounds(port: Any, case: Case) -> Iterable[Fact]:
    """min_lr <= lr <= max_lr, and lr <= b, for each layer."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield at_least("min_lr", found, case.min_lr + 0 * found)
    yield at_least("max_lr", case.max_lr + 0 * found, found)
    yield at_least("base_lr", np.maximum(case.base_lr, case.min_lr) + 0 * found, found)


@layer_rates.law("equivariance", cases=rates.but(seed=Quantity(lambda draw, _: draw(CODES) % 2**32, "seed")))
def layers_can_be_listed_in_any_order(port: Any, case: Case) -> Iterable[Fact]:
    """Layers in another order have the same rates in that order, bit for bit."""
    order = np.random.Generator(np.random.PCG64(case.seed)).permutation(len(case.curvatures))
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield identical("rates", port.layer_rates(case.curvatures[order], **case.hyper), found[order])


@layer_rates.law("invariance", cases=positive.but(exponent=exponent))
def only_curvatures_relative_to_the_median_count(port: Any, case: Case) -> Iterable[Fact]:
    """All curvatures times 2ᵏ change no bit of the rates."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield identical("rates", port.layer_rates(case.curvatures * 2.0**case.exponent, **case.hyper), found)


@layer_rates.law("limit", cases=positive.but(variant="reference"))
def layers_without_curvature_have_the_whole_rate(port: Any, case: Case) -> Iterable[Fact]:
    """lr = b exactly where κ = 0, also if the median is 0."""
    flat = np.where(np.arange(len(case.curvatures)) == 0, 0 * case.curvatures, case.curvatures)
    yield equal("one", port.layer_rates(flat, **case.hyper)[0], case.base_lr)
    yield equal("all", port.layer_rates(0 * flat, **case.hyper), case.base_lr + 0 * flat)


@layer_rates.law("rejects", cases=positive)
def bad_curvatures_of_layers_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """No layer, a κ that is negative or NaN, rates out of their domains are rejected."""
    yield from rejected(lambda **hyper: port.layer_rates(case.curvatures, **hyper), case.hyper, BAD_BOUNDS)
    first = np.arange(len(case.curvatures)) == 0
    yield rejects("empty", lambda: port.layer_rates(case.curvatures[:0], **case.hyper))
    yield rejects("nan", lambda: port.layer_rates(np.where(first, np.nan, case.curvatures), **case.hyper))
    yield rejects("negative", lambda: port.layer_rates(np.where(first, -1.0, case.curvatures), **case.hyper))


def rates_with(curvatures: Any, hyper: dict[str, Any], median: Any, guard: float | None = None) -> Any:
    """Return the rates with another median; the reference's checks are made first."""
    reference.layer_rates(curvatures, **hyper)
    middle = median if hyper["normalize_by_median"] else hyper["base_lr"]
    guard = (1e-10 if hyper["variant"] == "code" else 0.0) if guard is None else guard
    relative = ratio(curvatures, np.zeros_like(curvatures) + (middle + guard))
    rates = hyper["base_lr"] / relative if hyper["variant"] == "docs" else hyper["base_lr"] / (1 + relative)
    return np.clip(rates, hyper["min_lr"], hyper["max_lr"])


@system.mistake("layer_rates")
def median_layer_gets_the_whole_rate(curvatures: Any, **hyper: Any) -> Any:
    """The comment is believed: the median layer gets b and not b/2."""
    reference.layer_rates(curvatures, **hyper)
    return reference.layer_rates(curvatures, **{**hyper, "variant": "docs"})


@system.mistake("layer_rates")
def docs_taken_for_the_code(curvatures: Any, **hyper: Any) -> Any:
    """Variant "docs" gives the median layer b/2, too."""
    variant = "reference" if hyper["variant"] == "docs" else hyper["variant"]
    return reference.layer_rates(curvatures, **{**hyper, "variant": variant})


@system.mistake("layer_rates")
def lower_median(curvatures: Any, **hyper: Any) -> Any:
    """Of two medians the lower one is taken."""
    return rates_with(curvatures, hyper, np.sort(curvatures)[(curvatures.shape[0] - 1) // 2])


@system.mistake("layer_rates")
def mean_of_two_medians(curvatures: Any, **hyper: Any) -> Any:
    """Of two medians the mean is taken, as numpy.median does."""
    ordered, size = np.sort(curvatures), curvatures.shape[0]
    return rates_with(curvatures, hyper, (ordered[(size - 1) // 2] + ordered[size // 2]) / 2)


@system.mistake("layer_rates")
def mean_for_the_median(curvatures: Any, **hyper: Any) -> Any:
    """The curvatures are taken relative to their mean."""
    return rates_with(curvatures, hyper, np.sum(curvatures) / max(1, curvatures.shape[0]))


@system.mistake("layer_rates")
def curvatures_are_never_normalised(curvatures: Any, **hyper: Any) -> Any:
    """normalize_by_median is ignored: b stands for the median."""
    reference.layer_rates(curvatures, **hyper)
    return reference.layer_rates(curvatures, **{**hyper, "normalize_by_median": False})


@system.mistake("layer_rates")
def curvatures_are_always_normalised(curvatures: Any, **hyper: Any) -> Any:
    """normalize_by_median is ignored: the median is always used."""
    reference.layer_rates(curvatures, **hyper)
    return reference.layer_rates(curvatures, **{**hyper, "normalize_by_median": True})


@system.mistake("layer_rates")
def guard_below_every_median(curvatures: Any, **hyper: Any) -> Any:
    """1e-10 is added to the median in every variant."""
    if not hyper["normalize_by_median"]:
        return reference.layer_rates(curvatures, **hyper)
    return rates_with(curvatures, hyper, reference.upper_median(curvatures), 1e-10)


@system.mistake("layer_rates")
def median_of_the_code_without_its_guard(curvatures: Any, **hyper: Any) -> Any:
    """Variant "code" does without the 1e-10 that it adds to the median."""
    return rates_with(curvatures, hyper, reference.upper_median(curvatures), 0.0)


@system.mistake("layer_rates")
def rates_of_layers_without_bounds(curvatures: Any, **hyper: Any) -> Any:
    """The rates are not kept within min_lr and max_lr."""
    reference.layer_rates(curvatures, **hyper)
    return reference.layer_rates(curvatures, **{**hyper, "min_lr": 0.0, "max_lr": 1e30})


@system.mistake("layer_rates")
def rates_in_the_order_of_the_curvatures(curvatures: Any, **hyper: Any) -> Any:
    """The rates come back sorted by curvature and not by layer."""
    reference.layer_rates(curvatures, **hyper)
    return reference.layer_rates(np.sort(curvatures), **hyper)


@system.mistake("layer_rates")
def curvatures_of_layers_are_not_checked(curvatures: Any, **hyper: Any) -> Any:
    """Whatever is given is used."""
    good = {"base_lr": hyper["base_lr"] if 0 < hyper["base_lr"] < np.inf else 1.0, "min_lr": max(0.0, hyper["min_lr"])}
    good["max_lr"] = max(good["min_lr"], hyper["max_lr"])
    kappas = np.abs(np.nan_to_num(curvatures)) if curvatures.shape[0] else np.ones(1, curvatures.dtype)
    right = np.all(curvatures >= 0) and curvatures.shape[0] > 0
    return reference.layer_rates(curvatures if right else kappas, **{**hyper, **good})
