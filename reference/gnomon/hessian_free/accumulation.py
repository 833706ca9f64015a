"""The Hessian-free step with loss, gradient and curvature each over batches of its own: the package's `acc_step`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeAlias

from gnomon.arguments import checked, with_keywords
from gnomon.curvature.operators import Dense, Operator
from gnomon.domains import Array, Choice, require_count
from gnomon.hessian_free.optimizer import HessianFreeState, Params, Problem, Report, objective_of, require_outputs, step
from gnomon.hessian_free.preconditioner import REDUCTIONS

Reduction: TypeAlias = Annotated[str, Choice(REDUCTIONS)]


class Batch(NamedTuple):
    """objective: the loss on some of the data, any `Objective` or a learning problem. size: how many examples, >= 1."""

    objective: Problem
    size: int


class Accumulated(NamedTuple):
    """An objective made of functions: f, ∇f, and (x, v) ↦ ∇²f(x)·v and G(x)·v."""

    value: Callable[[Array], Any]
    gradient: Callable[[Array], Array]
    hvp: Callable[[Array, Array], Array]
    ggnvp: Callable[[Array, Array], Array]


def accumulated(
    losses: tuple[Batch, ...],
    gradients: tuple[Batch, ...] | None = None,
    curvatures: tuple[Batch, ...] | None = None,
    reduction: str = "mean",
) -> Accumulated:
    """Return three objectives in one: f over some batches, ∇f over others, curvature products over yet others.

    `None` is `losses`. Raises as `acc_step` does.
    """
    gradients = losses if gradients is None else gradients
    curvatures = losses if curvatures is None else curvatures
    for name, batches in (("losses", losses), ("gradients", gradients), ("curvatures", curvatures)):
        if len(batches) == 0:
            raise ValueError(f"{name} must hold at least one batch, got an empty list")
        for batch in batches:
            require_count(f"size of a batch of {name}", batch.size, 1)
    return Accumulated(
        lambda x: whole(losses, lambda f: f.value(x), reduction),
        lambda x: whole(gradients, lambda f: f.gradient(x), reduction),
        lambda x, v: whole(curvatures, lambda f: f.hvp(x, v), reduction),
        lambda x, v: whole(curvatures, lambda f: f.ggnvp(x, v), reduction),
    )


def whole(batches: tuple[Batch, ...], quantity: Callable[[Any], Any], reduction: str) -> Any:
    """Return what a quantity q of each batch's objective makes of the whole: Σ N_b·q_b/Σ N_b "mean", Σ q_b "sum"."""
    if reduction == "sum":
        return sum(quantity(objective_of(b.objective)) for b in batches)
    return sum(int(b.size) * quantity(objective_of(b.objective)) for b in batches) / sum(int(b.size) for b in batches)


@checked()
@with_keywords(step)
def acc_step(
    params: Params, state: HessianFreeState, losses: tuple[Batch, ...], gradients: tuple[Batch, ...] | None = None,
    curvatures: tuple[Batch, ...] | None = None, preconditioner: Operator | Dense | None = None, *,
    reduction: Reduction = "mean", **hyper: Any,
) -> tuple[Array, HessianFreeState, Report]:  # fmt: skip
    """Return what `step` returns, with f over `losses`, g over `gradients` and B over `curvatures`.

    losses: what ρ, backtracking and the line search ask. gradients: for b = -g and the slope. curvatures: for B.
    `None` is `losses`. reduction: "mean" or "sum", that of each batch's loss. The rest is as for `step`.
    Raises as well for an empty list.
    """
    objective = accumulated(losses, gradients, curvatures, reduction)
    if hyper.get("curvature", "ggn") == "ggn":
        for batch in losses if curvatures is None else curvatures:
            require_outputs(objective_of(batch.objective))
    return step(params, state, objective, preconditioner, **hyper)
