"""Starts of enormous norm that converge: preimages of preimages, with 900 digits."""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from gnomon.dynamics.gd_chaos.plane import moved_in_the_plane
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """spikes: converging starts of any norm
Does a large norm prove that gradient descent diverges, if there is regularisation?
own derivation: the root of g in (-c, c) gives preimages that grow without end; 60 of them with 900 digits
picture: With regularisation a converging start may have any norm: for λ > 0 no threshold proves divergence
below: y = 0.5, λ = 0.2, η = 1. Each point is a start; the next one to the left is where a step takes it."""
DIGITS, BRANCHES = 900, 60
Y, MU = Decimal("0.5"), Decimal("0.2")
C = 1 - MU
START = Decimal("0.6"), Decimal("0.1")


class Point(NamedTuple):
    """A, B, R and W; log_area: log₁₀ of how much smaller than at the end an area is that is mapped to one there."""

    A: Decimal
    B: Decimal
    R: Decimal
    W: Decimal
    log_area: float


def branch_back(A: Decimal, B: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return the preimage whose R lies between -c and c, where g rises from -∞ to ∞, and that R."""
    low, high = -C, C
    for _ in range(60):
        R = (low + high) / 2
        if A / (4 * (C - R) ** 2) - B / (4 * (C + R) ** 2) - Y - R < 0:
            low = R
        else:
            high = R
    for _ in range(10):  # Newton: digits double, from 16
        value = A / (4 * (C - R) ** 2) - B / (4 * (C + R) ** 2) - Y - R
        R -= value / (A / (2 * (C - R) ** 3) + B / (2 * (C + R) ** 3) - 1)
    return A / (C - R) ** 2, B / (C + R) ** 2, R


@cache
def spike() -> tuple[list[Point], Decimal, tuple[Decimal, Decimal]]:
    """Return the branches, how far the last one comes back from the start, and where it converges then."""
    with localcontext(prec=DIGITS):
        A, B = START
        points = [Point(A, B, (A - B) / 4 - Y, (A + B) / 2, 0.0)]
        for _ in range(BRANCHES):
            A, B, R = branch_back(A, B)
            # The determinant of the map of (α, β), c² - cW - 3R² - 2RY.
            W = (A + B) / 2
            area = abs(C * C - C * W - 3 * R * R - 2 * R * Y)
            points.append(Point(A, B, R, W, points[-1].log_area - float(area.log10())))
        for _ in range(BRANCHES):
            A, B = moved_in_the_plane(A, B, Y, C)
        error = max(abs(A - START[0]), abs(B - START[1]))
        for _ in range(300):
            A, B = (x.quantize(Decimal(10) ** -100) for x in moved_in_the_plane(A, B, Y, C))
        return points, error, (A, B)


def rounding(points: list[Point]) -> float:
    """Return log₁₀ of a bound of what rounding can have grown to on the way back: a step multiplies by its derivative.

    That is at most (c + |R|)² + (c + |R|)·W; ten units of the last digit are allowed for each number and step.
    """
    factors = [(C + abs(p.R)) ** 2 + (C + abs(p.R)) * p.W for p in points[1:]]
    return float(10 + max(points[-1].W, Decimal(1)).log10() - DIGITS + sum(factor.log10() for factor in factors))


def measure() -> Findings:
    points, error, (A, B) = spike()
    last = points[-1]
    predicted = float(-(1 - C * C) * Y / C)
    compared = [
        Comparison("W after 60 branches", "3.86e11", float(last.W)),
        Comparison("R·W there", "-0.225", float(last.R * last.W)),
        Comparison("R·W predicted, -(1 - c²)Y/c", "-0.225", predicted),
        Comparison("A where it converges: 4(Y - μ)", "1.200000000000", float(A)),
        Comparison("B there", "0.000000000000", float(B)),
    ]
    grows = all(after.A * after.B >= before.A * before.B / C**4 for before, after in pairwise(points))
    conclusions = (
        f"60 steps from (A, B) with W = {float(last.W):.3g} lead back to (0.6, 0.1), 10^{error.adjusted()} beside it, "
        f"and then to the minimum. Each branch multiplies A·B by c⁻⁴ or more (in all 60: {grows}), so there is no end: "
        "the region is unbounded for every y.",
        f"A norm threshold of 1e10 calls this start diverged. It lies on a spike: an area there is "
        f"10^{last.log_area:.0f} of what it becomes at the end, so no picture shows it.",
    )
    shown = [(n, points[n]) for n in (0, 1, 2, 5, 10, 20, 40, 60)]
    rows = [(n, float(p.W), float(p.R), float(p.R * p.W), f"10^{p.log_area:.0f}") for n, p in shown]
    columns = "branches | W {:.4g} | R {:.4g} | R·W {:.4f} | area of a neighbourhood that converges"
    table = Table.of("back from (A, B) = (0.6, 0.1), Y = 0.5, μ = 0.2, 900 digits", columns, rows)
    return Findings((table,), tuple(compared), conclusions, points)


def draw(data: list[Point], figure: Any) -> None:
    left, right = figure.subplots(1, 2)
    left.semilogy([float(p.W) for p in data], "o-", ms=3, color=COLOURS[0], label="W = η(u² + v²)")
    left.axhline(1e10, color="black", ls=":", label="1e10, where programs give up")
    left.set(ylabel="squared norm W of the start")
    right.plot([p.log_area for p in data], "o-", ms=3, color=COLOURS[1], label="how thin the spike is")
    right.set(ylabel="log₁₀ of the area that goes the same way")
    for axes in (left, right):
        axes.set(xlabel="steps before it comes to (A, B) = (0.6, 0.1)")
        finish(axes)


study = Study.of("gd_chaos-spikes", WORDS, measure, draw, size=(12.0, 5.0))
