"""Shapes of clouds and landscapes: which components and cycles there are at every level, and from where to where.

A bar (birth, death) is a component or a cycle that is there at the levels birth <= t < death. All is over Z₂.
"""
