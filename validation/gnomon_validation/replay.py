"""Running a stored case again: against a port if one is given, otherwise against what the port returned back then."""

from __future__ import annotations

from math import log10

import numpy as np

from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.bands import MARGIN
from gnomon_validation.case_files import CaseFile, RecordedPort
from gnomon_validation.checker import diagnose
from gnomon_validation.judging import Judge
from gnomon_validation.ports.bundled import BUNDLED
from gnomon_validation.ports.left_out import LeftOutError
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.ports.runner import OVERWRITES, NotVariedError
from gnomon_validation.verdicts import NOT_REPEATED, Verdict

UNSTEADY = (NOT_REPEATED, f"the port {OVERWRITES}")


def replay(stored: CaseFile, port: Port | None = None) -> tuple[Verdict, bool]:
    """Judge a stored case again; return the verdict and whether a port ran (otherwise its recorded outputs did).

    Raises `ValueError` if the given port does not provide the operation, or if the stored values are not inputs of it.
    """
    if port is None and stored.port in BUNDLED:  # a stranger's file must not run any other code that it names
        port = BUNDLED[stored.port]()
    live = port is not None
    actual: Port = port if port is not None else RecordedPort(stored)
    offer = actual.offer(stored.law.operation)
    if offer is None:
        raise ValueError(f"{actual.name} does not provide {stored.law.operation.id}")
    if not live:
        offer = Offer(dtypes=(stored.dtype,))
    judge = Judge(actual, stored.law, as_dtype(stored.dtype), offer)
    try:
        outcome = judge.outcome(stored.case)
    except (NotVariedError, LeftOutError) as error:
        raise ValueError(f"{actual.name} cannot be asked for what the law {stored.law.id} needs: {error}") from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"the stored case is not one of the law {stored.law.id}: {error}") from error
    # One record of what a port returned cannot show that it would return something else the next time, nor what it
    # would return in another dtype.
    if live:
        outcome = judge.repeated(outcome)
    elif stored.message in UNSTEADY and not outcome.failed:
        outcome = outcome._replace(status="wrong", message=stored.message)
    elif not live and stored.verdict == "imprecise" and outcome.worst is not None and np.isfinite(outcome.worst.ratio):
        lost = log10(outcome.worst.ratio * MARGIN) if outcome.failed else 0.0
        outcome = outcome._replace(status="imprecise" if outcome.failed else outcome.status, digits_lost=lost)
    verdict = Verdict(stored.law, stored.dtype, outcome.status, cases=1, smallest=stored.case, outcome=outcome)
    if outcome.failed:
        diagnose(actual, [(verdict, [outcome])])
        # What explained all failing cases then is likelier than what explains this one alone.
        ranks = {name: rank for rank, name in enumerate(stored.diagnosis)}
        verdict.diagnosis.sort(key=lambda mistake: ranks.get(mistake.name, len(ranks)))
    return verdict, live
