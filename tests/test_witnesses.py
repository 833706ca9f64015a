"""The stored cases judged again: the oracle and the kernels conform, each mistake fails and is called by its name.

That no other mistake of the catalogue comes before it was seen when the witness was found, and is a matter of what the
witness was found with: it is seen again where that has changed, and where it has not, only that the mistake explains.
"""

import warnings
from math import log10, sqrt

import numpy as np
import pytest

from gnomon_spec.arithmetic.noise import wide_dtype
from gnomon_spec.bands import judge
from gnomon_spec.system import systems
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.judging import Evidence, Judge
from gnomon_validation.ports.bundled import MistakenPort, NumbaPort, ReferencePort
from gnomon_validation.verdicts import ACCEPTS, Verdict
from gnomon_validation.witnesses import DTYPES, is_current, read

WITNESSES = [witness for system in systems().values() for dtype in DTYPES for witness in read(system, dtype)]
RIGHT = [ReferencePort(), NumbaPort()]


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda witness: witness.id)
def test_right_ports_conform_and_the_mistake_is_called_by_its_name(witness):
    law, dtype = witness.law, np.dtype(witness.dtype)
    evidence = Evidence(law, dtype, keep=len(witness.cases))
    for port in RIGHT:
        offer = port.offer(law.operation)
        for case in witness.cases if offer else ():
            outcome = Judge(port, law, dtype, offer, evidence=evidence).outcome(case)
            assert not outcome.failed, (port.name, outcome)
    port = MistakenPort(witness.mistake.edited)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where nothing is checked, NumPy warns: that is no rejection
        judge = Judge(port, law, dtype, port.offer(law.operation), evidence=evidence)
        outcomes = [judge.outcome(case) for case in witness.cases]
    verdict = Verdict(law, witness.dtype, outcomes[0].status)
    diagnostician = Diagnostician(witness.mistake.system, dtype)
    if witness.named and is_current(witness.mistake.system):
        assert diagnostician.explains(witness.mistake, verdict, outcomes)
    elif witness.named:
        diagnostician.diagnose([(verdict, outcomes)])
        assert verdict.diagnosis[:1] == [witness.mistake]
    # The digits that a mistake which is named takes are no rounding.
    assert verdict.status in ({ACCEPTS} if law.kind == "rejects" else {"wrong", *["imprecise"] * witness.named})


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_every_mistake_has_a_witness_and_every_law_is_one(system, dtype):
    found = read(system, dtype)
    assert {w.mistake.name for w in found if w.named} == set(system.mistakes)
    assert {w.law.id for w in found} == {law.id for law in system.laws if dtype in law.dtypes}


def digits_where_the_oracle_is_off(witness):
    """Return how many digits are verified, in the median, where the exact oracle is off by more than rounding is.

    Computed in the wide dtype it is off by the roundoff of that; the line is half way, on a logarithmic scale.
    """
    dtype = np.dtype(witness.dtype)
    line = sqrt(float(np.finfo(wide_dtype(dtype)).eps) / float(np.finfo(dtype).eps))
    evidence, case = Evidence(witness.law, dtype), witness.cases[0]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        facts = [(i, fact) for i, fact in enumerate(evidence.exact(case)) if fact.relation in ("equal", "follows")]
        runs = evidence.runs(case) if facts else []
        found = [judge(fact, [run[i] for run in runs], dtype) for i, fact in facts]
    return [judgement.digits for judgement in found if judgement.ratio > line and judgement.digits is not None]


@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_the_oracle_breaks_no_law(system):
    """A law that it breaks has a band as wide as the oracle is off, whatever the dtype, and lets everything pass.

    Where a case holds rounded numbers, as a rotation, it is off, too, but with the dtype.
    """
    first = {dtype: {w.law: w for w in reversed(read(system, dtype)) if w.law.kind != "rejects"} for dtype in DTYPES}
    broken = []
    for law in first["float32"].keys() & first["float64"].keys():
        digits = [digits_where_the_oracle_is_off(first[dtype][law]) for dtype in ("float32", "float64")]
        if all(digits):
            narrow, wide = map(np.median, digits)
            if wide - narrow < log10(float(np.finfo(np.float32).eps) / float(np.finfo(np.float64).eps)) / 2:
                broken.append(law.id)
    assert broken == []
