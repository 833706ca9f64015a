"""How far Hutchinson's estimate of a trace scatters, by enumeration; and what Hutch++ adds, on two spectra.

Mean and variance of zᵀA z need no random number: they are taken over every probe there is, or a rule that is exact.
Signs: all 2ⁿ sign vectors. Normal numbers: the products of the three-point Gauss-Hermite rule, nodes 0, ±√3 with
weights ⅔, ⅙, ⅙, exact for polynomials up to degree 5 in each entry; (zᵀA z)² has degree 4. Sphere of radius √n, n = 3:
the twelve vertices of an icosahedron, which integrate polynomials up to degree 5.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.draws import all_signs, rademacher
from gnomon.curvature.operators import Dense
from gnomon.curvature.trace import gaussian_variance, hutchinson, hutchpp, rademacher_variance, sphere_variance
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS, entitle
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """how far estimates of a trace scatter
What is the variance of a probe, and when is Hutch++ better than Hutchinson's estimator?
formulas for the variance: Girard 1989, Hutchinson 1990, Avron & Toledo, JACM 58 (2011); Hutch++: Meyer et al., SOSA
2021, arXiv 2010.09649"""
N, SEEDS, SIDE = 3, 20, 32
BUDGETS = (12, 24, 48, 96, 192, 384)
DECAYS = (2.0, 0.5)
METHODS = ("Hutchinson", "Hutch++")
# Variance of one sample; of the sphere's for e₁e₁ᵀ no figure is stated.
STATED = {
    "11ᵀ/n": {"signs": "1.333333333", "normal": "2.000000000", "sphere": "0.8000000000"},
    "e₁e₁ᵀ": {"signs": "0.0000000000", "normal": "2.000000000"},
    "I": {"signs": "0.0000000000", "normal": "6.000000000", "sphere": "0.0000000000"},
}


class Rule(NamedTuple):
    """Probes as rows, shape (m, n), and their weights, shape (m,), of sum 1."""

    probes: Array
    weights: Array


def signs(dimension: int) -> Rule:
    """Return all sign vectors."""
    probes = all_signs(dimension)
    return Rule(probes, np.full(len(probes), 1 / len(probes)))


def independent(dimension: int, nodes: tuple[float, ...], weights: tuple[float, ...]) -> Rule:
    """Return all vectors whose entries are nodes, with the products of the nodes' weights."""
    probes, factors = (np.array(list(product(of, repeat=dimension))) for of in (nodes, weights))
    return Rule(probes, np.prod(factors, axis=1))


def normal(dimension: int) -> Rule:
    """Return the Gauss-Hermite products, 3ⁿ of them."""
    return independent(dimension, (-(3**0.5), 0.0, 3**0.5), (1 / 6, 2 / 3, 1 / 6))


def sphere() -> Rule:
    """Return the vertices of an icosahedron at distance √3 from its centre."""
    golden = (1 + 5**0.5) / 2
    flat = [(0.0, a, b * golden) for a in (-1, 1) for b in (-1, 1)]
    vertices = np.array([v[-k:] + v[:-k] for v in flat for k in range(3)])
    return Rule(vertices * (3 / (1 + golden**2)) ** 0.5, np.full(12, 1 / 12))


def moments(matrix: Array, rule: Rule) -> tuple[float, float]:
    """Return mean and variance of one sample zᵀA z over the rule."""
    samples = hutchinson(Dense(matrix), rule.probes).samples
    mean = float(np.sum(rule.weights * samples))
    return mean, float(np.sum(rule.weights * (samples - mean) ** 2))


def measure() -> Findings:
    random = np.random.default_rng(0).standard_normal((N, N))
    matrices = {
        "11ᵀ/n": np.ones((N, N)) / N,
        "e₁e₁ᵀ": np.diag([1.0, 0, 0]),
        "I": np.eye(N),
        "random symmetric": random + random.T,
        "random, not symmetric": random,
    }
    rules = {"signs": (signs(N), rademacher_variance), "normal": (normal(N), gaussian_variance)}
    rules["sphere"] = (sphere(), sphere_variance)
    rows = [
        (name, kind, *moments(matrix, rule), float(formula(matrix)))
        for name, matrix in matrices.items()
        for kind, (rule, formula) in rules.items()
    ]
    compared = [
        Comparison(f"{name}, {kind}: variance, n = 3", STATED[name][kind], variance)
        for name, kind, _, variance, _ in rows
        if kind in STATED.get(name, ())
    ]
    defects: list[float] = []
    for name, _, mean, variance, formula in rows:
        trace, size = float(np.trace(matrices[name])), float(np.sum(matrices[name] ** 2))
        defects += [abs(variance - formula) / size, abs(mean - trace) / size**0.5]
    of_all = "largest |mean − tr A| or |variance − formula|, relative to ‖A‖²_F"
    compared.append(Comparison(of_all, "0.0000000000", max(defects)))
    errors = {decay: hutch_errors(decay) for decay in DECAYS}
    (fast, fast_plus), (flat, flat_plus) = (np.median(both, axis=-1) for both in errors.values())
    ahead = int(np.sum(fast_plus[1:] < fast[1:]))
    compared.append(Comparison("λᵢ = i⁻², from 24 products: budgets with the smaller median for Hutch++", "5", ahead))
    slope = np.polyfit(np.log(BUDGETS), np.log(fast_plus), 1)[0]
    conclusions = (
        "The diagonal adds nothing to the variance of a sign probe: 0 for I and e₁e₁ᵀ. But that variance depends on "
        "the basis: 11ᵀ/n is e₁e₁ᵀ turned, and only normal probes and the sphere have one variance for both.",
        f"Fast spectrum, λᵢ = i⁻²: Hutch++ goes from {fast_plus[0]:.1e} to {fast_plus[-1]:.1e} (slope {slope:.1f} in "
        f"the logarithms), Hutchinson from {fast[0]:.1e} to {fast[-1]:.1e} (its error falls like m^-½).",
        f"Flat spectrum, λᵢ = i^-½: Hutch++ has the larger median at {int(np.sum(flat_plus > flat))} of "
        f"{len(BUDGETS)} budgets, {flat_plus[0]:.1e} against {flat[0]:.1e} at {BUDGETS[0]} products: two "
        f"thirds of its products go into a sketch that finds little.",
    )
    variances = Table.of(
        "one sample zᵀA z, n = 3, over all 8 sign vectors, 27 points of the normal rule, 12 of the sphere; the "
        "formulas: 2(‖S‖²−ΣSᵢᵢ²), 2‖S‖², 2n/(n+2)·(‖S‖²−(tr A)²/n), S = (A+Aᵀ)/2",
        "A, probes | tr A = mean {:.6f} | variance, enumerated {:.9f} | variance, formula {:.9f}",
        ((f"{name}, {kind}", *figures) for name, kind, *figures in rows),
    )
    medians = Table.of(
        f"median relative error of the trace over {SEEDS} seeds, n = {SIDE**2}, random basis, sign probes",
        " | ".join(["products", *(f"{name}, λᵢ = i^-{decay:g} {{:.1e}}" for decay in DECAYS for name in METHODS)]),
        zip(BUDGETS, fast, fast_plus, flat, flat_plus, strict=True),
    )
    return Findings((variances, medians), tuple(compared), conclusions, errors)


def hutch_errors(decay: float, budgets: tuple[int, ...] = BUDGETS) -> Array:
    """Return relative errors on a 1024 by 1024 matrix with λᵢ = i^-decay in a random basis, 20 seeds.

    They have the shape (methods, budgets, seeds). Choice: the basis is (O₁ ⊗ O₂)·P·(O₃ ⊗ O₄), four random orthogonal 32
    by 32 matrices and a random permutation, so that a product takes microseconds and every eigenvector is dense.
    """
    eigenvalues = np.arange(1, SIDE**2 + 1) ** -decay
    turn = Turn(np.random.default_rng(100))

    def operator(vector: Array) -> Array:
        return turn.back(eigenvalues * turn.forth(vector))

    estimates = np.empty((len(METHODS), len(budgets), SEEDS))
    for seed in range(SEEDS):
        probes = rademacher(np.random.default_rng(seed), budgets[-1], SIDE**2)
        samples = hutchinson(operator, probes).samples
        for row, budget in enumerate(budgets):
            third = budget // 3
            better = hutchpp(operator, probes[:third], probes[third : 2 * third])
            estimates[:, row, seed] = np.mean(samples[:budget]), better.trace
    trace = float(np.sum(eigenvalues))
    errors: Array = np.abs(estimates - trace) / trace
    return errors


class Turn:
    """A random orthogonal matrix Q that is cheap to multiply with."""

    def __init__(self, draw: np.random.Generator) -> None:
        self._factors = [np.linalg.qr(draw.standard_normal((SIDE, SIDE)))[0] for _ in range(4)]
        self._order = draw.permutation(SIDE**2)
        self._inverse = np.argsort(self._order)

    def forth(self, vector: Array) -> Array:
        """Return Qᵀv."""
        a, b, c, d = self._factors
        return between(c.T, between(a.T, vector, b)[self._order], d)

    def back(self, vector: Array) -> Array:
        """Return Qv."""
        a, b, c, d = self._factors
        return between(a, between(c, vector, d.T)[self._inverse], b.T)


def between(left: Array, vector: Array, right: Array) -> Array:
    """Return LVR as a vector, V the vector as a matrix."""
    product: Array = (left @ vector.reshape(SIDE, SIDE) @ right).reshape(-1)
    return product


def draw(data: dict[float, Array], figure: Any) -> None:
    panels = figure.subplots(1, 2, sharey=True)
    entitle(
        figure,
        "Hutch++ is far better where the eigenvalues fall fast; else it takes many products to be better at all",
        f"A is {SIDE**2} by {SIDE**2} in a random basis; lines: median of {SEEDS} seeds, bands: the middle half of "
        "them.",
    )
    for axes, decay, words in zip(panels, DECAYS, ("fast: λᵢ = i⁻²", "flat: λᵢ = i^(−½)"), strict=True):
        for part, name, colour in zip(data[decay], METHODS, COLOURS, strict=False):
            axes.fill_between(BUDGETS, *np.quantile(part, [0.25, 0.75], axis=1), color=colour, alpha=0.25, lw=0)
            axes.plot(BUDGETS, np.median(part, axis=1), "o-", color=colour, label=name)
        axes.set(xscale="log", yscale="log", xlabel="products with the matrix", title=words)
        axes.set_xticks(BUDGETS, map(str, BUDGETS))
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    panels[0].set(ylabel="relative error of the trace")
    panels[0].legend(fontsize=10, loc="lower left")


study = Study.of("curvature-variance", WORDS, measure, draw, size=(12.0, 5.6))
