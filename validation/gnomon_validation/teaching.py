"""Methods of the reference, run side by side on an objective, as a table and a picture: for teaching."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from gnomon.objectives import NAMED, KnownObjective
from gnomon_spec.system import Operation, find_system, nearest, systems
from gnomon_validation.pictures import COLOURS, new_figure, require_picture, write_figure

Path2 = NDArray[np.float64]


class Run(NamedTuple):
    """One method's run: x₀ … x_T and the objective's value at each.

    diverged: the next value was not finite, and the run ended early.
    """

    method: str
    hyperparameters: dict[str, Any]
    objective: KnownObjective
    iterates: Path2
    values: NDArray[np.float64]
    diverged: bool


def objectives() -> dict[str, KnownObjective]:
    """Return the objectives that a run can be asked for, by name."""
    return {name: make() for name, make in NAMED.items()}


def run(methods: Sequence[str], objective_name: str, steps: int, options: Mapping[str, Any]) -> list[Run]:
    """Run each method from the objective's usual start.

    options: hyperparameters by name, for all methods that have them (`lr`) or for one (`adam.lr`). Raises `ValueError`
    for a method, objective or hyperparameter that does not exist, and whatever the method says of a value.
    """
    objective = nearest("objective", objective_name, NAMED)()
    steppers = {method: _stepper(method) for method in methods}
    for name in options:
        owner, _, hyper = name.rpartition(".")
        known = [nearest("method of this run", owner, steppers)] if owner else list(steppers.values())
        nearest("hyperparameter", hyper, {key: key for operation in known for key in operation.hyperparameters})
    return [_run(method, operation, objective, steps, options) for method, operation in steppers.items()]


def _stepper(method: str) -> Operation:
    operation = find_system(method).operations.get("step")
    if operation is None or operation.inputs != ("params", "grad", "state"):
        runnable = [name for name, s in systems().items() if "step" in s.operations]
        raise ValueError(f"{method} cannot be run on an objective; methods that can: {', '.join(runnable)}")
    return operation


def _run(method: str, operation: Operation, objective: KnownObjective, steps: int, options: Mapping[str, Any]) -> Run:
    own = {name: value for name, value in options.items() if name in operation.hyperparameters}
    own |= {name.rpartition(".")[2]: value for name, value in options.items() if name.rpartition(".")[0] == method}
    init = sys.modules[operation.reference.__module__].init
    params = np.asarray(objective.start, dtype=np.float64)
    state, iterates, values = init(params), [params], [float(objective.value(params))]
    diverged = False
    with np.errstate(all="ignore"):
        for _ in range(steps):
            params, state = operation.reference(params, objective.gradient(params), state, **own)
            value = float(objective.value(params))
            diverged = not np.isfinite(value)
            if diverged:
                break
            iterates.append(params)
            values.append(value)
    return Run(method, own, objective, np.stack(iterates), np.array(values), diverged)


def show(runs: Sequence[Run], console: Console) -> None:
    """Print a row a run: the value after 1, 10, 100 … steps and at the end, and how far from a minimiser it ended."""
    objective = runs[0].objective
    most = max(len(r.values) for r in runs) - 1
    stations = [10**k for k in range(len(str(most))) if 10**k < most]
    console.print(
        f"{objective.name} from {np.array2string(runs[0].iterates[0], separator=', ')}, f = {runs[0].values[0]:.6g}"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("method")
    table.add_column("hyperparameters")
    for label in (*(f"after {k}" for k in stations), "at the end", "steps", "distance"):
        table.add_column(label, justify="right")
    for r in runs:
        last = len(r.values) - 1
        table.add_row(
            r.method,
            ", ".join(f"{k}={v}" for k, v in r.hyperparameters.items()) or "defaults",
            *(f"{r.values[k]:.6g}" if k <= last else "-" for k in stations),
            f"{r.values[-1]:.6g}",
            f"{last}, then not finite" if r.diverged else str(last),
            _distance(r),
        )
    console.print(table)
    console.print("distance: from the last point to the nearest known minimiser", style="dim")


def _distance(r: Run) -> str:
    gaps = [float(np.linalg.norm(r.iterates[-1] - minimiser)) for minimiser in r.objective.minimisers]
    return f"{min(gaps):.3g}" if gaps else "-"


def plot(runs: Sequence[Run], file: Path) -> None:
    """Write a picture: paths over the contours of a two-dimensional objective, and the value against the step.

    Raises `ValueError` if matplotlib is missing or the file's kind is unknown.
    """
    require_picture(file)
    figure = new_figure((12, 5))
    paths, curves = figure.subplots(1, 2)
    objective = runs[0].objective
    _draw_paths(paths, runs, objective)
    minimum = objective.minimum if objective.minimum is not None else min(float(r.values.min()) for r in runs)
    for r, colour in zip(runs, COLOURS * len(runs), strict=False):
        curves.plot(np.maximum(r.values - minimum, np.finfo(float).tiny), color=colour, label=_label(r))
    curves.set(yscale="log", xlabel="step", ylabel="f(x) − minimum", title="how far above the minimum")
    lowest = min(float((r.values - minimum)[r.values > minimum].min(initial=1.0)) for r in runs)
    curves.set_ylim(bottom=max(lowest / 3, 1e-17))
    curves.grid(alpha=0.3)
    curves.legend()
    figure.suptitle(f"{objective.name}: {', '.join(r.method for r in runs)}")
    write_figure(figure, file)


def _draw_paths(axes: Any, runs: Sequence[Run], objective: KnownObjective) -> None:
    points = np.concatenate([r.iterates for r in runs] + [np.atleast_2d(m) for m in objective.minimisers])
    if points.shape[1] != 2:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "paths are drawn in two dimensions only", ha="center")
        return
    low, high = np.percentile(points, 1, axis=0), np.percentile(points, 99, axis=0)
    if np.all(np.ptp(points, axis=0) < 3 * (high - low)):  # no run that flies away: show all of it
        low, high = points.min(axis=0), points.max(axis=0)
    ends = np.concatenate([[runs[0].iterates[0]], [np.asarray(m) for m in objective.minimisers][:4]])
    low, high = np.minimum(low, ends.min(axis=0)), np.maximum(high, ends.max(axis=0))
    margin = 0.15 * np.maximum(high - low, 0.5)
    low, high = low - margin, high + margin
    x, y = (np.linspace(low[i], high[i], 160) for i in (0, 1))
    values = np.array([[float(objective.value(np.array([a, b]))) for a in x] for b in y])
    shown = np.log10(values - values.min() + 1e-3 * np.ptp(values))
    axes.contourf(x, y, shown, levels=24, cmap="Greys", alpha=0.55)
    for r, colour in zip(runs, COLOURS * len(runs), strict=False):
        axes.plot(r.iterates[:, 0], r.iterates[:, 1], "-", color=colour, lw=1.4, label=_label(r))
        axes.plot(*r.iterates[-1], "o", color=colour, ms=6)
    axes.plot(*runs[0].iterates[0], "s", color="black", ms=6, label="start")
    for i, minimiser in enumerate(objective.minimisers):
        axes.plot(*minimiser, "*", color="gold", mec="black", ms=13, label="minimiser" if i == 0 else None)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="x₁", ylabel="x₂", title="the paths")
    axes.legend(loc="best")


def _label(r: Run) -> str:
    given = ", ".join(f"{k}={v}" for k, v in r.hyperparameters.items())
    return f"{r.method} ({given})" if given else r.method
