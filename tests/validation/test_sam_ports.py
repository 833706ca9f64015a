"""SAM in torch and optax: right but for what is known, and mistakes made with a library are called by their names."""

from types import SimpleNamespace

import numpy as np
import pytest
from agreement import DTYPES, failing, known, verdicts

from gnomon.norms import joint_length, length
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort

OPERATIONS = {"perturb", "decompose", "step"}
THEIRS = [
    pytest.param("torch.sam", 12, "", marks=pytest.mark.torch),
    pytest.param("pytorch_optimizer.sam", 4, "", marks=pytest.mark.torch),
    pytest.param("optax.sam", 2, "perturb", marks=pytest.mark.optax),  # JAX traces each case anew
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("peer", "examples", "only"), THEIRS)
def test_a_peer_conforms_but_for_what_is_known(peer, examples, only, dtype):
    port = find_port(peer)
    found = verdicts(port, "sam", dtype, examples, only)
    failed = failing(found, {only} if only else OPERATIONS)
    assert failed <= known(port, found).keys()
    assert bool(failed) == (peer != "torch.sam")


@pytest.mark.torch
def test_pytorch_optimizers_norm_is_in_single_precision():
    """A joint norm whose square is rounded to float32 is off by 2⁻²⁵ of itself or more for most gradients."""
    from gnomon_validation.ports.peers.pytorch_optimizer_sam import sam_perturb

    draw = np.random.default_rng(0)
    errors = []
    for _ in range(100):
        (new,) = sam_perturb((np.zeros(5),), (draw.standard_normal(5),), rho=1.0)
        errors.append(abs(float(np.sqrt(np.sum(new * new))) - 1))
    assert 2.0**-26 < np.median(errors) < max(errors) < 2.0**-22
    (none,) = sam_perturb((np.zeros(2),), (np.full(2, 1e20),), rho=1.0)
    assert np.all(none == 0)
    (bad,) = sam_perturb((np.ones(2),), (np.zeros(2),), rho=1.0)
    (good,) = sam_perturb((np.ones(2),), (np.zeros(2),), rho=1.0, eps=1e-12)
    assert np.all(np.isnan(bad)) and np.all(good == 1)


@pytest.mark.optax
def test_optax_divides_by_a_norm_of_0_and_goes_back_by_a_difference():
    """Its way back, (w - w') + w', loses a unit of roundoff of w'; for ρ = 100 that is 2⁻⁴⁶ at most."""
    from gnomon_validation.ports.peers.optax_sam import sam_perturb, sam_step

    (bad,) = sam_perturb((np.ones(2),), (np.zeros(2),), rho=1.0)
    assert np.all(np.isnan(bad))
    from gnomon.descent.sam.optimizer import init, step
    from gnomon.objectives.several_arrays import Cubic, Joined

    params, plain = (np.array([0.3, -0.7]),), {"momentum": 0.0, "weight_decay": 0.0}
    bowl = Joined(Cubic(np.eye(2), np.zeros(2), np.float64(0), np.float64(np.inf)))
    theirs = sam_step(params, init(params), bowl, rho=100.0, **plain)[0][0]
    ours = step(params, init(params), bowl, rho=100.0, **plain)[0][0]
    assert 0 < np.max(np.abs(theirs - ours)) <= 2.0**-46


def a_norm_for_each_array(params, grads, *, rho=0.05, eps=0.0):
    """What LookSAM libraries do."""
    sizes = [length(g) for g in grads]
    return tuple(w + rho * (g / (s + eps)) if s > 0 else w for w, g, s in zip(params, grads, sizes, strict=True))


def a_guard(params, grads, *, rho=0.05, eps=0.0):
    """What davda54's and vSAM's code does."""
    size = joint_length(grads) + 1e-12 + eps
    return tuple(w + rho / size * g for w, g in zip(params, grads, strict=True))


@pytest.mark.parametrize(
    ("function", "mistake"), [(a_norm_for_each_array, "norm_of_each_array"), (a_guard, "guard_that_nobody_asked_for")]
)
def test_a_mistake_that_libraries_make_is_called_by_its_name(function, mistake):
    port = FunctionsPort(SimpleNamespace(sam_perturb=function), "mistaken")
    found = [v for v in verdicts(port, "sam", "float64", 30) if v.law.kind != "rejects" and v.status != "conforms"]
    assert mistake in {m.name for v in found for m in v.diagnosis}
