"""Ports that tests hold up to the checker: honest ones that only look different."""

import numpy as np

from gnomon.arguments import check_arguments
from gnomon.descent import adam, adamw, sgd
from gnomon.descent.adam import AdamState
from gnomon.descent.sgd import SGDState
from gnomon_spec.arithmetic import wide_dtype
from gnomon_spec.cases import map_leaves


class OtherOrder:
    """The formulas with their operations in another order: lerp for the mean, (1-β)·g first, scalars folded."""

    @staticmethod
    def _direction(grad, state, hyper):
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
        return (-rate * first) / (np.sqrt(root) / correction + hyper["eps"]), AdamState(first, second, largest, t)

    @classmethod
    def adam_step(cls, params, grad, state, **hyper):
        check_arguments(adam.step, params, grad, state, **hyper)
        move, state = cls._direction(params * hyper["weight_decay"] + grad, state, hyper)
        return params + move, state

    @classmethod
    def adamw_step(cls, params, grad, state, **hyper):
        check_arguments(adamw.step, params, grad, state, **hyper)
        move, state = cls._direction(grad, state, hyper)
        return params + (move - (hyper["lr"] * hyper["weight_decay"]) * params), state

    @staticmethod
    def sgd_step(params, grad, state, **hyper):
        check_arguments(sgd.step, params, grad, state, **hyper)
        grad = params * hyper["weight_decay"] + grad
        if hyper["momentum"] == 0:
            return -hyper["lr"] * grad + params, SGDState(state.momentum_buffer, state.step_count + 1)
        damped = grad - hyper["dampening"] * grad if hyper["dampening"] <= 0.5 else (1 - hyper["dampening"]) * grad
        buffer = grad if state.step_count == 0 else damped + hyper["momentum"] * state.momentum_buffer
        direction = hyper["momentum"] * buffer + grad if hyper["nesterov"] else buffer
        return -hyper["lr"] * direction + params, SGDState(buffer, state.step_count + 1)


def moments(grad, state, hyper):
    """Return the state after the gradient, and the second moment whose root is taken."""
    state = adam.update_moments(grad, state, **{name: hyper[name] for name in ("beta1", "beta2", "variant")})
    return state, state.second_moment if hyper["variant"] == "adam" else state.largest_second_moment


class FoldedScalars(OtherOrder):
    """Adam in the "efficient" form, done right: the bias correction folded into the rate, and ε scaled to match."""

    @staticmethod
    def _direction(grad, state, hyper):
        state, root = moments(grad, state, hyper)
        correction = 1.0 if hyper["variant"] == "amsgrad-optax" else (1 - hyper["beta2"] ** state.step_count) ** 0.5
        rate = hyper["lr"] * correction / (1 - hyper["beta1"] ** state.step_count)
        return -(rate * (state.first_moment / (np.sqrt(root) + correction * hyper["eps"]))), state


class AccurateCorrection(OtherOrder):
    """1 - βᵗ as -expm1(t·log β), which does not cancel: more accurate than the oracle itself."""

    @staticmethod
    def _direction(grad, state, hyper):
        state, root = moments(grad, state, hyper)
        of_first, of_second = (
            float(-np.expm1(state.step_count * np.log(beta))) if beta > 0 else 1.0
            for beta in (hyper["beta1"], hyper["beta2"])
        )
        v_hat = root if hyper["variant"] == "amsgrad-optax" else root / of_second
        return -hyper["lr"] * (state.first_moment / of_first / (np.sqrt(v_hat) + hyper["eps"])), state


def in_the_wide_dtype(step):
    """Return a step whose outputs are computed in a wider dtype and rounded once."""

    def rounded(params, grad, state, **hyper):
        check_arguments(step, params, grad, state, **hyper)
        dtype, wide = params.dtype, wide_dtype(params.dtype)

        def to(target):
            return lambda x: x.astype(target) if isinstance(x, np.ndarray | np.floating) else x

        outputs = step(params.astype(wide), grad.astype(wide), map_leaves(to(wide), state), **hyper)
        return map_leaves(to(dtype), outputs)

    return staticmethod(rounded)


class RoundedOnce:
    """What fused multiply-adds and wide registers do."""

    adam_step, adamw_step, sgd_step = map(in_the_wide_dtype, (adam.step, adamw.step, sgd.step))


HONEST = {
    "another order of operations": OtherOrder,
    "bias correction folded into the rate": FoldedScalars,
    "bias correction by expm1": AccurateCorrection,
    "rounded once": RoundedOnce,
}
