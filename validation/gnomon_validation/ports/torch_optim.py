"""Ports made of `torch.optim.Optimizer` classes: torch's own, a library's, a user's."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from gnomon_validation.ports.port import Port
from gnomon_validation.ports.targets import row_of
from gnomon_validation.ports.torch_hysterograd import HysteroGradPort
from gnomon_validation.ports.torch_port import TorchPort


def port_of(found: Any, path: str, options: Mapping[str, Any]) -> Port:
    """Return the port of a class. path: what it is called. options: arguments of its constructor, `system` (`row_of`).

    Raises `ValueError` with one line that says what is wrong.
    """
    if not (isinstance(found, type) and issubclass(found, torch.optim.Optimizer)):
        raise ValueError(f"{path} must be a class derived from torch.optim.Optimizer, got a {type(found).__name__}")
    takes = constructor_parameters(found)
    row = row_of("torch", *names_of(found), options)
    adapter = HysteroGradPort if row.system == "hysterograd" else TorchPort
    return adapter(found, path, options, row, takes)


def names_of(optimizer: type[Any]) -> tuple[list[str], list[str]]:
    """Return the names that say a class's method, and those of its other bases.

    Its own does, and that of a base that it only makes with other arguments.
    """
    classes = [cls for cls in optimizer.__mro__ if cls not in (torch.optim.Optimizer, object)]
    own = 1
    while own < len(classes) and not any(
        callable(value) for name, value in vars(classes[own - 1]).items() if name[:2] != "__"
    ):
        own += 1
    names = [cls.__name__ for cls in classes]
    return names[:own], names[own:]


def constructor_parameters(optimizer: type[Any]) -> Mapping[str, inspect.Parameter]:
    """Return the constructor's arguments, those of base classes too as far as `**kwargs` passes them on."""
    parameters: dict[str, inspect.Parameter] = {}
    for cls in optimizer.__mro__:
        if "__init__" not in vars(cls):
            continue
        own = list(inspect.signature(vars(cls)["__init__"]).parameters.values())[2:]
        parameters.update({p.name: p for p in own if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)})
        if not any(p.kind is p.VAR_KEYWORD for p in own):
            break
    return parameters
