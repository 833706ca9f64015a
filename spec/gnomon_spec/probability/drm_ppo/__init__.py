"""DRM-PPO: a policy for an inventory chain that improves a distortion of the return, not its mean.

The chain has stages n = 0 … N-1. In a period t = 1 … T stage n is asked for oₙ units by the one below, o₀ the demand,
and receives aₙ, what was sent to it a lead time ago; I its stock, B what it fell short of::

    need = oₙ (+ B in backlog mode);   sₙ = min(need, I + aₙ);   I ← I + aₙ - sₙ;   B ← need - sₙ
    r = Σₙ pₙsₙ - pₙ₊₁sₙ₊₁ - cₙBₙ - hₙIₙ,   s_N = o_N;   R = Σₜ γᵗ⁻¹rₜ

Units are integers. Demands, orders, actions, log-probabilities and scores are inputs: nothing is drawn here. A tiny
chain, one stage and two periods, has 81 episodes: there J(θ) and its gradient are exact.

J the distorted mean of the return R by w, ρ = Π π/π_old of an episode, z levels, q their quantiles, m middles::

    ∇J = E[A(R)·∇log p]                                                    A the influence function
    A ≈ Ψ(R) = -Σᵢ (1{R <= mᵢ} - zᵢ)·w'(1 - zᵢ)·(qᵢ₊₁ - qᵢ)                 and where w jumps by Δw: -Σ Δwᵢ·Dᵢ
    D ← D + γ(I - KD),  I = ⟨ρ(1{R <= m} - z)·∇log p⟩,  K = ⟨ρκ((m - R)/h)/h⟩

`dppo_gradients` keeps whole episodes whose ratio is near 1; `clipped_surrogate` is PPO's, with A for its advantage.

Where the sources leave something open. Every reading of the chain is the code's: before the lead time has passed the
initial shipment arrives in each period; without backlog B is what was lost in this period alone; a policy sees five
periods, before the first one five times the same row, with nothing requested. The update's variant "code" is the
released one, to thirteen digits; "paper", which is our reading of the abstract, differs from it in D alone.
There D is stepped, which the release forgets, of episodes' scores, and θ climbs by the D of before the step.

Sources: J. Jiang, B. Heidergott, J. Hu, Y. Peng, arXiv 2510.04563, of which the abstract was read; the authors' code
at 0c13f5d. The tiny chain, its gradient and all laws are our own. float16 is left out: it has no room for returns.
"""

from __future__ import annotations

from gnomon_spec.system import WITH_ROOM, System

system = System("drm_ppo", title="DRM-PPO on an inventory chain", text=__doc__ or "", dtypes=WITH_ROOM)
