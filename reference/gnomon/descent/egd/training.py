"""A training step whose gradient matrices have equal singular values, and the switch that ends it.

The transform stands in front of any optimizer: here, as in the paper's toy experiments, that is gradient descent.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from gnomon.arguments import checked
from gnomon.descent.egd.polar import polar, polar_eigh, polar_newton_schulz
from gnomon.descent.egd.variants import Unit, colnorm, floored, rsvd
from gnomon.domains import Array, Fraction, NonNegative, NonNegativeInt, Positive, TupleOfArrays, UnitInterval
from gnomon.rounding import rounded_once
from gnomon.several_arrays import Arrays

Variant = Literal["paper", "code", "rsvd", "colnorm"]
Algorithm = Literal["svd", "eigh", "newton_schulz", "muon5"]
Switch = Literal["latched", "live"]
Params: TypeAlias = Annotated[Arrays, TupleOfArrays(finite=True)]
Grads: TypeAlias = Annotated[Arrays, TupleOfArrays("params", finite=True)]


class EGDState(NamedTuple):
    """Whether the transform is in use."""

    active: bool


@checked()
def init() -> EGDState:
    """Return the state before the first step: the transform is in use."""
    return EGDState(True)


@checked()
def switch(
    state: EGDState, accuracy: UnitInterval, *, threshold: UnitInterval = 0.95, variant: Switch = "latched"
) -> EGDState:
    """Return the state after an epoch: the transform is no longer in use once accuracy > threshold.

    accuracy: on data that is held back, in [0, 1]. variant: "latched" turns it off for good, as the paper says; with
    "live" only the latest accuracy counts, so that it comes back, as in the code, which looks at the *test* data.
    """
    passed = accuracy > threshold
    if variant == "live":
        return EGDState(not passed)
    return EGDState(state.active and not passed)


def require_fitting_layers(given: Mapping[str, Any]) -> None:
    params, layers, sketches = given["params"], given["layers"], given.get("sketches", ())
    for i in layers:
        if i >= len(params) or len(params[i].shape) < 2:
            raise ValueError(f"layers must be places of params with two dimensions or more, got {i}")
    if given["variant"] == "rsvd" and len(sketches) != len(layers):
        raise ValueError(f"sketches must be as many as layers, {len(layers)}, got {len(sketches)}")


@checked(require_fitting_layers)
@rounded_once
def step(
    params: Params, grads: Grads, state: EGDState, sketches: Arrays = (), *,
    lr: Positive = 0.1, weight_decay: NonNegative = 0.0, layers: tuple[NonNegativeInt, ...] = (0,),
    variant: Variant = "paper", algorithm: Algorithm = "svd", rtol: Fraction | None = None,
    floor: Positive | None = None, n_iter: NonNegativeInt = 2, unit: Unit = "column",
) -> tuple[Arrays, EGDState]:  # fmt: skip
    """Take one step of gradient descent and return the new parameters, and the state as it was.

    With W a parameter, g its gradient, λ = weight_decay, for each array::

        G ← g + λ·W     for matrices; biases, which have one dimension, do not decay
        G ← EGD(G)      for the arrays at the places `layers`, while state.active
        W ← W - lr·G

    params, grads: as many arrays, finite, one dtype for all. The decay is that of the loss ½λ‖W‖²: it goes through the
    transform. layers: of arrays of two dimensions or more; the last ones of more than two are taken for one, as in
    (out, in·kh·kw). variant: the transform, "paper" (`polar` by one of its algorithms), "code" (`floored`), "rsvd" or
    "colnorm", with rtol, floor (`None`: the transform's own), n_iter and unit as they have them. sketches: one for each
    of the layers, for "rsvd" only.

    Choices: `layers` is what the toy networks transform, the first matrix. The transform is a number of the dtype: it
    knows no learning rate but lr.
    """
    new = []
    for i, (W, grad) in enumerate(zip(params, grads, strict=True)):
        G = grad + weight_decay * W if len(W.shape) > 1 else grad
        if state.active and i in layers:
            matrix = G.reshape(G.shape[0], prod(G.shape[1:]))
            if variant == "paper":
                matrix = by_algorithm(matrix, algorithm, rtol)
            elif variant == "code":
                matrix = floored(matrix, floor=1e-6 if floor is None else floor)
            elif variant == "rsvd":
                sketch = sketches[layers.index(i)]
                matrix = rsvd(matrix, sketch, n_iter=n_iter, floor=1e-6 if floor is None else floor)
            else:
                matrix = colnorm(matrix, floor=0.01 if floor is None else floor, unit=unit)
            G = matrix.reshape(G.shape)
        new.append(W - lr * G)
    return tuple(new), state


def by_algorithm(matrix: Array, algorithm: Algorithm, rtol: float | None) -> Array:
    """Return what stands for the polar factor of a matrix."""
    if algorithm == "svd":
        return polar(matrix, rtol=rtol)
    if algorithm == "eigh":
        return polar_eigh(matrix, rtol=rtol)
    if algorithm == "newton_schulz":
        return polar_newton_schulz(matrix)
    return polar_newton_schulz(matrix, iterations=5, coefficients="muon")
