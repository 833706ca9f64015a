"""Anemone's passes as compiled loops."""
