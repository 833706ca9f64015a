"""Distortions of every kind, samples with ties, and levels."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.probability.drm.distortions import Distortion
from gnomon_spec.cases import Cases, Context, Draw, Quantity, choice
from gnomon_spec.strategies import SMALL_CODES, VECTORS, array_of, integers, of_code

FLOATS = ("float32", "float64")


def made(*rows: tuple[Any, tuple[float, ...]]) -> tuple[Distortion, ...]:
    """Return distortions without jumps: names and parameters."""
    return tuple(Distortion(*row) for row in rows)


CONCAVE = made(
    ("cvar", (0.75,)), ("wang", (0.85,)), ("ph", (0.7,)), ("dual", (2.5,)), ("gini", (0.5,)), ("cvar", (0.3,)),
    ("mean", ()), ("ph", (0.25,)), ("dual", (3.0,)), ("gini", (1.0,)), ("wang", (0.0,)), ("prelec", (1.0, 0.5)),
)  # fmt: skip
CONVEX = made(
    ("wang", (-0.85,)), ("ph", (1.7,)), ("dual", (0.5,)), ("gini", (-0.5,)), ("ph", (3.0,)), ("prelec", (1.0, 1.5)),
)  # fmt: skip
NEITHER = made(
    ("sshape", (5.0,)), ("tk", (0.65,)), ("prelec", (0.65, 1.1)), ("tk", (0.3,)), ("sshape", (1.0,)),
    ("prelec", (0.5, 1.0)), ("sshape", (2000.0,)),
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


def drawn(scale: float, span: int, text: str, *, low: int = 0) -> Quantity:
    """An array of the common shape: multiples of `scale` from `low` times it on, `span` different ones."""
    return array_of(text, lambda codes: (low + codes % span) * scale)


def level(code: int) -> float:
    """Return a quarter, a power of ½, or a multiple of 1/1024."""
    kind, rest = code % 8, code // 8
    return rest % 5 / 4 if kind == 0 else 2.0 ** -(rest % 20) if kind == 1 else (rest % 1023 + 1) / 1024


def some_weights(code: int, context: Context) -> Any:
    weights = np.array([1.0, *((code >> 3 * i) % 8 / 4 for i in range(1, len(context.drawn["y"])))])
    return None if code % 2 == 0 else weights[:: 1 if code % 4 == 1 else -1].copy()


def edges_among(*always: int, most: int = 5) -> Quantity:
    """Edges of cells: sixteenths from 0 to 1, some of them always, and up to `most` others."""

    def draw_edges(draw: Draw, context: Context) -> Array:
        inner = {*(1 + integers(draw, (draw(SMALL_CODES) % (most + 1),)) % 15), *always}
        return np.array([0.0, *(k / 16 for k in sorted(inner)), 1.0], context.dtype)

    named = " and ".join(f"{k}/16" for k in always)
    return Quantity(draw_edges, f"levels from 0 to 1, {named} among them")


levels = array_of("levels in [0, 1], quarters and tiny ones among them", np.vectorize(level, [float]))
interior = drawn(1 / 64, 63, "multiples of 1/64 inside (0, 1)", low=1)
values = drawn(0.25, 65, "multiples of 1/4 from -8 to 8", low=-32)
weights = of_code("None, or weights from 0 to 7/4, not all 0", some_weights)
permuted = array_of("a rearrangement", lambda codes: np.argsort(codes, kind="stable")[::-1].copy())
probabilities = Cases({"u": levels, "distortion": distortions(*ALL)}, VECTORS)
samples = Cases({"y": values, "distortion": distortions(*ALL), "weights": weights}, VECTORS)
smooth_samples = samples.but(distortion=distortions(*SMOOTH))
cells = Cases({"edges": edges_among(12), "distortion": distortions(*ALL)}, VECTORS)
EQUAL = choice(None)


def ranked(values: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Return the order of values, S_0 … S_n, and p, each by adding up what is above."""
    order = sorted(range(len(values)), key=lambda i: (values[i], i))
    p = np.ones_like(values) if weights is None else weights
    p = p / np.sum(p)
    above = [sum((p[i] for i in order[k:]), 0 * p[0]) for k in range(len(order) + 1)]
    return order, np.stack([1 + 0 * above[0], *above[1:]]), p
