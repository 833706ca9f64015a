"""SRKL repeated on the quadratic f = ½(x-x*)ᵀH(x-x*): the laws and mistakes of its trajectories.

Notation: d = x - x*, λ an eigenvalue of H, n the number of coordinates. "The norms" are the variants of the published
text, each with its norm of the Hessian; "code" is the published code.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.descent import on_quadratics
from gnomon.descent import srkl as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.srkl import Step, bad_rates, braking, length, system
from gnomon_spec.descent.srkl_code import without_zeros
from gnomon_spec.descent.srkl_hessian import SIDES, indefinite, norms, turning
from gnomon_spec.facts import Fact, at_least, equal, follows, identical, rejects
from gnomon_spec.strategies import count, number, rotation, shapes, spectrum, symmetric, tame
from gnomon_spec.system import WITH_ROOM


def _trajectory_from(step: Step) -> Step:
    def trajectory(params: Any, hessian: Any, minimiser: Any, *, steps: int, variant: str, **hyper: Any) -> Any:
        if variant not in reference.NORMS:
            return reference.trajectory(params, hessian, minimiser, steps=steps, variant=variant, **hyper)
        kappa = reference.curvature_hessian(hessian, norm=variant)

        def advance(params: Any, grad: Any, state: None, **hyper: Any) -> Any:
            return step(params, grad, kappa, **hyper), state

        return on_quadratics.iterate(lambda _: None, advance, params, hessian, minimiser, steps, **hyper)

    return trajectory


def _endpoints_from(trajectory: Step) -> Step:
    def endpoints(params: Any, hessian: Any, minimiser: Any, *, steps: int, **hyper: Any) -> Any:
        return on_quadratics.iterate_many(trajectory, params, hessian, minimiser, steps, **hyper)

    return endpoints


def one_of(*quantities: Quantity) -> Quantity:
    """One of the given quantities; the first is the simplest."""

    def draw_one(draw: Draw, context: Context) -> Any:
        return quantities[count(high=len(quantities) - 1).draw(draw, context)].draw(draw, context)

    return Quantity(draw_one, "; or ".join(quantity.text for quantity in quantities))


def times(quantity: Quantity, factor: Quantity) -> Quantity:
    """An array times a number."""

    def draw_product(draw: Draw, context: Context) -> Any:
        return quantity.draw(draw, context) * context.dtype.type(factor.draw(draw, context))

    return Quantity(draw_product, f"{quantity.text}; times a {factor.text}")


variants = choice(*reference.VARIANTS)
rate = number(1.0, 0.5, 2.0, 0.1, exponents=(-6, 1))
runs = (
    Cases({"params": tame(), "hessian": one_of(symmetric(), indefinite), "minimiser": tame()}, SIDES)
    .but(steps=count(1, 2, 3, low=0, high=12), variant=variants)
    .but(alpha=rate, beta=number(1.0, 0.1, 0.0, 0.5, exponents=(-6, 1)))
)
some_steps = runs.but(steps=count(1, 2, 3, low=1, high=8))
braked = some_steps.but(beta=braking)
by_norm = some_steps.but(variant=norms)
line = Cases({"params": without_zeros(tame()), "lam": number(1.0, 2.0, 0.5, 3.0), "variant": norms}, shapes((1,)))
trajectory = system.operation(reference.trajectory, cases=runs, compare=follows, dtypes=WITH_ROOM)


@trajectory.law("conservation")
def a_trajectory_begins_at_its_start(port: Any, case: Case) -> Iterable[Fact]:
    """The first row is the start itself, bit for bit, and there is one row a step after it."""
    path = port.trajectory(case.params, case.hessian, case.minimiser, **case.hyper)
    yield identical("first row", path[0], case.params)
    yield identical("rows", np.array(path.shape[0]), np.array(case.steps + 1))


@trajectory.law("fixed point")
def the_minimiser_is_left_by_nobody(port: Any, case: Case) -> Iterable[Fact]:
    """Started where the gradient is 0, at a minimum, a maximum or a saddle, a trajectory stays there, bit for bit."""
    path = port.trajectory(case.minimiser, case.hessian, case.minimiser, **case.hyper)
    yield identical("rows", path, np.broadcast_to(case.minimiser, path.shape))


@trajectory.law("trajectory", cases=some_steps)
def every_step_is_that_of_its_variant(port: Any, case: Case) -> Iterable[Fact]:
    """Along a run of its own, every row follows from the row before by the variant's operation (step-locked)."""
    path = port.trajectory(case.params, case.hessian, case.minimiser, **case.hyper)
    rates = {"alpha": case.alpha, "beta": case.beta}
    for t in range(case.steps):
        grad = case.hessian @ (path[t] - case.minimiser)
        if case.variant == "code":
            new = port.step_code(path[t], grad, **rates)
        elif case.variant == "coordinate":
            new = port.step_coordinate(path[t], grad, np.diag(case.hessian), **rates)
        else:
            new = port.step(path[t], grad, port.curvature_hessian(case.hessian, norm=case.variant), **rates)
        yield equal(f"step {t + 1}", path[t + 1], new)


@trajectory.law("closed form", cases=by_norm)
def with_a_norm_it_is_gradient_descent_with_a_constant_rate(port: Any, case: Case) -> Iterable[Fact]:
    """On a quadratic d_t = (I - ΦH)ᵗ·d₀ with one Φ = α/(1+β‖H‖): nothing adapts."""
    path = port.trajectory(case.params, case.hessian, case.minimiser, **case.hyper)
    phi = port.brake(port.curvature_hessian(case.hessian, norm=case.variant), alpha=case.alpha, beta=case.beta)
    away, rows = case.params - case.minimiser, []
    for _ in range(case.steps):
        away = away - phi * (case.hessian @ away)
        rows.append(case.minimiser + away)
    yield follows("path", path[1:], np.stack(rows))


@trajectory.law("closed form", cases=line.but(beta=braking))
def a_parabola_is_overshot_from_one_rate_on(port: Any, case: Case) -> Iterable[Fact]:
    """With a norm, in one dimension: λ(α-β) = 1 lands on the minimum, and λ(α-2β) = 2 jumps between x and -x.

    So it overshoots iff λ(α-β) > 1 and diverges iff λ(α-2β) > 2, never for β >= α.
    """
    hessian, origin = np.full((1, 1), case.lam), 0 * case.params
    run = partial(port.trajectory, case.params, hessian, origin, steps=2, variant=case.variant, beta=case.beta)
    yield equal("lands", run(alpha=case.beta + 1 / case.lam), np.stack([case.params, origin, origin]))
    jumps = np.stack([case.params, -case.params, case.params])
    yield equal("jumps", run(alpha=2 * case.beta + 2 / case.lam), jumps)


@trajectory.law("closed form", cases=line.but(beta=braking, steps=count(1, 2, low=1, high=6)))
def with_alpha_equal_to_beta_it_is_backward_euler(port: Any, case: Case) -> Iterable[Fact]:
    """With a norm, in one dimension, α = β makes x_t = x₀/(1+βλ)ᵗ."""
    path = port.trajectory(
        case.params,
        np.full((1, 1), case.lam),
        0 * case.params,
        steps=case.steps,
        variant=case.variant,
        alpha=case.beta,
        beta=case.beta,
    )
    factors = np.stack([(1 + case.beta * case.lam) ** -t for t in range(case.steps + 1)])
    yield equal("path", path, factors[:, np.newaxis] * case.params)


scaled = times(symmetric(), number(1.0, 2.0**20, 2.0**-10, exponents=(-20, 20)))
any_size = braked.but(hessian=scaled, variant=turning)


@trajectory.law("bound", cases=any_size.but(factor=number(1.0, 0.5, exponents=(-6, -1))))
def with_beta_at_least_half_of_alpha_nothing_diverges(port: Any, case: Case) -> Iterable[Fact]:
    """With "fro" or "spectral", H >= 0 and β >= α/2, no step leads away from the minimum, however large H is."""
    rates = {"alpha": 2 * case.beta * case.factor, "beta": case.beta}
    path = port.trajectory(case.params, case.hessian, case.minimiser, **{**case.hyper, **rates})
    away = np.sqrt(np.sum((path - case.minimiser) ** 2, axis=1))
    yield at_least("distance", away[:-1], away[1:])


@trajectory.law("bound", cases=any_size.but(hessian=one_of(scaled, indefinite)))
def no_step_is_longer_than_a_share_of_the_distance(port: Any, case: Case) -> Iterable[Fact]:
    """With "fro" or "spectral", ‖Δ‖ <= (α/β)·‖x - x*‖."""
    path = port.trajectory(case.params, case.hessian, case.minimiser, **{**case.hyper, "steps": 1})
    share = case.alpha / case.beta * length(case.params - case.minimiser)
    yield at_least("share", share, length(path[1] - path[0]))


@trajectory.law("limit", cases=any_size.but(hessian=symmetric(), share=number(1.0, 0.5, 2.0)))
def with_large_rates_the_hessians_norm_sets_the_step(port: Any, case: Case) -> Iterable[Fact]:
    """With α = s·β → ∞ a step becomes -s·g/‖H‖: it is within s‖g‖/(β‖H‖²) of that."""
    kappa = port.curvature_hessian(case.hessian, norm=case.variant)
    large = 2.0**12 * case.beta
    hyper = {**case.hyper, "steps": 1, "alpha": case.share * large, "beta": large}
    path = port.trajectory(case.params, case.hessian, case.minimiser, **hyper)
    grad = case.hessian @ (case.params - case.minimiser)
    away = path[1] - path[0] + case.share * grad / kappa
    yield at_least("bound", case.share * length(grad) / (large * kappa * kappa), length(away))


@trajectory.law(
    "closed form",
    cases=some_steps.but(variant=choice("diag", "coordinate"), factor=number(1.0, 2.0, exponents=(-3, 10))).but(
        beta=braking, height=number(1.0, 2.0, 0.5, 3.0), steps=count(1, 2, low=1, high=4)
    ),
)
def a_diagonal_does_not_see_the_steepest_direction(port: Any, case: Case) -> Iterable[Fact]:
    """On H = c·1·1ᵀ a start along 1 is multiplied by 1 - αcn/(1+βc√n) ("diag"), 1 - αcn/(1+βc) ("coordinate").

    As c → ∞ that is 1 - α√n/β or 1 - αn/β: stability needs β >= α√n/2 or β >= αn/2.
    """
    n, c = case.params.size, case.factor
    ones = np.ones_like(case.params)
    start = case.height * ones
    path = port.trajectory(start, c * np.outer(ones, ones), 0 * ones, **case.hyper)
    root = n**0.5 if case.variant == "diag" else 1
    multiplier = 1 - case.alpha * c * n / (1 + case.beta * c * root)
    factors = np.stack([multiplier**t for t in range(case.steps + 1)])
    yield follows("path", path, factors[:, np.newaxis] * start)


@trajectory.law("closed form", cases=some_steps.but(params=without_zeros(tame()), beta=braking).shaped(shapes((2,))))
def a_saddle_is_left_more_slowly_than_by_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """On ½(x² - y²) with "fro" y grows by the factor 1 + α/(1+β√2) a step; gradient descent's is 1 + α."""
    hessian = np.diag(np.array([1, -1], case.params.dtype))
    hyper = {**case.hyper, "variant": "fro"}
    y = port.trajectory(case.params, hessian, 0 * case.params, **hyper)[:, 1]
    growth = 1 + case.alpha / (1 + case.beta * np.sqrt(case.beta * 0 + 2))
    yield equal("growth", y / case.params[1], np.stack([growth**t for t in range(case.steps + 1)]))


@trajectory.law("equivariance", cases=some_steps.but(variant=turning, turn=rotation()))
def a_rotated_run_is_the_rotation_of_the_run(port: Any, case: Case) -> Iterable[Fact]:
    """With "fro" and "spectral" rotating start, Hessian and minimiser rotates the path (the others lack this)."""
    path = port.trajectory(case.params, case.hessian, case.minimiser, **case.hyper)
    turned = case.turn @ case.hessian @ case.turn.T
    start, end = case.turn @ case.params, case.turn @ case.minimiser
    moved = port.trajectory(start, (turned + turned.T) / 2, end, **case.hyper)
    yield follows("path", moved, path @ case.turn.T)


@trajectory.law("equivariance", cases=some_steps.but(shift=tame()))
def a_shifted_run_is_the_shift_of_the_run(port: Any, case: Case) -> Iterable[Fact]:
    """Shifting start and minimiser shifts the path."""
    path = port.trajectory(case.params, case.hessian, case.minimiser, **case.hyper)
    moved = port.trajectory(case.params + case.shift, case.hessian, case.minimiser + case.shift, **case.hyper)
    yield follows("path", moved, path + case.shift)


@trajectory.law("invariance", cases=some_steps.but(factor=number(2.0, 0.5, 3.0, exponents=(-2, 1))))
def a_factor_of_the_loss_moves_into_both_rates(port: Any, case: Case) -> Iterable[Fact]:
    """c·f with α and β makes the path that f makes with α·c and β·c (with β·c² in the variant "code")."""
    c = case.factor
    scaled = port.trajectory(case.params, c * case.hessian, case.minimiser, **case.hyper)
    rates = {"alpha": case.alpha * c, "beta": case.beta * c * (c if case.variant == "code" else 1)}
    same = port.trajectory(case.params, case.hessian, case.minimiser, **{**case.hyper, **rates})
    yield follows("path", scaled, same)


convex = braked.but(variant="code", hessian=symmetric())


@trajectory.law("bound", cases=convex.but(factor=number(1.0, 0.5, exponents=(-6, -1))))
def below_gradient_descents_limit_the_code_descends(port: Any, case: Case) -> Iterable[Fact]:
    """With the variant "code" and α·λmax <= 2 the quadratic never rises, whatever β is."""
    alpha = 2 * case.factor / length(case.hessian)
    path = port.trajectory(case.params, case.hessian, case.minimiser, **{**case.hyper, "alpha": alpha})
    away = path - case.minimiser
    values = np.sum(away * (away @ case.hessian), axis=1) / 2
    yield at_least("value", values[:-1], values[1:])


@trajectory.law(
    "bound",
    cases=Cases({"params": tame(), "eigenvalues": spectrum(1.0)}, SIDES).but(
        alpha=number(1.0, 4.0, 10.0, exponents=(-2, 9)), beta=braking, steps=count(1, 2, 3, low=1, high=12)
    ),
)
def the_code_never_leaves_a_ball(port: Any, case: Case) -> Iterable[Fact]:
    """With "code" and H > 0, ‖d_t‖ <= max(‖d₀‖, R + α·n^¼/(2√β)), R = (√n·max(0, αλmax/2 - 1)/β)^½/λmin.

    Gradient descent with the same α may overflow. (Outside of R a step shortens d; inside, steps are bounded.)
    """
    rates = {"alpha": case.alpha, "beta": case.beta}
    hessian, n = np.diag(case.eigenvalues), case.params.size
    path = port.trajectory(case.params, hessian, 0 * case.params, steps=case.steps, variant="code", **rates)
    excess = np.maximum(0, case.alpha * np.max(case.eigenvalues) / 2 - 1)
    inner = np.sqrt(n**0.5 * excess / case.beta) / np.min(case.eigenvalues)
    bound = np.maximum(length(case.params), inner + case.alpha * n**0.25 / (2 * np.sqrt(case.beta)))
    away = np.sqrt(np.sum(path[1:] ** 2, axis=1))
    yield at_least("ball", bound + 0 * away, away)


@trajectory.law("rejects", cases=some_steps)
def a_run_that_cannot_be_made_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """α and β out of their domain and a variant that does not exist are rejected, not used."""
    run = partial(port.trajectory, case.params, case.hessian, case.minimiser)
    yield from bad_rates(run, case)
    yield rejects("variant = 'hessian'", lambda: run(**{**case.hyper, "variant": "hessian"}))


many = runs.but(params=tame(shape=lambda shape: (3, *shape)), steps=count(1, 2, low=0, high=4))
endpoints = system.operation(reference.endpoints, cases=many, dtypes=WITH_ROOM)


@endpoints.law("invariance")
def an_end_is_the_last_row_of_its_trajectory(port: Any, case: Case) -> Iterable[Fact]:
    """Every start ends where its own trajectory ends."""
    ends = port.endpoints(case.params, case.hessian, case.minimiser, **case.hyper)
    rows = [port.trajectory(start, case.hessian, case.minimiser, **case.hyper)[-1] for start in case.params]
    yield equal("ends", ends, np.stack(rows))


@endpoints.law("invariance", cases=many.but(order=choice((2, 0, 1), (1, 0, 2))))
def replicas_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """Rearranging the starts rearranges the ends."""
    ends = port.endpoints(case.params, case.hessian, case.minimiser, **case.hyper)
    order = list(case.order)
    yield equal("ends", port.endpoints(case.params[order], case.hessian, case.minimiser, **case.hyper), ends[order])


@endpoints.law("rejects", cases=many.but(steps=count(1, 2, low=1, high=4)))
def runs_that_cannot_be_made_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """α and β out of their domain and a variant that does not exist are rejected, not used."""
    run = partial(port.endpoints, case.params, case.hessian, case.minimiser)
    yield from bad_rates(run, case)
    yield rejects("variant = 'hessian'", lambda: run(**{**case.hyper, "variant": "hessian"}))


@system.mistake("trajectory")
def minimiser_taken_for_the_origin(params: Any, hessian: Any, minimiser: Any, **hyper: Any) -> Any:
    """The gradient of the quadratic is H·x, as if the minimiser were 0."""
    return reference.trajectory(params, hessian, np.zeros_like(minimiser), **hyper)


@system.mistake("trajectory")
def start_left_out(params: Any, hessian: Any, minimiser: Any, *, steps: int, **hyper: Any) -> Any:
    """The start is missing from the trajectory: it begins after the first step."""
    return reference.trajectory(params, hessian, minimiser, steps=steps + 1, **hyper)[1:]


@system.mistake("trajectory")
def one_norm_for_all_variants(params: Any, hessian: Any, minimiser: Any, *, variant: str, **hyper: Any) -> Any:
    """Whichever norm is asked for, the Frobenius norm is taken."""
    taken = "fro" if variant in reference.NORMS else variant
    return reference.trajectory(params, hessian, minimiser, variant=taken, **hyper)


@system.mistake("trajectory")
def the_code_with_the_curvature_of_the_text(
    params: Any, hessian: Any, minimiser: Any, *, variant: str, **hyper: Any
) -> Any:
    """The variant "code" takes κ from the Hessian."""
    taken = "fro" if variant == "code" else variant
    return reference.trajectory(params, hessian, minimiser, variant=taken, **hyper)


@system.mistake("trajectory")
def brake_of_the_new_point(
    params: Any, hessian: Any, minimiser: Any, *, steps: int, variant: str, alpha: float, beta: float
) -> Any:
    """The variant "code" takes κ at the point where gradient descent's step would lead, not before the step."""

    def advance(params: Any, grad: Any, state: None, *, alpha: float, beta: float) -> Any:
        ahead = reference.curvature(hessian @ (params - alpha * grad - minimiser))
        return params - alpha / (1 + beta * ahead) * grad, state

    rates = {"alpha": alpha, "beta": beta}
    if variant != "code":
        return reference.trajectory(params, hessian, minimiser, steps=steps, variant=variant, **rates)
    return on_quadratics.iterate(lambda _: None, advance, params, hessian, minimiser, steps, **rates)


@system.mistake("trajectory")
def any_rate_and_variant(
    params: Any, hessian: Any, minimiser: Any, *, steps: int, variant: str, alpha: float, beta: float
) -> Any:
    """Any α, β and variant are accepted; what does not exist runs with the Frobenius norm."""

    def advance(params: Any, grad: Any, state: None) -> Any:
        return params - alpha / (1 + beta * reference.norm(hessian)) * grad, state

    try:
        return reference.trajectory(params, hessian, minimiser, steps=steps, variant=variant, alpha=alpha, beta=beta)
    except ValueError:
        return on_quadratics.iterate(lambda _: None, advance, params, hessian, minimiser, steps)


@system.mistake("endpoints")
def first_replica_for_all(params: Any, hessian: Any, minimiser: Any, **hyper: Any) -> Any:
    """The first start is used for every replica."""
    return reference.endpoints(np.broadcast_to(params[0], params.shape), hessian, minimiser, **hyper)


@system.mistake("endpoints")
def one_step_too_few(params: Any, hessian: Any, minimiser: Any, *, steps: int, **hyper: Any) -> Any:
    """A run makes one step less than was asked for."""
    return reference.endpoints(params, hessian, minimiser, steps=max(0, steps - 1), **hyper)
