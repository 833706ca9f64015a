"""What was published or reported about gradient descent with large steps, each put to the test."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos.boundary import boundary_point
from gnomon.dynamics.gd_chaos.outcomes import LABELS, outcome
from gnomon.dynamics.gd_chaos.steps import orbit
from gnomon.kernels.dynamics.gd_chaos.outcomes import basin_grid
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.gd_chaos import conjugacy, minima, pixels, region, spikes

PAPER = "arXiv 2509.25351, by public reading notes of the ICLR version"
READERS = "public reading notes and reproductions of arXiv 2509.25351"

ledger = Ledger("gd_chaos")


def labels(share: float) -> set[str]:
    """Return how starts end that are at a share of the boundary, where steps are at its square of the critical one."""
    found: set[str] = set()
    for target in (0.3, -0.9):
        phi = np.random.default_rng(0).uniform(0, 2 * np.pi, 20_000)
        u, v = (share * part for part in boundary_point(phi, eta=1.0, y=target))
        labels = basin_grid(u, v, y=target, lam=0.0, max_steps=20_000, grad_tol=1e-9).labels
        found |= {LABELS[label] for label in np.unique(labels)}
    return found


@ledger.claim("holds", source=PAPER)
def the_critical_step_is_exact() -> Evidence:
    """“η* = min{1/|y|, 8/(w + √(w² - 16y(z - y)))}”: below it convergence, above it none, for almost every start

    Of 40,000 starts none diverges a millionth below it, and none converges a millionth above it.
    """
    below, above = (labels(1 + sign * 5e-7) for sign in (-1, 1))
    figure = f"(1 - 1e-6)·η*: {sorted(below)}; (1 + 1e-6)·η*: {sorted(above)}"
    return Evidence(below - {"undecided"} == {"plus", "minus"} and above == {"diverged"}, figure)


@ledger.claim("false", source=READERS)
def above_the_critical_step_it_diverges() -> Evidence:
    """“diverges for η > η*”

    Where 1/|y| is the smaller number it does not converge, and stays bounded for ever: y = 1, η = 1.2 from u = v = 1.05
    settles on a cycle of two points.
    """
    start = np.array([1.05])
    path = orbit(start, start, steps=20_000, eta=1.2, y=1.0)[:, 0, 0]
    last = float(path[-2]), float(path[-1])
    bound = ((2 + 1.2) / 1.2) ** 0.5  # A = 4ηu² is at most 4(2 + Y) from inside the ellipse
    shown = bool(np.max(np.abs(path)) <= bound and path[-1] == path[-3] != path[-2])
    return Evidence(shown, f"after 20,000 steps u = v goes between {max(last):.8f} and {min(last):.8f}")


@ledger.claim("false", source=READERS)
def the_region_is_quadratic_plus_quartic() -> Evidence:
    """The region for λ = 0 is described by “a quadratic plus quartic inequality”

    It is an ellipsoid: η‖u+v‖²/(2 + ηy) + η‖u-v‖²/(2 - ηy) < 4. Every cell of a picture is on the side that this says.
    """
    u, v = pixels.starts(1024, region.ELLIPSE)
    found = basin_grid(u, v, eta=1.0, y=0.5, lam=0.0).labels == 4
    inside = (u + v) ** 2 / 2.5 + (u - v) ** 2 / 1.5 < 4
    wrong = int(np.count_nonzero(found == inside))
    return Evidence(wrong == 0, f"{wrong} of {found.size:,} cells are on the other side")


@ledger.claim("holds if", source=READERS, condition="it is said of the boundary, for every η with η|y| < 2")
def entropy_is_at_least_log_three() -> Evidence:
    """“topological entropy ≥ log 3 when η > η*”

    The map of the boundary has |(-3)ⁿ - 1| points that come back after n steps, below η* and above it: exactly log 3.
    """
    counts = [conjugacy.returning(n) for n in (1, 2, 3, 4)]
    return Evidence(counts == [4, 8, 28, 80], f"points back after 1, 2, 3, 4 steps: {counts}")


@ledger.claim("holds", source=PAPER)
def any_stable_sharpness_is_selected() -> Evidence:
    """Near the boundary the sharpness that is selected has support (γ_min, 2/η) (Theorem 2)

    The support does; the distribution is far from uniform: half of the starts end in the flattest tenth.
    """
    W = minima.selected(*minima.near_the_boundary(0.3, 1e-6), 0.3, 2000)
    share = minima.flattest(W, 0.3)
    figure = f"W from {np.min(W):.4f} to {np.max(W):.4f} of (0.6, 2), {share:.0%} in the flattest tenth"
    return Evidence(minima.filled(W, 0.3) == 50 and share >= 0.5, figure)


@ledger.claim("not reproducible", source=PAPER)
def the_dimension_is_1_249() -> Evidence:
    """The boundary has the box dimension 1.249, “estimated”

    No window and ladder is stated that gives these digits, and what comes out depends on them. That it is no integer is
    what edges say: of the ellipse twice as many cells a side have exactly twice as many. Boxes do not say it: they give
    more than 1 to an ellipse, too, but less than to this boundary.
    """
    windows: Any = (), (region.ELLIPSE, 0.0)
    rough, smooth = ({n: pixels.edges(pixels.diverged(n, *own)) for n in (512, 1024, 2048)} for own in windows)
    found, control = (region.readings(region.boxes(pixels.diverged(1024, *own))) for own in windows)
    pairs = ", ".join(f"{own:.3f} and {less:.3f}" for own, less in zip(found, control, strict=True))
    figure = (
        f"edges: {pixels.slope(rough):.3f} and, of the ellipse, {pixels.slope(smooth):.3f}; boxes of "
        f"{', '.join(region.LADDERS)} cells, n = 1024: {pairs}"
    )
    doubled = all(2 * a == b for a, b in pairwise(smooth.values()))
    doubled &= all(2 * a < b for a, b in pairwise(rough.values()))
    readings = {f"{value:.3f}" for value in (pixels.slope(rough), *found)}
    other = len(readings) == 1 + len(found) and "1.249" not in readings
    return Evidence(doubled and other and bool(np.all(np.array(found) > control)), figure)


@ledger.claim("holds if", source=PAPER, condition="“for y = 0” is left out: it is so for every y")
def the_region_is_unbounded_for_y_nought() -> Evidence:
    """“for y = 0 the region is unbounded”, with λ > 0

    The preimage of a point whose R lies between -c and c has an A·B that is c⁻⁴ times as large or more, whatever y is.
    """
    points, error, _ = spikes.spike()
    figure = f"y = 0.5: W = {float(points[-1].W):.3g} comes back to 10^{error.adjusted()}"
    return Evidence(float(points[-1].W) > 1e10 and error.adjusted() < spikes.rounding(points), figure)


@ledger.claim("false", source=READERS)
def a_large_norm_is_divergence() -> Evidence:
    """“|w| > threshold: diverged”, for λ > 0

    Starts whose norm is beyond any threshold converge. With λ = 0 it is a proof once E > 0.
    """
    points, _, (A, B) = spikes.spike()
    figure = f"W = {float(points[-1].W):.3g} at the start, (A, B) = ({float(A):.6f}, {float(B):.1g}) in the end"
    return Evidence(float(points[-1].W) > 1e10 and f"{A:.6f} {B:.6f}" == "1.200000 0.000000", figure)


@ledger.claim("false", source="a transcription of the authors' notebook")
def a_small_error_in_the_data_is_convergence() -> Evidence:
    """“½(z - y)² < λy - λ²/2 + 1e-6: converged”

    u = 10, v = 0.05 has z = y = 0.5 exactly: it is called converged at once, and diverges.
    """
    u, v = np.array([10.0]), np.array([0.05])
    found = outcome(u, v, eta=1.0, y=0.5, lam=0.2, criterion="notebook")
    end = outcome(u, v, eta=1.0, y=0.5, lam=0.2)
    shown = (found.label, found.steps, end.label) == ("plus", 0, "diverged")
    return Evidence(shown, f"“{found.label}” after {found.steps} steps; in fact {end.label} after {end.steps}")
