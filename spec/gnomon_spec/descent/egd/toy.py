"""The toy problem of the theory: closed forms of its runs, its exact test error, and where its plateau ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.egd import toy as reference
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.egd import system
from gnomon_spec.facts import Fact, agree, equal
from gnomon_spec.strategies import CODES, SMALL_CODES, VECTORS, count, number, shapes, symmetric, tame
from gnomon_spec.system import WITH_ROOM

RATE = number(0.125, 0.5, 0.0625, exponents=(-7, -2))
ANGLE = number(0.3, 1.2, 0.7853981633974483, exponents=(-4, -1))
runs = Cases({"start": tame(), "covariance": symmetric(1.0), "correlation": tame()}, VECTORS).but(
    lr=RATE, steps=count(1, 0, 3, high=8), method=choice("gd", "newton", "egd")
)
descend = system.operation(reference.descend, cases=runs, rejecting=runs, dtypes=WITH_ROOM)
descend.scales = {"": lambda case: np.max(np.abs(case.start)) + np.max(np.abs(case.correlation))}


def solution(case: Case) -> Any:
    """Return Σ⁻¹·c."""
    return lapack(np.linalg.solve, case.covariance, case.correlation)


@descend.law("closed form", cases=runs.but(method="gd"))
def gradient_descent_is_a_power_of_a_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """w_k = Aᵏ·w₀ + (I - Aᵏ)·Σ⁻¹c with A = I - lr·Σ."""
    A, w = np.eye(len(case.start)) - case.lr * case.covariance, solution(case)
    found, away = descend.call(port, case), case.start - w
    for k in range(case.steps + 1):
        yield equal(f"w_{k}", found[k], w + away, scale=np.max(np.abs(w)) + np.max(np.abs(case.start)))
        away = A @ away


@descend.law("closed form", cases=runs.but(method="newton"))
def newtons_steps_know_no_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """With the paper's Eq. 9, w_k = (1-lr)ᵏ·w₀ + (1 - (1-lr)ᵏ)·Σ⁻¹c."""
    found, w = descend.call(port, case), solution(case)
    shrunk = ((1 - case.lr) ** np.arange(case.steps + 1.0))[:, np.newaxis]
    yield equal("run", found, w + shrunk * (case.start - w), scale=np.max(np.abs(w)) + np.max(np.abs(case.start)))


@descend.law("conservation", cases=runs.but(method="egd"))
def egds_steps_are_all_of_one_length(port: Any, case: Case) -> Iterable[Fact]:
    """The gradient is a vector: a step is -lr·g/‖g‖, of length lr; at the solution it is 0."""
    found = descend.call(port, case)
    size = np.max(np.abs(case.start)) + case.lr * case.steps
    g = found[:-1] @ case.covariance - case.correlation
    length = np.sqrt(np.sum(g * g, axis=1))[:, np.newaxis]
    yield equal("run", found[1:], found[:-1] - case.lr * g / np.where(length > 0, length, 1.0), scale=size)
    zero = 0 * case.start
    yield equal("at rest", descend.call(port, case, start=zero, correlation=zero), 0 * found, scale=1.0)


descend.edits("""
factor_two: The gradient of the squared loss has its factor 2, which section 3 of the paper leaves out [appendix A.3 of
    arXiv 2510.04930]
    `covariance @ w - correlation` → `2 * (covariance @ w - correlation)`
newton_for_egd: EGD's step is Newton's, as the paper's theory takes it [section 3 of arXiv 2510.04930]
    `method == "newton"` → `method != "gd"`
sign_of_each_entry: The gradient of "egd" becomes its signs
    `g / size if size > 0 else g` → `np.sign(g)`
gradient_without_the_correlation: c is left out: the run ends at 0
    `covariance @ w - correlation` → `covariance @ w`
first_iterate_left_out: The run begins after the first step
    `np.stack(iterates)` → `np.stack(iterates[1:] + iterates[-1:])`
""")


def draw_points(draw: Draw, context: Context) -> Any:
    """Draw points of the plane (k, 2), none at 0."""
    size, code = 1 + draw(SMALL_CODES) % 4, draw(CODES)
    angles = 2 * np.pi * np.random.Generator(np.random.PCG64(code)).uniform(size=size)
    lengths = 2.0 ** (code % 9 - 4)
    return np.asarray(lengths * np.stack([np.cos(angles), np.sin(angles)], axis=1), context.dtype)


points = Quantity(draw_points, "points of the plane (k, 2), none at 0")
weights = Cases({"weights": points}, shapes((2,))).but(angle=ANGLE, eps=number(0.01, 1.0, 0.1, exponents=(-10, 1)))
error = system.operation(
    reference.population_error, cases=weights, rejecting=weights, dtypes=WITH_ROOM, scales={"": lambda _: 1.0}
)


@error.law("closed form", cases=weights)
def it_is_the_share_of_a_wedge(port: Any, case: Case) -> Iterable[Fact]:
    """In whitened coordinates the test data fill the wedge (π/2, π/2 + A) and its mirror image, and wrong is what lies
    within π/2 of the direction B: ½·(1 - (d(A, B) - d(B, 0))/A), d the distance on the circle. -w errs where w does
    not."""
    root = np.sqrt(case.eps)
    A = np.arctan2(root * np.sin(case.angle), np.cos(case.angle))
    B = np.arctan2(root * case.weights[:, 1], case.weights[:, 0])
    far, near = (np.abs(np.arctan2(np.sin(x), np.cos(x))) for x in (A - B, B))
    found = error.call(port, case)
    yield equal("share", found, (1 - (far - near) / A) / 2, scale=1.0)
    yield equal("opposite", error.call(port, case, weights=-case.weights), 1 - found, scale=1.0)
    yield equal("no weights", error.call(port, case, weights=0 * case.weights), 0 * found, scale=1.0)


error.edits("""
sign_of_the_second_weight: |w₂| stands for w₂: an error where there is none [Theorem 1 of arXiv 2510.04930]
    `np.where(first < 0, -weights[:, 1], weights[:, 1])` → `np.abs(weights[:, 1])`
not_whitened: The angles are taken as if both features had one variance
    `eps**0.5` → `1.0`
variance_for_deviation: ε stands where √ε does
    `eps**0.5` → `eps`
share_of_half_the_circle: The share is of π/2 and not of the test data's wedge
    `B / A` → `B / (np.pi / 2)`
accuracy_for_error: The share that is right is returned
    `first < 0, 1 - share, share` → `first >= 0, 1 - share, share`
opposite_weights_are_the_same: -w is taken for w
    `first < 0, 1 - share, share` → `first < 0, share, share`
""")


def draw_start(draw: Draw, context: Context) -> Any:
    """Draw (u₁, u₂), u₁ from -1 to 0, u₂ from -2 to 16."""
    first, second = draw(SMALL_CODES), draw(CODES)
    return np.array([-(first % 8) / 8, 5.0 if second == 0 else second % 18432 / 1024 - 2], context.dtype)


plateaus = Cases({"start": Quantity(draw_start, "u₁ in [-1, 0], u₂ in [-2, 16]")}, shapes((2,))).but(
    m1=choice(1.1410777703680648, 0.875, 2.5), m2=choice(1.5705388851840323, 1.0, 3.5), angle=ANGLE,
    lr=number(0.125, 0.0625, exponents=(-9, -4)), eps=number(0.0625, 0.001, exponents=(-9, -3)),
    method=choice("gd", "newton"),
)  # fmt: skip
plateau = system.operation(reference.plateau_end, cases=plateaus, rejecting=plateaus, dtypes=WITH_ROOM)


@plateau.law("closed form", cases=plateaus)
def it_is_the_first_step_with_an_error_below_1(port: Any, case: Case) -> Iterable[Fact]:
    """At k, ν < tan θ·μ; at k - 1 not yet."""
    found, (u1, u2) = plateau.call(port, case), case.start
    rates = (case.lr * case.m2, case.lr * case.eps) if case.method == "gd" else (case.lr, case.lr)
    for label, k, ended in (("there", found, True), ("before", found - 1, False)):
        alpha, beta = ((1 - rate) ** (1.0 * max(k, 0)) for rate in rates)
        mu, nu = case.m1 / case.m2 * (1 - alpha) + alpha * u1, beta * u2
        yield agree(label, bool(nu < np.tan(case.angle) * mu) if k >= 0 else ended, ended)


@plateau.law("closed form", cases=plateaus.but(method="newton"))
def newtons_end_is_a_logarithm(port: Any, case: Case) -> Iterable[Fact]:
    """It is the first k > ln((u₂ + t·(q-u₁))/(q·t))/ln(1/(1-lr)), t = tan θ, q = m₁/m₂, whatever ε is."""
    q, t, (u1, u2) = case.m1 / case.m2, np.tan(case.angle), case.start
    inside = (u2 + t * (q - u1)) / (q * t)
    k = np.log(np.maximum(inside, 0.5)) / -np.log1p(-case.lr)
    expected = int(np.maximum(np.floor(k) + 1, 0))
    yield agree("end", plateau.call(port, case), expected)
    yield agree("another eps", plateau.call(port, case, eps=1.0), expected)


plateau.edits("""
multiplied_by_the_tangent: The slope of the border is 1/tan θ: Corollary 1 multiplies by tan θ where its own algebra
    divides [Corollary 1 of arXiv 2510.04930]
    `np.tan(angle)` → `1 / np.tan(angle)`
newtons_run_for_gradient_descents: Gradient descent is taken to shrink both errors by 1 - lr
    `method == "newton"` → `True`
without_the_first_feature: The first feature is taken to be learned from the beginning
    `np.exp(k * log_alpha) * (q - start[0])` → `0 * k`
one_step_late: The step after the first one is returned
    `return high` → `return high + 1`
rates_of_the_appendix: The rates have the factor 2 of the squared loss [appendix A.3 of arXiv 2510.04930]
    `lr * m2), np.log1p(-lr * eps)` → `min(2 * lr * m2, 0.99)), np.log1p(-2 * lr * eps)`
""")
