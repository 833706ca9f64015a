"""The package's own example: Rosenbrock's valley, whose Hessian is indefinite where the run begins.

f = (1-x)² + 100(y-x²)² from (-1, 3): 20 steps with the Hessian, which the example asks for instead of the default, all
else default, and in float64, where the example has float32; then, with f as the squares of the outputs 1 - x and
10(y - x²), with the Gauss-Newton matrix, the default. The run in float64 is well-posed (computed with 50 digits it
takes the same decisions and ends 1e-13 away), so that its figures can be stated to ten digits. SciPy's truncated Newton
methods (extra `curvature`) start there, too.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from math import log
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.hessian_free.small_objectives import Valley
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.counted import Counted, Effort
from gnomon_validation.studies.hessian_free.runs import Run, descend, first_below
from gnomon_validation.studies.hessian_free.sources import PACKAGE, RUN
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = f"""the package's example on Rosenbrock's function
Does the released optimizer take these steps, and how do other truncated Newton methods fare there?
example of {PACKAGE}; {RUN}; SciPy's iterations: own runs of SciPy 1.17.1"""
VALLEY, START, OTHER_START = Valley(100.0), np.array([-1.0, 3.0]), np.array([-1.2, 1.0])
STEPS, GOAL = 20, 1e-6

STATED = {
    1: "-1.0000250946 1.0100001882 4.010000626 1.00497487 2 2 0 1.0000000",
    2: "-0.6899990880 0.3903622397 3.591171691 -20.3391017 2 1 4 0.6666667",
    3: "-0.6007475315 0.3531179776 2.568444907 19.5573522 2 2 0 1.0000000",
    4: "-0.5393857055 0.2936470394 2.370442815 -4.37520161 2 1 0 0.6666667",
    5: "-0.2327019645 -0.0345451471 2.306240669 -136.402370 2 1 2 1.0000000",
    10: "0.2626425734 0.0596548374 0.5523939319 -0.90455170 2 1 0 1.5000000",
    15: "0.8210513776 0.6674260870 0.03651064164 1.81317989 2 1 0 0.4444444",
    20: "0.9993151103 0.9986097525 5.12910197e-7 0.91730372 2 2 0 0.0585277",
}
"""Of steps of the example: where each ends, f there, ρ, N, which iterate was taken, the power of 0.8 in a, and λ."""
OWN_RATIO = 15
"""The step whose ρ is our own figure: 50 digits give 1.8131798887."""
EVALUATIONS = {1: "7", 2: "12", 3: "7", 4: "8", 5: "10", 6: "7"}
GAUSS_NEWTON = {10: "3.17e-4", 11: "3.74e-6", 12: "6.16e-9", 13: "1.04e-11", 14: "8.24e-15"}
FROM_OTHER_START = {8: "6.815e-3", 11: "1.69e-7"}
OUTER_ITERATIONS = {"trust-exact": "30", "trust-ncg": "54", "Newton-CG": "236"}
METHODS = ("trust-exact", "trust-ncg", "trust-krylov", "Newton-CG")
TOLERANCE = 1e-8
"""Of SciPy's methods: of ‖∇f‖ for the trust-region methods, of the mean change of a parameter for Newton-CG."""


class Peer(NamedTuple):
    """points: of each outer iteration, the start first. losses: f there. efforts: taken until then."""

    points: Array
    losses: Array
    efforts: tuple[Effort, ...]


def measure() -> Findings:
    runs = {
        "code, Hessian": descend(VALLEY, START, STEPS, curvature="hessian", variant="code"),
        "code, Gauss-Newton": descend(VALLEY, START, STEPS, variant="code"),
        "martens, Hessian": descend(VALLEY, START, 30, curvature="hessian"),
        "martens, Gauss-Newton": descend(VALLEY, START, STEPS),
    }
    hessian, gauss_newton, *_ = runs.values()
    other, found = descend(VALLEY, OTHER_START, STEPS, variant="code"), peers(START)
    compared = [comparison for t, stated in STATED.items() for comparison in compare(t, stated, hessian)]
    evaluations = {t: report.evaluations for t, report in enumerate(hessian.reports, start=1)}
    compared += compare_each("Hessian, step {}: evaluations of f", EVALUATIONS, evaluations)
    cut = [float(r.step_length) for r in gauss_newton.reports[:9] if r.step_length < 1]
    compared.append(Comparison("Gauss-Newton: steps among the first nine cut by the line search", "7", len(cut)))
    compared += [Comparison("least of their lengths a", "0.17", min(cut)), Comparison("most", "0.41", max(cut))]
    compared += compare_each("Gauss-Newton: f after step {}", GAUSS_NEWTON, gauss_newton.losses)
    compared += compare_each("Gauss-Newton from (-1.2, 1): f after step {}", FROM_OTHER_START, other.losses)
    if scipy_version() == "1.17.1":
        iterations = {name: len(peer.points) - 1 for name, peer in found.items()}
        compared += compare_each("SciPy 1.17.1, {}: outer iterations", OUTER_ITERATIONS, iterations)
    tables = (path_table(hessian), cost_table(runs, found))
    return Findings(tables, tuple(compared), conclusions(runs, found), (runs, found))


def compare(step: int, stated: str, run: Run) -> list[Comparison]:
    """Return the figures of one step of the example beside ours."""
    r, (x, y) = run.reports[step - 1], run.points[step]
    ratio = "ρ (own figure)" if step == OWN_RATIO else "ρ"
    measured = {"x": x, "y": y, "f": r.final_loss, ratio: r.ratio, "iterations N": r.iterations}
    measured |= {"iteration taken": r.chosen, "power of 0.8 in a": power(r.step_length), "λ": r.damping}
    return compare_each(f"Hessian, step {step}: {{}}", dict(zip(measured, stated.split(), strict=True)), measured)


def peers(start: Array) -> dict[str, Peer]:
    """Return what each method did; nothing without SciPy."""
    return {method: followed(method, start) for method in METHODS} if find_spec("scipy") else {}


def followed(method: str, start: Array) -> Peer:
    f = Counted(VALLEY)
    told, options = [(start, f.effort)], {"xtol" if method == "Newton-CG" else "gtol": TOLERANCE}
    minimize: Any = import_module("scipy.optimize").minimize
    minimize = partial(minimize, callback=lambda x: told.append((np.array(x), f.effort)), options=options)
    minimize(f.value, start, method=method, jac=f.gradient, hess=f.hessian)
    points, efforts = zip(*told, strict=True)
    return Peer(np.stack(points), np.array([VALLEY.value(x) for x in points]), efforts)


def scipy_version() -> str:
    """Return SciPy's version, or nothing without it."""
    return str(import_module("scipy").__version__) if find_spec("scipy") else ""


def power(length: Any) -> float:
    """Return i of a = 0.8ⁱ, a whole number: candidates are 0.8 apart, 1e-9 is far beyond their rounding."""
    return round(log(float(length)) / log(0.8), 9) + 0.0


def narrow_ends() -> tuple[Array, Array]:
    """Return f after 20 steps in float32 from 64 starts up to four roundings away, and N of the second step."""
    valley, start = Valley(np.float32(100)), START.astype(np.float32)
    offsets = [np.array([i, j], np.float32) for i in range(-4, 4) for j in range(-4, 4)]
    starts = [start + np.spacing(start) * offset for offset in offsets]
    runs = [descend(valley, x, STEPS, curvature="hessian", variant="code") for x in starts]
    return np.array([run.losses[-1] for run in runs]), np.array([run.reports[1].iterations for run in runs])


def path_table(run: Run) -> Table:
    rows = []
    for t, ((x, y), r) in enumerate(zip(run.points[1:], run.reports, strict=True), start=1):
        taken, a = f"{r.chosen} of {r.iterations}", f"0.8^{power(r.step_length):.0f}" if r.step_length < 1 else "1"
        rows.append((t, x, y, r.final_loss, r.ratio, taken, a, r.damping, r.evaluations))
    return Table.of(
        "the example, variant “code” with the Hessian: where each step ends and how it was found (λ: used in the step)",
        "step | x {:.10f} | y {:.10f} | f {:.9g} | ρ {:.7g} | iterate taken | a | λ {:.6g} | evaluations of f",
        rows,
    )


def cost_table(runs: dict[str, Run], found: dict[str, Peer]) -> Table:
    rows: list[tuple[Any, ...]] = []
    for name, run in runs.items():
        t = first_below(run.losses, GOAL)
        taken = [(r.evaluations, 1, r.products) for r in run.reports[:t]]
        rows.append((name, t, *map(sum, zip(*taken, strict=True))))
    for name, peer in found.items():
        t = first_below(peer.losses, GOAL)
        rows.append((f"SciPy {name}", t, *peer.efforts[t]))
    columns = "method | steps | evaluations of f | of ∇f | curvature products"
    return Table.of(f"from (-1, 3) until f < {GOAL:g}", columns, rows)


def conclusions(runs: dict[str, Run], found: dict[str, Peer]) -> tuple[str, ...]:
    run, _, original, _ = runs.values()
    first, other = run.reports[0], original.reports[0]
    eigenvalues = np.linalg.eigvalsh(np.stack([VALLEY.hvp(START, e) for e in np.eye(2)]) + np.eye(2))
    ends, iterations = narrow_ends()
    products = [np.median([r.products for r in one.reports]) for one in (run, original)]
    return (
        f"The damped Hessian of the first step has the eigenvalues {eigenvalues[0]:.1f} and {eigenvalues[1]:.1f}. "
        f"“code” takes iterate {first.chosen} of {first.iterations} and comes to f = {first.final_loss:.4f}; “martens” "
        f"stops by “{other.reason}”, takes iterate {other.chosen} of {other.iterations} and comes to "
        f"f = {other.final_loss:.4f}.",
        f"ρ, measured from the warm start, lies between {np.min(run.ratios):.0f} and {np.max(run.ratios):.0f}; in "
        f"{np.sum(run.ratios < 0)} of {STEPS} steps it is negative; f rises in {np.sum(np.diff(run.losses) > 0)}.",
        f"In float32 the second step takes more than two iterations in {np.sum(iterations > 2)} of {iterations.size} "
        f"runs whose starts differ by a few roundings, and f after {STEPS} steps is between {np.min(ends):.1e} and "
        f"{np.max(ends):.1e} (the package: 3.9e-8); no digit of it is compared.",
        f"“martens” has no tolerance for the residual, and its rule of progress cannot end before iteration 11: a step "
        f"takes {products[1]:.0f} products in the median, one of “code” {products[0]:.0f}.",
        f"SciPy {scipy_version()} has the tolerance {TOLERANCE:g} here. trust-krylov takes "
        f"{len(found['trust-krylov'].points) - 1} iterations in all (52 in an earlier run; not compared)."
        if found
        else "SciPy is not installed (extra `curvature`): its Newton methods were left out.",
    )


def draw(data: tuple[dict[str, Run], dict[str, Peer]], figure: Any) -> None:
    runs, found = data
    paths, curves = figure.subplots(1, 2, width_ratios=(1.15, 1))
    needed = {name: first_below(run.losses, GOAL) for name, run in runs.items()}
    entitle(
        figure,
        f"Rosenbrock's valley, to f < 1e-6: the package's rules take {needed['code, Hessian']} steps with the "
        f"Hessian, {needed['code, Gauss-Newton']} with the Gauss-Newton matrix",
        "f = (1−x)² + 100(y−x²)². “code”: the rules of the released package, with the matrix that is named; “martens”: "
        "those of the original authors.\nA mark is a step; the picture is cut off where its axes end.",
    )
    x, y = np.linspace(-2.1, 1.4, 240), np.linspace(-0.6, 3.3, 200)
    levels, f = np.logspace(-1, 3.2, 13), VALLEY.value(np.array(np.meshgrid(x, y)))
    paths.contour(x, y, f, levels=levels, colors="grey", linewidths=0.6, alpha=0.6)
    lines = runs | {f"SciPy {name}": peer for name, peer in found.items() if name == "trust-ncg"}
    for (name, one), colour, mark in zip(lines.items(), COLOURS, "osD^v", strict=False):
        style = {"marker": mark, "color": colour, "ms": 4, "label": name}
        paths.plot(*one.points.T, "-", lw=1.3, **style)
        curves.plot(np.maximum(one.losses, 1e-16), "-", lw=1.5, **style)
    paths.plot(-1, 3, "s", color="black", ms=8, zorder=6)
    paths.annotate("start (−1, 3)", (-1, 3), xytext=(-0.9, 3.05), fontsize=10)
    paths.plot(1, 1, "*", color="gold", mec="black", ms=17, zorder=7)
    paths.annotate("minimum (1, 1)", (1, 1), xytext=(0.95, 1.2), fontsize=10, ha="right")
    paths.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel="x", ylabel="y", title="the paths")
    curves.set(yscale="log", xlim=(0, 56), ylim=(1e-15, 1e3), xlabel="step", ylabel="f(x, y), whose minimum is 0")
    curves.set_title("f after each step")
    finish(curves, loc="center", bbox_to_anchor=(0.72, 0.2))


study = Study.of("hessian_free-rosenbrock", WORDS, measure, draw, size=(13.0, 6.2))
