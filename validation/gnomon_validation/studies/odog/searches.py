"""Searches for a small gradient with the parameters of the guarantee, in compiled loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from gnomon.descent.odog.search import Found
from gnomon.descent.odog.tuning import tune
from gnomon.domains import Array
from gnomon.kernels.descent.odog.search import stationary
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, compare_each

DOUBLE, PREVIOUS, DESCENT = "double", "previous", "gradient descent"
NAMES = {DOUBLE: "ODOG, hint “double”", PREVIOUS: "hint “previous”", DESCENT: "gradient descent"}
GRADIENTS = {DOUBLE: 2, PREVIOUS: 1, DESCENT: 1}  # a step
START = {"tail": (0.5,), "ramp": (0.0, 1.0)}
L2 = {"tail": 1.9322876581766626, "ramp": 1.0}
LIMIT = 10**9


def search(problem: str, method: str, eps: float) -> Found:
    """Search with the parameters of `tune` for L₁ = 1; gradient descent with the rate 1/L₁."""
    numbers = (np.asarray(number) for number in (eps, 1.0, L2[problem], 1.0))
    radius, lr, length, _ = tune(*numbers, hint="previous" if method == PREVIOUS else "double")
    rate = 1.0 if method == DESCENT else float(lr)
    given: dict[str, Any] = {"radius": float(radius), "lr": rate, "length": length, "most": LIMIT}
    found: Found = stationary(np.array(START[problem]), eps=eps, problem=problem, method=method, **given)
    return found


def steps(problem: str, method: str, exponents: Sequence[int]) -> Array:
    """Return how many steps are made for each ε = 2^-exponent."""
    return np.array([float(search(problem, method, 2.0**-k).steps) for k in exponents])


def gradients_beside_descent(problem: str, k: int) -> float:
    """Return how many times the gradients of gradient descent the double hint needs for ε = 2^-k."""
    double, descent = (GRADIENTS[method] * steps(problem, method, (k,))[0] for method in (DOUBLE, DESCENT))
    return float(double / descent)


def exponent(exponents: Sequence[int], counts: Array) -> float:
    """Return the slope of log steps against log 1/ε, by least squares."""
    return float(np.polyfit(exponents, np.log2(counts), 1)[0])


def counted(
    problem: str, exponents: Mapping[str, Sequence[int]], stated: Mapping[str, str]
) -> tuple[dict[str, Array], list[Comparison]]:
    """Return how many steps each method makes for each ε = 2^-exponent, and the stated numbers beside them."""
    counts, compared = {}, []
    for method, figures in stated.items():
        made = counts[method] = steps(problem, method, exponents[method])
        words, found = f"{NAMES[method]}: steps to ε = 2^-{{}}", dict(zip(exponents[method], made, strict=True))
        compared += compare_each(words, dict(zip(found, figures.split(), strict=True)), found)
    return counts, compared


def draw_counts(axes: Any, data: dict[str, tuple[Sequence[int], Array]], theory: dict[str, str]) -> None:
    """Draw gradients against 1/ε, a line each, with the slope that theory gives."""
    for (method, (exponents, counts)), colour in zip(data.items(), COLOURS, strict=False):
        x, y = 2.0 ** np.array(exponents), GRADIENTS[method] * counts
        label = f"{NAMES[method]}: slope {exponent(exponents, counts):.3f}, theory {theory[method]}"
        axes.plot(x, y, "o-", color=colour, label=label)
        power = float(Fraction(theory[method]))
        axes.plot(x, y[-1] * (x / x[-1]) ** power, ":", color=colour, lw=1.2)
    axes.set(xscale="log", yscale="log", xlabel="1/ε", ylabel="gradients until one is shorter than ε")
    finish(axes, loc="upper left")
