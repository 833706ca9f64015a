"""What a natural-gradient step owes to the coordinates in which it is made."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.probability.m_fisher.natural import natural_step
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, spread
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """natural-gradient steps in other coordinates
Is the update invariant under reparameterisation, as the abstract says?
own computation; the statement is that of the abstract of arXiv 2510.03839
picture: The natural step is the same in linear coordinates, and in no others
below: One step in φ against one in ξ, carried back; ρ: damping, the same in both."""
RATES = 2.0 ** -np.arange(1, 8)
d = 4


def problem() -> tuple[Array, Array, Array]:
    """Return φ, a gradient and a Fisher matrix there."""
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((6, d))
    return rng.standard_normal(d), rng.standard_normal(d), rows.T @ rows / 6


def linear_chart() -> Array:
    """Return A of the linear map φ = Aξ."""
    A: Array = np.diag([1.0, 4.0, 0.25, 2.0]) @ np.linalg.qr(np.random.default_rng(4).standard_normal((d, d)))[0]
    return A


def gap(lr: float, chart: str, damping: float = 0.0) -> float:
    """Return how far apart the steps in φ and in ξ end, over their length. chart: φ = Aξ, or φ = ξ + 0.3 sin ξ."""
    phi, g, F = problem()
    A = linear_chart()
    if chart == "smooth":
        xi = phi.copy()
        for _ in range(60):
            xi = xi - (xi + 0.3 * np.sin(xi) - phi) / (1 + 0.3 * np.cos(xi))
        A = np.diag(1 + 0.3 * np.cos(xi))
    else:
        xi = np.linalg.solve(A, phi)
    there = A.T @ F @ A
    if chart == "diagonal Fisher":
        F, there = np.diag(np.diag(F)), np.diag(np.diag(there))
    one, _ = natural_step(phi, g, F, lr=lr, damping=damping)
    other, _ = natural_step(xi, A.T @ g, (there + there.T) / 2, lr=lr, damping=damping)
    ended = other.params + 0.3 * np.sin(other.params) if chart == "smooth" else A @ other.params
    return float(np.linalg.norm(ended - one.params) / np.linalg.norm(lr * one.direction))


def rounding() -> float:
    """Return what rounding may make of a gap: 16d units of roundoff of the worse conditioned of both matrices, twice.

    A step is φ - ηd, and to be divided by η ≥ 2⁻⁷ and by |d|, which is about as long as φ: η counts, too.
    """
    phi, g, F = problem()
    A = linear_chart()
    step, _ = natural_step(phi, g, F, damping=0.0)
    worst = max(np.linalg.cond(F), np.linalg.cond(A) ** 2 * np.linalg.cond(F))
    carried = np.linalg.cond(A) * max(1.0, float(np.linalg.norm(phi) / np.linalg.norm(step.direction))) / RATES[-1]
    return float(2 * 16 * d * np.finfo(float).eps * (worst + carried))


KINDS = {
    "linear map": ("linear", 0.0),
    "φ = ξ + 0.3 sin ξ": ("smooth", 0.0),
    "linear map, ρ = 0.1": ("linear", 0.1),
    "linear map, diagonal Fisher": ("diagonal Fisher", 0.0),
}


def measure() -> Findings:
    gaps = {name: np.array([gap(float(lr), *kind) for lr in RATES]) for name, kind in KINDS.items()}
    orders = 1 + np.log2(gaps["φ = ξ + 0.3 sin ξ"][:-1] / gaps["φ = ξ + 0.3 sin ξ"][1:])
    compared = (
        Comparison("order of the gap in η, smooth map, last halving", "1.98 … 2.25", float(orders[-1])),
        Comparison("linear map: largest gap over the step", f"0 … {rounding():.1e}", float(np.max(gaps["linear map"]))),
    )
    conclusions = (
        f"Under a linear map both steps end in the same point, but for {np.max(gaps['linear map']):.1g} of the step. "
        f"Under a smooth one they part by η to the power {spread(list(orders), '{:.2f}')}: to the first order only.",
        "Damping with the same ρ in both charts, or a diagonal Fisher matrix, loses it altogether: gaps of "
        f"{gaps['linear map, ρ = 0.1'][-1]:.2g} and {gaps['linear map, diagonal Fisher'][-1]:.2g} of the step.",
    )
    rows = [(f"2^-{i}", *(gaps[name][i - 1] for name in KINDS)) for i in range(1, len(RATES) + 1)]
    table = Table.of("gap over the length of the step", "η | " + " | ".join(f"{n} {{:.2g}}" for n in KINDS), rows)
    return Findings((table,), compared, conclusions, gaps)


def draw(data: Any, figure: Any) -> None:
    axes = figure.subplots()
    for (name, gaps), colour in zip(data.items(), COLOURS, strict=False):
        axes.plot(RATES, np.maximum(gaps, 1e-17), "o-", color=colour, label=name)
    axes.plot(RATES, 0.1 * RATES, ":", color="black", label="proportional to η")
    axes.set(xscale="log", yscale="log", xlabel="rate η", ylabel="distance of the two ends / length of the step")
    finish(axes)


study = Study.of("m_fisher-charts", WORDS, measure, draw, size=(9.0, 5.5))
