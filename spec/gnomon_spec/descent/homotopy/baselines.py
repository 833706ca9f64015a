"""The rules beside this one."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy import baselines as reference
from gnomon_spec.cases import Case, Cases
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, regular_matrix
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.family import system
from gnomon_spec.descent.homotopy.quantities import exponent, near_one, nonzero, rejected, rejected_numbers, single
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects
from gnomon_spec.strategies import count, number, rotation, spectrum, tame
from gnomon_spec.system import WITH_ROOM

gaps = Cases({"gap": single(near_one), "grad": nonzero()}, UP_TO_3)
polyak_rate = system.operation(reference.polyak_rate, cases=gaps, dtypes=WITH_ROOM)


@polyak_rate.law("bound", cases=gaps.but(turn=rotation(), eigenvalues=spectrum(2.0), error=nonzero()))
def polyaks_rate_on_quadratics_lies_between_two_others(port: Any, case: Case) -> Iterable[Fact]:
    """On ½xᵀHx, H positive definite, it is from 1/(2·λ_max) to 1/(2·λ_min), and 1/(2λ) along an eigenvector."""
    H = (case.turn * case.eigenvalues) @ case.turn.T
    grad = H @ case.error
    found = port.polyak_rate(np.sum(case.error * grad) / 2, grad)
    yield at_least("top", found, 1 / (2 * np.max(case.eigenvalues)))
    yield at_least("bottom", 1 / (2 * np.min(case.eigenvalues)), found)
    along = case.turn[:, 0]
    yield equal(
        "eigenvector",
        port.polyak_rate(case.eigenvalues[0] / 2 + 0 * along[0], case.eigenvalues[0] * along),
        1 / (2 * case.eigenvalues[0]),
    )


@polyak_rate.law("limit", cases=gaps)
def without_a_gap_polyaks_rate_is_0(port: Any, case: Case) -> Iterable[Fact]:
    """At a minimum the rate is 0, also if the gradient is."""
    yield equal("rate", port.polyak_rate(0 * case.gap, 0 * case.grad), 0.0)


@polyak_rate.law("rejects", cases=gaps)
def bad_gaps_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A gap that is negative or NaN, a gradient that is not finite, and a gap without a gradient are rejected."""
    yield from rejected_numbers(lambda x: port.polyak_rate(x, case.grad), "gap", case.gap)
    yield rejects("nan", lambda: port.polyak_rate(case.gap, case.grad * nan))
    yield rejects("no gradient", lambda: port.polyak_rate(case.gap, 0 * case.grad))


@system.mistake("polyak_rate")
def gap_over_the_norm(gap: Any, grad: Any) -> Any:
    """(L - L*)/‖g‖: the norm is not squared."""
    found = reference.polyak_rate(gap, grad)
    return found * np.sqrt(np.sum(grad * grad))


@system.mistake("polyak_rate")
def gap_divided_by_zero(gap: Any, grad: Any) -> Any:
    """0/0 at a minimum."""
    reference.polyak_rate(gap, grad)
    return gap / np.sum(grad * grad)


@system.mistake("polyak_rate")
def gaps_are_not_checked(gap: Any, grad: Any) -> Any:
    """Whatever is given is used."""
    kappa, g = np.abs(np.nan_to_num(gap)), np.nan_to_num(grad)
    return reference.polyak_rate(kappa, g if np.any(g != 0) else g + np.ones_like(g))


edges = Cases({"operator": operator(regular_matrix()), "start": nonzero_vector()}, UP_TO_3).but(
    scale=near_one, iterations=count(1, 2, low=1, high=4)
)
edge_rate = system.operation(reference.edge_rate, cases=edges, dtypes=WITH_ROOM)


@edge_rate.law("closed form", cases=edges.but(turn=rotation(), eigenvalues=spectrum(1.0), iterations=1))
def the_edge_is_the_inverse_of_the_norm(port: Any, case: Case) -> Iterable[Fact]:
    """lr = scale/‖H‖, measured exactly from the top eigenvector."""
    H = Dense((case.turn * case.eigenvalues) @ case.turn.T)
    top = int(np.argmax(case.eigenvalues))
    yield equal("rate", port.edge_rate(H, case.turn[:, top], **case.hyper), case.scale / np.max(case.eigenvalues))


@edge_rate.law("limit", cases=edges)
def nothing_has_no_edge(port: Any, case: Case) -> Iterable[Fact]:
    """For H = 0 the rate is ∞."""
    yield equal("rate", port.edge_rate(Dense(0 * case.operator.matrix), case.start, **case.hyper), inf)


@edge_rate.law("rejects", cases=edges)
def bad_edges_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A scale that is not positive and no iteration are rejected."""
    bad: tuple[tuple[str, dict[str, Any]], ...] = (
        ("scale = 0", {"scale": 0.0}),
        ("scale = nan", {"scale": nan}),
        ("iterations = 0", {"iterations": 0}),
    )
    yield from rejected(lambda **hyper: port.edge_rate(case.operator, case.start, **hyper), case.hyper, bad)


@system.mistake("edge_rate")
def scale_left_out(operator: Any, start: Any, **hyper: Any) -> Any:
    """The scale is ignored: 1/‖H‖."""
    return reference.edge_rate(operator, start, **hyper) / hyper["scale"]


@system.mistake("edge_rate")
def edge_kept_finite(operator: Any, start: Any, **hyper: Any) -> Any:
    """A small number stands below the norm: the rate is finite for H = 0."""
    return 1 / (1 / reference.edge_rate(operator, start, **hyper) + 1e-2)


@system.mistake("edge_rate")
def edges_are_not_checked(operator: Any, start: Any, **hyper: Any) -> Any:
    """Whatever is given is used."""
    scale = hyper["scale"] if hyper["scale"] > 0 else 1.0
    return reference.edge_rate(operator, start, scale=scale, iterations=max(1, hyper["iterations"]))


updates = Cases({"grad": nonzero(), "update": tame(), "operator": operator(regular_matrix())}, UP_TO_3).but(
    sigma=near_one, epsilon=number(0.0, 0.5, exponents=(-8, 2))
)
descending = updates.but(epsilon=0.0, turn=rotation(), eigenvalues=spectrum(2.0))
cdat_rate = system.operation(reference.cdat_rate, cases=updates, dtypes=WITH_ROOM)


@cdat_rate.law("closed form", cases=descending.but(sigma=1.0))
def cdat_minimises_the_quadratic_along_the_update(port: Any, case: Case) -> Iterable[Fact]:
    """With σ = 1 and u = -g the new gradient is orthogonal to u, and along an eigenvector lr = 1/λ."""
    H = (case.turn * case.eigenvalues) @ case.turn.T
    lr = port.cdat_rate(case.grad, -case.grad, Dense(H), **case.hyper)
    yield equal("orthogonal", lr * np.sum(case.grad * (H @ case.grad)), np.sum(case.grad * case.grad))
    along = case.turn[:, 0]
    yield equal("eigenvector", port.cdat_rate(along, -along, Dense(H), **case.hyper), 1 / case.eigenvalues[0])


@cdat_rate.law("limit", cases=updates)
def cdat_stops_where_the_update_climbs(port: Any, case: Case) -> Iterable[Fact]:
    """lr = 0 for u = g and for u = 0, where 0/0 counts as 0."""
    yield equal("climbs", port.cdat_rate(case.grad, case.grad, case.operator, **case.hyper), 0.0)
    nothing = {**case.hyper, "epsilon": 0.0}
    yield equal("stays", port.cdat_rate(case.grad, 0 * case.grad, case.operator, **nothing), 0.0)


@cdat_rate.law("equivariance", cases=updates.but(exponent=exponent, epsilon=0.0))
def cdat_scales_against_the_update(port: Any, case: Case) -> Iterable[Fact]:
    """An update 2ᵏ times as long has a rate 2ᵏ times as small, bit for bit, also where the curvature is negative."""
    scale = 2.0 ** (case.exponent // 2)
    for label, matrix in (("rate", case.operator.matrix), ("other sign", -case.operator.matrix)):
        lr = port.cdat_rate(case.grad, -case.grad, Dense(matrix), **case.hyper)
        yield identical(label, port.cdat_rate(case.grad, -scale * case.grad, Dense(matrix), **case.hyper) * scale, lr)
        yield at_least(f"{label} is positive", lr, 0.0)


@cdat_rate.law("rejects", cases=updates)
def bad_updates_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A σ that is not positive, a negative ε, vectors that are not finite or do not fit are rejected."""
    bad: tuple[tuple[str, dict[str, Any]], ...] = (
        ("sigma = 0", {"sigma": 0.0}),
        ("sigma = nan", {"sigma": nan}),
        ("epsilon = -1", {"epsilon": -1.0}),
    )
    inputs = (case.grad, case.update, case.operator)
    yield from rejected(lambda **hyper: port.cdat_rate(*inputs, **hyper), case.hyper, bad)
    yield rejects("nan", lambda: port.cdat_rate(case.grad * nan, *inputs[1:], **case.hyper))
    longer = np.concatenate([case.update, case.update])
    yield rejects("longer", lambda: port.cdat_rate(case.grad, longer, case.operator, **case.hyper))


@system.mistake("cdat_rate")
def cdat_with_its_sign(grad: Any, update: Any, operator: Any, **hyper: Any) -> Any:
    """The absolute value is missing: the rate is negative where the curvature is."""
    found = reference.cdat_rate(grad, update, operator, **hyper)
    bend = np.dot(update, operator(update))
    slope = np.maximum(-np.dot(grad, update), 0)
    return hyper["sigma"] * slope / (bend + hyper["epsilon"]) if bool(slope > 0) else found


@system.mistake("cdat_rate")
def cdat_climbs(grad: Any, update: Any, operator: Any, **hyper: Any) -> Any:
    """The maximum with 0 is missing: the rate is negative where the update climbs."""
    found = reference.cdat_rate(grad, update, operator, **hyper)
    slope = np.dot(grad, update)
    if not bool(slope > 0):
        return found
    return -hyper["sigma"] * slope / (np.abs(np.dot(update, operator(update))) + hyper["epsilon"])


@system.mistake("cdat_rate")
def cdat_along_the_gradient(grad: Any, update: Any, operator: Any, **hyper: Any) -> Any:
    """The curvature is that along the gradient and not along the update."""
    found = reference.cdat_rate(grad, update, operator, **hyper)
    slope = np.maximum(-np.dot(grad, update), 0)
    bend = np.abs(np.dot(grad, operator(grad)))
    return hyper["sigma"] * slope / (bend + hyper["epsilon"]) if bool(slope > 0) else found


@system.mistake("cdat_rate")
def sigma_left_out(grad: Any, update: Any, operator: Any, **hyper: Any) -> Any:
    """σ is ignored."""
    return reference.cdat_rate(grad, update, operator, **hyper) / hyper["sigma"]


@system.mistake("cdat_rate")
def half_of_the_quadratic(grad: Any, update: Any, operator: Any, **hyper: Any) -> Any:
    """The ½ of the quadratic model is forgotten: the rate is half of what minimises it."""
    return reference.cdat_rate(grad, update, operator, **hyper) / 2


@system.mistake("cdat_rate")
def updates_are_not_checked(grad: Any, update: Any, operator: Any, **hyper: Any) -> Any:
    """Whatever is given is used, cut to fit."""
    sigma = hyper["sigma"] if hyper["sigma"] > 0 else 1.0
    size = grad.shape[0]
    return reference.cdat_rate(
        np.nan_to_num(grad), update[:size], operator, sigma=sigma, epsilon=max(0.0, hyper["epsilon"])
    )
