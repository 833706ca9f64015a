"""The references of Adam, HysteroGrad and SRKL dressed as torch optimizers, to see what adapters make of such classes.

They are targets such as `torch:reference_in_torch.HIOptimizer` when this folder is on the path; the argument `mistake`
is the name of a mistake that the optimizer makes.
"""

from __future__ import annotations

import numpy as np
import torch

from gnomon.arguments import with_keywords
from gnomon.descent import hysterograd
from gnomon.descent.adam import AdamState
from gnomon.descent.hysterograd import HysteroGradState
from gnomon.descent.hysterograd_groups import GroupState
from gnomon_spec.system import find_system


class Dressed(torch.optim.Optimizer):
    """An optimizer whose hyperparameters are its constructor's arguments, but for `params` and `mistake`."""

    def __init__(self, params, mistake=None, **arguments):
        self.mistake = mistake
        super().__init__(params, arguments)

    def apply(self, operation, *inputs, **hyper):
        """Return what the reference of an operation of the system gives, or what the mistake makes of it."""
        system = find_system(self.system)
        of = system.operations[operation]
        function = system.mistakes[self.mistake].function(of) if self.mistake else of.reference
        with np.errstate(all="ignore"):
            return function(*inputs, **hyper)

    def arrays(self):
        """Return the parameters of each group and their gradients as arrays."""
        groups = [group["params"] for group in self.param_groups]
        grads = tuple(tuple(None if p.grad is None else p.grad.numpy() for p in group) for group in groups)
        return tuple(tuple(p.detach().numpy() for p in group) for group in groups), grads


class Adam(Dressed):
    """Adam without AMSGrad, under torch's keys, each parameter's steps counted with its state."""

    system = "adam"
    keys = ("exp_avg", "exp_avg_sq")

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, mistake=None):
        super().__init__(params, mistake, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self, closure=None):
        hyper = {**self.defaults, "variant": "adam"}
        hyper["beta1"], hyper["beta2"] = hyper.pop("betas")
        for group in self.param_groups:
            for p in group["params"]:
                home = self.home(group, p)
                moments = [self.state[p].get(key, torch.zeros_like(p)).numpy() for key in self.keys]
                state = AdamState(*moments, 0 * moments[0], home.get("step", 0))
                new, state = self.apply("step", p.numpy(), p.grad.numpy(), state, **hyper)
                p.copy_(torch.from_numpy(np.asarray(new)))
                self.state[p].update(zip(self.keys, map(torch.from_numpy, map(np.asarray, state[:2])), strict=True))
                home["step"] = state.step_count

    def home(self, group, parameter):
        """Return where the steps are counted."""
        return self.state[parameter]


class AdamW(Adam):
    """AdamW likewise."""

    system = "adamw"


V4 = ("lr", "stiffening_factor", "beta", "cooling_rate", "adaptive_threshold", "grad_clip")


class HIOptimizer(Dressed):
    """HysteroGrad as in "head", under other keys than the published optimizer's and in the parameters' dtype."""

    system = "hysterograd"
    variant = "head"
    keys = ("tau", "temperature", "mean_norm")

    @with_keywords(hysterograd.step, *V4, "metric_scale", "hysteresis_scale")
    def __init__(self, params, epsilon=1e-7, initial_temp=1.0, mistake=None, **others):
        super().__init__(params, mistake, epsilon=epsilon, initial_temp=initial_temp, **others)

    @torch.no_grad()
    def step(self, closure=None):
        numbers = [self.numbers(group) for group in self.param_groups]
        states = tuple(map(self.state_of, self.param_groups, numbers))
        hyper = {name: value for name, value in self.defaults.items() if name not in ("initial_temp", "epsilon")}
        hyper |= {"eps": self.defaults["epsilon"], "variant": self.variant}
        new, after, summary = self.apply("step_groups", *self.arrays(), states, **hyper)
        for group, arrays, state, before in zip(self.param_groups, new, after, numbers, strict=True):
            if any(p.grad is not None for p in group["params"]):
                for p, array, metric in zip(group["params"], arrays, state.metrics, strict=True):
                    p.copy_(torch.from_numpy(np.asarray(array)))
                    self.state[p]["metric"] = torch.from_numpy(np.asarray(metric))
                self.keep(group, before, state)
        return summary

    @torch.no_grad()
    def shock(self, factor=0.5):
        for group in self.param_groups:
            before = self.numbers(group)
            metrics, *numbers = self.state_of(group, before)
            self.keep(group, before, self.apply("shock", HysteroGradState(*metrics, *numbers), factor=factor))

    def home(self, group):
        """Return where a group's τ, T and E are kept: with its first parameter."""
        return self.state[group["params"][0]]

    def numbers(self, group):
        first = group["params"][0]
        return {key: self.home(group).get(key, first.new_tensor(value)) for key, value in self.start(group).items()}

    def start(self, group):
        return dict(zip(self.keys, (0.0, group["initial_temp"], 0.0), strict=True))

    def state_of(self, group, numbers):
        metrics = tuple(self.state[p].get("metric", torch.zeros_like(p)).detach().numpy() for p in group["params"])
        return GroupState(metrics, *(metrics[0].dtype.type(float(numbers[key])) for key in self.keys), True)

    def keep(self, group, before, state):
        """Keep a group's numbers in the form that they had."""
        after = dict(zip(self.keys, (state.path_length, state.temperature, state.mean_norm), strict=True))
        form = {key: x.new_tensor if isinstance(x, torch.Tensor) else type(x) for key, x in before.items()}
        self.home(group).update({key: form[key](after.get(key, x)) for key, x in before.items()})


class HIOptimizerInPythonNumbers(HIOptimizer):
    """The version "v4": numbers that are no tensors, a count of steps, something printed, and no shock."""

    variant = "v4"
    keys = ("tau", "T", "E")
    shock = None

    @with_keywords(hysterograd.step, *V4)
    def __init__(self, params, epsilon=1e-7, initial_temp=1.0, **others):
        super().__init__(params, epsilon, initial_temp, **others)

    def numbers(self, group):
        return {key: self.home(group).get(key, value) for key, value in self.start(group).items()}

    @torch.no_grad()
    def step(self, closure=None):
        print("a step")
        first = self.state[self.param_groups[0]["params"][0]]
        first["step"] = first.get("step", 0) + 1
        return super().step()


class HIOptimizerInTheGroup(HIOptimizerInPythonNumbers):
    """The same with τ, T and E in the group."""

    def home(self, group):
        return group


class SRKL(Dressed):
    """SRKL's published rule, with one curvature for all parameters."""

    system = "srkl"
    per_array = False

    def __init__(self, params, lr=1e-3, beta=0.1, mistake=None):
        super().__init__(params, mistake, alpha=lr, beta=beta)

    @torch.no_grad()
    def step(self, closure=None):
        (params,), (grads,) = self.arrays()
        new = self.apply("step_arrays", params, grads, per_array=self.per_array, **self.defaults)
        for p, array in zip(self.param_groups[0]["params"], new, strict=True):
            p.copy_(torch.from_numpy(np.asarray(array)))


class SRKLForEachArray(SRKL):
    """A curvature for each parameter, as the published lines have it when they are mapped over a tree of arrays."""

    per_array = True

    def __init__(self, params, alpha=1e-3, beta=0.1):
        super().__init__(params, alpha, beta)
