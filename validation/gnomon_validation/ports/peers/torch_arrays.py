"""Functions of several arrays in torch: the loss of parameters that stand one by one, its gradients by backward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from gnomon.objectives.several_arrays import Joined
from gnomon_validation.ports.torch_functions import tensors


def loss_of(objective: Any) -> Callable[[Sequence[Any]], Any]:
    """Return ½dᵀHd + (c/3)·Σdᵢ³ of tensors laid end to end, NaN beyond its reach; of no other kind: `TypeError`."""
    if not isinstance(objective, Joined):
        raise TypeError(f"objective must be a Joined, got {type(objective).__name__}")
    f = tensors(objective.objective)

    def loss(params: Sequence[Any]) -> Any:
        d = torch.cat([w.reshape(-1) for w in params]) - f.stationary
        known = torch.where(d.detach().abs().max() <= f.reach, 1.0, torch.nan).to(d.dtype)
        return (d @ f.matrix @ d / 2 + f.bend * (d**3).sum() / 3) * known

    return loss


def parameters(params: Sequence[Any]) -> list[Any]:
    """Return arrays or tensors as parameters of their own."""
    return [torch.nn.Parameter(w.clone()) for w in tensors(tuple(params))]


def backward(loss: Callable[[Sequence[Any]], Any], params: Sequence[Any]) -> None:
    """Give the parameters their gradients."""
    for w in params:
        w.grad = None
    loss(params).backward()
