"""The eigenvalues of largest size, exactly: what ARPACK's `eigsh(which="LM")` and deflated power iteration find.

Sources: Lanczos 1950; Lehoucq, Sorensen & Yang, ARPACK Users' Guide (1998), for the question.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.lanczos import eigenpairs, lanczos
from gnomon.curvature.operators import FiniteOperator, Start
from gnomon.domains import Array, PositiveInt


class Eigenpairs(NamedTuple):
    """The eigenvalues of largest size, the largest first.

    values: λ, with their signs, shape (count,). vectors: eigenvectors u of length 1 as rows, shape (count, n), with
    u·v₀ >= 0. products: how many times the operator was applied.
    """

    values: Array
    vectors: Array
    products: int


@checked()
def largest_eigenvalues(operator: FiniteOperator, start: Start, *, count: PositiveInt) -> Eigenpairs:
    """Return the `count` eigenvalues of A that are largest in size, by Lanczos to the end of the Krylov space.

    operator: A, symmetric. start: v₀, shape (n,), not zero. count: at most as many as the start sees. As many products
    as A has different eigenvalues in v₀, n at most: A turned into a tridiagonal matrix of that size, whose eigenvalues
    are exact. (`ritz` with fewer steps approximates them, and says by its residuals how well.) Raises as well for
    products that do not fit or are not finite, and for more eigenvalues than the start sees.

    Choices: order is by size, |λ₁| >= |λ₂| >= … (of λ and -λ rounding decides which comes first); the sign stays, as it
    does in ARPACK, which returns them in ascending order. One start sees each eigenvalue once, whatever its
    multiplicity.
    """
    found = lanczos(operator, start, steps=start.shape[0])
    if count > found.products:
        raise ValueError(f"count must be at most {found.products}, what start sees of the eigenvalues, got {count}")
    values, Y = eigenpairs(found)
    order = np.argsort(-np.abs(values))[:count]
    return Eigenpairs(values[order], Y[:, order].T @ found.basis, found.products)
