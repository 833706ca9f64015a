"""PPO in torch against the reference; and DPPO as it was released, taken for the method."""

from types import SimpleNamespace

import pytest
from agreement import DTYPES, failing, verdicts

from gnomon.probability.drm_ppo import update
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("dtype", DTYPES)
def test_ppo_in_torch_conforms(dtype):
    found = verdicts(find_port("torch.ppo"), "drm_ppo", dtype)
    assert failing(found, {"categorical", "episode_ratios", "clipped_surrogate"}) == set()


def released(*inputs, variant="paper", **hyper):
    """The released step of D, whatever is asked for."""
    return update.dppo_gradients(*inputs, variant="code", **hyper)


def test_the_released_step_is_called_by_its_name():
    port = FunctionsPort(SimpleNamespace(drm_ppo_dppo_gradients=released), "released")
    failed = [v for v in verdicts(port, "drm_ppo", "float64") if v.status != "conforms"]
    assert failed and {v.diagnosis[0].name for v in failed} == {"density_is_its_own_drift"}
