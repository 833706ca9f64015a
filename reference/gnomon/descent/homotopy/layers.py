"""A rate for each layer, from its curvature relative to the median layer's: class PerLayerHomotopyLR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import DTypeLike

from gnomon.arguments import checked, with_keywords
from gnomon.curvature.operators import Operator
from gnomon.descent.homotopy.estimator import EstimatorState, estimate
from gnomon.descent.homotopy.rate import Curvatures, ratio, require_ordered_bounds
from gnomon.domains import Array, Entries, NonNegative, NonNegativeInt, Positive, PositiveInt
from gnomon.rounding import rounded_once

Variant = Literal["standard", "code", "docs"]
VARIANTS = get_args(Variant)
OneALayer: TypeAlias = Annotated[Array, Entries(("L",))]


class LayersState(NamedTuple):
    """What is remembered for L layers.

    names: of the layers, all different. calls: how often the layers were measured or asked. norm_averages,
    trace_averages: of each layer's estimator. curvatures, rates: κ and lr of each layer, 1 and base_lr at first. Arrays
    have shape (L,).
    """

    names: tuple[str, ...]
    calls: int
    norm_averages: OneALayer
    trace_averages: OneALayer
    curvatures: OneALayer
    rates: OneALayer


@checked()
def init_layers(names: Sequence[str], *, dtype: DTypeLike = np.float64, base_lr: Positive = 1e-3) -> LayersState:
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


@checked(require_ordered_bounds)
@rounded_once
def layer_rates(
    curvatures: Curvatures, *,
    base_lr: Positive = 1e-3, min_lr: NonNegative = 1e-7, max_lr: NonNegative = 1.0, normalize_by_median: bool = True,
    variant: Variant = "standard",
) -> Array:  # fmt: skip
    """Return the rate of each layer.

    With b = base_lr and med the ⌊L/2⌋-th of the sorted κ, from 0 (the upper one of two medians)::

        standard   b/(1 + κ/med)               the median layer gets b/2
        code       b/(1 + κ/(med + 1e-10))
        docs       b·med/κ                     the median layer gets b, as the code's comment has it

    then kept within min_lr and max_lr. curvatures: κ of the layers, shape (L,), L >= 1, >= 0, ∞ too; 0/0 counts as 0
    and ∞/∞ as 1. normalize_by_median: if not, med is b, as in the code: a rate in the place of a curvature.
    """
    guard = 1e-10 if variant == "code" else 0.0
    median = np.sort(curvatures)[curvatures.shape[0] // 2] if normalize_by_median else base_lr
    relative = ratio(curvatures, median + guard + np.zeros_like(curvatures))
    with np.errstate(divide="ignore", over="ignore"):
        rates = base_lr / relative if variant == "docs" else base_lr / (1 + relative)
    bounded: Array = np.clip(rates, min_lr, max_lr)
    return bounded


def require_layers(given: Mapping[str, Any]) -> None:
    require_names(given["state"].names)
    layers = len(given["state"].names)
    for name in ("operators", "grads", "probes", "starts"):
        if len(given[name]) != layers:
            raise ValueError(f"{name} must have one entry for each of {layers} layers, got {len(given[name])}")


@checked(require_layers, require_ordered_bounds)
@with_keywords(estimate)
def schedule_layers(
    state: LayersState, operators: tuple[Operator, ...], grads: tuple[Array, ...], probes: tuple[Array, ...],
    starts: tuple[Array, ...], step_index: NonNegativeInt, *,
    layer_frequency: PositiveInt = 10, base_lr: Positive = 1e-3, min_lr: NonNegative = 1e-7, max_lr: NonNegative = 1.0,
    normalize_by_median: bool = True, variant: Variant = "standard", **measuring: Any,
) -> tuple[LayersState, int]:  # fmt: skip
    """Return the state after a step, with the rates in it, and how many products with the Hessian were made.

    If layer_frequency divides step_index (from 0) every layer's estimator is called and the rates are computed anew;
    otherwise nothing changes. The estimators count these calls, and measure on the first and every N-th of them, so
    that the two frequencies multiply: with 10 and 10 the Hessian is asked at steps 0, 90, 190, ….

    operators: the diagonal blocks of the Hessian. grads, probes, starts: as in `estimate`, one for each layer; of one
    dtype. measuring: frequency, decay, iterations, rtol of `estimate`, whose variant is "code" if this one's is. The
    rest as in `layer_rates`.
    """
    if step_index % layer_frequency != 0:
        return state, 0
    found = []
    for layer in range(len(state.names)):
        before = EstimatorState(state.calls, state.norm_averages[layer], state.trace_averages[layer])
        given = (operators[layer], grads[layer], probes[layer], starts[layer])
        found.append(estimate(before, *given, variant="code" if variant == "code" else "standard", **measuring))
    curvatures = np.stack([measurement.curvature for _, measurement in found])
    bounded = {"base_lr": base_lr, "min_lr": min_lr, "max_lr": max_lr}
    rates = layer_rates(curvatures, **bounded, normalize_by_median=normalize_by_median, variant=variant)
    norms = np.stack([after.norm_average for after, _ in found])
    traces = np.stack([after.trace_average for after, _ in found])
    products = sum(measurement.products for _, measurement in found)
    return LayersState(state.names, state.calls + 1, norms, traces, curvatures, rates), products


def require_names(names: tuple[str, ...]) -> None:
    """Raise `ValueError` unless there is a name and all are different."""
    if not names:
        raise ValueError("names must have at least one layer")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"names must be different, got {name!r} twice")
