"""Hutch++: the trace of the part of A that a sketch sees, exactly, and Hutchinson's estimate of the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import trace as reference
from gnomon.curvature.draws import all_signs
from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Cases
from gnomon_spec.curvature import matrices_and_probes as given
from gnomon_spec.curvature.estimators import system
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import VECTORS, count, rotation
from gnomon_spec.system import WITH_ROOM, Misfits

estimates = Cases(
    {"operator": given.operator(given.regular_matrix()), "sketch": given.orthonormal_rows(), "probes": given.probes()},
    VECTORS,
)
sketched = estimates.but(sketch=given.orthonormal_rows(1))

hutchpp = system.operation(reference.hutchpp, cases=estimates, rejecting=sketched, dtypes=WITH_ROOM)


@hutchpp.misfits(cases=sketched)
def more_than_n_sketch_vectors_are_rejected(case: Case) -> Misfits:
    """A sketch of more vectors than there are dimensions is rejected."""
    many = np.concatenate([case.operator.matrix, case.sketch])
    return {"more than n": {"sketch": many}}


@hutchpp.law("fixed point", cases=estimates)
def of_nothing_the_trace_is_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """The zero matrix has trace 0; no column of AΩ is left, so it costs k + l products."""
    found = port.hutchpp(Dense(0 * case.operator.matrix), case.sketch, case.probes)
    yield equal("trace", found.trace, 0 * np.trace(case.operator.matrix))
    yield agree("products", found.products, len(case.sketch) + len(case.probes))


@hutchpp.law("closed form", cases=sketched.but(turn=rotation(), eigenvalues=given.nonzero_vector()))
def a_matrix_of_low_rank_has_no_rest(port: Any, case: Case) -> Iterable[Fact]:
    """If the rank of A is that of the sketch, the trace is exact whatever the probes."""
    seen = np.arange(len(case.eigenvalues)) < len(case.sketch)
    A = (case.turn * np.where(seen, case.eigenvalues, 0)) @ case.turn.T
    found = port.hutchpp(Dense(A), case.sketch, case.probes)
    yield equal("trace", found.trace, np.trace(A))


@hutchpp.law("closed form", cases=estimates.shaped(given.UP_TO_FOUR).but(sketch=given.probes(1)))
def only_the_rest_varies(port: Any, case: Case) -> Iterable[Fact]:
    """Given one sketch vector ω, over all signs the estimate has mean tr A, and a sample varies by 2·Σ_{i≠j} Mᵢⱼ²,
    M = PAP, P = I - bbᵀ/bᵀb, b = Aω."""
    A = case.operator.matrix
    found = port.hutchpp(case.operator, case.sketch, all_signs(len(A)))
    b = A @ case.sketch[0]
    P = np.eye(len(A)) - np.outer(b, b) / (b @ b)
    M = P @ A @ P
    off = M - np.diag(np.diagonal(M))
    yield equal("trace", found.trace, np.trace(A))
    yield equal("variance", given.variance(found.samples, np.trace(M)), 2 * np.sum(off * off))


@hutchpp.law("limit", cases=estimates)
def without_a_sketch_it_is_hutchinsons_estimator(port: Any, case: Case) -> Iterable[Fact]:
    """With no sketch vector the samples are zᵀAz and the estimate is their mean; one product each."""
    found = port.hutchpp(case.operator, case.sketch[:0], case.probes)
    samples = np.sum(case.probes * (case.probes @ case.operator.matrix.T), axis=1)
    yield equal("samples", found.samples, samples)
    yield equal("trace", found.trace, np.mean(samples))
    yield agree("products", found.products, len(case.probes))


@hutchpp.law(
    "bound",
    cases=Cases(
        {"turn": rotation(), "eigenvalues": given.nonzero_vector(), "sketch": given.orthonormal_rows(1)}, VECTORS
    ),
)
def a_good_sketch_bounds_the_variance_by_the_trace(port: Any, case: Case) -> Iterable[Fact]:
    """If A is positive definite and the sketch holds its k leading eigenvectors, a sample varies over all signs by at
    most (tr A)²/(2k)."""
    k = len(case.sketch)
    eigenvalues = np.sort(np.abs(case.eigenvalues))[::-1] ** 4
    A = (case.turn * eigenvalues) @ case.turn.T
    samples = port.hutchpp(Dense(A), case.turn.T[:k], all_signs(len(A))).samples
    total = np.sum(eigenvalues)
    yield at_least("variance", total * total / (2 * k), given.variance(samples, np.mean(samples)))


@hutchpp.law("invariance", cases=sketched.but(power=count(0, -30, 30, low=-30, high=30)))
def only_the_span_of_the_sketch_counts(port: Any, case: Case) -> Iterable[Fact]:
    """Scaling, reordering and adding up the sketch vectors changes neither samples nor trace."""
    found = port.hutchpp(case.operator, case.sketch, case.probes)
    before = np.concatenate([0 * case.sketch[:1], case.sketch[:-1]])
    mixed = (case.sketch + before / 2)[::-1] * (2.0 - np.arange(len(case.sketch)) % 2)[:, np.newaxis]
    mixed = mixed * 2.0**case.power
    again = port.hutchpp(case.operator, mixed, case.probes)
    yield equal("samples", again.samples, found.samples)
    yield equal("trace", again.trace, found.trace)


@hutchpp.law("closed form", cases=estimates.shaped(given.TWO_OR_MORE).but(turn=rotation(), power=count(0, 8, high=10)))
def a_complete_sketch_leaves_no_rest(port: Any, case: Case) -> Iterable[Fact]:
    """n independent sketch vectors give tr A, also where they are almost the same: columns are orthogonalised twice."""
    sketch = 1 + case.turn * 2.0**-case.power
    found = port.hutchpp(case.operator, sketch, case.probes)
    yield equal("trace", found.trace, np.trace(case.operator.matrix))


unequal = Cases(
    {"operator": given.operator(given.regular_matrix()), "turn": rotation(), "probes": given.probes()},
    given.TWO_OR_MORE,
)


@hutchpp.law("invariance", cases=unequal)
def columns_that_depend_on_others_or_vanish_beside_them_are_left_out(port: Any, case: Case) -> Iterable[Fact]:
    """A sketch vector that is another one times 2⁻⁶ changes neither samples nor trace and costs one product; nor does
    one that is too short, beside the others, for what is left of its column to be n·ε times the longest. What is small
    for A, 2⁻⁴⁵ in float32 and 2⁻¹⁸⁰ in float64, is not small beside itself."""
    sketch, other = case.turn[: len(case.turn) // 2], case.turn[-1]
    short = other * 2.0 ** -(np.finfo(port.dtype).nmant + 10)
    for unit, scale in (("", 1.0), (", small", 2.0 ** (-180 if port.dtype == np.float64 else -45))):
        operator = Dense(case.operator.matrix * scale)
        one, cost = port.hutchpp(operator, sketch, case.probes), 2 * len(sketch) + len(case.probes)
        yield agree(f"products{unit}", one.products, cost)
        for words, row in (("dependent", sketch[0] / 64), ("short", short)):
            found = port.hutchpp(operator, np.concatenate([sketch, row[np.newaxis]]), case.probes)
            yield equal(f"samples, {words}{unit}", found.samples, one.samples)
            yield equal(f"trace, {words}{unit}", found.trace, one.trace)
            yield agree(f"products, {words}{unit}", found.products, cost + 1)


@hutchpp.law("conservation", cases=estimates)
def it_costs_two_products_for_each_sketch_vector(port: Any, case: Case) -> Iterable[Fact]:
    """k sketch vectors and l probes cost 2k + l products."""
    found = port.hutchpp(case.operator, case.sketch, case.probes)
    yield agree("products", found.products, 2 * len(case.sketch) + len(case.probes))


BASIS = "orthonormal(np.stack([product(operator, w, j) for j, w in enumerate(sketch)]))"
SAMPLE, COST = "np.dot(h, product(operator, h, seen + j))", "products=seen + rest.products"
hutchpp.edits(f"""
rest_is_left_out: Only the part that the sketch sees is counted: tr QᵀAQ
    `of_basis + rest.trace` → `of_basis`
basis_is_not_orthonormalised: The columns of AΩ are scaled to length 1 but not made orthogonal to each other
    `rest = orthogonal_part(rest, basis)` → `pass`
only_nought_depends: A column is left out if nothing at all is left of it: rounding makes a direction of its own
    `left > threshold` → `left > 0`
dependence_has_a_unit: A column is left out if what is left of it is n·ε, whatever the unit of A is
    `float(np.finfo(rows.dtype).eps) * longest` → `float(np.finfo(rows.dtype).eps)`
dependent_columns_are_kept: Columns of AΩ that depend on others are not left out: each costs a product
    `{COST}` → `products=2 * k + rest.products`
sketch_is_not_multiplied: The basis is that of the sketch Ω itself and not of AΩ: another estimate of the right mean,
    with k products fewer, but blind to where A is large
    `{BASIS}` → `orthonormal(sketch)`
rest_is_not_projected: The probes of the rest are not made orthogonal to the basis, so that its part counts twice
    `orthogonal_part(g, basis)` → `g`
columns_are_made_orthogonal_once: Gram and Schmidt's process runs once: of columns that are almost the same no basis is
    made
    `range(2)` → `range(1)`
rest_is_projected_on_one_side: A sample of the rest is hᵀAg and not hᵀAh: another estimate of the right mean, which
    varies more
    `{SAMPLE}` → `{SAMPLE.replace("operator, h", "operator, g")}`
products_with_the_basis_are_not_counted: Only the k products of the sketch and the l of the rest are counted
    `{COST}` → `products=k + rest.products`
""")
