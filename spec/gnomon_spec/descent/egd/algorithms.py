"""The polar factor by the Gram matrix and by the Newton-Schulz iteration, Muon's five iterations among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.egd import polar as reference
from gnomon.descent.newton_schulz import CUBIC, MUON
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.descent.egd import system
from gnomon_spec.descent.egd.matrices import SHAPES, declare_what_all_share, factor, full, gives, gradient, svd
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import count
from gnomon_spec.system import WITH_ROOM

# What a Gram matrix can tell apart: squares of these are above rounding in float32, too.
told = Cases({"rtol": choice(1 / 16, 1 / 64, None), "gradient": gradient()}, SHAPES)
below_rounding = Quantity(lambda draw, c: 2.0**-39 if c.dtype == np.float64 else 2.0**-17, "ε^¾")
one = {"": lambda case: 1.0}
eigh = system.operation(reference.polar_eigh, cases=told, rejecting=told, dtypes=WITH_ROOM, scales=one)


@gives(eigh, "closed form", told)
def the_gram_matrix_gives_the_same_factor(case: Case) -> Any:
    """It is U_r·V_rᵀ with the sᵢ > rtol·s₁; with rtol = None that of a gradient of condition ε^-¼ and full rank."""
    return factor(case)


@eigh.law("limit", cases=full.but(share=below_rounding))
def what_a_gram_matrix_cannot_tell_apart_is_cut_off(port: Any, case: Case) -> Iterable[Fact]:
    """With rtol = None singular values of ε^¾ of the largest are no part of it: their squares are rounding."""
    U, s, Vt = svd(case)
    low = (U * np.where(np.arange(len(s)) == 0, s[0], case.share * s[0])) @ Vt
    found = eigh.call(port, case, gradient=low)
    yield equal("gradient", found, U[:, :1] @ Vt[:1], scale=1.0)


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
threshold_of_the_svd: Without rtol the threshold is that of singular values, below what a Gram matrix can tell apart
    `threshold(gradient, None) if rtol is None` → `threshold(gradient, None) ** 2 if rtol is None`
threshold_of_singular_values: rtol is held against the ratio of eigenvalues, which are squares
    `rtol * rtol` → `rtol`
tall_factors_are_longer: Of a tall gradient the factor is multiplied by √(m/p) [Muon, Jordan et al. 2024]
    `else factor.T` → `else (m / p) ** 0.5 * factor.T`
gram_of_the_gradient_as_it_is: G·Gᵀ is formed without scaling: it leaves the range where G² does
    `X = gradient.shape, of_size_one(gradient)` → `X = gradient.shape, gradient`
""".replace(" @\n        (Q.T", " @ (Q.T")
)


iterated = full.but(iterations=count(1, 0, 3, low=0, high=14), coefficients="cubic")
schulz = system.operation(
    reference.polar_newton_schulz,
    cases=iterated.but(coefficients=choice("cubic", "muon"), iterations=count(5, 1, 0, high=8)),
    rejecting=iterated,
    dtypes=WITH_ROOM,
    scales=one,
)


@gives(schulz, "closed form", schulz.cases)
def each_singular_value_goes_its_way(case: Case) -> Any:
    """From s/‖s‖ each singular value goes by s ← a·s + b·s³ + c·s⁵, the singular vectors stay. 0 stays 0."""
    U, s, Vt = svd(case)
    s = s / np.sqrt(np.sum(s * s))
    a, b, c = CUBIC if case.coefficients == "cubic" else MUON
    for _ in range(case.iterations):
        s = a * s + b * s**3 + c * s**5
    return (U * s) @ Vt


@schulz.law("bound", cases=iterated)
def it_rises_to_1_and_not_above(port: Any, case: Case) -> Iterable[Fact]:
    """A cubic iteration takes each singular value nearer to 1: 1 - s' = (1-s)²·(1 + s/2), and none is above 1."""
    s, after = (
        lapack(np.linalg.svdvals, schulz.call(port, case, iterations=case.iterations + more)) for more in (0, 1)
    )
    yield equal("s", after, 1 - (1 - s) ** 2 * (1 + s / 2), scale=1.0)
    yield equal("above 1", np.maximum(after - 1, 0), 0.0, scale=1.0)


@gives(schulz, "limit", iterated.but(iterations=count(40, low=40, high=60)))
def it_ends_at_the_polar_factor(case: Case) -> Any:
    """40 cubic iterations and more leave the polar factor U·Vᵀ of a gradient of full rank."""
    return factor(case)


@schulz.law(
    "bound",
    cases=Cases({"rtol": choice(1 / 16), "gradient": gradient(full=True)}, SHAPES).but(
        iterations=5, coefficients="muon"
    ),
)
def muons_are_no_polar_factor(port: Any, case: Case) -> Iterable[Fact]:
    """Muon's five take singular values of 0.01 and more of the length to between 0.6818 and 1.1344, not to 1."""
    s = lapack(np.linalg.svdvals, schulz.call(port, case))
    yield at_least("low", s, 0.6818)
    yield at_least("high", 1.1344 + 0 * s, s)


declare_what_all_share(schulz, schulz.cases, schulz.cases)
schulz.edits("""
quintic_of_muon: The iteration is Muon's, which does not converge [Jordan et al. 2024]
    `coefficients == "cubic"` → `False`
cubic_iteration: The iteration is the cubic one, whose limit is 1 but which is slow for small singular values
    `coefficients == "cubic"` → `True`
one_iteration_too_many: An iteration more is made
    `int(iterations)` → `(int(iterations) + 1)`
one_iteration_too_few: An iteration fewer is made
    `int(iterations)` → `max(int(iterations) - 1, 0)`
tall_results_are_longer: Of a tall gradient the result is multiplied by √(m/p) [Muon, Jordan et al. 2024]
    `newton_schulz(start.T, coefficients).T` →
        `(start.shape[0] / start.shape[1]) ** 0.5 * newton_schulz(start.T, coefficients).T`
norm_with_an_addend: 1e-7 is added to the norm: a tiny gradient is not scaled to length 1 [Muon's reference
    implementation, torch.optim.Muon, NVIDIA Emerging-Optimizers before its change 230]
    `np.maximum(norm, floor)` → `norm + 1e-7 / unit`
divided_by_the_spectral_norm_first: The gradient is divided by its largest singular value and not by its Frobenius norm
    `np.sqrt(np.sum(in_units * in_units))` → `np.linalg.svd(in_units, full_matrices=False)[1][0]`
""")
