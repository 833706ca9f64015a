"""The reference's operations as compiled loops: the same names, arguments, results and errors, only faster.

The tree is that of `gnomon` itself. Believe the reference; use these where its speed does not suffice.
"""
