"""The ledger of published claims: every verdict is borne out by a measurement, and the command `gnomon claims`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon_spec.system import systems
from gnomon_validation.studies import find
from gnomon_validation.studies.claim import Evidence, Ledger

CLAIMS = {f"{system}:{claim.name}": claim for system, ledger in find.ledgers().items() for claim in ledger}
# They train networks, or make so many runs that they take ten seconds and more.
LENGTHY = (
    "drm_sa:the_density_form_is_as_fast_as_it_says",
    "drm_sa:the_quantile_form_is_as_fast_as_it_says",
    "drm_sa:the_quantile_form_is_faster_than_the_density_form",
    "egd:it_fits_the_training_data_as_fast",
    "homotopy:the_tables_of_convolutional_networks",
    "sam:it_is_40_percent_faster",
    "srkl:no_hyperparameter_search",
)
LONG = dict.fromkeys(LENGTHY, pytest.mark.campaign)


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG.get(name, ())) for name in CLAIMS])
def test_the_measurement_bears_the_verdict_out(name):
    evidence = CLAIMS[name].examine()
    assert evidence.shown, evidence.figure
    assert any(character.isdigit() for character in evidence.figure), "no figure in the evidence"


def test_a_claim_has_a_name_of_its_own_and_says_what_was_stated_where_and_why_it_is_judged_so():
    for claim in CLAIMS.values():
        assert claim.statement and claim.source and claim.why
        assert claim.system in systems()
    assert len(CLAIMS) == sum(len(ledger.claims) for ledger in find.ledgers().values())


def test_a_slip_in_a_claim_gets_a_sentence():
    def silent():
        return Evidence(True, "")

    with pytest.raises(ValueError, match="silent needs a docstring: the statement that is claimed"):
        Ledger("sgd").claim("false", source="a toy")(silent)
    with pytest.raises(ValueError, match=r"verdict must be one of 'holds', 'holds if', .*, got 'wrong'"):
        Ledger("sgd").claim("wrong", source="a toy")
    for verdict, condition in (("holds if", ""), ("holds", "it rains"), ("false", "it rains")):
        words = f"condition must be given with .* 'holds if' and with no other, got '{verdict}'"
        with pytest.raises(ValueError, match=words):
            Ledger("sgd").claim(verdict, source="a toy", condition=condition)


def toy(shown: Any = True, system: str = "sgd") -> Ledger:
    ledger = Ledger(system)

    @ledger.claim("false", source="a toy")
    def halves() -> Evidence:
        """“1/3 is
        a half”

        Because it
        is less.

        And was seen.
        """
        return Evidence(shown, f"1/3 = {1 / 3:.3f}")

    @ledger.claim("holds if", source="a toy", condition="n > 0")
    def parts() -> Evidence:
        """“1/n is positive”"""
        return Evidence(True, "1/1 = 1")

    return ledger


def test_a_ledger_is_printed_claim_by_claim(gnomon, declared):
    declared(toy())
    status, output, errors = gnomon("claims", "sgd")
    assert (status, errors) == (0, "")
    assert output.splitlines() == [
        "sgd: 2 published claims (1 conditional, 1 false)",
        "",
        "“1/3 is a half”",
        "  source    a toy",
        "  verdict   false",
        "  because   Because it is less. And was seen.",
        "  measured  1/3 = 0.333",
        "",
        "“1/n is positive”",
        "  source    a toy",
        "  verdict   holds if n > 0",
        "  measured  1/1 = 1",
        "",
    ]


@pytest.mark.parametrize("shown", [False, np.False_])
def test_a_measurement_that_contradicts_the_verdict_has_status_1(gnomon, declared, shown):
    declared(toy(shown), toy(system="adam"))
    assert gnomon("claims", "adam").status == 0
    status, output, _ = gnomon("claims", "sgd", "--json", "report.json")
    assert status == 1
    assert output.count("THE MEASUREMENT DOES NOT BEAR THE VERDICT OUT") == 1
    first, second = json.loads(Path("report.json").read_text(encoding="utf-8"))["claims"]
    assert first == {
        "system": "sgd",
        "claim": "halves",
        "statement": "“1/3 is a half”",
        "source": "a toy",
        "verdict": "false",
        "because": "Because it is less. And was seen.",
        "measured": "1/3 = 0.333",
        "shown": False,
    }
    assert second["verdict"] == "holds if n > 0" and second["shown"] is True


def test_without_a_name_every_system_is_told_and_none_twice(gnomon, declared):
    declared(toy(), toy(system="adam"))
    headings = [line for line in gnomon("claims").output.splitlines() if "published claims" in line]
    assert headings == [f"{name}: 2 published claims (1 conditional, 1 false)" for name in ("sgd", "adam")]
    assert gnomon("claims", "sgd", "sgd") == gnomon("claims", "sgd")


def test_two_ledgers_of_one_system_get_a_sentence(declared):
    declared(toy(), toy())
    with pytest.raises(ValueError, match="two modules declare a ledger called 'sgd'"):
        find.ledgers()


def test_a_system_without_a_ledger_has_no_claims(declared):
    declared(toy())
    assert find.claims_about("adam") == []
    assert [claim.name for claim in find.claims_about("sgd")] == ["halves", "parts"]
