"""A port to begin with: a file that runs under `gnomon check` as it is, with the right form and no formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from gnomon.domains import Array
from gnomon_spec.system import Operation
from gnomon_validation.ports.methods import ROWS, Row

PLAIN = {int: ("0", "an integer"), bool: ("False", "True or False"), float: ("0.0", "a number"), str: ('""', "a text")}


class Library(NamedTuple):
    """How functions are written with a library.

    head: imports. before, first: what stands before a function, and first in it. zeros, number: an array of zeros like
    one, and the number 0 of its dtype. returned: what an array is wrapped in when it is returned.
    """

    head: str
    before: str
    first: str
    zeros: str
    number: str
    returned: str = "{}"


NUMPY = Library("import numpy as np\n", "", "", "np.zeros_like({})", "{}.dtype.type(0)")
TORCH = Library(
    "import torch\n\nfrom gnomon_validation.ports.torch_functions import offered  # tensors in and out\n",
    '@offered("{id}")\n',
    "",
    "torch.zeros_like({})",
    "{}.new_zeros(())",
)
JAX = Library(
    """\
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def to_jax(tree):
    return jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray | np.generic) else x, tree)


def to_numpy(tree):
    return jax.tree.map(lambda x: np.asarray(x) if isinstance(x, jax.Array) else x, tree)
""",
    "",
    "    {inputs} = to_jax(({inputs}))\n",
    "jnp.zeros_like({})",
    "jnp.zeros((), {}.dtype)",
    "to_numpy({})",
)


def stub(operations: Sequence[Operation], library: str | None, file: str = "FILE.py") -> str:
    """Return the text of a port of operations of one system.

    library: "torch", "jax", "optax" or None. An optimizer's step is a class in torch and a transformation in optax; all
    else are functions. Raises `ValueError` if there is no such port.
    """
    system = operations[0].system
    row = ROWS.get(system.name)
    steps = [operation for operation in operations if row and operation.name in row.operations]
    if library == "optax":
        if row is None or "optax" not in row.libraries or not steps:
            known = ", ".join(row.system for row in ROWS.values() if "optax" in row.libraries)
            raise ValueError(f"an optax port is one of a step of {known}, got {operations[0].id}")
        return _transformation(steps[0], row, file)
    if library == "torch" and steps and system.name != "hysterograd":  # its step returns more than a loss
        return _optimizer(steps[0], ROWS[system.name], file)
    of = {None: NUMPY, "torch": TORCH, "jax": JAX}[library]
    head = f'"""{", ".join(o.id for o in operations)} as a port, to be filled in: gnomon check {file}"""\n\n{of.head}'
    return "".join([head, *(f"\n\n{_function(operation, of)}" for operation in operations)])


def arguments_of(operation: Operation) -> str:
    """Return an operation's arguments as its signature has them."""
    return ", ".join([*operation.positional, *(("*", *operation.keywords) if operation.keywords else ())])


def parts_of(operation: Operation) -> list[Any]:
    """Return the types of what an operation returns: one, or those in its tuple."""
    declared = get_type_hints(operation.reference)["return"]
    several = get_origin(declared) is tuple and Ellipsis not in get_args(declared)
    return list(get_args(declared)) if several else [declared]


def kinds_in(operation: Operation) -> list[Any]:
    """Return the kinds of tuples with names, and of objects, that an operation is given or returns, and those within.

    Of objects these are the protocols, of which any with such methods will do.
    """
    hints = get_type_hints(operation.reference, include_extras=True)
    found: dict[Any, None] = {}
    waiting: list[Any] = [hints[name] for name in (*operation.inputs, *operation.hyperparameters, "return")]
    while waiting:
        kind, *waiting = waiting
        inner = [*get_args(kind), *getattr(kind, "__metadata__", ())]
        if not isinstance(kind, type):
            inner += getattr(kind, "classes", ())  # of a domain
        elif (hasattr(kind, "_fields") or getattr(kind, "_is_protocol", False)) and kind not in found:
            found[kind] = None
            inner += get_type_hints(kind, include_extras=True).values()
        waiting = inner + waiting
    return list(found)


def given_as(operation: Operation, kind: Any) -> str | None:
    """Return the input whose type that is: what an operation returns of it is called so, too."""
    if kind in (Any, *PLAIN):
        return None
    hints = get_type_hints(operation.reference)
    return next((name for name in operation.inputs if _declared(hints[name]) == kind), None)


def words_for(operation: Operation, kind: Any) -> str:
    """Return in words what a part of an operation's outputs is; of arrays only parameters have a name of their own."""
    name = given_as(operation, kind)
    if name is not None and (operation.returned == "params" or not _is_array(kind)):
        return name
    fields = getattr(kind, "_fields", None)
    if fields:
        return f"({', '.join(fields)}{',' * (len(fields) == 1)})"
    return PLAIN[kind][1] if kind in PLAIN else "an array" if _is_array(kind) else "a number"


def _function(operation: Operation, of: Library) -> str:
    hints = get_type_hints(operation.reference)
    name = f"{operation.system.name}_{operation.name}"
    arguments = arguments_of(operation)
    if len(name) + len(arguments) > 100:
        arguments = "\n    " + arguments.replace(", *, ", ", *,\n    ") + ",\n"
    inputs = f"{', '.join(operation.inputs)}{',' * (len(operation.inputs) == 1)}"
    state = next((n for n in operation.inputs if n == "state" and hasattr(hints[n], "_fields")), None)
    fields = hints[state]._fields if state else ()
    unpacked = f"    {', '.join(fields)}{',' * (len(fields) == 1)} = {state}\n" if state else ""
    returned = [_written(kind, operation, of, state) for kind in parts_of(operation)]
    answer = ", ".join(returned) if len(returned) == 1 or of.returned == "{}" else f"({', '.join(returned)})"
    return (
        f"{of.before.format(id=operation.id)}def {name}({arguments}):\n{of.first.format(inputs=inputs)}{unpacked}"
        f"    # the formula goes here\n    return {of.returned.format(answer)}\n"
    )


def _written(kind: Any, operation: Operation, of: Library, state: str | None) -> str:
    """Return an expression of the form of a part of an operation's outputs: an input where there is one like it."""
    hints = get_type_hints(operation.reference)
    name = given_as(operation, kind)
    fields = getattr(kind, "_fields", ())
    if name is not None and name == state:
        counted = [f"{field} + 1" if field == "step_count" else field for field in fields]
        return f"({', '.join(counted)}{',' * (len(fields) == 1)})"
    if name is not None:
        return name
    if fields:
        parts = get_type_hints(kind)
        return f"dict({', '.join(f'{field}={_written(parts[field], operation, of, state)}' for field in fields)})"
    if kind in PLAIN:
        return PLAIN[kind][0]
    if _is_array(kind) and (discrete := re.search(r"\b(bool|int\d+)\b", str(kind))):
        return f"torch.zeros(0, dtype=torch.{discrete[0]})" if of is TORCH else f"np.zeros(0, np.{discrete[0]})"
    arrays = [name for name in operation.inputs if _is_array(_declared(hints[name]))]
    numbers = [name for name in operation.inputs if hints[name] is Any]
    several = [f"{name}{'[0]' * depth}" for name in operation.inputs if (depth := _depth(_declared(hints[name])))]
    within = [field for field, part in get_type_hints(hints[state]).items() if _is_array(part)] if state else []
    like = [*arrays, *numbers, *within, *several]
    return (of.zeros if _is_array(kind) else of.number).format(like[0]) if like else "0.0"


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is get_origin(Array)


def _depth(kind: Any) -> int:
    """Return how many tuples a type is nested in."""
    return 1 + _depth(get_args(kind)[0]) if get_origin(kind) is tuple else 0


def _declared(kind: Any) -> Any:
    """Return a type without the `None` that it may be instead."""
    kinds = [one for one in get_args(kind) if one is not NoneType]
    return kinds[0] if NoneType in get_args(kind) and len(kinds) == 1 else kind


def _optimizer(operation: Operation, row: Row, file: str) -> str:
    """Return a class of torch's kind that has the arguments and the state of a method, and descends the gradient."""
    system = operation.system
    name = system.title if system.title.isalpha() else system.name.upper()
    defaults = {
        row.arguments[hyper][0]: value for hyper, value in operation.hyperparameters.items() if hyper in row.arguments
    }
    lr = row.arguments["lr" if "lr" in row.arguments else "alpha"][0]
    if "beta1" in defaults:
        betas = defaults.pop("beta1"), defaults.pop("beta2")
        defaults = {lr: defaults.pop(lr), "betas": betas, **defaults}
    kept = [
        (keys[0], field in row.numbers)
        for field, keys in row.fields.items()
        if "variant" not in row.used_with.get(field, ())
    ]
    begun = "".join(
        f'''                    state["{key}"] = {"0" if number else "torch.zeros_like(p)"}\n''' for key, number in kept
    )
    counted = [key for key, number in kept if number]
    return (
        f'''"""{operation.id} as a torch optimizer, to be filled in: gnomon check {file}:{name}"""

import torch


class {name}(torch.optim.Optimizer):
    def __init__(self, params, {", ".join(f"{argument}={value!r}" for argument, value in defaults.items())}):
        super().__init__(params, dict({", ".join(f"{argument}={argument}" for argument in defaults)}))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
'''
        + (
            f"""                state = self.state[p]
                if not state:
{begun}"""
            if begun
            else ""
        )
        + "".join(f'''                state["{key}"] += 1\n''' for key in counted)
        + f'''                p.add_(p.grad, alpha=-group["{lr}"])  # the formula goes here
'''
    )


def _transformation(operation: Operation, row: Row, file: str) -> str:
    """Return a function of optax's kind that has the arguments and the state of a method, and descends the gradient."""
    name = operation.system.name
    called = {
        hyper: names[1] if hyper in ("lr", "beta1", "beta2") else names[0] for hyper, names in row.arguments.items()
    }
    arguments = [f"{called[hyper]}={value!r}" for hyper, value in operation.hyperparameters.items() if hyper in called]
    kept = {field: keys for field, keys in row.fields.items() if "variant" not in row.used_with.get(field, ())}
    known = {
        field: next((key for key in ("count", "mu", "nu") if key in keys), keys[0]) for field, keys in kept.items()
    }
    fields = "".join(f"    {key}: Any\n" for key in known.values())
    begun = ", ".join("jnp.zeros((), jnp.int32)" if field in row.numbers else "zeros" for field in known)
    counted = "state._replace(count=state.count + 1)" if "count" in known.values() else "state"
    return f'''"""{operation.id} as an optax transformation, to be filled in: gnomon check optax:{file}:{name}"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax


class State(NamedTuple):
{fields}

def {name}({", ".join(arguments)}):
    def init(params):
        zeros = jax.tree.map(jnp.zeros_like, params)
        return State({begun})

    def update(updates, state, params=None):
        moves = jax.tree.map(lambda g: -learning_rate * g, updates)  # the formula goes here
        return moves, {counted}

    return optax.GradientTransformation(init, update)
'''
