"""Every estimator on the Hessian of one small network, beside the dense matrix; and its spectral density, as a picture.

H is 128 by 128. Random estimates are held against their exact standard deviation, which is known from H; with 128
orthogonal sign vectors as probes nothing is random and the estimate is the quantity.
"""

from __future__ import annotations

from functools import cache
from typing import Any

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
from gnomon.objectives import MLP
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """every estimator on a small network's Hessian
How near do trace, norms, eigenvalues and spectral density of a network's Hessian come, from products?
own computation; the densities after Ghorbani, Krishnan & Xiao, ICML 2019, and Ubaru, Chen & Saad, SIMAX 38 (2017);
exact values by theorem: Hadamard probes"""
PROBES, STEPS = 30, 25


@cache
def specimen() -> tuple[Array, Array, float]:
    """Return the Hessian of a 6-8-8 network with cross-entropy, its eigenvalues, ascending, and the network's loss.

    It was trained by 200 steps of gradient descent with the rate ½ on 64 points of eight noisy classes. 8·(6+1) +
    8·(8+1) = 128 parameters, a power of 2: there are as many orthogonal sign vectors, with which an estimate is exact.
    """
    draw = np.random.default_rng(0)
    centres, labels = draw.standard_normal((8, 6)), np.arange(64) % 8
    features = centres[labels] + 0.7 * draw.standard_normal((64, 6))
    network = MLP(features, labels, hidden=(8,), loss="softmax", classes=8)
    x = network.start_from(draw.standard_normal(network.dimension))
    for _ in range(200):
        x = x - 0.5 * network.gradient(x)
    columns = np.stack([network.hvp(x, column) for column in np.eye(network.dimension)])
    matrix = (columns + columns.T) / 2
    return matrix, np.linalg.eigvalsh(matrix), float(network.value(x))


def measure() -> Findings:
    matrix, eigenvalues, loss = specimen()
    n = eigenvalues.size
    operator, all_probes = Dense(matrix), hadamard(n)
    probes = rademacher(np.random.default_rng(1), PROBES, n)
    found, exact = (spectral_measure(operator, some, steps=STEPS) for some in (probes, all_probes))
    traced, exact_trace = (hutchinson(operator, some) for some in (probes, all_probes))
    normed, exact_square = (frobenius_squared(operator, some) for some in (probes, all_probes))
    hutch = hutchpp(operator, probes[:10], probes[10:20])
    power = power_iteration(operator, probes[0], iterations=200, rtol=1e-12)
    low, *_, high = ritz(operator, probes[0], steps=STEPS).values
    top = np.max(np.abs(eigenvalues))
    trace, square, diagonal = np.sum(eigenvalues), np.sum(eigenvalues**2), np.diagonal(matrix)
    by_measure = trace_of_function(found, lambda t: t)
    deviation, deviation_square = (
        float(rademacher_variance(of)) ** 0.5 / PROBES**0.5 for of in (matrix, matrix @ matrix)
    )
    # Quantity, estimator, products, estimate, dense, and the standard deviation, 0 if it is not random or not known.
    lines = (
        ("trace", "Hutchinson", traced.products, traced.trace, trace, deviation),
        ("trace", "Hutch++, 10 + 10 probes", hutch.products, hutch.trace, trace, 0),
        ("trace", f"quadrature, {STEPS} steps", found.products, by_measure, trace, deviation),
        ("trace", "orthogonal signs", exact_trace.products, exact_trace.trace, trace, 0),
        ("‖H‖²_F", "mean of ‖Hz‖²", normed.products, normed.square, square, deviation_square),
        ("‖H‖²_F", "orthogonal signs", exact_square.products, exact_square.square, square, 0),
        ("‖H‖₂", "power iteration", power.products, power.norm, top, 0),
        ("largest λ", f"Lanczos, {STEPS} steps", STEPS, high, eigenvalues[-1], 0),
        ("smallest λ", f"Lanczos, {STEPS} steps", STEPS, low, eigenvalues[0], 0),
    )
    exact_error, random_error = (
        float(np.linalg.norm(bekas(operator, some).diagonal - diagonal) / np.linalg.norm(diagonal))
        for some in (all_probes, probes)
    )
    expected = float((np.sum(matrix**2) - np.sum(diagonal**2)) / PROBES / np.sum(diagonal**2)) ** 0.5
    by_exact = trace_of_function(exact, lambda t: t)
    one = "1.0000000000"
    compared = (
        Comparison("trace from 128 orthogonal signs, relative to the dense one", one, exact_trace.trace / trace),
        Comparison("‖H‖²_F from them", one, exact_square.square / square),
        Comparison("diagonal from them: ‖error‖/‖diagonal‖", "0.0000000000", exact_error),
        Comparison("∫t dφ from them, times n", one, by_exact / trace),
        Comparison("∫t² dφ from them, times n", one, trace_of_function(exact, np.square) / square),
        Comparison("mass of φ", one, float(np.sum(found.weights))),
        Comparison("‖H‖₂ by power iteration, relative to the dense one", "1.0000000", power.norm / top),
        Comparison("largest λ by Lanczos", "1.0000000", high / eigenvalues[-1]),
    )
    off = max(abs(value - true) / of for *_, value, true, of in lines if of)
    # A constant added to all outputs changes no probability: by the biases or by a hidden unit, 9 exact zeros.
    rounding = n * np.finfo(np.float64).eps * top
    conclusions = (
        f"The random estimates miss by at most {off:.1f} of their exact standard deviations.",
        "With 128 orthogonal sign vectors trace, diagonal and Frobenius norm are exact up to rounding.",
        f"The diagonal from {PROBES} probes misses by {100 * random_error:.0f} % of its norm (expected "
        f"{100 * expected:.0f} %): it needs many probes where the rest of a row is large.",
        f"The density from {found.products:,} products shows the bulk at 0 and the outliers. Dense, "
        f"{int(np.sum(eigenvalues < -rounding))} of {n} eigenvalues are negative and "
        f"{int(np.sum(np.abs(eigenvalues) <= rounding))} are 0 up to rounding; the estimated measure has "
        f"{n * np.sum(found.weights[found.nodes < -rounding]):.1f} below 0. The dense matrix took {n} products: the "
        f"estimate pays where n is large, as its number of products does not grow with n.",
    )
    table = Table.of(
        f"the Hessian of a 6-8-8 network with cross-entropy, 128 parameters, loss {loss:.3f}; {PROBES} sign probes",
        "quantity | estimator | products {:,} | estimate {:.8g} | dense {:.8g} | error {:+.1e} | "
        "its standard deviation {:.1e} | error in those {:+.2f}",
        (
            (*names, value, true, value - true, *((of, (value - true) / of) if of else "--"))
            for *names, value, true, of in lines
        ),
    )
    return Findings((table,), compared, conclusions, (eigenvalues, found))


def draw(data: tuple[Array, SpectralMeasure], figure: Any) -> None:
    eigenvalues, found = data
    n, width = eigenvalues.size, 0.01 * float(eigenvalues[-1] - eigenvalues[0])
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1))
    entitle(
        figure,
        f"{found.products} products with the Hessian show its spectrum: bulk at 0, outliers, some below 0",
        f"Both densities are smoothed by a normal curve of width σ = {width:.2g}; the network is 6-8-8 with "
        "cross-entropy, after 200 steps.",
    )
    low, high = eigenvalues[0] - 6 * width, eigenvalues[-1] + 6 * width
    grid = np.linspace(low, high, 1200)
    dense = SpectralMeasure(eigenvalues, np.full(n, 1 / n), n, 0)
    true, estimated = (spectral_density(one, grid, width=width) for one in (dense, found))
    upper.fill_between(grid, true, color="0.75", lw=0, label=f"all {n} eigenvalues of the dense Hessian")
    upper.plot(grid, estimated, color=COLOURS[1], lw=1.6, label=f"Lanczos quadrature, {PROBES} probes × {STEPS} steps")
    upper.plot(eigenvalues, np.full(n, 1.35e-4), "|", color="black", ms=9, label="the eigenvalues")
    upper.set(yscale="log", ylim=(1e-4, 3 * np.max(true)), ylabel="density of eigenvalues\n(log scale)")
    finish(upper)
    order = np.argsort(found.nodes)
    lower.step(eigenvalues, np.arange(1, n + 1) / n, where="post", color="0.5", lw=3, label="dense")
    nodes, sums = found.nodes[order], np.cumsum(found.weights[order])
    lower.step(nodes, sums, where="post", color=COLOURS[1], lw=1.4, label="quadrature")
    lower.axvline(0, color="black", lw=0.8)
    lower.set(xlabel="eigenvalue λ of the Hessian", ylabel="share of the\neigenvalues ≤ λ", xlim=(low, high))
    finish(lower, loc="lower right")


study = Study.of("curvature-density", WORDS, measure, draw, size=(11.0, 7.0))
