"""The parts of the optimizer, each as a function of arrays that checks what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gnomon_validation.ports.torch_hessian_free import optimizer, parts, solver
from gnomon_validation.ports.torch_hessian_free.arguments import at_least_0, count, flag, known, require, vector
from gnomon_validation.ports.torch_hessian_free.objectives import numbers, rebuilt


def hessian_free_window(iteration: int, *, variant: str = "martens") -> int:
    """Return how many iterations back progress is measured."""
    count("iteration", iteration, 0)
    known("variant", variant, parts.RULES)
    return parts.window(iteration, variant)


def hessian_free_progress_has_ended(model: Any, *, threshold: float = 5e-4, variant: str = "martens") -> bool:
    """Return whether the model has fallen too little in the last iterations."""
    require(isinstance(model, np.ndarray) and model.dtype.kind == "f", "model must be floating")
    require(model.ndim == 1 and len(model) > 0, f"model must have shape (i + 1,), got {model.shape}")
    at_least_0("threshold", threshold)
    known("variant", variant, parts.RULES)
    return parts.progress_has_ended(list(numbers(model)), threshold, variant)


def hessian_free_storage_grid(max_iter: int, *, variant: str = "martens", base: float = 1.3) -> Any:
    """Return the iterations whose iterates are kept."""
    count("max_iter", max_iter, 1)
    known("variant", variant, parts.RULES)
    require(1 < base < float("inf"), f"base must be finite and > 1, got {base!r}")
    return np.array(parts.storage_grid(max_iter, variant, base), np.int64)


def hessian_free_conjugate_gradients(
    operator: Any,
    rhs: Any,
    start: Any = None,
    preconditioner: Any = None,
    *,
    max_iter: int = 250,
    rtol: float = 1e-5,
    atol: float = 0.0,
    progress_threshold: float | None = 5e-4,
    on_nonpositive_curvature: str = "ignore",
    stored: Sequence[int] = (),
    variant: str = "martens",
) -> tuple[Any, int, Any, str, int, int]:
    """Return kept iterates, iterations, values, reason, how often curvature was not positive, products."""
    vector("rhs", rhs)
    A, b = multiplication(operator, rhs), numbers(rhs)
    if start is not None:
        vector("start", start, rhs)
    count("max_iter", max_iter, 1)
    for name, value in (("rtol", rtol), ("atol", atol), ("progress_threshold", progress_threshold or 0.0)):
        at_least_0(name, value)
    known("on_nonpositive_curvature", on_nonpositive_curvature, solver.POLICIES)
    known("variant", variant, parts.RULES)
    for i in stored:
        count("stored", i, 0)
    found = solver.conjugate_gradients(
        A,
        b,
        torch.zeros_like(b) if start is None else numbers(start),
        None if preconditioner is None else multiplication(preconditioner, rhs),
        max_iter=max_iter,
        rtol=rtol,
        atol=atol,
        threshold=progress_threshold,
        policy=on_nonpositive_curvature,
        stored=stored,
        variant=variant,
    )
    iterates, values = (torch.stack(x).numpy() for x in (found.iterates, found.values))
    return iterates, found.kept[-1], values, found.reason, found.non_positive, found.products


def hessian_free_choose_iterate(losses: Any, *, variant: str = "martens") -> tuple[int, int]:
    """Return which of the iterates with these losses is taken, and how many were visited."""
    require(isinstance(losses, np.ndarray) and losses.dtype.kind == "f", "losses must be floating")
    require(losses.ndim == 1 and len(losses) > 0, f"losses must have shape (s,), got {losses.shape}")
    known("variant", variant, (*parts.RULES, "full"))
    asked = 0

    def loss_at(i: int) -> float:
        nonlocal asked
        asked += 1
        return float(losses[i])

    return parts.choose_iterate(loss_at, len(losses), variant), asked


def hessian_free_reduction_ratio(before: Any, after: Any, predicted: Any, *, variant: str = "martens") -> Any:
    """Return how much of the predicted change came true."""
    known("variant", variant, parts.RULES)
    rule = parts.RULES[variant].on_increase
    return parts.reduction_ratio(numbers(before), numbers(after), numbers(predicted), rule).numpy()[()]


def hessian_free_updated_damping(
    damping: Any,
    ratio: Any,
    *,
    variant: str = "martens",
    low: float = 1 / 4,
    high: float = 3 / 4,
    grow: float = 3 / 2,
    shrink: float = 2 / 3,
) -> Any:
    """Return the damping of the next step."""
    at_least_0("damping", damping)
    known("variant", variant, parts.RULES)
    require(0 <= low <= high < float("inf"), f"low and high must be in order and >= 0, got {low!r} and {high!r}")
    require(1 <= grow < float("inf"), f"grow must be finite and >= 1, got {grow!r}")
    require(0 < shrink <= 1, f"shrink must be in (0, 1], got {shrink!r}")
    return parts.updated_damping(numbers(damping), numbers(ratio), variant, low, high, grow, shrink).numpy()[()]


def hessian_free_armijo(
    objective: Any,
    params: Any,
    direction: Any,
    grad: Any,
    *,
    lr: float = 1.0,
    shrink: float = 0.8,
    slope_fraction: float = 0.01,
    max_iter: int = 20,
    reject_ascent: bool = False,
) -> tuple[Any, Any, int]:
    """Return the step length, the value there, and how often the objective was evaluated."""
    vector("params", params, finite=False)
    vector("direction", direction, params, finite=False)
    vector("grad", grad, params, finite=False)
    at_least_0("lr", lr)
    require(0 < shrink < 1, f"shrink must be in (0, 1), got {shrink!r}")
    require(0 <= slope_fraction < 1, f"slope_fraction must be in [0, 1), got {slope_fraction!r}")
    count("max_iter", max_iter, 1)
    flag("reject_ascent", reject_ascent)
    f = optimizer.Counted(rebuilt(objective))
    w, s, g = numbers(params), numbers(direction), numbers(grad)
    found, value = parts.armijo(f.value, w, s, g @ s, lr, shrink, slope_fraction, max_iter, reject_ascent)
    return found.numpy()[()], value.numpy()[()], f.evaluations


def hessian_free_squared_gradients(example_gradients: Any, *, reduction: str = "mean") -> Any:
    """Return the diagonal of the empirical Fisher matrix."""
    G = example_gradients
    require(isinstance(G, np.ndarray) and G.dtype.kind == "f", "example_gradients must be floating")
    require(G.ndim == 2 and len(G) > 0, f"example_gradients must have shape (N, n), got {G.shape}")
    require(bool(np.isfinite(G).all()), "example_gradients must be finite")
    known("reduction", reduction, ("mean", "sum"))
    squares = numbers(G).square()
    return (squares.mean(dim=0) if reduction == "mean" else squares.sum(dim=0)).numpy()


def hessian_free_fisher_preconditioner(diagonal: Any, *, damping: float = 1.0, exponent: float = 0.75) -> tuple[Any]:
    """Return by what the preconditioner multiplies each entry."""
    require(isinstance(diagonal, np.ndarray) and diagonal.dtype.kind == "f", "diagonal must be floating")
    require(diagonal.ndim == 1 and bool((diagonal >= 0).all()), "diagonal must have shape (n,) and entries >= 0")
    at_least_0("damping", damping)
    require(0 <= exponent <= 1, f"exponent must be in [0, 1], got {exponent!r}")
    damped = numbers(diagonal) + damping
    require(exponent == 0 or bool((damped > 0).all()), "diagonal + damping must not be 0")
    return (damped.pow(-exponent).numpy(),)


def multiplication(operator: Any, model: Any) -> Callable[[Any], Any]:
    """Return v ↦ Av of a matrix, or of its diagonal, that is given as a tuple of one array."""
    (array,) = operator
    fits = array.shape in (model.shape, 2 * model.shape) and array.dtype == model.dtype
    require(fits, f"the operator must fit vectors of shape {model.shape}, got {array.shape}")
    A = numbers(array)
    return (lambda v: A @ v) if array.ndim == 2 else (lambda v: A * v)
