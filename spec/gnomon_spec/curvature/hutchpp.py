"""Hutch++: the trace of the part of A that a sketch sees, exactly, and Hutchinson's estimate of the rest."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.curvature import trace as reference
from gnomon.curvature.draws import all_signs
from gnomon.curvature.operators import Dense
from gnomon.curvature.operators import product as product_of
from gnomon.curvature.trace import TraceEstimate
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.bad_input import as_rows, bad_probes, finite_only, not_finite
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.hutchinson import trace
from gnomon_spec.curvature.quantities import (
    UP_TO_FOUR,
    nonzero_vector,
    operator,
    orthonormal_rows,
    probes,
    regular_matrix,
)
from gnomon_spec.facts import Fact, agree, at_least, equal, rejects
from gnomon_spec.strategies import VECTORS, rotation
from gnomon_spec.system import WITH_ROOM

estimates = Cases({"operator": operator(regular_matrix()), "sketch": orthonormal_rows(), "probes": probes()}, VECTORS)
sketched = estimates.but(sketch=orthonormal_rows(1))

hutchpp = system.operation(reference.hutchpp, cases=estimates, dtypes=WITH_ROOM)


@hutchpp.law("rejects", cases=estimates.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    wrong = not_finite(case.operator, case.bad)
    yield rejects("not finite", lambda: port.hutchpp(wrong, case.sketch, case.probes))


@hutchpp.law("rejects", cases=sketched)
def vectors_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Sketch vectors or probes of another length or shape, of integers or with a NaN are rejected, and more than n of a
    sketch."""
    for label, wrong in bad_probes(case.sketch):
        if label != "no probe":
            yield rejects(f"sketch: {label}", partial(port.hutchpp, case.operator, wrong, case.probes))
    many = np.concatenate([case.operator.matrix, case.sketch])
    yield rejects("more than n", lambda: port.hutchpp(case.operator, many, case.probes))
    for label, wrong in bad_probes(case.probes):
        yield rejects(f"probes: {label}", partial(port.hutchpp, case.operator, case.sketch, wrong))


@hutchpp.law("fixed point", cases=estimates)
def of_nothing_the_trace_is_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """The zero matrix has trace 0; no column of AΩ is left, so it costs k + l products."""
    found = port.hutchpp(Dense(0 * case.operator.matrix), case.sketch, case.probes)
    yield equal("trace", found.trace, 0 * trace(case.operator))
    yield agree("products", found.products, len(case.sketch) + len(case.probes))


@hutchpp.law("closed form", cases=sketched.but(turn=rotation(), eigenvalues=nonzero_vector()))
def a_matrix_of_low_rank_has_no_rest(port: Any, case: Case) -> Iterable[Fact]:
    """If the rank of A is that of the sketch, the trace is exact whatever the probes."""
    seen = np.arange(len(case.eigenvalues)) < len(case.sketch)
    A = (case.turn * np.where(seen, case.eigenvalues, 0)) @ case.turn.T
    found = port.hutchpp(Dense(A), case.sketch, case.probes)
    yield equal("trace", found.trace, np.sum(np.diagonal(A)))


@hutchpp.law("closed form", cases=estimates.but(sketch=rotation()))
def a_complete_sketch_leaves_no_rest(port: Any, case: Case) -> Iterable[Fact]:
    """With n independent sketch vectors the trace is exact for any regular matrix."""
    yield equal("trace", port.hutchpp(case.operator, case.sketch, case.probes).trace, trace(case.operator))


@hutchpp.law("closed form", cases=sketched.shaped(UP_TO_FOUR))
def over_all_signs_the_mean_is_the_trace(port: Any, case: Case) -> Iterable[Fact]:
    """Given the sketch, the mean over all signs is tr A."""
    found = port.hutchpp(case.operator, case.sketch, all_signs(len(case.operator.matrix)))
    yield equal("trace", found.trace, trace(case.operator))


@hutchpp.law("closed form", cases=estimates.shaped(UP_TO_FOUR).but(sketch=probes(1)))
def only_the_rest_varies(port: Any, case: Case) -> Iterable[Fact]:
    """Given one sketch vector ω, over all signs a sample varies by 2·Σ_{i≠j} Mᵢⱼ², M = PAP, P = I - bbᵀ/bᵀb, b = Aω."""
    A = case.operator.matrix
    found = port.hutchpp(case.operator, case.sketch, all_signs(len(A)))
    b = A @ case.sketch[0]
    P = np.eye(len(A)) - np.outer(b, b) / (b @ b)
    M = P @ A @ P
    off = M - np.diag(np.diagonal(M))
    deviations = found.samples - np.sum(np.diagonal(M))
    yield equal("variance", np.mean(deviations * deviations), 2 * np.sum(off * off))


@hutchpp.law("limit", cases=estimates)
def without_a_sketch_it_is_hutchinsons_estimator(port: Any, case: Case) -> Iterable[Fact]:
    """With no sketch vector the samples are zᵀAz and the estimate is their mean; one product each."""
    found = port.hutchpp(case.operator, case.sketch[:0], case.probes)
    samples = np.sum(case.probes * (case.probes @ case.operator.matrix.T), axis=1)
    yield equal("samples", found.samples, samples)
    yield equal("trace", found.trace, np.mean(samples))
    yield agree("products", found.products, len(case.probes))


@hutchpp.law(
    "bound", cases=Cases({"turn": rotation(), "eigenvalues": nonzero_vector(), "sketch": orthonormal_rows(1)}, VECTORS)
)
def a_good_sketch_bounds_the_variance_by_the_trace(port: Any, case: Case) -> Iterable[Fact]:
    """If A is positive definite and the sketch holds its k leading eigenvectors, a sample varies over all signs by at
    most (tr A)²/(2k)."""
    k = len(case.sketch)
    eigenvalues = np.sort(np.abs(case.eigenvalues))[::-1] ** 4
    A = (case.turn * eigenvalues) @ case.turn.T
    samples = port.hutchpp(Dense(A), case.turn.T[:k], all_signs(len(A))).samples
    deviations = samples - np.mean(samples)
    total = np.sum(eigenvalues)
    yield at_least("variance", total * total / (2 * k), np.mean(deviations * deviations))


@hutchpp.law("invariance", cases=sketched)
def only_the_span_of_the_sketch_counts(port: Any, case: Case) -> Iterable[Fact]:
    """Scaling, reordering and adding up the sketch vectors changes neither samples nor trace."""
    found = port.hutchpp(case.operator, case.sketch, case.probes)
    before = np.concatenate([0 * case.sketch[:1], case.sketch[:-1]])
    mixed = (case.sketch + before / 2)[::-1] * (2.0 - np.arange(len(case.sketch)) % 2)[:, np.newaxis]
    again = port.hutchpp(case.operator, mixed, case.probes)
    yield equal("samples", again.samples, found.samples)
    yield equal("trace", again.trace, found.trace)


@hutchpp.law("conservation", cases=estimates)
def it_costs_two_products_for_each_sketch_vector(port: Any, case: Case) -> Iterable[Fact]:
    """k sketch vectors and l probes cost 2k + l products."""
    found = port.hutchpp(case.operator, case.sketch, case.probes)
    yield agree("products", found.products, 2 * len(case.sketch) + len(case.probes))


def with_basis(operator: Any, sketch: Any, probes: Any, basis: Any) -> TraceEstimate:
    """Return Hutch++'s estimate with the given rows in place of an orthonormal basis of AΩ."""
    seen = len(sketch)
    largest = 0 * np.sum(probes)
    for q in basis:
        largest = largest + np.dot(q, product_of(operator, q, seen))
        seen += 1
    rest = probes - (probes @ basis.T) @ basis
    found = reference.hutchinson(operator, rest)
    return found._replace(trace=found.trace + largest, products=found.products + seen)


def images(operator: Any, sketch: Any) -> Any:
    """Return Aω for each sketch vector, one a row."""
    return np.stack([product_of(operator, w, j) for j, w in enumerate(sketch)])


@system.mistake("hutchpp")
def rest_is_left_out(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """Only the part that the sketch sees is counted: tr QᵀAQ."""
    found = reference.hutchpp(operator, sketch, probes)
    return found._replace(trace=found.trace - np.sum(found.samples) / len(probes)) if len(sketch) else found


@system.mistake("hutchpp")
def rest_is_added_up(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """The samples of the rest are added up and not averaged."""
    found = reference.hutchpp(operator, sketch, probes)
    return found._replace(trace=found.trace + np.sum(found.samples) * (1 - 1 / len(probes)))


@system.mistake("hutchpp")
def basis_is_not_orthonormalised(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """The columns of AΩ are scaled to length 1 but not made orthogonal to each other."""
    if len(sketch) < 2:
        return reference.hutchpp(operator, sketch, probes)
    rows = images(operator, sketch)
    lengths = np.sqrt(np.sum(rows * rows, axis=1))
    if bool(np.any(lengths == 0)):
        return reference.hutchpp(operator, sketch, probes)
    return with_basis(operator, sketch, probes, rows / lengths[:, np.newaxis])


@system.mistake("hutchpp")
def sketch_is_not_multiplied(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """The basis is that of the sketch Ω itself and not of AΩ."""
    found = reference.hutchpp(operator, sketch, probes)
    if found.products < 2 * len(sketch) + len(probes) or not len(sketch):
        return found
    return with_basis(operator, sketch, probes, reference.orthonormal(sketch))


@system.mistake("hutchpp")
def rest_is_not_projected(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """The probes of the rest are not made orthogonal to the basis, so that its part counts twice."""
    found = reference.hutchpp(operator, sketch, probes)
    samples = np.stack([np.dot(g, product_of(operator, g, k)) for k, g in enumerate(probes)])
    trace = found.trace + (np.sum(samples) - np.sum(found.samples)) / len(probes)
    return TraceEstimate(trace, samples, reference.standard_error(samples), found.products)


@system.mistake("hutchpp")
def rest_is_projected_on_one_side(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """A sample of the rest is hᵀAg and not hᵀAh: of the right mean, but it varies more."""
    found = reference.hutchpp(operator, sketch, probes)
    if not len(sketch):
        return found
    basis = reference.orthonormal(images(operator, sketch))
    rest = probes - (probes @ basis.T) @ basis
    samples = np.stack([np.dot(h, product_of(operator, g, 0)) for h, g in zip(rest, probes, strict=True)])
    trace = found.trace + (np.sum(samples) - np.sum(found.samples)) / len(probes)
    return TraceEstimate(trace, samples, reference.standard_error(samples), found.products)


@system.mistake("hutchpp")
def products_with_the_basis_are_not_counted(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """Only the k products of the sketch and the l of the rest are counted."""
    found = reference.hutchpp(operator, sketch, probes)
    return found._replace(products=len(sketch) + len(probes))


@system.mistake("hutchpp")
def dependent_columns_are_kept(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """Columns of AΩ that depend on others are not left out of the basis."""
    found = reference.hutchpp(operator, sketch, probes)
    return found._replace(products=2 * len(sketch) + len(probes))


@system.mistake("hutchpp")
def products_of_hutchpp_that_are_not_finite_count_as_nothing(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """A NaN or an infinity in a product is replaced by 0."""
    return reference.hutchpp(finite_only(operator), sketch, probes)


@system.mistake("hutchpp")
def vectors_of_hutchpp_are_not_checked(operator: Any, sketch: Any, probes: Any) -> TraceEstimate:
    """Whatever is given as sketch and probes is used, and products are not looked at."""
    A = operator.matrix
    Q, _ = np.linalg.qr((as_rows(sketch, len(A)) @ A.T).T)
    rest = as_rows(probes, len(A))
    rest = rest - (rest @ Q) @ Q.T
    found = reference.estimate_of(np.sum(rest * (rest @ A.T), axis=1))
    return found._replace(trace=found.trace + np.sum(Q * (A @ Q)), products=found.products + 2 * len(sketch))
