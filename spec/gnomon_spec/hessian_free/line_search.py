"""Backtracking line search with Armijo's condition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import line_search as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, rejects
from gnomon_spec.hessian_free import drawn_objectives as given
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.strategies import VECTORS, count, number
from gnomon_spec.system import WITH_ROOM

searches = Cases(
    {
        "objective": given.functions(),
        "params": nonzero_vector(),
        "grad": given.gradient(),
        "direction": given.downhill(),
        "lr": number(1.0, 0.5, exponents=(-2, 2)),
        "shrink": choice(0.8, 0.5, 0.25),
        "slope_fraction": choice(0.01, 0.0, 0.25, 0.5),
        "max_iter": count(20, 1, 2, 5, low=1, high=20),
        "reject_ascent": choice(False, True),
    },
    VECTORS,
)
convex = searches.but(objective=given.quadratic(given.positive_matrix()), params=given.away())

armijo = system.operation(reference.armijo, cases=searches, dtypes=WITH_ROOM)
call = armijo.call


def bound(case: Case, a: Any) -> Any:
    """Return how far f(x + a·d) is below f(x) + c·a·gᵀd."""
    slope = np.sum(case.grad * case.direction)
    allowed = case.objective.value(case.params) + case.slope_fraction * a * slope
    return allowed - case.objective.value(case.params + a * case.direction)


@armijo.law("bound", cases=searches)
def what_is_accepted_fulfils_the_condition(port: Any, case: Case) -> Iterable[Fact]:
    """f(x + a·d) <= f(x) + c·a·gᵀd, and the value returned is f(x + a·d)."""
    found = call(port, case)
    yield at_least("condition", bound(case, found.step_length), np.zeros(()))
    yield equal("value", found.value, case.objective.value(case.params + found.step_length * case.direction))


@armijo.law("closed form", cases=convex.but(reject_ascent=False))
def on_a_quadratic_the_step_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """On ½xᵀHx along a descent direction a is the first candidate up to 2(1 - c)(-gᵀd)/(dᵀHd), found after as many
    evaluations as candidates tried, and one for f(x)."""
    d = case.direction
    limit = 2 * (1 - case.slope_fraction) * -np.sum(case.grad * d) / np.sum(d * (case.objective.matrix @ d))
    i = next((i for i in range(case.max_iter) if case.lr * case.shrink**i <= limit), None)
    found = call(port, case)
    yield agree("evaluations", found.evaluations, case.max_iter + 1 if i is None else i + 2)
    yield agree("found", bool(found.step_length > 0), i is not None)
    yield equal("step", found.step_length, 0 * limit if i is None else case.lr * case.shrink**i)


@armijo.law("bound", cases=convex.but(lr=choice(1.0, 2.0), reject_ascent=True))
def no_step_is_taken_uphill_if_that_is_asked(port: Any, case: Case) -> Iterable[Fact]:
    """Along an ascent direction, with `reject_ascent`, a = 0 after the one evaluation at x."""
    found = call(port, case, direction=case.grad)
    yield equal("step", found.step_length, np.zeros(()))
    yield equal("value", found.value, case.objective.value(case.params))
    yield agree("evaluations", found.evaluations, 1)


@armijo.law("closed form", cases=convex.but(reject_ascent=False, slope_fraction=0.5))
def uphill_the_loss_may_rise(port: Any, case: Case) -> Iterable[Fact]:
    """Along an ascent direction of a concave quadratic the first candidate is taken where f rises by at most c·a·gᵀd;
    of a convex one, none, after all candidates."""
    hill = case.objective._replace(matrix=-case.objective.matrix)
    up = -case.grad  # the gradient of the hill is minus that of the valley
    limit = np.sum(up * up) / np.sum(up * (case.objective.matrix @ up))
    found = call(port, case, objective=hill, direction=up, grad=up, lr=1.25 * limit)
    yield equal("step", found.step_length, 1.25 * limit)
    none = call(port, case, direction=case.grad)
    yield equal("no step", none.step_length, np.zeros(()))
    yield agree("evaluations", none.evaluations, case.max_iter + 1)


@armijo.law("fixed point", cases=searches.but(lr=0.0, reject_ascent=False))
def a_rate_of_nothing_stays(port: Any, case: Case) -> Iterable[Fact]:
    """With lr = 0 the first candidate is accepted, with equality: two evaluations, the same value."""
    found = call(port, case)
    yield equal("step", found.step_length, np.zeros(()))
    yield equal("value", found.value, case.objective.value(case.params))
    yield agree("evaluations", found.evaluations, 2)


@armijo.law("bound", cases=searches.but(objective=given.fenced(), lr=64.0, max_iter=20, shrink=choice(0.8, 0.5)))
def a_value_that_is_not_finite_is_not_accepted(port: Any, case: Case) -> Iterable[Fact]:
    """Whatever lies beyond the fence, NaN, ∞ or -∞, the step stays inside it."""
    found = call(port, case)
    yield agree("finite", bool(np.isfinite(found.value)), True)
    farthest = np.max(np.abs(case.params + found.step_length * case.direction - case.objective.stationary))
    yield at_least("inside", case.objective.reach, farthest)


@armijo.law("invariance", cases=convex.but(power=count(1, 3, low=-20, high=20)))
def the_scale_of_the_function_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """f and g times 2ᵏ give the same step, bit for bit, and 2ᵏ times the value."""
    scale = 2.0**case.power
    scaled = case.objective._replace(matrix=case.objective.matrix * scale)
    found, again = call(port, case), call(port, case, objective=scaled, grad=case.grad * scale)
    yield identical("step", again.step_length, found.step_length)
    yield identical("value", again.value, found.value * scale)


@armijo.law("equivariance", cases=searches.but(power=count(1, 3, low=-8, high=8)))
def rate_and_direction_scale_against_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """d times 2ᵏ with lr over 2ᵏ gives the step over 2ᵏ and the same value, bit for bit."""
    scale = 2.0**case.power
    found = call(port, case)
    again = call(port, case, direction=case.direction * scale, lr=case.lr / scale)
    yield identical("step", again.step_length * scale, found.step_length)
    yield identical("value", again.value, found.value)


@armijo.law("rejects", cases=convex)
def from_where_the_value_is_not_finite_no_line_is_searched(port: Any, case: Case) -> Iterable[Fact]:
    """An objective that is not finite at x is rejected."""
    nowhere = case.objective._replace(stationary=case.objective.stationary * np.inf)
    yield rejects("not finite", lambda: call(port, case, objective=nowhere))


FALL, UPHILL, FINITE = "slope_fraction * a * slope", "reject_ascent and slope > 0", "np.isfinite(reached)"
armijo.edits(f"""
armijo_without_equality: The condition is strict: < for <=
    `reached <= value` → `reached < value`
a_fall_is_asked_for_uphill: The fall that is asked for is c·a·|gᵀd|, also where the slope is positive
    `{FALL}` → `slope_fraction * a * -np.abs(slope)`
ascent_is_not_rejected: `reject_ascent` is ignored
    `{UPHILL}` → `False`
slope_of_steepest_descent: The slope is -dᵀd, as if the direction were minus the gradient
    `np.dot(grad, direction)` → `-np.dot(direction, direction)`
slope_not_times_the_step: The fall that is asked for is c·gᵀd, whatever a is
    `{FALL}` → `slope_fraction * slope`
plain_decrease_is_enough: Any step that does not raise f is accepted: c is not used
    `value + {FALL}` → `value`
failed_search_keeps_the_last_step: If no candidate fulfils the condition the last one is taken, not 0
    `LineSearch(none, value, max_iter + 1)` → `LineSearch(a / shrink, reached, max_iter + 1)`
value_before_the_step: The value returned is f(x) and not f(x + a·d)
    `LineSearch(a, reached,` → `LineSearch(a, value,`
one_evaluation_too_many: After the last candidate f is asked for one more, which is thrown away
    `max_iter + 1` → `max_iter + 2`
candidates_are_accumulated: Each candidate is made from the one before it, and not from x
    `reached = objective.value(params + a * direction)` →
        `params = params + a * direction\nreached = objective.value(params)`
halving_instead_of_shrinking: Steps are halved, whatever β is
    `a * shrink` → `a * 0.5`
rate_of_nothing_is_taken_for_one: A rate of 0 counts as none given: the search begins at 1
    `none + lr` → `none + (lr if lr != 0 else 1)`
first_candidate_is_left_out: The first candidate is lr·β
    `none + lr` → `none + lr * shrink`
number_of_candidates_is_fixed: There are 20 candidates, whatever was asked for
    `` → `max_iter = 20`
ascent_is_always_rejected: No step is taken uphill, whether that was asked or not
    `{UPHILL}` → `slope > 0`
value_at_the_start_is_not_looked_at: It is not looked whether f(x) is finite
    `not np.isfinite(value)` → `False`
minus_infinity_is_a_fall: A value of -∞ is accepted
    `{FINITE}` → `reached < np.inf`
not_a_number_is_a_fall: A value of NaN is accepted: it is not above the bound
    `{FINITE}` → `np.isnan(reached) or np.isfinite(reached)`
""")
