"""The Lanczos process with full reorthogonalisation, and the Ritz values, weights and vectors that it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from gnomon.curvature import lanczos as reference
from gnomon.curvature.lanczos import tridiagonal
from gnomon.curvature.operators import Dense
from gnomon.norms import length
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature import matrices_and_probes as given
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.symmetries import scaled, scaled_and_negated, shifted, unchanged
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import count, number, rotation, shapes
from gnomon_spec.system import WITH_ROOM

Outputs = TypeVar("Outputs", bound=tuple[Any, ...])
processes = Cases(
    {
        "operator": given.operator(given.symmetric_matrix(given.separate_eigenvalues())),
        "start": given.start_with_all_eigenvectors(),
        "steps": count(1, 2, 3, low=1, high=13),
    },
    given.UP_TO_TWELVE,
)
known = Cases(
    {"turn": rotation(), "eigenvalues": given.separate_eigenvalues(), "components": given.nonzero_vector()},
    given.UP_TO_TWELVE,
).but(steps=count(1, 2, 3, low=1, high=13))
ritz_pairs = known.but(variant="standard")

lanczos = system.operation(
    reference.lanczos,
    cases=processes,
    dtypes=WITH_ROOM,
    length_varies=True,
    scales={"residual_norm": lambda case: length(case.operator.matrix)},
)
ritz = system.operation(
    reference.ritz,
    cases=processes.but(variant=choice("standard", "code")),
    dtypes=WITH_ROOM,
    length_varies=True,
    scales={"residuals": lambda case: length(case.operator.matrix)},
)


def fitting(found: Outputs, shapes: Callable[[int], tuple[tuple[int, ...], ...]]) -> Outputs:
    """Return what a port found, its first parts with NaN in the shapes for 1 if they do not fit each other.

    shapes: of the first parts, given the length of the first one.
    """
    length = len(found[0])
    if length and tuple(np.shape(part) for part in found[: len(shapes(1))]) == shapes(length):
        return found
    nothing = [np.full(shape, np.nan) for shape in shapes(1)]
    return type(found)(*nothing, *found[len(nothing) :])


def decomposed(port: Any, operator: Dense, start: Any, **hyper: Any) -> Any:
    """Return what a port's Lanczos process finds."""
    return fitting(port.lanczos(operator, start, **hyper), lambda j: ((j,), (j - 1,), (j, len(start))))


def pairs(port: Any, operator: Dense, start: Any, **hyper: Any) -> Any:
    """Return the Ritz pairs that a port finds."""
    return fitting(port.ritz(operator, start, **hyper), lambda j: ((j,), (j,), (j, len(start)), (j,)))


def pairs_of_known(port: Any, case: Case) -> Any:
    """Return the Ritz pairs that a port finds of a matrix with a known spectrum."""
    return pairs(port, given.with_spectrum(case), case.turn @ case.components, **case.hyper)


@lanczos.law(
    "conservation",
    cases=known.shaped(given.TWO_TO_TWELVE).but(
        distinct=count(2, 1, 3, low=1, high=5), steps=13, power=count(0, -24, 12, low=-24, high=24)
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


@lanczos.law("closed form", cases=processes)
def it_turns_the_matrix_into_a_tridiagonal_one(port: Any, case: Case) -> Iterable[Fact]:
    """The rows of Q are orthonormal, the first one has the direction of the start, and AQᵀ - QᵀT is zero but for its
    last column, of length b_j: QAQᵀ is T."""
    found = decomposed(port, case.operator, case.start, **case.hyper)
    Q, T = found.basis, tridiagonal(found)
    rest = Q @ case.operator.matrix - T @ Q
    yield equal("orthonormal", Q @ Q.T, np.eye(len(Q)))
    yield equal("first", Q[0], case.start / np.sqrt(np.sum(case.start * case.start)))
    yield equal("others", rest[:-1], np.zeros(rest[:-1].shape))
    size = length(case.operator.matrix)
    yield equal("last", np.sqrt(np.sum(rest[-1] * rest[-1])), found.residual_norm, scale=size)
    yield equal("tridiagonal", Q @ case.operator.matrix @ Q.T, T)


@lanczos.law("closed form", cases=Cases({"turn": rotation(), "size": number(1.0)}, given.TWO_TO_TWELVE))
def two_opposite_eigenvalues_leave_the_diagonal_empty(port: Any, case: Case) -> Iterable[Fact]:
    """A = UΛUᵀ with Λ of s and -s in turn, from u₁ + u₂: after two products the diagonal is (0, 0), between them s."""
    places = np.arange(len(case.turn))
    A = case.size * (case.turn * np.where(places % 2, -1, 1)) @ case.turn.T
    found = decomposed(port, Dense(A), case.turn @ np.where(places < 2, 1, 0), steps=13)
    yield agree("products", found.products, 2)
    yield equal("diagonal", found.diagonal, np.zeros(found.diagonal.shape), scale=np.abs(case.size))
    yield equal("off_diagonal", found.off_diagonal, np.abs(case.size))


@lanczos.law(
    "bound",
    cases=Cases(
        {"turn": rotation(), "size": number(1.0), "ratio": choice(0.02, 0.05), "rest": given.share_of_the_digits()},
        shapes((12,)),
    ),
)
def orthogonality_survives_convergence(port: Any, case: Case) -> Iterable[Fact]:
    """The rows of Q stay orthonormal after a Ritz value has converged (without reorthogonalisation they do not).

    So they do where little is left of a vector at once, because the start is near two eigenvectors. How many rows
    there are is not compared: which of the small b then count as 0 may differ by thousands of roundoffs.
    """
    others = case.ratio * np.arange(1.0, 12.0) / 11
    eigenvalues = case.size * np.concatenate([np.ones(1, others.dtype), others])
    A = (case.turn * eigenvalues) @ case.turn.T
    start = case.turn @ np.where(np.arange(12) < 2, 1, case.rest)
    Q = decomposed(port, Dense(A), start, steps=12).basis
    yield equal("largest product", np.max(np.abs(Q @ Q.T - np.eye(len(Q)))), np.zeros(()))


lanczos.symmetry(
    "equivariance",
    "a_shift_moves_the_diagonal",
    "A + cI has the diagonal a + c and the same off-diagonal",
    cases=processes.but(shift=number(1.0, 2.0, exponents=(-2, 2))),
    inputs={"operator": shifted},
    outputs={"diagonal": shifted, "off_diagonal": unchanged},
)
lanczos.symmetry(
    "equivariance",
    "it_scales_with_the_matrix",
    "-2ᵏ times the matrix and the start give -2ᵏ times the diagonal and 2ᵏ times the off-diagonal, bit for bit",
    cases=processes.but(power=count(1, -30, 3, low=-30, high=30)),
    inputs={"operator": scaled_and_negated, "start": scaled_and_negated},
    outputs={"diagonal": scaled_and_negated, "off_diagonal": scaled},
    same=identical,
)


@lanczos.law("conservation", cases=processes)
def each_step_costs_one_product(port: Any, case: Case) -> Iterable[Fact]:
    """Each step costs one product, and there are at most n of them."""
    found = port.lanczos(case.operator, case.start, **case.hyper)
    yield agree("products", found.products, min(case.steps, len(case.start)))


@ritz.law("closed form", cases=ritz_pairs.but(steps=13))
def a_full_process_finds_the_spectrum(port: Any, case: Case) -> Iterable[Fact]:
    """With n steps and n different eigenvalues the Ritz values are these, the residuals 0 and weights (u·v₀)²/‖v₀‖²."""
    found, order = pairs_of_known(port, case), np.argsort(case.eigenvalues)
    yield equal("values", found.values, case.eigenvalues[order])
    yield equal("weights", found.weights, (case.components**2 / np.sum(case.components**2))[order])
    yield equal("residuals", found.residuals, np.zeros(found.residuals.shape), scale=length(case.eigenvalues))


@ritz.law("bound", cases=ritz_pairs)
def they_lie_in_the_spectrum_and_spread(port: Any, case: Case) -> Iterable[Fact]:
    """All Ritz values lie between the extreme eigenvalues, and one more step moves the extreme ones outwards or not."""
    operator, start = given.with_spectrum(case), case.turn @ case.components
    found = port.ritz(operator, start, **case.hyper).values
    more = port.ritz(operator, start, **{**case.hyper, "steps": case.steps + 1}).values
    yield at_least("largest eigenvalue", np.max(case.eigenvalues), np.max(found))
    yield at_least("smallest eigenvalue", -np.min(case.eigenvalues), -np.min(found))
    yield at_least("largest", np.max(more), np.max(found))
    yield at_least("smallest", -np.min(more), -np.min(found))


@ritz.law("closed form", cases=processes.but(variant="standard"))
def each_residual_is_that_of_its_pair(port: Any, case: Case) -> Iterable[Fact]:
    """The vectors are orthonormal, point the way of the start, and ‖Ax - θx‖ is the residual of the pair, so that an
    eigenvalue is no further away than that."""
    found = pairs(port, case.operator, case.start, **case.hyper)
    X = found.vectors
    rest = X @ case.operator.matrix - found.values[:, np.newaxis] * X
    yield equal("orthonormal", X @ X.T, np.eye(len(X)))
    size = length(case.operator.matrix)
    yield equal("residuals", np.sqrt(np.sum(rest * rest, axis=1)), found.residuals, scale=size)
    yield at_least("direction", X @ case.start, np.zeros(len(X)))


@ritz.law("closed form", cases=ritz_pairs)
def moments_are_exact_up_to_twice_the_steps(port: Any, case: Case) -> Iterable[Fact]:
    """Σ τ²θᵏ = v₀ᵀAᵏv₀/‖v₀‖² for k < 2·steps: the quadrature of Gauss."""
    found, powers = pairs_of_known(port, case), np.arange(10)
    squares, exact = case.components**2, powers < 2 * min(case.steps, len(case.components))
    moments = np.sum(squares[:, np.newaxis] * case.eigenvalues[:, np.newaxis] ** powers, axis=0) / np.sum(squares)
    measured = np.sum(found.weights[:, np.newaxis] * found.values[:, np.newaxis] ** powers, axis=0)
    yield equal("moments", np.where(exact, measured, 0), np.where(exact, moments, 0))


@ritz.law("bound", cases=ritz_pairs.shaped(given.TWO_TO_TWELVE).but(steps=count(2, 3, low=1, high=5)))
def the_largest_converges_as_kaniel_and_paige_say(port: Any, case: Case) -> Iterable[Fact]:
    """λ₁ - θ₁ <= (λ₁ - λₙ)·(tan φ₁/C(1 + 2γ))², γ = (λ₁ - λ₂)/(λ₂ - λₙ), C the Chebyshev polynomial of degree
    steps - 1."""
    largest, order = np.max(pairs_of_known(port, case).values), np.argsort(-case.eigenvalues)
    eigenvalues, squares = case.eigenvalues[order], case.components[order] ** 2
    bound = (eigenvalues[0] - eigenvalues[-1]) * np.sum(squares[1:]) / squares[0]
    steps = min(case.steps, len(order))
    if steps > 1 and len(order) == 2:
        bound = 0 * bound
    elif steps > 1:
        gamma = (eigenvalues[0] - eigenvalues[1]) / (eigenvalues[1] - eigenvalues[-1])
        before, chebyshev = np.ones_like(gamma), 1 + 2 * gamma
        for _ in range(steps - 2):
            before, chebyshev = chebyshev, 2 * (1 + 2 * gamma) * chebyshev - before
        bound = bound / (chebyshev * chebyshev)
    yield at_least("bound", bound, eigenvalues[0] - largest)


PROJECTION, UNIT = "before = length(w)\nw = orthogonal_part(w, Q[: j + 1])", "start / length(start)"
RECURRENCE = "w = w - T[j, j] * Q[j] - (T[j - 1, j] * Q[j - 1] if j > 0 else 0)"
BASIS, OFF_DIAGONAL = "Q[: j + 1], b, j + 1", "np.diagonal(T, 1)[:j]"
lanczos.edits(f"""
padded_to_the_steps_asked_for: After the space is invariant, T and Q are filled up with zeros: eigenvalues 0 that the
    matrix need not have
    `np.diagonal(T)[: j + 1], {OFF_DIAGONAL}, {BASIS}` → `np.diagonal(T), np.diagonal(T, 1), Q, b, steps`
orthogonality_is_left_to_the_recurrence: Nothing is reorthogonalised: once a Ritz value has converged, its vector comes
    back, and copies of it appear
    `{PROJECTION}` → `before = 0\n{RECURRENCE}`
start_of_the_process_is_not_normalised: The first row of Q is the start, whatever its length
    `{UNIT}` → `start`
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
VALUES, WEIGHTS, ROWS = 'if variant == "code"', "Y[0] * Y[0]", "Y.T @ found.basis"
RESIDUALS = "found.residual_norm * np.abs(Y[-1])"
ritz.edits(f"""
diagonal_taken_for_eigenvalues: The sorted |aⱼ| are returned as eigenvalues
    `{VALUES}` → `if True`
code_variant_with_ritz_values: Variant "code", too, returns the eigenvalues of T
    `{VALUES}` → `if False`
eigenvalues_of_the_diagonal: The off-diagonal of T is lost: the sorted aⱼ, with their signs, are returned as eigenvalues
    `{VALUES}` → `values = np.sort(found.diagonal)\n{VALUES}`
weights_are_not_squared: The weights are first components, not their squares
    `{WEIGHTS}` → `Y[0]`
weights_from_the_last_components: The weights are the squares of the last components of the eigenvectors and not of the
    first
    `{WEIGHTS}` → `Y[-1] * Y[-1]`
residuals_without_the_last_component: Every residual is b_j, whatever the eigenvector of T is
    `{RESIDUALS}` → `found.residual_norm + 0 * Y[-1]`
residuals_without_their_length: The residuals are last components, without b_j
    `{RESIDUALS}` → `np.abs(Y[-1])`
vectors_of_the_transposed_basis: Ritz vectors are made with the rows of the eigenvectors of T, which are its columns
    `{ROWS}` → `Y @ found.basis`
largest_value_first: Values and all that belongs to them are in descending order
    `Ritz(values, {WEIGHTS}, {ROWS}, {RESIDUALS})` →
        `Ritz(*(part[::-1] for part in (values, {WEIGHTS}, {ROWS}, {RESIDUALS})))`
values_in_units_of_the_largest: The values are divided by the largest of them in size
    `Ritz(values` → `Ritz(values / np.max(np.abs(values))`
""")
