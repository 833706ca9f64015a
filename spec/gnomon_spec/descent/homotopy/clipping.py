"""Gradients shortened to a length that falls with the curvature."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.descent.homotopy import clipping as reference
from gnomon.descent.homotopy.domains import length
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.quantities import near_one, rejected, rejected_numbers, single
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import SMALL_CODES, number, shapes, tame
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
    variant=choice(*reference.VARIANTS),
)
finite = clips.but(curvature=single(near_one), target_curvature=near_one)
plain = finite.but(variant="reference")
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


@clip_gradients.law("bound", cases=finite.but(more=near_one))
def more_curvature_never_raises_the_threshold(port: Any, case: Case) -> Iterable[Fact]:
    """c falls with κ."""
    _, threshold = port.clip_gradients(case.grads, case.curvature, **case.hyper)
    _, lower = port.clip_gradients(case.grads, case.curvature * (1 + case.more), **case.hyper)
    yield at_least("threshold", threshold, lower)


@clip_gradients.law("fixed point", cases=plain)
def clipping_twice_is_clipping_once(port: Any, case: Case) -> Iterable[Fact]:
    """What was clipped is not clipped again."""
    clipped, _ = port.clip_gradients(case.grads, case.curvature, **case.hyper)
    again, _ = port.clip_gradients(clipped, case.curvature, **case.hyper)
    for k, (out, once) in enumerate(zip(again, clipped, strict=True)):
        yield equal(f"gradient {k}", out, once)


@clip_gradients.law("fixed point", cases=finite.but(min_norm=2.0**10))
def short_gradients_are_left_alone(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients of length 0, and all that are shorter than c, keep every bit."""
    for label, grads in (("short", case.grads), ("zero", tuple(0 * g for g in case.grads))):
        clipped, _ = port.clip_gradients(grads, case.curvature, **case.hyper)
        for k, (out, g) in enumerate(zip(clipped, grads, strict=True)):
            yield identical(f"{label} {k}", out, g)


tiny = number(2.0**-33, exponents=(-36, -30))


@clip_gradients.law(
    "closed form", cases=finite.but(target_curvature=tiny, min_norm=0.0, variant=choice("code", "reference"))
)
def only_the_code_adds_to_its_target(port: Any, case: Case) -> Iterable[Fact]:
    """c is half of base_norm at κ = target, in variant "code" at κ = target + 1e-10."""
    guard = 1e-10 if case.variant == "code" else 0.0
    curvature = case.target_curvature + guard + 0 * case.curvature
    _, threshold = port.clip_gradients(case.grads, curvature, **case.hyper)
    yield equal("threshold", threshold, case.base_norm / 2)


BAD = (
    ("base_norm = 0", {"base_norm": 0.0}),
    ("base_norm = nan", {"base_norm": nan}),
    ("target_curvature = 0", {"target_curvature": 0.0}),
    ("min_norm = -1", {"min_norm": -1.0}),
    ("variant", {"variant": "best"}),
)


@clip_gradients.law("rejects", cases=finite)
def bad_clippers_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A base_norm or a target that is not positive, a negative min_norm, a κ that is negative or NaN are rejected."""
    yield from rejected(lambda **h: port.clip_gradients(case.grads, case.curvature, **h), case.hyper, BAD)
    yield from rejected_numbers(lambda x: port.clip_gradients(case.grads, x, **case.hyper), "curvature", case.curvature)


@system.mistake("clip_gradients")
def length_before_clipping_returned(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """The length of the gradients before clipping is returned, as other clippers do, and not c."""
    clipped, _ = reference.clip_gradients(grads, curvature, **hyper)
    return clipped, length(grads)


@system.mistake("clip_gradients")
def each_array_clipped_by_itself(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """Every array is cut at c by its own length."""
    _, threshold = reference.clip_gradients(grads, curvature, **hyper)
    return tuple(reference.clip_gradients((g,), curvature, **hyper)[0][0] for g in grads), threshold


@system.mistake("clip_gradients")
def short_gradients_stretched(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """Gradients shorter than c are made as long as c, too."""
    _, threshold = reference.clip_gradients(grads, curvature, **hyper)
    size = length(grads)
    return (tuple(g * (threshold / size) for g in grads) if size > 0 else grads), threshold


@system.mistake("clip_gradients")
def clipped_without_the_least_length(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """min_norm is ignored."""
    reference.clip_gradients(grads, curvature, **hyper)
    return reference.clip_gradients(grads, curvature, **{**hyper, "min_norm": 0.0})


@system.mistake("clip_gradients")
def threshold_above_the_target_only(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """The threshold is lowered only above the target, like the rate: base_norm/(1 + max(0, κ/target - 1))."""
    reference.clip_gradients(grads, curvature, **hyper)
    target = hyper["target_curvature"]
    return reference.clip_gradients(grads, np.maximum(curvature - target, 0 * np.ones_like(curvature)), **hyper)


@system.mistake("clip_gradients")
def clipped_whatever_the_curvature(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """The threshold is base_norm, whatever κ is."""
    reference.clip_gradients(grads, curvature, **hyper)
    return reference.clip_gradients(grads, 0 * np.ones_like(curvature), **hyper)


@system.mistake("clip_gradients")
def threshold_rises_with_the_curvature(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """The ratio is upside down: base_norm/(1 + target/κ)."""
    reference.clip_gradients(grads, curvature, **hyper)
    target = hyper["target_curvature"]
    inverse = np.where(curvature > 0, target / np.where(curvature > 0, curvature, 1) * target, np.inf)
    return reference.clip_gradients(grads, inverse + 0 * np.ones_like(grads[0].reshape(-1)[0]), **hyper)


@system.mistake("clip_gradients")
def clipped_entry_by_entry(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """Every entry is cut at ±c, and the direction changes."""
    _, threshold = reference.clip_gradients(grads, curvature, **hyper)
    return tuple(np.maximum(np.minimum(g, threshold), -threshold) for g in grads), threshold


@system.mistake("clip_gradients")
def clipper_of_the_code_without_its_guards(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """Variant "code" does without its 1e-10."""
    variant = "reference" if hyper["variant"] == "code" else hyper["variant"]
    return reference.clip_gradients(grads, curvature, **{**hyper, "variant": variant})


@system.mistake("clip_gradients")
def guards_in_every_clipper(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """1e-10 is added to the target and to the length in every variant."""
    reference.clip_gradients(grads, curvature, **hyper)
    return reference.clip_gradients(grads, curvature, **{**hyper, "variant": "code"})


@system.mistake("clip_gradients")
def clippers_are_not_checked(grads: Any, curvature: Any, **hyper: Any) -> Any:
    """Any number is accepted."""
    good = {
        "base_norm": hyper["base_norm"] if hyper["base_norm"] > 0 else 1.0,
        "target_curvature": hyper["target_curvature"] if hyper["target_curvature"] > 0 else 1.0,
        "min_norm": max(0.0, hyper["min_norm"]),
        "variant": hyper["variant"] if hyper["variant"] in reference.VARIANTS else "reference",
    }
    kappa = curvature if curvature >= 0 else 0 * np.ones_like(np.nan_to_num(curvature))
    return reference.clip_gradients(grads, kappa, **{**hyper, **good})
