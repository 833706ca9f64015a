"""The published Hill-ADAM's behaviour, written anew as an optimizer of torch, and it as a port of the variant "code".

Like the published class it steps the first parameter group only, keeps the very object that it is given as what belongs
to a loss (c6), and has its count of steps in a tensor, of torch's default dtype there: so the corrections are computed
in float32 (c5).
"""

from __future__ import annotations

from typing import Any

import torch

from gnomon.descent.hill_adam import UNSEEN, HillAdamState, Report
from gnomon_validation.ports.torch_functions import offered

dtypes = ("float32", "float64")
only = {"hill_adam.step": {"variant": ("code",)}}


class PublishedOptimizer(torch.optim.Optimizer):  # type: ignore[misc]
    """Hill-ADAM as published. step(loss, payload) returns the payload of the lowest recorded loss, and that loss."""

    def __init__(
        self, params: Any, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        delta: float = 1e-4, hi: float = 200.0, lo: float = -1e4, weight_decay: float = 0.01, maximize: bool = False,
        count_dtype: Any = torch.float32,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})
        self.eps, self.delta, self.hi, self.lo, self.count_dtype = eps, delta, hi, lo, count_dtype
        self.up, self.inside, self.calls = maximize, True, 0
        self.previous: Any = None
        self.best_loss: Any = -UNSEEN if maximize else UNSEEN
        self.best: Any = None
        self.events: list[tuple[int, str, bool]] = []
        for p in self.param_groups[0]["params"]:
            self.state[p] = {"t": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}

    def turn(self, loss: Any) -> tuple[bool, Any]:
        """Return whether the moments go, and the loss if it is to be remembered."""
        if self.previous is not None and abs(loss - self.previous) < self.delta:
            self.up = not self.up
            self.events.append((self.calls, "plateau", self.up))
            return True, None
        forget = False
        for name, is_out, way in (("hi", loss > self.hi, False), ("lo", loss < self.lo, True)):
            if not is_out:
                self.inside = True
                continue
            forget, self.up, self.inside = self.inside, way, False
            self.events.append((self.calls, name, way))
            return forget, None
        return forget, loss

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, loss: Any, payload: Any) -> tuple[Any, Any]:
        self.calls += 1
        group = self.param_groups[0]
        (beta1, beta2), lr = group["betas"], group["lr"]
        forget, self.previous = self.turn(loss)
        for p in group["params"]:
            kept = self.state[p]
            if forget:
                kept.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
            kept["t"] += 1
            t = torch.tensor(kept["t"], dtype=self.count_dtype)
            kept["m"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
            kept["v"].mul_(beta2).add_(p.grad * p.grad, alpha=1 - beta2)
            rate, root = lr / (1 - beta1**t), (1 - beta2**t).sqrt()
            move = rate * (kept["m"] / (kept["v"].sqrt() / root + self.eps))
            p.add_(move if self.up else -move)
        if self.previous is not None and self.best_loss > self.previous:
            self.best_loss, self.best = self.previous, payload
        return self.best, self.best_loss


@offered("hill_adam.step")
def hill_adam_step(
    params: Any, grad: Any, state: Any, loss: Any, *, lr: float, beta1: float, beta2: float, eps: float,
    delta: float, hi: float, lo: float, weight_decay: float, bias_dtype: str,
) -> Any:  # fmt: skip
    x = torch.nn.Parameter(params.clone())
    rates: dict[str, Any] = {"lr": lr, "betas": (beta1, beta2), "eps": eps, "delta": delta, "hi": hi, "lo": lo}
    count_dtype = torch.float32 if bias_dtype == "float32" else torch.float64
    optimizer = PublishedOptimizer([x], **rates, weight_decay=weight_decay, count_dtype=count_dtype)
    optimizer.up, optimizer.inside, optimizer.calls = state.ascending, state.inside, state.calls
    optimizer.previous = None if torch.isnan(state.previous_loss) else state.previous_loss
    optimizer.best, optimizer.best_loss = state.best_params, state.best_loss
    optimizer.state[x] = {"t": state.step_count, "m": state.first_moment.clone(), "v": state.second_moment.clone()}
    x.grad = grad
    optimizer.step(loss, params)
    event: Any
    kept, event = optimizer.state[x], optimizer.events[-1][1] if optimizer.events else ""
    previous = loss * torch.nan if optimizer.previous is None else optimizer.previous
    after = HillAdamState(
        kept["m"], kept["v"], optimizer.best, optimizer.best_loss, previous, optimizer.up, optimizer.inside, kept["t"],
        optimizer.calls,
    )  # fmt: skip
    margin = ((loss - state.previous_loss).abs() - delta).abs()
    return x.detach(), after, Report(event, optimizer.up, kept["t"] == 1 and bool(event), margin)
