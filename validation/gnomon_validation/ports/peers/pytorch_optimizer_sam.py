"""pytorch_optimizer's `SAM` around torch's SGD as a port of `sam.perturb`, `sam.decompose` and `sam.step`."""

from __future__ import annotations

from typing import Any

import torch
from pytorch_optimizer import SAM

from gnomon_validation.ports.peers.torch_arrays import backward, loss_of, parameters
from gnomon_validation.ports.peers.torch_sam import report
from gnomon_validation.ports.torch_functions import arrays, tensors

dtypes = ("float32", "float64")


def sam_perturb(params: Any, grads: Any, *, rho: float = 0.05, eps: float = 0.0) -> Any:
    """Return the perturbed point."""
    given = parameters(params)
    for w, g in zip(given, tensors(tuple(grads)), strict=True):
        w.grad = g
    SAM(given, torch.optim.SGD, lr=0.0, rho=rho, perturb_eps=eps).first_step()
    return arrays(tuple(given))


def sam_decompose(params: Any, objective: Any, *, rho: float = 0.05, eps: float = 0.0) -> Any:
    """Return both gradients and their difference."""
    loss, given = loss_of(objective), parameters(params)
    backward(loss, given)
    grads = tuple(w.grad.clone() for w in given)
    SAM(given, torch.optim.SGD, lr=0.0, rho=rho, perturb_eps=eps).first_step()
    backward(loss, given)
    others = tuple(w.grad.clone() for w in given)
    return arrays((grads, others, tuple(s - g for s, g in zip(others, grads, strict=True))))


def sam_step(
    params: Any, state: Any, objective: Any, *, rho: float = 0.05, eps: float = 0.0, lr: float = 0.05,
    momentum: float = 0.9, weight_decay: float = 1e-3,
) -> Any:  # fmt: skip
    """Return parameters, state and report of one step with its closure."""
    loss, given = loss_of(objective), parameters(params)
    rates: dict[str, Any] = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    made = SAM(given, torch.optim.SGD, rho=rho, perturb_eps=eps, **rates)
    if state.step_count > 0:
        for w, buffer in zip(given, tensors(state.buffers), strict=True):
            made.base_optimizer.state[w]["momentum_buffer"] = buffer
    backward(loss, given)
    grads = torch.cat([w.grad.reshape(-1) for w in given])
    made.step(lambda: backward(loss, given))
    psf = torch.cat([w.grad.reshape(-1) for w in given]) - grads
    buffers = tuple(
        made.base_optimizer.state[w]["momentum_buffer"] if momentum else buffer
        for w, buffer in zip(given, tensors(state.buffers), strict=True)
    )
    return arrays((tuple(given), (buffers, state.step_count + 1), report(grads, psf)))
