"""Natural steps from the rows of the Fisher matrix: Woodbury's formula and conjugate gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.m_fisher import low_rank as reference
from gnomon_spec.cases import Case, Cases, choice, constant
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.probability.m_fisher import system
from gnomon_spec.probability.m_fisher.inputs import UP_TO_4, some
from gnomon_spec.probability.m_fisher.natural import cases as of_matrices
from gnomon_spec.system import Misfits

ENOUGH = 3
taken = {name: of_matrices.quantities[name] for name in ("params", "grad", "lr", "mode", "kl_radius")}
cases = Cases(
    {
        **taken,
        "rows": some(-1.0, 1.0, lambda c: (2, c.shape[0])),
        "damping": choice(0.125, 1.0, 0.5),
        "solver": choice("woodbury", "cg"),
        "max_iter": choice(ENOUGH, 1, 2),
        "rtol": choice(2.0**-8, 0.5),
    },
    UP_TO_4,
)
low_rank_step = system.operation(reference.low_rank_step, cases=cases)
solved = cases.but(max_iter=ENOUGH, rtol=0.0)


@low_rank_step.law("closed form", cases=solved)
def it_is_the_step_of_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """With F = SᵀS `natural_step` makes the same step, whichever solver finds it: three iterations are enough for two
    rows, as the damped matrix has three eigenvalues at most."""
    F = case.rows.T @ case.rows
    given = {name: case[name] for name in ("lr", "damping", "kl_radius", "mode")}
    expected, _ = port.natural_step(case.params, case.grad, (F + F.T) / 2, **given)
    found = low_rank_step.call(port, case)
    size = np.max(np.abs(case.grad)) / case.damping
    yield equal("direction", found.direction, expected.direction, size)
    yield equal("step", found.params, case.params - (1 if case.mode == "trust_region" else case.lr) * found.direction)
    yield equal("slope", found.slope, expected.slope, size)
    yield equal("divergence", found.predicted_kl, expected.predicted_kl, size**2)


of_cg = solved.but(solver="cg", mode="damped", kl_radius=constant(None))


@low_rank_step.law("bound", cases=of_cg)
def each_iteration_falls_more(port: Any, case: Case) -> Iterable[Fact]:
    """d₁ = g·gᵀg/(gᵀF̃g) is along the gradient; gᵀd and ‖d‖ grow with the iterations, up to those of Woodbury's d."""
    g, S = case.grad, case.rows
    found = [low_rank_step.call(port, case, max_iter=k) for k in (1, 2, ENOUGH)]
    found.append(low_rank_step.call(port, case, solver="woodbury"))
    square, along = np.dot(g, g), S @ g
    yield equal("first", found[0].direction, g * square / (np.dot(along, along) + case.damping * square))
    lengths = [np.sqrt(np.sum(step.direction**2)) for step in found]
    for k in range(3):
        yield at_least(f"fall {k}", found[k + 1].slope, found[k].slope)
        yield at_least(f"length {k}", lengths[k + 1], lengths[k])


@low_rank_step.law("limit", cases=of_cg.but(rtol=choice(2.0, 4.0)))
def a_loose_residual_ends_it_at_once(port: Any, case: Case) -> Iterable[Fact]:
    """A residual below 2‖g‖ ends after one iteration; a gradient of 0 needs none, and changes nothing, bit for bit."""
    found, one = low_rank_step.call(port, case), low_rank_step.call(port, case, max_iter=1)
    yield agree("iterations", (found.iterations, low_rank_step.call(port, case, solver="woodbury").iterations), (1, 0))
    yield identical("direction", found.direction, one.direction)
    still = low_rank_step.call(port, case, grad=0 * case.grad)
    yield identical("params", still.params, case.params)
    yield agree("none", still.iterations, 0)


@low_rank_step.misfits(cases=cases)
def a_region_without_a_radius_is_rejected(case: Case) -> Misfits:
    """A trust region without a radius."""
    return {"radius": {"mode": "trust_region", "kl_radius": None}}


low_rank_step.edits("""
woodbury_is_added: The correction of Woodbury's formula is added
    `(unit - np.transpose(rows) @ np.linalg.solve` → `(unit + np.transpose(rows) @ np.linalg.solve`
woodbury_without_its_division: The difference in Woodbury's formula is not divided by ρ
    `rows @ unit)) / damping` → `rows @ unit))`
products_without_damping: Conjugate gradients solve with F and not with F + ρI
    `(rows @ vector) + damping * vector` → `(rows @ vector) + 0 * damping * vector`
one_iteration_too_many: Conjugate gradients make an iteration more than they may
    `max_iter=max_iter` → `max_iter=max_iter + 1`
divergence_of_the_damped_matrix: The divergence is that of F + ρI
    `np.dot(along, along)` → `np.dot(along, along) + damping * np.dot(d, d)`
gradient_in_its_own_unit: The gradient is not scaled back
    `limited(params, (unit, largest), d,` → `limited(params, (unit, 1.0 + 0 * largest), d,`
""")
