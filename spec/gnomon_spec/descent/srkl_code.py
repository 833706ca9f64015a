"""SRKL's published code: κ = ‖g∘g‖₂, from the gradient alone; its laws and mistakes.

Notation: Δ = w' - w, n the number of entries, s the largest |gᵢ|.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import nan
from typing import Any

import numpy as np

from gnomon.descent import srkl as reference
from gnomon.domains import require_floating, require_like
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.srkl import (
    LISTS,
    SEVERAL,
    Step,
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
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, rejects
from gnomon_spec.strategies import (
    VECTORS,
    count,
    indices,
    number,
    permutation,
    powered,
    shapes,
    tame,
    vector,
)
from gnomon_spec.system import WITH_ROOM


def without_zeros(quantity: Quantity) -> Quantity:
    """Like `quantity`, an array, with 1 in the place of 0."""

    def draw_nonzero(draw: Draw, context: Context) -> Any:
        array = quantity.draw(draw, context)
        return np.where(array == 0, np.ones_like(array), array)

    return Quantity(draw_nonzero, f"{quantity.text}; 1 instead of 0")


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


nonzero = without_zeros(tame())
one_place = Quantity(
    lambda draw, context: (
        (np.arange(int(np.prod(context.shape))) == indices().draw(draw, context))
        .reshape(context.shape)
        .astype(context.dtype)
    ),
    "1 in one entry, else 0",
)
grads = Cases({"grad": powered(4)}, SEVERAL)
calm_grads = Cases({"grad": tame()}, VECTORS)
curvature = system.operation(reference.curvature, cases=grads, dtypes=WITH_ROOM)


@curvature.law("bound")
def the_curvature_lies_between_two_norms(port: Any, case: Case) -> Iterable[Fact]:
    """‖g‖²/√n <= κ <= ‖g‖²."""
    kappa, square = port.curvature(case.grad), np.sum(case.grad * case.grad)
    yield at_least("upper bound", square, kappa)
    yield at_least("lower bound", kappa, square / max(1, case.grad.size) ** 0.5)


@curvature.law("closed form", cases=Cases({"sign": signs, "size": number(1.0, 2.0, 0.5, 3.0)}, SEVERAL))
def of_equal_entries_it_is_the_root_of_their_number_times_the_square(port: Any, case: Case) -> Iterable[Fact]:
    """Where all |gᵢ| = c, κ = √n·c², the lower bound."""
    expected = case.sign.size**0.5 * case.size**2
    yield equal("curvature", port.curvature(case.sign * case.size), expected)


@curvature.law("closed form", cases=Cases({"place": one_place, "value": number(1.0, 2.0, 0.5, 3.0)}, LISTS))
def of_a_single_entry_it_is_the_square(port: Any, case: Case) -> Iterable[Fact]:
    """Where one entry is c and all others are 0, κ = c², the upper bound."""
    yield equal("curvature", port.curvature(-case.place * case.value), case.value**2)


@curvature.law("closed form", cases=Cases({"angle": number(0.25, 0.5, 0.75, 1.0, exponents=(-6, 1))}, shapes((2,))))
def it_depends_on_the_coordinates(port: Any, case: Case) -> Iterable[Fact]:
    """A unit gradient at the angle θ to an axis has κ = ((3 + cos 4θ)/4)^½: 1 along the axis, 1/√2 between two."""
    grad = np.stack([np.cos(case.angle), np.sin(case.angle)])
    yield equal("curvature", port.curvature(grad), np.sqrt((3 + np.cos(4 * case.angle)) / 4))


@curvature.law("closed form", cases=Cases({"lam": number(1.0, 2.0, 0.5, 4.0)}, shapes((1,), ())))
def it_is_the_curvature_of_a_parabola_at_one_height_only(port: Any, case: Case) -> Iterable[Fact]:
    """On ½λx² κ is λ²x²: 0 at the minimum, and λ only where λx² = 1."""
    for height in (0.0, 1.0, 4.0):
        grad = np.sqrt(case.lam * height) * np.ones(1, np.asarray(case.lam).dtype)
        yield equal(f"λx² = {height:g}", port.curvature(grad), case.lam * height)


@curvature.law("equivariance", cases=calm_grads.but(exponent=count(1, -1, high=9), sign=signs, order=permutation()))
def it_is_of_the_second_degree(port: Any, case: Case) -> Iterable[Fact]:
    """c·g has c²·κ; the order and the signs of the entries do not matter."""
    kappa, scale = port.curvature(case.grad), 2.0**case.exponent
    yield equal("scaled", port.curvature(scale * case.grad), scale * scale * kappa)
    yield equal("rearranged", port.curvature((case.sign * case.grad)[case.order]), kappa)


@curvature.law("conservation", cases=Cases({"grad": tame(), "other": tame()}, SEVERAL))
def squares_of_curvatures_add_up(port: Any, case: Case) -> Iterable[Fact]:
    """The square of κ of two arrays taken as one is the sum of their squares."""
    both = np.concatenate([case.grad.reshape(-1), case.other.reshape(-1)])
    parts = port.curvature(case.grad) ** 2 + port.curvature(case.other) ** 2
    yield equal("square", port.curvature(both) ** 2, parts)


@curvature.law("limit", cases=Cases({"grad": sized(0.32, 0.38)}, SEVERAL))
def it_is_finite_where_its_fourth_powers_are_not(port: Any, case: Case) -> Iterable[Fact]:
    """κ is right where κ itself is in the range of the dtype, although the fourth powers of the entries are not."""
    scale = np.max(np.abs(case.grad), initial=1)
    expected = scale * scale * np.sqrt(np.sum((case.grad / scale) ** 4))
    yield equal("curvature", port.curvature(case.grad), expected)


@curvature.law("conservation", cases=Cases({"grad": tame(), "place": one_place}, LISTS))
def of_a_nan_it_is_nan(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN anywhere in the gradient makes κ NaN."""
    kappa = port.curvature(np.where(case.place == 1, nan, case.grad))
    yield identical("curvature", kappa, nan * np.ones_like(kappa))


@curvature.law("rejects", cases=calm_grads)
def integers_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A gradient of integers, whose powers would wrap around, is rejected."""
    yield rejects("integers", lambda: port.curvature(np.arange(1, case.grad.size + 2)))


def _step_code_from(curvature: Step) -> Step:
    def step_code(params: Any, grad: Any, *, alpha: float, beta: float) -> Any:
        reference.require_rates(alpha, beta)
        require_like("grad", grad, params)
        return params - alpha / (1 + beta * curvature(grad)) * grad

    return step_code


steps = Cases({"params": vector(), "grad": powered(4)}, SEVERAL).but(alpha=alpha, beta=beta)
calm = steps.but(params=tame(), grad=tame())
braked = calm.but(beta=braking)
bare = braked.but(params=zeros)  # the new parameters are the step itself
step_code = system.operation(reference.step_code, cases=steps, dtypes=WITH_ROOM)


@step_code.law("closed form", cases=calm)
def it_is_the_step_with_the_curvature_of_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """w' is what `step` makes with κ = `curvature(g)`."""
    new = port.step_code(case.params, case.grad, **case.hyper)
    yield equal("params", new, port.step(case.params, case.grad, port.curvature(case.grad), **case.hyper))


@step_code.law("conservation", cases=calm.but(params=zeros))
def all_entries_have_one_rate(port: Any, case: Case) -> Iterable[Fact]:
    """A step is a multiple of the gradient, never a positive one."""
    move = port.step_code(case.params, case.grad, **case.hyper)
    yield equal("direction", np.outer(move, case.grad), np.outer(case.grad, move))
    yield at_least("descent", 0, np.sum(move * case.grad))


@step_code.law("limit", cases=calm.but(beta=0.0))
def without_beta_it_is_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """With β = 0, w' = w - α·g."""
    yield equal("params", port.step_code(case.params, case.grad, **case.hyper), case.params - case.alpha * case.grad)


@step_code.law("fixed point", cases=steps.but(grad=zeros))
def no_gradient_no_move(port: Any, case: Case) -> Iterable[Fact]:
    """A gradient of 0 leaves the parameters alone, bit for bit."""
    yield identical("params", port.step_code(case.params, case.grad, **case.hyper), case.params)


@step_code.law("conservation", cases=braked.but(place=one_place).shaped(LISTS))
def one_nan_spoils_every_entry(port: Any, case: Case) -> Iterable[Fact]:
    """With β > 0 a NaN anywhere in the gradient makes every new parameter NaN, as κ is NaN."""
    new = port.step_code(case.params, np.where(case.place == 1, nan, case.grad), **case.hyper)
    yield identical("params", new, nan * np.ones_like(new))


@step_code.law("bound", cases=steps.but(params=zeros, beta=braking))
def steps_are_bounded(port: Any, case: Case) -> Iterable[Fact]:
    """No entry moves by more than α/(2√β), nor all together by more than α·n^¼/(2√β), whatever the gradient is."""
    move = port.step_code(case.params, case.grad, **case.hyper)
    bound = case.alpha / (2 * np.sqrt(case.beta))
    yield at_least("entries", bound + 0 * move, np.abs(move))
    yield at_least("length", bound * case.grad.size**0.25, length(move))


@step_code.law("closed form", cases=bare.but(sign=signs, place=one_place).shaped(LISTS))
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
    """For α <= 2/L, f(w') <= f(w) - Φ(1 - ΦL/2)‖g‖², and if f is convex no step leads away from its minimum."""
    before, grad = _soft_loss(case.params)
    new = port.step_code(case.params, grad, **case.hyper)
    rate = port.brake(port.curvature(grad), **case.hyper)
    yield at_least("fall", before - _soft_loss(new)[0], rate * (1 - rate / 2) * np.sum(grad * grad))
    yield at_least("distance", length(case.params), length(new))


@step_code.law("bound", cases=soft.but(times=count(2, 3, low=1, high=8)))
def gradients_along_a_run_can_be_summed(port: Any, case: Case) -> Iterable[Fact]:
    """For α < 2/L, Σ ‖gₜ‖²/(1+βκₜ) <= (f₀ - f_T)/(α(1 - αL/2)): the gradient goes to 0."""
    params, total = case.params, 0
    for _ in range(case.times):
        _, grad = _soft_loss(params)
        total = total + np.sum(grad * grad) / (1 + case.beta * np.sqrt(np.sum(grad**4)))
        params = port.step_code(params, grad, **case.hyper)
    fall = _soft_loss(case.params)[0] - _soft_loss(params)[0]
    yield at_least("fall", fall, case.alpha * (1 - case.alpha / 2) * total)


@step_code.law("invariance", cases=calm.but(factor=number(2.0, 0.5, 3.0, exponents=(-3, 2))))
def a_factor_of_the_loss_moves_into_both_rates(port: Any, case: Case) -> Iterable[Fact]:
    """c·f with α and β makes the step that f makes with α·c and β·c² (the brake being of the second degree)."""
    c = case.factor
    scaled = port.step_code(case.params, c * case.grad, **case.hyper)
    yield equal("params", scaled, port.step_code(case.params, case.grad, alpha=case.alpha * c, beta=case.beta * c * c))


@step_code.law("invariance", cases=calm.but(unit=number(2.0, 0.5, 3.0, exponents=(-3, 2))))
def a_unit_of_the_parameters_moves_into_both_rates(port: Any, case: Case) -> Iterable[Fact]:
    """With w = s·z, a step in z with α and β is the step in w with α·s² and β·s²."""
    s = case.unit
    inner = port.step_code(case.params / s, s * case.grad, **case.hyper)
    outer = port.step_code(case.params, case.grad, alpha=case.alpha * s * s, beta=case.beta * s * s)
    yield equal("params", s * inner, outer)


@step_code.law("equivariance", cases=calm.but(shift=tame(), sign=signs, order=permutation()).shaped(LISTS))
def it_has_the_symmetries_of_the_axes(port: Any, case: Case) -> Iterable[Fact]:
    """Shifting the parameters, rearranging entries and changing signs does the same to the new parameters."""

    def turned(array: Any) -> Any:
        return (case.sign * array)[case.order]

    new = port.step_code(case.params, case.grad, **case.hyper)
    yield equal("shifted", port.step_code(case.params + case.shift, case.grad, **case.hyper), new + case.shift)
    yield equal("turned", port.step_code(turned(case.params), turned(case.grad), **case.hyper), turned(new))


@step_code.law("equivariance", cases=steps)
def a_mirrored_step_is_the_mirror_image(port: Any, case: Case) -> Iterable[Fact]:
    """Negating parameters and gradient negates the new parameters, bit for bit."""
    new = port.step_code(case.params, case.grad, **case.hyper)
    yield identical("params", port.step_code(-case.params, -case.grad, **case.hyper), -new)


@step_code.law("invariance", cases=calm.shaped(shapes((2, 3), (3, 1), (2, 2, 2), (), (2,))))
def the_shape_does_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """An array of any rank is taken as one vector."""
    new = port.step_code(case.params, case.grad, **case.hyper)
    flat = port.step_code(case.params.reshape(-1), case.grad.reshape(-1), **case.hyper)
    yield equal("params", new, flat.reshape(new.shape))


@step_code.law("closed form", cases=braked.but(params=nonzero, lam=number(1.0, 0.5, 2.0)).shaped(shapes((1,))))
def a_parabola_is_overshot_near_its_minimum_only(port: Any, case: Case) -> Iterable[Fact]:
    """On ½λx² the sign of x changes iff β·λ²x² < α·λ - 1: for αλ > 1 always near the minimum, whatever β is."""
    grad = case.lam * case.params
    new = port.step_code(case.params, grad, **case.hyper)
    yield agree("overshoots", new * case.params < 0, case.beta * grad * grad < case.alpha * case.lam - 1)


@step_code.law("limit", cases=bare.but(grad=sized(0.32, 0.66)))
def a_gradient_beyond_its_fourth_powers_still_moves(port: Any, case: Case) -> Iterable[Fact]:
    """Where the fourth powers of the gradient overflow, the step is what the formula says, not 0."""
    scale = np.max(np.abs(case.grad), initial=1)
    v = case.grad / scale
    move = case.alpha / scale * v / (1 / scale / scale + case.beta * np.sqrt(np.sum(v**4)))
    yield equal("params", port.step_code(case.params, case.grad, **case.hyper), -move)


@step_code.law("limit", cases=bare.but(grad=sized(-0.6, -0.5)))
def a_gradient_below_its_fourth_powers_is_not_braked(port: Any, case: Case) -> Iterable[Fact]:
    """Where the fourth powers of the gradient underflow, w' = w - α·g."""
    yield equal("params", port.step_code(case.params, case.grad, **case.hyper), -case.alpha * case.grad)


@step_code.law("rejects", cases=calm)
def bad_input_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """α and β out of their domain, and a gradient of another shape, are rejected, not used."""
    yield from bad_rates(partial(port.step_code, case.params, case.grad), case)
    wrong = another_shape(case.grad)
    yield rejects("grad of another shape", lambda: port.step_code(case.params, wrong, **case.hyper))


def _step_arrays_from(step_code: Step) -> Step:
    def step_arrays(params: Any, grads: Any, *, alpha: float, beta: float, per_array: bool) -> Any:
        if per_array or not params:
            return tuple(step_code(w, g, alpha=alpha, beta=beta) for w, g in zip(params, grads, strict=True))
        together = step_code(_joined(params), _joined(grads), alpha=alpha, beta=beta)
        return _cut(together, params)

    return step_arrays


def _joined(arrays: Any) -> Any:
    return np.concatenate([array.reshape(-1) for array in arrays])


def _cut(vector: Any, like: Any) -> Any:
    parts, start = [], 0
    for array in like:
        parts.append(vector[start : start + array.size].reshape(array.shape))
        start += array.size
    return tuple(parts)


def arrays_like(name: str, quantity: Quantity) -> Quantity:
    """A tuple of arrays with the shapes of those drawn before it under `name`."""

    def draw_like(draw: Draw, context: Context) -> tuple[Any, ...]:
        return tuple(quantity.draw(draw, context._replace(shape=array.shape)) for array in context.drawn[name])

    return Quantity(draw_like, f"tuple of arrays with the shapes of {name}, each: {quantity.text}")


def several_arrays(quantity: Quantity) -> Quantity:
    """A tuple of one to three arrays of different shapes."""

    def draw_several(draw: Draw, context: Context) -> tuple[Any, ...]:
        number_of_arrays = count(2, 1, 3, low=1, high=3).draw(draw, context)
        shapes_drawn = [SEVERAL.draw(draw, context) for _ in range(number_of_arrays)]
        return tuple(quantity.draw(draw, context._replace(shape=shape)) for shape in shapes_drawn)

    return Quantity(draw_several, f"tuple of 1 to 3 arrays of different shapes, each: {quantity.text}")


arrays = Cases({"params": several_arrays(tame()), "grads": arrays_like("params", tame())}, shapes(())).but(
    alpha=alpha, beta=beta, per_array=choice(False, True)
)
step_arrays = system.operation(reference.step_arrays, cases=arrays, dtypes=WITH_ROOM)


@step_arrays.law("invariance", cases=arrays.but(per_array=False))
def arrays_together_are_one_vector(port: Any, case: Case) -> Iterable[Fact]:
    """By default all arrays have one κ: they move as their entries would in a single array."""
    new = port.step_arrays(case.params, case.grads, **case.hyper)
    whole = port.step_code(_joined(case.params), _joined(case.grads), alpha=case.alpha, beta=case.beta)
    yield equal("params", _joined(new), whole)


@step_arrays.law("invariance", cases=arrays.but(per_array=True))
def arrays_apart_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """With per_array every array moves as if it were alone."""
    new = port.step_arrays(case.params, case.grads, **case.hyper)
    for i, (w, g) in enumerate(zip(case.params, case.grads, strict=True)):
        yield equal(f"array {i + 1}", new[i], port.step_code(w, g, alpha=case.alpha, beta=case.beta))


@step_arrays.law("equivariance")
def arrays_do_not_know_their_place(port: Any, case: Case) -> Iterable[Fact]:
    """The arrays in the reverse order give the new arrays in the reverse order."""
    new = port.step_arrays(case.params, case.grads, **case.hyper)
    reverse = port.step_arrays(case.params[::-1], case.grads[::-1], **case.hyper)
    for i, array in enumerate(new):
        yield equal(f"array {i + 1}", reverse[len(new) - 1 - i], array)


@step_arrays.law("rejects")
def arrays_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """α and β out of their domain, a gradient too few and a gradient of another shape are rejected, not used."""
    yield from bad_rates(partial(port.step_arrays, case.params, case.grads), case)
    fewer, wrong = case.grads[:-1], (another_shape(case.grads[0]), *case.grads[1:])
    yield rejects("a gradient too few", lambda: port.step_arrays(case.params, fewer, **case.hyper))
    yield rejects("a gradient of another shape", lambda: port.step_arrays(case.params, wrong, **case.hyper))


@system.mistake("curvature")
def fourth_powers_overflow(grad: Any) -> Any:
    """κ is computed by the plain formula: beyond its range κ is infinite and the parameters freeze."""
    require_floating("grad", grad)
    return reference.norm(grad * grad)


@system.mistake("curvature")
def length_squared(grad: Any) -> Any:
    """κ is Σ gᵢ², the square of the gradient's length, instead of the length of its square."""
    return np.sum(grad * grad)


@system.mistake("curvature")
def length_of_the_gradient_itself(grad: Any) -> Any:
    """κ is ‖g‖₂: the gradient is not squared."""
    return reference.norm(grad)


@system.mistake("curvature")
def sum_of_fourth_powers(grad: Any) -> Any:
    """κ is Σ gᵢ⁴: the root is left out."""
    kappa = reference.curvature(grad)
    return kappa * kappa


@system.mistake("curvature")
def mean_of_fourth_powers(grad: Any) -> Any:
    """The mean of the fourth powers stands under the root instead of their sum."""
    return reference.curvature(grad) / max(1, grad.size) ** 0.5


@system.mistake("curvature")
def largest_square(grad: Any) -> Any:
    """κ is the largest gᵢ² instead of the root of the sum of their squares."""
    largest = np.max(np.abs(grad), initial=0)
    return largest * largest


@system.mistake("curvature")
def last_entry_not_counted(grad: Any) -> Any:
    """The last entry is missing from κ (the tail of a vectorised loop is missing)."""
    return reference.curvature(np.where(last_entry(grad), 0 * grad, grad))


@system.mistake("curvature")
def nan_not_counted(grad: Any) -> Any:
    """A NaN in the gradient counts as 0."""
    return reference.curvature(np.where(np.isnan(grad), np.zeros_like(grad), grad))


@system.mistake("curvature")
def integers_are_accepted(grad: Any) -> Any:
    """A gradient of integers is accepted, and its powers may wrap around."""
    return reference.curvature(grad) if grad.dtype.kind == "f" else np.sqrt(np.sum(grad**4))


@system.mistake("step_code")
def a_brake_for_each_coordinate(params: Any, grad: Any, *, alpha: float, beta: float) -> Any:
    """Every coordinate is braked by its own gᵢ² instead of all by κ."""
    return params - alpha * grad / (1 + beta * grad * grad)


@system.mistake("step_code")
def a_brake_for_each_row(params: Any, grad: Any, *, alpha: float, beta: float) -> Any:
    """The norm is taken along the last axis only, so that every row of a matrix has its own brake."""
    if grad.ndim == 0:
        return reference.step_code(params, grad, alpha=alpha, beta=beta)
    kappa = np.sqrt(np.sum(grad**4, axis=-1, keepdims=True))
    return params - alpha * grad / (1 + beta * kappa)


@system.mistake("step_code")
def brake_on_the_parameters(params: Any, grad: Any, *, alpha: float, beta: float) -> Any:
    """κ is taken of the parameters instead of the gradient."""
    return params - alpha / (1 + beta * reference.curvature(params)) * grad


@system.mistake("step_code")
def gradient_squared_in_the_step(params: Any, grad: Any, *, alpha: float, beta: float) -> Any:
    """The step is made along g∘g with the signs of g instead of along g."""
    return params - alpha / (1 + beta * reference.curvature(grad)) * grad * np.abs(grad)


@system.mistake("step_code")
def up_the_gradient(params: Any, grad: Any, **hyper: float) -> Any:
    """The step of the published code goes up the gradient."""
    return reference.step_code(params, -grad, **hyper)


@system.mistake("step_code")
def tail_left_out(params: Any, grad: Any, **hyper: float) -> Any:
    """The last entry of an array takes part in κ but is not updated."""
    return np.where(last_entry(params), params, reference.step_code(params, grad, **hyper))[()]


@system.mistake("step_code")
def signs_lost(params: Any, grad: Any, **hyper: float) -> Any:
    """The step of the published code is made along |g|."""
    return reference.step_code(params, np.abs(grad), **hyper)


@system.mistake("step_code")
def divided_by_a_largest_entry_of_0(params: Any, grad: Any, *, alpha: float, beta: float) -> Any:
    """The gradient is scaled by its largest entry, even where that is 0: the parameters become NaN."""
    scale = np.max(np.abs(grad), initial=0)
    unit = grad / scale
    return reference.step_code(params, np.where(np.isnan(unit), unit, grad)[()], alpha=alpha, beta=beta)


@system.mistake("step_code")
def nothing_is_checked(params: Any, grad: Any, *, alpha: float, beta: float) -> Any:
    """The published code accepts any α and β, and a gradient of another shape."""
    grad = grad.reshape(-1)[: params.size].reshape(params.shape)
    if beta == 0 or bool(np.max(np.abs(grad), initial=0) <= 1):
        return params - alpha / (1 + beta * reference.norm(grad * grad)) * grad
    scale = np.max(np.abs(grad), initial=0)
    return params - alpha / scale / (1 / scale / scale + beta * reference.norm((grad / scale) ** 2)) * (grad / scale)


@system.mistake("step_arrays")
def always_together(params: Any, grads: Any, *, per_array: bool, **hyper: float) -> Any:
    """There is one κ for all arrays although one for each is asked for."""
    return reference.step_arrays(params, grads, per_array=False, **hyper)


@system.mistake("step_arrays")
def always_apart(params: Any, grads: Any, *, per_array: bool, **hyper: float) -> Any:
    """There is one κ for each array although one for all is asked for."""
    return reference.step_arrays(params, grads, per_array=True, **hyper)


def _with_one_curvature(params: Any, grads: Any, kappa: Any, alpha: float, beta: float) -> Any:
    return tuple(w - alpha / (1 + beta * kappa) * g for w, g in zip(params, grads, strict=True))


@system.mistake("step_arrays")
def curvatures_added_up(params: Any, grads: Any, *, alpha: float, beta: float, per_array: bool) -> Any:
    """κ of all arrays is the sum of theirs instead of the root of the sum of squares."""
    if per_array:
        return reference.step_arrays(params, grads, alpha=alpha, beta=beta, per_array=True)
    return _with_one_curvature(params, grads, sum(map(reference.curvature, grads)), alpha, beta)


@system.mistake("step_arrays")
def curvature_of_the_first_array(params: Any, grads: Any, *, alpha: float, beta: float, per_array: bool) -> Any:
    """κ of the first array is used for all."""
    if per_array:
        return reference.step_arrays(params, grads, alpha=alpha, beta=beta, per_array=True)
    return _with_one_curvature(params, grads, reference.curvature(grads[0]), alpha, beta)


@system.mistake("step_arrays")
def arrays_without_gradient_stay(params: Any, grads: Any, **hyper: Any) -> Any:
    """Arrays are paired with gradients as far as there are any, and no rate is checked."""
    beta, alpha = hyper["beta"], hyper["alpha"]
    pairs = [(w, g.reshape(-1)[: w.size].reshape(w.shape)) for w, g in zip(params, grads, strict=False)]
    if not pairs:
        return params
    kappas = [reference.curvature(g) for _, g in pairs]
    if not hyper["per_array"]:
        kappas = [reference.curvature(_joined([g for _, g in pairs]))] * len(pairs)
    moved = tuple(w - alpha / (1 + beta * kappa) * g for (w, g), kappa in zip(pairs, kappas, strict=True))
    return moved + params[len(pairs) :]
