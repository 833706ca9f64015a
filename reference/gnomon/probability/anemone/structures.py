"""Circuits of known structure, where their parameters begin, and the tree that says most about pairs of variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative, Positive, Real
from gnomon.probability.anemone.circuits import SIGMA_MIN, Circuit, Kind, Node, groups, of_length, require_structure

BINS = 32
Draws: TypeAlias = Annotated[Array, Entries(("P",), finite=True)]


class Builder:
    """A circuit as it grows; each method adds a node and returns its place.

    A node with own parameters gets the next ones, or shares those of the node at the place `like`.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.end = 0

    def input(self, variable: int, size: int, kind: Kind = "categorical", like: int | None = None) -> int:
        return self._add(kind, (), size, like, variable)

    def sum(self, children: Sequence[int], like: int | None = None) -> int:
        return self._add("sum", tuple(children), len(children), like)

    def product(self, children: Sequence[int]) -> int:
        return self._add("product", tuple(children), 0, None)

    def _add(self, kind: Kind, children: tuple[int, ...], size: int, like: int | None, variable: int = 0) -> int:
        start = 0 if kind == "product" else self.end if like is None else self.nodes[like].start
        self.nodes.append(Node(kind, children, start, size, variable))
        self.end += size if like is None else 0
        return len(self.nodes) - 1

    def circuit(self) -> Circuit:
        return tuple(self.nodes)


def mixture(components: int, sizes: Sequence[int], kind: Kind = "categorical") -> Circuit:
    """Return a sum of products, of an input for each variable: naive Bayes, or a mixture of Gaussians (sizes all 2).

    With one component the variables are independent.
    """
    new = Builder()
    products = [
        new.product([new.input(v, size, kind) for v, size in enumerate(sizes)]) for _ in range(components)
    ]  # fmt: skip
    new.sum(products)
    return new.circuit()


def hmm(length: int, states: int, size: int, *, tied: bool = True) -> Circuit:
    """Return a hidden Markov model: π at the root, rows of A, rows of B; tied: the same at all times.

    Parameters: for tied ones B of the first state, …, of the last, then the rows of A, then π.
    """
    new = Builder()
    inputs: list[int] = []
    transitions: list[int] = []
    later: list[int] = []
    for t in range(length - 1, -1, -1):
        emitted = [new.input(t, size, like=inputs[z] if tied and inputs else None) for z in range(states)]
        inputs = inputs or emitted
        if later:
            moved = [new.sum(later, like=transitions[z] if tied and transitions else None) for z in range(states)]
            transitions = transitions or moved
            later = [new.product(pair) for pair in zip(emitted, moved, strict=True)]
        else:
            later = emitted
    new.sum(later)
    return new.circuit()


def random_tree(order: Sequence[int], states: int, size: int) -> Circuit:
    """Return regions of variables halved in some order, the smaller half left, with `states` nodes each.

    An inner region has that many products, of the i-th node of either half, and as many sums of all of them.
    """
    new = Builder()

    def region(variables: Sequence[int]) -> list[int]:
        if len(variables) == 1:
            return [new.input(variables[0], size) for _ in range(states)]
        half = len(variables) // 2
        pairs = zip(region(variables[:half]), region(variables[half:]), strict=True)
        products = [new.product(pair) for pair in pairs]
        return [new.sum(products) for _ in range(states)]

    new.sum(region(order))
    return new.circuit()


def hclt(parents: Sequence[int], states: int, size: int, variant: Literal["standard", "code"] = "standard") -> Circuit:
    """Return a hidden Chow-Liu tree: each variable has a latent state, the latent states form the tree.

    parents: of each variable, -1 of the root. variant: with "code" a leaf has no latent state of its own, its inputs
    are parts of its parent's products; a sum of its categories would say no more.
    """
    new = Builder()

    def block(v: int) -> list[int]:
        """Return the nodes of a variable's states, with all that is below them."""
        below = [(block(c)) for c, parent in enumerate(parents) if parent == v]
        inputs = [new.input(v, size) for _ in range(states)]
        direct = [variant == "code" and c not in parents for c, parent in enumerate(parents) if parent == v]
        sums = [
            leaf if as_it_is else [new.sum(leaf) for _ in range(states)]
            for leaf, as_it_is in zip(below, direct, strict=True)
        ]
        if not sums:
            return inputs
        return [new.product([inputs[k], *(s[k] for s in sums)]) for k in range(states)]

    new.sum(block(list(parents).index(-1)))
    return new.circuit()


def centred(parents: Sequence[int]) -> list[int]:
    """Return the same tree with its centre as the root, as the code has it: the variable whose farthest is nearest.

    Ties go to the smallest variable.
    """
    count = len(parents)
    beside = [{p for p in [parents[v]] if p >= 0} | {c for c in range(count) if parents[c] == v} for v in range(count)]

    def rooted(root: int) -> tuple[int, list[int]]:
        """Return how far the farthest is, and the parents."""
        found, ring, far = {root: -1}, [root], -1
        while ring:
            ring, far = [w for v in ring for w in beside[v] if found.setdefault(w, v) == v and w != found[v]], far + 1
        return far, [found[v] for v in range(count)]

    return min((rooted(root) for root in range(count)), key=lambda pair: pair[0])[1]


def mutual_information(data: Array, size: int, variant: Literal["standard", "code"] = "standard") -> Array:
    """Return the mutual information of each two variables in nats, by their frequencies, shape (V, V).

    data: shape (B, V), numbers 0 … size - 1. On the diagonal it is the entropy. variant: with "code" a value counts in
    32 bins from 0 to size - 1, by a normal density of deviation half a bin, normalised.
    """
    hot = (data[:, :, np.newaxis] == np.arange(size)).astype(np.float64)
    if variant == "code":
        apart = data[:, :, np.newaxis] / (size - 1) - np.linspace(0, 1, BINS)
        hot = np.exp(-((apart * 2 * BINS) ** 2) / 2)
        hot /= np.sum(hot, axis=2, keepdims=True)
    joint = np.einsum("bvi,bwj->vwij", hot, hot) / len(data)
    alone = np.mean(hot, axis=0)
    apart = alone[:, np.newaxis, :, np.newaxis] * alone[np.newaxis, :, np.newaxis, :]
    information: Array = np.sum(
        joint * np.log(np.where(joint > 0, joint / np.where(apart > 0, apart, 1), 1)), axis=(2, 3)
    )
    return information


def chow_liu(information: Array) -> list[int]:
    """Return of each variable the parent in the spanning tree of most information, by Prim's algorithm from variable 0.

    Ties go to the smallest variable, then to the smallest parent.
    """
    count = len(information)
    parents = [-1] * count
    inside = [0]
    while len(inside) < count:
        outside = [v for v in range(count) if v not in inside]
        v, parent = min(((v, p) for v in outside for p in inside), key=lambda edge: (-information[edge[::-1]], *edge))
        parents[v] = parent
        inside.append(v)
    return parents


@checked(require_structure, of_length("draws"))
def initial(
    draws: Draws, circuit: Circuit, *, perturbation: NonNegative = 2.0, mean: Real = 0.0, spread: Positive = 1.0
) -> Array:
    """Return parameters to begin with: θ ∝ exp(-p·U), p = perturbation; for Gaussians (m + s·N, s·exp(-0.04·p·U)).

    mean, spread: m, s. draws: shape (P,): U in [0, 1) beside probabilities, (N, U) beside a Gaussian's (μ, σ), N
    normal. A σ below 0.01 is raised to it.
    """
    parts: list[Any] = []
    for start, stop, kind in groups(circuit):
        drawn = draws[start:stop]
        if kind == "gaussian":
            sigma = spread * np.exp(-0.04 * perturbation * drawn[1])
            parts.append(np.stack([mean + spread * drawn[0], np.maximum(sigma, SIGMA_MIN)]))
        else:
            free = np.exp(-perturbation * (drawn - np.min(drawn)))
            parts.append(free / np.sum(free))
    return np.concatenate(parts)
