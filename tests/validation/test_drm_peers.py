"""Risk measures' steps and PPO in torch against the reference; and what was released, taken for the method."""

from types import SimpleNamespace

import pytest
from agreement import DTYPES, failing, verdicts

from gnomon.probability.drm_ppo import update
from gnomon.probability.drm_sa import step
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
    step.warm_up.check(samples, scores, variant=variant, **hyper)
    return step.warm_up(samples, scores, variant="code", **hyper)


def released_gradients(*inputs, variant="paper", **hyper):
    """The released step of D, whatever is asked for."""
    return update.dppo_gradients(*inputs, variant="code", **hyper)


@pytest.mark.parametrize(
    ("system", "operation", "released", "mistake"),
    [
        ("drm_sa", "warm_up", released_start, "starts_with_the_wrong_sign"),
        ("drm_ppo", "dppo_gradients", released_gradients, "density_is_its_own_drift"),
    ],
    ids=["start", "gradients"],
)
def test_what_was_released_is_called_by_its_name(system, operation, released, mistake):
    port = FunctionsPort(SimpleNamespace(**{f"{system}_{operation}": released}), "released")
    failed = [v for v in verdicts(port, system, "float64") if v.status != "conforms"]
    assert failed and {v.diagnosis[0].name for v in failed} == {mistake}
