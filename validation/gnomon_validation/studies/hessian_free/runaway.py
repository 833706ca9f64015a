"""The runaway damping of the released defaults, and its theory.

Let λ have just been multiplied by 3/2, and be so large that the curvature B does not count beside it. Conjugate
gradients then end at x_N = -g/λ, and begin at x₀ = d·(their last end) = 1.5d·x_N. To first order f changes from θ + x₀
to θ + x_N by gᵀ(x_N - x₀) = -(1 - 1.5d)·‖g‖²/λ; the model gᵀx + ½λ‖x‖² by -(1 - 1.5d)²·‖g‖²/(2λ). So for any smooth f

    ρ → -2/(1.5d - 1),   negative for d > 2/3,   -4.70588 for the default d = 0.95.

ρ < 1/4 multiplies λ by 3/2 once more, and so on for ever: the lengths of the steps are a geometric series, and the run
stops short of any minimum.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.hessian_free.optimizer import HessianFreeState, step
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon_validation.pictures import COLOURS, entitle
from gnomon_validation.studies.hessian_free.runs import Run, descend, tiny_networks
from gnomon_validation.studies.hessian_free.sources import PACKAGE, RUN
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = f"""the damping that runs away
What do the released defaults do with the damping on a convex quadratic, and which rule changes that?
rules of {PACKAGE}; {RUN}; the limit: own derivation"""
STEPS = 60
EIGENVALUES = np.geomspace(0.01, 1.0, 5)
RULES: dict[str, dict[str, Any]] = {
    "as released (d = 0.95)": {"variant": "code"},
    "cold starts (d = 0)": {"variant": "code", "decay": 0.0},
    "ρ measured from zero": {"variant": "code", "rho_origin": "zero"},
    "the original authors' rules": {"variant": "martens"},
}
RELEASED, COLD, FROM_ZERO, ORIGINAL = RULES
STATIONS = (5, 10, 20, 60)
STALLED = {5: "3.85e-2", 10: "2.86e-2", 20: "2.76e-2", 60: "2.76e-2"}
FREE = {5: "1.66e-2", 10: "7.14e-4", 20: "4.1e-18"}
DECAYS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


def measure() -> Findings:
    runs = {name: on_quadratic(rule) for name, rule in RULES.items()}
    released, ratios = runs[RELEASED], {}
    for (name, problem, start), damping in product(tiny_networks(), (1.0, 10.0, 100.0)):
        run = descend(problem, start, STEPS, damping=damping, variant="code")
        ratios[f"{name}, λ₀ = {damping:g}"] = float(run.ratios[-1])
    limits = np.array([(d, limit(d), measured_limit(d)) for d in DECAYS])
    compared = [
        Comparison("-2/(1.5d - 1) for d = 0.95", "-4.70588", limit(0.95)),
        Comparison("the same for d = 0.8", "-10", limit(0.8)),
        *(Comparison(f"ρ far out, d = {d:g}: measured", f"{theory:.4f}", found) for d, theory, found in limits),
        *(Comparison(f"{name}: the last ρ of 60 steps", "-4.713 … -4.705", found) for name, found in ratios.items()),
        *compare_each("quadratic, as released: f after {} steps", STALLED, released.losses),
        Comparison("quadratic, as released: λ of step 51", "1.9e8", released.dampings[50]),
    ]
    for name in (COLD, ORIGINAL):
        compared += compare_each(f"quadratic, {name}: f after {{}} steps", FREE, runs[name].losses)
    table = Table.of(
        "ρ where λ is large: the theory's −2/(1.5d − 1), and ρ of one step with λ = 2²⁶ or of the last of 60 steps",
        "problem | theory {:.5f} | measured {:.5f}",
        [(f"f = ½x², d = {d:g}", theory, found) for d, theory, found in limits]
        + [(f"{name}, d = 0.95", limit(0.95), found) for name, found in ratios.items()],
    )
    return Findings((quadratic_table(runs), table), tuple(compared), conclusions(runs, ratios), (runs, limits))


def on_quadratic(rule: dict[str, Any], steps: int = STEPS) -> Run:
    """Return the run on ½ Σ dᵢθᵢ², dᵢ from 0.01 to 1, from θ = 1 with λ₀ = 1."""
    f = Quadratic(np.diag(EIGENVALUES), np.zeros(EIGENVALUES.size))
    return descend(f, np.ones(EIGENVALUES.size), steps, curvature="hessian", **rule)


def limit(decay: float) -> float:
    """Return -2/(1.5d - 1)."""
    return -2 / (1.5 * decay - 1)


def measured_limit(decay: float) -> float:
    """Return the ρ of a step on f = ½x² from x = 1, where λ = 2²⁶ has just grown by 3/2.

    With u = λ/(1 + λ) and q = x₀/x_N, 1.5d to first order, the exact ρ is 1 - u·(q + 1)/(q - 1): the first order in 1/λ
    that the theory leaves out is at most (1 + |ρ| + ρ²)/λ < 3e-5 for |ρ| <= 40, less than half a fourth decimal.
    """
    f, x, damping = Quadratic(np.eye(1), np.zeros(1)), np.ones(1), np.float64(2.0**26)
    warm_start = -decay * f.gradient(x) / (1 + damping / 1.5)
    _, _, report = step(x, HessianFreeState(warm_start, damping), f, variant="code", decay=decay)
    return float(report.ratio)


def quadratic_table(runs: dict[str, Run]) -> Table:
    rows = (
        (name, *(run.losses[t] for t in STATIONS), run.dampings[50], run.ratios[50], np.linalg.norm(run.points[-1]))
        for name, run in runs.items()
    )
    stations = " | ".join(f"f after {t} {{:.3g}}" for t in STATIONS)
    columns = f"rules | {stations} | λ of step 51 {{:.3g}} | ρ of it {{:.5f}} | ‖θ‖ after 60 {{:.3g}}"
    return Table.of("f = ½ Σ dᵢθᵢ², dᵢ = 0.01 … 1 (five), from θ = (1, …, 1), λ₀ = 1, exact Hessian", columns, rows)


def steps_that_grow(run: Run) -> int:
    """Return after how many of the last steps, without a gap, λ grew."""
    others = np.flatnonzero(np.diff(run.dampings) <= 0)
    return run.dampings.size - 1 - (int(others[-1]) + 1 if others.size else 0)


def conclusions(runs: dict[str, Run], ratios: dict[str, float]) -> tuple[str, ...]:
    released = runs[RELEASED]
    after = {name: run.losses[20] for name, run in runs.items() if run is not released}
    ends = [*ratios.values(), float(released.ratios[-1])]
    return (
        f"On a convex quadratic in five dimensions, with its exact Hessian, the released defaults multiply λ by 3/2 in "
        f"the last {steps_that_grow(released)} of {STEPS} steps, and f goes from {released.losses[0]:.3g} to "
        f"{released.losses[-1]:.3g}. All steps together are {np.sum(released.lengths):.3f} long; the minimum was "
        f"{np.linalg.norm(released.points[0]):.3f} away.",
        "One rule changed, or all: f after 20 steps is "
        + ", ".join(f"{f:.1e} with {name}" for name, f in after.items())
        + f", and {released.losses[20]:.1e} as released.",
        f"On two networks with three λ₀ each and on the quadratic the last ρ as released lies between {min(ends):.4f} "
        f"and {max(ends):.4f}; the theory says {limit(0.95):.4f}.",
    )


def draw(data: tuple[dict[str, Run], Array], figure: Any) -> None:
    runs, (decays, _, measured) = data[0], data[1].T
    left, middle, right = figure.subplots(1, 3)
    run, other = runs[RELEASED], runs[FROM_ZERO]
    entitle(
        figure,
        f"As released λ grows in the last {steps_that_grow(run)} of {STEPS} steps; f after 20 is "
        f"{run.losses[20]:.3g}, and {other.losses[20]:.1g} with ρ measured from θ",
        "Left and right: f = ½ Σ dᵢθᵢ² with five eigenvalues from 0.01 to 1, λ₀ = 1, exact Hessian; colours as on the "
        "left.",
    )
    steps = np.arange(1, STEPS + 1)
    for (name, one), colour, dashes in zip(runs.items(), COLOURS, ("-", "-", "--", ":"), strict=False):
        left.plot(steps, one.dampings[:-1], dashes, color=colour, lw=2.2, label=name)
        right.plot(np.maximum(one.losses, 1e-30), dashes, color=colour, lw=2.2)
    left.plot(steps, run.dampings[30] * 1.5 ** (steps - 31.0), color="black", lw=0.9, label="theory: λ grows like 1.5ᵗ")
    left.plot(steps, (2 / 3) ** (steps - 1.0), "-.", color="black", lw=0.9, label="theory: λ falls like (2/3)ᵗ")
    left.set(yscale="log", xlabel="step t", ylabel="damping λ", title="the damping", ylim=(1e-10, 1e17), xlim=(0, 52))
    left.legend(fontsize=9, loc="upper left")
    d = np.linspace(0.68, 1.0, 200)
    middle.plot(d, -2 / (1.5 * d - 1), color="black", lw=1.2, label="theory: −2/(1.5d − 1)")
    middle.plot(decays, measured, "o", color=COLOURS[0], ms=7, label="measured on ½x², λ = 2²⁶")
    middle.axvline(2 / 3, color="grey", ls=":")
    below = "dotted, left: d = 2/3; for smaller d\nthe limit is positive and λ falls"
    middle.annotate(below, (2 / 3, -60), xytext=(0.715, -53), fontsize=9)
    middle.axvline(0.95, color="grey", ls=":")
    middle.annotate(f"default d = 0.95:\nρ = {limit(0.95):.3f}", (0.95, limit(0.95)), xytext=(0.84, -24), fontsize=9)
    middle.axhspan(0.25, 4, color=COLOURS[2], alpha=0.15)
    middle.annotate("above ¼: λ does not grow", (0.7, 0.9), fontsize=9)
    middle.set(xlabel="decay d of the warm start", ylabel="ρ, actual by predicted change", ylim=(-62, 4))
    middle.set_title("the limit of ρ")
    middle.legend(fontsize=9, loc="lower right")
    right.set(yscale="log", xlabel="step t", title="the loss", ylim=(1e-25, 10), xlim=(0, 40))
    right.set_ylabel("f, whose minimum is 0")
    for ax in (left, middle, right):
        ax.grid(alpha=0.3)


study = Study.of("hessian_free-runaway", WORDS, measure, draw, size=(15.0, 5.6))
