"""What no law foresees of a port's outputs is a verdict in words, in the report, too: never an error of ours."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from damaged_ports import a_case
from rich.console import Console
from small_ports import FunctionsPort, SimpleNamespace

from gnomon.curvature.lanczos import lanczos
from gnomon.hessian_free.backtracking import choose_iterate
from gnomon_spec.cases import Case
from gnomon_spec.facts import equal
from gnomon_spec.system import find_law, find_system
from gnomon_validation import report_terminal
from gnomon_validation.checker import check
from gnomon_validation.drawing import visit
from gnomon_validation.judging import NOT_HELD, Judge
from gnomon_validation.ports.port import Offer
from gnomon_validation.runs.examine import try_out
from gnomon_validation.runs.plan import Plan

RUN = Plan(20, ("float64",), shrink_attempts=5)


def port(**functions):
    return FunctionsPort(SimpleNamespace(**functions), "damaged")


def one_too_far(*args, **kwargs):
    found = choose_iterate(*args, **kwargs)
    return found._replace(taken=found.taken + 1)


def without_dimensions(*args, **kwargs):
    found = lanczos(*args, **kwargs)
    return found._replace(basis=found.basis[0, 0])


def raising(*args, **kwargs):
    raise RuntimeError("boom")


def verdict(damaged, law):
    asked = find_law(law)
    result = check(damaged, [asked.operation.system], RUN, laws=lambda law: law is asked)
    return result.verdicts[0]


def test_an_index_or_a_length_that_does_not_fit_is_the_ports():
    beyond = verdict(
        port(hessian_free_choose_iterate=one_too_far),
        "hessian_free.choose_iterate:the_least_of_the_visited_ones_is_taken",
    )
    unsized = verdict(
        port(curvature_lanczos=without_dimensions), "curvature.lanczos:it_ends_when_the_space_is_invariant"
    )
    for found, said in ((beyond, "IndexError: index "), (unsized, "TypeError: len() of unsized object")):
        assert found.status == "wrong"
        assert found.outcome.message.startswith(f"the port {NOT_HELD}: {said}")


@pytest.mark.parametrize("change", [lambda rows: rows[:-1], lambda rows: [*rows, rows[0]]], ids=["fewer", "more"])
def test_a_law_with_a_fact_for_each_row_says_that_there_are_others(change):
    def rows_are_the_paths(port, case):
        return (equal(f"row {i}", row, case.whole[i % 4]) for i, row in enumerate(compose.call(port, case)))

    law = replace(find_law("training_paths.compose:agrees_with_the_oracle"), body=rows_are_the_paths)
    compose, case = law.operation, a_case(law)

    def changed(*args, **kwargs):
        return np.asarray(change(compose.reference(*args, **kwargs)))

    right, wrong = (
        Judge(port(training_paths_compose=function), law, np.dtype(np.float64), Offer()).outcome(case)
        for function in (compose.reference, changed)
    )
    assert (right.status, wrong.status) == ("conforms", "wrong")
    number = len(right.judgements)
    told = f"it has {number + (1 if len(change([0])) else -1)} facts about it, {number} about what the oracle returns"
    assert wrong.message == f"the port {NOT_HELD}: {told}"


def test_a_state_within_a_state_is_described():
    result = check(port(homotopy_step=raising), [find_system("homotopy")], RUN)
    console = Console(file=StringIO(), width=200)
    report_terminal.show(result, console)
    assert "the port raised RuntimeError: boom" in console.file.getvalue()
    assert all(np.isfinite(v.worst_ratio) for v in result.verdicts)


def test_a_trial_speaks_for_all_laws_only_where_all_calls_end_alike():
    calls = []

    def step(params, grad, state, **hyper):
        calls.append(None)
        if len(calls) == 1:
            raise ValueError("the first only")
        return [params, grad, state]

    law = find_law("adamw.step:agrees_with_the_oracle")
    assert try_out(port(adamw_step=step), law, "float64", RUN)["status"] is None


def test_what_the_case_makes_a_law_raise_is_not_the_ports():
    law = find_law("adamw.step:every_step_of_a_run_is_right")
    case = drawn(law)
    damaged = Case({**case, "lr": "none"}, {**case.hyper, "lr": "none"})
    lenient = port(adamw_step=lambda params, grad, state, **hyper: (params, state))
    with pytest.raises(TypeError, match="lr must be a number"):
        Judge(lenient, law, np.dtype(np.float64), lenient.offer(law.operation)).outcome(damaged)


def drawn(law):
    cases = []
    visit(law.cases.strategy(np.dtype(np.float64)), examples=1, random_seed=0, visitor=cases.append)
    return cases[0]
