"""Gradient descent with large steps on a product of two factors: a region that converges, chaos, a fractal boundary.

Definition, with step size η, target y, regularisation λ, and r = u·v - y, w = ‖u‖² + ‖v‖²::

    L = ½r² + ½λw;   u ← u - η(r·v + λu);   v ← v - η(r·u + λv)        both from the old u and v

Dimensionless: Y = ηy, μ = ηλ, c = 1 - μ, R = ηr, W = ηw; a = u + v, b = u - v, A = η‖a‖², B = η‖b‖²::

    a⁺ = (c - R)·a;   b⁺ = (c + R)·b;   W = (A + B)/2;   R = (A - B)/4 - Y
    E = W - 4 - YR;   for λ = 0: R⁺ = R³ - 3R - RE and E⁺ = E·(1 + YR + R²)

So d counts for nothing, all is a map of (A, B), and for λ = 0 and |Y| < 2 the sign of E never changes: E < 0 is the
inside of an ellipse in √A and √B, E > 0 diverges. On E = 0, a point has an angle, which a step takes from φ to π - 3φ.
Inside, almost every start converges if |Y| < 1; if 1 < |Y| < 2 it stays inside for ever and does not converge::

    η* = min(1/|y|, 8/(w + √(w² - 16y(z - y))))                                    z = u·v

With λ > 0 the boundary is a fractal, and starts of any norm exist that converge: A norm threshold proves nothing there,
and what `outcome` and `basin_grid` call diverged is, on exponentially thin sets, not; for λ = 0, E > 0 is a proof.
What ends near a minimum ends at one of sharpness at most 2/η; which of the two, by how often R exceeded c on the way.

A free run of two right implementations parts by a factor 3 a step near the boundary: after ln(δ/u)/ln 3 steps nothing
is common (33 in float64, 15 in float32). Runs are compared step by step, and freely up to the horizon that is reported.
What holds in a limit only is no law but measured, by tests and studies: that w tends to gradient flow's as η → 0, and
that limits have W <= 2 (starts near a minimum with W > 2 are few, not none).

Where the sources leave something open. The loss has ½ and λ/2; `loss_scale` is 2 in the paper's first picture. The
decay is ηλ; a transcription of the authors' notebook has λ, at η = 1. "Orthogonal initialisation" of matrices is read
so: in the frame of the target's singular vectors, the spans of the pairs (ũᵢ, ṽᵢ) are orthogonal. Published readings
differ in the threshold (1e6 of w, 1e8 of an entry), the steps (100 … 1000) and the test of convergence, and so in box
dimensions.

Sources: S. Liang, G. Montúfar, arXiv 2509.25351 (ICLR 2026), of which the abstract and the first caption were read;
public reading notes and three reproductions for theorems, η* and figures. All maps, the conjugacy, exponents, the
theorem about preimages and all laws are our own derivations. float16 is left out: it has no room for third powers.
"""

from __future__ import annotations

from functools import partial

from gnomon_spec.system import WITH_ROOM, System

system = System("gd_chaos", title="Large-step gradient descent", text=__doc__ or "")
operation = partial(system.operation, dtypes=WITH_ROOM)
