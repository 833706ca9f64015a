"""Egalitarian gradient descent: every direction that a gradient matrix has, at one speed.

The transform and its variants, the training step with its switch, and the toy problem of the theory; a file for each.
`gnomon_spec.descent.egd` says what is known of each. Sources: Saheb Pasand & Dohmatob, arXiv 2510.04930v3; the authors'
code, asahebpa/Egalitarian-Gradient-Descent (commit 046e066).
"""
