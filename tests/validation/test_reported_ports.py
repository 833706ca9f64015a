"""Ports as they were reported in public, in our own words, and honest ones beside them: each is judged as it should be.

What is wrong with a port, and where that was reported, stands in its own text.
"""

import pytest
from reported import EXPECTED, PORTS, reported

from gnomon_spec.system import find_system
from gnomon_validation.checker import check
from gnomon_validation.runs.plan import Plan
from gnomon_validation.verdicts import SEVERITY


def test_every_port_is_judged():
    assert {path.stem for path in PORTS.glob("[!_]*.py")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_reported_port_is_judged_as_it_should_be_and_no_sentence_is_false(name):
    system, allowed, sentence = EXPECTED[name]
    dtype = "float32" if allowed == {"imprecise"} else "float64"  # where betas of float64 are rounded to
    plan = Plan(20, (dtype,), shrink_attempts=0)
    found = check(reported(name), [find_system(system)], plan, laws=lambda law: law.kind != "rejects").verdicts
    judged = [verdict.status for verdict in found if verdict.status not in ("not provided", "ambiguous only")]
    assert max(judged, key=SEVERITY.index) in allowed
    assert {v.diagnosis[0].statement for v in found if v.diagnosis} == ({sentence} if sentence else set())
