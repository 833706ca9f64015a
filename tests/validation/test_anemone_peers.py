"""hmmlearn's Baum-Welch and scikit-learn's mixtures against circuits: the same numbers up to rounding.

pyjuice 2.6.3, the authors' own, computes on CUDA alone ("CPU forward fn for input nodes is not implemented").
"""

import numpy as np
import pytest
from kernel_contract import assert_within

from gnomon.probability.anemone import passes
from gnomon.probability.anemone.circuits import require_segments
from gnomon.probability.anemone.structures import hmm, initial, mixture
from gnomon.probability.anemone.updates import full_em

LENGTH, STATES, SYMBOLS = 7, 3, 4


@pytest.mark.hmmlearn
@pytest.mark.parametrize("seed", range(5))
def test_a_hidden_markov_model_is_hmmlearns(seed):
    """`score` sums log p; one iteration of `fit` from the same start, with priors of 1, is one step of EM.

    What is summed has at most 2·LENGTH·(STATES + SYMBOLS) roundings a sequence.
    """
    from hmmlearn.hmm import CategoricalHMM

    rng, circuit = np.random.default_rng(seed), hmm(LENGTH, STATES, SYMBOLS)
    params = initial(rng.uniform(size=require_segments(circuit)), circuit)
    x = rng.integers(0, SYMBOLS, (20, LENGTH))
    split = STATES * SYMBOLS
    model = CategoricalHMM(STATES, n_features=SYMBOLS, init_params="", n_iter=1, tol=0.0, implementation="scaling")
    model.emissionprob_ = params[:split].reshape(STATES, SYMBOLS)
    model.transmat_, model.startprob_ = params[split:-STATES].reshape(STATES, STATES), params[-STATES:]
    given = x.reshape(-1, 1), [LENGTH] * len(x)
    log_p = passes.log_likelihood(params, circuit, x.astype(float))
    roundings = 2 * LENGTH * (STATES + SYMBOLS) * len(x)
    assert_within(np.array([model.score(*given)]), np.sum(log_p, keepdims=True), roundings, -np.sum(log_p))
    model.fit(*given)
    found = np.concatenate([table.reshape(-1) for table in (model.emissionprob_, model.transmat_, model.startprob_)])
    assert_within(found, full_em(params, circuit, passes.statistics(params, circuit, x.astype(float))), roundings, 1.0)


@pytest.mark.digits
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", range(5))
def test_a_mixture_of_gaussians_is_scikit_learns(seed):
    """One iteration from the same start; variances are differences of squares, about data and means of size 4."""
    from sklearn.mixture import GaussianMixture

    rng, circuit = np.random.default_rng(seed), mixture(3, [2, 2], "gaussian")
    means, sigmas, weights = rng.normal(size=(3, 2)), rng.uniform(0.5, 2, (3, 2)), rng.dirichlet(np.ones(3))
    params = np.concatenate([np.stack([means, sigmas], axis=2).reshape(-1), weights])
    x = rng.normal(size=(40, 2)) * 2
    model = GaussianMixture(
        3, covariance_type="diag", reg_covar=0.0, max_iter=1, weights_init=weights, means_init=means,
        precisions_init=sigmas**-2,
    ).fit(x)  # fmt: skip
    expected = full_em(params, circuit, passes.statistics(params, circuit, x))
    found = np.concatenate([np.stack([model.means_, model.covariances_], axis=2).reshape(-1), model.weights_])
    squared = np.where(np.isin(np.arange(15), (1, 3, 5, 7, 9, 11)), expected**2, expected)
    assert_within(found, squared, 8 * len(x), np.max(np.abs(x)) ** 2)
