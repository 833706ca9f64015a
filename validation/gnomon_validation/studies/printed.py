"""Numbers as a source prints them, held against numbers that were measured: to the printed digits, no further."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import NamedTuple


class Comparison(NamedTuple):
    """One figure that a source states, and what was measured for it.

    quantity: of what, in words. stated: the number as printed ("1.94e-8", ".4535290", "50,044"), or a range of two such
    ("2.19 … 3.31"). measured: our number.
    """

    quantity: str
    stated: str
    measured: float

    @property
    def reproduced(self) -> bool:
        """Whether the measured number is one that would be printed so, or lies in the stated range."""
        if not isfinite(self.measured):
            return False
        low, mark, high = self.stated.partition("…")
        if mark:
            return _bounds(low)[0] <= Decimal(self.measured) <= _bounds(high)[1]
        lowest, highest = _bounds(self.stated)
        return lowest <= Decimal(self.measured) <= highest


def _bounds(text: str) -> tuple[Decimal, Decimal]:
    """Return the numbers between which everything is rounded to the printed one: half a unit of its last digit away."""
    try:
        number = Decimal(text.strip().replace(",", "").replace("−", "-"))
    except InvalidOperation:
        raise ValueError(f"stated must be a number or two with … between them, got {text!r}") from None
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    half = Decimal((0, (5,), exponent - 1))
    return number - half, number + half
