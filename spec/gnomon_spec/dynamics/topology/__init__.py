"""Topology of clouds and landscapes: persistence diagrams of distances and of functions, and distances of diagrams.

Definition. A filtration is a complex whose cells enter one after the other, each after its boundary. Over Z₂ every cell
begins a class or ends one; a bar (birth, death) is a class that is there at the levels birth <= t < death. The number
of bars with birth <= s and death > t is the rank of H(K_s) → H(K_t), for all s <= t: that defines a diagram, and
diagrams are held against it::

    Rips        a set of points enters at its diameter: the largest of its distances
    graph       a vertex enters at its value, an edge at the larger one of its ends
    grid "V"    values on vertices, edges and squares at the largest of their corners: 4 neighbours
    grid "T"    values on squares, edges and vertices at the least of the squares around: 8 neighbours
    merge       h(i, j) = min over paths of the largest value on them: an ultrametric; its tree has a valley at each
                leaf, which ends in the one that lives on at the level of its pass
    barrier     h(i, j) - max(f_i, f_j): how far one must climb from the higher of two vertices to come to the other

Two diagrams are compared by partial matchings. What is left over is matched with the nearest bar of length 0, at half
of its length (over √2, if the ground distance is Euclidean). Bars that never end match each other alone; different
numbers of them are infinitely far apart::

    bottleneck      min max d        wasserstein      min (Σ dᵖ)^(1/p)        total persistence      Σ (death - birth)ᵖ

Where sources leave something open. Filtration by diameter, not radius. What dies as it is born is left out, unless a
least length of 0 is asked for; rows are sorted by birth, then death, so that diagrams of equal values are compared as
multisets and never by who met whom. Levels are closed, {f <= t}. Total persistence is over bars that end. A diagram
only repeats numbers that were given: it is exact; ties that rounding splits (points on a circle, say) are what a least
length is for. Of clouds there are voids, but nothing of higher dimension. That other programs give the same values is
for the tests beside their adapters to say, and how near grids come to a smooth function for a study: they are no laws.

Sources: the classical theory as in Edelsbrunner and Harer's book, Computational Topology (2010); D. Cohen-Steiner,
H. Edelsbrunner, J. Harer, stability of persistence diagrams (2007); M. Adamaszek, H. Adams, the Vietoris-Rips complexes
of a circle (2017), for regular polygons. A. Tamim, Categorical Invariants of Learning Dynamics, arXiv 2510.04376,
proposes to read training off such diagrams; of it the opening and a public reading note were seen, and the studies
judge what it is reported to say. The checks by ranks and by flooding are our own.
"""

from __future__ import annotations

from functools import partial

from gnomon_spec.system import WITH_ROOM, System

system = System("topology", title="Topology of clouds and landscapes", text=__doc__ or "")
operation = partial(system.operation, dtypes=WITH_ROOM, length_varies=True)
