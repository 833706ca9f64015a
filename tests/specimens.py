"""Ports that tests hold up to the checker: wrong ones from the catalogue, honest ones that only look different."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent import adam, adamw, sgd
from gnomon.descent.adam import AdamState
from gnomon.descent.sgd import SGDState
from gnomon_spec.arithmetic import wide_dtype
from gnomon_spec.cases import map_leaves


class OtherOrder:
    """The formulas with their operations in another order: lerp for the mean, (1-β)·g first, scalars folded."""

    @staticmethod
    def _direction(grad: Any, state: AdamState, hyper: dict[str, Any]) -> tuple[Any, AdamState]:
        beta1, beta2, t = hyper["beta1"], hyper["beta2"], state.step_count + 1
        if beta1 < 0.5:
            first = (1 - beta1) * grad + beta1 * state.first_moment
        else:
            first = state.first_moment + (1 - beta1) * (grad - state.first_moment)
        second = ((1 - beta2) * grad) * grad + state.second_moment * beta2
        largest, root, correction = state.largest_second_moment, second, (1 - beta2**t) ** 0.5
        if hyper["variant"] == "amsgrad-torch":
            largest = root = np.maximum(second, largest)
        elif hyper["variant"] == "amsgrad-optax":
            largest = root = np.maximum(second / (1 - beta2**t), largest)
            correction = 1.0
        rate = hyper["lr"] / (1 - beta1**t)
        move = (-rate * first) / (np.sqrt(root) / correction + hyper["eps"])
        return move, AdamState(first, second, largest, t)

    @classmethod
    def adam_step(cls, params: Any, grad: Any, state: AdamState, **hyper: Any) -> Any:
        adam.require_hyperparameters(**hyper)
        require_same_shape(params, grad)
        move, state = cls._direction(params * hyper["weight_decay"] + grad, state, hyper)
        return params + move, state

    @classmethod
    def adamw_step(cls, params: Any, grad: Any, state: AdamState, **hyper: Any) -> Any:
        adam.require_hyperparameters(**hyper)
        require_same_shape(params, grad)
        move, state = cls._direction(grad, state, hyper)
        return params + (move - (hyper["lr"] * hyper["weight_decay"]) * params), state

    @staticmethod
    def sgd_step(params: Any, grad: Any, state: SGDState, **hyper: Any) -> Any:
        sgd.require_hyperparameters(**hyper)
        require_same_shape(params, grad)
        grad = params * hyper["weight_decay"] + grad
        if hyper["momentum"] == 0:
            return -hyper["lr"] * grad + params, SGDState(state.momentum_buffer, state.step_count + 1)
        damped = grad - hyper["dampening"] * grad if hyper["dampening"] <= 0.5 else (1 - hyper["dampening"]) * grad
        buffer = grad if state.step_count == 0 else damped + hyper["momentum"] * state.momentum_buffer
        direction = hyper["momentum"] * buffer + grad if hyper["nesterov"] else buffer
        return -hyper["lr"] * direction + params, SGDState(buffer, state.step_count + 1)


class FoldedScalars(OtherOrder):
    """Adam in the "efficient" form, done right: the bias correction folded into the rate, and ε scaled to match."""

    @staticmethod
    def _direction(grad: Any, state: AdamState, hyper: dict[str, Any]) -> tuple[Any, AdamState]:
        state = adam.update_moments(grad, state, beta1=hyper["beta1"], beta2=hyper["beta2"], variant=hyper["variant"])
        t = state.step_count
        correction = 1.0 if hyper["variant"] == "amsgrad-optax" else (1 - hyper["beta2"] ** t) ** 0.5
        root = state.second_moment if hyper["variant"] == "adam" else state.largest_second_moment
        rate = hyper["lr"] * correction / (1 - hyper["beta1"] ** t)
        return -(rate * (state.first_moment / (np.sqrt(root) + correction * hyper["eps"]))), state


class AccurateCorrection(OtherOrder):
    """1 - βᵗ as -expm1(t·log β), which does not cancel: more accurate than the oracle itself."""

    @staticmethod
    def _direction(grad: Any, state: AdamState, hyper: dict[str, Any]) -> tuple[Any, AdamState]:
        state = adam.update_moments(grad, state, beta1=hyper["beta1"], beta2=hyper["beta2"], variant=hyper["variant"])

        def weight(beta: float) -> float:
            return float(-np.expm1(state.step_count * np.log(beta))) if beta > 0 else 1.0

        root = state.second_moment if hyper["variant"] == "adam" else state.largest_second_moment
        v_hat = root if hyper["variant"] == "amsgrad-optax" else root / weight(hyper["beta2"])
        m_hat = state.first_moment / weight(hyper["beta1"])
        return -hyper["lr"] * (m_hat / (np.sqrt(v_hat) + hyper["eps"])), state


class RoundedOnce:
    """Every output computed in a wider dtype and rounded once, as fused multiply-adds and wide registers do."""

    @staticmethod
    def _wide(step: Any, params: Any, grad: Any, state: Any, hyper: dict[str, Any]) -> Any:
        dtype = params.dtype
        wide = wide_dtype(dtype)

        def to(target: Any) -> Any:
            return lambda x: x.astype(target) if isinstance(x, np.ndarray | np.floating) else x

        outputs = step(params.astype(wide), grad.astype(wide), map_leaves(to(wide), state), **hyper)
        return map_leaves(to(dtype), outputs)

    @classmethod
    def adam_step(cls, params: Any, grad: Any, state: AdamState, **hyper: Any) -> Any:
        return cls._wide(adam.step, params, grad, state, hyper)

    @classmethod
    def adamw_step(cls, params: Any, grad: Any, state: AdamState, **hyper: Any) -> Any:
        return cls._wide(adamw.step, params, grad, state, hyper)

    @classmethod
    def sgd_step(cls, params: Any, grad: Any, state: SGDState, **hyper: Any) -> Any:
        return cls._wide(sgd.step, params, grad, state, hyper)


def require_same_shape(params: Any, grad: Any) -> None:
    """Reject arrays that would only broadcast."""
    if params.shape != grad.shape:
        raise ValueError(f"grad must have the shape {params.shape}, got {grad.shape}")


HONEST = {
    "another order of operations": OtherOrder,
    "bias correction folded into the rate": FoldedScalars,
    "bias correction by expm1": AccurateCorrection,
    "rounded once": RoundedOnce,
}
