"""The cases of Muon: matrices of any shape, their singular values and the rotations that they are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent import muon as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.step_cases import StepCases, decay, some_eps, step_cases
from gnomon_spec.rotations import rotation_of, with_singular_values
from gnomon_spec.strategies import count, hyperparameters, shapes, spectrum, tame, vector

MATRICES = shapes((1, 1), (2, 2), (2, 3), (3, 2), (1, 3), (3, 1), (1, 1), (3, 3), (2, 2), (4, 2), (2, 5), (5, 7))
FLAT = shapes((1, 1), (1, 2), (2, 1), (1, 5), (4, 1))
# Steps beyond 8 say nothing new; the default set goes round for ever.
steps_of_newton_schulz = count(5, 1, 2, low=1, high=8)
norms = choice(False, True)


def graded(decades: float) -> Quantity:
    """A matrix U·diag(s)·Vᵀ of full rank with singular values in [10^-decades, 1]."""

    def draw_graded(draw: Draw, context: Context) -> Any:
        alone = context._replace(shape=(min(context.shape),), dtype=np.dtype(np.float64))
        return with_singular_values(draw, context, spectrum(decades).draw(draw, alone)).astype(context.dtype)

    return Quantity(draw_graded, f"matrix of full rank, singular values in [1e-{decades:g}, 1]")


def monomial(scale: int = 0) -> Quantity:
    """A matrix with at most one entry in a row and in a column that is not 0, as large as those of `tame(scale)`."""

    def draw_monomial(draw: Draw, context: Context) -> Any:
        rank = min(context.shape)
        values = tame(scale).draw(draw, context._replace(shape=(rank,)))
        generator = np.random.Generator(np.random.PCG64(count(0, 1).draw(draw, context)))
        rows, columns = (generator.permutation(length)[:rank] for length in context.shape)
        matrix = np.zeros(context.shape, context.dtype)
        matrix[rows, columns] = values
        return matrix

    return Quantity(draw_monomial, "matrix with at most one entry in each row and column that is not 0")


def turned(value: Any, case: Case) -> Any:
    """Return a matrix X as L·X·Rᵀ."""
    return case.left @ value @ case.right.T


def transposed(value: Any, case: Case) -> Any:
    return value.T


def of_muon() -> tuple[Cases, StepCases]:
    """Return the cases of `orthogonalise` and those of `step`."""
    alone = hyperparameters(reference.orthogonalise, ns_steps=steps_of_newton_schulz, eps_added=norms)
    matrices = Cases({"matrix": vector()}, MATRICES).but(**alone.quantities)
    cases = step_cases(reference, weight_decay=decay(0.1, 0.0, 0.5, 0.01, turns=True), ns_steps=steps_of_newton_schulz)
    cases = StepCases(cases.hyperparameters, *(of.shaped(MATRICES) for of in cases[1:]))
    return matrices, cases.with_calm(eps=some_eps)


rotations = {"left": rotation_of(0), "right": rotation_of(1)}
orthogonalising, stepping = of_muon()
calm_matrices = orthogonalising.but(matrix=tame(), eps=some_eps)
