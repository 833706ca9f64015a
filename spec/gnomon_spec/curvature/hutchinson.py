"""Hutchinson's estimator of the trace, and what one sample of it varies by for three kinds of probes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import numpy as np

from gnomon.curvature import trace as reference
from gnomon.curvature.draws import all_signs
from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Cases, Quantity
from gnomon_spec.curvature import matrices_and_probes as given
from gnomon_spec.curvature.estimators import declare_cost, system
from gnomon_spec.curvature.symmetries import turned, unchanged
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import VECTORS, number, rotation, shapes
from gnomon_spec.system import WITH_ROOM, Operation

estimates = Cases({"operator": given.operator(given.any_matrix()), "probes": given.probes()}, VECTORS)
operators = Cases({"operator": given.operator(given.any_matrix())}, given.UP_TO_THREE)
matrices = Cases({"matrix": given.any_matrix()}, VECTORS)

hutchinson = system.operation(reference.hutchinson, cases=estimates, dtypes=WITH_ROOM)
rademacher_variance = system.operation(reference.rademacher_variance, cases=matrices, dtypes=WITH_ROOM)
gaussian_variance = system.operation(reference.gaussian_variance, cases=matrices, dtypes=WITH_ROOM)
sphere_variance = system.operation(reference.sphere_variance, cases=matrices, dtypes=WITH_ROOM)
declare_cost(hutchinson)


@hutchinson.law("closed form", cases=operators.but(kurtosis=number(3.0, 1.0, 4.0, 2.25, exponents=(0, 3))))
def a_sample_varies_as_the_fourth_moment_says(port: Any, case: Case) -> Iterable[Fact]:
    """Over independent entries of fourth moment μ₄ (1: signs, 3: normal numbers) a sample has mean tr A and variance
    2‖S‖² + (μ₄ - 3)·Σ Sᵢᵢ², for any real A."""
    A = case.operator.matrix
    points, weights = given.three_point_rule(len(A), case.kurtosis)
    samples, S = port.hutchinson(case.operator, points).samples, (A + A.T) / 2
    yield equal("mean", np.sum(weights * samples), np.trace(A))
    expected = 2 * np.sum(S * S) + (case.kurtosis - 3) * np.sum(np.diagonal(S) ** 2)
    yield equal("variance", given.variance(samples, np.trace(A), weights), expected)


@hutchinson.law("closed form", cases=operators.shaped(shapes((1,), (2,))))
def two_probes_halve_the_variance_and_know_it(port: Any, case: Case) -> Iterable[Fact]:
    """Over all pairs of sign vectors the estimate varies half as much as a sample, by Σ_{i≠j} Sᵢⱼ²: what its squared
    standard error is, on average."""
    A = case.operator.matrix
    pairs = product(all_signs(len(A)), repeat=2)
    found = [port.hutchinson(case.operator, np.stack(pair)) for pair in pairs]
    off = (A + A.T) / 2 - np.diag(np.diagonal(A))
    yield equal("variance", given.variance(np.stack([each.trace for each in found]), np.trace(A)), np.sum(off * off))
    errors = np.stack([each.standard_error for each in found])
    yield equal("squared standard error", np.mean(errors * errors), np.sum(off * off))


@hutchinson.law("closed form", cases=estimates.but(turn=rotation()))
def orthogonal_probes_give_the_trace(port: Any, case: Case) -> Iterable[Fact]:
    """Probes with ZᵀZ = m·I (√n times an orthonormal basis) give the trace of any matrix."""
    found = port.hutchinson(case.operator, np.sqrt(1.0 * len(case.turn)) * case.turn)
    yield equal("trace", found.trace, np.trace(case.operator.matrix))


@hutchinson.law("equivariance", cases=estimates.but(other=given.any_matrix(), shift=number(1.0, 2.0)))
def the_estimate_is_linear_in_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """With the same probes the estimate of A + B is the sum of theirs, and A + cI adds c·mean ‖z‖²."""
    A, B = case.operator.matrix, case.other
    first, second, both, shifted = (
        port.hutchinson(Dense(matrix), case.probes).trace for matrix in (A, B, A + B, A + case.shift * np.eye(len(A)))
    )
    yield equal("sum", both, first + second)
    yield equal("shift", shifted, first + case.shift * np.sum(case.probes * case.probes) / len(case.probes))


hutchinson.symmetry(
    "equivariance",
    "turned_probes_see_the_turned_matrix",
    "Rotating (so also permuting) the coordinates of matrix and probes together leaves every sample as it was",
    cases=estimates.but(turn=rotation()),
    inputs={"operator": turned, "probes": turned},
    outputs={"samples": unchanged},
)


def declare_variance(variance: Operation, shape: Quantity, rule: Callable[[Any], tuple[Any, Any]]) -> None:
    """Declare the variance that over points and their weights, for matrices of small shapes."""

    @variance.law("closed form", cases=matrices.shaped(shape))
    def it_is_the_variance_over_a_rule_that_is_exact_for_it(port: Any, case: Case) -> Iterable[Fact]:
        """The variance is that of zᵀAz over all 2ⁿ sign vectors, over three points for each normal number (Gauss and
        Hermite's rule), or over a spherical design."""
        points, weights = rule(case.matrix)
        samples = np.sum(points * (points @ case.matrix.T), axis=1)
        yield equal("variance", variance.call(port, case), given.variance(samples, np.trace(case.matrix), weights))


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


declare_variance(rademacher_variance, given.UP_TO_FOUR, lambda A: (all_signs(len(A)), None))
declare_variance(gaussian_variance, given.UP_TO_THREE, lambda A: given.three_point_rule(len(A), np.asarray(3, A.dtype)))
declare_variance(sphere_variance, shapes((2,), (3,)), lambda A: (sphere_rule(len(A), A.dtype), None))
gaussian_variance.symmetry(
    "invariance",
    "normal_numbers_know_no_coordinates",
    "Rotating the matrix leaves the variance as it was (that over signs has no such law)",
    cases=matrices.but(turn=rotation()),
    inputs={"matrix": lambda A, case: case.turn @ A @ case.turn.T},
    outputs=unchanged,
)
sphere_variance.symmetry(
    "invariance",
    "the_sphere_does_not_see_multiples_of_the_identity",
    "Adding a multiple of the identity and rotating the matrix leaves the variance as it was",
    cases=matrices.but(shift=1.0, turn=rotation()),
    inputs={"matrix": lambda A, case: case.turn @ (A + case.shift * np.eye(len(A))) @ case.turn.T},
    outputs=unchanged,
)


SAMPLE, MEAN, ERROR = "np.dot(z, product(operator, z, k))", "np.sum(samples) / m", "((m - 1) * m)"
hutchinson.edits(f"""
samples_are_added: The samples are added up and not averaged
    `{MEAN}` → `np.sum(samples)`
first_probe_only: Only the first probe enters the estimate
    `{MEAN}` → `samples[0]`
samples_divided_by_the_length_of_the_probe: Each sample is the Rayleigh quotient n·zᵀAz/zᵀz, whose mean is tr A, too,
    for signs, normal numbers and the sphere; for normal numbers its variance is that on the sphere
    [Ubaru, Chen & Saad 2017: probes of length 1]
    `{SAMPLE}` → `{SAMPLE} * z.shape[0] / np.dot(z, z)`
product_without_the_probe: The product is summed without being multiplied by the probe: 1ᵀAz instead of zᵀAz
    `{SAMPLE}` → `np.sum(product(operator, z, k))`
size_of_each_sample: Samples lose their sign, as if A were semidefinite
    `{SAMPLE}` → `np.abs({SAMPLE})`
standard_error_with_all_samples: The standard error divides by m and not by m - 1, so that it is 0 for one sample
    `if m == 1` → `if False`, `{ERROR}` → `(m * m)`
deviation_of_one_sample: The standard error is that of one sample: it is not divided by √m
    `{ERROR}` → `(m - 1)`
two_products_for_each_probe: Products are counted twice
    `int(m)` → `2 * int(m)`
products_that_are_not_finite_count_as_nothing: A NaN or an infinity in a product is replaced by 0
    `operator(vector)` → `np.nan_to_num(operator(vector), nan=0.0, posinf=0.0, neginf=0.0)`
""")
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
