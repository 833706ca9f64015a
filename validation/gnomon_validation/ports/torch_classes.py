"""What the adapters of torch optimizers share: which system a class is, what it takes, and tensors of arrays."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from gnomon_validation.ports import adapted
from gnomon_validation.ports.adapted import system_named

# The published class of HysteroGrad is called HIOptimizer.
CALLED = {**adapted.CALLED, "hysterograd": "hysterograd", "hioptimizer": "hysterograd", "srkl": "srkl"}
TAKING = {"betas": "adam", "beta1": "adam", "stiffening_factor": "hysterograd", "momentum": "sgd"}
COUNTS = ("step", "step_count", "steps", "count", "t")


def guessed_system(optimizer: type[Any], path: str) -> str:
    """Return the system in the name of a class or of a base class, else that of an argument; raise `ValueError`."""
    names = [cls.__name__ for cls in optimizer.__mro__ if cls not in (torch.optim.Optimizer, object)]
    named = system_named(names, CALLED)
    if named is not None:
        return named
    parameters = constructor_parameters(optimizer)
    for parameter, system in TAKING.items():
        if parameter in parameters:
            return system
    *most, last = dict.fromkeys(CALLED.values())
    raise ValueError(
        f"{path} maps onto no system: neither a class name ({', '.join(names)}) nor a constructor argument "
        f"({', '.join(parameters)}) says {', '.join(most)} or {last}; say which with system="
    )


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


def tensor(array: Any) -> torch.Tensor:
    """Return a tensor with a copy of the array."""
    return torch.from_numpy(np.array(array, order="C"))


def in_the_form_of(kept: Any, value: Any) -> Any:
    """Return a number as the optimizer keeps it: a tensor of the same dtype, or the same type of number."""
    if isinstance(kept, torch.Tensor):
        return torch.full_like(kept, value)
    return type(kept)(value)
