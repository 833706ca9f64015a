"""Any method of this folder, iterated on a quadratic whose gradient is known in closed form: H(x - x*)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

import numpy as np

from gnomon.arguments import check_arguments, checked, with_keywords
from gnomon.domains import Array, Entries, NonNegativeInt

Start = Annotated[Array, Entries(("n",))]
Starts = Annotated[Array, Entries(("replicas", "n"))]
Hessian = Annotated[Array, Entries(("n", "n"), fit="params")]
Minimiser = Annotated[Array, Entries(("n",), fit="params")]


def repeated(init: Callable[..., Any], step: Callable[..., Any]) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """Return `trajectory` and `endpoints` of a method, with the hyperparameters of its `init` and its `step`.

    An `init` that has a keyword `hessian` is given H. The checks are those of `step` and `init`, made before the first
    step.
    """
    of_init, of_step = keywords(init), keywords(step)

    def split(given: Mapping[str, Any]) -> tuple[Callable[[Array], Any], dict[str, Any]]:
        begin = partial(init, **{name: value for name, value in given.items() if name in of_init})
        return begin, {name: value for name, value in given.items() if name in of_step}

    def require_first_step(given: Mapping[str, Any]) -> None:
        begin, then = split(given)
        check_arguments(step, given["params"], given["params"], begin(given["params"]), **then)

    @with_keywords(step)
    @with_keywords(init)
    def trajectory(
        params: Start, hessian: Hessian, minimiser: Minimiser, *, steps: NonNegativeInt, **given: Any
    ) -> Array:
        """Iterate `step` on the quadratic ½(x-x*)ᵀH(x-x*) and return x₀ … x_steps, shape (steps + 1, n).

        params: x₀, shape (n,). hessian: H, symmetric, shape (n, n). minimiser: x*, shape (n,). One dtype for all.
        steps: how many steps, >= 0. The hyperparameters are those of `init` and `step`; the errors likewise.
        """
        begin, then = split({**given, "hessian": hessian})
        iterates, state = [params], begin(params)
        for _ in range(steps):
            grad = hessian @ (iterates[-1] - minimiser)
            new, state, *_ = step(iterates[-1], grad, state, **then)
            iterates.append(new)
        return np.stack(iterates)

    @with_keywords(step)
    @with_keywords(init)
    def endpoints(
        params: Starts, hessian: Hessian, minimiser: Minimiser, *, steps: NonNegativeInt, **given: Any
    ) -> Array:
        """Return where `trajectory` ends from each row of `params`, shape (replicas, n).

        params: shape (replicas, n), one start a row. Everything else as in `trajectory`.
        """
        ends = [trajectory(row, hessian, minimiser, steps=steps, **given)[-1:] for row in params]
        return np.concatenate([params[:0], *ends])

    for function in (trajectory, endpoints):
        function.__module__, function.__qualname__ = step.__module__, function.__name__
    one, many = (checked(require_first_step)(function) for function in (trajectory, endpoints))
    return one, many


def keywords(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the keyword arguments of a function, without `check_finite`."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "check_finite"}
