"""What is done between samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import sgd
from gnomon.descent.sam import reuse as reference
from gnomon.descent.sam.sampling import VARIANTS
from gnomon.descent.sgd import SGDState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.sam import system
from gnomon_spec.descent.sam.inputs import RATES
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import ANY_SHAPE, SMALL_CODES, VECTORS, count, number, tame, vector
from gnomon_spec.system import WITH_ROOM

HORIZON = 6


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
        "horizon": choice(HORIZON, 2, 1, 4, 0),
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

mixed = Cases(
    {
        "params": vector(8),
        "grad": vector(8),
        "psf": vector(8),
        "state": Quantity(
            lambda draw, c: SGDState(tame().draw(draw, c), draw(SMALL_CODES) % 3), "SGDState after 0 to 2 steps"
        ),
        "weight": number(1.0, 0.7, 0.0, exponents=(-8, 1)),
    },
    ANY_SHAPE,
).but(**RATES)
mixed_step = system.operation(reference.mixed_step, cases=mixed, rejecting=mixed)


@mixed_step.law("invariance")
def it_is_sgd_along_the_sum(port: Any, case: Case) -> Iterable[Fact]:
    """It is SGD's step with g + m·psf: decay and momentum are what they are there, and no part of the PSF."""
    new, state = port.mixed_step(case.params, case.grad, case.psf, case.state, **case.hyper)
    rates = {name: case[name] for name in RATES}
    expected, after = sgd.step(case.params, case.grad + case.weight * case.psf, case.state, **rates)
    yield equal("params", new, expected)
    yield equal("momentum_buffer", state.momentum_buffer, after.momentum_buffer)
    yield agree("step_count", state.step_count, case.state.step_count + 1)


@mixed_step.law("limit", cases=mixed.but(weight=0.0))
def without_weight_the_remainder_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """With m = 0 a PSF changes no bit."""
    new, state = port.mixed_step(case.params, case.grad, case.psf, case.state, **case.hyper)
    none, plain = port.mixed_step(case.params, case.grad, 0 * case.psf, case.state, **case.hyper)
    yield identical("params", new, none)
    yield identical("momentum_buffer", state.momentum_buffer, plain.momentum_buffer)


mixed_step.edits("""
gradient_is_weighted_too: The whole sum is weighted, the gradient with it
    `grad + weight * psf` → `weight * (grad + psf)`
gradient_and_remainder_are_averaged: The direction is (1 - m)·g + m·psf
    `grad + weight * psf` → `(1 - weight) * grad + weight * psf`
weight_of_0_taken_for_none: A weight of 0 counts as 1, as if none had been given
    `weight * psf` → `(weight or 1.0) * psf`
remainder_is_subtracted: The PSF is subtracted
    `grad + weight * psf` → `grad - weight * psf`
""")
