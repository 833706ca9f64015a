"""Homotopy learning rates: a module for each part; `family` has the normative text."""
