"""Every estimator on the Hessian of one small network, beside the dense matrix; and its spectral density, as a picture.

H is 128 by 128. Random estimates are held against their exact standard deviation, which is known from H; with 128
orthogonal sign vectors as probes nothing is random and the estimate is the quantity.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.diagonal import bekas
from gnomon.curvature.draws import hadamard, rademacher
from gnomon.curvature.frobenius import frobenius_squared
from gnomon.curvature.lanczos import ritz
from gnomon.curvature.operators import Dense
from gnomon.curvature.power import power_iteration
from gnomon.curvature.quadrature import SpectralMeasure, spectral_density, spectral_measure, trace_of_function
from gnomon.curvature.trace import hutchinson, hutchpp, rademacher_variance
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.curvature.network import specimen
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

PROBES, STEPS = 30, 25


class Estimate(NamedTuple):
    """One line of the table. deviation: its exact standard deviation, `None` if it is not random or not known."""

    quantity: str
    estimator: str
    value: float
    true: float
    deviation: float | None
    products: int


class Data(NamedTuple):
    """The dense spectrum and the estimated measure, and the width of the normal curves that stand for their points."""

    eigenvalues: Array
    measure: SpectralMeasure
    width: float


def measure() -> Findings:
    matrix, eigenvalues, loss = specimen()
    n = eigenvalues.size
    operator, all_probes = Dense(matrix), hadamard(n)
    probes = rademacher(np.random.default_rng(1), PROBES, n)
    found = spectral_measure(operator, probes, steps=STEPS)
    exact = spectral_measure(operator, all_probes, steps=STEPS)
    top = eigenvalues[np.argmax(np.abs(eigenvalues))]
    trace, square = float(np.sum(eigenvalues)), float(np.sum(eigenvalues**2))
    start = probes[0]
    power = power_iteration(operator, start, iterations=200, rtol=1e-12)
    pairs = ritz(operator, start, steps=STEPS)
    hutch = hutchpp(operator, probes[:10], probes[10:20])
    bekas_exact, bekas_random = bekas(operator, all_probes), bekas(operator, probes)
    traced, normed = hutchinson(operator, probes), frobenius_squared(operator, probes)
    exact_trace, exact_square = hutchinson(operator, all_probes), frobenius_squared(operator, all_probes)
    by_measure = float(trace_of_function(found, lambda t: t))
    deviation = float(rademacher_variance(matrix)) ** 0.5 / PROBES**0.5
    deviation_square = float(rademacher_variance(matrix @ matrix)) ** 0.5 / PROBES**0.5
    lines = (
        Estimate("trace", "Hutchinson", float(traced.trace), trace, deviation, traced.products),
        Estimate("trace", "Hutch++, 10 + 10 probes", float(hutch.trace), trace, None, hutch.products),
        Estimate("trace", f"quadrature, {STEPS} steps", by_measure, trace, deviation, found.products),
        Estimate("trace", "orthogonal signs", float(exact_trace.trace), trace, None, exact_trace.products),
        Estimate("‖H‖²_F", "mean of ‖Hz‖²", float(normed.square), square, deviation_square, normed.products),
        Estimate("‖H‖²_F", "orthogonal signs", float(exact_square.square), square, None, exact_square.products),
        Estimate("‖H‖₂", "power iteration", float(power.norm), abs(float(top)), None, power.products),
        Estimate("largest λ", f"Lanczos, {STEPS} steps", float(pairs.values[-1]), float(eigenvalues[-1]), None, STEPS),
        Estimate("smallest λ", f"Lanczos, {STEPS} steps", float(pairs.values[0]), float(eigenvalues[0]), None, STEPS),
    )
    diagonal = np.diagonal(matrix)
    random_error = float(np.linalg.norm(bekas_random.diagonal - diagonal) / np.linalg.norm(diagonal))
    expected = float((np.sum(matrix**2) - np.sum(diagonal**2)) / PROBES / np.sum(diagonal**2)) ** 0.5
    negative = int(np.sum(eigenvalues < 0))
    estimated = float(n * np.sum(found.weights[found.nodes < 0]))
    compared = (
        Comparison(
            "trace from 128 orthogonal signs, relative to the dense one", "1.0000000000", exact_trace.trace / trace
        ),
        Comparison("‖H‖²_F from them", "1.0000000000", exact_square.square / square),
        Comparison("diagonal from them: ‖error‖/‖diagonal‖", "0.0000000000", relative(bekas_exact.diagonal, diagonal)),
        Comparison("∫t dφ from them, times n", "1.0000000000", trace_of_function(exact, lambda t: t) / trace),
        Comparison("∫t² dφ from them, times n", "1.0000000000", trace_of_function(exact, np.square) / square),
        Comparison("mass of φ", "1.0000000000", float(np.sum(found.weights))),
        Comparison("‖H‖₂ by power iteration, relative to the dense one", "1.0000000", power.norm / abs(top)),
        Comparison("largest λ by Lanczos", "1.0000000", pairs.values[-1] / eigenvalues[-1]),
    )
    off = max(abs(one.value - one.true) / one.deviation for one in lines if one.deviation)
    conclusions = (
        f"The random estimates miss by at most {off:.1f} of their exact standard deviations.",
        "With 128 orthogonal sign vectors trace, diagonal and Frobenius norm are exact up to rounding.",
        f"The diagonal from {PROBES} probes misses by {100 * random_error:.0f} % of its norm (expected "
        f"{100 * expected:.0f} %): it needs many probes where the rest of a row is large.",
        f"The density from {found.products:,} products shows the bulk at 0 and the outliers. Dense, {negative} of {n} "
        f"eigenvalues are negative; the estimated measure has {estimated:.1f}. The dense matrix took {n} products: the "
        f"estimate pays where n is large, as its number of products does not grow with n.",
    )
    table = estimate_table(lines, loss)
    width = 0.01 * float(eigenvalues[-1] - eigenvalues[0])
    return Findings((table,), compared, conclusions, Data(eigenvalues, found, width))


def relative(estimated: Array, true: Array) -> float:
    """Return ‖estimated - true‖/‖true‖."""
    return float(np.linalg.norm(estimated - true) / np.linalg.norm(true))


def estimate_table(lines: tuple[Estimate, ...], loss: float) -> Table:
    rows = []
    for quantity, estimator, value, true, deviation, products in lines:
        off = value - true
        rows.append(
            (quantity, estimator, products, value, true, off, deviation or "-", off / deviation if deviation else "-")
        )
    return Table.of(
        f"the Hessian of a 6-8-8 network with cross-entropy, 128 parameters, loss {loss:.3f}; {PROBES} sign probes",
        "quantity | estimator | products {:,} | estimate {:.8g} | dense {:.8g} | error {:+.1e} | "
        "its standard deviation {:.1e} | error in those {:+.2f}",
        rows,
    )


def draw(data: Data, figure: Any) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1))
    entitle(
        figure,
        f"{data.measure.products} products with the Hessian show its spectrum: bulk at 0, outliers, some below 0",
        f"Both densities are smoothed by a normal curve of width σ = {data.width:.2g}; the network is 6-8-8 with "
        "cross-entropy, after 200 steps.",
    )
    low, high = data.eigenvalues[0] - 6 * data.width, data.eigenvalues[-1] + 6 * data.width
    grid = np.linspace(low, high, 1200)
    n = data.eigenvalues.size
    dense = SpectralMeasure(data.eigenvalues, np.full(n, 1 / n), n, 0)
    true, found = (spectral_density(one, grid, width=data.width) for one in (dense, data.measure))
    upper.fill_between(grid, true, color="0.75", lw=0, label=f"all {n} eigenvalues of the dense Hessian")
    upper.plot(grid, found, color=COLOURS[1], lw=1.6, label=f"Lanczos quadrature, {PROBES} probes × {STEPS} steps")
    upper.plot(data.eigenvalues, np.full(n, 1.35e-4), "|", color="black", ms=9, label="the eigenvalues")
    upper.set(yscale="log", ylim=(1e-4, 3 * np.max(true)), ylabel="density of eigenvalues\n(log scale)")
    finish(upper)
    order = np.argsort(data.measure.nodes)
    lower.step(data.eigenvalues, np.arange(1, n + 1) / n, where="post", color="0.5", lw=3, label="dense")
    nodes, sums = data.measure.nodes[order], np.cumsum(data.measure.weights[order])
    lower.step(nodes, sums, where="post", color=COLOURS[1], lw=1.4, label="quadrature")
    lower.axvline(0, color="black", lw=0.8)
    lower.set(xlabel="eigenvalue λ of the Hessian", ylabel="share of the\neigenvalues ≤ λ", xlim=(low, high))
    finish(lower, loc="lower right")


study = Study(
    "curvature-density",
    title="every estimator on a small network's Hessian",
    question="How near do trace, norms, eigenvalues and spectral density of a network's Hessian come, from products?",
    source="own computation; the densities after Ghorbani, Krishnan & Xiao, ICML 2019, and Ubaru, Chen & Saad, SIMAX "
    "38 (2017); exact values by theorem: Hadamard probes",
    measure=measure,
    draw=draw,
    size=(11.0, 7.0),
)
