"""Probability: specifications of detectors and models whose statements are about chances."""
