"""The Lanczos process with full reorthogonalisation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import lanczos as reference
from gnomon.curvature.lanczos import Lanczos, tridiagonal
from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature import spectra
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.matrices_and_probes import TWO_OR_MORE, nonzero_vector, operator, symmetric_matrix
from gnomon_spec.curvature.spectra import separate_eigenvalues, start_with_all_eigenvectors
from gnomon_spec.curvature.symmetries import negated, scaled, unchanged
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import VECTORS, count, number, rotation, shapes
from gnomon_spec.system import WITH_ROOM

processes = Cases(
    {
        "operator": operator(symmetric_matrix(separate_eigenvalues())),
        "start": start_with_all_eigenvectors(),
        "steps": count(1, 2, 3, low=1, high=6),
    },
    VECTORS,
)
known = Cases(
    {
        "turn": rotation(),
        "eigenvalues": separate_eigenvalues(),
        "components": nonzero_vector(),
        "steps": count(1, 2, 3, low=1, high=6),
    },
    VECTORS,
)

lanczos = system.operation(reference.lanczos, cases=processes, dtypes=WITH_ROOM, length_varies=True)


@lanczos.law(
    "conservation",
    cases=known.shaped(TWO_OR_MORE).but(
        distinct=count(2, 1, 3, low=1, high=5), steps=6, power=count(0, -24, 12, low=-24, high=24)
    ),
)
def it_ends_when_the_space_is_invariant(port: Any, case: Case) -> Iterable[Fact]:
    """It makes as many steps as there are different eigenvalues in the start, whatever their multiplicity and size."""
    distinct = min(case.distinct, len(case.eigenvalues))
    places = np.arange(len(case.eigenvalues)) % distinct
    A = (case.turn * case.eigenvalues[places] * 2.0**case.power) @ case.turn.T
    found = port.lanczos(Dense(A), case.turn @ case.components, **case.hyper)
    yield agree("products", found.products, distinct)
    yield agree("rows", len(found.basis), distinct)


def fitting(found: Lanczos, dimension: int) -> Lanczos:
    return spectra.fitting(found, lambda j: ((j,), (j - 1,), (j, dimension)))


@lanczos.law("closed form", cases=processes)
def it_turns_the_matrix_into_a_tridiagonal_one(port: Any, case: Case) -> Iterable[Fact]:
    """The rows of Q are orthonormal and QAQᵀ is T."""
    found = fitting(port.lanczos(case.operator, case.start, **case.hyper), len(case.start))
    Q = found.basis
    yield equal("orthonormal", Q @ Q.T, np.eye(len(Q)))
    yield equal("tridiagonal", Q @ case.operator.matrix @ Q.T, tridiagonal(found))


@lanczos.law("closed form", cases=processes)
def what_is_left_has_the_length_of_the_residual(port: Any, case: Case) -> Iterable[Fact]:
    """AQᵀ - QᵀT is zero but for its last column, of length b_j; Q begins with the direction of the start."""
    found = fitting(port.lanczos(case.operator, case.start, **case.hyper), len(case.start))
    rest = found.basis @ case.operator.matrix - tridiagonal(found) @ found.basis
    lengths = np.sqrt(np.sum(rest * rest, axis=1))
    yield equal("others", rest[:-1], np.zeros(rest[:-1].shape))
    yield equal("last", lengths[-1], found.residual_norm)
    yield equal("first", found.basis[0], case.start / np.sqrt(np.sum(case.start * case.start)))


@lanczos.law(
    "bound", cases=Cases({"turn": rotation(), "size": number(1.0), "ratio": choice(0.02, 0.05)}, shapes((12,)))
)
def orthogonality_survives_convergence(port: Any, case: Case) -> Iterable[Fact]:
    """The rows of Q stay orthonormal after a Ritz value has converged (without reorthogonalisation they do not)."""
    others = case.ratio * np.arange(1.0, 12.0) / 11
    eigenvalues = case.size * np.concatenate([np.ones(1, others.dtype), others])
    A = (case.turn * eigenvalues) @ case.turn.T
    Q = fitting(port.lanczos(Dense(A), case.turn @ np.ones(12, A.dtype), steps=12), 12).basis
    yield equal("orthonormal", Q @ Q.T, np.eye(len(Q)))


@lanczos.law("equivariance", cases=processes.but(shift=number(1.0, 2.0, exponents=(-2, 2))))
def a_shift_moves_the_diagonal(port: Any, case: Case) -> Iterable[Fact]:
    """A + cI has the diagonal a + c and the same off-diagonal."""
    A = case.operator.matrix
    size = np.max(np.abs(A))
    shifted = Dense(A + case.shift * size * np.eye(len(A)))
    found, moved = (port.lanczos(operator, case.start, **case.hyper) for operator in (case.operator, shifted))
    yield equal("diagonal", moved.diagonal, found.diagonal + case.shift * size)
    yield equal("off-diagonal", moved.off_diagonal, found.off_diagonal)


lanczos.symmetry(
    "equivariance",
    "the_sign_of_the_matrix_is_that_of_the_diagonal",
    "-A has the diagonal -a and the same off-diagonal",
    inputs={"operator": negated},
    outputs={"diagonal": negated, "off_diagonal": unchanged},
)
powers = processes.but(power=count(1, -30, 3, low=-30, high=30))
lanczos.symmetry(
    "invariance",
    "sign_and_length_of_the_start_do_not_count",
    "A start times -2ᵏ gives the same T, bit for bit",
    cases=powers,
    inputs={"start": lambda start, case: -scaled(start, case)},
    outputs={"diagonal": unchanged, "off_diagonal": unchanged},
    same=identical,
)
lanczos.symmetry(
    "equivariance",
    "it_scales_with_the_matrix",
    "A matrix times 2ᵏ gives 2ᵏ times T, bit for bit",
    cases=powers,
    inputs={"operator": scaled},
    outputs={"diagonal": scaled, "off_diagonal": scaled},
    same=identical,
)


@lanczos.law("conservation", cases=processes)
def each_step_costs_one_product(port: Any, case: Case) -> Iterable[Fact]:
    """Each step costs one product, and there are at most n of them."""
    found = port.lanczos(case.operator, case.start, **case.hyper)
    yield agree("products", found.products, min(case.steps, len(case.start)))


PROJECTION, UNIT = "w = orthogonal_part(w, Q[: j + 1])", "start / np.sqrt(np.dot(start, start))"
BASIS, OFF_DIAGONAL = "Q[: j + 1], b, j + 1", "np.diagonal(T, 1)[:j]"
lanczos.edits(f"""
orthogonality_is_left_to_the_recurrence: Nothing is reorthogonalised: once a Ritz value has converged, its vector comes
    back, and copies of it appear
    `{PROJECTION}` → `pass`
start_of_the_process_is_not_normalised: The first row of Q is the start, whatever its length
    `{UNIT}` → `start`
padded_to_the_steps_asked_for: After the space is invariant, T and Q are filled up with zeros: eigenvalues 0 that the
    matrix need not have
    `np.diagonal(T)[: j + 1], {OFF_DIAGONAL}, {BASIS}` → `np.diagonal(T), np.diagonal(T, 1), Q, b, steps`
invariant_space_by_an_absolute_threshold: The space counts as invariant when b is below 1e-6, however small the matrix
    is
    `threshold * size` → `1e-6`
off_diagonal_is_lost: T is diagonal: the b are forgotten
    `{OFF_DIAGONAL}` → `0 * {OFF_DIAGONAL}`
squares_on_the_off_diagonal: The off-diagonal holds b², as in the three-term recurrence of polynomials that are not
    normalised
    `{OFF_DIAGONAL}` → `{OFF_DIAGONAL} ** 2`
basis_in_columns: The columns of the basis are orthonormal, not the rows
    `{BASIS}` → `np.transpose(Q[: j + 1]), b, j + 1`
one_step_too_few: The last step is not made
    `min(steps, start` → `min(max(steps - 1, 1), start`
residual_without_the_last_step: The residual norm is that before the last step, the last entry beside the diagonal
    `{BASIS}` → `Q[: j + 1], T[j - 1, j] if j > 0 else b, j + 1`
""")
