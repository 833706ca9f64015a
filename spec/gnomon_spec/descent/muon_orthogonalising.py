"""What orthogonalising by Newton-Schulz does to singular values, and what it must not do to anything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.newton_schulz import PUBLISHED, coefficients_of
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, choice
from gnomon_spec.curvature.symmetries import negated, scaled, unchanged
from gnomon_spec.descent.muon_cases import (
    FLAT,
    calm_matrices,
    graded,
    monomial,
    orthogonalising,
    rotations,
    transposed,
    turned,
)
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import count, indices, poisons, whole_range, zeros
from gnomon_spec.system import WITH_ROOM, Operation

# Of five steps with (3.4445, -4.7750, 2.0315): the largest value on [0, 1] is 1.202369, the smallest on [0.003, 1] is
# 0.681831.
SMALLEST, LARGEST = 0.68183, 1.20237
default = orthogonalising.but(coefficients="muon", ns_steps=5)
scale_free = calm_matrices.but(eps=0.0)


def through_the_polynomials(values: Any, coefficients: Any, steps: int) -> Any:
    """Return what becomes of singular values: s ← a·s + b·s³ + c·s⁵, step by step."""
    for a, b, c in coefficients_of(coefficients, steps):
        values = a * values + b * values**3 + c * values**5
    return values


def shares(values: Any, norm: Any, case: Case) -> Any:
    """Return numbers divided by a norm as ε has it."""
    return values / (norm + case.eps if case.eps_added else np.maximum(norm, case.eps))


def frobenius(matrix: Any) -> Any:
    return np.sqrt(np.sum(matrix * matrix))


def declare_laws(orthogonalise: Operation) -> None:
    """Declare the laws of `orthogonalise`."""
    declare_closed_forms(orthogonalise)
    declare_bounds(orthogonalise)
    declare_symmetries(orthogonalise)


def declare_closed_forms(orthogonalise: Operation) -> None:
    """Declare what the result is where that can be said without the iteration."""

    @orthogonalise.law("closed form", cases=calm_matrices.but(matrix=graded(4.0)))
    def singular_values_go_through_the_polynomials(port: Any, case: Case) -> Iterable[Fact]:
        """U·diag(s)·Vᵀ becomes U·diag(q(s/‖s‖))·Vᵀ, with q the polynomials one after the other."""
        u, s, vt = lapack(np.linalg.svd, case.matrix, full_matrices=False)
        values = through_the_polynomials(shares(s, frobenius(case.matrix), case), case.coefficients, case.ns_steps)
        yield equal("matrix", port.orthogonalise(case.matrix, **case.hyper), (u * values) @ vt)

    @orthogonalise.law("closed form", cases=calm_matrices.but(matrix=monomial()))
    def entries_alone_in_row_and_column_are_singular_values(port: Any, case: Case) -> Iterable[Fact]:
        """Where each row and column has at most one entry x, it becomes ±q(|x|/‖X‖), and zeros stay zeros."""
        values = shares(case.matrix, frobenius(case.matrix) + 0 * case.matrix, case)
        values = np.where(case.matrix == 0, 0 * case.matrix, values)
        expected = through_the_polynomials(values, case.coefficients, case.ns_steps)
        yield equal("matrix", port.orthogonalise(case.matrix, **case.hyper), expected)

    @orthogonalise.law("closed form", cases=calm_matrices.but(eps=0.0).shaped(FLAT))
    def a_vector_keeps_its_direction(port: Any, case: Case) -> Iterable[Fact]:
        """A row or a column of any length becomes q(1)/‖X‖ times itself (0.6964/‖X‖ by default); 0 stays 0."""
        norm = frobenius(case.matrix)
        direction = case.matrix / np.where(norm == 0, 1 + norm, norm)
        factor = through_the_polynomials(1 + 0 * norm, case.coefficients, case.ns_steps)
        yield equal("matrix", port.orthogonalise(case.matrix, **case.hyper), factor * direction)

    @orthogonalise.law(
        "limit", cases=scale_free.but(matrix=graded(2.0), coefficients="polar-express", ns_steps=8), dtypes=WITH_ROOM
    )
    def eight_steps_of_polar_express_are_the_polar_factor(port: Any, case: Case) -> Iterable[Fact]:
        """With "polar-express", eight steps and no singular value below ‖X‖/1000, the result is UVᵀ."""
        u, _, vt = lapack(np.linalg.svd, case.matrix, full_matrices=False)
        yield equal("matrix", port.orthogonalise(case.matrix, **case.hyper), u @ vt)

    several = choice("polar-express", "dion", "polar-express-safer")
    longer = calm_matrices.but(coefficients=several, ns_steps=count(9, low=6, high=10), eps=1.0)

    @orthogonalise.law("closed form", cases=longer.but(matrix=monomial(-14)))
    def a_set_goes_on_with_its_last_coefficients(port: Any, case: Case) -> Iterable[Fact]:
        """Steps beyond the end of a set are made with its last coefficients: with "dion", those after the fifth."""
        values = shares(case.matrix, frobenius(case.matrix) + 0 * case.matrix, case)
        values = np.where(case.matrix == 0, 0 * case.matrix, values)
        published = PUBLISHED[case.coefficients]
        for a, b, c in [*published, *published[-1:] * 5][: case.ns_steps]:
            values = a * values + b * values**3 + c * values**5
        yield equal("matrix", port.orthogonalise(case.matrix, **case.hyper), values)

    @orthogonalise.law("fixed point", cases=orthogonalising.but(matrix=zeros, eps=choice(0.0, 1e-7, 1.0)))
    def zeros_stay_zeros(port: Any, case: Case) -> Iterable[Fact]:
        """A matrix of zeros becomes zeros, with ε = 0, too, and no NaN."""
        yield equal("matrix", port.orthogonalise(case.matrix, **case.hyper), case.matrix)

    @orthogonalise.law("conservation", cases=calm_matrices.but(
        place=indices(), bad=poisons
    ))  # fmt: skip
    def a_bad_entry_is_not_hidden(port: Any, case: Case) -> Iterable[Fact]:
        """A NaN or an infinity anywhere makes every entry NaN."""
        place = (np.arange(case.matrix.size) == case.place).reshape(case.matrix.shape)
        poisoned = port.orthogonalise(np.where(place, case.bad, case.matrix), **case.hyper)
        yield identical("is NaN", np.isnan(poisoned), np.ones(case.matrix.shape, bool))


def declare_bounds(orthogonalise: Operation) -> None:
    """Declare between what the singular values end, with the default coefficients and five steps."""

    @orthogonalise.law("bound", cases=default)
    def no_singular_value_exceeds_the_bound(port: Any, case: Case) -> Iterable[Fact]:
        """Whatever the matrix and ε, by default no singular value of the result is above 1.20237."""
        values = lapack(np.linalg.svd, port.orthogonalise(case.matrix, **case.hyper), compute_uv=False)
        yield at_least("largest singular value", LARGEST + 0 * values, values)

    @orthogonalise.law("bound", cases=default.but(matrix=graded(2.0), eps=0.0))
    def no_singular_value_stays_below_the_bound(port: Any, case: Case) -> Iterable[Fact]:
        """By default singular values from 0.003·‖X‖ on, and there are no others here, end in [0.68183, 1.20237]."""
        values = lapack(np.linalg.svd, port.orthogonalise(case.matrix, **case.hyper), compute_uv=False)
        yield at_least("smallest singular value", values, SMALLEST + 0 * values)
        yield at_least("largest singular value", LARGEST + 0 * values, values)


def declare_symmetries(orthogonalise: Operation) -> None:
    """Declare how the result changes with the matrix."""
    orthogonalise.symmetry(
        "equivariance",
        "a_turned_matrix_gives_the_turned_result",
        "Rotations on both sides pass through: L·X·Rᵀ becomes L·f(X)·Rᵀ",
        cases=calm_matrices.but(**rotations),
        inputs={"matrix": turned},
        outputs=turned,
    )
    orthogonalise.symmetry(
        "equivariance",
        "the_transpose_gives_the_transpose",
        "Xᵀ becomes the transpose of what X becomes, for tall and for wide matrices",
        cases=orthogonalising,
        inputs={"matrix": transposed},
        outputs=transposed,
    )
    orthogonalise.symmetry(
        "equivariance",
        "the_negative_gives_the_negative",
        "-X becomes the negative of what X becomes, bit for bit",
        cases=orthogonalising,
        inputs={"matrix": negated},
        outputs=negated,
        same=identical,
    )
    orthogonalise.symmetry(
        "invariance",
        "without_epsilon_the_length_does_not_matter",
        "With ε = 0, X times 2ᵏ gives the same, wherever in the range of the dtype that is",
        cases=scale_free.but(power=whole_range()),
        inputs={"matrix": scaled},
        outputs=unchanged,
        dtypes=WITH_ROOM,
    )
    orthogonalise.symmetry(
        "invariance",
        "epsilon_has_the_unit_of_the_matrix",
        "X and ε times 2ᵏ give the same, bit for bit",
        cases=calm_matrices.but(power=count(1, 3, low=-20, high=20)),
        inputs={"matrix": scaled, "eps": scaled},
        outputs=unchanged,
        same=identical,
        dtypes=WITH_ROOM,
    )


def declare_mistakes(orthogonalise: Operation) -> None:
    """Declare the mistakes in `orthogonalise`: those that libraries shipped, and those that are near."""
    orthogonalise.edits("""
    spectral_norm_instead_of_frobenius: X is divided by its spectral norm, not by its Frobenius norm [optax.contrib.muon
        with preconditioning="spectral"]
        `np.sqrt(np.sum(in_units * in_units))` → `np.linalg.svd(in_units, compute_uv=False)[0]`
    schatten_norm_instead_of_frobenius: X is divided by its Schatten-4 norm, not by its Frobenius norm
        [optax.contrib.muon with preconditioning="schatten"; Grishina et al. 2025]
        `np.sqrt(np.sum(in_units * in_units))` → `np.sqrt(np.sqrt(np.sum((in_units @ in_units.T) ** 2)))`
    largest_entry_instead_of_the_norm: X is divided by its largest entry, not by its Frobenius norm
        `np.sqrt(np.sum(in_units * in_units))` → `np.max(np.abs(in_units))`
    norm_without_its_root: X is divided by the square of its norm
        `np.sqrt(np.sum(in_units * in_units))` → `np.sum(in_units * in_units)`
    norm_of_each_row: Each row is divided by its own norm [row normalisation, as in NorMuon's or RMNP's momentum]
        `np.sum(in_units * in_units)` → `np.sum(in_units * in_units, axis=1, keepdims=True)`
    root_mean_square_instead_of_the_norm: X is divided by the root mean square of its entries
        `np.sum(in_units * in_units)` → `np.mean(in_units * in_units)`
    norm_left_out: X is not divided by anything
        `in_units / np.where(length == 0, np.ones_like(length), length)` → `matrix`
    norm_out_of_range: The squares of the norm are summed as they are: they leave the range of the dtype long before the
        matrix does [torch, optax, pytorch_optimizer, the authors' code]
        `unit = np.where(unit == 0, np.ones_like(unit), unit)` → `unit = np.ones_like(unit)`
    epsilon_added: ε is added to the norm where it should be a floor under it, or the other way round
        `if eps_added` → `if not eps_added`
    epsilon_left_out: ε is not used at all
        `floor = eps / unit` → `floor = 0 * unit`
    epsilon_inside_the_root: ε is added to the sum of squares, under the root
        `norm + floor if` → `np.sqrt(norm * norm + floor * floor) if`
    zero_divided_by_zero: With ε = 0 a matrix of zeros becomes NaN
        `np.where(length == 0, np.ones_like(length), length)` → `length`
    one_step_fewer: One Newton-Schulz step fewer is made than asked for
        `coefficients, ns_steps` → `coefficients, max(ns_steps - 1, 0)`
    five_steps_whatever_is_asked: Five steps are made, whatever is asked for
        `coefficients, ns_steps` → `coefficients, 5`
    coefficients_from_the_end: With fewer steps than a set has coefficients, its last ones are taken, not its first
        `published = PUBLISHED[name]` → `published = PUBLISHED[name][-steps:]`
    coefficients_run_out: Steps beyond the end of a set of several are not made [optax.contrib.scale_by_muon]
        `for k in range(steps)` → `for k in range(min(steps, len(published)) if len(published) > 1 else steps)`
    coefficients_start_again: Beyond its end a set begins anew instead of going on with its last one
        `min(k, len(published) - 1)` → `k % len(published)`
    first_coefficients_in_every_step: The first coefficients of a set are used in every step
        `min(k, len(published) - 1)` → `0`
    cubic_newton_schulz: Every step is X ← 1.5·X - 0.5·A·X, the classical iteration
        [Higham, Functions of Matrices, 2008]
        `a * matrix + (b * gram + c * (gram @ gram)) @ matrix` → `1.5 * matrix - 0.5 * gram @ matrix`
    taylor_coefficients: The coefficients are (15/8, -5/4, 3/8), which converge but are slow to begin
        [the quintic of Newton-Schulz, the last step of Polar Express]
        `a * matrix + (b * gram + c * (gram @ gram)) @ matrix` →
            `1.875 * matrix + (-1.25 * gram + 0.375 * (gram @ gram)) @ matrix`
    last_two_coefficients_swapped: b and c are swapped
        `b * gram + c * (gram @ gram)` → `c * gram + b * (gram @ gram)`
    second_coefficient_without_its_sign: b is added with the other sign
        `b * gram +` → `-b * gram +`
    gram_matrix_of_the_start: A stays that of the first X in all steps
        `for a, b, c in coefficients:` → `gram = matrix @ matrix.T\nfor a, b, c in coefficients:`,
        `    gram = matrix @ matrix.T\n    matrix =` → `    matrix =`
    bad_entries_taken_for_zeros: A NaN or an infinity is replaced by 0 before the matrix is orthogonalised
        `` → `matrix = np.where(np.isfinite(matrix), matrix, np.zeros_like(matrix))`
    signs_lost_in_the_matrix: The sign of each entry is lost before the matrix is orthogonalised
        `` → `matrix = np.abs(matrix)`
    square_entry_by_entry: A² is the square of each entry
        `gram @ gram` → `gram * gram`
    """)
