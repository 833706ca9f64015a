"""What an argument must satisfy, said in one sentence when it does not.

Each check names the argument, the constraint and the value that was given. The checks read only `shape` and `dtype`
of an array and only compare numbers, so that they work for every array-like that NumPy itself would accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


def require_number(name: str, value: Any, low: float, high: float = inf, *, closed: bool = False) -> None:
    """Require the finite number `low <= value < high` (`low <= value <= high` if `closed`).

    Raises `TypeError` if `value` is not a real number and `ValueError` if it is out of the domain.
    """
    domain = f"[{low:g}, {high:g}{']' if closed and high != inf else ')'}"
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__lt__") or np.ndim(value) != 0:
        raise TypeError(f"{name} must be a number in {domain}, got {value!r}")
    if not (value >= low and (value < high or (closed and value == high))):
        raise ValueError(f"{name} must be a finite number in {domain}, got {value!r}")


def require_count(name: str, value: Any, low: int = 0) -> None:
    """Require an integer `value >= low`; raise `TypeError` or `ValueError`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer >= {low}, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be an integer >= {low}, got {value!r}")


def require_flag(name: str, value: Any) -> None:
    """Require `True` or `False`; raise `TypeError`."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def require_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """Require one of the named choices; raise `ValueError`."""
    choices = tuple(choices)
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def require_like(name: str, array: Any, model: Any, model_name: str = "params") -> None:
    """Require that `array` has the shape and the dtype of `model`; raise `TypeError` or `ValueError`."""
    require_floating(name, array)
    if array.shape != model.shape:
        raise ValueError(f"{name} must have the shape of {model_name} {model.shape}, got {array.shape}")
    if array.dtype != model.dtype:
        raise TypeError(f"{name} must have the dtype of {model_name} {model.dtype}, got {array.dtype}")


def require_floating(name: str, array: Any) -> None:
    """Require an array of real floating-point numbers; raise `TypeError`."""
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        raise TypeError(f"{name} must be a NumPy array of floating-point numbers, got {type(array).__name__}")
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"{name} must hold real floating-point numbers, got dtype {array.dtype}")


def require_finite(arrays: Mapping[str, Any]) -> None:
    """Require that no entry of the named arrays is NaN or infinite; raise `ValueError` naming the first that is."""
    for name, array in arrays.items():
        finite = np.isfinite(array)
        if not np.all(finite):
            index = tuple(int(i) for i in np.argwhere(~np.asarray(finite))[0])
            raise ValueError(f"{name} must be finite, got {array[index]} at index {index}")
