"""M-FISHER: an e-process watches scores for a shift; after an alarm a prompt moves along natural gradients.

Definition, all in logarithms, h = log(1/δ)::

    log M ← log M + λs - ψ(λ);   alarm when log M >= h (equality counts), at the time τ
    F = (1/N) Σ p_ic ∇log p_ic ∇log p_icᵀ;   φ ← φ - η·(F̄ + ρR)⁻¹∇L(φ),  K steps on the batch that had the alarm

If ψ is the logarithm of E exp(λs) under "nothing has changed", or not below it, M is a non-negative (super)martingale,
and by Ville's inequality P(ever an alarm) <= δ, at every stopping time. What that needs: λ fixed before its score, a
score by a model fixed before it saw the sample, and the right ψ. With ψ from calibration scores ("empirical", the
source's practice, and "gaussian_plugin") nothing is guaranteed; `EmpiricalUCB` gives δ + failure. After an adaptation
the null is that of the new φ: learnt anew, or stale.

For a shift from the first score on, x = λs - ψ, Γ = E₁x > 0::

    E₁τ·Γ = h + E overshoot (Wald),   h/Γ <= E₁τ <= (h + E(x⁺)²/Γ)/Γ,   Γ <= KL(P₁‖P₀)

For one at ν > 0 the plain wealth has fallen by then, and the delay is about (h + ν|E₀x|)/Γ. "cusum" and "sr" do not
fall, but there 1/δ bounds the mean run length and no probability. No statistic has both.

Where the source is silent: λ = ½/σ₀, the scores, damping 1e-3, η = 0.1, K = 5, no average of F. The variants: ψ of nine
kinds, fixed, predictable and adaptive tilts, two-sided wealth, mixtures over λ, conformal p-values with four bets, four
restarts; four Fisher matrices, damped steps with and without a limit of the KL divergence, a trust region, from the
matrix or from its rows (Woodbury's formula, conjugate gradients). A score that is the stream itself ("identity") is
`detect` without `score`, and a loss of one's own is a gradient for `natural_step`. Draws are inputs: the same arguments
give the same bytes. Statements about probabilities are enumerated: over all paths, all orders, all samples of a finite
law.

Source: arXiv 2510.03839, of which the abstract was read; its repository has neither detector nor Fisher matrix. Every
formula is rebuilt from the standard theory. float16 is left out: exponents of evidence have no room there.
"""

from __future__ import annotations

from gnomon_spec.system import WITH_ROOM, System

system = System("m_fisher", title="M-FISHER", text=__doc__ or "", dtypes=WITH_ROOM)
