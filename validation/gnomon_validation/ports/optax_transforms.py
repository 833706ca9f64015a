"""Ports made of functions that return an `optax.GradientTransformation`: optax's own, or a user's.

A function becomes the port of one operation, `sgd.step`, `adam.step` or `adamw.step`: the one that its name contains
(`amsgrad` is Adam in the variant "amsgrad-optax"), else by its arguments: `b1` and `b2` make an Adam, an AdamW if there
is `weight_decay` as well, and `momentum` makes an SGD. The option `system` has the last word; all other options go to
the function, and what they set cannot be varied.

Hyperparameters are the function's arguments learning_rate, b1, b2, eps, weight_decay, momentum (None for 0) and
nesterov. The state is found by the names of its fields: count, mu, nu, nu_max, trace. Every call makes the
transformation anew, replaces its state unless the step count is 0, and applies one update. Updates run eagerly: a
jitted one fuses operations and is not the same to the last bit.

float64 is computed with JAX's 64-bit mode switched on for the call alone, float32 and float16 with it switched off, as
JAX has it by default; the mode matters to float32 too, because optax computes 1-βᵗ in the widest dtype allowed. XLA
replaces subnormal float32 and float64 numbers by zero on a CPU.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gnomon.descent.adam import AdamState
from gnomon.descent.sgd import SGDState
from gnomon_spec.system import Operation
from gnomon_validation.ports.adapted import (
    load_named,
    one_line,
    port_name,
    read_target,
    require_fixed,
    require_system,
    system_named,
)
from gnomon_validation.ports.port import Offer

STATE_FIELDS = {
    "count": "step_count",
    "mu": "first_moment",
    "nu": "second_moment",
    "nu_max": "largest_second_moment",
    "trace": "momentum_buffer",
}
NEEDED_FIELDS = {"sgd": {"trace"}, "adam": {"count", "mu", "nu"}, "adamw": {"count", "mu", "nu"}}
OPTIONAL_FIELDS = {"sgd": {"count"}, "adam": {"nu_max"}, "adamw": {"nu_max"}}
ARGUMENTS = {
    "lr": "learning_rate",
    "beta1": "b1",
    "beta2": "b2",
    "eps": "eps",
    "momentum": "momentum",
    "nesterov": "nesterov",
    "weight_decay": "weight_decay",
}
NEEDED = {"sgd": ("lr",), "adam": ("lr", "beta1", "beta2", "eps"), "adamw": ("lr", "beta1", "beta2", "eps")}
OPTIONAL = {
    "sgd": {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    "adam": {"weight_decay": 0.0},
    "adamw": {"weight_decay": 0.0},
}


class OptaxPort:
    """A function that returns an `optax.GradientTransformation` as the port of one operation."""

    def __init__(self, function: Callable[..., Any], path: str, options: Mapping[str, Any]) -> None:
        self.name = port_name("optax", path, options)
        self.function = function
        self.options = {name: value for name, value in options.items() if name != "system"}
        self._parameters = inspect.signature(function).parameters
        self.system = require_system(options["system"]) if "system" in options else self._guessed(path)
        self.fixed = self._fixed()

    def offer(self, operation: Operation) -> Offer | None:
        if operation.id != f"{self.system}.step":
            return None
        return Offer(
            fixed={**self.fixed, "check_finite": False},
            dtypes=("float16", "float32", "float64"),
            flush_subnormals=True,
        )

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        params, grad, state = inputs
        require_fixed(self.fixed, hyperparameters)
        with jax.enable_x64(params.dtype == np.float64):
            transformation = self.function(**self._arguments(hyperparameters))
            x, g = jnp.array(params), jnp.array(grad)
            kept = transformation.init(x)
            if state.step_count > 0:
                kept = _written(kept, state)
            updates, kept = transformation.update(g, kept, x)
            new = np.array(optax.apply_updates(x, updates))
            return new, _read(kept, state)

    def _guessed(self, path: str) -> str:
        name = path.rpartition(".")[2]
        if "amsgrad" in name.lower():
            return "adam"
        named = system_named([name])
        if named is not None:
            return named
        if {"b1", "b2"} <= self._parameters.keys():
            return "adamw" if "weight_decay" in self._parameters else "adam"
        if "momentum" in self._parameters:
            return "sgd"
        raise ValueError(
            f"{path} maps onto no system: neither its name nor an argument ({', '.join(self._parameters)}) says "
            f"sgd, adam or adamw; say which with system="
        )

    def _fixed(self) -> dict[str, Any]:
        """Return what cannot be varied: what the function does not take, and what the options set."""
        fixed: dict[str, Any] = {}
        for name in NEEDED[self.system]:
            argument = ARGUMENTS[name]
            if argument not in self._parameters:
                raise ValueError(f"{self.name} cannot be a port of {self.system}.step: it does not take {argument!r}")
            if argument in self.options:
                fixed[name] = self.options[argument]
        for name, neutral in OPTIONAL[self.system].items():
            if ARGUMENTS[name] not in self._parameters:
                fixed[name] = neutral
            elif name in self.options:
                fixed[name] = self.options[name] or neutral
        fields = self._state_fields(momentum_varies="momentum" not in fixed)
        if self.system == "sgd":
            return {**fixed, "dampening": 0.0}
        return {**fixed, "variant": "amsgrad-optax" if "nu_max" in fields else "adam"}

    def _state_fields(self, *, momentum_varies: bool) -> set[str]:
        """Return the names of the state's fields; raise `ValueError` if they are not those of the system."""
        arguments = {"learning_rate": 1e-3, "momentum": 0.9}
        taken = {name: value for name, value in arguments.items() if name in self._parameters}
        try:
            fields = _field_names(self.function(**{**taken, **self.options}).init(jnp.ones(2, np.float32)))
        except Exception as error:
            raise ValueError(f"{self.name} cannot be initialised: {one_line(error)}") from error
        usual = NEEDED_FIELDS[self.system]
        needed = usual if self.system != "sgd" or momentum_varies else set()
        strange = sorted(fields - usual - OPTIONAL_FIELDS[self.system]) or sorted(needed - fields)
        if strange:
            problem = "has" if strange[0] in fields else "lacks"
            raise ValueError(
                f"{self.name} cannot be read as {self.system}: its state {problem} {strange[0]!r} "
                f"(understood: {', '.join(sorted(usual | OPTIONAL_FIELDS[self.system]))})"
            )
        return fields

    def _arguments(self, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the function's arguments for an operation's hyperparameters."""
        taken = {
            ARGUMENTS[name]: value
            for name, value in hyperparameters.items()
            if name in ARGUMENTS and ARGUMENTS[name] in self._parameters
        }
        if taken.get("momentum") == 0:
            taken["momentum"] = None
        return {**taken, **self.options}


def from_target(target: str, options: Mapping[str, Any]) -> OptaxPort:
    """Return the port that `module.function` or `module.function(option=value)` names.

    options: arguments of the function, and `system` to say which method it is meant to be. Raises `ValueError` with
    one line that says what is wrong.
    """
    path, joined = read_target(target, options)
    found = load_named(path)
    if not callable(found):
        raise ValueError(f"{path} must be a function that returns an optax optimizer, got a {type(found).__name__}")
    return OptaxPort(found, path, joined)


def _field_names(kept: Any) -> set[str]:
    """Return the names of the NamedTuple fields of a state tree that hold arrays."""
    if not isinstance(kept, tuple):
        return set()
    names = getattr(kept, "_fields", ())
    below = {name for part in kept for name in _field_names(part)}
    return below | {name for name, part in zip(names, kept, strict=False) if not isinstance(part, tuple)}


def _written(kept: Any, state: SGDState | AdamState) -> Any:
    """Return the state tree with our state's values in the fields that stand for them."""
    if not isinstance(kept, tuple):
        return kept
    if not hasattr(kept, "_fields"):
        return tuple(_written(part, state) for part in kept)
    values = {}
    for name, old in zip(kept._fields, kept, strict=True):
        if isinstance(old, tuple):
            values[name] = _written(old, state)
        elif name == "count":
            values[name] = jnp.array(state.step_count, old.dtype)
        else:
            values[name] = jnp.array(getattr(state, STATE_FIELDS[name]))
    return type(kept)(**values)


def _read(kept: Any, before: SGDState | AdamState) -> SGDState | AdamState:
    """Return our state after the update; a field that the transformation does not keep is returned as it was."""
    after: dict[str, Any] = {"step_count": before.step_count + 1}

    def visit(part: Any) -> None:
        if not isinstance(part, tuple):
            return
        for name, value in zip(getattr(part, "_fields", [""] * len(part)), part, strict=True):
            if name in STATE_FIELDS and not isinstance(value, tuple):
                after[STATE_FIELDS[name]] = int(value) if name == "count" else np.array(value)
            visit(value)

    visit(kept)
    return before._replace(**after)
