"""Where libraries are known to differ from the reference: measured, explained, and expected by the checker.

An entry is for what a library does on purpose or is known to do, not for what a check should go on to find; each figure
is one that the adapters gave on torch 2.13, optax 0.2.8 and JAX 0.10.2, on a CPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

ALL = ("float16", "float32", "float64")


@dataclass(frozen=True)
class Difference:
    """A law that a port is known to break.

    port, law: the port's name and the law's id, with the wildcards of `fnmatch`. dtypes: where it is so.
    reason: why, in a sentence or two, with a figure.
    """

    port: str
    law: str
    dtypes: tuple[str, ...]
    reason: str


TORCH_NAN = (
    "torch.optim.SGD rejects a learning rate by `lr < 0`, which is false of NaN: in 200 of 200 cases a step with "
    "lr = nan was made. lr = -1 and arrays that do not fit are rejected."
)
TORCH_LERP = (
    "torch computes the first moment by `lerp`, which for β₁ < ½ is g - (g - m)·(1 - (1 - β₁)): the subtraction loses "
    "β₁'s last digits. With g = 0 it is off by 217 units of roundoff in float32 and 8.8 in float64 at β₁ = 0.001, by "
    "5.0 and 3.4 at β₁ = 0.1, and by at most 1 for β₁ >= ½."
)
OPTAX_UNCHECKED = (
    "optax checks no hyperparameter and broadcasts arrays: lr = -1 and lr = nan were accepted in 120 of 120 cases, a "
    "gradient of another shape in the 3 to 24 of 120 where it broadcasts against the parameters."
)
OPTAX_NESTEROV = (
    "optax.sgd ignores `nesterov` while the momentum is 0 instead of rejecting the pair: accepted in 120 of 120 cases."
)
OPTAX_BIAS = (
    "While JAX's 64-bit mode is off, optax computes 1 - βᵗ in float32, where it cancels: it is off by 216 units of "
    "roundoff (1.3e-5) for β = 0.999 at t = 1 and by 1477 (8.8e-5) for β = 1 - 2⁻¹⁴ at t = 1000. With the mode on, "
    "float32 parameters get a factor that is right to 0.8 units."
)

# The laws in which each was seen: what rests on the first moment, and what rests on the bias correction.
LERP_LAWS = (
    "agrees_with_the_oracle",
    "decay_never_enters_the_moments",
    "every_step_of_a_run_is_right",
    "moments_are_running_means",
)
BIAS_LAWS = (
    "a_free_run_follows_the_oracle",
    "agrees_with_the_oracle",
    "both_amsgrads_agree_while_gradients_keep_their_size",
    "constant_gradients_move_by_their_normalised_value",
    "decay_acts_on_the_parameters_before_the_step",
    "every_step_of_a_run_is_right",
    "it_coasts_when_the_gradient_is_gone",
    "no_learning_rate_no_move",
    "the_largest_second_moment_never_falls",
    "the_sharp_bound_is_attained",
    "without_first_moment_it_is_rmsprop",
)

KNOWN = (
    Difference("torch:torch.optim.SGD*", "sgd.step:bad_input_is_rejected", ALL, TORCH_NAN),
    *(
        Difference("torch:torch.optim.Adam*", f"adam*.step:{law}", ("float32", "float64"), TORCH_LERP)
        for law in LERP_LAWS
    ),
    *(
        Difference(f"optax:optax.{name}*", "*.step:bad_input_is_rejected", ALL, OPTAX_UNCHECKED)
        for name in ("sgd", "adam", "amsgrad")
    ),
    Difference("optax:optax.sgd*", "sgd.step:nesterov_needs_momentum", ALL, OPTAX_NESTEROV),
    *(
        Difference(f"optax:optax.{name}*", f"adam*.step:{law}", ("float32",), OPTAX_BIAS)
        for name in ("adam", "amsgrad")
        for law in BIAS_LAWS
    ),
)


def reason_for(port_name: str, law_id: str, dtype: str) -> str | None:
    """Return why a port is known to break a law in a dtype; None if it is not known to."""
    for known in KNOWN:
        if dtype in known.dtypes and fnmatchcase(port_name, known.port) and fnmatchcase(law_id, known.law):
            return known.reason
    return None
