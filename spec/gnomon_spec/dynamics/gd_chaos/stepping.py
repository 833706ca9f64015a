"""Steps and orbits of two vectors, and steps of two matrices."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos import steps as reference
from gnomon_spec.cases import Case, Cases, Quantity
from gnomon_spec.dynamics.gd_chaos import operation, system
from gnomon_spec.dynamics.gd_chaos.inputs import WHOLE, Seen, anywhere, at_a_share, common, starts
from gnomon_spec.facts import Fact, at_least, equal, follows, identical, same_outputs
from gnomon_spec.strategies import count, nonzero, number, rotation, shapes, tame
from gnomon_spec.system import Misfits

scales = number(1.0, 2.0, 0.5, exponents=(-3, 3))
vector_step = operation(reference.vector_step, cases=anywhere.but(loss_scale=scales), rejecting=starts)
orbits = starts.but(steps=count(1, 2, 3, high=8))
orbit = operation(reference.orbit, cases=orbits, rejecting=orbits, compare=follows)


@vector_step.law("closed form", cases=starts)
def sums_and_differences_stay_on_their_lines(port: Any, case: Case) -> Iterable[Fact]:
    """u + v is multiplied by c - R, u - v by c + R, whatever d is."""
    now, (u, v) = Seen(case.u, case.v, case), vector_step.call(port, case)
    yield equal("sum", u + v, (now.c - now.R) * (case.u + case.v))
    yield equal("difference", u - v, (now.c + now.R) * (case.u - case.v))


@vector_step.law("closed form", cases=starts)
def a_step_is_a_map_of_two_numbers(port: Any, case: Case) -> Iterable[Fact]:
    """Z⁺ = (c² + R²)Z - cRW and W⁺ = (c² + R²)W - 4cRZ. For λ = 0: R⁺ = R³ - 3R - RE, and E⁺ = E·(1 + YR + R²), so that
    E keeps its sign for |Y| < 2."""
    now, (u, v) = Seen(case.u, case.v, case), vector_step.call(port, case)
    then = Seen(u, v, case)
    both = now.c**2 + now.R**2
    yield equal("Z", then.Z, both * now.Z - now.c * now.R * now.W)
    yield equal("W", then.W, both * now.W - 4 * now.c * now.R * now.Z)
    u, v = vector_step.call(port, case, lam=0.0)
    then = Seen(u, v, case)
    yield equal("R", then.R, now.R**3 - 3 * now.R - now.R * now.E)
    yield equal("E", then.E, now.E * (1 + now.Y * now.R + now.R**2))


@vector_step.law("conservation", cases=starts)
def what_is_unbalanced_is_scaled_as_a_whole(port: Any, case: Case) -> Iterable[Fact]:
    """uuᵀ - vvᵀ and uvᵀ - vuᵀ are multiplied by c² - R²: for d >= 2 ratios of their entries never change."""
    now, (u, v) = Seen(case.u, case.v, case), vector_step.call(port, case)
    factor = now.c**2 - now.R**2
    for name, sign in (("symmetric", 1), ("antisymmetric", -1)):
        before, after = (
            np.outer(p, p if sign > 0 else q) - np.outer(q, q if sign > 0 else p) for p, q in ((case.u, case.v), (u, v))
        )
        yield equal(name, after, factor * before)


@vector_step.law("equivariance", cases=starts.but(power=count(0, 1, 2, low=-3, high=3)))
def the_step_size_is_a_choice_of_units(port: Any, case: Case) -> Iterable[Fact]:
    """√η·(u, v) with the step 1, ηy and ηλ go where √η times the step goes; for η = 4ᵏ bit for bit."""
    eta, root = 4.0**case.power, 2.0**case.power
    found = port.vector_step(case.u, case.v, eta=eta, y=case.y, lam=case.lam)
    other = port.vector_step(root * case.u, root * case.v, eta=1.0, y=eta * case.y, lam=eta * case.lam)
    scaled = port.vector_step(case.u, case.v, eta=1.0, y=case.y, lam=case.lam, loss_scale=eta)
    for name, one, two, three in zip("uv", found, other, scaled, strict=True):
        yield identical(name, two, root * one)
        yield identical(f"{name}, scaled loss", three, one)


@vector_step.law("equivariance", cases=starts.but(turn=rotation()))
def symmetries_of_the_loss_are_those_of_a_step(port: Any, case: Case) -> Iterable[Fact]:
    """(v, u), (-u, -v), and (u, -v) with -y give the images of the step bit for bit; (Ou, Ov) up to rounding."""
    call = partial(vector_step.call, port, case)
    u, v = call()
    yield from same_outputs("swapped", tuple(call(u=case.v, v=case.u)), (v, u), identical)
    yield from same_outputs("opposite", tuple(call(u=-case.u, v=-case.v)), (-u, -v), identical)
    yield from same_outputs("mirrored", tuple(call(v=-case.v, y=-case.y)), (u, -v), identical)
    turned = call(u=case.turn @ case.u, v=case.turn @ case.v)
    yield equal("turned u", turned[0], case.turn @ u)
    yield equal("turned v", turned[1], case.turn @ v)


@vector_step.law("fixed point", cases=starts.but(u=WHOLE, v=WHOLE, lam=0.0, decay=common["lam"]))
def nothing_moves_where_the_gradient_is_nought(port: Any, case: Case) -> Iterable[Fact]:
    """With λ = 0 and u·v = y exactly, u and v come back bit for bit, stable or not; u = v = 0 do for every y and λ."""
    y = float(sum(int(p) * int(q) for p, q in zip(case.u, case.v, strict=True)))
    yield from same_outputs("minimum", tuple(vector_step.call(port, case, y=y)), (case.u, case.v), identical)
    nought = 0 * case.u
    origin = vector_step.call(port, case, u=nought, v=nought, lam=case.decay)
    yield from same_outputs("origin", tuple(origin), (nought, nought), identical)


@vector_step.law("fixed point", cases=starts.but(y=number(1.0, 2.0, exponents=(-2, 2)), lam=number(0.25, 0.5)))
def the_regularised_minimum_stays(port: Any, case: Case) -> Iterable[Fact]:
    """u = v with ‖u‖² = |y| - λ, for y > λ, is where the data's residual is -λ: it stays up to rounding."""
    y, d = case.y + case.lam, len(case.u)
    u = np.sqrt(case.y / d) * np.ones_like(case.u)
    found = vector_step.call(port, case, u=u, v=u, y=y)
    yield equal("u", found[0], u)
    yield equal("v", found[1], u)


@orbit.law("conservation")
def an_orbit_begins_at_its_start(port: Any, case: Case) -> Iterable[Fact]:
    """The first rows are u and v themselves, bit for bit."""
    path = orbit.call(port, case)
    yield identical("first rows", path[0], np.stack([case.u, case.v]))


@orbit.law("trajectory", cases=orbits.but(steps=count(1, 2, low=1, high=6)))
def every_step_of_an_orbit_is_right(port: Any, case: Case) -> Iterable[Fact]:
    """From where the port is, its next point is a step away: nothing grows from step to step."""
    path = orbit.call(port, case)
    for t in range(case.steps):
        u, v = path[t][0], path[t][1]
        r, kept = np.sum(u * v) - case.y, 1 - case.eta * case.lam
        yield equal(f"step {t}", path[t + 1], np.stack([kept * u - case.eta * r * v, kept * v - case.eta * r * u]))


near = at_a_share.but(steps=count(1, 2, 3, high=10))


@orbit.law("invariance", cases=near)
def the_dimension_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """A and B are those of the orbit with d = 1 from (‖u+v‖ ± ‖u-v‖)/2, up to the horizon."""
    a, b = (np.sqrt(np.sum(x * x)) for x in (case.u + case.v, case.u - case.v))
    path = orbit.call(port, case)
    single = orbit.call(port, case, u=np.stack([(a + b) / 2]), v=np.stack([(a - b) / 2]))
    for name, sign in (("A", 1), ("B", -1)):
        sizes = [np.sum((p[:, 0] + sign * p[:, 1]) ** 2, axis=1) for p in (path, single)]
        yield follows(name, *sizes)


@orbit.law("bound", cases=near)
def inside_is_for_ever(port: Any, case: Case) -> Iterable[Fact]:
    """From E < 0 with |Y| < 2, at all times A <= 4(2 + Y), B <= 4(2 - Y), |R| <= 2, and L <= 2/η²."""
    path, Y = orbit.call(port, case), case.eta * case.y
    A, B = (case.eta * np.sum((path[:, 0] + sign * path[:, 1]) ** 2, axis=1) for sign in (1, -1))
    R = case.eta * np.sum(path[:, 0] * path[:, 1], axis=1) - Y
    yield at_least("A", 4 * (2 + Y) + 0 * A, A)
    yield at_least("B", 4 * (2 - Y) + 0 * B, B)
    yield at_least("R", 2 + 0 * R, np.abs(R))
    yield at_least("loss", 2 / case.eta**2 + 0 * R, (R / case.eta) ** 2 / 2)


OF_U, OF_V = "r * v + lam * u", "r * u + lam * v"


@system.mistake("vector_step")
def second_factor_uses_the_new_first_one(
    u: Any, v: Any, *, eta: float = 0.5, y: float = 1.0, lam: float = 0.0, loss_scale: float = 1.0
) -> Any:
    """The new u is used where v is updated (Gauss-Seidel), not the old one"""
    rate = eta * loss_scale
    u = u - rate * ((np.dot(u, v) - y) * v + lam * u)
    return reference.Factors(u, v - rate * ((np.dot(u, v) - y) * u + lam * v))


vector_step.edits(f"""
decay_without_the_step_size: The decay subtracts λu, not ηλu [a transcription of the authors' notebook, whose η is 1]
    `return Factors(u - eta * of_u, v - eta * of_v)` →
        `return Factors(u - eta * (of_u - lam * u) - lam * u, v - eta * (of_v - lam * v) - lam * v)`
residual_is_doubled: The loss has no ½: the gradient has 2r [the paper's first picture has that loss, beside 0.3·w]
    `r = np.dot(u, v) - y` → `r = 2 * (np.dot(u, v) - y)`
target_is_added: The residual is u·v + y
    `np.dot(u, v) - y` → `np.dot(u, v) + y`
factors_are_not_exchanged: The gradient of u has u, and that of v has v
    `{OF_U}` → `r * u + lam * u`, `{OF_V}` → `r * v + lam * v`
up_the_loss: The step goes up the loss
    `u - eta * of_u, v - eta * of_v` → `u + eta * of_u, v + eta * of_v`
scale_of_the_loss_is_forgotten: The scale of the loss is not used
    `eta * loss_scale` → `eta`
residual_is_never_nought: The residual has 1e-8 added, lest it be 0
    `r = np.dot(u, v) - y` → `r = np.dot(u, v) - y + 1e-8`
origin_is_left: A small number is added to u, lest it be 0
    `return moved(u, v, eta * loss_scale, y, lam)` → `return moved(u + 1e-6, v, eta * loss_scale, y, lam)`
""")
orbit.edits("""
start_is_left_out: The start is missing: the orbit begins after the first step
    `range(steps)` → `range(steps + 1)`, `for point in points` → `for point in points[1:]`
every_step_is_from_the_start: Every step is made from the start
    `moved(*points[-1], eta, y, lam)` → `moved(u, v, eta, y, lam)`
every_second_point_of_an_orbit: Two steps are made where one is asked for
    `points.append(moved(*points[-1], eta, y, lam))` →
        `points.append(moved(*moved(*points[-1], eta, y, lam), eta, y, lam))`
step_is_scaled_by_the_dimension: The step is divided by the number of entries
    `moved(*points[-1], eta, y, lam)` → `moved(*points[-1], eta / u.shape[0], y, lam)`
""")


def matrix(rows: str, columns: str, scale: int = -2) -> Quantity:
    """A matrix whose sides are lengths of the common shape (d, m, n)."""
    return tame(scale, lambda shape: tuple(shape["dmn".index(side)] for side in (rows, columns)))


def turn(side: int) -> Quantity:
    """An orthogonal matrix of one of the sides of the common shape (d, m, n)."""
    one = rotation()
    return Quantity(lambda draw, c: one.draw(draw, c._replace(shape=c.shape[side : side + 1])), one.text)


SIDES = shapes((1, 1, 1), (2, 1, 2), (2, 2, 2), (3, 2, 1), (1, 2, 3))
rates = {name: common[name] for name in ("eta", "lam")}
matrices = Cases({"U": matrix("d", "m"), "V": matrix("d", "n"), "target": matrix("m", "n", 0), **rates}, SIDES)
matrix_step = operation(reference.matrix_step, cases=matrices, rejecting=matrices)


@matrix_step.law("conservation")
def imbalance_changes_by_the_square_of_the_step(port: Any, case: Case) -> Iterable[Fact]:
    """Q = UUᵀ - VVᵀ becomes (1 - ηλ)²Q + η²(VRᵀRVᵀ - URRᵀUᵀ), R = UᵀV - Y."""
    U, V = matrix_step.call(port, case)
    R = case.U.T @ case.V - case.target
    VR, UR = case.V @ R.T, case.U @ R
    decayed = (1 - case.eta * case.lam) ** 2 * (case.U @ case.U.T - case.V @ case.V.T)
    yield equal("Q", U @ U.T - V @ V.T, decayed + case.eta**2 * (VR @ VR.T - UR @ UR.T))


@matrix_step.law("equivariance", cases=matrices.but(O=turn(0), P=turn(1), Q=turn(2)))
def matrices_may_be_turned(port: Any, case: Case) -> Iterable[Fact]:
    """(OUP, OVQ) with PᵀYQ goes where (O·P, O·Q) of the step goes."""
    U, V = matrix_step.call(port, case)
    O, P, Q = case.O, case.P, case.Q  # noqa: E741
    turned = matrix_step.call(port, case, U=O @ case.U @ P, V=O @ case.V @ Q, target=P.T @ case.target @ Q)
    yield equal("U", turned[0], O @ U @ P)
    yield equal("V", turned[1], O @ V @ Q)


drawn = {**dict.fromkeys(("p", "q", "sigma"), nonzero), **dict.fromkeys("OPQ", rotation())}
pairs = Cases({**drawn, **rates}, shapes((1,), (2,), (3,)))


@matrix_step.law("closed form", cases=pairs)
def orthogonal_pairs_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """Where the columns of UP and VQ, Y = PΣQᵀ, lie along orthogonal axes in pairs, each pair makes its own steps, with
    y = σᵢ: so η* is the least of theirs."""
    target, every = (case.P * case.sigma) @ case.Q.T, range(len(case.p))
    U, V = port.matrix_step((case.O * case.p) @ case.P.T, (case.O * case.q) @ case.Q.T, target, **case.hyper)
    single = [port.vector_step(case.p[i : i + 1], case.q[i : i + 1], y=case.sigma[i], **case.hyper) for i in every]
    p, q = (np.concatenate(part) for part in zip(*single, strict=True))
    yield equal("U", U, (case.O * p) @ case.P.T)
    yield equal("V", V, (case.O * q) @ case.Q.T)


@matrix_step.misfits()
def targets_of_another_width_are_rejected(case: Case) -> Misfits:
    """A target with more columns than V is rejected."""
    wider = np.concatenate([case.target, case.target], axis=1)
    return {"target": {"target": wider}}


matrix_step.edits("""
target_is_cut_to_fit: Columns of the target beyond those of V are left out
    `require_as_many_columns(target, V)` → `target = target[:, : V.shape[1]]`
first_matrix_moves_half_as_far: The gradient of U, and not that of V, is halved
    `U - eta * (V @ residual.T + lam * U)` → `U - eta * ((V @ residual.T) * 0.5 + lam * U)`
second_matrix_moves_backwards: V goes up the loss
    `V - eta * (U @ residual` → `V - eta * (-U @ residual`
matrices_are_not_decayed: The decay is missing
    `residual.T + lam * U` → `residual.T`, `residual + lam * V` → `residual`
target_of_matrices_is_forgotten: The residual is UᵀV
    `U.T @ V - target` → `U.T @ V`
largest_residual_alone: Only the entry of the residual that is largest in size counts
    `residual = U.T @ V - target` →
        `residual = U.T @ V - target\nresidual = np.where(np.abs(residual) < np.max(np.abs(residual)), 0, residual)`
""")
