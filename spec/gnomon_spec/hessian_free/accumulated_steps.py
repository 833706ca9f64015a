"""One step with loss, gradient and curvature each accumulated over batches of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from gnomon.curvature.products import Regression, network
from gnomon.hessian_free import accumulation as reference
from gnomon.hessian_free.accumulation import Batch
from gnomon.hessian_free.optimizer import HessianFreeState, Report
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.learning_problems import either, parameters
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.hessian_free.conjugate_gradients import none
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.hessian_free.drawn_objectives import positive_matrix, quadratic, searchable
from gnomon_spec.hessian_free.step import full, states, steps
from gnomon_spec.strategies import SMALL_CODES, VECTORS, shapes
from gnomon_spec.system import WITH_ROOM


def batches(absent: bool = True) -> Quantity:
    """One to three batches of convex quadratics, of one to four examples; or, if it may be `absent`, `None`."""
    objective = quadratic(positive_matrix())

    def draw_batches(draw: Draw, context: Context) -> Any:
        if absent and draw(SMALL_CODES) % 3 == 0:
            return None
        count = 1 + draw(SMALL_CODES) % 3
        return tuple(Batch(objective.draw(draw, context), 1 + draw(SMALL_CODES) % 4) for _ in range(count))

    return Quantity(draw_batches, f"{'None, or ' * absent}one to three batches, one to four examples in each")


several = Cases({name: quantity for name, quantity in steps.quantities.items() if name != "objective"}, VECTORS).but(
    losses=batches(absent=False),
    gradients=batches(),
    curvatures=batches(),
    reduction=choice("mean", "sum"),
    linesearch=searchable(lambda _: False, ""),  # gradient and loss may not fit, and 60 candidates come near 0
    on_nonpositive_curvature=none,
)
lists = several.but(gradients=batches(absent=False), curvatures=batches(absent=False))
whole = several.but(
    gradients=none, curvatures=none, state=states(4.25, 1.25, 64.0, warm=False), preconditioner=none
).shaped(shapes((1,), (2,), (3,)))


acc_step = system.operation(reference.acc_step, cases=several, dtypes=WITH_ROOM)


def outcome(port: Any, case: Case, **changed: Any) -> tuple[Any, HessianFreeState, Report]:
    """Return what a port's accumulated step gives in a case, some of its inputs or hyperparameters changed."""
    names = ("params", "state", "losses", "gradients", "curvatures", "preconditioner")
    inputs = [changed.pop(name, case[name]) for name in names]
    new, state, report = port.acc_step(*inputs, **{**case.hyper, **changed})
    return new, state, report


def joined(parts: Any, reduction: str) -> Any:
    """Return the quadratic that batches of quadratics make, but for a constant."""
    total = sum(b.size for b in parts) if reduction == "mean" else 1
    weights = [(b.size if reduction == "mean" else 1) / total for b in parts]
    matrix = sum(w * b.objective.matrix for w, b in zip(weights, parts, strict=True))
    slope = sum(w * (b.objective.matrix @ b.objective.stationary) for w, b in zip(weights, parts, strict=True))
    return Quadratic(matrix, lapack(np.linalg.solve, matrix, slope))


@acc_step.law("closed form", cases=whole)
def quadratics_in_batches_are_one_quadratic(port: Any, case: Case) -> Iterable[Fact]:
    """Batches of quadratics make the step of Σ N_b·q_b/Σ N_b, or of Σ q_b."""
    hyper = {name: value for name, value in case.hyper.items() if name != "reduction"}
    one = joined(case.losses, case.reduction)
    new, state, report = outcome(port, case)
    expected, after, told = port.oracle.step(case.params, case.state, one, None, **hyper)
    yield equal("params", new, expected)
    yield equal("warm_start", state.warm_start, after.warm_start)
    yield equal("damping", state.damping, after.damping)
    yield equal("ratio", report.ratio, told.ratio)


@acc_step.law("closed form", cases=lists.but(**full, adapt_damping=True, state=states(1.25, 4.25, warm=False)))
def each_list_is_asked_for_its_own(port: Any, case: Case) -> Iterable[Fact]:
    """Losses and ρ come from the first list, b and the slope from the second, B from the third: with n iterations the
    step is -(B + λI)⁻¹g."""
    f, g, B = (joined(part, case.reduction) for part in (case.losses, case.gradients, case.curvatures))
    grad, damping = g.gradient(case.params), case.state.damping
    n = len(case.params)
    s = -lapack(np.linalg.solve, B.matrix + damping * np.eye(n), grad)
    new, _, report = outcome(
        port, case, max_iter=n, rtol=0.0, preconditioner=None, on_increase="ratio", rho_model="undamped", decay=1.0
    )
    yield equal("params", new, case.params + s)
    change = f.value(case.params + s) - f.value(case.params)
    yield equal("losses", report.final_loss - report.loss, change)
    yield equal("ratio", report.ratio, change / (np.sum(grad * s) + np.sum(s * (B.matrix @ s)) / 2))


@acc_step.law("closed form", cases=lists)
def the_loss_reported_is_that_of_the_losses(port: Any, case: Case) -> Iterable[Fact]:
    """f before and after the step are Σ N_b·f_b/Σ N_b, or Σ f_b, over the list of losses."""
    new, _, report = outcome(port, case)
    N = sum(b.size for b in case.losses)
    for label, found, params in (("before", report.loss, case.params), ("after", report.final_loss, new)):
        values = [b.objective.value(params) * (b.size / N if case.reduction == "mean" else 1) for b in case.losses]
        yield equal(label, found, sum(values))


@acc_step.law("invariance", cases=several)
def a_list_that_is_not_given_is_that_of_the_losses(port: Any, case: Case) -> Iterable[Fact]:
    """`None` for gradients or curvatures is the list of losses, bit for bit."""
    new, state, report = outcome(port, case, gradients=None, curvatures=None)
    again, after, told = outcome(port, case, gradients=case.losses, curvatures=case.losses)
    yield identical("params", again, new)
    yield identical("damping", after.damping, state.damping)
    yield identical("ratio", told.ratio, report.ratio)


@acc_step.law("invariance", cases=lists)
def the_order_of_batches_does_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """Each list backwards makes the same step."""
    names = ("losses", "gradients", "curvatures")
    new, state, report = outcome(port, case)
    again, after, told = outcome(port, case, **{name: case[name][::-1] for name in names})
    yield equal("params", again, new)
    yield equal("warm_start", after.warm_start, state.warm_start)
    yield equal("loss", told.loss, report.loss)


@acc_step.law("invariance", cases=lists.but(preconditioner=none))
def batches_twice_count_once_or_twice(port: Any, case: Case) -> Iterable[Fact]:
    """Every batch of each list twice changes nothing for "mean"; for "sum" it is the step of 2f, so that with twice the
    damping the parameters are the same."""
    names = ("losses", "gradients", "curvatures")
    times = 1 if case.reduction == "mean" else 2
    new, state, report = outcome(port, case)
    twice = {name: case[name] * 2 for name in names}
    again, after, told = outcome(port, case, **twice, state=case.state._replace(damping=case.state.damping * times))
    yield equal("params", again, new)
    yield equal("warm_start", after.warm_start, state.warm_start)
    yield equal("loss", told.loss, times * report.loss)
    yield equal("damping", after.damping, times * state.damping)


def partitioned() -> Quantity:
    """The examples of the drawn problem in one or more batches, in order."""

    def draw_partition(draw: Draw, context: Context) -> Any:
        problem, code = context.drawn["problem"], draw(SMALL_CODES)
        N = len(problem.features)
        cuts = [0, *(i for i in range(1, N) if code >> i & 1), N]
        answers = "targets" if isinstance(problem, Regression) else "labels"
        return tuple(
            Batch(
                problem._replace(features=problem.features[a:b], **{answers: getattr(problem, answers)[a:b]}),
                b - a,
            )
            for a, b in pairwise(cuts)
        )

    return Quantity(draw_partition, "the examples of the problem in batches")


def fresh(*dampings: float) -> Quantity:
    """The state before the first step, with one of the dampings."""

    def draw_state(draw: Draw, context: Context) -> HessianFreeState:
        damping = dampings[draw(SMALL_CODES) % len(dampings)]
        n = network(context.drawn["problem"]).dimension
        return HessianFreeState(np.zeros(n, context.dtype), np.asarray(damping, context.dtype))

    return Quantity(draw_state, f"HessianFreeState: warm start 0, damping one of {', '.join(map(str, dampings))}")


learning = Cases(
    {
        "problem": either(((), (1,))),
        "losses": partitioned(),
        "gradients": none,
        "curvatures": none,
        "preconditioner": none,
        "reduction": choice("mean"),
        **{
            name: quantity
            for name, quantity in several.quantities.items()
            if name not in ("losses", "gradients", "curvatures", "preconditioner", "reduction")
        },
        "params": parameters(),
        "state": fresh(4.25, 16.0),
        "max_iter": choice(1, 2, 3),
        "rtol": choice(0.25, 0.0625),
    },
    shapes((2,), (3,), (4,)),
)


@acc_step.law("invariance", cases=learning)
def any_partition_makes_the_step_of_the_whole(port: Any, case: Case) -> Iterable[Fact]:
    """With "mean", the examples of a learning problem in batches make the step of all of them together."""
    hyper = {name: value for name, value in case.hyper.items() if name != "reduction"}
    new, state, report = outcome(port, case)
    expected, after, told = port.oracle.step(case.params, case.state, case.problem, None, **hyper)
    yield equal("params", new, expected)
    yield equal("warm_start", state.warm_start, after.warm_start)
    yield equal("damping", state.damping, after.damping)
    yield equal("loss", report.loss, told.loss)
    yield agree("iterations", report.iterations, told.iterations)


@acc_step.law("rejects", cases=lists)
def lists_that_hold_nothing_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """An empty list is rejected, and a batch of no examples, also beside others."""
    for name in ("losses", "gradients", "curvatures"):
        yield rejects(f"no {name}", partial(outcome, port, case, **{name: ()}))
        nothing = case[name][0]._replace(size=0)
        yield rejects(f"empty batch of {name}", partial(outcome, port, case, **{name: (*case[name], nothing)}))
