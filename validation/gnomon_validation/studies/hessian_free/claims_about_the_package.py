"""Claims about the package around the mathematics: the preconditioner, what is recorded, and resuming a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense, Operator
from gnomon.curvature.products import network
from gnomon.domains import Array
from gnomon.hessian_free.backtracking import choose_iterate
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.hessian_free.functions import Quadratic
from gnomon.hessian_free.optimizer import HessianFreeState, step
from gnomon.hessian_free.preconditioner import fisher_preconditioner, squared_gradients
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.hessian_free.networks import readme_batch, readme_start, tiny_networks
from gnomon_validation.studies.hessian_free.runs import descend
from gnomon_validation.studies.hessian_free.sources import DOCSTRINGS, PACKAGE, README

about_the_package = Ledger("hessian_free")


@about_the_package.claim("false", source=README)
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
        conjugate_gradients(lambda v: B(v) + damping * v, -g, None, M, max_iter=4, rtol=0.0).iterates[-1]
        for M in (get_preconditioner(damping), None, fisher_preconditioner(diagonal, damping=damping))
    ]
    same, differs = np.array_equal(iterates[0], iterates[1]), not np.array_equal(iterates[0], iterates[2])
    off = float(np.linalg.norm(iterates[0] - iterates[2]) / np.linalg.norm(iterates[2]))
    figure = (
        f"a 4-6-2 network, λ = {damping:g}, four iterations: what the method's rule gives is what no preconditioner "
        f"gives, bit for bit; the preconditioner itself leads {off:.0%} of the step's length elsewhere"
    )
    return Evidence(same and differs, figure)


@about_the_package.claim("false", source=f"{DOCSTRINGS} of cg_backtracking")
def the_least_loss() -> Evidence:
    """“Return the minimum target function value and the corresonding list index”

    `torch.Tensor(…)` rounds the losses to float32 before the least is looked for. (The optimizer uses the other
    function, which stops at the first loss that is no smaller.)
    """
    losses = 1 - np.array([0.0, 1e-9, 2e-8, 1e-8])
    exact = choose_iterate(losses, variant="full").taken
    rounded = choose_iterate(losses.astype(np.float32), variant="full").taken
    figure = (
        f"losses 1, 1 − 1e-9, 1 − 2e-8, 1 − 1e-8: the least has the index {exact}, rounded to float32 {rounded}; the "
        f"rule that the optimizer uses takes {choose_iterate(losses).taken}"
    )
    return Evidence((exact, rounded) == (2, 0), figure)


@about_the_package.claim("false", source=f"{PACKAGE}, optimizer.py, the lists in its state")
def final_losses_are_recorded() -> Evidence:
    """state["final_losses"]: the loss after each step, beside "init_losses", which has one entry a step

    It is appended to inside `if self.verbose:` only. With the default verbose=False the list stays empty, though the
    line search knows the number.
    """
    recorded = {verbose: _recorded(verbose) for verbose in (False, True)}
    figure = "the README's example, five steps: " + "; ".join(
        f"verbose={verbose}: {initial} initial and {final} final losses"
        for verbose, (initial, final) in recorded.items()
    )
    return Evidence(recorded == {False: (5, 0), True: (5, 5)}, figure)


def _recorded(verbose: bool) -> tuple[int, int]:
    """Return how many losses before and after a step the package's rule records in the README's example."""
    params = readme_start()
    state, initial, final = HessianFreeState(0 * params, np.float64(1.0)), [], []
    for k in range(5):
        params, state, report = step(params, state, readme_batch(k), variant="code")
        initial.append(report.loss)
        if verbose:
            final.append(report.final_loss)
    return len(initial), len(final)


@about_the_package.claim(
    "false", source=f"{PACKAGE}, HessianFree is a torch.optim.Optimizer, whose load_state_dict is inherited"
)
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
        f"the run is the uninterrupted one bit for bit (f = {losses[0]:.6f}); with the λ of the new optimizer's "
        f"construction, 10, it is another (f = {losses[1]:.6f})"
    )
    return Evidence(same == {"ours": True, "theirs": False}, figure)


@about_the_package.claim(
    "holds if", source=f"{PACKAGE}, test_on_quadratic", condition="conjugate gradients run to the end"
)
def one_newton_step() -> Evidence:
    """“`HessianFree` optimizer on a quadratic function. In this particular case, it has to converge in a single Newton
    step.”

    With damping 0 the step is A⁻¹b as far as conjugate gradients solve for it: with the tolerance of 1e-5 the error is
    at most 1e-5·‖g‖/λ_min, which is much for a bad condition.
    """
    told: dict[str, Array] = {}
    eigenvalues = np.geomspace(1e-3, 1.0, 8)
    f, start = Quadratic(np.diag(eigenvalues), np.zeros(8)), np.ones(8)
    plain: dict[str, Any] = {"curvature": "hessian", "variant": "code", "backtracking": False, "linesearch": False}
    for name, rtol in (("1e-5", 1e-5), ("0", 0.0)):
        told[name] = descend(
            f, start, 1, damping=0.0, rtol=rtol, progress_threshold=None, max_iter=160, **plain
        ).points[-1]
    errors = {name: float(np.linalg.norm(end)) for name, end in told.items()}
    bound = 1e-5 * float(np.linalg.norm(f.gradient(start))) / float(eigenvalues[0])
    figure = (
        f"eigenvalues from 1e-3 to 1, from (1, …, 1), minimum 0: one step ends ‖θ‖ = {errors['1e-5']:.1e} away with "
        f"the tolerance 1e-5 (bound {bound:.1e}), {errors['0']:.1e} without it"
    )
    return Evidence(errors["0"] < errors["1e-5"] <= bound, figure)
