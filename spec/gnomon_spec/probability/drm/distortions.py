"""A distortion, its dual and its density."""

from __future__ import annotations

from collections.abc import Iterable
from math import e
from typing import Any

import numpy as np

from gnomon.probability.drm import distortions as reference
from gnomon.probability.drm.distortions import Distortion
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.probability.drm import inputs as drawn
from gnomon_spec.probability.drm import system
from gnomon_spec.probability.drm.inputs import distortions, interior, probabilities
from gnomon_spec.system import Misfits

given: Any = {"cases": probabilities, "rejecting": probabilities}
distortion = system.operation(reference.distortion, **given)
dual = system.operation(reference.dual, **given)
density = system.operation(reference.density, **given)
smooth = probabilities.but(distortion=distortions(*drawn.SMOOTH))
inside = smooth.but(u=interior)


@distortion.law("bound")
def it_rises_from_0_to_1(port: Any, case: Case) -> Iterable[Fact]:
    """w(0) = 0, w(1) = 1 to the bit, but for the sum of masses, and nowhere between does it fall."""
    u = np.concatenate([[0 * case.u[0]], np.sort(case.u), [1 + 0 * case.u[0]]])
    w = port.distortion(u, case.distortion)
    same = equal if case.distortion.jumps else identical
    yield same("ends", np.stack([w[0], w[-1]]), np.stack([u[0], u[-1]]))
    yield at_least("w", w[1:], w[:-1])


@distortion.law("bound", cases=inside)
def concave_ones_lie_above_their_chords(port: Any, case: Case) -> Iterable[Fact]:
    """Half way between two levels w is at least the mean of its values there if it is concave, at most if convex."""
    middle = (case.u + case.u[::-1]) / 2
    w, m = port.distortion(case.u, case.distortion), port.distortion(middle, case.distortion)
    chord = (w + w[::-1]) / 2
    yield at_least("concave", *((m, chord) if case.distortion in drawn.CONCAVE else (1 + 0 * m, m)))
    yield at_least("convex", *((chord, m) if case.distortion in drawn.CONVEX else (1 + 0 * m, m)))


@distortion.law("limit", cases=probabilities.but(parameter=choice(0.5, 0.75, 0.3)))
def some_are_others(port: Any, case: Case) -> Iterable[Fact]:
    """cvar(0), wang(0), ph(1), dual(1), gini(0), tk(1), prelec(1, 1) are the mean; prelec(1, η) = ph(η), gini(1) =
    dual(2), gini(-1) = ph(2)."""
    a = case.parameter
    means = ("cvar", 0.0), ("wang", 0.0), ("ph", 1.0), ("dual", 1.0), ("gini", 0.0), ("tk", 1.0), ("prelec", 1.0, 1.0)
    pairs: list[Any] = [((name, tuple(x)), ("mean", ())) for name, *x in means]
    pairs += [(("prelec", (1.0, a)), ("ph", (a,))), (("gini", (1.0,)), ("dual", (2.0,)))]
    pairs += [(("gini", (-1.0,)), ("ph", (2.0,)))]
    for one, other in pairs:
        found, expected = (port.distortion(case.u, Distortion(*x)) for x in (one, other))
        yield equal(one[0], found, expected)


@distortion.law("closed form", cases=probabilities.but(u=interior, parameter=choice(0.85, -0.5, 1.0)))
def shifts_of_a_normal_add_up(port: Any, case: Case) -> Iterable[Fact]:
    """wang(λ) after wang(μ) is wang(λ + μ); wang(λ) of ½ is Φ(λ), and rises with λ."""
    one, other = Distortion("wang", (case.parameter,)), Distortion("wang", (0.5,))
    both = Distortion("wang", (case.parameter + 0.5,))
    w = port.distortion(case.u, other)
    yield equal("w", port.distortion(w, one), port.distortion(case.u, both))
    yield at_least("rises", port.distortion(case.u, both), port.distortion(case.u, one))


@distortion.law("closed form", cases=probabilities.but(u=interior))
def known_points(port: Any, case: Case) -> Iterable[Fact]:
    """prelec(a, 1) leaves 1/e where it is, sshape ½; cvar(α) reaches 1 at 1-α."""
    one = np.ones_like(case.u)
    yield equal("1/e", port.distortion(one / e, Distortion("prelec", (0.65, 1.0))), one / e)
    yield equal("½", port.distortion(one / 2, Distortion("sshape", (5.0,))), one / 2)
    w = port.distortion(case.u, Distortion("cvar", (0.75,)))
    yield equal("cvar", w, np.minimum(4 * case.u, 1))


@distortion.law("closed form", cases=probabilities.but(distortion=distortions(*drawn.JUMPS)))
def a_jump_comes_just_after_one_minus_its_level(port: Any, case: Case) -> Iterable[Fact]:
    """w = (1 - Σm)·smooth + Σ m·1{u > 1-ζ}."""
    name, parameters, jumps = case.distortion
    w = (1 - sum(m for _, m in jumps)) * port.distortion(case.u, Distortion(name, parameters))
    for level, mass in jumps:
        w = w + mass * (case.u > 1 - level)
    yield equal("w", distortion.call(port, case), w)


@distortion.misfits()
def what_is_no_distortion_is_rejected(case: Case) -> Misfits:
    """A level above 1; a parameter too many, too few or out of its domain; jumps at the ends, of no mass, of too
    much."""
    wrongs: Any = (
        ("mean", (0.5,)), ("cvar", ()), ("cvar", (1.0,)), ("ph", (0.0,)), ("dual", (0.0,)), ("gini", (1.5,)),
        ("tk", (0.27,)), ("prelec", (0.5,)), ("prelec", (0.0, 1.0)), ("sshape", (0.0,)), ("mean", (), ((0.0, 0.5),)),
        ("mean", (), ((1.0, 0.5),)), ("mean", (), ((0.5, 0.0),)), ("mean", (), ((0.5, 0.75), (0.25, 0.5))),
    )  # fmt: skip
    named = {"".join(str(wrong).split()): Distortion(*wrong) for wrong in wrongs}
    bad: Any = {f"distortion = {words}": {"distortion": wrong} for words, wrong in named.items()}
    return {"u > 1": {"u": case.u + 1.5}, **bad}


@dual.law("closed form", cases=smooth)
def it_is_what_is_left_at_the_other_end(port: Any, case: Case) -> Iterable[Fact]:
    """w̄(u) = 1 - w(1-u)."""
    yield equal("w", dual.call(port, case), 1 - port.distortion(1 - case.u, case.distortion), scale=1.0)


@dual.law("closed form", cases=probabilities.but(parameter=choice(0.85, 0.5, 0.25)))
def some_are_duals_of_others(port: Any, case: Case) -> Iterable[Fact]:
    """The dual of wang(λ) is wang(-λ), of ph(k) dual(k), of gini(a) gini(-a); mean and sshape are their own."""
    a = case.parameter
    pairs: Any = (
        (("wang", (a,)), ("wang", (-a,))), (("ph", (a,)), ("dual", (a,))), (("dual", (a,)), ("ph", (a,))),
        (("gini", (a,)), ("gini", (-a,))), (("sshape", (4 * a,)),) * 2, (("mean", ()),) * 2,
    )  # fmt: skip
    for one, other in pairs:
        found = port.dual(case.u, Distortion(*one))
        yield equal(one[0], found, port.distortion(case.u, Distortion(*other)))


@density.law("bound", cases=inside)
def the_slope_of_a_chord_lies_between_those_at_its_ends(port: Any, case: Case) -> Iterable[Fact]:
    """w′(b)·(b-a) <= w(b) - w(a) <= w′(a)·(b-a) for a < b if w is concave, the other way if it is convex."""
    a, b = np.minimum(case.u, case.u[::-1]), np.maximum(case.u, case.u[::-1])
    rise = port.distortion(b, case.distortion) - port.distortion(a, case.distortion)
    first, last = (density.call(port, case, u=u) * (b - a) for u in (a, b))
    if case.distortion in drawn.CONVEX:
        first, last = last, first
    known = case.distortion not in drawn.NEITHER
    yield at_least("above", *((first, rise) if known else (b, a)))
    yield at_least("below", *((rise, last) if known else (b, a)))


@density.law("closed form", cases=inside)
def density_follows_from_the_value(port: Any, case: Case) -> Iterable[Fact]:
    """sshape(a): w′ = a·(1 - T²·(2w-1)²)/(2T), T = tanh(a/2); prelec(a, η): w′·u·log u = a·w·log w; wang(λ) and
    wang(-λ) are inverse to each other, and so are their slopes."""
    u, a = case.u, 3 + 0 * case.u
    sshape, T = Distortion("sshape", (3.0,)), np.tanh(a / 2)
    w = port.distortion(u, sshape)
    yield equal("sshape", port.density(u, sshape), a * (1 - (T * (2 * w - 1)) ** 2) / (2 * T), scale=a)
    prelec = Distortion("prelec", (0.5, 1.25))
    w = port.distortion(u, prelec)
    yield equal("prelec", port.density(u, prelec) * u * np.log(u), w * np.log(w) / 2)
    there, back = Distortion("wang", (0.5,)), Distortion("wang", (-0.5,))
    yield equal("wang", port.density(u, there) * port.density(port.distortion(u, there), back), 1.0)


@density.law("limit", cases=probabilities.but(u=interior))
def jumps_have_no_density(port: Any, case: Case) -> Iterable[Fact]:
    """w′ is (1 - Σm) times that of the smooth part; at its ends tk's is infinite, at 1-α cvar's is that from below."""
    name, parameters, jumps = case.distortion
    share = 1 - sum(m for _, m in jumps)
    slopes = port.density(case.u, Distortion(name, parameters))
    yield equal("w′", density.call(port, case), share * slopes)
    ends = np.stack([0 * case.u[0], 1 + 0 * case.u[0]])
    yield identical("tk", port.density(ends, Distortion("tk", (0.5,))), np.inf * np.ones_like(ends))
    yield equal("cvar", port.density(case.u, Distortion("cvar", (0.75,))), np.where(case.u <= 0.25, 4, 0))


distortion.edits("""
wang_sign: Wang's λ has the other sign, as in the authors' code
    `normal.cdf(normal.quantile(u, v) + a)` → `normal.cdf(normal.quantile(u, v) - a)`
cvar_of_the_tail: α is the share of the tail, not the level at which it begins
    `np.minimum(u / (1 - a), 1)` → `np.minimum(u / a, 1)`
cvar_not_cut: cvar is not cut off at 1
    `np.minimum(u / (1 - a), 1)` → `u / (1 - a)`
tk_without_root: The denominator of Tversky & Kahneman's function has no root
    `u**a / (u**a + v**a) ** (1 / a)` → `u**a / (u**a + v**a)`
prelec_without_eta: Prelec's η is left out
    `np.exp(-parameters[1] * (-np.log(u)) ** a)` → `np.exp(-((-np.log(u)) ** a))`
ph_for_dual: The dual power is the proportional hazard
    `w = -np.expm1(a * np.log1p(-u))` → `w = u**a`
gini_of_the_other_sign: Gini's a has the other sign
    `w = u * (1 + a * v)` → `w = u * (1 - a * v)`
sshape_not_normalised: The S does not reach 0 and 1: ½·(1 + tanh(a·(u-½)))
    `w = np.expm1(-2 * a * u) / np.expm1(-a * np.ones_like(u)) / (1 + np.exp(a * (v - u)))` →
        `w = (1 + np.tanh(a * (u - v) / 2)) / 2`
jump_at_its_level: The jump is at ζ, not at 1-ζ
    `u - (1 - level) > blur(u, n)` → `u - level > blur(u, n)`
right_continuous: At a jump w has already jumped: the upper quantile where there are two
    `np.where(u - (1 - level) > blur(u, n), w + mass, w)` → `np.where((1 - level) - u > blur(u, n), w, w + mass)`
jumps_are_added: Jumps are added to the whole of the smooth part
    `w = share_of_smooth(distortion) * of_smooth(u, 1 - u, name, parameters)` →
        `w = of_smooth(u, 1 - u, name, parameters)`
normal_of_six_digits: Φ⁻¹ is Hastings' rational function, four digits of it
    `for _ in range(3):` → `for _ in range(0):`
""")
dual.edits("""
dual_is_the_distortion: The dual is the distortion itself
    `return of_smooth(u, v, name, (-a,))` → `return of_smooth(u, v, name, (a,))`
dual_by_subtraction: The dual is 1 - w(1-u), of which nothing is left where u is small
    `w = -np.expm1(a * log_v - np.log1p(u**a + np.expm1(a * log_v)) / a)` →
        `w = 1 - v**a / (u**a + v**a) ** (1 / a)`,
    `w = -np.expm1(-parameters[1] * (-np.log1p(-u)) ** a)` →
        `w = 1 - np.exp(-parameters[1] * (-np.log(v)) ** a)`
dual_of_cvar_by_the_tail: The dual of cvar begins at 1-α
    `np.maximum(u - a, 0) / (1 - a)` → `np.maximum(u - (1 - a), 0) / a`
""")
density.edits("""
wang_slope_sign: The sign of λ is that of wang(-λ)
    `np.exp(-a * normal.quantile(u, v) - a * a / 2)` → `np.exp(a * normal.quantile(u, v) - a * a / 2)`
wang_slope_without_its_constant: exp(-λ²/2) is left out
    `np.exp(-a * normal.quantile(u, v) - a * a / 2)` → `np.exp(-a * normal.quantile(u, v))`
power_not_lowered: The slope of u^r is r·u^r
    `return a * u ** (a - 1)` → `return a * u**a`
slope_of_the_dual_power_at_u: The slope of the dual power is that of u^k
    `return a * v ** (a - 1)` → `return a * u ** (a - 1)`
slope_of_the_tail: The slope of cvar lives on the upper levels
    `np.where(u - (1 - a) > blur, 0 * u, 1 / (1 - a))` → `np.where(u - (1 - a) > blur, 1 / (1 - a), 0 * u)`
sshape_slope_of_half: sech is not squared
    `2 * a * far / (1 + far) ** 2` → `a * np.sqrt(far) / (1 + far)`
jumps_do_not_lower_the_density: The smooth part has its whole slope beside jumps
    `return share * of_slope(` → `return of_slope(`
""")
