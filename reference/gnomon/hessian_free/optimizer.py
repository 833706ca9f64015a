"""The Hessian-free optimizer: one step, made of the parts in this folder."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import Dense, Operator, ggn_operator, hessian_operator
from gnomon.curvature.products import Classification, Regression, network
from gnomon.domains import Array, Choice, Entries, NonNegative, Number, PositiveInt, kept, require_finite, require_like
from gnomon.hessian_free.adaptation import (
    Adaptation,
    End,
    Model,
    ModelKind,
    OnIncrease,
    Origin,
    Selected,
    next_damping,
    rules_of,
)
from gnomon.hessian_free.backtracking import Selection, choose
from gnomon.hessian_free.conjugate_gradients import Policy, conjugate_gradients
from gnomon.hessian_free.line_search import LineSearch, armijo
from gnomon.hessian_free.small_objectives import Fenced, Quadratic, Valley
from gnomon.hessian_free.storage_grid import kept_iterations, storage_grid
from gnomon.hessian_free.variants import Variant
from gnomon.objectives.contract import GaussNewtonObjective, Objective

CG_RTOL = {"code": 1e-5, "martens": 0.0}
ON_NONPOSITIVE_CURVATURE = {"code": "ignore", "martens": "stop"}
TRIES = {"code": 20, "martens": 60}
Curvature: TypeAlias = Annotated[str, Choice(("ggn", "hessian"))]
Params: TypeAlias = Annotated[Array, Entries(("n",), least=1, finite=True)]
Problem: TypeAlias = Objective | Quadratic | Fenced | Valley | Regression | Classification


class HessianFreeState(NamedTuple):
    """What is remembered between steps. warm_start: x₀ of the next conjugate gradients, shape (n,). damping: λ."""

    warm_start: Annotated[Array, Entries(("n",), fit="params", finite=True)]
    damping: Annotated[Any, Number()]


class Report(NamedTuple):
    """What a step did.

    loss: f before it. final_loss: f after it. damping: λ used in it. ratio: ρ, NaN if λ is not adapted. reason: why
    conjugate gradients stopped. iterations: N of them. chosen: the iteration whose iterate was taken, -1 if none had a
    finite loss. step_length: a. products: curvature products. evaluations: how many times f was asked for.
    """

    loss: Any
    final_loss: Any
    damping: Any
    ratio: Any
    reason: str
    iterations: int
    chosen: int
    step_length: Any
    products: int
    evaluations: int


@checked(kept("damping"))
def init(params: Array, *, damping: NonNegative = 1.0) -> HessianFreeState:
    """Return the state before the first step: x₀ = 0 and λ. params: shape (n,), float. damping: finite and >= 0."""
    return HessianFreeState(np.zeros_like(params), params.dtype.type(damping))


@checked()
def step(
    params: Params, state: HessianFreeState, objective: Problem, preconditioner: Operator | Dense | None = None, *,
    curvature: Curvature = "ggn", variant: Variant = "martens", adapt_damping: bool = True, max_iter: PositiveInt = 250,
    decay: NonNegative = 0.95, backtracking: bool = True, lr: NonNegative = 1.0, linesearch: bool = True,
    rtol: NonNegative | None = None, progress_threshold: NonNegative | None = 5e-4, rho_origin: Origin | None = None,
    rho_model: ModelKind | None = None, rho_iterate: End | None = None, on_increase: OnIncrease | None = None,
    on_nonpositive_curvature: Policy | None = None, reject_ascent: bool = False,
) -> tuple[Array, HessianFreeState, Report]:  # fmt: skip
    """Return the parameters after one step, the new state and a report.

    ::

        g = ∇f(θ);  A = B + λI,  B = ∇²f or the Gauss-Newton matrix at θ
        x₀ … x_N = conjugate gradients on A x = -g from x₀
        s = the kept iterate that backtracking takes, or x_N
        code:     ρ = (f(θ + x_N) - f(θ + x₀)) / (m_N - m₀)
        martens:  ρ = (f(θ + s) - f(θ)) / (gᵀs + ½ sᵀBs);  -∞ if f rose
        a = line search along s from lr, or lr;   θ ← θ + a·s
        x₀ ← decay·x_N;   λ ← updated by ρ

    params: θ, shape (n,), float. state: of `init` or of a step. objective: f, any `Objective`, or a learning problem;
    curvature "ggn" needs its `ggnvp`. preconditioner: M, see `fisher_preconditioner`. variant: "martens", recommended,
    or "code": the stopping rule, the grid, backtracking, what a ρ of NaN makes of λ, and the presets. decay: finite and
    >= 0. lr: first or only step length, finite and >= 0. max_iter, rtol, progress_threshold, on_nonpositive_curvature:
    of conjugate gradients. reject_ascent: a = 0 where gᵀs > 0.

    `None` is the preset of the variant::

                                   code        martens
        rtol                       1e-5        0
        rho_origin                 "x0"        "zero"        o: ρ is measured from θ + x₀, or from θ
        rho_iterate                "last"      "selected"    e: to θ + x_N, or to θ + s
        rho_model                  "damped"    "undamped"    against m(e) - m(o), or q(e) - q(o), q(x) = gᵀx + ½xᵀBx
        on_increase                "ratio"     "distrust"    where f rose from o to e: the quotient, or -∞
        on_nonpositive_curvature   "ignore"    "stop"

    Raises as well for a loss or gradient that is not finite; nothing is changed then: everything is returned anew.

    Choices: backtracking passes over iterates whose loss is not finite; if none is left the step is refused (a = 0,
    warm start 0). Without a line search no step is made to a loss that is not finite, and a = 0 leaves θ as it is, bit
    for bit. A damping of 0 is never adapted. Where e = o, and for an s that is refused, ρ is NaN and not evaluated:
    "martens" lets λ grow, or the same step would be tried for ever; but not where conjugate gradients found nothing
    left to do, as at a minimum. Nothing is remembered within a step: f is evaluated again where a part asks for it, 1 +
    those for ρ (2 from "x0", 1 from "zero") + the iterates visited + those of the line search.
    """
    f = objective_of(objective)
    rules = rules_of(variant, origin=rho_origin, model=rho_model, iterate=rho_iterate, on_increase=on_increase)
    policy = ON_NONPOSITIVE_CURVATURE[variant] if on_nonpositive_curvature is None else on_nonpositive_curvature
    loss, grad = f.value(params), f.gradient(params)
    require_finite({"the gradient": grad})
    if not np.isfinite(loss):
        raise ValueError(f"the loss must be finite, got {loss}")
    B = curvature_operator(f, params, curvature)
    stored = tuple(int(i) for i in storage_grid(max_iter, variant=variant)) if backtracking else ()
    solution = conjugate_gradients(
        lambda v: B(v) + state.damping * v,
        -grad,
        state.warm_start,
        preconditioner,
        max_iter=max_iter,
        rtol=CG_RTOL[variant] if rtol is None else rtol,
        progress_threshold=progress_threshold,
        on_nonpositive_curvature=policy,
        stored=stored,
        variant=variant,
    )
    x, kept = solution.iterates, kept_iterations(stored, solution.iterations)
    selection = Selection(len(kept) - 1, 0)
    if backtracking:
        selection = choose(lambda i: f.value(params + x[i]), len(kept), variant=variant)
    refused = selection.taken < 0
    direction, chosen = (0 * params, -1) if refused else (x[selection.taken], kept[selection.taken])

    adaptation = Adaptation(state.damping, params.dtype.type(np.nan), 0, 0)
    if adapt_damping and state.damping > 0:
        model = Model(lambda x: f.value(params + x), loss, grad, B, state.damping, state.warm_start)
        selected = None if refused else Selected(direction, solution.values[chosen])
        adaptation = next_damping(model, solution, selected, rules, variant)
    if refused or (reject_ascent and not linesearch and np.dot(grad, direction) > 0):
        found = LineSearch(np.abs(0 * params[0]), loss, 0)
    elif linesearch:
        found = armijo(f, params, direction, grad, lr=lr, max_iter=TRIES[variant], reject_ascent=reject_ascent)
    else:
        found = LineSearch(0 * params[0] + lr, f.value(params + lr * direction), 1)
        if not np.isfinite(found.value):
            found = LineSearch(0 * params[0], loss, 1)
    new = params if found.step_length == 0 else params + found.step_length * direction
    warm_start = 0 * params if refused else decay * x[-1]
    solved, products = (solution.reason, solution.iterations), solution.products + adaptation.products
    evaluations = 1 + selection.visited + adaptation.evaluations + found.evaluations
    losses = loss, found.value
    report = Report(*losses, state.damping, adaptation.ratio, *solved, chosen, found.step_length, products, evaluations)
    return new, HessianFreeState(warm_start, adaptation.damping), report


def objective_of(problem: Problem) -> Objective:
    """Return the objective of a learning problem; any other objective is returned as it is."""
    return network(problem) if isinstance(problem, Regression | Classification) else problem


def require_outputs(objective: Objective) -> GaussNewtonObjective:
    """Return the objective if it has Gauss-Newton products; raise `ValueError` if not."""
    if not isinstance(objective, GaussNewtonObjective):
        raise ValueError("objective must have ggnvp for curvature 'ggn'")
    return objective


def curvature_operator(objective: Objective, params: Array, curvature: str) -> Operator:
    """Return v ↦ B·v at the parameters, which must have the shape and dtype of v."""
    if curvature == "hessian":
        B = hessian_operator(objective, params)
    else:
        B = ggn_operator(require_outputs(objective), params)

    def fitting(vector: Array) -> Array:
        Bv = B(vector)
        require_like("the curvature's product", Bv, vector, "the vector")
        return Bv

    return fitting
