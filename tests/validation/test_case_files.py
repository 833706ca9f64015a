"""A failing case as a file: every bit survives, the verdict stays what it was, and opening it runs nothing."""

from __future__ import annotations

import json
import sys
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import small_ports
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from small_ports import ADAMW, ORACLE_LAW, decays_after_the_update, port_of, verdict_on

from gnomon.descent.adam import AdamState
from gnomon_spec.cases import map_leaves
from gnomon_spec.system import find_system, systems
from gnomon_validation import witnesses
from gnomon_validation.case_files import read, write
from gnomon_validation.checker import check_law
from gnomon_validation.encoding import decoded, encoded
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.replay import replay
from gnomon_validation.runs.plan import Plan

STEP = ADAMW.operations["step"]


def again(value, operation=STEP):
    """Return the value after a journey through the text of a file."""
    return decoded(json.loads(json.dumps(encoded(value), allow_nan=False)), operation)


@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_every_stored_case_of_a_law_is_stored_again_as_it_was(system):
    for witness in witnesses.read(system, "float64"):
        for value in (value for case in witness.cases for value in case.values()):
            assert same_bits(again(value, witness.law.operation), value)


FLOATS = st.floats(allow_subnormal=True)
ANY_ARRAY = st.sampled_from([np.float16, np.float32, np.float64, np.int64, np.bool_]).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
)
LONG = st.integers(-(2**63), 2**63 - 1)
LEAVES = st.one_of(FLOATS, LONG, st.booleans(), st.text(), st.none(), ANY_ARRAY)
STATES = st.builds(AdamState, ANY_ARRAY, ANY_ARRAY, ANY_ARRAY, st.integers(0, 2**63 - 1))
VALUES = st.recursive(LEAVES | STATES, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)


def same_bits(left, right):
    """Return whether two values are written alike in every digit; of a NaN, that it is one."""
    with np.printoptions(floatmode="unique", threshold=sys.maxsize):
        return repr(left) == repr(right)


@given(VALUES)
def test_every_value_of_a_case_survives_bit_for_bit(value):
    assert same_bits(value, again(value))


def test_a_value_that_no_case_can_hold_is_refused():
    with pytest.raises(TypeError, match="a case cannot hold a object"):
        encoded(object())


NO_VALUES = [1.5, [1], {}, {"float": 3}, {"float": "0xzz"}, {"float": "0x1p99999"}, {"list": 3}]
NO_ARRAYS = [([1], [2], "float32"), ([1], [-1], "float32"), ([1], ["1"], "float32"), ([0.5], [1], "float32")]
NO_ARRAYS += [([{"float": "0x1p0"}], [1], "int64"), ([], [0], "object"), ([], [0], "U5")]
NO_VALUES += [{"array": entries, "shape": shape, "dtype": dtype} for entries, shape, dtype in NO_ARRAYS]
NO_STATES = ("AdamState", "Nonsense", "Variant", "np", "__builtins__")
NO_VALUES += [{"state": name, "fields": {}} for name in NO_STATES]


@pytest.mark.parametrize("data", NO_VALUES, ids=str)
def test_data_that_stand_for_no_value_are_refused(data):
    with pytest.raises(ValueError):
        decoded(data, STEP)


def test_a_state_is_one_of_the_operations_own():
    state = {"state": "AdamState", "fields": dict.fromkeys(AdamState._fields, 1)}
    assert decoded(state, STEP) == AdamState(1, 1, 1, 1)
    with pytest.raises(ValueError, match="no state called 'SGDState'"):
        decoded({**state, "state": "SGDState"}, STEP)


class OwnState(tuple):
    pass


FAILING = {
    "a mistake": (decays_after_the_update, ORACLE_LAW),
    "a mistake along a run": (decays_after_the_update, "every_step_of_a_run_is_right"),
    "no mistake of the catalogue": (small_ports.takes_steps_that_are_too_long, ORACLE_LAW),
    "imprecise": (small_ports.cancels, "decay_acts_on_the_parameters_before_the_step"),
    "imprecise in one dtype": (small_ports.corrects_the_bias_in_the_dtype_of_the_parameters, ORACLE_LAW),
    "an error": (small_ports.raising(ZeroDivisionError("by nothing")), ORACLE_LAW),
    "another type": (small_ports.returning(lambda p, s: (p.tolist(), s)), ORACLE_LAW),
    "nothing": (small_ports.returning(lambda p, s: None), ORACLE_LAW),
    "another shape": (small_ports.returning(lambda p, s: (p[np.newaxis], s)), ORACLE_LAW),
    "changed inputs": (small_ports.overwrites(lambda p, g, s: g), ORACLE_LAW),
    "NaN": (small_ports.not_a_number, ORACLE_LAW),
    "rejects": (lambda p, g, s, **_: {"params": p, "kept": OwnState((s, object()))}, "bad_input_is_rejected"),
    "bad input and no output": (lambda p, g, s, **_: None, "bad_input_is_rejected"),
    "hidden state": (small_ports.wavers(), ORACLE_LAW),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_replayed_failure_gets_the_verdict_that_it_had(tmp_path, what):
    port = port_of(FAILING[what][0])
    verdict = verdict_on(port, FAILING[what][1], examples=40)
    assert verdict.failed
    stored = read(write(tmp_path, port.name, verdict))
    for live, (replayed, ran) in ((False, replay(stored)), (True, replay(stored, port))):
        assert (ran, replayed.status) == (live, verdict.status)
        assert replayed.outcome.message == verdict.outcome.message
        assert replayed.outcome.digits_lost == verdict.outcome.digits_lost


def test_a_file_is_named_after_the_law_and_the_dtype_and_holds_what_was_drawn_and_every_call(tmp_path):
    verdict = verdict_on(port_of(decays_after_the_update), "every_step_of_a_run_is_right")
    file = write(tmp_path / "new" / "folder", "a_port", verdict)
    assert file.name == "a_port-adamw-step-every-step-of-a-run-is-right-float32.json"
    stored = read(file)
    assert same_bits((dict(stored.case), stored.case.hyper), (dict(verdict.smallest), verdict.smallest.hyper))
    assert same_bits(stored.calls, verdict.outcome.calls)


def test_the_files_of_other_systems_and_operations_are_read_too(tmp_path):
    for system in ("adam", "sgd", "curvature"):
        for operation in find_system(system).operations.values():

            def shifted(*inputs, reference=operation.reference, **hyper):
                move = lambda x: x + x.dtype.type(1) if isinstance(x, np.ndarray | np.floating) else x  # noqa: E731
                return map_leaves(move, reference(*inputs, **hyper))

            named = {f"{system}_{operation.name}": shifted, "extras": ("reference",)}
            port = FunctionsPort(SimpleNamespace(**named), "shifted")
            verdict, _ = check_law(port, operation.laws[0], "float32", Plan(5))
            assert verdict.failed
            replayed, _ = replay(read(write(tmp_path, port.name, verdict)))
            assert replayed.status == verdict.status


@cache
def a_failure():
    return verdict_on(port_of(decays_after_the_update))


def damaged(tmp_path, **changes):
    file = write(tmp_path, "a_port", a_failure())
    data = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**data, **changes}), encoding="utf-8")
    return file


@pytest.mark.parametrize("port", ["side_effect.py", "./side_effect.py", "side_effect", "side_effect:port", "{}"])
def test_opening_a_file_runs_nothing_that_it_names(tmp_path, monkeypatch, port):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "side_effect.py").write_text("from pathlib import Path\nPath('it_ran').touch()\n", encoding="utf-8")
    stored = read(damaged(tmp_path, port=port.format(tmp_path / "side_effect.py")))
    verdict, ran = replay(stored)
    assert (verdict.status, ran) == ("wrong", False)
    assert not (tmp_path / "it_ran").exists()
    assert "side_effect" not in sys.modules


HOSTILE = {
    "format": ["gnomon-case/99"],
    "law": ["adamw.step:nope", 3, "os.system:nope"],
    "dtype": ["float99", ["float32"]],
    "port": [{"name": "a_port"}],
    "case": [{}, [1], None],
    "calls": [3, [None], [{"operation": "stp"}], [{"operation": "step"}]],
    "diagnosis": [3],
}


def assert_refused(file):
    with pytest.raises(ValueError) as caught:
        read(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("part", "value"), [(part, value) for part in HOSTILE for value in HOSTILE[part]], ids=str)
def test_a_damaged_file_is_refused_in_one_line(tmp_path, part, value):
    assert_refused(damaged(tmp_path, **{part: value}))


TEXTS = {
    "empty": b"",
    "a list": b"[]",
    "a number": b"3",
    "cut off": b'{"format": "gnomon-case/1", "law"',
    "not text": b"\xff\xfe\x00",
    "deep lists": b"[" * 200_000,
    "deep values": b'{"format": "gnomon-case/1", "law": ' + b'{"list": [' * 5_000 + b"1" + b"]}" * 5_000 + b"}",
    "an endless number": b'{"format": "gnomon-case/1", "law": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("what", TEXTS)
def test_a_foreign_file_is_refused_in_one_line(tmp_path, what):
    file = tmp_path / "case.json"
    file.write_bytes(TEXTS[what])
    assert_refused(file)


NO_INPUTS = {
    "params": [None, "x", {"array": [1], "shape": [1], "dtype": "int64"}],
    "lr": ["x", None, -(2**62)],
    "variant": ["nonsense"],
    "state": [None],
    "grad": [{"array": [1, 2], "shape": [2], "dtype": "float32"}],
}


@pytest.mark.parametrize("name", NO_INPUTS)
def test_values_that_are_no_inputs_of_the_operation_are_refused(tmp_path, name):
    case = json.loads(damaged(tmp_path).read_text(encoding="utf-8"))["case"]
    for value in NO_INPUTS[name]:
        with pytest.raises(ValueError, match=r"the stored case is not one of the law adamw\.step:agrees_with_the"):
            replay(read(damaged(tmp_path, case={**case, name: value})))


def test_words_in_a_file_cannot_steer_the_terminal(tmp_path):
    assert read(damaged(tmp_path, port="\x1b[31mred", message="\x07")).port == r"\x1b[31mred"
