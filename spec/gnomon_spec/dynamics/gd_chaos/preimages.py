"""Where a point can have come from: three points, or five."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos import preimages as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.dynamics.gd_chaos import operation
from gnomon_spec.dynamics.gd_chaos.inputs import etas, over_eta, real, signed
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import number, shapes
from gnomon_spec.system import Misfits


def half_of(sign: int, first: str = "a", second: str = "b") -> Quantity:
    """(a ± b)/2 as an array without dimensions: a and b are not 0, so that the two are not ± each other."""

    def draw_half(_draw: Draw, context: Context) -> Any:
        value = (context.drawn[first] + sign * context.drawn[second]) / 2
        return np.array(value, context.dtype)

    return Quantity(draw_half, f"half of {first} {'+' if sign > 0 else '-'} {second}")


sizes = signed(number(1.0, 2.0, 0.5, 64.0, exponents=(-3, 2)))
points = Cases(
    {
        "a": sizes,
        "b": sizes,
        "eta": etas,
        "y": over_eta(real(-1.5, 1.5, 0.5, 0.0, 1.0)),
        "lam": over_eta(choice(0.0, 0.25, 0.5, 0.75, 0.96875)),
        "u": half_of(1),
        "v": half_of(-1),
    },
    shapes((1,)),
)
preimages = operation(reference.preimages, cases=points, rejecting=points, length_varies=True)


def stepped(u: Any, v: Any, case: Case) -> tuple[Any, Any]:
    """Return a step, entry by entry."""
    R, c = case.eta * (u * v - case.y), 1 - case.eta * case.lam
    return c * u - R * v, c * v - R * u


@preimages.law("closed form")
def each_is_mapped_back(port: Any, case: Case) -> Iterable[Fact]:
    """There are 3 or 5. A step takes each of them to the given point; R is theirs, and ascending."""
    found = preimages.call(port, case)
    yield agree("number", len(found.u) in (3, 5), True)
    u, v = stepped(found.u, found.v, case)
    yield equal("u", u, case.u + 0 * found.u)
    yield equal("v", v, case.v + 0 * found.v)
    yield equal("R", case.eta * (found.u * found.v - case.y), found.residuals)
    yield at_least("order", found.residuals[1:], found.residuals[:-1])


@preimages.law("invariance")
def a_point_is_among_those_of_its_image(port: Any, case: Case) -> Iterable[Fact]:
    """Of what a step makes of a point, that point is a preimage."""
    u, v = stepped(case.u, case.v, case)
    found = port.preimages(u, v, eta=case.eta, y=case.y, lam=case.lam)
    place = np.argmin((found.u - case.u) ** 2 + (found.v - case.v) ** 2)
    yield equal("u", found.u[place], case.u)
    yield equal("v", found.v[place], case.v)


@preimages.law("closed form", cases=points.but(y=0.0, share=real(0.0625, 0.9, 0.25, 0.5), wide=real(1.1, 4.0, 2.0)))
def their_number_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """For y = v = 0 and A' = ηu²: R = 0 and R² = c² + √(cA'), and, where A' < c³, R² = c² - √(cA'), too. For c = ¼,
    Y = -1.5, A' < 1/1024 and B' from 2 to 2.75 three of five lie beyond c, as g(0.3) < 0 < g(1); for c = 1, Y = 0 and
    B' = 64A' < 1/16 within, as g(-½) > 0 > g(⅓). So they do with A' and B' exchanged, and -Y."""
    c = 1 - case.eta * case.lam
    for name, share, signs in (("five", case.share, (-1, 1)), ("three", case.wide, (1,))):
        u = np.sqrt(share * c**3 / case.eta)
        found = preimages.call(port, case, u=u, v=0 * u).residuals
        sizes = [np.sqrt(c * c + sign * c * c * np.sqrt(share)) for sign in signs]
        yield equal(name, found, np.stack([*(-x for x in sizes[::-1]), 0 * c, *sizes]), scale=c)
    one, many = case.share / 1024, 2 + 0.75 * case.share
    table = (-1.5, 0.75, one, many), (1.5, 0.75, many, one), (0.0, 0.0, one, 64 * one), (0.0, 0.0, 64 * one, one)
    for Y, mu, A, B in table:
        a, b = np.sqrt(A / case.eta), np.sqrt(B / case.eta)
        found = port.preimages((a + b) / 2, (a - b) / 2, eta=case.eta, y=Y / case.eta, lam=mu / case.eta)
        yield agree(f"Y = {Y}", len(found.u), 5)


@preimages.misfits()
def points_on_the_axes_are_rejected(case: Case) -> Misfits:
    """u = v and u = -v are rejected, and so is ηλ >= 1."""
    return {"u = v": {"v": case.u}, "u = -v": {"v": -case.u}, "decay": {"lam": 1.5 / case.eta}}


preimages.edits("""
only_the_nearest_root: Only the root between -c and c is looked for
    `np.sort(sign_changes(value, np.sort(np.concatenate([known, turns])), inf))` →
        `sign_changes(value, np.stack([-c + 0 * far, c + 0 * far]), inf)`
turns_are_ignored: Roots between two points where g turns are missed
    `np.sort(np.concatenate([known, turns]))` → `np.sort(known)`
preimages_without_decay: c is taken for 1 where u and v are found
    `a / (c - R) / (2 * root), b / (c + R) / (2 * root)` → `a / (1 - R) / (2 * root), b / (1 + R) / (2 * root)`
preimages_have_no_units: u and v are not divided by √η
    `half_a, half_b = a / (c - R) / (2 * root), b / (c + R) / (2 * root)` →
        `half_a, half_b = a / (c - R) / 2, b / (c + R) / 2`
first_root_is_left_out: The smallest root is left out
    `R = roots[: int(np.count_nonzero(roots < inf))]` → `R = roots[1 : int(np.count_nonzero(roots < inf))]`
""")
