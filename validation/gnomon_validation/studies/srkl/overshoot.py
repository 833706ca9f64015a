"""Which of SRKL's two rules jumps over the minimum of ½λx², and for which α and β.

The text's rule has κ = ‖∇²f‖ = λ, the code's κ = ‖g∘g‖₂ = λ²x². On a parabola αλ and βλ are all that matters to the
first, αλ and y₀ = √β·λ·x₀ to the second, so two plane maps show everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.descent import srkl, srkl_map
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """when a step jumps over the minimum
For which α and β does a step on ½λx² jump over the minimum: the text's rule, and the code's?
closed forms of gnomon explain srkl; the claim “zero overshooting” is PyTorch issue 184466's, 2026-05-20
picture: “Zero overshooting” is true of the text's rule if β ≥ α, of the code's only if αλ ≤ 1, whatever β"""
CASES = 20_000
KINDS = (
    "approaches from one side",
    "jumps over the minimum,\nbut every step comes closer",
    "jumps, and comes no closer",
)
Truths = NDArray[np.bool_]
Planes = tuple[tuple[Array, Array], NDArray[np.int64], NDArray[np.int64], Truths]
"""What the picture shows: two axes, and over them (rows, columns) the kinds of behaviour of text and code, and whether
the code's first step jumps."""


def measure() -> Findings:
    tried = (*text_rule(), *code_rule())
    rows = [(what, formula, CASES, np.sum(seen), np.sum(seen != said)) for what, formula, seen, said in tried]
    columns = "what is seen of the minimum of ½λx² | exactly if | random cases {:,} | seen in {:,} | mismatches"
    compared = tuple(Comparison(f"{row[0]}, exactly if {row[1]}: mismatches", "0", float(row[-1])) for row in rows)
    conclusions = (
        "The text's rule never overshoots a parabola if β >= α, whatever λ is; with β < α it overshoots as soon as "
        "λ > 1/(α−β). On a parabola it is gradient descent with the constant rate α/(1+βλ).",
        "The code's rule overshoots sooner or later exactly if αλ > 1, as gradient descent does: β only postpones it, "
        "because the brake is released where the gradient vanishes.",
    )
    title = f"{CASES:,} random cases a line, α, β, λ and x over some decades"
    return Findings((Table.of(title, columns, rows),), compared, conclusions, planes())


def text_rule() -> Iterator[tuple[str, str, Truths, Truths]]:
    """Yield what may happen, the formula that predicts it, whether it was seen, and whether it was predicted."""
    cases = 10 ** np.random.default_rng(9).uniform([-2, -2, -1, -3], [2, 2, 3, 3], (CASES, 4))
    alpha, beta, curvature, x = cases.T
    new = np.array([srkl.step(np.array([x]), np.array([k * x]), k, alpha=a, beta=b)[0] for a, b, k, x in cases])
    yield "text: a step jumps over the minimum", "λ(α−β) > 1", new < 0, curvature * (alpha - beta) > 1
    far = np.abs(new) > x
    yield "text: a step ends farther away than it began", "λ(α−2β) > 2", far, curvature * (alpha - 2 * beta) > 2


def code_rule() -> Iterator[tuple[str, str, Truths, Truths]]:
    """Yield the same of the code."""
    rng = np.random.default_rng(22)
    cases = 10 ** rng.uniform([-1, -2, -1, -2], [2, 2, 1, 1], (CASES, 4))
    alpha, beta, curvature, x = cases.T
    new = np.array([srkl.step_code(np.array([x]), np.array([k * x]), alpha=a, beta=b)[0] for a, b, k, x in cases])
    braked = beta * (curvature * x) ** 2 < alpha * curvature - 1
    yield "code: a step from x jumps over the minimum", "βλ²x² < αλ−1", new < 0, braked
    ratios: Array = 10 ** rng.uniform(-1, 1, CASES)
    starts: Array = 10 ** rng.uniform(-2, 1, CASES)
    ever = np.zeros(CASES, dtype=bool)
    for _ in range(1000):
        after = srkl_map.image(starts, ratios)
        ever, starts = ever | (after * starts < 0), after
    yield "code: one of the first 1,000 steps jumps over", "αλ > 1", ever, ratios > 1


def planes() -> Planes:
    """Return what happens over the (αλ, βλ) plane for the text, and the (αλ, y₀²) plane for the code."""
    alphas, betas = np.linspace(0.03, 6, 100), np.linspace(0.03, 4, 80)
    run = partial(srkl.trajectory, np.ones(1), np.ones((1, 1)), np.zeros(1), steps=2)
    text = np.array([[_kind(run(alpha=a, beta=b)[:, 0]) for a in alphas] for b in betas])
    ratios, squares = np.meshgrid(alphas, np.linspace(0.03, 4, 80))
    orbits = srkl_map.orbit(squares**0.5, ratios, steps=1000)
    return (alphas, betas), text, np.apply_along_axis(_kind, 0, orbits), orbits[1] < 0


def _kind(orbit: Array) -> int:
    """Return which of `KINDS` an orbit is: it keeps its sign, or each of its steps comes closer to 0, or neither."""
    if np.all(orbit[1:] * orbit[:-1] >= 0):
        return 0
    size = np.abs(orbit)
    return 1 if np.all((size[1:] < size[:-1]) | (size[:-1] == 0)) else 2


def draw(data: Planes, figure: Any) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    left, right = figure.subplots(1, 2, sharex=True)
    shades = ListedColormap([COLOURS[4], COLOURS[5], COLOURS[1]])
    plane, text, code, jumps_at_once = data
    for axes, kinds in ((left, text), (right, code)):
        axes.pcolormesh(*plane, kinds, cmap=shades, vmin=0, vmax=2, alpha=0.65, rasterized=True)
        axes.set(xlim=(0, 6), ylim=(0, 4), xlabel="αλ: step size times curvature")
    right.contourf(*plane, ~jumps_at_once, levels=[0.5, 1.5], colors="none", hatches=["...."])
    a = np.linspace(0, 6, 200)
    for line, width, style in ((a - 1, 2, "-"), (a / 2 - 1, 2, "--"), (a, 1, ":")):
        left.plot(a, line, color="black", lw=width, ls=style)
    left.set(ylabel="βλ: brake times curvature", title="the text: κ = |f″| = λ")
    right.axvline(1, color="black", lw=2)
    right.axvline(2, color="black", lw=2, ls="--")
    right.plot(a, a - 1, color="black", lw=1, ls=":")
    for axes, x, y, words, angle in (
        (left, 3.35, 3.47, "β = α", 45),
        (left, 4.05, 2.75, "jumps over below λ(α−β) = 1", 45),
        (left, 5.0, 1.72, "flees below λ(α−2β) = 2", 27),
        (right, 0.8, 2.0, "αλ = 1", 90),
        (right, 1.8, 3.2, "αλ = 2", 90),
        (right, 3.3, 2.3, "y₀² = αλ−1", 45),
    ):
        along = {"rotation": angle, "transform_rotates_text": True, "rotation_mode": "anchor", "ha": "center"}
        box = {"facecolor": "white", "alpha": 0.8, "lw": 0, "pad": 1.5}
        axes.text(x, y, words, va="center", fontsize=9, bbox=box, **along)
    right.set(ylabel="y₀² = βλ²x₀²: brake at the start", title="the code: κ = ‖g∘g‖ = λ²x²")
    handles = [Patch(facecolor=shades(i), alpha=0.65, label=KINDS[i]) for i in range(3)]
    handles.append(Patch(facecolor="none", edgecolor="black", hatch="....", label="the first step does not jump"))
    caption = "colours: what the reference does on ½λx² in up to 1,000 steps; black lines: the formulas"
    figure.legend(handles=handles, title=caption, title_fontsize=9, fontsize=9, loc="outside lower center", ncols=4)


study = Study.of("srkl-overshoot", WORDS, measure, draw, size=(12.0, 6.2))
