"""What the brake of SRKL's published code costs far from a minimum: steps in proportion to the squared distance.

On ½λx² with y = √β·λ·x and a = αλ <= 1, the number of steps from y₀ > 1 to |y| <= 1 is

    T = V(y₀)/a + δ,    V(y) = (y²-1)/2 + ln y,    0 < δ < 1 + ¼ ln((1+y₀²)/2),

as `srkl_map.steps_to_one` proves. For small a, δ lies in an interval of length 1 (T is a whole number) above
½ ln((1+y₀²)/(2y₀)).
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from gnomon.descent import sgd, srkl_map
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """what bounded steps cost far from the minimum
How many steps does the published code need from far away, and how many does gradient descent?
closed forms of gnomon explain srkl
picture: Far from the minimum SRKL's code creeps: ten times as far, a hundred times as many steps
below: f = ½λx². The published code divides the step by 1 + β·g², so that steps shrink as the gradient grows; gradient
descent's grow with it."""
RATIOS = (1.0, 0.3, 0.1, 0.03, 0.01)
STARTS = np.geomspace(2, 100, 60)


def measure() -> Findings:
    steps, predicted, descent = (
        np.array([[count(float(y), a) for y in STARTS] for a in RATIOS])
        for count in (code_steps, srkl_map.steps_to_one, descent_steps)
    )
    excess = steps - predicted
    outside = int(np.sum((excess <= 0) | (excess >= highest_excess(STARTS))))
    far, near = code_steps(100.0, 0.1), descent_steps(100.0, 0.1)
    cases = ((y, a, code_steps(y, a), srkl_map.steps_to_one(y, a)) for y in (2.0, 10.0, 100.0) for a in (1, 0.1, 0.01))
    table = Table.of(
        "steps from y₀ to |y| <= 1 on ½λx², y = √β·λ·x, V(y) = (y²−1)/2 + ln y",
        "start y₀ {:g} | a = αλ {:g} | steps of SRKL's code {:,} | V(y₀)/a {:,.2f} | δ, the rest {:.2f} | "
        "steps of gradient descent",
        ((y, a, taken, formula, taken - formula, descent_steps(y, a)) for y, a, taken, formula in cases),
    )
    compared = (
        Comparison("SRKL's code: steps from y₀ = 100 to |y| <= 1, a = 0.1", "50,044", far),
        Comparison("gradient descent: steps for the same", "44", near),
        Comparison(f"cases of {steps.size} in which δ is not in (0, 1 + ¼ ln((1+y₀²)/2))", "0", outside),
    )
    conclusions = (
        f"Ten times as far costs SRKL's code a hundred times as many steps, gradient descent ln 10/(−ln(1−a)) more: "
        f"{far:,} against {near} from y₀ = 100 with a = 0.1. That is the price of steps that are bounded.",
        f"The formula V(y₀)/a is short of the measured number by δ = {np.min(excess):.2f} … {np.max(excess):.2f} in "
        f"{steps.size} cases, all inside the proved bounds; bounds read off fewer cases, 0.3 and 0.7 + ½ ln y₀, fail "
        f"in {int(np.sum((excess <= 0.3) | (excess >= 0.7 + np.log(STARTS) / 2)))} of them.",
    )
    return Findings((table,), compared, conclusions, (steps, descent, excess))


def code_steps(start: float, ratio: float) -> int:
    """Return how many steps the map takes from y₀ > 1 to |y| <= 1: counted, not predicted."""
    y: Any = start
    taken = 0
    while abs(y) > 1:
        y = srkl_map.image(y, ratio)  # type: ignore[arg-type]  # a Python number: ten times as fast as an array of one
        taken += 1
    return taken


def descent_steps(start: float, ratio: float) -> int:
    """Return how many steps gradient descent with rate α takes from y₀ > 1 to |y| <= 1, a = αλ in (0, 1]: counted."""
    enough = 1 if ratio == 1 else int(log(start) / -log(1 - ratio)) + 2
    one = np.ones((1, 1))
    path = sgd.trajectory(np.array([start]), one, np.zeros(1), steps=enough, lr=ratio)[:, 0]
    return int(np.argmax(np.abs(path) <= 1))


def highest_excess(starts: Array) -> Array:
    """Return 1 + ¼ ln((1+y₀²)/2), above every δ."""
    return np.asarray(1 + np.log((1 + starts**2) / 2) / 4)


def draw(data: tuple[Array, Array, Array], figure: Any) -> None:
    """Draw steps of the code and of gradient descent for each a (rows) and y₀ (columns), and the excess δ."""
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    fine = np.geomspace(2, 100, 300)
    for a, steps, descent, colour in zip(RATIOS, *data[:2], COLOURS, strict=False):
        left.plot(STARTS[::4], steps[::4], "o", color=colour, ms=4.5)
        left.plot(fine, [srkl_map.steps_to_one(float(y), a) for y in fine], color=colour, lw=1.2)
        left.plot(STARTS, descent, "--", color=colour, lw=1.5)
        for last in (steps[-1], descent[-1]):
            left.annotate(f" a = {a:g}", (100, last), color=colour, fontsize=9, va="center")
    left.plot([], [], "o", color="black", ms=4.5, label="SRKL's code, measured")
    left.plot([], [], "-", color="black", lw=1.2, label="formula ((y₀²−1)/2 + ln y₀)/a")
    left.plot([], [], "--", color="black", lw=1.5, label="gradient descent with the same α, measured")
    left.set(xscale="log", yscale="log", xlim=(1.9, 175), ylim=(0.7, None))
    left.set(xlabel="start y₀ = √β·λ·x₀, how far out", ylabel="steps to |y| ≤ 1")
    left.set_title("steps, for five step sizes a = αλ")
    for a, excess, colour in zip(RATIOS, data[2], COLOURS, strict=False):
        right.plot(STARTS, excess, "o", color=colour, ms=3.5, label=f"a = {a:g}")
    limit = np.log((1 + fine**2) / (2 * fine)) / 2
    right.fill_between(fine, limit, limit + 1, color="grey", alpha=0.2, lw=0, label="where δ lies as a → 0")
    right.plot(fine, 0 * fine, color="black", lw=1.6)
    right.plot(fine, highest_excess(fine), color="black", lw=1.6, label="proved bounds")
    right.set(xscale="log", xlabel="start y₀", ylabel="δ = measured steps − formula")
    right.set_title("what the formula leaves out")
    for axes, place in ((left, "best"), (right, "upper left")):
        axes.set_xticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
        finish(axes, loc=place)


study = Study.of("srkl-cost", WORDS, measure, draw, size=(12.0, 5.8))
