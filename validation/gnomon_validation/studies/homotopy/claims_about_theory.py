"""Claims about the theorem that is said to stand behind the rule."""

from __future__ import annotations

from fractions import Fraction
from math import log2

import numpy as np

from gnomon.descent.homotopy.bits import required_bits
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.homotopy.sources import DOCUMENTS, PAPER, ledger


@ledger.claim("false", source=DOCUMENTS)
def the_theorem_supports_the_curvature() -> Evidence:
    """“Theorem 4.7 supports κ = ‖H‖/‖g‖²”

    The bound is Theorem 5.8 of the repository's paper, about half the second derivative of the map that is computed.
    Its number of bits does not depend on the unit of the loss. With ‖H‖/‖g‖² in its place it does: nothing derives it.
    """
    hessian, grad, tolerance = 3.0, 0.5, 2.0**-20
    shifts = []
    for kappas in ((hessian / 2, 4 * hessian / 2), (hessian / grad**2, 4 * hessian / (4 * grad) ** 2)):
        once, four_times = (
            required_bits(np.float64(kappa), diameter=2.0, tolerance=s * tolerance)
            for kappa, s in zip(kappas, (1, 4), strict=True)
        )
        shifts.append(four_times - once)
    figure = (
        f"loss and tolerance four times as large: the bits change by {shifts[0]:g} with κ = ½‖D²f‖, {shifts[1]:g} with "
        f"κ = ‖H‖/‖g‖²"
    )
    return Evidence([f"{shift:.9f}" for shift in shifts] == ["0.000000000", "-4.000000000"], figure)


@ledger.claim("false", source=PAPER)
def the_lower_bound_of_the_error() -> Evidence:
    """“ε_out >= cκδ² − O(M₃δ³) − O(ε_H)” in Theorem 5.8, c about ⅛: a bound of the error at any precision

    f(x) = x² on [0, 1] has κ = 1, D = 1, M₃ = 0 and would have an error of at least ⅛ however it is computed. The proof
    leaves out the distance of the middle value from the mean of the outer two, which is κD²/4.
    """
    points = np.random.default_rng(6).uniform(0, 1, 2000)
    largest = max(abs(Fraction(float(x * x)) - Fraction(float(x)) ** 2) for x in points)
    middle = abs(0.5**2 - (0.0**2 + 1.0**2) / 2)
    figure = (
        f"x² in float64 at 2,000 points: the largest error is {float(largest):.1e}, the “bound” {1 / 8:g}; |f(½) − "
        f"½(f(0) + f(1))| = {middle:g} = κD²/4"
    )
    return Evidence(largest < Fraction(1, 8), figure)


@ledger.claim("false", source=PAPER)
def the_inversion_example() -> Evidence:
    """“Inverting a matrix needs 3/2·log₂ cond(A) bits”, from log₂(2nK⁵/ε)

    K⁵ is cond^{5/2} where K bounds the norms of A and its inverse, so that cond(A) = K² at most. For no whole power of
    K is it cond^{3/2}.
    """
    grown = log2(2 * 10 * 2.0**5 / 1e-8) - log2(2 * 10 / 1e-8)
    powers = {p: grown / p for p in (1, 2, 3, 4, 5)}
    figure = f"doubling K adds {grown:g} bits; per doubling of the condition number that is " + ", ".join(
        f"{bits:.3g} if cond = K{'' if p == 1 else '⁰¹²³⁴⁵'[p]}" for p, bits in powers.items()
    )
    return Evidence(f"{powers[2]:.9f}" == "2.500000000" and all(abs(b - 1.5) > 0.1 for b in powers.values()), figure)


@ledger.claim("false", source=DOCUMENTS)
def the_precision_test() -> Evidence:
    """The required precision validated by a test that adds noise of p bits

    The noise is added in float32, where less than half the distance to the next number is lost, and that half is at
    least 2⁻²⁵ of the number. From p = 25 on nothing is added, whatever κ is: p = 30 “is enough” for every function.
    """
    draw = np.random.default_rng(7)
    x, noise = draw.standard_normal(10_000).astype(np.float32), draw.uniform(-1, 1, 10_000)
    bits = (10, 20, 23, 26, 30)
    changed = {p: float(np.mean(x + (x * noise * 2.0**-p).astype(np.float32) != x)) for p in bits}
    figure = "float32 numbers that relative noise below 2⁻ᵖ changes: " + ", ".join(
        f"{100 * share:.3g} % for p = {p}" for p, share in changed.items()
    )
    return Evidence(changed[30] == 0 < changed[10], figure)
