"""The Lanczos process with full reorthogonalisation."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.curvature import lanczos as reference
from gnomon.curvature.lanczos import Lanczos, tridiagonal
from gnomon.curvature.operators import Dense
from gnomon.curvature.operators import product as product_of
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.bad_input import finite_only, not_finite
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.quantities import TWO_OR_MORE, nonzero_vector, operator
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.strategies import CODES, VECTORS, count, number, rotation, shapes
from gnomon_spec.system import WITH_ROOM


def separate_eigenvalues() -> Quantity:
    """Eigenvalues (n,), n <= 17: different integers from -8 to 8, times 1/8."""

    def draw_eigenvalues(draw: Draw, context: Context) -> Any:
        order = np.random.Generator(np.random.PCG64(draw(CODES))).permutation(17)
        return np.asarray((order[: context.shape[0]] - 8) / 8, context.dtype)

    return Quantity(draw_eigenvalues, "different multiples of 1/8 in [-1, 1], shape (n,)")


def separate_matrix() -> Quantity:
    """A symmetric matrix (n, n) whose eigenvalues are different multiples of 1/8."""

    def draw_matrix(draw: Draw, context: Context) -> Any:
        double = context._replace(dtype=np.dtype(np.float64))
        turn, eigenvalues = rotation().draw(draw, double), separate_eigenvalues().draw(draw, double)
        matrix = (turn * eigenvalues) @ turn.T
        return np.asarray((matrix + matrix.T) / 2, context.dtype)

    return Quantity(draw_matrix, "symmetric matrix (n, n), eigenvalues different multiples of 1/8 in [-1, 1]")


def start_with_all_eigenvectors() -> Quantity:
    """A start whose components along the eigenvectors of the drawn operator are from 1/4 to 4 in size."""
    components = nonzero_vector()

    def draw_start(draw: Draw, context: Context) -> Any:
        _, vectors = np.linalg.eigh(context.drawn["operator"].matrix.astype(np.float64))
        drawn = components.draw(draw, context._replace(dtype=np.dtype(np.float64)))
        return np.asarray(vectors @ drawn, context.dtype)

    return Quantity(draw_start, "vector (n,), components along all eigenvectors from 1/4 to 4 in size")


processes = Cases(
    {
        "operator": operator(separate_matrix()),
        "start": start_with_all_eigenvectors(),
        "steps": count(1, 2, 3, low=1, high=6),
    },
    VECTORS,
)
spectra = Cases(
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
    cases=spectra.shaped(TWO_OR_MORE).but(
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


@lanczos.law("rejects", cases=processes.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    yield rejects("not finite", lambda: port.lanczos(not_finite(case.operator, case.bad), case.start, **case.hyper))


@lanczos.law("rejects", cases=processes)
def starts_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A start that is zero, longer, of integers, with a NaN or no vector is rejected, and so are no steps."""
    for label, wrong in bad_starts(case.start):
        yield rejects(label, partial(port.lanczos, case.operator, wrong, **case.hyper))
    yield rejects("steps = 0", lambda: port.lanczos(case.operator, case.start, **{**case.hyper, "steps": 0}))


def with_spectrum(case: Case) -> tuple[Dense, Any]:
    """Return the operator and the start of a case of `spectra`."""
    return Dense((case.turn * case.eigenvalues) @ case.turn.T), case.turn @ case.components


def fitting(found: Lanczos, dimension: int) -> Lanczos:
    """Return what a port found; NaN in arrays of the right shapes if those that it returned do not fit each other."""
    j = len(found.diagonal)
    shapes_ = ((j,), (max(j - 1, 0),), (j, dimension))
    if tuple(np.shape(part) for part in found[:3]) == shapes_ and j > 0:
        return found
    number = np.full((1,), np.nan)
    return Lanczos(number, number[:0], np.full((1, dimension), np.nan), number[0], found.products)


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
    """A + cI has the diagonal a + c and the same off-diagonal; -A has -a and the same off-diagonal."""
    A = case.operator.matrix
    size = np.max(np.abs(A))
    shifted = Dense(A + case.shift * size * np.eye(len(A)))
    found, moved, mirrored = (port.lanczos(op, case.start, **case.hyper) for op in (case.operator, shifted, Dense(-A)))
    yield equal("diagonal", moved.diagonal, found.diagonal + case.shift * size)
    yield equal("off-diagonal", moved.off_diagonal, found.off_diagonal)
    yield equal("mirrored", mirrored.diagonal, -found.diagonal)
    yield equal("mirrored off-diagonal", mirrored.off_diagonal, found.off_diagonal)


@lanczos.law("invariance", cases=processes.but(power=count(1, -30, 3, low=-30, high=30)))
def sign_and_length_of_the_start_do_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """A start times -2ᵏ gives the same T, and a matrix times 2ᵏ gives 2ᵏ times T, bit for bit."""
    scale = 2.0**case.power
    found = port.lanczos(case.operator, case.start, **case.hyper)
    again = port.lanczos(case.operator, -scale * case.start, **case.hyper)
    scaled = port.lanczos(Dense(case.operator.matrix * scale), case.start, **case.hyper)
    yield identical("diagonal", again.diagonal, found.diagonal)
    yield identical("off-diagonal", again.off_diagonal, found.off_diagonal)
    yield identical("scaled diagonal", scaled.diagonal, scale * found.diagonal)
    yield identical("scaled off-diagonal", scaled.off_diagonal, scale * found.off_diagonal)


@lanczos.law("conservation", cases=processes)
def each_step_costs_one_product(port: Any, case: Case) -> Iterable[Fact]:
    """Each step costs one product, and there are at most n of them."""
    found = port.lanczos(case.operator, case.start, **case.hyper)
    yield agree("products", found.products, min(case.steps, len(case.start)))


def bad_starts(start: Any) -> Iterable[tuple[str, Any]]:
    """Return starts that do not fit, each with what is wrong with it."""
    first = np.arange(len(start)) == 0
    return (
        ("zero", 0 * start),
        ("longer", np.concatenate([start, start])),
        ("integers", np.ones(start.shape, np.int64)),
        ("a NaN", np.where(first, np.asarray(np.nan, start.dtype), start)),
        ("two dimensions", start[np.newaxis]),
    )


def process(
    operator: Any,
    start: Any,
    *,
    steps: int,
    orthogonalised: bool = True,
    normalised: bool = True,
    threshold: float | None = None,
) -> Lanczos:
    """Return the Lanczos process as the reference does it, with one of its rules changed."""
    right = reference.lanczos(operator, start, steps=steps)
    n = len(start)
    relative = n * max(1e-12, 4500 * float(np.finfo(start.dtype).eps))
    rows = [start / np.sqrt(np.dot(start, start)) if normalised else start]
    a: list[Any] = []
    b: list[Any] = []
    while True:
        w = product_of(operator, rows[-1], len(a))
        a.append(np.dot(rows[-1], w))
        w = w - a[-1] * rows[-1]
        if b:
            w = w - b[-1] * rows[-2]
        Q = np.stack(rows)
        for _ in range(2 if orthogonalised else 0):
            w = w - (Q @ w) @ Q
        b.append(np.sqrt(np.dot(w, w)))
        size = np.max(np.abs(np.stack(a)) + np.stack(b))
        is_invariant = b[-1] <= (relative * size if threshold is None else threshold)
        if len(a) == min(steps, n) or bool(is_invariant):
            off = np.stack(b[:-1]) if len(b) > 1 else right.diagonal[:0]
            return Lanczos(np.stack(a), off, Q, b[-1], len(a))
        rows.append(w / b[-1])


@system.mistake("lanczos")
def orthogonality_is_left_to_the_recurrence(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """Nothing is reorthogonalised: once a Ritz value has converged, its vector comes back, and copies of it appear."""
    return process(operator, start, steps=steps, orthogonalised=False)


@system.mistake("lanczos")
def start_of_the_process_is_not_normalised(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """The first row of Q is the start itself, whatever its length."""
    return process(operator, start, steps=steps, normalised=False)


@system.mistake("lanczos")
def padded_to_the_steps_asked_for(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """After the space is invariant, T and Q are filled up with zeros: eigenvalues 0 that the matrix need not have."""
    found = reference.lanczos(operator, start, steps=steps)
    missing = min(steps, len(start)) - found.products
    if missing == 0:
        return found
    diagonal = np.concatenate([found.diagonal, np.repeat(0 * found.diagonal[:1], missing)])
    off_diagonal = np.concatenate([found.off_diagonal, np.repeat(0 * found.diagonal[:1], missing)])
    basis = np.concatenate([found.basis, np.repeat(0 * found.basis[:1], missing, axis=0)])
    return Lanczos(diagonal, off_diagonal, basis, found.residual_norm, found.products + missing)


@system.mistake("lanczos")
def invariant_space_by_an_absolute_threshold(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """The space counts as invariant when b is below 1e-6, however small the matrix is."""
    return process(operator, start, steps=steps, threshold=1e-6)


@system.mistake("lanczos")
def off_diagonal_is_lost(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """T is diagonal: the b are forgotten."""
    found = reference.lanczos(operator, start, steps=steps)
    return found._replace(off_diagonal=0 * found.off_diagonal)


@system.mistake("lanczos")
def squares_on_the_off_diagonal(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """The off-diagonal holds b², as in the three-term recurrence of polynomials that are not normalised."""
    found = reference.lanczos(operator, start, steps=steps)
    return found._replace(off_diagonal=found.off_diagonal * found.off_diagonal)


@system.mistake("lanczos")
def basis_in_columns(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """The orthonormal vectors are the columns of the basis and not its rows."""
    found = reference.lanczos(operator, start, steps=steps)
    return found._replace(basis=found.basis.T)


@system.mistake("lanczos")
def one_step_too_few(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """The last step is not made."""
    return reference.lanczos(operator, start, steps=max(steps - 1, min(steps, 1)))


@system.mistake("lanczos")
def residual_without_the_last_step(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """The residual norm is that before the last step, the last entry beside the diagonal."""
    found = reference.lanczos(operator, start, steps=steps)
    return found._replace(residual_norm=found.off_diagonal[-1]) if len(found.off_diagonal) else found


@system.mistake("lanczos")
def krylov_vectors_that_are_not_finite_count_as_nothing(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """A NaN or an infinity in a product is replaced by 0."""
    return reference.lanczos(finite_only(operator), start, steps=steps)


@system.mistake("lanczos")
def start_of_the_process_is_not_checked(operator: Any, start: Any, *, steps: int) -> Lanczos:
    """Whatever is given is used, and products are not looked at."""
    A = operator.matrix
    v = start.reshape(-1)[: len(A)] / np.sqrt(np.sum(start * start))
    w = A @ v
    rest = w - np.sum(v * w) * v
    return Lanczos(
        np.sum(v * w)[np.newaxis], (v * w)[:0], v[np.newaxis], np.sqrt(np.sum(rest * rest)), min(steps, len(A))
    )
