"""What was reported about the topology of training and landscapes, and the classical theorems, each put to the test."""

from __future__ import annotations

from math import pi, sin

import numpy as np

from gnomon.dynamics.topology.distances import total_persistence
from gnomon.kernels.dynamics.topology.rips import rips_diagrams
from gnomon.kernels.dynamics.topology.sublevel import sublevel_grid
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.topology import landscapes, stability

NOTE = "arXiv 2510.04376, by a public reading note; the text itself was not seen"

ledger = Ledger("topology")


@ledger.claim("holds", source="Cohen-Steiner, Edelsbrunner, Harer, Stability of Persistence Diagrams (2007)")
def diagrams_are_stable() -> Evidence:
    """Diagrams of functions are at most max |f - g| apart, of clouds at most twice the largest move of a point

    Sublevel sets of g lie between those of f that are so much lower and higher, and distances change twice as much.
    """
    moved, changed = stability.clouds(), stability.grids()
    shares = float(np.max(moved[:, 1:] / moved[:, :1])), float(np.max(changed[:, 1] / changed[:, 0]))
    # Both are differences of the same values, rounded once: rounding keeps the order.
    return Evidence(max(shares) <= 1, f"largest shares of the bounds: {shares[0]:.3f} and {shares[1]:.3f}")


@ledger.claim("holds", source="Adamaszek, Adams, The Vietoris-Rips complexes of a circle (2017)")
def polygons_fill_at_a_third_of_the_way_round() -> Evidence:
    """A regular polygon's cycle dies at the chord over ⌈n/3⌉ sides, and so the circle's at √3ρ

    It dies when a triangle goes round the centre: the shortest longest side of such a one is that chord.
    """
    deaths = {}
    for n in (5, 12, 100, 151):
        steps = np.abs(np.arange(n)[:, None] - np.arange(n))
        chords = np.array([2 * sin(pi * k / n) for k in range(n)])
        ((_, death),) = rips_diagrams(chords[np.minimum(steps, n - steps)]).h1
        deaths[n] = bool(death == chords[-(-n // 3)]), float(death)
    figure = ", ".join(f"n = {n}: {death:.6f}" for n, (_, death) in deaths.items())
    return Evidence(all(right for right, _ in deaths.values()), f"{figure}; √3 is {3**0.5:.6f}")


@ledger.claim("false", source=NOTE)
def total_persistence_measures_flatness() -> Evidence:
    """Total persistence of the loss landscape tells flat minima from sharp ones, with thresholds of 20 and 50

    It is 0 for every bowl, whatever its curvature, it does not change under homeomorphisms of the parameters, and it is
    multiplied by what the loss is multiplied by: a threshold means nothing without the loss's unit.
    """
    x, y = np.meshgrid(landscapes.STEPS, landscapes.STEPS)
    bowls = [k * (x * x + y * y) for k in (0.01, 1.0, 100.0)]
    wells = [s * ((x * x - 1) ** 2 + k * y * y) for s, k in ((1, 1), (1, 100), (64, 1))]
    of_bowls, of_wells = ([float(total_persistence(sublevel_grid(F).h0)) for F in those] for those in (bowls, wells))
    figure = f"bowls of curvature 0.01, 1, 100: {of_bowls}; a double well, stretched, scaled by 64: {of_wells}"
    return Evidence(of_bowls == [0, 0, 0] and of_wells == [1, 1, 64], figure)


@ledger.claim("false", source=NOTE)
def decreasing_thresholds_make_a_filtration() -> Evidence:
    """Sublevel sets at thresholds λ₀ > λ₁ > … are a filtration M₀ ⊆ M₁ ⊆ …

    They shrink: thresholds must grow.
    """
    values = landscapes.tilted(np.linspace(-2, 2, 41))
    sizes = [int(np.count_nonzero(values <= level)) for level in (1.0, 0.5, 0.0)]
    return Evidence(sizes[0] > sizes[1] > sizes[2], f"points of 41 at or below 1, 0.5 and 0: {sizes}")


@ledger.claim("false", source=NOTE)
def a_regression_on_total_persistence() -> Evidence:
    """The gap is -0.034·TP + 0.12, and about 0.08 below TP = 20 and 0.01 above 50

    The line gives negative gaps there; that through the two examples has another slope.
    """
    low, high = (-0.034 * tp + 0.12 for tp in (20, 50))
    slope = (0.01 - 0.08) / (50 - 20)
    figure = f"the line at 20 and 50: {low:.2f}, {high:.2f}; the examples' slope: {slope:.5f}"
    return Evidence(low < 0 and high < 0, figure)
