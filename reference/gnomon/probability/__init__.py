"""Probability: detection by martingales, and circuits that compute probabilities."""
