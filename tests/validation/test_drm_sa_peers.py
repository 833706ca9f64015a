"""The step for risk measures in torch against the reference, and its start as it was released."""

from types import SimpleNamespace

import pytest
from agreement import DTYPES, failing, verdicts

from gnomon.probability.drm_sa import step
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_step_in_torch_conforms(dtype):
    found = verdicts(find_port("torch.drm_sa"), "drm_sa", dtype)
    assert failing(found, {"step", "gaussian_scores", "mixture_scores"}) == set()


def released(samples, scores, *, variant="paper", **hyper):
    """The released start, whatever is asked for."""
    step.warm_up.check(samples, scores, variant=variant, **hyper)
    return step.warm_up(samples, scores, variant="code", **hyper)


def test_the_released_start_is_called_by_its_name():
    port = FunctionsPort(SimpleNamespace(drm_sa_warm_up=released), "released")
    failed = [v for v in verdicts(port, "drm_sa", "float64") if v.status != "conforms"]
    assert failed and {v.diagnosis[0].name for v in failed} == {"starts_with_the_wrong_sign"}
