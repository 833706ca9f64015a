"""How much of the last PSF is used between two samples.

Source: `ajiaaa/vSAM` (commit 895e0e5).
"""

from __future__ import annotations

from typing import Any

from gnomon.arguments import checked
from gnomon.descent.sam.sampling import Size, Variant
from gnomon.domains import NonNegativeInt, PositiveInt, UnitInterval


@checked()
def reuse_weight(
    reuses: PositiveInt, product: Size, *, beta: UnitInterval = 0.7, horizon: NonNegativeInt = 6,
    variant: Variant = "clean",
) -> tuple[Any, Any]:  # fmt: skip
    """Return the weight of the last PSF in the j-th step after its sample, and the product that the next call is given.

    ::

        clean   βʲ for j <= J, 0 beyond                            the product is the weight
        code    b·β where b > βᴶ, 0 and b kept beyond              b = 1 at the sample

    reuses: j >= 1. product: b, a number of the parameters' dtype. beta: β. horizon: J. "code" compares a product made
    by J multiplications with a power: with J = 6, for 24 of the 95 values β = .05, .06, …, .99 rounding makes it 7
    steps in float64, and for β = 1 there is none.
    """
    if variant == "code":
        if not product > beta**horizon:
            return 0 * product, product
        return product * beta, product * beta
    weight = beta**reuses + 0 * product if reuses <= horizon else 0 * product
    return weight, weight
