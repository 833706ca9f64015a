"""Double optimism (ODOG): an online learner whose small regret makes the mean midpoint of an episode nearly stationary.

With Π_D the projection on the ball of radius D and K episodes of T steps, M = K·T, steps Δₙ, midpoints wₙ and hints are
those of `step`; w̄ₖ is the mean of wₙ over episode k, Δ₀ = e₀ = 0.

The point that a guarantee is about is w̄ₖ for k drawn uniformly (`random_point`); `best_point` is the one with the
smallest gradient; x_M is none. Both gradients of a step may share their sample. Variant "adaptive" is as reviewers
report it; the theorem's γ and α are not known to us.

What is derived here, with L₁ and L₂ the Lipschitz constants of ∇F and ∇²F, all of it for every run::

    Reg = Σₖ Σₙ ⟨gₙ, Δₙ - uₖ⟩ <= (4K - 3.5)·D²/η + (3η/2)·Σ‖eₙ‖² - Σ‖Δₙ - Δₙ₋₁‖²/(4η)      any g, h and ‖uₖ‖ <= D
    (1/K)·Σ‖∇F(w̄ₖ)‖ <= (F(x₀) - F(x_M))/(DM) + (4 - 3.5/K)·D/(ηT) + L₂D²T²/24               η <= √(2/3)/L₁

Where the sources leave something open. The start: Δ₀ = e₀ = 0 gives the smallest constant. The reported lemma has
4KD²/η and 5η/2: true, and looser. The reported condition η <= 1/√(3L₁) has no units and is false: it means 1/(√3·L₁).
The reported extra term 6ηTσ² of the expected regret holds with the total number of rounds for T, not with the length of
an episode. h is computed where it is used, so M steps need 2M gradients. A quadratic is stable exactly if ηλ < 1.

Sources: arXiv 2510.03167 as reported by others; arXiv 2302.03775. All proofs of constants, the parameters of `tune` and
the studies are our own: the paper has no experiments and no code. float16 is left out: it has no room for the regret.
"""

from __future__ import annotations

from gnomon_spec.system import System

system = System("odog", title="Double optimism (ODOG)", text=__doc__ or "")
