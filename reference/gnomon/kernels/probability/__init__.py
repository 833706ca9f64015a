"""Probability: the operations of `gnomon.probability` as compiled loops."""
