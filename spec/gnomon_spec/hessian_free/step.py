"""One step of the optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import optimizer as reference
from gnomon.hessian_free.optimizer import HessianFreeState
from gnomon.hessian_free.small_objectives import Fenced
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice, constant
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.curvature.symmetries import scaled, turned, unchanged
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, rejects
from gnomon_spec.hessian_free import drawn_objectives as given
from gnomon_spec.hessian_free.conjugate_gradients import none, preconditioners
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.strategies import SMALL_CODES, VECTORS, count, rotation, shapes, tame
from gnomon_spec.system import WITH_ROOM


def states(*dampings: float, warm: bool = True) -> Quantity:
    """A state with one of the dampings; the warm start is 0 in one case of two, or in all, if not `warm`."""
    anywhere = tame(-2)

    def draw_state(draw: Draw, context: Context) -> HessianFreeState:
        code = draw(SMALL_CODES)
        start = np.zeros(context.shape, context.dtype)
        if warm and code % 2:
            start = anywhere.draw(draw, context) + context.dtype.type(0.07)  # not the solution by chance
        return HessianFreeState(start, np.asarray(dampings[code // 2 % len(dampings)], context.dtype))

    listed = ", ".join(f"{x:g}" for x in dampings)
    return Quantity(draw_state, f"HessianFreeState: damping one of {listed}, warm start {'any, or ' * warm}0")


entries = nonzero_vector()
steps = Cases(
    {
        "objective": given.functions(),
        "params": Quantity(  # not the stationary point by chance
            lambda draw, c: np.asarray(entries.draw(draw, c) + 0.3, c.dtype), f"0.3 more than {entries.text}"
        ),
        "state": states(1.25, 0.5, 4.25, 0.0, 0.25),
        "preconditioner": preconditioners(),
        "curvature": choice("hessian", "ggn"),
        "variant": choice("martens", "code"),
        "adapt_damping": choice(True, True, True, False),
        "max_iter": given.up_to_the_dimension(),
        "decay": choice(0.95, 0.5, 1.0, 0.0),
        "backtracking": choice(True, False),
        "lr": choice(1.0, 0.5, 2.0),
        "linesearch": given.searchable(lambda drawn: not np.any(drawn["state"].warm_start), " from a warm start"),
        "rtol": choice(0.25, 0.0625, 0.01, None),
        "progress_threshold": choice(5e-4),
        "rho_origin": choice(None, "x0", "zero", None),
        "rho_model": choice(None, "damped", "undamped", None),
        "rho_iterate": choice(None, "last", "selected", None),
        "on_increase": choice(None, "ratio", "distrust", None),
        "on_nonpositive_curvature": choice(None, "ignore", "stop", "saddle-free"),
        "reject_ascent": choice(False, True),
    },
    VECTORS,
)
RULES = ("rho_origin", "rho_model", "rho_iterate", "on_increase", "on_nonpositive_curvature")
presets = dict.fromkeys(RULES, constant(None))
convex = steps.but(
    objective=given.quadratic(given.positive_matrix()),
    params=given.away(),
    preconditioner=none,
    adapt_damping=True,
    state=states(1.25, 0.5, 4.25, 0.25),
    rtol=choice(0.25, 0.0625, 0.01),
    **presets,
)
cold = convex.but(state=states(1.25, 0.5, 4.25, 0.25, warm=False))
full = {"backtracking": False, "linesearch": False, "lr": 1.0}

step = system.operation(reference.step, cases=steps, dtypes=WITH_ROOM)
outcome = step.call


def damped(case: Case) -> Any:
    """Return B + λI of a quadratic."""
    return case.objective.matrix + case.state.damping * np.eye(len(case.params))


def uphill(port: Any, case: Case, **changed: Any) -> Any:
    """Return what a port's step does on -½‖x - x*‖², whose curvature is -1, with λ = 1/4."""
    hill = case.objective._replace(matrix=-np.eye(len(case.params), dtype=case.params.dtype))
    quarter = case.state._replace(damping=0 * case.state.damping + 0.25)
    return outcome(port, case, objective=hill, state=quarter, **changed)


@step.law(
    "closed form",
    cases=convex.shaped(shapes((1,), (2,), (3,))).but(state=states(1.25, 0.5, 4.25, warm=False), rtol=0.0),
)
def with_enough_iterations_it_is_newtons_damped_step(port: Any, case: Case) -> Iterable[Fact]:
    """On a convex quadratic n iterations give θ' - θ* = λ(B + λI)⁻¹(θ - θ*): the minimiser itself if λ = 0."""
    enough = {**full, "max_iter": len(case.params)}
    new, _, _ = outcome(port, case, **enough)
    rest = lapack(np.linalg.solve, damped(case), case.params - case.objective.stationary)
    yield equal("params", new, case.objective.stationary + case.state.damping * rest)
    new, state, _ = outcome(port, case, state=case.state._replace(damping=0 * case.state.damping), **enough)
    yield equal("undamped", new, case.objective.stationary)
    yield equal("damping 0", state.damping, np.zeros(()))


@step.law("closed form", cases=steps.but(decay=1.0))
def the_warm_start_is_the_last_iterate(port: Any, case: Case) -> Iterable[Fact]:
    """The next warm start is decay times x_N, bit for bit, whatever backtracking, line search and rate make of it."""
    _, state, _ = outcome(port, case, **full)
    x = state.warm_start
    for decay in (1.0, 0.5, 0.0):
        _, other, _ = outcome(port, case, decay=decay, lr=0.5, linesearch=False, backtracking=False)
        yield identical(f"decay {decay:g}", other.warm_start, decay * x)
    _, searched, report = outcome(port, case, backtracking=True)
    yield identical("backtracked", searched.warm_start, x if report.chosen >= 0 else 0 * x)


@step.law(
    "closed form",
    cases=cold.but(on_nonpositive_curvature="ignore", backtracking=False, adapt_damping=False, lr=choice(1.0, 0.5)),
)
def no_step_is_made_uphill_if_that_is_asked(port: Any, case: Case) -> Iterable[Fact]:
    """Where gᵀs > 0, with `reject_ascent`, the parameters stay, bit for bit, and f is not asked for; otherwise, without
    a line search, the step is made."""
    for linesearch, evaluations in ((False, 1), (True, 2)):
        new, _, report = uphill(port, case, linesearch=linesearch, reject_ascent=True)
        yield identical(f"params, search {linesearch}", new, case.params)
        yield agree(f"evaluations, search {linesearch}", report.evaluations, evaluations)
    new, _, _ = uphill(port, case, linesearch=False, reject_ascent=False)
    yield equal("made", new, case.params - case.lr * 4 * (case.params - case.objective.stationary) / 3)


@step.law("bound", cases=cold.but(linesearch=True))
def from_a_cold_start_the_loss_never_rises(port: Any, case: Case) -> Iterable[Fact]:
    """From x₀ = 0 on a convex quadratic every step lowers f; the loss and damping reported are those of the step."""
    new, _, report = outcome(port, case)
    yield at_least("fall", report.loss, report.final_loss)
    yield equal("after", report.final_loss, case.objective.value(new))
    yield equal("damping", report.damping, case.state.damping)


@step.law("bound", cases=cold)
def damping_bounds_the_step(port: Any, case: Case) -> Iterable[Fact]:
    """From x₀ = 0, ‖x‖ <= ‖g‖/λ, for every number of iterations."""
    new, _, _ = outcome(port, case, **full)
    moved, g = new - case.params, case.objective.gradient(case.params)
    yield at_least("length", np.sum(g * g), case.state.damping**2 * np.sum(moved * moved))


@step.law("fixed point", cases=steps.but(lr=0.0))
def a_rate_of_nothing_moves_nothing_but_the_state(port: Any, case: Case) -> Iterable[Fact]:
    """With lr = 0 the parameters stay, bit for bit, while the warm start becomes what it becomes otherwise."""
    new, state, _ = outcome(port, case)
    yield identical("params", new, case.params)
    _, other, _ = outcome(port, case, lr=1.0)
    yield identical("warm_start", state.warm_start, other.warm_start)


def finer(value: Any, case: Case) -> Any:
    """Return a number divided by 2ᵏ."""
    return value / 2.0**case.power


def squared(value: Any, case: Case) -> Any:
    """Return a number times 4ᵏ."""
    return value * 4.0**case.power


step.symmetry(
    "invariance",
    "loss_and_damping_scale_together",
    "f and λ times 2ᵏ give the same parameters, bit for bit, the same ρ and 2ᵏ times the damping",
    cases=convex.but(power=count(1, 3, low=-10, high=10)),
    inputs={"objective": lambda f, case: f._replace(matrix=scaled(f.matrix, case)), "state.damping": scaled},
    outputs={"params": unchanged, "ratio": unchanged, "damping": scaled},
    same=identical,
)
step.symmetry(
    "equivariance",
    "units_of_the_parameters_do_not_count",
    "With parameters in units of 2ᵏ and λ times 4ᵏ the new parameters, the warm start and the damping are the same in"
    " those units, bit for bit",
    cases=convex.but(power=count(1, 3, low=-10, high=10)),
    inputs={
        "params": finer,
        "objective": lambda f, case: f._replace(matrix=squared(f.matrix, case), stationary=finer(f.stationary, case)),
        "state.warm_start": finer,
        "state.damping": squared,
    },
    outputs={"params": finer, "warm_start": finer, "damping": squared},
    same=identical,
)
step.symmetry(
    "equivariance",
    "steps_do_not_know_their_axes",
    "In turned coordinates, f(Qᵀ·) from Qθ and Qx₀, without a preconditioner, the step is the turned one",
    cases=convex.but(turn=rotation()),
    inputs={
        "params": turned,
        "objective": lambda f, case: f._replace(
            matrix=case.turn @ f.matrix @ case.turn.T, stationary=turned(f.stationary, case)
        ),
        "state.warm_start": turned,
    },
    outputs={"params": turned, "warm_start": turned, "damping": unchanged, "ratio": unchanged},
)


@step.law("conservation", cases=cold.but(variant="code", backtracking=False, lr=1.0))
def evaluations_are_counted(port: Any, case: Case) -> Iterable[Fact]:
    """In "code", without backtracking, f is asked for once at θ, twice for ρ and once at the end; by a line search
    that accepts its first candidate, as on a convex quadratic from x₀ = 0, twice."""
    _, _, report = outcome(port, case, linesearch=False)
    yield agree("no search", report.evaluations, 4)
    _, _, searched = outcome(port, case, linesearch=True)
    yield agree("search", searched.evaluations, 5)


@step.law("rejects", cases=convex)
def from_where_the_loss_is_not_finite_no_step_is_made(port: Any, case: Case) -> Iterable[Fact]:
    """A loss that is not finite is rejected, also where the gradient is finite."""
    f, offset = case.objective, case.params - case.objective.stationary
    fenced = Fenced(f.matrix, f.stationary, np.max(np.abs(offset)) / 2, np.asarray(np.nan, offset.dtype))
    yield rejects("loss", lambda: outcome(port, case, objective=fenced))
