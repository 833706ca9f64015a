"""How far Hutchinson's estimate of a trace scatters, by enumeration; and what Hutch++ adds, on two spectra."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.draws import rademacher
from gnomon.curvature.trace import gaussian_variance, hutchinson, hutchpp, rademacher_variance, sphere_variance
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS, entitle
from gnomon_validation.studies.curvature.enumeration import Moments, moments, normal, signs, sphere
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

N, SEEDS = 3, 20
BUDGETS = (12, 24, 48, 96, 192, 384)
DECAYS = (2.0, 0.5)
SIDE = 32
DIMENSION = SIDE**2


class Errors(NamedTuple):
    """Relative errors of Hutchinson's estimate and of Hutch++, shape (budgets, seeds)."""

    hutchinson: Array
    hutchpp: Array


def measure() -> Findings:
    draw = np.random.default_rng(0)
    random = draw.standard_normal((N, N))
    matrices = {
        "11ᵀ/n": np.ones((N, N)) / N,
        "e₁e₁ᵀ": np.diag([1.0, 0, 0]),
        "I": np.eye(N),
        "random symmetric": random + random.T,
        "random, not symmetric": random,
    }
    rules = {"signs": (signs(N), rademacher_variance), "normal": (normal(N), gaussian_variance)}
    rules["sphere"] = (sphere(), sphere_variance)
    found = {
        (name, kind): (moments(matrix, rule), float(formula(matrix)))
        for name, matrix in matrices.items()
        for kind, (rule, formula) in rules.items()
    }
    compared = [
        Comparison(f"{name}, {kind}: variance, n = 3", stated, found[name, kind][0].variance)
        for (name, kind), stated in STATED.items()
    ]
    errors = {decay: hutch_errors(decay) for decay in DECAYS}
    worse = worst_defect(found, matrices)
    compared.append(
        Comparison("largest |mean − tr A| or |variance − formula|, relative to ‖A‖²_F", "0.0000000000", worse)
    )
    fast, flat = (np.median(errors[decay].hutchinson, axis=1) for decay in DECAYS)
    fast_plus, flat_plus = (np.median(errors[decay].hutchpp, axis=1) for decay in DECAYS)
    ahead = sum(bool(b < a) for a, b in zip(fast[1:], fast_plus[1:], strict=True))
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
    tables = (variance_table(found), hutch_table(errors))
    return Findings(tables, tuple(compared), conclusions, errors)


STATED = {
    ("11ᵀ/n", "signs"): "1.333333333",
    ("11ᵀ/n", "normal"): "2.000000000",
    ("11ᵀ/n", "sphere"): "0.8000000000",
    ("e₁e₁ᵀ", "signs"): "0.0000000000",
    ("e₁e₁ᵀ", "normal"): "2.000000000",
    ("I", "signs"): "0.0000000000",
    ("I", "normal"): "6.000000000",
    ("I", "sphere"): "0.0000000000",
}


def worst_defect(found: dict[tuple[str, str], tuple[Moments, float]], matrices: dict[str, Array]) -> float:
    """Return the largest distance of an enumerated mean or variance from its formula, relative to ‖A‖²_F or ‖A‖_F."""
    defects: list[float] = []
    for (name, _), (one, formula) in found.items():
        size = float(np.sum(matrices[name] ** 2))
        defects += [abs(one.variance - formula) / size, abs(one.mean - float(np.trace(matrices[name]))) / size**0.5]
    return max(defects)


def hutch_errors(decay: float, budgets: tuple[int, ...] = BUDGETS) -> Errors:
    """Return relative errors on a 1024 by 1024 matrix with λᵢ = i^-decay in a random basis, 20 seeds.

    Choice: the basis is (O₁ ⊗ O₂)·P·(O₃ ⊗ O₄), four random orthogonal 32 by 32 matrices and a random permutation, so
    that a product takes microseconds and every eigenvector is dense.
    """
    eigenvalues = np.arange(1, DIMENSION + 1) ** -decay
    turn = Turn(np.random.default_rng(100))

    def operator(vector: Array) -> Array:
        return turn.back(eigenvalues * turn.forth(vector))

    trace = float(np.sum(eigenvalues))
    plain, plus = np.empty((len(budgets), SEEDS)), np.empty((len(budgets), SEEDS))
    for seed in range(SEEDS):
        probes = rademacher(np.random.default_rng(seed), budgets[-1], DIMENSION)
        samples = hutchinson(operator, probes).samples
        for row, budget in enumerate(budgets):
            third = budget // 3
            plain[row, seed] = abs(np.mean(samples[:budget]) - trace) / trace
            estimate = hutchpp(operator, probes[:third], probes[third : 2 * third])
            plus[row, seed] = abs(float(estimate.trace) - trace) / trace
    return Errors(plain, plus)


class Turn:
    """A random orthogonal matrix Q that is cheap to multiply with."""

    def __init__(self, draw: np.random.Generator) -> None:
        self._factors = [np.linalg.qr(draw.standard_normal((SIDE, SIDE)))[0] for _ in range(4)]
        self._order = draw.permutation(DIMENSION)
        self._inverse = np.argsort(self._order)

    def forth(self, vector: Array) -> Array:
        """Return Qᵀv."""
        a, b, c, d = self._factors
        mixed = (a.T @ vector.reshape(SIDE, SIDE) @ b).reshape(-1)[self._order]
        turned: Array = (c.T @ mixed.reshape(SIDE, SIDE) @ d).reshape(-1)
        return turned

    def back(self, vector: Array) -> Array:
        """Return Qv."""
        a, b, c, d = self._factors
        mixed = (c @ vector.reshape(SIDE, SIDE) @ d.T).reshape(-1)[self._inverse]
        turned: Array = (a @ mixed.reshape(SIDE, SIDE) @ b.T).reshape(-1)
        return turned


def variance_table(found: dict[tuple[str, str], tuple[Moments, float]]) -> Table:
    return Table.of(
        "one sample zᵀA z, n = 3, over all 8 sign vectors, 27 points of the normal rule, 12 of the sphere; the "
        "formulas: 2(‖S‖²−ΣSᵢᵢ²), 2‖S‖², 2n/(n+2)·(‖S‖²−(tr A)²/n), S = (A+Aᵀ)/2",
        "A, probes | tr A = mean {:.6f} | variance, enumerated {:.9f} | variance, formula {:.9f}",
        ((", ".join(of), one.mean, one.variance, formula) for of, (one, formula) in found.items()),
    )


def hutch_table(errors: dict[float, Errors]) -> Table:
    methods = (f"{method}, λᵢ = i^-{decay:g} {{:.1e}}" for decay in DECAYS for method in ("Hutchinson", "Hutch++"))
    return Table.of(
        f"median relative error of the trace over {SEEDS} seeds, n = {DIMENSION}, random basis, sign probes",
        " | ".join(["products", *methods]),
        (
            (budget, *(np.median(part[row]) for decay in DECAYS for part in errors[decay]))
            for row, budget in enumerate(BUDGETS)
        ),
    )


def draw(data: dict[float, Errors], figure: Any) -> None:
    panels = figure.subplots(1, 2, sharey=True)
    entitle(
        figure,
        "Hutch++ is far better where the eigenvalues fall fast; else it takes many products to be better at all",
        f"A is {DIMENSION} by {DIMENSION} in a random basis; lines: median of {SEEDS} seeds, bands: the middle half of "
        "them.",
    )
    for axes, decay, words in zip(panels, DECAYS, ("fast: λᵢ = i⁻²", "flat: λᵢ = i^(−½)"), strict=True):
        for part, name, colour in zip(data[decay], ("Hutchinson", "Hutch++"), (COLOURS[0], COLOURS[1]), strict=True):
            axes.fill_between(BUDGETS, *np.quantile(part, [0.25, 0.75], axis=1), color=colour, alpha=0.25, lw=0)
            axes.plot(BUDGETS, np.median(part, axis=1), "o-", color=colour, label=name)
        axes.set(xscale="log", yscale="log", xlabel="products with the matrix", title=words)
        axes.set_xticks(BUDGETS, [str(budget) for budget in BUDGETS])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    panels[0].set(ylabel="relative error of the trace")
    panels[0].legend(fontsize=10, loc="lower left")


study = Study(
    "curvature-variance",
    title="how far estimates of a trace scatter",
    question="What is the variance of a probe, and when is Hutch++ better than Hutchinson's estimator?",
    source="formulas for the variance: Girard 1989, Hutchinson 1990, Avron & Toledo, JACM 58 (2011); Hutch++: Meyer et "
    "al., SOSA 2021, arXiv 2010.09649",
    measure=measure,
    draw=draw,
    size=(12.0, 5.6),
)
