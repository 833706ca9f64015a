"""Power iteration, with and without deflation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import power as reference
from gnomon.curvature.operators import Dense
from gnomon.curvature.operators import product as product_of
from gnomon.curvature.power import Power
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.bad_input import finite_only, not_finite
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.quantities import TWO_OR_MORE, nonzero_vector, operator, regular_matrix, signs
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, rejects
from gnomon_spec.strategies import SMALL_CODES, VECTORS, count, number, rotation
from gnomon_spec.system import WITH_ROOM


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
        "variant": choice("reference", "code"),
    },
    VECTORS,
)
plain = iterations.but(variant="reference")
in_full = Cases(
    {
        "turn": rotation(),
        "eigenvalues": nonzero_vector(),
        "components": nonzero_vector(),
        "deflations": count(0, 1, 2, high=4),
        "iterations": count(1, 2, 3, low=1, high=8),
    },
    VECTORS,
).but(rtol=0.0, variant="reference")

power_iteration = system.operation(reference.power_iteration, cases=iterations, dtypes=WITH_ROOM)


@power_iteration.law("rejects", cases=plain.but(bad=choice(np.nan, np.inf, -np.inf)))
def a_product_that_is_not_finite_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix with a NaN or an infinity in it is rejected, not taken for one without."""
    wrong = not_finite(case.operator, case.bad)
    yield rejects("not finite", lambda: port.power_iteration(wrong, case.start, none(case), **case.hyper))


@power_iteration.law("rejects", cases=plain)
def arguments_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A start that is zero, longer, of integers, with a NaN or no vector, a tolerance outside [0, 1), no iteration, and
    rows to deflate that are longer or complete, are rejected."""
    start, rows, A = case.start, none(case), case.operator

    def call(start: Any = start, rows: Any = rows, **changed: Any) -> Any:
        return port.power_iteration(A, start, rows, **{**case.hyper, **changed})

    first = np.arange(len(start)) == 0
    yield rejects("zero", lambda: call(start=0 * start))
    yield rejects("longer", lambda: call(start=np.concatenate([start, start])))
    yield rejects("integers", lambda: call(start=np.ones(start.shape, np.int64)))
    yield rejects("a NaN", lambda: call(start=np.where(first, np.asarray(np.nan, start.dtype), start)))
    yield rejects("two dimensions", lambda: call(start=start[np.newaxis]))
    yield rejects("iterations = 0", lambda: call(iterations=0))
    yield rejects("rtol = -1", lambda: call(rtol=-1.0))
    yield rejects("rtol = 1", lambda: call(rtol=1.0))
    yield rejects("longer rows", lambda: call(rows=np.zeros((1, len(start) + 1), start.dtype)))
    yield rejects("complete rows", lambda: call(rows=np.eye(len(start), dtype=start.dtype)))


@power_iteration.law("fixed point", cases=plain)
def nothing_has_norm_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """The zero matrix has norm 0, after one product, converged."""
    zero = Dense(0 * case.operator.matrix)
    found = port.power_iteration(zero, case.start, none(case), **case.hyper)
    yield equal("norm", found.norm, np.zeros(()))
    yield agree("products", found.products, 1)
    yield agree("converged", found.converged, True)


def none(case: Case) -> Any:
    """Return no rows to deflate."""
    return case.start[np.newaxis][:0]


@power_iteration.law("closed form", cases=in_full)
def it_follows_the_powers_of_the_eigenvalues(port: Any, case: Case) -> Iterable[Fact]:
    """With v₀ = Σ cᵢuᵢ the k-th vector is Σ λᵢᵏcᵢuᵢ, normalised, ρ and ν its moments; deflated eigenvectors are left
    out."""
    A = (case.turn * case.eigenvalues) @ case.turn.T
    start = case.turn @ case.components
    deflations = min(case.deflations, len(start) - 1)
    found = port.power_iteration(Dense(A), start, case.turn.T[:deflations], **case.hyper)
    left = np.where(np.arange(len(start)) < deflations, 0, case.components)
    c = left * case.eigenvalues ** (case.iterations - 1)
    c = c / np.sqrt(np.sum(c * c))
    yield equal("rayleigh", found.rayleigh, np.sum(case.eigenvalues * c * c))
    yield equal("norm", found.norm, np.sqrt(np.sum((case.eigenvalues * c) ** 2)))
    yield equal("vector", found.vector, case.turn @ c)
    yield agree("products", found.products, case.iterations)


@power_iteration.law("bound", cases=plain)
def the_norm_is_never_above_the_true_one(port: Any, case: Case) -> Iterable[Fact]:
    """|ρ| <= ν <= ‖A‖₂: a norm above the true one is a mistake."""
    found = port.power_iteration(case.operator, case.start, none(case), **case.hyper)
    A = case.operator.matrix
    yield at_least("norm", found.norm, abs(found.rayleigh))
    yield at_least("true norm", np.max(np.abs(lapack(np.linalg.eigvalsh, A))), found.norm)


@power_iteration.law("bound", cases=plain.but(rtol=0.0))
def the_norm_never_falls(port: Any, case: Case) -> Iterable[Fact]:
    """One more iteration never gives a smaller norm, whatever the signs of the eigenvalues."""
    longer = {**case.hyper, "iterations": case.iterations + 1}
    first = port.power_iteration(case.operator, case.start, none(case), **case.hyper)
    yield at_least("norm", port.power_iteration(case.operator, case.start, none(case), **longer).norm, first.norm)


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


@power_iteration.law("equivariance", cases=plain.but(power=count(1, 3, low=-10, high=10)))
def it_scales_with_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix times 2ᵏ has 2ᵏ times the norm after as many products, bit for bit: the tolerance is relative."""
    scale = 2.0**case.power
    found = port.power_iteration(case.operator, case.start, case.deflated, **case.hyper)
    scaled = port.power_iteration(Dense(case.operator.matrix * scale), case.start, case.deflated, **case.hyper)
    yield identical("norm", scaled.norm, found.norm * scale)
    yield identical("products", np.array(scaled.products), np.array(found.products))


@power_iteration.law("invariance", cases=plain.but(power=count(1, 3, low=-10, high=10)))
def the_length_of_the_start_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """A start times 2ᵏ gives the same result, bit for bit."""
    found = port.power_iteration(case.operator, case.start, case.deflated, **case.hyper)
    again = port.power_iteration(case.operator, case.start * 2.0**case.power, case.deflated, **case.hyper)
    yield identical("norm", again.norm, found.norm)
    yield identical("vector", again.vector, found.vector)


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
    expected = port.oracle.power_iteration(projected, P @ case.start, none(case), **case.hyper)
    yield equal("norm", found.norm, expected.norm)
    yield equal("rayleigh", found.rayleigh, expected.rayleigh)


@power_iteration.law("fixed point", cases=plain.shaped(TWO_OR_MORE).but(entries=nonzero_vector()))
def a_start_without_an_eigenvector_never_finds_it(port: Any, case: Case) -> Iterable[Fact]:
    """If the start is exactly orthogonal to an eigenvector, so is every iterate: on a diagonal matrix a 0 stays a 0."""
    start = np.where(np.arange(len(case.start)) == 0, 0 * case.start, case.start)
    found = port.power_iteration(Dense(np.diag(case.entries)), start, none(case), **case.hyper)
    yield equal("first entry", found.vector[0], np.zeros(()))
    yield at_least("norm", np.max(np.abs(case.entries[1:])), found.norm)


@power_iteration.law("closed form", cases=iterations.but(variant="code", iterations=count(2, 3, 4, low=2, high=8)))
def the_code_variant_stops_by_an_absolute_tolerance(port: Any, case: Case) -> Iterable[Fact]:
    """Variant "code" calls a matrix much smaller than its tolerance converged at the second product; it returns |ρ|."""
    small = Dense(case.operator.matrix * 2.0**-28)
    found = port.power_iteration(small, case.start, none(case), **{**case.hyper, "rtol": 0.01})
    yield agree("products", found.products, 2)
    yield agree("converged", found.converged, True)
    yield equal("norm", found.norm, abs(found.rayleigh))


def iterate(
    operator: Any,
    start: Any,
    deflated: Any,
    *,
    iterations: int,
    rtol: float,
    variant: str,
    absolute: bool = False,
    relative: bool = False,
    normalised: bool = True,
    before: bool = True,
    after: bool = True,
    zero_stops: bool = True,
) -> Power:
    """Return power iteration as the reference does it, with one of its rules changed."""
    reference.power_iteration(operator, start, deflated, iterations=iterations, rtol=rtol, variant=variant)

    def without(v: Any) -> Any:
        return v if deflated is None else v - (deflated @ v) @ deflated

    v = without(start)
    v = v / np.sqrt(np.dot(v, v)) if normalised else v
    last: Any = None
    for k in range(iterations):
        v = without(v) if before else v
        w = product_of(operator, v, k)
        w = without(w) if after else w
        rayleigh, length = np.dot(v, w), np.sqrt(np.dot(w, w))
        if variant == "code":
            rayleigh = rayleigh / (np.dot(v, v) + 1e-10)
        watched = rayleigh if variant == "code" else length
        is_absolute = absolute or (variant == "code" and not relative)
        met = (
            last is not None
            and rtol > 0
            and bool(abs(watched - last) <= (rtol if is_absolute else rtol * abs(watched)))
        )
        rest = w - rayleigh * v
        nothing = zero_stops and variant == "reference" and bool(length == 0)
        if met or nothing:
            break
        if k < iterations - 1:
            last = watched
            v = w if variant == "code" and bool(length <= 1e-10) else w / length
    return Power(abs(watched), rayleigh, v, np.sqrt(np.dot(rest, rest)), bool(met or nothing), k + 1)


@system.mistake("power_iteration")
def size_of_the_rayleigh_quotient_for_the_norm(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The norm is estimated by |ρ| and not by ‖Av‖: for eigenvalues ±λ it stays below."""
    found = reference.power_iteration(operator, start, deflated, **hyper)
    return found._replace(norm=abs(found.rayleigh))


@system.mistake("power_iteration")
def rayleigh_quotient_without_its_sign(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The sign of the eigenvalue is lost."""
    found = reference.power_iteration(operator, start, deflated, **hyper)
    return found._replace(rayleigh=abs(found.rayleigh))


@system.mistake("power_iteration")
def absolute_tolerance(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The iteration stops when the norm changes by less than rtol itself: small matrices at once, large ones never."""
    if hyper["variant"] == "code":
        return reference.power_iteration(operator, start, deflated, **hyper)
    return iterate(operator, start, deflated, **hyper, absolute=True)


@system.mistake("power_iteration")
def code_variant_with_a_relative_tolerance(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """Variant "code" stops by a relative tolerance, as the other one does."""
    if hyper["variant"] == "reference":
        return reference.power_iteration(operator, start, deflated, **hyper)
    return iterate(operator, start, deflated, **hyper, relative=True)


@system.mistake("power_iteration")
def start_is_not_normalised(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The first product is with the start as it is, not scaled to length 1."""
    return iterate(operator, start, deflated, **hyper, normalised=False)


@system.mistake("power_iteration")
def deflated_before_the_product_only(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The deflated directions are taken out of v, and not out of the product: the norm is ‖APv‖ and not ‖PAPv‖."""
    return iterate(operator, start, deflated, **hyper, after=False)


@system.mistake("power_iteration")
def deflated_at_the_start_only(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The deflated directions are taken out of the start, and grow back."""
    return iterate(operator, start, deflated, **hyper, before=False, after=False)


@system.mistake("power_iteration")
def deflation_is_ignored(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The largest eigenvalue is found again."""
    reference.power_iteration(operator, start, deflated, **hyper)
    return reference.power_iteration(operator, start, None, **hyper)


@system.mistake("power_iteration")
def vector_after_the_last_product(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The vector returned is one iteration ahead of ρ and of the residual."""
    found = reference.power_iteration(operator, start, deflated, **hyper)
    w = operator(found.vector)
    w = w if deflated is None else w - (deflated @ w) @ deflated
    length = np.sqrt(np.dot(w, w))
    return found._replace(vector=w / length) if bool(length > 0) else found


@system.mistake("power_iteration")
def residual_in_units_of_the_norm(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The residual is divided by the norm."""
    found = reference.power_iteration(operator, start, deflated, **hyper)
    return found._replace(residual=found.residual / found.norm) if bool(found.norm > 0) else found


@system.mistake("power_iteration")
def one_iteration_too_many(operator: Any, start: Any, deflated: Any = None, *, iterations: int, **hyper: Any) -> Power:
    """One product more is made than was asked for."""
    reference.power_iteration(operator, start, deflated, iterations=iterations, **hyper)
    return reference.power_iteration(operator, start, deflated, iterations=iterations + 1, **hyper)


@system.mistake("power_iteration")
def last_iteration_counts_as_convergence(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """The result is called converged whenever the iterations are used up."""
    return reference.power_iteration(operator, start, deflated, **hyper)._replace(converged=True)


@system.mistake("power_iteration")
def zero_matrix_divides_by_zero(operator: Any, start: Any, deflated: Any = None, **hyper: Any) -> Power:
    """That Av is 0 is not noticed: the next vector is 0/0."""
    found = reference.power_iteration(operator, start, deflated, **hyper)
    if hyper["variant"] == "code" or hyper["iterations"] == 1 or bool(found.norm > 0):
        return found
    nothing = found.norm / found.norm
    return Power(nothing, nothing, found.vector * nothing, nothing, False, hyper["iterations"])


@system.mistake("power_iteration")
def iterates_that_are_not_finite_count_as_nothing(
    operator: Any, start: Any, deflated: Any = None, **hyper: Any
) -> Power:
    """A NaN or an infinity in a product is replaced by 0."""
    return reference.power_iteration(finite_only(operator), start, deflated, **hyper)


@system.mistake("power_iteration")
def arguments_of_power_iteration_are_not_checked(
    operator: Any, start: Any, deflated: Any = None, *, iterations: int, rtol: float, variant: str
) -> Power:
    """Whatever is given is used, and products are not looked at."""
    A = operator.matrix
    rows = (deflated if deflated is not None else A[:0])[:, : len(A)]
    v = start.reshape(-1)[: len(A)] / np.sqrt(np.sum(start * start))
    for _ in range(max(1, iterations)):
        w = A @ (v - (rows @ v) @ rows)
        v = w / np.sqrt(np.sum(w * w))
    length = np.sqrt(np.sum(w * w))
    return Power(length, length, v, 0 * length, False, iterations)
