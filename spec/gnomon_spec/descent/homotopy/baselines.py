"""The rules beside this one."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy import baselines as reference
from gnomon_spec.cases import Case, Cases, Quantity
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, regular_matrix
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.inputs import near_one, power
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import count, nonzero, number, rotation, single, spectrum, tame
from gnomon_spec.system import WITH_ROOM, Misfits

gaps = Cases({"gap": single(near_one), "grad": nonzero}, UP_TO_3)
polyak_rate = system.operation(reference.polyak_rate, cases=gaps, dtypes=WITH_ROOM)


@polyak_rate.law("bound", cases=gaps.but(turn=rotation(), eigenvalues=spectrum(2.0), error=nonzero))
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


@polyak_rate.misfits(cases=gaps)
def a_gap_without_a_gradient_is_rejected(case: Case) -> Misfits:
    """Where the gradient is 0 and the loss above its minimum there is no rate."""
    return {"no gradient": {"grad": 0 * case.grad}}


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
def a_loss_without_curvature_has_no_edge(port: Any, case: Case) -> Iterable[Fact]:
    """For H = 0 the rate is ∞."""
    yield equal("rate", port.edge_rate(Dense(0 * case.operator.matrix), case.start, **case.hyper), inf)


updates = Cases({"grad": nonzero, "update": tame(), "operator": operator(regular_matrix())}, UP_TO_3).but(
    sigma=near_one, eps=number(0.0, 0.5, exponents=(-8, 2))
)
descending = updates.but(eps=0.0, turn=rotation(), eigenvalues=spectrum(2.0))
downhill = Quantity(lambda _draw, context: -context.drawn["grad"], "the negative gradient")
cdat_rate = system.operation(
    reference.cdat_rate, cases=updates, rejecting=updates.but(update=downhill), dtypes=WITH_ROOM
)


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
    nothing = {**case.hyper, "eps": 0.0}
    yield equal("stays", port.cdat_rate(case.grad, 0 * case.grad, case.operator, **nothing), 0.0)


@cdat_rate.law("equivariance", cases=updates.but(power=power, eps=0.0))
def cdat_scales_against_the_update(port: Any, case: Case) -> Iterable[Fact]:
    """An update 2ᵏ times as long has a rate 2ᵏ times as small, bit for bit, also where the curvature is negative."""
    scale = 2.0 ** (case.power // 2)
    for label, matrix in (("rate", case.operator.matrix), ("other sign", -case.operator.matrix)):
        lr = port.cdat_rate(case.grad, -case.grad, Dense(matrix), **case.hyper)
        yield identical(label, port.cdat_rate(case.grad, -scale * case.grad, Dense(matrix), **case.hyper) * scale, lr)
        yield at_least(f"{label} is positive", lr, 0.0)


polyak_rate.edits("""
gap_over_the_norm: (L - L*)/‖g‖: the norm is not squared
    `gap / size / size` → `gap / size`
gap_divided_by_zero: 0/0 at a minimum
    `if gap == 0:` → `if False:`
""")
edge_rate.edits("""
scale_left_out: The scale is ignored: 1/‖H‖
    `scale / norm` → `1 / norm`
edge_kept_finite: A small number stands below the norm: the rate is finite for H = 0
    `scale / norm` → `scale / (norm + 1e-2)`
""")
BEND = "np.dot(update, product(operator, update, 0))"
cdat_rate.edits(f"""
cdat_with_its_sign: The absolute value is missing: the rate is negative where the curvature is
    `np.abs({BEND})` → `{BEND}`
cdat_climbs: The maximum with 0 is missing: the rate is negative where the update climbs
    `np.maximum(-np.dot(grad, update), 0)` → `-np.dot(grad, update)`
cdat_along_the_gradient: The curvature is that along the gradient and not along the update
    `{BEND}` → `np.dot(grad, product(operator, grad, 0))`
sigma_left_out: σ is ignored
    `sigma * slope` → `slope`
half_of_the_quadratic: The ½ of the quadratic model is forgotten: the rate is half of what minimises it
    `sigma * slope` → `sigma / 2 * slope`
""")
