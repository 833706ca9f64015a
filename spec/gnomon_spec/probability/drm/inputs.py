"""Distortions of every kind, samples with ties, and levels."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.probability.drm.distortions import Distortion
from gnomon_spec.cases import Cases, Context, Draw, Quantity, choice
from gnomon_spec.strategies import CODES, MIXER, SMALL_CODES, VECTORS

FLOATS = ("float32", "float64")
CONCAVE = tuple(
    Distortion(name, parameters)  # type: ignore[arg-type]
    for name, parameters in (
        ("cvar", (0.75,)), ("wang", (0.85,)), ("ph", (0.7,)), ("dual", (2.5,)), ("gini", (0.5,)), ("cvar", (0.3,)),
        ("mean", ()), ("ph", (0.25,)), ("dual", (3.0,)), ("gini", (1.0,)), ("wang", (0.0,)), ("prelec", (1.0, 0.5)),
    )
)  # fmt: skip
CONVEX = tuple(
    Distortion(name, parameters)  # type: ignore[arg-type]
    for name, parameters in (
        ("wang", (-0.85,)), ("ph", (1.7,)), ("dual", (0.5,)), ("gini", (-0.5,)), ("ph", (3.0,)), ("prelec", (1.0, 1.5)),
    )
)  # fmt: skip
NEITHER = tuple(
    Distortion(name, parameters)  # type: ignore[arg-type]
    for name, parameters in (
        ("sshape", (5.0,)), ("tk", (0.65,)), ("prelec", (0.65, 1.1)), ("tk", (0.3,)), ("sshape", (1.0,)),
        ("prelec", (0.5, 1.0)), ("sshape", (2000.0,)),
    )
)  # fmt: skip
SMOOTH = (*CONCAVE, *CONVEX, *NEITHER)
JUMPS = (
    Distortion(jumps=((0.75, 1.0),)), Distortion("sshape", (5.0,), ((0.25, 0.125), (0.5, 0.0625))),
    Distortion("wang", (0.85,), ((0.8, 0.5),)), Distortion("mean", (), ((0.5, 0.25), (0.5, 0.25))),
    Distortion(jumps=((0.9, 1.0),)), Distortion("ph", (0.5,), ((0.2, 0.5),)),
)  # fmt: skip
ALL = (*SMOOTH, *JUMPS)

VIOLATED: tuple[tuple[Distortion, tuple[float, ...]], ...] = (
    (Distortion(jumps=((0.5, 1.0),)), (0.0, 2.0)), (Distortion("tk", (0.65,)), (0.0, 2.0, 2.0)),
    (Distortion("prelec", (0.65, 1.1)), (0.0, 2.0, 2.0)), (Distortion("sshape", (5.0,)), (0.0, 0.0, 2.0)),
    (Distortion("ph", (1.7,)), (0.0, 2.0)), (Distortion("wang", (-0.5,)), (0.0, 2.0)),
)  # fmt: skip


def distortions(*among: Distortion) -> Quantity:
    """One of some distortions."""
    return Quantity(lambda draw, _: among[draw(SMALL_CODES) % len(among)], f"one of {len(among)} distortions")


def numbers(draw: Draw, count: int) -> list[int]:
    """Return integers from 0 on from one drawn code; all 0 for the simplest."""
    code = draw(CODES)
    return [(code * (i + 1) * MIXER >> 40) % 2**20 if code else 0 for i in range(count)]


def drawn(scale: float, span: int, text: str, *, low: int = 0) -> Quantity:
    """An array of the common shape: multiples of `scale` from `low` times it on, `span` different ones."""

    def draw_array(draw: Draw, context: Context) -> Array:
        codes = numbers(draw, int(np.prod(context.shape)))
        return np.array([(low + code % span) * scale for code in codes], context.dtype).reshape(context.shape)

    return Quantity(draw_array, text)


def some_levels(draw: Draw, context: Context) -> Array:
    """Return levels: multiples of 1/1024, quarters, and powers of ½ far down."""
    given: list[float] = []
    for code in numbers(draw, int(np.prod(context.shape))):
        kind, rest = code % 8, code // 8
        given.append(rest % 5 / 4 if kind == 0 else 2.0 ** -(rest % 20) if kind == 1 else (rest % 1023 + 1) / 1024)
    return np.array(given, context.dtype)


def some_weights(draw: Draw, context: Context) -> Any:
    shape, code = context.drawn["y"].shape, draw(CODES)
    weights = [1.0, *((code >> 3 * i) % 8 / 4 for i in range(1, shape[0]))]
    return None if code % 2 == 0 else np.array(weights[:: 1 if code % 4 == 1 else -1], context.dtype)


def some_edges(draw: Draw, context: Context) -> Array:
    inner = {1 + code % 15 for code in numbers(draw, draw(SMALL_CODES) % 6)} | {12}
    return np.array([0.0, *(k / 16 for k in sorted(inner)), 1.0], context.dtype)


levels = Quantity(some_levels, "levels in [0, 1], quarters and tiny ones among them")
interior = drawn(1 / 64, 63, "multiples of 1/64 inside (0, 1)", low=1)
values = drawn(0.25, 65, "multiples of 1/4 from -8 to 8", low=-32)
weights = Quantity(some_weights, "None, or weights from 0 to 7/4, not all 0")
edges = Quantity(some_edges, "levels from 0 to 1, 3/4 among them")
permuted = Quantity(
    lambda draw, context: np.argsort(numbers(draw, int(np.prod(context.shape))), kind="stable")[::-1].copy(),
    "a rearrangement",
)
probabilities = Cases({"u": levels, "distortion": distortions(*ALL)}, VECTORS)
samples = Cases({"y": values, "distortion": distortions(*ALL), "weights": weights}, VECTORS)
smooth_samples = samples.but(distortion=distortions(*SMOOTH))
cells = Cases({"edges": edges, "distortion": distortions(*ALL)}, VECTORS)
EQUAL = choice(None)


def ranked(values: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Return the order of values, S_0 … S_n, and p, each by adding up what is above."""
    order = sorted(range(len(values)), key=lambda i: (values[i], i))
    p = np.ones_like(values) if weights is None else weights
    p = p / np.sum(p)
    above = [sum((p[i] for i in order[k:]), 0 * p[0]) for k in range(len(order) + 1)]
    return order, np.stack([1 + 0 * above[0], *above[1:]]), p
