"""SRKL's published text: κ from the Hessian, by one of three norms or by probes; its laws and mistakes.

Notation: λ an eigenvalue of the Hessian H, Δ = w' - w, ĥ the estimate of H's diagonal.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import product
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.descent import srkl as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.srkl import (
    LISTS,
    SEVERAL,
    alpha,
    another_shape,
    bad_rates,
    beta,
    braking,
    last_entry,
    length,
    signs,
    system,
    zeros,
)
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects
from gnomon_spec.strategies import (
    count,
    indices,
    number,
    permutation,
    powered,
    rotation,
    shapes,
    tame,
    vector,
)
from gnomon_spec.system import WITH_ROOM


def square(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a matrix for vectors of the given shape."""
    return (*shape, *shape)


def mirrored(entries: Quantity) -> Quantity:
    """A symmetric matrix (n, n), in general indefinite: the upper triangle of `entries` and its mirror image."""

    def draw_mirrored(draw: Draw, context: Context) -> Any:
        matrix = entries.draw(draw, context)
        return np.triu(matrix) + np.triu(matrix, 1).T

    return Quantity(draw_mirrored, "symmetric matrix (n, n), in general indefinite")


def positive(quantity: Quantity) -> Quantity:
    """Like `quantity`, an array, with absolute values, and 1 in the place of 0."""

    def draw_positive(draw: Draw, context: Context) -> Any:
        array = np.abs(quantity.draw(draw, context))
        return np.where(array == 0, np.ones_like(array), array)

    return Quantity(draw_positive, f"{quantity.text}; absolute values, 1 instead of 0")


SIDES = shapes((2,), (3,), (1,), (5,), (2,), (4,))
norms = choice("fro", "spectral", "diag")
turning = choice("fro", "spectral")
indefinite = mirrored(tame(shape=square))
size = number(1.0, 2.0, 0.5, exponents=(-20, 20))
hessians = Cases({"hessian": mirrored(powered(2, square))}, SIDES).but(norm=norms)
calm_hessians = hessians.but(hessian=indefinite)
curvature_hessian = system.operation(reference.curvature_hessian, cases=hessians, dtypes=WITH_ROOM)


@curvature_hessian.law("invariance", cases=calm_hessians.but(turn=rotation(), norm=turning))
def two_norms_do_not_depend_on_the_coordinates(port: Any, case: Case) -> Iterable[Fact]:
    """Rotating the Hessian changes neither its Frobenius nor its spectral norm."""
    turned = case.turn @ case.hessian @ case.turn.T
    turned = (turned + turned.T) / 2
    yield equal(
        "curvature", port.curvature_hessian(turned, **case.hyper), port.curvature_hessian(case.hessian, **case.hyper)
    )


@curvature_hessian.law("invariance", cases=calm_hessians.but(order=permutation(), sign=signs))
def no_norm_depends_on_the_order_or_the_signs_of_the_axes(port: Any, case: Case) -> Iterable[Fact]:
    """Rearranging the coordinates and changing their signs changes none of the norms."""
    turned = (case.sign[:, np.newaxis] * case.hessian * case.sign)[case.order][:, case.order]
    yield equal(
        "curvature", port.curvature_hessian(turned, **case.hyper), port.curvature_hessian(case.hessian, **case.hyper)
    )


@curvature_hessian.law("equivariance", cases=calm_hessians.but(factor=choice(-1.0, 2.0, -0.5, 0.0)))
def norms_are_of_the_first_degree(port: Any, case: Case) -> Iterable[Fact]:
    """c·H has |c|·κ: the curvature of a maximum counts as that of a minimum."""
    kappa = port.curvature_hessian(case.hessian, **case.hyper)
    yield equal("curvature", port.curvature_hessian(case.factor * case.hessian, **case.hyper), abs(case.factor) * kappa)


@curvature_hessian.law("bound", cases=Cases({"hessian": indefinite}, SIDES))
def the_norms_are_ordered(port: Any, case: Case) -> Iterable[Fact]:
    """spectral <= fro <= √n·spectral, diag <= fro, and diag <= √n·spectral."""
    fro, spectral, diag = (port.curvature_hessian(case.hessian, norm=norm) for norm in ("fro", "spectral", "diag"))
    root = case.hessian.shape[0] ** 0.5
    yield at_least("spectral <= fro", fro, spectral)
    yield at_least("fro <= √n·spectral", root * spectral, fro)
    yield at_least("diag <= fro", fro, diag)
    yield at_least("diag <= √n·spectral", root * spectral, diag)


@curvature_hessian.law("closed form", cases=Cases({"v": tame(), "sign": choice(1.0, -1.0)}, SIDES))
def of_a_product_of_vectors_the_norms_are_known(port: Any, case: Case) -> Iterable[Fact]:
    """Of ±v·vᵀ fro = spectral = ‖v‖², and diag = ‖v∘v‖, which is smaller by up to √n."""
    hessian = case.sign * np.outer(case.v, case.v)
    yield equal("fro", port.curvature_hessian(hessian, norm="fro"), np.sum(case.v**2))
    yield equal("spectral", port.curvature_hessian(hessian, norm="spectral"), np.sum(case.v**2))
    yield equal("diag", port.curvature_hessian(hessian, norm="diag"), length(case.v**2))


@curvature_hessian.law("closed form", cases=Cases({"h": tame()}, SIDES))
def of_a_diagonal_matrix_the_norms_are_those_of_its_entries(port: Any, case: Case) -> Iterable[Fact]:
    """Of a diagonal H fro = diag = ‖h‖₂, and spectral = max |hᵢ|."""
    hessian = np.diag(case.h)
    yield equal("fro", port.curvature_hessian(hessian, norm="fro"), length(case.h))
    yield equal("spectral", port.curvature_hessian(hessian, norm="spectral"), np.max(np.abs(case.h)))
    yield equal("diag", port.curvature_hessian(hessian, norm="diag"), length(case.h))


@curvature_hessian.law("rejects", cases=calm_hessians.shaped(shapes((2,), (3,))))
def matrices_that_are_no_hessian_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A matrix that is not square or not symmetric is rejected, and so is a norm that does not exist."""
    crooked = case.hessian + np.triu(np.ones_like(case.hessian), 1)
    yield rejects("not square", lambda: port.curvature_hessian(case.hessian[1:], **case.hyper))
    yield rejects("not symmetric", lambda: port.curvature_hessian(crooked, **case.hyper))
    yield rejects("norm = 'nuclear'", lambda: port.curvature_hessian(case.hessian, norm="nuclear"))


def probes(most: int) -> Quantity:
    """One to `most` vectors with entries ±1, one a row."""

    def draw_probes(draw: Draw, context: Context) -> Any:
        rows = count(*range(1, min(most, 3) + 1), low=1, high=most).draw(draw, context)
        return signs.draw(draw, context._replace(shape=(rows, *context.shape)))

    return Quantity(draw_probes, f"1 to {most} vectors (rows) with entries ±1")


like_probes = Quantity(
    lambda draw, context: powered(2).draw(draw, context._replace(shape=context.drawn["probes"].shape)),
    f"{powered(2).text}; of the shape of the probes",
)
products = Cases({"probes": probes(5), "products": like_probes}, SIDES)
probed = Cases({"probes": probes(5), "hessian": indefinite}, SIDES)
curvature_probe = system.operation(reference.curvature_probe, cases=products, dtypes=WITH_ROOM)


@curvature_probe.law("closed form", cases=probed.but(probes=probes(1)))
def one_probe_measures_the_length_of_its_product(port: Any, case: Case) -> Iterable[Fact]:
    """With a single probe κ = ‖H·z‖₂: nothing of the diagonal is singled out."""
    image = case.probes @ case.hessian
    yield equal("curvature", port.curvature_probe(image, case.probes), length(image))


@curvature_probe.law("closed form", cases=probed.but(h=tame()))
def of_a_diagonal_matrix_every_probe_is_exact(port: Any, case: Case) -> Iterable[Fact]:
    """If H is diagonal, κ is the norm of its diagonal, whatever the probes are."""
    yield equal("curvature", port.curvature_probe(case.probes * case.h, case.probes), length(case.h))


@curvature_probe.law("closed form", cases=Cases({"hessian": indefinite}, shapes((2,), (3,), (1,))))
def in_the_mean_one_probe_measures_the_frobenius_norm(port: Any, case: Case) -> Iterable[Fact]:
    """The mean of κ² over all 2ⁿ single probes is ‖H‖²_F, exactly."""
    every = [np.array([z], case.hessian.dtype) for z in product((1, -1), repeat=case.hessian.shape[0])]
    squares = [port.curvature_probe(z @ case.hessian, z) ** 2 for z in every]
    yield equal("mean of squares", np.sum(np.stack(squares)) / len(every), np.sum(case.hessian**2))


@curvature_probe.law("closed form", cases=Cases({"hessian": indefinite}, shapes((2,), (1,))))
def in_the_mean_two_probes_are_nearer_to_the_diagonal(port: Any, case: Case) -> Iterable[Fact]:
    """The mean of κ² over all pairs of probes is ‖diag H‖² + (‖H‖²_F - ‖diag H‖²)/2, exactly."""
    n = case.hessian.shape[0]
    every = [np.array(z, case.hessian.dtype).reshape(2, n) for z in product((1, -1), repeat=2 * n)]
    squares = [port.curvature_probe(z @ case.hessian, z) ** 2 for z in every]
    diagonal = np.sum(np.diag(case.hessian) ** 2)
    expected = diagonal + (np.sum(case.hessian**2) - diagonal) / 2
    yield equal("mean of squares", np.sum(np.stack(squares)) / len(every), expected)


@curvature_probe.law("invariance", cases=products)
def a_probe_and_its_opposite_are_one(port: Any, case: Case) -> Iterable[Fact]:
    """Changing the sign of all probes, with their products, changes no bit of κ; nor does their order matter."""
    kappa = port.curvature_probe(case.products, case.probes)
    yield identical("opposite", port.curvature_probe(-case.products, -case.probes), kappa)
    yield equal("order", port.curvature_probe(case.products[::-1], case.probes[::-1]), kappa)


@curvature_probe.law("invariance", cases=products)
def a_probe_twice_is_a_probe_once(port: Any, case: Case) -> Iterable[Fact]:
    """Taking every probe twice changes nothing: it is a mean."""
    twice = port.curvature_probe(np.concatenate([case.products] * 2), np.concatenate([case.probes] * 2))
    yield equal("curvature", twice, port.curvature_probe(case.products, case.probes))


@curvature_probe.law("rejects", cases=products)
def probes_that_are_none_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """No probe at all, entries other than ±1 and products of another shape are rejected, not used."""
    yield rejects("no probe", lambda: port.curvature_probe(case.products[:0], case.probes[:0]))
    yield rejects("entries of 2", lambda: port.curvature_probe(case.products, 2 * case.probes))
    more = np.concatenate([case.products, case.products[:1]])
    yield rejects("products of another shape", lambda: port.curvature_probe(more, case.probes))


steps = Cases({"params": vector(), "grad": vector(), "hessian_diagonal": vector()}, SEVERAL).but(alpha=alpha, beta=beta)
calm = steps.but(params=tame(), grad=tame(), hessian_diagonal=tame())
bare = calm.but(params=zeros, beta=braking)
separable = Cases({"params": tame(), "hessian_diagonal": tame()}, SEVERAL).but(alpha=alpha, beta=braking)
convex = separable.but(hessian_diagonal=positive(tame()))
step_coordinate = system.operation(reference.step_coordinate, cases=steps, dtypes=WITH_ROOM)


@step_coordinate.law("invariance", cases=calm)
def every_coordinate_moves_as_if_it_were_alone(port: Any, case: Case) -> Iterable[Fact]:
    """Each wᵢ is moved as `step` moves it with κ = |hᵢ|."""
    new = port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper).reshape(-1)
    w, g, h = (x.reshape(-1) for x in (case.params, case.grad, case.hessian_diagonal))
    for i in range(w.size):
        alone = port.step(w[i : i + 1], g[i : i + 1], np.abs(h[i]), **case.hyper)
        yield equal(f"entry {i}", new[i : i + 1], alone)


@step_coordinate.law("closed form", cases=bare.but(grad=positive(tame()), hessian_diagonal=positive(tame())))
def it_is_two_steps_in_parallel(port: Any, case: Case) -> Iterable[Fact]:
    """1/|Δ| = 1/(α|g|) + (β/α)·|h|/|g|: gradient descent's step and α/β times Newton's, as resistors in parallel.

    Levenberg's and Marquardt's step for α = β, with the damping 1/α. So |Δ| is at most the smaller of the two.
    """
    move = np.abs(port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper))
    descent, newton = case.alpha * case.grad, case.alpha / case.beta * case.grad / case.hessian_diagonal
    yield equal("inverse length", 1 / move, 1 / descent + 1 / newton)
    yield at_least("gradient descent", descent, move)
    yield at_least("newton", newton, move)


@step_coordinate.law("limit", cases=calm.but(beta=0.0))
def without_beta_it_is_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """With β = 0, or where h = 0, wᵢ' = wᵢ - α·gᵢ."""
    descent = case.params - case.alpha * case.grad
    yield equal("beta = 0", port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper), descent)
    flat = port.step_coordinate(case.params, case.grad, 0 * case.hessian_diagonal, alpha=case.alpha, beta=1.0)
    yield equal("h = 0", flat, descent)


@step_coordinate.law("fixed point", cases=steps.but(grad=zeros))
def no_gradient_no_move(port: Any, case: Case) -> Iterable[Fact]:
    """A gradient of 0 leaves the parameters alone, bit for bit, whatever the Hessian."""
    new = port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper)
    yield identical("params", new, case.params)


@step_coordinate.law("invariance", cases=steps)
def the_sign_of_the_curvature_does_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """h and -h make the same step, bit for bit: a maximum is left as slowly as a minimum is approached."""
    new = port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper)
    yield identical("params", port.step_coordinate(case.params, case.grad, -case.hessian_diagonal, **case.hyper), new)


@step_coordinate.law("closed form", cases=convex)
def with_alpha_equal_to_beta_it_is_the_proximal_point(port: Any, case: Case) -> Iterable[Fact]:
    """On Σ ½hᵢxᵢ², h >= 0, with α = β: x' = x/(1+βh), the minimum of f(y) + (y-x)²/(2β) (backward Euler)."""
    grad = case.hessian_diagonal * case.params
    new = port.step_coordinate(case.params, grad, case.hessian_diagonal, alpha=case.beta, beta=case.beta)
    yield equal("params", new, case.params / (1 + case.beta * case.hessian_diagonal))


@step_coordinate.law("bound", cases=convex.but(factor=number(1.0, 0.5, exponents=(-6, -1))))
def with_beta_at_least_alpha_nothing_overshoots(port: Any, case: Case) -> Iterable[Fact]:
    """On Σ ½hᵢxᵢ², h >= 0, with β >= α no coordinate changes its sign, however large h is."""
    grad = case.hessian_diagonal * case.params
    new = port.step_coordinate(case.params, grad, case.hessian_diagonal, alpha=case.factor * case.beta, beta=case.beta)
    yield at_least("same side", new * np.sign(case.params), 0)


@step_coordinate.law("bound", cases=convex.but(params=zeros, x=positive(tame()), power=choice(2, 3, 4, 6)))
def on_a_power_the_step_is_a_share_of_the_distance(port: Any, case: Case) -> Iterable[Fact]:
    """On |x|ᵖ/p, |Δ| <= α|x|/(β(p-1)), so that no orbit leaves if β(p-1) >= α/2."""
    p = case.power
    grad, h = case.x ** (p - 1), (p - 1) * case.x ** (p - 2)
    move = port.step_coordinate(case.params, grad, h, alpha=case.alpha, beta=case.beta)
    yield at_least("share", case.alpha * case.x / (case.beta * (p - 1)), np.abs(move))


@step_coordinate.law(
    "invariance", cases=calm.but(factor=number(2.0, 0.5, 3.0, exponents=(-4, 3)), unit=choice(2.0, 3.0))
)
def scales_move_into_both_rates(port: Any, case: Case) -> Iterable[Fact]:
    """The loss c·f(s·z), in z, with α and β, makes the step that f makes with α·c·s² and β·c·s²."""
    c, s = case.factor, case.unit
    inner = port.step_coordinate(case.params / s, c * s * case.grad, c * s * s * case.hessian_diagonal, **case.hyper)
    both = c * s * s
    outer = port.step_coordinate(
        case.params, case.grad, case.hessian_diagonal, alpha=case.alpha * both, beta=case.beta * both
    )
    yield equal("params", s * inner, outer)


@step_coordinate.law("conservation", cases=calm.but(place=indices(), bad=choice(nan, inf, -inf)).shaped(LISTS))
def a_bad_entry_stays_in_its_place(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN or infinite entry of gradient or Hessian leaves every other entry as it was, bit for bit."""
    poison = np.arange(case.grad.size) == case.place
    new = port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper)
    bad_grad, bad_h = (np.where(poison, case.bad, x) for x in (case.grad, case.hessian_diagonal))
    by_grad = port.step_coordinate(case.params, bad_grad, case.hessian_diagonal, **case.hyper)
    by_h = port.step_coordinate(case.params, case.grad, bad_h, **case.hyper)
    yield identical("bad gradient", by_grad[~poison], new[~poison])
    yield identical("bad Hessian", by_h[~poison], new[~poison])


@step_coordinate.law("rejects", cases=calm)
def bad_input_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """α and β out of their domain, and a gradient or a diagonal of another shape, are rejected, not used."""
    yield from bad_rates(partial(port.step_coordinate, case.params, case.grad, case.hessian_diagonal), case)
    grad, h = another_shape(case.grad), another_shape(case.hessian_diagonal)
    yield rejects(
        "grad of another shape", lambda: port.step_coordinate(case.params, grad, case.hessian_diagonal, **case.hyper)
    )
    yield rejects("diagonal of another shape", lambda: port.step_coordinate(case.params, case.grad, h, **case.hyper))


@system.mistake("curvature_hessian")
def largest_eigenvalue_with_its_sign(hessian: Any, *, norm: str) -> Any:
    """The spectral norm is taken for the largest eigenvalue, not for the largest in size."""
    if norm != "spectral" or hessian.shape[0] == 0:
        return reference.curvature_hessian(hessian, norm=norm)
    return np.max(np.linalg.eigvalsh(hessian))


@system.mistake("curvature_hessian")
def row_sums_for_the_diagonal(hessian: Any, *, norm: str) -> Any:
    """The row sums H·1 are taken for the diagonal, as differentiating Σ ∂f/∂wᵢ once more gives them."""
    if norm != "diag":
        return reference.curvature_hessian(hessian, norm=norm)
    return reference.norm(np.sum(hessian, axis=1))


@system.mistake("curvature_hessian")
def trace_for_the_diagonal(hessian: Any, *, norm: str) -> Any:
    """The trace's absolute value is taken for the norm of the diagonal."""
    if norm != "diag":
        return reference.curvature_hessian(hessian, norm=norm)
    return np.abs(np.sum(np.diagonal(hessian)))


@system.mistake("curvature_hessian")
def largest_diagonal_entry(hessian: Any, *, norm: str) -> Any:
    """The largest |Hᵢᵢ| is taken for the norm of the diagonal."""
    if norm != "diag":
        return reference.curvature_hessian(hessian, norm=norm)
    return np.max(np.abs(np.diagonal(hessian)), initial=0)


@system.mistake("curvature_hessian")
def spectral_for_frobenius(hessian: Any, *, norm: str) -> Any:
    """The spectral norm is given for the Frobenius norm (as a library's norm of a matrix may do)."""
    return reference.curvature_hessian(hessian, norm="spectral" if norm == "fro" else norm)


@system.mistake("curvature_hessian")
def one_triangle_counted_once(hessian: Any, *, norm: str) -> Any:
    """Only the upper triangle enters the Frobenius norm, so that no entry beside the diagonal counts twice."""
    if norm != "fro":
        return reference.curvature_hessian(hessian, norm=norm)
    return reference.norm(np.triu(hessian))


@system.mistake("curvature_hessian")
def root_left_out(hessian: Any, *, norm: str) -> Any:
    """κ is the square of the norm."""
    kappa = reference.curvature_hessian(hessian, norm=norm)
    return kappa * kappa


@system.mistake("curvature_hessian")
def any_matrix_and_norm(hessian: Any, *, norm: str) -> Any:
    """Every matrix and every norm is accepted, and what cannot be had is replaced by the Frobenius norm."""
    try:
        return reference.curvature_hessian(hessian, norm=norm)
    except ValueError:
        return reference.norm(hessian)


@system.mistake("curvature_probe")
def sum_over_the_probes(products: Any, probes: Any) -> Any:
    """The estimates of the probes are added up: the mean is left out."""
    return reference.curvature_probe(products, probes) * probes.shape[0]


@system.mistake("curvature_probe")
def mean_of_the_norms(products: Any, probes: Any) -> Any:
    """κ is the mean of the probes' own norms instead of the norm of their mean."""
    lengths = np.sqrt(np.sum(products * products, axis=1))
    return np.sum(lengths) / probes.shape[0]


@system.mistake("curvature_probe")
def products_without_their_probes(products: Any, probes: Any) -> Any:
    """The products H·z are averaged without being multiplied by their probes."""
    return reference.norm(np.sum(products, axis=0) / probes.shape[0])


@system.mistake("curvature_probe")
def absolute_estimates(products: Any, probes: Any) -> Any:
    """The absolute values of z∘(H·z) are averaged."""
    return reference.norm(np.sum(np.abs(probes * products), axis=0) / probes.shape[0])


@system.mistake("curvature_probe")
def only_the_first_probe_counts(products: Any, probes: Any) -> Any:
    """All probes but the first are ignored."""
    return reference.curvature_probe(products[:1], probes[:1])


@system.mistake("curvature_probe")
def square_of_the_norm(products: Any, probes: Any) -> Any:
    """κ is ‖ĥ‖² instead of ‖ĥ‖."""
    kappa = reference.curvature_probe(products, probes)
    return kappa * kappa


@system.mistake("curvature_probe")
def trace_of_the_estimate(products: Any, probes: Any) -> Any:
    """κ is |Σ ĥᵢ|, Hutchinson's estimate of the trace, instead of the norm of the diagonal."""
    return np.abs(np.sum(probes * products)) / probes.shape[0]


@system.mistake("curvature_probe")
def any_probes(products: Any, probes: Any) -> Any:
    """No probe at all, probes of any entries and products without a probe are accepted."""
    rows = min(products.shape[0], probes.shape[0])
    return reference.norm(np.sum(probes[:rows] * products[:rows], axis=0) / max(1, rows))


@system.mistake("step_coordinate")
def negative_curvature_is_not_braked(params: Any, grad: Any, hessian_diagonal: Any, **hyper: float) -> Any:
    """Where the diagonal is negative it counts as 0 instead of by its absolute value."""
    return reference.step_coordinate(params, grad, np.maximum(hessian_diagonal, 0), **hyper)


@system.mistake("step_coordinate")
def one_brake_for_all_coordinates(params: Any, grad: Any, hessian_diagonal: Any, *, alpha: float, beta: float) -> Any:
    """All coordinates are braked by the norm of the diagonal."""
    return params - alpha / (1 + beta * reference.norm(hessian_diagonal)) * grad


@system.mistake("step_coordinate")
def squared_gradient_for_the_diagonal(params: Any, grad: Any, hessian_diagonal: Any, **hyper: float) -> Any:
    """gᵢ² is taken for the diagonal of the Hessian."""
    return reference.step_coordinate(params, grad, grad * grad, **hyper)


@system.mistake("step_coordinate")
def root_of_the_diagonal(params: Any, grad: Any, hessian_diagonal: Any, **hyper: float) -> Any:
    """√|hᵢ| enters the brake, as in methods that divide by the root of a second moment."""
    return reference.step_coordinate(params, grad, np.sqrt(np.abs(hessian_diagonal)), **hyper)


@system.mistake("step_coordinate")
def no_coordinate_is_braked(params: Any, grad: Any, hessian_diagonal: Any, **hyper: float) -> Any:
    """The diagonal of the Hessian is ignored."""
    return reference.step_coordinate(params, grad, np.zeros_like(hessian_diagonal), **hyper)


@system.mistake("step_coordinate")
def last_coordinate_left_out(params: Any, grad: Any, hessian_diagonal: Any, **hyper: float) -> Any:
    """The last coordinate is not updated."""
    return np.where(last_entry(params), params, reference.step_coordinate(params, grad, hessian_diagonal, **hyper))[()]


@system.mistake("step_coordinate")
def every_coordinate_goes_up(params: Any, grad: Any, hessian_diagonal: Any, **hyper: float) -> Any:
    """Every coordinate goes up the gradient."""
    return reference.step_coordinate(params, -grad, hessian_diagonal, **hyper)


@system.mistake("step_coordinate")
def coordinates_shrink_with_their_curvature(
    params: Any, grad: Any, hessian_diagonal: Any, *, alpha: float, beta: float
) -> Any:
    """The parameters, too, are divided by 1 + β|hᵢ|."""
    return (params - alpha * grad) / (1 + beta * np.abs(hessian_diagonal))


@system.mistake("step_coordinate")
def coordinates_are_skipped_when_one_is_bad(params: Any, grad: Any, hessian_diagonal: Any, **hyper: float) -> Any:
    """No coordinate is updated when any entry of gradient or Hessian is not finite."""
    good = bool(np.all(np.isfinite(grad))) and bool(np.all(np.isfinite(hessian_diagonal)))
    return reference.step_coordinate(params, grad, hessian_diagonal, **hyper) if good else params


@system.mistake("step_coordinate")
def coordinates_are_not_checked(params: Any, grad: Any, hessian_diagonal: Any, *, alpha: float, beta: float) -> Any:
    """Any α and β, and arrays of any shape, are accepted."""
    grad, h = (x.reshape(-1)[: params.size].reshape(params.shape) for x in (grad, hessian_diagonal))
    return params - alpha * grad / (1 + beta * np.abs(h))
