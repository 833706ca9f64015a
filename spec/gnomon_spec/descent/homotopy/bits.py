"""The count of bits."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.descent.homotopy import bits as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import near_one, power
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import number, shapes, single
from gnomon_spec.system import WITH_ROOM

counts = Cases({"curvature": single(number(1.0, 0.0, 3.0, -1.0, 4096.0, exponents=(-10, 20)))}, shapes(())).but(
    diameter=number(1.0, 3.0, exponents=(-4, 4)),
    tolerance=number(2.0**-20, 0.0, 1e-3, exponents=(-30, -4)),
    constant=choice(1.0, 0.125),
)
positive = counts.but(curvature=single(near_one), tolerance=number(2.0**-20, 1e-3, exponents=(-30, -8)))
required_bits = system.operation(reference.required_bits, cases=counts, dtypes=WITH_ROOM)


@required_bits.law("equivariance", cases=positive.but(power=power))
def the_number_depends_on_the_units_of_the_loss(port: Any, case: Case) -> Iterable[Fact]:
    """A loss 2ᵏ times as large, computed to 2ᵏ·ε, has κ = ‖H‖/‖g‖² 2ᵏ times as small: 2k bits fewer for the same task.
    With half the second derivative for κ, as in the text, the number would not change."""
    found, scale = port.required_bits(case.curvature, **case.hyper), 2.0**case.power
    call = partial(required_bits.call, port, case, tolerance=case.tolerance * scale)
    yield equal("as in the code", call(curvature=case.curvature / scale), found - 2 * case.power)
    yield equal("as in the text", call(curvature=case.curvature * scale), found)


@required_bits.law("closed form", cases=positive)
def it_is_a_logarithm(port: Any, case: Case) -> Iterable[Fact]:
    """2^bits = c·κ·D²/ε, also where that is below 1 and the number negative."""
    found = port.required_bits(case.curvature, **case.hyper)
    yield equal("bits", found, np.log2(case.constant * case.curvature * case.diameter**2 / case.tolerance))
    expected = np.log2(case.constant * case.curvature * case.diameter**2) - 20
    yield equal("negative", required_bits.call(port, case, tolerance=2.0**20), expected)


@required_bits.law("limit", cases=counts)
def without_curvature_or_tolerance_there_are_no_bits(port: Any, case: Case) -> Iterable[Fact]:
    """The number is 0 where κ <= 0 or ε <= 0."""
    yield equal("no curvature", port.required_bits(0 * case.curvature, **case.hyper), 0.0)
    yield equal("negative", port.required_bits(-np.abs(case.curvature), **case.hyper), 0.0)
    yield equal("no tolerance", required_bits.call(port, case, tolerance=0.0), 0.0)


def near_the_largest(draw: Draw, context: Context) -> Any:
    return np.array(near_one.draw(draw, context) * 2.0 ** (np.finfo(context.dtype).maxexp - 20), context.dtype)


@required_bits.law(
    "limit",
    cases=positive.but(
        curvature=Quantity(near_the_largest, "number 2^11 to 2^25 times smaller than the largest of the dtype"),
        diameter=number(1e6, exponents=(20, 40)),
        tolerance=number(1e-6, exponents=(-60, -20)),
    ),
)
def the_product_may_be_beyond_every_number(port: Any, case: Case) -> Iterable[Fact]:
    """Where c·κ·D²/ε is too large for the dtype, the number of bits is not: it is log₂κ + log₂(c·D²/ε)."""
    rest = np.log2(case.constant * case.diameter**2 / case.tolerance)
    yield equal("bits", port.required_bits(case.curvature, **case.hyper), np.log2(case.curvature) + rest)


BITS = "np.log2(c) + np.log2(curvature) + 2 * np.log2(D) - np.log2(eps)"
PRODUCT = "constant * curvature * diameter * diameter / tolerance"
required_bits.edits(f"""
diameter_not_squared: log₂(c·κ·D/ε)
    `2 * np.log2(D)` → `np.log2(D)`
natural_logarithm: The logarithm is the natural one
    `np.log2` → `np.log`
bits_rounded_up: The number is rounded up
    `{BITS}` → `np.ceil({BITS})`
never_fewer_than_no_bits: A negative number is replaced by 0
    `{BITS}` → `np.maximum({BITS}, 0)`
constant_left_out: c is accepted and taken for 1
    `` → `constant = 1.0`
guarded_logarithm: A small number is put below the logarithm instead of the cases for κ <= 0 and ε <= 0
    `` → `curvature, tolerance = np.maximum(curvature, 1e-2), max(tolerance, 1e-12)`
logarithm_of_the_product: The product is computed first: beyond its range the number of bits is infinite
    `{BITS}` → `np.log2({PRODUCT})`
""")
