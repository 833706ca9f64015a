"""The three rates on functions that change with ε: a ramp of slope 2ε that falls by 1."""

from __future__ import annotations

from typing import Any

from gnomon_validation.studies.odog.searches import (
    DESCENT,
    DOUBLE,
    GRADIENTS,
    NAMES,
    PREVIOUS,
    counted,
    draw_counts,
    exponent,
    gradients_beside_descent,
)
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the three exponents on the slowest ramps that the constants allow
Are 7/4, 11/6 and 2 what hints at the next midpoint, previous gradients and no hints at all cost in the worst case?
own computation: arXiv 2510.03167 has no experiments; the exponents are those of its theorems
picture: The double hint has the smallest exponent, gradient descent the smallest constant
below: F = a ramp of slope −2ε that ends where it has fallen by 1, plus 1 − cos y; L₁ = L₂ = 1 for all. Dotted: the
slope that theory gives."""
EXPONENTS = {DOUBLE: (4, 6, 8, 10, 12), PREVIOUS: (6, 8, 10, 12), DESCENT: (4, 6, 8, 10, 12)}
THEORY = {DOUBLE: "7/4", PREVIOUS: "11/6", DESCENT: "2"}
STATED = {
    DOUBLE: "169 1786 19006 214785 2410928",
    PREVIOUS: "4512 56287 702405 8902080",
    DESCENT: "68 1040 16448 262400 4195328",
}


def measure() -> Findings:
    counts, compared = counted("ramp", EXPONENTS, STATED)
    fitted = {method: exponent(EXPONENTS[method][-4:], found[-4:]) for method, found in counts.items()}
    rows = [
        (NAMES[method], THEORY[method], fitted[method], f"{counts[method][-1]:,.0f}", GRADIENTS[method])
        for method in THEORY
    ]
    ahead = GRADIENTS[DOUBLE] * counts[DOUBLE] / counts[DESCENT]
    conclusions = (
        f"Fitted from 2^-6 to 2^-12 the exponents are {fitted[DOUBLE]:.3f}, {fitted[PREVIOUS]:.3f} and "
        f"{fitted[DESCENT]:.3f}, where theory has 7/4, 11/6 and 2.",
        f"In gradients ODOG needs {ahead[0]:.1f} times as many as gradient descent at 2^-4, {ahead[-1]:.2f} times at "
        f"2^-12: the ratio falls by {ahead[-2] / ahead[-1]:.2f} with each factor 4 of ε, and at 2^-13 it is "
        f"{gradients_beside_descent('ramp', 13):.3f}.",
        "The hint 2gₙ - gₙ₋₁, which reviewers asked about because it saves a gradient a step, is dearer here: "
        f"{counts[PREVIOUS][-1] / counts[DOUBLE][-1] / 2:.2f} times the gradients of the double hint at 2^-12.",
    )
    columns = "method | theory | exponent, 2^-6 to 2^-12 {:.3f} | steps at 2^-12 | gradients a step"
    table = Table.of("a ramp of slope 2ε and height 1, from (0, 1)", columns, rows)
    shown = {m: (EXPONENTS[m][-4:], counts[m][-4:]) for m in THEORY}
    return Findings((table,), tuple(compared), conclusions, shown)


def draw(data: Any, figure: Any) -> None:
    draw_counts(figure.subplots(), data, THEORY)


study = Study.of("odog-ramp", WORDS, measure, draw, size=(9.5, 6.0))
