"""When PyHessian stops its trace: its rule, in plain numbers.

With the running mean tₖ of the samples zᵀH z after k probes, t₀ = 0, it stops as soon as |tₖ - tₖ₋₁|/(tₖ₋₁ + 1e-6) is
below the tolerance, and after `most` probes at the latest. The denominator has no absolute value: once tₖ₋₁ is below
-1e-6 the quotient is negative, which is below any tolerance.
"""

from __future__ import annotations

from typing import NamedTuple

from gnomon.domains import Array


class Stopped(NamedTuple):
    """The estimate and how many probes it is the mean of."""

    trace: float
    probes: int


def stopped_trace(samples: Array, *, tolerance: float = 1e-3, absolute: bool = False) -> Stopped:
    """Return the mean of the samples up to where the rule stops. absolute: with |tₖ₋₁| in the denominator, as meant."""
    total = mean = 0.0
    for k, sample in enumerate(samples, start=1):
        total += float(sample)
        before, mean = mean, total / k
        if abs(mean - before) / ((abs(before) if absolute else before) + 1e-6) < tolerance:
            return Stopped(mean, k)
    return Stopped(mean, len(samples))
