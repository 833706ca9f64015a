"""The report that a program reads: one JSON document with everything the terminal report says."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from gnomon_validation.encoding import encoded
from gnomon_validation.verdicts import Check, Verdict

FORMAT = "gnomon-report/1"


def write(check: Check, file: Path) -> None:
    """Write the report of a check."""
    file.write_bytes(text(check).encode())


def text(check: Check) -> str:
    """Return the report of a check as text; a lone surrogate (from an odd file name) is an escape in it."""
    written = json.dumps(report(check), indent=1, ensure_ascii=False, allow_nan=False)
    return written.encode(errors="backslashreplace").decode() + "\n"


def report(check: Check) -> dict[str, Any]:
    """Return the report of a check as JSON data."""
    return {
        "format": FORMAT,
        "gnomon": version("gnomon"),
        "numpy": np.__version__,
        **{of: getattr(check, of) for of in ("port", "examples", "seed", "seconds", "conforms")},
        **{
            of: getattr(check, of)
            for of in ("strict_input", "held_fixed", "defaults", "interrupted", "units", "changed")
        },
        "ran": sum(v.status != "not provided" for v in check.verdicts),
        "not_provided": sum(v.status == "not provided" for v in check.verdicts),
        "not_run": [{"law": law.id, "dtype": dtype} for law, dtype in check.not_run],
        "verdicts": [_verdict(v, check.fails(v)) for v in check.verdicts],
    }


def _verdict(v: Verdict, failed: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "law": v.law.id,
        "statement": v.law.statement,
        "kind": v.law.kind,
        "dtype": v.dtype,
        "verdict": v.status,
        "failed": failed,
        **{of: getattr(v, of) for of in ("expected", "reason", "cases", "ambiguous")},
        "digits_verified": v.digits,
        "weak": v.weak,
        "worst_deviation_over_band": v.worst_ratio if np.isfinite(v.worst_ratio) else None,
        "horizon": v.horizon,
        "seconds": v.seconds,
        "largest_array": v.tried.largest,
        "ranges": v.tried.ranges,
        "diagnosis": [{"name": m.name, "statement": m.statement} for m in v.diagnosis],
        "replay": v.replay_file,
    }
    if v.smallest is not None and v.outcome is not None:
        worst = v.outcome.worst
        data["smallest_case"] = {name: encoded(value) for name, value in v.smallest.items()}
        data["message"] = v.outcome.message
        data["digits_lost"] = max(v.digits_lost, v.outcome.digits_lost)
        if worst is not None and worst.band is not None:
            data["worst"] = {
                "label": worst.label,
                "index": list(worst.at),
                "relation": worst.relation,
                **{of: float(getattr(worst, of)).hex() for of in ("port", "oracle", "band")},
            }
    return data
