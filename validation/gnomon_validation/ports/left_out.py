"""What a port does not return: a solver may give the solution alone, an estimator the number alone.

In the place of each thing that is left out stands something that whatever is computed from it becomes, too, so that a
fact about it is recognised, and a law that needs its value ends with `LeftOutError`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_spec.cases import leaves


class LeftOutError(ValueError):
    """A law needs the value of what the port does not return."""


class AllLeftOutError(LeftOutError):
    """All that a law claims in one case is about what the port does not return."""


class LeftOut(np.lib.mixins.NDArrayOperatorsMixin):
    """In the place of what a port does not return."""

    def __array_ufunc__(self, *_: Any, **__: Any) -> LeftOut:
        return LEFT_OUT

    def __array_function__(self, *_: Any, **__: Any) -> LeftOut:
        return LEFT_OUT

    def __getitem__(self, _: Any) -> Any:
        return LEFT_OUT

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise LeftOutError(f"the port does not return what has a {name}")

    def _has_no_value(self, *_: Any) -> Any:
        raise LeftOutError("the port does not return it")

    __bool__ = __len__ = __iter__ = __int__ = __index__ = __float__ = _has_no_value
    __hash__ = None  # type: ignore[assignment]


class LastRow(LeftOut):
    """In the place of rows of which a port returns the last one."""

    def __init__(self, row: Any) -> None:
        self.row = row

    def __getitem__(self, index: Any) -> Any:
        return self.row if isinstance(index, int) and index == -1 else LEFT_OUT


LEFT_OUT = LeftOut()


def is_left_out(*values: Any) -> bool:
    """Return whether any of the values, or a part of them, is left out or computed from what is."""
    parts = leaves(values)
    return any(isinstance(part, LeftOut) or (isinstance(part, np.ndarray) and part.dtype == object) for part in parts)


def returned(outputs: Any) -> Any:
    """Return what a port itself returned, of outputs in which the rest is left out."""
    if not (isinstance(outputs, tuple) and any(isinstance(part, LeftOut) for part in outputs)):
        return outputs
    return outputs[0].row if isinstance(outputs[0], LastRow) else outputs[0]
