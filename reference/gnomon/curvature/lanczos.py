"""The Lanczos process with full reorthogonalisation, and the Ritz values it gives.

Sources: Lanczos 1950; Daniel, Gragg, Kaufman & Stewart, Math. Comp. 30 (1976), and Parlett, The Symmetric Eigenvalue
Problem (1980), for when a second orthogonalisation is needed, and that it is enough.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import FiniteOperator, Start, orthogonal_part, product
from gnomon.domains import Array, PositiveInt
from gnomon.norms import length

Variant = Literal["standard", "code"]
# A projection that leaves more than this of a vector's length has left it orthogonal to working accuracy.
AGAIN = 0.5**0.5


class Lanczos(NamedTuple):
    """A = Q T Qᵀ on the Krylov space of the start, j dimensions of it.

    diagonal: a, the diagonal of T, shape (j,). off_diagonal: b₁ … b_{j-1}, beside it, shape (j-1,). basis: Qᵀ,
    orthonormal rows, shape (j, n). residual_norm: b_j, how far the space is from invariant. products: = j.
    """

    diagonal: Array
    off_diagonal: Array
    basis: Array
    residual_norm: Any
    products: int


class Ritz(NamedTuple):
    """Approximate eigenvalues, ascending.

    values: θ, shape (j,). weights: squared first components of the eigenvectors of T, shape (j,), of sum 1. vectors:
    Ritz vectors x as rows, shape (j, n), with x·v₀ >= 0. residuals: ‖A x - θ x‖ = b_j·|last component|, shape (j,); an
    eigenvalue of A lies within each.
    """

    values: Array
    weights: Array
    vectors: Array
    residuals: Array


@checked()
def lanczos(operator: FiniteOperator, start: Start, *, steps: PositiveInt) -> Lanczos:
    """Return the Lanczos decomposition from `start`, at most `steps` long; one product a step.

    ::

        q₁ = v₀/‖v₀‖;  for j = 1, 2, …:  w = A qⱼ;  aⱼ = qⱼ·w
            w ← w - Q Qᵀw, once more if that left less than 1/√2 of its length
            bⱼ = ‖w‖;  stop if j = steps, j = n or bⱼ <= 2u√n·maxᵢ(|aᵢ| + bᵢ);  q_{j+1} = w/bⱼ

    operator: A, symmetric. start: v₀, shape (n,), not zero. steps: m >= 1; more than n count as n.
    The process ends early when bⱼ cannot be told from rounding: as a rule after as many steps as A has different
    eigenvalues in v₀. Raises as well for products that do not fit or are not finite.

    Choice: sums of n terms are off by about √n units of roundoff u of their size, those of A qⱼ and those that are
    taken off it, so that an invariant space leaves a bⱼ of about 2u√n‖A‖; nothing above that is taken for 0. Where it
    is above, as rounding of early steps is multiplied by ‖A‖/bᵢ in later ones, the process goes on, with a direction
    that rounding chose: Q stays orthonormal, T what A is on it, and eigenvalues that repeat are found once more. The
    recurrence's aⱼqⱼ + b_{j-1}q_{j-1} is what Q Qᵀw is but for rounding, and is not taken off by itself.
    """
    steps, threshold = min(steps, start.shape[0]), breakdown_threshold(start)
    Q = np.zeros((steps, 1), start.dtype) * start
    T = 0 * (Q[:, :1] * Q[:, 0])
    Q[0] = start / length(start)
    size: Any = 0 * start[0]
    for j in range(steps):
        w = product(operator, Q[j], j)
        T[j, j] = np.dot(Q[j], w)
        before = length(w)
        w = orthogonal_part(w, Q[: j + 1])
        b = length(w)
        if b < AGAIN * before:
            w = orthogonal_part(w, Q[: j + 1])
            b = length(w)
        size = np.maximum(size, np.abs(T[j, j]) + b)
        if j + 1 == steps or b <= threshold * size:
            break
        T[j, j + 1] = T[j + 1, j] = b
        Q[j + 1] = w / b
    return Lanczos(np.diagonal(T)[: j + 1], np.diagonal(T, 1)[:j], Q[: j + 1], b, j + 1)


@checked()
def ritz(operator: FiniteOperator, start: Start, *, steps: PositiveInt, variant: Variant = "standard") -> Ritz:
    """Return the Ritz values and vectors of `lanczos` with these arguments; one product a step.

    variant: "standard"; or "code", which returns the sorted |aⱼ| as "eigenvalues", as TorchType's `homotopy_lr` does
    (commit 8b8a54b). They are none; weights, vectors and residuals are those of "standard".
    """
    return ritz_of(lanczos(operator, start, steps=steps), variant)


def ritz_of(found: Lanczos, variant: Variant) -> Ritz:
    """Return the Ritz values and vectors of a decomposition; variant: as for `ritz`."""
    values, Y = eigenpairs(found)
    if variant == "code":
        values = np.sort(np.abs(found.diagonal))
    return Ritz(values, Y[0] * Y[0], Y.T @ found.basis, found.residual_norm * np.abs(Y[-1]))


def eigenpairs(found: Lanczos) -> tuple[Array, Array]:
    """Return the eigenvalues of T, ascending, and its eigenvectors as columns whose first components are >= 0."""
    values, Y = np.linalg.eigh(tridiagonal(found))
    return values, Y * np.copysign(1, Y[0])


def breakdown_threshold(start: Array) -> Any:
    """Return what bⱼ is compared with to see that a space is invariant, relative to the size of A: 2u√n."""
    return float(np.finfo(start.dtype).eps) * start.shape[0] ** 0.5


def tridiagonal(found: Lanczos) -> Array:
    """Return T, shape (j, j)."""
    j = found.diagonal.shape[0]
    T = found.diagonal * np.eye(j, dtype=found.diagonal.dtype)
    for i in range(j - 1):
        T[i, i + 1] = T[i + 1, i] = found.off_diagonal[i]
    return T
