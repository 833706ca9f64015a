"""Paths of parameters: around obstacles and which of them are the same, joined, compared, and up to symmetries.

Paths are arrays of points, one a row. What is said of them is exact: letters, windings and classes are integers, joins
are bit by bit.
"""
