"""Evidence averaged over all tilts: closed forms for scores that are normal, or σ₀²-sub-Gaussian, about μ₀."""

from __future__ import annotations

from math import log, pi
from typing import Annotated, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Finite, Number, OpenFraction, Positive

Variances: TypeAlias = Annotated[Array, Entries(("T",), least=1, each=Number())]
NEAR = 2.0  # where the power series of Φ and the continued fraction of its tail meet
TERMS, FRACTIONS = 32, 80  # of them, enough for 20 digits there


def log_scaled_cdf(z: Array) -> Array:
    """Return log(Φ(z)·exp(z²/2)), Φ the normal distribution: Φ itself underflows below -38, this does not.

    For |z| < 2 from Φ = ½ + φ(z)·(z + z³/3 + z⁵/15 + …), beyond by 1 - Φ(z) = φ(z)/(z + 1/(z + 2/(z + 3/…))).
    """
    inside, outside = np.minimum(np.abs(z), NEAR), np.maximum(np.abs(z), NEAR)
    term = total = inside
    for k in range(1, TERMS):
        term = term * inside * inside / (2 * k + 1)
        total = total + term
    middle = inside * inside / 2 + np.log(0.5 + np.sign(z) * total * np.exp(-inside * inside / 2) / (2 * pi) ** 0.5)
    fraction = outside
    for k in range(FRACTIONS, 0, -1):
        fraction = outside + k / fraction
    tail = -np.log(fraction) - log(2 * pi) / 2
    upper = outside * outside / 2 + np.log1p(-np.exp(tail - outside * outside / 2))
    return np.where(np.abs(z) < NEAR, middle, np.where(z < 0, tail, upper))


@checked()
def normal_mixture(
    deviations: Annotated[Array, Finite("variances")], variances: Variances, *, precision: Positive = 1.0,
    two_sided: bool = True,
) -> Array:  # fmt: skip
    """Return log of the wealth averaged over λ ~ N(0, 1/r), or |N(0, 1/r)|.

    ::

        log M = ½log(r/(v + r)) + S²/(2(v + r))                                   two-sided
        log M = log 2 + ½log(r/(v + r)) + S²/(2(v + r)) + log Φ(S/√(v + r))       otherwise: upward shifts only

    deviations: S = Σ(s - μ₀), shape (T,). variances: v = t·σ₀² >= 0. precision: r.
    """
    z = deviations / (variances + precision) ** 0.5
    shrunk = -np.log1p(variances / precision) / 2
    log_wealth: Array = shrunk + z * z / 2 if two_sided else log(2) + shrunk + log_scaled_cdf(z)
    return log_wealth


@checked()
def normal_boundary(variances: Variances, *, delta: OpenFraction = 0.05, precision: Positive = 1.0) -> Array:
    """Return √((v + r)·log((v + r)/(r·δ²))), which |S| reaches where the two-sided mixture reaches 1/δ."""
    log_ratio = np.log1p(variances / precision) - 2 * np.log(0 * variances + delta)
    boundary: Array = ((variances + precision) * log_ratio) ** 0.5
    return boundary
