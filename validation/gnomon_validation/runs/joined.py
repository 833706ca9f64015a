"""From what units of work found to the verdict on a law."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from gnomon_spec.system import Law
from gnomon_validation.encoding import decoded_case
from gnomon_validation.runs.examine import worst_of
from gnomon_validation.runs.results import Data, decoded_finding
from gnomon_validation.tried import Tried
from gnomon_validation.verdicts import Outcome, Verdict

LOST = ("crashed", "timed out")


def decides(block: Data) -> bool:
    """Return whether further blocks of the law would say nothing more: it has seen enough, or cannot be done."""
    return "not_provided" in block or "lost" in block or bool(block["enough"])


def is_decided(blocks: Sequence[Data]) -> bool:
    """Return whether a law is decided by its first blocks."""
    return any(map(decides, blocks))


def verdict_on(law: Law, dtype: str, blocks: Sequence[Data]) -> tuple[Verdict, list[Outcome]]:
    """Return the verdict on a law and the outcomes of its failing cases, the smallest case's first."""
    blocks = blocks[: next((number for number, block in enumerate(blocks, 1) if decides(block)), None)]
    missing = [block["not_provided"] for block in blocks if "not_provided" in block]
    if missing:
        return Verdict(law, dtype, "not provided", reason=missing[0]), []
    found = [block for block in blocks if "lost" not in block]
    failing = [decoded_finding(one, law) for block in found for one in block["failing"]]
    lost = [block["lost"] for block in blocks if "lost" in block]
    cases = sum(block["cases"] for block in found) + sum(one["case_number"] + 1 for one in lost)
    ambiguous = sum(block["ambiguous"] for block in found)
    statuses = [(outcome.status, outcome.sure) for _, outcome in failing]
    status = worst_of(cases, ambiguous, statuses + [(one["status"], True) for one in lost])
    digits = [of_case for block in found for of_case in block["digits"]]
    horizons = [of_path for block in found for of_path in block["horizons"]]
    verdict = Verdict(
        law,
        dtype,
        status,
        cases,
        ambiguous,
        median(digits) if digits else None,
        max((block["worst_ratio"] for block in found), default=0.0),
        float(median(horizons)) if horizons else None,
        left_out=tuple(dict.fromkeys(name for block in found for name in block["left_out"])),
        seconds=sum(block["seconds"] for block in found),
        tried=Tried().join(
            Tried(block["largest"], {name: (low, high) for name, (low, high) in block["ranges"].items()})
            for block in found
        ),
    )
    if status in LOST:
        return with_loss(verdict, lost[0]), []
    outcomes = [outcome for _, outcome in failing if outcome.status == status]
    if not outcomes:
        return verdict, []
    smallest = [decoded_finding(block["smallest"], law) for block in found if "smallest" in block]
    verdict.smallest, verdict.outcome = next(one for one in smallest if one[1].status == status)
    verdict.digits_lost = max(verdict.outcome.digits_lost, *(outcome.digits_lost for outcome in outcomes))
    return verdict, [verdict.outcome, *outcomes]


def with_loss(verdict: Verdict, lost: Data) -> Verdict:
    """Give a verdict the case in which a worker was lost, and what is known of that."""
    verdict.status = lost["status"]
    if lost.get("case") is not None:
        verdict.smallest = decoded_case(lost["case"], verdict.law)
    verdict.outcome = outcome_of_loss(lost)
    return verdict


def outcome_of_loss(lost: Data) -> Outcome:
    """Return what came of a case that cost the worker."""
    return Outcome(lost["status"], (), None, lost["message"], 0.0, (), cause=lost["message"])
