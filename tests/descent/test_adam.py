"""Adam's reference: the published numbers, and the bound of its paper that is false."""

import numpy as np
import pytest

from gnomon.descent import adam


def steps_of(gradients, **hyper):
    """Return the size of each step, in units of lr = 1, along a sequence of gradients."""
    params = np.zeros(1)
    state, sizes = adam.init(params), []
    for gradient in gradients:
        new, state = adam.step(params, np.array([gradient]), state, lr=1.0, eps=0.0, **hyper)
        sizes.append(float(np.abs(new - params)[0]))
        params = new
    return sizes


def test_the_bound_of_the_adam_paper_is_false_for_the_default_betas():
    """Along gradients that grow like (β₂/β₁)ˢ steps are as long as any can be: the sharp bound's published values."""
    claimed = (1 - 0.9) / np.sqrt(1 - 0.999)
    sizes = steps_of([(0.999 / 0.9) ** s for s in range(1000)])
    assert [f"{sizes[t - 1]:.4f}" for t in (1, 10, 100, 1000)] == ["1.0000", "1.0431", "2.2434", "5.7812"]
    assert f"{claimed:.4f}" == "3.1623"
    assert next(t for t, size in enumerate(sizes, start=1) if size > claimed) == 210


def test_the_bound_of_the_adam_paper_is_false_for_a_short_second_memory():
    assert np.sqrt(1 - 0.99) >= 1 - 0.9  # so the paper claims that no step is longer than lr
    sizes = steps_of([1.1**s for s in range(100)], beta2=0.99)
    assert [f"{sizes[t - 1]:.4f}" for t in (50, 100)] == ["1.4815", "1.8674"]


@pytest.mark.parametrize(("steps", "printed"), [(1, "5.0055"), (5, "8.4621"), (20, "10.1615"), (100, "9.4560")])
def test_coasting_after_constant_gradients_goes_as_far_as_published(steps, printed):
    sizes = steps_of([1.0] * steps + [0.0] * 2000)
    assert f"{sum(sizes[steps:]):.4f}" == printed


def test_zero_over_zero_is_not_a_number_as_the_formula_says():
    params = np.ones(2)
    with np.errstate(invalid="ignore"):
        new, _ = adam.step(params, np.array([0.0, 1.0]), adam.init(params), eps=0.0)
    assert np.isnan(new[0]) and new[1] == 1 - 1e-3
