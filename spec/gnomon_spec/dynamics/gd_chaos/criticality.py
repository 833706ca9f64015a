"""The largest step that converges, and the Hessian's eigenvalues."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos import steps as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.dynamics.gd_chaos import operation
from gnomon_spec.dynamics.gd_chaos.inputs import Seen, anywhere, starts, targets
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import count, nonzero, number, powered, rotation

points = Cases({"u": powered(2), "v": powered(2), "y": targets}, starts.shape)
calm = points.but(u=nonzero, v=nonzero)
critical_step = operation(reference.critical_step, cases=points, rejecting=points)
curved = anywhere.but(u=powered(2), v=powered(2))
spectrum = operation(
    reference.spectrum, cases=Cases({name: curved.quantities[name] for name in ("u", "v", "y", "lam")}, curved.shape)
)


@critical_step.law("closed form", cases=calm)
def it_is_the_published_formula(port: Any, case: Case) -> Iterable[Fact]:
    """min(1/|y|, 8/(w + √(w² - 16y(z - y)))); the radicand is >= 4(z - 2y)²: at most 4/(w/2 + |z - 2y|)."""
    z, w = np.sum(case.u * case.v), np.sum(case.u**2) + np.sum(case.v**2)
    radicand = np.maximum(w * w - 16 * case.y * (z - case.y), 4 * (z - 2 * case.y) ** 2)
    with np.errstate(divide="ignore"):
        expected = np.minimum(8 / (w + np.sqrt(radicand)), 1 / np.abs(case.y))
    found = critical_step.call(port, case)
    yield equal("step", found, expected)
    yield at_least("radicand", 8 / (w + 2 * np.abs(z - 2 * case.y)), found)


@critical_step.law("bound", cases=calm.but(share=choice(0.5, 0.75, 0.9375)))
def at_it_a_start_is_on_the_boundary(port: Any, case: Case) -> Iterable[Fact]:
    """With a smaller step E < 0 and |Y| < 1: inside, for ever. With a larger one E > 0, or |Y| > 1."""
    critical = critical_step.call(port, case)
    for sign, eta in ((-1, case.share * critical), (1, critical / case.share)):
        seen = Seen(case.u, case.v, Case({"eta": eta, "y": case.y, "lam": 0.0}))
        Y = np.abs(seen.Y)
        yield at_least(f"{sign}", sign * np.maximum(seen.E / 4, Y - 1), 0 * Y)


@critical_step.law("equivariance", cases=calm.but(turn=rotation(), power=count(1, -16, low=-16, high=16)))
def it_knows_no_axes_and_has_units(port: Any, case: Case) -> Iterable[Fact]:
    """Turned factors, (v, u), and (u, -v) with -y have the same; (κu, κv) with κ²y has it over κ²."""
    expected, kappa = critical_step.call(port, case), 2.0**case.power
    for name, changed in (
        ("turned", {"u": case.turn @ case.u, "v": case.turn @ case.v}),
        ("swapped", {"u": case.v, "v": case.u}),
        ("mirrored", {"v": -case.v, "y": -case.y}),
    ):
        yield equal(name, critical_step.call(port, case, **changed), expected)
    scaled = critical_step.call(port, case, u=kappa * case.u, v=kappa * case.v, y=kappa**2 * case.y)
    yield equal("scaled", scaled * kappa**2, expected)


@spectrum.law("closed form", cases=starts)
def sums_of_powers_are_traces(port: Any, case: Case) -> Iterable[Fact]:
    """For k = 1 … 2d, Σμᵏ is the trace of the k-th power of the Hessian [[vvᵀ, rI + vuᵀ], [rI + uvᵀ, uuᵀ]] + λI."""
    found, u, v = port.spectrum(case.u, case.v, y=case.y, lam=case.lam), case.u, case.v
    r, one = np.sum(u * v) - case.y, np.eye(len(u))
    above = np.concatenate([np.outer(v, v), r * one + np.outer(v, u)], axis=1)
    below = np.concatenate([r * one + np.outer(u, v), np.outer(u, u)], axis=1)
    hessian = np.concatenate([above, below]) + case.lam * np.eye(2 * len(u))
    power = np.eye(2 * len(u))
    for k in range(1, 2 * len(u) + 1):
        power = power @ hessian
        yield equal(f"power {k}", np.sum(found**k), np.trace(power))
    yield at_least("order", found[1:], found[:-1])


@spectrum.law("closed form", cases=starts.but(y=number(1.0, 2.0, exponents=(-2, 2)), lam=number(0.25, 0.5)))
def at_the_regularised_minimum_it_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """At u = v, ‖u‖² = y - λ: 2(y - λ), 2λ, and 0 and 2λ, d - 1 times each."""
    d, gap = len(case.u), case.y
    u = np.sqrt(gap / d) * np.ones_like(case.u)
    others = np.concatenate([np.zeros(d - 1), 2 * case.lam * np.ones(d - 1)])
    known = np.sort(np.concatenate([np.stack([2 * gap, 2 * case.lam]), others]))
    size = np.sum(u * u) + case.lam
    yield equal("values", port.spectrum(u, u, y=gap + case.lam, lam=case.lam), known, scale=size)


@spectrum.law("bound", cases=starts)
def the_decay_shifts_it_and_the_norms_bound_it(port: Any, case: Case) -> Iterable[Fact]:
    """λ adds λ to each; without it the largest is at least w/2, and w at a minimum, where the next is 0."""
    plain = port.spectrum(case.u, case.v, y=case.y, lam=0.0)
    yield equal("shifted", port.spectrum(case.u, case.v, y=case.y, lam=case.lam), plain + case.lam)
    yield equal("flat", port.spectrum(0 * case.u, 0 * case.v, y=0.0, lam=case.lam), case.lam + 0 * plain)
    w = np.sum(case.u**2) + np.sum(case.v**2)
    yield at_least("largest", plain[-1], w / 2)


RADICAND = "2 * (np.dot(u, v) - 2 * y)"
critical_step.edits(f"""
target_counts_half: The radicand has 8y and not 16y
    `np.hypot(a * b, {RADICAND})` → `np.hypot(a * b, 2 * (np.dot(u, v) - y))`
half_the_critical_step: The numerator is 4 and not 8
    `second = 8 /` → `second = 4 /`
twice_over_the_sharpness: 2 over the sharpness at the start, the condition for a quadratic
    `` → `return 2 / spectrum(u, v, y=y)[-1]`
target_does_not_limit_the_step: 1/|y| is forgotten: between it and the second number nothing diverges, and nothing
    converges
    `return second if y == 0 else np.minimum(second, 1 / abs(y))` → `return second`
small_numbers_are_nought: A root below 1e-6 is taken for 0
    `np.hypot(a * b, {RADICAND})` → `np.hypot(a * b, {RADICAND}) * (np.hypot(a * b, {RADICAND}) > 1e-6)`
first_entries_alone: The product is that of the first entries
    `np.dot(u, v)` → `u[0] * v[0]`
""")
spectrum.edits("""
decay_counts_twice: λ is added twice to each eigenvalue
    `* others])) + lam` → `* others])) + 2 * lam`
gauss_newton_spectrum: The curvature of the product is left out: w, and zeros
    `r, a, b = z - y` → `r, a, b = 0 * z`
smaller_one_is_nought: The smaller of the two numbers is taken for 0
    `small = -r * (r + 2 * z) / np.where(large > 0, large, 1)` → `small = 0 * r`
spectrum_is_descending: The eigenvalues are descending
    `np.sort(np.concatenate([np.stack([small, large]), r * others, -r * others]))` →
        `-np.sort(-np.concatenate([np.stack([small, large]), r * others, -r * others]))`
""")
