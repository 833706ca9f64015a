"""How much of a PSF is used between samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.sam import reuse as reference
from gnomon.descent.sam.sampling import VARIANTS
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.sam import system
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import VECTORS, count
from gnomon_spec.system import WITH_ROOM


def product_before() -> Quantity:
    """βʲ⁻¹ of the drawn j and β; β times that where it is βᴶ, of which rounding would decide."""

    def draw_product(_draw: Draw, context: Context) -> Any:
        j, beta = context.drawn["reuses"], context.drawn["beta"]
        return np.asarray(beta ** (j - 1 if j - 1 != context.drawn["horizon"] else j), context.dtype)

    return Quantity(draw_product, "power of β, that before the step")


weights = Cases(
    {
        "reuses": count(1, 2, 3, low=1, high=9),
        "beta": choice(0.7, 0.5, 0.25, 0.9, 0.3),
        "horizon": choice(6, 2, 1, 4, 0),
        "product": product_before(),
        "variant": choice(*VARIANTS),
    },
    VECTORS,
)
reuse_weight = system.operation(reference.reuse_weight, cases=weights, rejecting=weights, dtypes=WITH_ROOM)


@reuse_weight.law("closed form")
def a_remainder_fades_and_is_dropped(port: Any, case: Case) -> Iterable[Fact]:
    """In a row of steps after a sample the weights are β, β², … βᴶ, then 0; "code" multiplies."""
    beta, one = case.beta, 0 * case.product + 1
    product = one
    for j in range(1, case.horizon + (4 if case.variant == "clean" else 1)):
        weight, product = port.reuse_weight(j, product, beta=beta, horizon=case.horizon, variant=case.variant)
        expected = np.prod(np.array([beta] * j)) if j <= case.horizon else 0 * one
        yield equal(f"weight {j}", weight, expected)
    again, _ = port.reuse_weight(case.reuses + 2, one, beta=beta, horizon=2, variant="code")
    yield equal("code begins anew", again, beta * one)
    below = one * beta ** (case.horizon + 1)
    weight, kept = port.reuse_weight(case.horizon + 2, below, beta=beta, horizon=case.horizon, variant="code")
    yield equal("dropped", weight, 0 * one)
    yield equal("kept", kept, below)


@reuse_weight.law("limit")
def without_beta_nothing_is_reused(port: Any, case: Case) -> Iterable[Fact]:
    """With β = 0 every weight is 0; with β = 1 and "clean" every weight is 1 up to the horizon."""
    none, _ = port.reuse_weight(case.reuses, 0 * case.product + 1, beta=0.0, horizon=case.horizon, variant=case.variant)
    yield equal("β = 0", none, 0 * case.product)
    all_of_it, _ = port.reuse_weight(case.reuses, 0 * case.product + 1, beta=1.0, horizon=case.horizon, variant="clean")
    yield equal("β = 1", all_of_it, 0 * case.product + (1.0 if case.reuses <= case.horizon else 0.0))


reuse_weight.edits("""
horizon_by_the_running_product: The horizon is where the product of β has fallen to βᴶ: rounding decides whether
    there is one step more [ajiaaa/vSAM, commit 895e0e5]
    `variant == "code"` → `True`
remainder_is_never_dropped: The weight fades, but is never dropped
    `beta**reuses + 0 * product if reuses <= horizon else 0 * product` → `beta**reuses + 0 * product`
first_reuse_is_whole: The first step after a sample has the whole PSF
    `beta**reuses` → `beta ** (reuses - 1)`
one_reuse_more: The PSF is reused once more
    `if reuses <= horizon` → `if reuses <= horizon + 1`
weight_does_not_fade: The weight is β in every step up to the horizon
    `beta**reuses` → `beta`
""")
