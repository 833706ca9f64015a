"""Where one start ends, and many; how fast those that diverge escape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos import outcomes as reference
from gnomon_spec.cases import Case, Context, Draw, Quantity, choice, constant
from gnomon_spec.dynamics.gd_chaos import operation
from gnomon_spec.dynamics.gd_chaos.inputs import OUTSIDE, WHOLE, at_a_share, decays, many_starts, over_eta, real, starts
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import number, one_of, shapes, zeros

CONVERGED = ("origin", "plus", "minus")
limits = {
    "max_steps": choice(8, 4, 12, 1),
    "grad_tol": choice(0.25, 0.0625, 1.0, 4.0),
    "escape": choice(1e10, 16.0, 1e3),
}
either = at_a_share.but(share=one_of(at_a_share.quantities["share"], OUTSIDE))
ends = either.but(lam=decays, **limits)
outcome = operation(reference.outcome, cases=ends.but(criterion=choice("gradient", "notebook")), rejecting=ends)
gridded = many_starts.but(lam=decays, **limits)
basin_grid = operation(reference.basin_grid, cases=gridded, rejecting=gridded)
escapes = many_starts.but(
    shares=choice((1.1, 2.0), (0.25, 1.5), (0.75, 0.999)),
    max_steps=choice(12, 20, 4, 0),
    threshold=choice(1e10, 1e6, 1e3),
)
escape_potential = operation(reference.escape_potential, cases=escapes, rejecting=escapes)


@outcome.law(
    "bound", cases=either.but(y=over_eta(real(-1.95, 1.95, 0.5, 0.0, 1.5, -1.5)), max_steps=16, grad_tol=2.0**-40)
)
def the_critical_step_decides(port: Any, case: Case) -> Iterable[Fact]:
    """For λ = 0: inside nothing diverges; outside, and where |Y| > 1, nothing converges."""
    label = outcome.call(port, case).label
    if case.share < 1:
        yield agree("diverges inside", label == "diverged", False)
    if case.share > 1 or abs(case.eta * case.y) > 1:
        yield agree("converges", label in CONVERGED, False)


@outcome.law("bound", cases=ends.but(lam=0.0, grad_tol=choice(0.25, 0.0625)))
def what_converges_is_as_sharp_as_a_minimum(port: Any, case: Case) -> Iterable[Fact]:
    """For λ = 0, where ‖∇L‖ <= ε the sharpness is at least 2|y| - 2ε/√w: |r| is ‖∇L‖/√w, and w >= 2|z|."""
    found = outcome.call(port, case)
    w = np.sum(found.u**2) + np.sum(found.v**2)
    bound = 2 * np.abs(case.y) - 2 * case.grad_tol / np.sqrt(w)
    yield at_least("w", w, bound if found.label in CONVERGED else 0 * w)


@outcome.law(
    "closed form",
    cases=ends.but(y=over_eta(real(0.0, 0.98, 0.5, 0.25, 0.75)), lam=choice(0.0, 0.25)).shaped(shapes((1,))),
)
def every_crossing_changes_the_minimum(port: Any, case: Case) -> Iterable[Fact]:
    """For d = 1 and y > λ: the minimum is on the start's side, or on the other after an odd number of times that
    R > c."""
    found = outcome.call(port, case)
    path = port.oracle.orbit(case.u, case.v, steps=found.steps, eta=case.eta, y=case.y, lam=case.lam)
    residuals = case.eta * (path[:-1, 0] * path[:-1, 1] - case.y)
    crossings = int(np.sum(residuals > 1 - case.eta * case.lam))
    side = bool(np.sum(case.u + case.v) >= 0) == (crossings % 2 == 0)
    yield agree("side", found.label == "plus", side if found.label in ("plus", "minus") else False)


@outcome.law("trajectory", cases=ends)
def it_ends_where_its_orbit_is(port: Any, case: Case) -> Iterable[Fact]:
    """The end is the point of the orbit after that many steps; diverged means W beyond the escape there, and nowhere
    before; undecided, that all steps were made."""
    found = outcome.call(port, case)
    path = port.oracle.orbit(case.u, case.v, steps=found.steps, eta=case.eta, y=case.y, lam=case.lam)
    W = case.eta * np.sum(path * path, axis=(1, 2))
    yield equal("u", found.u, path[-1, 0])
    yield equal("v", found.v, path[-1, 1])
    yield agree("escaped", bool(W[-1] > case.escape), found.label == "diverged")
    yield agree("before", bool(np.any(W[:-1] > case.escape)), False)
    yield agree("undecided", found.label != "undecided" or found.steps == case.max_steps, True)


@outcome.law("fixed point", cases=starts.but(u=WHOLE, v=WHOLE, lam=0.0))
def a_minimum_has_converged_at_once(port: Any, case: Case) -> Iterable[Fact]:
    """With λ = 0 and u·v = y exactly, even an unstable minimum has converged before the first step; its side is that of
    u + v, or of u - v for y < 0."""
    u, v = case.u / 2, case.v / 2
    y = float(sum(int(p) * int(q) for p, q in zip(case.u, case.v, strict=True))) / 4
    found = port.outcome(u, v, eta=case.eta, y=y, grad_tol=2.0**-8, max_steps=2)
    yield agree("label", found.label, "plus" if np.sum(u + v if y >= 0 else u - v) >= 0 else "minus")
    yield agree("steps", found.steps, 0)


@outcome.law(
    "fixed point", cases=starts.but(u=zeros, v=zeros, y=number(1.0, 0.5, exponents=(-3, 1)), lam=choice(0.5, 4.0, 0.0))
)
def the_origin_is_called_so(port: Any, case: Case) -> Iterable[Fact]:
    """u = v = 0 has converged to the origin, even if grad_tol = 0, and for λ >= |y| > 0 so has whatever converges."""
    found = port.outcome(case.u, case.v, eta=case.eta, y=case.y, lam=case.lam, grad_tol=0.0)
    yield agree("label", (found.label, found.steps), ("origin", 0))
    near = 0 * case.u + 2.0**-8
    found = port.outcome(near, near, eta=case.eta, y=case.y, lam=case.y, grad_tol=16.0)
    yield agree("no minimum", (found.label, found.steps), ("origin", 0))


@outcome.law("closed form", cases=ends.but(max_steps=constant(0), escape=1e10))
def the_notebook_looks_at_the_data_alone(port: Any, case: Case) -> Iterable[Fact]:
    """The criterion "notebook" is ½r² < λy - λ²/2 + 1e-6, whatever the gradient is; without steps all else is
    undecided."""
    r = np.sum(case.u * case.v) - case.y
    found = outcome.call(port, case, criterion="notebook").label
    yield agree("label", found != "undecided", bool(r * r / 2 < case.lam * case.y - case.lam**2 / 2 + 1e-6))


@basin_grid.law("oracle agreement", cases=gridded.shaped(shapes((2,), (3,))))
def each_start_ends_as_it_would_alone(port: Any, case: Case) -> Iterable[Fact]:
    """Each label and number of steps is the outcome of that start."""
    found = basin_grid.call(port, case)
    for i in range(len(case.u)):
        alone = port.oracle.outcome(case.u[i : i + 1], case.v[i : i + 1], **case.hyper)
        yield agree(f"label {i}", found.labels[i], reference.LABELS.index(alone.label))
        yield agree(f"steps {i}", found.steps[i], alone.steps)


@basin_grid.law("invariance", cases=gridded.but(y=over_eta(real(0.05, 0.98, 0.5))))
def basins_have_the_symmetries_of_the_loss(port: Any, case: Case) -> Iterable[Fact]:
    """(v, u) has the same labels, (u, -v) with -y, too; (-u, -v) has plus for minus; part of a picture has its part."""
    found = basin_grid.call(port, case)
    plus, minus = found.labels == reference.PLUS, found.labels == reference.MINUS
    for name, changed, labels in (
        ("swapped", {"u": case.v, "v": case.u}, found.labels),
        ("mirrored", {"v": -case.v, "y": -case.y}, found.labels),
        ("opposite", {"u": -case.u, "v": -case.v}, found.labels + np.where(plus, 1, 0) - np.where(minus, 1, 0)),
    ):
        again = basin_grid.call(port, case, **changed)
        yield agree(name, again.labels, labels)
        yield agree(f"{name}: steps", again.steps, found.steps)
    alone = basin_grid.call(port, case, u=case.u[:1], v=case.v[:1])
    yield agree("part", alone.labels, found.labels[:1])


@escape_potential.law("equivariance", cases=escapes.but(shares=constant((1.1, 2.0)), max_steps=24, threshold=1e6))
def a_step_takes_one_off(port: Any, case: Case) -> Iterable[Fact]:
    """ν of the next point is ν - 1, wherever |R| is below the threshold: 3^-ν triples."""
    Y, root = case.eta * case.y, case.eta**0.5
    alpha, beta = root * (case.u + case.v), root * (case.u - case.v)
    R = (alpha * alpha - beta * beta) / 4 - Y
    alpha, beta = (1 - R) * alpha / (2 * root), (1 + R) * beta / (2 * root)
    here, then = escape_potential.call(port, case), escape_potential.call(port, case, u=alpha + beta, v=alpha - beta)
    yield equal("potential", then, here - 1)


@escape_potential.law("closed form", cases=escapes.but(max_steps=constant(0), threshold=choice(1.5, 1.125, 4.0)))
def at_once_it_is_a_logarithm(port: Any, case: Case) -> Iterable[Fact]:
    """Without steps it is -log₃ ln|R| where |R| is above the threshold, and infinite elsewhere."""
    R = case.eta * (case.u * case.v - case.y)
    nu = -np.log(np.log(np.maximum(np.abs(R), 1.0625))) / np.log(np.longdouble(3))
    yield equal("potential", escape_potential.call(port, case), np.where(np.abs(R) > case.threshold, nu, np.inf))


@escape_potential.law("bound", cases=escapes.but(shares=constant((0.25, 0.9)), max_steps=16))
def nothing_escapes_from_inside(port: Any, case: Case) -> Iterable[Fact]:
    """For λ = 0 it is infinite everywhere inside."""
    nu = escape_potential.call(port, case)
    yield agree("escapes", nu == np.inf, np.ones(case.u.shape, bool))


def draw_far(_draw: Draw, context: Context) -> Any:
    return np.full(context.shape, 2.0 ** (np.finfo(context.dtype).maxexp * 3 // 4), context.dtype)


@escape_potential.law("bound", cases=escapes.but(far=Quantity(draw_far, "a number whose square is out of range")))
def what_leaves_the_range_is_not_inside(port: Any, case: Case) -> Iterable[Fact]:
    """Where squares of u + v and of u - v are out of range, and R is no number, ν is not ∞: that would mean that the
    start never escapes."""
    nu = escape_potential.call(port, case, u=case.far, v=case.far / 2)
    yield agree("inside", nu == np.inf, np.zeros(case.u.shape, bool))


outcome.edits("""
diverged_if_not_converged: What has not converged after all steps is called diverged
    `return Outcome("undecided", max_steps, u, v)` → `return Outcome("diverged", max_steps, u, v)`
small_steps_are_convergence: The length of the step is compared, not that of the gradient: η·‖∇L‖
    `joint_length(gradient(u, v, y, lam)) <= grad_tol` → `eta * joint_length(gradient(u, v, y, lam)) <= grad_tol`
small_residuals_are_convergence: The residual is compared, not the gradient
    `joint_length(gradient(u, v, y, lam)) <= grad_tol` → `abs(r) <= grad_tol`
first_criterion_for_both: The criterion is not looked at
    `if criterion == "gradient":` → `if True:`
everything_is_near_the_minimum: The origin is not told from minima
    `"origin" if w < smallest(y, lam) else label` → `label`
sides_for_positive_targets: The side is that of u + v for every y
    `u + v if y >= 0 else u - v` → `u + v`
escape_without_the_step_size: The escape is compared with w, not with W = ηw
    `if not eta * w <= escape:` → `if not w <= escape:`
steps_are_counted_from_one: The number of steps is one too large
    `label, t, u, v)` → `label, t + 1, u, v)`
escape_from_the_residual: Only |R| beyond the escape counts
    `if not eta * w <= escape:` → `if not eta * abs(np.dot(u, v) - y) <= escape:`
""")
basin_grid.edits("""
grid_tolerance_has_no_units: η³‖∇L‖² is compared with the tolerance's square itself
    `small, least = (grad_tol * eta * root) ** 2` → `small, least = grad_tol**2`
signs_are_never_updated: The label is the side of the start
    `np.where((alpha if y >= 0 else beta) >= 0, PLUS, MINUS)` →
        `np.where((u + v if y >= 0 else u - v) >= 0, PLUS, MINUS)`
grid_side_of_the_sum: The side is that of u + v for every y
    `alpha if y >= 0 else beta` → `alpha`
last_step_is_not_looked_at: Where the last step leads is not looked at
    `range(max_steps + 1)` → `range(max_steps)`
grid_escape_is_of_the_residual: |R| is compared with the escape
    `size <= escape` → `np.abs(R) <= escape`
starts_know_each_other: A start that ends undecided has the label of the first one
    `Basins(labels.astype` → `Basins(np.where(labels == 0, labels.reshape(-1)[0], labels).astype`
""")
escape_potential.edits("""
potential_to_the_base_two: The logarithm has the base 2, as for quadratic maps
    `/ LOG_3` → `/ 0.6931471805599453`
what_is_no_number_never_escapes: |R| is asked to be above the threshold, which NaN never is
    `~(np.abs(R) <= threshold)` → `(np.abs(R) > threshold)`
potential_is_a_count: Only the number of steps is returned
    `t - np.log(np.log(np.abs(R))) / LOG_3` → `t + 0 * R`
potential_without_the_time: The number of steps is left out
    `t - np.log(np.log(np.abs(R))) / LOG_3` → `-np.log(np.log(np.abs(R))) / LOG_3`
inside_has_a_number: Where nothing escapes the number of steps is returned, and not infinity
    `found, alive = np.full_like(alpha, inf)` → `found, alive = np.full_like(alpha, max_steps)`
""")
