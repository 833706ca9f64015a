"""SAM, vSAM and ARSAM: the gradient at a perturbed point, freshly on every step or only on sampled ones.

`decomposition` has the gradient and its remainder, `optimizer` plain SAM, `sampling` the state machine that says when a
fresh remainder is taken, `reuse` what is done in between, `steps` vSAM and ARSAM made of these, `quadratics` runs where
everything can be known. `gnomon_spec.descent.sam` says what is known of each.
"""
