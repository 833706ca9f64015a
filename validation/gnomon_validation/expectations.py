"""Failures that a port's author expects, each with its reason, in one file.

A TOML file with one table: the id of a law (`adam.step:bad_input_is_rejected`, wildcards allowed) and the reason::

    [expected]
    "adam.step:bad_input_is_rejected" = "our caller validates"
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from gnomon_validation.files import parsed
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.wording import legible

LARGEST_FILE = 2**20  # bytes: a reason of a thousand for each law
LONGEST_REASON = 1000
Expected = Callable[[str, str, str, str], str | None]


def read(file: Path) -> dict[str, str]:
    """Read expected failures; raise `ValueError` with one line if the file is not of the form above."""
    table = parsed("file of expected failures", file, tomllib.loads, LARGEST_FILE).get("expected")
    if not isinstance(table, dict) or not all(isinstance(v, str) and v.strip() for v in table.values()):
        raise ValueError(f"file of expected failures {file} must have a table [expected] of law = 'reason'")
    return {pattern: legible(reason, LONGEST_REASON) for pattern, reason in table.items()}


def require_laws(reasons: Mapping[str, str], law_ids: Iterable[str]) -> None:
    """Raise `ValueError` if a reason is for no law at all: a mistyped one would excuse nothing, unnoticed."""
    known = list(law_ids)
    for pattern in reasons:
        if not any(fnmatchcase(law_id, pattern) for law_id in known):
            close = get_close_matches(pattern, known, n=1) if len(pattern) <= 2 * max(map(len, known)) else []
            hint = f"did you mean {close[0]!r}?" if close else "see gnomon list laws"
            raise ValueError(f"expected failure {legible(repr(pattern))} matches no law; {hint}")


def expecting(reasons: Mapping[str, str]) -> Expected:
    """Return who says why a failure is expected: the author's reasons first, then the known differences."""

    def reason(port: str, law_id: str, dtype: str, verdict: str) -> str | None:
        for pattern, text in reasons.items():
            if fnmatchcase(law_id, pattern):
                return text
        return reason_for(port, law_id, dtype, verdict)

    return reason
