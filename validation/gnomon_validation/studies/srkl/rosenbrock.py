"""SRKL's rules on Rosenbrock's function from (-1.2, 1), with its exact Hessian, beside gradient descent."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from gnomon.descent import sgd, srkl
from gnomon.domains import Array
from gnomon.objectives import Rosenbrock
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the text's rule and the code's on Rosenbrock's function
How far do the two rules of the proposal come on a classical test function, and what do α and β decide?
own computation with the rules of PyTorch issue 184466, 2026-05-20, which reports no experiment"""
ROSENBROCK = Rosenbrock()
STATIONS = {1: "1 step", 100: "100 steps", 1000: "1,000 steps", 20_000: "20,000 steps"}


class Method(NamedTuple):
    """A method with its rates, and the values of f stated for it after 1, 100, 1,000 and 20,000 steps ("": none)."""

    name: str
    variant: srkl.Variant | Literal[""]
    alpha: float
    beta: float
    stated: tuple[str, str, str, str]


METHODS = (
    Method("gradient descent", "", 1e-3, 0.0, ("5.352912", "3.801889", ".4535290", "1.94e-8")),
    Method("code", "code", 1e-3, 0.1, ("24.18850", "23.04928", "12.65199", "1.01e-7")),
    Method("code", "code", 1.0, 1.0, ("23.06760", "", "", "")),
    Method("text, ‖H‖ Frobenius", "fro", 1e-3, 0.1, ("23.84420", "7.299985", "4.110747", "3.423111")),
    Method("text, ‖H‖ Frobenius", "fro", 1.0, 1.0, ("4.577505", "3.808285", ".07394567", "4.56e-9")),
    Method("text, ‖H‖ of the diagonal", "diag", 1.0, 0.6, ("9.407633", ".4021887", "1.449269", "1.449269")),
    Method("gradient descent", "", 1.0, 0.0, ("2.1e11", "", "", "")),
)
DEFAULTS, CHAOTIC, TUNED, STUCK, FLEEING = METHODS[3], METHODS[2], METHODS[4], METHODS[5], METHODS[6]


class Run(NamedTuple):
    """x₀ … x_T and f(x₀) … f(x_T) of one method; T is smaller than asked for if a parameter overflowed."""

    path: Array
    values: Array


def measure() -> Findings:
    runs = {method: run(method) for method in METHODS}
    start = ROSENBROCK.start
    hessian = np.stack([ROSENBROCK.hvp(start, column) for column in np.eye(2)])
    again = run(CHAOTIC, np.nextafter(start, 0)).values[-1]
    overflowed = len(runs[FLEEING].path)
    compared = [
        Comparison("f at the start", "24.2", float(ROSENBROCK.value(start))),
        Comparison("κ = ‖g∘g‖ at the start", "47124.0", float(srkl.curvature(ROSENBROCK.gradient(start)))),
        Comparison("κ = ‖H‖, Frobenius, at the start", "1506.55", float(srkl.curvature_hessian(hessian))),
        *(
            Comparison(f"{label(method)}: f after {after}", stated, values[t])
            for method, (_, values) in runs.items()
            for (t, after), stated in zip(STATIONS.items(), method.stated, strict=True)
            if stated
        ),
        Comparison(f"{label(FLEEING)}: step in which a parameter overflows", "6", overflowed),
    ]
    rows = ((label(one), *(f[t] if t < len(f) else "-" for t in STATIONS)) for one, (_, f) in runs.items())
    columns = " | ".join(["method", *(f"f after {after} {{:.7g}}" for after in STATIONS.values())])
    default, tuned, chaotic = (runs[method].values for method in (DEFAULTS, TUNED, CHAOTIC))
    conclusions = (
        f"The same rule of the text ends at f = {default[-1]:.3g} with its defaults and at {tuned[-1]:.3g} with "
        f"α = β = 1, a factor of {default[-1] / tuned[-1]:.1e}: the rates do have to be chosen.",
        f"“{label(CHAOTIC)}” stays bounded and never settles: f lies between {np.min(chaotic[101:]):.3g} and "
        f"{np.max(chaotic[101:]):.3g} after step 100. Its value after 20,000 steps is chance ({chaotic[-1]:.3g}; "
        f"from a start one rounding away, {again:.3g}), so that no figure for it can be reproduced; an earlier run had "
        "28.9.",
        f"“{label(STUCK)}” is stuck on a cycle of {period(runs[STUCK].path)} points: with the diagonal's norm β must "
        f"be at least α√n/2 = {2**0.5 / 2:.3f}, and 0.6 is less.",
        f"“{label(FLEEING)}”: f itself is out of range after {np.argmin(np.isfinite(runs[FLEEING].values))} steps, the "
        f"parameters after {overflowed}. Braked by its own Hessian the same rate works.",
    )
    title = "Rosenbrock's f from (−1.2, 1); its minimum is f(1, 1) = 0"
    return Findings((Table.of(title, columns, rows),), tuple(compared), conclusions, runs)


def run(method: Method, start: Array = ROSENBROCK.start) -> Run:
    """Iterate a method 20,000 times, or until a parameter is no longer finite (that point is left out)."""
    path, state = [start], sgd.init(start)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(max(STATIONS)):
            x = path[-1]
            if method.variant:
                new = srkl.step_on(x, ROSENBROCK, variant=method.variant, alpha=method.alpha, beta=method.beta)
            else:
                new, state = sgd.step(x, ROSENBROCK.gradient(x), state, lr=method.alpha)
            if not np.all(np.isfinite(new)):
                break
            path.append(new)
        return Run(np.stack(path), np.array([ROSENBROCK.value(x) for x in path]))


def period(path: Array) -> int:
    """Return after how many steps the last point was last visited, bit for bit; 0 if it was not."""
    before = np.flatnonzero(np.all(path[:-1] == path[-1], axis=1))
    return int(len(path) - 1 - before[-1]) if before.size else 0


def label(method: Method) -> str:
    return f"{method.name}, α = {method.alpha:g}" + (f", β = {method.beta:g}" if method.variant else "")


def draw(data: dict[Method, Run], figure: Any) -> None:
    curves, paths = figure.subplots(1, 2, width_ratios=(1.2, 1))
    entitle(
        figure,
        "One rule with two choices of α and β (pink, light blue) ends nine orders of magnitude apart",
        "f = (1−x₁)² + 100(x₂−x₁²)². The code's rule with α = β = 1 never settles (green points), the diagonal's norm "
        "ends on a cycle (yellow);\nblue, red and light blue walk along the same valley floor to the minimum; gradient "
        "descent with α = 1 leaves the picture at once.",
    )
    x, y = np.linspace(-1.65, 1.65, 220), np.linspace(-0.75, 1.75, 180)
    values = np.array([[ROSENBROCK.value(np.array([a, b])) for a in x] for b in y])
    paths.contour(x, y, values, levels=np.logspace(-1.5, 3.2, 12), colors="grey", linewidths=0.6, alpha=0.7)
    shown = [method for method in METHODS if method is not FLEEING]
    for method, colour in zip(shown, COLOURS, strict=True):
        path, found = data[method]
        steps = np.arange(1, len(found))
        if method is CHAOTIC:
            curves.plot(steps, found[1:], ".", color=colour, ms=1.2, alpha=0.5, zorder=1, rasterized=True)
            paths.plot(*path[1:3000].T, ".", color=colour, ms=2, alpha=0.5, zorder=1)
        else:
            curves.plot(steps, found[1:], color=colour, lw=1.8)
            paths.plot(*path.T, "-", color=colour, lw=1.4)
            paths.plot(*path[-1], "o", color=colour, ms=9, mec="black", zorder=5)
        curves.plot([], [], color=colour, lw=2.5, label=label(method))
    curves.set(xscale="log", yscale="log", xlim=(1, 20_000), xlabel="steps", ylabel="f(x), whose minimum is 0")
    curves.set_title("f against the number of steps")
    finish(curves, loc="lower left", fontsize=8.5)
    paths.plot(*ROSENBROCK.start, "s", color="black", ms=7, zorder=6)
    paths.annotate("start (−1.2, 1)", ROSENBROCK.start, xytext=(-1.6, 1.25), fontsize=9)
    paths.plot(1, 1, "*", color="gold", mec="black", ms=17, zorder=7)
    paths.annotate("minimum (1, 1)", (1, 1), xytext=(0.42, 1.22), fontsize=9)
    paths.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel="x₁", ylabel="x₂")
    paths.set_title("the paths; dots: after 20,000 steps")


study = Study.of("srkl-rosenbrock", WORDS, measure, draw, size=(13.0, 6.2))
