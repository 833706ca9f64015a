"""The estimator of the diagonal by Bekas, Kokiopoulou and Saad."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.curvature import diagonal as reference
from gnomon.curvature.diagonal import DiagonalEstimate
from gnomon.curvature.draws import all_signs
from gnomon.curvature.operators import Dense
from gnomon.curvature.operators import product as product_of
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.bad_input import bad_probes, finite_only, not_finite, unchecked_products
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.quantities import UP_TO_THREE, any_matrix, operator, probes, signs, three_point_rule
from gnomon_spec.facts import Fact, agree, equal, rejects
from gnomon_spec.strategies import VECTORS, number, permutation, rotation, shapes, tame
from gnomon_spec.system import WITH_ROOM

estimates = Cases({"operator": operator(any_matrix()), "probes": probes()}, VECTORS).but(
    variant=choice("ratio", "plain")
)
operators = Cases({"operator": operator(any_matrix()), "variant": choice("ratio", "plain")}, UP_TO_THREE)

bekas = system.operation(reference.bekas, cases=estimates, dtypes=WITH_ROOM)


@bekas.law("rejects", cases=estimates.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    wrong = not_finite(case.operator, case.bad)
    yield rejects("not finite", lambda: port.bekas(wrong, case.probes, **case.hyper))


@bekas.law("rejects", cases=estimates.but(variant="ratio"))
def a_coordinate_that_no_probe_has_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A ratio whose denominator is 0 is rejected: no NaN is returned."""
    without = np.where(np.arange(case.probes.shape[1]) == 0, 0 * case.probes, case.probes)
    yield rejects("0/0", lambda: port.bekas(case.operator, without, **case.hyper))


@bekas.law("rejects", cases=estimates)
def probes_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Probes of another length or shape, of integers, none at all, or with a NaN are rejected."""
    for label, wrong in bad_probes(case.probes):
        yield rejects(label, partial(port.bekas, case.operator, wrong, **case.hyper))


@bekas.law("closed form", cases=operators)
def one_sign_vector_varies_by_the_rest_of_the_row(port: Any, case: Case) -> Iterable[Fact]:
    """Over all sign vectors, one at a time, the mean is diag A and the variance Σ_{j≠i} Aᵢⱼ², in either variant."""
    A = case.operator.matrix
    found = [port.bekas(case.operator, z[np.newaxis], **case.hyper).diagonal for z in all_signs(len(A))]
    deviations = np.stack(found) - np.diagonal(A)
    yield equal("mean", np.mean(np.stack(found), axis=0), np.diagonal(A))
    expected = np.sum(A * A, axis=1) - np.diagonal(A) ** 2
    yield equal("variance", np.mean(deviations * deviations, axis=0), expected)


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
    deviations = found - np.diagonal(A)
    expected = np.sum(A * A, axis=1) + (case.kurtosis - 2) * np.diagonal(A) ** 2
    yield equal("variance", weights @ (deviations * deviations), expected)


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
    deviations = np.stack(found) - A[0, 0]
    yield equal("mean", np.mean(np.stack(found)), A[0, 0])
    yield equal("variance", np.mean(deviations * deviations), A[0, 1] * A[0, 1] / np.sum(first * first))


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


@bekas.law("equivariance", cases=estimates.but(order=permutation(), flips=signs(1)))
def coordinates_may_be_reordered_and_flipped(port: Any, case: Case) -> Iterable[Fact]:
    """Reordering the coordinates of matrix and probes reorders the estimate, flipping their signs changes nothing."""
    A, flips = case.operator.matrix, case.flips[0]
    found = port.bekas(case.operator, case.probes, **case.hyper)
    flipped = port.bekas(Dense(flips[:, np.newaxis] * A * flips), case.probes * flips, **case.hyper)
    yield equal("flipped", flipped.diagonal, found.diagonal)
    moved = port.bekas(Dense(A[case.order][:, case.order]), case.probes[:, case.order], **case.hyper)
    yield equal("reordered", moved.diagonal, found.diagonal[case.order])


@bekas.law("conservation", cases=estimates.but(probes=signs()))
def with_signs_it_adds_up_to_hutchinsons_trace(port: Any, case: Case) -> Iterable[Fact]:
    """With the same sign vectors the entries add up to Hutchinson's estimate of the trace."""
    found = port.bekas(case.operator, case.probes, **case.hyper)
    yield equal("sum", np.sum(found.diagonal), port.oracle.hutchinson(case.operator, case.probes).trace)


@bekas.law("conservation", cases=estimates)
def each_probe_costs_one_product(port: Any, case: Case) -> Iterable[Fact]:
    """m probes cost m products."""
    yield agree("products", port.bekas(case.operator, case.probes, **case.hyper).products, len(case.probes))


def products(operator: Any, probes: Any) -> Any:
    return np.stack([product_of(operator, z, k) for k, z in enumerate(probes)])


@system.mistake("bekas")
def ratio_without_its_denominator(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """The sums are divided by m and not by Σ z∘z: right for signs only."""
    found = reference.bekas(operator, probes, variant=variant)
    return reference.bekas(operator, probes, variant="plain") if variant == "ratio" else found


@system.mistake("bekas")
def plain_with_a_denominator(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """The plain estimate, too, is divided by Σ z∘z."""
    return reference.bekas(operator, probes, variant="ratio")


@system.mistake("bekas")
def mean_of_ratios(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """Each probe's ratio is taken and then averaged, instead of the ratio of the sums."""
    found = reference.bekas(operator, probes, variant=variant)
    if variant == "plain":
        return found
    return found._replace(diagonal=np.sum(products(operator, probes) / probes, axis=0) / len(probes))


@system.mistake("bekas")
def products_are_added_up(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """The products are added up and not averaged, in either variant."""
    found = reference.bekas(operator, probes, variant=variant)
    weights = np.sum(probes * probes, axis=0) if variant == "ratio" else len(probes)
    return found._replace(diagonal=found.diagonal * weights)


@system.mistake("bekas")
def product_without_the_probe_on_its_left(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """Az is averaged and not z∘Az."""
    found = reference.bekas(operator, probes, variant=variant)
    weights = np.sum(probes * probes, axis=0) if variant == "ratio" else len(probes)
    return found._replace(diagonal=np.sum(products(operator, probes), axis=0) / weights)


@system.mistake("bekas")
def entries_lose_their_sign(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """The absolute value of each entry is returned."""
    found = reference.bekas(operator, probes, variant=variant)
    return found._replace(diagonal=np.abs(found.diagonal))


@system.mistake("bekas")
def first_probe_makes_the_diagonal(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """Only the first probe enters the estimate."""
    found = reference.bekas(operator, probes, variant=variant)
    return reference.bekas(operator, probes[:1], variant=variant)._replace(products=found.products)


@system.mistake("bekas")
def products_are_not_counted(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """However many probes there are, one product is counted."""
    return reference.bekas(operator, probes, variant=variant)._replace(products=1)


@system.mistake("bekas")
def zero_denominator_is_not_noticed(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """Where every probe is 0 the ratio is 0/0, a NaN."""
    found = reference.bekas(operator, probes, variant="plain")
    if variant == "plain":
        return found
    return found._replace(diagonal=found.diagonal * len(probes) / np.sum(probes * probes, axis=0))


@system.mistake("bekas")
def products_of_bekas_that_are_not_finite_count_as_nothing(
    operator: Any, probes: Any, *, variant: str = "ratio"
) -> DiagonalEstimate:
    """A NaN or an infinity in a product is replaced by 0."""
    return reference.bekas(finite_only(operator), probes, variant=variant)


@system.mistake("bekas")
def probes_of_bekas_are_not_checked(operator: Any, probes: Any, *, variant: str = "ratio") -> DiagonalEstimate:
    """Whatever is given as probes is used, and products are not looked at."""
    rows, images = unchecked_products(operator, probes)
    weights = np.sum(rows * rows, axis=0) if variant == "ratio" else len(rows)
    return DiagonalEstimate(np.sum(rows * images, axis=0) / weights, len(rows))
