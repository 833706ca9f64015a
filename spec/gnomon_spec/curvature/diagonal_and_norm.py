"""The estimator of the diagonal by Bekas, Kokiopoulou and Saad, and that of the squared Frobenius norm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature.diagonal import bekas as reference_of_the_diagonal
from gnomon.curvature.draws import all_signs
from gnomon.curvature.frobenius import frobenius_squared as reference_of_the_norm
from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, choice
from gnomon_spec.curvature import matrices_and_probes as given
from gnomon_spec.curvature.estimators import declare_cost, system
from gnomon_spec.curvature.hutchinson import estimates as of_the_norm
from gnomon_spec.curvature.hutchinson import operators
from gnomon_spec.curvature.symmetries import scaled
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.strategies import count, number, permutation, rotation, shapes, tame
from gnomon_spec.system import WITH_ROOM, Misfits

estimates = of_the_norm.but(variant=choice("ratio", "plain"))
moments = operators.but(kurtosis=number(3.0, 1.0, 4.0, 2.25, exponents=(0, 3)))

bekas = system.operation(reference_of_the_diagonal, cases=estimates, dtypes=WITH_ROOM)
frobenius_squared = system.operation(reference_of_the_norm, cases=of_the_norm, dtypes=WITH_ROOM)
declare_cost(bekas)
declare_cost(frobenius_squared)


@bekas.misfits(cases=estimates.but(variant="ratio"))
def a_coordinate_that_no_probe_has_is_rejected(case: Case) -> Misfits:
    """A ratio whose denominator is 0 is rejected: no NaN is returned."""
    without = np.where(np.arange(case.probes.shape[1]) == 0, 0 * case.probes, case.probes)
    return {"0/0": {"probes": without}}


@bekas.law("closed form", cases=moments.shaped(shapes((1,), (2,))).but(variant="plain"))
def a_plain_sample_varies_as_the_fourth_moment_says(port: Any, case: Case) -> Iterable[Fact]:
    """Over independent entries of fourth moment μ₄ (1: signs) one plain sample has mean diag A and varies by
    Σ_{j≠i} Aᵢⱼ² + (μ₄ - 1)·Aᵢᵢ²."""
    A = case.operator.matrix
    points, weights = given.three_point_rule(len(A), case.kurtosis)
    found = np.stack([port.bekas(case.operator, z[np.newaxis], **case.hyper).diagonal for z in points])
    yield equal("mean", weights @ found, np.diagonal(A))
    expected = np.sum(A * A, axis=1) + (case.kurtosis - 2) * np.diagonal(A) ** 2
    yield equal("variance", given.variance(found, np.diagonal(A), weights), expected)


@bekas.law("closed form", cases=operators.shaped(shapes((2,))).but(first=tame(shape=lambda _: (3,)), variant="ratio"))
def a_ratio_varies_by_the_length_of_its_own_coordinate(port: Any, case: Case) -> Iterable[Fact]:
    """With the first coordinates of the probes fixed and signs elsewhere, the first ratio has mean A₁₁ and variance
    A₁₂²/Σ z₁² (for normal numbers on average Σ Aᵢⱼ²/(m - 2))."""
    first, A = np.where(case.first == 0, 1.0, case.first), case.operator.matrix
    probes = (np.stack([first, others], axis=1) for others in all_signs(3))
    found = np.stack([port.bekas(case.operator, Z, **case.hyper).diagonal[0] for Z in probes])
    yield equal("mean", np.mean(found), A[0, 0])
    yield equal("variance", given.variance(found, A[0, 0]), A[0, 1] * A[0, 1] / np.sum(first * first))


@bekas.law("closed form", cases=estimates.but(turn=rotation()))
def orthogonal_probes_give_the_diagonal(port: Any, case: Case) -> Iterable[Fact]:
    """Probes with ZᵀZ = m·I give the diagonal of any matrix, in either variant."""
    found = port.bekas(case.operator, np.sqrt(1.0 * len(case.turn)) * case.turn, **case.hyper)
    yield equal("diagonal", found.diagonal, np.diagonal(case.operator.matrix))


bekas.symmetry(
    "equivariance",
    "coordinates_may_be_reordered_and_flipped",
    "Reordering the coordinates of matrix and probes reorders the estimate, flipping their signs changes nothing",
    cases=estimates.but(order=permutation(), flips=given.signs(1)),
    inputs={
        "operator": lambda A, case: Dense((case.flips.T * A.matrix * case.flips)[case.order][:, case.order]),
        "probes": lambda probes, case: (probes * case.flips)[:, case.order],
    },
    outputs={"diagonal": lambda diagonal, case: diagonal[case.order]},
)


@bekas.law("conservation", cases=estimates.but(probes=given.signs()))
def with_signs_it_adds_up_to_hutchinsons_trace(port: Any, case: Case) -> Iterable[Fact]:
    """With the same sign vectors the entries add up to Hutchinson's estimate of the trace."""
    found = port.bekas(case.operator, case.probes, **case.hyper)
    yield equal("sum", np.sum(found.diagonal), port.oracle.hutchinson(case.operator, case.probes).trace)


@frobenius_squared.law("closed form", cases=moments)
def a_sample_varies_as_the_fourth_moment_says(port: Any, case: Case) -> Iterable[Fact]:
    """Over independent entries of fourth moment μ₄ a sample has mean ‖A‖² and varies by 2‖B‖² + (μ₄ - 3)·Σ Bᵢᵢ²,
    B = AᵀA: for signs, μ₄ = 1, by at most 2‖A‖⁴."""
    A = case.operator.matrix
    points, weights = given.three_point_rule(len(A), case.kurtosis)
    samples, B = port.frobenius_squared(case.operator, points).samples, A.T @ A
    yield equal("mean", weights @ samples, np.sum(A * A))
    expected = 2 * np.sum(B * B) + (case.kurtosis - 3) * np.sum(np.diagonal(B) ** 2)
    yield equal("variance", given.variance(samples, np.sum(A * A), weights), expected)


@frobenius_squared.law("closed form", cases=of_the_norm.but(turn=rotation()))
def orthogonal_probes_give_the_square(port: Any, case: Case) -> Iterable[Fact]:
    """Probes with ZᵀZ = m·I give ‖A‖² of any matrix."""
    found = port.frobenius_squared(case.operator, np.sqrt(1.0 * len(case.turn)) * case.turn)
    yield equal("square", found.square, np.sum(case.operator.matrix**2))


frobenius_squared.symmetry(
    "equivariance",
    "it_scales_as_the_square_of_the_matrix",
    "A matrix times 2ᵏ has 4ᵏ times the estimate, bit for bit",
    cases=of_the_norm.but(power=count(1, 3, low=-10, high=10)),
    inputs={"operator": scaled},
    outputs={"square": lambda square, case: square * 4.0**case.power},
    same=identical,
)


TERMS, PLAIN, RATIO = "probes * products", "total / probes.shape[0]", "total / weights"
ESTIMATE = "estimate_of(np.sum(probes * products, axis=0), probes, variant)"
bekas.edits(f"""
ratio_without_its_denominator: The sums are divided by m: the plain estimate, the same for signs only
    `if variant == "plain"` → `if True`
plain_with_a_denominator: The plain estimate, too, is divided by Σ z∘z
    `if variant == "plain"` → `if False`
mean_of_ratios: Each probe's ratio is taken and then averaged, instead of the ratio of the sums
    `{TERMS}` → `products / probes if variant == "ratio" else probes * products`, `{RATIO}` → `{PLAIN}`
products_are_added_up: The products are added up and not averaged
    `{PLAIN}` → `total`, `{RATIO}` → `total`
product_without_the_probe_on_its_left: Az is averaged and not z∘Az
    `{TERMS}` → `products`
entries_lose_their_sign: The absolute value of each entry is returned
    `{PLAIN}` → `np.abs({PLAIN})`, `{RATIO}` → `np.abs({RATIO})`
first_probe_makes_the_diagonal: Only the first probe enters the estimate
    `{ESTIMATE}` → `estimate_of(probes[0] * products[0], probes[:1], variant)._replace(products=int(probes.shape[0]))`
products_are_not_counted: However many probes there are, one product is counted
    `int(probes.shape[0])` → `1`
zero_denominator_is_not_noticed: Where every probe is 0 the ratio is 0/0, a NaN
    `np.any(weights == 0)` → `False`
""")
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
products_are_counted_twice: Two products are counted for each AᵀA
    `int(m)` → `2 * int(m)`
""")
