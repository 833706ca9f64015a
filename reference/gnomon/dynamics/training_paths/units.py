"""Networks with one hidden layer up to their symmetries: units in another order, and of the other sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import Array, Count, Entries, Finite, NonNegativeInt, Positive, PositiveInt
from gnomon.dynamics.topology.distances import assignment
from gnomon.dynamics.training_paths.distances import lmc_barrier


class Student(NamedTuple):
    """L(θ) = ½·mean‖W₂·tanh(W₁x + b₁) + b₂ - y‖² on some data. inputs: x, shape (N, d). targets: y, shape (N, c).

    θ: W₁ (hidden, d) row by row, b₁ (hidden,), W₂ (c, hidden) row by row, b₂ (c,).
    """

    inputs: Array
    targets: Array

    def outputs(self, params: Array) -> Array:
        """Return W₂·tanh(W₁x + b₁) + b₂, shape (N, c)."""
        d, c = self.inputs.shape[1], self.targets.shape[1]
        hidden = (params.shape[0] - c) // (d + 1 + c)
        units = as_units(params, hidden, d)
        out: Array = np.tanh(self.inputs @ units[:, :d].T + units[:, d]) @ units[:, d + 1 :] + params[-c:]
        return out

    def value(self, params: Array) -> Any:
        """Return L(θ)."""
        errors = self.outputs(params) - self.targets
        return np.sum(errors * errors) / (2 * self.inputs.shape[0])


class Matched(NamedTuple):
    """params: the network with its units rearranged. order: which of its units comes in each place. signs: ±1 each."""

    params: Array
    order: NDArray[np.int64]
    signs: NDArray[np.int64]


def as_units(params: Array, hidden: int, inputs: int) -> Array:
    """Return one unit a row: its weights of W₁, its bias, its weights of W₂."""
    outputs = (params.shape[0] - hidden * (inputs + 1)) // (hidden + 1)
    W1, rest = params[: hidden * inputs].reshape(hidden, inputs), params[hidden * inputs :]
    W2 = rest[hidden : hidden * (1 + outputs)].reshape(outputs, hidden)
    return np.concatenate([W1, rest[:hidden].reshape(hidden, 1), W2.T], axis=1)


def as_params(units: Array, inputs: int, last: Array) -> Array:
    """Return the vector of parameters of units; last: b₂."""
    W1, b1, W2 = units[:, :inputs], units[:, inputs], units[:, inputs + 1 :]
    return np.concatenate([W1.reshape(-1), b1, W2.T.reshape(-1), last])


def of_a_network(given: Mapping[str, Any]) -> None:
    size, hidden = given["params"].shape[0], given["hidden"]
    outputs, rest = divmod(size - hidden * (given["inputs"] + 1), hidden + 1)
    if rest or outputs < 1:
        raise ValueError(f"params must be those of a network with {hidden} hidden units, got {size} numbers")


Vector = Annotated[Array, Entries(("n",), least=1, finite=True)]


@checked(of_a_network)
def match_units(
    params: Vector, model: Annotated[Array, Finite("params")], *, inputs: PositiveInt = 1, hidden: PositiveInt = 2,
    odd: bool = True,
) -> Matched:  # fmt: skip
    """Return the image of a network under its symmetries that is nearest to a model.

    With a unit's weights and bias as one vector a, the order π and the signs s maximise Σ s_i·⟨model_i, a_π(i)⟩: as the
    sizes of the a do not change, the distance is least. The function is the same. params, model: θ of `Student`. odd:
    signs may change, as for tanh; False: they are all 1.
    """
    own, wanted = as_units(params, hidden, inputs), as_units(model, hidden, inputs)
    gains = wanted @ own.T
    order = assignment(-np.abs(gains) if odd else -gains)
    signs = [-1 if odd and gains[i, k] < 0 else 1 for i, k in enumerate(order)]
    units = np.stack([sign * own[k] for sign, k in zip(signs, order, strict=True)])
    outputs = own.shape[1] - inputs - 1
    moved = as_params(units, inputs, params[-outputs:])
    return Matched(moved, np.array(order, np.int64), np.array(signs, np.int64))


def a_scale_a_unit(given: Mapping[str, Any]) -> None:
    of_a_network(given)
    if given["scales"].shape != (given["hidden"],):
        raise ValueError(f"scales must be {given['hidden']}, one a hidden unit, got shape {given['scales'].shape}")


@checked(a_scale_a_unit)
def rescale_units(
    params: Vector, scales: Annotated[Array, Finite(above=0)], *, inputs: PositiveInt = 1,
    hidden: PositiveInt = 2,
) -> Array:  # fmt: skip
    """Return the network with weights and bias of unit i times sᵢ, and its outgoing weights over sᵢ.

    As max(0, s·x) = s·max(0, x), a network of ReLU units computes what it did; for powers of 2 to the bit. params: θ of
    `Student`. scales: s, shape (hidden,), > 0. Choice: gradient descent does not commute with scales, as it does with
    order and signs, so that they have no part in `match_units`.
    """
    own = as_units(params, hidden, inputs)
    scaled = own[:, : inputs + 1] * scales[:, np.newaxis], own[:, inputs + 1 :] / scales[:, np.newaxis]
    units = np.concatenate(scaled, axis=1)
    return as_params(units, inputs, params[-(own.shape[1] - inputs - 1) :])


def fitting(given: Mapping[str, Any]) -> None:
    """Require parameters of a network for the data: so many numbers a unit, and those of b₂."""
    size, data = given["start"].shape[0], given["data"]
    c, unit = data.targets.shape[1], data.inputs.shape[1] + 1 + data.targets.shape[1]
    if size <= c or (size - c) % unit:
        raise ValueError(f"start must have {unit} numbers a unit and {c} more, got {size}")
    if data.inputs.shape[0] != data.targets.shape[0]:
        raise ValueError(f"data must have as many targets as inputs, got {data.targets.shape} and {data.inputs.shape}")


@checked(fitting)
def aligned_barrier(
    start: Vector, end: Annotated[Array, Finite("start")], data: Student, *,
    points: Annotated[int, Count(2)] = 101,
) -> Any:  # fmt: skip
    """Return `lmc_barrier` from start to the image of end under the symmetries of a tanh network that is nearest to it.

    start, end: θ of `Student`; data: of that class, of the dtype of start.
    """
    d, c = data.inputs.shape[1], data.targets.shape[1]
    hidden = (start.shape[0] - c) // (d + 1 + c)
    return lmc_barrier(start, match_units(end, start, inputs=d, hidden=hidden).params, data, points=points)


def gradient(params: Array, data: Student) -> Array:
    """Return ∇L(θ), by δ = (f - y)/N, then δᵀh of W₂, Σδ of b₂, and (δW₂)(1 - h²) in place of δ one layer below."""
    d, c = data.inputs.shape[1], data.targets.shape[1]
    units = as_units(params, (params.shape[0] - c) // (d + 1 + c), d)
    h = np.tanh(data.inputs @ units[:, :d].T + units[:, d])
    errors = (h @ units[:, d + 1 :] + params[-c:] - data.targets) / data.inputs.shape[0]
    below = (errors @ units[:, d + 1 :].T) * (1 - h * h)
    parts = below.T @ data.inputs, np.sum(below, axis=0)[:, np.newaxis], h.T @ errors
    return as_params(np.concatenate(parts, axis=1), d, np.sum(errors, axis=0))


@checked(fitting)
def descent(start: Vector, data: Student, *, lr: Positive = 0.3, steps: NonNegativeInt = 1) -> Array:
    """Return the path of gradient descent on all data, θ ← θ - lr·∇L(θ), from θ: shape (steps + 1, n).

    It commutes with every symmetry of the network: from an image of θ it is the image of the path. start, data: of
    `aligned_barrier`.
    """
    path = [start]
    for _ in range(steps):
        path.append(path[-1] - lr * gradient(path[-1], data))
    return np.stack(path)
