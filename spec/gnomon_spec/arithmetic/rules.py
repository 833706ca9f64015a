"""Where the rules for NumPy's functions on noisy arrays are kept, and how they are declared.

The rules stand in the modules beside this one, by subject; importing the package registers them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from gnomon_spec.arithmetic.noise import Values

RULES: dict[Any, Callable[..., Any]] = {}
# Ufuncs that are a function of several roundings, and what is known of the methods of others.
COMPOSED: dict[np.ufunc, Callable[..., Any]] = {}
REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {}
ACCUMULATIONS: dict[np.ufunc, Callable[..., Any]] = {}
Rule = TypeVar("Rule", bound=Callable[..., Any])


def rule(*functions: Any) -> Callable[[Rule], Rule]:
    """Declare what the NumPy functions do with noisy arrays."""

    def declare(implementation: Rule) -> Rule:
        for function in functions:
            RULES[function] = implementation
        return implementation

    return declare


def hidden(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return visible axes as axes of `values`, whose first one holds the replicas."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(int(a) + 1 if a >= 0 else int(a) + ndim + 1 for a in axes)


def visible(axis: Any, ndim: int) -> tuple[int, ...]:
    return tuple(a - 1 for a in hidden(axis, ndim))


def terms(values: Values, axes: tuple[int, ...]) -> int:
    return int(np.prod([values.shape[a] for a in axes], initial=1))


def padded(values: Values, ndim: int) -> Values:
    return values.reshape(values.shape[:1] + (1,) * (ndim + 1 - values.ndim) + values.shape[1:])


def visible_ndim(x: Any) -> int:
    return x.ndim if hasattr(x, "ndim") else np.ndim(x)


def visible_shape(x: Any) -> tuple[int, ...]:
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)
