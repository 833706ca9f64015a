"""SAM's bookkeeping over flat vectors, and its runs on quadratics, as compiled loops.

What a step costs is the gradient, which is the caller's: what is compiled is the perturbation, and whole runs where the
gradient is λ∘x.
"""
