"""The estimator of the squared Frobenius norm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import frobenius as reference
from gnomon.curvature.draws import all_signs
from gnomon_spec.cases import Case, Cases
from gnomon_spec.curvature.estimators import declare_cost, system
from gnomon_spec.curvature.matrices_and_probes import (
    UP_TO_FOUR,
    UP_TO_THREE,
    any_matrix,
    operator,
    probes,
    three_point_rule,
    variance,
)
from gnomon_spec.curvature.symmetries import scaled
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import VECTORS, count, number, rotation
from gnomon_spec.system import WITH_ROOM

estimates = Cases({"operator": operator(any_matrix()), "probes": probes()}, VECTORS)
operators = Cases({"operator": operator(any_matrix())}, UP_TO_THREE)

frobenius_squared = system.operation(reference.frobenius_squared, cases=estimates, dtypes=WITH_ROOM)
declare_cost(frobenius_squared)


@frobenius_squared.law("closed form", cases=operators)
def over_all_signs_the_mean_is_the_square(port: Any, case: Case) -> Iterable[Fact]:
    """Over all sign vectors the mean is ‖A‖² and a sample varies by 2·Σ_{i≠j} Bᵢⱼ², B = AᵀA."""
    A = case.operator.matrix
    found = port.frobenius_squared(case.operator, all_signs(len(A)))
    B = A.T @ A
    off = B - np.diag(np.diagonal(B))
    yield equal("square", found.square, np.sum(A * A))
    yield equal("variance", variance(found.samples, np.sum(A * A)), 2 * np.sum(off * off))


@frobenius_squared.law("closed form", cases=operators.but(kurtosis=number(3.0, 1.0, 4.0, 2.25, exponents=(0, 3))))
def a_sample_varies_as_the_fourth_moment_says(port: Any, case: Case) -> Iterable[Fact]:
    """Over independent entries of fourth moment μ₄ a sample varies by 2‖B‖² + (μ₄ - 3)·Σ Bᵢᵢ², B = AᵀA."""
    A = case.operator.matrix
    points, weights = three_point_rule(len(A), case.kurtosis)
    samples = port.frobenius_squared(case.operator, points).samples
    B = A.T @ A
    yield equal("mean", weights @ samples, np.sum(A * A))
    expected = 2 * np.sum(B * B) + (case.kurtosis - 3) * np.sum(np.diagonal(B) ** 2)
    yield equal("variance", variance(samples, np.sum(A * A), weights), expected)


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
    yield at_least("variance", 2 * square * square, variance(np.stack(found), square))


frobenius_squared.symmetry(
    "equivariance",
    "it_scales_as_the_square_of_the_matrix",
    "A matrix times 2ᵏ has 4ᵏ times the estimate, bit for bit",
    cases=estimates.but(power=count(1, 3, low=-10, high=10)),
    inputs={"operator": scaled},
    outputs={"square": lambda square, case: square * 4.0**case.power},
    same=identical,
)


SAMPLE, MEAN = "np.dot(w, w)", "np.sum(samples) / m"
frobenius_squared.edits(f"""
length_is_not_squared: A sample is ‖Az‖ and not ‖Az‖²
    `{SAMPLE}` → `np.sqrt({SAMPLE})`
root_of_the_estimate: The norm is returned where its square is asked for
    `{MEAN}` → `np.sqrt({MEAN})`
square_of_the_quadratic_form: A sample is (zᵀAz)² and not ‖Az‖²
    `{SAMPLE} for w in products` → `np.dot(z, w) ** 2 for z, w in zip(probes, products, strict=True)`
squares_are_added_up: The samples are added up and not averaged
    `{MEAN}` → `np.sum(samples)`
square_times_the_dimension: The estimate is n times too large
    `{SAMPLE}` → `w.shape[0] * {SAMPLE}`
square_divided_by_the_dimension: The entries' mean is taken, not their sum
    `{SAMPLE}` → `{SAMPLE} / w.shape[0]`
products_are_counted_twice: Two products are counted for each AᵀA
    `int(m)` → `2 * int(m)`
""")
