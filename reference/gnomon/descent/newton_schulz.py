"""The Newton-Schulz iteration: matrix polynomials that push all singular values towards 1, by products alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from gnomon.domains import Array

Quintic: TypeAlias = tuple[float, float, float]
Published: TypeAlias = Literal["muon", "dion", "polar-express", "polar-express-safer"]

CUBIC: Quintic = (1.5, -0.5, 0.0)
MUON: Quintic = (3.4445, -4.7750, 2.0315)
# Of each set, one (a, b, c) a step; the last one stands for all steps after it.
PUBLISHED: dict[str, tuple[Quintic, ...]] = {
    "muon": (MUON,),
    "dion": (
        (4.0848, -6.8946, 2.9270),
        (3.9505, -6.3029, 2.6377),
        (3.7418, -5.5913, 2.3037),
        (2.8769, -3.1427, 1.2046),
        (2.8366, -3.0525, 1.2012),
    ),
    "polar-express": (
        (8.237312490495555, -23.157747414558198, 16.680568411445915),
        (4.082441999064835, -2.893047735332586, 0.5252849256975648),
        (3.9263479922546582, -2.8547468034765298, 0.5318022422894988),
        (3.2982187133085143, -2.424541981026706, 0.48632008358844075),
        (2.2970369434552573, -1.63662558125903, 0.4002628455953627),
        (1.8763805351440397, -1.2347896577722228, 0.35891887501668385),
        (1.8564423485617974, -1.2132449880935525, 0.3568003487825883),
        (1.8749994008682747, -1.2499988017229169, 0.3749994008546422),
    ),
    "polar-express-safer": (
        (8.156554524902461, -22.48329292557795, 15.878769915207462),
        (4.0429299351667245, -2.808917465908704, 0.5000178451051299),
        (3.8916678022926563, -2.7724841532176825, 0.5060648178503389),
        (3.285753657755658, -2.3681294933425394, 0.46449024233003117),
        (2.3005307116270983, -1.6111665557258408, 0.3833374427545273),
        (1.8631210546382593, -1.2042160621002727, 0.3421879560523383),
        (1.8382572152247512, -1.1779263289537742, 0.3396513038637379),
        (1.8749999923301852, -1.2499999836060613, 0.374999991275876),
    ),
}


def newton_schulz(matrix: Array, coefficients: Sequence[Quintic]) -> Array:
    """Return X after X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ, once for each (a, b, c) of coefficients.

    matrix: shape (m, p), its spectral norm at most 1 (`CUBIC`: below √3; the caller scales it, and transposes it where
    m > p, since A has shape (m, m)). Each singular value s becomes a·s + b·s³ + c·s⁵, the singular vectors stay.
    `CUBIC` converges to the polar factor. Five steps of `MUON` bring singular values from [0.003, 1] into
    [0.6818, 1.2024], multiply tiny ones by 484.9, and do not converge, however many follow.

    Source: Jordan et al., Muon (2024), for the coefficients of `MUON`.
    """
    for a, b, c in coefficients:
        gram = matrix @ matrix.T
        matrix = a * matrix + (b * gram + c * (gram @ gram)) @ matrix
    return matrix


def from_unit_length(
    matrix: Array, coefficients: Sequence[Quintic], eps: float = 0.0, eps_added: bool = False
) -> Array:
    """Return what `newton_schulz` makes of a matrix of any size, divided by its length first.

    Transposed where it has more rows than columns, and back: the smaller Gram matrix costs less. eps, eps_added: as in
    `unit_length`. A matrix of zeros gives zeros, one without entries itself.
    """
    start = unit_length(matrix, eps, eps_added)
    if start.shape[0] > start.shape[1]:
        return newton_schulz(start.T, coefficients).T
    return newton_schulz(start, coefficients)


def unit_length(matrix: Array, eps: float, eps_added: bool) -> Array:
    """Return X/max(‖X‖, ε), or X/(‖X‖ + ε), computed in units of the largest entry; zeros for zeros."""
    unit: Array = np.maximum(np.max(np.abs(matrix), initial=0), eps)
    unit = np.where(unit == 0, np.ones_like(unit), unit)
    in_units = matrix / unit
    floor = eps / unit
    norm: Array = np.sqrt(np.sum(in_units * in_units))
    length: Array = norm + floor if eps_added else np.maximum(norm, floor)
    return in_units / np.where(length == 0, np.ones_like(length), length)


def coefficients_of(name: Published, steps: int) -> tuple[Quintic, ...]:
    """Return the (a, b, c) of each of so many steps: the first ones of a published set, then its last one.

    Sources: "muon", Jordan et al. 2024. "dion", the code of Ahn et al. 2025, before that You Jiacheng's in
    modded-nanogpt (`pytorch_optimizer` calls it "quintic"). "polar-express", Amsel et al. 2025, for singular values
    from 1e-3 on, made smaller so that rounding does no harm: as computed in `pytorch_optimizer` 4.1.0 with a safety of
    1e-2 and, "safer", of 2e-2. The numbers are those of `gnomon.descent.newton_schulz.PUBLISHED`.
    """
    published = PUBLISHED[name]
    return tuple(published[min(k, len(published) - 1)] for k in range(steps))
