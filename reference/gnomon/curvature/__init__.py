"""What a symmetric operator is like that can only be multiplied: its trace, diagonal, norms, eigenvalues, spectrum.

Each estimator is given the products as a function, its random probes as arrays, and says how many products it asked
for.
"""
