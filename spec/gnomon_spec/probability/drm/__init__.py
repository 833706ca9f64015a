"""Distortion risk measures: expectations in which survival probabilities are distorted before they are integrated.

w: [0, 1] → [0, 1] does not fall, w(0) = 0, w(1) = 1; S(y) = P(Y > y), Q the quantile function::

    ρ(Y) = ∫_0^∞ w(S(y)) dy - ∫_-∞^0 (1 - w(S(y))) dy = ∫_0^1 Q(1-u) dw(u)

Of a sample y_(1) <= … <= y_(n) it is Σ y_(i)·(w(S_{i-1}) - w(S_i)), an L-statistic. ρ of a loss is minimised, of a
reward maximised; a concave w (cvar, wang(λ >= 0), ph(r <= 1), dual(k >= 1), gini(a >= 0)) is averse to risk for losses,
and only such a one never exceeds the sum of parts.

Parts: `distortion` (w), `dual` (1 - w(1-u)), `density` (w′), `lstat`, `lstat_grad`, `influence` (how ρ moves with the
weights of a sample: the advantage of a policy gradient), `worst_case` (the worst law of known mean and variance).

Where sources differ. w acts on the survival probability, and a reward's risk is a loss's with the dual; libraries that
distort F, or take profits, have the dual. The authors store Wang's λ with the other sign. Their S-shaped function is
convex, then concave: it makes both tails count less, unlike the inverse S of `tk` and `prelec`. Tversky & Kahneman's
function falls somewhere for g < 0.27920424701494, which is rejected. 1 - ζ in floating point, held against S = (n-i)/n,
picks the wrong order statistic for 35 of the 396 pairs ζ = 0.01 … 0.99, n = 10, 20, 50, 100: see `lstat`.

Of the libraries with distortions none was run; see the page of conventions.

float16 is left out: Newton's steps for Φ⁻¹ do not fit into its range.

Sources: Jiang, Heidergott, Hu & Peng, arXiv 2510.04563 (abstract; its text was not read) and the authors' code;
Pesenti, Q. Wang & R. Wang, arXiv 2011.04889 (worst cases). Laws are ours.
"""

from __future__ import annotations

from gnomon_spec.system import WITH_ROOM, System

system = System("drm", title="Distortion risk measures", text=__doc__ or "", dtypes=WITH_ROOM)
