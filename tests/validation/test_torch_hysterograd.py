"""Torch optimizers as ports of HysteroGrad: what is mapped and what derived, what is right and what is caught."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from agreement import operation

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
gated_ports = pytest.importorskip("gated_ports", exc_type=ImportError)

SYSTEM = find_system("hysterograd")
MINE = "torch:gated_ports.HIOptimizer"
DTYPES = ("float32", "float64")
STEP, SHOCK, GROUPS = (operation(f"hysterograd.{name}") for name in ("step", "shock", "step_groups"))
PARAMS, GRAD = np.array([1.0, -2.0, 0.25]), np.array([0.5, 3.0, -1e-3])
# Chosen so that with these numbers every kind of step is seen within a few hundred: see the run below.
HYPER = {
    "lr": 0.125,
    "stiffening_factor": 0.5,
    "beta": 0.875,
    "eps": 2.0**-20,
    "cooling_rate": 0.9375,
    "metric_scale": 2.0,
    "adaptive_threshold": True,
    "grad_clip": 1.5,
    "hysteresis_scale": 1.0,
    "release_ratio": 1.0,
    "variant": "head",
    "check_finite": False,
}
MISTAKEN = gated_ports.HIOptimizer.__subclasses__()


def state_of(dtype, metric=(0.5, 1.0, 2.0), path=4.0, temperature=0.5, mean=0.25, liquid=True):
    number = np.dtype(dtype).type
    return HysteroGradState(np.array(metric, dtype), number(path), number(temperature), number(mean), liquid)


def outcome_of(port, op, inputs, hyper):
    """Judge one call by the law that every operation has."""
    law = op.laws[0]
    dtype = next(leaf.dtype for leaf in leaves(inputs) if isinstance(leaf, np.ndarray))
    case = Case({**dict(zip(op.inputs, inputs, strict=True)), **hyper}, op.hyperparameters)
    return Judge(port, law, dtype, port.offer(op)).outcome(case)


def write_module(folder: Path, monkeypatch, text: str) -> None:
    start = "import numpy as np\nimport torch\nfrom gated_ports import HIOptimizer\n"
    (folder / "my_gates.py").write_text(start + text, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.delitem(sys.modules, "my_gates", raising=False)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_port_written_from_the_definition_conforms_to_every_law(dtype):
    result = check(find_port(MINE), [SYSTEM], Plan(25, (dtype,)))
    offered = [verdict for verdict in result.verdicts if verdict.status != "not provided"]
    assert {verdict.law.operation for verdict in offered} == {STEP, SHOCK, GROUPS}
    assert [(v.law.id, v.outcome) for v in offered if v.status != "conforms"] == []


@pytest.mark.parametrize("dtype", DTYPES)
def test_four_hundred_steps_from_its_own_state_are_right_each(dtype):
    """A noisy quadratic, a shock now and then: every step is judged by the law that it agrees with the oracle."""
    port, draw = find_port(MINE), np.random.default_rng(0)
    number = np.dtype(dtype).type
    params = draw.normal(size=7).astype(dtype)
    state = hysterograd.init(params)
    curvature = np.linspace(0.5, 4.0, 7)
    seen = []
    for t in range(400):
        if t % 50 == 49:
            shaken = outcome_of(port, SHOCK, (state,), {"factor": 0.125})
            assert shaken.status == "conforms", (t, shaken)
            state = port.call(SHOCK, (state,), {"factor": 0.125})
        grad = (curvature * params + 0.5 * draw.normal(size=7)).astype(dtype)
        outcome = outcome_of(port, STEP, (params, grad, state), HYPER)
        assert outcome.status == "conforms", (t, outcome)
        params, state, report = port.call(STEP, (params, grad, state), HYPER)
        assert report.scale <= number(1)
        seen.append((report.liquid, bool(report.scale < 1)))
    # All four kinds of step were made.
    assert set(seen) == {(True, True), (True, False), (False, True), (False, False)}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mistaken", MISTAKEN, ids=lambda cls: cls.__name__)
def test_a_mistake_in_torch_is_caught_and_called_by_its_name(mistaken, dtype):
    name = re.sub(r"(?<!^)([A-Z])", r"_\1", mistaken.__name__).lower()
    port = find_port(f"torch:gated_ports.{mistaken.__name__}")
    laws = SYSTEM.operations[SYSTEM.mistakes[name].operation].laws
    judged = (check_law(port, law, dtype, Plan(100, shrink_attempts=0)) for law in laws)
    verdict, outcomes = next(found for found in judged if found[1])
    assert verdict.status == "wrong"
    Diagnostician(SYSTEM, np.dtype(dtype)).diagnose([(verdict, outcomes)])
    assert verdict.diagnosis[0] is SYSTEM.mistakes[name]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("grad_clip", (None, 2.0))
@pytest.mark.parametrize("fresh", (True, False))
def test_a_step_agrees_with_the_reference(fresh, grad_clip, dtype):
    params, grad = PARAMS.astype(dtype), GRAD.astype(dtype)
    state = hysterograd.init(params, initial_temp=0.75) if fresh else state_of(dtype)
    outcome = outcome_of(find_port(MINE), STEP, (params, grad, state), {**HYPER, "grad_clip": grad_clip})
    assert outcome.status == "conforms", outcome


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", ((), (0,), (3, 1), (17,)))
def test_dtype_and_shape_are_kept_and_inputs_are_not_changed(shape, dtype):
    params, grad, metric = (np.full(shape, value, dtype) for value in (2.0, 0.5, 0.25))
    state = hysterograd.init(params)._replace(metric=metric)
    for array in (params, grad, metric):
        array.flags.writeable = False
    new, after, report = find_port(MINE).call(STEP, (params, grad, state), HYPER)
    for array in (new, after.metric):
        assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
    for number in (*after[1:4], *report[1:]):
        assert isinstance(number, np.dtype(dtype).type)
    assert type(after.liquid) is bool and type(report.liquid) is bool
    assert np.all(metric == 0.25)


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
    lengthening = find_port("torch:gated_ports.ClippingAlsoLengthens")
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


V4 = """
class InPythonNumbers(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, stiffening_factor=0.01, beta=0.99, epsilon=1e-7, cooling_rate=0.99,
                 initial_temp=1.0, adaptive_threshold=True, grad_clip=None):
        super().__init__(params, dict(lr=lr, stiffening_factor=stiffening_factor, beta=beta, epsilon=epsilon,
                                      cooling_rate=cooling_rate, initial_temp=initial_temp,
                                      adaptive_threshold=adaptive_threshold, grad_clip=grad_clip))

    def step(self):
        (o,) = self.param_groups
        p, *others = o["params"]
        s = HOME
        if "tau" not in s:
            s.update(tau=0.0, T=o["initial_temp"], E=0.0)
        if "step" not in self.state[p]:
            self.state[p].update(step=0, G=torch.zeros_like(p))
        for other in others:
            self.state[other]["G"] = torch.zeros_like(other)
        self.state[p]["step"] += 1
        G = self.state[p]["G"] = o["beta"] * self.state[p]["G"] + (1 - o["beta"]) * p.grad**2
        d = p.grad / (G.sqrt() + o["epsilon"])
        N = n = np.sqrt(d.square().sum().item())
        f, c = 1.0, o["grad_clip"]
        if c is not None and N > c:
            f, n = c / (N + 1e-6), c
        warmth = min(s["T"], 1)
        s["tau"] += o["lr"] * f * N
        s["T"] *= o["cooling_rate"]
        s["E"] = o["beta"] * s["E"] + (1 - o["beta"]) * n
        h = o["stiffening_factor"] * np.sqrt(s["tau"]) * (1 - warmth)
        if o["adaptive_threshold"]:
            h *= s["E"] + 1e-8
        print("a step")
        if n > h:
            with torch.no_grad():
                p.sub_(o["lr"] * f * d)
        return "Liquid" if n > h else "Frozen", n, h
"""
OTHER = {name: value for name, value in HYPER.items() if name not in ("metric_scale", "variant")}


@pytest.mark.parametrize("home", ("self.state[p]", "o"))
@pytest.mark.parametrize("fresh", (True, False))
@pytest.mark.parametrize("grad_clip", (None, 0.5, 64.0))
def test_numbers_of_any_kind_are_read_and_written_where_the_optimizer_keeps_them(
    home, fresh, grad_clip, tmp_path, monkeypatch, capsys
):
    write_module(tmp_path, monkeypatch, V4.replace("HOME", home))
    port = find_port("torch:my_gates.InPythonNumbers", {"variant": "v4"})
    assert port.fixed["metric_scale"] == 1.0 and port.offer(SHOCK) is None
    state = hysterograd.init(PARAMS) if fresh else state_of("float64")
    hyper = {**OTHER, "metric_scale": 1.0, "variant": "v4", "grad_clip": grad_clip}
    outcome = outcome_of(port, STEP, (PARAMS, GRAD, state), hyper)
    assert outcome.status == "conforms", outcome
    assert capsys.readouterr().out == ""


def test_a_fresh_state_is_begun_by_the_optimizer_itself(tmp_path, monkeypatch):
    text = "class ColdHIOptimizer(HIOptimizer):\n    def numbers(self, group):\n        first = group['params'][0]\n"
    text += "        return {**super().numbers(group), **({} if self.state[first] else "
    text += "{'temperature': first.new_tensor(0.0)})}\n"
    write_module(tmp_path, monkeypatch, text)
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


def test_numbers_in_torchs_default_dtype_are_checked_as_they_are_or_in_another(tmp_path, monkeypatch):
    import torch

    write_module(tmp_path, monkeypatch, SINGLE)
    state = state_of("float64", temperature=1 / 7)
    hyper = {**HYPER, "grad_clip": None}
    for options, right in (({}, False), ({"default_dtype": "float32"}, False), ({"default_dtype": "float64"}, True)):
        port = find_port("torch:my_gates.SingleHIOptimizer", options)
        after = port.call(STEP, (PARAMS, GRAD, state), hyper)[1]
        assert bool(after.temperature == HYPER["cooling_rate"] * state.temperature) is right
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
            "must take 'beta' in its constructor or keep it in its defaults",
        ),
    ],
    ids=["no triple", "unknown state", "unknown beta"],
)
def test_what_cannot_be_mapped_is_explained_in_one_line(text, message, tmp_path, monkeypatch):
    write_module(tmp_path, monkeypatch, text)
    with pytest.raises(ValueError) as caught:
        find_port(f"torch:my_gates.{text[6 : text.index('(')]}")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_step_that_returns_something_else_now_and_then_is_misbehaviour(tmp_path, monkeypatch):
    text = "class MoodyOptimizer(HIOptimizer):\n    def step(self, closure=None):\n"
    text += "        status, *rest = super().step()\n        return ('Solid' if rest[0] > 100 else status, *rest)\n"
    write_module(tmp_path, monkeypatch, text)
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
        used = GroupState(metrics, number(path), number(0.5), number(1.0), True)
        states.append(used if path else fresh)
    hyper = {name: value for name, value in HYPER.items() if name != "check_finite"}
    inputs = params, grouped(GRADIENTS[grads], dtype), tuple(states)
    outcome = outcome_of(find_port(MINE), GROUPS, inputs, {**hyper, "lr": lr})
    assert outcome.status == "conforms", outcome


def test_each_group_has_a_status_of_its_own():
    """Frozen by its path, liquid, liquid by nothing but what it says of itself (lr = 0), and skipped."""
    params = grouped([[[1.0]]] * 4, "float64")
    number = np.float64
    states = [GroupState((np.ones(1),), number(tau), number(0.5), number(1.0), True) for tau in (2.0**20, 1, 1, 1)]
    states[3] = states[3]._replace(liquid=False)
    grads = ((np.ones(1),), (np.ones(1),), (np.full(1, 2.0),), (None,))
    hyper = {name: value for name, value in HYPER.items() if name != "check_finite"}
    for lr in (0.125, 0.0):
        new, after, summary = find_port(MINE).call(GROUPS, (params, grads, tuple(states)), {**hyper, "lr": lr})
        assert [state.liquid for state in after] == [False, True, True, False]
        assert [bool(group[0][0] != 1) for group in new] == ([False, True, True, False] if lr else [False] * 4)
        assert summary.status == "Liquid" and isinstance(summary.norm, np.float64)
        assert after[3] == states[3]


def test_what_the_published_optimizer_is_known_to_do_has_a_reason():
    published = "torch:hysterograd.optimizer.HIOptimizer"
    rejected, agrees = "hysterograd.step:bad_input_is_rejected", "hysterograd.step:agrees_with_the_oracle"
    assert "no argument" in reason_for(f"{published}(variant='v4')", rejected, "float32", "wrong")
    assert "default dtype" in reason_for(published, agrees, "float64", "wrong")
    for port, dtype in (
        (published, "float32"),
        (f"{published}(default_dtype='float64')", "float64"),
        (f"{published}(variant='v4')", "float64"),
        (MINE, "float64"),
    ):
        assert reason_for(port, agrees, dtype, "wrong") is None
