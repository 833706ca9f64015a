"""The distance between a mixture's quantiles and those of a law that has one in each cell."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.probability.drm import normal
from gnomon.probability.drm_sa import distance as reference
from gnomon.probability.drm_sa.mixture import mixture
from gnomon_spec.cases import Case, Cases
from gnomon_spec.facts import Fact, equal
from gnomon_spec.probability.drm.inputs import edges_among
from gnomon_spec.probability.drm_sa import system
from gnomon_spec.probability.drm_sa.inputs import eighths, mixture_params
from gnomon_spec.strategies import array_of, shapes
from gnomon_spec.system import Misfits

each_cell = "a multiple of 1/8 from -2 to 2 for each cell"
of_cells = array_of(each_cell, lambda codes: eighths(codes, 16), lambda c: (len(c.drawn["edges"]) - 1,))
drawn: Any = {"params": mixture_params(2, 1), "edges": edges_among(12, most=1), "quantiles": of_cells}
distances = Cases(drawn, shapes((1,)))
scales: Any = {"params": lambda case: size(case.quantiles)}
mixture_distance = system.operation(reference.mixture_distance, cases=distances, scales=scales)


def size(quantiles: Any) -> Any:
    """Return what is added up to make a distance."""
    return (1 + np.max(np.abs(quantiles))) ** 2


@mixture_distance.law("closed form")
def of_a_normal_law_it_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """A single component is N(0, 1), of which ∫_0^z Q = -φ(Φ⁻¹(z))."""
    z, q = case.edges[1:-1], case.quantiles
    below = normal.density(normal.quantile(z, 1 - z))
    expected = 1 + np.sum(np.diff(case.edges) * q**2) - 2 * np.sum(below * np.diff(q))
    found = mixture_distance.call(port, case, params=case.params[:: len(case.params) // 3])
    yield equal("distance", found, expected, scale=size(q))


@mixture_distance.law("closed form")
def cells_that_meet_at_0_need_no_quantile(port: Any, case: Case) -> Iterable[Fact]:
    """For cells [0, F] and [F, 1], F = P(X <= 0), and quantiles a and b it is 1 + F·a² + (1-F)·b² - (b-a)·E|X|; from
    the worst case of cvar(F) it is 2·(1 - ρ/√V), √V = √(F/(1-F)), ρ = E|X|/(2(1-F))."""
    p, d, t, s = mixture(case.params)
    x = d / t
    F = np.sum(p * normal.cdf(-x))
    mean_size = np.sum(p * t * (2 * normal.density(x) + x * (normal.cdf(x) - normal.cdf(-x)))) / s
    edges, (a, b) = np.stack([0 * F, F, 1 + 0 * F]), (case.quantiles[0], case.quantiles[-1])
    call = partial(port.mixture_distance, case.params, edges)
    expected = 1 + F * a**2 + (1 - F) * b**2 - (b - a) * mean_size
    yield equal("distance", call(np.stack([a, b])), expected, scale=size(case.quantiles))
    spread, rho = np.sqrt(F / (1 - F)), mean_size / (2 * (1 - F))
    yield equal("worst case", call(np.stack([-1 / spread, spread])), 2 * (1 - rho / spread), scale=size(spread))


@mixture_distance.law("equivariance")
def gains_are_as_far_as_losses(port: Any, case: Case) -> Iterable[Fact]:
    """-X is as far from -q, levels counted from the other end."""
    J = len(case.params) // 3
    params = np.where(np.arange(3 * J) < J, -1, 1) * case.params
    mirrored = port.mixture_distance(params, 1 - case.edges[::-1], -case.quantiles[::-1])
    yield equal("distance", mirrored, mixture_distance.call(port, case), scale=size(case.quantiles))


@mixture_distance.misfits()
def cells_without_a_quantile_are_rejected(case: Case) -> Misfits:
    """Edges that do not end at 1, and parameters that are no thirds, are rejected."""
    short = {"edges": case.edges[:-1], "quantiles": case.quantiles[:-1]}
    many = np.concatenate([case.params, case.params[:1]])
    return {"edges": short, "params": {"params": many}}


mixture_distance.edits("""
distance_to_a_gaussian: The quantiles are those of N(0, 1), which has the same mean and variance
    `partial_means(z, law)` → `-normal.density(normal.quantile(z, 1 - z))`
quantiles_of_the_survival: Quantiles are taken where the survival probability is z
    `axis=1) < z` → `axis=1) < 1 - z`
cells_weigh_the_same: Cells weigh the same, however wide they are
    `np.sum(np.diff(edges) * quantiles**2)` → `np.mean(quantiles**2)`
root_of_the_distance: The root of the integral is returned
    `distance: Array = 1 + np.sum(np.diff(edges) * quantiles**2) + 2 * apart` →
        `distance: Array = np.sqrt(1 + np.sum(np.diff(edges) * quantiles**2) + 2 * apart)`
""")
