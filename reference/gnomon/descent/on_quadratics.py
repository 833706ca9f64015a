"""Any method of this folder, iterated on a quadratic whose gradient is known in closed form: H(x - x*)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon.domains import Array, require_count, require_floating


def iterate(
    init: Callable[[Array], Any],
    step: Callable[..., tuple[Any, ...]],
    params: Array,
    hessian: Array,
    minimiser: Array,
    steps: int,
    **hyperparameters: Any,
) -> Array:
    """Return x₀ … x_steps of `step` on ½(x-x*)ᵀH(x-x*), shape (steps + 1, n).

    init, step: the method. params: x₀, shape (n,). hessian: H, shape (n, n). minimiser: x*, shape (n,).
    Raises `ValueError` or `TypeError` for shapes or dtypes that do not fit, and whatever `step` raises.
    """
    require_quadratic(params, hessian, minimiser)
    if params.ndim != 1:
        raise ValueError(f"params must have shape (n,), got {params.shape}")
    require_count("steps", steps)
    iterates, state = [params], init(params)
    for _ in range(steps):
        grad = hessian @ (iterates[-1] - minimiser)
        new, state, *_ = step(iterates[-1], grad, state, **hyperparameters)
        iterates.append(new)
    return np.stack(iterates)


def iterate_many(
    trajectory: Callable[..., Array],
    params: Array,
    hessian: Array,
    minimiser: Array,
    steps: int,
    **hyperparameters: Any,
) -> Array:
    """Return where `trajectory` ends from each row of `params`, shape (replicas, n).

    Raises `ValueError` unless `params` has two dimensions, and whatever `trajectory` raises.
    """
    require_floating("params", params)
    if params.ndim != 2:
        raise ValueError(f"params must have shape (replicas, n), got {params.shape}")
    require_quadratic(params, hessian, minimiser)
    ends = [trajectory(row, hessian, minimiser, steps=steps, **hyperparameters)[-1] for row in params]
    return np.stack(ends) if ends else params


def require_quadratic(params: Array, hessian: Array, minimiser: Array) -> None:
    """Raise `ValueError` or `TypeError` unless H is (n, n) and x* is (n,), in the dtype of params (..., n)."""
    require_floating("params", params)
    if params.ndim == 0:
        raise ValueError("params must have shape (n,), got ()")
    n = params.shape[-1]
    for name, array, shape in (("hessian", hessian, (n, n)), ("minimiser", minimiser, (n,))):
        require_floating(name, array)
        if array.shape != shape:
            raise ValueError(f"{name} must have shape {shape} to fit params {params.shape}, got {array.shape}")
        if array.dtype != params.dtype:
            raise TypeError(f"{name} must have the dtype of params {params.dtype}, got {array.dtype}")
