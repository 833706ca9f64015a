"""What a case of each law costs, as it was measured once (`python validation/benchmarks/costs.py` does it again)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from statistics import median

from gnomon_spec.system import Law, Operation

CALLS_OF_A_CASE = 8  # so many calls of an edited reference, held against a port's, cost what a case does


@cache
def costs() -> Mapping[str, float]:
    """Return what a case of each law costs in milliseconds (`python validation/benchmarks/costs.py` measures it)."""
    text = (files("gnomon_validation.runs") / "costs.json").read_text(encoding="utf-8")
    return {law: float(cost) for law, cost in json.loads(text).items()}


@cache
def seconds_of_a_case(law: Law) -> float:
    """Return what a case of a law costs; for one that was not measured, what one of its operation's does, or any's."""
    known = costs()
    if law.id not in known:
        near = [cost for name, cost in known.items() if name.startswith(f"{law.operation.id}:")]
        return median(near or known.values()) / 1000
    return known[law.id] / 1000


def seconds_of_a_call(operation: Operation) -> float:
    """Return about what a call of an operation costs."""
    law = next(law for law in operation.laws if law.kind == "oracle agreement")
    return seconds_of_a_case(law) / CALLS_OF_A_CASE
