"""Claims about the package around the mathematics: the preconditioner, the least loss, and resuming a run.

The package itself is not run: where its code is at stake, its rule is replayed, and the figure says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense, Operator
from gnomon.curvature.products import network
from gnomon.hessian_free.backtracking import choose_iterate
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.hessian_free.optimizer import step
from gnomon.hessian_free.preconditioner import fisher_preconditioner, squared_gradients
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hessian_free.claims_about_conjugate_gradients import random_system
from gnomon_validation.studies.hessian_free.networks import tiny_networks
from gnomon_validation.studies.hessian_free.runs import descend
from gnomon_validation.studies.hessian_free.sources import DOCSTRINGS, PACKAGE, README, TESTS, ledger


@ledger.claim("false", source=README)
def the_preconditioner() -> Evidence:
    """“The `get_preconditioner`-method implements the preconditioner suggested in [1, Section 4.7]”

    It computes it and does not return it. `step` takes the `None` for “no preconditioner”: example and test “with
    preconditioning” run without.
    """
    problem, start = tiny_networks()[0][1:]
    f = network(problem)
    diagonal = squared_gradients(f.example_gradients(start))

    def get_preconditioner(damping: float) -> Operator | None:
        """Do what the package's method does."""
        fisher_preconditioner(diagonal, damping=damping)
        return None

    B = Dense(np.stack([f.ggnvp(start, e) for e in np.eye(start.size)]))
    damping, g = 1e-3, f.gradient(start)
    iterates = [
        conjugate_gradients(lambda v: B(v) + damping * v, -g, None, M, max_iter=4, rtol=0.0, variant="code").iterates[
            -1
        ]
        for M in (get_preconditioner(damping), None, fisher_preconditioner(diagonal, damping=damping))
    ]
    same, differs = np.array_equal(iterates[0], iterates[1]), not np.array_equal(iterates[0], iterates[2])
    off = float(np.linalg.norm(iterates[0] - iterates[2]) / np.linalg.norm(iterates[2]))
    figure = (
        f"a 4-6-2 network, λ = {damping:g}, four iterations: the package's rule, replayed, gives what no "
        f"preconditioner gives, bit for bit; the preconditioner itself leads {off:.0%} of the step's length elsewhere"
    )
    return Evidence(same and differs, figure)


@ledger.claim("false", source=f"{DOCSTRINGS} of cg_backtracking")
def the_least_loss() -> Evidence:
    """“Return the minimum target function value and the corresonding list index”

    `torch.Tensor(…)` rounds the losses to float32 before the least is looked for. (The optimizer uses the other
    function, which stops at the first loss that is no smaller.)
    """
    losses = 1 - np.array([0.0, 1e-9, 2e-8, 1e-8])
    exact = choose_iterate(losses, variant="full").taken
    rounded = choose_iterate(losses.astype(np.float32), variant="full").taken
    figure = (
        f"losses 1, 1 − 1e-9, 1 − 2e-8, 1 − 1e-8: the least has the index {exact}; the package's rule, "
        f"replayed, rounds to float32 and takes {rounded}; the rule that the optimizer uses takes "
        f"{choose_iterate(losses, variant='code').taken}"
    )
    return Evidence((exact, rounded) == (2, 0), figure)


@ledger.claim("false", source=f"{PACKAGE}, HessianFree is a torch.optim.Optimizer, whose load_state_dict is inherited")
def a_checkpoint_resumes_the_run() -> Evidence:
    """state_dict and load_state_dict save a run and resume it

    The optimizer reads λ and lr from a group that it keeps from its construction; `load_state_dict` makes new groups,
    and those of the checkpoint are never looked at. (Its state lists, x₀ among them, are found.)
    """
    problem, start = tiny_networks()[0][1:]
    through = descend(problem, start, 8, variant="code", decay=0.0, damping=10.0)
    halfway = descend(problem, start, 4, variant="code", decay=0.0, damping=10.0)
    ends = {}
    for name, damping in (("ours", halfway.state.damping), ("theirs", np.float64(10.0))):
        params, state = halfway.points[-1], halfway.state._replace(damping=damping)
        for _ in range(4):
            params, state, _ = step(params, state, network(problem), variant="code", decay=0.0)
        ends[name] = params
    same = {name: np.array_equal(params, through.points[-1]) for name, params in ends.items()}
    losses = [float(network(problem).value(params)) for params in ends.values()]
    figure = (
        f"a 4-6-2 network, λ₀ = 10, saved after 4 of 8 steps with λ = {halfway.state.damping:.4f}: resumed with that λ "
        f"the run is the uninterrupted one bit for bit (f = {losses[0]:.6f}); by the package's rule, "
        f"replayed, with the λ of the new optimizer's construction, 10, it is another (f = {losses[1]:.6f})"
    )
    return Evidence(same == {"ours": True, "theirs": False}, figure)


@ledger.claim("holds if", source=f"{TESTS}, test_on_quadratic", condition="conjugate gradients run to the end")
def one_newton_step() -> Evidence:
    """“`HessianFree` optimizer on a quadratic function. In this particular case, it has to converge in a single Newton
    step.”

    With damping 0 the step is A⁻¹b as far as conjugate gradients solve for it. In larger dimensions the package's rule
    of progress ends them far from there; run to the end, they come as near as a relative change of A by ε would move
    the solution: κε of the way.
    """
    n, draw = 30, np.random.default_rng(30)
    plain: dict[str, Any] = {"curvature": "hessian", "variant": "code", "backtracking": False, "linesearch": False}
    to_the_end: dict[str, Any] = {"rtol": 0.0, "progress_threshold": None, "max_iter": 20 * n}
    stopped: list[float] = []
    ended: list[float] = []
    bounds: list[float] = []
    for _ in range(30):
        A, minimum, _ = random_system(draw, n)
        f, start = Quadratic(A, minimum), draw.uniform(-0.5, 0.5, n)
        for errors, rules in ((stopped, {}), (ended, to_the_end)):
            end = descend(f, start, 1, damping=0.0, **plain, **rules).points[-1]
            errors.append(float(np.linalg.norm(end - minimum) / np.linalg.norm(start - minimum)))
        bounds.append(float(np.linalg.cond(A) * np.finfo(np.float64).eps))
    figure = (
        f"30 random quadratics of the tests, dimension {n}: with the package's stopping rules {min(stopped):.1%} to "
        f"{max(stopped):.0%} of the way to the minimum are left after the step; with {20 * n} iterations at most "
        f"{max(ended):.1e} of it (κε is at most {max(bounds):.1e})"
    )
    far = all(error > bound for error, bound in zip(stopped, bounds, strict=True))
    near = all(error <= bound for error, bound in zip(ended, bounds, strict=True))
    return Evidence(far and near, figure)
