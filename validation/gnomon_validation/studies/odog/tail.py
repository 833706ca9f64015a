"""ODOG and gradient descent on 1/√(1 + x²), whose gradient falls as 1/x²: exponents 5/4 and 3/2."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_validation.studies.odog.searches import (
    DESCENT,
    DOUBLE,
    NAMES,
    counted,
    draw_counts,
    exponent,
    gradients_beside_descent,
)
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the exponent on one function that is not convex
Does double optimism need fewer steps than gradient descent where the gradient falls slowly?
own computation: arXiv 2510.03167 has no experiments; the exponents follow from how fast x must go to reach 1/√ε
picture: On 1/√(1 + x²) ODOG overtakes gradient descent only below ε = 2⁻¹⁶
below: Dotted: the slope that theory gives. Both begin at x = 0.5 with the parameters that the constants L₁ = 1 and L₂
= 1.932 allow."""
EXPONENTS = dict.fromkeys((DOUBLE, DESCENT), (8, 10, 12, 14, 16))
THEORY = {DOUBLE: "5/4", DESCENT: "3/2"}
STATED = {DOUBLE: "2706 15376 87912 497302 2828848", DESCENT: "1375 10944 87426 699143 5592593"}
SLOPES = {DOUBLE: "1.254", DESCENT: "1.499"}


def measure() -> Findings:
    counts, compared = counted("tail", EXPONENTS, STATED)
    fitted = {method: exponent(EXPONENTS[method], found) for method, found in counts.items()}
    slopes = [Comparison(f"{NAMES[method]}: slope", slope, fitted[method]) for method, slope in SLOPES.items()]
    rows = ((f"2^-{k}", *(f"{found[i]:,.0f}" for found in counts.values())) for i, k in enumerate(EXPONENTS[DOUBLE]))
    last = {method: found[-1] for method, found in counts.items()}
    conclusions = (
        f"Steps grow as ε to the power of -{fitted[DOUBLE]:.3f} and -{fitted[DESCENT]:.3f}, where theory has 5/4 and "
        "3/2: x must get to about 1/√ε; ODOG goes there with a speed D that is in proportion to ε^¾, gradient descent "
        "slows down as 1/x².",
        f"Two gradients a step count double: at ε = 2^-16 ODOG needs {2 * last[DOUBLE] / last[DESCENT]:.2f} times the "
        f"gradients of gradient descent, at 2^-8 {2 * counts[DOUBLE][0] / counts[DESCENT][0]:.1f} times as many, and "
        f"at 2^-17 {gradients_beside_descent('tail', 17):.2f} times. The advantage is asymptotic; at practical "
        "accuracies gradient descent with the rate 1/L₁ wins.",
    )
    table = Table.of("steps until the gradient is shorter than ε", "ε | ODOG | gradient descent", rows)
    return Findings((table,), (*compared, *slopes), conclusions, {m: (EXPONENTS[m], counts[m]) for m in THEORY})


def draw(data: Any, figure: Any) -> None:
    shape, curves = figure.subplots(1, 2, width_ratios=(1, 1.5))
    x = np.linspace(-3, 12, 400)
    shape.plot(x, 1 / np.sqrt(1 + x * x), color="black")
    shape.plot(0.5, 1.25**-0.5, "s", color="black", label="start")
    shape.set(xlabel="x", ylabel="F(x) = 1/√(1 + x²)", title="no minimum: the slope falls as 1/x²")
    shape.legend(fontsize=9)
    draw_counts(curves, data, THEORY)
    curves.set_title("what a smaller gradient costs")


study = Study.of("odog-tail", WORDS, measure, draw, size=(12.0, 5.4))
