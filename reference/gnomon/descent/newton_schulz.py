"""The Newton-Schulz iteration: matrix polynomials that push all singular values towards 1, by products alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from gnomon.domains import Array

Quintic: TypeAlias = tuple[float, float, float]

CUBIC: Quintic = (1.5, -0.5, 0.0)
MUON: Quintic = (3.4445, -4.7750, 2.0315)


def newton_schulz(matrix: Array, coefficients: Sequence[Quintic]) -> Array:
    """Return X after X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ, once for each (a, b, c) of coefficients.

    matrix: shape (m, p), its spectral norm at most 1 (`CUBIC`: below √3; the caller scales it, and transposes it where
    m > p, since A has shape (m, m)). Each singular value s becomes a·s + b·s³ + c·s⁵, the singular vectors stay.
    `CUBIC` converges to the polar factor; `MUON` does not converge, and leaves singular values in [0.68, 1.14].

    Source: Jordan et al., Muon (2024), for the coefficients of `MUON`.
    """
    for a, b, c in coefficients:
        gram = matrix @ matrix.T
        matrix = a * matrix + (b * gram + c * (gram @ gram)) @ matrix
    return matrix
