"""Numbers as a source prints them, held against numbers that were measured: to the printed digits, no further."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import isfinite
from typing import Any, NamedTuple

THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


class Comparison(NamedTuple):
    """One figure that a source states, and what was measured for it.

    quantity: of what, in words. stated: the number as printed ("1.94e-8", ".4535290", "50,044"), or a range of two such
    ("2.19 … 3.31"). measured: our number; a fraction where a tie is to be one.
    """

    quantity: str
    stated: str
    measured: float | Fraction

    @property
    def reproduced(self) -> bool:
        """Whether the measured number is one that would be printed so, or lies in the stated range.

        Both numbers next to a tie are accepted. Raises `ValueError` if what is stated is not a number, or if a range is
        empty; a measured NaN or infinity is not reproduced.
        """
        first, mark, last = self.stated.partition("…")
        low, high = _number(first), _number(last if mark else first)
        if low > high:
            raise ValueError(f"stated must be a range from the smaller number to the larger, got {self.stated!r}")
        lowest, highest = Fraction(low) - _half_unit(low), Fraction(high) + _half_unit(high)
        if not isfinite(self.measured):
            return False
        measured = self.measured if isinstance(self.measured, Fraction) else Fraction(float(self.measured))
        return lowest <= measured <= highest

    @property
    def shown(self) -> str:
        """The measured number with a digit or two more than are stated, ten at least."""
        stated = [_number(part) for part in self.stated.split("…")]
        return f"{float(self.measured):.{max(10, *(len(number.as_tuple().digits) + 2 for number in stated))}g}"


def compare_each(quantity: str, stated: Mapping[Any, str], measured: Any) -> list[Comparison]:
    """Return a comparison for each stated figure, whose key fills the gap in `quantity` and finds what was measured."""
    return [Comparison(quantity.format(key), figure, measured[key]) for key, figure in stated.items()]


def listed(numbers: Iterable[Any], form: str = "{:.3f}") -> str:
    """Return numbers as text, with commas between them. form: how each is printed."""
    return ", ".join(map(form.format, numbers))


def spread(numbers: Collection[Any], form: str = "{}") -> str:
    """Return the smallest and the largest of some numbers as text."""
    return " … ".join(map(form.format, (min(numbers), max(numbers))))


def _number(text: str) -> Decimal:
    """Return a number as printed: with commas between thousands, any minus sign, trailing zeros that count."""
    plain = text.strip().replace("−", "-")
    try:
        number = Decimal(plain.replace(",", ""))
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or ("," in plain and not THOUSANDS.fullmatch(plain)):
        raise ValueError(f"stated must be a number or two with … between them, got {text!r}")
    return number


def _half_unit(number: Decimal) -> Fraction:
    """Return half a unit of the last printed digit."""
    return Fraction(10) ** int(number.as_tuple().exponent) / 2
