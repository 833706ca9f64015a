"""Dynamics of training: what iterated maps, and the paths and landscapes they run through, do as a whole."""
