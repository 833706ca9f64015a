"""How many probes are enough for an error of at most ε with probability at least 1 - δ, before any is drawn.

Sources: Avron & Toledo, J. ACM 58 (2011); Roosta-Khorasani & Ascher, Found. Comput. Math. 15 (2015), arXiv 1308.2475;
Cortinovis & Kressner, Found. Comput. Math. 22 (2022), doi 10.1007/s10208-021-09525-9. All are pessimistic.
"""

from __future__ import annotations

from math import ceil, log

from gnomon.domains import require_choice, require_count, require_number

PROBES = ("rademacher", "gaussian")


def chebyshev_size(variance: float, *, error: float, failure: float) -> int:
    """Return ⌈Var/(δ·ε²)⌉, enough by Chebyshev's inequality where one sample's variance is known.

    variance: of one sample, finite and >= 0. error: ε > 0, absolute. failure: δ in (0, 1).
    Raises `ValueError` or `TypeError` for other values.
    """
    require_number("variance", variance, 0)
    _require(error, failure)
    return max(1, ceil(variance / (failure * error**2)))


def semidefinite_size(*, error: float, failure: float, probes: str = "rademacher") -> int:
    """Return ⌈c·ε⁻²·ln(2/δ)⌉, c = 6 for signs and 8 for normal numbers: for tr A up to a relative error ε, A positive
    semidefinite.

    error: ε > 0. failure: δ in (0, 1). probes: "rademacher" or "gaussian".
    """
    _require(error, failure)
    require_choice("probes", probes, PROBES)
    return ceil((6 if probes == "rademacher" else 8) * error**-2 * log(2 / failure))


def indefinite_size(
    frobenius: float, spectral: float, *, error: float, failure: float, probes: str = "rademacher"
) -> int:
    """Return how many probes give tr A up to an absolute error ε, A symmetric and indefinite.

    Normal numbers: ⌈(4‖A‖_F² + 4ε‖A‖₂)·ε⁻²·ln(2/δ)⌉ of A itself. Signs: ⌈(8‖A‖_F² + 8ε‖A‖₂)·ε⁻²·ln(2/δ)⌉ of A without
    its diagonal. frobenius, spectral: these two norms, finite and >= 0. error: ε > 0. failure: δ in (0, 1).
    """
    require_number("frobenius", frobenius, 0)
    require_number("spectral", spectral, 0)
    _require(error, failure)
    require_choice("probes", probes, PROBES)
    c = 8 if probes == "rademacher" else 4
    return max(1, ceil((c * frobenius**2 + c * error * spectral) * error**-2 * log(2 / failure)))


def diagonal_size(*, error: float, failure: float, dimension: int | None = None) -> int:
    """Return ⌈(2/ε²)·ln(2/δ)⌉: Rademacher probes for |dᵢ - Aᵢᵢ| <= ε·(Σ_{j≠i} Aᵢⱼ²)^½, one row, or all n with ln(2n/δ).

    Hoeffding's inequality. error: ε > 0. failure: δ in (0, 1). dimension: `None` for one row, n for all of them.
    """
    _require(error, failure)
    rows = 1 if dimension is None else dimension
    require_count("dimension", rows, 1)
    return ceil(2 / error**2 * log(2 * rows / failure))


def _require(error: float, failure: float) -> None:
    require_number("error", error, 0)
    if not error > 0:
        raise ValueError(f"error must be > 0, got {error!r}")
    require_number("failure", failure, 0, 1)
    if not failure > 0:
        raise ValueError(f"failure must be > 0, got {failure!r}")
