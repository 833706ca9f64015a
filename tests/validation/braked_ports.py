"""SRKL written for torch: a right optimizer, and one with the plain formula, whose fourth powers overflow.

They are targets such as `torch:braked_ports.SRKL` when this folder is on the path.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import torch


class SRKL(torch.optim.Optimizer):
    """One curvature for all parameters of a group, computed beside the largest entry so that nothing overflows."""

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, beta: float = 0.1) -> None:
        if not 0 < lr < inf:
            raise ValueError(f"lr must be > 0 and finite, got {lr!r}")
        if not 0 <= beta < inf:
            raise ValueError(f"beta must be >= 0 and finite, got {beta!r}")
        super().__init__(params, {"lr": lr, "beta": beta})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            active = [p for p in group["params"] if p.grad is not None]
            grads = torch.cat([p.grad.reshape(-1) for p in active])
            scale = self.scale(grads)
            directions = [p.grad / scale for p in active]
            fourth = torch.stack([(d * d).square().sum() for d in directions]).sum()
            braking = group["beta"] * fourth.sqrt() if group["beta"] else 0.0
            rate = group["lr"] / scale / (scale**-2 + braking)
            for p, direction in zip(active, directions, strict=True):
                p.sub_(rate * direction)

    def scale(self, grads: Any) -> Any:
        return grads.abs().max().clamp(min=1) if grads.numel() else grads.new_ones(())


class PlainSRKL(SRKL):
    """κ by its formula: beyond the range of fourth powers it is infinite and no step is made."""

    def scale(self, grads: Any) -> Any:
        return grads.new_ones(())


class SRKLForEachArray(SRKL):
    """A curvature for each parameter, as the published lines have it when they are mapped over a tree of arrays."""

    def __init__(self, params: Iterable[Any], alpha: float = 1e-3, beta: float = 0.1) -> None:
        super().__init__(params, alpha, beta)
        (group,) = self.param_groups
        self.param_groups = [{**group, "params": [p]} for p in group["params"]]
