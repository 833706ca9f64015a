"""Power iteration, with and without deflation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import power as reference
from gnomon.curvature.operators import Dense
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.matrices_and_probes import (
    TWO_OR_MORE,
    nonzero_vector,
    operator,
    power_for_an_operator,
    regular_matrix,
    signs,
    with_spectrum,
)
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import SMALL_CODES, VECTORS, count, number, rotation, whole_range
from gnomon_spec.system import WITH_ROOM, Misfits


def fewer_orthonormal_rows() -> Quantity:
    """Orthonormal rows (j, n), j < n; none of them in one case of two."""

    def draw_rows(draw: Draw, context: Context) -> Any:
        n, code = context.shape[0], draw(SMALL_CODES)
        return rotation().draw(draw, context)[: code // 2 % n if code % 2 else 0]

    return Quantity(draw_rows, "orthonormal rows (j, n), j < n")


iterations = Cases(
    {
        "operator": operator(regular_matrix()),
        "start": nonzero_vector(),
        "deflated": fewer_orthonormal_rows(),
        "iterations": count(1, 2, 3, low=1, high=8),
        "rtol": choice(0.1, 0.0, 0.01),
        "variant": choice("standard", "code"),
    },
    VECTORS,
)
plain = iterations.but(variant="standard")
in_full = Cases(
    {
        "turn": rotation(),
        "eigenvalues": nonzero_vector(),
        "components": nonzero_vector(),
        "deflations": count(0, 1, 2, high=4),
        "iterations": count(1, 2, 3, low=1, high=8),
    },
    VECTORS,
).but(rtol=0.0, variant="standard")

one_row = Quantity(lambda draw, context: rotation().draw(draw, context)[:1], "one row of length 1, shape (1, n)")
deflating = plain.but(deflated=one_row).shaped(TWO_OR_MORE)

power_iteration = system.operation(reference.power_iteration, cases=iterations, rejecting=deflating, dtypes=WITH_ROOM)


def no_rows(case: Case) -> Any:
    """Return no rows to deflate."""
    return np.ones((0, *case.operator.matrix.shape[1:]), case.operator.matrix.dtype)


@power_iteration.misfits(cases=plain.but(turn=rotation()))
def rows_that_leave_nothing_are_rejected(case: Case) -> Misfits:
    """That n orthonormal rows are to be deflated is rejected."""
    return {"n rows": {"deflated": case.turn}}


@power_iteration.law("fixed point", cases=plain)
def nothing_has_norm_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """The zero matrix has norm 0, after one product, converged."""
    zero = Dense(0 * case.operator.matrix)
    found = port.power_iteration(zero, case.start, no_rows(case), **case.hyper)
    yield equal("norm", found.norm, np.zeros(()))
    yield agree("products", found.products, 1)
    yield agree("converged", found.converged, True)


@power_iteration.law("closed form", cases=in_full)
def it_follows_the_powers_of_the_eigenvalues(port: Any, case: Case) -> Iterable[Fact]:
    """With v₀ = Σ cᵢuᵢ the k-th vector is Σ λᵢᵏcᵢuᵢ, normalised, ρ and ν its moments; deflated eigenvectors are left
    out."""
    start = case.turn @ case.components
    deflations = min(case.deflations, len(start) - 1)
    found = port.power_iteration(with_spectrum(case), start, case.turn.T[:deflations], **case.hyper)
    left = np.where(np.arange(len(start)) < deflations, 0, case.components)
    c = left * case.eigenvalues ** (case.iterations - 1)
    c = c / np.sqrt(np.sum(c * c))
    yield equal("rayleigh", found.rayleigh, np.sum(case.eigenvalues * c * c))
    yield equal("norm", found.norm, np.sqrt(np.sum((case.eigenvalues * c) ** 2)))
    yield equal("vector", found.vector, case.turn @ c)
    yield agree("products", found.products, case.iterations)


@power_iteration.law("bound", cases=plain.but(rtol=0.0))
def the_norm_is_never_above_the_true_one(port: Any, case: Case) -> Iterable[Fact]:
    """|ρ| <= ν <= ‖A‖₂, and one more iteration never gives a smaller ν, whatever the signs of the eigenvalues."""
    found = port.power_iteration(case.operator, case.start, no_rows(case), **case.hyper)
    longer = {**case.hyper, "iterations": case.iterations + 1}
    yield at_least("norm", found.norm, abs(found.rayleigh))
    yield at_least("true norm", np.max(np.abs(lapack(np.linalg.eigvalsh, case.operator.matrix))), found.norm)
    yield at_least("longer", port.power_iteration(case.operator, case.start, no_rows(case), **longer).norm, found.norm)


@power_iteration.law("bound", cases=in_full.shaped(TWO_OR_MORE))
def on_definite_matrices_the_rayleigh_quotient_converges(port: Any, case: Case) -> Iterable[Fact]:
    """If λ₁ >= λ₂ >= … >= λₙ > 0, then λ₁ - ρₖ <= (λ₁ - λₙ)·tan²φ₀·(λ₂/λ₁)²ᵏ, and ρ never falls."""
    eigenvalues = np.sort(np.abs(case.eigenvalues))[::-1]
    A, start = (case.turn * eigenvalues) @ case.turn.T, case.turn @ case.components
    rows = start[np.newaxis][:0]
    found = port.power_iteration(Dense(A), start, rows, **case.hyper)
    squares = case.components**2
    tangent = np.sum(squares[1:]) / squares[0]
    ratio = (eigenvalues[1] / eigenvalues[0]) ** (2 * (case.iterations - 1))
    yield at_least("bound", (eigenvalues[0] - eigenvalues[-1]) * tangent * ratio, eigenvalues[0] - found.rayleigh)
    longer = port.power_iteration(Dense(A), start, rows, **{**case.hyper, "iterations": case.iterations + 1})
    yield at_least("order", longer.rayleigh, found.rayleigh)


@power_iteration.law(
    "closed form", cases=in_full.but(size=number(1.0, 2.0, 3.0), signs=signs(1), rtol=choice(0.0, 0.1))
)
def eigenvalues_of_one_size_give_the_norm_at_once(port: Any, case: Case) -> Iterable[Fact]:
    """If all eigenvalues are ±λ, ν is |λ| from the first product on, while ρ stays where it began for ever."""
    eigenvalues = case.size * case.signs[0]
    A, start = (case.turn * eigenvalues) @ case.turn.T, case.turn @ case.components
    found = port.power_iteration(Dense(A), start, start[np.newaxis][:0], **case.hyper)
    yield equal("norm", found.norm, case.size)
    squares = case.components**2
    yield equal("rayleigh", found.rayleigh, np.sum(eigenvalues * squares) / np.sum(squares))


power_iteration.symmetry(
    "equivariance",
    "it_scales_with_the_matrix",
    "2ᵏ times the matrix and 2ˡ times the start have 2ᵏ times the norm, and the same vector after as many products, all"
    " over the range of the dtype: the tolerance is relative, and squares are taken of what has been scaled",
    cases=plain.but(power=power_for_an_operator(), other_power=whole_range()),
    inputs={"operator": scaled, "start": lambda start, case: start * 2.0**case.other_power},
    outputs={"norm": scaled, "rayleigh": scaled, "residual": scaled, "vector": unchanged, "products": unchanged},
)


@power_iteration.law("closed form", cases=iterations)
def the_residual_belongs_to_the_vector(port: Any, case: Case) -> Iterable[Fact]:
    """v has length 1, ρ = vᵀPAv and the residual is ‖PAv - ρv‖, P the projection that deflates."""
    found = port.power_iteration(case.operator, case.start, case.deflated, **case.hyper)
    v = found.vector
    w = case.operator.matrix @ v
    w = w - (case.deflated @ w) @ case.deflated
    yield equal("length", np.sum(v * v), np.ones(()))
    yield equal("rayleigh", found.rayleigh, np.sum(v * w))
    rest = w - found.rayleigh * v
    yield equal("residual", found.residual, np.sqrt(np.sum(rest * rest)))


@power_iteration.law("invariance", cases=plain)
def deflation_is_power_iteration_of_the_projected_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """Deflating rows D, eigenvectors or not, is iterating with PAP from Pv₀, P = I - DᵀD."""
    found = port.power_iteration(case.operator, case.start, case.deflated, **case.hyper)
    P = np.eye(len(case.start)) - case.deflated.T @ case.deflated
    projected = Dense(P @ case.operator.matrix @ P)
    expected = port.oracle.power_iteration(projected, P @ case.start, no_rows(case), **case.hyper)
    yield equal("norm", found.norm, expected.norm)
    yield equal("rayleigh", found.rayleigh, expected.rayleigh)


@power_iteration.law("closed form", cases=iterations.but(variant="code", iterations=count(2, 3, 4, low=2, high=8)))
def the_code_variant_stops_by_an_absolute_tolerance(port: Any, case: Case) -> Iterable[Fact]:
    """Variant "code" calls a matrix much smaller than its tolerance converged at the second product; it returns |ρ|."""
    small = Dense(case.operator.matrix * 2.0**-28)
    found = port.power_iteration(small, case.start, no_rows(case), **{**case.hyper, "rtol": 0.01})
    yield agree("products", found.products, 2)
    yield agree("converged", found.converged, True)
    yield equal("norm", found.norm, abs(found.rayleigh))


@power_iteration.law("closed form", cases=plain.but(variant="code", iterations=2, power=count(36, 38, low=36, high=40)))
def the_code_variant_leaves_a_short_product_as_it_is(port: Any, case: Case) -> Iterable[Fact]:
    """Variant "code" does not normalise a product of length 1e-10 or less: on c·I its second ρ is c³/(c² + 1e-10)."""
    c = 2.0**-case.power
    tiny = Dense(c * np.eye(len(case.start), dtype=case.start.dtype))
    found = port.power_iteration(tiny, case.start, no_rows(case), **{**case.hyper, "rtol": 0.0})
    yield equal("rayleigh", found.rayleigh, c**3 / (c**2 + 1e-10) + 0 * case.start[0])


OUTPUT = "np.abs(watched), rayleigh, v, length(rest), converged, k + 1"
power_iteration.edits(f"""
size_of_the_rayleigh_quotient_for_the_norm: The norm is estimated by |ρ| and not by ‖Av‖: for eigenvalues ±λ it stays
    below
    `{OUTPUT}` → `{OUTPUT.replace("watched", "rayleigh")}`
rayleigh_quotient_without_its_sign: The sign of the eigenvalue is lost
    `{OUTPUT}` → `{OUTPUT.replace(" rayleigh", " np.abs(rayleigh)")}`
vector_after_the_last_product: The vector returned is one iteration ahead of ρ and of the residual
    `{OUTPUT}` → `{OUTPUT.replace(" v,", " w / norm if bool(norm > 0) else v,")}`
residual_in_units_of_the_norm: The residual is divided by the norm
    `{OUTPUT}` → `{OUTPUT.replace("(rest),", "(rest) / np.maximum(np.abs(watched), 1e-30),")}`
last_iteration_counts_as_convergence: The result is called converged whenever the iterations are used up
    `{OUTPUT}` → `{OUTPUT.replace("converged", "True")}`
absolute_tolerance: The iteration stops when the norm changes by less than rtol itself: small matrices at once, large
    ones never
    `norm, rtol * norm` → `norm, rtol`
code_variant_with_a_relative_tolerance: Variant "code" stops by a relative tolerance, as the other one does
    `rayleigh, rtol,` → `rayleigh, rtol * np.abs(rayleigh),`
code_variant_normalises_everything: Variant "code" scales every product to length 1, however short it is
    `variant == "code" and bool(norm <= 1e-10)` → `False`
squares_of_the_product_leave_the_range: ‖w‖² is summed as it is: of 1e160·diag(3, 1) it overflows, and the norm is 0
    `length(w)` → `np.sqrt(np.dot(w, w))`
squares_of_the_start_leave_the_range: ‖v₀‖² is summed as it is: of 1e-200·(1, 1) it is 0, and v infinite
    `v / length(v)` → `v / np.sqrt(np.dot(v, v))`
start_is_not_normalised: The start is not scaled to length 1
    `v / length(v)` → `v`
deflated_before_the_product_only: The deflated directions are taken out of v, and not out of the product: the norm is
    ‖APv‖ and not ‖PAPv‖
    `orthogonal_part(product(operator, v, k), basis)` → `product(operator, v, k)`
deflated_at_the_start_only: The deflated directions are taken out of the start, and grow back
    `orthogonal_part(product(operator, v, k), basis)` → `product(operator, v, k)`
    `v = orthogonal_part(v, basis)` → `pass`
deflation_is_ignored: The largest eigenvalue is found again
    `` → `deflated = None`
one_iteration_too_many: One product more is made than was asked for
    `` → `iterations = iterations + 1`
zero_matrix_divides_by_zero: That Av is 0 is not noticed: the next vector is 0/0
    `bool(norm == 0)` → `False`
""")
