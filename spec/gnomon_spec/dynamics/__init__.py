"""Dynamics of training: specifications of iterated maps and of the shapes of paths and landscapes."""
