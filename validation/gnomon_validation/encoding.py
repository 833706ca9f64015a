"""Values, cases and calls as JSON data: exact, and nothing is ever run by reading them.

Floating-point numbers are hexadecimal strings (`float.hex`), so that every bit survives (of a NaN, that it is one). The
types of states are found by name among those that the operation's own module defines, and the operators, problems and
functions that many operations share; nothing else is looked up, imported or executed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gnomon.curvature import operators, products
from gnomon.descent.odog import problems
from gnomon.hessian_free import small_objectives
from gnomon.objectives import several_arrays
from gnomon.probability.anemone import circuits, updates
from gnomon.probability.drm import distortions
from gnomon.probability.drm_sa import rates, step
from gnomon.probability.m_fisher import nulls
from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.cases import Case, leaves
from gnomon_spec.system import Law, Operation, System, nearest
from gnomon_validation.case_limits import DEEPEST, LARGEST_INTEGER, MOST_VALUES, measure
from gnomon_validation.ports.runner import Call
from gnomon_validation.wording import describe, legible, words_of

LONGEST_TEXT = 1000
MOST_OF_A_CALL = MOST_VALUES // 20
HOMES = (
    operators,
    products,
    small_objectives,
    several_arrays,
    problems,
    nulls,
    circuits,
    updates,
    distortions,
    rates,
    step,
)
TOO_LARGE = "returns more than a case file holds"


def encoded(value: Any) -> Any:
    """Return a value as JSON data."""
    if isinstance(value, np.floating) and not isinstance(value, float):  # as an array of no dimension
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        numbers = value.astype(np.float64).ravel().tolist() if value.dtype.kind == "f" else value.ravel().tolist()
        return {"array": [encoded(x) for x in numbers], "shape": list(value.shape), "dtype": value.dtype.name}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        fields = {name: encoded(part) for name, part in zip(value._fields, value, strict=True)}
        return {"state": type(value).__name__, "fields": fields}
    if isinstance(value, tuple | list):
        return {"list": [encoded(part) for part in value]}
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, complex):
        return {"complex": [encoded(value.real), encoded(value.imag)]}
    if isinstance(value, dict):
        return {"dict": {str(name): encoded(part) for name, part in value.items()}}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"a case cannot hold a {type(value).__name__}")


def decoded(data: Any, operation: Operation) -> Any:
    """Return the value that JSON data stands for; raise `ValueError` if it stands for none."""
    match data:
        case {"array": list(entries), "shape": list(shape), "dtype": str(name)}:
            dtype = np.dtype(name) if name in ("int64", "int32", "int8", "bool") else as_dtype(name)
            numbers = [decoded(x, operation) for x in entries]
            strange = [x for x in numbers if not isinstance(x, int if dtype.kind != "f" else int | float)]
            if strange:
                raise ValueError(f"an array of {name} must hold such numbers, got {words_of(strange[0], repr)}")
            if not all(isinstance(n, int) and n >= 0 for n in shape):
                raise ValueError(f"a shape must be integers >= 0, got {words_of(shape, repr)}")
            with np.errstate(over="ignore"):
                return np.array(numbers, dtype=dtype).reshape(shape)
        case {"state": str(name), "fields": dict(fields)}:
            homes = sys.modules[operation.reference.__module__], *HOMES
            kinds = (getattr(home, name, None) for home in homes)
            kind = next(
                (k for k in kinds if isinstance(k, type) and issubclass(k, tuple) and hasattr(k, "_fields")), None
            )
            if kind is None:
                raise ValueError(f"{operation.id} has no state called {name!r}")
            if set(fields) != set(kind._fields):
                raise ValueError(f"{name} must have the fields {', '.join(kind._fields)}, got {', '.join(fields)}")
            return kind(**{key: decoded(part, operation) for key, part in fields.items()})
        case {"list": list(parts)}:
            return tuple(decoded(part, operation) for part in parts)
        case {"float": str(digits)}:
            try:
                return float.fromhex(digits)
            except OverflowError as error:
                raise ValueError(str(error)) from None
        case {"complex": [real, imaginary]}:
            return complex(decoded(real, operation), decoded(imaginary, operation))
        case {"dict": dict(parts)}:
            return {name: decoded(part, operation) for name, part in parts.items()}
        case int() if not -LARGEST_INTEGER - 1 <= data <= LARGEST_INTEGER:
            raise ValueError(f"an integer must fit into 64 bits, got {describe(data)}")
        case None | bool() | int() | str():
            return data
    raise ValueError(f"{legible(repr(data), 60)} is not a value of a case")


def decoded_case(data: Mapping[str, Any], law: Law) -> Case:
    """Return the case of a law that JSON data stands for."""
    return Case({name: decoded(value, law.operation) for name, value in data.items()}, law.cases.hyperparameters)


def encoded_call(call: Call) -> dict[str, Any]:
    """Return a call of a port as JSON data."""
    return {
        "operation": call.operation.name,
        "inputs": [encoded(x) for x in call.inputs],
        "hyperparameters": {name: encoded(value) for name, value in call.hyperparameters.items()},
        "outputs": encoded(call.outputs),
        "error": call.error,
        "misbehaviour": call.misbehaviour,
        **({"by_reference": True} if call.by_reference else {}),
    }


def storable(calls: Iterable[Call]) -> list[Call]:
    """Return calls that fit into one file: outputs of which there are too many are told in words.

    Left out is what comes from the first call on that is given too much: only what such outputs led to is.
    """
    kept, room, left = [], MOST_VALUES // 4, MOST_VALUES // 2  # for inputs, for outputs; the rest is for the case
    for call in calls:
        given, _ = _amount(call.inputs, room)
        if given > room:
            break
        values, depth = _amount(call.outputs, MOST_OF_A_CALL)
        fits = values <= min(left, MOST_OF_A_CALL) and depth <= DEEPEST // 2
        kept.append(call if fits else call._replace(outputs=None, misbehaviour=TOO_LARGE))
        room, left = room - given, left - (values if fits else 0)
    return kept


def _amount(value: Any, most: int) -> tuple[int, int]:
    """Return how many values a value is as JSON data, and how deep they lie; of more than `most` numbers only that."""
    numbers = sum(map(np.size, leaves(value)))
    return (numbers, 0) if numbers > most else measure(encoded(value))


def decoded_call(data: Mapping[str, Any], system: System) -> Call:
    """Return the call of a system's operation that JSON data stands for."""
    operation = nearest("operation", text_of(data, "operation"), system.operations)
    inputs = tuple(decoded(x, operation) for x in data["inputs"])
    numbers = {name: decoded(value, operation) for name, value in data["hyperparameters"].items()}
    outputs = decoded(data["outputs"], operation)
    error, misbehaviour = (legible(str(data.get(what, "")), LONGEST_TEXT) for what in ("error", "misbehaviour"))
    return Call(operation, inputs, numbers, outputs, error, misbehaviour, bool(data.get("by_reference")))


def text_of(data: Mapping[str, Any], name: str) -> str:
    """Return a text that data must have under a name; raise `ValueError` if it is no text, or a long one."""
    if not isinstance(data[name], str):
        raise ValueError(f"its {name} must be a string, got {words_of(data[name], repr):.60}")
    if len(data[name]) > LONGEST_TEXT:
        raise ValueError(f"its {name} must have at most {LONGEST_TEXT:,} characters, got {len(data[name]):,}")
    return str(data[name])
