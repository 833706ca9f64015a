"""HysteroGrad on several parameter groups, and what it returns of them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from gnomon.descent import hysterograd_groups as reference
from gnomon.descent.hysterograd import HysteroGradState
from gnomon.descent.hysterograd_groups import GroupState
from gnomon.several_arrays import cut, join
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.hysterograd import system
from gnomon_spec.descent.hysterograd_cases import hyperparameters, magnitude, or_zeros, some_eps, states
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import SMALL_CODES, count, fraction, nonzero, poisons, shapes, tame
from gnomon_spec.system import WITH_ROOM, Misfits

ARRAYS = shapes((2,), (1,), (3,), (2, 2), (), (0,), (1,))
WITH_ENTRIES = shapes((2,), (1,), (3,), (2, 2), ())


def present(grads: Sequence[Any]) -> list[int]:
    """Return the places at which a group has a gradient."""
    return [i for i, grad in enumerate(grads) if grad is not None]


def whole(group: Sequence[Any], grads: Sequence[Any], state: GroupState) -> tuple[Any, Any, HysteroGradState]:
    """Return the arrays of a group that have a gradient as one: the inputs of `step`."""
    params, grad, metric = (join(arrays[i] for i in present(grads)) for arrays in (group, grads, state.metrics))
    return params, grad, HysteroGradState(metric, *state[1:])


def groups_of(quantity: Quantity, *, fewest: int = 1, shape: Quantity = ARRAYS) -> Quantity:
    """A tuple of at most three groups, each a tuple of one to three arrays."""

    def draw_groups(draw: Draw, context: Context) -> tuple[tuple[Any, ...], ...]:
        few = count(2, 1, 3, low=1, high=3)
        return tuple(
            tuple(
                quantity.draw(draw, context._replace(shape=shape.draw(draw, context)))
                for _ in range(few.draw(draw, context))
            )
            for _ in range(count(2, 3, low=fewest, high=3).draw(draw, context))
        )

    return Quantity(draw_groups, f"tuple of {fewest} to 3 groups of 1 to 3 arrays, each: {quantity.text}")


def grads_of(quantity: Quantity, *, missing: bool = True) -> Quantity:
    """Gradients for the groups drawn before; `None` for some arrays, and for all of a group one time in six."""

    def draw_grads(draw: Draw, context: Context) -> tuple[tuple[Any, ...], ...]:
        def of_group(group: tuple[Any, ...]) -> tuple[Any, ...]:
            is_skipped = missing and draw(SMALL_CODES) % 6 == 5
            return tuple(
                None
                if is_skipped or (missing and draw(SMALL_CODES) % 4 == 3)
                else quantity.draw(draw, context._replace(shape=array.shape))
                for array in group
            )

        return tuple(of_group(group) for group in context.drawn["params"])

    text = f"for each array: {quantity.text}"
    return Quantity(draw_grads, f"{text}; or None" if missing else text)


def group_states() -> Quantity:
    """A `GroupState` for each group drawn before: as `states` draws it for the arrays that have a gradient."""

    def of_group(draw: Draw, context: Context, group: Any, grads: Any) -> GroupState:
        some = present(grads)
        known: dict[str, Any] = {}
        if some:
            params, grad = (join(arrays[i] for i in some) for arrays in (group, grads))
            known = {**context.drawn, "params": params, "grad": grad}
        length = sum(group[i].size for i in some)
        drawn = states(magnitude).draw(draw, Context(context.dtype, (length,), known))
        metrics = [magnitude.draw(draw, context._replace(shape=array.shape)) for array in group]
        return GroupState(cut(drawn.metric, metrics, some), *drawn[1:])

    def draw_states(draw: Draw, context: Context) -> tuple[GroupState, ...]:
        pairs = zip(context.drawn["params"], context.drawn["grads"], strict=True)
        return tuple(of_group(draw, context, group, grads) for group, grads in pairs)

    return Quantity(draw_states, "tuple of a GroupState for each group: fresh, or any, often near the gate")


groups = (
    Cases({"params": groups_of(tame()), "grads": grads_of(or_zeros(tame()))}, shapes(()))
    .but(**hyperparameters.quantities)
    .but(eps=some_eps, states=group_states())
)
several = groups.but(params=groups_of(tame(), fewest=2))
complete = several.but(params=groups_of(tame(), fewest=2, shape=WITH_ENTRIES), grads=grads_of(nonzero, missing=False))


step_groups = system.operation(reference.step_groups, cases=groups, rejecting=groups, dtypes=WITH_ROOM)


def same_group(label: str, got: tuple[Any, GroupState], expected: tuple[Any, GroupState]) -> Iterator[Fact]:
    """Claim that the new arrays of a group and its new state are the expected ones."""
    yield equal(f"params of {label}", join(got[0]), join(expected[0]))
    yield equal(f"metrics of {label}", join(got[1].metrics), join(expected[1].metrics))
    for name in ("path_length", "temperature", "mean_norm"):
        yield equal(f"{name} of {label}", getattr(got[1], name), getattr(expected[1], name))
    yield agree(f"liquid of {label}", got[1].liquid, expected[1].liquid)


def untouched(label: str, got: tuple[Any, GroupState], before: tuple[Any, GroupState]) -> Iterator[Fact]:
    """Claim that a group and its state kept every bit."""
    yield identical(f"params of {label}", join(got[0]), join(before[0]))
    yield identical(f"metrics of {label}", join(got[1].metrics), join(before[1].metrics))
    for name in ("path_length", "temperature", "mean_norm", "liquid"):
        yield identical(f"{name} of {label}", getattr(got[1], name), getattr(before[1], name))


@step_groups.law("invariance")
def a_group_makes_one_step_of_all_its_arrays(port: Any, case: Case) -> Iterable[Fact]:
    """Each group does what `step` does with its arrays laid end to end: one norm and one gate for all of them."""
    new, after, _ = port.step_groups(case.params, case.grads, case.states, **case.hyper)
    for i, (group, grads, state) in enumerate(zip(case.params, case.grads, case.states, strict=True)):
        some = present(grads)
        if some:
            params, expected, _ = port.step(*whole(group, grads, state), **case.hyper)
            metrics = tuple(after[i].metrics[j] for j in some)
            got = [new[i][j] for j in some], after[i]._replace(metrics=metrics)
            yield from same_group(f"group {i + 1}", got, ([params], GroupState((expected.metric,), *expected[1:])))


def each_alone(port: Any, case: Case) -> list[Any]:
    """Return what each group does when it is the only one."""
    inputs = zip(case.params, case.grads, case.states, strict=True)
    return [port.step_groups((group,), (grads,), (state,), **case.hyper) for group, grads, state in inputs]


@step_groups.law("closed form", cases=several)
def the_summary_is_of_all_groups(port: Any, case: Case) -> Iterable[Fact]:
    """The status is "Liquid" if any group is alone, norm and width are the means of what the groups have alone; a
    group without a gradient counts, with 0."""
    _, _, summary = port.step_groups(case.params, case.grads, case.states, **case.hyper)
    alone = [outputs[2] for outputs in each_alone(port, case)]
    status = "Liquid" if any(one.status == "Liquid" for one in alone) else "Frozen"
    yield agree("status", summary.status, status)
    yield equal("norm", summary.norm, sum(one.norm for one in alone) / len(alone))
    yield equal("width", summary.width, sum(one.width for one in alone) / len(alone))


def _shut_and_open(case: Case) -> tuple[GroupState, GroupState]:
    """Return a state beyond the leash, τ = (2/(1-β))², T = E = 0, for the first group; and T = 4 for the second."""
    first, second = case.states[:2]
    nothing = 0 * first.temperature
    shut = {"path_length": (2 / (1 - case.beta)) ** 2 + nothing, "temperature": nothing, "mean_norm": nothing}
    return first._replace(**shut), second._replace(temperature=4 + nothing)


one_barrier = complete.but(
    adaptive_threshold=True,
    stiffening_factor=1.0,
    hysteresis_scale=1.0,
    release_ratio=1.0,
    cooling_rate=choice(1.0, 0.5, 0.75),
    beta=fraction(0.5, 0.9, 0.0, closest=6),
)


@step_groups.law("conservation", cases=one_barrier)
def each_group_has_a_gate_of_its_own(port: Any, case: Case) -> Iterable[Fact]:
    """Beside a group that no gradient can thaw, one without a barrier is liquid: the first keeps every bit, and the
    status of both is "Liquid", in either order."""
    params, grads, states = case.params[:2], case.grads[:2], _shut_and_open(case)
    for order, place in ((slice(None), 0), (slice(None, None, -1), 1)):
        new, after, summary = port.step_groups(params[order], grads[order], states[order], **case.hyper)
        yield identical("params of the frozen group", join(new[place]), join(case.params[0]))
        yield agree("frozen group", after[place].liquid, False)
        yield agree("liquid group", after[1 - place].liquid, True)
        yield agree("status", summary.status, "Liquid")


@step_groups.law("conservation")
def an_array_without_a_gradient_is_left_out(port: Any, case: Case) -> Iterable[Fact]:
    """An array without a gradient keeps every bit of its value and of its G."""
    new, after, _ = port.step_groups(case.params, case.grads, case.states, **case.hyper)
    for i, (group, grads, state) in enumerate(zip(case.params, case.grads, case.states, strict=True)):
        for j in set(range(len(group))).difference(present(grads)):
            yield identical(f"array {j + 1} of group {i + 1}", new[i][j], group[j])
            yield identical(f"metric {j + 1} of group {i + 1}", after[i].metrics[j], state.metrics[j])


@step_groups.law("conservation", cases=several)
def a_group_without_any_gradient_is_skipped(port: Any, case: Case) -> Iterable[Fact]:
    """A group without any gradient keeps every bit of its state, T included, and counts as frozen with n = h = 0."""
    grads = ((None,) * len(case.params[0]), *case.grads[1:])
    new, after, summary = port.step_groups(case.params, grads, case.states, **case.hyper)
    yield from untouched("the skipped group", (new[0], after[0]), (case.params[0], case.states[0]))
    _, _, others = port.step_groups(case.params[1:], case.grads[1:], case.states[1:], **case.hyper)
    share = (len(case.params) - 1) / len(case.params)
    yield agree("status", summary.status, others.status)
    yield equal("norm", summary.norm, share * others.norm)
    yield equal("width", summary.width, share * others.width)


@step_groups.law("conservation", cases=complete.but(bad=poisons))
def a_gradient_that_is_no_number_kills_its_own_group(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN or an infinity freezes its own group and makes the mean norm NaN; the other groups do as without it."""
    first, *others = case.grads
    poisoned = (case.bad * np.ones_like(first[0]), *first[1:])
    new, after, summary = port.step_groups(case.params, (poisoned, *others), case.states, **case.hyper)
    expected, states, _ = port.step_groups(case.params[1:], case.grads[1:], case.states[1:], **case.hyper)
    yield identical("params of the first group", join(new[0]), join(case.params[0]))
    yield agree("liquid of the first group", after[0].liquid, False)
    for i in range(1, len(new)):
        yield from same_group(f"group {i + 1}", (new[i], after[i]), (expected[i - 1], states[i - 1]))
    yield identical("norm", summary.norm, np.array(np.nan))
    yield agree("status", summary.status, "Liquid" if any(state.liquid for state in after[1:]) else "Frozen")


@step_groups.misfits(cases=complete)
def groups_that_do_not_fit_are_rejected(case: Case) -> Misfits:
    """No group, an empty group, a gradient, a metric or a state too few, and arrays of another shape are rejected."""
    params, grads, states = case.params, case.grads, case.states
    long = np.ones(params[0][0].size + 2, grads[0][0].dtype)
    other_grads = ((long, *grads[0][1:]), *grads[1:])
    other_metrics = (states[0]._replace(metrics=(long, *states[0].metrics[1:])), *states[1:])
    metric_too_few = (states[0]._replace(metrics=states[0].metrics[1:]), *states[1:])
    empty = (states[0]._replace(metrics=()), *states[1:])
    return {
        "no group": {"params": (), "grads": (), "states": ()},
        "an empty group": {"params": ((), *params[1:]), "grads": ((), *grads[1:]), "states": empty},
        "a group of gradients too few": {"grads": grads[1:]},
        "a gradient too few": {"grads": (grads[0][1:], *grads[1:])},
        "a state too few": {"states": states[1:]},
        "a metric too few": {"states": metric_too_few},
        "a gradient of another shape": {"grads": other_grads},
        "a metric of another shape": {"states": other_metrics},
    }


RETURN = "return new, after, summary(reports)"
MEAN = "sum(report.norm for report in reports) / len(reports)"

step_groups.edits(f"""
groups_share_one_gate: If any group is liquid all are moved
    `{RETURN}` → `if any(report.liquid for report in reports):
            free = {{**hyperparameters, 'stiffening_factor': 0.0}}
            outputs = [step_group(*group, **free) for group in zip(params, grads, states, strict=True)]
            new, after, _ = zip(*outputs, strict=True)
        {RETURN}`
every_array_has_a_gate: Each array is compared with the barrier by its own norm; path and mean norm are those of the
    group
    `return cut(params, group, present),` →
        `alone = ((group[i], grads[i], HysteroGradState(state.metrics[i], *state[1:])) for i in present)
        new = join(hysterograd.step(*arrays, **hyperparameters)[0] for arrays in alone)
        return cut(new, group, present),`
summary_of_the_last_group: Status, norm and width are those of the last group: each group's overwrite those of the one
    before
    `{RETURN}` → `{RETURN.replace("reports", "reports[-1:]")}`
mean_over_active_groups: Norm and width are means over the groups that have a gradient, not over all
    `{RETURN}` → `active = [r for r, some in zip(reports, grads) if any(grad is not None for grad in some)]
        {RETURN.replace("reports", "active or reports")}`
sums_instead_of_means: Norm and width of all groups are added up and not divided by their number
    ` / len(reports)` → ``
norm_of_all_groups_together: The norm returned is the length over all groups instead of the mean of their lengths
    `{MEAN}` → `np.sqrt(sum(report.norm * report.norm for report in reports))`
liquid_only_if_all_groups_are: The status is "Liquid" only if every group is
    `any(` → `all(`
one_missing_gradient_skips_the_group: A group is skipped as soon as one of its arrays has no gradient
    `if not present` → `if len(present) < len(group)`
skipped_groups_cool: The temperature of a group without any gradient is cooled
    `group, state, Report(` →
        `group, state._replace(temperature=hyperparameters['cooling_rate'] * state.temperature), Report(`
""")
step_groups.edits(
    """
missing_gradients_taken_for_zeros: A missing gradient is replaced by zeros: G fades, and a group that should be skipped
    cools
    `` → `grads = tuple(np.zeros_like(x) if grad is None else grad for x, grad in zip(group, grads, strict=True))`
""",
    within=reference.step_group,
)
step_groups.edits("""
numbers_of_the_first_group_for_all: Path, temperature and mean norm are kept once, with the first group, and read by all
    `` → `states = tuple(GroupState(state.metrics, *states[0][1:]) for state in states)`
groups_after_a_skipped_one_left_out: The loop ends at the first group without a gradient instead of going on with the
    next
    `` → `skipped = np.cumsum([all(grad is None for grad in given) for given in grads])
        grads = tuple((None,) * len(given) if skipped[i] else given for i, given in enumerate(grads))`
""")


@system.mistake("step_groups")
def groups_stepped_as_one(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """All groups are one: one norm, one gate, and the numbers of the first group's state for all."""
    groups = (params, grads, [state.metrics for state in states])
    flat, given, metrics = (tuple(array for group in of_all for array in group) for of_all in groups)
    arrays, after, report = reference.step_group(flat, given, GroupState(metrics, *states[0][1:]), **hyper)
    ends = np.cumsum([len(group) for group in params])
    parts = [slice(end - len(group), end) for group, end in zip(params, ends, strict=True)]
    new_states = tuple(after._replace(metrics=after.metrics[part]) for part in parts)
    return tuple(arrays[part] for part in parts), new_states, reference.summary([report])
