"""The reference's operations as compiled loops: the same names, arguments, results and errors, only faster.

The tree is that of `gnomon` itself. Believe the reference; use these where its speed does not suffice. Numba's disk
cache does not see through a call into another file: after an edit of what others call, delete every `__pycache__` here.
"""
