"""Plausible mistakes in conjugate gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.hessian_free import conjugate_gradients as reference
from gnomon.hessian_free.conjugate_gradients import Solution
from gnomon.hessian_free.progress import VARIANTS, progress_has_ended
from gnomon.hessian_free.storage_grid import kept_iterations
from gnomon_spec.hessian_free.family import system

solve = reference.conjugate_gradients


def iterate(operator: Any, rhs: Any, start: Any, preconditioner: Any, hyper: dict[str, Any], **rules: Any) -> Solution:
    """Return conjugate gradients as the reference does them, with one of the rules changed."""
    solve(operator, rhs, start, preconditioner, **{**hyper, "max_iter": min(1, hyper["max_iter"])})

    def smoothed(r: Any) -> Any:
        return r if preconditioner is None or rules.get("unpreconditioned") else preconditioner(r)

    def value(r: Any, x: Any) -> Any:
        return rules["value"](r, rhs, x) if "value" in rules else np.dot(r - rhs, x) / 2

    x = 0 * rhs if rules.get("cold") else start
    scale = 1 if rules.get("absolute") else np.sqrt(np.dot(rhs, rhs))
    bound = np.maximum(hyper["rtol"] * scale, hyper["atol"])
    r = operator(x) - rhs
    y = smoothed(r)
    ry, p, iterates, values = np.dot(r, y), -y, [x], [value(r, x)]
    blind = bool(rules.get("blind"))
    reason, i, non_positive = (reference.NOTHING_LEFT if bool(ry == 0) and not blind else ""), 0, 0
    policy = rules.get("policy", hyper["on_nonpositive_curvature"])
    while not reason:
        Ap = operator(p)
        pAp = np.dot(p, Ap)
        if not bool(pAp > 0):
            non_positive += 1
            if policy == "raise":
                raise ValueError("not positive")
            if (bool(pAp == 0) and not blind) or (policy == "stop" and not rules.get("stops_after")):
                reason = reference.NEGATIVE
                break
            pAp = np.abs(pAp) if policy == "saddle-free" else pAp
        i, alpha = i + 1, (np.dot(r, r) if rules.get("plain_step") else ry) / pAp
        downhill = bool(pAp > 0)
        x, r = x + alpha * p, r + alpha * Ap
        iterates.append(x)
        values.append(value(r, x))
        y = smoothed(r)
        before, ry = ry, np.dot(r, y)
        size = np.sqrt(ry if rules.get("smoothed_norm") else np.dot(r, r))
        threshold = None if rules.get("endless") else hyper["progress_threshold"]
        variant = rules.get("variant", hyper["variant"])
        if policy == "stop" and not downhill:
            reason = reference.NEGATIVE
        elif threshold is not None and progress_has_ended(np.stack(values), threshold=threshold, variant=variant):
            reason = reference.PROGRESS
        elif i >= max(1, hyper["max_iter"] + rules.get("more", 0)):
            reason = reference.LIMIT
        elif blind and bool(np.isnan(size)):
            reason = "divergence"
        elif not rules.get("unending") and bool(size < bound):
            reason = reference.RESIDUAL
        elif bool(ry == 0) and not blind:
            reason = reference.NOTHING_LEFT
        ratio = {"steepest": 0 * ry, "inverted": before / ry}.get(rules.get("ratio", ""), ry / before)
        p = ratio * p - (r if rules.get("plain_direction") else y)
    if rules.get("relative_values"):
        values = [m - values[0] for m in values]
    kept = [iterates[k] for k in kept_iterations(hyper["stored"], i)]
    count = 0 if rules.get("uncounted") else non_positive
    return Solution(np.stack(kept), i, np.stack(values), reason, count, i + 1)


@system.mistake("conjugate_gradients")
def products_are_not_counted(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """No product is counted."""
    return solve(operator, rhs, start, preconditioner, **hyper)._replace(products=-1)


@system.mistake("conjugate_gradients")
def first_residual_is_not_tested(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """Where nothing is left to do, as at an exact start, 0 is divided by 0 and the iterates are NaN: rᵀy = 0 is not
    looked for."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return iterate(operator, rhs, start, preconditioner, hyper, blind=True)


@system.mistake("conjugate_gradients")
def residual_is_tested_before_the_first_iteration(
    operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any
) -> Solution:
    """A start whose residual is within the tolerance is returned, without an iteration."""
    found = solve(operator, rhs, start, preconditioner, **hyper)
    r = operator(start) - rhs
    bound = np.maximum(hyper["rtol"] * np.sqrt(np.dot(rhs, rhs)), hyper["atol"])
    if found.iterations == 0 or not bool(np.sqrt(np.dot(r, r)) < bound):
        return found
    return Solution(start[np.newaxis], 0, found.values[:1], reference.RESIDUAL, 0, 1)


@system.mistake("conjugate_gradients")
def residual_is_not_preconditioned(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The preconditioner is ignored."""
    return iterate(operator, rhs, start, preconditioner, hyper, unpreconditioned=True)


@system.mistake("conjugate_gradients")
def direction_from_the_plain_residual(
    operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any
) -> Solution:
    """The new direction is made from r and not from Mr."""
    return iterate(operator, rhs, start, preconditioner, hyper, plain_direction=True)


@system.mistake("conjugate_gradients")
def step_from_the_plain_residual(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The step length is rᵀr/pᵀAp and not rᵀMr/pᵀAp."""
    return iterate(operator, rhs, start, preconditioner, hyper, plain_step=True)


@system.mistake("conjugate_gradients")
def directions_are_not_conjugate(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """Every direction is the residual alone: steepest descent."""
    return iterate(operator, rhs, start, preconditioner, hyper, ratio="steepest")


@system.mistake("conjugate_gradients")
def ratio_of_residuals_upside_down(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The old residual is divided by the new one."""
    return iterate(operator, rhs, start, preconditioner, hyper, ratio="inverted")


@system.mistake("conjugate_gradients")
def warm_start_is_ignored(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The iteration begins at 0, whatever the start."""
    return iterate(operator, rhs, start, preconditioner, hyper, cold=True)


@system.mistake("conjugate_gradients")
def values_without_the_half(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The model's values are twice as large."""
    return iterate(operator, rhs, start, preconditioner, hyper, value=lambda r, b, x: np.dot(r - b, x))


@system.mistake("conjugate_gradients")
def values_with_the_right_side_added(
    operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any
) -> Solution:
    """The model's values are ½(r + b)ᵀx, that is ½xᵀAx."""
    return iterate(operator, rhs, start, preconditioner, hyper, value=lambda r, b, x: np.dot(r + b, x) / 2)


@system.mistake("conjugate_gradients")
def values_relative_to_the_start(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The model's values are counted from that at the start."""
    return iterate(operator, rhs, start, preconditioner, hyper, relative_values=True)


@system.mistake("conjugate_gradients")
def residual_ends_nothing(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The iteration does not end by the residual."""
    return iterate(operator, rhs, start, preconditioner, hyper, unending=True)


@system.mistake("conjugate_gradients")
def tolerance_of_the_preconditioned_residual(
    operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any
) -> Solution:
    """√(rᵀMr) is compared with the tolerance, not ‖r‖."""
    return iterate(operator, rhs, start, preconditioner, hyper, smoothed_norm=True)


@system.mistake("conjugate_gradients")
def tolerance_is_absolute(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The residual is compared with rtol itself."""
    return iterate(operator, rhs, start, preconditioner, hyper, absolute=True)


@system.mistake("conjugate_gradients")
def progress_ends_nothing(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The rule of relative progress is not asked."""
    return iterate(operator, rhs, start, preconditioner, hyper, endless=True)


@system.mistake("conjugate_gradients")
def progress_rule_of_the_other_variant(
    operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any
) -> Solution:
    """The rules of relative progress are taken for each other."""
    other = {"code": "martens", "martens": "code"}.get(hyper["variant"], hyper["variant"])
    return iterate(operator, rhs, start, preconditioner, hyper, variant=other)


@system.mistake("conjugate_gradients")
def start_counts_as_an_iteration(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The run ends one iteration before the limit."""
    return iterate(operator, rhs, start, preconditioner, hyper, more=-1)


@system.mistake("conjugate_gradients")
def stops_after_the_step_uphill(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """Policy "stop" makes the step along the direction of non-positive curvature before it stops."""
    return iterate(operator, rhs, start, preconditioner, hyper, stops_after=True)


@system.mistake("conjugate_gradients")
def policy_is_ignored(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The iteration goes on where the curvature is not positive, whatever the policy."""
    return iterate(operator, rhs, start, preconditioner, hyper, policy="ignore")


@system.mistake("conjugate_gradients")
def size_of_the_curvature_is_taken(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """Where "ignore" was asked for, |pᵀAp| is taken."""
    policy = {"ignore": "saddle-free"}.get(hyper["on_nonpositive_curvature"], hyper["on_nonpositive_curvature"])
    return iterate(operator, rhs, start, preconditioner, hyper, policy=policy)


@system.mistake("conjugate_gradients")
def negative_curvature_is_not_counted(
    operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any
) -> Solution:
    """Iterations with pᵀAp <= 0 are not counted."""
    return iterate(operator, rhs, start, preconditioner, hyper, uncounted=True)


@system.mistake("conjugate_gradients")
def last_entry_is_not_moved(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The last entry of x stays what it was at the start (the tail of a vectorised loop is missing)."""
    found = solve(operator, rhs, start, preconditioner, **hyper)
    last = np.arange(len(rhs)) == len(rhs) - 1
    return found._replace(iterates=np.where(last, start, found.iterates))


@system.mistake("conjugate_gradients")
def last_iterate_is_not_kept(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The last iterate is kept only if it is on the grid."""
    found = solve(operator, rhs, start, preconditioner, **hyper)
    lost = len(found.iterates) > 1 and found.iterations not in hyper["stored"]
    return found._replace(iterates=found.iterates[:-1]) if lost else found


@system.mistake("conjugate_gradients")
def start_is_not_kept(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """The start is not kept, although it is on the grid."""
    found = solve(operator, rhs, start, preconditioner, **hyper)
    return found._replace(iterates=found.iterates[1:]) if 0 in hyper["stored"] and found.iterations else found


@system.mistake("conjugate_gradients")
def bad_products_count_as_nothing(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """A NaN or an infinity in a product is replaced by 0."""
    zeroed = lambda v: np.nan_to_num(operator(v), nan=0.0, posinf=0.0, neginf=0.0)  # noqa: E731
    return solve(zeroed, rhs, start, preconditioner, **hyper)


@system.mistake("conjugate_gradients")
def linear_system_is_not_checked(operator: Any, rhs: Any, start: Any, preconditioner: Any, **hyper: Any) -> Solution:
    """Whatever is given is used: cut to the length of the matrix, NaN as 1.5, limits by their size."""
    n = operator.matrix.shape[0]
    b = np.nan_to_num(rhs[:n], nan=1.5)
    x = np.nan_to_num(start, nan=1.5) if len(start) == n else 0 * b
    known: dict[str, Any] = {
        name: hyper[name] if hyper[name] in allowed else allowed[0]
        for name, allowed in (("on_nonpositive_curvature", reference.POLICIES), ("variant", VARIANTS))
    }
    sizes: dict[str, Any] = {name: abs(hyper[name]) for name in ("rtol", "atol")}
    threshold = None if hyper["progress_threshold"] is None else abs(hyper["progress_threshold"])
    rest: dict[str, Any] = {"max_iter": max(1, hyper["max_iter"]), "stored": tuple(abs(i) for i in hyper["stored"])}
    return solve(operator, b, x, preconditioner, progress_threshold=threshold, **known, **sizes, **rest)
