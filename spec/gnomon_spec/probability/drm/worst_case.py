"""The worst law of given mean and variance, among those with constant quantiles between levels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm import worst_case as reference
from gnomon.probability.drm.distortions import Distortion, of_level
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.probability.drm import inputs as drawn
from gnomon_spec.probability.drm import system
from gnomon_spec.probability.drm.inputs import cells, distortions, edges_among
from gnomon_spec.system import Misfits

averse = (*drawn.CONCAVE[:6], *drawn.CONCAVE[7:10])
above = (*averse, *drawn.NEITHER[:3], *drawn.JUMPS)
worst_case = system.operation(reference.worst_case, cases=cells, scales={"quantiles": lambda _: 1.0})


with_law = cells.but(law=drawn.drawn(0.25, 33, "quantiles", low=-16)).shaped(choice((8,)))


def standardised(case: Case) -> tuple[Any, Any, Any]:
    """Return the widths of cells, their masses under w, and quantiles of a law of mean 0 and variance 1 that rise."""
    widths, masses = np.diff(case.edges), np.diff(of_level(case.edges, case.distortion))
    q = np.sort(case.law)[: len(widths)] + np.arange(len(widths))
    q = q - np.sum(widths * q)
    return widths, masses, q / np.sqrt(np.sum(widths * q * q))


@worst_case.law("bound", cases=with_law)
def no_law_is_worse(port: Any, case: Case) -> Iterable[Fact]:
    """Any law of mean 0 and variance 1 has ρ <= √V; the worst one has mean 0, variance 1 and ρ = √V, unless V = 0."""
    widths, masses, q = standardised(case)
    spread, worst = worst_case.call(port, case)
    one = np.where(spread > 0, 1, 0)
    yield at_least("√V", spread, np.sum(masses * q), scale=1.0)
    yield at_least("rises", worst[1:], worst[:-1])
    yield equal("mean", np.sum(widths * worst), 0.0, scale=1.0)
    yield equal("variance", np.sum(widths * worst * worst), one)
    yield equal("ρ", np.sum(masses * worst), spread, scale=1.0)


def minorant(z: Any, w: Any) -> Any:
    """Return the largest convex function below w at the levels z: the least of w and of all chords that pass there."""
    lowest = [w[0]]
    for k in range(1, len(z) - 1):
        chords = [w[i] + (w[j] - w[i]) * (z[k] - z[i]) / (z[j] - z[i]) for i in range(k) for j in range(k + 1, len(z))]
        lowest.append(np.min(np.stack([w[k], *chords])))
    return np.stack([*lowest, w[-1]])


# With two cells there is one law of mean 0 and variance 1, and no distance.
@worst_case.law("closed form", cases=with_law.but(distortion=distortions(*above), edges=edges_among(5, 12)))
def the_distance_to_it_is_what_is_missing(port: Any, case: Case) -> Iterable[Fact]:
    """∫ (q - q*)² = 2·(1 - ρ(q)/√V) for every law of mean 0 and variance 1, ρ under the smallest concave majorant of w,
    in levels the largest convex minorant: under w itself if that is concave."""
    widths, _, q = standardised(case)
    masses = np.diff(minorant(case.edges, of_level(case.edges, case.distortion)))
    spread, worst = worst_case.call(port, case)
    yield equal("distance", np.sum(widths * (q - worst) ** 2), 2 * (1 - np.sum(masses * q) / spread), scale=2.0)


@worst_case.law("closed form")
def known_worst_cases(port: Any, case: Case) -> Iterable[Fact]:
    """√V = √(α/(1-α)) for cvar(α) where α is an edge, and for var(α′), α′ in the cell above it; that of gini(a) is
    a·√Σ Δ·(z + z′ - 1)² over cells from z to z′; 0 where w lies below the diagonal."""
    z = case.edges
    above = float(0.75 + np.min(z[z > 0.75])) / 2
    for name, distortion in (("cvar", Distortion("cvar", (0.75,))), ("var", Distortion(jumps=((above, 1.0),)))):
        yield equal(name, port.worst_case(z, distortion).spread, np.sqrt(3 + 0 * z[0]))
    gini = np.sqrt(np.sum(np.diff(z) * (z[1:] + z[:-1] - 1) ** 2)) / 2
    yield equal("gini", port.worst_case(z, Distortion("gini", (0.5,))).spread, gini)
    for distortion in drawn.CONVEX:
        yield equal(distortion.name, port.worst_case(z, distortion).spread, 0.0)


@worst_case.law("bound", cases=cells.but(distortion=distortions(*averse, *drawn.JUMPS)))
def finer_cells_allow_worse_laws(port: Any, case: Case) -> Iterable[Fact]:
    """An edge more between each two never lowers √V, which stays below that of all laws: √(exp λ² - 1) for wang(λ),
    (k-1)/√(2k-1) for dual(k), (1-r)/√(2r-1) for ph(r > ½), a/√3 for gini(a)."""
    middles = (case.edges[1:] + case.edges[:-1]) / 2
    more = np.sort(np.concatenate([case.edges, middles]))
    coarse, fine = (port.worst_case(z, case.distortion).spread for z in (case.edges, more))
    yield at_least("finer", fine, coarse)
    a = 0.75 + 0 * case.edges[0]
    for name, parameter, limit in (
        ("wang", a, np.sqrt(np.exp(a * a) - 1)), ("dual", a + 2, (a + 1) / np.sqrt(2 * a + 3)),
        ("ph", a, (1 - a) / np.sqrt(2 * a - 1)), ("gini", a, a / np.sqrt(3 + 0 * a)),
    ):  # fmt: skip
        found = port.worst_case(case.edges, Distortion(name, (parameter,))).spread  # type: ignore[arg-type]
        yield at_least(name, limit, found)


@worst_case.misfits()
def edges_that_do_not_rise_from_0_to_1_are_rejected(case: Case) -> Misfits:
    """Edges that begin above 0, end below 1, or do not rise, are rejected."""
    z = case.edges
    return {"begin": {"edges": z[1:]}, "end": {"edges": z[:-1]}, "rise": {"edges": np.concatenate([z[:1], z])}}


worst_case.edits("""
no_envelope: w itself is taken for its concave majorant
    `a = np.max(np.where(last >= first, lowest, -np.inf), axis=0)` → `a = np.diff(w) / np.diff(edges)`
convex_minorant: The largest convex minorant, of the best law, stands for the concave majorant
    `w, n = of_level(edges, distortion), len(edges) - 1` → `w, n = 1 - of_level(1 - edges, distortion), len(edges) - 1`
second_moment_for_variance: 1 is not taken from the second moment of the slopes
    `np.sum(widths * (a - 1) ** 2)` → `np.sum(widths * a**2)`
not_centred: The worst law has the mean of the slopes, not 0
    `(a - 1) / np.where(spread > 0, spread, 1)` → `a / np.where(spread > 0, spread, 1)`
cells_weigh_the_same: Cells weigh the same, however wide they are
    `np.sum(widths * (a - 1) ** 2)` → `np.mean((a - 1) ** 2)`
""")
