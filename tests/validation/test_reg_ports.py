"""REG in torch: written with care, with two calls of `normalize`, in bfloat16; and pytorch_optimizer's RACS."""

from types import SimpleNamespace

import numpy as np
import pytest
from agreement import DTYPES, failing, known, verdicts

from gnomon.descent.reg.fisher import fisher_init, racs_fisher
from gnomon.descent.reg.racs import racs_reg
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.mark.parametrize("dtype", DTYPES)
def test_reg_in_torch_conforms(dtype):
    found = verdicts(find_port("torch.reg"), "reg", dtype)
    assert failing(found, {"normalised", "racs_reg", "step"}) == set()


def two_lines(matrix, *, p=2.0):
    from torch.nn.functional import normalize

    from gnomon_validation.ports.torch_functions import tensor

    M = tensor(np.asarray(matrix))
    return normalize(normalize(M, p=p, dim=1), p=p, dim=0).numpy()


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_lines_of_torch_are_wrong_for_small_gradients_alone(dtype):
    """`normalize` divides by max(norm, 1e-12), and squares what it is given."""
    port = FunctionsPort(SimpleNamespace(reg_racs_reg=two_lines, only={"reg.racs_reg": {"mode": ("rc",)}}), "two lines")
    failed = {v.law.name for v in verdicts(port, "reg", dtype) if v.status == "wrong" and v.law.kind != "rejects"}
    seen = "only_the_sign_of_a_common_factor_is_left"
    assert seen in failed and failed <= {seen, "agrees_with_the_oracle"}
    assert f"{np.linalg.norm(two_lines(np.array([[3e-13, 4e-13]])) * [0.6, 0.8]):.0e}" == "1e+00"


def test_in_bfloat16_it_is_off_by_rounding_alone():
    """(m + n + 6) roundings of 2⁻⁸, relative, of sums without cancellation; the input is what bfloat16 holds."""
    import torch

    from gnomon_validation.ports.peers.torch_reg import scaled

    M = torch.from_numpy(np.random.default_rng(0).standard_normal((200, 6, 5))).to(torch.bfloat16)
    worst = 0.0
    for one in M:
        found, expected = scaled(one, 2.0, "rc", 1).double().numpy(), racs_reg(one.double().numpy())
        worst = max(worst, float(np.max(np.abs(found / expected - 1))))
    assert 2.0**-9 < worst <= (6 + 5 + 6) * 2.0**-8


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_racs_of_pytorch_optimizer_is_wrong_as_is_known(dtype):
    port = find_port("pytorch_optimizer.racs")
    found = verdicts(port, "reg", dtype)
    failed = failing(found, {"fisher_step"})
    assert failed <= known(port, found).keys()
    assert "the_first_step_is_longer_by_the_missing_correction" in failed


def test_the_figures_that_are_given_for_it():
    from gnomon_validation.ports.peers.pytorch_optimizer_racs import reg_fisher_step

    ratios = []
    for seed in range(100):
        G = np.random.default_rng(seed).standard_normal((3, 4))
        r = G / np.sqrt(np.outer(np.mean(G * G, 1), np.mean(G * G, 0))) / racs_fisher(G).scaled
        ratios.append(np.max(r) / np.min(r))
    assert [f"{x:.2g}" for x in (min(ratios), np.median(ratios), max(ratios))] == ["1.1", "2", "46"]
    W, G = np.zeros((3, 4)), np.random.default_rng(0).standard_normal((3, 4))
    lengths = {}
    for name, first in (("usual", G), ("after a gradient of 0", 0 * G)):
        _, state = reg_fisher_step(W, first, fisher_init(W), lr=1.0, alpha=0.5)
        lengths[name] = [first]
        for _ in range(1600):
            move, state = reg_fisher_step(W, G, state, lr=1.0, alpha=0.5)
            lengths[name].append(np.linalg.norm(move))
    usual = lengths["usual"][500]
    assert next(k for k, x in enumerate(lengths["after a gradient of 0"]) if k and x > usual / 2) == 1474
