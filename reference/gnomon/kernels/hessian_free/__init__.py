"""Compiled conjugate gradients, and the whole Hessian-free optimizer on many small problems at once."""
