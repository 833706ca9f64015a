"""SRKL's published code on a parabola, ½λx²: one map of one number, y ← F(y) = y·(1 - a/(1+y²)).

Notation: y = √β·λ·x, a = α·λ; u = (√a + √(a-4))/2, for which u and -1/u are mapped to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import numpy as np

from gnomon.descent import srkl_map as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.srkl import SEVERAL, braking, system
from gnomon_spec.facts import Fact, at_least, equal, follows, identical
from gnomon_spec.strategies import count, entry_signs, number, shapes, tame, zeros
from gnomon_spec.system import WITH_ROOM


def between(low: float, high: float) -> Quantity:
    """An array with entries between two numbers."""

    def draw_between(draw: Draw, context: Context) -> Any:
        size = int(np.prod(context.shape))
        shares = [count(32, 16, 48, 8, high=64).draw(draw, context) / 64 for _ in range(size)]
        offsets = [count(0, high=2**20 - 1).draw(draw, context) / 2**26 for _ in range(size)]
        shares = [min(share + offset, 1.0) for share, offset in zip(shares, offsets, strict=True)]
        entries = [low + (high - low) * share for share in shares]
        return np.array(entries, dtype=context.dtype).reshape(context.shape)

    return Quantity(draw_between, f"array of the common shape, entries between {low:g} and {high:g}")


def on_cycle(points: Callable[[Any], Any]) -> Quantity:
    """A point of the closed-form cycle of the ratios drawn before, of either sign."""

    def draw_point(draw: Draw, context: Context) -> Any:
        ratio = context.drawn["ratio"].astype(np.longdouble)
        return (entry_signs.draw(draw, context) * points(ratio)).astype(context.dtype)

    return Quantity(draw_point, "a point of the 2-cycle of these ratios, of either sign")


def symmetric_point(ratio: Any) -> Any:
    """Return √(a/2 - 1), which is mapped to its negative; a > 2."""
    return np.sqrt(ratio / 2 - 1)


def outer_point(ratio: Any) -> Any:
    """Return u = (√a + √(a-4))/2, which is mapped to -1/u and back; a > 4."""
    return (np.sqrt(ratio) + np.sqrt(ratio - 4)) / 2


any_ratio = between(0.125, 8.0)
orbits = Cases({"ratio": any_ratio, "start": tame()}, SEVERAL).but(steps=count(1, 2, 3, high=12))
one_step = orbits.but(steps=1)
orbit = system.operation(reference.orbit, cases=orbits, compare=follows, dtypes=WITH_ROOM)


@orbit.law("conservation")
def an_orbit_begins_at_its_start(port: Any, case: Case) -> Iterable[Fact]:
    """The first row is the start itself, bit for bit."""
    path = port.orbit(case.start, case.ratio, **case.hyper)
    yield identical("first row", path[0], case.start)


@orbit.law("closed form", cases=one_step)
def a_step_divides_by_one_plus_the_square(port: Any, case: Case) -> Iterable[Fact]:
    """y' = y - a·y/(1+y²): gradient descent with the rate a on ½ln(1+y²), the Cauchy loss. Its sign is the other iff
    y² < a - 1, near 0 only; for a = 1 it is y³/(1+y²): convergence is cubic."""
    path = port.orbit(case.start, case.ratio, **case.hyper)
    yield equal("image", path[1], case.start - case.ratio * case.start / (1 + case.start**2))


@orbit.law("bound", cases=orbits.but(ratio=between(0.125, 1.0)))
def up_to_ratio_1_an_orbit_falls_without_changing_sides(port: Any, case: Case) -> Iterable[Fact]:
    """For a <= 1, 0 <= y'/y <= 1 along the whole orbit."""
    path = port.orbit(case.start, case.ratio, **case.hyper) * np.sign(case.start)
    yield at_least("same side", path, 0 * path)
    yield at_least("falls", path[:-1], path[1:])


@orbit.law("bound", cases=orbits.but(ratio=between(0.125, 2.0)))
def up_to_ratio_2_the_size_falls(port: Any, case: Case) -> Iterable[Fact]:
    """For a <= 2, |y| never rises: the limit of stability is gradient descent's."""
    path = np.abs(port.orbit(case.start, case.ratio, **case.hyper))
    yield at_least("falls", path[:-1], path[1:])


@orbit.law("closed form", cases=one_step.but(ratio=between(2.0, 8.0)))
def beyond_ratio_2_there_is_a_symmetric_cycle(port: Any, case: Case) -> Iterable[Fact]:
    """For a > 2, F maps √(a/2 - 1) to its negative."""
    point = symmetric_point(case.ratio)
    yield equal("image", port.orbit(point, case.ratio, **case.hyper)[1], -point)


@orbit.law("closed form", cases=orbits.but(ratio=between(4.0, 8.0), steps=2, sign=entry_signs))
def beyond_ratio_4_there_is_an_asymmetric_cycle(port: Any, case: Case) -> Iterable[Fact]:
    """For a > 4, F maps u = (√a + √(a-4))/2 to -1/u and that to u, and likewise their mirror images."""
    point = case.sign * outer_point(case.ratio)
    yield equal("images", port.orbit(point, case.ratio, **case.hyper), np.stack([point, -1 / point, point]))


@orbit.law("bound", cases=orbits.but(ratio=between(0.125, 1000.0)))
def no_orbit_leaves_its_interval(port: Any, case: Case) -> Iterable[Fact]:
    """|y| stays at most max(|y₀|, a/2), however large a is."""
    path = port.orbit(case.start, case.ratio, **case.hyper)
    bound = np.maximum(np.abs(case.start), case.ratio / 2)
    yield at_least("interval", bound + 0 * path, np.abs(path))


far = Quantity(lambda draw, context: 2 + np.abs(tame().draw(draw, context)), f"2 + |x|, x: {tame().text}")


@orbit.law("bound", cases=one_step.but(ratio=between(0.125, 1.0), start=far))
def far_away_progress_is_slow(port: Any, case: Case) -> Iterable[Fact]:
    """For a <= 1 and y >= 2 a step lowers y²/2 + ln y by at most a: the way from y₀ takes about y₀²/(2a) steps.

    That function is convex beyond 1 and its slope times the step is exactly -a.
    """
    y = port.orbit(case.start, case.ratio, **case.hyper)[1]
    height = y**2 / 2 + np.log(y)
    yield at_least("height", height, case.start**2 / 2 + np.log(case.start) - case.ratio)


@orbit.law("invariance", cases=orbits.but(steps=count(1, 2, high=6), more=count(1, 2, high=6)))
def an_orbit_can_be_continued(port: Any, case: Case) -> Iterable[Fact]:
    """An orbit from where another one ends is the rest of a longer one."""
    path = port.orbit(case.start, case.ratio, steps=case.steps + case.more)
    rest = port.orbit(port.orbit(case.start, case.ratio, steps=case.steps)[-1], case.ratio, steps=case.more)
    yield follows("rest", rest, path[case.steps :])


parabolas = Cases(
    {"sign": entry_signs, "height": number(1.0, 2.0, 0.5, 0.25), "lam": number(1.0, 2.0, 0.5)},
    shapes((2,), (1,), (4,), (9,)),
).but(alpha=number(1.0, 0.5, 2.0, 3.0, exponents=(-4, 1)), beta=braking, steps=count(1, 2, 3, high=8))


@orbit.law("closed form", cases=parabolas)
def the_code_on_a_round_bowl_is_this_map(port: Any, case: Case) -> Iterable[Fact]:
    """On ½λ‖x‖² from c·(±1, …, ±1), √(β√n)·λ·|xᵢ| of the variant "code" follows F with a = αλ; from c·eᵢ, √β·λ·xᵢ."""
    n, lam, rates = case.sign.size, case.lam, {"alpha": case.alpha, "beta": case.beta, "variant": "code"}
    first = (np.arange(n) == 0).astype(case.sign.dtype)
    for label, start, root in (("diagonal", case.sign, n**0.25), ("axis", first, 1)):
        bowl = lam * np.diag(np.ones_like(start))
        path = port.trajectory(case.height * start, bowl, 0 * start, steps=case.steps, **rates)
        scale = np.sqrt(case.beta) * root * lam
        y = port.orbit(scale * case.height * start, case.alpha * lam + 0 * start, steps=case.steps)
        yield follows(label, scale * path, y)


IMAGE = "y * (1 - ratio / (1 + y * y))"
orbit.edits(
    f"""
the_map_of_gradient_descent: The brake is missing: y ← y·(1 - a)
    `{IMAGE}` → `y * (1 - ratio)`
squared_denominator: The denominator is squared: y ← y·(1 - a/(1+y²)²)
    `(1 + y * y)` → `((1 + y * y) * (1 + y * y))`
absolute_value_for_the_square: |y| stands in the denominator for y²
    `y * y` → `np.abs(y)`
one_sided_map: The map takes |y| for y, so that every orbit is on the positive side before it moves
    `{IMAGE}` → `np.abs(y) * (1 - ratio / (1 + y * y))`
upwards: The map goes up the loss: y ← y·(1 + a/(1+y²))
    `1 - ratio` → `1 + ratio`
""",
    within=reference.image,
)
orbit.edits("""
first_point_left_out: The start is missing from the orbit: it begins after the first step
    `range(steps)` → `range(steps + 1)`, `np.stack(points)` → `np.stack(points[1:])`
every_second_point: Two steps are made where one is asked for
    `image(points[-1], ratio)` → `image(image(points[-1], ratio), ratio)`
one_ratio_for_all_orbits: The first ratio is used for every orbit
    `` → `if ratio.size:\n    ratio = np.broadcast_to(ratio.reshape(-1)[0], ratio.shape)`
""")

tails = Cases({"ratio": any_ratio, "start": tame()}, SEVERAL).but(
    burn_in=count(0, 1, 2, high=4), kept=count(1, 2, low=1, high=4)
)
attractor = system.operation(reference.attractor, cases=tails, dtypes=WITH_ROOM)


@attractor.law("invariance")
def an_attractor_is_the_end_of_an_orbit(port: Any, case: Case) -> Iterable[Fact]:
    """The points kept are those of the orbit after the first burn_in steps."""
    path = port.orbit(case.start, case.ratio, steps=case.burn_in + case.kept)
    yield equal("points", port.attractor(case.start, case.ratio, **case.hyper), path[case.burn_in + 1 :])


POINTS = "orbit(end(start, ratio, burn_in), ratio, steps=kept)"
attractor.edits(f"""
burn_in_too_short: The points kept begin one step too early
    `{POINTS}[1:]` → `{POINTS}[:-1]`
no_burn_in: The points of the burn-in are kept, too, in the place of later ones
    `{POINTS}[1:]` → `orbit(start, ratio, steps=kept)[1:]`
the_last_point_repeated: The last point is given in every row
    `{POINTS}[1:]` → `np.stack(kept * [{POINTS}[-1]])`
""")

QUIET, FAR, SYMMETRIC, OUTER = "a <= 7/8", "|y| >= 16", "2-cycle, 2 < a < 4", "2-cycle, 4 < a < 5"
# Courses on which F' cannot vanish, so that its logarithm is known to the last digits: where their ratios lie.
WINDOWS: dict[str, tuple[tuple[float, float], ...]] = {
    QUIET: ((0.125, 0.875),),
    FAR: ((0.125, 8.0),),
    SYMMETRIC: ((2.125, 2.5), (2.875, 3.875)),
    OUTER: ((4.125, 4.375), (4.625, 4.875)),
}


def _ratio_of_course(draw: Draw, context: Context) -> Any:
    windows = WINDOWS[context.drawn["course"]]
    low, high = windows[count(0, 1, high=1).draw(draw, context) % len(windows)]
    return between(low, high).draw(draw, context)


def _start_of_course(draw: Draw, context: Context) -> Any:
    course = context.drawn["course"]
    if course == QUIET:
        return tame().draw(draw, context)
    if course == FAR:
        return np.asarray(entry_signs.draw(draw, context) * (16 + np.abs(tame().draw(draw, context))))
    return on_cycle(symmetric_point if course == SYMMETRIC else outer_point).draw(draw, context)


courses = Cases(
    {
        "course": choice(QUIET, SYMMETRIC, OUTER, FAR),
        "ratio": Quantity(_ratio_of_course, "ratios of that course, away from those where F' = 0"),
        "start": Quantity(_start_of_course, "starts of that course"),
    },
    SEVERAL,
).but(burn_in=count(0, 1, high=3), steps=count(1, 2, 3, low=1, high=4))
lyapunov_exponent = system.operation(reference.lyapunov_exponent, cases=courses, dtypes=WITH_ROOM)


@lyapunov_exponent.law("closed form", cases=courses.but(course=SYMMETRIC))
def on_the_symmetric_cycle_it_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """On ±√(a/2 - 1) it is ln|3 - 8/a|: the multiplier of the cycle is (3 - 8/a)², below 1 for 2 < a < 4."""
    exponent = port.lyapunov_exponent(case.start, case.ratio, **case.hyper)
    yield equal("exponent", exponent, np.log(np.abs(3 - 8 / case.ratio)))


@lyapunov_exponent.law("closed form", cases=courses.but(course=OUTER, steps=choice(2, 4)))
def on_the_asymmetric_cycle_it_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """On u, -1/u it is ½ln|9 - 2a| over whole periods: stable for 4 < a < 5, most of all at 4.5."""
    exponent = port.lyapunov_exponent(case.start, case.ratio, **case.hyper)
    yield equal("exponent", exponent, np.log(np.abs(9 - 2 * case.ratio)) / 2)


@lyapunov_exponent.law("closed form", cases=courses.but(ratio=between(1.125, 8.0), start=zeros))
def at_the_minimum_it_is_gradient_descents(port: Any, case: Case) -> Iterable[Fact]:
    """At y = 0 it is ln|1 - a|, as for gradient descent: the brake changes nothing there."""
    exponent = port.lyapunov_exponent(case.start, case.ratio, **case.hyper)
    yield equal("exponent", exponent, np.log(np.abs(1 - case.ratio)))


@lyapunov_exponent.law("limit", cases=courses.but(ratio=between(1.0, 1.0), start=zeros))
def where_the_slope_vanishes_it_is_minus_infinity(port: Any, case: Case) -> Iterable[Fact]:
    """At y = 0 with a = 1, where F' = 0 exactly, it is -∞."""
    exponent = port.lyapunov_exponent(case.start, case.ratio, **case.hyper)
    yield identical("exponent", exponent, np.full_like(exponent, -inf))


LOGARITHM = "np.log(np.abs(slope(y, ratio)))"
lyapunov_exponent.edits(f"""
logarithm_of_the_signed_slope: The logarithm of F' is taken without its absolute value: NaN where the map turns round
    `{LOGARITHM}` → `np.log(slope(y, ratio))`
logarithm_to_base_2: The exponent is in bits a step instead of nats
    `np.log(` → `np.log2(`
sum_for_the_mean: The logarithms are added up, not averaged
    `total / steps` → `total`
burn_in_counted: The sum is divided by the number of all steps, the burn-in's too
    `total / steps` → `total / (burn_in + steps)`
slope_without_the_quotient_rule: F' is taken for 1 - a/(1+y²), as if the denominator did not depend on y
    `ratio * (1 - y * y) / ((1 + y * y) * (1 + y * y))` → `ratio / (1 + y * y)`
logarithm_kept_from_infinity: A small number is added to |F'| so that its logarithm is never -∞
    `{LOGARITHM}` → `np.log(np.abs(slope(y, ratio)) + 1e-3)`
only_one_side_counts: Points on the negative side count as 0 in the mean
    `{LOGARITHM}` → `np.where(y < 0, 0, {LOGARITHM})`
""")
