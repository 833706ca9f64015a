"""How fast the parameter comes near the optimum of its grid, in the quantile and in the density form."""

from __future__ import annotations

from functools import cache
from math import pi, sqrt
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import Distortion
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.drm_sa.scalar import HALF_A_JUMP, Q, exact_optimum, of_grid, optimum, paths, rates
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """how fast the parameter arrives
Are k^-4/7 (density form) and k^-2/3 (quantile form) the rates at which mean squared errors fall, and where to?
arXiv 2510.04563, abstract: O(k^-4/7) and O(k^-2/3); other figures: 100 runs of another program for this project, whose
ranges miss one time in a hundred if slopes and means are normal
picture: The quantile form beats its bound; the density form keeps the bias of its kernel
below: Y = ½(θ-1)² + e^(θ/2)·Z, dual(2), 20 cells, one sample a step: mean squared distance to the grid's optimum."""
DUAL = Distortion("dual", (2.0,))
RUNS, STEPS, OTHERS = 24, 200_000, 100
AT = tuple(int(k) for k in np.unique(np.geomspace(100, STEPS, 30).astype(int)))
FORMS = {"quantile form": ("qf", 1.0), "density form, h₀ = 1": ("dm", 1.0), "density form, h₀ = 0.3": ("dm", 0.3)}
STATED = {  # exponents of θ and of quantiles, and the mean squared error of θ at the end
    "quantile form": ("-1.01", "-0.64", "2.2e-5"),
    "density form, h₀ = 1": ("-0.55", "-0.63", "1.7e-4"),
    "density form, h₀ = 0.3": ("-0.99", "-0.63", "2.3e-5"),
}
# c_w less what a grid makes of it: distortion, cells, power of the levels, whether it is extended.
WANG, TAIL = Distortion("wang", (0.85,)), Distortion("cvar", (0.7,))
TRUNCATED = (
    ((WANG, 100, 1.0, False), "-0.190"), ((WANG, 100, 1.0, True), "-0.070"), ((WANG, 250, 1.0, False), "-0.108"),
    ((WANG, 250, 0.5, False), "-0.053"), ((TAIL, 100, 1.0, False), "-0.088"), ((TAIL, 100, 1.0, True), "-0.0099"),
)  # fmt: skip


class Fall(NamedTuple):
    """Squared errors of runs, (runs, steps); their mean; the exponent of k with which it falls, and its error."""

    squares: Array
    mean: Array
    exponent: float
    error: float


def exponent(mean: Array) -> Any:
    """Return the slope of log error in log k over the upper half of the steps, along the last axis."""
    half = len(AT) // 2
    x = np.log(np.array(AT[half:]))
    return np.log(mean[..., half:]) @ (x - x.mean()) / np.sum((x - x.mean()) ** 2)


def fall(squares: Array) -> Fall:
    """Return how squared errors fall; the standard error of the exponent by leaving out a run after the other."""
    n, mean = len(squares), np.mean(squares, axis=0)
    others = exponent((n * mean - squares) / (n - 1))
    return Fall(squares, mean, float(exponent(mean)), float(np.sqrt((n - 1) * np.var(others))))


@cache
def falls(name: str) -> tuple[Fall, Fall]:
    """Return how θ's distance to the optimum of the grid falls, and that of quantiles to those of the law at θ."""
    form, width = FORMS[name]
    theta, q = paths(DUAL, form, AT, RUNS, rates(width))
    exact = ((theta - 1) ** 2 / 2)[:, :, np.newaxis] + np.exp(theta / 2)[:, :, np.newaxis] * Q
    return fall((theta - optimum(DUAL, form)) ** 2), fall(np.mean((q - exact) ** 2, axis=2))


def variance(name: str) -> Array:
    """Return the variance of θ between runs."""
    form, width = FORMS[name]
    scatter: Array = np.var(paths(DUAL, form, AT, RUNS, rates(width)).theta, axis=0, ddof=1)
    return scatter


def kernel_bias(h: float) -> float:
    """Return how far the optimum of the density form is moved by a kernel of width h."""
    return optimum(DUAL, "dm", h) - optimum(DUAL, "dm")


def about(stated: str, error: float) -> str:
    """Return the range in which 100 runs of another program lie with 99 %, `error` the standard error of ours."""
    wide, middle = 2.576 * error * sqrt(1 + RUNS / OTHERS), float(stated)
    return f"{middle - wide:.2g} … {middle + wide:.2g}"


def measure() -> Findings:
    found = {name: falls(name) for name in FORMS}
    exact = exact_optimum(1 / sqrt(pi))
    at_80 = float(normal.quantile(np.array(0.8), np.array(0.2)))
    constants = {WANG: 0.85, TAIL: float(normal.density(normal.quantile(np.array(0.7), np.array(0.3)))) / 0.3}
    stated = {1.0: "4.3964e-02", 0.306: "1.0703e-02", 0.1: "1.3795e-03", 0.05: "3.5165e-04"}
    compared = [
        Comparison("optimum of ρ, dual(2)", "0.6161286468", exact),
        Comparison("optimum of the grid, density form", "0.7037792072", optimum(DUAL, "dm")),
        Comparison("optimum of the grid, quantile form", "0.7019351451", optimum(DUAL, "qf")),
        Comparison("optimum of ρ, ½u + ½·1{u > 0.2}", "0.7012360659", exact_optimum(at_80 / 2)),
        Comparison("optimum of the grid, density form", "0.6941000018", optimum(HALF_A_JUMP, "dm")),
        Comparison("optimum of the grid, hybrid form", "0.6947527138", optimum(HALF_A_JUMP, "hybrid")),
        Comparison("optimum of the grid, quantile form", "1.0000000000", optimum(HALF_A_JUMP, "qf")),
        *(Comparison(f"bias of a kernel of width {h:g}", figure, kernel_bias(h)) for h, figure in stated.items()),
        Comparison("… divided by h², h = 0.01 (cut off: 0.1415)", "0.142", kernel_bias(0.01) / 1e-4),
        *(Comparison(f"{of.name}({of.parameters[0]:g}) of a normal law: {n} cells, levels to the power {power:g}, "
                     f"{'' if extend else 'not '}extended, less exact", figure,
                     of_grid(of, n, power, extend=extend) - constants[of])
          for (of, n, power, extend), figure in TRUNCATED),
    ]  # fmt: skip
    for name, (of_theta, of_quantiles) in found.items():
        slope, slope_of_quantiles, last = STATED[name]
        scatter = float(np.std(of_theta.squares[:, -1], ddof=1)) / sqrt(RUNS)
        figures = {
            "exponent of θ": (slope, of_theta.error, of_theta.exponent),
            "exponent of quantiles": (slope_of_quantiles, of_quantiles.error, of_quantiles.exponent),
            "mean squared error at the end": (last, scatter, float(of_theta.mean[-1])),
        }
        for words, (said, error, value) in figures.items():
            compared.append(Comparison(f"{name}: {words} ({said})", about(said, error), value))
    qf, wide, narrow = (theta.exponent for theta, _ in found.values())
    wide_name = list(FORMS)[1]
    biases = np.array([kernel_bias((50 / (50 + k)) ** (1 / 7)) for k in AT])
    share = biases[-1] ** 2 / found[wide_name][0].mean[-1]
    conclusions = (
        f"The quantile form's θ comes near as k^{qf:.2f}, faster than k^-2/3: a bound, kept. Its quantiles come near "
        f"as k^{found['quantile form'][1].exponent:.2f}; the slow recursion of θ averages what is left of their noise.",
        f"The density form with a wide kernel comes near as k^{wide:.2f}. That is no single rate: its variance falls "
        f"as k^{exponent(variance(wide_name)):.2f}, the square of the kernel's bias as k^{exponent(biases**2):.2f} "
        f"over these steps, and that makes {share:.0%} of the error at the end. The bias is h² times a number that "
        f"rises from {kernel_bias(1.0):.3f} at h = 1 to {kernel_bias(0.01) / 1e-4:.4f} as h falls: with h = k^-1/7 its "
        "square falls as k^-4/7 in the end, and more slowly before.",
        f"With a kernel a third as wide it is k^{narrow:.2f} so far: the bias rules later.",
        f"Errors are distances to the optimum of the grid of 20 cells, which is {optimum(DUAL, 'dm') - exact:.3f} from "
        "that of ρ itself. Where w is steep near 0 a grid loses much of ρ: under wang(0.85) a normal law has 0.85, on "
        f"100 cells without extension {of_grid(WANG, 100, 1.0, extend=False):.2f}.",
    )
    rows = [(AT[i], *(theta.mean[i] for theta, _ in found.values()), biases[i] ** 2) for i in range(0, len(AT), 5)]
    columns = (
        "step | quantile form {:.1e} | density form, h₀ = 1 {:.1e} | density form, h₀ = 0.3 {:.1e} | "
        "kernel's bias, h₀ = 1, squared {:.1e}"
    )
    table = Table.of(f"mean squared error of θ, {RUNS} runs, one sample a step", columns, rows)
    curves = {name: theta.mean for name, (theta, _) in found.items()} | {"kernel's bias, h₀ = 1, squared": biases**2}
    return Findings((table,), tuple(compared), conclusions, curves)


def draw(data: Any, figure: Any) -> None:
    axes = figure.subplots()
    k = np.array(AT)
    for (name, e), colour in zip(data.items(), COLOURS, strict=False):
        axes.loglog(k, e, color=colour, label=name, ls=":" if "bias" in name else "-")
    late = k[len(k) // 2 :]
    for power, words, start in ((-1, "k⁻¹", 3e-4), (-4 / 7, "k^(-4/7)", 1e-3), (-2 / 3, "k^(-2/3)", 2e-3)):
        axes.loglog(late, start * (late / late[0]) ** power, "--", color="grey", lw=1)
        axes.annotate(words, (late[-1], start * (late[-1] / late[0]) ** power), fontsize=9)
    axes.set(xlabel="step k", ylabel="mean squared error of θ", xlim=(90, 4.5e5))
    finish(axes)


study = Study.of("drm_sa-rates", WORDS, measure, draw, size=(9.0, 5.5))
