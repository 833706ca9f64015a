"""The polar factor of a gradient, by which egalitarian gradient descent steps, and three more ways to compute it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.newton_schulz import CUBIC, MUON, from_unit_length
from gnomon.domains import Array, Entries, Fraction, NonNegativeInt
from gnomon.rounding import spacing_in_lapack

Gradient: TypeAlias = Annotated[Array, Entries(("m", "p"), finite=True)]


def of_size_one(gradient: Array) -> Array:
    """Return G/max|Gᵢⱼ|, whose squares and singular values leave no range; G itself if it is 0 or empty."""
    largest = np.max(np.abs(gradient), initial=0)
    return gradient / largest if largest > 0 else gradient


@checked()
def polar(gradient: Gradient, *, rtol: Fraction | None = None) -> Array:
    """Return EGD(G) = ((G·Gᵀ)⁺)^½·G = U_r·V_rᵀ with G = U·diag(s)·Vᵀ, r the number of sᵢ > rtol·s₁.

    gradient: G, shape (m, p), finite, of any size. rtol: `None` is max(m, p)·ε, ε the spacing of the dtype at 1, as in
    `numpy.linalg.matrix_rank`. The result has r singular values 1, all others are 0: a partial isometry, not the full
    one that `scipy.linalg.polar` returns. Of 0 it is 0, of an empty matrix an empty one, of a vector g/‖g‖.

    Source: Eq. 11 with the remark on the pseudo-inverse. Choice: U_r·V_rᵀ and not (U/s)·Uᵀ·G, which loses as many
    digits as the condition number has and is 0/0 for s = 0.
    """
    if gradient.size == 0:
        return gradient.copy()
    U, s, Vt = np.linalg.svd(of_size_one(gradient), full_matrices=False)
    r = rank(s, threshold(gradient, rtol))
    factor: Array = U[:, :r] @ Vt[:r]
    return factor


def rank(values: Array, rtol: float) -> int:
    """Return how many of some numbers >= 0, descending, are above rtol times the largest."""
    return int(np.count_nonzero(values > rtol * values[0]))


def threshold(gradient: Array, rtol: float | None) -> float:
    """Return rtol, or what it is by default."""
    return max(gradient.shape) * spacing_in_lapack(gradient.dtype) if rtol is None else rtol


@checked()
def polar_eigh(gradient: Gradient, *, rtol: Fraction | None = None) -> Array:
    """Return U_r·V_rᵀ as `polar`, by G·Gᵀ = Q·Λ·Qᵀ, or Gᵀ·G if that is smaller: Q_r·Λ_r^-½·Q_rᵀ·G, r as λᵢ > rtol²·λ₁.

    It is several times as fast and loses κ²·ε instead of κ·ε, κ = s₁/s_r: of use for κ < ε^-½. rtol: `None` is
    (max(m, p)·ε)^½, below which the Gram matrix has no digits. All else is as in `polar`.
    """
    if gradient.size == 0:
        return gradient.copy()
    (m, p), X = gradient.shape, of_size_one(gradient)
    wide = X if m <= p else X.T
    ascending, Q = np.linalg.eigh(wide @ wide.T)
    values, Q = ascending[::-1], Q[:, ::-1]
    r = rank(values, threshold(gradient, None) if rtol is None else rtol * rtol)
    factor: Array = (Q[:, :r] / np.sqrt(values[:r])) @ (Q[:, :r].T @ wide)
    return factor if m <= p else factor.T


@checked()
def polar_newton_schulz(
    gradient: Gradient, *, iterations: NonNegativeInt = 40, coefficients: Literal["cubic", "muon"] = "cubic"
) -> Array:
    """Return X after X ← a·X + (b·A + c·A²)·X, A = X·Xᵀ, so often, from X₀ = G/‖G‖, Frobenius.

    "cubic" is 1.5·X - 0.5·A·X and tends to U_r·V_rᵀ. Each singular value goes by 1 - s' = (1-s)²·(1 + s/2): 11, 22 and
    39 iterations bring 0.1, 1e-3 and 1e-6 to 1. A singular value that is 0 but for rounding grows 1.5 times in each:
    there is no rank here, and with more iterations than needed rounding becomes a direction.

    "muon", Muon's a, b, c, makes no polar factor: after its five iterations singular values from 0.01 to 1 are in
    [0.6818, 1.1344], those below are multiplied by up to a⁵ = 484.9.

    gradient: as in `polar`. Choice: no ε beside ‖G‖ and no bfloat16, so that a tiny gradient is as good as any; of 0 it
    is 0.
    """
    return from_unit_length(gradient, ((CUBIC if coefficients == "cubic" else MUON),) * int(iterations))
