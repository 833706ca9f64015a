"""Whether an adapted port agrees with the reference on one call, keeps what it is given, and says what it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gnomon.descent import adam, adamw, lion, nadam, rmsprop, sgd
from gnomon_spec.bands import Judgement, judge
from gnomon_spec.cases import Case
from gnomon_spec.stand_ins import PerturbedRuns
from gnomon_spec.system import Law, Operation, find_system
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.port import Port
from gnomon_validation.ports.runner import PortRunner

PARAMS = np.array([1.0, -2.0, 0.25])
GRAD = np.array([0.5, 3.0, -1e-3])
SIGNED, POSITIVE = np.array([0.1, -0.2, 0.3]), np.array([0.01, 4.0, 0.5])
ADAM_STATE = adam.AdamState(SIGNED, POSITIVE, np.array([0.02, 3.0, 1.0]), 7)
SGD_STATE = sgd.SGDState(SIGNED, 7)
# Of each method the reference, and a state that is not fresh.
METHODS = {
    "sgd": (sgd, SGD_STATE),
    "adam": (adam, ADAM_STATE),
    "adamw": (adamw, ADAM_STATE),
    "nadam": (nadam, nadam.NAdamState(SIGNED, POSITIVE, 0.25, 7)),
    "rmsprop": (rmsprop, rmsprop.RMSpropState(POSITIVE, SIGNED, PARAMS)),
    "lion": (lion, lion.LionState(SIGNED)),
}


def cast(value: Any, dtype: Any) -> Any:
    """Return an array, or each array of a state, in a dtype."""
    if isinstance(value, tuple):
        return type(value)(*(cast(part, dtype) for part in value))
    return value.astype(dtype) if isinstance(value, np.ndarray) else value


def state_of(name: str, dtype: Any, *, fresh: bool = False) -> Any:
    """Return a state for the operation `system.step`."""
    module, state = METHODS[name.partition(".")[0]]
    return module.init(PARAMS.astype(dtype)) if fresh else cast(state, dtype)


def operation(name: str) -> Operation:
    """Return the operation `system.name`."""
    system, _, rest = name.partition(".")
    return find_system(system).operations[rest]


def judged(port: Port, law: Law, quantities: dict[str, Any], hyper: dict[str, Any], dtype: Any) -> list[Judgement]:
    """Judge each fact of a law in one case."""
    offer = port.offer(law.operation)
    assert offer is not None
    case = Case({**quantities, **hyper}, hyper)
    facts = list(law.body(PortRunner(port, law.operation.system, dtype), case.widened(dtype)))
    runs = PerturbedRuns(dtype, flush_subnormals=offer.flush_subnormals).of_law(law, case)
    return [judge(fact, [run[i] for run in runs], dtype) for i, fact in enumerate(facts)]


def judgements(port: Port, name: str, inputs: tuple[Any, ...], **hyper: Any) -> list[Judgement]:
    """Judge every output of one call of the port."""
    law = next(law for law in operation(name).laws if law.name == "agrees_with_the_oracle")
    return judged(port, law, dict(zip(law.operation.inputs, inputs, strict=True)), hyper, inputs[0].dtype)


def assert_kept(port: Port, name: str, state: Any, shape: tuple[int, ...], dtype: Any, **hyper: Any) -> None:
    """Take three steps from a fresh state: shapes and dtypes are those of the inputs, which are not changed."""
    params, grad = np.full(shape, 2.0, dtype), np.full(shape, 0.5, dtype)
    params.flags.writeable = grad.flags.writeable = False
    for count in (1, 2, 3):
        given, before = params.copy(), [array.copy() for array in state[:-1]]
        new, after = port.call(operation(name), (given, grad, state), hyper)
        for array in (new, *after[:-1]):
            assert isinstance(array, np.ndarray)
            assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
        assert type(after.step_count) is int and after.step_count == count
        for left, right in zip((params, *before), (given, *state[:-1]), strict=True):
            np.testing.assert_array_equal(left, right)
        assert not np.any(new == params)
        state = after


def assert_explained(target: str, message: str) -> None:
    """A target that is no port is refused in one line that contains a message."""
    with pytest.raises(ValueError) as caught:
        find_port(target)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
