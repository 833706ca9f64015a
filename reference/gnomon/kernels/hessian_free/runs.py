"""`gnomon.hessian_free.runs` as compiled loops: every step of every run, with all its parts, in one call.

The curvature is made as a matrix in every step, so that a product costs n² and not 2Nn operations.

Numba's disk cache does not see through a call into another file: after an edit here, delete the `__pycache__` beside.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gnomon.arguments import check_arguments, with_keywords
from gnomon.domains import Array
from gnomon.hessian_free import runs as reference
from gnomon.hessian_free.conjugate_gradients import POLICIES
from gnomon.hessian_free.damping import GROW, HIGH, LOW
from gnomon.hessian_free.damping import SHRINK as LESS_DAMPED
from gnomon.hessian_free.line_search import SHRINK, SLOPE_FRACTION
from gnomon.hessian_free.optimizer import CG_RTOL, ON_NONPOSITIVE_CURVATURE, TRIES, step
from gnomon.hessian_free.runs import OF_A_STEP, Runs
from gnomon.hessian_free.storage_grid import storage_grid
from gnomon.kernels.domains import contiguous, require_compiled
from gnomon.kernels.hessian_free.conjugate_gradients import (
    NONE,
    NOT_FINITE,
    REFUSED,
    ZERO,
    Found,
    Preconditioner,
    Rules,
    iterate,
)
from gnomon.kernels.hessian_free.objectives import KINDS, QUADRATIC, Problem, derive, value
from gnomon.kernels.hessian_free.products import multiply

__all__ = ["Runs", "fit_linear_models", "minimise_quadratics"]

ALL_WENT_WELL = -1
DEFAULTS = {name: inspect.signature(step).parameters[name].default for name in OF_A_STEP}


class Plan(NamedTuple):
    """What a step does beside conjugate gradients, numbers in the dtype. slope_fraction, shorter: c and β of Armijo."""

    martens: bool
    adapt_damping: bool
    decay: Any
    backtracking: bool
    lr: Any
    linesearch: bool
    tries: int
    slope_fraction: Any
    shorter: Any
    low: Any
    high: Any
    grow: Any
    shrink: Any
    zero: Any
    one: Any
    half: Any


@njit(cache=True, error_model="numpy")
def dot(left: Array, right: Array) -> Any:
    """Return Σ uᵢvᵢ, summed in ascending order."""
    total = left.dtype.type(0)
    for i in range(left.size):
        total += left[i] * right[i]
    return total


@njit(cache=True, error_model="numpy")
def value_along(problem: Problem, params: Array, length: Any, direction: Array, point: Array) -> Any:
    """Return f(w + a·d). point: room, shape (n,)."""
    for i in range(point.size):
        point[i] = params[i] + length * direction[i]
    return value(problem, point)


@njit(cache=True, error_model="numpy")
def chosen(problem: Problem, params: Array, found: Found, plan: Plan, point: Array) -> int:
    """Return the row of the kept iterate that backtracking takes, -1 if none has a finite loss."""
    if not plan.backtracking:
        return found.kept - 1
    best, least = -1, plan.zero
    for back in range(found.kept):
        row = found.kept - 1 - back
        loss = value_along(problem, params, plan.one, found.iterates[row], point)
        if np.isfinite(loss) and (best < 0 or loss < least or (plan.martens and loss == least)):
            best, least = row, loss
        elif best >= 0:
            break
    return best


@njit(cache=True, error_model="numpy")
def grown(damping: Any, plan: Plan) -> Any:
    """Return a larger damping, the same where that would be infinite."""
    larger = damping * plan.grow
    return larger if np.isfinite(larger) else damping


@njit(cache=True, error_model="numpy")
def updated_damping(damping: Any, ratio: Any, plan: Plan) -> Any:
    """Return what the damping becomes, as `gnomon.hessian_free.damping.updated_damping` does."""
    if ratio < plan.low or (plan.martens and ratio != ratio):
        return grown(damping, plan)
    return damping * plan.shrink if ratio > plan.high else damping


@njit(cache=True, error_model="numpy")
def next_damping(
    problem: Problem,
    params: Array,
    warm_start: Array,
    found: Found,
    row: int,
    grad: Array,
    curvature: Array,
    loss: Any,
    damping: Any,
    plan: Plan,
    point: Array,
) -> Any:
    """Return the damping of the next step, as `gnomon.hessian_free.adaptation.next_damping` does with the presets."""
    end = found.iterates[row] if plan.martens and row >= 0 else found.iterates[found.kept - 1]
    moved = row >= 0 or not plan.martens
    same = True
    for i in range(params.size):
        same &= end[i] == (plan.zero if plan.martens else warm_start[i])
    if same or not moved:
        stays = row >= 0 and found.end == ZERO
        return damping if stays or not plan.martens else grown(damping, plan)
    after = value_along(problem, params, plan.one, end, point)
    if plan.martens:
        if after - loss > 0 or after == -np.inf:
            return grown(damping, plan)
        multiply(curvature, end, point)
        predicted = dot(grad, end) + dot(end, point) * plan.half
        return updated_damping(damping, (after - loss) / predicted, plan)
    before = value_along(problem, params, plan.one, warm_start, point)
    if after == -np.inf:
        return damping
    return updated_damping(damping, (after - before) / (found.values[found.iterations, 0] - found.values[0, 0]), plan)


@njit(cache=True, error_model="numpy")
def line_search(
    problem: Problem, params: Array, direction: Array, grad: Array, loss: Any, plan: Plan, point: Array
) -> tuple[Any, Any]:
    """Return the step length and the loss that it leads to."""
    if not plan.linesearch:
        reached = value_along(problem, params, plan.lr, direction, point)
        return (plan.lr, reached) if np.isfinite(reached) else (plan.zero, loss)
    slope, a = dot(grad, direction), plan.lr
    for _ in range(plan.tries):
        reached = value_along(problem, params, a, direction, point)
        if np.isfinite(reached) and reached <= loss + plan.slope_fraction * a * slope:
            return a, reached
        a *= plan.shorter
    return plan.zero, loss


@njit(cache=True, error_model="numpy")
def run(
    problem: Problem,
    params: Array,
    damping: Any,
    plan: Plan,
    rules: Rules,
    stored: NDArray[np.int64],
    losses: Array,
    dampings: Array,
    iterations: NDArray[np.int64],
    lengths: Array,
) -> bool:
    """Make the steps of one run on `params` in place and write down what they did; return whether all went well."""
    n, dtype = params.size, params.dtype
    grad, rhs, point, warm_start = np.empty(n, dtype), np.empty(n, dtype), np.empty(n, dtype), np.zeros(n, dtype)
    curvature, damped = np.empty((n, n), dtype), np.empty((n, n), dtype)
    none = Preconditioner(NONE, point, damped)
    for t in range(lengths.size):
        loss = value(problem, params)
        derive(problem, params, grad, curvature)
        if not (np.isfinite(loss) and np.all(np.isfinite(grad)) and np.all(np.isfinite(params))):
            return False
        damped[:] = curvature
        for i in range(n):
            damped[i, i] += damping
            rhs[i] = -grad[i]
        found = iterate(damped, rhs, warm_start, none, rules, stored)
        if found.end in (NOT_FINITE, REFUSED):
            return False
        row = chosen(problem, params, found, plan, point)
        losses[t], dampings[t], iterations[t] = loss, damping, found.iterations
        if plan.adapt_damping and damping > 0:
            damping = next_damping(problem, params, warm_start, found, row, grad, curvature, loss, damping, plan, point)
        a, reached = plan.zero, loss
        if row >= 0:
            a, reached = line_search(problem, params, found.iterates[row], grad, loss, plan, point)
        last = found.iterates[found.kept - 1]
        for i in range(n):
            if a != 0:
                params[i] += a * found.iterates[row, i]
            warm_start[i] = plan.decay * last[i] if row >= 0 else plan.zero
        losses[t + 1], dampings[t + 1], lengths[t] = reached, damping, a
    return True


@njit(cache=True, error_model="numpy")
def run_all(
    kind: int,
    rows: Array,
    answers: Array,
    ridge: Any,
    damping: Any,
    plan: Plan,
    rules: Rules,
    stored: NDArray[np.int64],
    runs: Runs,
) -> int:
    """Make all runs, one after the other; return the first that went wrong, or `ALL_WENT_WELL`."""
    outputs = np.empty_like(answers[0])
    for k in range(rows.shape[0]):
        problem = Problem(kind, rows[k], answers[k], ridge, outputs)
        if not run(
            problem,
            runs.params[k],
            damping,
            plan,
            rules,
            stored,
            runs.losses[k],
            runs.dampings[k],
            runs.iterations[k],
            runs.step_lengths[k],
        ):
            return k
    return ALL_WENT_WELL


@with_keywords(step, *OF_A_STEP)
def minimise_quadratics(
    params: Array, matrices: Array, stationary: Array, *, steps: int, damping: float = 1.0, **hyper: Any
) -> Runs:
    """Make `steps` steps on every quadratic, as `gnomon.hessian_free.runs` does; float32 and float64 only."""
    hyper = {"steps": steps, "damping": damping, **hyper}
    check_arguments(reference.minimise_quadratics, params, matrices, stationary, **hyper)

    def plainly(k: slice) -> Runs:
        return reference.minimise_quadratics(params[k], matrices[k], stationary[k], **hyper)

    return _runs(QUADRATIC, params, matrices, stationary, 0.0, {**DEFAULTS, **hyper}, plainly)


@with_keywords(step, *OF_A_STEP)
def fit_linear_models(
    params: Array,
    features: Array,
    targets: Array,
    *,
    steps: int,
    loss: str = "squared",
    ridge: float = 0.0,
    damping: float = 1.0,
    **hyper: Any,
) -> Runs:
    """Make `steps` steps on every model, as `gnomon.hessian_free.runs` does; float32 and float64 only."""
    hyper = {"steps": steps, "damping": damping, **hyper}
    model: dict[str, Any] = {"loss": loss, "ridge": ridge}
    check_arguments(reference.fit_linear_models, params, features, targets, **model, **hyper)

    def plainly(k: slice) -> Runs:
        return reference.fit_linear_models(params[k], features[k], targets[k], **model, **hyper)

    return _runs(KINDS.index(loss), params, features, targets, ridge, {**DEFAULTS, **hyper}, plainly)


def _runs(
    kind: int,
    params: Array,
    rows: Array,
    answers: Array,
    ridge: float,
    hyper: Mapping[str, Any],
    plainly: Callable[[slice], Runs],
) -> Runs:
    """Make all runs. plainly: the reference on some of the problems, for its sentence where a run goes wrong."""
    require_compiled("params", params)
    number, variant, steps, P = params.dtype.type, hyper["variant"], int(hyper["steps"]), params.shape[0]
    searches = SLOPE_FRACTION, SHRINK
    damps = LOW, HIGH, GROW, LESS_DAMPED
    plan = Plan(
        variant == "martens",
        bool(hyper["adapt_damping"]),
        number(hyper["decay"]),
        bool(hyper["backtracking"]),
        number(hyper["lr"]),
        bool(hyper["linesearch"]),
        TRIES[variant],
        *(number(x) for x in (*searches, *damps, 0, 1, 0.5)),
    )
    rules = Rules(
        int(hyper["max_iter"]),
        number(CG_RTOL[variant] if hyper["rtol"] is None else hyper["rtol"]),
        number(0),
        -1.0 if hyper["progress_threshold"] is None else float(hyper["progress_threshold"]),
        POLICIES.index(ON_NONPOSITIVE_CURVATURE[variant]),
        variant == "martens",
    )
    grid = storage_grid(rules.max_iter, variant=variant) if hyper["backtracking"] else np.empty(0, np.int64)
    runs = Runs(
        np.array(params, order="C"),
        np.empty((P, steps + 1), params.dtype),
        np.empty((P, steps + 1), params.dtype),
        np.empty((P, steps), np.int64),
        np.empty((P, steps), params.dtype),
    )
    wrong = run_all(
        kind, contiguous(rows), contiguous(answers), number(ridge), number(hyper["damping"]), plan, rules, grid, runs
    )
    if wrong != ALL_WENT_WELL:
        plainly(slice(wrong, wrong + 1))
        raise ValueError(f"problem {wrong} must have finite losses, gradients and curvatures wherever a run gets")
    return runs
