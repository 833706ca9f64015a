"""What a port calls things: its hyperparameters, its functions and classes, itself; and what is likely to be meant."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from agreement import operation

from gnomon.descent import adamw
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort

STEP = operation("adamw.step")
QUICK = ("--examples", "20", "--dtype", "float64", "--law", "agrees_with_the_oracle")
# Right only at the defaults: β₂'s weight is a tenth of β₁'s, and the decay has a learning rate of its own.
OWN_NAMES = """
import numpy as np

def adamw_step(params, grad, state, learning_rate=1e-3, betas=(0.9, 0.999), epsilon=1e-8, wd=1e-2):
    m, v, largest, t = state
    m, v = betas[0] * m + (1 - betas[0]) * grad, betas[1] * v + (1 - betas[0]) * 0.01 * grad**2
    t += 1
    step = m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + epsilon)
    return params * (1 - wd * 1e-3) - learning_rate * step, (m, v, largest, t)
"""
NAMES = '{"lr": "learning_rate", ("beta1", "beta2"): "betas", "eps": "epsilon", "weight_decay": "wd"}'


def port_of(step, **says):
    return FunctionsPort(SimpleNamespace(adamw_step=step, **says), "a port")


def refused(step, **says):
    with pytest.raises(ValueError) as caught:
        port_of(step, **says).offer(STEP)
    return str(caught.value)


def test_hyperparameters_of_other_names_are_refused_with_what_they_may_be_meant_for(gnomon):
    Path("own.py").write_text(OWN_NAMES, encoding="utf-8")
    status, output, errors = gnomon("check", "own.py", *QUICK)
    assert (status, output) == (2, "")
    assert errors == (
        "gnomon: adamw_step takes learning_rate, betas, epsilon, wd: unknown; meant lr, beta1 and beta2, eps, "
        f"weight_decay? A port says names = {NAMES}\n"
    )


def test_what_is_suggested_is_a_declaration_with_which_the_port_is_judged(gnomon):
    Path("own.py").write_text(f"{OWN_NAMES}\nnames = {NAMES}\n", encoding="utf-8")
    status, output, _ = gnomon("check", "own.py", *QUICK)
    assert status == 1 and "WRONG" in output


def test_names_of_its_own_are_passed_on_and_nothing_is_held_fixed():
    seen = {}

    def step(params, grad, state, *, learning_rate, betas, variant="adam", check_finite=False):
        seen.update(learning_rate=learning_rate, betas=betas)

    names = {"lr": "learning_rate", ("beta1", "beta2"): "betas"}
    port = port_of(step, names=names)
    assert port.offer(STEP).fixed == {"eps": 1e-8, "weight_decay": 0.01}
    port.call(STEP, (0, 0, 0), {"lr": 0.5, "beta1": 0.25})
    assert seen == {"learning_rate": 0.5, "betas": (0.25, 0.999)}

    port = port_of(lambda *inputs, **hyper: seen.update(hyper), names=names)
    seen.clear()
    port.call(STEP, (0, 0, 0), {"lr": 0.5, "beta1": 0.25, "eps": 0.0})
    assert (seen, port.offer(STEP).fixed) == ({"learning_rate": 0.5, "betas": (0.25, 0.999), "eps": 0.0}, {})


OWN_DEFAULTS = """
from gnomon.descent import adamw

names = {("beta1", "beta2"): "betas"}

def adamw_step(params, grad, state, *, lr, betas=(0.9, 0.99), eps=1e-8, weight_decay=None, shape=[], **more):
    beta1, beta2 = betas
    return adamw.step(params, grad, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay, **more)

extras = ("shape",)
"""


def test_defaults_that_are_not_the_references_are_told_though_no_law_looks_at_them(gnomon):
    """One that is missing is none, an argument that is no hyperparameter neither."""
    Path("own.py").write_text(OWN_DEFAULTS, encoding="utf-8")
    status, output, _ = gnomon("check", "own.py", *QUICK, "--json", "report.json")
    own = ["betas = (0.9, 0.99), not (0.9, 0.999)", "weight_decay = None, not 0.01"]
    told = f"adamw.step: defaults, at which no law looks, are not the reference's: {'; '.join(own)}"
    assert status == 0 and told in " ".join(output.split())
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["defaults"] == {"adamw.step": own}
    assert port_of(adamw.step).offer(STEP).defaults == ()


MEANT = {
    "learning_rate": "lr",
    "alpha": "lr",
    "step_size": "lr",
    "stepsize": "lr",
    "b1": "beta1",
    "beta_2": "beta2",
    "epsilon": "eps",
    "wd": "weight_decay",
    "weightdecay": "weight_decay",
    "weight_decy": "weight_decay",
    "L2": "weight_decay",
}


@pytest.mark.parametrize("alias", MEANT)
def test_common_names_of_hyperparameters_are_known(alias):
    namespace = {}
    exec(f"def step(params, grad, state, {alias}=0.5): pass", namespace)
    assert refused(namespace["step"]).endswith(
        f'{alias}: unknown; meant {MEANT[alias]}? A port says names = {{"{MEANT[alias]}": "{alias}"}}'
    )


def test_an_argument_that_is_no_hyperparameter_must_be_said_to_be_one():
    def step(params, grad, state, lr=1e-3, *, block_size=8):
        pass

    told = refused(step)
    assert told.startswith("adamw_step takes block_size: unknown; not taken are beta1, beta2, eps, ")
    assert told.endswith('a port says extras = ("block_size",) for what stays at its default')
    assert "lr" not in port_of(step, extras=("block_size",)).offer(STEP).fixed


def test_inputs_come_before_hyperparameters():
    def step(params, grad, lr, state):
        pass

    assert refused(step) == (
        "adamw_step takes lr where state is given: it must take params, grad, state, then hyperparameters"
    )
    lanczos = FunctionsPort(SimpleNamespace(curvature_lanczos=lambda operator, start: None), "a port")
    with pytest.raises(ValueError, match=r"^curvature_lanczos must take steps, which every call says$"):
        lanczos.offer(operation("curvature.lanczos"))


FIXED = """
from gnomon.descent import adamw

def adamW_step(params, grad, state, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    return adamw.step(params, grad, state, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)
"""
CLASS = """
from gnomon.descent import adamw

names = {"lr": "learning_rate", ("beta1", "beta2"): "betas"}

class AdamW:
    def __init__(self, learning_rate=0.5, betas=(0.5, 0.5), *, eps=1e-8):
        self.kept = {"lr": learning_rate, "beta1": betas[0], "beta2": betas[1], "eps": eps}

    def step(self, params, grad, state, weight_decay=0.01):
        return adamw.step(params, grad, state, weight_decay=weight_decay, **self.kept)
"""


def test_what_stays_fixed_is_said_in_the_summary(gnomon):
    Path("fixed.py").write_text(FIXED, encoding="utf-8")
    _, output, _ = gnomon("check", "fixed.py", "--examples", "2", "--dtype", "float32")
    assert output.splitlines()[-1].endswith("; 3 of 24 laws not checked: lr fixed at 0.001, variant fixed at 'adam'")


def test_a_declared_name_may_be_that_of_another_hyperparameter():
    seen = {}

    def step(params, grad, state, *, beta1, rho):
        seen.update(beta1=beta1, rho=rho)
        return params, state

    port = port_of(step, names={"beta2": "beta1", "beta1": "rho"})
    port.call(STEP, [None] * 3, dict.fromkeys(STEP.hyperparameters, 0.0) | {"beta1": 0.5, "beta2": 0.25})
    assert seen == {"beta1": 0.25, "rho": 0.5}
    assert "lr" in port.offer(STEP).fixed


IN_ADAM = """
from gnomon.descent import adam

class Adam:
    def step(self, params, grad, state, **hyper):
        return adam.step(params, grad, state, **hyper)
"""
PARTIAL = """
from functools import partial
from gnomon.descent.adam import step

adam_step = partial(step, check_finite=False)
"""


@pytest.mark.parametrize(("file", "text", "name"), [("adam.py", IN_ADAM, ""), ("mine.py", PARTIAL, ":adam_step")])
def test_a_class_in_a_file_of_that_name_and_a_callable_that_is_no_function_are_found(tmp_path, file, text, name):
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert find_port(f"{tmp_path / file}{name}").offer(operation("adam.step")) is not None


@pytest.mark.parametrize("target", ["fixed.py", "fixed.py:adamW_step", "fixed:adamW_step", "fixed.adamW_step"])
def test_a_function_is_found_however_its_name_is_written(gnomon, target):
    Path("fixed.py").write_text(FIXED, encoding="utf-8")
    status, output, _ = gnomon("check", target, *QUICK)
    assert status == 0 and f"{target} conforms" in output


@pytest.mark.parametrize("target", ["with_class.py", "with_class.py:AdamW", "with_class:AdamW", "with_class.AdamW"])
def test_a_class_is_made_anew_for_each_call_with_what_its_constructor_takes(gnomon, target):
    Path("with_class.py").write_text(CLASS, encoding="utf-8")
    status, output, _ = gnomon("check", target, *QUICK)
    assert status == 0 and f"{target} conforms" in output
    assert find_port("with_class.py").offer(STEP).fixed == {"variant": "adam", "check_finite": False}


def test_a_class_of_that_name_whose_method_takes_no_inputs_is_not_a_port(tmp_path):
    class AdamW:
        def step(self, closure=None):
            pass

    assert FunctionsPort(SimpleNamespace(AdamW=AdamW), "a port").offer(STEP) is None
    assert FunctionsPort(SimpleNamespace(AdamW=AdamW, adamw_step=adamw.step), "a port").offer(STEP) is not None


OPTIMIZER = "import torch\n\nclass AdamW(torch.optim.AdamW):\n    pass\n"


@pytest.mark.torch
@pytest.mark.parametrize(
    "target", ["torch.optim.AdamW", "torch.optim:AdamW", "mine.py:AdamW(fused=True)", "mine:AdamW"]
)
def test_a_torch_optimizer_needs_no_prefix(target, gnomon, monkeypatch):
    Path("mine.py").write_text(OPTIMIZER, encoding="utf-8")
    status, output, _ = gnomon("check", target, *QUICK)
    assert status == 0 and f"torch:{target} conforms" in output
    assert find_port(f"torch:{target}").name == f"torch:{target}"


@pytest.mark.optax
def test_an_optax_optimizer_needs_no_prefix():
    assert find_port("optax.adam(b1=0.5)").name == "optax:optax.adam(b1=0.5)"


@pytest.mark.torch
def test_a_port_that_provides_nothing_is_told_what_it_may_mean(gnomon):
    Path("mine.py").write_text(OPTIMIZER, encoding="utf-8")
    assert "an optimizer in it is checked as mine.py:AdamW" in gnomon("check", "mine.py").errors
    Path("typo.py").write_text("def adamw_stpe(params, grad, state): pass\n", encoding="utf-8")
    assert "it has adamw_stpe; did you mean 'adamw_step'?" in gnomon("check", "typo.py").errors
    assert (
        "file typo.py has no 'adamw_step'; did you mean 'adamw_stpe'?" in gnomon("check", "typo.py:adamw_step").errors
    )
    assert "module torch.optim has no 'AdmW'; did you mean 'AdamW'?" in gnomon("check", "torch.optim.AdmW").errors


LAWS = {
    "decay": 4,
    "DECAY": 4,
    "decay*": 2,
    "*:decay_*_state": 1,
    "sharp bound": 2,
    "adamw.step:no_*": 3,
    "agrees with the oracle": 1,
}


@pytest.mark.parametrize("given", LAWS)
def test_a_law_is_meant_by_a_part_of_its_name_or_a_pattern(gnomon, given):
    command = ("check", "reference", "--system", "adamw", "--dtype", "float32", "--examples", "1", "--law", given)
    _, output, _ = gnomon(*command, "--every-law")
    assert len([line for line in output.splitlines() if line.startswith("adamw.step ")]) == LAWS[given]
