"""Sums and what is made of them: means, products, running sums, the median, log-domain sums.

Spread of the noise, with n the number of terms: a sum moves by 2u√n·Σ|xᵢ|·ξ, a product of n factors by 2u√n of itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_spec.arithmetic.arrays import NoisyArray, Together
from gnomon_spec.arithmetic.rearrangements import diagonal, expand_dims, moveaxis, squeeze
from gnomon_spec.arithmetic.rules import ACCUMULATIONS, COMPOSED, REDUCTIONS, RULES, hidden, rule, terms, visible


@rule(np.sum)
def total(a: NoisyArray, axis: Any = None, *, keepdims: bool = False) -> NoisyArray:
    together = Together((a,))
    (values,) = together.values
    axes = hidden(axis, a.ndim)
    spread = np.sqrt(terms(values, axes)) * np.sum(np.abs(values), axis=axes, keepdims=keepdims)
    return together.result(np.sum(values, axis=axes, keepdims=keepdims), spread)


@rule(np.mean)
def mean(a: NoisyArray, axis: Any = None, *, keepdims: bool = False) -> Any:
    return total(a, axis, keepdims=keepdims) / terms(a.values, hidden(axis, a.ndim))


@rule(np.var)
def variance(a: NoisyArray, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    centred = a - mean(a, axis, keepdims=True)
    return total(centred * centred, axis, keepdims=keepdims) / (terms(a.values, hidden(axis, a.ndim)) - ddof)


@rule(np.std)
def deviation(a: NoisyArray, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    return np.sqrt(variance(a, axis, ddof=ddof, keepdims=keepdims))


@rule(np.prod)
def product(a: NoisyArray, axis: Any = None, *, keepdims: bool = False) -> NoisyArray:
    together = Together((a,))
    (values,) = together.values
    axes = hidden(axis, a.ndim)
    result = np.prod(values, axis=axes, keepdims=keepdims)
    return together.result(result, np.sqrt(terms(values, axes)) * np.abs(result))


@rule(np.cumsum)
def running_total(a: NoisyArray, axis: Any = None) -> NoisyArray:
    a = a.reshape(-1) if axis is None else a
    together = Together((a,))
    (values,) = together.values
    (along,) = hidden(0 if axis is None else axis, a.ndim)
    count = np.arange(1, values.shape[along] + 1).reshape((-1,) + (1,) * (values.ndim - 1 - along))
    return together.result(np.cumsum(values, axis=along), np.sqrt(count) * np.cumsum(np.abs(values), axis=along))


@rule(np.cumprod)
def running_product(a: NoisyArray, axis: Any = None) -> NoisyArray:
    a = a.reshape(-1) if axis is None else a
    together = Together((a,))
    (values,) = together.values
    (along,) = hidden(0 if axis is None else axis, a.ndim)
    count = np.arange(1, values.shape[along] + 1).reshape((-1,) + (1,) * (values.ndim - 1 - along))
    products = np.cumprod(values, axis=along)
    return together.result(products, np.sqrt(count) * np.abs(products))


@rule(np.median)
def median(a: NoisyArray, axis: int | None = None, *, keepdims: bool = False) -> Any:
    flat = a.reshape(-1) if axis is None else moveaxis(a, axis, -1)
    ordered, middle = RULES[np.sort](flat), flat.shape[-1] // 2
    centre = ordered[..., middle] if flat.shape[-1] % 2 else (ordered[..., middle - 1] + ordered[..., middle]) / 2
    return expand_dims(centre, visible(axis, a.ndim)) if keepdims else centre


@rule(np.trace)
def trace(a: NoisyArray, offset: int = 0, axis1: int = 0, axis2: int = 1) -> NoisyArray:
    return total(diagonal(a, offset, axis1, axis2), axis=-1)


@rule(np.diff)
def difference(a: NoisyArray, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        along = moveaxis(a, axis, 0)
        a = moveaxis(along[1:] - along[:-1], 0, axis)
    return a


def log_sum(a: Any, b: Any) -> Any:
    """log(eᵃ + eᵇ) as ports compute it: where it is near 0 it is as uncertain as the larger of a and b."""
    high, low = np.maximum(a, b), np.minimum(a, b)
    apart = np.where(high == low, 0.0, low - high)  # ∞ - ∞ is no number
    return high + np.log1p(np.exp(apart))


def log_sum_along(a: NoisyArray, axis: Any = 0, *, keepdims: bool = False) -> Any:
    """log Σ exp(aᵢ), shifted by the largest entry; -∞ where all are."""
    high = RULES[np.max](a, axis, keepdims=True)
    shift = np.where(np.isfinite(high), high, 0.0)
    logarithm: Any = np.log(total(np.exp(a - shift), axis, keepdims=True)) + shift
    return logarithm if keepdims else squeeze(logarithm, visible(axis, a.ndim))


COMPOSED[np.logaddexp] = log_sum
REDUCTIONS.update({np.add: total, np.multiply: product, np.logaddexp: log_sum_along})
ACCUMULATIONS[np.add] = running_total
