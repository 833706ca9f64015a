"""Reports about half precision, as ports: the bug is wrong, with the NaN named, and its repair conforms."""

import numpy as np
import pytest
from reported import reported

from gnomon_spec.bands import OTHER_BITS
from gnomon_spec.descent.adam import step
from gnomon_validation.checker import check_law
from gnomon_validation.ports.known_differences import LOST_EPS, reason_for
from gnomon_validation.runs.plan import Plan
from gnomon_validation.verdicts import FAILING


def failing(name, dtype, examples=30):
    """The verdicts, by law, that are held against a port's arithmetic; each law says something."""
    port = reported(name)
    verdicts = [check_law(port, law, dtype, Plan(examples))[0] for law in step.laws if law.kind != "rejects"]
    asked = [v for v in verdicts if v.status != "not provided"]
    assert asked and all(v.status in (*FAILING, "conforms") for v in asked)
    return {v.law.name: v for v in asked if v.status in FAILING}


def test_an_eps_that_is_0_in_half_precision_is_wrong_and_the_nan_is_named():
    """optax#1754: of zero gradients it makes 0/0; where ε has its place the port is right."""
    found = failing("n14_optax1754_bug_float16", "float16")
    still = found["no_gradient_no_move"]
    assert (still.status, still.outcome.worst.why) == ("wrong", OTHER_BITS)
    assert np.isnan(still.outcome.worst.port)
    assert failing("n14_optax1754_bug_float16", "float32") == {}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_denominator_in_a_wider_dtype_conforms(dtype):
    assert failing("n13_optax1754_fixed_float16", dtype) == {}


def test_weights_of_rounded_betas_are_imprecise():
    """Optimisers.jl#215: 1 - float32(0.999) has lost four digits."""
    statuses = {v.status for v in failing("n12_optimisers215_scalars_in_dtype", "float32").values()}
    assert statuses == {"imprecise"}


TORCH = ("Adam", "AdamW", "NAdam", "RMSprop")


@pytest.mark.torch
@pytest.mark.parametrize("name", TORCH)
def test_torch_loses_eps_in_half_precision(name):
    """As its known difference has it: 1e-8 is lost, 1e-7 is not."""
    import torch

    for eps, lost in ((1e-8, True), (1e-7, False)):
        x = torch.nn.Parameter(torch.ones(1, dtype=torch.float16))
        x.grad = torch.zeros_like(x)
        getattr(torch.optim, name)([x], eps=eps).step()
        assert bool(np.isnan(x.detach().numpy()[0])) == lost
    assert reason_for(f"torch:torch.optim.{name}", "adam.step:no_gradient_no_move", "float16", "wrong") == LOST_EPS
