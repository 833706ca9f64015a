"""A matrix times a vector where fetching the matrix is what costs: row by row as it lies, eight rows abreast.

Numba's own `@` would need SciPy. One row alone is a chain of additions, each of which waits for the last, and a copy in
another layout takes longer than some products. So the sums of this file, and of no other, may be reordered by the
compiler: how is decided by n and the processor's vectors, not by how the matrix lies in memory.
"""

from __future__ import annotations

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled


@compiled(fastmath={"reassoc"})
def multiply(matrix: Array, vector: Array, result: Array) -> bool:
    """Write A·v into `result` (n,) and return whether it is finite. matrix: A, shape (n, n), in the dtype of v."""
    n, zero = vector.size, vector.dtype.type(0)
    eights = n - n % 8
    for j in range(0, eights, 8):
        a = b = c = d = e = f = g = h = zero
        for i in range(n):
            v = vector[i]
            a += matrix[j, i] * v
            b += matrix[j + 1, i] * v
            c += matrix[j + 2, i] * v
            d += matrix[j + 3, i] * v
            e += matrix[j + 4, i] * v
            f += matrix[j + 5, i] * v
            g += matrix[j + 6, i] * v
            h += matrix[j + 7, i] * v
        result[j], result[j + 1], result[j + 2], result[j + 3] = a, b, c, d
        result[j + 4], result[j + 5], result[j + 6], result[j + 7] = e, f, g, h
    for j in range(eights, n):
        a = zero
        for i in range(n):
            a += matrix[j, i] * vector[i]
        result[j] = a
    nothing = zero
    for i in range(n):
        # 0·x is 0 for every finite x, and NaN otherwise.
        nothing += 0 * result[i]
    return bool(nothing == 0)
