"""Claims about the damping: how well a step is judged, and what that makes of λ."""

from __future__ import annotations

import numpy as np

from gnomon.hessian_free.line_search import armijo
from gnomon.hessian_free.optimizer import init, step
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hessian_free import runaway
from gnomon_validation.studies.hessian_free.runs import descend
from gnomon_validation.studies.hessian_free.sources import DOCSTRINGS, README, ledger


@ledger.claim("false", source=f"{README}; docstring of the constructor")
def the_heuristic_of_levenberg_and_marquardt() -> Evidence:
    """“Our implementation also features the Levenberg-Marquardt style heuristic for adjusting the damping
    parameter”; “Levenberg-Marquardt style heuristic, see [1, Section 4.1]”

    In the original authors' code the change of f is that of the step, measured from θ. The package measures it from the
    warm start of conjugate gradients; then λ, once it is large, grows by 3/2 at every step, steps shrink by as much,
    and the optimizer stalls even on convex quadratics.
    """
    runs = {name: runaway.on_quadratic(rule) for name, rule in runaway.RULES.items()}
    released, from_zero = runs["as released (d = 0.95)"], runs["ρ measured from zero"]
    grown = runaway.steps_that_grow(released)
    left, away = 2 * released.lengths[-1], np.linalg.norm(released.points[-1])
    figure = (
        f"f = ½ Σ dᵢθᵢ², dᵢ from 0.01 to 1, 60 steps: with the code's ρ λ grows in the last {grown} steps, to "
        f"{released.dampings[-1]:.2g}, and f ends at {released.losses[-1]:.3g}; steps that shrink on by 2/3 are "
        f"{left:.1e} long together, and the minimum is {away:.2f} away. Measured from θ λ falls to "
        f"{from_zero.dampings[50]:.2g} by step 51 and f to {from_zero.losses[20]:.1e} by step 20"
    )
    stalls = grown > 0 and bool(left < away)
    falls = bool(np.all(np.diff(from_zero.dampings) < 0) and from_zero.losses[20] < released.losses[-1])
    return Evidence(stalls and falls, figure)


@ledger.claim("false", source=f"{DOCSTRINGS} of _adapt_damping")
def the_loss_before_the_step() -> Evidence:
    """“f_0 …: The target function value at `0` (no update step, i.e. at the initial parameters)”

    What is passed is f at θ + x₀, x₀ the warm start; a comment at the call says so. Only in the first step is it f(θ).
    """
    f, start = Quadratic(np.diag([1.0, 4.0]), np.zeros(2)), np.ones(2)
    params, state, _ = step(start, init(start), f, variant="code")
    at_zero, at_warm_start = f.value(params), f.value(params + state.warm_start)
    ratios = {}
    for reference in ("x0", "zero"):
        _, _, report = step(params, state, f, variant="code", rho_origin=reference)
        ratios[reference] = float(report.ratio)
    figure = (
        f"f = ½(x² + 4y²) from (1, 1), second step: f(θ) = {at_zero:.4f}, f(θ + x₀) = {at_warm_start:.4f}; ρ of that "
        f"step is {ratios['zero']:.3f} from θ and {ratios['x0']:.3f} from the warm start"
    )
    return Evidence(bool(at_zero != at_warm_start) and ratios["zero"] > 1 > ratios["x0"], figure)


@ledger.claim("holds if", source="own statement", condition="ρ is measured from θ, not from x₀")
def a_quadratic_is_its_own_model() -> Evidence:
    """On a convex quadratic the model is right, ρ >= 1, and λ only ever falls

    Measured from θ ρ is 1 against the undamped model and larger against the damped one, which the code uses. Measured
    from a warm start it is 1 + λ(‖x_N‖² − ‖x₀‖²)/(2|m_N − m₀|), which is below 1 whenever the step is
    shorter than the warm start.
    """
    draw = np.random.default_rng(0)
    told: dict[str, list[float]] = {"x0": [], "zero": []}
    for _ in range(200):
        rotation, _ = np.linalg.qr(draw.standard_normal((5, 5)))
        matrix = rotation @ np.diag(np.geomspace(1 / 30, 1.0, 5)) @ rotation.T
        f, start = Quadratic((matrix + matrix.T) / 2, np.zeros(5)), draw.standard_normal(5)
        for reference, ratios in told.items():
            ratios += list(descend(f, start, 6, variant="code", rho_origin=reference).ratios[1:])
    warm, zero = (np.array(ratios) for ratios in told.values())
    figure = (
        f"200 convex quadratics (five eigenvalues from 1/30 to 1), λ₀ = 1, steps 2 to 6: from the warm start ρ < 1 in "
        f"{np.sum(warm < 1)} of {warm.size} and ρ < ¼, so that λ grows, in {np.sum(warm < 0.25)}; from θ, all else "
        f"the same, the least ρ is {np.min(zero):.4f}"
    )
    return Evidence(bool(np.sum(warm < 0.25) > 0) and bool(np.min(zero) >= 1), figure)


@ledger.claim("holds if", source=README, condition="the step points downhill: after a warm start it need not")
def the_line_search_decreases_the_loss() -> Evidence:
    """“this update step is iteratively scaled back by the line search until the target function is decreased
    "significantly" (Armijo condition)”

    The condition f(θ + as) <= f(θ) + c·a·gᵀs lets f rise where gᵀs > 0, and the code only warns of it.
    """
    f = Quadratic(np.array([[-2.0]]), np.array([0.5]))
    rising, start = np.array([0.995]), np.zeros(1)
    found = armijo(f, start, rising, f.gradient(start))
    refused = armijo(f, start, rising, f.gradient(start), reject_ascent=True)
    figure = (
        f"f = t(1 − t) from t = 0 along s = 0.995, gᵀs = 0.995: a = {found.step_length:g} is accepted, and f rises by "
        f"{found.value - f.value(start):.6f}; a line search that refuses ascent takes a = {refused.step_length:g}"
    )
    return Evidence(bool(found.step_length == 1 and found.value > f.value(start) and refused.step_length == 0), figure)
