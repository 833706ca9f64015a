"""The eigenvalues of largest size; Lanczos, ARPACK and deflated power iteration may all answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import largest_eigenvalues as reference
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Quantity
from gnomon_spec.curvature import matrices_and_probes as given
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.symmetries import scaled, scaled_and_negated, turned, unchanged
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import SMALL_CODES, count, rotation
from gnomon_spec.system import WITH_ROOM, Misfits

# ARPACK cannot find all n.
fewer_than_n = Quantity(lambda draw, c: 1 + int(draw(SMALL_CODES)) % (c.shape[0] - 1), "integer from 1 to n - 1")
eigenvalues, components = given.eigenvalues_of_separate_sizes(), given.nonzero_vector(-1, 0)
pairs = Cases(
    {
        "operator": given.operator(given.symmetric_matrix(eigenvalues)),
        "start": given.start_with_all_eigenvectors(components),
        "count": fewer_than_n,
    },
    given.TWO_TO_TWELVE,
)
known = Cases(
    {"turn": rotation(), "eigenvalues": eigenvalues, "components": components, "count": fewer_than_n},
    given.TWO_TO_TWELVE,
)

largest_eigenvalues = system.operation(reference.largest_eigenvalues, cases=pairs, dtypes=WITH_ROOM, own=("products",))


@largest_eigenvalues.misfits()
def more_eigenvalues_than_dimensions_are_rejected(case: Case) -> Misfits:
    """That n + 1 eigenvalues are asked for is rejected."""
    return {"count = n + 1": {"count": len(case.start) + 1}}


@largest_eigenvalues.law("closed form", cases=known)
def they_are_those_that_the_matrix_was_made_of(port: Any, case: Case) -> Iterable[Fact]:
    """Of A = UΛUᵀ they are the largest |λ|, with their signs, and the vectors are columns of U that point the way of
    the start."""
    found = port.largest_eigenvalues(given.with_spectrum(case), case.turn @ case.components, **case.hyper)
    order = np.argsort(-np.abs(case.eigenvalues))[: case.count]
    yield equal("values", found.values, case.eigenvalues[order])
    yield equal("vectors", found.vectors, (case.turn * np.copysign(1, case.components)).T[order])


@largest_eigenvalues.law("closed form")
def the_vectors_are_orthonormal_eigenvectors(port: Any, case: Case) -> Iterable[Fact]:
    """The vectors are orthonormal, Au = λu, u·v₀ >= 0; they come in descending order of size, and orthogonal to them
    |x·Ax| <= |λ|·x·x, λ the last of them: nothing larger is left.

    A vector is known to about u·|λ₁/λ|: so much of the others is left in it by deflation, too.
    """
    found = port.largest_eigenvalues(case.operator, case.start, **case.hyper)
    U, sizes, A = found.vectors, np.abs(found.values), case.operator.matrix
    true = np.sort(np.abs(lapack(np.linalg.eigvalsh, A)))[::-1][: case.count]
    yield equal("orthonormal", U @ U.T, np.eye(len(U)), scale=true[0] / np.minimum(true, true[:, np.newaxis]))
    yield equal("residuals", U @ A - found.values[:, np.newaxis] * U, np.zeros(U.shape))
    yield at_least("direction", U @ case.start, np.zeros(len(U)))
    yield at_least("order", sizes[:-1], sizes[1:])
    rest = case.start - (U @ case.start) @ U
    yield at_least("rest", sizes[-1] * np.sum(rest * rest), np.abs(rest @ A @ rest))


largest_eigenvalues.symmetry(
    "equivariance",
    "they_scale_with_the_matrix",
    "-2ᵏ times the matrix has -2ᵏ times the eigenvalues, and 2ᵏ times the start the same vectors",
    cases=pairs.but(power=count(1, 3, low=-10, high=10)),
    inputs={"operator": scaled_and_negated, "start": scaled},
    outputs={"values": scaled_and_negated, "vectors": unchanged},
)
largest_eigenvalues.symmetry(
    "equivariance",
    "they_do_not_leave_the_range_before_the_matrix_does",
    "2ᵏ times the matrix has 2ᵏ times the eigenvalues and the same vectors, wherever in the range of the dtype that is",
    cases=pairs.but(power=given.power_for_an_operator()),
    inputs={"operator": scaled},
    outputs={"values": scaled, "vectors": unchanged},
)
largest_eigenvalues.symmetry(
    "invariance",
    "a_similar_matrix_has_the_same_eigenvalues",
    "Turned together with the start, the matrix has the same eigenvalues, and vectors turned alike",
    cases=pairs.but(turn=rotation()),
    inputs={"operator": turned, "start": turned},
    outputs={"values": unchanged, "vectors": turned},
)


@largest_eigenvalues.law("bound")
def each_eigenvalue_costs_a_product(port: Any, case: Case) -> Iterable[Fact]:
    """k eigenvectors are not found with fewer than k products."""
    products = port.largest_eigenvalues(case.operator, case.start, **case.hyper).products
    yield agree("at least k products", bool(products >= case.count), True)


ORDER, VALUES, VECTORS = "np.argsort(-np.abs(values))", "Eigenpairs(values[order]", "Y[:, order].T @ found.basis"
largest_eigenvalues.edits(f"""
sizes_of_the_eigenvalues: The sign of the eigenvalues is lost: |λ| is returned
    `{VALUES}` → `Eigenpairs(np.abs(values[order])`
sorted_sizes_on_the_diagonal: The largest |aⱼ|, on the diagonal of the tridiagonal matrix, are taken for eigenvalues
    `{VALUES}` → `Eigenpairs(np.sort(np.abs(found.diagonal))[::-1][:count]`
in_units_of_the_largest: They are divided by the largest of them
    `{VALUES}` → `Eigenpairs(values[order] / np.abs(values[order][0])`
squares_of_the_eigenvalues: They are those of A², applied twice
    `{VALUES}` → `Eigenpairs(values[order] ** 2`
algebraically_largest: The largest eigenvalues are returned, and not those of largest size (`which="LA"` and not "LM")
    `{ORDER}[:count]` → `np.argsort(-values)[:count]`
smallest_in_size: The eigenvalues of smallest size are returned
    `{ORDER}[:count]` → `np.argsort(np.abs(values))[:count]`
largest_size_last: They come in ascending order of size
    `{ORDER}[:count]` → `{ORDER}[:count][::-1]`
in_ascending_order: They come in ascending order, as from ARPACK, not by size
    `{ORDER}[:count]` → `np.sort({ORDER}[:count])`
vectors_in_another_order: The values are sorted by size, and their vectors are left in ascending order of the values
    `{VECTORS}` → `Y[:, np.sort(order)].T @ found.basis`
vectors_in_the_krylov_basis: The vectors are those of T, not brought back by the basis
    `{VECTORS}` → `Y[:, order].T`
vectors_that_point_back: The vectors have u·v₀ <= 0
    `{VECTORS}` → `-{VECTORS}`
products_are_not_counted_at_all: The number of products is left at 0
    `{VECTORS}, found.products` → `{VECTORS}, 0`
fewer_eigenvalues_than_asked_for: If more eigenvalues are asked for than there are, those that there are are returned
    `count > found.products` → `False`
""")
