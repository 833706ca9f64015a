"""What rows and columns scaled once do to condition numbers, and what Newton-Schulz does in the same place."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent.newton_schulz import MUON, newton_schulz
from gnomon.descent.reg.diagnostics import diagnostics
from gnomon.descent.reg.racs import racs_reg
from gnomon.domains import Array
from gnomon.norms import length
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, spread
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """condition numbers, and the singular values that are left
When does scaling rows and columns help, when does it harm, and how does it compare with five Newton-Schulz steps?
van der Sluis 1969 for what is nearly best; the coefficients of Muon; counts are exact, medians of 1,000 matrices
picture: One scaling repairs what scales have spoilt, and nothing else; Newton-Schulz needs what it repairs"""
WORSE = np.array([[-2.0, 2.0, 0.0], [4.0, -5.0, 2.0], [-4.0, 4.0, -2.0]])
MATRICES, SIZE, LARGEST = 1000, 8, 4
NORMAL, WIDE, WIDEST = "normal numbers", "rows and columns times 10^±2", "rows and columns times 10^±3"
KINDS = {NORMAL: 0.0, WIDE: 2.0, WIDEST: 3.0}
# float16 has no numbers for wider rows: below 6e-5 they lose their digits, below 3e-8 they are 0.
DECADES = {"float32": np.linspace(0, 12, 25), "float16": np.linspace(0, 4, 25)}
NS, REG = "Newton-Schulz, 5 steps", "REG"


class Data(NamedTuple):
    """before, after: condition numbers of each kind. largest, smallest: singular values of what is left of diag(d)·Q,
    by method and dtype, for each of DECADES."""

    before: dict[str, Array]
    after: dict[str, Array]
    largest: dict[tuple[str, str], Array]
    smallest: dict[tuple[str, str], Array]


def matrices(decades: float, seed: int) -> Array:
    """Return normal numbers with rows and columns times 10 to a uniform power, shape (MATRICES, SIZE, SIZE)."""
    draw = np.random.default_rng(seed)
    numbers = draw.standard_normal((MATRICES, SIZE, SIZE))
    rows, columns = (10 ** draw.uniform(-decades, decades, (MATRICES, SIZE)) for _ in range(2))
    found: Array = numbers * rows[:, :, None] * columns[:, None, :]
    return found


def conditions(stack: Array) -> tuple[Array, Array]:
    """Return the condition numbers before and after."""
    found = [diagnostics(one, racs_reg(one)) for one in stack]
    before, after = zip(*((d.inverse_condition_before, d.inverse_condition_after) for d in found), strict=True)
    return 1 / np.array(before), 1 / np.array(after)


def worsened_of_two_by_two() -> tuple[int, int]:
    """Return of how many 2×2 matrices of whole numbers up to LARGEST in size it raises σ₁/σ₂, and how many there are.

    Of a 2×2 matrix σ₁/σ₂ rises with ‖M‖²/|det M|; an increase counts if it is more than 1e-12 of it, where rounding of
    these small numbers leaves 1e-15.
    """
    numbers = range(-LARGEST, LARGEST + 1)
    worse = tried = 0
    for entries in product(numbers, repeat=4):
        M = np.array(entries, float).reshape(2, 2)
        det = M[0, 0] * M[1, 1] - M[0, 1] * M[1, 0]
        if det != 0:
            R = racs_reg(M)
            before, after = np.sum(M * M) / abs(det), np.sum(R * R) / abs(R[0, 0] * R[1, 1] - R[0, 1] * R[1, 0])
            worse, tried = worse + (after > before * (1 + 1e-12)), tried + 1
    return worse, tried


def singular_values() -> tuple[dict[tuple[str, str], Array], dict[tuple[str, str], Array]]:
    """Return the largest and the smallest singular values of what the two methods make of diag(d)·Q, Q orthogonal."""
    Q, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((SIZE, SIZE)))
    largest: dict[tuple[str, str], Array] = {}
    smallest = dict(largest)
    for dtype, span in DECADES.items():
        found: dict[str, list[Array]] = {REG: [], NS: []}
        for decades in span:
            M = (Q * 10 ** -np.linspace(0, decades, SIZE)[:, None]).astype(dtype)
            for method, made in ((REG, racs_reg(M)), (NS, newton_schulz(M / length(M), [MUON] * 5))):
                found[method].append(np.linalg.svd(made.astype(float), compute_uv=False))
        for method, values in found.items():
            largest[method, dtype], smallest[method, dtype] = np.array(values)[:, 0], np.array(values)[:, -1]
    return largest, smallest


def measure() -> Findings:
    data = Data({}, {}, *singular_values())
    for kind, decades in KINDS.items():
        data.before[kind], data.after[kind] = conditions(matrices(decades, 1))
    (before,), (after,) = conditions(WORSE[None])
    worse, tried = worsened_of_two_by_two()
    rows = [
        (kind, np.median(data.before[kind]), np.median(data.after[kind]), np.mean(data.after[kind] > data.before[kind]))
        for kind in KINDS
    ]
    values = (data.smallest, "{:.3g}"), (data.largest, "{:.3f}")
    title = f"{MATRICES:,} matrices {SIZE}×{SIZE}: σ₁/σ₈ before and after, medians"
    ends = [
        (method, dtype, 10.0**most, *(spread(of[method, dtype][DECADES[dtype] <= most], form) for of, form in values))
        for dtype, most in (("float32", 12), ("float32", 4), ("float16", 4))
        for method in (REG, NS)
    ]
    tables = (
        Table.of(title, "matrices | before {:.3g} | after {:.3g} | made worse {:.1%}", rows),
        Table.of(
            "what is left of diag(d)·Q, its condition number κ from 1 to a largest one",
            "method | dtype | κ to {:.0e} | smallest σ | largest σ",
            ends,
        ),
    )
    compared = (
        Comparison("condition number of the 3×3 example before", "19.155", float(before)),
        Comparison("condition number of the 3×3 example after", "24.987", float(after)),
        Comparison("2×2 matrices of whole numbers up to 4 that are made worse", "0", float(worse)),
    )
    found = {row[0]: row for row in rows}
    least = {dtype: np.min(data.smallest[NS, dtype][DECADES[dtype] <= 4]) for dtype in DECADES}
    conclusions = (
        f"Badly scaled matrices gain: with factors of 10^±3 their median condition number falls from "
        f"{found[WIDEST][1]:.2g} to {found[WIDEST][2]:.2g}. Of matrices without a scale {found[NORMAL][3]:.0%} are "
        f"made worse, of those {found[WIDEST][3]:.1%}.",
        "Medians of 1.5e6 before and 31 after are stated elsewhere, without the factors: they are not those of 10^±3. "
        f"With 10^±2 they are {found[WIDE][1]:.2g} and {found[WIDE][2]:.2g}.",
        f"None of {tried:,} 2×2 matrices is made worse; the 3×3 example is, from {before:.4f} to {after:.4f}.",
        "Of orthogonal rows of whatever lengths REG leaves the orthogonal matrix; of singular values below about 1/500 "
        "of the length five Newton-Schulz steps leave less than 1.",
        f"That is so in both dtypes: up to a condition number of 1e4, where float16 ends, the smallest is "
        f"{least['float32']:.3f} in float32 and {least['float16']:.3f} in float16.",
    )
    return Findings(tables, compared, conclusions, data)


def draw(data: Data, figure: Any) -> None:
    left, right = figure.subplots(1, 2)
    for colour, kind in zip(COLOURS, (NORMAL, WIDEST), strict=False):
        left.loglog(data.before[kind], data.after[kind], ".", color=colour, ms=3, alpha=0.6, label=kind)
    ends = np.array([1, 1e10])
    left.plot(ends, ends, color="black", lw=1)
    left.text(3e7, 1e8, "as before", rotation=42, ha="center")
    left.set(xlabel="σ₁/σ₈ before", ylabel="σ₁/σ₈ after", xlim=(1, 1e14), ylim=(1, 1e10), title="8×8 matrices")
    finish(left, loc="upper left")
    conditions_there = 10 ** DECADES["float32"]
    for colour, method in zip(COLOURS[2:], (REG, NS), strict=False):
        span = data.smallest[method, "float32"], data.largest[method, "float32"]
        right.fill_between(conditions_there, *span, color=colour, alpha=0.35, label=method)
        for values in span:
            right.plot(conditions_there, values, color=colour)
    right.set(xscale="log", yscale="log", xlabel="condition number of diag(d)·Q")
    right.set_title("from σ₈ to σ₁ of what is left, float32")
    finish(right, loc="lower left")


study = Study.of("reg-conditioning", WORDS, measure, draw, size=(11.0, 5.2))
