"""The eigenvalues of largest size; Lanczos, ARPACK and deflated power iteration may all answer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gnomon.curvature import extreme as reference
from gnomon.curvature.extreme import Eigenpairs
from gnomon.curvature.lanczos import lanczos, tridiagonal
from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.bad_input import finite_only, not_finite
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.lanczos import bad_starts
from gnomon_spec.curvature.quantities import operator
from gnomon_spec.facts import Fact, agree, at_least, equal, rejects
from gnomon_spec.strategies import CODES, SMALL_CODES, count, rotation, shapes
from gnomon_spec.system import WITH_ROOM

# With more, b of the Lanczos process may be taken for 0 in float32.
TWO_TO_FOUR = shapes((2,), (3,), (4,), (2,), (3,))


def eigenvalues_of_separate_sizes() -> Quantity:
    """Eigenvalues ±(1 + fraction/4)/2ⁱ, i = 0, …, n - 1 in any order: each at most 5/8 of the one before in size."""

    def draw_eigenvalues(draw: Draw, context: Context) -> Any:
        (n,) = context.shape
        exponents = np.random.Generator(np.random.PCG64(draw(CODES))).permutation(n)
        codes = draw(st.lists(CODES, min_size=n, max_size=n))
        sizes = [1 + code // 2 % 997 / (4 * 997) for code in codes]
        signs = [-1.0 if code % 2 else 1.0 for code in codes]
        return np.asarray(np.array(signs) * np.array(sizes) / 2.0**exponents, context.dtype)

    return Quantity(
        draw_eigenvalues, "eigenvalues (n,), each at most 5/8 of the one before in size, any sign, any order"
    )


def components() -> Quantity:
    """Components along the eigenvectors, from 1/2 to 2 in size."""

    def draw_components(draw: Draw, context: Context) -> Any:
        codes = draw(st.lists(CODES, min_size=context.shape[0], max_size=context.shape[0]))
        entries = [(-1.0 if c % 2 else 1.0) * (1 + c // 4 % 997 / 997) * 2.0 ** -(c // 2 % 2) for c in codes]
        return np.array(entries, context.dtype)

    return Quantity(draw_components, "vector (n,), entries from 1/2 to 2 in size")


def separate_matrix() -> Quantity:
    """A symmetric matrix with such eigenvalues."""

    def draw_matrix(draw: Draw, context: Context) -> Any:
        double = context._replace(dtype=np.dtype(np.float64))
        turn, eigenvalues = rotation().draw(draw, double), eigenvalues_of_separate_sizes().draw(draw, double)
        matrix = (turn * eigenvalues) @ turn.T
        return np.asarray((matrix + matrix.T) / 2, context.dtype)

    return Quantity(draw_matrix, "symmetric matrix (n, n), its eigenvalues each at most 5/8 of the one before in size")


def start_with_all_eigenvectors() -> Quantity:
    """A start with such components along the eigenvectors of the drawn operator."""

    def draw_start(draw: Draw, context: Context) -> Any:
        _, vectors = np.linalg.eigh(context.drawn["operator"].matrix.astype(np.float64))
        drawn = components().draw(draw, context._replace(dtype=np.dtype(np.float64)))
        return np.asarray(vectors @ drawn, context.dtype)

    return Quantity(draw_start, "vector (n,), components along all eigenvectors from 1/2 to 2 in size")


def fewer_than_n() -> Quantity:
    """A count from 1 to n - 1: ARPACK cannot find all n."""

    def draw_count(draw: Draw, context: Context) -> int:
        return 1 + int(draw(SMALL_CODES)) % (context.shape[0] - 1)

    return Quantity(draw_count, "integer from 1 to n - 1")


pairs = Cases(
    {"operator": operator(separate_matrix()), "start": start_with_all_eigenvectors(), "count": fewer_than_n()},
    TWO_TO_FOUR,
)
known = Cases(
    {
        "turn": rotation(),
        "eigenvalues": eigenvalues_of_separate_sizes(),
        "components": components(),
        "count": fewer_than_n(),
    },
    TWO_TO_FOUR,
)

largest_eigenvalues = system.operation(reference.largest_eigenvalues, cases=pairs, dtypes=WITH_ROOM, own=("products",))


@largest_eigenvalues.law("rejects", cases=pairs.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    wrong = not_finite(case.operator, case.bad)
    yield rejects("not finite", lambda: port.largest_eigenvalues(wrong, case.start, **case.hyper))


@largest_eigenvalues.law("rejects")
def starts_and_counts_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A start that is zero, longer, of integers, with a NaN or no vector is rejected, and so are no and n + 1
    eigenvalues."""
    for label, wrong in bad_starts(case.start):
        yield rejects(label, partial(port.largest_eigenvalues, case.operator, wrong, **case.hyper))
    for wrong_count in (0, len(case.start) + 1):
        yield rejects(
            f"count = {wrong_count}",
            partial(port.largest_eigenvalues, case.operator, case.start, count=wrong_count),
        )


@largest_eigenvalues.law("closed form", cases=known)
def they_are_those_that_the_matrix_was_made_of(port: Any, case: Case) -> Iterable[Fact]:
    """Of A = UΛUᵀ they are the largest |λ|, with their signs, and the vectors are columns of U that point the way of
    the start."""
    found = port.largest_eigenvalues(
        Dense((case.turn * case.eigenvalues) @ case.turn.T), case.turn @ case.components, **case.hyper
    )
    order = np.argsort(-np.abs(case.eigenvalues))[: case.count]
    yield equal("values", found.values, case.eigenvalues[order])
    yield equal("vectors", found.vectors, (case.turn * np.copysign(1, case.components)).T[order])


@largest_eigenvalues.law("closed form")
def the_vectors_are_orthonormal_eigenvectors(port: Any, case: Case) -> Iterable[Fact]:
    """The vectors are orthonormal, Au = λu, and u·v₀ >= 0."""
    found = port.largest_eigenvalues(case.operator, case.start, **case.hyper)
    U = found.vectors
    yield equal("orthonormal", U @ U.T, np.eye(len(U)))
    yield equal("residuals", U @ case.operator.matrix - found.values[:, np.newaxis] * U, np.zeros(U.shape))
    yield at_least("direction", U @ case.start, np.zeros(len(U)))


@largest_eigenvalues.law("bound")
def nothing_larger_is_left(port: Any, case: Case) -> Iterable[Fact]:
    """They come in descending order of size, and orthogonal to their vectors |x·Ax| <= |λ|·x·x, λ the last of them."""
    found = port.largest_eigenvalues(case.operator, case.start, **case.hyper)
    sizes, U = np.abs(found.values), found.vectors
    yield at_least("order", sizes[:-1], sizes[1:])
    rest = case.start - (U @ case.start) @ U
    yield at_least("rest", sizes[-1] * np.sum(rest * rest), np.abs(rest @ case.operator.matrix @ rest))


@largest_eigenvalues.law("equivariance", cases=pairs.but(power=count(1, 3, low=-10, high=10)))
def they_scale_with_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix times -2ᵏ has -2ᵏ times the eigenvalues, and the same vectors."""
    scale = -(2.0**case.power)
    found = port.largest_eigenvalues(case.operator, case.start, **case.hyper)
    scaled = port.largest_eigenvalues(Dense(case.operator.matrix * scale), case.start, **case.hyper)
    yield equal("values", scaled.values, scale * found.values)
    yield equal("vectors", scaled.vectors, found.vectors)


@largest_eigenvalues.law("invariance", cases=pairs.but(turn=rotation()))
def a_similar_matrix_has_the_same_eigenvalues(port: Any, case: Case) -> Iterable[Fact]:
    """Turned together with the start, the matrix has the same eigenvalues, and vectors turned alike."""
    R = case.turn
    found = port.largest_eigenvalues(case.operator, case.start, **case.hyper)
    turned = port.largest_eigenvalues(Dense(R @ case.operator.matrix @ R.T), R @ case.start, **case.hyper)
    yield equal("values", turned.values, found.values)
    yield equal("vectors", turned.vectors, found.vectors @ R.T)


@largest_eigenvalues.law("invariance", cases=pairs.but(power=count(1, 3, low=-10, high=10)))
def the_length_of_the_start_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """A start times 2ᵏ gives the same values and vectors."""
    found = port.largest_eigenvalues(case.operator, case.start, **case.hyper)
    again = port.largest_eigenvalues(case.operator, case.start * 2.0**case.power, **case.hyper)
    yield equal("values", again.values, found.values)
    yield equal("vectors", again.vectors, found.vectors)


@largest_eigenvalues.law("bound")
def each_eigenvalue_costs_a_product(port: Any, case: Case) -> Iterable[Fact]:
    """k eigenvectors are not found with fewer than k products."""
    products = port.largest_eigenvalues(case.operator, case.start, **case.hyper).products
    yield agree("at least k products", bool(products >= case.count), True)


def chosen(operator: Any, start: Any, count: int, keys: Any) -> Eigenpairs:
    """Return the reference's eigenpairs, `count` of all n, in the ascending order of keys(values)."""
    found = reference.largest_eigenvalues(operator, start, count=len(start))
    order = np.argsort(keys(found.values))[:count]
    return found._replace(values=found.values[order], vectors=found.vectors[order])


@system.mistake("largest_eigenvalues")
def sizes_of_the_eigenvalues(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The sign of the eigenvalues is lost: |λ| is returned."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    return found._replace(values=np.abs(found.values))


@system.mistake("largest_eigenvalues")
def algebraically_largest(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The largest eigenvalues are returned, and not those of largest size (`which="LA"` and not "LM")."""
    reference.largest_eigenvalues(operator, start, count=count)
    return chosen(operator, start, count, lambda values: -values)


@system.mistake("largest_eigenvalues")
def smallest_in_size(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The eigenvalues of smallest size are returned."""
    reference.largest_eigenvalues(operator, start, count=count)
    return chosen(operator, start, count, np.abs)


@system.mistake("largest_eigenvalues")
def largest_size_last(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """They come in ascending order of size."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    return found._replace(values=found.values[::-1], vectors=found.vectors[::-1])


@system.mistake("largest_eigenvalues")
def in_ascending_order(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """They come in ascending order, as ARPACK returns them, and not in that of size."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    order = np.argsort(found.values)
    return found._replace(values=found.values[order], vectors=found.vectors[order])


@system.mistake("largest_eigenvalues")
def vectors_in_another_order(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The values are sorted by size, and their vectors are left in ascending order of the values."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    return found._replace(vectors=found.vectors[np.argsort(found.values)])


@system.mistake("largest_eigenvalues")
def one_step_before_the_end(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The Krylov space is left one step too early: Ritz values that have not converged."""
    reference.largest_eigenvalues(operator, start, count=count)
    found = lanczos(operator, start, steps=max(count, len(start) - 1))
    values, Y = np.linalg.eigh(tridiagonal(found))
    order = np.argsort(-np.abs(values))[:count]
    Y = (Y * np.copysign(1, Y[0]))[:, order]
    return Eigenpairs(values[order], Y.T @ found.basis, found.products)


@system.mistake("largest_eigenvalues")
def sorted_sizes_on_the_diagonal(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The largest |aⱼ|, on the diagonal of the tridiagonal matrix, are taken for eigenvalues."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    process = lanczos(operator, start, steps=len(start))
    return found._replace(values=np.sort(np.abs(process.diagonal))[::-1][:count])


@system.mistake("largest_eigenvalues")
def in_units_of_the_largest(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The eigenvalues are divided by the first of them in size."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    return found._replace(values=found.values / np.abs(found.values[0]))


@system.mistake("largest_eigenvalues")
def squares_of_the_eigenvalues(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The eigenvalues are those of A², of the operator that was applied twice."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    return found._replace(values=found.values * found.values)


@system.mistake("largest_eigenvalues")
def start_of_the_eigenvalues_is_not_normalised(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The start is not scaled to length 1: the eigenvalues are multiplied by the square of its length."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    return found._replace(values=found.values * np.dot(start, start))


@system.mistake("largest_eigenvalues")
def vectors_in_the_krylov_basis(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The vectors are those of the tridiagonal matrix, not brought back by the basis."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    return found._replace(vectors=found.vectors @ lanczos(operator, start, steps=len(start)).basis.T)


@system.mistake("largest_eigenvalues")
def vectors_that_point_back(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The vectors have u·v₀ <= 0."""
    found = reference.largest_eigenvalues(operator, start, count=count)
    return found._replace(vectors=-found.vectors)


@system.mistake("largest_eigenvalues")
def products_are_not_counted_at_all(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """The number of products is left at 0."""
    return reference.largest_eigenvalues(operator, start, count=count)._replace(products=0)


@system.mistake("largest_eigenvalues")
def eigenvalues_that_are_not_finite_count_as_nothing(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """A NaN or an infinity in a product is replaced by 0."""
    return reference.largest_eigenvalues(finite_only(operator), start, count=count)


@system.mistake("largest_eigenvalues")
def start_of_the_eigenvalues_is_not_checked(operator: Any, start: Any, *, count: int) -> Eigenpairs:
    """Whatever is given is used, and products are not looked at."""
    A = operator.matrix
    v = start.reshape(-1)[: len(A)] / np.sqrt(np.sum(start * start))
    value = np.sum(v * (A @ v))
    return Eigenpairs(np.repeat(value[np.newaxis], max(count, 1)), np.stack([v] * max(count, 1)), len(A))
