"""HysteroGrad on several parameter groups, and what it returns of them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from gnomon.descent import hysterograd as single
from gnomon.descent import hysterograd_groups as reference
from gnomon.descent.hysterograd import HysteroGradState, Report
from gnomon.descent.hysterograd_groups import GroupState, Summary
from gnomon.domains import require_like
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.hysterograd import OUT_OF_DOMAIN, system
from gnomon_spec.descent.hysterograd_cases import hyperparameters, magnitude, nonzero, or_zeros, some_eps, states
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.strategies import SMALL_CODES, count, fraction, shapes, tame
from gnomon_spec.system import WITH_ROOM

ARRAYS = shapes((2,), (1,), (3,), (2, 2), (), (0,), (1,))
WITH_ENTRIES = shapes((2,), (1,), (3,), (2, 2), ())


def joined(arrays: Iterable[Any]) -> Any:
    """Return arrays of any shapes, at least one, laid end to end."""
    return np.concatenate([array.reshape(-1) for array in arrays])


def cut(vector: Any, like: Iterable[Any]) -> tuple[Any, ...]:
    """Return a vector cut into arrays with the shapes of others."""
    parts, start = [], 0
    for array in like:
        parts.append(vector[start : start + array.size].reshape(array.shape))
        start += array.size
    return tuple(parts)


def present(grads: Sequence[Any]) -> list[int]:
    """Return the places at which a group has a gradient."""
    return [i for i, grad in enumerate(grads) if grad is not None]


def whole(group: Sequence[Any], grads: Sequence[Any], state: GroupState) -> tuple[Any, Any, HysteroGradState]:
    """Return the arrays of a group that have a gradient as one: the inputs of `step`."""
    params, grad, metric = (joined(arrays[i] for i in present(grads)) for arrays in (group, grads, state.metrics))
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
            params, grad = (joined(arrays[i] for i in some) for arrays in (group, grads))
            known = {**context.drawn, "params": params, "grad": grad}
        length = sum(group[i].size for i in some)
        drawn = states(magnitude).draw(draw, Context(context.dtype, (length,), known))
        metrics = [magnitude.draw(draw, context._replace(shape=array.shape)) for array in group]
        for i, metric in zip(some, cut(drawn.metric, [group[i] for i in some]), strict=True):
            metrics[i] = metric
        return GroupState(tuple(metrics), *drawn[1:])

    def draw_states(draw: Draw, context: Context) -> tuple[GroupState, ...]:
        pairs = zip(context.drawn["params"], context.drawn["grads"], strict=True)
        return tuple(of_group(draw, context, group, grads) for group, grads in pairs)

    return Quantity(draw_states, "tuple of a GroupState for each group: fresh, or any, often near the gate")


groups = (
    Cases({"params": groups_of(tame()), "grads": grads_of(or_zeros(tame()))}, shapes(()))
    .but(**hyperparameters.quantities)
    .but(epsilon=some_eps, states=group_states())
)
several = groups.but(params=groups_of(tame(), fewest=2))
complete = several.but(
    params=groups_of(tame(), fewest=2, shape=WITH_ENTRIES),
    grads=grads_of(nonzero, missing=False),
)


def _step_groups_from(step: Callable[..., Any]) -> Callable[..., Any]:
    def of_group(group: Any, grads: Any, state: GroupState, hyper: Any) -> tuple[Any, GroupState, Report]:
        reference.require_group("params", group)
        if not (len(group) == len(grads) == len(state.metrics)):
            raise ValueError(f"a group of {len(group)} arrays must have as many grads, got {len(grads)}")
        some = present(grads)
        for i in some:
            require_like("grads", grads[i], group[i])
            require_like("states.metrics", state.metrics[i], group[i])
        if not some:
            nothing = group[0].dtype.type(0)
            return group, state, Report(False, nothing, nothing, nothing)
        params, after, report = step(*whole(group, grads, state), **hyper)
        like = [group[i] for i in some]
        new, metrics = list(group), list(state.metrics)
        for i, array, metric in zip(some, cut(params, like), cut(after.metric, like), strict=True):
            new[i], metrics[i] = array, metric
        return tuple(new), GroupState(tuple(metrics), *after[1:]), report

    def step_groups(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
        if not (len(params) == len(grads) == len(states) > 0):
            raise ValueError("params, grads and states must have the same number >= 1 of groups")
        stepped = [of_group(*group, hyper) for group in zip(params, grads, states, strict=True)]
        return tuple(s[0] for s in stepped), tuple(s[1] for s in stepped), reference.summary([s[2] for s in stepped])

    return step_groups


step_groups = system.operation(reference.step_groups, cases=groups, dtypes=WITH_ROOM)


def same_group(label: str, got: tuple[Any, GroupState], expected: tuple[Any, GroupState]) -> Iterator[Fact]:
    """Claim that the new arrays of a group and its new state are the expected ones."""
    yield equal(f"params of {label}", joined(got[0]), joined(expected[0]))
    yield equal(f"metrics of {label}", joined(got[1].metrics), joined(expected[1].metrics))
    for name in ("path_length", "temperature", "mean_norm"):
        yield equal(f"{name} of {label}", getattr(got[1], name), getattr(expected[1], name))
    yield agree(f"liquid of {label}", got[1].liquid, expected[1].liquid)


def untouched(label: str, got: tuple[Any, GroupState], before: tuple[Any, GroupState]) -> Iterator[Fact]:
    """Claim that a group and its state kept every bit."""
    yield identical(f"params of {label}", joined(got[0]), joined(before[0]))
    yield identical(f"metrics of {label}", joined(got[1].metrics), joined(before[1].metrics))
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


@step_groups.law("invariance")
def an_array_may_be_cut_within_its_group(port: Any, case: Case) -> Iterable[Fact]:
    """Cutting every array in two pieces of the same group changes nothing: neither the entries nor the summary."""

    def halves(arrays: Sequence[Any]) -> tuple[Any, ...]:
        pieces: list[Any] = []
        for array in arrays:
            flat = None if array is None else array.reshape(-1)
            pieces += [None, None] if flat is None else [flat[: flat.size // 2], flat[flat.size // 2 :]]
        return tuple(pieces)

    new, after, summary = port.step_groups(case.params, case.grads, case.states, **case.hyper)
    params, grads = (tuple(map(halves, groups)) for groups in (case.params, case.grads))
    states = tuple(state._replace(metrics=halves(state.metrics)) for state in case.states)
    cut_up, others, same = port.step_groups(params, grads, states, **case.hyper)
    for i in range(len(case.params)):
        yield from same_group(f"group {i + 1}", (cut_up[i], others[i]), (new[i], after[i]))
    yield equal("norm", same.norm, summary.norm)
    yield equal("width", same.width, summary.width)


@step_groups.law("invariance", cases=several)
def groups_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """Each group moves, and remembers, as if it were alone."""
    new, after, _ = port.step_groups(case.params, case.grads, case.states, **case.hyper)
    for i, alone in enumerate(each_alone(port, case)):
        yield from same_group(f"group {i + 1}", (new[i], after[i]), (alone[0][0], alone[1][0]))


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
        yield identical("params of the frozen group", joined(new[place]), joined(case.params[0]))
        yield agree("frozen group", after[place].liquid, False)
        yield agree("liquid group", after[1 - place].liquid, True)
        yield agree("status", summary.status, "Liquid")


@step_groups.law("conservation")
def an_array_without_a_gradient_is_left_out(port: Any, case: Case) -> Iterable[Fact]:
    """An array without a gradient keeps every bit of its value and of its G; its group does as if it had none such."""
    new, after, _ = port.step_groups(case.params, case.grads, case.states, **case.hyper)
    for i, (group, grads, state) in enumerate(zip(case.params, case.grads, case.states, strict=True)):
        some = present(grads)
        for j in range(len(group)):
            if j not in some:
                yield identical(f"array {j + 1} of group {i + 1}", new[i][j], group[j])
                yield identical(f"metric {j + 1} of group {i + 1}", after[i].metrics[j], state.metrics[j])
        if some:
            kept = [tuple(arrays[j] for j in some) for arrays in (group, grads, state.metrics)]
            short = (kept[0],), (kept[1],), (state._replace(metrics=kept[2]),)
            (params,), (expected,), _ = port.step_groups(*short, **case.hyper)
            metrics = tuple(after[i].metrics[j] for j in some)
            got = tuple(new[i][j] for j in some), after[i]._replace(metrics=metrics)
            yield from same_group(f"group {i + 1}", got, (params, expected))


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


@step_groups.law("fixed point", cases=groups.but(grads=grads_of(choice(None), missing=False)))
def without_any_gradient_nothing_changes(port: Any, case: Case) -> Iterable[Fact]:
    """If no group has a gradient every group keeps every bit, and the summary is "Frozen" with norm and width 0."""
    new, after, summary = port.step_groups(case.params, case.grads, case.states, **case.hyper)
    for i, before in enumerate(zip(case.params, case.states, strict=True)):
        yield from untouched(f"group {i + 1}", (new[i], after[i]), before)
    yield agree("status", summary.status, "Frozen")
    yield identical("norm", summary.norm, np.zeros(()))
    yield identical("width", summary.width, np.zeros(()))


@step_groups.law("equivariance", cases=several)
def groups_and_arrays_do_not_know_their_place(port: Any, case: Case) -> Iterable[Fact]:
    """The groups, and the arrays in each, in the reverse order give their results in the reverse order."""
    new, after, summary = port.step_groups(case.params, case.grads, case.states, **case.hyper)
    params, grads = (tuple(group[::-1] for group in groups[::-1]) for groups in (case.params, case.grads))
    states = tuple(state._replace(metrics=state.metrics[::-1]) for state in case.states[::-1])
    moved, others, same = port.step_groups(params, grads, states, **case.hyper)
    for i, state in enumerate(others[::-1]):
        got = moved[::-1][i][::-1], state._replace(metrics=state.metrics[::-1])
        yield from same_group(f"group {i + 1}", got, (new[i], after[i]))
    yield agree("status", same.status, summary.status)
    yield equal("norm", same.norm, summary.norm)
    yield equal("width", same.width, summary.width)


@step_groups.law("conservation", cases=complete.but(bad=choice(float("nan"), float("inf"))))
def a_gradient_that_is_no_number_kills_its_own_group(port: Any, case: Case) -> Iterable[Fact]:
    """A NaN or an infinity freezes its own group and makes the mean norm NaN; the other groups do as without it."""
    first, *others = case.grads
    poisoned = (case.bad * np.ones_like(first[0]), *first[1:])
    new, after, summary = port.step_groups(case.params, (poisoned, *others), case.states, **case.hyper)
    expected, states, _ = port.step_groups(case.params[1:], case.grads[1:], case.states[1:], **case.hyper)
    yield identical("params of the first group", joined(new[0]), joined(case.params[0]))
    yield agree("liquid of the first group", after[0].liquid, False)
    for i in range(1, len(new)):
        yield from same_group(f"group {i + 1}", (new[i], after[i]), (expected[i - 1], states[i - 1]))
    yield identical("norm", summary.norm, np.array(np.nan))
    yield agree("status", summary.status, "Liquid" if any(state.liquid for state in after[1:]) else "Frozen")


@step_groups.law("rejects", cases=groups.but(variant="head"))
def hyperparameters_out_of_their_domain_move_no_group(port: Any, case: Case) -> Iterable[Fact]:
    """Every hyperparameter out of its domain is rejected, even if no group has a gradient."""
    nothing = tuple((None,) * len(group) for group in case.params)
    for name, values in OUT_OF_DOMAIN.items():
        hyper = {**case.hyper, name: values[0]}
        for label, grads in (("", case.grads), (" without gradients", nothing)):
            call = partial(port.step_groups, case.params, grads, case.states, **hyper)
            yield rejects(f"{name} = {values[0]}{label}", call)


@step_groups.law("rejects", cases=complete)
def groups_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """No group, an empty group, a gradient, a metric or a state too few, and arrays of another shape are rejected."""
    params, grads, states = case.params, case.grads, case.states
    long = np.ones(params[0][0].size + 2, grads[0][0].dtype)
    other_grads = ((long, *grads[0][1:]), *grads[1:])
    other_metrics = (states[0]._replace(metrics=(long, *states[0].metrics[1:])), *states[1:])
    metric_too_few = (states[0]._replace(metrics=states[0].metrics[1:]), *states[1:])
    empty = (states[0]._replace(metrics=()), *states[1:])
    for label, inputs in (
        ("no group", ((), (), ())),
        ("an empty group", (((), *params[1:]), ((), *grads[1:]), empty)),
        ("a group of gradients too few", (params, grads[1:], states)),
        ("a gradient too few", (params, (grads[0][1:], *grads[1:]), states)),
        ("a state too few", (params, grads, states[1:])),
        ("a metric too few", (params, grads, metric_too_few)),
        ("a gradient of another shape", (params, other_grads, states)),
        ("a metric of another shape", (params, grads, other_metrics)),
    ):
        yield rejects(label, partial(port.step_groups, *inputs, **case.hyper))


def fits(params: Any, grads: Any, states: Any) -> bool:
    """Return whether there is a state and a tuple of gradients for each group, so that a wrong port can go on."""
    return len(params) == len(grads) == len(states) > 0 and all(
        len(group) == len(given) == len(state.metrics) > 0
        for group, given, state in zip(params, grads, states, strict=True)
    )


def _mean(parts: Sequence[Summary]) -> Summary:
    reports = [Report(part.status == "Liquid", part.norm, part.width, part.norm) for part in parts]
    return reference.summary(reports) if reports else Summary("Frozen", 0.0, 0.0)


def _summaries(params: Any, grads: Any, states: Any, hyper: Any) -> list[Summary]:
    """Return the summary of each group alone."""
    groups = zip(params, grads, states, strict=True)
    return [reference.step_groups((p,), (g,), (s,), **hyper)[2] for p, g, s in groups]


@system.mistake("step_groups")
def groups_share_one_gate(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """If any group is liquid all are moved."""
    moved, states_after, summary = reference.step_groups(params, grads, states, **hyper)
    if summary.status == "Frozen":
        return moved, states_after, summary
    new, after = list(moved), list(states_after)
    for i, (group, given, state) in enumerate(zip(params, grads, states, strict=True)):
        if present(given) and not after[i].liquid:
            free = {**hyper, "stiffening_factor": 0.0}
            (new[i],), (after[i],), _ = reference.step_groups((group,), (given,), (state,), **free)
    return tuple(new), tuple(after), summary


@system.mistake("step_groups")
def every_array_has_a_gate(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """Each array is compared with the barrier by its own norm; path and mean norm are those of the group."""
    _, after, summary = reference.step_groups(params, grads, states, **hyper)
    new = []
    for group, given, state in zip(params, grads, states, strict=True):
        arrays = list(group)
        for j in present(given):
            kept = state._replace(metrics=(state.metrics[j],))
            ((arrays[j],),), _, _ = reference.step_groups(((group[j],),), ((given[j],),), (kept,), **hyper)
        new.append(tuple(arrays))
    return tuple(new), after, summary


@system.mistake("step_groups")
def summary_of_the_last_group(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """Status, norm and width are those of the last group: each group's overwrite those of the one before."""
    new, after, _ = reference.step_groups(params, grads, states, **hyper)
    return new, after, _summaries(params, grads, states, hyper)[-1]


@system.mistake("step_groups")
def missing_gradients_taken_for_zeros(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """A missing gradient is replaced by zeros: G fades, and a group that should be skipped cools."""
    if fits(params, grads, states):
        grads = tuple(
            tuple(np.zeros_like(array) if grad is None else grad for array, grad in zip(group, given, strict=True))
            for group, given in zip(params, grads, strict=True)
        )
    return reference.step_groups(params, grads, states, **hyper)


@system.mistake("step_groups")
def bad_hyperparameters_replaced(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """A hyperparameter out of its domain is silently replaced by its default."""
    usual = step_groups.hyperparameters

    def is_bad(name: str) -> bool:
        try:
            single.require_hyperparameters(**{**usual, name: hyper[name]})
        except (TypeError, ValueError):
            return True
        return False

    used = {name: usual[name] if is_bad(name) else value for name, value in hyper.items()}
    return reference.step_groups(params, grads, states, **used)


@system.mistake("step_groups")
def groups_do_not_have_to_fit(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """Groups and arrays that have no partner are silently left out."""
    n = min(len(params), len(grads), len(states))
    new, after, parts = list(params), list(states), []
    for i in range(n):
        arrays, metrics = list(params[i]), list(states[i].metrics)
        fitting = [
            j
            for j, grad in enumerate(grads[i][: min(len(arrays), len(metrics))])
            if grad is None or grad.shape == arrays[j].shape == metrics[j].shape
        ]
        if not fitting:
            continue
        group, given, kept = (tuple(x[j] for j in fitting) for x in (arrays, grads[i], metrics))
        part = reference.step_groups((group,), (given,), (states[i]._replace(metrics=kept),), **hyper)
        for j, array, metric in zip(fitting, part[0][0], part[1][0].metrics, strict=True):
            arrays[j], metrics[j] = array, metric
        new[i], after[i] = tuple(arrays), part[1][0]._replace(metrics=tuple(metrics))
        parts.append(part[2])
    return tuple(new), tuple(after), _mean(parts)


@system.mistake("step_groups")
def mean_over_active_groups(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """Norm and width are means over the groups that have a gradient, not over all."""
    new, after, summary = reference.step_groups(params, grads, states, **hyper)
    share = sum(bool(present(given)) for given in grads) / len(params)
    return new, after, summary._replace(norm=summary.norm / (share or 1.0), width=summary.width / (share or 1.0))


@system.mistake("step_groups")
def sums_instead_of_means(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """Norm and width of all groups are added up and not divided by their number."""
    new, after, summary = reference.step_groups(params, grads, states, **hyper)
    return new, after, summary._replace(norm=summary.norm * len(params), width=summary.width * len(params))


@system.mistake("step_groups")
def norm_of_all_groups_together(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """The norm returned is the length over all groups instead of the mean of their lengths."""
    new, after, summary = reference.step_groups(params, grads, states, **hyper)
    parts = _summaries(params, grads, states, hyper)
    return new, after, summary._replace(norm=np.sqrt(sum(part.norm * part.norm for part in parts)))


@system.mistake("step_groups")
def liquid_only_if_all_groups_are(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """The status is "Liquid" only if every group is."""
    new, after, summary = reference.step_groups(params, grads, states, **hyper)
    is_liquid = all(part.status == "Liquid" for part in _summaries(params, grads, states, hyper))
    return new, after, summary._replace(status="Liquid" if is_liquid else "Frozen")


@system.mistake("step_groups")
def groups_stepped_as_one(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """All groups are one: one norm, one gate, and the numbers of the first group's state for all."""
    if not fits(params, grads, states):
        return reference.step_groups(params, grads, states, **hyper)
    together = GroupState(tuple(m for state in states for m in state.metrics), *states[0][1:])
    flat = tuple(array for group in params for array in group), tuple(grad for given in grads for grad in given)
    (arrays,), (state,), summary = reference.step_groups((flat[0],), (flat[1],), (together,), **hyper)
    new, after, start = [], [], 0
    for group in params:
        end = start + len(group)
        new.append(arrays[start:end])
        after.append(GroupState(state.metrics[start:end], *state[1:]))
        start = end
    return tuple(new), tuple(after), summary


@system.mistake("step_groups")
def numbers_of_the_first_group_for_all(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """Path, temperature and mean norm are kept once, with the first group, and read by all."""
    if fits(params, grads, states):
        pairs = zip(states, grads, strict=True)
        states = tuple(GroupState(state.metrics, *states[0][1:]) if present(g) else state for state, g in pairs)
    return reference.step_groups(params, grads, states, **hyper)


@system.mistake("step_groups")
def one_missing_gradient_skips_the_group(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """A group is skipped as soon as one of its arrays has no gradient."""
    given = tuple((None,) * len(group) if any(grad is None for grad in group) else group for group in grads)
    return reference.step_groups(params, given, states, **hyper)


@system.mistake("step_groups")
def skipped_groups_cool(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """The temperature of a group without any gradient is cooled."""
    new, after, summary = reference.step_groups(params, grads, states, **hyper)
    cooled = (
        state if present(given) else state._replace(temperature=hyper["cooling_rate"] * state.temperature)
        for state, given in zip(after, grads, strict=True)
    )
    return new, tuple(cooled), summary


@system.mistake("step_groups")
def groups_after_a_skipped_one_left_out(params: Any, grads: Any, states: Any, **hyper: Any) -> Any:
    """The loop ends at the first group without a gradient instead of going on with the next."""
    if fits(params, grads, states):
        first = next((i for i, given in enumerate(grads) if not present(given)), len(grads))
        grads = tuple(given if i < first else (None,) * len(given) for i, given in enumerate(grads))
    return reference.step_groups(params, grads, states, **hyper)
