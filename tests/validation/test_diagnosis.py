"""What counts as the same wrong behaviour: the same outputs within the mistake's own band, or a rejection by both."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.descent import sgd
from gnomon_spec.system import find_system
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.ports.runner import Call

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
