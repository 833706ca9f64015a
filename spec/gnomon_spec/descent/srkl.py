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

from collections.abc import Iterable
from math import inf
from typing import Any

import numpy as np

from gnomon.descent import srkl as reference
from gnomon.norms import length
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.descent.elementwise import declare_shift
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.strategies import (
    count,
    entry_signs,
    indices,
    number,
    permutation,
    poisons,
    powered,
    shapes,
    single,
    tame,
    vector,
    zeros,
)
from gnomon_spec.system import WITH_ROOM, Operation, System

system = System("srkl", title="Self-regulated kinetic learning", text=__doc__ or "")


SEVERAL = shapes((2,), (3,), (2, 3), (5,), (1,), (), (4,), (8,), (0,), (3, 1), (2, 2, 2), (17,))
LISTS = shapes((2,), (3,), (5,), (17,))
alpha = number(1.0, 1e-3, 0.5, 2.0)
beta = number(1.0, 0.1, 0.0, 0.5)
braking = number(1.0, 0.1, 0.5, 2.0)
finite_curvature = single(number(1.0, 0.0, 2.0, 0.5, exponents=(-30, 30)))
any_curvature = single(number(1.0, 0.0, inf, 0.5, exponents=(-30, 30)))
power = count(1, -1, 3, low=-20, high=20)


def turned(array: Any, case: Case) -> Any:
    """Return the array with the signs and in the order of the case."""
    return (case.sign * array)[case.order]


rates = Cases({"curvature": any_curvature}, shapes(())).but(alpha=alpha, beta=beta)
finite_rates = rates.but(curvature=finite_curvature)
brake = system.operation(reference.brake, cases=rates, rejecting=finite_rates, dtypes=WITH_ROOM)


@brake.law("bound")
def the_rate_lies_between_0_and_alpha(port: Any, case: Case) -> Iterable[Fact]:
    """0 <= Φ <= α: nothing is ever accelerated."""
    rate = port.brake(case.curvature, **case.hyper)
    yield at_least("rate", rate, 0)
    yield at_least("alpha", case.alpha, rate)


@brake.law("closed form", cases=finite_rates)
def the_inverse_rate_is_affine_in_the_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """1/Φ = 1/α + (β/α)·κ: the denominator does not "scale non-linearly". So Φ falls with κ and with β, of which only
    the product matters, and goes with α."""
    rate = port.brake(case.curvature, **case.hyper)
    yield equal("inverse rate", 1 / rate, 1 / case.alpha + case.beta / case.alpha * case.curvature)


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


BRAKING, RATE = "np.zeros_like(curvature) if beta == 0 else beta * curvature", "alpha / (1 + braking)"
brake.edits(f"""
the_rate_times_the_curvature: The rate is α/(1+β) times κ instead of α divided by 1 + β·κ
    `{RATE}` → `alpha / (1 + beta) * curvature`
no_one_in_the_denominator: The rate is α/(β·κ): the 1 in the denominator is left out, so that it has no upper limit
    `{RATE}` → `alpha / (1 if beta == 0 else braking)`
infinite_curvature_is_ignored: An infinite curvature counts as no curvature: the rate is α instead of 0
    `if beta == 0` → `if beta == 0 or np.isinf(curvature)`
no_brake_at_all: The rate is α whatever the curvature is
    `{BRAKING}` → `np.zeros_like(curvature)`
curvature_squared: κ enters the rate squared
    `beta * curvature` → `beta * curvature * curvature`
root_of_the_curvature: The square root of κ enters the rate
    `beta * curvature` → `beta * np.sqrt(curvature)`
exponential_brake: The rate falls exponentially, α·exp(-β·κ), as if the denominator "scaled non-linearly"
    `{RATE}` → `alpha * np.exp(-braking)`
alpha_in_the_denominator: The rate is α/(1 + α·β·κ): the brake is made proportional to the learning rate
    `beta * curvature` → `alpha * beta * curvature`
infinity_times_zero: With β = 0 an infinite curvature makes the rate NaN instead of α
    `{BRAKING}` → `beta * curvature`
""")


def reordered(curvature: Any, case: Case) -> Any:
    """Return a curvature of each entry in the order of the case; one of all entries as it is."""
    return curvature[case.order] if curvature.ndim else curvature


def declare_step_laws(step: Operation, steps: Cases, calm: Cases) -> None:
    """Declare what all steps obey: with a curvature that is given, with the gradient's own, with one a coordinate.

    steps: any cases. calm: cases whose numbers stay far from the ends of the dtype's range.
    """
    given = step.inputs[2:]  # what it is told of the curvature: nothing, if that is taken from the gradient
    degree = 1 if given else 2  # of the curvature in the size of the loss

    @step.law("limit", cases=calm.but(beta=0.0))
    def without_beta_it_is_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
        """With β = 0, or where the curvature given is 0 (a linear loss), w' = w - α·g."""
        descent = case.params - case.alpha * case.grad
        yield equal("beta = 0", step.call(port, case), descent)
        for name in given:
            flat = step.call(port, case, beta=1.0, **{name: 0 * np.ones_like(case[name])})
            yield equal(f"{name} = 0", flat, descent)

    @step.law("fixed point", cases=steps.but(grad=zeros))
    def no_gradient_no_move(port: Any, case: Case) -> Iterable[Fact]:
        """A gradient of 0 leaves the parameters alone, bit for bit, whatever the curvature: also at saddles, maxima."""
        yield identical("params", step.call(port, case), case.params)

    declare_shift(step, calm)
    step.symmetry(
        "equivariance",
        "it_has_the_symmetries_of_the_axes",
        "Rearranging entries and changing their signs does the same to the new parameters",
        cases=calm.but(sign=entry_signs, order=permutation()).shaped(LISTS),
        inputs={"params": turned, "grad": turned, **dict.fromkeys(given, reordered)},
        outputs=turned,
    )
    step.symmetry(
        "equivariance",
        "scales_move_into_both_rates",
        "The loss c·f(s·z), in z, with α/(c·s²) and β/(c·s²) (the code: β/(c·s)²) makes the step of f, divided by s",
        cases=calm.but(
            factor=number(2.0, 0.5, 3.0, exponents=(-3, 2)), unit=number(1.0, 2.0, 3.0, 0.5, exponents=(-3, 2))
        ),
        inputs={
            "params": lambda params, case: params / case.unit,
            "grad": lambda grad, case: grad * (case.factor * case.unit),
            **dict.fromkeys(given, lambda curvature, case: curvature * (case.factor * case.unit**2)),
            "alpha": lambda alpha, case: alpha / (case.factor * case.unit**2),
            "beta": lambda beta, case: beta / (case.factor**degree * case.unit**2),
        },
        outputs=lambda params, case: params / case.unit,
    )


def declare_one_rate(step: Operation, steps: Cases, calm: Cases) -> None:
    """Declare what steps along the gradient obey beyond that."""

    @step.law("conservation", cases=calm.but(params=zeros))
    def all_entries_have_one_rate(port: Any, case: Case) -> Iterable[Fact]:
        """A step is a multiple of the gradient, never a positive one."""
        move = step.call(port, case).reshape(-1)
        grad = case.grad.reshape(-1)
        yield equal("direction", np.outer(move, grad), np.outer(grad, move))
        yield at_least("descent", 0, np.sum(move * grad))


steps = Cases({"params": vector(), "grad": vector(), "curvature": any_curvature}, SEVERAL).but(alpha=alpha, beta=beta)
calm = steps.but(params=tame(), grad=tame())
step = system.operation(reference.step, cases=steps, rejecting=calm, dtypes=WITH_ROOM)
declare_step_laws(step, steps, calm)
declare_one_rate(step, steps, calm)


@step.law("closed form", cases=calm)
def the_step_is_the_rate_times_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """w' = w - Φ·g with the Φ of `brake`: it changes ½wᵀHw by -Φ‖g‖² + ½Φ²·gᵀHg."""
    new = port.step(case.params, case.grad, case.curvature, **case.hyper)
    rate = port.brake(case.curvature, **case.hyper)
    yield equal("params", new, case.params - rate * case.grad)


@step.law("bound", cases=steps.but(params=zeros))
def no_entry_moves_farther_than_by_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """|w' - w| <= α·|g| in every entry."""
    move = port.step(case.params, case.grad, case.curvature, **case.hyper)
    yield at_least("alpha·|grad|", case.alpha * np.abs(case.grad), np.abs(move))


@step.law("conservation", cases=calm.but(place=indices(), bad=poisons).shaped(LISTS))
def a_bad_gradient_stays_in_its_place(port: Any, case: Case) -> Iterable[Fact]:
    """With κ given, a NaN or infinite entry of the gradient leaves every other entry as it was, bit for bit."""
    poison = np.arange(case.grad.size) == case.place
    new = port.step(case.params, case.grad, case.curvature, **case.hyper)
    poisoned = port.step(case.params, np.where(poison, case.bad, case.grad), case.curvature, **case.hyper)
    yield identical("params", poisoned[~poison], new[~poison])


LAST = "np.arange(grad.size).reshape(grad.shape) == grad.size - 1"  # where the last entry is
LAST_LEFT_OUT = f"grad = np.where({LAST}, 0, grad)"
SKIP = "if not bool(np.all(np.isfinite(grad))):\n    return params"
step.edits(f"""
ascent_instead_of_descent: The step goes up the gradient: its sign is wrong
    `` → `grad = -grad`
last_entry_left_out: The last entry of an array is not updated (the tail of a vectorised loop is missing)
    `` → `{LAST_LEFT_OUT}`
absolute_gradient: The sign of the gradient is lost
    `` → `grad = np.abs(grad)`
gradient_of_unit_length: The gradient is scaled down to length 1 when it is longer (clipping that nobody asked for)
    `` → `grad = grad * np.minimum(1, 1 / length(grad))`
step_in_proportion_to_the_parameters: The gradient is multiplied by the size of the parameter
    `` → `grad = grad * np.abs(params)`
step_skipped_when_a_gradient_is_not_finite: The whole step is skipped when any entry of the gradient is not finite
    `` → `{SKIP}`
parameters_shrink_with_the_curvature: The parameters, too, are divided by 1 + β·κ: (w - α·g)/(1 + β·κ), an implicit step
    that nobody asked for
    `params - brake` → `brake(curvature, **(rates | dict(alpha=1.0))) * params - brake`
""")

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


diagnostics.edits("""
length_of_the_gradient: The length reported is that of the gradient, not of the step
    `length(rate * grad)` → `length(grad)`
squared_length: The length reported is squared
    `length(rate * grad)` → `length(rate * grad) ** 2`
largest_entry_for_the_length: The length reported is the largest entry of the step, not its Euclidean norm
    `length(rate * grad)` → `np.max(np.abs(rate * grad), initial=0)`
""")
