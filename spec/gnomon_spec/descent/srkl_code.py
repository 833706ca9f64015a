"""SRKL's published code: κ = ‖g∘g‖₂, from the gradient alone; its laws and mistakes.

Notation: Δ = w' - w, n the number of entries, s the largest |gᵢ|.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import nan
from typing import Any

import numpy as np

from gnomon.descent import srkl as reference
from gnomon.descent.srkl import joined
from gnomon.norms import length
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent import srkl
from gnomon_spec.descent.srkl import system
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import (
    VECTORS,
    count,
    entry_signs,
    indices,
    nonzero,
    number,
    one_of,
    powered,
    shapes,
    tame,
    vector,
    without_zeros,
    zeros,
)
from gnomon_spec.system import WITH_ROOM, Misfits


def sized(low: float, high: float) -> Quantity:
    """An array without zeros, entries about 2^e in size, e from `low` to `high` times the dtype's largest exponent."""

    def draw_sized(draw: Draw, context: Context) -> Any:
        largest = np.finfo(context.dtype).maxexp
        first, last = round(low * largest), round(high * largest)
        scale = first + count(0, high=last - first).draw(draw, context)
        return np.asarray(np.ldexp(nonzero.draw(draw, context), scale))

    return Quantity(
        draw_sized, f"array of the common shape, sizes about 2^e, e from {low} to {high} of the largest exponent"
    )


one_place = Quantity(
    lambda draw, context: (
        (np.arange(int(np.prod(context.shape))) == indices().draw(draw, context))
        .reshape(context.shape)
        .astype(context.dtype)
    ),
    "1 in one entry, else 0",
)
grads = Cases({"grad": powered(4)}, srkl.SEVERAL)
calm_grads = Cases({"grad": tame()}, VECTORS)
curvature = system.operation(reference.curvature, cases=grads, rejecting=calm_grads, dtypes=WITH_ROOM)


@curvature.law("bound", cases=grads.but(sign=entry_signs, place=one_place, size=number(1.0, 2.0, 0.5, 3.0)))
def the_curvature_lies_between_two_norms(port: Any, case: Case) -> Iterable[Fact]:
    """‖g‖²/√n <= κ <= ‖g‖²: the lower bound where all |gᵢ| = c; the upper one, c², where one is c and all others 0."""
    kappa, square = port.curvature(case.grad), np.sum(case.grad * case.grad)
    yield at_least("upper bound", square, kappa)
    yield at_least("lower bound", kappa, square / max(1, case.grad.size) ** 0.5)
    yield equal("equal entries", port.curvature(case.sign * case.size), case.sign.size**0.5 * case.size**2)
    yield equal("one entry", port.curvature(-case.place * case.size), np.sum(case.place) * case.size**2)


@curvature.law("closed form", cases=Cases({"angle": number(0.25, 0.5, 0.75, 1.0, exponents=(-6, 1))}, shapes((2,))))
def it_depends_on_the_coordinates(port: Any, case: Case) -> Iterable[Fact]:
    """A unit gradient at the angle θ to an axis has κ = ((3 + cos 4θ)/4)^½: 1 along the axis, 1/√2 between two."""
    grad = np.stack([np.cos(case.angle), np.sin(case.angle)])
    yield equal("curvature", port.curvature(grad), np.sqrt((3 + np.cos(4 * case.angle)) / 4))


@curvature.law("conservation", cases=Cases({"grad": tame(), "other": tame()}, srkl.SEVERAL))
def squares_of_curvatures_add_up(port: Any, case: Case) -> Iterable[Fact]:
    """The square of κ of two arrays taken as one is the sum of their squares."""
    both = np.concatenate([case.grad.reshape(-1), case.other.reshape(-1)])
    parts = port.curvature(case.grad) ** 2 + port.curvature(case.other) ** 2
    yield equal("square", port.curvature(both) ** 2, parts)


@curvature.law("limit", cases=Cases({"grad": one_of(sized(0.32, 0.38), sized(-0.42, -0.35))}, srkl.SEVERAL))
def it_is_in_range_where_its_fourth_powers_are_not(port: Any, case: Case) -> Iterable[Fact]:
    """κ is right where κ itself is in the range of the dtype, although the fourth powers of the entries are not."""
    scale = np.max(np.abs(case.grad), initial=0)
    expected = scale * scale * np.sqrt(np.sum((case.grad / scale) ** 4))
    yield equal("curvature", port.curvature(case.grad), expected)


@curvature.law("conservation", cases=Cases({"grad": tame(), "place": one_place}, srkl.LISTS))
def of_a_nan_it_is_nan(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN anywhere in the gradient makes κ NaN."""
    kappa = port.curvature(np.where(case.place == 1, nan, case.grad))
    yield identical("curvature", kappa, nan * np.ones_like(kappa))


LARGEST = "np.max(np.abs(grad), initial=least)"
curvature.edits(f"""
fourth_powers_overflow: κ is computed by the plain formula: beyond its range κ is infinite and the parameters freeze
    `{LARGEST}` → `grad.dtype.type(1)`, `length(v * v)` → `np.sqrt(np.sum((v * v) ** 2))`
divided_by_a_largest_entry_of_0: The gradient is scaled by its largest entry, even where that is 0: the parameters
    become NaN
    `{LARGEST}` → `np.max(np.abs(grad), initial=0)`, `grad / scale if scale != 0 else grad` → `grad / scale`
nan_not_counted: A NaN in the gradient counts as 0
    `np.abs(grad)` → `np.abs(np.where(np.isnan(grad), 0, grad))`, `v * v` → `np.where(np.isnan(v), 0, v * v)`
length_squared: κ is Σ gᵢ², the square of the gradient's length, instead of the length of its square
    `length(v * v)` → `np.sum(v * v)`
length_of_the_gradient_itself: κ is ‖g‖₂: the gradient is not squared
    `length(v * v)` → `length(v) / scale`
sum_of_fourth_powers: κ is Σ gᵢ⁴: the root is left out
    `length(v * v)` → `scale * scale * np.sum(v**4)`
mean_of_fourth_powers: The mean of the fourth powers stands under the root instead of their sum
    `length(v * v)` → `length(v * v) / max(1, v.size) ** 0.5`
largest_square: κ is the largest gᵢ² instead of the root of the sum of their squares
    `length(v * v)` → `np.max(v * v, initial=0)`
last_entry_not_counted: The last entry is missing from κ (the tail of a vectorised loop is missing)
    `length(v * v)` → `length(np.where({srkl.LAST}, 0, v * v))`
""")

steps = Cases({"params": vector(), "grad": powered(4)}, srkl.SEVERAL).but(alpha=srkl.alpha, beta=srkl.beta)
calm = steps.but(params=tame(), grad=tame())
braked = calm.but(beta=srkl.braking)
bare = braked.but(params=zeros)  # the new parameters are the step itself
step_code = system.operation(reference.step_code, cases=steps, rejecting=calm, dtypes=WITH_ROOM)
srkl.declare_step_laws(step_code, steps, calm)
srkl.declare_one_rate(step_code, steps, calm)


@step_code.law("closed form", cases=calm)
def it_is_the_step_with_the_curvature_of_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """w' is what `step` makes with κ = `curvature(g)`."""
    new = port.step_code(case.params, case.grad, **case.hyper)
    yield equal("params", new, port.step(case.params, case.grad, port.curvature(case.grad), **case.hyper))


@step_code.law("conservation", cases=braked.but(place=one_place).shaped(srkl.LISTS))
def one_nan_spoils_every_entry(port: Any, case: Case) -> Iterable[Fact]:
    """With β > 0 a NaN anywhere in the gradient makes every new parameter NaN, as κ is NaN."""
    new = port.step_code(case.params, np.where(case.place == 1, nan, case.grad), **case.hyper)
    yield identical("params", new, nan * np.ones_like(new))


@step_code.law("bound", cases=steps.but(params=zeros, beta=srkl.braking))
def steps_are_bounded(port: Any, case: Case) -> Iterable[Fact]:
    """No entry moves by more than α/(2√β), nor all together by more than α·n^¼/(2√β), whatever the gradient is."""
    move = port.step_code(case.params, case.grad, **case.hyper)
    bound = case.alpha / (2 * np.sqrt(case.beta))
    yield at_least("entries", bound + 0 * move, np.abs(move))
    yield at_least("length", bound * case.grad.size**0.25, length(move))


@step_code.law("closed form", cases=bare.but(sign=entry_signs, place=one_place).shaped(srkl.LISTS))
def the_bounds_are_attained(port: Any, case: Case) -> Iterable[Fact]:
    """A single entry |gᵢ| = β^-½ moves by α/(2√β); equal entries |gᵢ| = (n^½·β)^-½ make a step α·n^¼/(2√β) long."""
    root, n = np.sqrt(case.beta), case.grad.size
    alone = port.step_code(case.params, -case.place / root, **case.hyper)
    yield equal("one entry", alone, case.place * case.alpha / (2 * root))
    together = port.step_code(case.params, case.sign / (n**0.25 * root), **case.hyper)
    yield equal("equal entries", length(together), n**0.25 * case.alpha / (2 * root))


@step_code.law("bound", cases=bare.but(grad=without_zeros(powered(4))))
def far_away_steps_shrink(port: Any, case: Case) -> Iterable[Fact]:
    """‖Δ‖ <= α·√n/(β‖g‖): the larger the gradient, the shorter the step."""
    move = port.step_code(case.params, case.grad, **case.hyper)
    yield at_least("bound", case.alpha * case.grad.size**0.5 / (case.beta * length(case.grad)), length(move))


@step_code.law(
    "invariance", cases=bare.but(direction=nonzero, factor=number(1.0, 2.0, 3.0, exponents=(0, 6))).shaped(VECTORS)
)
def steps_are_as_long_above_the_peak_as_below_it(port: Any, case: Case) -> Iterable[Fact]:
    """With c = (β·κ(v))^-½, gradients c·k·v and c·v/k make steps of one length; for k = 1 it is α‖v‖/(2√(βκ(v)))."""
    v = case.direction
    root = np.sqrt(case.beta * np.sqrt(np.sum(v**4)))
    above = port.step_code(case.params, case.factor / root * v, **case.hyper)
    below = port.step_code(case.params, v / (case.factor * root), **case.hyper)
    yield equal("length", length(above), length(below))
    peak = port.step_code(case.params, v / root, **case.hyper)
    yield equal("peak", length(peak), case.alpha * length(v) / (2 * root))


@step_code.law("bound", cases=braked)
def a_small_gradient_makes_gradient_descents_step(port: Any, case: Case) -> Iterable[Fact]:
    """w' differs from w - α·g by at most α·β·κ·‖g‖, a third power: near a minimum the brake is off."""
    new = port.step_code(case.params, case.grad, **case.hyper)
    away = new - (case.params - case.alpha * case.grad)
    bound = case.alpha * case.beta * np.sqrt(np.sum(case.grad**4)) * length(case.grad)
    yield at_least("bound", bound, length(away))


soft = braked.but(alpha=number(1.0, 2.0, 0.5, exponents=(-12, 0)))


def _soft_loss(x: Any) -> tuple[Any, Any]:
    """Return f = Σ (1 + xᵢ²)^½ and its gradient: convex, its gradient Lipschitz with L = 1, its minimum at 0."""
    root = np.sqrt(1 + x * x)
    return np.sum(root), x / root


@step_code.law("bound", cases=soft)
def a_smooth_loss_falls(port: Any, case: Case) -> Iterable[Fact]:
    """For α <= 2/L, f(w') <= f(w) - Φ(1 - ΦL/2)‖g‖², and if f is convex no step leads away from its minimum. So along a
    run Σ ‖gₜ‖²/(1+βκₜ) <= (f₀ - f_T)/(α(1 - αL/2)): the gradient goes to 0."""
    before, grad = _soft_loss(case.params)
    new = port.step_code(case.params, grad, **case.hyper)
    rate = port.brake(port.curvature(grad), **case.hyper)
    yield at_least("fall", before - _soft_loss(new)[0], rate * (1 - rate / 2) * np.sum(grad * grad))
    yield at_least("distance", length(case.params), length(new))


@step_code.law("closed form", cases=braked.but(params=nonzero, lam=number(1.0, 0.5, 2.0)).shaped(shapes((1,))))
def a_parabola_is_overshot_near_its_minimum_only(port: Any, case: Case) -> Iterable[Fact]:
    """On ½λx² the sign of x changes iff β·λ²x² < α·λ - 1: for αλ > 1 always near the minimum, whatever β is."""
    grad = case.lam * case.params
    new = port.step_code(case.params, grad, **case.hyper)
    yield agree("overshoots", new * case.params < 0, case.beta * grad * grad < case.alpha * case.lam - 1)


@step_code.law("limit", cases=bare.but(grad=one_of(sized(0.32, 0.5), sized(0.55, 0.66), sized(-0.6, -0.5))))
def a_gradient_beyond_its_fourth_powers_still_moves(port: Any, case: Case) -> Iterable[Fact]:
    """Where the fourth powers of the gradient overflow, the step is what the formula says, not 0; where they underflow,
    too: there w' = w - α·g."""
    scale = np.max(np.abs(case.grad), initial=1)
    v = case.grad / scale
    move = case.alpha / scale * v / (1 / scale / scale + case.beta * np.sqrt(np.sum(v**4)))
    yield equal("params", port.step_code(case.params, case.grad, **case.hyper), -move)
    unbraked = port.step_code(case.params, case.grad, alpha=case.alpha, beta=0.0)
    yield equal("beta = 0", unbraked, -case.alpha * case.grad)


BRAKED = "alpha / (1 / scale + beta * scale * root) * v"
step_code.edits(f"""
without_beta_it_overflows: With β = 0, too, the step is computed by a formula that then overflows for large gradients
    `if beta == 0` → `if False`, `{BRAKED}` → `(alpha / scale) / (scale**-2 + beta * root) * v`
a_brake_for_each_coordinate: Every coordinate is braked by its own gᵢ² instead of all by κ
    `{BRAKED}` → `alpha * grad / (1 + beta * grad * grad)`
a_brake_for_each_row: The norm is taken along the last axis only, so that every row of a matrix has its own brake
    `scale * root` → `scale * (np.sqrt(np.sum(v**4, axis=-1, keepdims=True)) if v.ndim else root)`
brake_on_the_parameters: κ is taken of the parameters instead of the gradient
    `{BRAKED}` → `alpha / (1 + beta * curvature(params)) * grad`
gradient_squared_in_the_step: The step is made along g∘g with the entry_signs of g instead of along g
    `{BRAKED}` → `{BRAKED} * np.abs(grad)`
up_the_gradient: The step of the published code goes up the gradient
    `` → `grad = -grad`
tail_left_out: The last entry of an array takes part in κ but is not updated
    `{BRAKED}` → `{BRAKED} * np.where({srkl.LAST}, 0, 1)`, `alpha * grad` → `alpha * np.where({srkl.LAST}, 0, grad)`
signs_lost: The step of the published code is made along |g|
    `` → `grad = np.abs(grad)`
""")


def arrays_like(name: str, quantity: Quantity) -> Quantity:
    """A tuple of arrays with the shapes of those drawn before it under `name`."""

    def draw_like(draw: Draw, context: Context) -> tuple[Any, ...]:
        return tuple(quantity.draw(draw, context._replace(shape=array.shape)) for array in context.drawn[name])

    return Quantity(draw_like, f"tuple of arrays with the shapes of {name}, each: {quantity.text}")


def several_arrays(quantity: Quantity) -> Quantity:
    """A tuple of one to three arrays of different shapes."""

    def draw_several(draw: Draw, context: Context) -> tuple[Any, ...]:
        number_of_arrays = count(2, 1, 3, low=1, high=3).draw(draw, context)
        shapes_drawn = [srkl.SEVERAL.draw(draw, context) for _ in range(number_of_arrays)]
        return tuple(quantity.draw(draw, context._replace(shape=shape)) for shape in shapes_drawn)

    return Quantity(draw_several, f"tuple of 1 to 3 arrays of different shapes, each: {quantity.text}")


arrays = Cases({"params": several_arrays(tame()), "grads": arrays_like("params", tame())}, shapes(())).but(
    alpha=srkl.alpha, beta=srkl.beta, per_array=choice(False, True)
)
step_arrays = system.operation(reference.step_arrays, cases=arrays, dtypes=WITH_ROOM)


@step_arrays.law("invariance", cases=arrays.but(per_array=False))
def arrays_together_are_one_vector(port: Any, case: Case) -> Iterable[Fact]:
    """By default all arrays have one κ: they move as their entries would in a single array."""
    new = port.step_arrays(case.params, case.grads, **case.hyper)
    whole = port.step_code(joined(case.params), joined(case.grads), alpha=case.alpha, beta=case.beta)
    yield equal("params", joined(new), whole)


@step_arrays.law("invariance", cases=arrays.but(per_array=True))
def arrays_apart_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """With per_array every array moves as if it were alone."""
    new = port.step_arrays(case.params, case.grads, **case.hyper)
    for i, (w, g) in enumerate(zip(case.params, case.grads, strict=True)):
        yield equal(f"array {i + 1}", new[i], port.step_code(w, g, alpha=case.alpha, beta=case.beta))


@step_arrays.misfits()
def arrays_that_do_not_fit_are_rejected(case: Case) -> Misfits:
    """A gradient too few and a gradient of another shape are rejected, not used."""
    first = case.grads[0].reshape(-1)
    wrong = (np.concatenate([first, first, np.ones(2, first.dtype)]), *case.grads[1:])
    return {"a gradient too few": {"grads": case.grads[:-1]}, "a gradient of another shape": {"grads": wrong}}


TOGETHER = "step_code(joined(params), joined(grads), alpha=alpha, beta=beta)"
step_arrays.edits(f"""
always_together: There is one κ for all arrays although one for each is asked for
    `per_array or not params` → `not params`
always_apart: There is one κ for each array although one for all is asked for
    `per_array or not params` → `True`
curvatures_added_up: κ of all arrays is the sum of theirs instead of the root of the sum of squares
    `{TOGETHER}` → `step(joined(params), joined(grads), sum(map(curvature, grads)), alpha=alpha, beta=beta)`
curvature_of_the_first_array: κ of the first array is used for all
    `{TOGETHER}` → `step(joined(params), joined(grads), curvature(grads[0]), alpha=alpha, beta=beta)`
arrays_without_gradient_stay: Arrays are paired with gradients as far as there are any; the others stay where they are
    `len(params) != len(grads)` → `False`
    `zip(params, grads, strict=True):` → `zip(params, grads, strict=False):`
    `require_pairs(params, grads)` →
        `require_pairs(params, grads)\ngrads = (*grads, *map(np.zeros_like, params[len(grads) :]))`
""")
