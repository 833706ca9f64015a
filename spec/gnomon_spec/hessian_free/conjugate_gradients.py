"""Preconditioned conjugate gradients on the quadratic model: what is true of the iterates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.hessian_free import conjugate_gradients as reference
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.hessian_free.drawn_objectives import positive_matrix, up_to_the_dimension
from gnomon_spec.strategies import SMALL_CODES, VECTORS, count, rotation, shapes, tame, zeros
from gnomon_spec.system import WITH_ROOM

LONG = shapes((16,), (20,))
EVERY = tuple(range(7))
none = Quantity(lambda _draw, _context: None, "None")


def dense(matrix: Quantity) -> Quantity:
    """`Dense` with such a matrix."""
    return Quantity(lambda draw, context: Dense(matrix.draw(draw, context)), f"Dense: {matrix.text}")


def preconditioners() -> Quantity:
    """No preconditioner, or a positive definite one."""
    matrix = dense(positive_matrix())
    return Quantity(
        lambda draw, context: matrix.draw(draw, context) if draw(SMALL_CODES) % 2 else None, f"None, or {matrix.text}"
    )


def starts() -> Quantity:
    """A start: 0 in one case of two."""
    anywhere = tame()

    def draw_start(draw: Draw, context: Context) -> Any:
        if draw(SMALL_CODES) % 2 == 0:
            return np.zeros(context.shape, context.dtype)
        return anywhere.draw(draw, context) + context.dtype.type(0.3)  # not the solution by chance

    return Quantity(draw_start, f"zeros, or 0.3 more than {anywhere.text}")


definite = Cases(
    {
        "operator": dense(positive_matrix()),
        "rhs": nonzero_vector(),
        "start": starts(),
        "preconditioner": preconditioners(),
        "max_iter": up_to_the_dimension(),
        "rtol": choice(0.0, 0.5, 0.25, 0.0625),
        "atol": choice(0.0, 0.0, 0.5, 1.0, 2.0),
        "progress_threshold": choice(5e-4, None),
        "on_nonpositive_curvature": choice("ignore", "stop", "saddle-free", "raise"),
        "stored": choice((), (0,), (0, 1, 2, 4), (2, 3), EVERY),
        "variant": choice("code", "martens"),
    },
    VECTORS,
)
systems = definite.but(
    operator=dense(positive_matrix(signed=True)), on_nonpositive_curvature=choice("ignore", "stop", "saddle-free")
)
plain = definite.but(
    rtol=0.0, atol=0.0, progress_threshold=none, on_nonpositive_curvature="ignore", stored=choice(EVERY)
)
cold = plain.but(start=zeros, preconditioner=none)
long = plain.shaped(LONG).but(
    max_iter=30, progress_threshold=choice(0.3, 0.1, 0.5), stored=choice(()), rtol=choice(0.0, 0.0, 0.1)
)

conjugate_gradients = system.operation(
    reference.conjugate_gradients, cases=systems, dtypes=WITH_ROOM, length_varies=True, own=("products",)
)
solve = conjugate_gradients.call


def norms(A: Any, x: Any) -> Any:
    """Return xᵀAx of each row of x."""
    return np.sum(x * (x @ A), axis=1)


def errors(case: Case, x: Any) -> Any:
    """Return x - A⁻¹b of each row of x."""
    return x - lapack(np.linalg.solve, case.operator.matrix, case.rhs)


def residuals(case: Case, x: Any) -> Any:
    """Return Ax - b of each row of x."""
    return x @ case.operator.matrix - case.rhs


def smoother(case: Case) -> Any:
    """Return M as a matrix."""
    return np.eye(len(case.rhs)) if case.preconditioner is None else case.preconditioner.matrix


def fitting(found: Any, case: Case) -> Any:
    """Return the iterates of a port that was to keep all, as many as there are values; NaN if they do not fit."""
    expected = (len(found.values), len(case.rhs))
    return found.iterates if np.shape(found.iterates) == expected else np.full((1, len(case.rhs)), np.nan)


@conjugate_gradients.law("closed form", cases=plain)
def the_values_are_those_of_the_model(port: Any, case: Case) -> Iterable[Fact]:
    """mᵢ = ½xᵢᵀAxᵢ - bᵀxᵢ, from whatever start, with whatever preconditioner."""
    found = solve(port, case)
    x = fitting(found, case)
    yield equal("values", found.values, norms(case.operator.matrix, x) / 2 - x @ case.rhs)


@conjugate_gradients.law("bound", cases=plain)
def steps_are_as_long_as_the_spectrum_allows(port: Any, case: Case) -> Iterable[Fact]:
    """rᵀMr/(2λ_max) <= mᵢ₋₁ - mᵢ <= rᵀMr/(2λ_min), r the residual before the step, λ the eigenvalues of MA: m falls,
    and so does ‖x - A⁻¹b‖ in the norm of A."""
    found = solve(port, case)
    root = lapack(np.linalg.cholesky, smoother(case))
    eigenvalues = lapack(np.linalg.eigvalsh, root.T @ case.operator.matrix @ root)
    fall = found.values[:-1] - found.values[1:]
    energy = norms(smoother(case), residuals(case, fitting(found, case)[:-1])) / 2
    yield at_least("at least", fall, energy / np.max(eigenvalues))
    yield at_least("at most", energy / np.min(eigenvalues), fall)


@conjugate_gradients.law(
    "conservation", cases=plain.but(operator=dense(positive_matrix(1, 4))).shaped(shapes((2,), (3,), (4,)))
)
def residuals_and_moves_are_conjugate(port: Any, case: Case) -> Iterable[Fact]:
    """rᵢᵀMrⱼ = 0 and (xᵢ - xᵢ₋₁)ᵀA(xⱼ - xⱼ₋₁) = 0 for i ≠ j."""
    x = fitting(solve(port, case), case)
    for label, v, A in (
        ("residuals", residuals(case, x), smoother(case)),
        ("moves", x[1:] - x[:-1], case.operator.matrix),
    ):
        yield equal(label, (v @ A @ v.T) * (1 - np.eye(len(v))), np.zeros(()))


@conjugate_gradients.law("bound", cases=cold)
def from_zero_iterates_grow_towards_the_solution(port: Any, case: Case) -> Iterable[Fact]:
    """From x₀ = 0, without a preconditioner, ‖xᵢ‖ rises and ‖xᵢ - A⁻¹b‖ falls."""
    x = fitting(solve(port, case), case)
    length, distance = (np.sum(v * v, axis=1) for v in (x, errors(case, x)))
    yield at_least("length", length[1:], length[:-1])
    yield at_least("distance", distance[:-1], distance[1:])


@conjugate_gradients.law("closed form", cases=plain.but(max_iter=1))
def the_first_iterate_is_a_line_search_along_the_residual(port: Any, case: Case) -> Iterable[Fact]:
    """x₁ = x₀ + (sᵀMs/(Ms)ᵀA(Ms))·Ms with s = b - Ax₀: the Cauchy step if x₀ = 0 and M = I."""
    s = -residuals(case, case.start)
    d = smoother(case) @ s
    curvature = np.sum(d * (case.operator.matrix @ d))
    length = np.where(curvature > 0, np.sum(s * d) / np.where(curvature > 0, curvature, 1), 0 * curvature)
    yield equal("last", solve(port, case).iterates[-1], case.start + length * d)


@conjugate_gradients.law("bound", cases=plain.but(preconditioner=none))
def it_is_as_fast_as_chebyshev_says(port: Any, case: Case) -> Iterable[Fact]:
    """‖eᵢ‖ <= 2tⁱ/(1 + t²ⁱ)·‖e₀‖ in the norm of A, t = (√κ - 1)/(√κ + 1)."""
    x = fitting(solve(port, case), case)
    eigenvalues = lapack(np.linalg.eigvalsh, case.operator.matrix)
    root = np.sqrt(np.max(eigenvalues) / np.min(eigenvalues))
    t, i = (root - 1) / (root + 1), np.arange(len(x))
    e = norms(case.operator.matrix, errors(case, x))
    yield at_least("error", (2 * t**i / (1 + t ** (2 * i))) ** 2 * e[0], e)


@conjugate_gradients.law("closed form", cases=plain.but(max_iter=6, operator=dense(positive_matrix(1, 4)), rtol=0.01))
def it_ends_with_the_solution(port: Any, case: Case) -> Iterable[Fact]:
    """After n iterations x = A⁻¹b; with a tolerance the run ends by itself after at most n."""
    last = solve(port, case, max_iter=len(case.rhs), rtol=0.0).iterates[-1]
    yield equal("last", last, lapack(np.linalg.solve, case.operator.matrix, case.rhs))
    yield agree("iterations", solve(port, case).iterations <= len(case.rhs), True)


@conjugate_gradients.law("closed form", cases=cold.but(distinct=count(1, 2, 3, low=1, high=4), max_iter=6, rtol=0.01))
def it_needs_an_iteration_for_each_different_eigenvalue(port: Any, case: Case) -> Iterable[Fact]:
    """If b has components on d different eigenvalues, 1 … d, the run ends after d iterations at the latest."""
    turn = lapack(np.linalg.eigh, case.operator.matrix)[1]
    d = min(case.distinct, len(case.rhs))
    eigenvalues = 1.0 + np.arange(len(case.rhs)) % d
    found = solve(port, case, operator=Dense((turn * eigenvalues) @ turn.T))
    yield agree("iterations", found.iterations <= d, True)


@conjugate_gradients.law(
    "invariance", cases=plain.but(power=count(1, 3, low=-12, high=12), rtol=choice(0.0, 0.25, 0.0625))
)
def powers_of_two_change_no_bit(port: Any, case: Case) -> Iterable[Fact]:
    """M times 2ᵏ, or A and b times 2ᵏ, leave the iterates, and b and x₀ times 2ᵏ multiply them, bit for bit; the
    tolerance is relative."""
    scale, A, b, M = 2.0**case.power, case.operator.matrix, case.rhs, smoother(case).astype(case.rhs.dtype)
    x, preconditioned = solve(port, case).iterates, solve(port, case, preconditioner=Dense(M)).iterates
    yield identical("M", solve(port, case, preconditioner=Dense(M * scale)).iterates, preconditioned)
    yield identical("A and b", solve(port, case, operator=Dense(A * scale), rhs=b * scale).iterates, x)
    yield identical("b and x₀", solve(port, case, rhs=b * scale, start=case.start * scale).iterates, x * scale)


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


@conjugate_gradients.law("equivariance", cases=plain.but(turn=rotation(), preconditioner=none))
def rotated_systems_have_rotated_iterates(port: Any, case: Case) -> Iterable[Fact]:
    """(QAQᵀ, Qb, Qx₀) gives Qxᵢ, without a preconditioner."""
    Q, found = case.turn, solve(port, case)
    turned = solve(port, case, operator=Dense(Q @ case.operator.matrix @ Q.T), rhs=Q @ case.rhs, start=Q @ case.start)
    yield equal("last", turned.iterates[-1], Q @ found.iterates[-1])
    yield equal("value", turned.values[-1], found.values[-1])


@conjugate_gradients.law("equivariance", cases=plain)
def a_warm_start_is_a_shift(port: Any, case: Case) -> Iterable[Fact]:
    """From x₀ on (A, b) it goes as from 0 on (A, b - Ax₀), x₀ added."""
    shifted = solve(port, case, rhs=-residuals(case, case.start), start=0 * case.start)
    yield equal("last", solve(port, case).iterates[-1], case.start + shifted.iterates[-1])


@conjugate_gradients.law("closed form", cases=plain.shaped(shapes((2,), (3,), (4,))))
def on_singular_systems_the_start_keeps_its_share(port: Any, case: Case) -> Iterable[Fact]:
    """If A is singular, with b in its range, what x₀ has in its kernel stays; from 0 that is nothing."""
    u = case.rhs / np.sqrt(np.sum(case.rhs**2))
    P = np.eye(len(u)) - np.outer(u, u)
    A = P @ case.operator.matrix @ P
    rhs = A @ (case.start + np.arange(1.0, len(u) + 1))
    found = solve(port, case, operator=Dense(A), rhs=rhs, preconditioner=None, max_iter=1)
    yield equal("kernel", found.iterates[-1] @ u, case.start @ u)
