"""HysteroGrad step by step along given gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gnomon.descent import hysterograd
from gnomon.domains import Array


def walk(
    start: Array,
    gradients: Iterable[Array | Callable[[Array], Array]],
    state: hysterograd.HysteroGradState | None = None,
    **hyper: Any,
) -> Iterator[tuple[Array, hysterograd.HysteroGradState, hysterograd.Report]]:
    """Yield parameters, state and report after each step. gradients: one a step, or a function of the parameters."""
    params, state = start, hysterograd.init(start) if state is None else state
    for grad in gradients:
        params, state, report = hysterograd.step(params, grad(params) if callable(grad) else grad, state, **hyper)
        yield params, state, report
