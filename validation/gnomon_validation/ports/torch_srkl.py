"""A torch optimizer without state as a port of SRKL's published rule, `srkl.step_code`, and of `srkl.step_arrays`.

α is the constructor's argument `alpha` or `lr`, β is `beta`. The options `system` and `per_array` are for this adapter,
all others go to the constructor; what they set cannot be varied. per_array: whether the optimizer takes a curvature for
each of its parameters instead of one for all of them (False by default).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gnomon.domains import require_flag
from gnomon_spec.system import Operation
from gnomon_validation.ports.adapted import one_line, port_name, require_fixed
from gnomon_validation.ports.port import Offer
from gnomon_validation.ports.torch_classes import COUNTS, constructor_parameters, tensor

ARGUMENTS = {"alpha": ("alpha", "lr"), "beta": ("beta",)}


class SRKLPort:
    """A `torch.optim.Optimizer` class as the port of `srkl.step_code` and `srkl.step_arrays`."""

    system = "srkl"

    def __init__(self, optimizer: type[Any], path: str, options: Mapping[str, Any]) -> None:
        self.name = port_name("torch", path, options)
        self.optimizer = optimizer
        self.options = {name: value for name, value in options.items() if name not in ("system", "per_array")}
        parameters = constructor_parameters(optimizer)
        self._arguments = {
            ours: name for ours, names in ARGUMENTS.items() for name in names[::-1] if name in parameters
        }
        for ours, names in ARGUMENTS.items():
            if ours not in self._arguments:
                raise ValueError(f"{self.name} must take {' or '.join(map(repr, names))} in its constructor")
        self.fixed = {ours: options[name] for ours, name in self._arguments.items() if name in options}
        self.fixed["per_array"] = options.get("per_array", False)
        require_flag("per_array", self.fixed["per_array"])
        self._require_no_state()

    def offer(self, operation: Operation) -> Offer | None:
        if operation.id not in ("srkl.step_code", "srkl.step_arrays"):
            return None
        fixed = {name: value for name, value in self.fixed.items() if name in operation.hyperparameters}
        return Offer(fixed=fixed, dtypes=("float16", "float32", "float64"))

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        require_fixed(self.fixed, hyperparameters)
        params, grads = inputs
        if operation.name == "step_arrays":
            return self._stepped(params, grads, hyperparameters)
        return self._stepped((params,), (grads,), hyperparameters)[0]

    def _stepped(self, params: Sequence[Any], grads: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        if len(params) == len(grads) == 0:  # torch refuses an empty list of parameters
            return ()
        return tuple(p.detach().numpy() for p in self._optimized(params, grads, hyperparameters)[1])

    def _optimized(self, params: Sequence[Any], grads: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        taken = {self._arguments[name]: value for name, value in hyperparameters.items() if name in self._arguments}
        parameters = [torch.nn.Parameter(tensor(array)) for array in params]
        optimizer = self.optimizer(parameters, **{**taken, **self.options})
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = tensor(grad)
        optimizer.step()
        return optimizer, parameters

    def _require_no_state(self) -> None:
        try:
            optimizer, (parameter,) = self._optimized([np.ones(2)], [np.ones(2)], {"alpha": 1e-3, "beta": 0.1})
        except Exception as error:
            raise ValueError(f"{self.name} cannot make a step: {one_line(error)}") from error
        kept = [str(key) for key in optimizer.state.get(parameter, {}) if key not in COUNTS]
        if kept:
            raise ValueError(f"{self.name} cannot be read as {self.system}: its state has {kept[0]!r}, srkl has none")
