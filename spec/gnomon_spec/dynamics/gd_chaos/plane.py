"""The plane (A, B), the odd cubic on its axis, Lyapunov exponents; the ellipse E = 0, and how fast orbits leave it."""

from __future__ import annotations

from collections.abc import Iterable
from math import pi
from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos import boundary
from gnomon.dynamics.gd_chaos import plane as reference
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.dynamics.gd_chaos import operation
from gnomon_spec.dynamics.gd_chaos.inputs import PICTURES, Seen, common, etas, over_eta, real, starts
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import count, nonnegative, powered, shapes, tame, zeros
from gnomon_spec.system import Misfits

free = starts.but(u=powered(2), v=powered(2))
coordinates = operation(
    reference.coordinates, cases=Cases({name: free.quantities[name] for name in ("u", "v", "eta", "y")}, free.shape)
)
planes = Cases({"A": nonnegative(24), "B": nonnegative(24), **common}, PICTURES)
planar_step = operation(reference.planar_step, cases=planes, rejecting=planes)
lines = Cases({"x": powered(3), **common}, PICTURES)
balanced_map = operation(reference.balanced_map, cases=lines, rejecting=lines)
many = Cases({"u": tame(-3), "v": tame(-3), **common}, PICTURES).but(steps=choice(1, 2, 3))
lyapunov = operation(reference.lyapunov, cases=many, rejecting=many)


@coordinates.law("closed form", cases=starts)
def coordinates_are_what_they_are_called(port: Any, case: Case) -> Iterable[Fact]:
    """A = η‖u+v‖², B = η‖u-v‖², Z = η·u·v, W = η(‖u‖² + ‖v‖²), R = Z - Y, E = W - 4 - YR; W >= 2|Z|."""
    found, seen = port.coordinates(case.u, case.v, eta=case.eta, y=case.y), Seen(case.u, case.v, case)
    for name in "ABZWRE":
        yield equal(name, getattr(found, name), getattr(seen, name))
    yield at_least("W", found.W, 2 * np.abs(found.Z))


@planar_step.law("closed form", cases=starts)
def a_step_of_the_plane_is_a_step(port: Any, case: Case) -> Iterable[Fact]:
    """The coordinates of a step are the step of the coordinates, whatever d is."""
    here = {"eta": case.eta, "y": case.y}
    start = port.coordinates(case.u, case.v, **here)
    end = port.coordinates(*port.vector_step(case.u, case.v, lam=case.lam, **here), **here)
    found = planar_step.call(port, case, A=start.A, B=start.B)
    yield equal("A", found[0], end.A)
    yield equal("B", found[1], end.B)


@balanced_map.law("closed form", cases=lines.but(x=tame(-2)))
def it_is_a_step_from_equal_factors(port: Any, case: Case) -> Iterable[Fact]:
    """From u = v = x/√η, d = 1, a step leads to u = v, √η times which is the image."""
    root, rates = case.eta**0.5, {"eta": case.eta, "y": case.y, "lam": case.lam}
    x = case.x.reshape(-1)
    ends = [port.vector_step(x[i : i + 1] / root, x[i : i + 1] / root, **rates) for i in range(x.shape[0])]
    yield equal("image", balanced_map.call(port, case).reshape(-1), root * np.concatenate([u for u, _ in ends]))
    yield identical("oddness", balanced_map.call(port, case, x=-case.x), -balanced_map.call(port, case))


@balanced_map.law("closed form", cases=lines.but(x=tame(-3), lam=0.0))
def it_is_a_cubic_of_the_residual_and_at_two_triples_an_angle(port: Any, case: Case) -> Iterable[Fact]:
    """For λ = 0, R = x² - Y goes to R³ - (2 - Y)R² + (1 - 2Y)R. At Y = 2, 2·cos θ goes to -2·cos 3θ: Chebyshev's cubic,
    chaotic on all of [-2, 2]."""
    Y = case.eta * case.y
    R, then = case.x**2 - Y, balanced_map.call(port, case) ** 2 - Y
    yield equal("R", then, R**3 - (2 - Y) * R**2 + (1 - 2 * Y) * R)
    yield equal("cosine", balanced_map.call(port, case, x=2 * np.cos(case.x), eta=1.0, y=2.0), -2 * np.cos(3 * case.x))


@lyapunov.law("closed form")
def exponents_add_up_to_the_determinant(port: Any, case: Case) -> Iterable[Fact]:
    """Their sum is the mean of ln|c² - cW - 3R² - 2RY| along the orbit."""
    rates, total = {"eta": case.eta, "y": case.y, "lam": case.lam}, 0 * case.u
    A, B = (case.eta * (case.u + sign * case.v) ** 2 for sign in (1, -1))
    c, Y = 1 - case.eta * case.lam, case.eta * case.y
    for _ in range(case.steps):
        R, W = (A - B) / 4 - Y, (A + B) / 2
        total = total + np.log(np.abs(c * c - c * W - 3 * R * R - 2 * R * Y))
        A, B = port.oracle.planar_step(A, B, **rates)
    first, second = lyapunov.call(port, case)
    yield equal("sum", first + second, total / case.steps)


@lyapunov.law("closed form", cases=many.but(v=zeros))
def of_equal_factors_they_are_slopes_of_one_number(port: Any, case: Case) -> Iterable[Fact]:
    """Where v = u, the first is the mean of ln|1 + Y - μ - 3x²| and the second that of ln|c + R|."""
    x, rates = case.eta**0.5 * case.u, {"eta": case.eta, "y": case.y, "lam": case.lam}
    along, across = 0 * x, 0 * x
    c, Y = 1 - case.eta * case.lam, case.eta * case.y
    for _ in range(case.steps):
        along = along + np.log(np.abs(c + Y - 3 * x * x))
        across = across + np.log(np.abs(c + x * x - Y))
        x = port.oracle.balanced_map(x, **rates)
    found = lyapunov.call(port, case, v=case.u)
    yield equal("along", found[0], along / case.steps)
    yield equal("across", found[1], across / case.steps)


coordinates.edits("""
norms_of_the_factors: A and B are made of u and v and not of their sum and difference
    `a, b, Y = u + v, u - v, eta * y` → `a, b, Y = u, v, eta * y`
""")
planar_step.edits(
    """
plane_is_not_squared: A and B are multiplied by c - R and c + R once
    `(c - R) * (c - R) * A, (c + R) * (c + R) * B` → `(c - R) * A, (c + R) * B`
both_axes_shrink_alike: A and B are multiplied by the same number
    `(c + R) * (c + R) * B` → `(c - R) * (c - R) * B`
""",
    within=reference.moved_in_the_plane,
)
balanced_map.edits("""
cubic_without_decay: The decay is missing
    `eta * y, 1 - eta * lam` → `eta * y, 1`
""")
balanced_map.edits(
    """
square_of_the_average: x is √η times u/2
    `x * x) * x` → `4 * x * x) * x`
a_square_gets_in: A small even term is added
    `x * x) * x` → `x * x) * x + x * x / 64`
""",
    within=reference.moved_on_the_axis,
)
lyapunov.edits("""
slope_of_the_multiplier_is_left_out: J is diagonal: that R depends on the point is forgotten
    `alpha * beta / 2` → `0 * alpha`, `c - R - alpha * alpha / 2` → `c - R`, `c + R - beta * beta / 2` → `c + R`
second_exponent_is_the_sum: The second one is the sum of both
    `np.stack([first, both - first])` → `np.stack([first, both])`
""")

ratios = real(-1.98, 1.98, 0.5, 0.0, 1.5, -1.0)
angles = Cases({"phi": tame(-3), "eta": etas, "y": over_eta(ratios)}, PICTURES)
one_angle = angles.shaped(shapes((1,)))
boundary_point = operation(boundary.boundary_point, cases=angles, rejecting=angles)
entries = Quantity(
    lambda draw, c: np.array([ratios.draw(draw, c) for _ in range(int(np.prod(c.shape)))], c.dtype).reshape(c.shape),
    f"array of the common shape, each entry: {ratios.text}",
)
targets = Cases({"Y": entries}, PICTURES)
transverse_exponent = operation(boundary.transverse_exponent, cases=targets, rejecting=targets)


@boundary_point.law("closed form", cases=one_angle)
def it_is_where_the_energy_is_nought(port: Any, case: Case) -> Iterable[Fact]:
    """There E = 0 and R = 2·cos 2φ; at 0 lies u = v with A = 4(2 + Y), at π/2 u = -v."""
    u, v = boundary_point.call(port, case)
    seen = Seen(u, v, case.but(lam=0.0))
    yield equal("E", seen.E, 0 * seen.E, scale=4 + seen.W)
    yield equal("R", seen.R, np.sum(2 * np.cos(2 * case.phi)))
    u, v = boundary_point.call(port, case, phi=0 * case.phi)
    yield equal("u = v", u, v)
    yield equal("A", case.eta * (u + v) ** 2, 4 * (2 + seen.Y) + 0 * case.phi)


@boundary_point.law("equivariance", cases=one_angle)
def a_step_multiplies_the_angle_by_minus_three(port: Any, case: Case) -> Iterable[Fact]:
    """A step takes the point at φ to the point at π - 3φ."""
    u, v = port.vector_step(*boundary_point.call(port, case), eta=case.eta, y=case.y)
    image = boundary_point.call(port, case, phi=np.pi - 3 * case.phi)
    yield equal("u", u, image[0])
    yield equal("v", v, image[1])


@boundary_point.law("fixed point", cases=one_angle.but(period=choice(1, 2, 3), k=count(0, 1, 2, high=27)))
def points_of_every_period_are_known(port: Any, case: Case) -> Iterable[Fact]:
    """The |(-3)ⁿ - 1| points at π/4 + 2πk/((-3)ⁿ - 1) come back after n steps."""
    angle = np.longdouble(pi) / 4 + 2 * np.longdouble(pi) * case.k / ((-3) ** case.period - 1)
    point = boundary_point.call(port, case, phi=np.stack([angle]))
    u, v = point
    for _ in range(case.period):
        u, v = port.vector_step(u, v, eta=case.eta, y=case.y)
    yield equal("u", u, point[0])
    yield equal("v", v, point[1])


@boundary_point.misfits()
def beyond_two_there_is_no_ellipse(case: Case) -> Misfits:
    """ηy above 2 and below -2 is rejected."""
    return {f"sign {np.sign(y):g}": {"y": y} for y in (2.5 / case.eta, -2.5 / case.eta)}


@lyapunov.law("closed form", cases=angles)
def on_the_boundary_they_add_up_to_two_known_ones(port: Any, case: Case) -> Iterable[Fact]:
    """At a point of the boundary the exponents of one step add up to ln 3 + ln(1 + YR + R²), R = 2·cos 2φ."""
    u, v = port.oracle.boundary_point(case.phi, eta=case.eta, y=case.y)
    R = 2 * np.cos(2 * case.phi)
    first, second = port.lyapunov(u, v, steps=1, eta=case.eta, y=case.y)
    yield equal("sum", first + second, np.log(3 * (1 + case.eta * case.y * R + R * R)), scale=np.log(27.0))


@transverse_exponent.law("closed form")
def it_is_the_mean_of_a_logarithm(port: Any, case: Case) -> Iterable[Fact]:
    """The mean of ln(1 + 2Y·cos θ + 4·cos²θ) over 4096 midpoints of [0, π], exact to rounding for |Y| < 1.99; even in
    Y, 0 at 2, and its cosh solves 2C² - C = 3 - Y²/2."""
    theta = np.pi * (np.arange(4096) + np.longdouble(0.5)) / 4096
    cosines = 2 * np.cos(theta)
    means = [np.mean(np.log(1 + Y * cosines + cosines * cosines)) for Y in case.Y.reshape(-1)]
    # What is averaged is of size ln 9 at most, whatever is left.
    found = transverse_exponent.call(port, case)
    yield equal("mean", found.reshape(-1), np.stack(means), scale=np.log(9.0))
    C = np.cosh(found)
    yield equal("cosine", 2 * C * C - C, 3 - case.Y * case.Y / 2)
    yield equal("evenness", transverse_exponent.call(port, case, Y=-case.Y), found)
    yield equal("end", transverse_exponent.call(port, case, Y=2 + 0 * case.Y), 0 * case.Y)


@transverse_exponent.misfits()
def ratios_beyond_two_are_rejected(case: Case) -> Misfits:
    """Y beyond 2 in one entry is rejected."""
    return {f"sign {sign}": {"Y": sign * (2.5 + 0 * case.Y)} for sign in (1, -1)}


boundary_point.edits("""
ellipse_is_a_circle: The target does not count: √η(u + v) = 2√2·cos φ
    `(2 + Y) ** 0.5` → `2**0.5`, `(2 - Y) ** 0.5` → `2**0.5`
angle_is_doubled: The angle is that of R, not of the point
    `np.cos(phi)` → `np.cos(2 * phi)`, `np.sin(phi)` → `np.sin(2 * phi)`
""")
transverse_exponent.edits("""
target_does_not_matter: The exponent is that at Y = 0
    `(2 - Y) * (2 + Y)` → `4 + 0 * Y`
""")
