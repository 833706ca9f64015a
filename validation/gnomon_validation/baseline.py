"""An earlier report as a baseline: what was checked in it must be checked now."""

from __future__ import annotations

import json
from pathlib import Path

from gnomon_validation.files import parsed
from gnomon_validation.report_json import FORMAT
from gnomon_validation.verdicts import Check
from gnomon_validation.wording import counted

LARGEST = 1 << 28  # bytes
Checked = set[tuple[str, str]]


def read(file: Path) -> Checked:
    """Return which laws were checked in which dtype in a report; raise `ValueError` in one line if it is none."""
    data = parsed("baseline", file, json.loads, LARGEST)
    verdicts = data.get("verdicts") if isinstance(data, dict) and data.get("format") == FORMAT else None
    if not isinstance(verdicts, list) or not all(isinstance(v, dict) for v in verdicts):
        raise ValueError(f"baseline {file} is no report of the format {FORMAT}")
    return {(str(v.get("law")), str(v.get("dtype"))) for v in verdicts if v.get("verdict") != "not provided"}


def missing(before: Checked, check: Check) -> list[str]:
    """Return in a sentence which laws were checked before and are not now; nothing if there are none."""
    now = {(v.law.id, v.dtype) for v in check.verdicts if v.status != "not provided"}
    fewer = sorted(before - now)
    if not fewer:
        return []
    named = ", ".join(f"{law} {dtype}" for law, dtype in fewer[:5])
    more = f" and {len(fewer) - 5} more" if len(fewer) > 5 else ""
    return [f"{counted(len(fewer), 'check')} of the baseline did not take place: {named}{more}"]
