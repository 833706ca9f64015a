"""Ports to begin with: each runs under `gnomon check` as it is; and what an explanation says of a port's form."""

from __future__ import annotations

from pathlib import Path

import pytest
from agreement import operation

from gnomon_spec.system import systems
from gnomon_validation.checker import check_law
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.methods import ROWS
from gnomon_validation.runs.plan import Plan
from gnomon_validation.stubs import stub

OPERATIONS = [o.id for system in systems().values() for o in system.operations.values()]
STEPS = [f"{name}.step" for name in ROWS if name not in ("srkl", "hysterograd")]


def verdict_on(asked, text, tmp_path, target="{}"):
    """Return the verdict on whether a stub agrees with the oracle."""
    file = tmp_path / f"stub_of_{asked.replace('.', '_')}.py"
    file.write_text(text, encoding="utf-8")
    law = operation(asked).laws[0]
    dtype = "float64" if "float64" in law.dtypes else law.dtypes[0]
    port = find_port(target.format(file))
    chosen_by_hand = {"variant", "check_finite", "dampening", "nesterov", "per_array", "scale", "coefficients"}
    assert set(port.offer(law.operation).fixed) <= chosen_by_hand
    return check_law(port, law, dtype, Plan(3, shrink_attempts=0))[0]


def assert_runs(verdict):
    """A stub has the right form; only how long arrays are that are no input's may be wrong."""
    assert verdict.status in ("conforms", "ambiguous only", "imprecise", "wrong"), verdict.outcome
    message = verdict.outcome.message if verdict.outcome else ""
    malformed = message.startswith("the port ")
    assert not malformed or " of shape " in message, message
    return malformed


@pytest.mark.parametrize("asked", OPERATIONS)
def test_a_stub_of_every_operation_runs(asked, tmp_path):
    malformed = assert_runs(verdict_on(asked, stub([operation(asked)], None), tmp_path))
    assert not (malformed and asked in STEPS)


@pytest.mark.torch
@pytest.mark.parametrize("asked", OPERATIONS)
def test_so_does_one_in_torch(asked, tmp_path):
    text = stub([operation(asked)], "torch")
    name = next((line.split()[1].partition("(")[0] for line in text.splitlines() if line.startswith("class ")), "")
    assert bool(name) is (asked in (*STEPS, "srkl.step_code", "srkl.step_arrays"))
    assert_runs(verdict_on(asked, text, tmp_path, f"{{}}:{name}" if name else "{}"))


@pytest.mark.optax
@pytest.mark.parametrize("asked", OPERATIONS)
def test_so_does_one_in_jax(asked, tmp_path):
    assert_runs(verdict_on(asked, stub([operation(asked)], "jax"), tmp_path))


@pytest.mark.optax
@pytest.mark.parametrize("asked", STEPS)
def test_so_does_one_for_optax(asked, tmp_path):
    name = asked.partition(".")[0]
    assert_runs(verdict_on(asked, stub([operation(asked)], "optax"), tmp_path, f"optax:{{}}:{name}"))


def test_a_stub_is_printed_or_written_and_checked_as_it_says(gnomon):
    status, output, errors = gnomon("new", "adamw.step")
    assert (status, errors) == (0, "") and "def adamw_step(\n    params, grad, state, *,\n    lr=0.001, " in output
    assert gnomon("new", "adamw", "--output", "mine.py") == (0, "", "")
    head = Path("mine.py").read_text(encoding="utf-8").splitlines()[0]
    assert head.endswith('gnomon check mine.py"""')
    status, output, _ = gnomon("check", "mine.py", "--law", "agrees with the oracle", "--examples", "2")
    assert status == 1 and "adamw.trajectory" in output
    status, _, errors = gnomon("new", "adamw", "--output", "mine.py")
    assert (status, errors) == (2, "gnomon: mine.py exists already\n")
    status, _, errors = gnomon("new", "curvature.lanczos", "--optax")
    assert status == 2 and "an optax port is one of a step of sgd, adam, " in errors


def test_what_may_be_left_out_has_its_default_in_a_stub_and_in_an_explanation(gnomon):
    arguments = "scores, null, tilts=None, state=None"
    assert f"{arguments}, *,\n    lam=None, " in gnomon("new", "m_fisher.detect").output
    assert f"  m_fisher_detect({arguments}), hyperparameters by name\n" in gnomon("explain", "m_fisher.detect").output


def test_functions_and_objects_that_a_text_names_are_explained(gnomon):
    assert "  scale_factor(outputs, inputs, scale)\n    Return by how much" in gnomon("explain", "muon.step").output
    output = gnomon("explain", "sam.step").output
    assert "  ArraysObjective\n" in output and "    gradient(params): Return ∇f" in output


def test_an_explanation_has_differences_of_ports_of_its_own_method_alone(gnomon):
    assert "torch.optim.SGD" in gnomon("explain", "sgd").output
    assert "torch.optim.SGD" not in gnomon("explain", "egd").output


def test_an_explanation_says_what_a_port_is_called_given_and_returns(gnomon):
    output = gnomon("explain", "adamw.step").output
    assert (
        "As a port\n"
        "  adamw_step(params, grad, state), hyperparameters by name\n"
        "  returns params, state\n"
        "  fields as a tuple or a dictionary\n"
        "  to begin with: gnomon new adamw.step\n"
        "\n"
        "What is named here\n"
        "  AdamState(first_moment, second_moment, largest_second_moment, step_count)\n"
        "    What Adam remembers between two steps; the arrays have the shape and the dtype of the parameters.\n"
    ) in output
    output = gnomon("explain", "conjugate_gradients").output
    assert "  returns (iterates, iterations, values, reason, non_positive, products)\n" in output
    assert "iterates alone will do, the rest is then not provided" in output


def test_an_operation_is_explained_by_its_name_alone_where_only_one_system_has_it(gnomon):
    assert gnomon("explain", "hutchinson") == gnomon("explain", "curvature.hutchinson")
    status, _, errors = gnomon("explain", "trajectory")
    assert status == 2 and "trajectory is an operation of adam, adamw, hill_adam, " in errors
    assert "say which, adam.trajectory" in errors
    assert "did you mean 'hutchinson'?" in gnomon("explain", "hutchinsn").errors
