"""Ports made of functions that return an `optax.GradientTransformation`: optax's own, or a user's.

The state is found by the names of its fields. Every call makes the transformation anew, replaces its state unless it is
that before the first step, and applies one update. Updates run eagerly: a jitted one fuses operations and is not the
same to the last bit.

float64 is computed with JAX's 64-bit mode switched on for the call alone, float32 and float16 with it switched off, as
JAX has it by default; the mode matters to float32 too, because optax computes 1-βᵗ in the widest dtype allowed. XLA
replaces subnormal float32 and float64 numbers by zero on a CPU.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gnomon_spec.system import Operation
from gnomon_validation.ports.adapted import AdaptedPort, fresh
from gnomon_validation.ports.targets import module_and_name, row_of


class OptaxPort(AdaptedPort):
    """A function that returns an `optax.GradientTransformation` as the port of a system's step."""

    kind = "optax"
    flush_subnormals = True

    def after_one_step(self) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
        kept = self.made_by(**self.example_arguments()).init(jnp.ones(self.row.example, np.float32))
        return leaves(kept), {}, {name: parameter.default for name, parameter in self.takes.items()}

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        params, grad, state = inputs
        self.require_offered(hyperparameters)
        self.require_state(operation, inputs)
        with jax.enable_x64(params.dtype == np.float64), jax.disable_jit(self.row.loops):
            transformation = self.made_by(**self.arguments(hyperparameters))
            x, g = jnp.array(params), jnp.array(grad)
            kept = transformation.init(x)
            with_lr = dict.fromkeys(self.row.times_minus_lr, -hyperparameters["lr"] or 1.0)
            if not fresh(state):
                values = {key: getattr(state, field) * with_lr.get(key, 1) for field, key in self.keys.items()}
                kept = written(kept, values)
            updates, kept = transformation.update(g, kept, x)
            after = {key: np.array(value) / with_lr.get(key, 1) for key, value in leaves(kept).items()}
            return np.array(optax.apply_updates(x, updates)), self.after(state, after, after)


def port_of(found: Any, path: str, options: Mapping[str, Any]) -> OptaxPort:
    """Return the port of a function. path: what it is called. options: its arguments, `system` (`row_of`).

    Raises `ValueError` with one line that says what is wrong.
    """
    if not callable(found):
        raise ValueError(f"{path} must be a function that returns an optax optimizer, got a {type(found).__name__}")
    takes = inspect.signature(found).parameters
    return OptaxPort(found, path, options, row_of("optax", [module_and_name(path)[1]], [], options), takes)


def leaves(kept: Any) -> dict[str, Any]:
    """Return what a state tree holds by the names of the fields."""
    return {named(path): leaf for path, leaf in jax.tree.leaves_with_path(kept)}


def written(kept: Any, values: Mapping[str, Any]) -> Any:
    """Return the state tree with values in the fields of those names, the other ones as they were."""
    return jax.tree.map_with_path(lambda path, leaf: jnp.array(values.get(named(path), leaf), leaf.dtype), kept)


def named(path: tuple[Any, ...]) -> str:
    """Return the name of the field on a path into a state tree, the innermost one."""
    return next((key.name for key in reversed(path) if hasattr(key, "name")), "")
