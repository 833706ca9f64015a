"""A failing case as a file: JSON with exact numbers, that runs again and never runs anything by being opened.

A file holds the law, the dtype, the drawn inputs, each call that the law made of the port with what the port returned
or did instead, and what was found; judging it again needs no port.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.cases import Case
from gnomon_spec.system import Law, Operation, find_law
from gnomon_validation.case_limits import LARGEST_FILE, require_like_drawn, require_little
from gnomon_validation.encoding import (
    LONGEST_TEXT,
    decoded_call,
    decoded_case,
    encoded,
    encoded_call,
    storable,
    text_of,
)
from gnomon_validation.files import parsed
from gnomon_validation.ports.port import Offer
from gnomon_validation.ports.runner import Call, PortError, PortMisbehaviourError
from gnomon_validation.verdicts import Verdict
from gnomon_validation.wording import legible, words_of

FORMAT = "gnomon-case/1"


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
            "calls": [encoded_call(call) for call in storable(self.calls)],
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
    file = file_of(directory, port, verdict)
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(stored.data(), indent=1, ensure_ascii=False, allow_nan=False)
    # A lone surrogate (from an odd file name) becomes an escape, which JSON reads as the same.
    file.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    return file


def file_of(directory: Path, port: str, verdict: Verdict) -> Path:
    """Return the file for the smallest failing case of a law that a port does not satisfy."""
    named = "".join(c if c.isalnum() or c in "._" else "-" for c in port.rpartition("/")[2].removesuffix(".py"))
    operation, law = verdict.law.operation.id.replace(".", "-"), verdict.law.name.replace("_", "-")
    return directory / f"{named.strip('-')[-60:]}-{operation}-{law}-{verdict.dtype}.json"


def remove(directory: Path, port: str, verdict: Verdict) -> None:
    """Remove the case of a law that a port satisfies again."""
    file = file_of(directory, port, verdict)
    if file.is_file():
        with suppress(ValueError):
            if read(file).port == legible(port, LONGEST_TEXT):
                file.unlink()


def read(file: Path) -> CaseFile:
    """Read a case; raise `ValueError` with one line if the file is not one."""
    data = parsed("case file", file, json.loads, LARGEST_FILE)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"case file {file} is not of the format {FORMAT}")
    try:
        require_little(data)
        return _case_file(data)
    except KeyError as error:
        raise ValueError(f"case file {file} is damaged: it has no {words_of(error)}") from None
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"case file {file} is damaged: {words_of(error)}") from None


def _case_file(data: Mapping[str, Any]) -> CaseFile:
    law = find_law(text_of(data, "law"))
    case = decoded_case(data["case"], law)
    missing = [name for name in law.cases.quantities if name not in case]
    if missing:
        raise ValueError(f"its case has no {', '.join(missing)}")
    unknown = [name for name in case if name not in law.cases.quantities]
    if unknown:
        raise ValueError(f"its case has a {words_of(unknown[0], repr):.60}, which the law does not")
    require_like_drawn(case, law)
    return CaseFile(
        port=legible(text_of(data, "port"), LONGEST_TEXT),
        law=law,
        dtype=as_dtype(text_of(data, "dtype")).name,
        case=case,
        calls=tuple(decoded_call(c, law.operation.system) for c in data["calls"]),
        verdict=legible(str(data.get("verdict", ""))),
        message=legible(str(data.get("message", "")), LONGEST_TEXT),
        diagnosis=tuple(legible(str(name)) for name in data.get("diagnosis", ())),
    )


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
