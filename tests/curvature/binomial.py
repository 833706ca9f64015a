"""Statements about probabilities, tested so that a right implementation fails with probability at most 10⁻⁹."""

from gnomon_spec.evidence import mean_at_most, rate_at_most


def assert_rate_at_most(probability, outcomes):
    """Assert that outcomes do not refute that each is true with at most this probability."""
    refuted = rate_at_most("rate", outcomes, probability).actual
    assert not refuted, f"{sum(outcomes[:refuted])} of {refuted} where the rate is at most {probability}"


def assert_mean_at_most(mean, values):
    """Assert that values in [0, 1] do not refute that their mean is at most this."""
    refuted = mean_at_most("mean", values, mean, 0.0, 1.0).actual
    assert not refuted, f"{sum(values[:refuted]) / refuted} over {refuted} where the mean is at most {mean}"
