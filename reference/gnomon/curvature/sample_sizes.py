"""How many probes are enough for an error of at most ε with probability at least 1 - δ, before any is drawn.

Sources: Avron & Toledo, J. ACM 58 (2011); Roosta-Khorasani & Ascher, Found. Comput. Math. 15 (2015), arXiv 1308.2475;
Cortinovis & Kressner, Found. Comput. Math. 22 (2022), doi 10.1007/s10208-021-09525-9. All are pessimistic. All but the
logarithm is computed exactly, so that no size is too large to be an integer.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, log
from typing import Literal

from gnomon.arguments import checked
from gnomon.domains import NonNegative, OpenFraction, Positive, PositiveInt

Distribution = Literal["rademacher", "gaussian"]


def exact(number: float) -> Fraction:
    """Return a number, of whatever kind, as a fraction."""
    return Fraction(number if isinstance(number, int | float) else float(number))


def log_of_ratio(count: int, failure: float) -> Fraction:
    """Return ln(N/δ)."""
    return exact(log(count) - log(failure))


@checked()
def chebyshev_size(variance: NonNegative, *, error: Positive, failure: OpenFraction) -> int:
    """Return ⌈Var/(δ·ε²)⌉, enough by Chebyshev's inequality where one sample's variance is known.

    variance: of one sample, finite and >= 0. error: ε > 0, absolute. failure: δ in (0, 1).
    Raises `ValueError` or `TypeError` for other values.
    """
    return max(1, ceil(exact(variance) / (exact(failure) * exact(error) ** 2)))


@checked()
def semidefinite_size(*, error: Positive, failure: OpenFraction, probes: Distribution = "rademacher") -> int:
    """Return ⌈c·ε⁻²·ln(2/δ)⌉, c = 6 for signs and 8 for normal numbers: for tr A up to a relative error ε, A positive
    semidefinite.

    error: ε > 0. failure: δ in (0, 1). probes: "rademacher" or "gaussian".
    """
    c = 6 if probes == "rademacher" else 8
    return ceil(c / exact(error) ** 2 * log_of_ratio(2, failure))


@checked()
def indefinite_size(
    frobenius: NonNegative, spectral: NonNegative, *,
    error: Positive, failure: OpenFraction, probes: Distribution = "rademacher",
) -> int:  # fmt: skip
    """Return how many probes give tr A up to an absolute error ε, A symmetric and indefinite.

    Normal numbers: ⌈(4‖A‖_F² + 4ε‖A‖₂)·ε⁻²·ln(2/δ)⌉ of A itself. Signs: ⌈(8‖A‖_F² + 8ε‖A‖₂)·ε⁻²·ln(2/δ)⌉ of A without
    its diagonal. frobenius, spectral: these two norms, finite and >= 0. error: ε > 0. failure: δ in (0, 1).
    """
    c = 8 if probes == "rademacher" else 4
    F, S, eps = exact(frobenius), exact(spectral), exact(error)
    return max(1, ceil((c * F**2 + c * eps * S) / eps**2 * log_of_ratio(2, failure)))


@checked()
def diagonal_size(*, error: Positive, failure: OpenFraction, dimension: PositiveInt | None = None) -> int:
    """Return ⌈(2/ε²)·ln(2/δ)⌉: Rademacher probes for |dᵢ - Aᵢᵢ| <= ε·(Σ_{j≠i} Aᵢⱼ²)^½, one row, or all n with ln(2n/δ).

    Hoeffding's inequality. error: ε > 0. failure: δ in (0, 1). dimension: `None` for one row, n for all of them.
    """
    rows = 1 if dimension is None else dimension
    return ceil(2 / exact(error) ** 2 * log_of_ratio(2 * int(rows), failure))
