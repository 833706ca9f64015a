"""Risk measures' steps and PPO in torch against the reference; and what was released, taken for the method."""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from agreement import DTYPES, failing, verdicts

from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import var
from gnomon.probability.drm.lstat import lstat
from gnomon.probability.drm_ppo import update
from gnomon.probability.drm_sa import step
from gnomon.probability.drm_sa.grid import quantiles
from gnomon.probability.drm_sa.rates import Rates, Schedule
from gnomon.probability.drm_sa.step import SAState
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort

PORTS = {
    ("torch.drm_sa", "drm_sa"): {"step", "gaussian_scores", "mixture_scores"},
    ("torch.ppo", "drm_ppo"): {"categorical", "episode_ratios", "clipped_surrogate"},
}


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("port", "system"), PORTS, ids=str)
def test_a_port_in_torch_conforms(port, system, dtype):
    assert failing(verdicts(find_port(port), system, dtype), PORTS[port, system]) == set()


def released_start(samples, scores, *, variant="paper", **hyper):
    """The released start, whatever is asked for."""
    return step.warm_up(samples, scores, variant="code", **hyper)


def released_gradients(*inputs, variant="paper", **hyper):
    """The released step of D, whatever is asked for."""
    return update.dppo_gradients(*inputs, variant="code", **hyper)


@pytest.mark.curvature
def test_quantiles_are_scipys():
    """Of samples, between order statistics (type 7) and at them; Φ⁻¹, at which Newton leaves a few units."""
    stats = import_module("scipy.stats")
    y, levels = np.random.default_rng(0).standard_normal(23), np.arange(1, 20) / 20
    eps, size = np.finfo(float).eps, np.max(np.abs(y))
    linear = stats.mstats.mquantiles(y, levels, alphap=1, betap=1)
    assert np.max(np.abs(quantiles(y, levels) - linear)) <= 32 * eps * size  # 22·z is rounded, and its rest counts
    exact = [float(stats.quantile(y, p, method="inverted_cdf")) for p in levels]
    assert [float(lstat(y, var(p))) for p in levels] == pytest.approx(exact, rel=4 * eps)
    assert normal.quantile(levels, 1 - levels) == pytest.approx(stats.norm.ppf(levels), rel=16 * eps, abs=16 * eps)


@pytest.mark.torch
def test_a_policy_gradient_by_one_quantile_is_the_density_form_without_a_density():
    """QPO: q ← q + β·(α - 1{R <= q}), θ ← θ - γ·(1{R <= q} - α)·∇log p. Where D has settled, at G/K, that of density
    form under VaR is the same direction divided by K, and q̄ moves alike: both have one optimum."""
    torch = import_module("torch")
    rng, level = np.random.default_rng(1), 0.5
    R, scores = rng.standard_normal(9), rng.standard_normal((9, 3))
    q = torch.tensor([0.25], dtype=torch.float64)
    below = (torch.tensor(R) <= q).double()
    slope = -((below - level)[:, None] * torch.tensor(scores)).mean(0).numpy()
    moved = float(q + 0.125 * (level - below.mean()))

    state = SAState(np.array([-1.0, 0.0, 1.0, 2.0]), np.array([-0.5, 0.25, 1.5]), np.zeros((3, 3)), 0)
    rates = Rates(Schedule(0.125), Schedule(1.0), Schedule(0.0), Schedule(2.0))
    for _ in range(2000):
        _, after, report = step.step(np.zeros(3), R, scores, state, var(level), rates, form="hybrid")
        state = state._replace(D=after.D)
    assert after.qm[1] == pytest.approx(moved, rel=4 * np.finfo(float).eps)
    cosine = slope @ report.direction / np.linalg.norm(slope) / np.linalg.norm(report.direction)
    assert cosine == pytest.approx(1, rel=64 * np.finfo(float).eps)


RELEASED = {
    "drm_sa_warm_up": (released_start, "starts_with_the_wrong_sign"),
    "drm_ppo_dppo_gradients": (released_gradients, "density_is_its_own_drift"),
}


@pytest.mark.parametrize("name", RELEASED)
def test_what_was_released_is_called_by_its_name(name):
    released, mistake = RELEASED[name]
    port = FunctionsPort(SimpleNamespace(**{name: released}), "released")
    failed = [v for v in verdicts(port, "_".join(name.split("_")[:2]), "float64") if v.status == "wrong"]
    assert failed and {v.diagnosis[0].name for v in failed} == {mistake}
