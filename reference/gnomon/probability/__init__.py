"""Probability: detectors and models whose statements are about chances, each with its proof as a law."""
