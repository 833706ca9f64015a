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
from gnomon_spec.curvature.quantities import UP_TO_FOUR, UP_TO_THREE, any_matrix, three_point_rule
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import VECTORS, rotation, shapes
from gnomon_spec.system import WITH_ROOM

matrices = Cases({"matrix": any_matrix()}, VECTORS)

rademacher_variance = system.operation(reference.rademacher_variance, cases=matrices, dtypes=WITH_ROOM)
gaussian_variance = system.operation(reference.gaussian_variance, cases=matrices, dtypes=WITH_ROOM)
sphere_variance = system.operation(reference.sphere_variance, cases=matrices, dtypes=WITH_ROOM)


def variance_over(points: Any, weights: Any, matrix: Any) -> Any:
    """Return the variance of zᵀAz when z is the k-th of the points with probability weights[k]."""
    deviations = np.sum(points * (points @ matrix.T), axis=1) - np.sum(np.diagonal(matrix))
    return np.sum(weights * deviations * deviations)


@rademacher_variance.law("closed form", cases=matrices.shaped(UP_TO_FOUR))
def it_is_the_variance_over_all_signs(port: Any, case: Case) -> Iterable[Fact]:
    """The variance is that of zᵀAz over all 2ⁿ sign vectors, for any real matrix."""
    points = all_signs(case.matrix.shape[0])
    expected = variance_over(points, 1 / len(points), case.matrix)
    yield equal("variance", port.rademacher_variance(case.matrix), expected)


@gaussian_variance.law("closed form", cases=matrices.shaped(UP_TO_THREE))
def it_is_the_variance_over_a_rule_for_normal_numbers(port: Any, case: Case) -> Iterable[Fact]:
    """The variance is that of zᵀAz over products of the three-point Gauss-Hermite rule, which is exact for it."""
    points, weights = three_point_rule(case.matrix.shape[0], np.asarray(3, case.matrix.dtype))
    yield equal("variance", port.gaussian_variance(case.matrix), variance_over(points, weights, case.matrix))


@gaussian_variance.law("invariance", cases=matrices.but(turn=rotation()))
def normal_numbers_know_no_coordinates(port: Any, case: Case) -> Iterable[Fact]:
    """Rotating the matrix leaves the variance as it was (that over signs has no such law)."""
    turned = case.turn @ case.matrix @ case.turn.T
    yield equal("variance", port.gaussian_variance(turned), port.gaussian_variance(case.matrix))


@sphere_variance.law("closed form", cases=matrices.shaped(shapes((2,), (3,))))
def it_is_the_variance_over_a_spherical_design(port: Any, case: Case) -> Iterable[Fact]:
    """In two and three dimensions the variance is that over a rule of degree 4 on the sphere of radius √n."""
    points = sphere_rule(case.matrix.shape[0], case.matrix.dtype)
    expected = variance_over(points, 1 / np.asarray(len(points), points.dtype), case.matrix)
    yield equal("variance", port.sphere_variance(case.matrix), expected)


@sphere_variance.law("invariance", cases=matrices.but(shift=1.0, turn=rotation()))
def the_sphere_does_not_see_multiples_of_the_identity(port: Any, case: Case) -> Iterable[Fact]:
    """Adding a multiple of the identity, or rotating the matrix, leaves the variance as it was."""
    found = port.sphere_variance(case.matrix)
    yield equal("shift", port.sphere_variance(case.matrix + case.shift * np.eye(len(case.matrix))), found)
    yield equal("turn", port.sphere_variance(case.turn @ case.matrix @ case.turn.T), found)


@system.mistake("rademacher_variance")
def formula_of_normal_numbers_for_signs(matrix: Any) -> Any:
    """The diagonal is left in: 2‖S‖², which is the variance over normal numbers."""
    return reference.gaussian_variance(matrix)


@system.mistake("rademacher_variance")
def signs_of_an_unsymmetric_matrix(matrix: Any) -> Any:
    """The matrix itself is squared and not its symmetric part, over which zᵀAz depends alone."""
    off = matrix - np.diag(np.diagonal(matrix))
    return 2 * np.sum(off * off)


@system.mistake("rademacher_variance")
def each_pair_counted_once(matrix: Any) -> Any:
    """The sum is over i < j, with the factor for all i ≠ j: half of the variance."""
    return reference.rademacher_variance(matrix) / 2


@system.mistake("gaussian_variance")
def formula_of_signs_for_normal_numbers(matrix: Any) -> Any:
    """The diagonal is left out: 2·Σ_{i≠j} Sᵢⱼ², which is the variance over signs."""
    return reference.rademacher_variance(matrix)


@system.mistake("gaussian_variance")
def norm_without_its_factor(matrix: Any) -> Any:
    """The variance is ‖S‖², without the factor 2."""
    return reference.gaussian_variance(matrix) / 2


@system.mistake("sphere_variance")
def formula_of_normal_numbers_for_the_sphere(matrix: Any) -> Any:
    """The constraint of the sphere is overlooked: 2‖S‖²."""
    return reference.gaussian_variance(matrix)


@system.mistake("sphere_variance")
def sphere_without_its_factor(matrix: Any) -> Any:
    """The factor n/(n + 2) is missing."""
    n = matrix.shape[0]
    return reference.sphere_variance(matrix) * (n + 2) / n
