"""Torch optimizers as ports of HysteroGrad and SRKL: what is mapped and what derived, what is right, what is caught."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import DTYPES, GRAD, PARAMS, assert_explained, failing, operation, outcome, verdicts

from gnomon.descent import hysterograd
from gnomon.descent.hysterograd import HysteroGradState
from gnomon.descent.hysterograd_groups import GroupState
from gnomon_spec.system import find_system
from gnomon_validation.checker import check_law
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.runner import PortMisbehaviourError
from gnomon_validation.runs.plan import Plan

pytestmark = pytest.mark.torch

MINE = "torch:reference_in_torch.HIOptimizer"
STEP, SHOCK, GROUPS = (operation(f"hysterograd.{name}") for name in ("step", "shock", "step_groups"))
HYPER = STEP.hyperparameters | {"lr": 0.125, "stiffening_factor": 0.5, "beta": 0.875, "eps": 2.0**-20}
HYPER |= {"cooling_rate": 0.9375, "metric_scale": 2.0, "grad_clip": 1.5}
# Some for each thing that the adapter writes, reads back or derives of a step.
GATE = ("equality_is_liquid", "clip_missing_in_the_gate", "temperature_not_clamped", "barrier_of_the_mean_before")
MOVE = ("clip_missing_in_the_move", "clip_missing_in_the_path", "clip_missing_in_the_mean", "clipping_also_lengthens")
REST = ("metric_kept_when_frozen", "path_counts_liquid_steps_only", "sums_instead_of_means", "shock_does_not_warm")
MISTAKEN = [
    *(("HIOptimizer", name) for name in (*GATE, *MOVE, *REST, "liquid_only_if_all_groups_are")),
    ("SRKL", "fourth_powers_overflow"),
]


def state_of(dtype, metric=(0.5, 1.0, 2.0), path=4.0, temperature=0.5, mean=0.25, liquid=True):
    number = np.dtype(dtype).type
    return HysteroGradState(np.array(metric, dtype), number(path), number(temperature), number(mean), liquid)


IMPORTS = "import torch\nfrom reference_in_torch import SRKL, HIOptimizer\nfrom torch.optim import Optimizer\n"


DRESSED = [
    ("HIOptimizer", {}, "hysterograd", 25, {"step", "shock", "step_groups"}),
    ("SRKL", {}, "srkl", 40, {"step_code", "step_arrays"}),
    ("SRKLForEachArray", {"per_array": True}, "srkl", 40, {"step_code", "step_arrays"}),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options", "system", "examples", "operations"), DRESSED)
def test_the_reference_dressed_as_an_optimizer_conforms_to_every_law(
    name, options, system, examples, operations, dtype
):
    found = verdicts(find_port(f"torch:reference_in_torch.{name}", options), system, dtype, examples)
    assert failing(found, operations) == set()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("target", "name"), MISTAKEN)
def test_a_mistake_in_torch_is_caught_and_called_by_its_name(target, name, dtype):
    port = find_port(f"torch:reference_in_torch.{target}", {"mistake": name})
    mistake = find_system(port.system).mistakes[name]
    laws = [law for law in mistake.system.laws if mistake.concerns(law.operation)]
    judged = (check_law(port, law, dtype, Plan(100, shrink_attempts=0)) for law in laws)
    verdict, outcomes = next(found for found in judged if found[1])
    Diagnostician(mistake.system, np.dtype(dtype)).diagnose([(verdict, outcomes)])
    assert verdict.status == "wrong" and verdict.diagnosis[0] is mistake


def test_what_a_port_cannot_vary_is_said():
    fixed = {"release_ratio": 1.0, "variant": "head", "check_finite": False}
    assert find_port(MINE).offer(STEP).fixed == fixed
    assert find_port(MINE).offer(SHOCK).fixed == {}
    port = find_port(MINE, {"variant": "v4", "lr": 0.5})
    assert port.offer(STEP).fixed == {**fixed, "variant": "v4", "lr": 0.5}
    assert find_port(port.name).name == port.name == f"{MINE}(variant='v4', lr=0.5)"
    assert all(port.offer(operation(name)) is None for name in ("adam.step", "hysterograd.trajectory"))
    with pytest.raises(ValueError, match=r"^release_ratio must be 1\.0, which this port cannot vary, got 0\.5$"):
        port.call(STEP, (PARAMS, GRAD, state_of(float)), {**HYPER, "variant": "v4", "release_ratio": 0.5})


@pytest.mark.parametrize(
    ("grad", "scale"),
    [([0.0], 2.0**-40 / 1e-6), ([np.nan], np.nan), ([2.0**1000], 2.0**-40 / (2.0**1000 / 1e-300 + 1e-6))],
    ids=["no norm", "no number", "beyond the range"],
)
def test_where_the_norm_says_nothing_the_scale_is_the_definitions(grad, scale):
    """In the last case G overflows, d = 0 and n = 0; in the first too: then f is min(1, c/1e-6)."""
    state = state_of("float64", metric=[1.0])
    report = find_port(MINE).call(STEP, (np.ones(1), np.array(grad), state), {**HYPER, "grad_clip": 2.0**-40})[2]
    expected = 2.0**-40 / 1e-6 if report.norm == 0 else scale
    np.testing.assert_array_equal(report.scale, expected)
    assert not report.liquid


@pytest.mark.parametrize("name", ("HIOptimizerInPythonNumbers", "HIOptimizerInTheGroup"))
@pytest.mark.parametrize("fresh", (True, False))
@pytest.mark.parametrize("grad_clip", (None, 0.5, 64.0))
def test_numbers_of_any_kind_are_read_and_written_where_the_optimizer_keeps_them(name, fresh, grad_clip, capsys):
    port = find_port(f"torch:reference_in_torch.{name}", {"variant": "v4"})
    assert port.fixed["metric_scale"] == 1.0 and port.offer(SHOCK) is None
    state = hysterograd.init(PARAMS) if fresh else state_of("float64")
    hyper = {**HYPER, "metric_scale": 1.0, "variant": "v4", "grad_clip": grad_clip}
    found = outcome(port, STEP.id, {"params": PARAMS, "grad": GRAD, "state": state}, hyper, float)
    assert found.status == "conforms", found
    assert capsys.readouterr().out == ""


def test_a_fresh_state_is_begun_by_the_optimizer_itself(module):
    text = "class HIOptimizerCold(HIOptimizer):\n    def numbers(self, group):\n        first = group['params'][0]\n"
    text += "        return {**super().numbers(group), **({} if self.state[first] else "
    text += "{'temperature': first.new_tensor(0.0)})}\n"
    module("my_gates", IMPORTS + text)
    port = find_port("torch:my_gates.HIOptimizerCold")
    for state, right in ((hysterograd.init(PARAMS), False), (state_of("float64"), True)):
        after = port.call(STEP, (PARAMS, GRAD, state), HYPER)[1]
        assert (after.temperature == HYPER["cooling_rate"] * state.temperature) is np.bool_(right)


SINGLE = """
class HIOptimizerSingle(HIOptimizer):
    def numbers(self, group):
        first = group["params"][0]
        start = {"tau": 0.0, "temperature": group["initial_temp"], "mean_norm": 0.0}
        return {name: self.state[first].get(name, torch.tensor(value)) for name, value in start.items()}
"""


def test_numbers_in_torchs_default_dtype_are_checked_as_they_are_or_in_another(module):
    import torch

    module("my_gates", IMPORTS + SINGLE)
    state = state_of("float64", temperature=1 / 7)
    hyper = {**HYPER, "grad_clip": None}
    for options, right in (({}, False), ({"default_dtype": "float32"}, False), ({"default_dtype": "float64"}, True)):
        port = find_port("torch:my_gates.HIOptimizerSingle", options)
        after = port.call(STEP, (PARAMS, GRAD, state), hyper)[1]
        assert bool(after.temperature == HYPER["cooling_rate"] * state.temperature) is right
        in_an_array = port.call(STEP, (PARAMS, GRAD, state._replace(temperature=np.array(1 / 7))), hyper)[1].temperature
        assert type(in_an_array) is np.float64 and in_an_array == after.temperature
        given = {"params": PARAMS, "grad": GRAD, "state": state}
        assert outcome(port, STEP.id, given, hyper, float).failed is not right
    assert torch.get_default_dtype() == torch.float32
    with pytest.raises(RuntimeError):
        port.call(STEP, (PARAMS, GRAD[:2], state), HYPER)
    assert torch.get_default_dtype() == torch.float32
    with pytest.raises(ValueError, match=r"^default_dtype must be one of 'float32', 'float64', got 'half'$"):
        find_port("torch:my_gates.HIOptimizerSingle", {"default_dtype": "half"})


NOT_MAPPED = {
    "class HIOptimizerWithLoss(HIOptimizer):\n    def step(self, closure=None): return None\n": (
        "step: PortMisbehaviourError: returns None from step(), where ('Liquid' or 'Frozen', norm, width) is expected"
    ),
    "class HIOptimizerStrange(HIOptimizer):\n    def numbers(self, group):\n"
    "        return {**super().numbers(group), 'charge': 1.0}\n": (
        "cannot be read as hysterograd: its state has 'charge' (understood: G, metric, fisher, group_tau, tau, "
    ),
    "class SRKLWithoutBrake(Optimizer):\n    def __init__(self, params, lr=1.0): super().__init__(params, {'lr': lr})\n"
    "    def step(self): pass\n": "cannot be read as srkl: it neither takes nor keeps 'beta'",
    "class SRKLWithMemory(SRKL):\n    def step(self):\n        super().step()\n"
    "        self.state[self.param_groups[0]['params'][0]]['average'] = 0\n": (
        "cannot be read as srkl: its state has 'average' (understood: nothing)"
    ),
}


@pytest.mark.parametrize(("text", "message"), NOT_MAPPED.items())
def test_what_cannot_be_mapped_is_explained_in_one_line(text, message, module):
    module("my_gates", IMPORTS + text)
    assert_explained(f"torch:my_gates.{text[6 : text.index('(')]}", message)


def test_a_step_that_returns_something_else_now_and_then_is_misbehaviour(module):
    text = "class HIOptimizerMoody(HIOptimizer):\n    def step(self, closure=None):\n"
    text += "        status, *rest = super().step()\n        return ('Solid' if rest[0] > 100 else status, *rest)\n"
    module("my_gates", IMPORTS + text)
    port = find_port("torch:my_gates.HIOptimizerMoody")
    assert port.call(STEP, (PARAMS, GRAD, state_of("float64")), HYPER)
    with pytest.raises(PortMisbehaviourError, match=r"^returns \('Solid', "):
        port.call(STEP, (PARAMS, 1e-3 * GRAD, hysterograd.init(PARAMS)), {**HYPER, "grad_clip": None, "beta": 1 - 1e-6})


def test_a_metric_of_another_shape_cannot_be_a_parameters():
    state = state_of("float64", metric=[1.0, 1.0])
    with pytest.raises(ValueError, match=r"^metric must have the shape of its parameter \(3,\), got \(2,\)$"):
        find_port(MINE).call(STEP, (PARAMS, GRAD, state), HYPER)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_group_that_a_step_does_not_move_is_asked_alone_whether_it_was_liquid(dtype):
    """With lr = 0 none is moved. Path 2²⁰ freezes a group."""
    arrays = [np.array(values, dtype) for values in ([1.0, -2.0], [[0.5], [0.25]], 3.0)]
    params, grads = ((arrays[0], arrays[1]), (arrays[2],)), ((arrays[0], None), (arrays[2],))
    number = np.dtype(dtype).type
    states = tuple(
        GroupState(tuple(x * x for x in group), number(path), number(0.5), number(1.0), path > 4)
        for group, path in zip(params, (1.0, 2.0**20), strict=True)
    )
    hyper = {name: value for name, value in HYPER.items() if name != "check_finite"} | {"lr": 0.0}
    given = {"params": params, "grads": grads, "states": states}
    found = outcome(find_port(MINE), GROUPS.id, given, hyper, dtype)
    assert found.status == "conforms", found


@pytest.mark.parametrize(
    ("options", "law", "dtype", "words"),
    [
        ("(variant='v4')", "bad_input_is_rejected", "float32", "no argument"),
        ("", "agrees_with_the_oracle", "float64", "default dtype"),
        ("", "agrees_with_the_oracle", "float32", ""),
        ("(default_dtype='float64')", "agrees_with_the_oracle", "float64", ""),
        ("(variant='v4')", "agrees_with_the_oracle", "float64", ""),
    ],
)
def test_what_the_published_optimizer_is_known_to_do_has_a_reason(options, law, dtype, words):
    verdict = "accepts bad input" if law == "bad_input_is_rejected" else "wrong"
    reason = reason_for(f"torch:hysterograd.optimizer.HIOptimizer{options}", f"hysterograd.step:{law}", dtype, verdict)
    assert words in reason if words else reason is None


# --- SRKL


CODE, ARRAYS = operation("srkl.step_code"), operation("srkl.step_arrays")


def test_a_curvature_for_each_array_is_not_one_for_all():
    verdict, _ = check_law(find_port("torch:reference_in_torch.SRKLForEachArray"), ARRAYS.laws[0], "float64", Plan(40))
    assert verdict.status == "wrong"


def test_whether_each_array_has_a_curvature_is_said_to_the_adapter_and_torch_needs_no_parameters():
    with pytest.raises(TypeError, match=r"^per_array must be True or False, got 'yes'$"):
        find_port("torch:reference_in_torch.SRKL", {"per_array": "yes"})
    port = find_port("torch:reference_in_torch.SRKL", {"lr": 0.5, "beta": 0.0})
    assert port.offer(CODE).fixed == {"alpha": 0.5, "beta": 0.0}
    assert port.offer(ARRAYS).fixed == {"alpha": 0.5, "beta": 0.0, "per_array": False}
    assert port.call(ARRAYS, ((), ()), {}) == ()
