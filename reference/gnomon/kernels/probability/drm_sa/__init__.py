"""Compiled loops of `gnomon.probability.drm_sa`."""
