"""What one sample of Hutchinson's estimator varies by, for three kinds of probes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import trace as reference
from gnomon.curvature.draws import all_signs
from gnomon_spec.cases import Case, Cases
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.hutchinson import sphere_rule
from gnomon_spec.curvature.matrices_and_probes import UP_TO_FOUR, UP_TO_THREE, any_matrix, three_point_rule, variance
from gnomon_spec.curvature.symmetries import unchanged
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import VECTORS, rotation, shapes
from gnomon_spec.system import WITH_ROOM

matrices = Cases({"matrix": any_matrix()}, VECTORS)

rademacher_variance = system.operation(reference.rademacher_variance, cases=matrices, dtypes=WITH_ROOM)
gaussian_variance = system.operation(reference.gaussian_variance, cases=matrices, dtypes=WITH_ROOM)
sphere_variance = system.operation(reference.sphere_variance, cases=matrices, dtypes=WITH_ROOM)


def variance_over(matrix: Any, points: Any, weights: Any = None) -> Any:
    """Return the variance of zᵀAz when z is the k-th of the points with probability weights[k]."""
    return variance(np.sum(points * (points @ matrix.T), axis=1), np.sum(np.diagonal(matrix)), weights)


@rademacher_variance.law("closed form", cases=matrices.shaped(UP_TO_FOUR))
def it_is_the_variance_over_all_signs(port: Any, case: Case) -> Iterable[Fact]:
    """The variance is that of zᵀAz over all 2ⁿ sign vectors, for any real matrix."""
    expected = variance_over(case.matrix, all_signs(case.matrix.shape[0]))
    yield equal("variance", port.rademacher_variance(case.matrix), expected)


@gaussian_variance.law("closed form", cases=matrices.shaped(UP_TO_THREE))
def it_is_the_variance_over_a_rule_for_normal_numbers(port: Any, case: Case) -> Iterable[Fact]:
    """The variance is that of zᵀAz over products of the three-point Gauss-Hermite rule, which is exact for it."""
    points, weights = three_point_rule(case.matrix.shape[0], np.asarray(3, case.matrix.dtype))
    yield equal("variance", port.gaussian_variance(case.matrix), variance_over(case.matrix, points, weights))


gaussian_variance.symmetry(
    "invariance",
    "normal_numbers_know_no_coordinates",
    "Rotating the matrix leaves the variance as it was (that over signs has no such law)",
    cases=matrices.but(turn=rotation()),
    inputs={"matrix": lambda A, case: case.turn @ A @ case.turn.T},
    outputs=unchanged,
)


@sphere_variance.law("closed form", cases=matrices.shaped(shapes((2,), (3,))))
def it_is_the_variance_over_a_spherical_design(port: Any, case: Case) -> Iterable[Fact]:
    """In two and three dimensions the variance is that over a rule of degree 4 on the sphere of radius √n."""
    expected = variance_over(case.matrix, sphere_rule(case.matrix.shape[0], case.matrix.dtype))
    yield equal("variance", port.sphere_variance(case.matrix), expected)


sphere_variance.symmetry(
    "invariance",
    "the_sphere_does_not_see_multiples_of_the_identity",
    "Adding a multiple of the identity and rotating the matrix leaves the variance as it was",
    cases=matrices.but(shift=1.0, turn=rotation()),
    inputs={"matrix": lambda A, case: case.turn @ (A + case.shift * np.eye(len(A))) @ case.turn.T},
    outputs=unchanged,
)


rademacher_variance.edits("""
formula_of_normal_numbers_for_signs: The diagonal is left in: 2‖S‖², which is the variance over normal numbers
    ` * (1 - np.eye(matrix.shape[0], dtype=matrix.dtype))` → ``
signs_of_an_unsymmetric_matrix: The matrix itself is squared and not its symmetric part, on which alone zᵀAz depends
    `(matrix + matrix.T) / 2` → `matrix`
each_pair_counted_once: The sum is over i < j, with the factor for all i ≠ j: half of the variance
    `2 * np.sum(off * off)` → `np.sum(off * off)`
""")
gaussian_variance.edits("""
formula_of_signs_for_normal_numbers: The diagonal is left out: 2·Σ_{i≠j} Sᵢⱼ², which is the variance over signs
    `` → `return rademacher_variance(matrix)`
norm_without_its_factor: The variance is ‖S‖², without the factor 2
    `2 * np.sum(S * S)` → `np.sum(S * S)`
""")
sphere_variance.edits("""
formula_of_normal_numbers_for_the_sphere: The constraint of the sphere is overlooked: 2‖S‖²
    `` → `return gaussian_variance(matrix)`
sphere_without_its_factor: The factor n/(n + 2) is missing
    `2 * n / (n + 2)` → `2`
""")
