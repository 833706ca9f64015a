"""SAM on ½Σ λᵢxᵢ²: single steps, and the cycles in which it ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.sam import quadratics as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.sam import system
from gnomon_spec.facts import Fact, equal, follows, identical
from gnomon_spec.strategies import count, nonzero, number, shapes, spectrum
from gnomon_spec.system import WITH_ROOM

UP_TO_3 = shapes((2,), (1,), (3,))
runs = Cases({"params": nonzero, "eigenvalues": spectrum(1.0)}, UP_TO_3).but(
    steps=count(1, 2, 3, low=1, high=8),
    rho=number(0.05, 0.5, 1.0, exponents=(-5, 0)),
    lr=number(0.5, 0.25, exponents=(-4, -2)),
    every=choice(1, 2, 3, 5),
    beta=choice(0.7, 0.5, 0.0, 1.0),
    horizon=choice(6, 1, 2),
)
descend = system.operation(reference.descend, cases=runs, rejecting=runs, compare=follows, dtypes=WITH_ROOM)


@descend.law("closed form")
def every_step_is_what_it_is_said_to_be(port: Any, case: Case) -> Iterable[Fact]:
    """From each iterate on: x - lr·λ∘(x + ρg/‖g‖) in every k-th step, in between x - lr·(g + βʲ·ρλ∘u), u = g/‖g‖ of the
    last of those, and x - lr·g beyond the horizon."""
    found = port.descend(case.params, case.eigenvalues, **case.hyper)
    yield identical("start", found[0], case.params)
    psf = 0 * found[0]
    for t in range(case.steps):
        grad, j = case.eigenvalues * found[t], t % case.every
        if j == 0:
            psf = case.rho * case.eigenvalues * grad / np.sqrt(np.sum(grad * grad))
        weight = case.beta**j if j <= case.horizon else 0.0
        yield equal(f"step {t + 1}", found[t + 1], found[t] - case.lr * (grad + weight * psf))


@descend.law("fixed point", cases=runs.but(every=1, steps=choice(2, 3, 5)))
def it_goes_to_and_fro_along_an_axis(port: Any, case: Case) -> Iterable[Fact]:
    """From lr·ρλ/(2 - lr·λ) along any one axis SAM goes to the opposite point and back: it does not end in the
    minimum."""
    size = case.lr * case.rho * case.eigenvalues / (2 - case.lr * case.eigenvalues)
    for i in range(len(size)):
        there = np.where(np.arange(len(size)) == i, size, 0 * size)
        found = port.descend(there, case.eigenvalues, **case.hyper)
        for t in range(case.steps + 1):
            yield equal(f"axis {i}, step {t}", found[t], (-1.0) ** t * there)


descend.edits("""
sample_is_not_kept: Between two SAM steps there is gradient descent: the PSF is forgotten
    `psf = direction - grad` → `pass`
samples_come_at_the_end: The first SAM step is the k-th, not the first
    `t % every` → `(t + 1) % every`
""")
