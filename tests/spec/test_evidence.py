"""How evidence judges statements about probabilities."""

import numpy as np

from gnomon_spec.evidence import mean_at_most, rate_at_most


def test_evidence_lets_true_statements_be_and_refutes_false_ones():
    """300 draws are enough for a rate of 1/3 that is said to be 1/20."""
    rng = np.random.default_rng(3)
    right = [rate_at_most("rate", rng.random(400) < 0.05, 0.05).actual for _ in range(30)]
    assert right == [0] * 30
    assert 0 < rate_at_most("rate", rng.random(300) < 1 / 3, 0.05).actual < 300
    assert mean_at_most("mean", rng.random(400), 0.5, 0.0, 1.0).actual == 0
    assert mean_at_most("mean", rng.random(400) ** 0.25, 0.5, 0.0, 1.0).actual > 0
