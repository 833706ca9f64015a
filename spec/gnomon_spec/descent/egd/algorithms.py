"""The polar factor by the Gram matrix and by the Newton-Schulz iteration, and Muon's five iterations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.egd import polar as reference
from gnomon.descent.newton_schulz import CUBIC, MUON, Quintic
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.egd import system
from gnomon_spec.descent.egd.matrices import SHAPES, full, gradient, svd
from gnomon_spec.descent.egd.polar import declare_what_all_share
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import count
from gnomon_spec.system import WITH_ROOM, Operation

# What a Gram matrix can tell apart: squares of these are above rounding in float32, too.
TOLD = choice(1 / 16, 1 / 64)
told = Cases({"rtol": TOLD, "gradient": gradient()}, SHAPES)
one = {"gradient": lambda case: 1.0}


def of_nothing(operation: Operation, port: Any, case: Case) -> Iterable[Fact]:
    """Claim that a gradient of zeros gives 0, and no NaN, and one without entries what it is."""
    for given in (0 * case.gradient, case.gradient[:0], case.gradient[:, :0]):
        yield identical("of nothing", operation.call(port, case, gradient=given), given)


eigh = system.operation(reference.polar_eigh, cases=told, rejecting=told, dtypes=WITH_ROOM, scales=one)


@eigh.law("closed form", cases=told)
def the_gram_matrix_gives_the_same_factor(port: Any, case: Case) -> Iterable[Fact]:
    """It is U_r·V_rᵀ with the sᵢ > rtol·s₁: r singular values are 1 and the others 0; of nothing it is nothing."""
    U, _, Vt = svd(case)
    yield equal("gradient", eigh.call(port, case), U @ Vt, scale=1.0)
    yield from of_nothing(eigh, port, case)


@eigh.law("closed form", cases=full)
def of_full_rank_no_threshold_is_needed(port: Any, case: Case) -> Iterable[Fact]:
    """With rtol = None a gradient of condition ε^-¼ has its polar factor U·Vᵀ."""
    U, _, Vt = svd(case)
    yield equal("gradient", eigh.call(port, case), U @ Vt, scale=1.0)


declare_what_all_share(eigh, told, told)
eigh.edits(
    """
inverse_instead_of_inverse_root: (G·Gᵀ)⁺·G, the natural gradient, in place of (G·Gᵀ)^-½·G
    `np.sqrt(values[:r])` → `values[:r]`
fourth_root_as_in_shampoo: One factor of Shampoo alone: (G·Gᵀ)^-¼·G
    `np.sqrt(values[:r])` → `values[:r] ** 0.25`
addend_in_the_root: 1e-8 is added to the eigenvalues, and no rank is looked at [usual in implementations of Shampoo]
    `(Q[:, :r] / np.sqrt(values[:r])) @ (Q[:, :r].T @ wide)` → `(Q / np.sqrt(np.maximum(values, 0) + 1e-8)) @
        (Q.T @ wide)`
threshold_of_singular_values: rtol is held against the ratio of eigenvalues, which are squares
    `rtol * rtol` → `rtol`
tall_factors_are_longer: Of a tall gradient the factor is multiplied by √(m/p) [Muon, Jordan et al. 2024]
    `else factor.T` → `else (m / p) ** 0.5 * factor.T`
gram_of_the_gradient_as_it_is: G·Gᵀ is formed without scaling: it leaves the range where G² does
    `X = gradient.shape, of_size_one(gradient)` → `X = gradient.shape, gradient`
""".replace(" @\n        (Q.T", " @ (Q.T")
)


def of_each_singular_value(case: Case, coefficients: tuple[Quintic, ...]) -> Any:
    """Return U·diag(polynomials of s/‖s‖)·Vᵀ."""
    U, s, Vt = svd(case)
    s = s / np.sqrt(np.sum(s * s))
    for a, b, c in coefficients:
        s = a * s + b * s**3 + c * s**5
    return (U * s) @ Vt


iterated = full.but(iterations=count(1, 0, 3, low=0, high=14))
schulz = system.operation(
    reference.polar_newton_schulz, cases=iterated, rejecting=iterated, dtypes=WITH_ROOM, scales=one
)


@schulz.law("closed form", cases=iterated)
def each_singular_value_goes_its_way(port: Any, case: Case) -> Iterable[Fact]:
    """From s/‖s‖ each singular value goes by s ← 1.5·s - 0.5·s³, the singular vectors stay. 0 stays 0."""
    expected = of_each_singular_value(case, (CUBIC,) * case.iterations)
    yield equal("gradient", schulz.call(port, case), expected, scale=1.0)
    yield from of_nothing(schulz, port, case)


@schulz.law("bound", cases=iterated)
def it_rises_to_1_and_not_above(port: Any, case: Case) -> Iterable[Fact]:
    """An iteration takes each singular value nearer to 1: 1 - s' = (1-s)²·(1 + s/2), and none is above 1."""
    s, after = (
        lapack(np.linalg.svdvals, schulz.call(port, case, iterations=case.iterations + more)) for more in (0, 1)
    )
    yield equal("s", after, 1 - (1 - s) ** 2 * (1 + s / 2), scale=1.0)
    yield equal("above 1", np.maximum(after - 1, 0), 0.0, scale=1.0)


@schulz.law("limit", cases=full.but(iterations=count(40, low=40, high=60)))
def it_ends_at_the_polar_factor(port: Any, case: Case) -> Iterable[Fact]:
    """40 iterations and more leave the polar factor U·Vᵀ of a gradient of full rank."""
    U, _, Vt = svd(case)
    yield equal("gradient", schulz.call(port, case), U @ Vt, scale=1.0)


declare_what_all_share(schulz, iterated, iterated)
schulz.edits("""
quintic_of_muon: The iteration is Muon's, which does not converge [Jordan et al. 2024]
    `CUBIC` → `MUON`
one_iteration_too_many: An iteration more is made
    `int(iterations)` → `(int(iterations) + 1)`
""")
schulz.edits("""
tall_results_are_longer: Of a tall gradient the result is multiplied by √(m/p) [Muon, Jordan et al. 2024]
    `newton_schulz(start.T, coefficients).T` →
        `(start.shape[0] / start.shape[1]) ** 0.5 * newton_schulz(start.T, coefficients).T`
norm_with_an_addend: 1e-7 is added to the norm: a tiny gradient is not scaled to length 1 [Muon's reference
    implementation, torch.optim.Muon, NVIDIA Emerging-Optimizers before its change 230]
    `np.maximum(norm, floor)` → `norm + 1e-7 / unit`
divided_by_the_spectral_norm_first: The gradient is divided by its largest singular value and not by its Frobenius norm
    `np.sqrt(np.sum(in_units * in_units))` → `np.linalg.svd(in_units, full_matrices=False)[1][0]`
""")

muon_cases = Cases({"gradient": gradient(full=True)}, SHAPES)
within_a_decade = Cases({"rtol": choice(1 / 16), "gradient": gradient(full=True)}, SHAPES)
muon = system.operation(reference.muon5, cases=muon_cases, rejecting=muon_cases, dtypes=WITH_ROOM, scales=one)


@muon.law("closed form", cases=muon_cases.but(rtol=choice(None)))
def each_singular_value_goes_by_the_quintic(port: Any, case: Case) -> Iterable[Fact]:
    """From s/‖s‖ each singular value goes five times by a·s + b·s³ + c·s⁵. 0 stays 0."""
    yield equal("gradient", muon.call(port, case), of_each_singular_value(case, (MUON,) * 5), scale=1.0)
    yield from of_nothing(muon, port, case)


@muon.law("bound", cases=within_a_decade)
def it_is_no_polar_factor(port: Any, case: Case) -> Iterable[Fact]:
    """Singular values of 0.01 and more of the length land between 0.6818 and 1.1344, not at 1."""
    s = lapack(np.linalg.svdvals, muon.call(port, case))
    yield at_least("low", s, 0.6818)
    yield at_least("high", 1.1344 + 0 * s, s)


declare_what_all_share(muon, muon_cases, muon_cases)
muon.edits("""
cubic_iteration: Five cubic iterations are made, which converge to 1 but are slow for small singular values
    `MUON` → `CUBIC`
four_iterations: Only four iterations are made
    `(MUON,) * 5` → `(MUON,) * 4`
six_iterations: Six iterations are made
    `(MUON,) * 5` → `(MUON,) * 6`
""")
