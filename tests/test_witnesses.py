"""The stored cases judged again: the oracle and the kernels conform, each mistake fails and is called by its name.

That no other mistake of the catalogue comes before it was seen when the witness was found, and is a matter of what the
witness was found with: it is seen again where that has changed, and where it has not, only that the mistake explains.
"""

import warnings
from math import log10

import numpy as np
import pytest

from gnomon_spec.arithmetic.noise import wide_dtype
from gnomon_spec.bands import half_way, judge
from gnomon_spec.system import Law, systems
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.judging import Evidence, Judge
from gnomon_validation.ports.bundled import MistakenPort, NumbaPort, ReferencePort
from gnomon_validation.verdicts import ACCEPTS, Verdict
from gnomon_validation.witnesses import DTYPES, Witness, is_current, read

OF_LAWS: dict[tuple[Law, str], list[Witness]] = {}
for system in systems().values():
    for witness in (one for dtype in DTYPES for one in read(system, dtype)):
        OF_LAWS.setdefault((witness.law, witness.dtype), []).append(witness)
RIGHT = [ReferencePort(), NumbaPort()]


@pytest.mark.parametrize(("law", "name"), OF_LAWS, ids=lambda x: getattr(x, "id", x))
def test_right_ports_conform_and_mistakes_are_called_by_their_names(law, name):
    dtype, witnesses = np.dtype(name), OF_LAWS[law, name]
    cases = {id(case): case for witness in witnesses for case in witness.cases}
    evidence = Evidence(law, dtype, keep=len(cases))
    for port in RIGHT:
        offer = port.offer(law.operation)
        for case in cases.values() if offer else ():
            outcome = Judge(port, law, dtype, offer, evidence=evidence).outcome(case)
            assert not outcome.failed, (port.name, outcome)
    diagnostician = Diagnostician(law.operation.system, dtype)
    for witness in witnesses:
        port = MistakenPort(witness.mistake.edited)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where nothing is checked, NumPy warns: that is no rejection
            judge = Judge(port, law, dtype, port.offer(law.operation), evidence=evidence)
            outcomes = [judge.outcome(case) for case in witness.cases]
        verdict = Verdict(law, name, outcomes[0].status)
        if witness.named and is_current(law.operation.system):
            assert diagnostician.explains(witness.mistake, verdict, outcomes), witness
        elif witness.named:
            diagnostician.diagnose([(verdict, outcomes)])
            assert verdict.diagnosis[:1] == [witness.mistake], witness
        # The digits that a mistake which is named takes are no rounding.
        expected = {ACCEPTS} if law.kind == "rejects" else {"wrong", *["imprecise"] * witness.named}
        assert verdict.status in expected, witness


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_every_mistake_has_a_witness_and_every_law_is_one(system, dtype):
    found = read(system, dtype)
    assert {w.mistake.name for w in found if w.named} == set(system.mistakes)
    assert {w.law.id for w in found} == {law.id for law in system.laws if dtype in law.dtypes}


def digits_where_the_oracle_is_off(witness):
    """Return how many digits are verified, in the median, where the exact oracle is off by more than rounding is.

    Computed in the wide dtype it is off by the roundoff of that.
    """
    dtype = np.dtype(witness.dtype)
    line = half_way(dtype, wide_dtype(dtype))
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
