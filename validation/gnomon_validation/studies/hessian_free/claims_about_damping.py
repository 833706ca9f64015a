"""Claims about the damping: how well a step is judged, and what that makes of λ."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.hessian_free.functions import Quadratic
from gnomon.hessian_free.line_search import armijo
from gnomon.hessian_free.optimizer import init, step
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.hessian_free import runaway
from gnomon_validation.studies.hessian_free.runs import descend
from gnomon_validation.studies.hessian_free.sources import DOCSTRINGS, MARTENS, README

about_damping = Ledger("hessian_free")


@about_damping.claim("false", source=README)
def the_heuristic_of_levenberg_and_marquardt() -> Evidence:
    """“Our implementation also features the Levenberg-Marquardt style heuristic for adjusting the damping
    parameter”, in “[1, Section 4.1]”

    There the change of f is that of the step, measured from θ. The code measures it from the warm start of conjugate
    gradients; then λ, once it is large, grows by 3/2 at every step, and the optimizer stalls even on convex quadratics.
    """
    runs = {name: runaway.on_quadratic(rule) for name, rule in runaway.RULES.items()}
    released, original = runs["as released (d = 0.95)"], runs["the original authors' rules"]
    grown = int(np.sum(np.diff(released.dampings)[4:] > 0))
    figure = (
        f"f = ½ Σ dᵢθᵢ², dᵢ from 0.01 to 1, 60 steps: with the code's ρ λ grows in the last {grown} steps, to "
        f"{released.dampings[-1]:.2g}, and f ends at {released.losses[-1]:.3g}; measured from θ λ falls to "
        f"{original.dampings[50]:.2g} by step 51 and f to {original.losses[20]:.1e} by step 20"
    )
    stalls = bool(released.losses[-1] > 1e-2) and grown == released.dampings.size - 5
    return Evidence(stalls and bool(original.losses[20] < 1e-12), figure)


@about_damping.claim("false", source=f"{DOCSTRINGS} of _adapt_damping")
def the_loss_before_the_step() -> Evidence:
    """“f_0 …: The target function value at `0` (no update step, i.e. at the initial parameters)”

    What is passed is f at θ + x₀, x₀ the warm start; a comment at the call says so. Only in the first step is it f(θ).
    """
    f, start = Quadratic(np.diag([1.0, 4.0]), np.zeros(2)), np.ones(2)
    params, state, _ = step(start, init(start), f, variant="code")
    at_zero, at_warm_start = f.value(params), f.value(params + state.warm_start)
    ratios = {}
    for reference in ("x0", "zero"):
        _, _, report = step(params, state, f, variant="code", rho_reference=reference)
        ratios[reference] = float(report.ratio)
    figure = (
        f"f = ½(x² + 4y²) from (1, 1), second step: f(θ) = {at_zero:.4f}, f(θ + x₀) = {at_warm_start:.4f}; ρ of that "
        f"step is {ratios['zero']:.3f} from θ and {ratios['x0']:.3f} from the warm start"
    )
    return Evidence(bool(at_zero != at_warm_start) and ratios["zero"] > 1 > ratios["x0"], figure)


@about_damping.claim(
    "holds if", source=f"{MARTENS}, section 4.1, as its rule is meant", condition="ρ is measured from θ, not from x₀"
)
def a_quadratic_is_its_own_model() -> Evidence:
    """On a quadratic the model is right, ρ >= 1, and λ only ever falls

    Measured from θ ρ is 1 against the undamped model and larger against the damped one. Measured from a warm start it
    is 1 + λ(‖x_N‖² − ‖x₀‖²)/(2|m_N − m₀|), which is below 1 whenever the step is shorter than the warm start.
    """
    draw = np.random.default_rng(0)
    told: dict[str, list[float]] = {"code": [], "martens": []}
    for _ in range(200):
        rotation, _ = np.linalg.qr(draw.standard_normal((5, 5)))
        matrix = rotation @ np.diag(np.geomspace(1 / 30, 1.0, 5)) @ rotation.T
        f, start = Quadratic((matrix + matrix.T) / 2, np.zeros(5)), draw.standard_normal(5)
        for variant, ratios in told.items():
            ratios += list(descend(f, start, 6, variant=variant).ratios[1:])
    code, martens = (np.array(ratios) for ratios in told.values())
    figure = (
        f"200 convex quadratics (five eigenvalues from 1/30 to 1), λ₀ = 1, steps 2 to 6: from the warm start ρ < 1 in "
        f"{np.sum(code < 1)} of {code.size} and ρ < ¼, so that λ grows, in {np.sum(code < 0.25)}; from θ the least ρ "
        f"is 1 − {max(0.0, 1 - np.min(martens)):.0e}"
    )
    return Evidence(bool(np.sum(code < 0.25) > 0) and bool(np.min(martens) > 0.75), figure)


@about_damping.claim(
    "false", source=f"{DOCSTRINGS} of _adapt_damping, which warns “if a negative reduction ratio is detected”"
)
def a_positive_ratio_is_a_good_step() -> Evidence:
    """Only a negative ρ is a sign of a bad step

    Where the model curves downwards both numerator and denominator can be positive: f and the model rise, and ρ says
    that they agree. The original authors' rules call it -∞ wherever f rose, and stop where curvature is not positive.
    """
    f, start = Quadratic(np.array([[-2.0]]), np.zeros(1)), np.ones(1)
    shared: dict[str, Any] = {"curvature": "hessian", "max_iter": 1, "backtracking": False, "linesearch": False}
    state = init(start, damping=0.5)
    after, kept, report = step(start, state, f, variant="code", **shared)
    distrust: dict[str, Any] = {"on_increase": "distrust", "rho_reference": "zero"}
    _, grown, judged = step(start, state, f, variant="code", **distrust, **shared)
    figure = (
        f"f = −θ², θ = 1, λ = ½, one iteration: θ goes to {after[0]:.6f}, f rises from {report.loss:.0f} to "
        f"{report.final_loss:.6f}, ρ = {report.ratio:.6f}, λ stays {kept.damping:g}; with “−∞ if f rose” ρ = "
        f"{judged.ratio} and λ becomes {grown.damping:g}"
    )
    rises = bool(report.final_loss > report.loss and report.ratio > 0 and kept.damping == 0.5)
    return Evidence(rises and bool(grown.damping > 0.5), figure)


@about_damping.claim("holds if", source=README, condition="the step points downhill: after a warm start it need not")
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
        f"f = t(1 − t) from t = 0 along s = 0.995, gᵀs = 0.995: a = {found.step:g} is accepted, and f rises by "
        f"{found.value - f.value(start):.6f}; a line search that refuses ascent takes a = {refused.step:g}"
    )
    return Evidence(bool(found.step == 1 and found.value > f.value(start) and refused.step == 0), figure)
