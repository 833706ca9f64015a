"""Probability: what ports of martingale detectors, probabilistic circuits and risk measures must do."""
