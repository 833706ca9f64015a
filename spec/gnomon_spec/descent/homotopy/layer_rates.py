"""The rates of layers from their curvatures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.homotopy import layers as reference
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import (
    HIGHEST,
    declare_order_of_bounds,
    max_lr,
    min_lr,
    near_one,
    power,
    series,
)
from gnomon_spec.facts import Fact, at_least, equal, identical
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
positive = by_median.but(curvatures=series(near_one, 5), variant=choice("standard", "docs"))
layer_rates = system.operation(reference.layer_rates, cases=rates, dtypes=WITH_ROOM)
declare_order_of_bounds(layer_rates)


@layer_rates.law("closed form", cases=positive)
def the_median_layer_gets_half_of_the_rate(port: Any, case: Case) -> Iterable[Fact]:
    """The layer with the (upper) median curvature gets b/2, whatever comment the code has; b in variant "docs". So
    does a layer alone."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    order = np.argsort(case.curvatures)
    part = 1.0 if case.variant == "docs" else 0.5
    yield equal("median", found[order[len(order) // 2]], part * case.base_lr)
    yield equal("alone", port.layer_rates(case.curvatures[:1], **case.hyper), part * case.base_lr + 0 * found[:1])


@layer_rates.law("closed form", cases=positive.but(variant="standard"))
def the_inverse_rate_is_affine_in_the_curvature_of_the_layer(port: Any, case: Case) -> Iterable[Fact]:
    """b/lr = 1 + κ/med."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield equal("inverse", case.base_lr / found, 1 + case.curvatures / np.sort(case.curvatures)[len(found) // 2])


@layer_rates.law("closed form", cases=positive.but(variant="standard", normalize_by_median=False))
def without_the_median_a_rate_stands_for_a_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """Without normalize_by_median lr = b/(1 + κ/b): the units do not fit, as in the code."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield equal("rates", found, case.base_lr / (1 + case.curvatures / case.base_lr))


@layer_rates.law(
    "bound",
    cases=rates.but(base_lr=choice(0.5, 0.125, 2.0), min_lr=choice(0.0, 0.0625), max_lr=choice(1.0, 0.25)).but(
        variant=choice("standard", "code")
    ),
)
def rates_of_layers_lie_within_their_bounds(port: Any, case: Case) -> Iterable[Fact]:
    """min_lr <= lr <= max_lr, and lr <= b, for each layer."""
    found = port.layer_rates(case.curvatures, **case.hyper)
    yield at_least("min_lr", found, case.min_lr + 0 * found)
    yield at_least("max_lr", case.max_lr + 0 * found, found)
    yield at_least("base_lr", np.maximum(case.base_lr, case.min_lr) + 0 * found, found)


def rearranged(values: Any, case: Case) -> Any:
    return values[np.random.Generator(np.random.PCG64(case.seed)).permutation(len(values))]


layer_rates.symmetry(
    "equivariance",
    "layers_can_be_listed_in_any_order",
    "Layers in another order have the same rates in that order, bit for bit",
    cases=rates.but(seed=Quantity(lambda draw, _: draw(CODES) % 2**32, "seed")),
    inputs={"curvatures": rearranged},
    outputs={"rates": rearranged},
    same=identical,
)
layer_rates.symmetry(
    "invariance",
    "only_curvatures_relative_to_the_median_count",
    "All curvatures times 2ᵏ change no bit of the rates",
    cases=positive.but(power=power),
    inputs={"curvatures": scaled},
    outputs={"rates": unchanged},
    same=identical,
)


@layer_rates.law("limit", cases=positive.but(variant="standard"))
def layers_without_curvature_have_the_whole_rate(port: Any, case: Case) -> Iterable[Fact]:
    """lr = b exactly where κ = 0, also if the median is 0."""
    flat = np.where(np.arange(len(case.curvatures)) == 0, 0 * case.curvatures, case.curvatures)
    yield equal("one", port.layer_rates(flat, **case.hyper)[0], case.base_lr)
    yield equal("all", port.layer_rates(0 * flat, **case.hyper), case.base_lr + 0 * flat)


MEDIAN, GUARD = "np.sort(curvatures)[curvatures.shape[0] // 2]", '1e-10 if variant == "code" else 0.0'
RATES = 'base_lr / relative if variant == "docs" else base_lr / (1 + relative)'
layer_rates.edits(f"""
median_layer_gets_the_whole_rate: The comment is believed: the median layer gets b and not b/2
    `{RATES}` → `base_lr / relative`
docs_taken_for_the_code: Variant "docs" gives the median layer b/2, too
    `{RATES}` → `base_lr / (1 + relative)`
lower_median: Of two medians the lower one is taken
    `curvatures.shape[0] // 2` → `(curvatures.shape[0] - 1) // 2`
mean_of_two_medians: Of two medians the mean is taken, as numpy.median does
    `{MEDIAN}` → `np.median(curvatures)`
mean_for_the_median: The curvatures are taken relative to their mean
    `{MEDIAN}` → `np.sum(curvatures) / curvatures.shape[0]`
curvatures_are_never_normalised: normalize_by_median is ignored: b stands for the median
    `if normalize_by_median` → `if False`
curvatures_are_always_normalised: normalize_by_median is ignored: the median is always used
    `if normalize_by_median` → `if True`
guard_below_every_median: 1e-10 is added to the median in every variant
    `{GUARD}` → `1e-10`
median_of_the_code_without_its_guard: Variant "code" does without the 1e-10 that it adds to the median
    `{GUARD}` → `0.0`
rates_of_layers_without_bounds: The rates are not kept within min_lr and max_lr
    `np.clip(rates, min_lr, max_lr)` → `rates`
rates_in_the_order_of_the_curvatures: The rates come back sorted by curvature and not by layer
    `` → `curvatures = np.sort(curvatures)`
""")
