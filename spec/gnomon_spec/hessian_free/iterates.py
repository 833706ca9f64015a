"""What is true of the iterates of conjugate gradients whatever the system: conjugacy, bounds, other coordinates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.hessian_free.conjugate_gradients import (
    cold,
    conjugate_gradients,
    dense,
    exact,
    fitting,
    long,
    none,
    plain,
    solve,
)
from gnomon_spec.hessian_free.drawn_objectives import positive_matrix
from gnomon_spec.strategies import permutation, shapes


def residuals(case: Case, x: Any) -> Any:
    """Return Ax - b of each row of x."""
    return x @ case.operator.matrix - case.rhs


def smoother(case: Case) -> Any:
    """Return M as a matrix."""
    return np.eye(len(case.rhs)) if case.preconditioner is None else case.preconditioner.matrix


def off_the_diagonal(matrix: Any) -> Any:
    """Return the matrix with zeros on its diagonal."""
    return matrix * (1 - np.eye(len(matrix)))


@conjugate_gradients.law("bound", cases=plain)
def steps_are_as_long_as_the_spectrum_allows(port: Any, case: Case) -> Iterable[Fact]:
    """rᵀMr/(2λ_max) <= mᵢ₋₁ - mᵢ <= rᵀMr/(2λ_min), r the residual before the step, λ the eigenvalues of MA."""
    found = solve(port, case)
    r, M = residuals(case, fitting(found, case)[:-1]), smoother(case)
    root = lapack(np.linalg.cholesky, M)
    eigenvalues = lapack(np.linalg.eigvalsh, root.T @ case.operator.matrix @ root)
    fall = found.values[:-1] - found.values[1:]
    energy = np.sum(r * (r @ M), axis=1) / 2
    yield at_least("at least", fall, energy / np.max(eigenvalues))
    yield at_least("at most", energy / np.min(eigenvalues), fall)


@conjugate_gradients.law(
    "conservation", cases=plain.but(operator=dense(positive_matrix(1, 4))).shaped(shapes((2,), (3,), (4,)))
)
def residuals_and_moves_are_conjugate(port: Any, case: Case) -> Iterable[Fact]:
    """rᵢᵀMrⱼ = 0 and (xᵢ - xᵢ₋₁)ᵀA(xⱼ - xⱼ₋₁) = 0 for i ≠ j."""
    x = fitting(solve(port, case), case)
    r, moves = residuals(case, x), x[1:] - x[:-1]
    yield equal("residuals", off_the_diagonal(r @ smoother(case) @ r.T), np.zeros(()))
    yield equal("moves", off_the_diagonal(moves @ case.operator.matrix @ moves.T), np.zeros(()))


@conjugate_gradients.law("bound", cases=cold)
def from_zero_iterates_grow_towards_the_solution(port: Any, case: Case) -> Iterable[Fact]:
    """From x₀ = 0, without a preconditioner, ‖xᵢ‖ rises and ‖xᵢ - A⁻¹b‖ falls."""
    x = fitting(solve(port, case), case)
    length, distance = (np.sum(v * v, axis=1) for v in (x, x - exact(case)))
    yield at_least("length", length[1:], length[:-1])
    yield at_least("distance", distance[:-1], distance[1:])


@conjugate_gradients.law(
    "equivariance", cases=plain.but(preconditioner=none, root=positive_matrix(1, 2)).shaped(shapes((1,), (2,), (3,)))
)
def a_preconditioner_is_a_change_of_variables(port: Any, case: Case) -> Iterable[Fact]:
    """With M = S², S symmetric, xᵢ = Szᵢ, where zᵢ are the iterates without preconditioner on (SAS, Sb) from z₀; the
    values are the same."""
    S, A = case.root, case.operator.matrix
    inner = solve(port, case, operator=Dense(S @ A @ S), rhs=S @ case.rhs)
    outer = solve(port, case, start=S @ case.start, preconditioner=Dense(S @ S))
    yield equal("last", outer.iterates[-1], S @ inner.iterates[-1])
    yield equal("value", outer.values[-1], inner.values[-1])


@conjugate_gradients.law("equivariance", cases=plain.but(order=permutation()).shaped(shapes((2,), (3,), (5,))))
def unknowns_may_be_renumbered(port: Any, case: Case) -> Iterable[Fact]:
    """Rearranging the entries of b and x₀, and rows and columns of A and M, rearranges the iterates."""
    order = case.order

    def renumbered(operator: Any) -> Any:
        return None if operator is None else Dense(operator.matrix[order][:, order])

    found = solve(port, case)
    again = solve(
        port,
        case,
        operator=renumbered(case.operator),
        rhs=case.rhs[order],
        start=case.start[order],
        preconditioner=renumbered(case.preconditioner),
    )
    yield equal("last", again.iterates[-1], found.iterates[-1][order])
    yield equal("value", again.values[-1], found.values[-1])


@conjugate_gradients.law("equivariance", cases=long.but(variant="code", rtol=0.0, progress_threshold=choice(0.3, 0.1)))
def in_the_code_a_shift_does_not_change_where_progress_ends(port: Any, case: Case) -> Iterable[Fact]:
    """In "code" (A, b) from x₀ ends by relative progress after as many iterations as (A, b - Ax₀) from 0: it divides by
    the progress made. ("martens" divides by the value, which depends on x₀.)"""
    rest = case.rhs - case.operator.matrix @ case.start
    found, shifted = solve(port, case), solve(port, case, rhs=rest, start=0 * case.start)
    yield agree("iterations", found.iterations, shifted.iterations)
    yield agree("reason", found.reason, shifted.reason)
