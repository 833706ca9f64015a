"""Hessian-free optimization in torch, written from its description as a user of torch writes it: a port of each part.

What a part does with tensors is in `parts`, `solver` and `optimizer`, which call one another by module and name, so
that one part can be exchanged; `operations` has those operations that are asked for otherwise than a part is. Curvature
products are double backward through a graph that a step records once (`objectives`).
"""

from __future__ import annotations

from typing import Any

from gnomon_validation.ports.torch_functions import offered
from gnomon_validation.ports.torch_hessian_free import operations, parts

dtypes = ("float32", "float64")


def __getattr__(name: str) -> Any:
    """Return the port of an operation, `hessian_free_window` of `window`."""
    operation = name.removeprefix("hessian_free_")
    if operation == name:
        raise AttributeError(name)
    home = operations if hasattr(operations, operation) else parts
    return offered(f"hessian_free.{operation}")(getattr(home, operation))
