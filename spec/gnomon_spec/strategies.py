"""Quantities to draw: arrays over many decades, hyperparameters, shapes; nasty ones on purpose, none by filtering.

Every number is built from integers. Small integers give simple numbers (1, 0, 2, ½, …), larger ones any sign,
exponent and mantissa, so that a failing case shrinks towards numbers that a person can follow. Arrays have a scale of
their own, most entries within eight powers of two of it, some anywhere in the dtype's range: zeros, ties with the entry
before, subnormals, and numbers whose square leaves the range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch
from inspect import Parameter, signature
from math import frexp, inf, nan
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gnomon.arguments import domains_of
from gnomon.domains import Choice, Count, Domain, Flag, Number, OrNone
from gnomon_spec.arithmetic.noise import RANGE_SHIFT
from gnomon_spec.cases import Cases, Context, Draw, Quantity, choice, map_leaves

Value = TypeVar("Value")
CODES = st.integers(0, 2**44)
SMALL_CODES = st.integers(0, 63)
SIMPLE = (1.0, 2.0, -1.0, 0.5, 0.0, 3.0, -2.0, 1.5, -0.5, 10.0, 0.25, -3.0)
MIXER = 0x9E3779B97F4A7C15
WINDOW = 4
FAR = 40  # powers of two, of a hyperparameter that is legal and nobody's choice
ROOM = 24  # powers of two: a range moves by up to 16 of them, and entries by some more


def _number(code: int, low: int, high: int) -> float:
    """Return ±(1 + fraction)·2^e with low <= e <= high; the lowest bits choose sign and exponent."""
    sign, rest = (-1.0 if code & 1 else 1.0), code >> 1
    span = high - low + 1
    exponent, rest = low + rest % span, rest // span
    mantissa = (rest * MIXER) % 2**52 / 2**52
    return sign * (1.0 + mantissa) * 2.0**exponent


def _extreme(code: int, info: np.finfo[Any], before: float) -> float:
    """Return a number that invites trouble: a tie, a subnormal, one near an end of the range, one whose square is."""
    values = (
        before,
        0.0,
        float(info.smallest_subnormal),
        float(info.smallest_normal),
        -float(info.smallest_normal) / 2,
        2.0 ** (info.maxexp - 4),
        -(2.0 ** (info.maxexp // 2 + 1)),
        2.0 ** (info.minexp // 2),
    )
    return values[code % len(values)]


def _entries(codes: Sequence[int], scale: int, info: np.finfo[Any]) -> list[float]:
    """Return one number for each code, around 2^scale for the most part."""
    entries: list[float] = []
    for code in codes:
        kind, rest = code % 16, code // 16
        if kind < 2:
            entries.append(SIMPLE[rest % len(SIMPLE)] * 2.0**scale)
        elif kind == 15:
            entries.append(_extreme(rest, info, entries[-1] if entries else 1.0))
        elif kind == 14:
            entries.append(_number(rest, info.minexp // 2, info.maxexp // 2))
        else:
            entries.append(_number(rest, scale - WINDOW, scale + WINDOW))
    return entries


def _scale(code: int, info: np.finfo[Any], widest: int) -> int:
    """Return an exponent: 0 for the smallest codes, then within 8 of 0, then as far as `widest` and the dtype allow."""
    if code < 4:
        return 0
    span = min(widest, info.maxexp // 2 - 2 * WINDOW)
    narrow = min(8, span)
    return (code // 2) % (2 * narrow + 1) - narrow if code % 2 else (code // 2) % (2 * span + 1) - span


def _draw_array(draw: Draw, context: Context, shape: tuple[int, ...], widest: int) -> NDArray[Any]:
    info = np.finfo(context.dtype)
    size = int(np.prod(shape))
    scale = _scale(draw(CODES), info, widest)
    codes = draw(st.lists(CODES, min_size=size, max_size=size)) if size <= 16 else _many_codes(draw(CODES), size)
    with np.errstate(over="ignore", under="ignore"):
        return np.array(_entries(codes, scale, info), dtype=context.dtype).reshape(shape)


def _many_codes(seed: int, size: int) -> list[int]:
    """Return codes for a long array from one drawn integer (0 gives all ones)."""
    return [(seed * MIXER * (i + 1)) % 2**44 for i in range(size)]


def integers(draw: Draw, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return integers from 0 to 2^20 - 1, made of one that is drawn; all 0 for the simplest."""
    code: int = draw(CODES)
    numbers = [(code * (i + 1) * MIXER >> 40) % 2**20 for i in range(int(np.prod(shape)))]
    return np.array(numbers, np.int64).reshape(shape)


def of_code(text: str, make: Callable[[int, Context], Any]) -> Quantity:
    """What is made of one drawn integer, 0 being the simplest, and the context; real arrays in it get the dtype."""
    return Quantity(lambda draw, context: _in_dtype(make(draw(CODES), context), context), text)


def array_of(
    text: str, make: Callable[[NDArray[np.int64]], Any], shape: Callable[[Context], tuple[int, ...]] = lambda c: c.shape
) -> Quantity:
    """An array, by default of the common shape, made of integers in that shape as `integers` are: all 0 at first."""
    return Quantity(lambda draw, context: _in_dtype(make(integers(draw, shape(context))), context), text)


def _in_dtype(value: Any, context: Context) -> Any:
    def cast(leaf: Any) -> Any:
        return leaf.astype(context.dtype) if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" else leaf

    return map_leaves(cast, value)


def vector(widest: int = 500) -> Quantity:
    """An array of the common shape, of any scale up to 2^±widest as far as squares stay in the dtype's range."""
    return Quantity(
        lambda draw, context: _draw_array(draw, context, context.shape, widest),
        "array of the common shape, any scale; zeros, ties, subnormals, extremes",
    )


def nonnegative(widest: int = 500) -> Quantity:
    """Like `vector`, with entries >= 0."""
    return Quantity(
        lambda draw, context: np.abs(_draw_array(draw, context, context.shape, widest)),
        "array of the common shape, entries >= 0, any scale; zeros, ties, subnormals, extremes",
    )


def tame(scale: int = 0, shape: Callable[[tuple[int, ...]], tuple[int, ...]] = lambda shape: shape) -> Quantity:
    """An array with every entry 0 or from 2^-4 to 2^5 times 2^scale in size: for laws whose closed form needs room."""

    def draw_tame(draw: Draw, context: Context) -> NDArray[Any]:
        size = int(np.prod(shape(context.shape)))
        codes = draw(st.lists(CODES, min_size=size, max_size=size))
        entries = [
            (SIMPLE[code] if code < len(SIMPLE) else _tame_number(code - len(SIMPLE))) * 2.0**scale for code in codes
        ]
        return np.array(entries, dtype=context.dtype).reshape(shape(context.shape))

    lowest, highest = scale - WINDOW, scale + WINDOW + 1
    return Quantity(draw_tame, f"array of the common shape, entries 0 or from 2^{lowest} to 2^{highest} in size")


def _tame_number(code: int) -> float:
    """Return 0 for one code in 32, else a number within the window."""
    return 0.0 if code % 32 == 31 else _number(code // 32 * 31 + code % 32, -WINDOW, WINDOW)


def powered(power: int, shape: Callable[[tuple[int, ...]], tuple[int, ...]] = lambda shape: shape) -> Quantity:
    """An array of any scale at which the `power`-th powers of its entries, and their sum, stay in the dtype's range.

    They stay in the part of it that no replica of the perturbed oracle loses, and above its lower end unless they are
    0. One array in eight has entries of one size, one in eight has a single entry that is not 0.
    """

    def draw_powered(draw: Draw, context: Context) -> NDArray[Any]:
        info, (inwards, _) = np.finfo(context.dtype), RANGE_SHIFT[context.dtype]
        size, pattern, code = int(np.prod(shape(context.shape))), draw(SMALL_CODES), draw(CODES)
        lowest = -((-info.minexp - inwards) // power) + WINDOW
        highest = (info.maxexp - inwards - size.bit_length()) // power - WINDOW - 1
        near_one = min(8, highest)
        scale = 0 if code < 4 else code // 2 % (2 * near_one + 1) - near_one
        if code % 2 and code >= 4:
            scale = lowest + code // 2 % (highest - lowest + 1)
        codes = draw(st.lists(CODES, min_size=size, max_size=size)) if size <= 16 else _many_codes(draw(CODES), size)
        entries = [SIMPLE[c] if c < len(SIMPLE) else _tame_number(c - len(SIMPLE)) for c in codes]
        for i in range(1, size):
            if codes[i] % 16 == 15:  # a tie with the entry before
                entries[i] = entries[i - 1]
        if pattern % 8 == 6:
            entries = [-abs(entries[0]) if c & 1 else abs(entries[0]) for c in codes]
        if pattern % 8 == 7:
            entries = [x if i == code % size else 0.0 for i, x in enumerate(entries)]
        return np.array([x * 2.0**scale for x in entries], dtype=context.dtype).reshape(shape(context.shape))

    return Quantity(
        draw_powered,
        f"array of the common shape, any scale at which sums of {power}-th powers stay in the range; zeros, ties, "
        "one size, one entry that is not 0",
    )


def steps_of(quantity: Quantity, most: int) -> Quantity:
    """A sequence of 1 … `most` arrays of the common shape, one a step, along a new first axis."""

    def draw_sequence(draw: Draw, context: Context) -> NDArray[Any]:
        length = 1 + draw(SMALL_CODES) % most
        sequence: NDArray[Any] = quantity.draw(draw, context._replace(shape=(length, *context.shape)))
        return sequence

    return Quantity(draw_sequence, f"a sequence of 1 to {most} of: {quantity.text}")


def _simple(draw: Draw, values: Sequence[Value]) -> Value | None:
    """Return one of the simple values half of the time; the first is the simplest."""
    code: int = draw(SMALL_CODES)
    return values[code % len(values)] if values and code < 32 else None


def number(*simple: float, exponents: tuple[int, int] = (-12, 3)) -> Quantity:
    """A Python float: one of the `simple` ones, or (1 + fraction)·2^e with e between the two `exponents`."""
    first, last = exponents

    def draw_number(draw: Draw, _context: Context) -> float:
        chosen = _simple(draw, simple)
        return abs(_number(draw(CODES), first, last)) if chosen is None else chosen

    listed = ", ".join(f"{value:g}" for value in simple)
    return Quantity(
        draw_number,
        f"number: {listed}, or any from 2^{first} to 2^{last + 1}",
        lambda value: value in simple or 2.0**first <= value < 2.0 ** (last + 1),
    )


def far() -> Quantity:
    """A Python float from 2^20 to 2^40 or from 2^-40 to 2^-20: of float16 exponents a fifth of that."""

    def draw_far(draw: Draw, context: Context) -> float:
        most = min(FAR, np.finfo(context.dtype).maxexp // 2)
        size = abs(_number(draw(CODES), most // 2, most))
        return size if draw(SMALL_CODES) % 2 else 1 / size

    return Quantity(
        draw_far, "a number that is far from 1", lambda value: 2.0 ** (-FAR - 1) <= value < 2.0 ** (FAR + 1)
    )


def without_zeros(quantity: Quantity) -> Quantity:
    """Like `quantity`, an array, with 1 in the place of 0."""

    def draw_nonzero(draw: Draw, context: Context) -> Any:
        array = quantity.draw(draw, context)
        return np.where(array == 0, np.ones_like(array), array)

    return Quantity(draw_nonzero, f"{quantity.text}; 1 instead of 0")


zeros = Quantity(lambda _draw, context: np.zeros(context.shape, context.dtype), "zeros")
nonzero = without_zeros(tame())
entry_signs = Quantity(
    lambda draw, context: np.where(tame().draw(draw, context) < 0, -1, 1).astype(context.dtype), "±1 in each entry"
)
poisons = choice(nan, inf, -inf)


def single(quantity: Quantity) -> Quantity:
    """A number as an array without dimensions, of the dtype of the case."""
    return Quantity(lambda draw, context: np.array(quantity.draw(draw, context), context.dtype), quantity.text)


def one_of(*quantities: Quantity) -> Quantity:
    """One of the given quantities; the first is the simplest."""

    def draw_one(draw: Draw, context: Context) -> Any:
        return quantities[count(high=len(quantities) - 1).draw(draw, context)].draw(draw, context)

    text = "; or ".join(quantity.text for quantity in quantities)
    return Quantity(draw_one, text, lambda value: any(quantity.allows(value) for quantity in quantities))


def or_none(quantity: Quantity) -> Quantity:
    """`None` for one case in four, else like `quantity`."""

    def draw_either(draw: Draw, context: Context) -> Any:
        return None if draw(SMALL_CODES) < 16 else quantity.draw(draw, context)

    return Quantity(
        draw_either, f"None, or {quantity.text}", lambda value: value is None or bool(quantity.allows(value))
    )


def normal(quantity: Quantity) -> Quantity:
    """Like `quantity`, a positive number, but never below the smallest normal number of the dtype."""

    def draw_normal(draw: Draw, context: Context) -> float:
        return max(float(quantity.draw(draw, context)), float(np.finfo(context.dtype).smallest_normal))

    return Quantity(draw_normal, f"{quantity.text}; a normal number of the dtype", quantity.allows)


def fraction(*simple: float, closest: int = 14) -> Quantity:
    """A Python float in [0, 1): one of the `simple` ones, or anywhere, or 1 - 2^-k with k up to `closest`."""

    def draw_fraction(draw: Draw, _context: Context) -> float:
        chosen = _simple(draw, simple)
        if chosen is not None:
            return chosen
        code: int = draw(CODES)
        if code % 4 == 0:
            return 1.0 - 2.0 ** -(1 + (code // 4) % closest)
        return (code * MIXER) % 2**52 / 2**52 * (1 - 2.0**-closest)

    listed = ", ".join(f"{value:g}" for value in simple)
    return Quantity(
        draw_fraction, f"number in [0, 1): {listed}, or any, up to 1 - 2^-{closest}", lambda value: 0 <= value < 1
    )


def unit_interval() -> Quantity:
    """A Python float in [0, 1]."""
    inner = fraction(0.0, 1.0, 0.5, 0.9)
    return Quantity(inner.draw, "number in [0, 1]", lambda value: 0 <= value <= 1)


def count(*simple: int, low: int = 0, high: int = 2000) -> Quantity:
    """A Python integer: one of the `simple` ones, or any from `low` to `high`."""

    def draw_count(draw: Draw, _context: Context) -> int:
        chosen = _simple(draw, simple)
        if chosen is not None:
            return chosen
        code: int = draw(CODES)
        return low + code % (high - low + 1)

    return Quantity(draw_count, f"integer from {low} to {high}", lambda value: low <= value <= high)


def whole_range(room: int = ROOM) -> Quantity:
    """An integer k: 2ᵏ is anywhere in the dtype's range, `room` powers of two from its end and from its last digits."""

    def draw_exponent(draw: Draw, context: Context) -> int:
        info, code = np.finfo(context.dtype), draw(CODES)
        low, high = info.minexp + info.nmant + room, info.maxexp - room
        simple = (1, high, low)
        return int(simple[code]) if code < len(simple) else int(low + code % (high - low + 1))

    return Quantity(draw_exponent, "an exponent of 2 anywhere in the dtype's range")


def permutation() -> Quantity:
    """A rearrangement of the entries of the common shape, as an array of flat indices."""

    def draw_permutation(draw: Draw, context: Context) -> NDArray[Any]:
        size = int(np.prod(context.shape))
        order = np.random.Generator(np.random.PCG64(draw(CODES))).permutation(size)
        return order if draw(SMALL_CODES) else np.arange(size)[::-1].copy()

    return Quantity(draw_permutation, "permutation of the entries")


def indices() -> Quantity:
    """The flat index of one entry of the common shape; 0 for a shape without entries, where it is the index of none."""

    def draw_index(draw: Draw, context: Context) -> int:
        return int(draw(CODES) % max(1, int(np.prod(context.shape))))

    return Quantity(draw_index, "index of one entry")


def rotation() -> Quantity:
    """An orthogonal matrix (n, n), n the length of the common shape: any, or the identity."""

    def draw_rotation(draw: Draw, context: Context) -> NDArray[Any]:
        (n,) = context.shape
        code = draw(CODES)
        gauss = np.random.Generator(np.random.PCG64(code)).standard_normal((n, n)) if code else np.eye(n)
        factor, triangle = np.linalg.qr(gauss)
        return np.asarray(factor * np.sign(np.diag(triangle)), dtype=context.dtype)

    return Quantity(draw_rotation, "orthogonal matrix (n, n)")


def spectrum(decades: float = 2.0) -> Quantity:
    """Positive eigenvalues (n,), at most 1, the ratio of any two at most 10^decades."""

    def draw_spectrum(draw: Draw, context: Context) -> NDArray[Any]:
        (n,) = context.shape
        codes = draw(st.lists(CODES, min_size=n, max_size=n))
        exponents = [(code * MIXER) % 2**44 / 2**44 * decades for code in codes]
        return np.array([10.0**-e for e in exponents], dtype=context.dtype)

    return Quantity(draw_spectrum, f"eigenvalues in [1e-{decades:g}, 1]")


def symmetric(spread: float = 2.0) -> Quantity:
    """A symmetric positive definite matrix (n, n) with eigenvalues in [10^-spread, 1], rounded to the dtype."""

    def draw_symmetric(draw: Draw, context: Context) -> NDArray[Any]:
        double = context._replace(dtype=np.dtype(np.float64))
        turn, eigenvalues = rotation().draw(draw, double), spectrum(spread).draw(draw, double)
        matrix: NDArray[Any] = (turn * eigenvalues) @ turn.T
        return np.asarray((matrix + matrix.T) / 2, dtype=context.dtype)

    return Quantity(draw_symmetric, f"symmetric matrix (n, n), eigenvalues in [1e-{spread:g}, 1]")


def shapes(*allowed: tuple[int, ...]) -> Quantity:
    """One of the given shapes; the first is the simplest."""
    return choice(*allowed)


def rarely(unusual: Any, usual: Quantity) -> Quantity:
    """The unusual value in one case of 8."""
    return Quantity(
        lambda draw, context: unusual if draw(SMALL_CODES) % 8 == 3 else usual.draw(draw, context),
        f"{usual.text}; rarely {unusual!r}",
        lambda value: value == unusual or usual.allows(value),
    )


# The long one is longer than a block of most vectorised loops, and no multiple of one.
ANY_SHAPE = rarely(
    (67,), shapes((1,), (2,), (3,), (5,), (), (2, 3), (8,), (0,), (1,), (2,), (4,), (3, 1), (17,), (35,))
)
VECTORS = shapes((1,), (2,), (3,), (4,), (5,), (2,), (3,))


def hyperparameters(function: Callable[..., Any], **narrower: Quantity | float | bool | str) -> Cases:
    """The keyword arguments of a function that have defaults, anywhere in their declared domains.

    narrower: what is drawn otherwise. Whether arrays must be finite is never asked.
    """
    domains, parameters = domains_of(function), signature(function).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not Parameter.empty}
    asked = [name for name in defaults if name in domains and name != "check_finite"]
    return Cases({name: anywhere(domains[name], defaults[name]) for name in asked}, VECTORS).but(**narrower)


def choices_of(function: Callable[..., Any]) -> dict[str, Quantity]:
    """Any choice for each keyword argument of a function that is a flag or one of some names; the default is first."""
    domains, drawn = domains_of(function), hyperparameters(function).quantities
    return {name: quantity for name, quantity in drawn.items() if isinstance(domains[name], Choice | Flag)}


@singledispatch
def anywhere(domain: Domain, default: Any) -> Quantity:
    """A value of a domain; the default is the simplest. Raises `ValueError` for a domain of arrays."""
    raise ValueError(f"only numbers, counts, choices and flags can be drawn from their domain, not {domain}")


@anywhere.register
def _(domain: Number, default: float) -> Quantity:
    ends = [float(end) for end, belongs in ((domain.low, not domain.above), (domain.high, domain.closed)) if belongs]
    simple = tuple(dict.fromkeys([default, *ends, *(x for x in (0.5, 0.1, 1.0) if domain.low < x < domain.high)]))
    smallest = min(-12, frexp(default)[1] - 4)
    inner, extreme = number(exponents=(smallest, 3)), far()
    width = 1.0
    if domain.high < inf:
        inner = extreme = fraction()
        width = domain.high - domain.low

    def draw_number(draw: Draw, context: Context) -> float:
        chosen = _simple(draw, simple)
        if chosen is not None:
            return chosen
        drawn = extreme if draw(SMALL_CODES) % 4 == 3 else inner
        return domain.low + width * (drawn.draw(draw, context) or 0.5)

    def allows(value: float) -> bool:
        inside = (value - domain.low) / width
        return value in simple or (value > domain.low and (inner.allows(inside) or extreme.allows(inside)))

    return Quantity(draw_number, f"number {domain}: {', '.join(f'{x:g}' for x in simple)}, or any", allows)


@anywhere.register
def _(domain: Count, default: int) -> Quantity:
    return count(*dict.fromkeys((default, domain.low, domain.low + 1)), low=domain.low, high=domain.low + 40)


@anywhere.register
def _(domain: Choice, default: str) -> Quantity:
    return choice(*dict.fromkeys((default, *domain.names)))


@anywhere.register
def _(domain: Flag, default: bool) -> Quantity:
    return choice(default, not default)


@anywhere.register
def _(domain: OrNone, default: Any) -> Quantity:
    return or_none(anywhere(domain.inner, 1.0 if default is None else default))
