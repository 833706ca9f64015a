"""Homotopy learning rates: the rate of any optimizer lowered where ‖H‖₂/‖g‖₂² is above a target; a file for each part.

The published parts are an estimator, a scheduler, a scheduler for each layer, a gradient clipper, a warm-up, a wrapper
around an optimizer, an export and a count of bits. `gnomon_spec.descent.homotopy` says what is known of each.
Source of all that is not said to be another's: TorchType's `homotopy_lr` (commit 8b8a54b).
"""
