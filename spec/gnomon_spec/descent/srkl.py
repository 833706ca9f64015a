"""Self-regulated kinetic learning (SRKL): gradient descent whose rate is divided by 1 + β·κ, κ a measure of curvature.

Definition, with w the parameters, g and H the gradient and the Hessian at w, α > 0, β >= 0 and κ one of four::

    Φ = α/(1 + β·κ)                                 brake
    w ← w - Φ·g                                     step

    κ = ‖g∘g‖₂ = (Σ gᵢ⁴)^½                          curvature, step_code: the published code
    κ = (Σ Hᵢⱼ²)^½  or  max |λᵢ|  or  (Σ Hᵢᵢ²)^½    curvature_hessian "fro", "spectral", "diag": the published text
    κ = ‖ĥ‖₂,  ĥ = (1/m) Σₖ zₖ∘(H zₖ),  zₖ = ±1     curvature_probe: the same from m products with the Hessian
    wᵢ ← wᵢ - α·gᵢ/(1 + β·|Hᵢᵢ|)                    step_coordinate: a rate for each coordinate (ours)

Where the source contradicts itself. Its text takes κ from the Hessian, "approximated diagonally"; its five lines of
code take the norm of the squared gradient, which is no curvature: it is 0 at every minimum, where the text wants a
brake, and not 0 on a linear loss, which is flat. So there are two methods.

The text's, on a quadratic, is gradient descent with a constant rate. It cannot diverge for β >= α/2 (with "fro" or
"spectral"; with "diag" only for β >= α√n/2); in one dimension it never overshoots for β >= α and is the proximal point
for β = α. The code's has gradient descent's limit of stability, αλ < 2, whatever β is, but no step longer than
α·n^¼/(2√β), so that it cycles or wanders where gradient descent diverges. In one dimension everything about it is one
map (orbit, attractor, lyapunov_exponent).

Where the source is silent. Its displayed formulas are missing from every stored copy; Φ is the only reading that fits
text and code. The norm is not named: "fro" is the default, since it needs no eigenvalues, does not depend on the
coordinates, is at least the spectral norm and is what a single random probe measures. Φ is one number for all
parameters, as in the code, although the text calls it decentralised. Parameters kept in several arrays have one κ for
all of them; the code, mapped over a tree of arrays, has one for each (`step_arrays`, per_array). Arrays of any rank
are taken as one vector. β = 0, gradient descent, is allowed as a limit; so is κ = ∞, which makes no step (with β = 0
the rate is α even then). A NaN in the gradient makes κ NaN, so that the code's step is NaN everywhere; of an infinite
gradient nothing is required. In plain arithmetic the code's g⁴ overflows for |g| > 1.2e77 (float32: 4.3e9) and the
parameters freeze without a word; the formula's own step there is small and not 0, and that is what is required.

float16 is left out: fourth powers of the gradient leave its range for |g| > 16 and underflow for |g| < 0.09.

The source publishes claims (convergence to global minima, no overshooting, faster on flat ground) and no experiment;
Φ <= α always, so nothing is faster.

Source: PyTorch issue 184466 (2026), a text and five lines of JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.descent import srkl as reference
from gnomon.descent.srkl import Diagnostics
from gnomon.domains import require_like
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects
from gnomon_spec.strategies import (
    VECTORS,
    count,
    indices,
    number,
    permutation,
    powered,
    shapes,
    symmetric,
    tame,
    vector,
)
from gnomon_spec.system import WITH_ROOM, System

system = System("srkl", title="Self-regulated kinetic learning", text=__doc__ or "")
Step = Callable[..., Any]


def single(quantity: Quantity) -> Quantity:
    """A number as an array without dimensions, of the dtype of the case."""
    return Quantity(lambda draw, context: np.array(quantity.draw(draw, context), context.dtype), quantity.text)


def length(array: Any) -> Any:
    """Return the Euclidean norm of all entries."""
    return np.sqrt(np.sum(array * array))


SEVERAL = shapes((2,), (3,), (2, 3), (5,), (1,), (), (4,), (8,), (0,), (3, 1), (2, 2, 2), (17,))
LISTS = shapes((2,), (3,), (5,), (17,))
alpha = number(1.0, 1e-3, 0.5, 2.0)
beta = number(1.0, 0.1, 0.0, 0.5)
braking = number(1.0, 0.1, 0.5, 2.0)
finite_curvature = single(number(1.0, 0.0, 2.0, 0.5, exponents=(-30, 30)))
any_curvature = single(number(1.0, 0.0, inf, 0.5, exponents=(-30, 30)))
positive_curvature = single(number(1.0, 2.0, 0.5, exponents=(-30, 30)))
exponent = count(1, -1, 3, low=-20, high=20)
zeros = Quantity(lambda _draw, context: np.zeros(context.shape, context.dtype), "zeros")
signs = Quantity(
    lambda draw, context: np.where(tame().draw(draw, context) < 0, -1, 1).astype(context.dtype), "±1 in each entry"
)

rates = Cases({"curvature": any_curvature}, shapes(())).but(alpha=alpha, beta=beta)
finite_rates = rates.but(curvature=finite_curvature)
brake = system.operation(reference.brake, cases=rates, dtypes=WITH_ROOM)


@brake.law("bound")
def the_rate_lies_between_0_and_alpha(port: Any, case: Case) -> Iterable[Fact]:
    """0 <= Φ <= α: nothing is ever accelerated."""
    rate = port.brake(case.curvature, **case.hyper)
    yield at_least("rate", rate, 0)
    yield at_least("alpha", case.alpha, rate)


@brake.law("closed form", cases=finite_rates)
def the_inverse_rate_is_affine_in_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """1/Φ = 1/α + (β/α)·κ: the denominator does not "scale non-linearly"."""
    rate = port.brake(case.curvature, **case.hyper)
    yield equal("inverse rate", 1 / rate, 1 / case.alpha + case.beta / case.alpha * case.curvature)


@brake.law("bound", cases=finite_rates.but(more=number(1.0, 0.5, exponents=(-12, 3))))
def more_curvature_or_beta_never_raises_the_rate(port: Any, case: Case) -> Iterable[Fact]:
    """Φ falls with κ and with β."""
    rate = port.brake(case.curvature, **case.hyper)
    yield at_least("more curvature", rate, port.brake(case.curvature + case.more, **case.hyper))
    yield at_least("more beta", rate, port.brake(case.curvature, alpha=case.alpha, beta=case.beta + case.more))


@brake.law("invariance", cases=finite_rates.but(exponent=exponent))
def beta_and_curvature_scale_against_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """Only the product β·κ matters: κ times 2ᵏ with β divided by 2ᵏ changes no bit."""
    scale = 2.0**case.exponent
    rate = port.brake(case.curvature, **case.hyper)
    yield identical("rate", port.brake(case.curvature * scale, alpha=case.alpha, beta=case.beta / scale), rate)


@brake.law("equivariance", cases=finite_rates.but(exponent=exponent))
def the_rate_is_proportional_to_alpha(port: Any, case: Case) -> Iterable[Fact]:
    """α times 2ᵏ makes Φ exactly 2ᵏ times as large."""
    scale = 2.0**case.exponent
    rate = port.brake(case.curvature, **case.hyper)
    yield identical("rate", port.brake(case.curvature, alpha=case.alpha * scale, beta=case.beta), rate * scale)


@brake.law("limit")
def without_curvature_or_beta_the_rate_is_alpha(port: Any, case: Case) -> Iterable[Fact]:
    """Φ = α where κ = 0 or β = 0, and where β = 0 for infinite κ, too."""
    flat = port.brake(0 * np.ones_like(case.curvature), **case.hyper)
    yield equal("no curvature", flat, case.alpha)
    yield identical("no beta", port.brake(case.curvature, alpha=case.alpha, beta=0.0), flat)


@brake.law("limit", cases=rates.but(curvature=single(choice(inf)), beta=braking))
def infinite_curvature_stops(port: Any, case: Case) -> Iterable[Fact]:
    """Φ = 0 where κ is infinite and β > 0."""
    yield identical("rate", port.brake(case.curvature, **case.hyper), 0 * case.alpha)


BAD_RATES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("alpha = 0", {"alpha": 0.0}),
    ("alpha = -1", {"alpha": -1.0}),
    ("alpha = nan", {"alpha": nan}),
    ("alpha = inf", {"alpha": inf}),
    ("beta = -0.7", {"beta": -0.7}),
    ("beta = nan", {"beta": nan}),
)


def bad_rates(call: Callable[..., Any], case: Case) -> Iterable[Fact]:
    """Claim that `call` rejects every α and β outside its domain."""
    for label, changed in BAD_RATES:
        yield rejects(label, partial(call, **{**case.hyper, **changed}))


def bad_curvatures(call: Callable[[Any], Any], curvature: Any) -> Iterable[Fact]:
    """Claim that `call` rejects a κ that is negative or NaN."""
    for label, value in (("curvature = -3", -3.0), ("curvature = nan", nan)):
        yield rejects(label, partial(call, np.full_like(curvature, value)))


@brake.law("rejects", cases=finite_rates)
def bad_rates_and_curvatures_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """α that is not positive, β that is negative, κ that is negative or NaN are rejected, not used."""
    yield from bad_rates(partial(port.brake, case.curvature), case)
    yield from bad_curvatures(lambda curvature: port.brake(curvature, **case.hyper), case.curvature)


def _step_from(brake: Step) -> Step:
    def step(params: Any, grad: Any, curvature: Any, *, alpha: float, beta: float) -> Any:
        require_like("grad", grad, params)
        return params - brake(curvature, alpha=alpha, beta=beta) * grad

    return step


steps = Cases({"params": vector(), "grad": vector(), "curvature": any_curvature}, SEVERAL).but(alpha=alpha, beta=beta)
calm = steps.but(params=tame(), grad=tame(), curvature=finite_curvature)
braked = calm.but(beta=braking, curvature=positive_curvature)
step = system.operation(reference.step, cases=steps, dtypes=WITH_ROOM)


@step.law("closed form", cases=calm)
def the_step_is_the_rate_times_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """w' = w - Φ·g with the Φ of `brake`."""
    new = port.step(case.params, case.grad, case.curvature, **case.hyper)
    rate = port.brake(case.curvature, **case.hyper)
    yield equal("params", new, case.params - rate * case.grad)


@step.law("conservation", cases=calm.but(params=zeros))
def all_entries_have_one_rate(port: Any, case: Case) -> Iterable[Fact]:
    """A step is a multiple of the gradient, never a positive one."""
    move = port.step(case.params, case.grad, case.curvature, **case.hyper).reshape(-1)
    grad = case.grad.reshape(-1)
    yield equal("direction", np.outer(move, grad), np.outer(grad, move))
    yield at_least("descent", 0, np.sum(move * grad))


@step.law("bound", cases=steps.but(params=zeros))
def no_entry_moves_farther_than_by_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """|w' - w| <= α·|g| in every entry."""
    move = port.step(case.params, case.grad, case.curvature, **case.hyper)
    yield at_least("alpha·|grad|", case.alpha * np.abs(case.grad), np.abs(move))


@step.law("limit", cases=calm.but(beta=0.0, curvature=any_curvature))
def without_beta_it_is_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """With β = 0, or without curvature (a linear loss), w' = w - α·g."""
    descent = case.params - case.alpha * case.grad
    yield equal("beta = 0", port.step(case.params, case.grad, case.curvature, **case.hyper), descent)
    flat = port.step(case.params, case.grad, 0 * np.ones_like(case.curvature), alpha=case.alpha, beta=1.0)
    yield equal("curvature = 0", flat, descent)


@step.law("fixed point", cases=steps.but(grad=zeros))
def no_gradient_no_move(port: Any, case: Case) -> Iterable[Fact]:
    """A gradient of 0 leaves the parameters alone, bit for bit, whatever the curvature: also at saddles and maxima."""
    yield identical("params", port.step(case.params, case.grad, case.curvature, **case.hyper), case.params)


@step.law("fixed point", cases=calm.but(curvature=single(choice(inf)), beta=braking))
def infinite_curvature_moves_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """Where κ is infinite and β > 0 the parameters stay, bit for bit."""
    yield identical("params", port.step(case.params, case.grad, case.curvature, **case.hyper), case.params)


@step.law("closed form", cases=calm.but(hessian=symmetric()).shaped(VECTORS))
def a_quadratic_falls_by_the_rate_times_the_squared_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """On f = ½wᵀHw a step changes f by -Φ‖g‖² + ½Φ²·gᵀHg."""
    grad = case.hessian @ case.params
    new = port.step(case.params, grad, case.curvature, **case.hyper)
    rate = port.brake(case.curvature, **case.hyper)
    before, after = case.params @ grad / 2, np.sum(new * (case.hessian @ new)) / 2
    yield equal("change", after - before, -rate * (grad @ grad) + rate * rate * (grad @ (case.hessian @ grad)) / 2)


@step.law("invariance", cases=calm.but(factor=number(2.0, 0.5, 3.0, exponents=(-4, 3))))
def a_factor_of_the_loss_moves_into_both_rates(port: Any, case: Case) -> Iterable[Fact]:
    """c·f with α and β makes the step that f makes with α·c and β·c (κ being of the first degree in the Hessian)."""
    c = case.factor
    scaled = port.step(case.params, c * case.grad, c * case.curvature, **case.hyper)
    same = port.step(case.params, case.grad, case.curvature, alpha=case.alpha * c, beta=case.beta * c)
    yield equal("params", scaled, same)


@step.law("invariance", cases=calm.but(unit=number(2.0, 0.5, 3.0, exponents=(-4, 3))))
def a_unit_of_the_parameters_moves_into_both_rates(port: Any, case: Case) -> Iterable[Fact]:
    """With w = s·z, a step in z with α and β is the step in w with α·s² and β·s²."""
    s = case.unit
    inner = port.step(case.params / s, s * case.grad, s * s * case.curvature, **case.hyper)
    outer = port.step(case.params, case.grad, case.curvature, alpha=case.alpha * s * s, beta=case.beta * s * s)
    yield equal("params", s * inner, outer)


@step.law("equivariance", cases=calm.but(shift=tame()))
def a_shifted_step_is_the_shift_of_the_step(port: Any, case: Case) -> Iterable[Fact]:
    """Adding a constant to the parameters adds it to the new parameters."""
    new = port.step(case.params, case.grad, case.curvature, **case.hyper)
    moved = port.step(case.params + case.shift, case.grad, case.curvature, **case.hyper)
    yield equal("params", moved, new + case.shift)


@step.law("equivariance", cases=steps.but(order=permutation()).shaped(LISTS))
def entries_do_not_know_their_place(port: Any, case: Case) -> Iterable[Fact]:
    """Rearranging the entries of parameters and gradient rearranges the new parameters."""
    new = port.step(case.params, case.grad, case.curvature, **case.hyper)
    moved = port.step(case.params[case.order], case.grad[case.order], case.curvature, **case.hyper)
    yield equal("params", moved, new[case.order])


@step.law("equivariance", cases=steps)
def a_mirrored_step_is_the_mirror_image(port: Any, case: Case) -> Iterable[Fact]:
    """Negating parameters and gradient negates the new parameters, bit for bit."""
    new = port.step(case.params, case.grad, case.curvature, **case.hyper)
    yield identical("params", port.step(-case.params, -case.grad, case.curvature, **case.hyper), -new)


@step.law("conservation", cases=calm.but(place=indices(), bad=choice(nan, inf, -inf)).shaped(LISTS))
def a_bad_gradient_stays_in_its_place(port: Any, case: Case) -> Iterable[Fact]:
    """With κ given, a NaN or infinite entry of the gradient leaves every other entry as it was, bit for bit."""
    poison = np.arange(case.grad.size) == case.place
    new = port.step(case.params, case.grad, case.curvature, **case.hyper)
    poisoned = port.step(case.params, np.where(poison, case.bad, case.grad), case.curvature, **case.hyper)
    yield identical("params", poisoned[~poison], new[~poison])


def another_shape(array: Any) -> Any:
    """Return an array that does not have the shape of the given one."""
    flat = array.reshape(-1)
    return np.concatenate([flat, flat, np.ones(2, array.dtype)])


@step.law("rejects", cases=calm)
def bad_rates_and_curvatures_make_no_step(port: Any, case: Case) -> Iterable[Fact]:
    """α, β and κ out of their domain are rejected, not used."""
    yield from bad_rates(partial(port.step, case.params, case.grad, case.curvature), case)
    yield from bad_curvatures(
        lambda curvature: port.step(case.params, case.grad, curvature, **case.hyper), case.curvature
    )


@step.law("rejects", cases=calm)
def a_gradient_of_another_shape_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A gradient that does not have the shape of the parameters is rejected, not broadcast or cut."""
    wrong = another_shape(case.grad)
    yield rejects("grad of another shape", lambda: port.step(case.params, wrong, case.curvature, **case.hyper))


def _diagnostics_from(brake: Step) -> Step:
    def diagnostics(grad: Any, curvature: Any, *, alpha: float, beta: float) -> Any:
        rate = brake(curvature, alpha=alpha, beta=beta)
        return Diagnostics(curvature, rate, reference.norm(rate * grad))

    return diagnostics


reports = Cases({"grad": powered(2), "curvature": finite_curvature}, SEVERAL).but(alpha=alpha, beta=beta)
diagnostics = system.operation(reference.diagnostics, cases=reports, dtypes=WITH_ROOM)


@diagnostics.law("closed form", cases=reports.but(grad=tame(), curvature=finite_curvature))
def the_report_is_of_the_step_that_is_made(port: Any, case: Case) -> Iterable[Fact]:
    """κ is the one given, Φ that of `brake`, and the length is that of the step that `step` makes."""
    report = port.diagnostics(case.grad, case.curvature, **case.hyper)
    move = port.step(0 * case.grad, case.grad, case.curvature, **case.hyper)
    yield identical("curvature", report.curvature, case.curvature)
    yield equal("brake", report.brake, port.brake(case.curvature, **case.hyper))
    yield equal("step_length", report.step_length, length(move))


@diagnostics.law("rejects")
def bad_arguments_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """α, β and κ out of their domain are rejected, not reported on."""
    yield from bad_rates(partial(port.diagnostics, case.grad, case.curvature), case)
    yield from bad_curvatures(lambda curvature: port.diagnostics(case.grad, curvature, **case.hyper), case.curvature)


@system.mistake("brake")
def the_rate_times_the_curvature(curvature: Any, *, alpha: float, beta: float) -> Any:
    """The rate is α/(1+β) times κ instead of α divided by 1 + β·κ."""
    return alpha / (1 + beta) * curvature


@system.mistake("brake")
def no_one_in_the_denominator(curvature: Any, *, alpha: float, beta: float) -> Any:
    """The rate is α/(β·κ): the 1 in the denominator is left out, so that it has no upper limit."""
    return reference.brake(curvature, alpha=alpha, beta=beta) if beta == 0 else alpha / (beta * curvature)


@system.mistake("brake")
def infinite_curvature_is_ignored(curvature: Any, *, alpha: float, beta: float) -> Any:
    """An infinite curvature counts as no curvature: the rate is α instead of 0."""
    seen = np.where(np.isinf(curvature), np.zeros_like(curvature), curvature)[()]
    return reference.brake(seen, alpha=alpha, beta=beta)


@system.mistake("brake")
def no_brake_at_all(curvature: Any, *, alpha: float, beta: float) -> Any:
    """The rate is α whatever the curvature is."""
    return reference.brake(curvature, alpha=alpha, beta=0 * beta)


@system.mistake("brake")
def curvature_squared(curvature: Any, *, alpha: float, beta: float) -> Any:
    """κ enters the rate squared."""
    return reference.brake(curvature * curvature, alpha=alpha, beta=beta)


@system.mistake("brake")
def root_of_the_curvature(curvature: Any, *, alpha: float, beta: float) -> Any:
    """The square root of κ enters the rate."""
    return reference.brake(np.sqrt(curvature), alpha=alpha, beta=beta)


@system.mistake("brake")
def exponential_brake(curvature: Any, *, alpha: float, beta: float) -> Any:
    """The rate falls exponentially, α·exp(-β·κ), as if the denominator "scaled non-linearly"."""
    return alpha * np.exp(-beta * curvature) if beta != 0 else reference.brake(curvature, alpha=alpha, beta=beta)


@system.mistake("brake")
def alpha_in_the_denominator(curvature: Any, *, alpha: float, beta: float) -> Any:
    """The rate is α/(1 + α·β·κ): the brake is made proportional to the learning rate."""
    return reference.brake(curvature, alpha=alpha, beta=alpha * beta)


@system.mistake("brake")
def infinity_times_zero(curvature: Any, *, alpha: float, beta: float) -> Any:
    """With β = 0 an infinite curvature makes the rate NaN instead of α."""
    return alpha / (1 + beta * curvature)


@system.mistake("brake")
def rates_are_not_checked(curvature: Any, *, alpha: float, beta: float) -> Any:
    """Any α, β and κ are accepted."""
    return alpha / (1 + (beta * curvature if beta != 0 else 0 * np.ones_like(curvature)))


@system.mistake("step")
def ascent_instead_of_descent(params: Any, grad: Any, curvature: Any, **hyper: float) -> Any:
    """The step goes up the gradient: its sign is wrong."""
    return reference.step(params, -grad, curvature, **hyper)


@system.mistake("step")
def last_entry_left_out(params: Any, grad: Any, curvature: Any, **hyper: float) -> Any:
    """The last entry of an array is not updated (the tail of a vectorised loop is missing)."""
    return np.where(last_entry(params), params, reference.step(params, grad, curvature, **hyper))[()]


def last_entry(array: Any) -> Any:
    """Return where the last entry of an array is."""
    return (np.arange(array.size) == array.size - 1).reshape(array.shape)


@system.mistake("step")
def absolute_gradient(params: Any, grad: Any, curvature: Any, **hyper: float) -> Any:
    """The sign of the gradient is lost."""
    return reference.step(params, np.abs(grad), curvature, **hyper)


@system.mistake("step")
def gradient_of_unit_length(params: Any, grad: Any, curvature: Any, **hyper: float) -> Any:
    """The gradient is scaled down to length 1 when it is longer (clipping that nobody asked for)."""
    return reference.step(params, grad * np.minimum(1, 1 / length(grad)), curvature, **hyper)


@system.mistake("step")
def step_in_proportion_to_the_parameters(params: Any, grad: Any, curvature: Any, **hyper: float) -> Any:
    """The gradient is multiplied by the size of the parameter."""
    return reference.step(params, grad * np.abs(params), curvature, **hyper)


@system.mistake("step")
def step_skipped_when_a_gradient_is_not_finite(params: Any, grad: Any, curvature: Any, **hyper: float) -> Any:
    """The whole step is skipped when any entry of the gradient is not finite."""
    return reference.step(params, grad, curvature, **hyper) if bool(np.all(np.isfinite(grad))) else params


@system.mistake("step")
def parameters_shrink_with_the_curvature(params: Any, grad: Any, curvature: Any, **hyper: float) -> Any:
    """The parameters, too, are divided by 1 + β·κ: (w - α·g)/(1 + β·κ), an implicit step that nobody asked for."""
    shrink = reference.brake(curvature, **{**hyper, "alpha": 1.0})
    return shrink * params - reference.brake(curvature, **hyper) * grad


@system.mistake("step")
def arrays_are_broadcast(params: Any, grad: Any, curvature: Any, **hyper: float) -> Any:
    """A gradient of another shape is accepted."""
    return params - reference.brake(curvature, **hyper) * grad.reshape(-1)[: params.size].reshape(params.shape)


@system.mistake("diagnostics")
def length_of_the_gradient(grad: Any, curvature: Any, **hyper: float) -> Any:
    """The length reported is that of the gradient, not of the step."""
    report = reference.diagnostics(grad, curvature, **hyper)
    return report._replace(step_length=reference.norm(grad))


@system.mistake("diagnostics")
def squared_length(grad: Any, curvature: Any, **hyper: float) -> Any:
    """The length reported is squared."""
    report = reference.diagnostics(grad, curvature, **hyper)
    return report._replace(step_length=report.step_length * report.step_length)


@system.mistake("diagnostics")
def largest_entry_for_the_length(grad: Any, curvature: Any, **hyper: float) -> Any:
    """The length reported is the largest entry of the step, not its Euclidean norm."""
    report = reference.diagnostics(grad, curvature, **hyper)
    return report._replace(step_length=np.max(np.abs(report.brake * grad), initial=0))
