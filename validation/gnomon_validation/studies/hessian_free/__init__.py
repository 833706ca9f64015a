"""What was published about Hessian-free optimization, recomputed: examples of the package, its defects, real data."""
