"""How long the plateau of the toy problem lasts: for gradient descent, for the theory's method, for EGD itself."""

from __future__ import annotations

from math import log, log1p, pi, tan
from typing import Any

import numpy as np

from gnomon.descent.egd import toy
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """where the plateau of the toy problem ends
After how many steps does the test error fall below 1, and what has EGD to do with the formulas for it?
arXiv 2510.04930v3, section 3 and Corollary 1; stated figures: own computation with its formulas"""
S, EPS, START = 0.5, 1e-3, 5.0
MOMENTS = toy.moments(threshold=S)
Q = MOMENTS.m1 / MOMENTS.m2
ANGLES = {0.3: ("31021", "7555"), pi / 4: ("", ""), 1.2: ("9841", "28735")}
FAST, LAST = 0.05, 70_000
METHODS: tuple[toy.Method, ...] = ("gd", "newton", "egd")
NAMES = {"gd": "gradient descent", "newton": "Eq. 9 (Newton)", "egd": "EGD (Eq. 11)"}


def end(angle: float, lr: float, method: toy.Method = "gd", start: float = START) -> int:
    """Return where the plateau ends, from (0, start): for EGD the first step at which ν < tan θ·μ."""
    if method == "egd":
        found = run("egd", lr, start)
        return int(np.argmax(found[:, 1] < tan(angle) * found[:, 0]))
    u = np.array([0.0, start])
    return toy.plateau_end(u, m1=MOMENTS.m1, m2=MOMENTS.m2, angle=angle, lr=lr, eps=EPS, method=method)


def run(method: toy.Method, lr: float, start: float = START) -> Array:
    """Return the population's run, by the compiled loop."""
    from gnomon.kernels.descent.egd.toy import descend

    covariance, correlation = np.diag([MOMENTS.m2, EPS]), np.array([MOMENTS.m1, 0.0])
    found: Array = descend(np.array([0.0, start]), covariance, correlation, lr=lr, steps=LAST, method=method)
    return found


def tau(angle: float, lr: float) -> float:
    """Return Corollary 1's number of steps: log(|u₂|·|tan θ|·m₂/m₁)/log(1/β)."""
    return log(START * tan(angle) / Q) / -log1p(-lr * EPS)


def measure() -> Findings:
    rows, compared = [], []
    for angle, (truth, published) in ANGLES.items():
        k, wrong = end(angle, 0.1), tau(angle, 0.1)
        rows.append((angle, k, round(wrong), wrong / k))
        compared += [Comparison(f"θ = {angle:.2f}: steps", truth, k)] if truth else []
        compared += [Comparison(f"θ = {angle:.2f}: Corollary 1", published, float(wrong))] if published else []
    title = f"gradient descent from (0, {START:g}), rate 0.1, ε = {EPS:g}, s = {S:g}"
    corollary = Table.of(
        title, "θ {:.4f} | first step with an error below 1 {:,} | Corollary 1 {:,} | ratio {:.3f}", rows
    )
    starts = (1.25, 5.0, 20.0)
    ends = {m: [end(0.3, FAST, m, u) for u in starts] for m in METHODS}
    compared += [
        Comparison(f"{NAMES['newton']}, u₂ = 5, rate {FAST:g}", "62", ends["newton"][1]),
        Comparison(f"{NAMES['egd']}, u₂ = 5, rate {FAST:g}", "2421", ends["egd"][1]),
    ]
    scales = Table.of(
        f"steps on the plateau, θ = 0.3, rate {FAST:g}",
        "method | u₂ = 1.25 {:,} | u₂ = 5 {:,} | u₂ = 20 {:,}",
        [(NAMES[m], *ends[m]) for m in METHODS],
    )
    conclusions = (
        "Corollary 1 multiplies by tan θ where its own algebra divides: it is right at θ = π/4 only.",
        f"The theory is of Newton's steps, {ends['newton'][1]} of them. Here the gradient is a vector and EGD is "
        f"gradient descent with steps of one length: {ends['egd'][1]:,} steps.",
        f"Four times the start costs Newton's method {ends['newton'][2] - ends['newton'][1]} steps more, EGD "
        f"{ends['egd'][2] - ends['egd'][1]:,}.",
    )
    errors = {m: toy.population_error(run(m, FAST), angle=0.3, eps=EPS) for m in METHODS}
    return Findings((corollary, scales), tuple(compared), conclusions, errors)


def draw(data: dict[toy.Method, Array], figure: Any) -> None:
    axes = figure.subplots()
    entitle(
        figure,
        "EGD leaves the plateau, but not when the theory says: its formulas are of Newton's method",
        f"exact test error on the population, θ = 0.3, ε = {EPS:g}, from (0, {START:g}), rate {FAST:g}; dotted: where "
        "`plateau_end` puts the end",
    )
    for (method, error), colour in zip(data.items(), COLOURS, strict=False):
        axes.plot(np.arange(1, len(error)), error[1:], color=colour, lw=2, label=NAMES[method])
        axes.axvline(end(0.3, FAST, method), color=colour, ls=":", lw=1.5)
    axes.set(xscale="log", xlabel="steps", ylabel="test error", ylim=(-0.03, 1.05), xlim=(1, 1.3 * LAST))
    finish(axes, loc="lower left")


study = Study.of("egd-plateau", WORDS, measure, draw, size=(10.0, 5.5))
