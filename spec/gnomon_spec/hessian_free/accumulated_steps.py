"""One step with loss, gradient and curvature each accumulated over batches of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from gnomon.curvature.products import network
from gnomon.hessian_free import accumulation as reference
from gnomon.hessian_free.accumulation import Batch
from gnomon.hessian_free.optimizer import HessianFreeState
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.learning_problems import either, examples, parameters
from gnomon_spec.facts import Fact, equal, identical, rejects
from gnomon_spec.hessian_free.conjugate_gradients import none
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.hessian_free.drawn_objectives import positive_matrix, quadratic, searchable
from gnomon_spec.hessian_free.step import full, states, steps
from gnomon_spec.strategies import SMALL_CODES, VECTORS, shapes
from gnomon_spec.system import WITH_ROOM

LISTS = ("losses", "gradients", "curvatures")


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
alone = {"gradients": none, "curvatures": none, "preconditioner": none}
whole = several.but(state=states(4.25, 1.25, 64.0, warm=False), **alone).shaped(shapes((1,), (2,), (3,)))


def draw_partition(draw: Draw, context: Context) -> Any:
    problem, code = context.drawn["problem"], draw(SMALL_CODES)
    N = len(problem.features)
    cuts = [0, *(i for i in range(1, N) if code >> i & 1), N]
    return tuple(Batch(examples(problem, a, b), b - a) for a, b in pairwise(cuts))


def draw_fresh_state(draw: Draw, context: Context) -> HessianFreeState:
    start = np.zeros(network(context.drawn["problem"]).dimension, context.dtype)
    return HessianFreeState(start, context.dtype.type((4.25, 16.0)[draw(SMALL_CODES) % 2]))


learning = Cases({"problem": either(((), (1,))), **several.quantities}, shapes((2,), (3,), (4,))).but(
    params=parameters(),
    state=Quantity(draw_fresh_state, "HessianFreeState: warm start 0, damping one of 4.25, 16.0"),
    max_iter=choice(1, 2, 3),
    rtol=choice(0.25, 0.0625),
    losses=Quantity(draw_partition, "the examples of the problem in one or more batches"),
    reduction="mean",
    **alone,
)

acc_step = system.operation(reference.acc_step, cases=several, dtypes=WITH_ROOM)
outcome = acc_step.call


def joined(parts: Any, reduction: str) -> Any:
    """Return the quadratic that batches of quadratics make, but for a constant."""
    total = sum(b.size for b in parts)
    weights = [b.size / total if reduction == "mean" else 1 for b in parts]
    matrix = sum(w * b.objective.matrix for w, b in zip(weights, parts, strict=True))
    slope = sum(w * (b.objective.matrix @ b.objective.stationary) for w, b in zip(weights, parts, strict=True))
    return Quadratic(matrix, lapack(np.linalg.solve, matrix, slope))


def as_one_step(port: Any, case: Case, objective: Any) -> Iterable[Fact]:
    """Claim that a port's accumulated step is the oracle's step with one objective."""
    hyper = {name: value for name, value in case.hyper.items() if name != "reduction"}
    new, state, report = outcome(port, case)
    expected, after, told = port.oracle.step(case.params, case.state, objective, None, **hyper)
    yield equal("params", new, expected)
    yield equal("warm_start", state.warm_start, after.warm_start)
    yield equal("damping", state.damping, after.damping)
    yield equal("ratio", report.ratio, told.ratio)


@acc_step.law("closed form", cases=whole)
def quadratics_in_batches_are_one_quadratic(port: Any, case: Case) -> Iterable[Fact]:
    """Batches of quadratics make the step of Σ N_b·q_b/Σ N_b, or of Σ q_b."""
    yield from as_one_step(port, case, joined(case.losses, case.reduction))


@acc_step.law("invariance", cases=learning)
def any_partition_makes_the_step_of_the_whole(port: Any, case: Case) -> Iterable[Fact]:
    """With "mean", the examples of a learning problem in batches make the step of all of them together."""
    yield from as_one_step(port, case, case.problem)


@acc_step.law("closed form", cases=lists.but(**full, adapt_damping=True, state=states(1.25, 4.25, warm=False)))
def each_list_is_asked_for_its_own(port: Any, case: Case) -> Iterable[Fact]:
    """Losses and ρ come from the first list, b and the slope from the second, B from the third: with n iterations the
    step is -(B + λI)⁻¹g."""
    f, g, B = (joined(case[name], case.reduction) for name in LISTS)
    grad, n = g.gradient(case.params), len(case.params)
    s = -lapack(np.linalg.solve, B.matrix + case.state.damping * np.eye(n), grad)
    exact = {"max_iter": n, "rtol": 0.0, "preconditioner": None, "decay": 1.0}
    new, _, report = outcome(port, case, on_increase="ratio", rho_model="undamped", **exact)
    yield equal("params", new, case.params + s)
    change = f.value(case.params + s) - f.value(case.params)
    yield equal("losses", report.final_loss - report.loss, change)
    yield equal("ratio", report.ratio, change / (np.sum(grad * s) + np.sum(s * (B.matrix @ s)) / 2))


@acc_step.law("invariance", cases=several)
def a_list_that_is_not_given_is_that_of_the_losses(port: Any, case: Case) -> Iterable[Fact]:
    """`None` for gradients or curvatures is the list of losses, bit for bit."""
    new, state, report = outcome(port, case, gradients=None, curvatures=None)
    again, after, told = outcome(port, case, gradients=case.losses, curvatures=case.losses)
    yield identical("params", again, new)
    yield identical("damping", after.damping, state.damping)
    yield identical("ratio", told.ratio, report.ratio)


@acc_step.law("invariance", cases=lists.but(preconditioner=none))
def batches_twice_count_once_or_twice(port: Any, case: Case) -> Iterable[Fact]:
    """Every batch of each list twice, in whatever order, changes nothing for "mean"; for "sum" it is the step of 2f, so
    that with twice the damping the parameters are the same."""
    times = 1 if case.reduction == "mean" else 2
    new, state, report = outcome(port, case)
    twice = {name: case[name] + case[name][::-1] for name in LISTS}
    again, after, told = outcome(port, case, **twice, state=case.state._replace(damping=case.state.damping * times))
    yield equal("params", again, new)
    yield equal("warm_start", after.warm_start, state.warm_start)
    yield equal("loss", told.loss, times * report.loss)
    yield equal("damping", after.damping, times * state.damping)


@acc_step.law("rejects", cases=lists)
def lists_that_hold_nothing_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """An empty list is rejected, and a batch of no examples, also beside others."""
    for name in LISTS:
        yield rejects(f"no {name}", partial(outcome, port, case, **{name: ()}))
        nothing = case[name][0]._replace(size=0)
        yield rejects(f"empty batch of {name}", partial(outcome, port, case, **{name: (*case[name], nothing)}))


GIVEN = "curvatures = losses if curvatures is None else curvatures"
LOSS, GRADIENT, CURVATURE = "whole(losses, lambda f: f.value", "whole(gradients, lambda", "whole(curvatures, lambda"
SIZES, WEIGHTED = "sum(int(b.size) for b in batches)", "int(b.size) * quantity(objective_of(b.objective))"
TOTAL = "sum(quantity(objective_of(b.objective)) for b in batches)"
OTHER_SIZES = 'sum(b.size for b in {0}) / sum(b.size for b in losses) if reduction == "mean" else 1'
acc_step.edits(f"""
only_the_first_batch: Of each list only the first batch is used
    `{GIVEN}` → `{GIVEN}\nlosses, gradients, curvatures = losses[:1], gradients[:1], curvatures[:1]`
last_batch_is_dropped: The last batch of each list of several is left out
    `{GIVEN}` → `{GIVEN}\nlosses, gradients, curvatures = (x[:-1] or x for x in (losses, gradients, curvatures))`
absent_lists_hold_one_batch: Where no list is given for gradients or curvature, only the first batch of losses is used
    for them
    `losses if gradients is None` → `losses[:1] if gradients is None`
    `losses if curvatures is None` → `losses[:1] if curvatures is None`
gradients_and_curvatures_taken_for_each_other: The second list is taken for the curvature and the third for the gradient
    `{GIVEN}` → `{GIVEN}\ngradients, curvatures = curvatures, gradients`
loss_over_the_gradients: The loss is accumulated over the list of gradients
    `{LOSS}` → `{LOSS.replace("losses", "gradients")}`
gradient_over_the_losses: The gradient is accumulated over the list of losses
    `{GRADIENT}` → `{GRADIENT.replace("gradients", "losses")}`
curvature_over_the_losses: The curvature is accumulated over the list of losses
    `{CURVATURE}` → `{CURVATURE.replace("curvatures", "losses")}`
curvature_over_the_gradients: The curvature is accumulated over the list of gradients
    `{CURVATURE}` → `{CURVATURE.replace("curvatures", "gradients")}`
batches_count_alike: "mean" is the mean of the batches' means, whatever their sizes are
    `sum({WEIGHTED} for b in batches) / {SIZES}` → `{TOTAL} / len(batches)`
mean_is_not_divided: In "mean" the weighted batches are added up and not divided by the number of examples
    ` / {SIZES}` → ``
every_list_is_divided_by_the_first_ones_size: In "mean" gradient and curvature, too, are divided by the number of
    examples in the list for losses
    `{GRADIENT} f:` → `({OTHER_SIZES.format("gradients")}) * {GRADIENT} f:`
    `{CURVATURE} f:` → `({OTHER_SIZES.format("curvatures")}) * {CURVATURE} f:`
sum_is_divided: In "sum" the sum is divided by the number of examples
    `return {TOTAL}` → `return {TOTAL} / {SIZES}`
empty_batches_are_accepted: A batch of no examples is accepted beside others
    `require_count(f"size of a batch of {{name}}", batch.size, 1)` → `pass`
""")
