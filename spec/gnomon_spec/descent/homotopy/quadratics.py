"""Gradient descent on ½Σ λᵢxᵢ² with the exact ‖H‖: what can be proved of the rule, and the rules beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.homotopy import quadratics as reference
from gnomon.descent.homotopy import rate as rates
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import HIGHEST, alpha, declare_order_of_bounds, near_one
from gnomon_spec.descent.homotopy.rate import PERCENTILES
from gnomon_spec.facts import Fact, at_least, equal, follows, identical
from gnomon_spec.strategies import count, nonzero, number, shapes, single, spectrum
from gnomon_spec.system import WITH_ROOM

UP_TO_3 = shapes((2,), (1,), (3,))
ONE = shapes((1,))
# b <= 1/2 and λ <= 1, so that no step of any rule ends in the minimum itself, where rounding would decide what follows.
runs = Cases({"params": nonzero, "eigenvalues": spectrum(2.0)}, UP_TO_3).but(
    steps=count(1, 2, 3, low=1, high=6),
    rule=choice("homotopy", *reference.RULES),
    base_lr=number(0.5, 0.25, 0.1, exponents=(-6, -2)),
    target_curvature=near_one,
    alpha=alpha,
    min_lr=choice(0.0, 2.0**-8),
    max_lr=choice(HIGHEST, 0.5),
    warmup_steps=count(0, 2, high=4),
    adaptive=choice(False, True),
    percentile=PERCENTILES,
    window=1000,
    variant=choice(*rates.VARIANTS),
)
# The rate is never cut, and the target fixed.
calm = runs.but(rule="homotopy", min_lr=0.0, max_lr=HIGHEST, adaptive=False)
descend = system.operation(reference.descend, cases=runs, compare=follows, dtypes=WITH_ROOM)
declare_order_of_bounds(descend)


@descend.law("closed form", cases=runs.but(rule="homotopy", variant="standard", adaptive=False))
def every_step_has_the_rate_of_its_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """x' = x - lr·λ∘x, lr the rate of κ = λ_max/‖λ∘x‖², at every step from where it is."""
    found = port.descend(case.params, case.eigenvalues, **case.hyper)
    yield identical("start", found.iterates[0], case.params)
    for k in range(case.steps):
        grad = case.eigenvalues * found.iterates[k]
        lr = case.base_lr / (1 + case.alpha * np.maximum(found.curvatures[k] / case.target_curvature - 1, 0))
        yield equal(f"curvature {k}", found.curvatures[k] * np.sum(grad * grad), np.max(case.eigenvalues))
        yield equal(f"rate {k}", found.rates[k], np.clip(lr, case.min_lr, case.max_lr))
        yield equal(f"step {k}", found.iterates[k + 1], found.iterates[k] - found.rates[k] * grad)


@descend.law("bound", cases=calm.but(variant=choice("standard", "readme")))
def the_schedule_is_a_decay_and_no_warm_up(port: Any, case: Case) -> Iterable[Fact]:
    """With b·λ_max <= 2 and a fixed target ‖g‖ never rises, κ never falls and the rate never rises."""
    found = port.descend(case.params, case.eigenvalues, **case.hyper)
    yield at_least("curvature", found.curvatures[1:], found.curvatures[:-1])
    yield at_least("rate", found.rates[:-1], found.rates[1:])


@descend.law("bound", cases=calm.but(adaptive=choice(False, True)))
def it_is_never_below_the_constant_rate(port: Any, case: Case) -> Iterable[Fact]:
    """With b <= 1/λ_max every coordinate, and the loss, stays at least as large as under the constant rate b."""
    found = port.descend(case.params, case.eigenvalues, **case.hyper)
    t = np.arange(case.steps + 1)[:, np.newaxis]
    constant = np.abs((1 - case.base_lr * case.eigenvalues) ** t * case.params)
    yield at_least("coordinates", np.abs(found.iterates), constant)


decaying = calm.but(variant="standard", alpha=1.0).shaped(ONE)


@descend.law("closed form", cases=decaying.but(start=single(number(2.0, 3.0, 1.5, 4.0, exponents=(1, 4)))))
def in_one_dimension_it_is_one_map(port: Any, case: Case) -> Iterable[Fact]:
    """With α = 1, κ >= target and u = 1/(2·b·target·λ·L): lr·λ = 1/u and u ← u³/(u-1)², whatever b, target and λ are.

    From u > 1 κ only rises: it starts above the target where b·λ·u >= 1, which is made so here."""
    lam = case.eigenvalues[0]
    target = case.target_curvature
    u = case.start + 1 / (case.base_lr * lam)
    x = np.sqrt(1 / (case.base_lr * target * lam * lam * u))
    found = port.descend(x.reshape(1), case.eigenvalues, **case.hyper)
    expected = []
    for _ in range(case.steps):
        expected.append(1 / u)
        u = u**3 / (u - 1) ** 2
    yield equal("rates", found.rates * lam, np.stack(expected))


@descend.law("closed form", cases=decaying.but(base_lr=choice(2.5, 4.0, 3.0), eigenvalues=spectrum(0.0)))
def at_the_edge_of_its_basin_it_jumps_to_and_fro(port: Any, case: Case) -> Iterable[Fact]:
    """In one dimension with b·λ > 2 and α = 1 it converges iff b·target·λ·L₀ < 1: inside |x| falls, outside it rises,
    at equality x ← -x."""
    lam, target = case.eigenvalues[0], case.target_curvature
    edge = np.sqrt(2 / (case.base_lr * target * lam * lam))
    at_edge = port.descend(edge.reshape(1), case.eigenvalues, **{**case.hyper, "steps": 1})
    yield equal("edge", at_edge.iterates[1], -edge.reshape(1))
    inside = port.descend(0.9375 * edge.reshape(1), case.eigenvalues, **case.hyper).iterates
    yield at_least("inside", np.abs(inside[:-1]), np.abs(inside[1:]))
    outside = port.descend(1.0625 * edge.reshape(1), case.eigenvalues, **case.hyper).iterates
    yield at_least("outside", np.abs(outside[1:]), np.abs(outside[:-1]))


@descend.law("closed form", cases=calm.but(variant="standard", base_lr=choice(2.5, 4.0), target_curvature=2.0**20))
def below_the_target_it_is_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """As long as κ <= target the t-th iterate is (1 - b·λ)ᵗ∘x₀: with b·λ > 2 it runs away, and κ with it to 0."""
    lam = case.eigenvalues / np.max(case.eigenvalues)
    top = np.where(lam == 1, case.params, 0 * case.params)
    found = port.descend(top, lam, **case.hyper)
    t = np.arange(case.steps + 1)[:, np.newaxis]
    yield equal("iterates", found.iterates, (1 - case.base_lr * lam) ** t * top)
    yield equal("rates", found.rates, case.base_lr + 0 * found.rates)


@descend.law("closed form", cases=runs.but(rule="edge"))
def the_rules_beside_it_have_their_rates(port: Any, case: Case) -> Iterable[Fact]:
    """At first the edge rule's rate is b/‖H‖, Polyak's L/‖g‖², CDAT's b·‖g‖²/gᵀHg, the constant one b: with it the t-th
    iterate is (1 - b·λ)ᵗ∘x₀."""
    grad = case.eigenvalues * case.params
    for rule, expected in (
        ("constant", case.base_lr),
        ("edge", case.base_lr / np.max(case.eigenvalues)),
        ("polyak", np.sum(case.params * grad) / 2 / np.sum(grad * grad)),
        ("cdat", case.base_lr * np.sum(grad * grad) / np.sum(grad * grad * case.eigenvalues)),
    ):
        found = port.descend(case.params, case.eigenvalues, **{**case.hyper, "rule": rule})
        yield equal(rule, found.rates[:1], expected + 0 * found.rates[:1])
        if rule == "constant":
            t = np.arange(case.steps + 1)[:, np.newaxis]
            yield equal("iterates", found.iterates, (1 - case.base_lr * case.eigenvalues) ** t * case.params)


KAPPA, MOVE = "curvature_of(norm, joint_length([grad]), variant)", "x - lr * grad"
descend.edits(f"""
the_rate_is_never_applied: The rate is computed and never handed to the optimizer: it steps with b
    `{MOVE}` → `x - (base_lr if rule == "homotopy" else lr) * grad`
the_rate_of_the_first_step_for_ever: The curvature is measured once, at the start
    `{KAPPA}` → `curvatures[0] if curvatures else {KAPPA}`
larger_rates_for_larger_curvatures: κ and the target are exchanged: the rate rises with the curvature
    `rate(kappa, target,` → `rate(target, kappa,`
descends_twice_as_fast: The gradient is that of Σ λᵢxᵢ², without the ½: every step is twice as long
    `{MOVE}` → `x - 2 * lr * grad`
half_of_polyaks_rate: Polyak's rate is made of L/2: the ½ of the loss is counted twice
    `/ 2 / square` → `/ 4 / square`
absolute_steps: The parameters lose their sign before the first step
    `` → `params = np.abs(params)`
""")
