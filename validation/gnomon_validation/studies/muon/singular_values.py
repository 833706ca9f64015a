"""Where singular values are after Muon's steps of Newton-Schulz, in three dtypes, and with each published set.

The matrix is U·diag(s)·Vᵀ, 64 by 64, with s from 10⁻⁵ to 1 in even steps of the logarithm; what became of the i-th
singular value is read off as uᵢᵀ·X·vᵢ, and what is not in that diagonal as the rest. NumPy has no bfloat16: its numbers
are float32 ones whose last 16 bits are rounded away after each product and each sum, as a processor does it that
accumulates in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from gnomon.descent.muon import orthogonalise
from gnomon.descent.newton_schulz import MUON, Published, coefficients_of, newton_schulz
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """where Muon's singular values land
Does Newton-Schulz with (3.4445, -4.7750, 2.0315) orthogonalise, and what does the dtype do to it?
Jordan et al. 2024, docstring of `zeropower_via_newtonschulz5` (torch.optim.Muon 2.13 has the same): singular values end
as if uniform in (0.5, 1.5); the coefficients are chosen for the slope at zero
picture: Muon's five steps do not orthogonalise: large singular values scatter around 1, small ones stay small
below: Left: what became of each singular value of a 64 by 64 matrix; grey: the range (0.5, 1.5) that was said. Right:
the polynomials of each published set."""
SIDE, DECADES = 64, 5.0
DTYPES = ("float64", "float32", "bfloat16")
SETS: tuple[tuple[Published, int], ...] = (("muon", 5), ("dion", 5), ("polar-express", 5), ("polar-express", 8))


def rounded(matrix: Array) -> Array:
    """Return float32 numbers rounded to bfloat16, ties to even."""
    bits = np.asarray(matrix, np.float32).view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)).view(
        np.float32
    )


def in_bfloat16(matrix: Array) -> Array:
    """Return Muon's five steps on a square matrix as torch and the authors make them, in bfloat16."""
    X = rounded(matrix)
    X = rounded(X / rounded(np.sqrt(np.sum(X * X))))
    for a, b, c in 5 * (MUON,):
        A = rounded(X @ X.T)
        X = rounded(a * X + rounded(b * A + c * (A @ A)) @ X)
    return X


def specimen() -> tuple[Array, Array, Array]:
    """Return U, s and V of the matrix; s is of length 1."""
    draw = np.random.default_rng(24)
    U, V = (np.linalg.qr(draw.standard_normal((SIDE, SIDE)))[0] for _ in range(2))
    s = np.geomspace(1, 10**-DECADES, SIDE)
    return U, s / np.sqrt(np.sum(s * s)), V


def through(values: Array, coefficients: Published, steps: int) -> Array:
    """Return what becomes of singular values, each a matrix by itself."""
    return np.array([newton_schulz(np.array([[s]]), coefficients_of(coefficients, steps))[0, 0] for s in values])


def measure() -> Findings:
    U, s, V = specimen()
    X = (U * s) @ V.T
    made_by: dict[str, Callable[[], Array]] = {
        "float64": lambda: orthogonalise(X),
        "float32": lambda: orthogonalise(X.astype(np.float32)).astype(float),
        "bfloat16": lambda: in_bfloat16(X).astype(float),
    }
    turned = {dtype: U.T @ make() @ V for dtype, make in made_by.items()}
    exact = through(s, "muon", 5)
    rows = []
    for dtype, matrix in turned.items():
        off = np.abs(np.diag(matrix) - exact)
        rest = np.linalg.norm(matrix - np.diag(np.diag(matrix)), 2)
        rows.append((dtype, np.max(off[s >= 0.003]), np.max(off[s < 0.003]), rest))
    grid = np.geomspace(1e-6, 1, 4000)
    ends = {(name, steps): through(grid, name, steps) for name, steps in SETS}
    inside = ends["muon", 5][grid >= 0.003]
    low, high = float(np.min(inside)), float(np.max(inside))
    slope = float(through(np.array([1e-9]), "muon", 5)[0] / 1e-9)
    spans = [
        (f"{name}, {steps} steps", prod(a for a, _, _ in coefficients_of(name, steps)), np.min(of), np.max(of))
        for (name, steps), of in ((key, values[grid >= 0.003]) for key, values in ends.items())
    ]
    comparisons = (
        Comparison("smallest singular value that one of at least 0.003·‖X‖ becomes", "0.5 … 1.5", low),
        Comparison("largest", "0.5 … 1.5", high),
        Comparison("slope at zero of five steps: 3.4445⁵", f"{MUON[0] ** 5:.4f}", slope),
    )
    in_bf16 = {dtype: figures for dtype, *figures in rows}["bfloat16"]
    conclusions = (
        f"It does not orthogonalise: from [0.003, 1] singular values end in [{low:.5f}, {high:.5f}], and 1 itself "
        f"becomes {float(through(np.ones(1), 'muon', 5)[0]):.5f}. Below that they are multiplied by {slope:.1f}.",
        f"In bfloat16 singular values from 0.003 on are off by up to {in_bf16[0]:.3f}, smaller ones by up to "
        f"{in_bf16[1]:.3f}: they are rounded before they are multiplied. What was diagonal is not any more: the rest "
        f"has a spectral norm of {in_bf16[2]:.3f}.",
        f"Eight steps of Polar Express do orthogonalise: from 0.003 on all singular values are within "
        f"{max(abs(ends['polar-express', 8][grid >= 0.003] - 1)):.0e} of 1.",
    )
    tables = (
        Table.of(
            f"five steps on a {SIDE} by {SIDE} matrix, against the polynomials on numbers",
            "dtype | off, s from 0.003 {:.1e} | off, smaller s {:.1e} | spectral norm of the rest {:.1e}",
            rows,
        ),
        Table.of(
            "singular values from [0.003, 1]",
            "coefficients | slope at zero {:.1f} | smallest {:.5f} | largest {:.5f}",
            spans,
        ),
    )
    data = {"s": s, "found": {dtype: np.diag(of) for dtype, of in turned.items()}, "grid": grid, "ends": ends}
    return Findings(tables, comparisons, conclusions, data)


def draw(data: dict[str, Any], figure: Any) -> None:
    left, right = figure.subplots(1, 2, sharey=True)
    grid, ends = data["grid"], data["ends"]
    left.plot(grid, ends["muon", 5], color="black", lw=0.9, label="the polynomials themselves")
    for dtype, marker, size, colour in zip(DTYPES, "o+x", (36, 40, 28), COLOURS, strict=False):
        faces = {"facecolors": "none", "edgecolors": colour} if marker == "o" else {"color": colour}
        left.scatter(data["s"], data["found"][dtype], s=size, marker=marker, label=dtype, zorder=3, **faces)
    for (name, steps), colour in zip(SETS, COLOURS, strict=False):
        right.plot(grid, ends[name, steps], color=colour, lw=1.2, label=f"{name}, {steps} steps")
    for axes, title in ((left, "default coefficients, in three dtypes"), (right, "published sets")):
        axes.axhspan(0.5, 1.5, color="0.92", zorder=0)
        axes.axhline(1, color="grey", lw=0.8, ls="--")
        axes.axvline(0.003, color="grey", lw=0.8, ls=":")
        axes.set(xscale="log", title=title, xlabel="singular value before, s/‖X‖ (dotted: 0.003)")
        finish(axes, loc="lower right")
    left.set(ylabel="singular value after", ylim=(-0.1, 1.6))


study = Study.of("muon-singular-values", WORDS, measure, draw, size=(12.5, 5.8))
