"""The checker: what it says of ports that are right, imprecise, wrong, or not fit to be called at all."""

from __future__ import annotations

from math import log10

import numpy as np
import pytest
import small_ports
from agreement import DTYPES
from small_ports import ADAMW, ORACLE_LAW, cancels, checked, overwrites, port_of, raising, returning, verdict_on

from gnomon.descent import adamw
from gnomon_validation.checker import check
from gnomon_validation.drawing import visit
from gnomon_validation.encoding import encoded
from gnomon_validation.expectations import expecting
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.plan import Plan


def test_in_half_precision_the_reference_conforms_and_the_kernels_are_not_asked():
    assert verdict_on(find_port("reference"), dtype="float16").status == "conforms"
    verdict = verdict_on(find_port("numba"), dtype="float16")
    assert (verdict.status, verdict.reason) == ("not provided", "the port does not compute in float16")


class Silent:
    """An object and an error that cannot be put into words."""

    def __repr__(self):
        raise RuntimeError("no words")


class SilentError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


UNFIT = {
    "error": {
        "the port raised KeyError: 'beta'": raising(KeyError("beta")),
        "the port raised ValueError: one two": raising(ValueError("one\n two")),
        "the port raised SystemExit: 3": raising(SystemExit(3)),
        "the port raised SilentError": raising(SilentError()),
    },
    "wrong": {
        "the port returns None where (params, AdamState) is expected": returning(lambda p, s: None),
        "where (params, AdamState) is expected": returning(lambda p, s: p),
        "the port returns a tuple of 3 where": returning(lambda p, s: (p, s, 1)),
        "a tuple of 2 where (first_moment, second_moment,": returning(lambda p, s: (p, s[:2])),
        "returns a state without second_moment, largest_second_moment": returning(
            lambda p, s: (p, {"first_moment": p, "step_count": 1})
        ),
        "returns 0 as params where a NumPy array is expected": returning(lambda p, s: (0, s)),
        "as params where a NumPy array is expected": returning(lambda p, s: (p.tolist(), s)),
        "returns a Silent as params where a NumPy array": returning(lambda p, s: (Silent(), s)),
        "returns params in float64 where float32 was given": returning(lambda p, s: (p.astype(np.float64), s)),
        "returns 0.5 as step_count where an integer is": returning(lambda p, s: (p, s._replace(step_count=0.5))),
        "the port returns params of shape (1,": returning(lambda p, s: (p[np.newaxis], s)),
        "the port returns second_moment of shape (": returning(
            lambda p, s: (p, s._replace(second_moment=np.append(s.second_moment, p.dtype.type(1))))
        ),
        "the port changes its inputs in place": overwrites(lambda p, g, s: p),
        "port changes its inputs in place": overwrites(lambda p, g, s: s.first_moment),
        "params NaN where the oracle has none at": small_ports.not_a_number,
        "params the port has inf where the": returning(lambda p, s: (p + p.dtype.type(np.inf), s)),
    },
}


@pytest.mark.parametrize(("status", "message"), [(status, message) for status in UNFIT for message in UNFIT[status]])
def test_an_unfit_port_is_told_so_in_words_and_ends_no_run(status, message):
    result = checked(port_of(UNFIT[status][message], adamw_trajectory=adamw.trajectory), examples=5)
    assert [v.law for v in result.verdicts] == list(ADAMW.laws)
    found = {(v.law.operation.name, v.law.name): v for v in result.verdicts}
    assert found["step", ORACLE_LAW].status == status
    assert message in found["step", ORACLE_LAW].outcome.message
    assert {v.status for (operation, _), v in found.items() if operation == "trajectory"} == {"conforms"}
    assert {v.status for (operation, _), v in found.items() if operation == "endpoints"} == {"not provided"}


def test_to_write_over_bad_input_is_not_to_reject_it():
    def step(params, grad, state, **hyper):
        params[...] = 3
        return params, state

    verdict = verdict_on(port_of(step), "bad_input_is_rejected", examples=5)
    assert (verdict.status, verdict.outcome.message) == ("accepts bad input", "lr = -1 accepted")
    assert "params of integers" in {j.label for j in verdict.outcome.judgements if not j.holds}


def fails_again():
    seen = set()

    def step(params, grad, state, **hyper):
        key = (params.tobytes(), grad.tobytes(), str(state), str(hyper))
        if key in seen:
            raise RuntimeError("not again")
        seen.add(key)
        return adamw.step(params, grad, state, **hyper)

    return step


@pytest.mark.parametrize("port", [small_ports.wavers, fails_again])
def test_hidden_state_is_found_where_every_single_result_is_right(port):
    verdict = verdict_on(port_of(port()))
    assert verdict.status == "wrong"
    assert verdict.outcome.message == "the port gives different results for the same inputs"


def last_of_many(params, grad, state, *, lr=1e-3, **hyper):
    new, after = adamw.step(params, grad, state, lr=lr, **hyper)
    return np.where(np.arange(new.size).reshape(new.shape) < 50, new, 2 * new), after


def least_rate(params, grad, state, *, lr=1e-3, **hyper):
    return adamw.step(params, grad, state, lr=max(lr, 2.0**-20), **hyper)


def greatest_rate(params, grad, state, *, lr=1e-3, **hyper):
    return adamw.step(params, grad, state, lr=min(lr, 2.0**20), **hyper)


@pytest.mark.parametrize("step", [last_of_many, least_rate, greatest_rate])
def test_a_slip_in_long_arrays_or_at_extreme_rates_is_met_and_how_far_was_tried_is_told(step):
    result = check(port_of(step), [ADAMW], Plan(40, ("float32",), shrink_attempts=0))
    assert not result.conforms
    assert max(v.tried.largest for v in result.verdicts) == 67


@pytest.mark.parametrize("seed", range(5))
def test_every_run_has_long_arrays_and_rates_that_are_legal_and_nobodys_choice(seed):
    """Of a law about all shapes one case in 8 is long; one in 16 of any law has a rate below 2⁻²⁰."""
    cases = []
    for law in ADAMW.operations["step"].laws:
        visit(
            law.cases.strategy(np.dtype(np.float32)),
            examples=100,
            random_seed=Plan(seed=seed).stream(law, "float32"),
            visitor=cases.append,
        )
    assert sum(case["params"].size == 67 for case in cases) > 0
    rates = [case["lr"] for case in cases if case.get("lr")]
    assert min(rates) < 2.0**-30 and max(rates) > 2.0**30


def test_a_port_that_writes_over_what_it_returned_is_found():
    kept = {}

    def step(params, grad, state, **hyper):
        new, after = adamw.step(params, grad, state, **hyper)
        memory = kept.setdefault((params.shape, params.dtype), np.empty_like(params))
        memory[...] = new
        return memory, after

    verdict = verdict_on(port_of(step), "every_step_of_a_run_is_right")
    assert verdict.status == "wrong"
    assert "changes arrays that it returned from an earlier call" in verdict.outcome.message


def test_a_port_is_only_asked_for_the_hyperparameters_that_it_has():
    asked = set()

    def step(params, grad, state, *, lr, variant="adam"):
        asked.add(variant)
        return adamw.step(params, grad, state, lr=lr, variant=variant)

    result = checked(port_of(step))
    assert result.conforms
    assert {variant for variant in asked if isinstance(variant, str)} - {"no such choice"} == {
        "adam",
        "amsgrad-torch",
        "amsgrad-optax",
    }
    status = {v.law.name: (v.status, v.reason) for v in result.verdicts if v.law.operation.name == "step"}
    assert status[ORACLE_LAW][0] == "conforms"
    beyond = ("not provided", "the law is about hyperparameters that the port does not have")
    assert status["without_first_moment_it_is_rmsprop"] == beyond


def test_a_port_that_has_no_operation_is_asked_for_nothing():
    verdict = verdict_on(port_of(None))
    assert (verdict.status, verdict.cases) == ("not provided", 0)
    assert verdict.reason == "the port does not provide the operation"


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_made_worse_is_imprecise_and_says_how_many_digits_are_lost(dtype):
    verdict = verdict_on(port_of(cancels), "decay_acts_on_the_parameters_before_the_step", dtype, examples=50)
    assert verdict.status == "imprecise"
    assert verdict.diagnosis == []
    assert 1 < verdict.outcome.digits_lost <= log10(2 * 4096)


def test_bias_corrected_in_single_precision_is_imprecise_there_and_right_in_double():
    port = port_of(small_ports.corrects_the_bias_in_the_dtype_of_the_parameters)
    assert verdict_on(port, examples=50).status == "imprecise"
    assert verdict_on(port, dtype="float64", examples=50).status == "conforms"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_mistake_that_nobody_foresaw_is_wrong_all_the_same(dtype):
    result = checked(port_of(small_ports.takes_steps_that_are_too_long), ORACLE_LAW, dtypes=(dtype,))
    verdict = result.verdicts[0]
    assert verdict.status == "wrong"
    assert verdict.diagnosis == []


@pytest.mark.parametrize(("name", "reason"), [(ORACLE_LAW, "we decay afterwards"), ("bad_input_is_rejected", None)])
def test_an_expected_failure_keeps_its_verdict_fails_nothing_and_excuses_no_other_law(name, reason):
    expected = expecting({f"adamw.step:{name}": "we decay afterwards"})
    port, plan = port_of(small_ports.decays_after_the_update), Plan(20, ("float32",))
    result = check(port, [ADAMW], plan, laws=lambda law: law.name == ORACLE_LAW, expected=expected)
    verdict, excused = result.verdicts[0], reason is not None
    assert (verdict.status, verdict.expected, verdict.failed) == ("wrong", reason, not excused)
    assert result.conforms is excused


def everything(verdict):
    case = None if verdict.smallest is None else {name: encoded(value) for name, value in verdict.smallest.items()}
    return verdict.law.id, verdict.status, verdict.cases, verdict.ambiguous, verdict.digits, verdict.worst_ratio, case


@pytest.mark.parametrize("step", [adamw.step, cancels, small_ports.decays_after_the_update])
def test_the_same_seed_gives_the_same_result_and_another_seed_other_cases(step):
    first, again, other = (verdict_on(port_of(step), seed=seed) for seed in (1, 1, 2))
    assert everything(first) == everything(again)
    assert first.worst_ratio != other.worst_ratio


def test_an_interrupt_from_the_keyboard_ends_the_run():
    with pytest.raises(KeyboardInterrupt):
        verdict_on(port_of(raising(KeyboardInterrupt())))
