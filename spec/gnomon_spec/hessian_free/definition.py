"""Hessian-free optimization: a truncated Newton method that asks only for products with the curvature.

Definition. θ the parameters, f the loss, g its gradient, B its curvature at θ (the Hessian, or the Gauss-Newton
matrix), λ the damping, A = B + λI, b = -g, M an approximation of A⁻¹. Two quadratic models without f(θ): the damped
m(x) = ½xᵀAx - bᵀx and the undamped q(x) = gᵀx + ½xᵀBx. A step is made of parts, each an operation by itself::

    conjugate_gradients     x₀ … x_N: Ax = b from x₀, with m₀ … m_N and the reason to stop
        r = Ax₀ - b;  y = Mr;  p = -y
        α = rᵀy/pᵀAp;  x += αp;  r += αAp;  m = ½(r - b)ᵀx;  p = -Mr + (rᵀy)_new/(rᵀy)_old·p
    window                  k = max(10, ⌊i/10⌋) "code",  max(10, ⌈i/10⌉) "martens"
    progress_has_ended      k < i and  (mᵢ - mᵢ₋ₖ)/(mᵢ - m₀) < ε "code",  mᵢ₋ₖ < 0 and (mᵢ - mᵢ₋ₖ)/mᵢ < kε "martens"
    storage_grid            ⌈γʲ⌉ - 1 "code",  ⌈5γʲ⌉ "martens", γ = 1.3: which iterates are kept beside x_N
    choose_iterate          from x_N backwards while f falls: strictly "code", weakly "martens"; least of all "full"
    reduction_ratio         ρ = change of f/change of the model;  "martens": -∞ if f rose
    updated_damping         λ·3/2 if ρ < 1/4,  λ·2/3 if ρ > 3/4;  NaN: λ "code",  λ·3/2 "martens"
    armijo                  first a of lr, lr·β, … with f(θ + as) <= f(θ) + c·a·gᵀs, otherwise 0
    squared_gradients       d = (1/N) Σ gᵢ∘gᵢ "mean",  Σ gᵢ∘gᵢ "sum"
    fisher_preconditioner   M: v ↦ v·(d + λ)^(-3/4)
    step                    s chosen among the iterates, θ + a·s, x₀ ← decay·x_N, λ updated
    minimise_quadratics     steps on many ½(x - x*)ᵀH(x - x*), each by itself, from a cold start
    fit_linear_models       the same on (1/N) Σ ℓ(xᵀw, y) + ½ρ‖w‖², ℓ squared, logistic or Poisson's
    acc_step                step with f, g and B each over batches of its own: Σ N_b·q_b/Σ N_b "mean",  Σ q_b "sum"

Stopping: before the first iteration if rᵀy = 0; after every one, in this order: progress has ended; `max_iter`
iterations; ‖r‖ < max(rtol·‖b‖, atol); rᵀy = 0. Where pᵀAp <= 0 the policy decides: "ignore", "stop", "saddle-free",
"raise"; but a 0 that is positive once p has been scaled is underflow, and nothing is left to do. Where x or r would not
be finite the iterate before is returned, "divergence".

The variants. "code" is a released package, with its quirks: its rule of progress divides by the progress made and lacks
the factor k, so that it runs longer; its grid is moved by one and has the start in it; its ρ is measured from the warm
start x₀ to the *last* iterate, with the damped model, and it goes on where the curvature is not positive. "martens" is
the released demo of the method's author, and the default: ρ is that of the step chosen, from θ, with the undamped
model, and -∞ if f rose; non-positive curvature stops the iteration. `rho_origin`, `rho_iterate`, `rho_model`,
`on_increase` and `on_nonpositive_curvature` choose each of these by itself.

What is wrong with "code"'s ρ. Let λ have just grown by 3/2, and be large. Then x_N ≈ -g/λ and x₀ ≈ 1.5·decay·x_N, and
for any smooth f, ρ → -2/(1.5·decay - 1): -4.7 for the default decay of 0.95. So λ grows again, and for ever; the steps
have a finite sum, and the optimizer stalls where the gradient is not 0. From a cold start, or measured from θ, ρ >= 1
on every convex quadratic and λ falls as (2/3)ᵗ.

Choices, beside those above. Where the package divides 0 by 0 (an exact start, a gradient of 0) the iteration ends and x
stays. Losses that are not finite are passed over when iterates are chosen and in the line search, and no step is made
to one; if no iterate has a finite loss the step is refused. A loss of -∞ is no success: ρ is -∞ in "martens", NaN in
"code". A damping of 0 is not adapted, and none becomes infinite. Where there is nothing to judge λ by, ρ is NaN: at a
minimum λ stays; after a step that was refused, or that could not begin for negative curvature, "martens" lets λ grow,
or it would try the same for ever. Bad arguments, and a loss, gradient or product that is not finite, are errors that
change nothing. There is no theorem for "saddle-free": conjugacy is lost.

Sources: Hestenes & Stiefel, J. Res. NBS 49 (1952); Levenberg 1944; Marquardt 1963; Armijo 1966; Martens, Deep learning
via Hessian-free optimization, ICML 2010, and the demo released with it; `ltatzel/PyTorchHessianFree`, commit f430d81.
The limit of ρ is derived as said.
"""

from __future__ import annotations

from gnomon_spec.system import System

system = System("hessian_free", title="Hessian-free optimization", text=__doc__ or "")
