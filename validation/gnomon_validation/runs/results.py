"""Outcomes of cases as JSON data: what a report, a case file and a diagnosis need of them, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon_spec.bands import Judgement
from gnomon_spec.cases import Case
from gnomon_spec.system import Law
from gnomon_validation.encoding import decoded_call, decoded_case, encoded, encoded_call
from gnomon_validation.verdicts import Outcome

# Of a judgement: all but the arrays of how far each entry is off.
TOLD = ("label", "holds", "ratio", "digits", "deviation", "at", "port", "oracle", "band", "why", "horizon", "relation")
Data = dict[str, Any]


def encoded_outcome(outcome: Outcome) -> Data:
    """Return an outcome as JSON data."""
    worst = [i for i, judgement in enumerate(outcome.judgements) if judgement is outcome.worst]
    return {
        "status": outcome.status,
        "judgements": [{name: _plain(getattr(j, name)) for name in TOLD} for j in outcome.judgements],
        "worst": worst[0] if worst else None,
        "message": outcome.message,
        "digits_lost": float(outcome.digits_lost),
        "calls": [encoded_call(call) for call in outcome.calls],
        "sure": outcome.sure,
        "cause": outcome.cause,
    }


def decoded_outcome(data: Mapping[str, Any], law: Law) -> Outcome:
    """Return the outcome of a case of a law that JSON data stands for."""
    judgements = tuple(Judgement(**{**j, "at": tuple(j["at"])}) for j in data["judgements"])
    return Outcome(
        data["status"],
        judgements,
        judgements[data["worst"]] if data["worst"] is not None else None,
        data["message"],
        data["digits_lost"],
        tuple(decoded_call(call, law.operation.system) for call in data["calls"]),
        data["sure"],
        data["cause"],
    )


def encoded_case(case: Case) -> Data:
    """Return the quantities of a case as JSON data."""
    return {name: encoded(value) for name, value in case.items()}


def encoded_finding(case: Case, outcome: Outcome) -> Data:
    """Return a case and what came of it as JSON data."""
    return {"case": encoded_case(case), "outcome": encoded_outcome(outcome)}


def decoded_finding(data: Mapping[str, Any], law: Law) -> tuple[Case, Outcome]:
    """Return the case and the outcome that JSON data stands for."""
    return decoded_case(data["case"], law), decoded_outcome(data["outcome"], law)


def _plain(value: Any) -> Any:
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer) or (isinstance(value, int) and not isinstance(value, bool)):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value)
    if isinstance(value, tuple):
        return [int(index) for index in value]
    return value if isinstance(value, str | bool | None) else None
