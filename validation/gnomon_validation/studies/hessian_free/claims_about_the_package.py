"""Claims about the package around conjugate gradients: damping, preconditioner, the least loss, resuming a run.

The package itself is not run: where its code is at stake, its rule is replayed, and the figure says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense, Operator
from gnomon.curvature.products import network
from gnomon.hessian_free import backtracking, preconditioner
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.hessian_free.line_search import armijo
from gnomon.hessian_free.optimizer import init, step
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hessian_free import runaway
from gnomon_validation.studies.hessian_free.claims_about_conjugate_gradients import distance, random_system
from gnomon_validation.studies.hessian_free.runs import descend, tiny_networks
from gnomon_validation.studies.hessian_free.sources import DOCSTRINGS, PACKAGE, README, TESTS, ledger


@ledger.claim("false", source=f"{README}; docstring of the constructor")
def the_heuristic_of_levenberg_and_marquardt() -> Evidence:
    """“Our implementation also features the Levenberg-Marquardt style heuristic for adjusting the damping
    parameter”; “Levenberg-Marquardt style heuristic, see [1, Section 4.1]”

    In the original authors' code the change of f is that of the step, measured from θ. The package measures it from the
    warm start of conjugate gradients; then λ, once it is large, grows by 3/2 at every step, steps shrink by as much,
    and the optimizer stalls even on convex quadratics.
    """
    released, from_zero = (runaway.on_quadratic(runaway.RULES[name]) for name in (runaway.RELEASED, runaway.FROM_ZERO))
    grown = runaway.steps_that_grow(released)
    left, away = 2 * released.lengths[-1], np.linalg.norm(released.points[-1])
    figure = (
        f"f = ½ Σ dᵢθᵢ², dᵢ from 0.01 to 1, 60 steps: with the code's ρ λ grows in the last {grown} steps, to "
        f"{released.dampings[-1]:.2g}, and f ends at {released.losses[-1]:.3g}; steps that shrink on by 2/3 are "
        f"{left:.1e} long together, and the minimum is {away:.2f} away. Measured from θ λ falls to "
        f"{from_zero.dampings[50]:.2g} by step 51 and f to {from_zero.losses[20]:.1e} by step 20"
    )
    stalls = grown > 0 and bool(left < away)
    until_0 = np.array(from_zero.dampings)[np.array(from_zero.losses) > 0]
    falls = bool(np.all(np.diff(until_0) < 0) and from_zero.losses[20] < released.losses[-1])
    return Evidence(stalls and falls, figure)


@ledger.claim("false", source=f"{DOCSTRINGS} of _adapt_damping")
def the_loss_before_the_step() -> Evidence:
    """“f_0 …: The target function value at `0` (no update step, i.e. at the initial parameters)”

    What is passed is f at θ + x₀, x₀ the warm start; a comment at the call says so. Only in the first step is it f(θ).
    """
    f, start = Quadratic(np.diag([1.0, 4.0]), np.zeros(2)), np.ones(2)
    params, state, _ = step(start, init(start), f, variant="code")
    at_zero, at_warm_start = f.value(params), f.value(params + state.warm_start)
    warm, zero = (step(params, state, f, variant="code", rho_origin=origin)[2].ratio for origin in ("x0", "zero"))
    figure = (
        f"f = ½(x² + 4y²) from (1, 1), second step: f(θ) = {at_zero:.4f}, f(θ + x₀) = {at_warm_start:.4f}; ρ of that "
        f"step is {zero:.3f} from θ and {warm:.3f} from the warm start"
    )
    return Evidence(bool(at_zero != at_warm_start and zero > 1 > warm), figure)


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
        for origin, ratios in told.items():
            ratios += list(descend(f, start, 6, variant="code", rho_origin=origin).ratios[1:])
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
    f, rising, start = Quadratic(np.array([[-2.0]]), np.array([0.5])), np.array([0.995]), np.zeros(1)
    found, refused = (armijo(f, start, rising, f.gradient(start), reject_ascent=refuse) for refuse in (False, True))
    figure = (
        f"f = t(1 − t) from t = 0 along s = 0.995, gᵀs = 0.995: a = {found.step_length:g} is accepted, and f rises by "
        f"{found.value - f.value(start):.6f}; a line search that refuses ascent takes a = {refused.step_length:g}"
    )
    return Evidence(bool(found.step_length == 1 and found.value > f.value(start) and refused.step_length == 0), figure)


@ledger.claim("false", source=README)
def the_preconditioner() -> Evidence:
    """“The `get_preconditioner`-method implements the preconditioner suggested in [1, Section 4.7]”

    It computes it and does not return it. `step` takes the `None` for “no preconditioner”: example and test “with
    preconditioning” run without.
    """
    problem, start = tiny_networks()[0][1:]
    f = network(problem)
    diagonal = preconditioner.squared_gradients(f.example_gradients(start))

    def get_preconditioner(damping: float) -> Operator | None:
        """Do what the package's method does."""
        preconditioner.fisher_preconditioner(diagonal, damping=damping)
        return None

    damping, b = 1e-3, -f.gradient(start)
    A = Dense(np.stack([f.ggnvp(start, e) for e in np.eye(start.size)]) + damping * np.eye(start.size))
    theirs, without, fisher = (
        conjugate_gradients(A, b, None, M, max_iter=4, rtol=0.0, variant="code").iterates[-1]
        for M in (get_preconditioner(damping), None, preconditioner.fisher_preconditioner(diagonal, damping=damping))
    )
    off = distance(without, fisher)
    figure = (
        f"a 4-6-2 network, λ = {damping:g}, four iterations: the package's rule, replayed, gives what no "
        f"preconditioner gives, bit for bit; the preconditioner itself leads {off:.0%} of the step's length elsewhere"
    )
    return Evidence(np.array_equal(theirs, without) and off > 0, figure)


@ledger.claim("false", source=f"{DOCSTRINGS} of cg_backtracking")
def the_least_loss() -> Evidence:
    """“Return the minimum target function value and the corresonding list index”

    `torch.Tensor(…)` rounds the losses to float32 before the least is looked for. (The optimizer uses the other
    function, which stops at the first loss that is no smaller.)
    """
    losses = 1 - np.array([0.0, 1e-9, 2e-8, 1e-8])
    rows = ((losses, "full"), (losses.astype(np.float32), "full"), (losses, "code"))
    exact, rounded, used = (backtracking.choose_iterate(row, variant=variant).taken for row, variant in rows)
    figure = (
        f"losses 1, 1 − 1e-9, 1 − 2e-8, 1 − 1e-8: the least has the index {exact}; the package's rule, replayed, "
        f"rounds to float32 and takes {rounded}; the rule that the optimizer uses takes {used}"
    )
    return Evidence((exact, rounded) == (2, 0), figure)


@ledger.claim("false", source=f"{PACKAGE}, HessianFree is a torch.optim.Optimizer, whose load_state_dict is inherited")
def a_checkpoint_resumes_the_run() -> Evidence:
    """state_dict and load_state_dict save a run and resume it

    The optimizer reads λ and lr from a group that it keeps from its construction; `load_state_dict` makes new groups,
    and those of the checkpoint are never looked at. (Its state lists, x₀ among them, are found.)
    """
    problem, start = tiny_networks()[0][1:]
    through, halfway = (descend(problem, start, steps, variant="code", decay=0.0, damping=10.0) for steps in (8, 4))
    ends = []
    for damping in (halfway.state.damping, np.float64(10.0)):
        params, state = halfway.points[-1], halfway.state._replace(damping=damping)
        for _ in range(4):
            params, state, _ = step(params, state, network(problem), variant="code", decay=0.0)
        ends.append(params)
    ours, theirs = (network(problem).value(params) for params in ends)
    figure = (
        f"a 4-6-2 network, λ₀ = 10, saved after 4 of 8 steps with λ = {halfway.state.damping:.4f}: resumed with that λ "
        f"the run is the uninterrupted one bit for bit (f = {ours:.6f}); by the package's rule, replayed, with the λ "
        f"of the new optimizer's construction, 10, it is another (f = {theirs:.6f})"
    )
    return Evidence([np.array_equal(params, through.points[-1]) for params in ends] == [True, False], figure)


@ledger.claim("holds if", source=f"{TESTS}, test_on_quadratic", condition="conjugate gradients run to the end")
def one_newton_step() -> Evidence:
    """“`HessianFree` optimizer on a quadratic function. In this particular case, it has to converge in a single Newton
    step.”

    With damping 0 the step is A⁻¹b as far as conjugate gradients solve for it. In larger dimensions the package's rule
    of progress ends them far from there; run to the end, they come as near as a relative change of A by ε would move
    the solution: κε of the way.
    """
    n, draw, told = 30, np.random.default_rng(30), []
    plain: dict[str, Any] = {"curvature": "hessian", "variant": "code", "backtracking": False, "linesearch": False}
    to_the_end: dict[str, Any] = {"rtol": 0.0, "progress_threshold": None, "max_iter": 20 * n}
    for _ in range(30):
        A, minimum, _ = random_system(draw, n)
        f, start = Quadratic(A, minimum), draw.uniform(-0.5, 0.5, n)
        ends = [descend(f, start, 1, damping=0.0, **plain, **rules).points[-1] for rules in ({}, to_the_end)]
        errors = [np.linalg.norm(end - minimum) / np.linalg.norm(start - minimum) for end in ends]
        told.append((*errors, np.linalg.cond(A) * np.finfo(np.float64).eps))
    stopped, ended, bounds = np.array(told).T
    figure = (
        f"30 random quadratics of the tests, dimension {n}: with the package's stopping rules {min(stopped):.1%} to "
        f"{max(stopped):.0%} of the way to the minimum are left after the step; with {20 * n} iterations at most "
        f"{max(ended):.1e} of it (κε is at most {max(bounds):.1e})"
    )
    return Evidence(bool(np.all(stopped > bounds) and np.all(ended <= bounds)), figure)
