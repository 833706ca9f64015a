"""Witnesses: `pytest -m discovery` judges those there are, searches what they leave open, and writes them all.

With `--stale` only for systems whose reference, specification or judges have changed since. With `--anew` none is kept.
"""

import pytest

from gnomon_spec.system import systems
from gnomon_validation.checker import check_law
from gnomon_validation.discovery import Discovery
from gnomon_validation.ports.bundled import NumbaPort, ReferencePort
from gnomon_validation.runs.plan import Plan
from gnomon_validation.witnesses import DTYPES, is_current, read, write

pytestmark = pytest.mark.discovery
HONEST = Plan(examples=20)


def pytest_generate_tests(metafunc):
    stale = metafunc.config.getoption("stale")
    chosen = [system for system in systems().values() if not (stale and is_current(system))]
    if "law" in metafunc.fixturenames:
        laws = [(law, dtype) for system in chosen for law in system.laws for dtype in law.dtypes]
        metafunc.parametrize(("law", "dtype"), laws, ids=lambda x: getattr(x, "id", x))
    else:
        wanted = [(system, dtype) for system in chosen for dtype in DTYPES]
        metafunc.parametrize(("system", "dtype"), wanted, ids=lambda x: getattr(x, "name", x))


def test_every_mistake_is_caught_and_named_and_every_law_catches_one(system, dtype, pytestconfig):
    discovery = Discovery(system, dtype)
    found = list(discovery.witnesses([] if pytestconfig.getoption("anew") else read(system, dtype)))
    write(system, dtype, found)
    assert [name for name in system.mistakes if name not in {w.mistake.name for w in found if w.named}] == []
    assert [law.id for law in discovery.laws if law.id not in {w.law.id for w in found}] == []


def test_right_ports_obey_every_law(law, dtype):
    for port in (ReferencePort(), NumbaPort()):
        verdict, _ = check_law(port, law, dtype, HONEST)
        offer = port.offer(law.operation)
        offered = offer is not None and dtype in (offer.dtypes or (dtype,))
        assert verdict.status == ("conforms" if offered else "not provided"), (port.name, verdict.outcome)
