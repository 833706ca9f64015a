"""What happens over several steps of the optimizer: closed forms on quadratics, and whole runs beside the oracle's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gnomon.hessian_free.optimizer import HessianFreeState, Report
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, at_least, equal, follows, same_outputs
from gnomon_spec.hessian_free.conjugate_gradients import none
from gnomon_spec.hessian_free.drawn_objectives import searchable
from gnomon_spec.hessian_free.step import cold, convex, damped, full, presets, states, step, steps
from gnomon_spec.strategies import count, rotation, shapes

runs = steps.but(
    state=states(1.25, 4.25, 64.0, warm=False),
    preconditioner=none,
    rtol=choice(0.25, 0.0625, 0.01),
    linesearch=searchable(lambda drawn: drawn["decay"] == 0, " with a decay that is not 0"),
    steps=count(1, 2, 3, low=1, high=4),
    **presets,
)
exact_solves = cold.but(rtol=0.0, adapt_damping=True, **full).shaped(shapes((1,), (2,), (3,)))


def run(port: Any, case: Case, length: int, **changed: Any) -> Iterator[tuple[Any, HessianFreeState, Report]]:
    """Yield what each step of a run of a port gives, with some of its hyperparameters changed."""
    params, state = case.params, case.state
    for _ in range(length):
        params, state, report = port.step(
            params, state, case.objective, case.preconditioner, **{**case.hyper, **changed}
        )
        yield params, state, report


@step.law("trajectory", cases=runs)
def every_step_of_a_run_is_right(port: Any, case: Case) -> Iterable[Fact]:
    """Along a run of its own, every step is what the oracle does from the port's own state (step-locked)."""
    params, state = case.params, case.state
    for t in range(case.steps):
        outputs = port.step(params, state, case.objective, case.preconditioner, **case.hyper)
        expected = port.oracle.step(params, state, case.objective, case.preconditioner, **case.hyper)
        for fact in same_outputs("params", outputs, expected):
            yield fact._replace(label=f"{fact.label} after step {t + 1}")
        params, state, _ = outputs


@step.law("trajectory", cases=runs.but(steps=count(4, 8, low=1, high=8)))
def a_free_run_follows_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
    """A run from the same start stays with the oracle's as long as perturbed runs of the oracle stay together."""
    paths = (np.stack([params for params, _, _ in run(p, case, case.steps)]) for p in (port, port.oracle))
    yield follows("params", *paths)


@step.law(
    "trajectory",
    cases=exact_solves.but(state=states(64.0, 16.0, warm=False), decay=0.0, steps=count(2, 8, low=1, high=8)),
)
def on_a_quadratic_the_whole_run_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """With n iterations a step, all from x₀ = 0, θ_T - θ* = ∏ λ_t(B + λ_tI)⁻¹(θ₀ - θ*) with λ_t = λ₀(2/3)ᵗ, in both
    variants: superlinear convergence."""
    n, rest, damping = len(case.params), case.params - case.objective.stationary, case.state.damping
    for t, (params, state, _) in enumerate(run(port, case, case.steps, max_iter=n)):
        rest = damping * lapack(np.linalg.solve, case.objective.matrix + damping * np.eye(n), rest)
        damping = damping * 2 / 3
        yield equal(f"params after step {t + 1}", params, case.objective.stationary + rest)
        yield equal(f"damping after step {t + 1}", state.damping, damping)


@step.law("closed form", cases=exact_solves.but(variant="code", decay=choice(0.95, 0.5)).shaped(shapes((1,))))
def the_second_step_remembers_the_first(port: Any, case: Case) -> Iterable[Fact]:
    """In "code" in one dimension, with u = λ/(B + λ): θ - θ* is multiplied by u in every step; ρ₀ = 1 + u₀, and then
    ρ₁ = 1 - u₁(q + 1)/(q - 1) with q = decay·(B + λ₁)/λ₀, which may have either sign."""
    away = case.params - case.objective.stationary
    (first, after, told), (second, _, report) = run(port, case, 2, max_iter=1)
    before, now = (
        lam / (case.objective.matrix[0, 0] + lam) for lam in (case.state.damping, 2 * case.state.damping / 3)
    )
    q = case.decay * 2 / 3 / now
    yield equal("first", first, case.objective.stationary + before * away)
    yield equal("first ratio", told.ratio, 1 + before)
    yield equal("damping", after.damping, 2 * case.state.damping / 3)
    yield equal("second", second, case.objective.stationary + now * before * away)
    yield equal("second ratio", report.ratio, 1 - now * (q + 1) / (q - 1))


@step.law(
    "bound",
    cases=exact_solves.but(variant="code", factor=choice(1.425, 1.2, 1.5), state=states(64.0, 256.0, warm=False)),
)
def a_damping_that_grew_and_is_large_grows_again(port: Any, case: Case) -> Iterable[Fact]:
    """In "code", on a convex quadratic with x₀ = q·x_N, q > 1 as after λ has grown by q/decay, ρ is from -2/(q - 1) to
    -2/(q - 1) + (q + 1)/(q - 1)·‖B‖/(λ + ‖B‖): so λ grows again, and in the limit of large λ for ever."""
    q, damping = case.factor, case.state.damping
    solution = -lapack(np.linalg.solve, damped(case), case.objective.gradient(case.params))
    start = case.state._replace(warm_start=q * solution)
    _, state, report = port.step(
        case.params, start, case.objective, None, **{**case.hyper, "max_iter": len(case.params)}
    )
    least, norm = -2 / (q - 1), np.trace(case.objective.matrix)  # at least the largest eigenvalue
    yield at_least("at least", report.ratio, least)
    yield at_least("at most", least + (q + 1) / (q - 1) * norm / (damping + norm), report.ratio)
    yield equal("damping", state.damping, damping * 3 / 2)


@step.law("limit", cases=exact_solves.but(state=states(64.0, 1024.0, 4.25, warm=False), decay=1.0))
def a_large_damping_makes_it_gradient_descent(port: Any, case: Case) -> Iterable[Fact]:
    """From x₀ = 0, with n iterations, ‖λx + g‖ <= ‖g‖·‖B‖/(λ + ‖B‖): as λ grows the step becomes -g/λ."""
    _, state, _ = port.step(
        case.params, case.state, case.objective, None, **{**case.hyper, "max_iter": len(case.params)}
    )
    g, damping, norm = case.objective.gradient(case.params), case.state.damping, np.trace(case.objective.matrix)
    rest = damping * state.warm_start + g
    yield at_least("rest", np.sum(g * g) * norm**2, np.sum(rest * rest) * (damping + norm) ** 2)


@step.law("equivariance", cases=convex.but(turn=rotation()))
def steps_do_not_know_their_axes(port: Any, case: Case) -> Iterable[Fact]:
    """In turned coordinates, f(Qᵀ·) from Qθ and Qx₀, without a preconditioner, the step is the turned one."""
    Q, f = case.turn, case.objective
    new, state, report = port.step(case.params, case.state, f, None, **case.hyper)
    turned = f._replace(matrix=Q @ f.matrix @ Q.T, stationary=Q @ f.stationary)
    start = case.state._replace(warm_start=Q @ case.state.warm_start)
    there, after, told = port.step(Q @ case.params, start, turned, None, **case.hyper)
    yield equal("params", there, Q @ new)
    yield equal("warm_start", after.warm_start, Q @ state.warm_start)
    yield equal("damping", after.damping, state.damping)
    yield equal("ratio", told.ratio, report.ratio)
