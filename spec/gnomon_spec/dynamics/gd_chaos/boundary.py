"""The ellipse E = 0: its points, their angles, and how fast orbits leave it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import pi
from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos import boundary as reference
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.dynamics.gd_chaos import system
from gnomon_spec.dynamics.gd_chaos.inputs import PICTURES, Seen, etas, over_eta, real
from gnomon_spec.facts import Fact, equal, rejects
from gnomon_spec.strategies import count, shapes, tame
from gnomon_spec.system import WITH_ROOM

ratios = real(-1.98, 1.98, 0.5, 0.0, 1.5, -1.0)
angles = Cases({"phi": tame(-3), "eta": etas, "y": over_eta(ratios)}, PICTURES)
one_angle = angles.shaped(shapes((1,)))
boundary_point = system.operation(reference.boundary_point, cases=angles, rejecting=angles, dtypes=WITH_ROOM)
entries = Quantity(
    lambda draw, c: np.array([ratios.draw(draw, c) for _ in range(int(np.prod(c.shape)))], c.dtype).reshape(c.shape),
    f"array of the common shape, each entry: {ratios.text}",
)
targets = Cases({"Y": entries}, PICTURES)
transverse_exponent = system.operation(
    reference.transverse_exponent, cases=targets, rejecting=targets, dtypes=WITH_ROOM
)


@boundary_point.law("closed form", cases=one_angle)
def it_is_where_the_energy_is_nought(port: Any, case: Case) -> Iterable[Fact]:
    """There E = 0 and R = 2·cos 2φ; at 0 lies u = v with A = 4(2 + Y), at π/2 u = -v."""
    u, v = boundary_point.call(port, case)
    seen = Seen(u, v, Case({**case, "lam": 0.0}))
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


@boundary_point.law("rejects")
def beyond_two_there_is_no_ellipse(port: Any, case: Case) -> Iterable[Fact]:
    """ηy above 2 and below -2 is rejected."""
    for y in (2.5 / case.eta, -2.5 / case.eta):
        yield rejects(f"sign {np.sign(y):g}", partial(boundary_point.call, port, case, y=y))


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


@transverse_exponent.law("rejects")
def ratios_beyond_two_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Y beyond 2 in one entry is rejected."""
    for sign in (1, -1):
        yield rejects(f"sign {sign}", partial(transverse_exponent.call, port, case, Y=sign * (2.5 + 0 * case.Y)))


boundary_point.edits("""
ellipse_is_a_circle: The target does not count: √η(u + v) = 2√2·cos φ
    `(2 + Y) ** 0.5` → `2**0.5`, `(2 - Y) ** 0.5` → `2**0.5`
boundary_has_units: The points are not divided by √η
    `/ root, (2` → `, (2`, `np.sin(phi) / root` → `np.sin(phi)`
angle_is_doubled: The angle is that of R, not of the point
    `np.cos(phi)` → `np.cos(2 * phi)`, `np.sin(phi)` → `np.sin(2 * phi)`
""")
transverse_exponent.edits("""
mean_of_the_logarithms_bound: ln of the mean, ln 3, not the mean of the logarithm
    `return exponent` → `return 0 * exponent + 1.0986122886681098`
target_does_not_matter: The exponent is that at Y = 0
    `(2 - Y) * (2 + Y)` → `4 + 0 * Y`
""")
