"""Running a stored case again: against a port if one is given, otherwise against what the port returned back then."""

from __future__ import annotations

from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_validation.case_files import CaseFile, RecordedPort
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.judging import Judge
from gnomon_validation.ports.bundled import NumbaPort, ReferencePort
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.verdicts import Verdict

# Opening a stranger's file must not run code that the file names: only these are run unasked.
SAFE: dict[str, type[NumbaPort] | type[ReferencePort]] = {"numba": NumbaPort, "reference": ReferencePort}


def replay(stored: CaseFile, port: Port | None = None) -> tuple[Verdict, bool]:
    """Judge a stored case again; return the verdict and whether a port ran (otherwise its recorded outputs did).

    Raises `ValueError` if the given port does not provide the operation.
    """
    if port is None and stored.port in SAFE:
        port = SAFE[stored.port]()
    live = port is not None
    actual: Port = port if port is not None else RecordedPort(stored)
    offer = actual.offer(stored.law.operation)
    if offer is None:
        raise ValueError(f"{actual.name} does not provide {stored.law.operation.id}")
    if not live:
        offer = Offer(dtypes=(stored.dtype,))
    dtype = as_dtype(stored.dtype)
    outcome = Judge(actual, stored.law, dtype, offer).outcome(stored.case)
    verdict = Verdict(stored.law, stored.dtype, outcome.status, cases=1, smallest=stored.case, outcome=outcome)
    if outcome.failed:
        system = stored.law.operation.system
        flush = offer.flush_subnormals
        Diagnostician(system, dtype, flush_subnormals=flush).diagnose([(verdict, [outcome])])
    return verdict, live
