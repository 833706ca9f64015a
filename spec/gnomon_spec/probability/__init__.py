"""Probability: what ports of martingale detectors and of probabilistic circuits must do."""
