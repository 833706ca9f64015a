"""Witnesses found before are kept while they hold; what they leave open is searched."""

import pytest

from gnomon_spec.system import find_system
from gnomon_validation.discovery import Discovery
from gnomon_validation.witnesses import read

SGD = find_system("sgd")
STORED = read(SGD, "float64")
NAMED = next(witness for witness in STORED if witness.named and witness.law.kind != "rejects")
OTHER = next(mistake for mistake in SGD.mistakes.values() if mistake is not NAMED.mistake)
CASE = NAMED.cases[0]


@pytest.fixture(scope="module")
def discovery():
    return Discovery(SGD, "float64", examples=12)


def test_what_holds_is_kept_and_not_searched(discovery, monkeypatch):
    monkeypatch.setattr(discovery, "witness", lambda *_, **__: pytest.fail("it was searched"))
    assert [witness.id for witness in discovery.witnesses(STORED)] == [witness.id for witness in STORED]


@pytest.mark.parametrize(
    "changed",
    [{"mistake": OTHER}, {"cases": (CASE.but(lr=0.0),)}, {"cases": (CASE.but(more=1),)}, {"cases": ()}],
    ids=["another mistake", "nothing is seen", "an argument more", "no case"],
)
def test_what_does_not_hold_is_found_anew(discovery, changed):
    found = list(discovery.witnesses([NAMED._replace(**changed)]))
    assert {witness.mistake for witness in found if witness.named} == set(SGD.mistakes.values())
    assert {witness.law for witness in found} == set(discovery.laws)
    assert not discovery.holds(NAMED._replace(**changed)) and discovery.holds(NAMED)
