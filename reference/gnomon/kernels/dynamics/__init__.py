"""Dynamics of training: compiled loops."""
