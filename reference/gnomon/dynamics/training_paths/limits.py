"""Pullbacks and pushouts of linear maps: what pairs agree in a shared space, and the map that a pair makes."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries
from gnomon.rounding import spacing_in_lapack


class Pullback(NamedTuple):
    """projector: on the pairs (x, y) with F·x = G·y, shape (a + b, a + b). dimension: of them.

    first, second: p₁ (a, dimension) and p₂ (b, dimension), x and y of an orthonormal basis, which is a port's own.
    """

    projector: Array
    dimension: int
    first: Array
    second: Array


class Mediated(NamedTuple):
    """factor: the map u with p₁·u = h and p₂·u = k, or nearest to it. residual: how far the pair is from any such."""

    factor: Array
    residual: Any


@checked()
def pullback(
    f: Annotated[Array, Entries(("rows", "a"), least=1, finite=True)],
    g: Annotated[Array, Entries(("rows", "b"), least=1, finite=True)],
) -> Pullback:  # fmt: skip
    """Return the pairs (x, y) with F·x = G·y: the kernel of [F, -G], from its singular value decomposition.

    Singular values up to (rows + a + b)·ε·σ₁ count as 0, ε the spacing of the dtype at 1: relative, as F and G may have
    any scale. f, g: F (rows, a) and G (rows, b): of two networks, what makes shared features of theirs. With G = 1 the
    pairs are the graph of F.
    """
    a, b = f.shape[1], g.shape[1]
    matrix = f[:, np.arange(a + b) % a]  # F, and room for -G
    matrix[:, a:] = -g
    _, sizes, right = np.linalg.svd(matrix)
    tolerance = sum(matrix.shape) * spacing_in_lapack(f.dtype)
    rank = int(np.count_nonzero(sizes > tolerance * sizes[0]))
    basis = right[rank:].T
    return Pullback(basis @ basis.T, a + b - rank, basis[:a], basis[a:])


@checked()
def pushout(
    f: Annotated[Array, Entries(("a", "columns"), least=1, finite=True)],
    g: Annotated[Array, Entries(("b", "columns"), least=1, finite=True)],
) -> Pullback:  # fmt: skip
    """Return the pullback of Fᵀ and Gᵀ: q₁ = firstᵀ and q₂ = secondᵀ have q₁·F = q₂·G, and are the pushout of F and G.

    f, g: F (a, columns) and G (b, columns). projector: on the complement of the columns of [F; -G]: their cokernel.
    """
    return pullback(f.T, g.T)


@checked()
def mediate(
    first: Annotated[Array, Entries(("a", "n"), least=1, finite=True)],
    second: Annotated[Array, Entries(("b", "n"), least=1, finite=True)],
    h: Annotated[Array, Entries(("a", "m"), least=1, finite=True)],
    k: Annotated[Array, Entries(("b", "m"), least=1, finite=True)],
) -> Mediated:
    """Return u = p₁ᵀ·h + p₂ᵀ·k, the only map with p₁·u = h and p₂·u = k if there is one, and the size of what is left.

    first, second: p₁ (a, n) and p₂ (b, n), whose columns together are orthonormal, as `pullback` gives them. h, k: maps
    to the sides of the square, shapes (a, m) and (b, m). There is such a map if and only if F·h = G·k: then the
    residual √(‖h - p₁·u‖² + ‖k - p₂·u‖²) is 0.
    """
    factor = first.T @ h + second.T @ k
    left_h, left_k = h - first @ factor, k - second @ factor
    return Mediated(factor, np.sqrt(np.sum(left_h * left_h) + np.sum(left_k * left_k)))
