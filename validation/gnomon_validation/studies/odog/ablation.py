"""Hints and lengths of episodes on a rotated sum of cosines: who goes at full speed, and who comes to rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.odog.episodes import best_point, run
from gnomon.descent.odog.problems import Cosines
from gnomon.descent.odog.tuning import tune
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """what the hint and the length of an episode do
How much of double optimism is the hint, and how much the averaging?
own computation on a sum of five cosines, whose constants are known: reviewers of arXiv 2510.03167 asked for
experiments
picture: At the rate of the guarantee only the double hint brings the learner to rest
below: Gradients at the averages of 16 steps on a rotated sum of five cosines; dashed: ε of the parameters."""
EPS, STEPS = 0.03, 1440
LENGTHS = (1, 4, 16, 60)
HINTS = ("zero", "previous", "double")
FULL = 1 - 1e-9  # of the radius: saturated
STATED = {"zero": ("0.992", "0.0384"), "previous": ("0.898", "0.0384"), "double": ("0.053", "0.0369")}


def problem() -> tuple[Cosines, Any, Any, Any]:
    """Return Σ aᵢ(1 - cos(bᵢ(Qx)ᵢ)), d = 5, with L₁, L₂ and a start."""
    a, b = np.linspace(0.25, 1.0, 5), np.linspace(2.0, 0.75, 5)
    angles = np.pi * np.outer(np.arange(5) + 0.5, np.arange(5)) / 5
    turn = np.cos(angles).T
    turn = turn / np.sqrt(np.sum(turn * turn, axis=1, keepdims=True))
    return Cosines(a, b, turn), np.max(a * b**2), np.max(a * b**3), np.array([1.0, -0.5, 0.8, 0.3, -0.9])


def measure() -> Findings:
    f, L1, L2, start = problem()
    radius, lr, length, _ = tune(*(np.asarray(number) for number in (EPS, L1, L2, f.value(start))))
    given: dict[str, Any] = {"radius": float(radius), "lr": float(lr)}
    found = {}
    by: dict[tuple[str, int], tuple[Any, ...]] = {}
    for hint in HINTS:
        for T in LENGTHS:
            made = run(start, f, hint=hint, length=T, episodes=STEPS // T, **given)
            gradients = np.array([np.linalg.norm(f.gradient(w)) for w in made.averages])
            sizes = np.linalg.norm(made.displacements[1:], axis=1)
            found[hint, T] = gradients
            saturated = float(np.mean(sizes >= FULL * radius))
            by[hint, T] = hint, T, saturated, best_point(made.averages, f).norm, float(np.mean(gradients))
    compared = [
        Comparison(f"{hint}: {words}, T = 16", stated, by[hint, 16][column])
        for hint, figures in STATED.items()
        for (words, column), stated in zip((("saturated", 2), ("mean gradient", 4)), figures, strict=True)
    ]
    ends = {hint: float(np.mean(found[hint, 16][-20:])) for hint in HINTS}
    shortest, *_, longest = (by["zero", T][3] for T in LENGTHS)
    best = min((by["zero", T] for T in LENGTHS), key=lambda row: row[3])
    conclusions = (
        f"Of {STEPS:,} steps {by['double', 16][2]:.0%} are as long as the radius allows with the double hint, "
        f"{by['previous', 16][2]:.0%} with the previous one and {by['zero', 16][2]:.0%} without: on the way down the "
        "learner goes at full speed, and only the double hint brings it to rest at this rate.",
        f"The last 20 averages of 16 steps have gradients of {ends['double']:.1e} with the double hint, "
        f"{ends['previous']:.1e} with the previous one and {ends['zero']:.1e} without.",
        f"Without a hint the smallest gradient of an average is {shortest:.2g} for T = 1 and {best[3]:.2g} for "
        f"T = {best[1]}, the best of these lengths: averages swing less than the iterates. The longest, "
        f"T = {LENGTHS[-1]}, has {longest:.2g}. `tune` would take T = {length} here.",
    )
    columns = "hint | T | saturated {:.1%} | smallest gradient {:.3g} | mean gradient {:.4f}"
    table = Table.of(f"{STEPS:,} steps on five cosines, D and η for ε = {EPS}", columns, by.values())
    return Findings((table,), tuple(compared), conclusions, found)


def draw(data: Any, figure: Any) -> None:
    axes = figure.subplots()
    for hint, colour in zip(HINTS, COLOURS, strict=False):
        gradients = data[hint, 16]
        axes.plot(16 * (np.arange(len(gradients)) + 1), gradients, color=colour, label=f"hint “{hint}”")
    axes.axhline(EPS, color="grey", ls="--")
    axes.set(yscale="log", xlim=(0, 480), ylim=(1e-22, 3), xlabel="steps", ylabel="‖∇F‖ at the average of the episode")
    finish(axes)


study = Study.of("odog-ablation", WORDS, measure, draw, size=(9.5, 5.6))
