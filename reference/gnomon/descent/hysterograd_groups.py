"""HysteroGrad on several parameter groups of several arrays each, and what the optimizer returns of them all.

Source: as `gnomon.descent.hysterograd`, whose `step` is one group whose arrays are concatenated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gnomon.arguments import checked, with_keywords
from gnomon.descent import hysterograd
from gnomon.descent.hysterograd import HysteroGradState, Report
from gnomon.domains import Array, require_floating, require_like
from gnomon.several_arrays import Arrays, cut, join


class GroupState(NamedTuple):
    """What one group remembers: `metrics` holds G of each of its arrays, all else is as in `HysteroGradState`."""

    metrics: Arrays
    path_length: Any
    temperature: Any
    mean_norm: Any
    liquid: bool


class Summary(NamedTuple):
    """What the optimizer returns: "Liquid" if any group moved, else "Frozen"; mean norm and width of all groups."""

    status: str
    norm: Any
    width: Any


def init_groups(groups: tuple[Arrays, ...], *, initial_temp: float = 1.0) -> tuple[GroupState, ...]:
    """Return the state of each group before the first step (see `hysterograd.init`)."""
    states = []
    for group in groups:
        require_group(group)
        numbers = hysterograd.init(group[0], initial_temp=initial_temp)[1:]
        states.append(GroupState(tuple(np.zeros_like(array) for array in group), *numbers))
    return tuple(states)


def require_fitting_groups(given: Mapping[str, Any]) -> None:
    params, grads, states = given["params"], given["grads"], given["states"]
    if not (len(params) == len(grads) == len(states) > 0):
        raise ValueError(
            f"params, grads and states must have the same number >= 1 of groups, got {len(params)}, {len(grads)} "
            f"and {len(states)}"
        )
    for group, some, (metrics, *_) in zip(params, grads, states, strict=True):
        require_group(group)
        if not (len(group) == len(some) == len(metrics)):
            raise ValueError(f"a group of {len(group)} arrays must have as many grads, got {len(some)}")
        for array, grad, metric in zip(group, some, metrics, strict=True):
            if grad is not None:
                require_like("grads", grad, array)
                require_like("states.metrics", metric, array)


def require_group(group: Arrays) -> None:
    """Raise `ValueError` or `TypeError` unless a group has an array, and all of its arrays have one dtype."""
    if len(group) == 0:
        raise ValueError("params must have at least one array in each group, got an empty group")
    for array in group:
        require_floating("params", array)
        if array.dtype != group[0].dtype:
            raise TypeError(f"params must have one dtype in each group, got {group[0].dtype} and {array.dtype}")


@checked(hysterograd.require_known_to_theory, require_fitting_groups)
@with_keywords(hysterograd.step)
def step_groups(
    params: tuple[Arrays, ...],
    grads: tuple[tuple[Array | None, ...], ...],
    states: tuple[GroupState, ...],
    **hyperparameters: Any,
) -> tuple[tuple[Arrays, ...], tuple[GroupState, ...], Summary]:
    """Take one step of every group and return the new parameters, the new states and the summary.

    params: at least one group, each a tuple of at least one array of any shape; one floating-point dtype for all.
    grads: the same nesting; an array whose gradient is `None` is left out (it keeps its value and its G), and a group
    without any gradient is skipped whole: its state does not change, and it counts as Frozen with norm and width 0.
    states: one `GroupState` a group. The hyperparameters and the errors are those of `hysterograd.step`.
    """
    outputs = [step_group(*group, **hyperparameters) for group in zip(params, grads, states, strict=True)]
    new, after, reports = zip(*outputs, strict=True)
    return new, after, summary(reports)


def step_group(
    group: Arrays, grads: tuple[Array | None, ...], state: GroupState, **hyperparameters: Any
) -> tuple[Arrays, GroupState, Report]:
    """Take one step of a group: that of its arrays that have a gradient, laid end to end."""
    present = [i for i, grad in enumerate(grads) if grad is not None]
    if not present:
        zero = group[0].dtype.type(0)
        return group, state, Report(False, zero, zero, group[0].dtype.type(1))
    params, grad, metric = (join(arrays[i] for i in present) for arrays in (group, grads, state.metrics))
    whole = HysteroGradState(metric, *state[1:])
    params, after, report = hysterograd.step(params, grad, whole, **hyperparameters)
    metrics = cut(after.metric, state.metrics, present)
    return cut(params, group, present), GroupState(metrics, *after[1:]), report


def summary(reports: Sequence[Report]) -> Summary:
    """Return the triple of all groups: the status, the mean norm and the mean width.

    reports: one a group, at least one; a group that was skipped counts with norm and width 0.
    """
    status = "Liquid" if any(report.liquid for report in reports) else "Frozen"
    norm = sum(report.norm for report in reports) / len(reports)
    width = sum(report.width for report in reports) / len(reports)
    return Summary(status, norm, width)
