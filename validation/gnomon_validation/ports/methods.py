"""How libraries have the methods: a row each, from which the adapters of torch and optax read an optimizer.

A further method is a further row. Of keys and arguments the first that an optimizer has is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gnomon.descent.newton_schulz import PUBLISHED as NEWTON_SCHULZ

COUNTS = ("step", "step_count", "steps", "count", "t")
FIRST_MOMENT = ("exp_avg", "first_moment", "m", "mu")
SECOND_MOMENT = ("exp_avg_sq", "second_moment", "v", "nu")
MOMENTUM_BUFFER = ("momentum_buffer", "momentum", "velocity", "buffer", "buf", "trace")
LR = ("lr", "learning_rate", "step_size")
BETAS = {"beta1": ("beta1", "b1", "beta_1"), "beta2": ("beta2", "b2", "beta_2")}  # `betas` is taken for both
EPS = ("eps", "epsilon")
WEIGHT_DECAY = ("weight_decay", "wd")


@dataclass(frozen=True)
class Row:
    """How libraries have a method.

    called: words, in lower case, by which a name says it.
    fields: of each field of the reference's state, the keys understood. numbers: those of them that are no arrays; they
    are kept with the first parameter of a group, or in the group. arguments: of each hyperparameter, the names of a
    constructor's argument. neutral: what a method has without an argument for it. used_with: fields that need not be
    kept, with the hyperparameters that put them to use. variants: the arguments that choose a variant. shown_by: keys
    of a state that show it. times_minus_lr: keys under which the learning rate is in the field already. becomes:
    arguments that make the method another system's. said: what no class takes and only an option of the port says.
    named: of a hyperparameter with named values, the arguments that make each. counts: those that must stay integers.
    group: what a group of parameters says of itself. example: the shape of a parameter that the method takes. withheld:
    of a library, hyperparameters that only an option varies. loops: JAX would compile its loops anew at every call.
    """

    system: str
    called: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    arguments: Mapping[str, tuple[str, ...]]
    neutral: Mapping[str, Any] = field(default_factory=dict)
    numbers: tuple[str, ...] = ("step_count",)
    used_with: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shown_by: Mapping[str, str] = field(default_factory=dict)
    times_minus_lr: tuple[str, ...] = ()
    becomes: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    named: Mapping[str, Mapping[Any, Mapping[str, Any]]] = field(default_factory=dict)
    counts: tuple[str, ...] = ()
    group: Mapping[str, Any] = field(default_factory=dict)
    example: tuple[int, ...] = (2,)
    withheld: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loops: bool = False
    operations: tuple[str, ...] = ("step",)
    libraries: tuple[str, ...] = ("torch", "optax")


SGD = Row(
    "sgd",
    called=("sgd",),
    fields={"momentum_buffer": MOMENTUM_BUFFER, "step_count": COUNTS},
    arguments={"lr": LR, "weight_decay": WEIGHT_DECAY}
    | {name: (name,) for name in ("momentum", "dampening", "nesterov")},
    neutral={"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0},
    used_with={"momentum_buffer": {"momentum": 0.9}, "step_count": {}},
)
ADAM = Row(
    "adam",
    called=("adam", "amsgrad"),
    fields={
        "first_moment": FIRST_MOMENT,
        "second_moment": SECOND_MOMENT,
        "largest_second_moment": ("max_exp_avg_sq", "largest_second_moment", "v_max", "vmax", "nu_max"),
        "step_count": COUNTS,
    },
    arguments={"lr": LR, **BETAS, "eps": EPS, "weight_decay": WEIGHT_DECAY},
    neutral={"weight_decay": 0.0, "variant": "adam"},
    used_with={"largest_second_moment": {"variant": "amsgrad-torch"}},
    variants={"adam": {"amsgrad": False}, "amsgrad-torch": {"amsgrad": True}},
    shown_by={"nu_max": "amsgrad-optax"},
    becomes={"decoupled_weight_decay": "adamw"},
)
ADAMW = replace(ADAM, system="adamw", called=("adamw",), becomes={})
NADAM = Row(
    "nadam",
    called=("nadam",),
    fields={
        "first_moment": FIRST_MOMENT,
        "second_moment": SECOND_MOMENT,
        "momentum_product": ("mu_product", "momentum_product"),
        "step_count": COUNTS,
    },
    numbers=("momentum_product", "step_count"),
    arguments={**ADAM.arguments, "momentum_decay": ("momentum_decay", "psi")},
    neutral={"weight_decay": 0.0, "momentum_decay": 4e-3, "variant": "constant"},
    used_with={"momentum_product": {"variant": "scheduled"}},
    shown_by={"mu_product": "scheduled"},
    said={"default_dtype": None},
)
RMSPROP = Row(
    "rmsprop",
    called=("rmsprop",),
    fields={
        "square_average": ("square_avg", "square_average", *SECOND_MOMENT),
        "mean_gradient": ("grad_avg", "mean_gradient", "mu"),
        "momentum_buffer": MOMENTUM_BUFFER,
    },
    arguments={"lr": LR, "alpha": ("alpha", "decay"), "centred": ("centered", "centred"), "eps": EPS}
    | {"momentum": ("momentum",), "weight_decay": WEIGHT_DECAY},
    neutral={"momentum": 0.0, "centred": False, "weight_decay": 0.0, "variant": "outside"},
    used_with={"mean_gradient": {"centred": True}, "momentum_buffer": {"momentum": 0.9}},
    variants={"outside": {"eps_in_sqrt": False}, "inside": {"eps_in_sqrt": True}},
    times_minus_lr=("trace",),
)
LION = Row(
    "lion",
    called=("lion",),
    fields={"momentum": FIRST_MOMENT},
    arguments={"lr": LR, **BETAS, "weight_decay": WEIGHT_DECAY},
    neutral={"weight_decay": 0.0},
)
HYSTEROGRAD = Row(
    "hysterograd",
    called=("hysterograd", "hioptimizer"),  # the published class is a HIOptimizer
    fields={
        "metric": ("G", "metric", "fisher"),
        "path_length": ("group_tau", "tau", "path_length"),
        "temperature": ("group_temp", "temp", "temperature", "T"),
        "mean_norm": ("avg_energy", "energy", "mean_norm", "E"),
    },
    numbers=("path_length", "temperature", "mean_norm"),
    arguments={"lr": LR, "eps": EPS}
    | {name: (name,) for name in ("stiffening_factor", "beta", "cooling_rate", "metric_scale")}
    | {name: (name,) for name in ("adaptive_threshold", "grad_clip", "hysteresis_scale")},
    neutral={"metric_scale": 1.0, "grad_clip": None, "hysteresis_scale": 1.0},
    said={"release_ratio": 1.0, "variant": "head", "default_dtype": None},
    operations=("step", "step_groups", "shock"),
    libraries=("torch",),
)
SRKL = Row(
    "srkl",
    called=("srkl",),
    fields={},
    arguments={"alpha": ("alpha", "lr"), "beta": ("beta",)},
    said={"per_array": False},  # whether each parameter has a curvature of its own
    operations=("step_code", "step_arrays"),
    libraries=("torch",),
)
MUON = Row(
    "muon",
    called=("muon",),
    fields={"momentum_buffer": (*MOMENTUM_BUFFER, "mu"), "step_count": COUNTS},
    arguments={"lr": LR, "momentum": ("momentum", "beta"), "weight_decay": WEIGHT_DECAY, "eps": EPS}
    | {"nesterov": ("nesterov",), "ns_steps": ("ns_steps",)},
    neutral={"weight_decay": 0.0, "nesterov": True, "eps": 1e-7, "ns_steps": 5, "variant": "torch"}
    | {"scale": "original", "coefficients": "muon"},
    used_with={"step_count": {}},
    shown_by={"ns_coeffs": "optax"},
    named={
        "scale": {
            "original": {"adjust_lr_fn": "original", "use_adjusted_lr": False, "consistent_rms": None},
            "match-rms-adamw": {"adjust_lr_fn": "match_rms_adamw", "use_adjusted_lr": True, "consistent_rms": 0.2},
        },
        "coefficients": {
            "muon": {"ns_coefficients": NEWTON_SCHULZ["muon"][0], "ns_coeffs": NEWTON_SCHULZ["muon"][0]},
            **{name: {"ns_coeffs": NEWTON_SCHULZ[name]} for name in ("dion", "polar-express", "polar-express-safer")},
        },
    },
    counts=("ns_steps",),
    group={"use_muon": True},
    example=(2, 2),
    withheld={"optax": ("coefficients",)},  # as many steps as coefficients, or an error
    loops=True,
    said={"variant": None, "ns_dtype": None},
)
ROWS = {row.system: row for row in (SGD, ADAM, ADAMW, NADAM, RMSPROP, LION, MUON, HYSTEROGRAD, SRKL)}
