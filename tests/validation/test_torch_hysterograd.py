"""Torch optimizers as ports of HysteroGrad: what is mapped and what derived, what is right and what is caught."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import GRAD, PARAMS, assert_explained, operation

from gnomon.descent import hysterograd, hysterograd_groups
from gnomon.descent.hysterograd import HysteroGradState
from gnomon.descent.hysterograd_groups import GroupState
from gnomon_spec.cases import Case
from gnomon_spec.stand_ins import leaves
from gnomon_spec.system import find_system
from gnomon_validation.checker import Plan, check, check_law
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.judging import Judge
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.runner import PortMisbehaviourError

pytestmark = pytest.mark.torch

SYSTEM = find_system("hysterograd")
MINE = "torch:reference_in_torch.HIOptimizer"
DTYPES = ("float32", "float64")
STEP, SHOCK, GROUPS = (operation(f"hysterograd.{name}") for name in ("step", "shock", "step_groups"))
HYPER = STEP.hyperparameters | {"lr": 0.125, "stiffening_factor": 0.5, "beta": 0.875, "eps": 2.0**-20}
HYPER |= {"cooling_rate": 0.9375, "metric_scale": 2.0, "grad_clip": 1.5}
# Some for each thing that the adapter writes, reads back or derives of a step.
GATE = ("equality_is_liquid", "clip_missing_in_the_gate", "temperature_not_clamped", "barrier_of_the_mean_before")
REST = ("clip_missing_in_the_move", "clip_missing_in_the_path", "clip_missing_in_the_mean", "metric_kept_when_frozen")
FEW = ("path_counts_liquid_steps_only", "sums_instead_of_means", "liquid_only_if_all_groups_are", "shock_does_not_warm")


def state_of(dtype, metric=(0.5, 1.0, 2.0), path=4.0, temperature=0.5, mean=0.25, liquid=True):
    number = np.dtype(dtype).type
    return HysteroGradState(np.array(metric, dtype), number(path), number(temperature), number(mean), liquid)


def outcome_of(port, op, inputs, hyper):
    """Judge one call by the law that every operation has."""
    law = op.laws[0]
    dtype = next(leaf.dtype for leaf in leaves(inputs) if isinstance(leaf, np.ndarray))
    case = Case({**dict(zip(op.inputs, inputs, strict=True)), **hyper}, op.hyperparameters)
    return Judge(port, law, dtype, port.offer(op)).outcome(case)


IMPORTS = "import torch\nfrom reference_in_torch import HIOptimizer\n"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_reference_dressed_as_an_optimizer_conforms_to_every_law(dtype):
    result = check(find_port(MINE), [SYSTEM], Plan(25, (dtype,)))
    offered = [verdict for verdict in result.verdicts if verdict.status != "not provided"]
    assert {verdict.law.operation for verdict in offered} == {STEP, SHOCK, GROUPS}
    assert [(v.law.id, v.outcome) for v in offered if v.status != "conforms"] == []


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", GATE + REST + FEW)
def test_a_mistake_in_torch_is_caught_and_called_by_its_name(name, dtype):
    port = find_port(MINE, {"mistake": name})
    wrong = SYSTEM.mistakes[name].operation
    judged = (check_law(port, law, dtype, Plan(100, shrink_attempts=0)) for law in SYSTEM.operations[wrong].laws)
    verdict, outcomes = next(found for found in judged if found[1])
    assert verdict.status == "wrong"
    Diagnostician(SYSTEM, np.dtype(dtype)).diagnose([(verdict, outcomes)])
    assert verdict.diagnosis[0] is SYSTEM.mistakes[name]


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


def test_the_scale_is_what_clipping_does_to_the_norm_that_is_returned():
    port, state = find_port(MINE), state_of("float64")
    free = port.call(STEP, (PARAMS, GRAD, state), {**HYPER, "grad_clip": None})[2]
    clipped = port.call(STEP, (PARAMS, GRAD, state), {**HYPER, "grad_clip": 1.0})[2]
    assert free.scale == 1 and free.norm > 1
    assert clipped.scale == clipped.norm / free.norm < 1
    lengthening = find_port(MINE, {"mistake": "clipping_also_lengthens"})
    assert lengthening.call(STEP, (PARAMS, GRAD, state), {**HYPER, "grad_clip": 64.0})[2].scale > 1


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


@pytest.mark.parametrize("name", ("InPythonNumbers", "InTheGroup"))
@pytest.mark.parametrize("fresh", (True, False))
@pytest.mark.parametrize("grad_clip", (None, 0.5, 64.0))
def test_numbers_of_any_kind_are_read_and_written_where_the_optimizer_keeps_them(name, fresh, grad_clip, capsys):
    port = find_port(f"torch:reference_in_torch.{name}", {"variant": "v4"})
    assert port.fixed["metric_scale"] == 1.0 and port.offer(SHOCK) is None
    state = hysterograd.init(PARAMS) if fresh else state_of("float64")
    hyper = {**HYPER, "metric_scale": 1.0, "variant": "v4", "grad_clip": grad_clip}
    outcome = outcome_of(port, STEP, (PARAMS, GRAD, state), hyper)
    assert outcome.status == "conforms", outcome
    assert capsys.readouterr().out == ""


def test_a_fresh_state_is_begun_by_the_optimizer_itself(module):
    text = "class ColdHIOptimizer(HIOptimizer):\n    def numbers(self, group):\n        first = group['params'][0]\n"
    text += "        return {**super().numbers(group), **({} if self.state[first] else "
    text += "{'temperature': first.new_tensor(0.0)})}\n"
    module("my_gates", IMPORTS + text)
    port = find_port("torch:my_gates.ColdHIOptimizer")
    for state, right in ((hysterograd.init(PARAMS), False), (state_of("float64"), True)):
        after = port.call(STEP, (PARAMS, GRAD, state), HYPER)[1]
        assert (after.temperature == HYPER["cooling_rate"] * state.temperature) is np.bool_(right)


SINGLE = """
class SingleHIOptimizer(HIOptimizer):
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
        port = find_port("torch:my_gates.SingleHIOptimizer", options)
        after = port.call(STEP, (PARAMS, GRAD, state), hyper)[1]
        assert bool(after.temperature == HYPER["cooling_rate"] * state.temperature) is right
        in_an_array = port.call(STEP, (PARAMS, GRAD, state._replace(temperature=np.array(1 / 7))), hyper)[1].temperature
        assert type(in_an_array) is np.float64 and in_an_array == after.temperature
        assert outcome_of(port, STEP, (PARAMS, GRAD, state), hyper).failed is not right
    assert torch.get_default_dtype() == torch.float32
    with pytest.raises(RuntimeError):
        port.call(STEP, (PARAMS, GRAD[:2], state), HYPER)
    assert torch.get_default_dtype() == torch.float32
    with pytest.raises(ValueError, match=r"^default_dtype must be one of 'float32', 'float64', got 'half'$"):
        find_port("torch:my_gates.SingleHIOptimizer", {"default_dtype": "half"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "class LossOptimizer(HIOptimizer):\n    def step(self, closure=None):\n        return None\n",
            "cannot make a step: PortMisbehaviourError: returns None from step(), where ('Liquid' or 'Frozen', norm, "
            "width) is expected",
        ),
        (
            "class StrangeOptimizer(HIOptimizer):\n    def numbers(self, group):\n"
            "        return {**super().numbers(group), 'charge': 1.0}\n",
            "cannot be read as hysterograd: its state has 'charge' (understood: G, metric, fisher, group_tau, tau, ",
        ),
        (
            "class PoorOptimizer(HIOptimizer):\n    def __init__(self, params, lr=0.5):\n"
            "        super().__init__(params, lr)\n        self.defaults.pop('beta')\n"
            "        [g.setdefault('beta', 0.5) for g in self.param_groups]\n",
            "it neither takes nor keeps 'beta'",
        ),
    ],
    ids=["no triple", "unknown state", "unknown beta"],
)
def test_what_cannot_be_mapped_is_explained_in_one_line(text, message, module):
    module("my_gates", IMPORTS + text)
    assert_explained(f"torch:my_gates.{text[6 : text.index('(')]}", message)


def test_a_step_that_returns_something_else_now_and_then_is_misbehaviour(module):
    text = "class MoodyOptimizer(HIOptimizer):\n    def step(self, closure=None):\n"
    text += "        status, *rest = super().step()\n        return ('Solid' if rest[0] > 100 else status, *rest)\n"
    module("my_gates", IMPORTS + text)
    port = find_port("torch:my_gates.MoodyOptimizer")
    assert port.call(STEP, (PARAMS, GRAD, state_of("float64")), HYPER)
    with pytest.raises(PortMisbehaviourError, match=r"^returns \('Solid', "):
        port.call(STEP, (PARAMS, 1e-3 * GRAD, hysterograd.init(PARAMS)), {**HYPER, "grad_clip": None, "beta": 1 - 1e-6})


def test_a_metric_of_another_shape_cannot_be_a_parameters():
    state = state_of("float64", metric=[1.0, 1.0])
    with pytest.raises(ValueError, match=r"^metric must have the shape of its parameter \(3,\), got \(2,\)$"):
        find_port(MINE).call(STEP, (PARAMS, GRAD, state), HYPER)


def test_a_shock_is_felt_before_the_first_step_too():
    after = find_port(MINE).call(SHOCK, (hysterograd.init(PARAMS, initial_temp=0.125),), {"factor": 0.5})
    assert after.temperature == 0.2 and after.liquid is True
    after = find_port(MINE).call(SHOCK, (state_of("float64", liquid=False),), {"factor": 0.25})
    assert (after.path_length, after.temperature, after.mean_norm, after.liquid) == (1.0, 0.5, 0.25, False)
    np.testing.assert_array_equal(after.metric, [0.5, 1.0, 2.0])


def grouped(values, dtype):
    return tuple(tuple(None if v is None else np.array(v, dtype) for v in group) for group in values)


THREE = [[[1.0, -2.0], [[0.5], [0.25]]], [[3.0]], [[1.0, 1.0, 1.0], 2.0]]
GRADIENTS = {
    "all": [[[0.5, 1.0], [[-2.0], [0.25]]], [[1.0]], [[1e-3, -0.5, 3.0], 0.125]],
    "some missing": [[[0.5, 1.0], None], [[1.0]], [None, 0.125]],
    "a group without": [[None, [[-2.0], [0.25]]], [None], [[1e-3, -0.5, 3.0], 0.125]],
    "none at all": [[None, None], [None], [None, None]],
    "a zero group": [[[0.0, 0.0], [[0.0], [0.0]]], [[1.0]], [[1e-3, -0.5, 3.0], 0.125]],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lr", (0.125, 0.0))
@pytest.mark.parametrize("paths", ((0.0, 0.0, 0.0), (1.0, 2.0**20, 4.0), (2.0**20, 2.0**20, 2.0**20)), ids=str)
@pytest.mark.parametrize("grads", GRADIENTS)
def test_groups_agree_with_the_reference(grads, paths, lr, dtype):
    """Path 2²⁰ freezes a group, path 0 is a fresh start; with lr = 0 liquid groups do not move either."""
    params, number = grouped(THREE, dtype), np.dtype(dtype).type
    states = []
    for fresh, path in zip(hysterograd_groups.init_groups(params, initial_temp=0.75), paths, strict=True):
        metrics = tuple(array * array for array in params[len(states)])
        used = GroupState(metrics, number(path), number(0.5), number(1.0), path > 4)
        states.append(used if path else fresh)
    hyper = {name: value for name, value in HYPER.items() if name != "check_finite"}
    inputs = params, grouped(GRADIENTS[grads], dtype), tuple(states)
    outcome = outcome_of(find_port(MINE), GROUPS, inputs, {**hyper, "lr": lr})
    assert outcome.status == "conforms", outcome


def test_what_the_published_optimizer_is_known_to_do_has_a_reason():
    published = "torch:hysterograd.optimizer.HIOptimizer"
    rejected, agrees = "hysterograd.step:lr_out_of_its_domain_is_rejected", "hysterograd.step:agrees_with_the_oracle"
    assert "no argument" in reason_for(f"{published}(variant='v4')", rejected, "float32", "wrong")
    assert "default dtype" in reason_for(published, agrees, "float64", "wrong")
    for port, dtype in (
        (published, "float32"),
        (f"{published}(default_dtype='float64')", "float64"),
        (f"{published}(variant='v4')", "float64"),
        (MINE, "float64"),
    ):
        assert reason_for(port, agrees, dtype, "wrong") is None
