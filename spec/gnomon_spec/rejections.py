"""Values that a domain excludes: what a port is asked to reject."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense, Products
from gnomon.domains import (
    FLOATS,
    Choice,
    Count,
    Domain,
    Entries,
    Finite,
    Floating,
    Kind,
    Like,
    Number,
    OrNone,
    RealNumber,
    Scalar,
    Several,
    State,
    TupleOfArrays,
    axis_and_more,
)

NO_NUMBERS: tuple[Any, ...] = (None, 1j, {})


@singledispatch
def bad_values(domain: Domain, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield values out of the domain, made from one inside of it, each with the words that follow an argument's name.

    Of a flag there are none: what counts as true is a language's own.
    """
    yield from ()


@bad_values.register
def _(domain: Number, value: Any) -> Iterator[tuple[str, Any]]:
    for bad in outside(domain):
        yield f" = {bad:g}", bad
    yield from no_numbers()


def outside(domain: Number) -> list[float]:
    """Return numbers that are just out of an interval, and NaN."""
    ends = domain.low if domain.above else domain.low - 1, domain.high + domain.closed
    return [float(end) for end in ends if not domain.has(end)] + [nan]


def no_numbers() -> Iterator[tuple[str, Any]]:
    """Yield values of other kinds than numbers and names."""
    for bad in NO_NUMBERS:
        yield f" = {bad}", bad


@bad_values.register
def _(domain: RealNumber, value: Any) -> Iterator[tuple[str, Any]]:
    yield from no_numbers()


@bad_values.register
def _(domain: Kind, value: Any) -> Iterator[tuple[str, Any]]:
    yield from no_numbers()


@bad_values.register
def _(domain: Several, value: Any) -> Iterator[tuple[str, Any]]:
    yield from no_numbers()
    for words, bad in bad_values(domain.inner, value[0]) if value else ():
        yield f"[0]{words}", (bad, *value[1:])


@bad_values.register
def _(domain: TupleOfArrays, value: Any) -> Iterator[tuple[str, Any]]:
    yield from no_numbers()
    yield " without arrays", ()
    first, *rest = value
    inner: Domain = Finite() if domain.finite else Floating()
    for words, bad in bad_values(inner, first):
        yield f"[0]{words}", (bad, *rest)
    if domain.model:
        yield " with an array too many", (*value, first)
        for words, bad in bad_values(Like(domain.model), first):
            yield f"[0]{words}", (bad, *rest)


@bad_values.register
def _(domain: Count, value: Any) -> Iterator[tuple[str, Any]]:
    yield f" = {domain.low - 1}", domain.low - 1
    yield from no_numbers()


@bad_values.register
def _(domain: Choice, value: Any) -> Iterator[tuple[str, Any]]:
    yield " of another name", "no such choice"
    yield from no_numbers()


@bad_values.register
def _(domain: OrNone, value: Any) -> Iterator[tuple[str, Any]]:
    if value is not None or isinstance(domain.inner, Number | Count | Choice | Kind | RealNumber | Several):
        yield from ((words, bad) for words, bad in bad_values(domain.inner, value) if bad is not None)


@bad_values.register
def _(domain: State, value: Any) -> Iterator[tuple[str, Any]]:
    for part, inner in domain.parts:
        for words, bad in bad_values(inner, getattr(value, part)):
            yield f".{part}{words}", value._replace(**{part: bad})


@bad_values.register
def _(domain: Floating, value: Any) -> Iterator[tuple[str, Any]]:
    yield " of integers", np.ones(np.shape(value), np.int64)


@bad_values.register
def _(domain: Like, value: Any) -> Iterator[tuple[str, Any]]:
    entries = value.reshape(-1)
    yield " of another shape", np.concatenate([entries, entries, np.ones(2, entries.dtype)])


@bad_values.register
def _(domain: Finite, value: Any) -> Iterator[tuple[str, Any]]:
    yield from bad_values(Like(domain.model) if domain.model else Floating(), value)
    first = (np.arange(value.size) == 0).reshape(value.shape)
    for bad in (nan, inf, *([domain.above] if domain.above > -inf else [])):
        if value.size:
            yield f" with {bad:g}", np.where(first, np.asarray(bad, value.dtype), value)


@bad_values.register
def _(domain: Scalar, value: Any) -> Iterator[tuple[str, Any]]:
    yield " of two numbers", np.stack([value, value])
    if domain.low > -inf:
        yield f" = {domain.low - 1:g}", np.asarray(domain.low - 1, value.dtype)
    if domain.low > -inf or domain.finite:
        yield " = nan", np.asarray(nan, value.dtype)
    if domain.finite:
        yield " = inf", np.asarray(inf, value.dtype)


@bad_values.register
def _(domain: Entries, value: Any) -> Iterator[tuple[str, Any]]:
    if domain.fit or len(set(domain.axes)) < len(domain.axes):
        yield " too long", np.concatenate([value, value[..., :1], value], axis=-1)
    else:
        yield " of another rank", value[np.newaxis]
    for i, axis in enumerate(domain.axes):
        if axis_and_more(axis)[0] in {"", *domain.shared} and value.size:
            yield f" with another length {axis}", np.concatenate([value, value], axis=i)
    if domain.holds != FLOATS:
        yield from no_numbers()
    other = np.int64 if domain.holds == FLOATS else np.float64
    yield " of another kind" if domain.holds != FLOATS else " of integers", np.ones(value.shape, other)
    if domain.least:
        yield " without entries", value[:0]
    first = (np.arange(value.size) == 0).reshape(value.shape)
    bads = outside(domain.each) if domain.each else [nan] * domain.finite
    for bad in bads if domain.holds == FLOATS else filter(np.isfinite, bads):
        yield f" with {bad:g}", np.where(first, np.asarray(bad, value.dtype), value)
    if domain.nonzero:
        yield " of zeros", 0 * value
    if domain.symmetric and len(value) > 1:
        yield " that is not symmetric", value + np.triu(np.ones_like(value), 1) * (1 + np.max(np.abs(value)))


@bad_values.register
def _(domain: Products, value: Dense) -> Iterator[tuple[str, Any]]:
    for bad in (nan, inf, -inf):
        yield f" with a column of {bad}", not_finite(value, bad)
    yield " too large", Dense(np.concatenate([np.concatenate([value.matrix, value.matrix])] * 2, axis=1))


def not_finite(operator: Dense, bad: float) -> Dense:
    """Return the operator with `bad` in the first entry of every row: no product with a nonzero vector is finite."""
    matrix = operator.matrix
    return Dense(np.where(np.arange(matrix.shape[0]) == 0, np.asarray(bad, matrix.dtype), matrix))
