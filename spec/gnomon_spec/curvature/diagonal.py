"""The estimator of the diagonal by Bekas, Kokiopoulou and Saad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import diagonal as reference
from gnomon.curvature.draws import all_signs
from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Cases, choice
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
from gnomon_spec.facts import Fact, equal, rejects
from gnomon_spec.strategies import VECTORS, number, permutation, rotation, shapes, tame
from gnomon_spec.system import WITH_ROOM

estimates = Cases({"operator": operator(any_matrix()), "probes": probes()}, VECTORS).but(
    variant=choice("ratio", "plain")
)
operators = Cases({"operator": operator(any_matrix()), "variant": choice("ratio", "plain")}, UP_TO_THREE)

bekas = system.operation(reference.bekas, cases=estimates, dtypes=WITH_ROOM)
declare_cost(bekas)


@bekas.law("rejects", cases=estimates.but(variant="ratio"))
def a_coordinate_that_no_probe_has_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A ratio whose denominator is 0 is rejected: no NaN is returned."""
    without = np.where(np.arange(case.probes.shape[1]) == 0, 0 * case.probes, case.probes)
    yield rejects("0/0", lambda: port.bekas(case.operator, without, **case.hyper))


@bekas.law("closed form", cases=operators)
def one_sign_vector_varies_by_the_rest_of_the_row(port: Any, case: Case) -> Iterable[Fact]:
    """Over all sign vectors, one at a time, the mean is diag A and the variance Σ_{j≠i} Aᵢⱼ², in either variant."""
    A = case.operator.matrix
    found = [port.bekas(case.operator, z[np.newaxis], **case.hyper).diagonal for z in all_signs(len(A))]
    yield equal("mean", np.mean(np.stack(found), axis=0), np.diagonal(A))
    expected = np.sum(A * A, axis=1) - np.diagonal(A) ** 2
    yield equal("variance", variance(np.stack(found), np.diagonal(A)), expected)


@bekas.law(
    "closed form",
    cases=operators.shaped(shapes((1,), (2,))).but(variant="plain", kurtosis=number(3.0, 1.0, 4.0, exponents=(0, 3))),
)
def a_plain_sample_varies_with_the_diagonal_too(port: Any, case: Case) -> Iterable[Fact]:
    """Over independent entries of fourth moment μ₄ one plain sample varies by Σ_{j≠i} Aᵢⱼ² + (μ₄ - 1)·Aᵢᵢ²."""
    A = case.operator.matrix
    points, weights = three_point_rule(len(A), case.kurtosis)
    found = np.stack([port.bekas(case.operator, z[np.newaxis], **case.hyper).diagonal for z in points])
    yield equal("mean", weights @ found, np.diagonal(A))
    expected = np.sum(A * A, axis=1) + (case.kurtosis - 2) * np.diagonal(A) ** 2
    yield equal("variance", variance(found, np.diagonal(A), weights), expected)


@bekas.law("closed form", cases=operators.shaped(shapes((2,))).but(first=tame(shape=lambda _: (3,)), variant="ratio"))
def a_ratio_varies_by_the_length_of_its_own_coordinate(port: Any, case: Case) -> Iterable[Fact]:
    """With the first coordinates of the probes fixed and signs elsewhere, the first ratio has mean A₁₁ and variance
    A₁₂²/Σ z₁² (for normal numbers on average Σ Aᵢⱼ²/(m - 2))."""
    first = np.where(case.first == 0, 1.0, case.first)
    A = case.operator.matrix
    found = [
        port.bekas(case.operator, np.stack([first, others], axis=1), **case.hyper).diagonal[0]
        for others in all_signs(3)
    ]
    yield equal("mean", np.mean(np.stack(found)), A[0, 0])
    yield equal("variance", variance(np.stack(found), A[0, 0]), A[0, 1] * A[0, 1] / np.sum(first * first))


@bekas.law("closed form", cases=estimates.but(turn=rotation()))
def orthogonal_probes_give_the_diagonal(port: Any, case: Case) -> Iterable[Fact]:
    """Probes with ZᵀZ = m·I give the diagonal of any matrix, in either variant."""
    found = port.bekas(case.operator, np.sqrt(1.0 * len(case.turn)) * case.turn, **case.hyper)
    yield equal("diagonal", found.diagonal, np.diagonal(case.operator.matrix))


@bekas.law("closed form", cases=estimates.but(entries=tame(), variant="ratio"))
def the_ratio_of_a_diagonal_is_itself(port: Any, case: Case) -> Iterable[Fact]:
    """The ratios of a diagonal matrix are its entries, whatever the probes."""
    found = port.bekas(Dense(np.diag(case.entries)), case.probes, **case.hyper)
    yield equal("diagonal", found.diagonal, case.entries)


bekas.symmetry(
    "equivariance",
    "coordinates_may_be_reordered_and_flipped",
    "Reordering the coordinates of matrix and probes reorders the estimate, flipping their signs changes nothing",
    cases=estimates.but(order=permutation(), flips=signs(1)),
    inputs={
        "operator": lambda A, case: Dense((case.flips.T * A.matrix * case.flips)[case.order][:, case.order]),
        "probes": lambda probes, case: (probes * case.flips)[:, case.order],
    },
    outputs={"diagonal": lambda diagonal, case: diagonal[case.order]},
)


@bekas.law("conservation", cases=estimates.but(probes=signs()))
def with_signs_it_adds_up_to_hutchinsons_trace(port: Any, case: Case) -> Iterable[Fact]:
    """With the same sign vectors the entries add up to Hutchinson's estimate of the trace."""
    found = port.bekas(case.operator, case.probes, **case.hyper)
    yield equal("sum", np.sum(found.diagonal), port.oracle.hutchinson(case.operator, case.probes).trace)


TERMS, PLAIN, RATIO = "probes * products", "total / probes.shape[0]", "total / weights"
ESTIMATE = "estimate_of(np.sum(probes * products, axis=0), probes, variant)"
bekas.edits(f"""
ratio_without_its_denominator: The sums are divided by m: right for signs only
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
