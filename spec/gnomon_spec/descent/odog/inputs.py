"""What is drawn for ODOG: functions whose constants are known, games, rates, noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon.descent.odog.problems import Cosines
from gnomon_spec.cases import Case, Context, Draw, Quantity
from gnomon_spec.strategies import CODES, SMALL_CODES, rotation, shapes, tame
from gnomon_spec.system import Changed

UP_TO_3 = shapes((1,), (2,), (3,), (2,))


def cosines() -> Quantity:
    """`Cosines`: amplitudes from ¼ to 1, frequencies from ½ to 2, turned any way or not at all."""

    def draw_cosines(draw: Draw, context: Context) -> Cosines:
        code, turn = draw(CODES), rotation().draw(draw, context)
        spread = np.random.Generator(np.random.PCG64(code)).uniform(0, 1, (2, *context.shape)) if code else np.ones(2)
        one = np.ones(context.shape)
        a, b = (0.25 + 0.75 * spread[0]) * one, (0.5 + 1.5 * spread[1]) * one
        return Cosines(a.astype(context.dtype), b.astype(context.dtype), turn)

    return Quantity(draw_cosines, "Cosines: amplitudes from 1/4 to 1, frequencies from 1/2 to 2, any turn")


def constants(f: Cosines) -> tuple[Any, Any]:
    """Return L₁ and L₂."""
    a, b = f.amplitudes, f.frequencies
    return np.max(a * b**2), np.max(a * b**3)


def rate_within(*shares: float) -> Quantity:
    """A rate that is one of these shares of 1/L₁ of the drawn objective."""

    def draw_rate(draw: Draw, context: Context) -> float:
        L1, _ = constants(context.drawn["objective"])
        return float(shares[draw(SMALL_CODES) % len(shares)] / L1)

    return Quantity(draw_rate, f"one of {', '.join(map(str, shares))}, over L1", lambda value: value > 0)


def where(condition: Callable[[Any], bool], quantity: Quantity, otherwise: Any = None) -> Quantity:
    """A quantity where what was drawn before it is so, and a plain value elsewhere."""
    return Quantity(
        lambda draw, c: quantity.draw(draw, c) if condition(c.drawn) else otherwise,
        f"{quantity.text}; or {otherwise!r}",
        quantity.allows,
    )


def rows(quantity: Quantity, number: Callable[[Any], int]) -> Quantity:
    """As many rows (n,) as the values drawn before say."""
    text = f"rows, each: {quantity.text}"
    return Quantity(lambda draw, c: quantity.draw(draw, c._replace(shape=(number(c.drawn), *c.shape))), text)


def steps(drawn: Any) -> int:
    """Return M = K·T."""
    return int(drawn["episodes"] * drawn["length"])


noise = rows(tame(-2), lambda drawn: steps(drawn) + 1)


def sizes(vectors: Any) -> Any:
    """Return the length of each row."""
    return np.sqrt(np.sum(vectors * vectors, axis=-1))


def inner(left: Any, right: Any) -> Any:
    """Return the scalar product of each two rows."""
    return np.sum(left * right, axis=-1)


def within(vectors: Any, radius: Any) -> Any:
    """Return each row, shortened to the radius."""
    return vectors * (radius / np.maximum(sizes(vectors), radius))[..., np.newaxis]


def opposite(vectors: Any, radius: Any) -> Any:
    """Return -D·v/‖v‖ for each row, 0 for a row of 0."""
    length = sizes(vectors)
    return -vectors * (radius / (length + (length == 0)))[..., np.newaxis]


def by_episode(numbers: Any, case: Case) -> Any:
    """Return K sums over T steps each."""
    return np.sum(numbers.reshape((case.episodes, case.length)), axis=1)


def each_step(comparators: Any, case: Case) -> Any:
    """Return the comparator of each step."""
    return comparators[np.arange(case.episodes * case.length) // case.length]


def scaled(degree: int) -> Changed:
    """Return what happens to what is measured in the `degree`-th power of a unit that becomes 2ᵏ times smaller."""
    return lambda value, case: None if value is None else value * 2.0 ** (degree * case.power)


def turned(value: Any, case: Case) -> Any:
    """Return vectors in turned coordinates."""
    return None if value is None else value @ case.turn.T


def with_its(**changes: Changed) -> Changed:
    """Return how a function changes with its parts."""
    return lambda f, case: f._replace(**{name: change(getattr(f, name), case) for name, change in changes.items()})
