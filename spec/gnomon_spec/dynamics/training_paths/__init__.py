"""Paths of parameters: what can be computed of the “categorical invariants” of learning dynamics, and exactly.

A run of training is a path θ₀, …, θ_T in parameter space. Asked is which runs are the same: by what they go around, by
how they are joined, up to the symmetries of a network, and in what they share.

In the plane, off obstacles, paths with the same ends can be moved into each other if and only if their words are the
same: the letters k and -k for each crossing of the ray upwards from the k-th obstacle, neighbours k and -k cancelled.
Winding numbers are the sums of letters: they say less, a loop around both of two obstacles one after the other and back
has the word 1, 2, -1, -2 and winds around neither. Of a loss on a grid the obstacles are the holes of {f <= level}.
Without obstacles every word is empty: in Rⁿ any two paths with the same ends are the same, so a class needs a level.

Paths compose strictly (Moore's, of their own lengths) where they meet to the bit, surfaces along an edge, and what a
layer makes of a path composes as the path does. A barrier is the height of the loss over the chord; between networks it
is measured up to the order and, as tanh is odd, the signs of hidden units. Pairs that agree in a shared space are a
pullback: of it the projector and the dimension are compared, the basis is a port's own. Precomposing φ∘f with a map of
data, which the paper calls a pullback, is no limit of a cospan and an operation of its own; persistence is that of the
system topology. Pulling back in two steps is pulling back along the composite: a law where the second map is onto;
elsewhere the second step would ask for the rank of a map that rounding has moved, and no band says which singular value
of it is 0. Gradient descent commutes with the order and the signs of units, and so does Adam; with scales of ReLU units
neither does, and with a rotation of all parameters gradient descent alone (`gnomon claims training_paths`).

Sources: A. Tamim, arXiv 2510.04376v1 (October 2025), of which the abstract, the start of the introduction and the
contents were read; public reading notes for its definitions. No code was published. It defines a functor from
parameters to representations, calls homotopic runs the same, reads transfer as a pullback and equivalence of optimisers
as 2-cells; several of its definitions make its statements empty or false: see `gnomon claims training_paths`. What is
specified here is the classical mathematics that it names, the constructions are ours. float16 is left out: products of
coordinates do not fit.
"""

from __future__ import annotations

from functools import partial

from gnomon_spec.system import WITH_ROOM, System

system = System("training_paths", title="Paths of training: classes, joins, symmetries", text=__doc__ or "")
operation = partial(system.operation, dtypes=WITH_ROOM)
