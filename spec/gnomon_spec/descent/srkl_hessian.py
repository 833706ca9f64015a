"""SRKL's published text: κ from the Hessian, by one of three norms or by probes; its laws and mistakes.

Notation: λ an eigenvalue of the Hessian H, Δ = w' - w, ĥ the estimate of H's diagonal.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from gnomon.descent import srkl as reference
from gnomon.norms import length
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.descent import srkl
from gnomon_spec.descent.srkl import system
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import (
    count,
    entry_signs,
    indices,
    nonzero,
    number,
    poisons,
    powered,
    rotation,
    shapes,
    tame,
    vector,
    whole_range,
    zeros,
)
from gnomon_spec.system import WITH_ROOM, Misfits


def mirrored(entries: Quantity) -> Quantity:
    """A symmetric matrix (n, n), in general indefinite: the upper triangle of `entries` and its mirror image."""

    def draw_mirrored(draw: Draw, context: Context) -> Any:
        matrix = entries.draw(draw, context)
        return np.triu(matrix) + np.triu(matrix, 1).T

    return Quantity(draw_mirrored, "symmetric matrix (n, n), in general indefinite")


positive = Quantity(lambda draw, context: np.abs(nonzero.draw(draw, context)), f"{nonzero.text}; absolute values")
SIDES = shapes((2,), (3,), (1,), (5,), (2,), (4,))
norms = choice("fro", "spectral", "diag")
turning = choice("fro", "spectral")
indefinite = mirrored(tame(shape=lambda shape: shape * 2))
hessians = Cases({"hessian": mirrored(powered(2, lambda shape: shape * 2))}, SIDES).but(norm=norms)
calm_hessians = hessians.but(hessian=indefinite)
curvature_hessian = system.operation(
    reference.curvature_hessian, cases=hessians, rejecting=calm_hessians, dtypes=WITH_ROOM
)


def rotated(hessian: Any, case: Case) -> Any:
    """Return the Hessian in rotated coordinates, symmetric to the last bit."""
    product = case.turn @ hessian @ case.turn.T
    return (product + product.T) / 2


curvature_hessian.symmetry(
    "invariance",
    "two_norms_do_not_depend_on_the_coordinates",
    "Rotating the Hessian changes neither its Frobenius nor its spectral norm",
    cases=calm_hessians.but(turn=rotation(), norm=turning),
    inputs={"hessian": rotated},
    outputs=unchanged,
)


curvature_hessian.symmetry(
    "equivariance",
    "no_norm_leaves_the_range_before_the_hessian_does",
    "2ᵏ times the Hessian has 2ᵏ times the norm, whatever the size of its squares",
    cases=calm_hessians.but(power=whole_range()),
    inputs={"hessian": scaled},
    outputs=scaled,
)


@curvature_hessian.law("conservation", cases=calm_hessians.but(place=indices(), bad=poisons))
def a_hessian_that_is_not_finite_has_no_finite_norm(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN on the diagonal makes every norm NaN, an infinity makes it ∞: neither counts as no curvature."""
    bad = np.asarray(case.bad, case.hessian.dtype)
    at = np.arange(len(case.hessian)) == case.place % len(case.hessian)
    poisoned = np.where(at & at[:, np.newaxis], bad, case.hessian)
    yield equal("norm", port.curvature_hessian(poisoned, **case.hyper), np.abs(bad))


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
def of_two_matrices_the_norms_are_known(port: Any, case: Case) -> Iterable[Fact]:
    """Of ±v·vᵀ fro = spectral = ‖v‖², and diag = ‖v∘v‖, which is smaller by up to √n. Of a diagonal matrix
    fro = diag = ‖v‖ and spectral = max |vᵢ|."""
    whole, size = np.sum(case.v**2), length(case.v)
    for label, hessian, norms in (
        ("product", case.sign * np.outer(case.v, case.v), {"fro": whole, "spectral": whole, "diag": length(case.v**2)}),
        ("diagonal", np.diag(case.v), {"fro": size, "spectral": np.max(np.abs(case.v)), "diag": size}),
    ):
        for norm, expected in norms.items():
            yield equal(f"{norm} of a {label}", port.curvature_hessian(hessian, norm=norm), expected)


LARGEST, DIAGONAL = "np.max(np.abs(np.linalg.eigvalsh(hessian)), initial=0)", "np.diagonal(hessian)"
curvature_hessian.edits(f"""
largest_eigenvalue_with_its_sign: The spectral norm is taken for the largest eigenvalue, not for the largest in size
    `{LARGEST}` → `np.max(np.linalg.eigvalsh(hessian))`
row_sums_for_the_diagonal: The row sums H·1 are taken for the diagonal, as differentiating Σ ∂f/∂wᵢ once more gives them
    `{DIAGONAL}` → `np.sum(hessian, axis=1)`
trace_for_the_diagonal: The trace's absolute value is taken for the norm of the diagonal
    `{DIAGONAL}` → `np.trace(hessian)`
largest_diagonal_entry: The largest |Hᵢᵢ| is taken for the norm of the diagonal
    `{DIAGONAL}` → `np.max(np.abs(np.diagonal(hessian)), initial=0)`
spectral_for_frobenius: The spectral norm is given for the Frobenius norm (as a library's norm of a matrix may do)
    `norm == "spectral"` → `norm != "diag"`
one_triangle_counted_once: Only the upper triangle enters the Frobenius norm, so that no entry beside the diagonal
    counts twice
    `else hessian` → `else np.triu(hessian)`
squares_that_leave_the_range: The squares are summed as they are: of 1e200·I they overflow, of 1e-200·I they vanish
    `return length(` → `return np.linalg.norm(`
eigenvalues_of_what_is_not_finite: Eigenvalues are asked for where an entry is not finite: a NaN may count as 0
    `not np.isfinite(largest_entry)` → `False`
root_left_out: κ is the square of the norm
    `{LARGEST}` → `{LARGEST} ** 2`, `else hessian)` → `else hessian) ** 2`
""")


def probes(most: int) -> Quantity:
    """One to `most` vectors with entries ±1, one a row."""

    def draw_probes(draw: Draw, context: Context) -> Any:
        rows = count(*range(1, min(most, 3) + 1), low=1, high=most).draw(draw, context)
        return entry_signs.draw(draw, context._replace(shape=(rows, *context.shape)))

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


@curvature_probe.law("closed form", cases=Cases({"hessian": indefinite}, shapes((2,), (3,), (1,), (2,), (2,))))
def in_the_mean_one_probe_measures_the_frobenius_norm(port: Any, case: Case) -> Iterable[Fact]:
    """The mean of κ² over all 2ᵐⁿ choices of m probes is ‖diag H‖² + (‖H‖²_F - ‖diag H‖²)/m, exactly: ‖H‖²_F for one
    probe, two are nearer to the diagonal."""
    n, diagonal, whole = case.hessian.shape[0], np.sum(np.diag(case.hessian) ** 2), np.sum(case.hessian**2)
    for m in (1, 2) if n < 3 else (1,):
        every = [np.array(z, case.hessian.dtype).reshape(m, n) for z in product((1, -1), repeat=m * n)]
        squares = [port.curvature_probe(z @ case.hessian, z) ** 2 for z in every]
        mean = np.sum(np.stack(squares)) / len(every)
        yield equal(f"mean of squares, m = {m}", mean, diagonal + (whole - diagonal) / m)


@curvature_probe.misfits()
def probes_other_than_signs_are_rejected(case: Case) -> Misfits:
    """No probe at all, and entries of probes other than ±1, are rejected, not used."""
    return {
        "no probe": {"products": case.products[:0], "probes": case.probes[:0]},
        "entries of 2": {"probes": 2 * case.probes},
    }


MEAN = "np.sum(probes * products, axis=0) / probes.shape[0]"
curvature_probe.edits(f"""
sum_over_the_probes: The estimates of the probes are added up: the mean is left out
    ` / probes.shape[0]` → ``
mean_of_the_norms: κ is the mean of the probes' own norms instead of the norm of their mean
    `length(diagonal)` → `np.sum(np.sqrt(np.sum(products * products, axis=1))) / probes.shape[0]`
products_without_their_probes: The products H·z are averaged without being multiplied by their probes
    `probes * products` → `products`
absolute_estimates: The absolute values of z∘(H·z) are averaged
    `probes * products` → `np.abs(probes * products)`
only_the_first_probe_counts: All probes but the first are ignored
    `{MEAN}` → `probes[0] * products[0]`
square_of_the_norm: κ is ‖ĥ‖² instead of ‖ĥ‖
    `length(diagonal)` → `length(diagonal) ** 2`
trace_of_the_estimate: κ is |Σ ĥᵢ|, Hutchinson's estimate of the trace, instead of the norm of the diagonal
    `length(diagonal)` → `np.abs(np.sum(diagonal))`
""")


steps = Cases({"params": vector(), "grad": vector(), "hessian_diagonal": vector()}, srkl.SEVERAL).but(
    alpha=srkl.alpha, beta=srkl.beta
)
calm = steps.but(params=tame(), grad=tame(), hessian_diagonal=tame())
bare = calm.but(params=zeros, beta=srkl.braking)
separable = Cases({"params": tame(), "hessian_diagonal": tame()}, srkl.SEVERAL).but(alpha=srkl.alpha, beta=srkl.braking)
convex = separable.but(hessian_diagonal=positive)
step_coordinate = system.operation(reference.step_coordinate, cases=steps, rejecting=calm, dtypes=WITH_ROOM)
srkl.declare_step_laws(step_coordinate, steps, calm)


@step_coordinate.law("invariance", cases=calm)
def every_coordinate_moves_as_if_it_were_alone(port: Any, case: Case) -> Iterable[Fact]:
    """Each wᵢ is moved as `step` moves it with κ = |hᵢ|: a maximum is left as slowly as a minimum is approached."""
    new = port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper).reshape(-1)
    w, g, h = (x.reshape(-1) for x in (case.params, case.grad, case.hessian_diagonal))
    for i in range(w.size):
        alone = port.step(w[i : i + 1], g[i : i + 1], np.abs(h[i]), **case.hyper)
        yield equal(f"entry {i}", new[i : i + 1], alone)


@step_coordinate.law("closed form", cases=bare.but(grad=positive, hessian_diagonal=positive))
def it_is_two_steps_in_parallel(port: Any, case: Case) -> Iterable[Fact]:
    """1/|Δ| = 1/(α|g|) + (β/α)·|h|/|g|: gradient descent's step and α/β times Newton's, as resistors in parallel.

    Levenberg's and Marquardt's step for α = β, with the damping 1/α. So |Δ| is at most the smaller of the two.
    """
    move = np.abs(port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper))
    descent, newton = case.alpha * case.grad, case.alpha / case.beta * case.grad / case.hessian_diagonal
    yield equal("inverse length", 1 / move, 1 / descent + 1 / newton)
    yield at_least("gradient descent", descent, move)
    yield at_least("newton", newton, move)


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


@step_coordinate.law("bound", cases=convex.but(params=zeros, x=positive, power=choice(2, 3, 4, 6)))
def on_a_power_the_step_is_a_share_of_the_distance(port: Any, case: Case) -> Iterable[Fact]:
    """On |x|ᵖ/p, |Δ| <= α|x|/(β(p-1)), so that no orbit leaves if β(p-1) >= α/2."""
    p = case.power
    grad, h = case.x ** (p - 1), (p - 1) * case.x ** (p - 2)
    move = port.step_coordinate(case.params, grad, h, alpha=case.alpha, beta=case.beta)
    yield at_least("share", case.alpha * case.x / (case.beta * (p - 1)), np.abs(move))


@step_coordinate.law("conservation", cases=calm.but(place=indices(), bad=poisons).shaped(srkl.LISTS))
def a_bad_entry_stays_in_its_place(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN or infinite entry of gradient or Hessian leaves every other entry as it was, bit for bit."""
    poison = np.arange(case.grad.size) == case.place
    new = port.step_coordinate(case.params, case.grad, case.hessian_diagonal, **case.hyper)
    bad_grad, bad_h = (np.where(poison, case.bad, x) for x in (case.grad, case.hessian_diagonal))
    by_grad = port.step_coordinate(case.params, bad_grad, case.hessian_diagonal, **case.hyper)
    by_h = port.step_coordinate(case.params, case.grad, bad_h, **case.hyper)
    yield identical("bad gradient", by_grad[~poison], new[~poison])
    yield identical("bad Hessian", by_h[~poison], new[~poison])


SIZE = "np.abs(hessian_diagonal)"
step_coordinate.edits(f"""
negative_curvature_is_not_braked: Where the diagonal is negative it counts as 0 instead of by its absolute value
    `{SIZE}` → `np.maximum(hessian_diagonal, 0)`
one_brake_for_all_coordinates: All coordinates are braked by the norm of the diagonal
    `{SIZE}` → `length(hessian_diagonal)`
squared_gradient_for_the_diagonal: gᵢ² is taken for the diagonal of the Hessian
    `{SIZE}` → `(grad * grad)`
root_of_the_diagonal: √|hᵢ| enters the brake, as in methods that divide by the root of a second moment
    `{SIZE}` → `np.sqrt({SIZE})`
no_coordinate_is_braked: The diagonal of the Hessian is ignored
    `1 + beta * {SIZE}` → `1`
last_coordinate_left_out: The last coordinate is not updated
    `` → `{srkl.LAST_LEFT_OUT}`
every_coordinate_goes_up: Every coordinate goes up the gradient
    `` → `grad = -grad`
coordinates_shrink_with_their_curvature: The parameters, too, are divided by 1 + β|hᵢ|
    `params - alpha * grad` → `(params - alpha * grad)`
coordinates_are_skipped_when_one_is_bad: No coordinate is updated when any entry of gradient or Hessian is not finite
    `` → `{srkl.SKIP.replace("grad", "np.stack([grad, hessian_diagonal])")}`
""")
