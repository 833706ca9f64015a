"""What counts as the same wrong behaviour: the same outputs within the mistake's own band, or a rejection by both."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gnomon.descent import sgd
from gnomon_spec.system import find_system
from gnomon_validation.checker import check
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.edit_search import EditSearch, Effort
from gnomon_validation.edit_trials import tried
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.ports.runner import Call
from gnomon_validation.runs.plan import Plan
from gnomon_validation.verdicts import Outcome, Verdict

ADAM = """
def adam_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
    m, v, largest, t = state
    t = t + 1
    g = grad + weight_decay * params
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    return params - lr * mh / (np.sqrt(vh) + eps), (m, v, largest, t)
"""
SYSTEM = find_system("sgd")
STEP = SYSTEM.operations["step"]
DIAGNOSTICIAN = Diagnostician(SYSTEM, np.dtype("float64"))
PARAMS = np.array([1.0, -2.0])
INPUTS = (PARAMS, np.array([0.5, 0.25]), sgd.init(PARAMS))
HYPER = {"lr": 0.5, "momentum": 0.5, "dampening": 0.0, "nesterov": False, "weight_decay": 0.5}
DECAY_OUTSIDE = SYSTEM.mistakes["decay_decoupled_from_the_gradient"]


def call(outputs=None, error="", misbehaviour="", **changed):
    return Call(STEP, INPUTS, {**HYPER, **changed}, outputs, error, misbehaviour)


def test_a_mistake_explains_its_own_outputs_and_not_those_of_the_reference():
    wrong = DECAY_OUTSIDE.function(STEP)(*INPUTS, **HYPER)
    assert DIAGNOSTICIAN.does_the_same(DECAY_OUTSIDE, call(wrong))
    assert not DIAGNOSTICIAN.does_the_same(DECAY_OUTSIDE, call(sgd.step(*INPUTS, **HYPER)))


def test_a_mistake_explains_a_rejection_where_it_would_reject_too():
    assert DIAGNOSTICIAN.does_the_same(DECAY_OUTSIDE, call(error="ValueError: lr", lr=-1.0))


@pytest.mark.parametrize(
    "found", [{"error": "ValueError: no reason"}, {"misbehaviour": "a list", "lr": -1.0}, {"misbehaviour": "a list"}]
)
def test_a_mistake_explains_no_rejection_of_what_it_takes_and_no_output_that_is_none(found):
    assert not DIAGNOSTICIAN.does_the_same(DECAY_OUTSIDE, call(**found))


def test_a_mistake_explains_no_outputs_of_another_shape():
    new, state = DECAY_OUTSIDE.function(STEP)(*INPUTS, **HYPER)
    assert not DIAGNOSTICIAN.does_the_same(DECAY_OUTSIDE, call((new[:1], state)))


def test_a_mistake_of_which_rounding_decides_in_each_call_what_it_does_explains_nothing(monkeypatch):
    calls = (call(DECAY_OUTSIDE.function(STEP)(*INPUTS, **HYPER)),)
    verdict, outcomes = Verdict(STEP.laws[0], "float64", "wrong"), [Outcome("wrong", (), None, "", 0.0, calls)]
    assert DIAGNOSTICIAN.explains(DECAY_OUTSIDE, verdict, outcomes)
    monkeypatch.setattr(DIAGNOSTICIAN, "fit", lambda *_: None)
    assert DIAGNOSTICIAN.does_the_same(DECAY_OUTSIDE, calls[0])
    assert not DIAGNOSTICIAN.explains(DECAY_OUTSIDE, verdict, outcomes)


def adam_port(*pieces):
    """Return Adam's step as a plain file has it, with pieces of its text replaced."""
    text = ADAM
    for before, after in pieces:
        assert before in text
        text = text.replace(before, after)
    scope = {"np": np}
    exec(text, scope)
    return FunctionsPort(SimpleNamespace(adam_step=scope["adam_step"]), "adam.py")


def explained(port, search_seconds=10.0):
    """Return the sentences and the differences that a check of a port's arithmetic ends with."""
    plan = Plan(20, ("float64",), shrink_attempts=0, search_seconds=search_seconds)
    result = check(port, [find_system("adam")], plan, laws=lambda law: law.kind != "rejects")
    return {(m.statement, *m.difference) for v in result.verdicts if v.status == "wrong" for m in v.diagnosis[:1]}


LINE = "The formula with one line otherwise"
STEP_LINE = "- return params - lr * m_hat / (np.sqrt(v_hat) + eps), state"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "v / (1 - beta2**t)",
            "v",
            (
                "The second moment is not bias-corrected",
                "- return m_hat, second / (1 - beta2**state.step_count)",
                "+ return m_hat, second",
            ),
        ),
        ("np.sqrt(vh) + eps", "vh + eps", (LINE, STEP_LINE, "+ return params - lr * m_hat / (v_hat + eps), state")),
        (
            "(1 - beta2) * g * g",
            "(1 - beta1) * g * g",
            (
                LINE,
                "- second = beta2 * state.second_moment + (1 - beta2) * (grad * grad)",
                "+ second = beta2 * state.second_moment + (1 - beta1) * (grad * grad)",
            ),
        ),
        (
            "np.sqrt(vh) + eps",
            "np.maximum(np.sqrt(vh), eps)",
            (LINE, STEP_LINE, "+ return params - lr * m_hat / np.maximum(np.sqrt(v_hat), eps), state"),
        ),
    ],
)
def test_a_port_that_is_one_edit_of_the_formula_is_shown_that_line(before, after, told):
    assert explained(adam_port((before, after))) == {told}


def test_every_edit_has_a_name_of_its_own():
    search = EditSearch(find_system("adam").operations["step"], [], Effort(0.0))
    known = find_system("adam").mistakes["epsilon_inside_the_root"]
    names = [m.name for found in (search._edits(), search._edits(wider=True), search._edits(known)) for m in found]
    assert len(names) == len(set(names)) > 500


def raising():
    raise MemoryError


def endless():
    while True:
        pass


@pytest.mark.parametrize("act", [raising, endless])
def test_an_edit_that_raises_or_never_ends_is_given_up(act):
    spent: list[float] = []
    assert tried(0.1, spent.append, "given up", act) == "given up"
    assert spent == ([0.1] if act is endless else [])


def test_what_is_no_edit_gets_no_sentence_but_the_outputs_that_are_right():
    port = adam_port(("lr * mh", "lr * np.tanh(mh)"))
    result = check(port, [find_system("adam")], Plan(20, ("float64",), shrink_attempts=0, search_seconds=2.0))
    wrong = [v for v in result.verdicts if v.status == "wrong" and v.law.kind != "rejects"]
    assert wrong
    assert not [m for v in wrong for m in v.diagnosis]
    rights = ["first_moment", "second_moment", "largest_second_moment", "step_count"]
    assert {tuple(map(tuple, v.parts)) for v in wrong} == {(tuple(rights), ("params",), ())}


def test_what_gives_back_what_it_was_given_is_told_so_and_no_edit_is_looked_for(monkeypatch):
    monkeypatch.setattr(EditSearch, "found", lambda *_: pytest.fail("it was searched"))
    port = FunctionsPort(SimpleNamespace(adam_step=lambda params, grad, state, **_: (params.copy(), state)), "adam.py")
    result = check(port, [find_system("adam")], Plan(20, ("float64",), shrink_attempts=0, search_seconds=2.0))
    wrong = [v for v in result.verdicts if v.status == "wrong" and v.law.kind != "rejects"]
    moments = ["first_moment", "second_moment", "largest_second_moment"]
    assert wrong and all(v.parts == ([], ["params", *moments, "step_count"], ["params", *moments]) for v in wrong)


def test_a_mistake_that_fits_the_failing_cases_of_a_law_but_not_all_others_is_not_named():
    port = adam_port(("+ eps)", "+ (eps if t < 3 else 0))"))
    assert all("ε is not added at all" not in statement for statement, *_ in explained(port, search_seconds=1.0))


def test_two_mistakes_at_once_are_both_named():
    port = adam_port(("m / (1 - beta1**t)", "m"), ("np.sqrt(vh) + eps", "np.sqrt(vh + eps)"))
    (statement, *_), *others = explained(port)
    assert not others
    assert "ε is added inside the square root" in statement
    assert "The first moment is not bias-corrected" in statement
