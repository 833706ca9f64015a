"""How many cases a law gets is known before anything runs, and is the same on every machine."""

import pytest

from gnomon_spec.system import find_law, find_system, systems
from gnomon_validation.checker import check
from gnomon_validation.ports.bundled import ReferencePort
from gnomon_validation.runs import costs
from gnomon_validation.runs.costs import seconds_of_a_case
from gnomon_validation.runs.plan import BLOCK, FEWEST_CASES, Plan
from gnomon_validation.witnesses import known_cases

LAWS = [law for system in systems().values() for law in system.laws]
CHECKS = [(law, dtype) for law in LAWS for dtype in ("float32", "float64")]


def cost(shares):
    return sum(number * seconds_of_a_case(law) for (law, _), number in shares.items())


def test_all_get_all_their_examples_where_there_is_no_limit_or_a_wide_one():
    assert set(Plan(7).shares(CHECKS).values()) == {7}
    assert set(Plan(7, seconds=1e6).shares(CHECKS).values()) == {7}


@pytest.mark.parametrize("seconds", [0.0, 30.0, 200.0])
def test_what_is_given_costs_no_more_than_there_is_but_for_the_fewest_cases(seconds):
    shares = Plan(seconds=seconds).shares(CHECKS)
    least = cost(dict.fromkeys(CHECKS, FEWEST_CASES))
    assert cost(shares) <= max(seconds, least) + least
    assert min(shares.values()) >= FEWEST_CASES
    assert list(shares) == CHECKS
    assert Plan(seconds=seconds).shares(reversed(CHECKS)) == shares


def test_what_cheap_laws_leave_is_there_for_dear_ones(monkeypatch):
    cheap, dear = (find_law(f"sgd.step:{name}") for name in ("agrees_with_the_oracle", "bad_input_is_rejected"))
    monkeypatch.setattr(costs, "costs", lambda: {cheap.id: 1.0, dear.id: 100.0})
    costs.seconds_of_a_case.cache_clear()
    try:
        assert Plan(100, seconds=2.1).shares([(dear, "float32"), (cheap, "float32")]) == {
            (dear, "float32"): 20,
            (cheap, "float32"): 100,
        }
    finally:
        costs.seconds_of_a_case.cache_clear()


def test_a_law_that_was_not_measured_costs_what_others_do(monkeypatch):
    law = LAWS[0]
    others = {other.id: 3.0 for other in law.operation.laws[1:]}
    monkeypatch.setattr(costs, "costs", lambda: others)
    costs.seconds_of_a_case.cache_clear()
    try:
        assert seconds_of_a_case(law) == 3e-3
    finally:
        costs.seconds_of_a_case.cache_clear()


def test_costs_were_measured_of_laws_that_there_are():
    assert set(costs.costs()) <= {law.id for law in LAWS}
    assert all(cost > 0 for cost in costs.costs().values())


def test_blocks_have_all_examples_and_each_its_own_cases():
    plan, law = Plan(), LAWS[0]
    assert plan.blocks(2 * BLOCK + 1) == [BLOCK, BLOCK, 1]
    assert len({plan.stream(law, dtype, block) for dtype in plan.dtypes for block in range(50)}) == 100


def test_a_law_without_a_share_sees_the_fewest_cases():
    system = find_system("sgd")
    plan = Plan(examples=50, dtypes=("float32",), seconds=0.0)
    result = check(ReferencePort(), [system], plan, laws=lambda law: law.operation.name == "step")
    assert {v.cases - len(known_cases(v.law, "float32")) for v in result.verdicts} == {FEWEST_CASES}
