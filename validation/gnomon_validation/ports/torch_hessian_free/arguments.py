"""What is asked of arguments: a `ValueError` with a sentence where they are out of their domain."""

from __future__ import annotations

from typing import Any

import numpy as np


def require(holds: bool, sentence: str) -> None:
    """Raise `ValueError` with the sentence unless it holds."""
    if not holds:
        raise ValueError(sentence)


def known(name: str, value: Any, choices: Any) -> None:
    """Require one of the named choices."""
    require(value in choices, f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def at_least_0(name: str, value: Any) -> None:
    """Require a finite number that is not negative."""
    require(bool(0 <= value < float("inf")), f"{name} must be finite and >= 0, got {value!r}")


def count(name: str, value: Any, least: int) -> None:
    """Require an integer that is not too small."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    require(whole and value >= least, f"{name} must be an integer >= {least}, got {value!r}")


def flag(name: str, value: Any) -> None:
    """Require True or False."""
    require(isinstance(value, bool | np.bool_), f"{name} must be True or False, got {value!r}")


def vector(name: str, array: Any, model: Any = None, *, finite: bool = True) -> None:
    """Require a vector of floating-point numbers, of the shape and dtype of `model` if there is one."""
    require(isinstance(array, np.ndarray) and array.dtype.kind == "f", f"{name} must be floating")
    require(array.ndim == 1 and array.size > 0, f"{name} must have shape (n,) with n >= 1, got {array.shape}")
    fits = model is None or (array.shape == model.shape and array.dtype == model.dtype)
    require(fits, f"{name} must have the shape and the dtype of the others, got {array.dtype} of shape {array.shape}")
    require(not finite or bool(np.isfinite(array).all()), f"{name} must be finite")
