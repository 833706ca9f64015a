"""Torch optimizers as ports of SRKL."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import operation

from gnomon_spec.system import find_system
from gnomon_validation.checker import Plan, check, check_law
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.ports.find import find_port

pytestmark = pytest.mark.torch

SYSTEM = find_system("srkl")
STEP, ARRAYS = operation("srkl.step_code"), operation("srkl.step_arrays")
DTYPES = ("float32", "float64")
BEYOND = next(law for law in STEP.laws if law.name == "a_gradient_beyond_its_fourth_powers_still_moves")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), [("SRKL", {}), ("SRKLForEachArray", {"per_array": True})])
def test_a_torch_optimizer_conforms_to_every_law(name, options, dtype):
    result = check(find_port(f"torch:reference_in_torch.{name}", options), [SYSTEM], Plan(40, (dtype,)))
    offered = [verdict for verdict in result.verdicts if verdict.status != "not provided"]
    assert {verdict.law.operation for verdict in offered} == {STEP, ARRAYS}
    assert [(v.law.id, v.outcome) for v in offered if v.status != "conforms"] == []


def test_a_curvature_for_each_array_is_not_one_for_all():
    verdict, _ = check_law(find_port("torch:reference_in_torch.SRKLForEachArray"), ARRAYS.laws[0], "float64", Plan(40))
    assert verdict.status == "wrong"


@pytest.mark.parametrize("dtype", DTYPES)
def test_fourth_powers_that_overflow_in_torch_are_called_so(dtype):
    port = find_port("torch:reference_in_torch.SRKL(mistake='fourth_powers_overflow')")
    assert check_law(port, STEP.laws[0], dtype, Plan(50))[0].status == "conforms"
    verdict, outcomes = check_law(port, BEYOND, dtype, Plan(50, shrink_attempts=0))
    Diagnostician(SYSTEM, np.dtype(dtype)).diagnose([(verdict, outcomes)])
    assert verdict.status == "wrong" and SYSTEM.mistakes["fourth_powers_overflow"] in verdict.diagnosis


def test_what_a_torch_optimizer_must_take_and_must_not_keep(module):
    module(
        "my_brakes",
        "import torch\nfrom reference_in_torch import SRKL\n"
        "class SRKLWithoutBrake(torch.optim.Optimizer):\n    def __init__(self, params, lr=1.0):\n"
        "        super().__init__(params, {'lr': lr})\n    def step(self):\n        pass\n"
        "class SRKLWithMemory(SRKL):\n    def step(self):\n        super().step()\n"
        "        self.state[self.param_groups[0]['params'][0]]['average'] = 0\n",
    )
    with pytest.raises(
        ValueError,
        match=r"^torch:my_brakes\.SRKLWithoutBrake cannot be read as srkl: it neither takes nor keeps 'beta'",
    ):
        find_port("torch:my_brakes.SRKLWithoutBrake")
    with pytest.raises(ValueError, match=r"cannot be read as srkl: its state has 'average' \(understood: nothing\)$"):
        find_port("torch:my_brakes.SRKLWithMemory")
    with pytest.raises(TypeError, match=r"^per_array must be True or False, got 'yes'$"):
        find_port("torch:reference_in_torch.SRKL", {"per_array": "yes"})
    port = find_port("torch:reference_in_torch.SRKL", {"lr": 0.5, "beta": 0.0})
    assert port.offer(STEP).fixed == {"alpha": 0.5, "beta": 0.0}
    assert port.offer(ARRAYS).fixed == {"alpha": 0.5, "beta": 0.0, "per_array": False}
    assert port.call(ARRAYS, ((), ()), {}) == ()
    new = port.call(STEP, (np.array([1.0, 2.0]), np.array([2.0, 4.0])), {"alpha": 0.5, "beta": 0.0})
    np.testing.assert_array_equal(new, [0.0, 0.0])
