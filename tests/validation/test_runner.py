"""How a port is called: what it is given, in which forms it may answer, and who stands in for what it lacks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from agreement import operation

from gnomon.descent import hysterograd, srkl
from gnomon.descent.hysterograd import HysteroGradState
from gnomon_spec.system import find_law, find_system
from gnomon_validation import case_files
from gnomon_validation.checker import check, check_law
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.ports.runner import NotVariedError, PortMisbehaviourError, PortRunner
from gnomon_validation.replay import replay
from gnomon_validation.report_terminal import summary
from gnomon_validation.runs.examine import LEFT_OUT, OTHER_HYPERPARAMETERS
from gnomon_validation.runs.plan import Plan

HYSTEROGRAD, SRKL = find_system("hysterograd"), find_system("srkl")
SINGLE = np.dtype(np.float32)
PARAMS, GRAD = np.array([1.0, 2.0], SINGLE), np.array([0.5, -1.0], SINGLE)


def port_of(**functions):
    return FunctionsPort(SimpleNamespace(**functions), "a port")


def answering(change):
    """Return a port whose step answers with the reference's outputs after a change to them."""
    return port_of(hysterograd_step=lambda *inputs, **hyper: change(*hysterograd.step(*inputs, **hyper)))


def take_step(port):
    runner = PortRunner(port, HYSTEROGRAD, SINGLE)
    return runner.step(PARAMS, GRAD, hysterograd.init(PARAMS)), runner


IN_OTHER_FORMS = {
    "tuples": lambda p, s, r: (p, tuple(s), tuple(r)),
    "lists": lambda p, s, r: [p, list(s), list(r)],
    "dictionaries": lambda p, s, r: (p, s._asdict(), r._asdict()),
    "Python numbers": lambda p, s, r: (p, s, r._replace(norm=float(r.norm), width=float(r.width), scale=1.0)),
    "Python numbers in the state": lambda p, s, r: (p, s._replace(path_length=float(s.path_length)), r),
    "arrays without dimensions": lambda p, s, r: (p, s, r._replace(norm=np.array(r.norm), width=np.array(r.width))),
    "NumPy truth values": lambda p, s, r: (p, s._replace(liquid=np.bool_(s.liquid)), r._replace(liquid=np.array(True))),
}


@pytest.mark.parametrize("form", IN_OTHER_FORMS)
def test_a_port_may_answer_in_other_forms(form):
    (params, state, report), runner = take_step(answering(IN_OTHER_FORMS[form]))
    expected = hysterograd.step(PARAMS, GRAD, hysterograd.init(PARAMS))
    np.testing.assert_array_equal(params, expected[0])
    assert (*state[1:], *report) == (*expected[1][1:], *expected[2])
    _, kept, told = runner.calls[0].outputs
    assert {kept.path_length.dtype, told.norm.dtype, told.width.dtype, told.scale.dtype} == {SINGLE}
    assert type(kept.liquid) is bool and type(told.liquid) is bool


IN_WRONG_FORMS = {
    "returns norm in float64 where float32 was given": lambda p, s, r: (p, s, r._replace(norm=np.float64(r.norm))),
    "returns mean_norm in float64 where": lambda p, s, r: (p, s._replace(mean_norm=np.array(1.0)), r),
    r"returns width of shape \(1,\) where \(\) is": lambda p, s, r: (p, s, r._replace(width=np.ones(1, SINGLE))),
    "returns 1 as scale where a number is expected": lambda p, s, r: (p, s, r._replace(scale=1)),
    "returns 'Liquid' as liquid where True or": lambda p, s, r: (p, s, r._replace(liquid="Liquid")),
    "returns 1 as liquid where True or False is": lambda p, s, r: (p, s._replace(liquid=1), r),
}


@pytest.mark.parametrize(("message", "change"), IN_WRONG_FORMS.items())
def test_what_is_no_output_is_named(message, change):
    with pytest.raises(PortMisbehaviourError, match=message):
        take_step(answering(change))


def test_numbers_of_a_state_are_handed_out_as_numbers_that_nobody_can_change():
    given = []

    def step(params, grad, state, **hyper):
        given.append(state)
        number = state.temperature
        number += 1
        return hysterograd.step(params, grad, state, **hyper)

    runner = PortRunner(port_of(hysterograd_step=step), HYSTEROGRAD, SINGLE)
    state = hysterograd.init(PARAMS)
    for _ in range(2):
        _, state, _ = runner.step(PARAMS, GRAD, state)
    for kept in given:
        assert [type(value) for value in kept[1:]] == [np.float32, np.float32, np.float32, bool]
    assert isinstance(given[0].metric, np.ndarray) and isinstance(given[0], HysteroGradState)

    curvatures = []
    keeping = port_of(srkl_step=lambda p, g, c, **h: curvatures.append(c) or srkl.step(p, g, c, **h))
    PortRunner(keeping, SRKL, SINGLE).step(PARAMS, GRAD, np.array(2.0, SINGLE))
    assert type(curvatures[0]) is np.float32


def test_no_arrays_at_all_are_an_output_too():
    port = port_of(srkl_step_arrays=lambda params, grads, **hyper: list(params))
    assert PortRunner(port, SRKL, SINGLE).step_arrays((), ()) == ()


def test_the_reference_stands_in_for_what_a_port_lacks():
    """A law on the step needs a shock; without one of the port's own it is the reference's, in the same dtype."""
    port = answering(lambda p, s, r: (p, s, r))
    law = find_law("hysterograd.step:a_shock_lowers_the_next_barrier")
    assert check_law(port, law, "float32", Plan(20))[0].status == "conforms"
    runner = PortRunner(port, HYSTEROGRAD, SINGLE)
    shaken = runner.shock(hysterograd.init(PARAMS)._replace(path_length=np.float32(4)), factor=0.5)
    assert shaken.path_length == 2
    assert runner.calls[0].outputs.path_length.dtype == SINGLE
    no_shock = check(port, [HYSTEROGRAD], Plan(1), laws=lambda law: law.operation.name == "shock")
    assert {verdict.status for verdict in no_shock.verdicts} == {"not provided"}


@pytest.mark.parametrize(
    ("text", "dtypes", "flush"),
    [
        ("", None, False),
        ("dtypes = ('float32',)\nflush_subnormals = True\n", ("float32",), True),
        ("import types as dtypes\nflush_subnormals = 'maybe'\n", None, False),
    ],
)
def test_a_file_may_say_in_which_dtypes_it_computes(text, dtypes, flush, tmp_path):
    file = Path(tmp_path / "port_that_says.py")
    file.write_text(f"{text}def srkl_step_code(params, grad, *, alpha):\n    return params\n", encoding="utf-8")
    offer = find_port(str(file)).offer(operation("srkl.step_code"))
    assert (offer.dtypes, offer.flush_subnormals, offer.fixed) == (dtypes, flush, {"beta": 0.1})


def test_a_port_is_not_asked_for_hyperparameters_that_it_does_not_have():
    """What a law asks beyond its case, too: here the variant that a function without that keyword cannot have."""

    def step(params, grad, state, *, lr=1e-3, beta=0.99):
        return hysterograd.step(params, grad, state, lr=lr, beta=beta)

    port = port_of(hysterograd_step=step)
    runner = PortRunner(port, HYSTEROGRAD, SINGLE)
    state = hysterograd.init(PARAMS)
    assert runner.step(PARAMS, GRAD, state, lr=0.5, variant="head")[2].liquid
    with pytest.raises(NotVariedError, match=r"^the port has variant='head', not 'v4'$"):
        runner.step(PARAMS, GRAD, state, lr=0.5, variant="v4")
    assert len(runner.calls) == 1
    law = find_law("hysterograd.step:v4_is_one_cooling_behind")
    for checked, status in ((port, "not provided"), (find_port("reference"), "conforms")):
        verdict, outcomes = check_law(checked, law, "float32", Plan(20))
        assert (verdict.status, outcomes) == (status, [])
        assert verdict.reason == (OTHER_HYPERPARAMETERS if status == "not provided" else "")


# --- answers that are not given in full ----------------------------------------------------------------------------

CG = find_system("hessian_free").operations["conjugate_gradients"]
ALONE = {
    "the solution": (CG, lambda found: found.iterates[-1], "iterations"),
    "the iterates": (CG, lambda found: found.iterates, "iterations"),
    "the trace": (operation("curvature.hutchinson"), lambda found: found.trace, "standard_error"),
    "the trace as a number": (operation("curvature.hutchinson"), lambda found: float(found.trace), "samples"),
    "the diagonal": (operation("curvature.bekas"), lambda found: found.diagonal, "products"),
}


def alone(what, change=lambda answer: answer):
    """Return a port that returns one thing alone, the operation and the name of something that it leaves out."""
    asked, part, left_out = ALONE[what]
    name = f"{asked.system.name}_{asked.name}"
    return port_of(**{name: lambda *inputs, **hyper: change(part(asked.reference(*inputs, **hyper)))}), asked, left_out


@pytest.mark.parametrize("what", ALONE)
def test_what_an_answer_leaves_out_is_not_provided_and_the_rest_is_judged(what):
    port, asked, left_out = alone(what)
    verdicts = check(port, [asked.system], Plan(8, ("float64",)), laws=lambda law: law.operation is asked).verdicts
    assert {v.status for v in verdicts} <= {"conforms", "not provided"}
    agreement, others = verdicts[0], {v.law.name: v for v in verdicts[1:]}
    assert agreement.status == "conforms" and agreement.cases > 0
    assert left_out in agreement.left_out
    if asked is CG:
        for name in (
            "the_values_are_those_of_the_model",
            "an_iteration_costs_a_product",
            "what_is_kept_is_on_the_grid",
        ):
            assert (others[name].status, others[name].reason) == ("not provided", LEFT_OUT)
        assert others["it_ends_with_the_solution"].status == "conforms"
        assert others["it_ends_with_the_solution"].left_out == ("iterations",)


@pytest.mark.parametrize("what", ["the solution", "the trace"])
def test_an_answer_that_is_wrong_is_wrong_alone(what, tmp_path):
    port, asked, _ = alone(what, lambda answer: answer * answer.dtype.type(1.25))
    verdict, outcomes = check_law(port, asked.laws[0], "float64", Plan(20))
    assert verdict.status == "wrong" and outcomes
    stored = case_files.read(case_files.write(tmp_path, port.name, verdict))
    assert replay(stored)[0].status == replay(stored, port)[0].status == "wrong"
    assert replay(stored, alone(what)[0])[0].status == "conforms"


def test_a_state_is_given_in_full():
    port = port_of(hysterograd_shock=lambda state, *, factor: state.metric)
    with pytest.raises(PortMisbehaviourError, match=r"where .*metric, path_length, temperature, mean_norm, liquid"):
        PortRunner(port, HYSTEROGRAD, SINGLE).shock(hysterograd.init(PARAMS), factor=0.5)


def test_the_summary_says_that_not_all_is_returned():
    port, asked, _ = alone("the trace")
    found = check(port, [asked.system], Plan(2, ("float64",)))
    assert summary(found).plain.endswith("; 3 of 8 laws not checked: the port does not return all")
