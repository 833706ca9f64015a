"""Methods of the reference, run side by side on an objective, as a table and a picture: for teaching."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from gnomon.arguments import domains_of
from gnomon.domains import Entries, TupleOfArrays
from gnomon.objectives import NAMED, KnownObjective
from gnomon.objectives.contract import GaussNewtonObjective, Objective
from gnomon.objectives.several_arrays import Joined
from gnomon_spec.system import find_system, nearest, systems
from gnomon_validation.console import grid
from gnomon_validation.pictures import COLOURS, new_figure, require_picture, write_figure
from gnomon_validation.wording import assignment

Path2 = NDArray[np.float64]
BY_GRADIENT, BY_CURVATURE, BY_ITSELF = ("params", "grad", "state"), ("params", "state", "objective"), ("params",)
BY_GRADIENTS = ("params", "grads", "state")
STEPPED_BY = (BY_GRADIENT, BY_GRADIENTS, BY_CURVATURE)


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

    methods: names of methods, alone or with hyperparameters of their own: `srkl(variant=code, alpha=1)`; so a method
    can stand beside itself. options: hyperparameters by name, for all methods that have them (`lr`) or for one
    (`adam.lr`). Raises `ValueError` for a method, objective or hyperparameter that does not exist, and whatever the
    method says of a value.
    """
    objective = nearest("objective", objective_name, NAMED)()
    runners = [_runner(method) for method in methods]
    named = {runner.method: runner for runner in runners}
    for name in options:
        owner, _, hyper = name.rpartition(".")
        known = [nearest("method of this run", owner, named)] if owner else runners
        nearest("hyperparameter", hyper, {key: key for runner in known for key in runner.hyperparameters})
    return [_run(runner, objective, steps, options) for runner in runners]


class Runner(NamedTuple):
    """How a method of the reference runs on an objective.

    method: its name. own: hyperparameters that were given with the name. hyperparameters: the names of all it has.
    of_init: the names of those that make the state, with `init`. step: from its inputs to the next params and state.
    """

    method: str
    own: dict[str, Any]
    hyperparameters: tuple[str, ...]
    of_init: tuple[str, ...]
    init: Callable[..., Any]
    step: Callable[..., Sequence[Any]]
    inputs: tuple[str, ...]

    def advance(self, params: Any, state: Any, objective: KnownObjective, hyper: Any) -> Sequence[Any]:
        """Return the next params and state; a step with the Hessian if the objective has no Gauss-Newton products."""
        if self.inputs == BY_ITSELF:
            return self.step(params, objective, **hyper), state
        if self.inputs[:3] in (BY_GRADIENT, BY_GRADIENTS):
            losses = [objective.value(params)] if self.inputs[3:] == ("loss",) else []
            return self.step(params, objective.gradient(params), state, *losses, **hyper)
        if "curvature" in self.hyperparameters and not isinstance(objective, GaussNewtonObjective):
            hyper = {"curvature": "hessian", **hyper}
        return self.step(params, state, objective, **hyper)


def _runner(written: str) -> Runner:
    """Return how to run what a user wrote: `adam` or `adam(lr=0.1)`."""
    method, own = _read(written)
    step = find_system(method).operations.get("step")
    module: Any = sys.modules[step.reference.__module__] if step else None
    if hasattr(module, "step_on"):  # a method that asks the objective for more than its gradient
        runner = Runner(method, own, _keywords(module.step_on), (), lambda _: None, module.step_on, BY_ITSELF)
    elif step is not None and step.inputs[:3] in STEPPED_BY:
        of_init = _keywords(module.init)
        known = tuple(dict.fromkeys((*of_init, *step.hyperparameters)))
        inputs = step.inputs if step.inputs[3:] == ("loss",) else step.inputs[:3]
        runner = Runner(method, own, known, of_init, module.init, step.reference, inputs)
        several = runner.inputs == BY_GRADIENTS or isinstance(domains_of(step.reference).get("params"), TupleOfArrays)
        if several or takes_matrices(step.reference):
            made = (of_a_column(function, several=several) for function in (module.init, step.reference))
            runner = runner._replace(init=next(made), step=next(made))
    else:
        raise ValueError(f"{method} cannot be run on an objective; methods that can: {', '.join(runnable())}")
    for name in own:
        nearest("hyperparameter", name, {key: key for key in runner.hyperparameters})
    return runner


def runnable() -> list[str]:
    """Return the names of the methods whose step asks for nothing but an objective, or its gradient or curvature."""
    steps = {name: system.operations["step"] for name, system in systems().items() if "step" in system.operations}
    return [
        name
        for name, step in steps.items()
        if step.inputs[:3] in STEPPED_BY or hasattr(sys.modules[step.reference.__module__], "step_on")
    ]


def takes_matrices(step: Callable[..., Any]) -> bool:
    """Return whether a step's parameters must be a matrix."""
    params = domains_of(step).get("params")
    return isinstance(params, Entries) and len(params.axes) == 2


def of_a_column(function: Callable[..., Any], *, several: bool) -> Callable[..., Any]:
    """Return an `init` or a `step` of matrices as one of vectors, which are matrices of one column.

    several: it takes a tuple of them, and has one; and an objective of several arrays.
    """
    wanted = len(inspect.signature(function).parameters)  # a state may know nothing of the parameters

    def given(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            return (x[:, np.newaxis],) if several else x[:, np.newaxis]
        return Joined(x) if several and isinstance(x, Objective) else x

    def call(*inputs: Any, **hyper: Any) -> Any:
        result = function(*map(given, inputs[:wanted]), **hyper)
        if hasattr(result, "_fields"):
            return result
        params, *rest = result
        return ((params[0] if several else params)[:, 0], *rest)

    return call


def _read(written: str) -> tuple[str, dict[str, Any]]:
    """Return the method's name and the hyperparameters in the brackets behind it."""
    method, bracket, rest = written.partition("(")
    if not bracket:
        return method.strip(), {}
    if not rest.endswith(")"):
        raise ValueError(f"a method with hyperparameters is written name(lr=0.1, …), got {written!r}")
    return method.strip(), dict(assignment(part.strip()) for part in rest[:-1].split(",") if part.strip())


def _keywords(function: Callable[..., Any]) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


def _run(runner: Runner, objective: KnownObjective, steps: int, options: Mapping[str, Any]) -> Run:
    names, of_init, prefix = runner.hyperparameters, runner.of_init, f"{runner.method}."
    own = {name: value for name, value in options.items() if name in names}
    own |= {name.removeprefix(prefix): value for name, value in options.items() if name.startswith(prefix)} | runner.own
    params = np.asarray(objective.start, dtype=np.float64)
    state = runner.init(params, **{name: own[name] for name in of_init if name in own})
    hyper = {name: value for name, value in own.items() if name in _keywords(runner.step)}
    iterates, values = [params], [float(objective.value(params))]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            params, state, *_ = runner.advance(params, state, objective, hyper)
            value = float(objective.value(params))
            if not np.isfinite(value):
                break
            iterates.append(params)
            values.append(value)
    return Run(runner.method, own, objective, np.stack(iterates), np.array(values), len(values) <= steps)


def show(runs: Sequence[Run], console: Console) -> None:
    """Print a row a run: the value after 1, 10, 100 … steps and at the end, and how far from a minimiser it ended."""
    objective = runs[0].objective
    most = max(len(r.values) for r in runs) - 1
    stations = [10**k for k in range(len(str(most))) if 10**k < most]
    start = ", ".join(f"{entry:g}" for entry in np.ravel(runs[0].iterates[0]))
    console.print(f"{objective.name} from ({start}), f = {runs[0].values[0]:.6g}; f after so many steps:")
    after = [f">after\n{k}" for k in stations]
    headings = "method", "hyper-\nparameters", *after, ">at the\nend", ">steps", ">distance"
    table = grid(*headings, no_wrap=True, padding=(0, 1, 0, 0))
    table.columns[1].no_wrap, table.columns[1].overflow = False, "fold"
    for r in runs:
        last = len(r.values) - 1
        values = [f"{r.values[k]:.4g}" if k <= last else "-" for k in stations]
        distance = min(np.linalg.norm(r.iterates[-1] - minimiser) for minimiser in objective.minimisers)
        end = f"{r.values[-1]:.4g}", f"{last}, then not finite" if r.diverged else str(last), f"{distance:.3g}"
        table.add_row(r.method, _given(r) or "defaults", *values, *end)
    console.print(table)
    console.print("distance: from the last point to the nearest known minimiser", style="dim")


def plot(runs: Sequence[Run], file: Path) -> None:
    """Write a picture: paths over the contours of a two-dimensional objective, and the value against the step.

    Raises `ValueError` if matplotlib is missing or the file's kind is unknown.
    """
    require_picture(file)
    figure = new_figure((12, 5))
    paths, curves = figure.subplots(1, 2)
    objective = runs[0].objective
    points = np.concatenate([*(r.iterates for r in runs), objective.minimisers])
    _draw_contours(paths, points, runs[0].iterates[0], objective)
    minimum = objective.minimum if objective.minimum is not None else min(float(r.values.min()) for r in runs)
    for r, colour in zip(runs, COLOURS * len(runs), strict=False):
        label = f"{r.method} ({_given(r)})" if r.hyperparameters else r.method
        paths.plot(*r.iterates.T, color=colour, lw=1.4, label=label)
        paths.plot(*r.iterates[-1], "o", color=colour, ms=6)
        curves.plot(np.maximum(r.values - minimum, np.finfo(float).tiny), color=colour)
    paths.plot(*runs[0].iterates[0], "s", color="black", ms=6, label="start")
    paths.plot(*np.transpose(objective.minimisers), "*", color="gold", mec="black", ms=13, label="minimiser")
    above = [r.values - minimum for r in runs]
    bottom = max(min(float(one[one > 0].min(initial=1.0)) for one in above) / 3, 1e-17)
    curves.set_ylim(bottom, max(3 * max(float(one.max()) for one in above), 10 * bottom))
    curves.set(yscale="log", xlabel="step", ylabel="f(x) − minimum", title="how far above the minimum")
    curves.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=min(4, len(runs) + 2), frameon=False)
    figure.suptitle(f"{objective.name}: {', '.join(dict.fromkeys(r.method for r in runs))}")
    write_figure(figure, file)


def _draw_contours(axes: Any, points: Path2, start: Path2, objective: KnownObjective) -> None:
    """Draw the objective where most of the points, the start and the first minimisers are."""
    ends = np.array([start, *objective.minimisers[:4]])
    low, high = np.percentile(points, 1, axis=0), np.percentile(points, 99, axis=0)
    if np.all(np.ptp(points, axis=0) < 3 * (high - low)):  # no run that flies away: show all of it
        low, high = points.min(axis=0), points.max(axis=0)
    low, high = np.minimum(low, ends.min(axis=0)), np.maximum(high, ends.max(axis=0))
    margin = 0.15 * np.maximum(high - low, 0.5)
    low, high = low - margin, high + margin
    x, y = np.linspace(low, high, 160).T
    values = np.array([[float(objective.value(np.array([a, b]))) for a in x] for b in y])
    shown = np.log10(values - values.min() + 1e-3 * np.ptp(values))
    axes.contourf(x, y, shown, levels=24, cmap="Greys", alpha=0.55)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="x₁", ylabel="x₂", title="the paths")


def _given(r: Run) -> str:
    return ", ".join(f"{k}={v}" for k, v in r.hyperparameters.items())
