"""A rate for each layer, from its curvature relative to the median layer's.

Source: class PerLayerHomotopyLR of TorchType's `homotopy_lr` (commit 8b8a54b).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.operators import Operator
from gnomon.descent.homotopy.domains import require_curvatures, require_rates
from gnomon.descent.homotopy.estimator import EstimatorState, estimate, require_estimator
from gnomon.descent.homotopy.rate import ratio
from gnomon.domains import Array, require_choice, require_count, require_flag

VARIANTS = ("reference", "code", "docs")


class LayersState(NamedTuple):
    """What is remembered for L layers.

    names: of the layers, all different. calls: how often the layers were measured or asked. norm_averages,
    trace_averages: of each layer's estimator. curvatures, rates: κ and lr of each layer, 1 and base_lr at first. Arrays
    have shape (L,).
    """

    names: tuple[str, ...]
    calls: int
    norm_averages: Array
    trace_averages: Array
    curvatures: Array
    rates: Array


def init_layers(names: Sequence[str], *, dtype: Any = np.float64, base_lr: float = 1e-3) -> LayersState:
    """Return the state of layers with these names before the first step. dtype: of their parameters.

    Raises `ValueError` for no name at all, and for a name that is given twice (the source keeps the first layer's
    estimator then, and the second's parameters).
    """
    require_names(tuple(names))
    zeros = np.zeros(len(names), dtype)
    return LayersState(tuple(names), 0, zeros, zeros, zeros + 1, zeros + base_lr)


def rate_of(state: LayersState, name: str) -> Any:
    """Return the rate of the layer of that name; raise `ValueError` if there is none."""
    if name not in state.names:
        raise ValueError(f"name must be one of {', '.join(map(repr, state.names))}, got {name!r}")
    return state.rates[state.names.index(name)]


def layer_rates(
    curvatures: Array,
    *,
    base_lr: float = 1e-3,
    min_lr: float = 1e-7,
    max_lr: float = 1.0,
    normalize_by_median: bool = True,
    variant: str = "reference",
) -> Array:
    """Return the rate of each layer.

    With b = base_lr and med the ⌊L/2⌋-th of the sorted κ, from 0 (the upper one of two medians)::

        reference   b/(1 + κ/med)               the median layer gets b/2
        code        b/(1 + κ/(med + 1e-10))
        docs        b·med/κ                     the median layer gets b, as the code's comment has it

    then kept within min_lr and max_lr. curvatures: κ of the layers, shape (L,), L >= 1, >= 0, ∞ too; 0/0 counts as 0
    and ∞/∞ as 1. normalize_by_median: if not, med is b, as in the code: a rate in the place of a curvature.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.
    """
    require_curvatures("curvatures", curvatures)
    require_rates(base_lr, min_lr, max_lr)
    require_flag("normalize_by_median", normalize_by_median)
    require_choice("variant", variant, VARIANTS)
    zeros = np.zeros_like(curvatures)
    median = upper_median(curvatures) if normalize_by_median else base_lr
    relative = ratio(curvatures, zeros + (median + 1e-10 if variant == "code" else median))
    with np.errstate(divide="ignore", over="ignore"):
        rates = base_lr / relative if variant == "docs" else base_lr / (1 + relative)
    bounded: Array = np.clip(rates, min_lr, max_lr)
    return bounded


def upper_median(curvatures: Array) -> Any:
    """Return the ⌊L/2⌋-th of the sorted curvatures, from 0."""
    return np.sort(curvatures)[curvatures.shape[0] // 2]


def schedule_layers(
    state: LayersState,
    operators: tuple[Operator, ...],
    grads: tuple[Array, ...],
    probes: tuple[Array, ...],
    starts: tuple[Array, ...],
    step_index: int,
    *,
    layer_frequency: int = 10,
    frequency: int = 10,
    decay: float = 0.9,
    iterations: int = 20,
    rtol: float = 1e-6,
    base_lr: float = 1e-3,
    min_lr: float = 1e-7,
    max_lr: float = 1.0,
    normalize_by_median: bool = True,
    variant: str = "reference",
) -> tuple[LayersState, int]:
    """Return the state after a step, with the rates in it, and how many products with the Hessian were made.

    If layer_frequency divides step_index (from 0) every layer's estimator is called and the rates are computed anew;
    otherwise nothing changes. The estimators count these calls, and measure on the first and every N-th of them, so
    that the two frequencies multiply: with 10 and 10 the Hessian is asked at steps 0, 90, 190, ….

    operators: the diagonal blocks of the Hessian. grads, probes, starts: as in `estimate`, one for each layer; of one
    dtype. layer_frequency: >= 1. frequency, decay, iterations, rtol: of the estimators; theirs is variant "code" if
    this one's is. The rest as in `layer_rates`.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.
    """
    require_count("layer_frequency", layer_frequency, 1)
    require_count("step_index", step_index)
    require_estimator(frequency, decay, iterations, rtol)
    require_rates(base_lr, min_lr, max_lr)
    require_flag("normalize_by_median", normalize_by_median)
    require_choice("variant", variant, VARIANTS)
    require_names(state.names)
    layers = len(state.names)
    for name, given in (("operators", operators), ("grads", grads), ("probes", probes), ("starts", starts)):
        if len(given) != layers:
            raise ValueError(f"{name} must have one entry for each of {layers} layers, got {len(given)}")
    if step_index % layer_frequency != 0:
        return state, 0
    found = [
        estimate(
            EstimatorState(state.calls, state.norm_averages[layer], state.trace_averages[layer]),
            operators[layer],
            grads[layer],
            probes[layer],
            starts[layer],
            frequency=frequency,
            decay=decay,
            iterations=iterations,
            rtol=rtol,
            variant="code" if variant == "code" else "reference",
        )
        for layer in range(layers)
    ]
    curvatures = np.stack([measured.curvature for _, measured in found])
    rates = layer_rates(
        curvatures,
        base_lr=base_lr,
        min_lr=min_lr,
        max_lr=max_lr,
        normalize_by_median=normalize_by_median,
        variant=variant,
    )
    norms = np.stack([after.norm_average for after, _ in found])
    traces = np.stack([after.trace_average for after, _ in found])
    products = sum(measured.products for _, measured in found)
    return LayersState(state.names, state.calls + 1, norms, traces, curvatures, rates), products


def require_names(names: tuple[str, ...]) -> None:
    """Raise `ValueError` unless there is a name and all are different."""
    if not names:
        raise ValueError("names must have at least one layer")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"names must be different, got {name!r} twice")
