"""What reuse does to the cycle in which SAM ends, and what sampling saves."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.sam.quadratics import descend
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.sam.runs import PLAIN, Bowl, run
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the cycle that SAM ends in, with sampled remainders, and their cost
How far from the minimum do SAM and sampled SAM end, and what does sampling save?
stated figures: lr·ρλ₁/(2 - lr·λ₁) for SAM (bouncing, Bartlett et al. 2022), and (1 + p)/2 for the cost with a
fraction p of samples, p = 0.2 being the “about 40 %” of arXiv 2510.03763's abstract, p = 0.8 vSAM's cap
picture: Fewer samples: other cycles around the minimum, and savings that need a low rate"""
EIGENVALUES, START = np.array([4.0, 1.0]), np.array([1.0, 1.0])
LR, RHO, STEPS = 0.1, 0.5, 1200
EVERY, BETAS = (1, 2, 3, 5, 8), (0.0, 0.5, 0.7, 1.0)
SHARES = (0.0, 0.2, 0.5, 0.8, 1.0)


def amplitude(every: int, beta: float) -> float:
    """Return the largest distance from the minimum along the steepest direction in the last 120 steps."""
    run = descend(START, EIGENVALUES, steps=STEPS, lr=LR, rho=RHO, every=every, beta=beta)
    return float(np.max(np.abs(run[-120:, 0])))


def cost(**schedule: Any) -> tuple[float, float]:
    """Return the fraction of samples that 400 steps of a schedule made, and the gradients, relative to SAM's."""
    found = run((START,), Bowl(EIGENVALUES), 400, lr=LR, rho=RHO, last=1, **PLAIN, **schedule)
    return float(np.mean(found.samples)), found.cost


def measure() -> Findings:
    table = {(k, beta): amplitude(k, beta) for k in EVERY for beta in BETAS}
    costs = {share: cost(schedule="bernoulli", probability=share) for share in SHARES}
    compared = (
        Comparison("SAM's amplitude, lr·ρλ₁/(2 - lr·λ₁)", "0.12500000", table[1, 0.7]),
        Comparison(
            "gradients with a sample in every 5th step, relative to SAM", "0.6", cost(schedule="every_k", every=5)[1]
        ),
        Comparison("all samples", "1", costs[1.0][1]),
        Comparison("none", "0.5", costs[0.0][1]),
    )
    rows = [(f"1 in {k}", *(table[k, beta] for beta in BETAS)) for k in EVERY]
    amplitudes = Table.of(
        f"largest |x₁| in the last 120 of {STEPS:,} steps on ½(4x₁² + x₂²), lr {LR}, ρ {RHO}, J = 6",
        " | ".join(["samples", *(f"β = {beta:g} {{:.4f}}" for beta in BETAS)]),
        rows,
    )
    shares = Table.of(
        "gradients with a fraction p of samples, 400 steps of a Bernoulli schedule",
        "p asked for {:g} | p made {:.3f} | gradients ÷ SAM's {:.4f} | (1 + p)/2 {:.4f} | saved {:.1%}",
        ((share, made, c, (1 + made) / 2, 1 - c) for share, (made, c) in costs.items()),
    )
    conclusions = (
        f"SAM ends in a cycle {table[1, 0.7]:.3f} from the minimum. With reuse the remainder does not change its sign "
        f"between samples: with β = 1 and a sample in every 5th step the amplitude is {table[5, 1.0]:.3f}.",
        f"A saving of 40 % is a sample in every 5th step; at the largest rate that vSAM allows, 0.8, it is "
        f"{1 - (1 + 0.8) / 2:.0%}.",
    )
    return Findings((amplitudes, shares), compared, conclusions, (table, costs))


def draw(data: Any, figure: Any) -> None:
    table, costs = data
    left, right = figure.subplots(1, 2)
    for colour, beta in zip(COLOURS, BETAS, strict=False):
        left.plot(EVERY, [table[k, beta] for k in EVERY], "o-", color=colour, label=f"β = {beta:g}")
    left.axhline(table[1, 0.7], color="black", lw=1, ls=":", label="SAM")
    left.set(xlabel="a sample in every k-th step", ylabel="amplitude |x₁|", title="cycle on ½(4x₁² + x₂²)")
    p = np.linspace(0, 1, 50)
    right.plot(p, (1 + p) / 2, color="black", lw=1.5, label="(1 + p)/2")
    made, spent = zip(*costs.values(), strict=True)
    right.plot(made, spent, "o", color=COLOURS[0], label="measured")
    for share, words in ((0.2, "40 % saved"), (0.8, "vSAM's cap: 10 % saved")):
        where = {"xytext": (-8, 6), "textcoords": "offset points", "ha": "right", "fontsize": 9}
        right.annotate(words, (share, (1 + share) / 2), **where)
    right.set(xlabel="fraction p of samples", ylabel="gradients ÷ SAM's", title="cost")
    for axes in (left, right):
        finish(axes)


study = Study.of("sam-amplitudes", WORDS, measure, draw, size=(11.0, 4.8))
