"""`gnomon.descent.homotopy.quadratics` as one compiled loop: a run with its rates and curvatures in one call.

The adaptive target is read off the last curvatures, which are kept sorted: each step puts one in and takes one out.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from gnomon.descent.homotopy import quadratics as reference
from gnomon.descent.homotopy.quadratics import RULES, Descent, Rule
from gnomon.descent.homotopy.rate import Variant
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.kernels.reductions import largest_magnitude, length, sum_of

__all__ = ["Descent", "descend"]

HOMOTOPY, CONSTANT, POLYAK, EDGE, CDAT = range(len(RULES))
NO_NAN = -1


# What the loop computes with, each rounded once to its dtype. guard: the code's 1e-10, otherwise 0.
Numbers = namedtuple("Numbers", "base_lr target alpha min_lr max_lr guard zero one")
# Which rule and variant, and when the target adapts.
Plan = namedtuple("Plan", "rule coded readme adaptive warmup_steps percentile window")


def weighted_square(weight: Any, u: Any, one: Any) -> Any:
    """Return w·u²."""
    return weight * u * u


sum_of_squares = sum_of(weighted_square)


@compiled
def curvature(norm: Any, grad_norm: Any, coded: bool, numbers: Numbers) -> Any:
    """Return κ as `gnomon.descent.homotopy.estimator.curvature_of` does."""
    if coded:
        return norm / (grad_norm * grad_norm) if grad_norm > numbers.guard else numbers.zero
    return numbers.zero if norm == 0 else norm / grad_norm / grad_norm


@compiled
def bounded_rate(kappa: Any, target: Any, readme: bool, numbers: Numbers) -> Any:
    """Return the rate as `gnomon.descent.homotopy.rate.rate` does, once its arguments are accepted."""
    lr = numbers.base_lr
    if numbers.alpha != 0:
        divisor = target + numbers.guard
        excess = numbers.zero if kappa == 0 else (numbers.one if kappa == divisor else kappa / divisor)
        if not readme:
            excess = excess - numbers.one if excess > numbers.one else numbers.zero
        lr = numbers.base_lr / (numbers.one + numbers.alpha * excess)
    return min(max(lr, numbers.min_lr), numbers.max_lr)


@compiled
def replace_in_order(ordered: Array, count: int, entry: Any, leaving: Any, leaves: bool) -> int:
    """Put an entry into the first `count` numbers, which ascend, once the leaving one is out; return the new count."""
    if leaves:
        at = np.searchsorted(ordered[:count], leaving)
        for i in range(at, count - 1):
            ordered[i] = ordered[i + 1]
        count -= 1
    at = np.searchsorted(ordered[:count], entry)
    for i in range(count, at, -1):
        ordered[i] = ordered[i - 1]
    ordered[at] = entry
    return count + 1


@compiled
def other_rate(plan: Plan, x: Array, grad: Array, eigenvalues: Array, ones: Array, norm: Any, numbers: Numbers) -> Any:
    """Return the rate of one of the other rules."""
    if plan.rule == CONSTANT:
        return numbers.base_lr
    square = sum_of_squares(ones, grad, numbers.one)
    if square == 0:
        return numbers.zero
    if plan.rule == POLYAK:
        return sum_of_squares(eigenvalues, x, numbers.one) / (numbers.one + numbers.one) / square
    if plan.rule == EDGE:
        return numbers.base_lr / norm
    return numbers.base_lr * square / abs(sum_of_squares(eigenvalues, grad, numbers.one))


@compiled
def descend_loop(
    iterates: Array, rates: Array, curvatures: Array, eigenvalues: Array, plan: Plan, numbers: Numbers
) -> int:
    """Fill all three from the first iterate on; return the step whose curvature may not be NaN and is, or `NO_NAN`."""
    n, count = eigenvalues.size, 0
    grad, ones = np.empty_like(eigenvalues), np.ones_like(eigenvalues)
    ordered, norm = np.empty(min(rates.size, plan.window) + 1, rates.dtype), largest_magnitude(eigenvalues)
    for k in range(rates.size):
        x = iterates[k]
        for i in range(n):
            grad[i] = eigenvalues[i] * x[i]
        kappa = curvature(norm, length(grad), plan.coded, numbers)
        curvatures[k] = kappa
        if plan.rule == HOMOTOPY:
            if kappa != kappa:
                return k
            target = numbers.target
            if plan.adaptive:
                leaves = k >= plan.window
                count = replace_in_order(
                    ordered, count, kappa, curvatures[k - plan.window] if leaves else kappa, leaves
                )
                if k >= plan.warmup_steps:
                    target = ordered[min(int(np.floor(count * plan.percentile)), count - 1)]
            lr = bounded_rate(kappa, target, plan.readme, numbers)
        else:
            lr = other_rate(plan, x, grad, eigenvalues, ones, norm, numbers)
        rates[k] = lr
        for i in range(n):
            iterates[k + 1, i] = x[i] - lr * grad[i]
    return NO_NAN


@in_place_of(reference.descend)
def descend(
    params: Array, eigenvalues: Array, steps: int, rule: Rule, variant: Variant, adaptive: bool, **given: Any
) -> Descent:
    steps, coded, known = int(steps), variant == "code", ("base_lr", "target_curvature", "alpha", "min_lr", "max_lr")
    numbers = Numbers(*map(params.dtype.type, (*(given[name] for name in known), 1e-10 if coded else 0, 0, 1)))
    window = int(given["warmup_steps"]), float(given["percentile"]), int(given["window"])
    plan = Plan(RULES.index(rule), coded, variant == "readme", bool(adaptive), *window)
    iterates = np.empty((steps + 1, params.shape[0]), params.dtype)
    rates, curvatures = np.empty(steps, params.dtype), np.empty(steps, params.dtype)
    iterates[0] = params
    if descend_loop(iterates, rates, curvatures, contiguous(eigenvalues), plan, numbers) != NO_NAN:
        raise ValueError("curvature must be >= 0 and not nan, got nan")
    return Descent(iterates, rates, curvatures)
