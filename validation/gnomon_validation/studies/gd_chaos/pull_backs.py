"""Where starts come from: those that six steps take to a minimum, preimages, a slice through ten dimensions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array
from gnomon.dynamics.gd_chaos.outcomes import DIVERGED, cell_centres
from gnomon.dynamics.gd_chaos.plane import moved_in_the_plane
from gnomon.kernels.dynamics.gd_chaos.outcomes import basin_grid
from gnomon.kernels.dynamics.topology.sublevel import sublevel_grid
from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.printed import Comparison, compare_each, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """what six steps take to a minimum, and the teaser's slice
Which starts do six steps take next to a minimum, and what share of a slice through ten dimensions converges?
own counts at the teaser's setting, (uv - 1)², whose effective step is 2η: 0.8 for the pull-backs, else 0.4 … 0.7
picture: What six large steps take to the minimum (1, 1) of (uv - 1)², and what converges in a slice of R¹⁰
below: Left: the ellipse bounds the starts that stay. Others: blue converges on (uᵀv - 1)² + 0.3(‖u‖² + ‖v‖²) with
five u and five v; two directions drawn at random."""
N, SIDE, ETA, STEPS, RADIUS, ESCAPE = 1600, 3.0, 0.8, 6, 0.1, 1e10
SLICE, WIDE, SHARES = 1024, 4.0, {0.2: "0.433", 0.3: "0.262", 0.35: "0.213"}
TARGETS = {(1.0, 1.0): "minimum (1, 1), W = 1.6", (2.0, 0.5): "minimum (2, ½), W = 3.4"}


class PullBack(NamedTuple):
    """inside: which starts. components: how many pieces; corners join. depth: the ellipse's form of each start."""

    inside: NDArray[np.bool_]
    components: int
    depth: Array


def pull_back(target: tuple[float, float]) -> PullBack:
    """Return the starts that `STEPS` steps take within `RADIUS` of a minimum (u, v) of (uv - 1)²."""
    at = cell_centres(-SIDE, SIDE, N)
    u, v = np.meshgrid(at, at)
    A, B, a, b = ETA * (u + v) ** 2, ETA * (u - v) ** 2, np.sign(u + v), np.sign(u - v)
    depth = (A / (2 + ETA) + B / (2 - ETA)) / 4
    for _ in range(STEPS):
        R = (A - B) / 4 - ETA
        a, b = a * np.sign(1 - R), b * np.sign(1 + R)
        further, gone = moved_in_the_plane(A, B, ETA), A + B > 2 * ESCAPE
        A, B = (np.where(gone, old, new) for old, new in zip((A, B), further, strict=True))
    total, difference = a * np.sqrt(A / ETA), b * np.sqrt(B / ETA)
    inside = (total - sum(target)) ** 2 + (difference - (target[0] - target[1])) ** 2 <= 2 * RADIUS**2
    bars = sublevel_grid((~inside).astype(float), construction="T").h0
    return PullBack(inside, int(np.sum(bars[:, 0] == 0)), depth)


def with_five(y: float, lam: float) -> float:
    """Return the share of 4,000 points from N(0, 4) that have five preimages, η = 1: of all five roots real."""
    (u, v), c = 2 * np.random.default_rng(0).standard_normal((2, 4000)), 1 - lam
    A, B, one = (u + v) ** 2, (u - v) ** 2, np.ones(4000)
    # A(c + R)² - B(c - R)² - 4(y + R)(c² - R²)², over -4: coefficients of R⁴ … 1.
    terms = (
        4 * y * one,
        -8 * c * c * one,
        B - A - 8 * y * c * c,
        4 * c**4 - 2 * c * (A + B),
        c * c * (B - A) + 4 * y * c**4,
    )
    companion = np.zeros((4000, 5, 5))
    companion[:, 1:, :4], companion[:, 0] = np.eye(4), -np.stack(terms, axis=1) / 4
    return float(np.mean(np.all(np.linalg.eigvals(companion).imag == 0, axis=1)))


def in_slice(eta: float) -> NDArray[np.int8]:
    """Return the outcomes in a plane through 0 of five u and five v, for a step η on (uᵀv - 1)² + 0.3(‖u‖² + ‖v‖²)."""
    directions = np.linalg.qr(np.random.Generator(np.random.PCG64(0)).standard_normal((10, 2)))[0]
    at = cell_centres(-WIDE, WIDE, SLICE)
    points = np.stack(np.meshgrid(at, at), axis=-1) @ directions.T
    u, v = points[..., :5], points[..., 5:]
    a, b = np.linalg.norm(u + v, axis=-1), np.linalg.norm(u - v, axis=-1)
    labels: NDArray[np.int8] = basin_grid((a + b) / 2, (a - b) / 2, eta=2 * eta, y=1.0, lam=0.3).labels
    return labels


def measure() -> Findings:
    stable, unstable = pulled = [pull_back(target) for target in TARGETS]
    slices = {eta: in_slice(eta) for eta in SHARES}
    shares = {eta: float(np.mean(labels != DIVERGED)) for eta, labels in slices.items()}
    late = float(np.mean(unstable.depth[unstable.inside] > 0.9))
    five, decayed = ({y: with_five(y, lam) for y in (0.0, 0.3, 0.5)} for lam in (0.0, 0.2))
    compared = [
        Comparison("starts near which GD⁶ is at (1, 1)", "229602", int(np.sum(stable.inside))),
        Comparison("their pieces", "314", stable.components),
        Comparison("the ellipse's form on them, at most", "0.9986", float(np.max(stable.depth[stable.inside]))),
        Comparison("starts near which GD⁶ is at (2, ½)", "74", int(np.sum(unstable.inside))),
        Comparison("their pieces", "68", unstable.components),
        Comparison("their share within a tenth of the boundary", "0.84", late),
        *compare_each("share of the slice that converges, η = {}", SHARES, shares),
        # Four standard errors of a share of 4,000 about 4.3 %.
        *compare_each("share of points with five preimages, y = {}, λ = 0", dict.fromkeys(five, "0.030 … 0.056"), five),
    ]
    conclusions = (
        f"Six steps take {np.mean(stable.inside):.1%} of the square to (1, 1), in {stable.components} pieces that "
        "crowd at the boundary: next to it every outcome is near every other.",
        f"The minimum (2, ½) has W = 3.4 > 2 and repels: {int(np.sum(unstable.inside))} of {N * N:,} starts are beside "
        f"it after six steps, {late:.0%} of them within a tenth of the boundary.",
        f"Of points from N(0, 4) {listed(five.values(), '{:.1%}')} have five preimages, with "
        f"y = {listed(five, '{:g}')} and λ = 0, and {listed(decayed.values(), '{:.1%}')} with λ = 0.2; all others "
        "three. 4.3 % were stated, without y.",
        "A slice through ten dimensions is a picture of two numbers, ‖u + v‖ and ‖u - v‖: the fractal is the plane's.",
    )
    rows = [(name, int(np.sum(p.inside)), p.components) for name, p in zip(TARGETS.values(), pulled, strict=True)]
    table = Table.of(f"starts on {N}² that six steps take within 0.1", "of the | starts {:,} | pieces {}", rows)
    return Findings((table,), tuple(compared), conclusions, (stable, slices))


def draw(data: Any, figure: Any) -> None:
    stable, slices = data
    left, *others = figure.subplots(1, 1 + len(slices))
    half = cell_centres(-SIDE, SIDE, N)
    square, wide = (-SIDE, SIDE, -SIDE, SIDE), (-WIDE, WIDE, -WIDE, WIDE)
    for axes, shown, window in (
        (left, stable.inside, square),
        *((a, x != DIVERGED, wide) for a, x in zip(others, slices.values(), strict=True)),
    ):
        axes.imshow(~shown, origin="lower", extent=window, interpolation="nearest", cmap=_two_colours())
    left.contour(half, half, stable.depth, levels=[1.0], colors=COLOURS[1], linewidths=1)
    left.set(xlabel="u at the start", ylabel="v at the start", title="GD⁶ within 0.1 of (1, 1)")
    for axes, (eta, labels) in zip(others, slices.items(), strict=True):
        axes.set(xlabel="first direction", title=f"slice, η = {eta:g}: {np.mean(labels != DIVERGED):.1%} converge")


def _two_colours() -> Any:
    from matplotlib.colors import ListedColormap

    return ListedColormap([COLOURS[0], "white"])


study = Study.of("gd_chaos-pull_backs", WORDS, measure, draw, size=(17.0, 5.0))
