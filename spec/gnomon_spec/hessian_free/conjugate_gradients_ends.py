"""Where conjugate gradients end: by which test, at which curvature, at the ends of the range; plausible mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.hessian_free import conjugate_gradients as reference
from gnomon.hessian_free.storage_grid import kept_iterations
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.hessian_free import conjugate_gradients as given
from gnomon_spec.hessian_free.conjugate_gradients import conjugate_gradients, plain, solve
from gnomon_spec.rejections import not_finite
from gnomon_spec.strategies import count, shapes


@conjugate_gradients.law("oracle agreement", cases=given.long)
def long_runs_end_as_those_of_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
    """In sixteen and more dimensions relative progress ends the run where the oracle's ends."""
    found, expected = solve(port, case), solve(port.oracle, case)
    yield agree("iterations", found.iterations, expected.iterations)
    yield agree("reason", found.reason, expected.reason)
    yield equal("last", found.iterates[-1], expected.iterates[-1])


@conjugate_gradients.law("closed form", cases=given.cold.but(signs=nonzero_vector()).shaped(shapes((1,), (2,), (3,))))
def negative_eigenvalues_are_counted(port: Any, case: Case) -> Iterable[Fact]:
    """With n iterations and policy "ignore", pᵀAp is negative as often as A has negative eigenvalues (Sylvester), and
    x = A⁻¹b, a saddle of the model."""
    n = len(case.rhs)
    turn = lapack(np.linalg.eigh, case.operator.matrix)[1]
    eigenvalues = np.sign(case.signs) * np.arange(1.0, n + 1)
    A = (turn * eigenvalues) @ turn.T
    found = solve(port, case, operator=Dense(A), rhs=turn @ np.ones(n), max_iter=n)
    yield equal("last", found.iterates[-1], turn @ (1 / eigenvalues))
    yield agree("count", found.non_positive, int(np.sum(case.signs < 0)))


@conjugate_gradients.law(
    "closed form", cases=given.systems.but(start=given.starts(), rtol=0.0, preconditioner=given.none)
)
def on_a_hill_the_policy_decides(port: Any, case: Case) -> Iterable[Fact]:
    """Where A = -I, "stop" returns the start after one product, "ignore" finds -b, "saddle-free" x₀ + b + x₀, and
    "raise" raises."""
    hill = Dense(-np.eye(len(case.rhs), dtype=case.rhs.dtype))
    s = case.rhs + 2.0 * np.abs(case.start) * np.sign(case.rhs)
    stopped, ignored, free = (
        solve(port, case, operator=hill, rhs=s, max_iter=1, on_nonpositive_curvature=policy)
        for policy in ("stop", "ignore", "saddle-free")
    )
    yield equal("stop", stopped.iterates[-1], case.start)
    yield agree("stop after", stopped.iterations, 0)
    yield agree("stop because", stopped.reason, reference.NEGATIVE)
    yield equal("ignore", ignored.iterates[-1], -s)
    yield equal("saddle-free", free.iterates[-1], case.start + (s + case.start))
    yield agree("counted", (stopped.non_positive, ignored.non_positive, free.non_positive), (1, 1, 1))
    yield rejects("raise", lambda: solve(port, case, operator=hill, rhs=s, on_nonpositive_curvature="raise"))


@conjugate_gradients.law("closed form", cases=plain.but(atol=1024.0, max_iter=6).shaped(shapes((2,), (3,), (5,))))
def the_residual_is_first_tested_after_an_iteration(port: Any, case: Case) -> Iterable[Fact]:
    """However large the tolerance is, a start that is not exact is improved once, and then the run ends."""
    found = solve(port, case)
    yield agree("iterations", found.iterations, 1)
    yield agree("reason", found.reason, reference.RESIDUAL)


@conjugate_gradients.law("fixed point", cases=plain.but(power=count(0, 1, 2, low=0, high=3)))
def an_exact_start_is_the_answer(port: Any, case: Case) -> Iterable[Fact]:
    """If Ax₀ = b exactly, x₀ is returned; if b = 0 and x₀ = 0 after no iteration, and nothing is divided by nothing."""
    diagonal = Dense(np.eye(len(case.rhs), dtype=case.rhs.dtype) * 2.0**case.power)
    found = solve(port, case, operator=diagonal, rhs=case.start * 2.0**case.power)
    yield equal("last", found.iterates[-1], case.start)
    nothing = solve(port, case, rhs=0 * case.rhs, start=0 * case.rhs)
    yield agree("iterations", nothing.iterations, 0)
    yield agree("reason", nothing.reason, reference.NOTHING_LEFT)


@conjugate_gradients.law("closed form", cases=plain.but(stored=choice((), (0,), (1, 3), (0, 2, 4))))
def what_is_kept_is_on_the_grid(port: Any, case: Case) -> Iterable[Fact]:
    """The iterates that were asked for are kept, and the last one, whichever it is; no other is."""
    found, complete = solve(port, case), solve(port, case, stored=given.EVERY)
    kept = kept_iterations(case.stored, found.iterations)
    yield agree("rows", len(found.iterates), len(kept))
    yield agree("values", len(found.values), found.iterations + 1)
    everything = given.fitting(complete, case)
    rows = [everything[min(i, len(everything) - 1)] for i in kept]
    yield equal("last", found.iterates[-1], rows[-1])


@conjugate_gradients.law("rejects", cases=given.definite)
def iterations_below_0_are_not_stored(port: Any, case: Case) -> Iterable[Fact]:
    """An iteration below 0 to keep is rejected."""
    yield rejects("stored = -1", lambda: solve(port, case, stored=(-1,)))


@conjugate_gradients.law("conservation", cases=given.definite)
def an_iteration_costs_a_product(port: Any, case: Case) -> Iterable[Fact]:
    """The operator is asked for one product an iteration and at most two more."""
    found = solve(port, case)
    yield agree("products", found.iterations <= found.products <= found.iterations + 2, True)


@conjugate_gradients.law("rejects", cases=given.definite.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_stops_everything(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    start = np.ones(len(case.rhs), case.rhs.dtype)
    yield rejects("not finite", lambda: solve(port, case, operator=not_finite(case.operator, case.bad), start=start))


def power_of_two(single: int, double: int) -> Quantity:
    """2 to one power in float32, to another in float64, where it is as near to the end of the range."""
    return Quantity(
        lambda _draw, context: context.dtype.type(2.0 ** (single if context.dtype == np.float32 else double)),
        f"2^{single} in float32, 2^{double} in float64",
    )


@conjugate_gradients.law(
    "closed form",
    cases=given.cold.but(size=power_of_two(-75, -550), flat=power_of_two(-20, -60)).shaped(shapes((1,), (2,), (3,))),
)
def a_right_side_may_have_any_size(port: Any, case: Case) -> Iterable[Fact]:
    """Where A is a number Ax = b is solved in one iteration, also where the squares of b leave the range."""
    A = np.eye(len(case.rhs)) * case.flat
    for label, size in (("small", case.size), ("large", 1 / case.size)):
        found = solve(port, case, operator=Dense(A), rhs=np.sign(case.rhs) * size)
        yield identical(label, found.iterates[-1], np.sign(case.rhs) * size / case.flat)
        yield identical(f"iterations, {label}", np.array(found.iterations), np.array(1))


@conjugate_gradients.law(
    "fixed point",
    cases=given.cold.but(
        max_iter=6,
        small=power_of_two(-30, -40),
        flat=power_of_two(-100, -1000),
        on_nonpositive_curvature=choice("ignore", "stop", "saddle-free", "raise"),
    ),
)
def curvature_that_underflows_is_not_negative(port: Any, case: Case) -> Iterable[Fact]:
    """Where pᵀAp is 0 only because it is too small for the dtype nothing is left to do, whatever the policy is, and it
    does not count as curvature that is not positive. (Here A = 2ᶠ·diag(1, 2), and the second entry of b is that
    small.)"""
    b = np.stack([np.ones_like(case.small), case.small])
    found = solve(port, case, operator=Dense(np.diag(np.stack([case.flat, 2 * case.flat]))), rhs=b, start=0 * b)
    yield identical("last", found.iterates[-1], b / case.flat)
    yield identical("count", np.array([found.iterations, found.non_positive]), np.array([1, 0]))
    yield identical("nothing left", np.array(found.reason == reference.NOTHING_LEFT), np.array(True))


@conjugate_gradients.law(
    "fixed point", cases=given.cold.but(large=power_of_two(50, 400), flat=power_of_two(-100, -800))
)
def an_iterate_that_overflows_is_not_returned(port: Any, case: Case) -> Iterable[Fact]:
    """Where x would not be finite the iterate before is returned: divergence."""
    b = np.sign(case.rhs) * case.large
    found = solve(port, case, operator=Dense(np.eye(len(b)) * case.flat), rhs=b)
    yield identical("last", found.iterates[-1], case.start)
    yield identical("iterations", np.array(found.iterations), np.array(0))
    yield identical("diverged", np.array(found.reason == reference.DIVERGED), np.array(True))


FIRST_TEST, NORM = 'NOTHING_LEFT if ry == 0 else ""', "unit * np.sqrt(np.dot(r, r)) < bound"
POLICY, KEPT, DIVERGENCE = "on_nonpositive_curvature", "kept_iterations(stored, i)", "reason = DIVERGED\nbreak"
ENDS = "if progress_threshold is not None and progress_has_ended("

conjugate_gradients.edits(f"""
products_are_not_counted: No product is counted
    `non_positive, products)` → `non_positive, -1)`
first_residual_is_not_tested: rᵀy = 0 is not looked for before the first iteration: an exact start counts as a direction
    without curvature
    `{FIRST_TEST}` → `""`
residual_is_tested_before_the_first_iteration: A start whose residual is within the tolerance is returned, without an
    iteration
    `{FIRST_TEST}` → `NOTHING_LEFT if ry == 0 else RESIDUAL if {NORM} else ""`
direction_from_the_plain_residual: The new direction is made from r and not from Mr
    `p = -y` → `p = -r`
step_from_the_plain_residual: The step length is rᵀr/pᵀAp and not rᵀMr/pᵀAp
    `alpha = ry / pAp` → `alpha = np.dot(r, r) / pAp`
directions_are_not_conjugate: Every direction is the residual alone: steepest descent
    `p = -y + ry / ry_before * p` → `p = -y`
ratio_of_residuals_upside_down: The old residual is divided by the new one
    `ry / ry_before` → `ry_before / ry`
warm_start_is_ignored: The iteration begins at 0, whatever the start
    `0 * rhs if start is None else start` → `0 * rhs`
values_relative_to_the_start: The model's values are counted from that at the start
    `i, np.stack(values), reason` → `i, np.stack(values) - values[0], reason`
residual_is_called_the_limit: A run that ends by the residual says that it ended by the number of iterations
    `reason = RESIDUAL` → `reason = LIMIT`
residual_ends_nothing: The iteration does not end by the residual
    `{NORM}` → `False`
tolerance_of_the_preconditioned_residual: √(rᵀMr) is compared with the tolerance, not ‖r‖
    `{NORM}` → `unit * np.sqrt(ry) < bound`
square_of_the_residual_is_compared: ‖r‖² is compared with the tolerance, not ‖r‖
    `{NORM}` → `unit * np.dot(r, r) * unit < bound`
tolerance_is_absolute: The residual is compared with rtol itself
    `rtol * length(rhs)` → `rtol`
tolerance_relative_to_the_first_residual: The residual is compared with rtol·‖r₀‖, not rtol·‖b‖
    [as IterativeSolvers.jl documents it]
    `bound = np.maximum(rtol * length(rhs), atol)\nr = product(operator, x, 0) - rhs` →
        `r = product(operator, x, 0) - rhs\nbound = np.maximum(rtol * length(r), atol)`
progress_ends_nothing: The rule of relative progress is not asked
    `progress_threshold is not None and` → `False and`
progress_rule_of_the_other_variant: The rules of relative progress are taken for each other
    `` → `variant = {{"code": "martens", "martens": "code"}}[variant]`
start_counts_as_an_iteration: The run ends one iteration before the limit
    `i >= max_iter` → `i >= max_iter - 1`
stops_after_the_step_uphill: Policy "stop" makes the step along the direction of non-positive curvature before it stops
    `{POLICY} == "stop" or pAp == 0` → `pAp == 0`
    `{ENDS}` → `if {POLICY} == "stop" and not pAp > 0:\n    reason = NEGATIVE\nel{ENDS}`
policy_is_ignored: The iteration goes on where the curvature is not positive, whatever the policy
    `` → `{POLICY} = "ignore"`
size_of_the_curvature_is_taken: Where "ignore" was asked for, |pᵀAp| is taken
    `np.abs(pAp) if {POLICY} == "saddle-free" else pAp` → `np.abs(pAp)`
negative_curvature_is_not_counted: Iterations with pᵀAp <= 0 are not counted
    `non_positive += 1` → `pass`
underflow_counts_as_negative_curvature: A pᵀAp of 0 counts as curvature that is not positive, also where it is too small
    for the dtype
    `pAp == 0 and _has_underflowed(p, Ap)` → `False`
squares_leave_the_range: r is taken as it is: where its square is too small for the dtype, b counts as 0
    `_power_of_two(r)` → `r.dtype.type(1)`
iterate_that_overflowed_is_returned: Where x or r overflows that iterate is returned, not the one before
    `{DIVERGENCE}` →
        `reason, i, x = DIVERGED, i + 1, farther\niterates.append(x)\nvalues.append(_value(unit * rest, rhs, x))\nbreak`
last_entry_is_not_moved: The last entry of x stays what it was at the start (the tail of a vectorised loop is missing)
    `x + unit * (alpha * p)` → `x + unit * (alpha * p) * (np.arange(len(p)) < len(p) - 1)`
last_iterate_is_not_kept: The last iterate is kept only if it is on the grid
    `{KEPT}` → `[k for k in {KEPT} if k in stored] or [i]`
start_is_not_kept: The start is not kept, although it is on the grid
    `{KEPT}` → `[k for k in {KEPT} if k > 0] or [0]`
residual_is_not_preconditioned: The preconditioner is ignored
    `preconditioner is None` → `True`
values_without_the_half: The model's values are twice as large
    `np.dot(r - rhs, x) / 2` → `np.dot(r - rhs, x)`
values_with_the_right_side_added: The model's values are ½(r + b)ᵀx, that is ½xᵀAx
    `np.dot(r - rhs, x)` → `np.dot(r + rhs, x)`
bad_products_count_as_nothing: A NaN or an infinity in a product is replaced by 0
    `operator(vector)` → `np.nan_to_num(operator(vector), nan=0.0, posinf=0.0, neginf=0.0)`
""")
