"""SRKL elsewhere: torch optimizers as its ports, and the published lines in JAX as a file of functions."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from agreement import operation

from gnomon_spec.system import find_system
from gnomon_validation.checker import Plan, check, check_law
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.ports.find import find_port

SYSTEM = find_system("srkl")
STEP, ARRAYS = operation("srkl.step_code"), operation("srkl.step_arrays")
DTYPES = ("float32", "float64")
BEYOND = next(law for law in STEP.laws if law.name == "a_gradient_beyond_its_fourth_powers_still_moves")


def diagnosis_of(port, law, dtype):
    verdict, outcomes = check_law(port, law, dtype, Plan(50, shrink_attempts=0))
    Diagnostician(SYSTEM, np.dtype(dtype)).diagnose([(verdict, outcomes)])
    return verdict.status, [mistake.name for mistake in verdict.diagnosis]


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), [("SRKL", {}), ("SRKLForEachArray", {"per_array": True})])
def test_a_torch_optimizer_conforms_to_every_law(name, options, dtype):
    result = check(find_port(f"torch:braked_ports.{name}", options), [SYSTEM], Plan(40, (dtype,)))
    offered = [verdict for verdict in result.verdicts if verdict.status != "not provided"]
    assert {verdict.law.operation for verdict in offered} == {STEP, ARRAYS}
    assert [(v.law.id, v.outcome) for v in offered if v.status != "conforms"] == []


@pytest.mark.torch
def test_a_curvature_for_each_array_is_not_one_for_all():
    verdict, _ = check_law(find_port("torch:braked_ports.SRKLForEachArray"), ARRAYS.laws[0], "float64", Plan(40))
    assert verdict.status == "wrong"


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_fourth_powers_that_overflow_in_torch_are_called_so(dtype):
    port = find_port("torch:braked_ports.PlainSRKL")
    assert check_law(port, STEP.laws[0], dtype, Plan(50))[0].status == "conforms"
    status, names = diagnosis_of(port, BEYOND, dtype)
    assert status == "wrong" and "fourth_powers_overflow" in names


@pytest.mark.torch
def test_what_a_torch_optimizer_must_take_and_must_not_keep(tmp_path, monkeypatch):
    (tmp_path / "my_brakes.py").write_text(
        "import torch\nfrom braked_ports import SRKL\n"
        "class SRKLWithoutBrake(torch.optim.Optimizer):\n    def __init__(self, params, lr=1.0):\n"
        "        super().__init__(params, {'lr': lr})\n"
        "class SRKLWithMemory(SRKL):\n    def step(self):\n        super().step()\n"
        "        self.state[self.param_groups[0]['params'][0]]['average'] = 0\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_brakes", raising=False)
    with pytest.raises(ValueError, match=r"^torch:my_brakes\.SRKLWithoutBrake must take 'beta' in its constructor$"):
        find_port("torch:my_brakes.SRKLWithoutBrake")
    with pytest.raises(ValueError, match=r"cannot be read as srkl: its state has 'average', srkl has none$"):
        find_port("torch:my_brakes.SRKLWithMemory")
    with pytest.raises(TypeError, match=r"^per_array must be True or False, got 'yes'$"):
        find_port("torch:braked_ports.SRKL", {"per_array": "yes"})
    port = find_port("torch:braked_ports.SRKL", {"lr": 0.5, "beta": 0.0})
    assert port.offer(STEP).fixed == {"alpha": 0.5, "beta": 0.0}
    assert port.offer(ARRAYS).fixed == {"alpha": 0.5, "beta": 0.0, "per_array": False}
    assert port.call(ARRAYS, ((), ()), {}) == ()
    new = port.call(STEP, (np.array([1.0, 2.0]), np.array([2.0, 4.0])), {"alpha": 0.5, "beta": 0.0})
    np.testing.assert_array_equal(new, [0.0, 0.0])


@pytest.mark.optax
def test_the_published_lines_are_right_within_the_range_of_fourth_powers_and_frozen_beyond():
    port = find_port(str(Path(__file__).with_name("plain_srkl.py")))
    offer = port.offer(STEP)
    assert offer.dtypes == ("float32",) and offer.flush_subnormals
    assert check_law(port, STEP.laws[0], "float32", Plan(100))[0].status == "conforms"
    status, names = diagnosis_of(port, BEYOND, "float32")
    assert status == "wrong" and "fourth_powers_overflow" in names
    params = np.zeros(2, np.float32)
    for exponent, moves in ((31, True), (32, False)):  # fourth powers 2^124 and 2^128; float32 ends below 2^128
        grad = np.full(2, 2.0**exponent, np.float32)
        assert np.all(port.call(STEP, (params, grad), {"alpha": 1.0, "beta": 1.0}) != 0) == moves
