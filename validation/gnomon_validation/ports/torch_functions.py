"""Functions on tensors as operations: with arrays in and out, and with the defaults and the checks of the reference."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np
import torch

from gnomon.arguments import check_arguments
from gnomon_spec.cases import map_leaves
from gnomon_spec.system import find_system


def tensor(array: Any) -> Any:
    """Return a tensor with a copy of an array or a number."""
    return torch.from_numpy(np.array(array, order="C"))


def tensors(value: Any) -> Any:
    """Return a value with tensors for the arrays in it."""
    return map_leaves(lambda leaf: tensor(leaf) if isinstance(leaf, np.ndarray | np.floating) else leaf, value)


def arrays(value: Any) -> Any:
    """Return a value with arrays for the tensors in it, NumPy's numbers for those of one number."""
    return map_leaves(lambda leaf: leaf.detach().numpy()[()] if isinstance(leaf, torch.Tensor) else leaf, value)


def offered(operation: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make the decorated function on tensors, whose arguments have the reference's names, the port of an operation.

    operation: as in "products.hvp". What an argument must satisfy, and what it is by default, the reference's signature
    says; nothing else is taken from the reference.
    """
    system, _, name = operation.partition(".")
    reference = find_system(system).operations[name].reference

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        parameters = signature(function).parameters.values()
        named = None if any(p.kind is p.VAR_KEYWORD for p in parameters) else {p.name for p in parameters}

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            given = signature(reference).bind(*args, **kwargs)
            check_arguments(reference, *args, **kwargs)
            given.apply_defaults()
            taken = {name: value for name, value in given.arguments.items() if named is None or name in named}
            return arrays(function(**tensors(taken)))

        return call

    return decorate
