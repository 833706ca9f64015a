"""Running a stored case again: against a port if one is given, otherwise against what the port returned back then."""

from __future__ import annotations

import threading
import warnings
from contextlib import AbstractContextManager, nullcontext
from math import log10

import numpy as np

from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.bands import MARGIN
from gnomon_validation.case_files import CaseFile, RecordedPort
from gnomon_validation.edit_trials import NeverEndsError, time_limit
from gnomon_validation.judging import Judge
from gnomon_validation.ports.bundled import BUNDLED
from gnomon_validation.ports.left_out import LeftOutError
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.ports.runner import OVERWRITES, NotVariedError
from gnomon_validation.runs.explaining import diagnose
from gnomon_validation.runs.joined import LOST
from gnomon_validation.verdicts import NOT_REPEATED, Outcome, Status, Verdict
from gnomon_validation.wording import told

UNSTEADY = (NOT_REPEATED, f"the port {OVERWRITES}")
UNEXPLAINED = "not every catalogued mistake was tried: that would take long"
# Of processor time. The slowest of the cases that laws draw takes a second to judge, or to explain by its mistake.
SECONDS = 10.0
COMPILING_SECONDS = 60.0  # where kernels may have to be compiled first
EXPLAINING_SECONDS = 3.0


def replay(stored: CaseFile, port: Port | None = None) -> tuple[Verdict, bool]:
    """Judge a stored case again; return the verdict and whether a port ran (otherwise its recorded outputs did).

    Raises `ValueError` if the given port does not provide the operation, if the stored values are not inputs of it, or
    if no port was given and judging does not end in time. Where only the search for an explanation does not, there is
    none, and the verdict's reason says so.
    """
    seconds = None if port is not None else SECONDS
    if port is None and stored.port in BUNDLED:  # a stranger's file must not run any other code that it names
        port, seconds = BUNDLED[stored.port](), COMPILING_SECONDS
    live = port is not None
    actual: Port = port if port is not None else RecordedPort(stored)
    judge = Judge(actual, stored.law, as_dtype(stored.dtype), _offer(stored, actual, live))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _limited(seconds):
                outcome = _outcome(stored, judge, live)
            verdict = Verdict(stored.law, stored.dtype, outcome.status, cases=1, smallest=stored.case, outcome=outcome)
            if outcome.failed:
                _explain(verdict, outcome, stored, actual, seconds and EXPLAINING_SECONDS)
            return verdict, live
    except (NotVariedError, LeftOutError) as error:
        raise ValueError(f"{actual.name} cannot be asked for what the law {stored.law.id} needs: {error}") from error
    except NeverEndsError:
        raise ValueError(f"the stored case of the law {stored.law.id} is not judged within {seconds:g} s") from None
    except Exception as error:  # whatever a law or the reference makes of values that nobody drew
        raise ValueError(f"the stored case is not one of the law {stored.law.id}: {told(error)}") from error


def _offer(stored: CaseFile, port: Port, live: bool) -> Offer:
    """Return what a port offers of a stored operation; raise `ValueError` if it cannot be asked about the case."""
    if stored.dtype not in stored.law.dtypes:
        raise ValueError(f"the law {stored.law.id} is not about {stored.dtype}")
    offer = port.offer(stored.law.operation)
    if offer is None:
        raise ValueError(f"{port.name} does not provide {stored.law.operation.id}")
    if offer.dtypes is not None and stored.dtype not in offer.dtypes:
        raise ValueError(f"{port.name} does not compute in {stored.dtype}")
    return offer if live else Offer(dtypes=(stored.dtype,))


def _limited(seconds: float | None) -> AbstractContextManager[None]:
    """Return a limit of processor time; none where signals do not come, which is every thread but the first."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        return nullcontext()
    return time_limit(seconds)


def _explain(verdict: Verdict, outcome: Outcome, stored: CaseFile, port: Port, seconds: float | None) -> None:
    """Give a verdict the mistakes that explain it, or the reason why they are not known."""
    try:
        with _limited(seconds):
            diagnose(port, [(verdict, [outcome])])
    except NeverEndsError:
        verdict.reason, verdict.outcome = UNEXPLAINED, outcome._replace(cause=outcome.cause or UNEXPLAINED)
    # What explained all failing cases then is likelier than what explains this one alone.
    ranks = {name: rank for rank, name in enumerate(stored.diagnosis)}
    verdict.diagnosis.sort(key=lambda mistake: ranks.get(mistake.name, len(ranks)))


def _outcome(stored: CaseFile, judge: Judge, live: bool) -> Outcome:
    """Return what comes of a stored case.

    One record of what a port returned cannot show that it would return something else the next time, nor what it would
    return in another dtype: there the file is believed.
    """
    if stored.verdict in LOST and not live:  # there is nothing to be judged again
        status: Status = "crashed" if stored.verdict == "crashed" else "timed out"
        return Outcome(status, (), None, stored.message, 0.0, (), cause=stored.message)
    outcome = judge.outcome(stored.case)
    if live:
        return judge.repeated(outcome)
    if stored.message in UNSTEADY and not outcome.failed:
        return outcome._replace(status="wrong", message=stored.message)
    if stored.verdict == "imprecise" and outcome.worst is not None and np.isfinite(outcome.worst.ratio):
        lost = log10(outcome.worst.ratio * MARGIN) if outcome.failed else 0.0
        return outcome._replace(status="imprecise" if outcome.failed else outcome.status, digits_lost=lost)
    return outcome
