"""M-FISHER: known figures, exact answers on small problems."""

import numpy as np
import pytest
from kernel_contract import assert_within

from gnomon.kernels.probability.m_fisher import conformal as compiled
from gnomon.kernels.probability.m_fisher import detector as compiled_detector
from gnomon.probability.m_fisher import conformal, detector, mixtures, natural, prompts
from gnomon.probability.m_fisher.nulls import Gaussian, GaussianPlugin

NORMAL = Gaussian(0.0, 1.0)


def test_the_logarithm_of_the_normal_distribution_has_its_known_values():
    """Of log Φ, to 13 digits, from an error function of many."""
    z = np.array([-40.0, -10.0, -2.0, -1.0, 0.0, 1.0])
    known = "-804.6084420138 -53.23128515051 -3.783184333682 -1.841021645009 -0.6931471805599 -0.1727537790234"
    assert [f"{x:.13g}" for x in mixtures.log_scaled_cdf(z) - z * z / 2] == known.split()


def test_equality_is_an_alarm():
    """log M = log 2 = log(1/δ) for δ = ½, as an increment that is this very number."""
    threshold = -np.log(np.array([0.5]))
    assert detector.alarms(threshold[:, np.newaxis], delta=0.5).first[0] == 1


def test_the_boundary_is_that_of_known_confidence_sequences():
    """√((v + r)·log((v + r)/(rδ²))) for v = 100, r = 1, δ = 0.05: √(101·(log 101 + 2·log 20)) = 32.73."""
    assert f"{mixtures.normal_boundary(np.array([100.0]), delta=0.05)[0]:.2f}" == "32.73"


def test_what_is_rejected_is_told():
    ones = np.ones((1, 3))
    with pytest.raises(ValueError, match="must not have zero spread"):
        detector.detect(ones, GaussianPlugin(np.ones(4)))
    with pytest.raises(ValueError, match="degenerate prompt for class 1"):
        prompts.log_predict(-np.ones(2), prompts.Images(np.array([[1.0, 0.0], [1.0, 1.0]]), np.ones((1, 2)), 1.0))
    with pytest.raises(np.linalg.LinAlgError, match="raise damping"):
        natural.natural_step(np.zeros(2), np.ones(2), np.diag([1.0, -1.0]), damping=0.5)
    with pytest.raises(ValueError, match=r"draws must be in \(0, 1\]"):
        conformal.conformal_p_values(ones, 0 * ones)


def test_long_streams_keep_their_digits_and_the_tree_counts_as_the_bag_does():
    rng = np.random.default_rng(0)
    scores, draws = np.round(rng.standard_normal((2, 400)), 1), 1 - rng.random((2, 400))
    p = conformal.conformal_p_values(scores, draws, scores[0, :50].copy())
    assert np.array_equal(compiled.conformal_p_values(scores, draws, scores[0, :50].copy()), p)
    paths = {betting: np.cumsum(conformal.bet(p, betting=betting), axis=1) for betting in ("grid", "mixture", "jumper")}
    assert all(np.all(np.isfinite(path)) for path in paths.values())
    tiny = conformal.bet(np.full((1, 300), 1e-300), betting="mixture")
    assert np.all(np.isfinite(tiny)) and np.all(np.diff(np.cumsum(tiny)) > 600)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_that_are_only_summed_hide_no_alarm_and_no_largest_evidence(dtype):
    """Scores of eighths, λ = ½: sums without restarts and of CUSUM are exact in any order. Of 40 streams of 2,000, with
    a shift that begins between 0 and 1,950, all detectors find what the reference does."""
    rng = np.random.default_rng(6)
    shift = np.arange(2000) >= 50 * np.arange(40)[:, np.newaxis]
    scores = (np.round(8 * rng.standard_normal((40, 2000)) + 2 * shift) / 8).astype(dtype)
    for given in ({}, {"restart": "cusum"}, {"restart": "sr"}, {"two_sided": True}, {"tilt": "adaptive"}):
        for delta in (0.05, 1e-12):
            found, expected = (m.passage(scores, NORMAL, delta=delta, **given) for m in (compiled_detector, detector))
            assert np.array_equal(found.first, expected.first)
            exact = given in ({}, {"restart": "cusum"})
            for one, other in zip(found[1:], expected[1:], strict=True):
                assert_within(one, other, 0 if exact else 4 * 2000, np.sum(np.abs(scores), axis=1))
