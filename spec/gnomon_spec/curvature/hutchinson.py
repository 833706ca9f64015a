"""Hutchinson's estimator of the trace; the definitions stand in `gnomon_spec.curvature.estimators`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from gnomon.curvature import trace as reference
from gnomon.curvature.draws import all_signs
from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Cases
from gnomon_spec.curvature.estimators import declare_cost, system
from gnomon_spec.curvature.matrices_and_probes import (
    UP_TO_THREE,
    any_matrix,
    operator,
    probes,
    signs,
    three_point_rule,
    variance,
)
from gnomon_spec.curvature.symmetries import turned, unchanged
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import VECTORS, number, rotation, shapes, tame
from gnomon_spec.system import WITH_ROOM

estimates = Cases({"operator": operator(any_matrix()), "probes": probes()}, VECTORS)
operators = Cases({"operator": operator(any_matrix())}, UP_TO_THREE)

hutchinson = system.operation(reference.hutchinson, cases=estimates, dtypes=WITH_ROOM)
declare_cost(hutchinson)


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
    yield equal("variance", variance(found.samples, trace(case.operator)), 2 * np.sum(off * off))


@hutchinson.law("closed form", cases=operators.but(kurtosis=number(3.0, 1.0, 4.0, 2.25, exponents=(0, 3))))
def a_sample_varies_as_the_fourth_moment_says(port: Any, case: Case) -> Iterable[Fact]:
    """Over independent entries of fourth moment μ₄ a sample has mean tr A and variance 2‖S‖² + (μ₄ - 3)·Σ Sᵢᵢ²."""
    points, weights = three_point_rule(case.operator.matrix.shape[0], case.kurtosis)
    samples = port.hutchinson(case.operator, points).samples
    S = symmetric_part(case.operator)
    yield equal("mean", np.sum(weights * samples), trace(case.operator))
    expected = 2 * np.sum(S * S) + (case.kurtosis - 3) * np.sum(np.diagonal(S) ** 2)
    yield equal("variance", variance(samples, trace(case.operator), weights), expected)


@hutchinson.law("closed form", cases=operators.shaped(shapes((2,), (3,))))
def on_the_sphere_multiples_of_the_identity_do_not_vary(port: Any, case: Case) -> Iterable[Fact]:
    """Over the sphere of radius √n a sample has mean tr A and variance 2n/(n+2)·(‖S‖² - (tr A)²/n)."""
    n = case.operator.matrix.shape[0]
    samples = port.hutchinson(case.operator, sphere_rule(n, case.operator.matrix.dtype)).samples
    S, mean = symmetric_part(case.operator), trace(case.operator)
    yield equal("mean", np.mean(samples), mean)
    expected = np.asarray(2 * n, S.dtype) / (n + 2) * (np.sum(S * S) - mean * mean / n)
    yield equal("variance", variance(samples, mean), expected)


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
    traces = np.stack([each.trace for each in found])
    yield equal("variance", variance(traces, trace(case.operator)), np.sum(off * off))
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


hutchinson.symmetry(
    "equivariance",
    "turned_probes_see_the_turned_matrix",
    "Rotating (so also permuting) the coordinates of matrix and probes together leaves every sample as it was",
    cases=estimates.but(turn=rotation()),
    inputs={"operator": turned, "probes": turned},
    outputs={"samples": unchanged},
)


SAMPLE, MEAN, ERROR = "np.dot(z, product(operator, z, k))", "np.sum(samples) / m", "((m - 1) * m)"
hutchinson.edits(f"""
samples_are_added: The samples are added up and not averaged
    `{MEAN}` → `np.sum(samples)`
first_probe_only: Only the first probe enters the estimate
    `{MEAN}` → `samples[0]`
samples_divided_by_the_length_of_the_probe: Each sample is the Rayleigh quotient n·zᵀAz/zᵀz: right for signs, wrong for
    normal numbers
    `{SAMPLE}` → `{SAMPLE} * z.shape[0] / np.dot(z, z)`
product_without_the_probe: The product is summed without being multiplied by the probe: 1ᵀAz instead of zᵀAz
    `{SAMPLE}` → `np.sum(product(operator, z, k))`
size_of_each_sample: Samples lose their sign, as if A were semidefinite
    `{SAMPLE}` → `np.abs({SAMPLE})`
standard_error_with_all_samples: The standard error divides by m and not by m - 1
    `{ERROR}` → `(m * m)`
deviation_of_one_sample: The standard error is that of one sample: it is not divided by √m
    `{ERROR}` → `(m - 1)`
two_products_for_each_probe: Products are counted twice
    `int(m)` → `2 * int(m)`
products_that_are_not_finite_count_as_nothing: A NaN or an infinity in a product is replaced by 0
    `operator(vector)` → `np.nan_to_num(operator(vector), nan=0.0, posinf=0.0, neginf=0.0)`
""")
