"""The routines of `numpy.linalg`.

A routine is backward stable: its input is moved at random, then it is computed in float64 and its result rounded. What
is moved is each entry, with ξ uniform in [-1, 1] and ‖A‖ the Frobenius norm (in float64 by twice that):

    2u·‖A‖·ξ        in the routines that reduce a matrix by about n transformations of the whole of it (eigenvalues,
                    singular values, the inverse). Each is off by about u‖A‖, in a direction that it chooses: together
                    O(n)·u‖A‖. Noise that goes in all n² directions must be this large in each to move a single
                    eigenvalue as far.
    2u·‖A‖/√n'·ξ    in all others; n' the shorter side.

Singular vectors are rotated besides, each with its neighbour, on both sides, by tξ with t = min(100, max(10, u^-⅛))·u:
LAPACK (`bdsqr`) takes an entry beside the diagonal for 0 once it is t times the one on it, which in float64 is 99u, and
so leaves one side rotated by as much. In a 5 × 4 matrix an entry of U·Vᵀ was off by 64u, where all else moves it by 7u.

Checked against a LAPACK that computes in float32 (NumPy's own computes float32 in float64): see
`tests/spec/test_lapack_in_float32.py`. With the smaller noise for all, it strayed to 5 times the band of eigenvalues at
n = 200 and of singular values at n = 40, and to 1.2 times that of an inverse at n = 100.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon_spec.arithmetic.arrays import NoisyArray, ReplicasDisagreeError, Together
from gnomon_spec.arithmetic.noise import Values, limits, wide_dtype
from gnomon_spec.arithmetic.rearrangements import expand_dims, moveaxis
from gnomon_spec.arithmetic.reductions import total
from gnomon_spec.arithmetic.rules import RULES, padded, rule

Routine = Callable[..., Any]


def _perturb(operand: Any, together: Together, *, symmetric: bool, thorough: bool) -> Any:
    """Return a matrix in float64, moved at random: see the module's text."""
    stored = NoisyArray._stored(operand, together.dtype, together.wide).astype(np.float64)
    if not isinstance(operand, NoisyArray):
        stored = np.broadcast_to(stored, (together.noise.replicas, *stored.shape))
    dtype = _computed_in(together)
    if stored.size == 0:
        return stored
    visible = tuple(range(1, stored.ndim))[-2:]
    sides = [stored.shape[axis] for axis in visible]
    shorter = np.prod(sides) / max(sides)
    largest = np.max(np.abs(stored), axis=visible, keepdims=True)
    shares = stored / np.where(np.isfinite(largest) & (largest > 0), largest, 1)
    norm = largest * np.sqrt(np.sum(shares * shares, axis=visible, keepdims=True))
    noise = together.noise.uniform(stored.shape)
    if symmetric:
        noise = (noise + np.swapaxes(noise, -1, -2)) / np.sqrt(2)
    # In float64 the oracle, too, goes through LAPACK in float64: the band has to cover both of them.
    spacing = float(limits(dtype).spacing) * (2 if dtype.itemsize >= 8 else 1)
    return stored + spacing * (norm if thorough else norm / np.sqrt(shorter)) * noise


def _computed_in(together: Together) -> np.dtype[Any]:
    """Return in which dtype LAPACK computes; in exact arithmetic, too, it is float64."""
    return together.dtype if together.dtype.itemsize <= 8 and together.kind != "exact" else np.dtype(np.float64)


def _linear_algebra(routine: Routine, matrices: int = 1, *, symmetric: bool = False, thorough: bool = False) -> Routine:
    def compute(*args: Any, **options: Any) -> Any:
        together = Together(tuple(args[:matrices]))
        if together.dtype.kind != "f":
            together.dtype, together.wide = np.dtype(np.float64), wide_dtype(np.dtype(np.float64))
        moved = [_perturb(x, together, symmetric=symmetric, thorough=thorough) for x in args[:matrices]]
        vector = matrices == 2 and moved[1].ndim == 2  # solve() and lstsq() with one right-hand side
        if vector:
            moved[1] = moved[1][..., np.newaxis]
        if matrices == 2 and moved[0].ndim != moved[1].ndim:  # a stack of systems with a single one
            stack = max(x.ndim for x in moved) - 1
            moved = [padded(x, stack) for x in moved]
        result = routine(*moved, *args[matrices:], **options)
        if isinstance(result, tuple):
            if vector:
                result = (result[0][..., 0], *result[1:])
            if routine is np.linalg.svd:
                left, values, right = result
                result = _not_wholly_diagonal(left, values, right, together)
            parts = [_rounded(part, together) for part in result]
            return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
        return _rounded(result[..., 0] if vector else result, together)

    return compute


def _not_wholly_diagonal(left: Any, values: Any, right: Any, together: Together) -> tuple[Any, Any, Any]:
    """Return singular vectors that are rotated a little, each with its neighbour: see the module's text."""
    u = float(np.finfo(_computed_in(together)).eps) / 2
    k, angle = values.shape[-1], min(100.0, max(10.0, u**-0.125)) * u
    turns = []
    for _ in range(2):
        upper = np.zeros((*values.shape, k))
        upper[..., np.arange(k - 1), np.arange(1, k)] = angle * together.noise.uniform(values.shape)[..., : k - 1]
        turns.append(np.eye(k) + upper - np.swapaxes(upper, -1, -2))
    left = np.concatenate([left[..., :k] @ turns[0], left[..., k:]], axis=-1)
    right = np.concatenate([turns[1] @ right[..., :k, :], right[..., k:, :]], axis=-2)
    return left, values, right


def _rounded(values: Any, together: Together) -> NoisyArray:
    values = np.asarray(values)
    return together.result(values if values.dtype.kind != "f" else values.astype(together.wide))


def _least_squares(a: Values, b: Values, *args: Any, **options: Any) -> Any:
    """`numpy.linalg.lstsq`, replica by replica."""
    results = [np.linalg.lstsq(x, y, *args, **options) for x, y in zip(a, b, strict=True)]
    for parts in zip(*results, strict=True):
        shapes = [np.shape(part) for part in parts]
        if len(set(shapes)) > 1:
            raise ReplicasDisagreeError(shapes)
    return tuple(np.stack(parts) for parts in zip(*results, strict=True))


_routine: Any
for _routine in (np.linalg.qr, np.linalg.det):
    RULES[_routine] = _linear_algebra(_routine)
for _routine in (
    *(np.linalg.svd, np.linalg.svdvals, np.linalg.eigvals, np.linalg.cond),
    *(np.linalg.inv, np.linalg.pinv),
):
    RULES[_routine] = _linear_algebra(_routine, thorough=True)
for _routine in (np.linalg.eigh, np.linalg.eigvalsh):
    RULES[_routine] = _linear_algebra(_routine, symmetric=True, thorough=True)
RULES[np.linalg.cholesky] = _linear_algebra(np.linalg.cholesky, symmetric=True)
RULES[np.linalg.solve] = _linear_algebra(np.linalg.solve, matrices=2)
_least_squares_solution = _linear_algebra(_least_squares, matrices=2)
_sign_and_logarithm = _linear_algebra(np.linalg.slogdet)


def _rank_threshold(a: Any) -> float:
    """Return the size, relative to the largest, below which NumPy takes a singular value of this dtype for zero."""
    dtype = a.dtype if a.dtype.kind == "f" else np.dtype(np.float64)
    largest: int = max(a.shape[-2:])
    return float(np.finfo(dtype).eps) * largest


@rule(np.linalg.lstsq)
def least_squares(a: Any, b: Any, rcond: Any = None) -> Any:
    return _least_squares_solution(a, b, rcond=_rank_threshold(a) if rcond is None else rcond)


@rule(np.linalg.matrix_rank)
def matrix_rank(a: NoisyArray, tol: Any = None) -> Any:
    values = RULES[np.linalg.svdvals](a)
    smallest = RULES[np.max](values, -1, keepdims=True) * _rank_threshold(a) if tol is None else tol
    return RULES[np.count_nonzero](values > smallest, -1)


@rule(np.linalg.slogdet)
def sign_and_logarithm(a: NoisyArray) -> Any:
    result = _sign_and_logarithm(a)
    return result._replace(sign=np.sign(result.sign))


@rule(np.linalg.norm)
def norm(x: NoisyArray, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    axes = (tuple(range(x.ndim)) if axis is None else axis) if not isinstance(axis, int) else (axis,)
    if (ord is None and (axis is None or len(axes) < 3)) or (ord, len(axes)) in ((2, 1), ("fro", 2)):
        return np.sqrt(total(x * x, axes, keepdims=keepdims))
    if len(axes) == 2 and ord in (2, -2, "nuc"):
        values = RULES[np.linalg.svdvals](moveaxis(x, axes, (-2, -1)))
        pick: Any = {2: np.max, -2: np.min, "nuc": np.sum}[ord]
        chosen = pick(values, axis=-1)
        return expand_dims(chosen, axes) if keepdims else chosen
    if len(axes) == 1 and ord in (1, np.inf, -np.inf):
        reduce: Any = {1: total, np.inf: RULES[np.max], -np.inf: RULES[np.min]}[ord]
        return reduce(abs(x), axes, keepdims=keepdims)
    raise TypeError(f"numpy.linalg.norm with ord={ord!r} on {len(axes)} dimensions has no rule for rounding noise")
