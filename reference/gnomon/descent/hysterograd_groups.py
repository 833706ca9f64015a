"""HysteroGrad on several parameter groups of several arrays each, and what the optimizer returns of them all.

Source: as `gnomon.descent.hysterograd`, whose `step` is one group whose arrays are concatenated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import hysterograd
from gnomon.descent.hysterograd import HysteroGradState, Report
from gnomon.domains import Array, require_floating, require_like

Group = tuple[Array, ...]


class GroupState(NamedTuple):
    """What one group remembers: `metrics` holds G of each of its arrays, all else is as in `HysteroGradState`."""

    metrics: Group
    path_length: Any
    temperature: Any
    mean_norm: Any
    liquid: bool


class Summary(NamedTuple):
    """What the optimizer returns: "Liquid" if any group moved, else "Frozen"; mean norm and width of all groups."""

    status: str
    norm: Any
    width: Any


def init_groups(groups: tuple[Group, ...], *, initial_temp: float = 1.0) -> tuple[GroupState, ...]:
    """Return the state of each group before the first step (see `hysterograd.init`)."""
    states = []
    for group in groups:
        require_group("params", group)
        _, tau, temperature, mean_norm, liquid = hysterograd.init(group[0], initial_temp=initial_temp)
        metrics = tuple(np.zeros_like(array) for array in group)
        states.append(GroupState(metrics, tau, temperature, mean_norm, liquid))
    return tuple(states)


def step_groups(
    params: tuple[Group, ...],
    grads: tuple[tuple[Array | None, ...], ...],
    states: tuple[GroupState, ...],
    *,
    lr: float = 1e-3,
    stiffening_factor: float = 0.01,
    beta: float = 0.99,
    epsilon: float = 1e-7,
    cooling_rate: float = 0.99,
    metric_scale: float = 1.0,
    adaptive_threshold: bool = True,
    grad_clip: float | None = None,
    hysteresis_scale: float = 1.0,
    release_ratio: float = 1.0,
    variant: str = "head",
) -> tuple[tuple[Group, ...], tuple[GroupState, ...], Summary]:
    """Take one step of every group and return the new parameters, the new states and the summary.

    params: at least one group, each a tuple of at least one array of any shape; one floating-point dtype for all.
    grads: the same nesting; an array whose gradient is `None` is left out (it keeps its value and its G), and a group
    without any gradient is skipped whole: its state does not change, and it counts as Frozen with norm and width 0.
    states: one `GroupState` a group. The hyperparameters and the errors are those of `hysterograd.step`.
    """
    if not (len(params) == len(grads) == len(states) > 0):
        raise ValueError(
            f"params, grads and states must have the same number >= 1 of groups, got {len(params)}, {len(grads)} "
            f"and {len(states)}"
        )
    hyper = {
        "lr": lr,
        "stiffening_factor": stiffening_factor,
        "beta": beta,
        "epsilon": epsilon,
        "cooling_rate": cooling_rate,
        "metric_scale": metric_scale,
        "adaptive_threshold": adaptive_threshold,
        "grad_clip": grad_clip,
        "hysteresis_scale": hysteresis_scale,
        "release_ratio": release_ratio,
        "variant": variant,
    }
    hysterograd.require_hyperparameters(**hyper)  # type: ignore[arg-type]
    stepped = [_step_group(*group, hyper) for group in zip(params, grads, states, strict=True)]
    return tuple(s[0] for s in stepped), tuple(s[1] for s in stepped), summary([s[2] for s in stepped])


def _step_group(
    group: Group, grads: tuple[Array | None, ...], state: GroupState, hyper: Any
) -> tuple[Group, GroupState, Report]:
    require_group("params", group)
    if not (len(group) == len(grads) == len(state.metrics)):
        raise ValueError(f"a group of {len(group)} arrays must have as many grads, got {len(grads)}")
    present = [i for i, grad in enumerate(grads) if grad is not None]
    for i in present:
        require_like("grads", grads[i], group[i])
        require_like("states.metrics", state.metrics[i], group[i])
    if not present:
        nothing = group[0].dtype.type(0)
        return group, state, Report(False, nothing, nothing, group[0].dtype.type(1))
    params, grad, metric = (
        np.concatenate([arrays[i].reshape(-1) for i in present])  # type: ignore[union-attr]
        for arrays in (group, grads, state.metrics)
    )
    whole = HysteroGradState(metric, *state[1:])
    params, after, report = hysterograd.step(params, grad, whole, **hyper)
    new, metrics, start = list(group), list(state.metrics), 0
    for i in present:
        end = start + group[i].size
        new[i] = params[start:end].reshape(group[i].shape)
        metrics[i] = after.metric[start:end].reshape(group[i].shape)
        start = end
    return tuple(new), GroupState(tuple(metrics), *after[1:]), report


def summary(reports: list[Report]) -> Summary:
    """Return the triple of all groups: the status, the mean norm and the mean width.

    reports: one a group, at least one; a group that was skipped counts with norm and width 0.
    """
    status = "Liquid" if any(report.liquid for report in reports) else "Frozen"
    norm, width = reports[0].norm, reports[0].width
    for report in reports[1:]:
        norm, width = norm + report.norm, width + report.width
    return Summary(status, norm / len(reports), width / len(reports))


def require_group(name: str, group: Group) -> None:
    """Raise `ValueError` or `TypeError` unless a group has an array, and all of its arrays have one dtype."""
    if len(group) == 0:
        raise ValueError(f"{name} must have at least one array in each group, got an empty group")
    for array in group:
        require_floating(name, array)
        if array.dtype != group[0].dtype:
            raise TypeError(f"{name} must have one dtype in each group, got {group[0].dtype} and {array.dtype}")
