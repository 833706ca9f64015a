"""The Muons of torch, pytorch_optimizer and optax as ports: what they offer, what is right and what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import DTYPES, operation

from gnomon_spec.system import find_law
from gnomon_validation.checker import check_law
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import MUON_BFLOAT16, reason_for
from gnomon_validation.runs.plan import Plan

TORCH = ("torch.optim.Muon", "pytorch_optimizer.Muon")
OF_STEPS = ("the_step_is_the_orthogonalised_momentum", "a_turned_run_is_the_run_turned")
STEP = operation("muon.step")
GRAD = np.array([[4.0, 0.0], [0.0, 3.0]], np.float32)


def of_torch(test):
    return pytest.mark.torch(pytest.mark.parametrize("target", TORCH)(test))


def judged(target, dtype, *laws):
    """Return the port and what is found of some laws, few cases each, smallest ones not looked for."""
    port, plan = find_port(target), Plan(3, shrink_attempts=0)
    return port, {law: check_law(port, find_law(f"muon.step:{law}"), dtype, plan)[0].status for law in laws}


@of_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_with_newton_schulz_in_float64_it_conforms(target, dtype):
    assert set(judged(f"{target}(ns_dtype='float64')", dtype, *OF_STEPS)[1].values()) == {"conforms"}


@of_torch
def test_as_it_is_it_computes_in_bfloat16_which_is_known(target):
    port, found = judged(target, "float64", *OF_STEPS)
    assert set(found.values()) == {"wrong"}
    assert {reason_for(port.name, f"muon.step:{law}", "float64", "wrong") for law in found} == {MUON_BFLOAT16}


@pytest.mark.torch
def test_what_each_offers():
    torch, other = (find_port(target).offer(STEP) for target in TORCH)
    assert torch.fixed["variant"] == other.fixed["variant"] == "torch" and other.fixed["eps"] == 1e-7
    assert torch.only == {"scale": ("original", "match-rms-adamw"), "coefficients": ("muon",)}
    assert other.only == torch.only | {"coefficients": ("muon", "dion", "polar-express", "polar-express-safer")}
    fixed = (
        find_port("torch.optim.Muon(adjust_lr_fn='match_rms_adamw', ns_steps=3, variant='jordan')").offer(STEP).fixed
    )
    assert (fixed["scale"], fixed["ns_steps"], fixed["variant"]) == ("match-rms-adamw", 3, "jordan")
    with pytest.raises(ValueError, match="its coefficients is none of"):
        find_port("torch.optim.Muon(ns_coefficients=(2.0, -1.5, 0.5))")


@pytest.mark.optax
def test_optax_conforms_where_64_bits_are_allowed():
    port, found = judged(
        "optax:optax.contrib.muon", "float64", *OF_STEPS[:1], "corrected_momentum_and_gradient_are_mixed"
    )
    assert port.offer(STEP).fixed["variant"] == "optax" and set(found.values()) == {"conforms"}


@pytest.mark.optax
def test_optax_has_a_preset_that_its_docstring_does_not_name_and_none_that_it_names():
    import jax.numpy as jnp
    import optax

    with pytest.raises(ValueError, match="Unknown ns_coeff preset string: muon"):
        optax.contrib.muon(1.0, ns_coeffs="muon")
    optax.contrib.muon(1.0, ns_coeffs="standard")
    with pytest.raises(ValueError, match="Not enough coeffs to perform 3 steps"):
        optax.contrib.muon(1.0, ns_coeffs="dion", ns_steps=3).init(jnp.ones((2, 2)))
    kept = optax.contrib.muon(1.0, ns_coeffs="dion", ns_steps=8).init(jnp.ones((2, 2)))
    assert kept.inner_states["muon"].inner_state[0].ns_coeffs.shape == (5, 3)


@pytest.mark.torch
@pytest.mark.parametrize("nesterov", [True, False])
def test_torch_writes_over_a_momentum_of_bfloat16(nesterov):
    """M = (1-½)·diag(4, 3) is diag(2, 1.5); without Nesterov's momentum M/‖M‖, ‖M‖ = 2.5, stands in its place."""
    import torch

    params = torch.nn.Parameter(torch.zeros(2, 2, dtype=torch.bfloat16))
    params.grad = torch.tensor(GRAD).bfloat16()
    optimizer = torch.optim.Muon([params], momentum=0.5, nesterov=nesterov)
    optimizer.step()
    kept = optimizer.state[params]["momentum_buffer"].diagonal().float()
    expected = [2.0, 1.5] if nesterov else [0.8, 0.6]
    assert kept.tolist() == torch.tensor(expected).bfloat16().float().tolist()


@pytest.mark.torch
def test_pytorch_optimizer_writes_over_the_gradient():
    """What it orthogonalises, 0.95·0.05·g + 0.05·g = 0.0975·g, is left in the place of g."""
    import torch
    from pytorch_optimizer import Muon

    params = torch.nn.Parameter(torch.zeros(2, 2))
    params.grad = torch.tensor(GRAD)
    Muon([{"params": [params], "use_muon": True}]).step()
    assert [f"{x:.4f}" for x in params.grad.diagonal()] == ["0.3900", "0.2925"]
