"""The region that converges, with regularisation: its fractal boundary, and what dimension a pipeline gives it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.gd_chaos.boxes import box_dimension, edge_cells
from gnomon.dynamics.gd_chaos.outcomes import DIVERGED, MINUS, ORIGIN, PLUS
from gnomon.kernels.dynamics.gd_chaos.boxes import box_count
from gnomon.kernels.dynamics.gd_chaos.outcomes import basin_grid, escape_potential
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.gd_chaos import pixels
from gnomon_validation.studies.gd_chaos.pixels import PRODUCT, SQUARE, Window, diverged, edges, slope, starts
from gnomon_validation.studies.printed import Comparison, compare_each, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the fractal region that converges
How rough is the boundary between starts that converge and starts that diverge?
a transcription of the authors' notebook (y = 0.5, λ = 0.2, η = 1, [-4, 4]²) and our own counts; 1.249: Theorem 4
picture: Where gradient descent converges on ½(uv − ½)² + 0.1(u² + v²), step size 1: a region with a fractal boundary
below: Blue and orange: starts that end at the one minimum and at the other, white dots; the paler, the sooner. Grey:
starts that diverge; the lighter, the sooner."""
COUNTS = {512: "2360", 1024: "5536", 2048: "13408", 4096: "32500", 8192: "76956"}
OF_PRODUCT = {512: "1447", 1024: "3551", 2048: "8792", 4096: "21578", 8192: "53421"}
SMOOTH = {512: "1020", 1024: "2040", 2048: "4080"}
ELLIPSE: Window = (-4.01, 4.03, -4.02, 4.0)
QUARTER, TIP, DETAIL = (0.0, 4.0, 0.0, 4.0), (1.5, 2.5, -0.5, 0.5), (1.76, 2.0, -0.45, -0.21)
QUARTERED = "u, v in [0, 4]²"
WINDOWS: dict[str, Window] = {
    "u, v in [-4, 4]²": SQUARE,
    QUARTERED: QUARTER,
    "u in [1.5, 2.5], v in [-0.5, 0.5]": TIP,
    "z in [-6, 6], w in [0, 12]": PRODUCT,
}
LADDERS = {"1 … n/4": (0, 99), "1 … 2": (0, 2), "1 … 8": (0, 4), "8 … 64": (3, 7)}
THRESHOLDS = (1e2, 1e6, 1e10)


def boxes(labels: Any) -> list[int]:
    """Return how many boxes of 1, 2, 4 … n/4 cells meet the boundary between labels, which is two cells thick."""
    marked = edge_cells(np.where(labels == pixels.NOWHERE, 1, labels).astype(np.int8))
    return [box_count(marked, box=2**k) for k in range(len(labels).bit_length() - 2)]


def dimension(counts: list[int], first: int, last: int) -> float:
    """Return the box dimension by a part of the ladder of boxes."""
    some = np.array(counts[first:last], float)
    return float(box_dimension(2.0 ** np.arange(len(some)), some))


def readings(counts: list[int]) -> list[float]:
    """Return the box dimension by each ladder."""
    return [dimension(counts, *part) for part in LADDERS.values()]


def off_by_threshold() -> dict[float, Array]:
    """Return how far ν by some thresholds is from ν by 1e60, for the starts of a picture that escape."""
    u, v = starts(512)
    out = np.isfinite(exact := escape_potential(u, v, threshold=1e60))
    return {tau: np.abs(escape_potential(u[out], v[out], threshold=tau) - exact[out]) for tau in THRESHOLDS}


def measure() -> Findings:
    square = {n: edges(diverged(n)) for n in COUNTS}
    product = {n: edges(diverged(n, PRODUCT)) for n in OF_PRODUCT}
    smooth = {n: edges(diverged(n, ELLIPSE, 0.0)) for n in SMOOTH}
    slopes = {name: readings(boxes(diverged(2048, window))) for name, window in WINDOWS.items()}
    labels, steps = basin_grid(*starts(4096))
    finest = boxes(diverged(4096))
    slopes["the first, n = 4096"] = readings(finest)
    told = readings(boxes(basin_grid(*starts(2048)).labels))
    control = readings(boxes(diverged(2048, ELLIPSE, 0.0)))
    plus, minus, origin, out = (float(np.mean(labels == label)) for label in (PLUS, MINUS, ORIGIN, DIVERGED))
    sooner, off = float(np.mean(basin_grid(*starts(1024), escape=1e8).steps)), off_by_threshold()
    compared = [
        *compare_each("edges between diverging and other starts, n = {}", COUNTS, square),
        *compare_each("the same with z and w as axes, n = {}", OF_PRODUCT, product),
        *compare_each("the same for λ = 0, an ellipse, n = {}", SMOOTH, smooth),
        Comparison(
            "slope of the edges, u and v, n = 512 … 4096", "1.263", slope({n: square[n] for n in [*COUNTS][:4]})
        ),
        Comparison("the same, n = 512 … 8192", "1.26", slope(square)),
        Comparison("slope of the edges, z and w, n = 512 … 8192", "1.30", slope(product)),
        Comparison("slope of the edges, λ = 0: exactly", "1.000000000000", slope(smooth)),
        Comparison("slope between boxes of 1 and 2 cells, n = 4096", "1.34", dimension(finest, 0, 2)),
        Comparison("share that diverges, n = 4096", "0.788040", out),
        Comparison("share of a minimum", "0.105945", plus),
        Comparison("shares of the two minima, the one minus the other", "0.0", plus - minus),
        Comparison("share of the origin", "7.0e-5", origin),
        Comparison("largest change of ν if the threshold is 100", "0.4", float(np.max(off[1e2]))),
        Comparison("… if it is 1e6", "2e-5", float(np.max(off[1e6]))),
    ]
    whole, smallest, *_ = columns_of = list(zip(*slopes.values(), strict=True))
    every = [x for column in columns_of for x in column]
    above = [x - own for column, own in zip(columns_of, control, strict=True) for x in column]
    conclusions = (
        f"1.249 is one reading of many: the same boundary has {slope(square):.3f} by edges in (u, v), "
        f"{slope(product):.3f} by edges in (z, w), and {min(whole):.2f} … {max(whole):.2f} by all boxes of a picture, "
        f"depending on the window. Parts of the ladder of boxes give {min(every):.2f} … {max(every):.2f}, and up to "
        f"{max(told):.2f} where the two minima are told apart, too.",
        "Readers report 1.19, 1.28 and 1.33 and not by which recipe. Here all boxes of the whole square give "
        f"{readings(finest)[0]:.3f} at n = 4096; boxes of 1 to 8 cells of its quarter {slopes[QUARTERED][2]:.3f}; "
        f"boxes of 1 and 2 cells, by the rows of the table, {listed(smallest, '{:.2f}')}. No reading of where starts "
        "diverge reaches 1.38. 1.20 was stated of boxes of 1 … 1024 cells at n = 4096: that is "
        f"{dimension(finest, 0, 11):.3f}; boxes of 1 … 256 give {dimension(finest, 0, 9):.3f}.",
        f"A reading above 1 excludes nothing: an ellipse, of dimension 1, has {listed(control)} by the same boxes, "
        "most from the smallest ones, since its boundary is drawn two cells thick. With the same ladder the boundary "
        f"for λ = 0.2 has {min(above):.2f} … {max(above):.2f} more.",
        "By edges an ellipse has exactly 1, as every curve of finite length has in the limit. Here each doubling of n "
        f"has {listed((b / a for a, b in pairwise(square.values())), '{:.2f}')} times as many, up to n = 8192: no sign "
        "of an integer down to these sizes.",
        f"{origin:.1e} of the starts end at the origin: only those on u = -v exactly, which a symmetric grid hits.",
        f"A cell takes {np.mean(steps):.2f} steps in the mean. 11.2 was stated; that is how many it takes if an escape "
        f"of 1e8 ends it, and not one of 1e10: {sooner:.2f}.",
        f"ν hardly depends on where it is read: by a threshold of 1e10 it is {np.quantile(off[1e10], 0.99):.0e} off at "
        f"most for 99 of 100 starts that escape, and {np.max(off[1e10]):.0e} for one of them, not 2e-10 as was stated.",
    )
    columns = "window, n = 2048 | " + " | ".join(f"boxes of {part} {{:.3f}}" for part in LADDERS)
    rows = [
        *((name, *own) for name, own in slopes.items()),
        ("the first, minima told apart", *told),
        ("λ = 0: an ellipse", *control),
    ]
    table = Table.of("box dimension of the boundary, drawn two cells thick, by window and ladder", columns, rows)
    head = "threshold {:.0e} | median {:.1e} | of 99 in 100 at most {:.1e} | largest {:.1e}"
    changes = [(tau, *(float(np.quantile(x, q)) for q in (0.5, 0.99, 1.0))) for tau, x in off.items()]
    drift = Table.of("how far ν is from what it is in the limit of large thresholds", head, changes)
    return Findings((table, drift), tuple(compared), conclusions, (square, product, smooth))


def draw(data: Any, figure: Any) -> None:
    square, product, smooth = data
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 0.8))
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
