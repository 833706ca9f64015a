"""Probability: the compiled loops."""
