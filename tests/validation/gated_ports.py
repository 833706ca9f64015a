"""HysteroGrad's optimizer written anew for torch from its definition, right and with one line wrong at a time.

A mistake is a subclass that overrides one method; there is one for each thing that the adapter reads or derives. The
keys of the state are not those of the published optimizer, and its numbers have the dtype of the parameters. They are
targets such as `torch:gated_ports.HIOptimizer` when this folder is on the path.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import torch


class HIOptimizer(torch.optim.Optimizer):
    """The published method ("head"), with a domain for every argument."""

    frozen_groups_learn = True

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
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "params", "__class__")}
        for name in ("lr", "stiffening_factor", "epsilon", "initial_temp", "hysteresis_scale"):
            require(0 <= arguments[name] < inf, f"{name} must be >= 0 and finite, got {arguments[name]!r}")
        require(0 <= beta < 1, f"beta must be in [0, 1), got {beta!r}")
        require(0 <= cooling_rate <= 1, f"cooling_rate must be in [0, 1], got {cooling_rate!r}")
        require(0 < metric_scale < inf, f"metric_scale must be > 0 and finite, got {metric_scale!r}")
        require(isinstance(adaptive_threshold, bool), f"adaptive_threshold must be a bool, got {adaptive_threshold!r}")
        require(grad_clip is None or 0 < grad_clip < inf, f"grad_clip must be None or > 0, got {grad_clip!r}")
        super().__init__(params, arguments)

    @torch.no_grad()
    def step(self, closure: Any = None) -> tuple[str, float, float]:
        statuses, norms, widths = [], [], []
        for group in self.param_groups:
            liquid, norm, width = self.step_group(group)
            statuses.append(liquid)
            norms.append(float(norm))
            widths.append(float(width))
        return self.summary(statuses, norms, widths)

    def summary(self, statuses: list[bool], norms: list[float], widths: list[float]) -> tuple[str, float, float]:
        return "Liquid" if any(statuses) else "Frozen", mean(norms), mean(widths)

    def step_group(self, group: dict[str, Any]) -> tuple[bool, Any, Any]:
        active = [p for p in group["params"] if p.grad is not None]
        if not active:
            return False, 0.0, 0.0
        numbers = self.numbers(group)
        before, metrics, directions = dict(numbers), [], []
        for p in active:
            old = self.state[p].get("metric", torch.zeros_like(p))
            metrics.append(group["beta"] * old + (1 - group["beta"]) * group["metric_scale"] * (p.grad * p.grad))
            directions.append(self.direction(p.grad, metrics[-1], group))
        full = torch.stack([(d * d).sum() for d in directions]).sum().sqrt()
        factor = self.factor(full, group)
        norm = factor * full
        numbers["temperature"] = group["cooling_rate"] * before["temperature"]
        numbers["mean_norm"] = self.mean_norm(before["mean_norm"], norm, full, group)
        numbers["tau"] = before["tau"] + group["lr"] * norm
        width = self.width(numbers, before, group)
        liquid = bool(self.opens(norm, width))
        for p, direction, metric in zip(active, directions, metrics, strict=True):
            if liquid:
                p.sub_(group["lr"] * self.taken(factor) * direction)
            if liquid or self.frozen_groups_learn:
                self.state[p]["metric"] = metric
        if not liquid:
            self.refuse(numbers, before)
        self.state[group["params"][0]].update(numbers)
        return liquid, norm, width

    def numbers(self, group: dict[str, Any]) -> dict[str, Any]:
        """Return τ, T and E of a group, which its first parameter keeps."""
        first = group["params"][0]
        start = {"tau": 0.0, "temperature": group["initial_temp"], "mean_norm": 0.0}
        return {name: self.state[first].get(name, first.new_tensor(value)) for name, value in start.items()}

    def direction(self, grad: Any, metric: Any, group: dict[str, Any]) -> Any:
        return grad / (metric.sqrt() + group["epsilon"])

    def factor(self, full: Any, group: dict[str, Any]) -> Any:
        if group["grad_clip"] is None:
            return torch.ones_like(full)
        return (group["grad_clip"] / (full + 1e-6)).clamp(max=1.0)

    def mean_norm(self, old: Any, norm: Any, full: Any, group: dict[str, Any]) -> Any:
        return group["beta"] * old + (1 - group["beta"]) * norm

    def width(self, after: dict[str, Any], before: dict[str, Any], group: dict[str, Any]) -> Any:
        width = group["stiffening_factor"] * group["hysteresis_scale"] * after["tau"].sqrt()
        width = width * (1 - after["temperature"].clamp(max=1.0))
        return width * (after["mean_norm"] + 1e-8) if group["adaptive_threshold"] else width

    def opens(self, norm: Any, width: Any) -> Any:
        return norm > width

    def taken(self, factor: Any) -> Any:
        return factor

    def refuse(self, numbers: dict[str, Any], before: dict[str, Any]) -> None:
        """Do what a refusal does to τ, T and E: nothing."""

    @torch.no_grad()
    def shock(self, factor: float = 0.5) -> None:
        require(0 <= factor <= 1, f"factor must be in [0, 1], got {factor!r}")
        for group in self.param_groups:
            numbers = self.numbers(group)
            self.shake(numbers, factor)
            self.state[group["params"][0]].update(numbers)

    def shake(self, numbers: dict[str, Any], factor: float) -> None:
        numbers["tau"] = factor * numbers["tau"]
        numbers["temperature"] = numbers["temperature"].clamp(min=0.2)


def require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


class EqualityIsLiquid(HIOptimizer):
    def opens(self, norm: Any, width: Any) -> Any:
        return norm >= width


class EpsilonInsideTheRoot(HIOptimizer):
    def direction(self, grad: Any, metric: Any, group: dict[str, Any]) -> Any:
        return grad / (metric + group["epsilon"]).sqrt()


class MetricKeptWhenFrozen(HIOptimizer):
    frozen_groups_learn = False


class ClippingAlsoLengthens(HIOptimizer):
    def factor(self, full: Any, group: dict[str, Any]) -> Any:
        return torch.ones_like(full) if group["grad_clip"] is None else group["grad_clip"] / (full + 1e-6)


class ClipMissingInTheMove(HIOptimizer):
    def taken(self, factor: Any) -> Any:
        return 1.0


class ClipMissingInTheMean(HIOptimizer):
    def mean_norm(self, old: Any, norm: Any, full: Any, group: dict[str, Any]) -> Any:
        return group["beta"] * old + (1 - group["beta"]) * full


class PathCountsLiquidStepsOnly(HIOptimizer):
    def refuse(self, numbers: dict[str, Any], before: dict[str, Any]) -> None:
        numbers["tau"] = before["tau"]


class BarrierOfTheTemperatureBefore(HIOptimizer):
    def width(self, after: dict[str, Any], before: dict[str, Any], group: dict[str, Any]) -> Any:
        return super().width({**after, "temperature": before["temperature"]}, before, group)


class SumsInsteadOfMeans(HIOptimizer):
    def summary(self, statuses: list[bool], norms: list[float], widths: list[float]) -> tuple[str, float, float]:
        return super().summary(statuses, norms, widths)[0], sum(norms), sum(widths)


class LiquidOnlyIfAllGroupsAre(HIOptimizer):
    def summary(self, statuses: list[bool], norms: list[float], widths: list[float]) -> tuple[str, float, float]:
        return "Liquid" if all(statuses) else "Frozen", mean(norms), mean(widths)
