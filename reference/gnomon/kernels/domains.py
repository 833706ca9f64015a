"""What a compiled loop accepts beyond the reference's own checks: two dtypes, and memory laid out in one way."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from gnomon.arguments import check_arguments
from gnomon.domains import Array
from gnomon.rounding import too_narrow

COMPILED_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))

Operation = Callable[..., Any]


def first_is_compiled(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments if loops are compiled for the dtype of the first, or of the first part of that."""
    name, array = next(iter(given.items()))
    if isinstance(array, tuple):
        name, array = f"{name}.{array._fields[0]}", array[0]  # type: ignore[attr-defined]
    require_compiled(name, array)
    return given


def in_place_of(
    reference: Operation, prepare: Callable[[dict[str, Any]], dict[str, Any]] = first_is_compiled
) -> Callable[[Operation], Operation]:
    """Give the decorated function the signature, the documentation and the checks of an operation of the reference.

    It is called with every argument by its name, defaults included, as `prepare` returns them. A number that would be
    lost in float32 (see `gnomon.rounding`) is left to the reference itself.
    """
    parameters = inspect.signature(reference).parameters.values()
    positional = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    defaults = {p.name: p.default for p in parameters}

    def decorate(function: Operation) -> Operation:
        @wraps(reference)
        def call(*args: Any, **kwargs: Any) -> Any:
            check_arguments(reference, *args, **kwargs)
            given = prepare({**defaults, **dict(zip(positional, args, strict=False)), **kwargs})
            return reference(*args, **kwargs) if too_narrow(args, kwargs) else function(**given)

        call.__module__ = reference.__module__.replace("gnomon.", "gnomon.kernels.", 1)
        return call

    return decorate


def require_compiled(name: str, array: Any) -> None:
    """Require one of the dtypes that the loops are compiled for, float32 and float64; raise `TypeError`."""
    if array.dtype not in COMPILED_DTYPES:
        allowed = " or ".join(map(str, COMPILED_DTYPES))
        raise TypeError(f"{name} must have dtype {allowed} for a compiled kernel, got dtype {array.dtype}")


def contiguous(array: Array) -> Array:
    """Return `array` itself if the loops can read it as it lies in memory, otherwise a copy that they can.

    Every other layout, and every read-only array, would be compiled for anew.
    """
    if type(array) is np.ndarray and array.flags.carray:
        return array
    return np.require(array, requirements=["C", "ALIGNED", "WRITEABLE", "ENSUREARRAY"])


def flat(array: Array) -> Array:
    """Return the entries of `array`, of any shape, as `contiguous` and one-dimensional."""
    return contiguous(array).reshape(-1)
