"""The polar factor by the singular value decomposition: what it is, what leaves it alone, how far it moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.egd import polar as reference
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Context, Draw, Quantity
from gnomon_spec.descent.egd import matrices, system
from gnomon_spec.descent.egd.matrices import either, exactly_ranked, factor, full, gives, ranked, svd
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import SMALL_CODES, shapes
from gnomon_spec.system import WITH_ROOM

polar = system.operation(
    reference.polar, cases=either, rejecting=either, dtypes=WITH_ROOM, scales={"": lambda case: 1.0}
)


@polar.law("closed form", cases=either)
def it_has_r_singular_values_of_1(port: Any, case: Case) -> Iterable[Fact]:
    """r singular values are 1 and the others 0, so that ‖EGD(G)‖² = r; EGD(G) = U_r·V_rᵀ."""
    found = polar.call(port, case)
    s = svd(case)[1]
    ones = np.where(np.arange(min(case.gradient.shape)) < len(s), 1.0, 0.0)
    yield equal("singular values", lapack(np.linalg.svdvals, found), ones, scale=1.0)
    yield equal("squared length", np.sum(found * found), len(s))
    yield equal("gradient", found, factor(case), scale=1.0)


@polar.law("closed form", cases=either)
def it_is_the_dual_of_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """⟨G, EGD(G)⟩ is the nuclear norm Σ sᵢ, i <= r."""
    yield equal("inner product", np.sum(case.gradient * polar.call(port, case)), np.sum(svd(case)[1]))


@polar.law("fixed point", cases=ranked)
def a_second_time_changes_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """D = EGD(G) is a partial isometry, D·Dᵀ·D = D, and EGD(D) = D."""
    found = polar.call(port, case)
    yield equal("isometry", found @ found.T @ found, found, scale=1.0)
    yield equal("again", polar.call(port, case, gradient=found), found, scale=1.0)


@polar.law("closed form", cases=exactly_ranked)
def it_is_the_factor_of_a_polar_decomposition(port: Any, case: Case) -> Iterable[Fact]:
    """H = G·EGD(G)ᵀ is symmetric and positive semidefinite, H² = G·Gᵀ, and G = H·EGD(G)."""
    G, found = case.gradient, polar.call(port, case)
    H, size = G @ found.T, np.max(np.abs(case.gradient)) * len(case.gradient)
    yield equal("symmetric", H, H.T, scale=size)
    yield equal("square", H @ H, G @ G.T, scale=size * size)
    yield equal("product", H @ found, G, scale=size)
    below = lapack(np.linalg.eigvalsh, (H + H.T) / 2)[0]
    yield equal("positive semidefinite", np.minimum(below, 0), 0.0, scale=size)


@polar.law("bound", cases=exactly_ranked.but(other=matrices.contraction))
def no_contraction_is_better_aligned(port: Any, case: Case) -> Iterable[Fact]:
    """⟨G, Z⟩ <= ⟨G, EGD(G)⟩ for every Z with ‖Z‖₂ <= 1: the direction of steepest descent in the spectral norm."""
    found = polar.call(port, case)
    yield at_least("inner product", np.sum(case.gradient * found), np.sum(case.gradient * case.other))


@polar.law("bound", cases=full.but(**matrices.TURNS))
def of_full_rank_it_is_the_nearest_isometry(port: Any, case: Case) -> Iterable[Fact]:
    """‖G - EGD(G)‖ = ‖s - 1‖, and no matrix with orthonormal rows or columns is nearer."""
    G, found = case.gradient, polar.call(port, case)
    s = svd(case)[1]
    other = case.turn[:, : len(s)] @ case.turn2[:, : len(s)].T
    distance = np.sqrt(np.sum((G - found) ** 2))
    yield equal("distance", np.sum((G - found) ** 2), np.sum((s - 1) ** 2), scale=np.sum(G * G) + len(s))
    yield at_least("others", np.sqrt(np.sum((G - other) ** 2)), distance)


matrices.declare_what_all_share(polar, ranked, either)
polar.symmetry(
    "equivariance",
    "it_turns_with_the_gradient",
    "EGD(Q·G·Rᵀ) = Q·EGD(G)·Rᵀ for orthogonal Q and R, permutations and signs among them",
    inputs={"gradient": matrices.turned},
    outputs=matrices.turned,
    cases=ranked.but(**matrices.TURNS),
)


@polar.law("equivariance", cases=exactly_ranked)
def it_goes_block_by_block(port: Any, case: Case) -> Iterable[Fact]:
    """EGD of a direct sum, of a matrix padded with zeros and of a Kronecker product is made of the EGDs."""
    G, found = case.gradient, polar.call(port, case)
    nothing = np.zeros_like(G)
    for label, given, expected in (
        ("direct sum", blocks(G, 2 * G[::-1]), blocks(found, found[::-1])),
        ("padding", blocks(G, nothing), blocks(found, 0 * found)),
    ):
        yield equal(label, polar.call(port, case, gradient=given), expected, scale=1.0)
    factor = np.array([[1.0, 2.0]]) * (1 + 0 * G[0, 0])
    expected = np.concatenate([found, 2 * found], axis=1) / np.sqrt(5.0)
    yield equal("Kronecker product", polar.call(port, case, gradient=np.kron(factor, G)), expected, scale=1.0)


def blocks(first: Any, second: Any) -> Any:
    """Return the direct sum of two matrices of one shape."""
    above = np.concatenate([first, 0 * first], axis=1)
    return np.concatenate([above, np.concatenate([0 * second, second], axis=1)])


@polar.law("invariance", cases=full)
def a_function_of_the_gram_matrix_changes_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """EGD(h(G·Gᵀ)·G) = EGD(G) for every h > 0: here h(x) = x, of a gradient of length 1."""
    G = case.gradient / np.sqrt(np.sum(case.gradient**2))
    yield equal("gradient", polar.call(port, case, gradient=G @ G.T @ G), polar.call(port, case), scale=1.0)


@gives(polar, "closed form", full)
def it_is_what_shampoo_does_with_one_gradient(case: Case) -> Any:
    """(G·Gᵀ)^-¼·G·(Gᵀ·G)^-¼ = EGD(G), the roots those of pseudo-inverses."""
    G, r = case.gradient, min(case.gradient.shape)
    return fourth_root(G @ G.T, r) @ G @ fourth_root(G.T @ G, r)


def fourth_root(matrix: Any, r: int) -> Any:
    """Return (A⁺)^¼ of a positive semidefinite matrix of rank r."""
    values, vectors = lapack(np.linalg.eigh, matrix)
    values, vectors = values[-r:], vectors[:, -r:]
    return (vectors * values**-0.25) @ vectors.T


@polar.law("conservation", cases=full)
def no_fisher_norm_is_constant(port: Any, case: Case) -> Iterable[Fact]:
    """With F = G·Gᵀ, tr EGD(G)ᵀ·F·EGD(G) = ‖G‖², which is no constant of motion; tr Nᵀ·F·N = r is, of the natural
    gradient N = F⁺·G, and EGD(G) = F^½·N."""
    G, found = case.gradient, polar.call(port, case)
    F, (U, s, Vt) = G @ G.T, svd(case)
    N = (U / s) @ Vt
    yield equal("of the update", np.sum(found * (F @ found)), np.sum(G * G))
    yield equal("of the natural gradient", np.sum(N * (F @ N)), np.sum(found * found))
    yield equal("square root", found, (U * s) @ U.T @ N, scale=1.0)


@gives(polar, "closed form", full.shaped(shapes((1, 1), (1, 3), (4, 1), (1, 2), (3, 1))), scale=0.0)
def a_vector_is_divided_by_its_length(case: Case) -> Any:
    """Of a row or a column EGD(g) = g/‖g‖: normalised gradient descent; of a number its sign."""
    return case.gradient / np.sqrt(np.sum(case.gradient**2))


def draw_error(draw: Draw, context: Context) -> Any:
    """Draw a matrix (m, p) of at most half the smallest singular value of the gradient."""
    G = context.drawn["gradient"].astype(np.float64)
    size = np.linalg.svd(G, compute_uv=False)[-1] / 2 ** (1 + draw(SMALL_CODES) % 6)
    return np.asarray(size * matrices.contraction.draw(draw, context), context.dtype)


errors = Quantity(draw_error, "matrix (m, p), at most half the gradient's smallest singular value")


@polar.law("bound", cases=full.but(error=errors))
def it_moves_by_no_more_than_the_bound_of_li_and_sun(port: Any, case: Case) -> Iterable[Fact]:
    """‖EGD(G+E) - EGD(G)‖ <= (2/(s_min + s'_min) + [m ≠ p]/max(s_min, s'_min))·‖E‖ for full rank, Frobenius norms, s
    and s' the singular values of G and G+E."""
    moved = case.gradient + case.error
    low, lower = (lapack(np.linalg.svdvals, x)[-1] for x in (case.gradient, moved))
    m, p = case.gradient.shape
    factor = 2 / (low + lower) + (m != p) / np.maximum(low, lower)
    change = polar.call(port, case, gradient=moved) - polar.call(port, case)
    yield at_least("bound", factor * np.sqrt(np.sum(case.error**2)), np.sqrt(np.sum(change * change)))


@polar.law("limit", cases=ranked)
def of_nothing_it_is_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """EGD(0) = 0, without a NaN; of an empty matrix it is empty; the same gradient gives the same bits."""
    for given in (0 * case.gradient, case.gradient[:0], case.gradient[:, :0]):
        yield identical("of nothing", polar.call(port, case, gradient=given), given)
    yield identical("again", polar.call(port, case), polar.call(port, case))


@polar.law("limit", cases=ranked.shaped(shapes((2, 2))))
def it_jumps_where_the_rank_changes(port: Any, case: Case) -> Iterable[Fact]:
    """EGD(diag(1, d)) is diag(1, 1), diag(1, 0) or diag(1, -1) for d > 0, = 0, < 0, however small: it is neither
    continuous nor additive. d = ±1/2 and 0 here."""
    one = np.array([1.0, 0.0]) * (1 + 0 * case.gradient[0, 0])
    for d in (0.5, 0.0, -0.5):
        matrix = np.diag(one + d * one[::-1])
        found = polar.call(port, case, gradient=matrix)
        yield equal(f"d = {d:g}", found, np.diag(one + np.sign(d) * one[::-1]), scale=1.0)


FACTOR, X = "U[:, :r] @ Vt[:r]", "of_size_one(gradient)"
FLOOR = "1e-6 / np.max(np.abs(gradient)) if np.any(gradient) else 1"
polar.edits(f"""
full_isometry: No singular value is left out: of a matrix without full rank it is an isometry of arbitrary directions
    [`scipy.linalg.polar`]
    `{FACTOR}` → `U @ Vt`
code_without_a_floor: (U/s)·Uᵀ·G without a rank: 0/0 for s = 0, and directions of rounding [parity script of
    asahebpa/Egalitarian-Gradient-Descent]
    `{FACTOR}` → `(U / s) @ (U.T @ {X})`
code_with_a_floor: (U/max(s, 1e-6))·Uᵀ·G of the gradient as it is: below 1e-6 it is not scaled [modular scripts of
    asahebpa/Egalitarian-Gradient-Descent]
    `{FACTOR}` → `(U / np.maximum(s, {FLOOR})) @ (U.T @ {X})`
divided_by_the_frobenius_norm: The gradient is divided by its length: one speed for the whole, not for each direction
    `{FACTOR}` → `{X} / np.sqrt(np.sum(s * s)) if r else {FACTOR}`
divided_by_the_spectral_norm: The gradient is divided by its largest singular value
    `{FACTOR}` → `{X} / s[0] if r else {FACTOR}`
kept_singular_values: The singular values are not taken out: the gradient of rank r, of size 1
    `{FACTOR}` → `(U[:, :r] * s[:r]) @ Vt[:r]`
square_roots_of_the_singular_values: Each singular value becomes its root, as with a single fourth root of G·Gᵀ
    `{FACTOR}` → `(U[:, :r] * np.sqrt(s[:r])) @ Vt[:r]`
inverted_singular_values: Each singular value becomes its inverse, as in the natural gradient (G·Gᵀ)⁺·G
    `{FACTOR}` → `(U[:, :r] / s[:r]) @ Vt[:r]`
second_factor_not_transposed: U·V in place of U·Vᵀ: `svd` returns Vᵀ, and it is transposed once more
    `{FACTOR}` → `U[:, :r] @ (Vt.T[:, :r].T if Vt.shape[0] != Vt.shape[1] else Vt.T[:r])`
threshold_is_not_relative: rtol is an absolute threshold of the singular values, not relative to the largest
    `threshold(gradient, rtol)` → `threshold(gradient, rtol) / (s[0] * np.max(np.abs(gradient))) if s[0] > 0 else 0.5`
ascent: The sign is turned round
    `{FACTOR}` → `-({FACTOR})`
one_direction_only: Only the leading singular vectors are kept: steepest descent in the nuclear norm, not the spectral
    one
    `{FACTOR}` → `U[:, : min(r, 1)] @ Vt[: min(r, 1)]`
scaled_by_the_shape: The factor is multiplied by √max(1, m/p) [Muon, Jordan et al. 2024]
    `{FACTOR}` → `max(1, gradient.shape[0] / gradient.shape[1]) ** 0.5 * ({FACTOR})`
weighted_by_the_nuclear_norm: The factor is multiplied by the nuclear norm: steepest descent that keeps the size of the
    gradient
    `{FACTOR}` → `np.max(np.abs(gradient)) * np.sum(s[:r]) * ({FACTOR})`
""")
