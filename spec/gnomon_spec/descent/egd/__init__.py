"""Egalitarian gradient descent (EGD): the gradient matrix of a layer is replaced by its polar factor.

Definition, with G a gradient of shape (m, p), G = U·diag(s)·Vᵀ its thin singular value decomposition, r the number of
sᵢ > rtol·s₁::

    EGD(G) = ((G·Gᵀ)⁺)^½·G = U_r·V_rᵀ                                     polar
    W ← W - lr·EGD(∇ℓ + λ·W)                                              step

A partial isometry: of full rank it is the nearest matrix with orthonormal rows or columns, and of all Z with ‖Z‖₂ <= 1
the one with the largest ⟨G, Z⟩, which is the nuclear norm: steepest descent in the spectral norm. A step is lr·√r long,
whatever the size of the loss. It is Muon without momentum, and Shampoo after a single gradient, (GGᵀ)^-¼·G·(GᵀG)^-¼.

Parts. `polar`, and the same by `polar_eigh` (κ²·ε instead of κ·ε) and by `polar_newton_schulz`, with five steps of
Muon's coefficients nearly. The code's `floored`, s → min(1, s/floor), and `rsvd`; the baseline `colnorm`. `diagnose`
says what is known of a gradient. `step` trains, `switch` says when it is plain gradient descent. `descend`,
`population_error` and `plateau_end` are the theory's toy problem.

Easy to get wrong. The rank: for s = 0 the formula (U/s)·Uᵀ·G is 0/0, and of rounding it makes directions of length 1.
inf: NumPy's `svd` raises for NaN but returns NaN for infinity. The Gram matrix squares the condition number. An ε added
to a norm or a singular value makes the transform depend on the units of the loss. Weight decay goes through the
transform, so that a direction without data becomes pure normalised decay. "Column" depends on how W is stored. The
switch: off for good in the paper; in the code it is decided anew after each epoch, by the accuracy on test data.

What holds. The perturbation bound (Li and Sun): ‖EGD(G+E) - EGD(G)‖ <= (2/(s_min + s'_min) + [m ≠ p]/max(s_min,
s'_min))·‖E‖ for full rank; near a change of rank nothing is bounded, diag(1, d) jumps at d = 0. Modes of a quadratic
that commutes with the curvature approach at one speed, |e| falls by lr a step whatever the curvature is, and end in a
2-cycle between ρ and ρ - lr: a constant rate does not converge. All of that is for aligned cases; it is no statement
about trajectories in general.

float16 is left out: LAPACK does not compute in it.

Sources: Saheb Pasand & Dohmatob, arXiv 2510.04930v3 (ICLR 2026), and the authors' code, asahebpa/Egalitarian-Gradient-
Descent (commit 046e066): variants "paper", and "code", "rsvd", "colnorm". Jordan et al. 2024 for Muon's polynomial. The
laws are ours, each derived where it is stated.
"""

from __future__ import annotations

from gnomon_spec.system import System

system = System("egd", title="Egalitarian gradient descent", text=__doc__ or "")
