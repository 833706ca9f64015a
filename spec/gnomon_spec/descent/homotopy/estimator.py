"""The curvature along a run: full calls, running means, κ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy import estimator as reference
from gnomon.descent.homotopy.estimator import EstimatorState, Measurement
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, probes, regular_matrix, signs
from gnomon_spec.curvature.symmetries import scaled, turned, unchanged
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.inputs import decay, frequency, near_one, power, series, zero
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.strategies import SMALL_CODES, count, nonzero, number, rotation, shapes, single, spectrum, steps_of
from gnomon_spec.system import WITH_ROOM

UP_TO_3 = shapes((1,), (2,), (3,), (2,))


def draw_state(draw: Draw, context: Context) -> EstimatorState:
    code = draw(SMALL_CODES)
    calls = 0 if code % 4 == 0 else 1 + code // 4 % 12
    numbers = [near_one.draw(draw, context) if calls else 0.0 for _ in range(2)]
    return EstimatorState(calls, *(np.array(x, context.dtype) for x in numbers))


states = Quantity(draw_state, "EstimatorState: fresh, or any means after 1 to 12 calls")
fresh_state = Quantity(lambda _draw, context: EstimatorState(0, zero(context), zero(context)), "fresh EstimatorState")
calls = Cases(
    {
        "state": states,
        "operator": operator(regular_matrix()),
        "grad": nonzero,
        "probes": probes(3),
        "start": nonzero_vector(),
    },
    UP_TO_3,
).but(
    frequency=frequency,
    decay=decay,
    iterations=count(1, 2, 3, low=1, high=4),
    rtol=choice(0.0, 0.25),
    variant=choice(*reference.VARIANTS),
)
fresh = calls.but(state=fresh_state, variant="standard", rtol=0.0)
# A run on balls cₜ·I, whose norm and trace are known after one product.
on_balls = fresh.but(
    iterations=1, probes=signs(2), norms=series(near_one, 7), grads=steps_of(nonzero, 7), frequency=frequency
)
estimate = system.operation(reference.estimate, cases=calls, rejecting=fresh, dtypes=WITH_ROOM)


def measured(port: Any, case: Case, **changed: Any) -> Measurement:
    """Return what a port finds in a case, some of it changed."""
    found: Measurement = estimate.call(port, case, **changed)[1]
    return found


def along_balls(port: Any, case: Case) -> tuple[list[EstimatorState], list[Measurement]]:
    """Return what a port remembers and finds along the balls of a case, the gradients repeated as needed."""
    state, states, found = case.state, [], []
    for t, size in enumerate(case.norms):
        ball, grad = Dense(size * np.eye(len(case.start))), case.grads[t % len(case.grads)]
        state, measurement = estimate.call(port, case, state=state, operator=ball, grad=grad)
        states.append(state)
        found.append(measurement)
    return states, found


def is_full(t: int, frequency: int) -> bool:
    """Return whether call t, from 1, is a full one."""
    return t == 1 or t % frequency == 0


def running_means(case: Case) -> list[Any]:
    """Return the mean of ‖H‖ after each call: it begins at the first value and moves on full calls only."""
    means: list[Any] = []
    for t, size in enumerate(case.norms, start=1):
        if t == 1:
            means.append(size)
        else:
            moved = case.decay * means[-1] + (1 - case.decay) * size
            means.append(moved if is_full(t, case.frequency) else means[-1])
    return means


@estimate.law("closed form", cases=on_balls)
def the_hessian_is_measured_at_the_first_and_every_nth_call(port: Any, case: Case) -> Iterable[Fact]:
    """Full calls are t = 1 and the multiples of N: 1 + ⌊T/N⌋ of T calls, T for N = 1; others make no product."""
    states, found = along_balls(port, case)
    times = range(1, len(case.norms) + 1)
    yield agree("full", [m.full for m in found], [is_full(t, case.frequency) for t in times])
    cost = 1 + len(case.probes)
    yield agree("products", [m.products for m in found], [cost * is_full(t, case.frequency) for t in times])
    yield agree("calls", [state.calls for state in states], list(times))


@estimate.law("closed form", cases=on_balls)
def a_full_call_reports_what_it_measured_and_others_the_mean(port: Any, case: Case) -> Iterable[Fact]:
    """‖H‖ and tr H are those measured on a full call, on the others the running means. These begin at the first value
    and move on full calls: for N = 1 the mean of s₀ … sₖ is βᵏ·s₀ + (1-β)·Σ βᵏ⁻ⁱ·sᵢ, i >= 1; no bias is corrected."""
    states, found = along_balls(port, case)
    means = np.stack(running_means(case))
    full = [is_full(t, case.frequency) for t in range(1, len(case.norms) + 1)]
    reported = np.where(full, case.norms, means)
    yield equal("norm", np.stack([m.norm for m in found]), reported)
    yield equal("trace", np.stack([m.trace for m in found]), len(case.start) * reported)
    yield equal("norm_average", np.stack([state.norm_average for state in states]), means)
    yield equal("trace_average", np.stack([state.trace_average for state in states]), len(case.start) * means)


@estimate.law("closed form")
def the_curvature_is_the_norm_over_the_squared_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """κ = s/‖g‖², s the norm that is reported, g the gradient of now: between full calls only that moves κ."""
    found = measured(port, case)
    yield equal("grad_norm", found.grad_norm**2, np.sum(case.grad**2))
    yield equal("curvature", found.curvature * np.sum(case.grad**2), found.norm)


estimate.symmetry(
    "equivariance",
    "the_curvature_is_measured_in_units_of_one_over_the_loss",
    "A loss 2ᵏ times as large has a κ 2ᵏ times as small, bit for bit",
    cases=fresh.but(power=power),
    inputs={"operator": scaled, "grad": scaled},
    outputs={"curvature": lambda curvature, case: curvature / 2.0**case.power},
    same=identical,
)
estimate.symmetry(
    "invariance",
    "units_and_rotations_of_the_parameters_do_not_count",
    "With θ = Qᵀφ/s, Q orthogonal, κ is the same for θ as for φ: H goes with s², ‖g‖ with s",
    cases=fresh.but(turn=rotation(), unit=near_one),
    inputs={
        "operator": lambda H, case: Dense(case.unit**2 * turned(H, case).matrix),
        "grad": lambda grad, case: case.unit * turned(grad, case),
        "probes": turned,
        "start": turned,
    },
    outputs={"curvature": unchanged, "trace": lambda trace, case: case.unit**2 * trace},
)
quadratics = fresh.but(turn=rotation(), eigenvalues=spectrum(2.0), error=nonzero, iterations=1)


@estimate.law("bound", cases=quadratics)
def twice_curvature_times_loss_is_between_1_and_the_condition(port: Any, case: Case) -> Iterable[Fact]:
    """On ½xᵀHx, H positive definite and measured along its top eigenvector, 1 <= 2κ·(L - L*) <= cond H, and the ends
    are met in the top and in the bottom eigenspace: κ is no condition number."""
    H = (case.turn * case.eigenvalues) @ case.turn.T
    top, bottom = int(np.argmax(case.eigenvalues)), int(np.argmin(case.eigenvalues))

    def doubled(error: Any) -> Any:
        found = measured(port, case, operator=Dense(H), grad=H @ error, start=case.turn[:, top])
        return found.curvature * np.sum(error * (H @ error))

    condition = case.eigenvalues[top] / case.eigenvalues[bottom]
    yield at_least("at least 1", doubled(case.error), 1)
    yield at_least("at most the condition", condition, doubled(case.error))
    yield equal("top", doubled(case.turn[:, top]), 1)
    yield equal("bottom", doubled(case.turn[:, bottom]), condition)


@estimate.law(
    "closed form",
    cases=fresh.shaped(shapes((1,))).but(point=single(near_one), degree=count(2, 3, 4, low=2, high=6), iterations=1),
)
def powers_and_exponentials_have_a_curvature_of_one_over_the_loss(port: Any, case: Case) -> Iterable[Fact]:
    """For L = xᵖ/p, x > 0, κ = (p-1)/(p·L); for L = e⁻ˣ, κ = 1/L."""
    x, p = case.point.reshape(1), case.degree
    found = measured(port, case, operator=Dense(((p - 1) * x ** (p - 2)).reshape(1, 1)), grad=x ** (p - 1))
    yield equal("power", found.curvature * x[0] ** p, p - 1)
    value = np.exp(-x / 8)  # e⁻ʸ with y = x/8, which keeps its digits
    found = measured(port, case, operator=Dense(value.reshape(1, 1)), grad=-value)
    yield equal("exponential", found.curvature * value[0], 1)


@estimate.law(
    "closed form",
    cases=fresh.shaped(shapes((2,))).but(place=number(0.5, 0.25, 0.75, 0.625, exponents=(-6, -2)), iterations=1),
)
def beside_a_saddle_a_small_gradient_makes_the_curvature_large(port: Any, case: Case) -> Iterable[Fact]:
    """On ½(pq-1)² at p = q = x, 0 < x < 1, κ = max(|3x²-1|, 1-x²)/(2x²(1-x²)²): least, 2, at x² = ½. The rise of the
    rate from a small start is due to the gradient and not to the Hessian."""
    x = case.place
    square, cross = x * x, 2 * x * x - 1
    H = np.stack([np.stack([square, cross]), np.stack([cross, square])])
    grad = x * (square - 1) * np.ones(2)
    along, across = np.abs(3 * square - 1), 1 - square
    start = np.stack([1.0 + 0 * x, np.where(along >= across, 1.0, -1.0) + 0 * x])
    found = measured(port, case, operator=Dense(H), grad=grad, start=start)
    yield equal("curvature", found.curvature * 2 * square * across**2, np.maximum(along, across))


@estimate.law(
    "closed form",
    cases=fresh.but(probes=signs(3), size=near_one, other=nonzero_vector(), variant=choice(*reference.VARIANTS)),
)
def on_a_ball_the_draws_do_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """For H = c·I the norm is c ("code": c/(1 + 1e-10)) and the trace n·c whatever start and sign probes are."""
    ball = Dense(case.size * np.eye(len(case.start)))
    expected = case.size / (1 + 1e-10) if case.variant == "code" else case.size
    for label, start in (("norm", case.start), ("norm from elsewhere", case.other)):
        found = measured(port, case, operator=ball, start=start)
        yield equal(label, found.norm, expected)
        yield equal("trace", found.trace, len(case.start) * case.size)


@estimate.law("limit", cases=fresh.but(variant=choice(*reference.VARIANTS)))
def without_a_gradient_the_curvature_is_infinite(port: Any, case: Case) -> Iterable[Fact]:
    """At g = 0 κ = ∞, in variant "code" 0; where H is 0, too, and on an affine loss, κ = 0."""
    nothing, flat = 0 * case.grad, Dense(0 * case.operator.matrix)
    for label, H, g in (("critical", case.operator, nothing), ("nowhere", flat, nothing), ("affine", flat, case.grad)):
        infinite = label == "critical" and case.variant == "standard"
        yield equal(label, measured(port, case, operator=H, grad=g).curvature, np.inf if infinite else 0.0)
