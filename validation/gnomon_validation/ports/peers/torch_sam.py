"""SAM in torch as its users write it: an optimizer around another one, with a step to the perturbed point and one back.

The norm is scaled, a gradient of 0 perturbs nothing, and a gradient that is not finite ends the step with the
parameters back in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from gnomon_validation.ports.peers.torch_arrays import backward, loss_of, parameters
from gnomon_validation.ports.torch_functions import offered

dtypes = ("float32", "float64")


class SAM(torch.optim.Optimizer):  # type: ignore[misc]
    """Takes the parameters to where the loss is higher (`first_step`), then back and on with `base` (`second_step`)."""

    def __init__(self, params: Sequence[Any], base: Callable[..., Any], *, rho: float, eps: float, **rates: Any):
        super().__init__(params, {"rho": rho, "eps": eps})
        self.base = base([w for group in self.param_groups for w in group["params"]], **rates)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def first_step(self) -> None:
        """Move to w + ρ·g/(‖g‖ + ε), the norm taken over all parameters."""
        params = self._with_gradients("the gradient")
        if not params:
            return
        grads, group = torch.cat([w.grad.reshape(-1) for w in params]), self.param_groups[0]
        largest = grads.abs().max()
        for w in params:
            self.state[w]["restored"] = w.clone()
            if largest > 0:
                size = torch.linalg.vector_norm(grads / largest) + group["eps"] / largest
                w.add_(group["rho"] * (w.grad / largest / size))

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def second_step(self) -> None:
        """Move back to w, and make the base optimizer's step with the gradient of the perturbed point."""
        self.restore()
        self._with_gradients("the gradient at the perturbed point")
        self.base.step()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def restore(self) -> None:
        """Move back to w."""
        for state in self.state.items():
            w, kept = state
            w.copy_(kept["restored"])

    def _with_gradients(self, name: str) -> list[Any]:
        params = [w for group in self.param_groups for w in group["params"] if w.grad is not None]
        if not all(torch.isfinite(w.grad).all() for w in params):
            raise ValueError(f"{name} must be finite")
        return params


def optimizer(params: Sequence[Any], rho: float, eps: float, **rates: Any) -> SAM:
    """Return SAM around torch's SGD."""
    return SAM(params, torch.optim.SGD, rho=rho, eps=eps, **{"lr": 0.0, **rates})


@offered("sam.perturb")
def sam_perturb(params: Any, grads: Any, rho: float, eps: float) -> Any:
    """Return the perturbed point."""
    given = parameters(params)
    for w, g in zip(given, grads, strict=True):
        w.grad = g
    optimizer(given, rho, eps).first_step()
    return tuple(given)


@offered("sam.decompose")
def sam_decompose(params: Any, objective: Any, rho: float, eps: float) -> Any:
    """Return both gradients and their difference."""
    loss, given = loss_of(objective), parameters(params)
    backward(loss, given)
    grads = tuple(w.grad.clone() for w in given)
    optimizer(given, rho, eps).first_step()
    backward(loss, given)
    if not all(torch.isfinite(w.grad).all() for w in given):
        raise ValueError("the gradient at the perturbed point must be finite")
    others = tuple(w.grad.clone() for w in given)
    return grads, others, tuple(s - g for s, g in zip(others, grads, strict=True))


@offered("sam.step")
def sam_step(params: Any, state: Any, objective: Any, rho: float, eps: float, **rates: Any) -> Any:
    """Return parameters, state and report of one step."""
    loss, given = loss_of(objective), parameters(params)
    made = optimizer(given, rho, eps, **rates)
    if state.step_count > 0:
        for w, buffer in zip(given, state.buffers, strict=True):
            made.base.state[w]["momentum_buffer"] = buffer.clone()
    backward(loss, given)
    grads = torch.cat([w.grad.reshape(-1) for w in given])
    made.first_step()
    backward(loss, given)
    psf = torch.cat([w.grad.reshape(-1) for w in given]) - grads
    made.second_step()
    buffers = tuple(
        made.base.state[w]["momentum_buffer"] if rates["momentum"] else buffer
        for w, buffer in zip(given, state.buffers, strict=True)
    )
    return tuple(given), (buffers, state.step_count + 1), report(grads, psf)


def report(grads: Any, psf: Any) -> tuple[Any, Any, Any]:
    """Return ‖g‖, ‖psf‖ and ⟨g, psf⟩/‖g‖²."""
    size = torch.linalg.vector_norm(grads)
    along = (grads / size) @ psf / size if size > 0 else 0 * size
    return size, torch.linalg.vector_norm(psf), along
