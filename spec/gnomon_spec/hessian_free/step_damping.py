"""What a step makes of the damping: how ρ is measured, what becomes of λ; and what happens over several steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free.conjugate_gradients import NOTHING_LEFT
from gnomon.hessian_free.small_objectives import Fenced
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, agree, at_least, equal, follows, identical, same_outputs
from gnomon_spec.hessian_free import step as given
from gnomon_spec.hessian_free.conjugate_gradients import none
from gnomon_spec.hessian_free.drawn_objectives import STRANGE, searchable
from gnomon_spec.hessian_free.step import cold, convex, damped, full, outcome, step, uphill
from gnomon_spec.strategies import count, shapes


@step.law("closed form", cases=cold.but(variant="martens"))
def measured_from_the_parameters_quadratics_predict_themselves(port: Any, case: Case) -> Iterable[Fact]:
    """In "martens" ρ = 1 on a convex quadratic, however few iterations were made, and λ becomes λ·2/3."""
    _, state, report = outcome(port, case)
    yield equal("ratio", report.ratio, np.ones(()))
    yield equal("damping", state.damping, case.state.damping * 2 / 3)


@step.law("closed form", cases=cold.but(variant="martens", damping=choice(1.0, 3.0)))
def a_warm_start_that_is_the_answer_is_judged_all_the_same(port: Any, case: Case) -> Iterable[Fact]:
    """In "martens" ρ = 1 on ½‖x - x*‖² also where nothing is left to do: it is measured from θ, not from x₀."""
    bowl = case.objective._replace(matrix=np.eye(len(case.params), dtype=case.params.dtype))
    damping = case.damping + 0 * case.state.damping
    answer = (bowl.stationary - case.params) / (1 + damping)
    state = case.state._replace(warm_start=answer, damping=damping)
    _, _, report = outcome(port, case, objective=bowl, state=state)
    yield equal("ratio", report.ratio, np.ones(()))


@step.law("closed form", cases=cold.but(variant="code", decay=1.0))
def from_a_cold_start_the_damped_model_predicts_too_little(port: Any, case: Case) -> Iterable[Fact]:
    """In "code" from x₀ = 0, on a convex quadratic, ρ = 1 + λ‖x‖²/(xᵀAx), between 1 and 2."""
    _, state, report = outcome(port, case)
    x = state.warm_start
    yield equal("ratio", report.ratio, 1 + case.state.damping * np.sum(x * x) / np.sum(x * (damped(case) @ x)))


@step.law(
    "closed form",
    cases=convex.but(variant="code", factor=choice(1.425, 0.5, -1.0, 2.0), rtol=0.01).shaped(shapes((1,))),
)
def from_a_warm_start_the_ratio_may_be_anything(port: Any, case: Case) -> Iterable[Fact]:
    """In "code", in one dimension with x₀ = q·x_N, ρ = 1 - λ/(B + λ)·(q + 1)/(q - 1): negative for q a little above 1,
    as after λ has grown, so that it grows for ever."""
    q, A = case.factor, damped(case)[0, 0]
    solution = -case.objective.gradient(case.params) / A
    _, _, report = outcome(port, case, state=case.state._replace(warm_start=q * solution))
    yield equal("ratio", report.ratio, 1 - case.state.damping / A * (q + 1) / (q - 1))


@step.law("invariance", cases=given.steps)
def presets_are_what_they_stand_for(port: Any, case: Case) -> Iterable[Fact]:
    """`None` is, bit for bit, what the variant has for it: ρ from x₀ to x_N with the damped model in "code", from θ to
    s with the undamped one in "martens", where a rise is distrusted and non-positive curvature stops the iteration."""
    names = (*given.RULES, "rtol")
    values = {
        "code": ("x0", "damped", "last", "ratio", "ignore", 1e-5),
        "martens": ("zero", "undamped", "selected", "distrust", "stop", 0.0),
    }[case.variant]
    new, state, report = outcome(port, case, **dict.fromkeys(names))
    again, after, told = outcome(port, case, **dict(zip(names, values, strict=True)))
    yield identical("params", again, new)
    yield identical("warm_start", after.warm_start, state.warm_start)
    yield identical("damping", after.damping, state.damping)
    yield identical("ratio", told.ratio, report.ratio)


@step.law(
    "closed form",
    cases=convex.but(
        rho_origin=choice("x0", "zero"),
        rho_model=choice("damped", "undamped"),
        rho_iterate=choice("last", "selected"),
        on_increase="ratio",
        backtracking=False,
        decay=1.0,
    ),
)
def the_ratio_is_measured_as_asked(port: Any, case: Case) -> Iterable[Fact]:
    """ρ = (f(θ + x_N) - f(θ + o))/(m(x_N) - m(o)), o = x₀ or 0, m with λ or without: 1 from θ without it."""
    _, after, report = outcome(port, case)
    f, grad = case.objective, case.objective.gradient(case.params)
    matrix = damped(case) if case.rho_model == "damped" else f.matrix
    points = after.warm_start, case.state.warm_start if case.rho_origin == "x0" else 0 * case.params
    losses = [f.value(case.params + x) for x in points]
    models = [np.sum(grad * x) + np.sum(x * (matrix @ x)) / 2 for x in points]
    yield equal("ratio", report.ratio, (losses[0] - losses[1]) / (models[0] - models[1]))


@step.law("closed form", cases=cold.but(on_nonpositive_curvature="ignore", rho_model="undamped", **full))
def a_rise_is_distrusted_if_that_is_asked(port: Any, case: Case) -> Iterable[Fact]:
    """On -½‖x - x*‖² with λ = 1/4 the step is -4/3·(x - x*): f rises as the model says, so that ρ is 1, and λ falls, or
    -∞, and λ grows."""
    for on_increase, ratio, factor in (("ratio", 1.0, 2 / 3), ("distrust", -np.inf, 3 / 2)):
        _, after, report = uphill(port, case, on_increase=on_increase)
        yield equal(f"{on_increase}: ρ", report.ratio, np.full((), ratio))
        yield equal(f"{on_increase}: λ", after.damping, np.full((), factor) / 4)


@step.law("closed form", cases=cold.but(on_nonpositive_curvature="stop"))
def where_no_step_can_begin_the_damping_decides(port: Any, case: Case) -> Iterable[Fact]:
    """Where the first direction has non-positive curvature and the iteration stops, the parameters stay, bit for bit,
    and λ grows by 3/2 in "martens", so that the next step can begin; in "code" it stays."""
    new, after, report = uphill(port, case)
    yield identical("params", new, case.params)
    yield equal("damping", after.damping, np.full((), 0.375 if case.variant == "martens" else 0.25))
    yield agree("iterations", report.iterations, 0)


@step.law("fixed point", cases=cold)
def at_a_minimum_nothing_happens(port: Any, case: Case) -> Iterable[Fact]:
    """Where the gradient is 0, from x₀ = 0, parameters, damping and warm start stay, after no iteration."""
    nothing = 0 * case.params
    f = case.objective._replace(stationary=nothing)
    new, state, report = outcome(port, case, params=nothing, objective=f)
    yield identical("params", new, nothing)
    yield identical("damping", state.damping, case.state.damping)
    yield identical("warm_start", state.warm_start, nothing)
    yield agree("iterations", report.iterations, 0)
    yield agree("reason", report.reason, NOTHING_LEFT)


@step.law("bound", cases=cold.but(variant="martens", backtracking=True, bad=choice(*STRANGE)))
def a_step_into_nowhere_is_refused(port: Any, case: Case) -> Iterable[Fact]:
    """If no iterate has a finite loss, in "martens", the parameters stay, bit for bit, the warm start is 0, and λ grows
    by 3/2."""
    offset = case.params - case.objective.stationary
    reach = 1.5 * np.max(np.abs(offset))  # the step leads twice as far away
    hill = Fenced(-np.eye(len(offset), dtype=offset.dtype), case.objective.stationary, reach, case.bad)
    start = case.state._replace(damping=0 * case.state.damping + 2)
    new, state, report = outcome(port, case, objective=hill, state=start)
    yield identical("params", new, case.params)
    yield identical("warm_start", state.warm_start, 0 * case.params)
    yield equal("damping", state.damping, np.full((), 3.0))
    yield agree("chosen", report.chosen, -1)
    yield equal("step_length", report.step_length, np.zeros(()))


runs = given.steps.but(
    state=given.states(1.25, 4.25, 64.0, warm=False),
    preconditioner=none,
    rtol=choice(0.25, 0.0625, 0.01),
    linesearch=searchable(lambda drawn: drawn["decay"] == 0, " with a decay that is not 0"),
    steps=count(1, 2, 3, low=1, high=4),
    **given.presets,
)


@step.law("trajectory", cases=runs)
def every_step_of_a_run_is_right(port: Any, case: Case) -> Iterable[Fact]:
    """Along a run of its own, every step is what the oracle does from the port's own state (step-locked)."""
    params, state = case.params, case.state
    for t in range(case.steps):
        outputs, expected = (outcome(p, case, params=params, state=state) for p in (port, port.oracle))
        for fact in same_outputs("params", outputs, expected):
            yield fact._replace(label=f"{fact.label} after step {t + 1}")
        params, state, _ = outputs


@step.law("trajectory", cases=runs.but(steps=count(4, 8, low=1, high=8)))
def a_free_run_follows_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
    """A run from the same start stays with the oracle's as long as perturbed runs of the oracle stay together."""
    paths = []
    for p in (port, port.oracle):
        params, state, path = case.params, case.state, []
        for _ in range(case.steps):
            params, state, _ = outcome(p, case, params=params, state=state)
            path.append(params)
        paths.append(np.stack(path))
    yield follows("params", *paths)


@step.law(
    "bound",
    cases=cold.but(
        rtol=0.0, variant="code", factor=choice(1.425, 1.2, 1.5), state=given.states(64.0, 256.0, warm=False), **full
    ).shaped(shapes((1,), (2,), (3,))),
)
def a_damping_that_grew_and_is_large_grows_again(port: Any, case: Case) -> Iterable[Fact]:
    """In "code", on a convex quadratic with x₀ = q·x_N, q > 1 as after λ has grown by q/decay, ρ is from -2/(q - 1) to
    -2/(q - 1) + (q + 1)/(q - 1)·‖B‖/(λ + ‖B‖): so λ grows again, and in the limit of large λ for ever."""
    q, damping = case.factor, case.state.damping
    solution = -lapack(np.linalg.solve, damped(case), case.objective.gradient(case.params))
    start = case.state._replace(warm_start=q * solution)
    _, state, report = outcome(port, case, state=start, max_iter=len(case.params))
    least, norm = -2 / (q - 1), np.trace(case.objective.matrix)  # at least the largest eigenvalue
    yield at_least("at least", report.ratio, least)
    yield at_least("at most", least + (q + 1) / (q - 1) * norm / (damping + norm), report.ratio)
    yield equal("damping", state.damping, damping * 3 / 2)
