"""HysteroGrad's optimizer, the published `HIOptimizer` or one shaped like it, as a port of `hysterograd`.

Its `step()` returns (status, norm, width). It becomes the port of `step` (one parameter), of `step_groups`, and of
`shock` if it has a method of that name. The option `variant` ("head" by default) is for this adapter. A fresh state (G
= τ = E = 0) is not written, except for a shock: the optimizer gets T as its `initial_temp` and begins by itself.

What the optimizer does not return is had from it in another way. `liquid` of a group is the status, and if there are
several groups: whether this group's parameters changed, and if they did not, the status of a step of the group alone
(a step may be too short to change them). `scale` is the norm returned over the norm that it returns with
`grad_clip=None` (for "v4", which reports the clip itself, over that norm plus 1e-6); where that says nothing, because
the norm is 0, subnormal or not finite, it is the definition's.

The published class creates τ, T, E and the norm in torch's default dtype.
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
from gnomon_validation.ports.port import Offer
from gnomon_validation.ports.runner import PortMisbehaviourError
from gnomon_validation.ports.torch_functions import tensor
from gnomon_validation.ports.torch_port import Arrays, TorchPort

STATUSES = {"Liquid": True, "Frozen": False}


class HysteroGradPort(TorchPort):
    """A `torch.optim.Optimizer` class as the port of `hysterograd.step`, `shock` and `step_groups`."""

    example_sizes = (2, 1)  # what is kept with a group's first parameter is not kept with the others

    def __init__(self, made_by: type[Any], path: str, options: Mapping[str, Any], *others: Any) -> None:
        require_choice("variant", options.get("variant", "head"), VARIANTS)
        super().__init__(made_by, path, options, *others)

    def offer(self, operation: Operation) -> Offer | None:
        if operation.name == "shock" and not callable(getattr(self.made_by, "shock", None)):
            return None
        return super().offer(operation)

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        self.require_offered(hyperparameters)
        if operation.name == "shock":
            return self._shock(*inputs, **hyperparameters)
        if operation.name == "step_groups":
            return self._step_groups(*inputs, hyper=hyperparameters)
        return self._step(*inputs, hyper=hyperparameters)

    def _step(self, params: Any, grad: Any, state: HysteroGradState, *, hyper: Mapping[str, Any]) -> Any:
        arguments = self.arguments(hyper)
        optimizer, ((new,),), (liquid, norm, width) = self.take_step([[params]], [[grad]], [[state]], arguments)
        (after,) = self.read(optimizer, 0, [state])
        clip = {**self.fixed, **hyper}["grad_clip"]
        scale = 1.0
        if clip is not None and self.fixed["variant"] != "theory":
            unclipped = {**arguments, "grad_clip": None}
            *_, (_, free, _) = self.take_step([[params]], [[grad]], [[state]], unclipped)
            scale = self._scale(norm, free, clip, np.finfo(params.dtype).smallest_normal)
        number = params.dtype.type
        report = Report(liquid, number(norm), number(width), number(scale))
        return new.detach().numpy(), after._replace(liquid=liquid), report

    def _step_groups(
        self,
        params: Sequence[Arrays],
        grads: Sequence[Arrays],
        states: Sequence[GroupState],
        *,
        hyper: Mapping[str, Any],
    ) -> Any:
        single = [[HysteroGradState(metric, *state[1:]) for metric in state.metrics] for state in states]
        arguments = self.arguments(hyper)
        optimizer, tensors, (liquid, norm, width) = self.take_step(params, grads, single, arguments)
        new = tuple(tuple(parameter.detach().numpy() for parameter in group) for group in tensors)
        after = []
        for i, state in enumerate(states):
            read = self.read(optimizer, i, single[i])
            if all(grad is None for grad in grads[i]):
                own = state.liquid
            elif len(states) == 1:
                own = liquid
            elif any(not np.array_equal(x, y, equal_nan=True) for x, y in zip(params[i], new[i], strict=True)):
                own = True
            else:
                own = self.take_step(params[i : i + 1], grads[i : i + 1], single[i : i + 1], arguments)[2][0]
            of_first = read[0]._replace(liquid=own)
            after.append(GroupState(tuple(array.metric for array in read), *of_first[1:]))
        number = params[0][0].dtype.type
        return new, tuple(after), Summary("Liquid" if liquid else "Frozen", number(norm), number(width))

    def _shock(self, state: HysteroGradState, *, factor: float) -> Any:
        with self.at_work():
            optimizer = self.made_by([torch.nn.Parameter(tensor(np.zeros_like(state.metric)))], **self.arguments({}))
            self.write(optimizer, 0, [state])
            optimizer.shock(factor)
        return self.read(optimizer, 0, [state])[0]

    def _scale(self, norm: float, free: float, clip: float, smallest: float) -> float:
        """Return by what clipping multiplied the direction, of the norms with the clip and without."""
        speaks = smallest <= norm < np.inf and 0 < free < np.inf
        if self.fixed["variant"] == "v4":
            clipped = norm < free if speaks else free > clip
            return (norm if speaks else clip) / (free + 1e-6) if clipped else 1.0
        return norm / free if speaks else float(np.minimum(1.0, np.divide(clip, free + 1e-6)))

    def take_step(self, *arguments: Any) -> tuple[Any, list[list[Any]], Any]:
        optimizer, tensors, returned = super().take_step(*arguments)
        return optimizer, tensors, _triple(returned)

    def start(self, states: Arrays) -> dict[str, Any] | None:
        if not states:
            return {}
        numbers = [float(number) for state in states for number in (state.path_length, state.mean_norm)]
        used = any(numbers) or any(np.any(state.metric) for state in states)
        if used or "initial_temp" in self.options or "initial_temp" not in self.takes:
            return None
        return {"initial_temp": float(states[0].temperature)}

    def write(self, optimizer: Any, index: int, states: Arrays) -> None:
        for parameter, state in zip(optimizer.param_groups[index]["params"], states, strict=True):
            if state.metric.shape != tuple(parameter.shape):
                shape = tuple(parameter.shape)
                raise ValueError(f"metric must have the shape of its parameter {shape}, got {state.metric.shape}")
        super().write(optimizer, index, states)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with super().at_work(), redirect_stdout(io.StringIO()):  # what a step prints is dropped
            yield


def _triple(returned: Any) -> tuple[bool, float, float]:
    """Return what a step returned as (liquid, norm, width); raise `PortMisbehaviourError` if it is something else."""
    try:
        status, norm, width = returned
        return STATUSES[status], float(norm), float(width)
    except (KeyError, TypeError, ValueError):
        text = " ".join(repr(returned).split())
        text = text if len(text) <= 60 else text[:60] + "…"
        expected = "where ('Liquid' or 'Frozen', norm, width) is expected"
        raise PortMisbehaviourError(f"returns {text} from step(), {expected}") from None
