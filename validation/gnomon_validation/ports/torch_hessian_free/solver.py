"""Preconditioned conjugate gradients, on tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from gnomon.hessian_free.conjugate_gradients import Solution
from gnomon_validation.ports.torch_hessian_free import parts


def conjugate_gradients(
    operator: Callable[[Any], Any],
    b: Any,
    x: Any,
    M: Callable[[Any], Any] | None = None,
    *,
    max_iter: int,
    rtol: float,
    progress_threshold: float | None,
    on_nonpositive_curvature: str,
    stored: Sequence[int],
    variant: str,
    atol: float = 0.0,
) -> Solution:
    """Lower ½xᵀAx - bᵀx from x on, by conjugate gradients preconditioned with M."""
    A, non_positive, i, reason, policy = Multiplied(operator), 0, 0, "", on_nonpositive_curvature
    bound = torch.clamp(rtol * length(b), min=atol)
    r = A(x) - b
    iterates, values, unit = {0: x}, [(r - b) @ x / 2], power_of_two(r)
    r = r / unit
    y = r if M is None else M(r)
    p, slope = -y, r @ y
    while slope != 0:
        Ap = A(p)
        curved = p @ Ap
        if curved == 0 and (p / p.abs().max()) @ (Ap / p.abs().max()) > 0:
            break
        if curved <= 0:
            non_positive += 1
            sentence = f"the operator must be positive, got pᵀAp = {(unit * curved * unit).item()} in iteration {i + 1}"
            parts.require(policy != "raise", sentence)
            if policy == "stop" or curved == 0:
                reason = "non-positive curvature"
                break
            if policy == "saddle-free":
                curved = curved.abs()
        alpha = slope / curved
        ahead = x + unit * (alpha * p), r + alpha * Ap
        if not all(torch.isfinite(v).all() for v in (ahead[0], unit * ahead[1])):
            reason = "divergence"
            break
        if i not in stored:
            del iterates[i]
        i, (x, r) = i + 1, ahead
        iterates[i] = x
        values.append((unit * r - b) @ x / 2)
        if progress_threshold is not None and parts.progress_has_ended(values, progress_threshold, variant):
            reason = "relative progress"
        elif i >= max_iter:
            reason = "number of iterations"
        elif unit * torch.linalg.vector_norm(r) < bound:
            reason = "residual"
        if reason:
            break
        y = r if M is None else M(r)
        before, slope = slope, r @ y
        p = slope / before * p - y
    kept, model = torch.stack([*iterates.values()]), torch.stack(values)
    return Solution(kept, i, model, reason or "zero residual", non_positive, A.products)


def power_of_two(v: Any) -> Any:
    """Return a power of two near the largest entry of v."""
    largest = v.abs().max()
    return torch.ldexp(torch.ones_like(largest), torch.frexp(largest).exponent - 1)


def length(v: Any) -> Any:
    """Return ‖v‖, which leaves the range only if it is itself out of it."""
    return power_of_two(v) * torch.linalg.vector_norm(v / power_of_two(v))


class Multiplied:
    """An operator that counts its products, each of which must be finite."""

    def __init__(self, product: Callable[[Any], Any]) -> None:
        self._product, self.products = product, 0

    def __call__(self, v: Any) -> Any:
        """Return the product with v."""
        found = self._product(v)
        parts.require(torch.isfinite(found).all(), f"product {self.products} of the operator must be finite")
        self.products += 1
        return found
