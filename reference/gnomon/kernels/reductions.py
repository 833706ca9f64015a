"""Sums and largest magnitudes inside a compiled loop, in an order that depends on nothing but the number of terms.

Terms are summed pairwise: those of each chunk of `CHUNK`, then the sums of the chunks, each time by folding the upper
half of the rows onto the lower one until one is left. So a term of a sum of n passes ⌈log₂n⌉ additions, one more if
n > `CHUNK`; each fold is a loop over independent additions, which vectorises as it stands; and nothing beyond a chunk
need be stored.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.compiled import called, compiled
from gnomon.kernels.formulas import loop_over

# What `sum_loop` calls: `sum_of` puts a term in place of it.
term: Any = None
# How many terms are formed before they are folded: enough to vectorise, few enough for the first cache.
CHUNK = 1024
# How many running maxima lie side by side.
LANES = 128


@compiled
def fold(terms: Array) -> None:
    """Sum the rows of `terms` (count, width), count >= 1, into the first row. The other rows are spoilt."""
    numbers, (count, width) = terms.reshape(-1), terms.shape
    half = 1
    while 2 * half < count:
        half *= 2
    while half > 0:
        size = (count - half) * width
        lower, upper = numbers[:size], numbers[half * width : half * width + size]
        for i in range(size):
            lower[i] += upper[i]
        count, half = half, half // 2


@compiled
def fold_in_chunks(terms: Array) -> None:
    """Do what `fold` does, in the order of a loop that forms and folds one chunk of rows after the other."""
    chunks = (terms.shape[0] + CHUNK - 1) // CHUNK
    for c in range(chunks):
        chunk = terms[c * CHUNK : (c + 1) * CHUNK]
        fold(chunk)
        for r in range(terms.shape[1]):
            terms[c, r] = chunk[0, r]
    fold(terms[:chunks])


def sum_loop(left: Array, right: Array, number: Any = 1) -> Any:
    """Return the sum of `term(uᵢ, vᵢ, number)`; both arrays (n,)."""
    chunks = (left.size + CHUNK - 1) // CHUNK
    terms, sums = np.empty((min(left.size, CHUNK), 1), left.dtype), np.zeros((max(chunks, 1), 1), left.dtype)
    for c in range(chunks):
        u, v = left[c * CHUNK : (c + 1) * CHUNK], right[c * CHUNK : (c + 1) * CHUNK]
        for i in range(u.size):
            terms[i, 0] = term(u[i], v[i], number)
        fold(terms[: u.size])
        sums[c, 0] = terms[0, 0]
    fold(sums)
    return sums[0, 0]


def sum_of(term: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    """Return the compiled sum of a term of two entries and a number: (left, right, number) → Σ term(uᵢ, vᵢ, number)."""
    return loop_over(term, sum_loop, term=called(term))  # type: ignore[no-any-return]


def square(u: Any, v: Any, divisor: Any) -> Any:
    """Return (u/divisor)²."""
    return (u / divisor) * (u / divisor)


@compiled
def largest_magnitude(array: Array) -> Any:
    """Return max |xᵢ|, NaN if there is one, 0 without entries; array (n,)."""
    tops = np.zeros(LANES, array.dtype)
    for start in range(0, array.size, LANES):
        lane = array[start : start + LANES]
        for i in range(lane.size):
            size = abs(lane[i])
            tops[i] = tops[i] if tops[i] >= size or tops[i] != tops[i] else size
    top = tops[0]
    for size in tops[: array.size]:
        top = top if top >= size or top != top else size
    return top


@compiled
def are_finite(array: Array) -> bool:
    """Return whether no entry is infinite or NaN; array (n,)."""
    return bool(np.isfinite(largest_magnitude(array)))


sum_of_squares = sum_of(square)


@compiled
def length(array: Array) -> Any:
    """Return what `gnomon.norms.length` does; array (n,)."""
    largest = largest_magnitude(array)
    if not largest > 0 or not np.isfinite(largest):
        return largest
    return largest * array.dtype.type(sqrt(sum_of_squares(array, array, largest)))
