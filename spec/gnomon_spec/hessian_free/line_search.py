"""Backtracking line search with Armijo's condition."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.hessian_free import line_search as reference
from gnomon.hessian_free.line_search import LineSearch
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, rejects
from gnomon_spec.hessian_free.family import system
from gnomon_spec.hessian_free.quantities import away, downhill, fenced, functions, gradient, positive_matrix, quadratic
from gnomon_spec.strategies import VECTORS, count, number
from gnomon_spec.system import WITH_ROOM

searches = Cases(
    {
        "objective": functions(),
        "params": nonzero_vector(),
        "grad": gradient(),
        "direction": downhill(),
        "lr": number(1.0, 0.5, exponents=(-2, 2)),
        "shrink": choice(0.8, 0.5, 0.25),
        "slope_fraction": choice(0.01, 0.0, 0.25, 0.5),
        "max_iter": count(20, 1, 2, 5, low=1, high=20),
        "reject_ascent": choice(False, True),
    },
    VECTORS,
)
convex = searches.but(objective=quadratic(positive_matrix()), params=away())

armijo = system.operation(reference.armijo, cases=searches, dtypes=WITH_ROOM)


def call(port: Any, case: Case, **changed: Any) -> LineSearch:
    """Return what a port finds in a case, with some of its inputs or hyperparameters changed."""
    inputs = [changed.pop(name, case[name]) for name in ("objective", "params", "direction", "grad")]
    found: LineSearch = port.armijo(*inputs, **{**case.hyper, **changed})
    return found


def bound(case: Case, a: Any) -> Any:
    """Return how far f(x + a·d) is below f(x) + c·a·gᵀd."""
    slope = np.sum(case.grad * case.direction)
    allowed = case.objective.value(case.params) + case.slope_fraction * a * slope
    return allowed - case.objective.value(case.params + a * case.direction)


@armijo.law("bound", cases=searches)
def what_is_accepted_fulfils_the_condition(port: Any, case: Case) -> Iterable[Fact]:
    """f(x + a·d) <= f(x) + c·a·gᵀd, and the value returned is f(x + a·d)."""
    found = call(port, case)
    yield at_least("condition", bound(case, found.step), np.zeros(()))
    yield equal("value", found.value, case.objective.value(case.params + found.step * case.direction))


@armijo.law("closed form", cases=convex.but(reject_ascent=False))
def on_a_quadratic_the_step_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """On ½xᵀHx along a descent direction a is the first candidate up to 2(1 - c)(-gᵀd)/(dᵀHd), found after as many
    evaluations as candidates tried, and one for f(x)."""
    d = case.direction
    limit = 2 * (1 - case.slope_fraction) * -np.sum(case.grad * d) / np.sum(d * (case.objective.matrix @ d))
    i = next((i for i in range(case.max_iter) if case.lr * case.shrink**i <= limit), None)
    found = call(port, case)
    yield agree("evaluations", found.evaluations, case.max_iter + 1 if i is None else i + 2)
    yield agree("found", bool(found.step > 0), i is not None)
    yield equal("step", found.step, 0 * limit if i is None else case.lr * case.shrink**i)


@armijo.law("bound", cases=convex.but(lr=choice(1.0, 2.0), reject_ascent=True))
def no_step_is_taken_uphill_if_that_is_asked(port: Any, case: Case) -> Iterable[Fact]:
    """Along an ascent direction, with `reject_ascent`, a = 0 after the one evaluation at x."""
    found = call(port, case, direction=case.grad)
    yield equal("step", found.step, np.zeros(()))
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
    yield equal("step", found.step, 1.25 * limit)
    none = call(port, case, direction=case.grad)
    yield equal("no step", none.step, np.zeros(()))
    yield agree("evaluations", none.evaluations, case.max_iter + 1)


@armijo.law("fixed point", cases=searches.but(lr=0.0, reject_ascent=False))
def a_rate_of_nothing_stays(port: Any, case: Case) -> Iterable[Fact]:
    """With lr = 0 the first candidate is accepted, with equality: two evaluations, the same value."""
    found = call(port, case)
    yield equal("step", found.step, np.zeros(()))
    yield equal("value", found.value, case.objective.value(case.params))
    yield agree("evaluations", found.evaluations, 2)


@armijo.law("bound", cases=searches.but(objective=fenced(), lr=64.0, max_iter=20, shrink=choice(0.8, 0.5)))
def a_value_that_is_not_finite_is_not_accepted(port: Any, case: Case) -> Iterable[Fact]:
    """Whatever lies beyond the fence, NaN, ∞ or -∞, the step stays inside it."""
    found = call(port, case)
    yield agree("finite", bool(np.isfinite(found.value)), True)
    farthest = np.max(np.abs(case.params + found.step * case.direction - case.objective.stationary))
    yield at_least("inside", case.objective.reach, farthest)


@armijo.law("invariance", cases=convex.but(power=count(1, 3, low=-20, high=20)))
def the_scale_of_the_function_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """f and g times 2ᵏ give the same step, bit for bit, and 2ᵏ times the value."""
    scale = 2.0**case.power
    scaled = case.objective._replace(matrix=case.objective.matrix * scale)
    found, again = call(port, case), call(port, case, objective=scaled, grad=case.grad * scale)
    yield identical("step", again.step, found.step)
    yield identical("value", again.value, found.value * scale)


@armijo.law("equivariance", cases=searches.but(power=count(1, 3, low=-8, high=8)))
def rate_and_direction_scale_against_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """d times 2ᵏ with lr over 2ᵏ gives the step over 2ᵏ and the same value, bit for bit."""
    scale = 2.0**case.power
    found = call(port, case)
    again = call(port, case, direction=case.direction * scale, lr=case.lr / scale)
    yield identical("step", again.step * scale, found.step)
    yield identical("value", again.value, found.value)


@armijo.law("rejects", cases=convex)
def arguments_that_make_no_line_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Directions and gradients of another length, rates below 0, β outside (0, 1), c outside [0, 1), no candidate and a
    value at x that is not finite are rejected."""
    longer = np.concatenate([case.grad, case.grad])
    yield rejects("longer direction", lambda: call(port, case, direction=longer))
    yield rejects("longer gradient", lambda: call(port, case, grad=longer))
    for name, value in (("lr", -1.0), ("shrink", 0.0), ("shrink", 1.0), ("slope_fraction", -0.5), ("max_iter", 0)):
        yield rejects(f"{name} = {value:g}", partial(call, port, case, **{name: value}))
    yield rejects("slope_fraction = 1", lambda: call(port, case, slope_fraction=1.0))
    nowhere = case.objective._replace(stationary=case.objective.stationary * np.inf)
    yield rejects("not finite", lambda: call(port, case, objective=nowhere))


def searched(
    objective: Any,
    params: Any,
    direction: Any,
    grad: Any,
    *,
    lr: float,
    shrink: float,
    slope_fraction: float,
    max_iter: int,
    reject_ascent: bool,
    **rules: Any,
) -> LineSearch:
    """Return what the reference does, with one of its rules changed."""
    exact = reference.armijo(
        objective,
        params,
        direction,
        grad,
        lr=lr,
        shrink=shrink,
        slope_fraction=slope_fraction,
        max_iter=max_iter,
        reject_ascent=reject_ascent,
    )
    value, slope = objective.value(params), np.dot(rules.get("against", grad), direction)
    if rules.get("reject", reject_ascent) and bool(slope > 0):
        return LineSearch(0 * exact.step, value, 1)
    a, tried, trusted = 0 * exact.step + lr * rules.get("first", 1), 0, rules.get("trusted", ())
    slope = -abs(slope) if rules.get("sized") else slope
    while tried < rules.get("max_iter", max_iter):
        reached, tried = objective.value(params + a * direction), tried + 1
        allowed = value + slope_fraction * (1 if rules.get("whole") else a) * slope
        met = bool(np.isfinite(reached)) and bool(reached < allowed if rules.get("strict") else reached <= allowed)
        met = met or any(bool(np.isnan(reached)) if np.isnan(x) else bool(reached == x) for x in trusted)
        if met:
            return LineSearch(a, reached, tried + 1)
        a = a * rules.get("factor", shrink)
    if rules.get("keeps_last") and bool(np.isfinite(reached)):
        return LineSearch(a / shrink, reached, tried + 1)
    return LineSearch(0 * exact.step, value, tried + 1 + rules.get("extra", 0))


@system.mistake("armijo")
def armijo_without_equality(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """The condition is strict: < for <=."""
    return searched(objective, params, direction, grad, **hyper, strict=True)


@system.mistake("armijo")
def a_fall_is_asked_for_uphill(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """The fall that is asked for is c·a·|gᵀd|, also where the slope is positive."""
    return searched(objective, params, direction, grad, **hyper, sized=True)


@system.mistake("armijo")
def ascent_is_not_rejected(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """`reject_ascent` is ignored."""
    return searched(objective, params, direction, grad, **hyper, reject=False)


@system.mistake("armijo")
def slope_of_steepest_descent(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """The slope is -dᵀd, as if the direction were minus the gradient."""
    return searched(objective, params, direction, grad, **hyper, against=-direction)


@system.mistake("armijo")
def slope_not_times_the_step(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """The fall that is asked for is c·gᵀd, whatever a is."""
    return searched(objective, params, direction, grad, **hyper, whole=True)


@system.mistake("armijo")
def plain_decrease_is_enough(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """Any step that does not raise f is accepted: c is not used."""
    reference.armijo(objective, params, direction, grad, **hyper)
    return searched(objective, params, direction, grad, **{**hyper, "slope_fraction": 0.0})


@system.mistake("armijo")
def failed_search_keeps_the_last_step(
    objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any
) -> LineSearch:
    """If no candidate fulfils the condition the last one is taken, not 0."""
    return searched(objective, params, direction, grad, **hyper, keeps_last=True)


@system.mistake("armijo")
def value_before_the_step(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """The value returned is f(x) and not f(x + a·d)."""
    found = reference.armijo(objective, params, direction, grad, **hyper)
    return found._replace(value=objective.value(params))


@system.mistake("armijo")
def one_evaluation_too_many(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """After the last candidate f is asked for one more, which is thrown away."""
    return searched(objective, params, direction, grad, **hyper, extra=1)


@system.mistake("armijo")
def halving_instead_of_shrinking(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """Steps are halved, whatever β is."""
    return searched(objective, params, direction, grad, **hyper, factor=0.5)


@system.mistake("armijo")
def rate_of_nothing_is_taken_for_one(
    objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any
) -> LineSearch:
    """A rate of 0 counts as none given: the search begins at 1."""
    rate = 1.0 if bool(hyper["lr"] == 0) else hyper["lr"]
    return reference.armijo(objective, params, direction, grad, **{**hyper, "lr": rate})


@system.mistake("armijo")
def first_candidate_is_left_out(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """The first candidate is lr·β."""
    return searched(objective, params, direction, grad, **hyper, first=hyper["shrink"])


@system.mistake("armijo")
def number_of_candidates_is_fixed(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """There are 20 candidates, whatever was asked for."""
    reference.armijo(objective, params, direction, grad, **hyper)
    return searched(objective, params, direction, grad, **{**hyper, "max_iter": 20})


@system.mistake("armijo")
def ascent_is_always_rejected(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """No step is taken uphill, whether that was asked or not."""
    return searched(objective, params, direction, grad, **hyper, reject=True)


@system.mistake("armijo")
def minus_infinity_is_a_fall(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """A value of -∞ is accepted."""
    return searched(objective, params, direction, grad, **hyper, trusted=(-np.inf,))


@system.mistake("armijo")
def not_a_number_is_a_fall(objective: Any, params: Any, direction: Any, grad: Any, **hyper: Any) -> LineSearch:
    """A value of NaN is accepted: it is not above the bound."""
    return searched(objective, params, direction, grad, **hyper, trusted=(np.nan,))


@system.mistake("armijo")
def line_is_not_checked(
    objective: Any, params: Any, direction: Any, grad: Any, *, lr: float, max_iter: int, **hyper: Any
) -> LineSearch:
    """Whatever is given is used, cut to the length of the parameters."""
    d, g = direction[: len(params)], grad[: len(params)]
    value, slope, a = objective.value(params), np.dot(g, d), np.dot(g, d) * 0 + lr
    if hyper["reject_ascent"] and bool(slope > 0):
        return LineSearch(0 * a, value, 1)
    for tried in range(max_iter):
        reached = objective.value(params + a * d)
        if bool(np.isfinite(reached)) and bool(reached <= value + hyper["slope_fraction"] * a * slope):
            return LineSearch(a, reached, tried + 2)
        a = a * hyper["shrink"]
    return LineSearch(0 * a, value, max(0, max_iter) + 1)
