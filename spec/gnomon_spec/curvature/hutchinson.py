"""Hutchinson's estimator of the trace; the definitions stand in `gnomon_spec.curvature.estimators`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import product
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
from gnomon_spec.curvature.quantities import UP_TO_THREE, any_matrix, operator, probes, signs, three_point_rule
from gnomon_spec.facts import Fact, agree, equal, rejects
from gnomon_spec.strategies import VECTORS, number, rotation, shapes, tame
from gnomon_spec.system import WITH_ROOM

estimates = Cases({"operator": operator(any_matrix()), "probes": probes()}, VECTORS)
operators = Cases({"operator": operator(any_matrix())}, UP_TO_THREE)

hutchinson = system.operation(reference.hutchinson, cases=estimates, dtypes=WITH_ROOM)


@hutchinson.law("rejects", cases=estimates.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    yield rejects("not finite", lambda: port.hutchinson(not_finite(case.operator, case.bad), case.probes))


@hutchinson.law("rejects", cases=estimates)
def probes_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Probes of another length or shape, of integers, none at all, or with a NaN are rejected."""
    for label, wrong in bad_probes(case.probes):
        yield rejects(label, partial(port.hutchinson, case.operator, wrong))


def symmetric_part(operator: Dense) -> Any:
    return (operator.matrix + operator.matrix.T) / 2


def trace(operator: Dense) -> Any:
    return np.sum(np.diagonal(operator.matrix))


@hutchinson.law("closed form", cases=operators)
def over_all_signs_the_mean_is_the_trace(port: Any, case: Case) -> Iterable[Fact]:
    """Over all sign vectors the mean is tr A and a sample varies by 2·Σ_{i≠j} Sᵢⱼ², for any real A."""
    found = port.hutchinson(case.operator, all_signs(case.operator.matrix.shape[0]))
    S = symmetric_part(case.operator)
    off = S - np.diag(np.diagonal(S))
    yield equal("trace", found.trace, trace(case.operator))
    deviations = found.samples - trace(case.operator)
    yield equal("variance", np.mean(deviations * deviations), 2 * np.sum(off * off))


@hutchinson.law("closed form", cases=operators.but(kurtosis=number(3.0, 1.0, 4.0, 2.25, exponents=(0, 3))))
def a_sample_varies_as_the_fourth_moment_says(port: Any, case: Case) -> Iterable[Fact]:
    """Over independent entries of fourth moment μ₄ a sample has mean tr A and variance 2‖S‖² + (μ₄ - 3)·Σ Sᵢᵢ²."""
    points, weights = three_point_rule(case.operator.matrix.shape[0], case.kurtosis)
    samples = port.hutchinson(case.operator, points).samples
    S = symmetric_part(case.operator)
    yield equal("mean", np.sum(weights * samples), trace(case.operator))
    deviations = samples - trace(case.operator)
    expected = 2 * np.sum(S * S) + (case.kurtosis - 3) * np.sum(np.diagonal(S) ** 2)
    yield equal("variance", np.sum(weights * deviations * deviations), expected)


@hutchinson.law("closed form", cases=operators.shaped(shapes((2,), (3,))))
def on_the_sphere_multiples_of_the_identity_do_not_vary(port: Any, case: Case) -> Iterable[Fact]:
    """Over the sphere of radius √n a sample has mean tr A and variance 2n/(n+2)·(‖S‖² - (tr A)²/n)."""
    n = case.operator.matrix.shape[0]
    samples = port.hutchinson(case.operator, sphere_rule(n, case.operator.matrix.dtype)).samples
    S, mean = symmetric_part(case.operator), trace(case.operator)
    yield equal("mean", np.mean(samples), mean)
    deviations = samples - mean
    expected = np.asarray(2 * n, S.dtype) / (n + 2) * (np.sum(S * S) - mean * mean / n)
    yield equal("variance", np.mean(deviations * deviations), expected)


def sphere_rule(dimension: int, dtype: Any) -> Any:
    """Return points of equal weight on the sphere of radius √n that integrate polynomials of degree 4 exactly.

    n = 2: 8 equal angles. n = 3: the icosahedron, a spherical 5-design.
    """
    if dimension == 2:
        half = np.sqrt(np.asarray(2, dtype)) / 2
        circle = [(1, 0), (half, half), (0, 1), (-half, half), (-1, 0), (-half, -half), (0, -1), (half, -half)]
        return np.array(circle, dtype) * np.sqrt(np.asarray(2, dtype))
    golden = (1 + np.sqrt(np.asarray(5, dtype))) / 2
    corners = [np.roll(np.array([0, s, t * golden], dtype), k) for k in range(3) for s, t in product((1, -1), repeat=2)]
    return np.stack(corners) * np.sqrt(3 / (1 + golden * golden))


@hutchinson.law("closed form", cases=operators.shaped(shapes((1,), (2,))))
def two_probes_halve_the_variance_and_know_it(port: Any, case: Case) -> Iterable[Fact]:
    """Over all pairs of sign vectors the estimate varies half as much as a sample: what its squared standard error is,
    on average."""
    pairs = list(product(all_signs(case.operator.matrix.shape[0]), repeat=2))
    found = [port.hutchinson(case.operator, np.stack(pair)) for pair in pairs]
    S = symmetric_part(case.operator)
    off = S - np.diag(np.diagonal(S))
    deviations = np.stack([each.trace for each in found]) - trace(case.operator)
    yield equal("variance", np.mean(deviations * deviations), np.sum(off * off))
    errors = np.stack([each.standard_error for each in found])
    yield equal("squared standard error", np.mean(errors * errors), np.sum(off * off))


@hutchinson.law("closed form", cases=Cases({"diagonal": tame(), "probes": signs()}, VECTORS))
def a_diagonal_needs_one_sign_vector(port: Any, case: Case) -> Iterable[Fact]:
    """For a diagonal matrix every sample with signs is the trace."""
    found = port.hutchinson(Dense(np.diag(case.diagonal)), case.probes)
    yield equal("samples", found.samples, np.full(len(case.probes), np.sum(case.diagonal)))
    yield equal("trace", found.trace, np.sum(case.diagonal))


@hutchinson.law("closed form", cases=estimates.but(turn=rotation()))
def orthogonal_probes_give_the_trace(port: Any, case: Case) -> Iterable[Fact]:
    """Probes with ZᵀZ = m·I (√n times an orthonormal basis) give the trace of any matrix."""
    found = port.hutchinson(case.operator, np.sqrt(1.0 * case.turn[0].size) * case.turn)
    yield equal("trace", found.trace, trace(case.operator))


@hutchinson.law("equivariance", cases=estimates.but(other=any_matrix(), shift=number(1.0, 2.0)))
def the_estimate_is_linear_in_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """With the same probes the estimate of A + B is the sum of theirs, and A + cI adds c·mean ‖z‖²."""
    A, B = case.operator.matrix, case.other
    first, second = (port.hutchinson(Dense(matrix), case.probes).trace for matrix in (A, B))
    yield equal("sum", port.hutchinson(Dense(A + B), case.probes).trace, first + second)
    shifted = port.hutchinson(Dense(A + case.shift * np.eye(len(A))), case.probes).trace
    yield equal("shift", shifted, first + case.shift * np.sum(case.probes * case.probes) / len(case.probes))


@hutchinson.law("equivariance", cases=estimates.but(turn=rotation()))
def turned_probes_see_the_turned_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """Rotating (so also permuting) the coordinates of matrix and probes together leaves every sample as it was."""
    found = port.hutchinson(case.operator, case.probes)
    turned = Dense(case.turn @ case.operator.matrix @ case.turn.T)
    yield equal("samples", port.hutchinson(turned, case.probes @ case.turn.T).samples, found.samples)


@hutchinson.law("conservation", cases=estimates)
def each_probe_costs_one_product(port: Any, case: Case) -> Iterable[Fact]:
    """m probes cost m products."""
    yield agree("products", port.hutchinson(case.operator, case.probes).products, len(case.probes))


@system.mistake("hutchinson")
def samples_are_added(operator: Any, probes: Any) -> TraceEstimate:
    """The samples are added up and not averaged."""
    found = reference.hutchinson(operator, probes)
    return found._replace(trace=np.sum(found.samples))


@system.mistake("hutchinson")
def first_probe_only(operator: Any, probes: Any) -> TraceEstimate:
    """Only the first probe enters the estimate."""
    found = reference.hutchinson(operator, probes)
    return found._replace(trace=found.samples[0])


@system.mistake("hutchinson")
def samples_divided_by_the_length_of_the_probe(operator: Any, probes: Any) -> TraceEstimate:
    """Each sample is the Rayleigh quotient n·zᵀAz/zᵀz: right for signs, wrong for normal numbers."""
    samples = reference.hutchinson(operator, probes).samples
    return reference.estimate_of(samples * probes.shape[1] / np.sum(probes * probes, axis=1))


@system.mistake("hutchinson")
def product_without_the_probe(operator: Any, probes: Any) -> TraceEstimate:
    """The product is summed without being multiplied by the probe: 1ᵀAz instead of zᵀAz."""
    return reference.estimate_of(np.stack([np.sum(product_of(operator, z, k)) for k, z in enumerate(probes)]))


@system.mistake("hutchinson")
def size_of_each_sample(operator: Any, probes: Any) -> TraceEstimate:
    """Samples lose their sign, as if the matrix were positive semidefinite."""
    return reference.estimate_of(np.abs(reference.hutchinson(operator, probes).samples))


@system.mistake("hutchinson")
def standard_error_with_all_samples(operator: Any, probes: Any) -> TraceEstimate:
    """The standard error divides by m where it should divide by m - 1."""
    found = reference.hutchinson(operator, probes)
    m = found.samples.shape[0]
    return found._replace(standard_error=found.standard_error * ((m - 1) / m) ** 0.5 if m > 1 else 0 * found.trace)


@system.mistake("hutchinson")
def deviation_of_one_sample(operator: Any, probes: Any) -> TraceEstimate:
    """The standard error is that of one sample: it is not divided by √m."""
    found = reference.hutchinson(operator, probes)
    return found._replace(standard_error=found.standard_error * found.samples.shape[0] ** 0.5)


@system.mistake("hutchinson")
def two_products_for_each_probe(operator: Any, probes: Any) -> TraceEstimate:
    """Products are counted twice."""
    found = reference.hutchinson(operator, probes)
    return found._replace(products=2 * found.products)


@system.mistake("hutchinson")
def products_that_are_not_finite_count_as_nothing(operator: Any, probes: Any) -> TraceEstimate:
    """A NaN or an infinity in a product is replaced by 0."""
    return reference.hutchinson(finite_only(operator), probes)


@system.mistake("hutchinson")
def probes_are_not_checked(operator: Any, probes: Any) -> TraceEstimate:
    """Whatever is given as probes is used, and products are not looked at."""
    rows = as_rows(probes, operator.matrix.shape[0])
    return reference.estimate_of(np.sum(rows * (rows @ operator.matrix.T), axis=1))
