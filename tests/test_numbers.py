"""A number is a NumPy scalar wherever an operation returns one: never an array without dimensions."""

from inspect import signature

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_contract import leaves

from gnomon_spec.cases import map_leaves
from gnomon_spec.system import systems

OPERATIONS = {o.id: o for system in systems().values() for o in system.operations.values()}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_numbers_come_out_as_they_went_in(name, data):
    operation = OPERATIONS[name]
    case = data.draw(operation.cases.strategy(np.dtype(np.float32)))
    given = {n: case.get(n, p.default) for n, p in signature(operation.reference).parameters.items()}
    scalars = map_leaves(lambda leaf: leaf[()] if isinstance(leaf, np.ndarray) else leaf, given)
    outputs = operation.reference(**scalars)
    assert [leaf for leaf in leaves(outputs) if isinstance(leaf, np.ndarray) and leaf.ndim == 0] == []
