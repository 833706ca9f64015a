"""What a program reads of the results of campaigns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from math import isfinite
from typing import Any

from gnomon_validation.campaign.coverage import Comparison, Failure, Version
from gnomon_validation.verdicts import Verdict

FORMAT = "gnomon-campaign/1"


def text(
    every: Sequence[Version], found: Mapping[Failure, Verdict], compared: Sequence[Comparison], since: float | None
) -> str:
    """Return the report as JSON text."""
    data = {
        "format": FORMAT,
        "gnomon": version("gnomon"),
        "since": since,
        "versions": [_version(one) for one in every],
        "failures": [_failure(failure, verdict) for failure, verdict in found.items()],
        "compared": [_compared(one) for one in compared],
    }
    written = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    return written.encode(errors="backslashreplace").decode() + "\n"


def _version(one: Version) -> dict[str, Any]:
    laws = [
        {
            "law": law,
            "dtype": dtype,
            "units": covered.units,
            "cases": covered.cases,
            "ambiguous": covered.ambiguous,
            "worst_deviation_over_band": covered.worst if isfinite(covered.worst) else None,
            "provided": covered.provided,
            "failed": sorted(covered.failed),
            "fails": one.fails((law, dtype)),
            "largest_array": covered.tried.largest,
            "ranges": covered.tried.ranges,
        }
        for (law, dtype), covered in one.laws.items()
    ]
    ran = {"first": one.first, "last": one.last} if isfinite(one.first) else {"first": None, "last": None}
    return {"port": one.port, "version": one.version, "system": one.system, **ran, "laws": laws}


def _failure(failure: Failure, verdict: Verdict) -> dict[str, Any]:
    return {
        **failure._asdict(),
        "status": verdict.status,
        "expected": verdict.expected,
        "diagnosis": [mistake.name for mistake in verdict.diagnosis],
        "replay": verdict.replay_file,
    }


def _compared(one: Comparison) -> dict[str, Any]:
    named = {what: [{"law": law, "dtype": d} for law, d in getattr(one, what)] for what in ("mended", "broken")}
    return {"port": one.port, "system": one.system, **named}
