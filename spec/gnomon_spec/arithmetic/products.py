"""Products of vectors, matrices and tensors.

A product of matrices moves by 2u√n·(|A||B|)·ξ, with n the number of terms of each sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_spec.arithmetic.arrays import NoisyArray, Together
from gnomon_spec.arithmetic.noise import Values
from gnomon_spec.arithmetic.rules import COMPOSED, padded, rule, visible_ndim, visible_shape


def matmul(a: Any, b: Any) -> NoisyArray:
    """A @ B with the noise of a sum of products."""
    together = Together((a, b))
    left = NoisyArray._stored(a, together.dtype, together.wide)
    right = NoisyArray._stored(b, together.dtype, together.wide)
    left_ndim, right_ndim = (x.ndim if isinstance(x, NoisyArray) else np.ndim(x) for x in (a, b))
    if left_ndim == 0 or right_ndim == 0:
        raise ValueError("matmul: operands must have at least one dimension")
    if left_ndim == 1:
        left = left[..., np.newaxis, :]
    if right_ndim == 1:
        right = right[..., :, np.newaxis]
    if together.ndim > 2:  # a stack of matrices, perhaps with a single one
        left, right = (padded(v, together.ndim) if isinstance(x, NoisyArray) else v for v, x in ((left, a), (right, b)))
    values = np.matmul(left, right)
    spread = np.sqrt(left.shape[-1]) * np.matmul(np.abs(left), np.abs(right))
    drop = tuple(axis for axis, ndim in ((-2, left_ndim), (-1, right_ndim)) if ndim == 1)
    return together.result(np.squeeze(values, axis=drop), np.squeeze(spread, axis=drop))


COMPOSED[np.matmul] = matmul


@rule(np.dot)
def dot(a: Any, b: Any) -> Any:
    if 0 in (visible_ndim(a), visible_ndim(b)):
        return a * b
    if visible_ndim(b) > 2:
        raise TypeError("numpy.dot with more than two dimensions has no rule for rounding noise: use einsum")
    return matmul(a, b)


@rule(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    return matmul(a.reshape(-1), b.reshape(-1))


@rule(np.inner)
def inner(a: Any, b: Any) -> Any:
    return dot(a, b if visible_ndim(b) < 2 else np.swapaxes(b, -1, -2))


@rule(np.outer)
def outer(a: Any, b: Any) -> Any:
    return a.reshape(-1, 1) * b.reshape(1, -1)


@rule(np.einsum)
def einsum(subscripts: str, *operands: Any, optimize: Any = False) -> NoisyArray:
    together = Together(operands)
    terms, _arrow, output = subscripts.replace(" ", "").partition("->")
    labels = terms.split(",")
    if "." in subscripts or "Z" in subscripts:
        raise TypeError("einsum on a NoisyArray takes neither an ellipsis nor the label Z")
    if not _arrow:
        letters = terms.replace(",", "")
        output = "".join(sorted(x for x in set(letters) if letters.count(x) == 1))
    stored = [NoisyArray._stored(x, together.dtype, together.wide) for x in operands]
    marked = ["Z" + label if isinstance(x, NoisyArray) else label for x, label in zip(operands, labels, strict=True)]
    formula = f"{','.join(marked)}->Z{output}"
    lengths = {
        letter: length
        for label, x in zip(labels, operands, strict=True)
        for letter, length in zip(label, x.shape, strict=True)
    }
    summed = np.prod([length for letter, length in lengths.items() if letter not in output], initial=1)
    spread = np.sqrt(summed * len(operands)) * np.einsum(formula, *map(np.abs, stored))
    summed_up: Values = np.einsum(formula, *stored)
    return together.result(summed_up, spread)


@rule(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    ndim, other = visible_ndim(a), visible_ndim(b)
    if isinstance(axes, int):
        axes = (range(ndim - axes, ndim), range(axes))
    left, right = (tuple(x) if hasattr(x, "__iter__") else (x,) for x in axes)
    letters = "abcdefghijklmnopqrstuvwxy"
    first, second = list(letters[:ndim]), list(letters[ndim : ndim + other])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    kept = [x for x in (*first, *second) if (*first, *second).count(x) == 1]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(kept)}", a, b)


@rule(np.kron)
def kron(a: Any, b: Any) -> Any:
    ndim = max(visible_ndim(a), visible_ndim(b))
    rows, columns = ((1,) * (ndim - visible_ndim(x)) + visible_shape(x) for x in (a, b))
    left = np.reshape(a, tuple(n for length in rows for n in (length, 1)))
    right = np.reshape(b, tuple(n for length in columns for n in (1, length)))
    return np.reshape(left * right, tuple(m * n for m, n in zip(rows, columns, strict=True)))
