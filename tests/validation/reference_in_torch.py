"""The references of Adam, HysteroGrad and SRKL dressed as torch optimizers, to see what adapters make of such classes.

They are targets such as `torch:reference_in_torch.HIOptimizer` when this folder is on the path; the argument `mistake`
is the name of a mistake that the optimizer makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from gnomon.descent.adam import AdamState
from gnomon.descent.hysterograd import HysteroGradState
from gnomon.descent.hysterograd_groups import GroupState
from gnomon_spec.system import find_system


def function(name: str, mistake: str | None) -> Callable[..., Any]:
    """Return the reference's function for the operation `system.name`, or what a mistake makes of it."""
    system, _, operation = name.partition(".")
    found = find_system(system)
    of = found.operations[operation]
    return np.errstate(all="ignore")(found.mistakes[mistake].function(of) if mistake else of.reference)


class Dressed(torch.optim.Optimizer):
    """An optimizer whose hyperparameters are its constructor's arguments, but for `params` and `mistake`."""

    def __init__(self, params: Iterable[Any], mistake: str | None, **arguments: Any) -> None:
        self.mistake = mistake
        super().__init__(params, arguments)

    def arrays(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return the parameters of each group and their gradients as arrays."""
        params = tuple(tuple(p.detach().numpy() for p in group["params"]) for group in self.param_groups)
        grads = tuple(tuple(grad_of(p) for p in group["params"]) for group in self.param_groups)
        return params, grads


def grad_of(parameter: Any) -> Any:
    return None if parameter.grad is None else parameter.grad.numpy()


class Adam(Dressed):
    """Adam without AMSGrad, under torch's keys, each parameter's steps counted with its state."""

    system = "adam"
    keys = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        mistake: str | None = None,
    ) -> None:
        super().__init__(params, mistake, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        hyper = {**self.defaults, "variant": "adam"}
        hyper["beta1"], hyper["beta2"] = hyper.pop("betas")
        for group in self.param_groups:
            for p in group["params"]:
                home = self.home(group, p)
                moments = [self.state[p].get(key, torch.zeros_like(p)).numpy() for key in self.keys]
                state = AdamState(*moments, 0 * moments[0], home.get("step", 0))
                new, state = function(f"{self.system}.step", self.mistake)(p.numpy(), p.grad.numpy(), state, **hyper)
                p.copy_(torch.from_numpy(np.asarray(new)))
                self.state[p].update(zip(self.keys, map(torch.from_numpy, map(np.asarray, state[:2])), strict=True))
                home["step"] = state.step_count

    def home(self, group: dict[str, Any], parameter: Any) -> dict[str, Any]:
        """Return where the steps are counted."""
        return self.state[parameter]


class AdamW(Adam):
    """AdamW likewise."""

    system = "adamw"


class HIOptimizer(Dressed):
    """HysteroGrad as in "head", under other keys than the published optimizer's and in the parameters' dtype."""

    variant = "head"
    keys = ("tau", "temperature", "mean_norm")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        stiffening_factor: float = 0.01,
        beta: float = 0.99,
        epsilon: float = 1e-7,
        cooling_rate: float = 0.99,
        initial_temp: float = 1.0,
        metric_scale: float = 1.0,
        adaptive_threshold: bool = True,
        grad_clip: float | None = None,
        hysteresis_scale: float = 1.0,
        mistake: str | None = None,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__(**arguments)

    @torch.no_grad()
    def step(self, closure: Any = None) -> tuple[str, Any, Any]:
        params, grads = self.arrays()
        numbers = [self.numbers(group) for group in self.param_groups]
        states = tuple(map(self.state_of, self.param_groups, numbers))
        hyper = {name: value for name, value in self.defaults.items() if name not in ("initial_temp", "epsilon")}
        hyper["eps"] = self.defaults["epsilon"]
        new, after, summary = self.take_step(params, grads, states, variant=self.variant, **hyper)
        for group, arrays, state, before in zip(self.param_groups, new, after, numbers, strict=True):
            if any(p.grad is not None for p in group["params"]):
                for p, array, metric in zip(group["params"], arrays, state.metrics, strict=True):
                    p.copy_(torch.from_numpy(np.asarray(array)))
                    self.state[p]["metric"] = torch.from_numpy(np.asarray(metric))
                self.keep(group, before, state)
        return summary

    def take_step(self, params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
        if len(params) > 1 or len(params[0]) > 1 or grads[0][0] is None:
            return function("hysterograd.step_groups", self.mistake)(params, grads, states, **hyper)
        one = HysteroGradState(states[0].metrics[0], *states[0][1:])
        new, after, report = function("hysterograd.step", self.mistake)(params[0][0], grads[0][0], one, **hyper)
        status = "Liquid" if report.liquid else "Frozen"
        return ((new,),), (GroupState((after.metric,), *after[1:]),), (status, report.norm, report.width)

    @torch.no_grad()
    def shock(self, factor: float = 0.5) -> None:
        for group in self.param_groups:
            before = self.numbers(group)
            state = self.state_of(group, before)
            one = HysteroGradState(state.metrics[0], *state[1:])
            self.keep(group, before, function("hysterograd.shock", self.mistake)(one, factor=factor))

    def home(self, group: dict[str, Any]) -> dict[str, Any]:
        """Return where a group's τ, T and E are kept: with its first parameter."""
        return self.state[group["params"][0]]

    def numbers(self, group: dict[str, Any]) -> dict[str, Any]:
        first = group["params"][0]
        return {key: self.home(group).get(key, first.new_tensor(value)) for key, value in self.start(group).items()}

    def start(self, group: dict[str, Any]) -> dict[str, float]:
        return dict(zip(self.keys, (0.0, group["initial_temp"], 0.0), strict=True))

    def state_of(self, group: dict[str, Any], numbers: dict[str, Any]) -> GroupState:
        metrics = tuple(self.state[p].get("metric", torch.zeros_like(p)).detach().numpy() for p in group["params"])
        number = metrics[0].dtype.type
        return GroupState(metrics, *(number(float(numbers[key])) for key in self.keys), True)

    def keep(self, group: dict[str, Any], before: dict[str, Any], state: Any) -> None:
        """Keep a group's numbers in the form that they had."""
        after = dict(zip(self.keys, (state.path_length, state.temperature, state.mean_norm), strict=True))
        form = {key: x.new_tensor if isinstance(x, torch.Tensor) else type(x) for key, x in before.items()}
        self.home(group).update({key: form[key](after.get(key, x)) for key, x in before.items()})


class InPythonNumbers(HIOptimizer):
    """The version "v4": numbers that are no tensors, a count of steps, something printed, and no shock."""

    variant = "v4"
    keys = ("tau", "T", "E")
    shock = None

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        stiffening_factor: float = 0.01,
        beta: float = 0.99,
        epsilon: float = 1e-7,
        cooling_rate: float = 0.99,
        initial_temp: float = 1.0,
        adaptive_threshold: bool = True,
        grad_clip: float | None = None,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__(**arguments)
        del self.defaults["metric_scale"], self.defaults["hysteresis_scale"]

    def numbers(self, group: dict[str, Any]) -> dict[str, Any]:
        return {key: self.home(group).get(key, value) for key, value in self.start(group).items()}

    @torch.no_grad()
    def step(self, closure: Any = None) -> tuple[str, Any, Any]:
        print("a step")
        first = self.state[self.param_groups[0]["params"][0]]
        first["step"] = first.get("step", 0) + 1
        return super().step()


class InTheGroup(InPythonNumbers):
    """The same with τ, T and E in the group."""

    def home(self, group: dict[str, Any]) -> dict[str, Any]:
        return group


class SRKL(Dressed):
    """SRKL's published rule, with one curvature for all parameters."""

    per_array = False

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, beta: float = 0.1, mistake: str | None = None) -> None:
        super().__init__(params, mistake, lr=lr, beta=beta)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        (params,), (grads,) = self.arrays()
        rates = {"alpha": self.defaults["lr"], "beta": self.defaults["beta"]}
        if len(params) == 1:
            new = (function("srkl.step_code", self.mistake)(params[0], grads[0], **rates),)
        else:
            new = function("srkl.step_arrays", self.mistake)(params, grads, per_array=self.per_array, **rates)
        for p, array in zip(self.param_groups[0]["params"], new, strict=True):
            p.copy_(torch.from_numpy(np.asarray(array)))


class SRKLForEachArray(SRKL):
    """A curvature for each parameter, as the published lines have it when they are mapped over a tree of arrays."""

    per_array = True

    def __init__(self, params: Iterable[Any], alpha: float = 1e-3, beta: float = 0.1) -> None:
        super().__init__(params, alpha, beta)
