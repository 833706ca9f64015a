"""Honest ports that only look different, as edits of the reference, for tests to hold up to the checker."""

import numpy as np

from gnomon.descent import adam, adamw, sgd
from gnomon_spec.arithmetic import wide_dtype
from gnomon_spec.cases import map_leaves
from gnomon_spec.edits import Edited, address, edited, find

SHARE_1, SHARE_2 = "(1 - beta1**state.step_count)", "(1 - beta2**state.step_count)"
M_HAT, V_HAT, MOVE = f"state.first_moment / {SHARE_1}", f"second / {SHARE_2}", "lr * m_hat / (np.sqrt(v_hat) + eps)"


def with_edits(edits):
    """The reference with pieces of its functions replaced."""
    changes = {at: [find(at, *piece, at) for piece in pieces.items()] for at, pieces in edits.items()}
    return Edited({address(function): edited(address(function), made) for function, made in changes.items()})


def in_the_wide_dtype(step):
    """A step whose outputs are computed in a wider dtype and rounded once."""

    def rounded(params, grad, state, **hyper):
        def to(target):
            return lambda x: x.astype(target) if isinstance(x, np.ndarray | np.floating) else x

        inputs = map_leaves(to(wide_dtype(params.dtype)), (params, grad, state))
        return map_leaves(to(params.dtype), step(*inputs, **hyper))

    return rounded


# The formulas with their operations in another order: lerp for the mean, (1-β)·g first, scalars folded.
OTHER_ORDER = {
    adam.update_moments: {
        "beta1 * state.first_moment + (1 - beta1) * grad": "(1 - beta1) * grad + beta1 * state.first_moment\n"
        "if beta1 >= 0.5:\n    first = state.first_moment + (1 - beta1) * (grad - state.first_moment)",
        "beta2 * state.second_moment + (1 - beta2) * (grad * grad)": "((1 - beta2) * grad) * grad "
        "+ state.second_moment * beta2",
        "np.maximum(largest, second)": "np.maximum(second, largest)",
    },
    adam.bias_corrected: {
        M_HAT: "state.first_moment",
        "m_hat, state.largest_second_moment": "m_hat, np.sqrt(state.largest_second_moment)",
        V_HAT: f"np.sqrt(second) / {SHARE_2} ** 0.5",
    },
    adam.step: {
        "grad + weight_decay * params": "params * weight_decay + grad",
        f"params - {MOVE}": f"params + (-(lr / {SHARE_1}) * m_hat) / (v_hat + eps)",
    },
    adamw.step: {
        f"decayed - {MOVE}": f"params + ((-(lr / {SHARE_1}) * m_hat) / (v_hat + eps) - (lr * weight_decay) * params)"
    },
    sgd.step: {
        "grad + weight_decay * params": "params * weight_decay + grad",
        "params - lr * grad": "-lr * grad + params",
        "momentum * state.momentum_buffer + (1 - dampening) * grad": "(grad - dampening * grad if dampening <= 0.5 "
        "else (1 - dampening) * grad) + momentum * state.momentum_buffer",
        "grad + momentum * buffer": "momentum * buffer + grad",
        "params - lr * direction": "-lr * direction + params",
    },
}
# Adam in the "efficient" form, done right: the bias correction folded into the rate, and ε scaled to match.
CORRECTION = f"({SHARE_2} ** (0.0 if variant == 'amsgrad-optax' else 0.5))"
FOLDED = f"lr * {CORRECTION} / {SHARE_1} * (m_hat / (np.sqrt(v_hat) + {CORRECTION} * eps))"
FOLDED_SCALARS = {
    adam.bias_corrected: {M_HAT: "state.first_moment", V_HAT: "second"},
    **{method.step: {MOVE: FOLDED} for method in (adam, adamw)},
}
# 1 - βᵗ as -expm1(t·log β), which does not cancel: more accurate than the oracle itself.
ACCURATE_CORRECTION = {
    adam.bias_corrected: {
        f"/ {share}": f"/ (float(-np.expm1(state.step_count * np.log({beta}))) if {beta} > 0 else 1.0)"
        for beta, share in (("beta1", SHARE_1), ("beta2", SHARE_2))
    }
}
HONEST = {
    "another order of operations": with_edits(OTHER_ORDER),
    "bias correction folded into the rate": with_edits(FOLDED_SCALARS),
    "bias correction by expm1": with_edits(ACCURATE_CORRECTION),
    # What fused multiply-adds and wide registers do.
    "rounded once": Edited({address(method.step): in_the_wide_dtype(method.step) for method in (adam, adamw, sgd)}),
}
