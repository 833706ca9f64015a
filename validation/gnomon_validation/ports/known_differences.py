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
    "torch.optim.SGD rejects a learning rate by `lr < 0`, which is false of NaN: a step with lr = nan is made, and all "
    "parameters become NaN; lr = -1 and arrays that do not fit are rejected."
)
OPTAX_UNCHECKED = (
    "optax checks no hyperparameter and broadcasts arrays: lr = -1 and lr = nan are accepted in every case, and "
    "a gradient of another shape in those where it broadcasts against the parameters (16 of 120)."
)
OPTAX_NESTEROV = "optax.sgd ignores `nesterov` while the momentum is 0 instead of rejecting the pair; 240 of 240 cases were accepted."
TORCH_LERP = (
    "torch computes the first moment by `lerp`, which for β₁ < ½ is g - (g - m)·(1 - (1 - β₁)): the subtraction loses β₁'s "
    "last digits. With g = 0 it is off by 217 units of roundoff in float32 and 8.8 in float64 at β₁ = 0.001, by 5.0 and "
    "3.4 at β₁ = 0.1, and by at most 1 at β₁ >= ½."
)
OPTAX_BIAS = (
    "While JAX's 64-bit mode is off, optax computes 1 - βᵗ in float32, where it cancels: it is off by 216 units of "
    "roundoff (1.3e-5) for β = 0.999 at t = 1 and by 1477 (8.8e-5) for β = 1 - 2⁻¹⁴ at t = 1000. With the mode on, "
    "float32 parameters get a factor that is right to 0.8 units."
)

BIAS_LAWS: tuple[str, ...] = ()

KNOWN = (
    Difference("torch:torch.optim.SGD*", "sgd.step:bad_input_is_rejected", ALL, TORCH_NAN),
    *(
        Difference("torch:torch.optim.Adam*", f"adam*.step:{law}", ALL, TORCH_LERP)
        for law in ("agrees_with_the_oracle", "every_step_of_a_run_is_right")
    ),
    Difference("optax:optax.*", "*.step:bad_input_is_rejected", ALL, OPTAX_UNCHECKED),
    Difference("optax:optax.sgd*", "sgd.step:nesterov_needs_momentum", ALL, OPTAX_NESTEROV),
    *(Difference("optax:optax.a*", f"adam*.step:{law}", ("float16", "float32"), OPTAX_BIAS) for law in BIAS_LAWS),
)


def reason_for(port_name: str, law_id: str, dtype: str) -> str | None:
    """Return why a port is known to break a law in a dtype; None if it is not known to."""
    for known in KNOWN:
        if dtype in known.dtypes and fnmatchcase(port_name, known.port) and fnmatchcase(law_id, known.law):
            return known.reason
    return None
