"""What is seldom met: each catalogued mistake has a stored case, and a check comes to it whatever it draws."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gnomon.dynamics.gd_chaos.outcomes import outcome
from gnomon.probability.drm.lstat import lstat, lstat_grad
from gnomon_spec.system import find_law, find_system, systems
from gnomon_validation.checker import check, check_law
from gnomon_validation.encoding import encoded
from gnomon_validation.ports.bundled import MistakenPort
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.report_causes import block
from gnomon_validation.runs.plan import Plan
from gnomon_validation.witnesses import DTYPES, known_cases, read

SELDOM = (("m_fisher", "adapt", "labels_follow_the_prompt"), ("drm_ppo", "episode_advantages", "nought_over_nought"))


@pytest.mark.parametrize(("system", "operation", "mistake"), SELDOM)
def test_a_mistake_that_no_draw_shows_is_found(system, operation, mistake):
    port = MistakenPort(find_system(system).mistakes[mistake].edited)
    laws = find_system(system).operations[operation].laws
    found = [check_law(port, law, "float64", Plan(1, ("float64",), shrink_attempts=0))[0] for law in laws]
    assert "wrong" in {verdict.status for verdict in found if verdict.law.kind != "rejects"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_every_mistake_of_a_system_has_a_known_case(system, dtype):
    first = {w.mistake.name: w for w in reversed(read(system, dtype)) if w.named}
    assert set(first) == set(system.mistakes)
    known = {law: [encoded(dict(case)) for case in known_cases(law, dtype)] for law in {w.law for w in first.values()}}
    assert all(encoded(dict(witness.cases[0])) in known[witness.law] for witness in first.values())


def test_a_call_with_other_inputs_than_the_case_is_shown():
    def undecided(u, v, **given):
        found = outcome(u, v, **given)
        return found._replace(label="undecided") if found.steps == 0 else found

    law = find_law("gd_chaos.outcome:a_minimum_has_converged_at_once")
    port = FunctionsPort(SimpleNamespace(gd_chaos_outcome=undecided), "a_port")
    verdict = check_law(port, law, "float64", Plan(20, ("float64",)))[0]
    assert verdict.status == "wrong"
    assert "\n  the law's call: u=" in block(verdict).plain
    assert " grad_tol=0.00390625 " in block(verdict).plain


def test_a_mistake_is_named_though_another_operation_has_its_formula_right():
    def sorted_shares(y, *rest):
        return lstat_grad(y, *rest)[np.argsort(y, kind="stable")]

    port = FunctionsPort(SimpleNamespace(drm_lstat_grad=sorted_shares, drm_lstat=lstat), "a_port")
    operations = ("lstat", "lstat_grad")
    plan = Plan(20, ("float64",), shrink_attempts=0)
    found = check(port, [find_system("drm")], plan, laws=lambda law: law.operation.name in operations)
    wrong = [verdict for verdict in found.verdicts if verdict.status == "wrong"]
    assert {verdict.law.operation.name for verdict in wrong} == {"lstat_grad"}
    assert {verdict.diagnosis[0].name for verdict in wrong if verdict.diagnosis} == {"shares_in_sorted_order"}
