"""How fast are compiled Rips, grids and bottleneck distances beside ripser, GUDHI and hera, and plain W₁ beside hera?

W₁ is plain Python and NumPy on purpose: it is the reference. Run `python validation/benchmarks/persistence.py --help`;
it needs the extra `topology`.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from typing import Any

import gudhi
import gudhi.hera
import numpy as np
from ripser import ripser

from gnomon.dynamics.topology.distances import wasserstein
from gnomon.dynamics.topology.rips import distances
from gnomon.kernels.dynamics.topology.distances import bottleneck
from gnomon.kernels.dynamics.topology.rips import rips_diagrams
from gnomon.kernels.dynamics.topology.sublevel import sublevel_grid

KERNEL, RIPSER, GUDHI, PLAIN, HERA = "kernel", "ripser", "GUDHI", "reference", "hera"


def cloud(n: int) -> Any:
    """Return the distances of n points in the plane."""
    return distances(np.random.default_rng(n).standard_normal((n, 2)))


def polygon(n: int) -> Any:
    """Return the distances of the corners of a regular polygon: n of each length."""
    steps = np.abs(np.arange(n)[:, None] - np.arange(n))
    return 2 * np.sin(np.pi * np.minimum(steps, n - steps) / n)


def picture(side: int) -> Any:
    """Return a random picture."""
    return np.random.default_rng(side).standard_normal((side, side))


def bars(n: int) -> tuple[Any, Any]:
    """Return two diagrams of n bars each."""
    random = np.random.default_rng(n)
    return np.sort(random.uniform(size=(n, 2)), axis=1), np.sort(random.uniform(size=(n, 2)), axis=1)


def rips_of_gudhi(D: Any) -> None:
    """Compute components and cycles up to the radius at which one point reaches all others."""
    complex_ = gudhi.RipsComplex(distance_matrix=D, max_edge_length=float(np.min(np.max(D, axis=1))))
    complex_.create_simplex_tree(max_dimension=2).compute_persistence(homology_coeff_field=2)


def contenders(kind: str, size: int) -> dict[str, Any]:
    """Return who computes one thing, of a size."""
    if kind in ("Rips", "polygon"):
        D = cloud(size) if kind == "Rips" else polygon(size)
        runs = {KERNEL: lambda: rips_diagrams(D), RIPSER: lambda: ripser(D, distance_matrix=True, maxdim=1)}
        return runs | ({GUDHI: lambda: rips_of_gudhi(D)} if kind == "Rips" else {})
    if kind == "grid":
        F = picture(size)
        theirs = lambda: gudhi.CubicalComplex(vertices=F).compute_persistence(homology_coeff_field=2)  # noqa: E731
        return {KERNEL: lambda: sublevel_grid(F), GUDHI: theirs}
    P, Q = bars(size)
    if kind == "bottleneck":
        return {KERNEL: lambda: bottleneck(P, Q), HERA: lambda: gudhi.hera.bottleneck_distance(P, Q, delta=0)}
    return {PLAIN: lambda: wasserstein(P, Q), HERA: lambda: gudhi.hera.wasserstein_distance(P, Q)}


@contest.command(3, side=(1024, "Side of the largest picture."))
def main(side: int, repeats: int) -> None:
    """Time each thing at several sizes and print a table with ratios and one with growth."""
    contest.keep_freed_memory()
    processors, rows, growth = contest.share_one_processor(), [], []
    sizes = {
        "Rips": (50, 100, 200),
        "polygon": (75, 150, 300),
        "grid": (side // 4, side // 2, side),
        "bottleneck": (25, 50, 100),
        "W₁": (25, 50, 100),
    }
    ratios: dict[tuple[str, int, str], float] = {}
    for kind, chosen in sizes.items():
        seconds = []
        for size in chosen:
            runs = contenders(kind, size)
            taken, (ours, *others) = contest.rounds(runs, repeats), list(runs)
            seconds.append(taken.seconds(ours))
            for other in others:
                ratios[kind, size, other] = taken.ratio(ours, other)
                rows.append((kind, f"{size}", other, seconds[-1] * 1e3, ratios[kind, size, other]))
        growth.append((kind, f"{chosen[0]} … {chosen[-1]}", contest.exponent(chosen, seconds)))
    columns = "what | size | beside | ours, ms {:.2f} | ours ÷ theirs {:.3f}"
    tables = (
        contest.table("Persistence and distances, float64", columns, rows, left=3),
        contest.table("Growth: time ~ sizeᵃ", "what | sizes | a {:.1f}", growth, left=2),
    )
    goals = {
        "Rips: at most 5 times ripser's time at 100 and 200 points": max(ratios["Rips", n, RIPSER] for n in (100, 200))
        <= 5,
        "grid: less than GUDHI's time": ratios["grid", side, GUDHI] < 1,
        "bottleneck: at most hera's time at 100 bars": ratios["bottleneck", 100, HERA] <= 1,
    }
    contest.print_tables(*tables, repeats=repeats, processors=processors, goals=goals)


if __name__ == "__main__":
    main()
