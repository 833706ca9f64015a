"""The toy problem of the theory: two features of which one is scarce, and how long the test error stays high.

z ~ N(0, diag(1, ε)). Training data: x = z given |z₁| >= s, y = sign x₁. Test data: x = z given (z·v)·z₁ <= 0,
v = (cos θ, sin θ), θ in (0, π/2). The loss is (1/n)‖Xw - Y‖², its dynamics as section 3 of the paper writes them,
without the factor 2 (its appendix has 2η). For n → ∞ the gradient is Σw - c with Σ = diag(m₂, ε), c = (m₁, 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import erfc, exp, pi, sqrt
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative, NonNegativeInt, Number, OpenFraction, Positive
from gnomon.norms import length
from gnomon.rounding import rounded_once

Start: TypeAlias = Annotated[Array, Entries(("n",), least=1, finite=True)]
Covariance: TypeAlias = Annotated[Array, Entries(("n", "n"), fit="start", finite=True, symmetric=True)]
Correlation: TypeAlias = Annotated[Array, Entries(("n",), fit="start", finite=True)]
Plane: TypeAlias = Annotated[Array, Entries(("two",), finite=True)]
Points: TypeAlias = Annotated[Array, Entries(("k", "two"), finite=True)]
Angle: TypeAlias = Annotated[float, Number(0, pi / 2, above=True)]
Share: TypeAlias = Annotated[float, Number(0, 1, above=True, closed=True)]
Method = Literal["gd", "newton", "egd"]


class Moments(NamedTuple):
    """m₁ = E|x₁| and m₂ = E x₁² of the training data."""

    m1: float
    m2: float


@checked()
def moments(*, threshold: NonNegative) -> Moments:
    """Return m₁ = φ(s)/Q(s) and m₂ = 1 + s·m₁, φ and Q the normal distribution's density and upper tail, s = threshold.

    From 5 on as the continued fraction s + 1/(s + 2/(s + 3/…)), where Q would leave the range.
    """
    s = threshold
    if s < 5:
        m1 = exp(-s * s / 2) / sqrt(2 * pi) / (erfc(s / sqrt(2)) / 2)
    else:
        m1 = s
        for k in range(100, 0, -1):
            m1 = s + k / m1
    return Moments(m1, 1 + s * m1)


@checked()
@rounded_once
def descend(
    start: Start, covariance: Covariance, correlation: Correlation, *,
    lr: Positive = 0.1, steps: NonNegativeInt = 1, method: Method = "gd",
) -> Array:  # fmt: skip
    """Return w₀ … w_steps, shape (steps + 1, n), with g = Σw - c: w ← w - lr·g, w - lr·Σ⁻¹g, or w - lr·g/‖g‖.

    start: w₀, shape (n,). covariance: Σ, symmetric, shape (n, n). correlation: c, shape (n,). method: "gd"; "newton",
    the paper's Eq. 9, whose theory it calls that of EGD; "egd", which for a gradient that is a vector is normalised
    gradient descent (0 where g = 0).
    """
    iterates = [start]
    for _ in range(steps):
        w = iterates[-1]
        g: Any = covariance @ w - correlation
        if method == "newton":
            g = np.linalg.solve(covariance, g)
        elif method == "egd":
            size = length(g)
            g = g / size if size > 0 else g
        iterates.append(w - lr * g)
    return np.stack(iterates)


@checked()
@rounded_once
def population_error(weights: Points, *, angle: Angle, eps: Positive = 0.01) -> Array:
    """Return the share of the test data that sign(w·x) gets wrong, exactly, shape (k,), for weights w, shape (k, 2).

    With A = atan2(√ε·sin θ, cos θ), B = atan2(√ε·w₂, w₁), the angles of v and w where both features have one variance,
    it is B/A, at least 0 and at most 1, for w₁ >= 0; and 1 less that of -w for w₁ < 0. So it is 0 for w₁ > 0, w₂ < 0:
    the sign counts. angle: θ. Weights of 0 have no sign, and error 0.

    Source: ours; Theorem 1 of the paper leaves out the sign. With d the distance of two angles on the circle it is
    ½·(1 - (d(A, B) - d(B, 0))/A), which loses digits where A is small.
    """
    root, theta, first = eps**0.5, angle + 0 * weights[:, 0], weights[:, 0]
    A = np.arctan2(root * np.sin(theta), np.cos(theta))
    B = np.arctan2(root * np.where(first < 0, -weights[:, 1], weights[:, 1]), np.abs(first))
    share = np.clip(B / A, 0, 1)
    error: Array = np.where(first < 0, 1 - share, share)
    return error


def require_contraction(given: Mapping[str, Any]) -> None:
    start, lr, eps, m1, m2 = (given[name] for name in ("start", "lr", "eps", "m1", "m2"))
    if start.shape != (2,):
        raise ValueError(f"start must have shape (2,), got {start.shape}")
    if not lr * max(m2, eps) < 1:
        raise ValueError(f"lr must be below 1/max(m2, eps) = {1 / max(m2, eps)!r}, got {lr!r}")
    if not start[0] <= m1 / m2:
        raise ValueError(f"start[0] must be at most m1/m2 = {m1 / m2!r}, got {start[0]!r}")


@checked(require_contraction)
def plateau_end(
    start: Plane, *, m1: Positive, m2: Positive, angle: Angle, lr: OpenFraction = 0.1, eps: Share = 0.01,
    method: Literal["gd", "newton"] = "gd",
) -> int:  # fmt: skip
    """Return the first k at which the test error is below 1: νₖ < tan θ·μₖ, with q = m₁/m₂, u the start and::

        μₖ = q - αᵏ·(q - u₁)    νₖ = βᵏ·u₂    α = 1 - lr·m₂, β = 1 - lr·ε    ("newton": α = β = 1 - lr)

    start: u, shape (2,), u₁ <= q. m1, m2: `moments`. angle: θ. lr: below 1/m₂ and 1/ε, so that the run is monotone. For
    "newton" k does not depend on ε; for "gd" it is about log(u₂·m₂/(m₁·tan θ))/(lr·ε). Source: section 3. Choice: the
    paper's Corollary 1 multiplies by |tan θ| where its own algebra divides; here it divides.
    """
    q, slope = m1 / m2, np.tan(angle)
    if method == "newton":
        m2, eps = 1.0, 1.0
    log_alpha, log_beta = np.log1p(-lr * m2), np.log1p(-lr * eps)

    def ended(k: int) -> bool:
        mu = q - np.exp(k * log_alpha) * (q - start[0])
        return bool(np.exp(k * log_beta) * start[1] < slope * mu)

    if ended(0):
        return 0
    low, high = 0, 1
    while not ended(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if ended(middle) else (middle, high)
    return high
