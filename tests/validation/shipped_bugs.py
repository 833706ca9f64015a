"""Two bugs that libraries shipped, written anew as torch optimizers: what a checker of ports must find.

They are targets such as `torch:shipped_bugs.AdamWDecayAfterUpdate` when this folder is on the path.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch


class _WithMoments(torch.optim.Optimizer):
    """An Adam whose last line is left to subclasses."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        if not lr >= 0:
            raise ValueError(f"lr must be >= 0, got {lr}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.move(parameter, parameter.grad, self.state[parameter], group)

    def move(self, parameter: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError

    @staticmethod
    def moments(grad: Any, state: dict[str, Any], beta1: float, beta2: float) -> tuple[Any, Any, int]:
        """Return both moments after they have seen the gradient, and the step count."""
        if not state:
            state.update(step=0, exp_avg=torch.zeros_like(grad), exp_avg_sq=torch.zeros_like(grad))
        state["step"] += 1
        state["exp_avg"].mul_(beta1).add_(grad, alpha=1 - beta1)
        state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        return state["exp_avg"], state["exp_avg_sq"], state["step"]


class AdamWDecayAfterUpdate(_WithMoments):
    """Weight decay is applied to the already updated parameters (huggingface/transformers#14539)."""

    def move(self, parameter: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        first, second, t = self.moments(grad, state, beta1, beta2)
        denominator = (second / (1 - beta2**t)).sqrt() + group["eps"]
        parameter.sub_(group["lr"] / (1 - beta1**t) * first / denominator)
        parameter.sub_(parameter, alpha=group["lr"] * group["weight_decay"])


class AdamEpsilonScaledByTheCorrection(_WithMoments):
    """ε is divided by √(1-β₂ᵗ) together with √v: (√v + ε)/√(1-β₂ᵗ) (aiqm/torchani#261)."""

    def move(self, parameter: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        first, second, t = self.moments(grad + group["weight_decay"] * parameter, state, beta1, beta2)
        denominator = (second.sqrt() + group["eps"]) / (1 - beta2**t) ** 0.5
        parameter.sub_(group["lr"] / (1 - beta1**t) * first / denominator)
