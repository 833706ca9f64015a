"""SRKL repeated on the quadratic f = ½(x-x*)ᵀH(x-x*): the laws and mistakes of its trajectories.

Notation: d = x - x*, λ an eigenvalue of H, n the number of coordinates. "The norms" are the variants of the published
text, each with its norm of the Hessian; "code" is the published code.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.descent import srkl as reference
from gnomon.norms import length
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.symmetries import turned
from gnomon_spec.descent.elementwise import declare_repetitions, declare_shift
from gnomon_spec.descent.srkl import braking, system
from gnomon_spec.descent.srkl_hessian import SIDES, indefinite, norms, rotated, turning
from gnomon_spec.facts import Fact, at_least, equal, follows
from gnomon_spec.strategies import count, nonzero, number, one_of, rotation, shapes, spectrum, symmetric, tame
from gnomon_spec.system import WITH_ROOM


def times(quantity: Quantity, factor: Quantity) -> Quantity:
    """An array times a number."""

    def draw_product(draw: Draw, context: Context) -> Any:
        return quantity.draw(draw, context) * context.dtype.type(factor.draw(draw, context))

    return Quantity(draw_product, f"{quantity.text}; times a {factor.text}")


variants = choice(*reference.VARIANTS)
rate = number(1.0, 0.5, 2.0, 0.1, exponents=(-6, 1))
hyperparameters = Cases({"hessian": one_of(symmetric(), indefinite)}, SIDES).but(
    variant=variants, alpha=rate, beta=number(1.0, 0.1, 0.0, 0.5, exponents=(-6, 1))
)
trajectory, _ = declare_repetitions(system, reference, hyperparameters, dtypes=WITH_ROOM)
runs = trajectory.cases.shaped(SIDES)
some_steps = runs.but(steps=count(1, 2, 3, low=1, high=8))
braked = some_steps.but(beta=braking)
by_norm = some_steps.but(variant=norms)
line = Cases({"params": nonzero, "lam": number(1.0, 2.0, 0.5, 3.0), "variant": norms}, shapes((1,)))


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


@trajectory.law("closed form", cases=some_steps.but(params=nonzero, beta=braking).shaped(shapes((2,))))
def a_saddle_is_left_more_slowly_than_by_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """On ½(x² - y²) with "fro" y grows by the factor 1 + α/(1+β√2) a step; gradient descent's is 1 + α."""
    hessian = np.diag(np.array([1, -1], case.params.dtype))
    hyper = {**case.hyper, "variant": "fro"}
    y = port.trajectory(case.params, hessian, 0 * case.params, **hyper)[:, 1]
    growth = 1 + case.alpha / (1 + case.beta * np.sqrt(case.beta * 0 + 2))
    yield equal("growth", y / case.params[1], np.stack([growth**t for t in range(case.steps + 1)]))


trajectory.symmetry(
    "equivariance",
    "a_rotated_run_is_the_rotation_of_the_run",
    'With "fro" and "spectral" rotating start, Hessian and minimiser rotates the path (the others lack this)',
    cases=some_steps.but(variant=turning, turn=rotation()),
    inputs={"params": turned, "hessian": rotated, "minimiser": turned},
    outputs=turned,
    same=follows,
)
declare_shift(trajectory, some_steps, "minimiser")


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


trajectory.edits("""
one_norm_for_all_variants: Whichever norm is asked for, the Frobenius norm is taken
    `norm=variant` → `norm="fro"`
""")
CODE = "step_code(params, grad, **rates), hessian"
trajectory.edits(f"""
the_code_with_the_curvature_of_the_text: The variant "code" takes κ from the Hessian
    `{CODE}` → `step(params, grad, curvature_hessian(hessian), **rates), hessian`
brake_of_the_new_point: The variant "code" takes κ at the point where gradient descent's step would lead, not before the
    step
    `{CODE}` → `step(params, grad, curvature(grad - rates['alpha'] * hessian @ grad), **rates), hessian`
""")
