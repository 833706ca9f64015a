"""Ports made of `torch.optim.Optimizer` classes: torch's own, a library's, a user's.

A class becomes the port of one system: the one that its name contains, else the one that a base class's name contains,
else what its constructor takes says it (`betas`: adam; `stiffening_factor`: hysterograd; `momentum`: sgd). The option
`system` has the last word; all other options go to the constructor, and what they set cannot be varied. HysteroGrad and
SRKL have adapters of their own (`torch_hysterograd`, `torch_srkl`); what follows is about `sgd.step`, `adam.step` and
`adamw.step`. An optimizer that is built with `decoupled_weight_decay` in its group is an AdamW.

Hyperparameters are the constructor's arguments: lr, momentum, dampening, nesterov, weight_decay, eps, betas (or beta1
and beta2), and amsgrad for the variants "adam" and "amsgrad-torch". The state is that of a single parameter tensor; its
keys are found by one step on two numbers, and `STATE_KEYS` lists those understood. The step count may also stand in
the parameter group. Every call builds an optimizer, writes its state (none if the step count is 0), makes one step and
reads the state back, so no call can see another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gnomon.descent.adam import AdamState
from gnomon.descent.sgd import SGDState
from gnomon_spec.system import Operation
from gnomon_validation.ports.adapted import (
    load_named,
    one_line,
    port_name,
    read_target,
    require_fixed,
    require_system,
)
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.ports.torch_classes import (
    CALLED,
    COUNTS,
    constructor_parameters,
    guessed_system,
    in_the_form_of,
    tensor,
)
from gnomon_validation.ports.torch_hysterograd import HysteroGradPort
from gnomon_validation.ports.torch_srkl import SRKLPort

STATE_KEYS = {
    "step_count": COUNTS,
    "momentum_buffer": ("momentum_buffer", "momentum", "velocity", "buffer", "buf"),
    "first_moment": ("exp_avg", "first_moment", "m", "mu"),
    "second_moment": ("exp_avg_sq", "second_moment", "v", "nu"),
    "largest_second_moment": ("max_exp_avg_sq", "largest_second_moment", "v_max", "vmax", "nu_max"),
}
STATES: dict[str, type[SGDState] | type[AdamState]] = {"sgd": SGDState, "adam": AdamState, "adamw": AdamState}
# What the constructor need not take, and what the method then has; anything else must be an argument or in `defaults`.
NEUTRAL = {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0, "amsgrad": False}
PROBE: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.9},
    "adam": {"amsgrad": True},
    "adamw": {"amsgrad": True},
}


class TorchPort:
    """A `torch.optim.Optimizer` class as the port of one operation."""

    def __init__(self, optimizer: type[Any], path: str, options: Mapping[str, Any], system: str) -> None:
        self.name = port_name("torch", path, options)
        self.optimizer = optimizer
        self.options = {name: value for name, value in options.items() if name != "system"}
        self._parameters = constructor_parameters(optimizer)
        self._requires_grad = not self.options.get("differentiable", False)
        self.system = system
        made = self._after_one_step()
        if "system" not in options and self.system == "adam" and made.param_groups[0].get("decoupled_weight_decay"):
            self.system = "adamw"
        self._understand_state(made)
        self.fixed = self._fixed(made)

    def offer(self, operation: Operation) -> Offer | None:
        if operation.id != f"{self.system}.step":
            return None
        fixed = {name: value for name, value in self.fixed.items() if name in operation.hyperparameters}
        only = {"variant": ("adam", "amsgrad-torch")}
        return Offer(
            fixed={**fixed, "check_finite": False},
            only=only if "variant" in operation.hyperparameters and "variant" not in fixed else {},
            dtypes=("float16", "float32", "float64"),
        )

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        params, grad, state = inputs
        require_fixed(self.fixed, hyperparameters)
        parameter = torch.nn.Parameter(tensor(params), requires_grad=self._requires_grad)
        optimizer = self.optimizer([parameter], **self._arguments(hyperparameters))
        if state.step_count > 0:
            self._write(optimizer, parameter, state)
        parameter.grad = tensor(grad)
        optimizer.step()
        return parameter.detach().numpy(), self._read(optimizer, parameter, state)

    def _after_one_step(self) -> Any:
        """Return an optimizer that has made one step on two numbers, with all its state in use."""
        wanted = {**PROBE[self.system], **self.options}
        arguments = {name: value for name, value in wanted.items() if name in self._parameters or name in self.options}
        parameter = torch.nn.Parameter(tensor(np.array([1.0, 2.0])), requires_grad=self._requires_grad)
        if "lr" in self._parameters:
            arguments.setdefault("lr", 1e-3)
        try:
            optimizer = self.optimizer([parameter], **arguments)
            parameter.grad = tensor(np.array([1.0, -1.0]))
            optimizer.step()
        except Exception as error:
            raise ValueError(f"{self.name} cannot make a step: {one_line(error)}") from error
        return optimizer

    def _understand_state(self, made: Any) -> None:
        """Find which key of the state holds which field of ours, and how the step count is written."""
        group = made.param_groups[0]
        fields = STATES[self.system]._fields
        known = {key: field for field in fields for key in STATE_KEYS[field]}
        kept = made.state[group["params"][0]]
        strange = [str(key) for key in kept if key not in known]
        self._keys = {known[key]: key for key in kept if key in known}
        self._count_in_group = "step_count" not in self._keys and "step" in group
        needed = set(fields) - {"largest_second_moment"}
        if self.system == "sgd" or self._count_in_group:
            needed.remove("step_count")
        lacking = [field for field in fields if field in needed and field not in self._keys]
        if strange or lacking:
            keys = ", ".join(key for field in fields for key in STATE_KEYS[field])
            problem = f"has {strange[0]!r}" if strange else f"has nothing called like {lacking[0]}"
            raise ValueError(f"{self.name} cannot be read as {self.system}: its state {problem} (understood: {keys})")
        if "step_count" in self._keys:
            self._count_like = kept[self._keys["step_count"]]
        elif self._count_in_group:
            self._count_like = group["step"]

    def _fixed(self, made: Any) -> dict[str, Any]:
        """Return what cannot be varied: what the constructor does not take, and what the options set."""
        names = ["lr", "weight_decay"] + (
            ["momentum", "dampening", "nesterov"] if self.system == "sgd" else ["betas", "eps", "amsgrad"]
        )
        group = {**NEUTRAL, **made.defaults}
        fixed: dict[str, Any] = {}
        for name in names:
            varied = name in self._parameters or (name == "betas" and {"beta1", "beta2"} <= self._parameters.keys())
            if varied and name not in self.options:
                continue
            if name not in self.options and name not in group:
                raise ValueError(f"{self.name} must take {name!r} in its constructor or keep it in its defaults")
            value: Any = self.options[name] if name in self.options else group[name]
            if name == "betas":
                fixed["beta1"], fixed["beta2"] = map(float, value)
            elif name == "amsgrad":
                fixed["variant"] = "amsgrad-torch" if value else "adam"
            else:
                fixed[name] = value if isinstance(value, bool) else float(value)
        return {**fixed, **{name: float(self.options[name]) for name in ("beta1", "beta2") if name in self.options}}

    def _arguments(self, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the constructor's arguments for an operation's hyperparameters."""
        given = dict(hyperparameters)
        variant = given.pop("variant", "adam")
        if variant not in ("adam", "amsgrad-torch"):
            raise ValueError(f"variant must be 'adam' or 'amsgrad-torch' for a torch optimizer, got {variant!r}")
        given["amsgrad"] = variant == "amsgrad-torch"
        if "beta1" in given:
            given["betas"] = (given["beta1"], given["beta2"])
        taken = {name: value for name, value in given.items() if name in self._parameters}
        return {**taken, **self.options}

    def _write(self, optimizer: Any, parameter: Any, state: Any) -> None:
        kept = optimizer.state[parameter]
        for field, key in self._keys.items():
            value = getattr(state, field)
            kept[key] = in_the_form_of(self._count_like, value) if field == "step_count" else tensor(value)
        if self._count_in_group:
            optimizer.param_groups[0]["step"] = in_the_form_of(self._count_like, state.step_count)

    def _read(self, optimizer: Any, parameter: Any, before: Any) -> Any:
        """Return the state after the step; a field that this optimizer does not use is returned as it was."""
        kept = optimizer.state[parameter]
        after = {"step_count": before.step_count + 1}
        if self._count_in_group:
            after["step_count"] = int(optimizer.param_groups[0]["step"])
        for field, key in self._keys.items():
            if kept.get(key) is not None:
                after[field] = int(kept[key]) if field == "step_count" else kept[key].detach().numpy()
        return before._replace(**after)


def from_target(target: str, options: Mapping[str, Any]) -> Port:
    """Return the port that `module.Class` or `module.Class(option=value)` names.

    options: arguments of the constructor, and `system` to say which method the class is meant to be. Raises
    `ValueError` with one line that says what is wrong.
    """
    path, joined = read_target(target, options)
    found = load_named(path)
    if not (isinstance(found, type) and issubclass(found, torch.optim.Optimizer)):
        raise ValueError(f"{path} must be a class derived from torch.optim.Optimizer, got a {type(found).__name__}")
    given = joined.get("system")
    system = guessed_system(found, path) if "system" not in joined else require_system(given, CALLED.values())
    if system == "hysterograd":
        return HysteroGradPort(found, path, joined)
    if system == "srkl":
        return SRKLPort(found, path, joined)
    return TorchPort(found, path, joined, system)
