"""`gnomon.hessian_free.runs` as compiled loops: every step of every run, with all its parts, in one call.

The curvature is made as a matrix in every step, so that a product costs n² and not 2Nn operations.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array
from gnomon.hessian_free import runs as reference
from gnomon.hessian_free.damping import GROW, HIGH, LOW
from gnomon.hessian_free.damping import SHRINK as LESS_DAMPED
from gnomon.hessian_free.line_search import SHRINK, SLOPE_FRACTION
from gnomon.hessian_free.optimizer import CG_RTOL, ON_NONPOSITIVE_CURVATURE, TRIES
from gnomon.hessian_free.runs import Runs
from gnomon.hessian_free.storage_grid import storage_grid
from gnomon.kernels.compiled import compiled
from gnomon.kernels.copies import write
from gnomon.kernels.domains import Operation, contiguous, in_place_of
from gnomon.kernels.hessian_free import conjugate_gradients as cg
from gnomon.kernels.hessian_free.conjugate_gradients import Found, Preconditioner, Rules, iterate, rules_of
from gnomon.kernels.hessian_free.objectives import KINDS, QUADRATIC, Problem, derive, value
from gnomon.kernels.hessian_free.products import multiply
from gnomon.kernels.reductions import are_finite

__all__ = ["Runs", "fit_linear_models", "minimise_quadratics"]

ALL_WENT_WELL = -1
NO_PRECONDITIONER, NOTHING_LEFT, WENT_WRONG = cg.NONE, cg.ZERO, (cg.NOT_FINITE, cg.REFUSED)
# What a step does beside conjugate gradients, numbers in the dtype. slope_fraction, shorter: c and β of Armijo.
Plan = namedtuple(
    "Plan",
    "martens adapt_damping backtracking linesearch tries decay lr slope_fraction shorter low high grow shrink zero one "
    "half",
)
# What the damping is judged by: ∇f, B and f at the parameters. point: room, shape (n,).
Model = namedtuple("Model", "grad curvature loss point")


@compiled
def dot(left: Array, right: Array) -> Any:
    """Return Σ uᵢvᵢ, summed in ascending order."""
    total = left.dtype.type(0)
    for i in range(left.size):
        total += left[i] * right[i]
    return total


@compiled
def value_along(problem: Problem, params: Array, length: Any, direction: Array, point: Array) -> Any:
    """Return f(w + a·d). point: room, shape (n,)."""
    for i in range(point.size):
        point[i] = params[i] + length * direction[i]
    return value(problem, point)


@compiled
def chosen(problem: Problem, params: Array, found: Found, plan: Plan, point: Array) -> Any:
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


@compiled
def grown(damping: Any, plan: Plan) -> Any:
    """Return a larger damping, the same where that would be infinite."""
    larger = damping * plan.grow
    return larger if np.isfinite(larger) else damping


@compiled
def updated_damping(damping: Any, ratio: Any, plan: Plan) -> Any:
    """Return what the damping becomes, as `gnomon.hessian_free.damping.updated_damping` does."""
    if ratio < plan.low or (plan.martens and ratio != ratio):
        return grown(damping, plan)
    return damping * plan.shrink if ratio > plan.high else damping


@compiled
def next_damping(
    problem: Problem, params: Array, start: Array, found: Found, row: int, model: Model, damping: Any, plan: Plan
) -> Any:
    """Return the damping of the next step, as `gnomon.hessian_free.adaptation.next_damping` does with the presets."""
    grad, curvature, loss, point = model
    end = found.iterates[row] if plan.martens and row >= 0 else found.iterates[found.kept - 1]
    moved = row >= 0 or not plan.martens
    same = True
    for i in range(params.size):
        same &= end[i] == (plan.zero if plan.martens else start[i])
    if same or not moved:
        stays = row >= 0 and found.end == NOTHING_LEFT
        return damping if stays or not plan.martens else grown(damping, plan)
    after = value_along(problem, params, plan.one, end, point)
    if plan.martens:
        if after - loss > 0 or after == -np.inf:
            return grown(damping, plan)
        multiply(curvature, end, point)
        predicted = dot(grad, end) + dot(end, point) * plan.half
        return updated_damping(damping, (after - loss) / predicted, plan)
    before = value_along(problem, params, plan.one, start, point)
    if after == -np.inf:
        return damping
    return updated_damping(damping, (after - before) / (found.values[found.iterations, 0] - found.values[0, 0]), plan)


@compiled
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


@compiled(inline="always")
def run(
    problem: Problem, k: int, damping: Any, plan: Plan, rules: Rules, stored: NDArray[np.int64], runs: Runs
) -> bool:
    """Make the steps of the k-th run in place and write down what they did; return whether all went well."""
    params, losses, dampings, lengths = runs.params[k], runs.losses[k], runs.dampings[k], runs.step_lengths[k]
    n, dtype = params.size, params.dtype
    grad, rhs, point, warm_start = np.empty(n, dtype), np.empty(n, dtype), np.empty(n, dtype), np.zeros(n, dtype)
    curvature, damped = np.empty((n, n), dtype), np.empty((n, n), dtype)
    none = Preconditioner(NO_PRECONDITIONER, point, damped)
    for t in range(lengths.size):
        loss = value(problem, params)
        derive(problem, params, grad, curvature)
        if not (np.isfinite(loss) and are_finite(grad) and are_finite(params)):
            return False
        write(curvature.reshape(-1), damped.reshape(-1))
        for i in range(n):
            damped[i, i] += damping
            rhs[i] = -grad[i]
        found = iterate(damped, rhs, warm_start, none, rules, stored)
        if found.end in WENT_WRONG:
            return False
        row = chosen(problem, params, found, plan, point)
        losses[t], dampings[t], runs.iterations[k, t] = loss, damping, found.iterations
        if plan.adapt_damping and damping > 0:
            model = Model(grad, curvature, loss, point)
            damping = next_damping(problem, params, warm_start, found, row, model, damping, plan)
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


@compiled
def run_all(
    kind: int, rows: Array, answers: Array, ridge: Any, damping: Any, plan: Plan, rules: Rules, stored: Any, runs: Runs
) -> int:
    """Make all runs, one after the other; return the first that went wrong, or `ALL_WENT_WELL`."""
    outputs = np.empty_like(answers[0])
    for k in range(rows.shape[0]):
        problem = Problem(kind, rows[k], answers[k], ridge, outputs)
        if not run(problem, k, damping, plan, rules, stored, runs):
            return k
    return ALL_WENT_WELL


@in_place_of(reference.minimise_quadratics)
def minimise_quadratics(params: Array, matrices: Array, stationary: Array, **hyper: Any) -> Runs:
    return runs_of(reference.minimise_quadratics, QUADRATIC, (params, matrices, stationary), hyper)


@in_place_of(reference.fit_linear_models)
def fit_linear_models(params: Array, features: Array, targets: Array, **hyper: Any) -> Runs:
    return runs_of(reference.fit_linear_models, KINDS.index(hyper["loss"]), (params, features, targets), hyper)


def runs_of(plain: Operation, kind: int, problems: tuple[Array, ...], hyper: dict[str, Any]) -> Runs:
    """Make all runs. plain: the reference, which is asked for its sentence where a run goes wrong."""
    params, rows, answers = problems
    number, variant, steps, P = params.dtype.type, hyper["variant"], int(hyper["steps"]), params.shape[0]
    adapts, backtracks, searches = (bool(hyper[name]) for name in ("adapt_damping", "backtracking", "linesearch"))
    numbers = hyper["decay"], hyper["lr"], SLOPE_FRACTION, SHRINK, LOW, HIGH, GROW, LESS_DAMPED, 0, 1, 0.5
    plan = Plan(variant == "martens", adapts, backtracks, searches, TRIES[variant], *map(number, numbers))
    rtol = CG_RTOL[variant] if hyper["rtol"] is None else hyper["rtol"]
    policy = ON_NONPOSITIVE_CURVATURE[variant]
    rules = rules_of(number, **{**hyper, "rtol": rtol, "atol": 0, "on_nonpositive_curvature": policy})
    grid = storage_grid(rules.max_iter, variant=variant) if plan.backtracking else np.empty(0, np.int64)
    losses, dampings = (np.empty((P, steps + 1), params.dtype) for _ in range(2))
    iterations, lengths = np.empty((P, steps), np.int64), np.empty((P, steps), params.dtype)
    runs = Runs(np.array(params, order="C"), losses, dampings, iterations, lengths)
    data, ridge = (contiguous(rows), contiguous(answers)), number(hyper.get("ridge", 0))
    wrong = run_all(kind, *data, ridge, number(hyper["damping"]), plan, rules, grid, runs)
    if wrong != ALL_WENT_WELL:
        plain(*(array[wrong : wrong + 1] for array in problems), **hyper)
        raise ValueError(f"problem {wrong} must have finite losses, gradients and curvatures wherever a run gets")
    return runs
