"""Gradients shortened to a length that falls with the curvature."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import numpy as np

from gnomon.descent.homotopy import clipping as reference
from gnomon.descent.homotopy.estimator import VARIANTS
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import near_one
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.strategies import SMALL_CODES, number, shapes, single, tame
from gnomon_spec.system import WITH_ROOM


def lists(array: Quantity) -> Quantity:
    """One to three arrays of the common shape, times a power of 2 from 2^-6 to 2^2."""

    def draw_lists(draw: Draw, context: Context) -> tuple[Any, ...]:
        code = draw(SMALL_CODES)
        scale = context.dtype.type(2.0 ** (code // 3 % 9 - 6))
        return tuple(np.asarray(scale * array.draw(draw, context), context.dtype) for _ in range(1 + code % 3))

    return Quantity(draw_lists, f"1 to 3 arrays, each {array.text}, times a power of 2")


kappa = number(1.0, 0.0, 2.0, 8.0, inf, exponents=(-34, 8))
clips = Cases({"grads": lists(tame()), "curvature": single(kappa)}, shapes((2,), (1,), (3,), (2, 2), ())).but(
    base_norm=number(1.0, 0.5, 2.0, exponents=(-4, 4)),
    target_curvature=number(1.0, 2.0, 0.5, 4.0, exponents=(-34, 6)),
    min_norm=number(0.01, 0.0, 0.0625, exponents=(-8, -2)),
    variant=choice(*VARIANTS),
)
finite = clips.but(curvature=single(near_one), target_curvature=near_one)
plain = finite.but(variant="standard")
clip_gradients = system.operation(reference.clip_gradients, cases=clips, dtypes=WITH_ROOM)


def norm(arrays: Any) -> Any:
    """Return the Euclidean norm of all entries of all arrays."""
    return np.sqrt(np.sum(np.stack([np.sum(g * g) for g in arrays])))


@clip_gradients.law("closed form", cases=plain)
def the_length_is_cut_at_the_threshold(port: Any, case: Case) -> Iterable[Fact]:
    """‖out‖ = min(‖g‖, c), over all arrays together, and out is a multiple of g that is not negative."""
    clipped, threshold = port.clip_gradients(case.grads, case.curvature, **case.hyper)
    before = norm(case.grads)
    yield equal("length", norm(clipped), np.minimum(before, threshold))
    for k, (out, g) in enumerate(zip(clipped, case.grads, strict=True)):
        yield equal(f"direction {k}", before * out, np.minimum(before, threshold) * g)


@clip_gradients.law("closed form", cases=plain)
def the_threshold_falls_with_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """c = max(base_norm/(1 + κ/target), min_norm): base_norm at κ = 0, half of it at the target, min_norm at ∞."""
    for label, curvature, expected in (
        ("threshold", case.curvature, case.base_norm / (1 + case.curvature / case.target_curvature)),
        ("no curvature", 0 * case.curvature, case.base_norm),
        ("at the target", case.target_curvature + 0 * case.curvature, case.base_norm / 2),
        ("infinite", inf + 0 * case.curvature, 0.0),
    ):
        _, threshold = port.clip_gradients(case.grads, curvature, **case.hyper)
        yield equal(label, threshold, np.maximum(expected, case.min_norm))


@clip_gradients.law("fixed point", cases=finite.but(min_norm=2.0**10))
def short_gradients_are_left_alone(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients of length 0, and all that are shorter than c, keep every bit."""
    for label, grads in (("short", case.grads), ("zero", tuple(0 * g for g in case.grads))):
        clipped, _ = port.clip_gradients(grads, case.curvature, **case.hyper)
        for k, (out, g) in enumerate(zip(clipped, grads, strict=True)):
            yield identical(f"{label} {k}", out, g)


tiny = number(2.0**-33, exponents=(-36, -30))


@clip_gradients.law(
    "closed form", cases=finite.but(target_curvature=tiny, min_norm=0.0, variant=choice("code", "standard"))
)
def only_the_code_adds_to_its_target(port: Any, case: Case) -> Iterable[Fact]:
    """c is half of base_norm at κ = target, in variant "code" at κ = target + 1e-10."""
    guard = 1e-10 if case.variant == "code" else 0.0
    curvature = case.target_curvature + guard + 0 * case.curvature
    _, threshold = port.clip_gradients(case.grads, curvature, **case.hyper)
    yield equal("threshold", threshold, case.base_norm / 2)


clip_gradients.edits("""
length_before_clipping_returned: The length of the gradients before clipping is returned, as other clippers do, and not
    c
    `return grads, threshold` → `return grads, norm`, `for g in grads), threshold` → `for g in grads), norm`
each_array_clipped_by_itself: Every array is cut at c by its own length
    `g * scale` → `g * (threshold / np.maximum(threshold, joint_length([g])))`
short_gradients_stretched: Gradients shorter than c are made as long as c, too
    `not norm > threshold` → `not norm > 0`
clipped_without_the_least_length: min_norm is ignored
    `np.maximum(base_norm / (1 + relative), min_norm)` → `base_norm / (1 + relative)`
threshold_above_the_target_only: The threshold is lowered only above the target, like the rate: base_norm/(1 + max(0,
    κ/target - 1))
    `1 + relative` → `1 + np.maximum(relative - 1, 0)`
clipped_whatever_the_curvature: The threshold is base_norm, whatever κ is
    `base_norm / (1 + relative)` → `base_norm + np.zeros_like(relative)`
threshold_rises_with_the_curvature: The ratio is upside down: base_norm/(1 + target/κ)
    `1 + relative` → `1 + ratio(np.ones_like(relative), relative)`
clipped_entry_by_entry: Every entry is cut at ±c, and the direction changes
    `g * scale` → `np.clip(g, -threshold, threshold)`
clipper_of_the_code_without_its_guards: Variant "code" does without its 1e-10
    `1e-10 if variant == "code" else 0.0` → `0.0`
guards_in_every_clipper: 1e-10 is added to the target and to the length in every variant
    `1e-10 if variant == "code" else 0.0` → `1e-10`
""")
