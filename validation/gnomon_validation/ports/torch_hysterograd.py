"""HysteroGrad's optimizer, the published `HIOptimizer` or one shaped like it, as a port of `hysterograd`.

Such a class takes the hyperparameters as arguments of the published names, and its `step()` returns (status, norm,
width). It becomes the port of `step` (one parameter), of `step_groups`, and of `shock` if it has a method of that name.
The options `system`, `variant` ("head" by default) and `default_dtype` are for this adapter, all others go to the
constructor; what they set cannot be varied.

State. G is kept for each parameter; τ, T and E with a group's first parameter or in the group itself; `STATE_KEYS`
lists the keys understood, and a step on three numbers shows which are used and in which types (tensors, Python or
NumPy numbers). Every call builds an optimizer, writes its state, makes one step and reads the state back, so no call
can see another. A fresh state (G = τ = E = 0) is not written, except for a shock: the optimizer gets T as its
`initial_temp` and begins by itself.

What the optimizer does not return is had from it in another way. `liquid` of a group is the status, and if there are
several groups: whether this group's parameters changed, and if they did not, the status of a step of the group alone
(a step may be too short to change them). `scale` is the norm returned over the norm that it returns with
`grad_clip=None` (for "v4", which reports the clip itself, over that norm plus 1e-6); where that says nothing, because
the norm is 0, subnormal or not finite, it is the definition's.

default_dtype: torch's default dtype during the calls. The published class creates τ, T, E and the norm in it, which is
float32 unless somebody changed it, whatever the parameters have; that is checked as it is. What a step prints is
dropped.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np
import torch

from gnomon.descent.hysterograd import VARIANTS, HysteroGradState, Report
from gnomon.descent.hysterograd_groups import GroupState, Summary
from gnomon.domains import require_choice
from gnomon_spec.system import Operation
from gnomon_validation.ports.adapted import one_line, port_name, require_fixed
from gnomon_validation.ports.port import Offer
from gnomon_validation.ports.runner import PortMisbehaviourError
from gnomon_validation.ports.torch_classes import COUNTS, constructor_parameters, in_the_form_of, tensor

STATE_KEYS = {
    "metric": ("G", "metric", "fisher"),
    "path_length": ("group_tau", "tau", "path_length"),
    "temperature": ("group_temp", "temp", "temperature", "T"),
    "mean_norm": ("avg_energy", "energy", "mean_norm", "E"),
}
NUMBERS = ("path_length", "temperature", "mean_norm")
HYPERPARAMETERS = (
    "lr",
    "stiffening_factor",
    "beta",
    "eps",
    "cooling_rate",
    "metric_scale",
    "adaptive_threshold",
    "grad_clip",
    "hysteresis_scale",
)
PUBLISHED = {"eps": "epsilon"}  # what the published optimizer calls otherwise than we do
# What the constructor need not take, and what the method then has; anything else must be an argument or in `defaults`.
NEUTRAL: dict[str, Any] = {"metric_scale": 1.0, "grad_clip": None, "hysteresis_scale": 1.0}
DEFAULT_DTYPES = {"float32": torch.float32, "float64": torch.float64}
STATUSES = {"Liquid": True, "Frozen": False}

Arrays = Sequence[Any]
Triple = tuple[bool, float, float]


class HysteroGradPort:
    """A `torch.optim.Optimizer` class as the port of `hysterograd.step`, `shock` and `step_groups`."""

    system = "hysterograd"

    def __init__(self, optimizer: type[Any], path: str, options: Mapping[str, Any]) -> None:
        self.name = port_name("torch", path, options)
        self.optimizer = optimizer
        self.variant = str(options.get("variant", "head"))
        require_choice("variant", self.variant, VARIANTS)
        self._default_dtype = options.get("default_dtype")
        if "default_dtype" in options:
            require_choice("default_dtype", self._default_dtype, DEFAULT_DTYPES)
        own = ("system", "variant", "default_dtype")
        self.options = {name: value for name, value in options.items() if name not in own}
        self._parameters = constructor_parameters(optimizer)
        self._kept: dict[Any, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._keys: dict[str, str] = {}
        self._numbers_in_group = False
        made = self._after_one_step(np.dtype(np.float64))
        self._understand_state(made)
        self.fixed = self._fixed(made)

    def offer(self, operation: Operation) -> Offer | None:
        if operation.system.name != self.system or operation.name not in ("step", "step_groups", "shock"):
            return None
        if operation.name == "shock" and not callable(getattr(self.optimizer, "shock", None)):
            return None
        fixed = {name: value for name, value in self.fixed.items() if name in operation.hyperparameters}
        return Offer(fixed=fixed, dtypes=("float16", "float32", "float64"))

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        require_fixed(self.fixed, hyperparameters)
        with self._at_work():
            if operation.name == "shock":
                return self._shock(*inputs, **hyperparameters)
            if operation.name == "step_groups":
                return self._step_groups(*inputs, hyper=hyperparameters)
            return self._step(*inputs, hyper=hyperparameters)

    def _step(self, params: Any, grad: Any, state: HysteroGradState, *, hyper: Mapping[str, Any]) -> Any:
        before = GroupState((state.metric,), *state[1:])
        optimizer, tensors, (liquid, norm, width) = self._stepped(((params,),), ((grad,),), (before,), hyper)
        after = _of_one(self._read(optimizer, 0, before)._replace(liquid=liquid))
        number = params.dtype.type
        scale = self._scale(norm, params, grad, before, hyper)
        return tensors[0][0].detach().numpy(), after, Report(liquid, number(norm), number(width), number(scale))

    def _step_groups(
        self,
        params: Sequence[Arrays],
        grads: Sequence[Arrays],
        states: Sequence[GroupState],
        *,
        hyper: Mapping[str, Any],
    ) -> Any:
        optimizer, tensors, (liquid, norm, width) = self._stepped(params, grads, states, hyper)
        new = tuple(tuple(parameter.detach().numpy() for parameter in group) for group in tensors)
        active = [any(grad is not None for grad in group) for group in grads]
        after = []
        for i, state in enumerate(states):
            read = self._read(optimizer, i, state)
            if not active[i]:
                own = state.liquid
            elif len(states) == 1:
                own = liquid
            elif _changed(params[i], new[i]):
                own = True
            else:
                own = self._stepped(params[i : i + 1], grads[i : i + 1], (state,), hyper)[2][0]
            after.append(read._replace(liquid=own))
        number = params[0][0].dtype.type
        return new, tuple(after), Summary("Liquid" if liquid else "Frozen", number(norm), number(width))

    def _shock(self, state: HysteroGradState, *, factor: float) -> HysteroGradState:
        before = GroupState((state.metric,), *state[1:])
        parameter = torch.nn.Parameter(tensor(np.zeros_like(state.metric)))
        optimizer = self.optimizer([parameter], **self._arguments({}))
        self._write(optimizer, 0, before)
        optimizer.shock(factor)
        return _of_one(self._read(optimizer, 0, before))

    def _stepped(
        self,
        params: Sequence[Arrays],
        grads: Sequence[Arrays],
        states: Sequence[GroupState],
        hyper: Mapping[str, Any],
        **instead: Any,
    ) -> tuple[Any, list[list[Any]], Triple]:
        """Return an optimizer that has made one step, its parameters, and what the step returned.

        instead: arguments of the constructor that replace all others.
        """
        tensors = [[torch.nn.Parameter(tensor(array)) for array in group] for group in params]
        starts = [self._start(state) for state in states]
        arguments = {**self._arguments(hyper), **instead}
        if len(tensors) == 1:
            optimizer = self.optimizer(tensors[0], **arguments, **starts[0])
        else:
            groups = [{"params": group, **start} for group, start in zip(tensors, starts, strict=True)]
            optimizer = self.optimizer(groups, **arguments)
        for i, (group, of_group, state) in enumerate(zip(tensors, grads, states, strict=True)):
            for parameter, grad in zip(group, of_group, strict=True):
                parameter.grad = None if grad is None else tensor(grad)
            if not starts[i]:
                self._write(optimizer, i, state)
        return optimizer, tensors, _triple(optimizer.step())

    def _start(self, state: GroupState) -> dict[str, Any]:
        """Return how a group is told to begin by itself; nothing if its state must be written."""
        used = any([float(state.path_length), float(state.mean_norm), *map(np.any, state.metrics)])
        if used or "initial_temp" in self.options or "initial_temp" not in self._parameters:
            return {}
        return {"initial_temp": float(state.temperature)}

    def _scale(self, norm: float, params: Any, grad: Any, before: GroupState, hyper: Mapping[str, Any]) -> float:
        clip = {**self.fixed, **hyper}["grad_clip"]
        if clip is None or self.variant == "theory":
            return 1.0
        *_, (_, free, _) = self._stepped(((params,),), ((grad,),), (before,), hyper, grad_clip=None)
        speaks = np.finfo(params.dtype).smallest_normal <= norm < np.inf and 0 < free < np.inf
        if self.variant == "v4":
            clipped = norm < free if speaks else free > clip
            return (norm if speaks else clip) / (free + 1e-6) if clipped else 1.0
        return norm / free if speaks else float(np.minimum(1.0, np.divide(clip, free + 1e-6)))

    def _arguments(self, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the constructor's arguments for an operation's hyperparameters."""
        ours = {PUBLISHED.get(name, name): hyperparameters[name] for name in HYPERPARAMETERS if name in hyperparameters}
        taken = {name: value for name, value in ours.items() if name in self._parameters}
        usual = {"lr": 1e-3} if "lr" in self._parameters else {}
        return {**usual, **taken, **self.options}

    def _after_one_step(self, dtype: np.dtype[Any]) -> Any:
        """Return an optimizer that has made one step on three numbers in two parameters."""
        parameters = [torch.nn.Parameter(tensor(np.ones(size, dtype))) for size in (2, 1)]
        try:
            with self._at_work():
                optimizer = self.optimizer(parameters, **self._arguments({}))
                for parameter in parameters:
                    parameter.grad = torch.ones_like(parameter)
                _triple(optimizer.step())
        except Exception as error:
            raise ValueError(f"{self.name} cannot make a step: {one_line(error)}") from error
        return optimizer

    def _understand_state(self, made: Any) -> None:
        """Find which key of the state holds which field of ours, and whether numbers stand in the group."""
        (group,) = made.param_groups
        kept = made.state[group["params"][0]]
        known = {key: field for field, keys in STATE_KEYS.items() for key in keys}
        self._keys = {known[key]: key for key in kept if key in known}
        strange = [str(key) for key in kept if key not in known and key not in COUNTS]
        if not strange and not any(field in self._keys for field in NUMBERS):
            self._numbers_in_group = True
            self._keys.update({known[key]: key for key in group if key in known})
        lacking = [field for field in STATE_KEYS if field not in self._keys]
        if strange or lacking:
            keys = ", ".join(key for keys in STATE_KEYS.values() for key in keys)
            problem = f"has {strange[0]!r}" if strange else f"has nothing called like {lacking[0]}"
            raise ValueError(f"{self.name} cannot be read as {self.system}: its state {problem} (understood: {keys})")

    def _fixed(self, made: Any) -> dict[str, Any]:
        """Return what cannot be varied: what the constructor does not take, and what the options set."""
        fixed: dict[str, Any] = {"release_ratio": 1.0, "variant": self.variant, "check_finite": False}
        group = {**NEUTRAL, **made.defaults}
        for name in HYPERPARAMETERS:
            theirs = PUBLISHED.get(name, name)
            if theirs in self.options:
                fixed[name] = self.options[theirs]
            elif theirs not in self._parameters:
                if theirs not in group:
                    raise ValueError(f"{self.name} must take {theirs!r} in its constructor or keep it in its defaults")
                fixed[name] = group[theirs]
        return fixed

    def _write(self, optimizer: Any, index: int, state: GroupState) -> None:
        group = optimizer.param_groups[index]
        of_first, of_others = self._kept_after_one_step(state.metrics[0].dtype)
        for i, (parameter, metric) in enumerate(zip(group["params"], state.metrics, strict=True)):
            if metric.shape != tuple(parameter.shape):
                shape = tuple(parameter.shape)
                raise ValueError(f"metric must have the shape of its parameter {shape}, got {metric.shape}")
            like = of_first if i == 0 else of_others
            kept = {key: value for key, value in like.items() if key in COUNTS}
            optimizer.state[parameter] = {**kept, self._keys["metric"]: tensor(metric)}
        home = group if self._numbers_in_group else optimizer.state[group["params"][0]]
        for field in NUMBERS:
            key = self._keys[field]
            home[key] = in_the_form_of(of_first[key], float(getattr(state, field)))

    def _kept_after_one_step(self, dtype: np.dtype[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what is kept with the first parameter (and in the group), and with any other, for a dtype."""
        if dtype not in self._kept:
            made = self._after_one_step(dtype)
            (group,) = made.param_groups
            first, other = (dict(made.state[parameter]) for parameter in group["params"])
            self._kept[dtype] = {**(group if self._numbers_in_group else {}), **first}, other
        return self._kept[dtype]

    def _read(self, optimizer: Any, index: int, before: GroupState) -> GroupState:
        """Return a group's state after the step; what the optimizer has not begun to keep is returned as it was."""
        group = optimizer.param_groups[index]
        states = [optimizer.state.get(parameter, {}) for parameter in group["params"]]
        key = self._keys["metric"]
        metrics = [
            kept[key].detach().numpy() if key in kept else metric
            for kept, metric in zip(states, before.metrics, strict=True)
        ]
        home = group if self._numbers_in_group else states[0]
        number = before.metrics[0].dtype.type
        numbers: dict[str, Any] = {
            field: number(float(home[self._keys[field]])) if self._keys[field] in home else getattr(before, field)
            for field in NUMBERS
        }
        return before._replace(metrics=tuple(metrics), **numbers)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Set torch's default dtype if an option says so, and drop what is printed."""
        usual = torch.get_default_dtype()
        try:
            if self._default_dtype is not None:
                torch.set_default_dtype(DEFAULT_DTYPES[self._default_dtype])
            with redirect_stdout(io.StringIO()):
                yield
        finally:
            torch.set_default_dtype(usual)


def _triple(returned: Any) -> Triple:
    """Return what a step returned as (liquid, norm, width); raise `PortMisbehaviourError` if it is something else."""
    try:
        status, norm, width = returned
        return STATUSES[status], float(norm), float(width)
    except (KeyError, TypeError, ValueError):
        text = " ".join(repr(returned).split())
        raise PortMisbehaviourError(
            f"returns {text if len(text) <= 60 else text[:60] + '…'} from step(), "
            "where ('Liquid' or 'Frozen', norm, width) is expected"
        ) from None


def _of_one(state: GroupState) -> HysteroGradState:
    """Return the state of a group of one array as that of the array."""
    return HysteroGradState(state.metrics[0], state.path_length, state.temperature, state.mean_norm, state.liquid)


def _changed(before: Arrays, after: Arrays) -> bool:
    return any(not np.array_equal(x, y, equal_nan=True) for x, y in zip(before, after, strict=True))
