"""Runs of ODOG in episodes, and the points that they return: averages of midpoints, never the last iterate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np

from gnomon.arguments import checked, with_keywords
from gnomon.descent.odog.learner import Vector, require_inside, require_radius
from gnomon.descent.odog.optimizer import Like, Problem, init, slope, step
from gnomon.domains import Array, Entries, Fraction, Number, PositiveInt
from gnomon.norms import length as norm

Draws = Annotated[Array, Entries(("draws", "n"), fit="params", finite=True)]


class Run(NamedTuple):
    """A run of M = K·T steps.

    points: x₀ … x_M. displacements: Δ₀ … Δ_M. midpoints, grads, hints: of each step, shape (M, n). rates: shape (M,).
    averages: the mean midpoint of each episode, shape (K, n); mean_grads: the mean gradient.
    """

    points: Array
    displacements: Array
    midpoints: Array
    grads: Array
    hints: Array
    rates: Array
    averages: Array
    mean_grads: Array


class Best(NamedTuple):
    """The average with the smallest gradient: the point, its row, ‖∇F‖ there."""

    point: Array
    episode: int
    norm: Any


def require_draws(given: Mapping[str, Any]) -> None:
    steps = given["episodes"] * given["length"]
    for name, rows in (("samples", steps + 1), ("hint_samples", steps), ("positions", steps)):
        if given[name] is not None and len(given[name]) != rows:
            raise ValueError(f"{name} must have {rows} rows for {steps} steps, got {len(given[name])}")
    if given["hint_samples"] is not None and given["samples"] is None:
        raise ValueError("hint_samples must come with samples, got None for samples")


@checked(require_radius, require_inside, require_draws)
@with_keywords(step, "radius", "lr", "hint", "variant", "gamma", "alpha")
def run(
    params: Vector, objective: Problem, samples: Draws | None = None, hint_samples: Draws | None = None,
    positions: Annotated[Array, Entries(("draws",), fit="params", each=Number(0, 1, closed=True), of=())] | None = None,
    start: Like | None = None, *, episodes: PositiveInt = 10, length: PositiveInt = 10, **given: Any,
) -> Run:  # fmt: skip
    """Make K·T steps and return all of them, with the average midpoint of each T.

    params: x₀. samples: ξ₀ … ξ_M, rows, of which ξₙ is that of gₙ and, unless there are hint_samples, of hₙ₊₁; ξ₀ is
    that of h₁. hint_samples: a sample of its own for each of h₁ … h_M. positions: s of each step, ½ if there are none.
    start: Δ₀, 0 if there is none, as in `play`. episodes: K. All else is as in `step`; length is T.

    Nothing is forgotten at the end of an episode but the sum of variant "adaptive": with variant "constant" T decides
    over the averages alone. These are sums of w - x, x where the episode began, so that no digits are lost far from 0.
    """
    T, state = length, init(params)
    state = state if start is None else state._replace(displacement=start)
    own = samples[:-1] if hint_samples is None and samples is not None else hint_samples
    points, displacements, steps = [params], [state.displacement], []
    for n in range(episodes * T):
        drawn = (None, None) if samples is None or own is None else (samples[n + 1], own[n])
        s = 0.5 if positions is None else positions[n]
        x, state, report = step(points[-1], state, objective, *drawn, length=T, position=s, **given)
        points.append(x)
        displacements.append(state.displacement)
        steps.append((report.midpoint, state.grad, report.hint, report.rate))
    midpoints, grads, hints, rates = (np.stack(each) for each in zip(*steps, strict=True))
    rows = [slice(k * T, (k + 1) * T) for k in range(episodes)]
    averages = [points[k * T] + np.mean(midpoints[row] - points[k * T], axis=0) for k, row in enumerate(rows)]
    means = np.stack([np.mean(grads[row], axis=0) for row in rows])
    return Run(np.stack(points), np.stack(displacements), midpoints, grads, hints, rates, np.stack(averages), means)


@checked()
def random_point(averages: Annotated[Array, Entries(("K", "n"), least=1, finite=True)], *, draw: Fraction) -> Array:
    """Return row ⌊K·u⌋, which the guarantee is about if u is drawn uniformly from [0, 1). averages: of `run`."""
    row: Array = averages[int(draw * len(averages))]
    return row


@checked()
def best_point(averages: Annotated[Array, Entries(("K", "n"), least=1, finite=True)], objective: Problem) -> Best:
    """Return the average with the smallest gradient, the first of several; K gradients. averages: of `run`."""
    norms = np.stack([norm(slope(objective, point, None, "an average")) for point in averages])
    k = int(np.argmin(norms))
    return Best(averages[k], k, norms[k])
