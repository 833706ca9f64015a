"""The region that converges, with regularisation: its fractal boundary, and what dimension a pipeline gives it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos.boxes import box_dimension, edge_cells
from gnomon.dynamics.gd_chaos.outcomes import DIVERGED, MINUS, ORIGIN, PLUS
from gnomon.kernels.dynamics.gd_chaos.boxes import box_count
from gnomon.kernels.dynamics.gd_chaos.outcomes import basin_grid
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.gd_chaos import pixels
from gnomon_validation.studies.gd_chaos.pixels import PRODUCT, SQUARE, Window, diverged, edges, slope, starts
from gnomon_validation.studies.printed import Comparison, compare_each, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the fractal region that converges
How rough is the boundary between starts that converge and starts that diverge?
a transcription of the authors' notebook (y = 0.5, λ = 0.2, η = 1, [-4, 4]²) and our own counts; 1.249: Theorem 4"""
COUNTS = {512: "2360", 1024: "5536", 2048: "13408", 4096: "32500"}
OF_PRODUCT = {512: "1447", 1024: "3551", 2048: "8792"}
SMOOTH = {512: "1020", 1024: "2040"}
ELLIPSE: Window = (-4.01, 4.03, -4.02, 4.0)
QUARTER, TIP, DETAIL = (0.0, 4.0, 0.0, 4.0), (1.5, 2.5, -0.5, 0.5), (1.76, 2.0, -0.45, -0.21)
WINDOWS: dict[str, Window] = {
    "u, v in [-4, 4]²": SQUARE,
    "u, v in [0, 4]²": QUARTER,
    "u in [1.5, 2.5], v in [-0.5, 0.5]": TIP,
    "z in [-6, 6], w in [0, 12]": PRODUCT,
}
LADDERS = {"1 … n/4": (0, 10), "1 … 2": (0, 2), "1 … 8": (0, 4), "8 … 64": (3, 7)}


def boxes(labels: Any) -> list[int]:
    """Return how many boxes of 1, 2, 4 … n/4 cells meet the boundary, which is two cells thick."""
    marked = edge_cells(np.where(labels == pixels.NOWHERE, 1, labels).astype(np.int8))
    return [box_count(marked, box=2**k) for k in range(len(labels).bit_length() - 2)]


def dimension(counts: list[int], first: int, last: int) -> float:
    """Return the box dimension by a part of the ladder of boxes."""
    some = np.array(counts[first:last], float)
    return float(box_dimension(2.0 ** np.arange(len(some)), some))


def measure() -> Findings:
    square = {n: edges(diverged(n)) for n in COUNTS}
    product = {n: edges(diverged(n, PRODUCT)) for n in OF_PRODUCT}
    smooth = {n: edges(diverged(n, ELLIPSE, 0.0)) for n in SMOOTH}
    counted = {name: boxes(diverged(2048, window)) for name, window in WINDOWS.items()}
    slopes = {name: [dimension(c, *part) for part in LADDERS.values()] for name, c in counted.items()}
    labels = basin_grid(*starts(1024)).labels
    plus, minus, origin, out = (float(np.mean(labels == label)) for label in (PLUS, MINUS, ORIGIN, DIVERGED))
    compared = [
        *compare_each("edges between diverging and other starts, n = {}", COUNTS, square),
        *compare_each("the same with z and w as axes, n = {}", OF_PRODUCT, product),
        *compare_each("the same for λ = 0, an ellipse, n = {}", SMOOTH, smooth),
        Comparison("slope of the edges, u and v, n = 512 … 4096", "1.263", slope(square)),
        Comparison("slope of the edges, λ = 0: exactly", "1.000000000000", slope(smooth)),
        Comparison("share that diverges, n = 1024", "0.787968", out),
        Comparison("shares of the two minima, the one minus the other", "0.0", plus - minus),
    ]
    whole, smallest, *_ = columns_of = list(zip(*slopes.values(), strict=True))
    every = [x for column in columns_of for x in column]
    conclusions = (
        f"1.249 is one reading of many: the same boundary has {slope(square):.3f} by edges in (u, v), "
        f"{slope(product):.3f} by edges in (z, w), and {min(whole):.2f} … {max(whole):.2f} by all boxes of a picture, "
        f"depending on the window. Parts of the ladder of boxes give {min(every):.2f} … {max(every):.2f}.",
        f"Values of 1.3 and more come from the smallest boxes: from 1 to 2 cells the slope is "
        f"{listed(smallest, '{:.2f}')} in the four windows, because a boundary drawn "
        "two cells thick is counted twice at 1 and not at 2.",
        "It is no integer in any of them, while the same pipeline has exactly 1 for λ = 0, where the boundary is an "
        "ellipse.",
        f"{origin:.1e} of the starts end at the origin: only those on u = -v exactly, which a symmetric grid hits.",
    )
    rows = [(name, *slopes[name]) for name in WINDOWS]
    columns = "window, n = 2048 | " + " | ".join(f"boxes of {part} {{:.3f}}" for part in LADDERS)
    table = Table.of("box dimension of the boundary, drawn two cells thick, by window and ladder", columns, rows)
    return Findings((table,), tuple(compared), conclusions, (square, product, smooth))


def draw(data: Any, figure: Any) -> None:
    square, product, smooth = data
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 0.8))
    entitle(
        figure,
        "Where gradient descent converges on ½(uv − ½)² + 0.1(u² + v²), step size 1: a region with a fractal boundary",
        "Blue and orange: starts that end at the one minimum and at the other, white dots; the paler, the sooner. "
        "Grey: starts that diverge; the lighter, the sooner.",
    )
    for axes, window in ((left, SQUARE), (middle, DETAIL)):
        axes.imshow(pixels.picture(700, window), origin="lower", extent=window, interpolation="nearest")
        axes.set(xlabel="u at the start", ylabel="v at the start")
    side = 0.3**0.5
    left.plot((side, -side), (side, -side), "o", color="white", ms=4)
    x0, x1, y0, y1 = DETAIL
    left.plot((x0, x1, x1, x0, x0), (y0, y0, y1, y1, y0), color="black", lw=1)
    left.set_title("the whole region")
    middle.set_title("the frame, enlarged")
    for counts, colour, name in (
        (square, COLOURS[0], "axes u, v"),
        (product, COLOURS[1], "axes z = uv, w = u² + v²"),
        (smooth, "black", "λ = 0 (an ellipse)"),
    ):
        right.plot(list(counts), list(counts.values()), "o-", color=colour, label=f"{name}: slope {slope(counts):.3f}")
    right.set(xscale="log", yscale="log", xlabel="n: cells along a side", ylabel="edges that separate the outcomes")
    right.set_xticks(list(square), [f"{n:,}" for n in square], minor=False)
    right.minorticks_off()
    right.set_title("how the boundary grows")
    finish(right, loc="upper left")


study = Study.of("gd_chaos-region", WORDS, measure, draw, size=(16.0, 6.0))
