"""Stochastic approximation of the parameters θ that make a distortion risk measure of Y_θ small, or large.

A step is given M samples at the current θ and a score s for each, E 1{Y <= q}·s = G(q) = ∇_θ P(Y <= q); f is Y's
density, z a level, Q the quantile function. ∇Q(z) = -G(Q(z))/f(Q(z)), so that::

    ∇ρ = ∫ ∇Q(1-u) dw(u) = -∫ w′(1 - F(q))·G(q) dq - Σ m·G(Q(ζ))/f(Q(ζ)) over jumps

qf (quantile form) tracks quantiles and takes the first integral; dm (density form) tracks D = G/f by a kernel, too, and
takes all of ∇Q; hybrid is dm where w jumps and qf elsewhere; batching takes the quantiles of M samples.

Parts: `step`, `warm_up`; `gaussian_scores`; `pathwise_scores`, `portfolio_scores` (of functions of samples: GLR);
`mixture_scores`, `mixture_measure`, `mixture_distance` (mixtures of mean 0 and variance 1, among which the worst law is
sought, and how far their quantiles are from it); whole runs: `scalar_run`, `mixture_run`. Samples, scores and draws are
inputs.

Where the sources are silent, or the code is odd. The code starts D with the wrong sign (`warm_up` with variant "code"),
which the recursion forgets. It finds a jump's cell by a search that is right on a symmetric grid only. It extends the
grid by a cell at each end where the levels are not raised to a power. Which of q and D should move faster the abstract
leaves open; in the code exponents are 0.71 and 0.70. Its gains begin where a step may amplify D: γ_D/(4h) = 6.25 for
cvar, 15.6 for the S, 2.5 for Wang's. Crossed quantiles are not repaired.

The optimum that a run can reach is that of the discretised gradient: with n = 20 cells and dual(2) it is 0.09 away from
the true one in the scalar example. Where w is steep near 0 the tails that a grid leaves out matter: under wang(0.85) a
normal law has 0.85, and on 100 cells 0.66, extended 0.78. The code computes in float32, and its seed never reaches the
sampler of its runs: only the first θ depends on it. float16 is left out, as in `drm`.

Sources: Jiang, Heidergott, Hu & Peng, arXiv 2510.04563 (abstract; its text was not read), the authors' code, last
changed on 6 October 2025. Laws are ours.
"""

from __future__ import annotations

from gnomon_spec.system import WITH_ROOM, System

system = System(
    "drm_sa", title="Stochastic approximation of distortion risk measures", text=__doc__ or "", dtypes=WITH_ROOM
)
