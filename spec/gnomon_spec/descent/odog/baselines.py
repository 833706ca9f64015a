"""The conversion with two projections, which looks for its hint by a fixed-point iteration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.odog import baselines as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.odog import system
from gnomon_spec.descent.odog.inputs import UP_TO_3, constants, cosines, rate_within, sizes, within
from gnomon_spec.descent.odog.method import radii
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.hessian_free.drawn_objectives import positive_matrix, quadratic
from gnomon_spec.strategies import or_none, tame
from gnomon_spec.system import WITH_ROOM

cases = Cases(
    {
        "params": tame(),
        "anchor": tame(-6),
        "objective": cosines(),
        "radius": or_none(radii),
        "lr": rate_within(0.5, 0.25, 1.0),
        "iterations": choice(2, 1, 3),
    },
    UP_TO_3,
)
step = system.operation(reference.two_projection_step, cases=cases, rejecting=cases, dtypes=WITH_ROOM)
bowls = cases.but(objective=quadratic(positive_matrix()), lr=choice(0.05, 0.1))


@step.law("closed form", cases=bowls)
def both_projections_begin_at_the_anchor(port: Any, case: Case) -> Iterable[Fact]:
    """Δ' = Π_D(Δ̂ - η∇F(x + Δ/2)) q times from Δ̂, Δ̂' = Π_D(Δ̂ - ηg), g = ∇F(x + Δ'/2), x' = x + Δ'."""
    f, delta, D = case.objective, case.anchor, case.radius or np.inf

    def moved(slope: Any) -> Any:
        v = case.anchor - case.lr * slope
        return within(v, D) if np.inf > D else v

    for _ in range(case.iterations):
        delta = moved(f.gradient(case.params + delta / 2))
    found, g = step.call(port, case), f.gradient(case.params + delta / 2)
    yield equal("displacement", found.displacement, delta)
    yield equal("grad", found.grad, g)
    yield equal("anchor", found.anchor, moved(g))
    yield equal("params", found.params, case.params + delta)


@step.law("bound", cases=cases)
def its_hint_converges_to_the_gradient_that_it_predicts(port: Any, case: Case) -> Iterable[Fact]:
    """Each further iteration changes Δ by at most ηL₁/2 times what the one before did."""
    L1, _ = constants(case.objective)
    deltas = [step.call(port, case, iterations=q).displacement for q in (1, 2, 3)]
    first, second = sizes(deltas[1] - deltas[0]), sizes(deltas[2] - deltas[1])
    yield at_least("contraction", case.lr * L1 / 2 * first, second)


step.edits("""
iteration_begins_at_nought: The iteration begins at Δ = 0 and not at Δ̂
    `displacement = anchor\nfor` → `displacement = 0 * anchor\nfor`
hint_is_taken_from_the_last_displacement: The second projection starts from Δ and not from Δ̂, one step twice
    `project(anchor - lr * g, radius=radius)` → `project(displacement - lr * g, radius=radius)`
anchor_is_the_displacement: Δ̂ becomes Δ: the gradient that was met is forgotten
    `project(anchor - lr * g, radius=radius), displacement` → `displacement, displacement`
parameters_move_by_the_anchor: x moves by the new Δ̂
    `params + displacement, project` → `params + project(anchor - lr * g, radius=radius), project`
hints_at_the_end_of_the_step: Gradients of the iteration are taken at x + Δ
    `params + displacement / 2, None, "a midpoint"` → `params + displacement, None, "a midpoint"`
""")
