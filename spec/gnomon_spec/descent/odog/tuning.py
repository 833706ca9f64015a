"""The parameters, and what is guaranteed with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.odog import tuning as reference
from gnomon_spec.cases import Case, Cases, choice, constant
from gnomon_spec.descent.odog import system
from gnomon_spec.descent.odog.inputs import UP_TO_3, constants, cosines, sizes, where
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import number, or_none, single, tame
from gnomon_spec.system import WITH_ROOM, Misfits

near_one = single(number(1.0, 0.5, 2.0, exponents=(-2, 1)))


sigma = or_none(single(number(0.0, 0.125, exponents=(-5, -3))))
cases = Cases(
    {
        "hint": choice("double", "previous", "double"),
        "eps": single(number(0.25, 0.5, 1.0, exponents=(-4, 0))),
        "smoothness": near_one,
        "hessian_smoothness": near_one,
        "drop": near_one,
        "noise": where(lambda drawn: drawn["hint"] != "previous", sigma),
    },
    UP_TO_3,
)
tune = system.operation(reference.tune, cases=cases, rejecting=cases, dtypes=WITH_ROOM)
exact = cases.but(noise=constant(None))


@tune.law("bound", cases=cases)
def the_guaranteed_bound_is_at_most_eps(port: Any, case: Case) -> Iterable[Fact]:
    """ΔF/(DKT) + 4D/(ηT) + L₂D²T²/24 <= ε, with 4.5ησ²/D + σ/√T for noise, and 3ηL₁²D/2 for hint "previous"; the
    first and the last term are at most a third each, a quarter with noise, and the last exactly that."""
    D, eta, T, K = tune.call(port, case)
    share = 3 if case.noise is None else 4
    parts = [case.drop / (D * K * T), 4 * D / (eta * T), case.hessian_smoothness * D * D * T * T / 24]
    if case.noise is not None:
        parts += [4.5 * eta * case.noise**2 / D, case.noise / T**0.5]
    if case.hint == "previous":
        parts.append(1.5 * eta * case.smoothness**2 * D)
    yield at_least("sum", case.eps, sum(parts))
    yield at_least("fall", case.eps / share, parts[0])
    yield equal("curvature", parts[2], case.eps / share)


@tune.law("closed form", cases=exact)
def rates_are_what_the_analysis_allows(port: Any, case: Case) -> Iterable[Fact]:
    """η = √(2/3)/L₁ without noise, 1/(√3·L₁) with σ = 0, √(8/3)/(L₁√T) for hint "previous"; with much noise η is
    D/(σ√T) and T = ⌈(38σ/ε)²⌉."""
    found, L1 = tune.call(port, case), case.smoothness
    root = np.sqrt(np.longdouble(2) / 3)
    yield equal("rate", found.lr, root / L1 if case.hint == "double" else 2 * root / (L1 * np.sqrt(found.length)))
    root3, much = np.sqrt(np.longdouble(3)), 2.3 * case.eps
    quiet, loud = (tune.call(port, case, hint="double", noise=noise) for noise in (0 * case.eps, much))
    yield equal("no noise", quiet.lr, 1 / (root3 * L1))
    yield agree("long episodes", loud.length, 7639)
    yield equal("loud", loud.lr, np.minimum(1 / (root3 * L1), loud.radius / (much * np.sqrt(np.longdouble(7639)))))


@tune.law("closed form", cases=cases, dtypes=("float64",))
def lengths_are_the_next_whole_number(port: Any, case: Case) -> Iterable[Fact]:
    """T² >= 12√12·L₁/√(L₂ε), 16√18 with σ = 0, and T^3/2 >= 6√48·L₁/√(L₂ε) for hint "previous": the least such T."""
    far = case.smoothness * 2.0**30
    ratio = far / np.sqrt(case.hessian_smoothness * case.eps)
    twelve, eighteen, many = (np.sqrt(np.longdouble(x)) for x in (12, 18, 48))
    for hint, noise, bound in (
        ("double", None, np.sqrt(12 * twelve * ratio)),
        ("double", 0 * case.eps, np.sqrt(16 * eighteen * ratio)),
        ("previous", None, (6 * many * ratio) ** (np.longdouble(2) / 3)),
    ):
        found = tune.call(port, case, smoothness=far, hint=hint, noise=noise)
        yield agree(f"{hint}, noise {noise is not None}", found.length, int(np.ceil(bound)))


small = exact.but(objective=cosines(), params=tame(-2), eps=single(choice(0.5, 1.0)), hint=choice("double", "previous"))


@tune.law("bound", cases=small)
def with_these_parameters_a_run_keeps_its_promise(port: Any, case: Case) -> Iterable[Fact]:
    """On a function with the constants that `tune` was told, exact gradients give (1/K)Σ‖∇F(w̄ₖ)‖ <= ε; what is promised
    with noise is a mean over it, which a claim about ODOG measures."""
    f, (L1, L2) = case.objective, constants(case.objective)
    a = f.amplitudes[0]
    D, eta, T, K = port.tune(case.eps, L1 + 0 * a, L2 + 0 * a, f.value(case.params) + 0.125, hint=case.hint)
    found = port.oracle.run(case.params, f, radius=D, lr=eta, length=T, episodes=K, hint=case.hint)
    yield at_least("mean gradient", case.eps, np.mean(np.stack([sizes(f.gradient(w)) for w in found.averages])))


@tune.misfits(cases=cases)
def constants_of_nought_are_rejected(case: Case) -> Misfits:
    """ε, L₁, L₂ and ΔF must be above 0; noise is for hint "double" alone."""
    return {
        **{f"{name} = 0": {name: 0 * case.eps} for name in ("eps", "smoothness", "hessian_smoothness", "drop")},
        "noise": {"hint": "previous", "noise": case.eps},
        "too long": {"hint": "double", "noise": 1e160 * case.eps},
    }


tune.edits("""
episodes_are_rounded_down: T and K are ⌊x⌋: a little too small for the guarantee
    `int(np.ceil(number))` → `max(int(np.floor(number)), 1)`
radius_is_of_the_episode: D is the radius of the whole episode, √(8ε/L₂), and not of one step
    `(width * eps / L2) ** 0.5 / T` → `(width * eps / L2) ** 0.5`
rate_without_units: η = √(2/3/L₁): the root goes over L₁, too
    `(2 / 3) ** 0.5 / L1 if` → `(2 / 3 / L1) ** 0.5 if`
rate_under_the_root: η = 1/√(3L₁), as the condition is misprinted
    `np.maximum(3**0.5 * L1,` → `np.maximum((3 * L1) ** 0.5,`
episodes_for_the_fall_alone: K is for the fall to be at most ε, not a part of it
    `share * drop / D` → `drop / D`
noise_is_not_squared: T grows as σ/ε and not as its square
    `1444 * (noise / eps) * (noise / eps)` → `38 * noise / eps`
noise_does_not_lower_the_rate: η does not depend on σ
    `np.maximum(3**0.5 * L1, noise * T**0.5 / D)` → `(3**0.5 * L1)`
rate_of_previous_hints_is_that_of_double: The rate for previous hints is that for double ones
    `(8 / 3) ** 0.5 / L1 / T**0.5` → `(2 / 3) ** 0.5 / L1`
""")
