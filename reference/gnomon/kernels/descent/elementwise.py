"""`init`, `step`, `trajectory` and `endpoints` of a method that moves each entry by itself, from the formula of one.

A method says three things, with plain functions, as `gnomon.kernels.descent.adam` does:

- `constants(number, *, lr, …)`: a namedtuple of what stays the same over all entries and steps, from the
  hyperparameters of the reference's `step`. number: rounds to the dtype of the parameters; beside an array NumPy
  computes with a Python number in just this way, after `1 - beta1` has been computed in double precision.
- `at_step(number, t, numbers, constants)`: what is computed once a step, of whatever type, and what the numbers of the
  state are after it, of the types they had. t: 1 in the first step, a double. numbers: those of the state before the
  step, without its step count; often `()`. A method without either leaves `at_step` out.
- `entry(x, g, …, at, constants)`: the formula, from one entry of the parameters, the gradient and each of the state's
  arrays, in their order, to the new entry of the parameters and of each of those arrays. at: what `at_step` computed.

The last two are compiled. They perform the reference's operations in the reference's order, on numbers alone: so the
results have its bits. The state is the reference's; its arrays are 0 before the first step. Nothing is compiled before
it is called. Compiled loops are kept on disk with the method: after an edit here, delete the `__pycache__` beside.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, get_type_hints

import numpy as np

from gnomon.descent.on_quadratics import keywords
from gnomon.domains import Array
from gnomon.kernels.compiled import called
from gnomon.kernels.descent.on_quadratics import BLOCK, block_of, gradient, gradients, repeated, write_block
from gnomon.kernels.domains import Operation, flat, in_place_of
from gnomon.kernels.formulas import loop_over

# What the loops call: `loops` puts a method's own in place of these.
at_step: Any = None
move: Any = None
zeros: Any = None


def step_loop(
    params: Array, grad: Array, state: Any, t: float, numbers: Any, constants: Any, new_params: Array, new_state: Any
) -> Any:
    """Write the new parameters and the new arrays of the state, all of shape (n,), and return its new numbers."""
    at, numbers = at_step(params.dtype.type, t, numbers, constants)
    for i in range(params.size):
        move(params, grad, state, i, at, constants, new_params, new_state)
    return numbers


def trajectory_loop(path: Array, hessian_rows: Array, minimiser: Array, numbers: Any, constants: Any) -> None:
    """Fill `path` (steps + 1, n) from its first row on. hessian_rows: Hᵀ."""
    grad, state = np.empty_like(path[0]), zeros(path[0])
    for t in range(1, path.shape[0]):
        x, new = path[t - 1], path[t]
        gradient(x, hessian_rows, minimiser, grad)
        at, numbers = at_step(path.dtype.type, float(t), numbers, constants)
        for i in range(path.shape[1]):
            move(x, grad, state, i, at, constants, new, state)


def endpoints_loop(params: Array, hessian: Array, minimiser: Array, steps: int, numbers: Any, constants: Any) -> Array:
    """Return where each row of `params` (replicas, n) ends, `BLOCK` replicas at a time."""
    ends = np.empty_like(params)
    for start in range(0, params.shape[0], BLOCK):
        x, own_numbers = block_of(params, start), numbers
        grad, displacement, state = np.empty_like(x), np.empty_like(x), zeros(x)
        for t in range(1, steps + 1):
            gradients(x, hessian, minimiser, displacement, grad)
            at, own_numbers = at_step(params.dtype.type, float(t), own_numbers, constants)
            for i in range(x.shape[0]):
                for r in range(x.shape[1]):
                    move(x, grad, state, (i, r), at, constants, x, state)
        write_block(x, start, ends)
    return ends


@cache
def loops(entry: FunctionType, at_step: FunctionType, count: int) -> tuple[Any, Any, Any]:
    """Return the loops over a formula with `count` arrays in the state."""
    calls = {"at_step": at_step, **written_out(entry, count)}
    parts = {name: called(function) for name, function in calls.items()}
    return tuple(loop_over(entry, loop, **parts) for loop in (step_loop, trajectory_loop, endpoints_loop))


def written_out(entry: FunctionType, count: int) -> dict[str, Any]:
    """Return `move`, `entry` at a place, and `zeros`, with each of `count` arrays written out by its number.

    A loop over the arrays, or one array for all of them, would be several times slower.
    """
    before, after = ("".join(f"{state}[{k}][i], " for k in range(count)) for state in ("state", "new_state"))
    found: dict[str, Any] = {"entry": called(entry), "zeros_like": np.zeros_like}
    exec(
        f"""
def move(x, g, state, i, at, constants, new_x, new_state):
    new_x[i], {after} = entry(x[i], g[i], {before} at, constants)

def zeros(x):
    return ({"zeros_like(x), " * count})
""",
        found,
    )
    return {name: found[name] for name in ("move", "zeros")}


def nothing(number: Any, t: float, numbers: Any, constants: Any) -> Any:
    """Compute nothing once a step, and leave the state's numbers as they are."""
    return (), numbers


def elementwise(
    reference: ModuleType, constants: Callable[..., Any], entry: Any, at_step: Any = nothing
) -> tuple[Operation, ...]:
    """Return `init`, `step`, `trajectory` and `endpoints` in place of the reference's; see above."""
    hints = get_type_hints(get_type_hints(reference.init)["return"])
    arrays = [name for name, hint in hints.items() if hint == Array]
    others = [name for name in hints if name not in (*arrays, "step_count")]
    step_of, trajectory_of, endpoints_of = loops(entry, at_step, len(arrays))
    of_init = keywords(reference.init)

    def numbers_of(state: Any) -> tuple[Any, ...]:
        return tuple(kind_of(getattr(state, name))(getattr(state, name)) for name in others)

    def beginning(params: Array, hessian: Array, **given: Any) -> tuple[Any, ...]:
        state = reference.init(params, **{name: given.pop(name) for name in of_init})
        return numbers_of(state), constants(params.dtype.type, **given)

    @in_place_of(reference.step)
    def step(params: Array, grad: Array, state: Any, *, check_finite: bool = False, **given: Any) -> tuple[Array, Any]:
        new_params, *new = (np.empty(params.shape, params.dtype) for _ in range(1 + len(arrays)))
        numbers = step_of(
            flat(params),
            flat(grad),
            tuple(flat(getattr(state, name)) for name in arrays),
            float(getattr(state, "step_count", 0) + 1),
            numbers_of(state),
            constants(params.dtype.type, **given),
            flat(new_params),
            tuple(map(flat, new)),
        )
        after = dict(zip(arrays, new, strict=True))
        for name, value in zip(others, numbers, strict=True):
            after[name] = kind_of(getattr(state, name))(value)
        if "step_count" in hints:
            after["step_count"] = state.step_count + 1
        return new_params, state._replace(**after)

    init = in_place_of(reference.init)(reference.init)
    return init, step, *repeated(reference, trajectory_of, endpoints_of, beginning)


def kind_of(number: Any) -> Any:
    """Return what makes a number of the same kind; where an integer stands for a number it need not stay one."""
    return number.dtype.type if hasattr(number, "dtype") else float if type(number) is int else type(number)
