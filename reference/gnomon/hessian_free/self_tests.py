"""Whether an objective is fit for the optimizer: the package's `test_deterministic` and `test_reduction`."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative
from gnomon.hessian_free.accumulation import Batch, Reduction, accumulated
from gnomon.hessian_free.optimizer import Curvature, Params, Problem, objective_of, require_outputs

Vector: TypeAlias = Annotated[Array, Entries(("n",), fit="params", finite=True)]


@checked()
def is_deterministic(
    objective: Problem, params: Params, vector: Vector, *,
    curvature: Curvature = "ggn", rtol: NonNegative = 1e-5, atol: NonNegative = 1e-8,
) -> bool:  # fmt: skip
    """Return whether f(θ), ∇f(θ) and B·v are the same when they are asked for twice: |a - b| <= atol + rtol·|b|.

    Where they are not (dropout, other data at every call) the quadratic model has nothing to do with the loss. params:
    θ, shape (n,). vector: v, shape (n,), finite, any that is not special; the package draws it. curvature: "ggn" or
    "hessian", for B. A NaN is not the same as anything. Choice: the package only warns, and looks at the outputs of the
    network and not at the gradient.
    """
    f = objective_of(objective)
    first, second = (_answers(f, params, vector, curvature) for _ in range(2))
    return _close(second, first, rtol, atol)


@checked()
def reduction_matches(
    batches: tuple[Batch, ...], whole: Problem, params: Params, vector: Vector, *,
    reduction: Reduction = "mean", curvature: Curvature = "ggn", rtol: NonNegative = 1e-2, atol: NonNegative = 1e-4,
) -> bool:  # fmt: skip
    """Return whether f(θ), ∇f(θ) and B·v accumulated over batches are those of the whole, so that `reduction` fits.

    batches: at least two. whole: the objective on all their data. reduction: "mean" or "sum", see `acc_step`. The rest
    is as for `is_deterministic`. Choice: the package raises an error where this returns False.
    """
    if len(batches) < 2:
        raise ValueError(f"batches must be at least two, got {len(batches)}")
    parts = accumulated(batches, reduction=reduction)
    if curvature == "ggn":
        for batch in batches:
            require_outputs(objective_of(batch.objective))
    split, together = (_answers(g, params, vector, curvature) for g in (parts, objective_of(whole)))
    return _close(split, together, rtol, atol)


def _answers(objective: Any, params: Array, vector: Array, curvature: str) -> list[Any]:
    product = objective.hvp if curvature == "hessian" else require_outputs(objective).ggnvp
    return [objective.value(params), objective.gradient(params), product(params, vector)]


def _close(left: list[Any], right: list[Any], rtol: float, atol: float) -> bool:
    return all(bool(np.all(np.abs(a - b) <= atol + rtol * np.abs(b))) for a, b in zip(left, right, strict=True))
