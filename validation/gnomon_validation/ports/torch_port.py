"""A torch optimizer as a port.

The state is that of a parameter tensor; its keys are found by one step on a few numbers. Every call builds an
optimizer, writes its state (none if it is that before the first step), makes one step and reads the state back, so no
call can see another. What an optimizer creates without a dtype gets torch's default one, float32 unless the option
`default_dtype` says otherwise, whatever the parameters have; that is checked as it is. What it turns into bfloat16, as
Muon its Newton-Schulz steps, is bfloat16 unless the option `ns_dtype` says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from gnomon.domains import require_choice
from gnomon_spec.system import Operation
from gnomon_validation.ports.adapted import AdaptedPort, fresh
from gnomon_validation.ports.methods import COUNTS
from gnomon_validation.ports.torch_dtypes import InsteadOfBfloat16
from gnomon_validation.ports.torch_functions import tensor

Arrays = Sequence[Any]
DTYPES = {None: None, "float32": torch.float32, "float64": torch.float64}


class TorchPort(AdaptedPort):
    """A `torch.optim.Optimizer` class as the port of a system's steps, with a state or without."""

    kind = "torch"
    example_sizes: tuple[int, ...] = ()  # of vectors; none: one parameter of the row's shape

    def __init__(self, made_by: type[Any], path: str, options: Mapping[str, Any], *others: Any) -> None:
        for name in ("default_dtype", "ns_dtype"):
            if name in options:
                require_choice(name, options[name], ("float32", "float64"))
        self._dtype, self._ns_dtype = (DTYPES[options.get(name)] for name in ("default_dtype", "ns_dtype"))
        self._examples: dict[Any, Any] = {}
        super().__init__(made_by, path, options, *others)

    def after_one_step(self) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
        made = self.example(torch.float64)
        (group,) = made.param_groups
        return made.state.get(group["params"][0], {}), group, made.defaults

    def example(self, dtype: Any) -> Any:
        """Return an optimizer that has made one step in a dtype, and that nobody writes to."""
        if dtype not in self._examples:
            shapes = self.example_sizes or (self.row.example,)
            arrays = [torch.ones(shape, dtype=dtype).numpy() for shape in shapes]
            self._examples[dtype] = self.take_step([arrays], [arrays], [()], self.example_arguments())[0]
        return self._examples[dtype]

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        self.require_offered(hyperparameters)
        self.require_state(operation, inputs)
        params, grads, *state = inputs
        several = isinstance(params, tuple)
        if several and len(params) == len(grads) == 0:  # torch refuses an empty list of parameters
            return ()
        groups = ([params], [grads]) if several else ([(params,)], [(grads,)])
        optimizer, (tensors,), _ = self.take_step(groups[0], groups[1], [state], self.arguments(hyperparameters))
        new = tuple(parameter.detach().numpy() for parameter in tensors)
        if state:
            return new[0], self.read(optimizer, 0, state)[0]
        return new if several else new[0]

    def take_step(
        self, params: Sequence[Arrays], grads: Sequence[Arrays], states: Sequence[Arrays], arguments: Mapping[str, Any]
    ) -> tuple[Any, list[list[Any]], Any]:
        """Return an optimizer that has made one step, its parameters, and what the step returned.

        params, grads, states: of each group the arrays, their gradients (None if missing) and states.
        """
        with self.at_work():
            requires_grad = not self.options.get("differentiable", False)
            tensors = [
                [torch.nn.Parameter(tensor(array), requires_grad=requires_grad) for array in of] for of in params
            ]
            starts = [self.start(of) for of in states]
            if len(tensors) == 1 and not self.row.group:
                optimizer = self.made_by(tensors[0], **arguments, **(starts[0] or {}))
            else:
                groups = [
                    {"params": of, **self.row.group, **(start or {})} for of, start in zip(tensors, starts, strict=True)
                ]
                optimizer = self.made_by(groups, **arguments)
            uphill = optimizer.defaults.get("maximize")  # what such an optimizer descends by is the negated gradient
            for i, start in enumerate(starts):
                for parameter, grad in zip(tensors[i], grads[i], strict=True):
                    parameter.grad = None if grad is None else tensor(-grad if uphill else grad)
                if start is None:
                    self.write(optimizer, i, states[i])
            return optimizer, tensors, optimizer.step()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Set torch's default dtype, and what stands for bfloat16, if an option of the port says so."""
        usual = torch.get_default_dtype()
        try:
            torch.set_default_dtype(self._dtype or usual)
            with InsteadOfBfloat16(self._ns_dtype) if self._ns_dtype else nullcontext():
                yield
        finally:
            torch.set_default_dtype(usual)

    def start(self, states: Arrays) -> dict[str, Any] | None:
        """Return with which arguments a group begins in these states by itself; None if they must be written."""
        return {} if not states or fresh(states[0]) else None

    def write(self, optimizer: Any, index: int, states: Arrays) -> None:
        """Give a group's parameters their states; numbers are kept with the first one, or in the group."""
        group = optimizer.param_groups[index]
        made = self.example(group["params"][0].dtype)
        (like_group,) = made.param_groups
        likes = [made.state.get(parameter, {}) for parameter in like_group["params"]]
        for i, (parameter, state) in enumerate(zip(group["params"], states, strict=True)):
            like = likes[min(i, len(likes) - 1)]
            kept = {key: in_the_form_of(value, value) for key, value in like.items() if key in COUNTS}
            for field, key in self.keys.items():
                if field not in self.row.numbers:
                    kept[key] = tensor(getattr(state, field))
                elif i == 0:
                    home, old = (kept, like) if key in like else (group, like_group)
                    home[key] = in_the_form_of(old[key], np.asarray(getattr(state, field)).item())
            optimizer.state[parameter] = kept

    def read(self, optimizer: Any, index: int, before: Arrays) -> list[Any]:
        """Return the states of a group's parameters after a step."""
        group = optimizer.param_groups[index]
        kept = [
            {
                key: x.detach().numpy() if isinstance(x, torch.Tensor) else x
                for key, x in optimizer.state.get(p, {}).items()
            }
            for p in group["params"]
        ]
        return [self.after(old, own, {**group, **kept[0]}) for old, own in zip(before, kept, strict=True)]


def in_the_form_of(kept: Any, value: Any) -> Any:
    """Return a number as the optimizer keeps it: a tensor of the same dtype, or the same type of number."""
    if isinstance(kept, torch.Tensor):
        return torch.full_like(kept, value)
    return type(kept)(value)
