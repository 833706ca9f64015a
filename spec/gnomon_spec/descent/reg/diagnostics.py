"""What is measured of a matrix and of what was made of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.reg import diagnostics as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.descent.reg import inputs, system
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.rotations import rotation_of
from gnomon_spec.strategies import whole_range
from gnomon_spec.system import WITH_ROOM

known = Cases(
    {"left": rotation_of(0), "right": rotation_of(1), "sigma": nonzero_vector(), "tau": nonzero_vector()},
    inputs.MATRICES,
).but(p=inputs.exponents)
cases = Cases({"matrix": inputs.full(1), "scaled": inputs.full(1)}, inputs.MATRICES).but(p=inputs.exponents)
diagnostics = system.operation(
    reference.diagnostics, cases=cases, rejecting=cases, dtypes=WITH_ROOM,
    scales=dict.fromkeys(
        ("inverse_condition_before", "inverse_condition_after", "row_imbalance", "column_imbalance"), lambda case: 1.0
    ),
)  # fmt: skip


def with_values(case: Case, values: Any) -> Any:
    """Return UΣVᵀ of the drawn orthogonal matrices."""
    k = min(len(case.left), len(case.right))
    return (case.left[:, :k] * np.abs(values[:k])) @ case.right[:k]


def sized(case: Case) -> tuple[Any, Any]:
    """Return as many values as there are singular values, of both matrices, repeated where too few were drawn."""
    k = min(len(case.left), len(case.right))
    return tuple(np.abs(np.resize(values, k)) for values in (case.sigma, case.tau))  # type: ignore[return-value]


@diagnostics.law("closed form", cases=known)
def of_known_singular_values_everything_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """Of UΣVᵀ and UΤVᵀ: σₖ/σ₁, τₖ/τ₁, root mean square ‖τ‖/√(mn), cosine σ·τ/(‖σ‖‖τ‖), stable rank ‖τ‖²/τ₁²."""
    before, after = sized(case)
    X, R = with_values(case, before), with_values(case, after)
    found = port.diagnostics(X, R, **case.hyper)
    energy = np.sum(after**2)
    yield equal("inverse_condition_before", found.inverse_condition_before, np.min(before) / np.max(before), 1.0)
    yield equal("inverse_condition_after", found.inverse_condition_after, np.min(after) / np.max(after), 1.0)
    yield equal("rms", found.rms, np.sqrt(energy / R.size))
    yield equal("cosine", found.cosine, np.sum(before * after) / np.sqrt(np.sum(before**2) * energy))
    yield equal("stable_rank", found.stable_rank, energy / np.max(after) ** 2)


@diagnostics.law("closed form")
def imbalances_are_those_of_the_norms(port: Any, case: Case) -> Iterable[Fact]:
    """max |rᵢ/r̄ - 1| and max |cⱼ - 1|, norms of what was scaled."""
    found = diagnostics.call(port, case)
    rows, columns = (inputs.norm(case.scaled, axis, case.p) for axis in (1, 0))
    yield equal("row_imbalance", found.row_imbalance, np.max(np.abs(rows / np.mean(rows) - 1)), 1.0)
    yield equal("column_imbalance", found.column_imbalance, np.max(np.abs(columns - 1)), 1.0)
    if len(rows) > 1:
        hollow = np.concatenate([0 * case.scaled[:1], case.scaled[1:]])
        rows = inputs.norm(hollow, 1, case.p)
        emptied = diagnostics.call(port, case, scaled=hollow).row_imbalance
        mean = np.where(np.mean(rows) > 0, np.mean(rows), 1)
        expected = np.where(np.mean(rows) > 0, np.max(np.abs(rows / mean - 1)), 0)
        yield equal("an empty row", emptied, expected, 1.0)
    yield at_least("cosine", np.ones(()), np.abs(found.cosine))
    yield at_least("stable_rank", found.stable_rank, np.ones(()))


diagnostics.symmetry(
    "invariance",
    "ratios_have_no_units",
    "2ᵏ times both matrices leaves condition numbers, cosine, row imbalance and stable rank as they are, anywhere in"
    " the range of the dtype",
    cases=cases.but(power=whole_range(40), sign=choice(1, -1)),
    inputs={"matrix": inputs.times_a_power, "scaled": inputs.times_a_power},
    outputs=dict.fromkeys(
        ("inverse_condition_before", "inverse_condition_after", "cosine", "stable_rank", "row_imbalance"), unchanged
    )
    | {"rms": lambda rms, case: rms * 2.0**case.power},
)


@diagnostics.law("limit")
def of_nothing_the_ratios_are_zero(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix of zeros has no direction, the inverse condition number 0 and the stable rank 0."""
    zero = 0 * case.matrix
    found = port.diagnostics(zero, zero, **case.hyper)
    yield equal("inverse_condition_after", found.inverse_condition_after, 0.0)
    yield equal("cosine", found.cosine, 0.0)
    yield equal("stable_rank", found.stable_rank, 0.0)
    yield equal("rows", found.row_imbalance, 0.0)
    yield equal("columns", found.column_imbalance, 1.0)


diagnostics.edits("""
condition_numbers_exchanged: The condition numbers of before and after change places
    `shares_of(before)[-1],\nshares_of(after)[-1],` → `shares_of(after)[-1],\nshares_of(before)[-1],`
cosine_without_the_lengths: The inner product is not divided by the lengths
    `np.sum(unit(matrix, "all", 2) * unit(scaled, "all", 2))` → `np.sum(matrix * scaled)`
rank_from_the_sum: The stable rank is Σσ/σ₁, and not Σσ²/σ₁²
    `np.sum(shares * shares)` → `np.sum(shares)`
length_for_the_root_mean_square: The root mean square is not divided by √(mn)
    `norm / scaled.size**0.5` → `norm`
imbalance_in_units_of_the_matrix: The row norms' distance from their mean is not divided by it
    `lengths(unit(scaled, "all", inf), "rows", p)` → `lengths(scaled, "rows", p)`
    `np.max(np.abs(rows - mean)) / np.where(mean > 0, mean, 1)` → `np.max(np.abs(rows - mean))`
imbalance_of_euclidean_norms: Rows and columns are measured by their Euclidean norms, whatever p is
    `"rows", p), lengths(scaled, "columns", p)` → `"rows", 2), lengths(scaled, "columns", 2)`
columns_relative_to_their_mean: The columns, too, are held against their mean, so that a common factor is not seen
    `np.max(np.abs(columns - 1))` → `np.max(np.abs(columns / np.mean(columns) - 1))`
""")
