"""Rows and columns scaled in turn: where that goes, and where it does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.reg import racs as reference
from gnomon_spec.cases import Case, choice
from gnomon_spec.descent.reg import inputs, system
from gnomon_spec.descent.reg.racs import calm
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import count, shapes
from gnomon_spec.system import WITH_ROOM

cases = calm.but(matrix=inputs.sparse(), sweeps=count(1, 2, 3, low=1, high=5), rtol=choice(0.1, 0.0, 0.01))
sinkhorn = system.operation(
    reference.sinkhorn, cases=cases, rejecting=calm.but(sweeps=1, rtol=0.0), dtypes=WITH_ROOM,
    scales={"residual": lambda case: 1.0},
)  # fmt: skip
# Entries within a factor of 1.25, p <= 2: a sweep leaves at most tanh²(¼·log 1.25⁸) < 0.19 of the distance to the limit
# in Hilbert's metric, whatever the factors of rows and columns (Birkhoff): 2⁻⁵² after 24.
positive = calm.but(matrix=inputs.even(), p=choice(2.0, 1.0, 1.5), rtol=0.0)
limits = positive.but(sweeps=24)


@sinkhorn.law("closed form", cases=cases.but(rtol=0.0))
def the_residual_belongs_to_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """All sweeps are made, columns have norm 1 or are 0, and the residual is max |rᵢ/(n/m)^{1/p} - 1|, rows and columns
    of zeros not counted."""
    found = sinkhorn.call(port, case)
    rows, columns = np.any(case.matrix != 0, axis=1), np.any(case.matrix != 0, axis=0)
    yield equal("columns", inputs.norm(found.matrix, 0, case.p), columns * 1.0)
    target = inputs.ratio(case, max(1, np.sum(columns)), max(1, np.sum(rows))) ** (1 / case.p)
    off = np.abs(inputs.norm(found.matrix, 1, case.p) / target - 1)
    yield equal("residual", found.residual, np.max(np.where(rows, off, 0)), 1.0)
    yield agree("sweeps", found.sweeps, case.sweeps)


@sinkhorn.law("limit", cases=limits.but(row_factors=inputs.factors(0), column_factors=inputs.factors(1)))
def positive_matrices_are_balanced_in_the_limit(port: Any, case: Case) -> Iterable[Fact]:
    """Without zeros columns have norm 1 and rows (n/m)^{1/p}, the same for D₁MD₂, and up to a factor for Mᵀ."""
    found = sinkhorn.call(port, case).matrix
    m, n = found.shape
    yield equal("rows", inputs.norm(found, 1, case.p), inputs.ratio(case, n, m) ** (1 / case.p) + np.zeros(m))
    factors = case.row_factors[:, np.newaxis] * case.column_factors
    yield equal("scaled", port.sinkhorn(case.matrix * factors, **case.hyper).matrix, found)
    turned = port.sinkhorn(case.matrix.T.copy(), **case.hyper).matrix.T
    yield equal("transposed", turned, found * inputs.ratio(case, m, n) ** (1 / case.p))


@sinkhorn.law("bound", cases=positive.but(matrix=inputs.full(2), sweeps=count(1, 2, low=1, high=4)))
def what_rows_leave_of_the_columns_only_grows(port: Any, case: Case) -> Iterable[Fact]:
    """After the rows of each sweep Σ log ‖column‖ is no smaller than a sweep before, and at most n/p·log(m/n)."""
    m, n = case.matrix.shape
    after = [port.sinkhorn(case.matrix, **{**case.hyper, "sweeps": case.sweeps + k}).matrix for k in range(3)]
    rows = [np.abs(found[0]) / inputs.norm(found[0], None, case.p) for found in after]
    earlier, later = (np.sum(np.log(rows[k] / np.abs(after[k + 1][0]))) for k in range(2))
    yield at_least("growth", later, earlier)
    yield at_least("bound", n / case.p * np.log(inputs.ratio(case, m, n)), later)


@sinkhorn.law(
    "closed form", cases=calm.but(rtol=0.0, p=choice(2.0, 1.0, 1.5), sweeps=count(1, 2, 9, low=1, high=20)).shaped(
        shapes((2, 2))
    )
)  # fmt: skip
def on_a_triangle_it_goes_like_one_over_the_sweeps(port: Any, case: Case) -> Iterable[Fact]:
    """Of [[a, c], [0, d]] the p-th power of the corner is 1/(1/b + 2(k-1)) after k sweeps, b after the first: it goes
    to 0 like 1/(2k), and so does the residual."""
    triangle = np.triu(case.matrix)
    first, last = (port.sinkhorn(triangle, **{**case.hyper, "sweeps": k}).matrix for k in (1, case.sweeps))
    corner = np.abs(first[0, 1]) ** case.p
    yield equal("corner", np.abs(last[0, 1]) ** case.p, 1 / (1 / corner + 2 * (case.sweeps - 1)))


@sinkhorn.law("closed form", cases=calm.but(rtol=choice(0.1, 0.01), sweeps=9).but(
    u=inputs.whole(0), v=inputs.whole(1)
))  # fmt: skip
def of_rank_one_a_sweep_is_enough(port: Any, case: Case) -> Iterable[Fact]:
    """uvᵀ is balanced after one sweep, and the residual says so."""
    found = port.sinkhorn(case.u[:, np.newaxis] * case.v, **case.hyper)
    yield agree("sweeps", found.sweeps, 1)
    yield equal("residual", found.residual, 0 * found.residual, 1.0)


UNIT = 'unit(unit(matrix, "rows", p), "columns", p)'
sinkhorn.edits(f"""
columns_first_in_each_sweep: Each sweep scales the columns before the rows, so that rows are exact in the end
    `{UNIT}` → `unit(unit(matrix, "columns", p), "rows", p)`
both_sides_at_once: Each sweep divides by the roots of the norms of both sides, as Ruiz does
    `{UNIT}` → `matrix / root_norms(matrix, "rows", p) / root_norms(matrix, "columns", p)`
it_never_stops_early: The residual is not looked at: all sweeps are made
    `not residual < rtol` → `True`
the_first_sweep_is_enough: One sweep is made, whatever the residual is
    `not residual < rtol` → `made < 1`
sweeps_counted_from_zero: One sweep more is made than is counted
    `Balanced(matrix, residual, made)` → `Balanced(matrix, residual, made - 1)`
residual_of_the_columns: The residual is that of the columns, which is 0 after every sweep
    `residual, made = imbalance(matrix, p),` → `residual, made = 0 * imbalance(matrix, p),`
""")
sinkhorn.edits(
    """
rows_expected_to_have_norm_one: The residual expects rows of norm 1, where m rows and n columns allow (n/m)^{1/p}
    `largest * norm / (max(n, 1) / max(m, 1)) ** (1 / p)` → `largest * norm`
zeros_count_as_rows: Rows of zeros are counted among those that are to be balanced
    `(max(n, 1) / max(m, 1))` → `(matrix.shape[1] / matrix.shape[0])`
""",
    within=reference.imbalance,
)
