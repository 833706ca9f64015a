"""Every law against every damage to a port's outputs: a verdict in words, in every report, never an error of ours."""

from __future__ import annotations

import json
from io import StringIO
from itertools import chain
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from damaged_ports import DamagedPort, a_case, damages_of
from rich.console import Console

from gnomon_spec.facts import same_outputs
from gnomon_spec.stand_ins import ExactOracle
from gnomon_spec.system import systems
from gnomon_validation import case_files, report_json, report_junit, report_terminal
from gnomon_validation.judging import Evidence, Judge
from gnomon_validation.ports.left_out import LeftOutError
from gnomon_validation.ports.port import Offer
from gnomon_validation.ports.runner import NotVariedError
from gnomon_validation.replay import replay
from gnomon_validation.report_causes import block
from gnomon_validation.runs.explaining import diagnose
from gnomon_validation.verdicts import Check, Verdict

THOROUGH = 10  # every so many damages are taken through diagnosis, a case file and its replay, too
KNOWN = NotVariedError, LeftOutError
FLOAT64 = np.dtype(np.float64)


def outputs_in(law, case):
    """Return what the reference gives for the first call that a law makes of its operation; None if it makes none."""
    oracle = ExactOracle(law.operation.system, FLOAT64)
    seen = []

    def call(operation, *inputs, **hyper):
        outputs = ExactOracle.call(oracle, operation, *inputs, **hyper)
        if operation is law.operation:
            seen.append(outputs)
        return outputs

    oracle.call = call
    with np.errstate(all="ignore"):
        list(law.body(oracle, case.widened(FLOAT64)))
    return seen[0] if seen else None


def pairs_of(law, case):
    """Return every damage to what a law's operation returns in a case."""
    outputs = outputs_in(law, case)
    return [] if outputs is None else list(damages_of(outputs))


def judged(law, case, damage, evidence):
    """Return the verdict on a damaged port in one case; None if the port cannot be asked about it."""
    judge = Judge(DamagedPort(damage, law.operation), law, FLOAT64, Offer(), evidence=evidence)
    try:
        outcome = judge.outcome(case)
    except KNOWN:
        return None
    return Verdict(law, "float64", outcome.status, cases=1, smallest=case, outcome=outcome)


def tell(verdict, directory):
    """Write the verdict in every report, and a case file that can be read again; return the check that it is of."""
    check = Check("damaged", 1, 0, [verdict])
    json.dumps(report_json.report(check), allow_nan=False)
    Xml.tostring(report_junit.report(check))
    if verdict.failed:
        assert block(verdict).plain
        case_files.read(case_files.write(directory, "damaged", verdict))
    return check


def tell_thoroughly(verdict, damage, directory):
    """Diagnose the verdict as well, show it on a terminal, and replay its case file."""
    if verdict.failed:
        diagnose(DamagedPort(damage, verdict.law.operation), [(verdict, [verdict.outcome])])
        stored = case_files.read(case_files.write(directory, "damaged", verdict))
        assert replay(stored)[0].status in (verdict.status, "wrong")
    report_terminal.show(tell(verdict, directory), Console(file=StringIO(), width=200), verbose=True)


def sweep(law, directory, each, offset=0):
    """Hold a law against each so-manyth damage and return how many that were, and which failed to be told."""
    case = a_case(law)
    evidence = Evidence(law, FLOAT64)
    number, crashed, pairs = 0, [], pairs_of(law, case)
    for damage in pairs[offset % max(1, min(each, len(pairs))) :: each]:
        number += 1
        try:
            verdict = judged(law, case, damage, evidence)
            if verdict is not None:
                tell(verdict, directory)
                if number % THOROUGH == 1:
                    tell_thoroughly(verdict, damage, directory)
        except Exception as error:
            crashed.append(f"{law.id}, {damage.name}: {type(error).__name__}: {error}")
    return number, crashed


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_a_damaged_output_is_a_verdict(system, tmp_path):
    laws = [law for law in system.laws if law.kind != "rejects"][::8]
    numbers, crashed = zip(*(sweep(law, tmp_path, 40, i) for i, law in enumerate(laws)), strict=True)
    assert list(chain(*crashed)) == []
    assert sum(numbers) > len(numbers) / 2


@pytest.mark.campaign
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_every_damaged_output_is_a_verdict(system, tmp_path):
    numbers, crashed = zip(*(sweep(law, tmp_path, 1) for law in system.laws), strict=True)
    print(f"{sum(numbers):,} damages to what {len(numbers)} laws of {system.name} are about")
    assert list(chain(*crashed)) == []


@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_scales_are_of_outputs_that_there_are(system):
    """A scale by another name would leave a zero of the oracle without a band."""
    for operation in (o for o in system.operations.values() if o.scales):
        outputs = outputs_in(operation.laws[0], a_case(operation.laws[0]))
        labels = {fact.label.partition("[")[0] for fact in same_outputs(operation.returned, outputs, outputs)}
        assert set(operation.scales) <= labels | {"" for label in labels if label == operation.returned}, operation.id
