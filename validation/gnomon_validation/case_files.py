"""A failing case as a file: JSON with exact numbers, that runs again and never runs anything by being opened.

Floating-point numbers are hexadecimal strings (`float.hex`), so that every bit survives (of a NaN, that it is one). A
file holds the law, the dtype, the drawn inputs, each call that the law made of the port with what the port returned or
did instead, and what was found; judging it again needs no port. The types of states are found by name among those that
the operation's own module defines, and the operators, problems and functions that many operations share; nothing else
in a file is looked up, imported or executed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.curvature import operators, products
from gnomon.hessian_free import small_objectives
from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.cases import Case
from gnomon_spec.system import Law, Operation, find_law, nearest
from gnomon_validation.files import parsed
from gnomon_validation.ports.port import Offer
from gnomon_validation.ports.runner import Call, PortError, PortMisbehaviourError
from gnomon_validation.verdicts import Verdict
from gnomon_validation.wording import legible, words_of

FORMAT = "gnomon-case/1"
LONGEST_TEXT = 1000


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
            dtype = np.dtype(name) if name in ("int64", "bool") else as_dtype(name)
            numbers = [decoded(x, operation) for x in entries]
            if dtype.kind != "f" and not all(isinstance(x, int) for x in numbers):
                raise ValueError(f"an array of {name} must hold integers or truth values, got {numbers!r}")
            if not all(isinstance(n, int) and n >= 0 for n in shape):
                raise ValueError(f"a shape must be integers >= 0, got {shape!r}")
            return np.array(numbers, dtype=dtype).reshape(shape)
        case {"state": str(name), "fields": dict(fields)}:
            homes = sys.modules[operation.reference.__module__], operators, products, small_objectives
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
        case None | bool() | int() | str():
            return data
    text = repr(data)
    raise ValueError(f"{text if len(text) <= 60 else text[:60] + '…'} is not a value of a case")


def decoded_case(data: Mapping[str, Any], law: Law) -> Case:
    """Return the case of a law that JSON data stands for."""
    return Case({name: decoded(value, law.operation) for name, value in data.items()}, law.cases.hyperparameters)


@dataclass(frozen=True)
class CaseFile:
    """A failing case, as it is stored.

    verdict, message: what was found, and in words if it was not a deviation. diagnosis: names of the mistakes that
    explained all failing cases of the law.
    """

    port: str
    law: Law
    dtype: str
    case: Case
    calls: tuple[Call, ...]
    verdict: str = ""
    message: str = ""
    diagnosis: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "port": self.port,
            "law": self.law.id,
            "statement": self.law.statement,
            "dtype": self.dtype,
            "verdict": self.verdict,
            "message": self.message,
            "diagnosis": list(self.diagnosis),
            "case": {name: encoded(value) for name, value in self.case.items()},
            "calls": [
                {
                    "operation": call.operation.name,
                    "inputs": [encoded(x) for x in call.inputs],
                    "hyperparameters": {name: encoded(value) for name, value in call.hyperparameters.items()},
                    "outputs": encoded(call.outputs),
                    "error": call.error,
                    "misbehaviour": call.misbehaviour,
                }
                for call in self.calls
            ],
        }


def write(directory: Path, port: str, verdict: Verdict) -> Path:
    """Write the smallest failing case of a verdict and return the file."""
    assert verdict.smallest is not None and verdict.outcome is not None
    stored = CaseFile(
        port,
        verdict.law,
        verdict.dtype,
        verdict.smallest,
        verdict.outcome.calls,
        verdict.status,
        verdict.outcome.message,
        tuple(mistake.name for mistake in verdict.diagnosis),
    )
    operation = verdict.law.operation.id.replace(".", "-")
    file = directory / f"{operation}-{verdict.law.name.replace('_', '-')}-{verdict.dtype}.json"
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(stored.data(), indent=1, ensure_ascii=False, allow_nan=False)
    # A lone surrogate (from an odd file name) becomes an escape, which JSON reads as the same.
    file.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    return file


def read(file: Path) -> CaseFile:
    """Read a case; raise `ValueError` with one line if the file is not one."""
    data = parsed("case file", file, json.loads)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"case file {file} is not of the format {FORMAT}")
    try:
        return _case_file(data)
    except KeyError as error:
        raise ValueError(f"case file {file} is damaged: it has no {error}") from None
    except RecursionError:
        raise ValueError(f"case file {file} is damaged: it is nested too deeply") from None
    except (ArithmeticError, AttributeError, MemoryError, TypeError, ValueError) as error:
        raise ValueError(f"case file {file} is damaged: {words_of(error)}") from None


def _case_file(data: Mapping[str, Any]) -> CaseFile:
    law = find_law(_text(data, "law"))
    operations = law.operation.system.operations
    case = decoded_case(data["case"], law)
    missing = [name for name in law.cases.quantities if name not in case]
    if missing:
        raise ValueError(f"its case has no {', '.join(missing)}")
    unknown = [name for name in case if name not in law.cases.quantities]
    if unknown:
        raise ValueError(f"its case has a {unknown[0]!r:.60}, which the law does not")
    return CaseFile(
        port=legible(_text(data, "port"), LONGEST_TEXT),
        law=law,
        dtype=as_dtype(_text(data, "dtype")).name,
        case=case,
        calls=tuple(_call(nearest("operation", _text(c, "operation"), operations), c) for c in data["calls"]),
        verdict=str(data.get("verdict", "")),
        message=legible(str(data.get("message", "")), LONGEST_TEXT),
        diagnosis=tuple(str(name) for name in data.get("diagnosis", ())),
    )


def _text(data: Mapping[str, Any], name: str) -> str:
    if not isinstance(data[name], str):
        raise ValueError(f"its {name} must be a string, got {data[name]!r:.60}")
    return str(data[name])


def _call(operation: Operation, data: Mapping[str, Any]) -> Call:
    inputs = tuple(decoded(x, operation) for x in data["inputs"])
    numbers = {name: decoded(value, operation) for name, value in data["hyperparameters"].items()}
    outputs = decoded(data["outputs"], operation)
    error, misbehaviour = (legible(str(data.get(what, "")), LONGEST_TEXT) for what in ("error", "misbehaviour"))
    return Call(operation, inputs, numbers, outputs, error, misbehaviour)


class RecordedPort:
    """What a port did, played back: it answers the calls of a case file in their order and knows no others."""

    def __init__(self, stored: CaseFile) -> None:
        self.name = stored.port
        self._left = list(stored.calls)

    def offer(self, operation: Operation) -> Offer:
        return Offer()

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        if not self._left:
            raise LookupError("the file has no further call (the law has changed since it was written)")
        call = self._left.pop(0)
        if call.misbehaviour:
            raise PortMisbehaviourError(call.misbehaviour)
        if call.outputs is None:
            raise PortError(call.error or "an error")
        return call.outputs
