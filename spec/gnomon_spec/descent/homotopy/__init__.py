"""Homotopy learning rates: the rate of an optimizer, lowered where κ = ‖H‖₂/‖g‖₂² is above a target.

Definition, with H and g the Hessian and the gradient at the same point and of the same batch, s an estimate of ‖H‖₂::

    κ = s/‖g‖²                                                            estimate
    lr = min(max(b/(1 + α·max(0, κ/target - 1)), min_lr), max_lr)         rate

κ has the units of 1/loss. The loss times s divides κ by s, a change of units of the parameters leaves it alone, while
the step size of gradient descent must go with the inverse of the first and the square of the second: a fixed target
does not carry over from one problem to another. κ is no condition number: for ½xᵀHx, 1 <= 2κ·(L - L*) <= cond H.

Parts. `estimate` measures s by power iteration and tr H by Hutchinson's estimator on the first call and on every N-th,
and remembers running means for the calls between; `adaptive_target` is an order statistic of the last curvatures;
`schedule` puts these and the rate together; `step` hands the rate to an optimizer. `layer_rates` and
`schedule_layers` do the same for each layer, `clip_gradients` shortens gradients, `warm_up` raises a rate while the
curvature is low, `required_bits` counts bits. `proposal_average` and `proposal_adaptive` are two earlier designs,
`proxy_rate` one without a Hessian, from the only published runs that can be repeated. `descend` is gradient descent on
½Σλᵢxᵢ² with an exact ‖H‖, by this rule or by one of the baselines `polyak_rate`, `edge_rate`, `cdat_rate`.

Easy to get wrong. A full call reports what it measured, the others the running mean. The mean begins at the first
value, without bias correction. The full calls are 1, N, 2N, …, not 1, 1 + N, …; for N = 1 all. On the other calls the
gradient's norm is that of now. The adaptive target needs the caller's step index and the number of calls to reach W;
the current curvature belongs to its history.

Where the sources disagree. The README's formula is b/(1 + α·κ/target): at κ = target it gives b/(1+α), the code b. Its
comment says that the median layer gets base_lr; the code gives it half. The code's guards 1e-10 have units; they are
in the variants "code" only. Where the gradient is 0 the code takes κ = 0, its highest rate; here κ = ∞ and the rate is
min_lr (0 if H is 0, too). The code never hands the rate to the optimizer, exports a rate computed from the fixed target
and takes a NaN for a low curvature; here the rate is applied, the rate used is exported, and a NaN is an error.

What is known on quadratics, with s exact and a fixed target. For b·λ_max <= 2 the rate only falls: it is a decay and
no warm-up. For b <= 1/λ_max no rule whose rates stay <= b is below the constant rate at any step. With α = 1 and
κ >= target, u = 1/(2·b·target·λL) follows u ← u³/(u-1)² in one dimension, whatever b, target and λ are, and
lr·λ = 1/u: L falls like 1/t, not geometrically. For b·λ > 2 it converges if and only if b·target·λL₀ < 1.

float16 is left out: κ and squares of gradients leave its range.

Sources: TorchType (commit 8b8a54b), `proposal7/include/homotopy_lr.hpp`, its README, and `07_homotopy_lr.md`. Roulet et
al., arXiv 2407.06183, for CDAT. The laws on quadratics are ours, each derived where it is stated.
"""

from __future__ import annotations

from gnomon_spec.system import System

system = System("homotopy", title="Homotopy learning rates", text=__doc__ or "")
