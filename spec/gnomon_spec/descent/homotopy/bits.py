"""The count of bits."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.descent.homotopy import bits as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.quantities import exponent, near_one, rejected, single
from gnomon_spec.facts import Fact, equal, rejects
from gnomon_spec.strategies import number, shapes
from gnomon_spec.system import WITH_ROOM

counts = Cases({"curvature": single(number(1.0, 0.0, 3.0, -1.0, 4096.0, exponents=(-10, 20)))}, shapes(())).but(
    diameter=number(1.0, 3.0, exponents=(-4, 4)),
    tolerance=number(2.0**-20, 0.0, 1e-3, exponents=(-30, -4)),
    constant=choice(1.0, 0.125),
)
positive = counts.but(curvature=single(near_one), tolerance=number(2.0**-20, 1e-3, exponents=(-30, -8)))
required_bits = system.operation(reference.required_bits, cases=counts, dtypes=WITH_ROOM)


@required_bits.law("equivariance", cases=positive.but(exponent=exponent))
def twice_as_fine_is_one_bit(port: Any, case: Case) -> Iterable[Fact]:
    """κ times 2ᵏ, or ε over 2ᵏ, asks for k bits more, D times 2ᵏ for 2k, c = ⅛ for three fewer than c = 1."""
    found, k = port.required_bits(case.curvature, **case.hyper), case.exponent
    scale = 2.0**k
    yield equal("curvature", port.required_bits(case.curvature * scale, **case.hyper), found + k)
    for label, changed, more in (
        ("tolerance", {"tolerance": case.tolerance / scale}, k),
        ("diameter", {"diameter": case.diameter * scale}, 2 * k),
        ("constant", {"constant": case.constant / 8}, -3),
    ):
        yield equal(label, port.required_bits(case.curvature, **{**case.hyper, **changed}), found + more)


@required_bits.law("equivariance", cases=positive.but(exponent=exponent))
def the_number_depends_on_the_units_of_the_loss(port: Any, case: Case) -> Iterable[Fact]:
    """A loss 2ᵏ times as large, computed to 2ᵏ·ε, has κ = ‖H‖/‖g‖² 2ᵏ times as small: 2k bits fewer for the same task.
    With half the second derivative for κ, as in the text, the number would not change."""
    found, scale = port.required_bits(case.curvature, **case.hyper), 2.0**case.exponent
    hyper = {**case.hyper, "tolerance": case.tolerance * scale}
    yield equal("as in the code", port.required_bits(case.curvature / scale, **hyper), found - 2 * case.exponent)
    yield equal("as in the text", port.required_bits(case.curvature * scale, **hyper), found)


@required_bits.law("closed form", cases=positive)
def it_is_a_logarithm(port: Any, case: Case) -> Iterable[Fact]:
    """2^bits = c·κ·D²/ε, also where that is below 1 and the number negative."""
    found = port.required_bits(case.curvature, **case.hyper)
    yield equal("bits", found, np.log2(case.constant * case.curvature * case.diameter**2 / case.tolerance))
    small = {**case.hyper, "tolerance": 2.0**20}
    expected = np.log2(case.constant * case.curvature * case.diameter**2) - 20
    yield equal("negative", port.required_bits(case.curvature, **small), expected)


@required_bits.law("limit", cases=counts)
def nothing_asks_for_no_bits(port: Any, case: Case) -> Iterable[Fact]:
    """The number is 0 where κ <= 0 or ε <= 0."""
    yield equal("no curvature", port.required_bits(0 * case.curvature, **case.hyper), 0.0)
    yield equal("negative", port.required_bits(-np.abs(case.curvature), **case.hyper), 0.0)
    yield equal("no tolerance", port.required_bits(case.curvature, **{**case.hyper, "tolerance": 0.0}), 0.0)


BAD = (
    ("diameter = 0", {"diameter": 0.0}),
    ("diameter = -1", {"diameter": -1.0}),
    ("diameter = inf", {"diameter": inf}),
    ("tolerance = nan", {"tolerance": nan}),
    ("constant = 0", {"constant": 0.0}),
)


@required_bits.law("rejects", cases=positive)
def bad_counts_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A D or a c that is not positive, an ε or a κ that is NaN are rejected."""
    yield from rejected(lambda **hyper: port.required_bits(case.curvature, **hyper), case.hyper, BAD)
    yield rejects("curvature = nan", lambda: port.required_bits(case.curvature * nan, **case.hyper))


@system.mistake("required_bits")
def diameter_not_squared(curvature: Any, **hyper: Any) -> Any:
    """log₂(c·κ·D/ε)."""
    found = reference.required_bits(curvature, **hyper)
    nothing = bool(curvature <= 0) or hyper["tolerance"] <= 0
    return found if nothing else found - np.log2(hyper["diameter"] + 0 * curvature)


@system.mistake("required_bits")
def natural_logarithm(curvature: Any, **hyper: Any) -> Any:
    """The logarithm is the natural one."""
    return reference.required_bits(curvature, **hyper) * 0.6931471805599453


@system.mistake("required_bits")
def bits_rounded_up(curvature: Any, **hyper: Any) -> Any:
    """The number is rounded up."""
    return np.ceil(reference.required_bits(curvature, **hyper))


@system.mistake("required_bits")
def never_fewer_than_no_bits(curvature: Any, **hyper: Any) -> Any:
    """A negative number is replaced by 0."""
    return np.maximum(reference.required_bits(curvature, **hyper), 0)


@system.mistake("required_bits")
def constant_left_out(curvature: Any, **hyper: Any) -> Any:
    """c is accepted and taken for 1."""
    reference.required_bits(curvature, **hyper)
    return reference.required_bits(curvature, **{**hyper, "constant": 1.0})


@system.mistake("required_bits")
def guarded_logarithm(curvature: Any, **hyper: Any) -> Any:
    """A small number is put below the logarithm instead of the cases for κ <= 0 and ε <= 0."""
    reference.required_bits(curvature, **hyper)
    kappa = np.maximum(curvature, 1e-2 + 0 * curvature)
    return reference.required_bits(kappa, **{**hyper, "tolerance": max(hyper["tolerance"], 1e-12)})


@system.mistake("required_bits")
def counts_are_not_checked(curvature: Any, **hyper: Any) -> Any:
    """Whatever is given is used."""
    good = {name: hyper[name] if 0 < hyper[name] < inf else 1.0 for name in ("diameter", "constant")}
    tolerance = hyper["tolerance"] if hyper["tolerance"] == hyper["tolerance"] else 1.0
    return reference.required_bits(np.nan_to_num(curvature), **good, tolerance=tolerance)
