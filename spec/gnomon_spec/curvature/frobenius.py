"""The estimator of the squared Frobenius norm."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.curvature import frobenius as reference
from gnomon.curvature.draws import all_signs
from gnomon.curvature.frobenius import FrobeniusEstimate
from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.bad_input import bad_probes, finite_only, not_finite, unchecked_products
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.quantities import (
    UP_TO_FOUR,
    UP_TO_THREE,
    any_matrix,
    operator,
    probes,
    three_point_rule,
)
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, rejects
from gnomon_spec.strategies import VECTORS, count, number, rotation
from gnomon_spec.system import WITH_ROOM

estimates = Cases({"operator": operator(any_matrix()), "probes": probes()}, VECTORS)
operators = Cases({"operator": operator(any_matrix())}, UP_TO_THREE)

frobenius_squared = system.operation(reference.frobenius_squared, cases=estimates, dtypes=WITH_ROOM)


@frobenius_squared.law("rejects", cases=estimates.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    yield rejects("not finite", lambda: port.frobenius_squared(not_finite(case.operator, case.bad), case.probes))


@frobenius_squared.law("rejects", cases=estimates)
def probes_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Probes of another length or shape, of integers, none at all, or with a NaN are rejected."""
    for label, wrong in bad_probes(case.probes):
        yield rejects(label, partial(port.frobenius_squared, case.operator, wrong))


@frobenius_squared.law("closed form", cases=operators)
def over_all_signs_the_mean_is_the_square(port: Any, case: Case) -> Iterable[Fact]:
    """Over all sign vectors the mean is ‖A‖² and a sample varies by 2·Σ_{i≠j} Bᵢⱼ², B = AᵀA."""
    A = case.operator.matrix
    found = port.frobenius_squared(case.operator, all_signs(len(A)))
    B = A.T @ A
    off = B - np.diag(np.diagonal(B))
    yield equal("square", found.square, np.sum(A * A))
    deviations = found.samples - np.sum(A * A)
    yield equal("variance", np.mean(deviations * deviations), 2 * np.sum(off * off))


@frobenius_squared.law("closed form", cases=operators.but(kurtosis=number(3.0, 1.0, 4.0, 2.25, exponents=(0, 3))))
def a_sample_varies_as_the_fourth_moment_says(port: Any, case: Case) -> Iterable[Fact]:
    """Over independent entries of fourth moment μ₄ a sample varies by 2‖B‖² + (μ₄ - 3)·Σ Bᵢᵢ², B = AᵀA."""
    A = case.operator.matrix
    points, weights = three_point_rule(len(A), case.kurtosis)
    samples = port.frobenius_squared(case.operator, points).samples
    B = A.T @ A
    yield equal("mean", weights @ samples, np.sum(A * A))
    deviations = samples - np.sum(A * A)
    expected = 2 * np.sum(B * B) + (case.kurtosis - 3) * np.sum(np.diagonal(B) ** 2)
    yield equal("variance", weights @ (deviations * deviations), expected)


@frobenius_squared.law("closed form", cases=estimates.but(turn=rotation()))
def orthogonal_probes_give_the_square(port: Any, case: Case) -> Iterable[Fact]:
    """Probes with ZᵀZ = m·I give ‖A‖² of any matrix."""
    found = port.frobenius_squared(case.operator, np.sqrt(1.0 * len(case.turn)) * case.turn)
    yield equal("square", found.square, np.sum(case.operator.matrix**2))


@frobenius_squared.law("bound", cases=operators.shaped(UP_TO_FOUR))
def its_relative_variance_is_at_most_two(port: Any, case: Case) -> Iterable[Fact]:
    """Over all sign vectors, one at a time, the variance of the estimate is at most 2‖A‖⁴ (2/m of it for m probes)."""
    square = np.sum(case.operator.matrix**2)
    found = [port.frobenius_squared(case.operator, z[np.newaxis]).square for z in all_signs(len(case.operator.matrix))]
    deviations = np.stack(found) - square
    yield at_least("variance", 2 * square * square, np.mean(deviations * deviations))


@frobenius_squared.law("bound", cases=estimates.but(turn=rotation()))
def the_trace_is_at_most_its_root_times_that_of_n(port: Any, case: Case) -> Iterable[Fact]:
    """With orthogonal probes n times the estimate is at least (tr A)²."""
    n = len(case.turn)
    found = port.frobenius_squared(case.operator, np.sqrt(1.0 * n) * case.turn)
    trace = np.sum(np.diagonal(case.operator.matrix))
    yield at_least("square", n * found.square, trace * trace)


@frobenius_squared.law("equivariance", cases=estimates.but(power=count(1, 3, low=-10, high=10)))
def it_scales_as_the_square_of_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix times 2ᵏ has 4ᵏ times the estimate, bit for bit."""
    scale = 2.0**case.power
    found = port.frobenius_squared(case.operator, case.probes)
    scaled = port.frobenius_squared(Dense(case.operator.matrix * scale), case.probes)
    yield identical("square", scaled.square, found.square * scale * scale)


@frobenius_squared.law("conservation", cases=estimates)
def each_probe_costs_one_product(port: Any, case: Case) -> Iterable[Fact]:
    """m probes cost m products."""
    yield agree("products", port.frobenius_squared(case.operator, case.probes).products, len(case.probes))


@system.mistake("frobenius_squared")
def length_is_not_squared(operator: Any, probes: Any) -> FrobeniusEstimate:
    """A sample is ‖Az‖ and not ‖Az‖²."""
    return reference.estimate_of(np.sqrt(reference.frobenius_squared(operator, probes).samples))


@system.mistake("frobenius_squared")
def root_of_the_estimate(operator: Any, probes: Any) -> FrobeniusEstimate:
    """The norm is returned where its square is asked for."""
    found = reference.frobenius_squared(operator, probes)
    return found._replace(square=np.sqrt(found.square))


@system.mistake("frobenius_squared")
def square_of_the_quadratic_form(operator: Any, probes: Any) -> FrobeniusEstimate:
    """A sample is (zᵀAz)² and not ‖Az‖²."""
    reference.frobenius_squared(operator, probes)
    return reference.estimate_of(np.stack([np.dot(z, operator(z)) ** 2 for z in probes]))


@system.mistake("frobenius_squared")
def squares_are_added_up(operator: Any, probes: Any) -> FrobeniusEstimate:
    """The samples are added up and not averaged."""
    found = reference.frobenius_squared(operator, probes)
    return found._replace(square=np.sum(found.samples))


@system.mistake("frobenius_squared")
def square_times_the_dimension(operator: Any, probes: Any) -> FrobeniusEstimate:
    """The estimate is multiplied by n, as if the probes had length 1."""
    return reference.estimate_of(reference.frobenius_squared(operator, probes).samples * probes.shape[1])


@system.mistake("frobenius_squared")
def square_divided_by_the_dimension(operator: Any, probes: Any) -> FrobeniusEstimate:
    """The estimate is the mean over the entries of Az and not their sum."""
    return reference.estimate_of(reference.frobenius_squared(operator, probes).samples / probes.shape[1])


@system.mistake("frobenius_squared")
def products_are_counted_twice(operator: Any, probes: Any) -> FrobeniusEstimate:
    """The products are counted as if AᵀA had been multiplied by two of them."""
    found = reference.frobenius_squared(operator, probes)
    return found._replace(products=2 * found.products)


@system.mistake("frobenius_squared")
def lengths_that_are_not_finite_count_as_nothing(operator: Any, probes: Any) -> FrobeniusEstimate:
    """A NaN or an infinity in a product is replaced by 0."""
    return reference.frobenius_squared(finite_only(operator), probes)


@system.mistake("frobenius_squared")
def probes_of_the_norm_are_not_checked(operator: Any, probes: Any) -> FrobeniusEstimate:
    """Whatever is given as probes is used, and products are not looked at."""
    _, images = unchecked_products(operator, probes)
    return reference.estimate_of(np.sum(images * images, axis=1))
