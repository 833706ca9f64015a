"""Ports as they were reported in public, in our own words, and honest ones beside them: each is judged as it should be.

What is wrong with a port, and where that was reported, stands in its own text.
"""

from pathlib import Path

import pytest

from gnomon_spec.system import find_system
from gnomon_validation.checker import Plan, check
from gnomon_validation.ports.find import find_port
from gnomon_validation.verdicts import SEVERITY

PORTS = Path(__file__).parent / "reported_ports"
RIGHT, WRONG, IMPRECISE = {"conforms"}, {"wrong"}, {"wrong", "imprecise"}
# The system of each port, and what its worst verdict may be; whether it rejects bad input is no part of that.
EXPECTED = {
    "c04_cupy10098_no_breakdown_guard": ("curvature", WRONG),
    "c05_cupy10099_one_pass": ("curvature", IMPRECISE),
    "c20_lanczos_honest_two_passes": ("curvature", RIGHT),
    "c21_lanczos_honest_mgs_twice": ("curvature", RIGHT),
    "c22_ritz_honest": ("curvature", RIGHT),
}


def test_every_port_is_judged():
    assert {path.stem for path in PORTS.glob("*.py")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_reported_port_is_judged_as_it_should_be(name):
    system, allowed = EXPECTED[name]
    port, plan = find_port(str(PORTS / f"{name}.py")), Plan(examples=12, shrink_attempts=0)
    found = check(port, [find_system(system)], plan, laws=lambda law: law.kind != "rejects").verdicts
    judged = [verdict.status for verdict in found if verdict.status not in ("not provided", "ambiguous only")]
    assert max(judged, key=SEVERITY.index) in allowed
