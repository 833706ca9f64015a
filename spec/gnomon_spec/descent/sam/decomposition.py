"""The gradient at a perturbed point: what is known of it, and of its remainder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.sam import decomposition as reference
from gnomon.objectives.several_arrays import Joined
from gnomon.several_arrays import cut, join
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.descent.sam import system
from gnomon_spec.descent.sam.inputs import GUARD, RHO, cubics, problems, quadratics
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.several_arrays import arrays, like, times, turned
from gnomon_spec.strategies import VECTORS, count, number, rotation, whole_range
from gnomon_spec.system import WITH_ROOM, Misfits

points = Cases({"params": arrays(nonzero_vector()), "grads": like("params", nonzero_vector())}, VECTORS)
points = points.but(rho=RHO, eps=GUARD)
perturb = system.operation(reference.perturb, cases=points, rejecting=points, dtypes=WITH_ROOM)
decompose = system.operation(reference.decompose, cases=problems, rejecting=quadratics, dtypes=WITH_ROOM)


def norm(values: Any) -> Any:
    """Return the norm of all entries of some arrays."""
    entries = join(values)
    return np.sqrt(np.sum(entries * entries))


def shifted(value: Any, case: Case) -> Any:
    """Return arrays with a number added to each entry, and the function whose minimum is moved likewise."""
    if isinstance(value, Joined):
        f = value.objective
        return Joined(f._replace(stationary=f.stationary + case.shift))
    return tuple(w + case.shift for w in value)


def fenced(case: Case, reach: Any) -> Any:
    """Return the case's function, known only within a reach of x*."""
    f = case.objective.objective
    return case.objective._replace(objective=f._replace(reach=np.asarray(reach, f.matrix.dtype)))


def along(case: Case) -> Any:
    """Return the gradient over its norm, as one vector."""
    grad = case.objective.objective.gradient(join(case.params))
    return grad / norm([grad])


@perturb.law("closed form", cases=points.but(eps=number(0.0, 0.25, 1.0, 4.0, exponents=(-6, 6))))
def the_step_is_rho_along_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """‖g‖ + ε times w' - w is ρ·g, with the norm of all arrays together: where ε is 0 the step has the length ρ."""
    moved = join(port.perturb(case.params, case.grads, **case.hyper)) - join(case.params)
    yield equal("step", moved * (norm(case.grads) + case.eps), case.rho * join(case.grads))


@perturb.law("invariance", cases=points.but(eps=0.0, power=whole_range()))
def gradients_of_any_size_perturb_alike(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients times 2ᵏ, as far as the dtype goes, give the same point, bit for bit."""
    size = 2.0**case.power
    scaled = tuple(size * g for g in case.grads)
    unscaled = tuple(g / size for g in scaled)
    new, expected = (port.perturb(case.params, grads, **case.hyper) for grads in (scaled, unscaled))
    for i, array in enumerate(new):
        yield identical(f"array {i + 1}", array, expected[i])


@perturb.law("fixed point")
def where_there_is_no_gradient_nothing_moves(port: Any, case: Case) -> Iterable[Fact]:
    """With g = 0 the parameters come back, bit for bit; and with ρ = 0, whatever g is."""
    nothing = tuple(0 * g for g in case.grads)
    for label, grads, rho in (("gradient 0", nothing, case.rho), ("rho 0", case.grads, 0.0)):
        new = port.perturb(case.params, grads, rho=rho, eps=case.eps)
        yield identical(label, join(new), join(case.params))


@decompose.law("closed form", cases=quadratics)
def on_a_quadratic_it_is_a_hessian_product(port: Any, case: Case) -> Iterable[Fact]:
    """On ½(x - x*)ᵀH(x - x*) the gradient is H(e + ρHe/‖He‖), e = x - x*, and the PSF is ρHg/‖g‖ exactly."""
    found = port.decompose(case.params, case.objective, **case.hyper)
    f, unit = case.objective.objective, along(case)
    product = case.rho * (f.matrix @ unit)
    yield equal("grads", join(found.grads), f.gradient(join(case.params)))
    yield equal("sam_grads", join(found.sam_grads), f.gradient(join(case.params)) + product)
    yield equal("psf", join(found.psf), product)


@decompose.law(
    "closed form", cases=problems.but(objective=cubics, eps=0.0, rho=number(1.0, 0.5, 2.0, exponents=(-2, 1)))
)
def a_bend_adds_a_remainder_of_second_order(port: Any, case: Case) -> Iterable[Fact]:
    """With c/3·Σdᵢ³ the PSF is ρ∇²f·g/‖g‖, the gradient of the penalty ρ‖∇f‖, and beyond it c·ρ²·(g/‖g‖)²: |c|ρ² at
    most, half of what is the Lipschitz constant."""
    found = port.decompose(case.params, case.objective, **case.hyper)
    f, unit = case.objective.objective, along(case)
    product = case.rho * f.hvp(join(case.params), unit)
    rest = join(found.psf) - product
    yield equal("remainder", rest, f.bend * case.rho**2 * unit * unit)
    yield at_least("bound", np.abs(f.bend) * case.rho**2, np.sqrt(np.sum(rest * rest)))


@decompose.law("bound", cases=quadratics)
def the_remainder_is_between_the_eigenvalues(port: Any, case: Case) -> Iterable[Fact]:
    """For 1/16 <= H <= 8: ρ/16 <= ‖psf‖ <= 8ρ, ⟨g, psf⟩ >= ρ‖g‖/16, and ⟨g, g'⟩ >= ‖g‖², as for any convex f."""
    found = port.decompose(case.params, case.objective, **case.hyper)
    grads, psf, size = join(found.grads), join(found.psf), norm(found.psf)
    yield at_least("above", 8 * case.rho, size)
    yield at_least("below", size, case.rho / 16)
    yield at_least("along", np.sum(grads * psf), case.rho * norm(found.grads) / 16)
    yield at_least("convex", np.sum(grads * join(found.sam_grads)), np.sum(grads * grads))


@decompose.law("bound", cases=quadratics.but(other=arrays(nonzero_vector())))
def a_stale_remainder_is_off_by_the_turn_of_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """On a quadratic, PSFs at two points differ by ρH(u - v), u and v the gradients' directions: by 16ρ at most for
    H <= 8, and not at all where x - x* is only longer."""
    f = case.objective.objective
    there = cut(f.stationary + join(case.other), case.params)
    here, stale = (port.decompose(w, case.objective, **case.hyper) for w in (case.params, there))
    grad = f.gradient(join(there))
    gap = join(here.psf) - join(stale.psf)
    yield equal("difference", gap, case.rho * (f.matrix @ (along(case) - grad / norm([grad]))))
    yield at_least("bound", 16 * case.rho, np.sqrt(np.sum(gap * gap)))
    longer = cut(f.stationary + 2 * (join(case.params) - f.stationary), case.params)
    yield equal("longer", join(port.decompose(longer, case.objective, **case.hyper).psf), join(here.psf))


decompose.symmetry(
    "equivariance",
    "the_loss_may_be_in_any_unit",
    "f times 2ᵏ gives 2ᵏ times the gradients and the PSF, bit for bit: the perturbation does not move",
    cases=problems.but(eps=0.0, power=count(1, 3, low=-20, high=20)),
    inputs={"objective": lambda f, case: times(2.0**case.power, f)},
    outputs=scaled,
    same=identical,
)
decompose.symmetry(
    "equivariance",
    "it_does_not_know_its_axes",
    "In turned coordinates gradients and PSF are the turned ones (in coordinates of other units they are others, which"
    " is what ASAM mends)",
    cases=quadratics.but(turn=rotation()),
    inputs={"objective": turned, "params": turned},
    outputs=dict.fromkeys(("grads", "sam_grads", "psf"), turned),
)
decompose.symmetry(
    "invariance",
    "it_does_not_know_its_origin",
    "Where parameters and function are moved by the same, gradients and PSF stay",
    cases=problems.but(shift=choice(1.0, -8.0, 0.375)),
    inputs={"objective": shifted, "params": shifted},
    outputs=unchanged,
)


@decompose.law("invariance")
def how_the_parameters_are_cut_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """As one array, or as one array for each entry, all is the same: the norm is joint."""
    found = port.decompose(case.params, case.objective, **case.hyper)
    whole = join(case.params)
    for label, given in (("one array", (whole,)), ("entries", tuple(np.reshape(whole, (-1, 1))))):
        other = port.decompose(given, case.objective, **case.hyper)
        yield equal(f"psf as {label}", join(other.psf), join(found.psf))


@decompose.misfits(cases=quadratics.but(rho=1.0))
def a_gradient_that_is_no_number_is_rejected(case: Case) -> Misfits:
    """A gradient that is not finite, at w or at the perturbed point alone, is rejected."""
    here = join(case.params) - case.objective.objective.stationary
    distance, ahead = np.max(np.abs(here)), np.max(np.abs(here + along(case)))
    beyond = distance * (1.005 if ahead > 1.01 * distance else 0.5)
    return {"at w": {"objective": fenced(case, distance / 2)}, "at w'": {"objective": fenced(case, beyond)}}


perturb.edits("""
norm_of_each_array: Each array is divided by its own norm, not by that of all together [LookSAM and SAM in libraries]
    `u / size` → `u / (joint_length([u]) + eps / largest) if joint_length([u]) > 0 else u`
zero_is_divided_by_zero: A gradient of 0 is divided by its norm [optax.contrib.sam 0.2.8]
    `largest == 0` → `False`
zero_has_a_direction: Where the gradient is 0 every entry is perturbed by ρ
    `return params` → `return tuple(w + rho for w in params)`
radius_has_a_floor: A ρ of 0 is taken for a small one
    `` → `rho = rho if rho > 0 else 2.0**-10`
guard_that_nobody_asked_for: 1e-12 is added to the norm: the step is shorter where the gradient is small [davda54/sam;
    ajiaaa/vSAM]
    `eps / largest` → `(eps + 1e-12) / largest`
gradient_is_not_normalised: The step is ρ·g, however long g is
    `u / size` → `u * largest`
divided_by_the_square: The step is ρ·g/‖g‖²
    `u / size` → `u / size / (size * largest)`
norm_is_the_largest_entry: The norm is the largest entry in size
    `joint_length(scaled)` → `1`
entries_have_scales: Each entry is perturbed as its square is large, which is ASAM [`adaptive=True` in libraries]
    `u / size` → `w * w * u / size`, `joint_length(scaled)` → `joint_length([w * u for w, u in zip(params, scaled)])`
perturbed_downhill: The step is along -g: to where the loss is lower
    `w + rho` → `w - rho`
""")
decompose.edits("""
both_gradients_are_of_one_point: The second gradient is taken at the parameters, too: the PSF is 0
    `gradient_at(objective, ahead,` → `gradient_at(objective, params,`
remainder_has_the_other_sign: The PSF is g - g'
    `s - g for` → `g - s for`
gradients_are_not_looked_at: A gradient that is not finite is used
    `finite=True` → `finite=False`
""")
