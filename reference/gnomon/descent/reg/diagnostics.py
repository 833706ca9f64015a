"""What scaling rows and columns did to a matrix."""

from __future__ import annotations

from math import inf
from typing import Annotated, Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.reg.racs import Exponent, Matrix, norms, unit
from gnomon.domains import Array, Entries


class Diagnostics(NamedTuple):
    """Numbers about a matrix X and what was made of it, R.

    inverse_condition_before, inverse_condition_after: σₖ/σ₁ of X and R, k = min(m, n), 0 of 0: one over the condition
    number, which of a singular matrix is rounding alone. row_imbalance: max |rᵢ/r̄ - 1| of the row norms of R.
    column_imbalance: max |cⱼ - 1|. rms: root mean square of R. cosine: ⟨X, R⟩/(‖X‖‖R‖), 0 if one of them is 0.
    stable_rank: ‖R‖_F²/‖R‖₂², 0 of 0.
    """

    inverse_condition_before: Any
    inverse_condition_after: Any
    row_imbalance: Any
    column_imbalance: Any
    rms: Any
    cosine: Any
    stable_rank: Any


@checked()
def diagnostics(
    matrix: Matrix, scaled: Annotated[Array, Entries(("m", "n"), fit="matrix", finite=True, of=("m", "n"))], *,
    p: Exponent = 2.0,
) -> Diagnostics:  # fmt: skip
    """Return what `Diagnostics` says of X = matrix and R = scaled, both (m, n) and finite. p: of the norms, >= 1."""
    before, after = singular_values(matrix), singular_values(scaled)
    rows, columns = lengths(unit(scaled, "all", inf), "rows", p), lengths(scaled, "columns", p)
    mean, (largest, norm) = np.mean(rows), norms(scaled, "all", 2)
    shares = shares_of(after)
    return Diagnostics(
        shares_of(before)[-1],
        shares_of(after)[-1],
        np.max(np.abs(rows - mean)) / np.where(mean > 0, mean, 1),
        np.max(np.abs(columns - 1)),
        (largest * (norm / scaled.size**0.5))[0, 0],
        np.sum(unit(matrix, "all", 2) * unit(scaled, "all", 2)),
        np.sum(shares * shares),
    )


def lengths(matrix: Array, side: str, p: float) -> Array:
    """Return the p-norms of rows or columns."""
    largest, norm = norms(matrix, side, p)
    found: Array = largest * norm
    return found


def singular_values(matrix: Array) -> Array:
    """Return the singular values, the largest first, in units in which the largest entry is 1."""
    values: Array = np.linalg.svd(unit(matrix, "all", inf), compute_uv=False)
    return values


def shares_of(values: Array) -> Array:
    """Return singular values over the largest, 0 if that is 0."""
    shares: Array = values / np.where(values[0] > 0, values[0], 1)
    return shares
