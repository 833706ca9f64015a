"""The Hessian-free step with loss, gradient and curvature each accumulated over batches of its own.

Source: `acc_step` of `ltatzel/PyTorchHessianFree`, commit f430d81.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from gnomon.curvature.operators import Dense, Operator
from gnomon.domains import Array, require_choice, require_count
from gnomon.hessian_free.optimizer import HessianFreeState, Problem, Report, objective_of, require_outputs, step

REDUCTIONS = ("mean", "sum")


class Batch(NamedTuple):
    """objective: the loss on some of the data, any `Objective` or a learning problem. size: how many examples, >= 1."""

    objective: Problem
    size: int


@dataclass(frozen=True)
class Accumulated:
    """Three objectives in one: f over some batches, ∇f over others, curvature products over yet others.

    reduction: how each batch's loss is made from its examples, and so the whole: "mean" Σ N_b·q_b/Σ N_b, "sum" Σ q_b.
    """

    losses: tuple[Batch, ...]
    gradients: tuple[Batch, ...]
    curvatures: tuple[Batch, ...]
    reduction: str = "mean"

    def value(self, params: Array) -> Any:
        """Return f(x) over `losses`."""
        return self.over(self.losses, lambda f: f.value(params))

    def gradient(self, params: Array) -> Array:
        """Return ∇f(x) over `gradients`."""
        g: Array = self.over(self.gradients, lambda f: f.gradient(params))
        return g

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f(x)·v over `curvatures`."""
        Hv: Array = self.over(self.curvatures, lambda f: f.hvp(params, vector))
        return Hv

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return G·v over `curvatures`."""
        Gv: Array = self.over(self.curvatures, lambda f: f.ggnvp(params, vector))
        return Gv

    def over(self, batches: tuple[Batch, ...], quantity: Callable[[Any], Any]) -> Any:
        """Return what a quantity of each batch's objective makes of the whole."""
        if self.reduction == "sum":
            return sum(quantity(objective_of(b.objective)) for b in batches)
        return sum(int(b.size) * quantity(objective_of(b.objective)) for b in batches) / sum(
            int(b.size) for b in batches
        )


def accumulated(
    losses: tuple[Batch, ...],
    gradients: tuple[Batch, ...] | None = None,
    curvatures: tuple[Batch, ...] | None = None,
    reduction: str = "mean",
) -> Accumulated:
    """Return the objective of three lists, `None` being `losses`; raise as `acc_step` does."""
    require_choice("reduction", reduction, REDUCTIONS)
    g, B = (losses if part is None else part for part in (gradients, curvatures))
    for name, batches in (("losses", losses), ("gradients", g), ("curvatures", B)):
        if len(batches) == 0:
            raise ValueError(f"{name} must hold at least one batch, got an empty list")
        for batch in batches:
            require_count(f"size of a batch of {name}", batch.size, 1)
    return Accumulated(tuple(losses), tuple(g), tuple(B), reduction)


def acc_step(
    params: Array,
    state: HessianFreeState,
    losses: tuple[Batch, ...],
    gradients: tuple[Batch, ...] | None = None,
    curvatures: tuple[Batch, ...] | None = None,
    preconditioner: Operator | Dense | None = None,
    *,
    reduction: str = "mean",
    curvature: str = "ggn",
    variant: str = "martens",
    adapt_damping: bool = True,
    max_iter: int = 250,
    decay: float = 0.95,
    backtracking: bool = True,
    lr: float = 1.0,
    linesearch: bool = True,
    rtol: float | None = None,
    progress_threshold: float | None = 5e-4,
    rho_reference: str | None = None,
    rho_model: str | None = None,
    rho_iterate: str | None = None,
    on_increase: str | None = None,
    on_nonpositive_curvature: str | None = None,
    reject_ascent: bool = False,
) -> tuple[Array, HessianFreeState, Report]:
    """Return what `step` returns, with f over `losses`, g over `gradients` and B over `curvatures`.

    losses: what ρ, backtracking and the line search ask. gradients: for b = -g and the slope. curvatures: for B.
    `None` is `losses`. reduction: "mean" or "sum", that of each batch's loss. The rest is as for `step`.
    Raises `ValueError` or `TypeError` naming the argument, also for an empty list.
    """
    objective = accumulated(losses, gradients, curvatures, reduction)
    if curvature == "ggn":
        for batch in objective.curvatures:
            require_outputs(objective_of(batch.objective))
    return step(
        params,
        state,
        objective,
        preconditioner,
        curvature=curvature,
        variant=variant,
        adapt_damping=adapt_damping,
        max_iter=max_iter,
        decay=decay,
        backtracking=backtracking,
        lr=lr,
        linesearch=linesearch,
        rtol=rtol,
        progress_threshold=progress_threshold,
        rho_reference=rho_reference,
        rho_model=rho_model,
        rho_iterate=rho_iterate,
        on_increase=on_increase,
        on_nonpositive_curvature=on_nonpositive_curvature,
        reject_ascent=reject_ascent,
    )
