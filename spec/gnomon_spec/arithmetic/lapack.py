"""How `numpy.linalg` is reached with arrays wider than it takes: it computes in float64, the result is wide again.

The band of a law covers that: in float64 the noise of a routine is twice what a port's own LAPACK needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def lapack(routine: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
    """Return what a routine of `numpy.linalg` gives for arrays of any width: `lapack(np.linalg.svd, case.matrix)`.

    Arrays wider than float64 enter it in float64, and real results are then given back in the wide dtype. Everything
    else, a `NoisyArray` too, passes unchanged.
    """
    if not any(is_beyond_lapack(x) for x in (*inputs, *options.values())):
        return routine(*inputs, **options)
    result = routine(*map(_narrowed, inputs), **{name: _narrowed(x) for name, x in options.items()})
    return _each(_widened, result)


def is_beyond_lapack(leaf: Any) -> bool:
    """Return whether this is an array of a dtype wider than LAPACK computes in."""
    return isinstance(leaf, np.ndarray | np.floating) and leaf.dtype.kind == "f" and leaf.dtype.itemsize > 8


def is_refusal(error: TypeError) -> bool:
    """Return whether NumPy raised the error because LAPACK does not compute in the dtype of an array."""
    return str(error).endswith("is unsupported in linalg")


def _narrowed(leaf: Any) -> Any:
    return np.asarray(leaf, np.float64) if is_beyond_lapack(leaf) else leaf


def _widened(leaf: Any) -> Any:
    is_real = isinstance(leaf, np.ndarray | np.floating) and leaf.dtype.kind == "f"
    return leaf.astype(np.longdouble) if is_real else leaf


def _each(change: Callable[[Any], Any], result: Any) -> Any:
    """Apply `change` to what a routine returned: an array, or a NamedTuple or tuple of them."""
    if not isinstance(result, tuple):
        return change(result)
    parts = map(change, result)
    return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)


class WideArray(np.ndarray[Any, Any]):
    """An array wider than float64 that `numpy.linalg` takes; all other operations on it are done in its own dtype."""

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        try:
            return super().__array_function__(function, types, args, kwargs)
        except TypeError as error:
            if not is_refusal(error):
                raise
        return _each(entering_lapack, lapack(function, *args, **kwargs))


def entering_lapack(leaf: Any) -> Any:
    """Return an array wider than float64 as one that `numpy.linalg` takes; anything else as it is."""
    return leaf.view(WideArray) if isinstance(leaf, np.ndarray) and is_beyond_lapack(leaf) else leaf


def leaving_lapack(leaf: Any) -> Any:
    """Undo `entering_lapack`."""
    return np.asarray(leaf)[()] if isinstance(leaf, WideArray) else leaf
