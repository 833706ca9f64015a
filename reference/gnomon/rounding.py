"""Where an array's dtype is too narrow for the numbers that meet it: computed wider, and rounded once.

Beside an array NumPy rounds a Python number to the array's dtype first. In float16 an ε of 1e-8 is 0 then, and so is a
rate of 1e-8; in float32, whatever lies below 1e-45.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")
RANGE = np.finfo(np.float32)


def spacing_in_lapack(dtype: np.dtype[Any]) -> float:
    """Return the spacing ε at 1 of the dtype in which `numpy.linalg` computes: a wider one than float64 is float64."""
    return max(float(np.finfo(dtype).eps), float(np.finfo(np.float64).eps))


def rounded_once(function: Callable[P, R]) -> Callable[P, R]:
    """Keep each hyperparameter of the decorated function as it is: none is rounded to the dtype of the arrays.

    Arrays of float16, and those of float32 beside a number that is no normal one of theirs, are computed with in
    float64, and each array that comes out is rounded once to their dtype. All else is done as it stands.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        narrow = too_narrow(args, kwargs)
        if narrow is None:
            return function(*args, **kwargs)
        wide = {name: mapped(widened, value) for name, value in kwargs.items()}
        result = function(*mapped(widened, args), **wide)
        return mapped(lambda number: number.astype(narrow), result)  # type: ignore[no-any-return]

    return call


def too_narrow(args: Iterable[Any], kwargs: Mapping[str, Any]) -> type[np.floating[Any]] | None:
    """Return the dtype of the arrays among the arguments, all of one, if a number among them could be lost in it."""
    given = (*args, *kwargs.values())
    dtype = next(dtypes_in(given), None)
    if dtype == np.float16:
        return np.float16
    return np.float32 if dtype == np.float32 and any(map(has_no_place, given)) else None


def dtypes_in(value: Any) -> Iterator[np.dtype[Any]]:
    """Yield the dtypes of the NumPy arrays and numbers in a value, and in the parts of a tuple."""
    if isinstance(value, np.ndarray | np.floating):
        yield value.dtype
    elif isinstance(value, tuple):
        for part in value:
            yield from dtypes_in(part)


def has_no_place(value: Any) -> bool:
    """Return whether a value is a Python number that is not 0 and no normal number of float32."""
    return isinstance(value, int | float) and value != 0 and not RANGE.tiny <= abs(value) <= RANGE.max


def mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """Return a value with the NumPy arrays and numbers in it, and in the parts of a tuple, changed."""
    if isinstance(value, tuple):
        parts = [mapped(change, part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return change(value) if isinstance(value, np.ndarray | np.floating) else value


def widened(number: Any) -> Any:
    """Return an array in float64; a number that is one already as Python's, which is no array's."""
    return float(number) if isinstance(number, float) else number.astype(np.float64)
