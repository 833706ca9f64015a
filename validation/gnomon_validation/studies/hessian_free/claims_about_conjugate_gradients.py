"""Claims about conjugate gradients: when they stop, which iterates are kept, and what they solve."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from math import comb
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.domains import Array
from gnomon.hessian_free.conjugate_gradients import PROGRESS, RESIDUAL, conjugate_gradients
from gnomon.hessian_free.progress import progress_has_ended
from gnomon.hessian_free.storage_grid import storage_grid
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hessian_free.sources import DOCSTRINGS, PACKAGE, README, TESTS, ledger

run_out = partial(conjugate_gradients, rtol=0.0, progress_threshold=None)


def distance(x: Array, aim: Array) -> float:
    """Return ‖x - x*‖/‖x*‖."""
    return float(np.linalg.norm(x - aim) / np.linalg.norm(aim))


def random_system(draw: np.random.Generator, n: int) -> tuple[Array, Array, Array]:
    """Return A, x and b as the package's tests draw them: A = RRᵀ + I/1000, R and x uniform between ±½, b = Ax."""
    R, x = draw.uniform(-0.5, 0.5, (n, n)), draw.uniform(-0.5, 0.5, n)
    A = R @ R.T + 1e-3 * np.eye(n)
    return A, x, A @ x


@ledger.claim("false", source=README)
def the_stopping_rule() -> Evidence:
    """“Our implementation of the preconditioned conjugate gradient method features the termination criterion presented
    in [1, Section 4.4]”

    In the original authors' code the progress of the last k iterations is below k·ε of what was reached; the package
    has ε without k (k >= 10), divides by mᵢ − m₀ instead of mᵢ, and does not ask for mᵢ₋ₖ < 0. So it runs longer.
    """
    fired = {v: first_end(v, 0.9) for v in ("code", "martens")}
    draw, counts, excess = np.random.default_rng(0), [], []
    for _ in range(60):
        n = int(draw.integers(12, 121))
        A, _, b = random_system(draw, n)
        lowest = -float(b @ np.linalg.solve(A, b)) / 2
        found = [conjugate_gradients(Dense(A), b, max_iter=100, rtol=0.0, variant=v) for v in ("code", "martens")]
        if all(one.reason == PROGRESS for one in found):
            counts.append([one.iterations for one in found])
            excess.append([1 - float(one.values[-1]) / lowest for one in found])
    code, martens = np.array(counts).T
    late, early = np.median(excess, axis=0)
    figure = (
        f"mᵢ = −(1 − 0.9ⁱ): the package's rule stops at i = {fired['code']}, the original authors' at "
        f"{fired['martens']}. Of 60 random systems both rules end {code.size}: after {np.median(code):.0f} and "
        f"{np.median(martens):.0f} iterations in the median, {np.sum(code < martens)} earlier by the package's, "
        f"with {late:.1e} and {early:.1e} of the depth of the model still missing"
    )
    return Evidence(fired["code"] > fired["martens"] and bool(np.all(code >= martens)) and code.size > 0, figure)


def first_end(variant: str, q: float) -> int:
    """Return at which i the rule first ends mᵢ = -(1 - qⁱ)."""
    model = -(1 - q ** np.arange(2000.0))
    return next(i for i in range(2000) if progress_has_ended(model[: i + 1], variant=variant))


@ledger.claim("false", source=f"{README}; docstring of _cg_storing_grid in cg.py")
def the_storage_grid() -> Evidence:
    """“This grid of iterations is generated using the approach from [1, Section 4.6]”; “We include the iterations
    defined by ceil(gamma^j) - 1 for j=1, 2, ...”

    The original authors' code keeps ⌈5·1.3ʲ⌉. The package keeps every one of the first iterations instead, shifted by
    one, and for j = 0, too: iteration 0, the warm start itself, is a candidate.
    """
    code, martens = (storage_grid(250, variant=v) for v in ("code", "martens"))
    both = sorted(set(code.tolist()) & set(martens.tolist()))
    figure = (
        f"at most 250 iterations: the package keeps {code.size} ({', '.join(map(str, code[:10]))}, …), the original "
        f"code {martens.size} ({', '.join(map(str, martens[:8]))}, …); {len(both)} are the same"
    )
    return Evidence(bool(code[0] == 0 and martens[0] == 5) and len(both) < martens.size, figure)


@ledger.claim("false", source=f"{TESTS}, test_optimizer.py")
def the_rule_is_triggered() -> Evidence:
    """“for `dim > 10`, Martens' convergence criterion is triggered in `cg` which prevents `cg` from running until
    actual convergence”

    It cannot act before iteration 11, and on the tests' own random systems it does not act just above
    dimension 10. Where it does, for larger ones, the solution is still far away.
    """
    ends, errors = {}, {}
    for n in (11, 12, 15, 20, 30, 50):
        draw, fired, distances = np.random.default_rng(n), 0, []
        for _ in range(30):
            A, x, b = random_system(draw, n)
            found = conjugate_gradients(Dense(A), b, draw.uniform(-0.5, 0.5, n), max_iter=250, variant="code")
            fired += found.reason == PROGRESS
            distances.append(distance(found.iterates[-1], x))
        ends[n], errors[n] = fired, float(np.median(distances))
    told = ", ".join(f"{fired} in dimension {n}" for n, fired in ends.items())
    figure = (
        f"random systems of the tests in float64, of 30 the rule ends {told}; median error of the solution then "
        f"{errors[30]:.0%} and {errors[50]:.0%} in dimensions 30 and 50"
    )
    return Evidence(ends[11] == ends[12] == 0 < ends[50], figure)


@ledger.claim("false", source=f"{DOCSTRINGS} of cg")
def the_tolerance_is_reached() -> Evidence:
    """“Terminate cg if `norm(residual) <= max(tol * norm(b), atol)`”

    The test is <, and comes after the first iteration: b = 0, whose bound is 0, can never fulfil it, nor is an exact
    start seen; the package then divides 0 by 0.
    """
    operator, b = Dense(np.diag([1.0, 3.0])), np.ones(2)
    half, above = (run_out(operator, b, rtol=rtol, variant="code") for rtol in (0.5, 0.5 * (1 + 2.0**-52)))
    strict = distance(operator(above.iterates[-1]), b)
    none = conjugate_gradients(operator, 0 * b, np.ones(2), progress_threshold=None, max_iter=50)
    figure = (
        f"A = diag(1, 3), b = (1, 1): after one iteration ‖r‖ = {strict:g}·‖b‖; with tol = 0.5 {half.iterations} "
        f"iterations are taken, with the next larger number {above.iterations}. With b = 0 from (1, 1) the bound is "
        f"never met: it ends by “{none.reason}” (ours; the package's goes on to 0/0)"
    )
    return Evidence((half.iterations, above.iterations) == (2, 1) and above.reason == RESIDUAL != none.reason, figure)


@ledger.claim(
    "holds if", source="Hestenes & Stiefel, J. Res. Nat. Bur. Standards 49 (1952)", condition="the arithmetic is exact"
)
def as_many_iterations_as_unknowns() -> Evidence:
    """Conjugate gradients solve a system of n equations in at most n iterations

    In floating point they lose conjugacy. The package's own default for a missing `cg_max_iter` is n all the same.
    """
    n = 10
    A = np.array([[comb(i + j, i) for j in range(n)] for i in range(n)], dtype=float)
    exact, condition, b = exact_residual(A, n), np.linalg.cond(A), A @ np.ones(n)
    ends = {count: run_out(Dense(A), b, max_iter=count).iterates[-1] for count in (n, 2 * n, 20 * n)}
    errors = {count: float(np.linalg.norm(end - 1)) for count, end in ends.items()}
    bound = float(condition * np.finfo(np.float64).eps * np.sqrt(n))
    told = ", ".join(f"{error:.1e} after {count}" for count, error in errors.items())
    figure = (
        f"Pascal's matrix of order {n} (κ = {condition:.1e}), solution (1, …, 1): in fractions the residual after {n} "
        f"iterations is {exact}; in float64 ‖x − 1‖ is {told}; a change of A by ε moves x by up to κε‖x‖ = {bound:.1e}"
    )
    return Evidence(exact == 0 and errors[n] > bound > errors[20 * n], figure)


def exact_residual(matrix: Array, iterations: int) -> Any:
    """Return ‖r‖² of conjugate gradients from 0 in fractions, on A x = A(1, …, 1), A of whole numbers."""
    A: Any = np.vectorize(Fraction, otypes=[object])(matrix)
    r = p = np.sum(A, axis=1)
    rr = r @ r
    for _ in range(iterations):
        Ap = A @ p
        r = r - rr / (p @ Ap) * Ap
        before, rr = rr, r @ r
        if rr == 0:
            break
        p = r + rr / before * p
    return rr


@ledger.claim("false", source=f"{PACKAGE}, cg.py, the option saddle-free")
def saddle_free_conjugate_gradients() -> Evidence:
    """“saddle-free: Take the absolute value of the directional curvature. This idea is taken from [4]”

    The idea is |A|⁻¹b. With |pᵀAp| in place of pᵀAp directions are no longer conjugate and the iterates go to neither
    |A|⁻¹b nor A⁻¹b. Reference [4] is not in the list, and no argument of the package reaches the option.
    """
    draw, told = np.random.default_rng(0), []
    for _ in range(200):
        n = int(draw.integers(3, 7))
        rotation, _ = np.linalg.qr(draw.standard_normal((n, n)))
        spectrum = draw.uniform(0.5, 3.0, n) * np.where(np.arange(n) < 1, -1, 1)
        b, A = draw.standard_normal(n), Dense(rotation @ np.diag(spectrum) @ rotation.T)
        found, plain = (run_out(A, b, max_iter=n, on_nonpositive_curvature=k) for k in ("saddle-free", "ignore"))
        solution, aim = (rotation @ ((rotation.T @ b) / eigenvalues) for eigenvalues in (spectrum, np.abs(spectrum)))
        pairs = ((found, solution), (found, aim), (plain, solution))
        told.append([distance(one.iterates[-1], end) for one, end in pairs])
    inverse, absolute, rounding = np.array(told).T
    figure = (
        f"200 random matrices of order 3 to 6 with one negative eigenvalue, n iterations: relative distance to |A|⁻¹b "
        f"between {np.min(absolute):.2g} and {np.max(absolute):.2g}, to A⁻¹b at least {np.min(inverse):.2g}; with "
        f"pᵀAp itself A⁻¹b is met to {np.max(rounding):.1g}"
    )
    return Evidence(bool(min(*absolute, *inverse) > np.max(rounding)), figure)
