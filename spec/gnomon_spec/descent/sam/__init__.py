"""SAM, vSAM and ARSAM: the gradient at a perturbed point, freshly on every step or only on sampled ones.

Definition, with w the parameters (a tuple of arrays), g = ∇f(w), ‖·‖ the norm over all arrays together::

    g' = ∇f(w + ρ·g/(‖g‖ + ε)),   psf = g' - g                            perturb, decompose
    SAM     w ← SGD step from w with g'                                    step
    vSAM    on sampled steps as SAM; in between with g + m·psf of the last sample, m = βʲ, j <= 6, then 0
            a window of K steps has ⌊S⌋ samples; S drifts with the relative changes of ‖psf‖/‖g‖ and of a variance
            of ‖psf‖, both over the last L arrays and the last K samples   decide, record, reuse_weight, step_sampled
    ARSAM   the same with other schedules                                  step_sampled

The gradient costs one call of the objective in between and two on a sampled step: with a fraction p of samples the cost
is (1 + p)/2 of SAM's. The uniform numbers that vSAM draws are an argument, and one is used up only where the rule asks
for it: `need > 0 and U() >= 1 - p` does not call U where need is 0, so that a port that draws on every step takes other
decisions.

Easy to get wrong. The norm is of all arrays together, not of each. The decay of the base optimizer is neither in the
perturbation nor in the PSF, and the step begins at w, not at the perturbed point. In the warm-up n stays 1 and k is set
to 1: with S = 1 the first window then has no sample in its first K - 1 steps. S changes from window to window by at
most the fraction α₁ + α₂. V is made of sorted norms, in blocks; the changes that enter the rate are between samples,
not between steps.

Where the sources and we differ. "code" is the released vSAM; its quirks have names. Its windows begin with zeros, by
which it divides: with fewer than K samples before it ends with "cannot convert float NaN to integer"; here the rate
waits. It compares a running product of β with a power: for some β, 0.3, 0.6 and 0.9 among them, rounding makes it seven
reuses, and for β = 1 there is none; here an integer counts. Before any sample it fails for want of a PSF; here the PSF
is 0. It adds ε = 1e-12 to ‖g‖, which makes the perturbation of small gradients short; here ε is 0, and where g = 0
nothing is perturbed. ARSAM's own schedule and mixing are not published where we could read them: those of
`step_sampled` are a reconstruction, and nothing is claimed of their equality with the paper.

What is known on quadratics, H ≻ 0, ε = 0. psf = ρHg/‖g‖ exactly, μρ <= ‖psf‖ <= Lρ. In one dimension SAM without
momentum ends in the cycle x ↔ -x, |x| = lr·ρh/(2 - lr·h), and never in the minimum; in several it ends in the cycle
±lr·ρλ₁/(2 - lr·λ₁) along the steepest direction if lr·λ₁ < ½.

float16 is left out: variances of norms leave its range.

Sources: Foret et al., arXiv 2010.01412 (SAM); Bartlett, Long & Bousquet 2022 (bouncing), derived anew; Deng et al.,
arXiv 2403.08821 (vSAM, by abstract and review) and its code `ajiaaa/vSAM`, commit 895e0e5; Deng & Pang, arXiv
2510.03763 (ARSAM, by its abstract).
"""

from __future__ import annotations

from gnomon_spec.system import System

system = System("sam", title="SAM, vSAM and ARSAM", text=__doc__ or "")
