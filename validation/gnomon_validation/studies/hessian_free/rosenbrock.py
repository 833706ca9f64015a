"""The package's own example: Rosenbrock's valley, whose Hessian is indefinite where the run begins.

f = (1-x)² + 100(y-x²)² from (-1, 3): 20 steps with the Hessian, which the example asks for instead of the default, all
else default, and in float64, where the example has float32; then, with f as the squares of the outputs 1 - x and
10(y - x²), with the Gauss-Newton matrix, the default. The run in float64 is well-posed (computed with 50 digits it
takes the same decisions and ends 1e-13 away), so that its figures can be stated to ten digits.
"""

from __future__ import annotations

from math import log
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.hessian_free.small_objectives import Valley
from gnomon_validation.studies.hessian_free.newton_peers import TOLERANCE, Peer, peers, scipy_version
from gnomon_validation.studies.hessian_free.rosenbrock_picture import draw
from gnomon_validation.studies.hessian_free.runs import Run, descend, first_below
from gnomon_validation.studies.hessian_free.sources import PACKAGE, RUN
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

VALLEY, START, OTHER_START = Valley(100.0), np.array([-1.0, 3.0]), np.array([-1.2, 1.0])
STEPS, GOAL = 20, 1e-6


class Stated(NamedTuple):
    """A step of the example: where it ends, f there, ρ, which of N iterates was taken, a = 0.8^power, and λ."""

    step: int
    x: str
    y: str
    loss: str
    ratio: str
    chosen: str
    power: str
    damping: str


STATED = (
    Stated(1, "-1.0000250946", "1.0100001882", "4.010000626", "1.00497487", "2", "0", "1.0000000"),
    Stated(2, "-0.6899990880", "0.3903622397", "3.591171691", "-20.3391017", "1", "4", "0.6666667"),
    Stated(3, "-0.6007475315", "0.3531179776", "2.568444907", "19.5573522", "2", "0", "1.0000000"),
    Stated(4, "-0.5393857055", "0.2936470394", "2.370442815", "-4.37520161", "1", "0", "0.6666667"),
    Stated(5, "-0.2327019645", "-0.0345451471", "2.306240669", "-136.402370", "1", "2", "1.0000000"),
    Stated(10, "0.2626425734", "0.0596548374", "0.5523939319", "-0.90455170", "1", "0", "1.5000000"),
    Stated(15, "0.8210513776", "0.6674260870", "0.03651064164", "1.81317989", "1", "0", "0.4444444"),
    Stated(20, "0.9993151103", "0.9986097525", "5.12910197e-7", "0.91730372", "2", "0", "0.0585277"),
)
OWN_RATIOS = (15,)
"""Steps whose ρ is our own figure: 50 digits give 1.8131798887 in step 15."""
EVALUATIONS = {1: "7", 2: "12", 3: "7", 4: "8", 5: "10", 6: "7"}
GAUSS_NEWTON = {10: "3.17e-4", 11: "3.74e-6", 12: "6.16e-9", 13: "1.04e-11", 14: "8.24e-15"}
FROM_OTHER_START = {8: "6.815e-3", 11: "1.69e-7"}
OUTER_ITERATIONS = {"trust-exact": "30", "trust-ncg": "54", "Newton-CG": "236"}


class Data(NamedTuple):
    """What the picture shows: runs by name, and SciPy's, if it is there."""

    runs: dict[str, Run]
    peers: dict[str, Peer]


def measure() -> Findings:
    runs = {
        "code, Hessian": descend(VALLEY, START, STEPS, curvature="hessian", variant="code"),
        "code, Gauss-Newton": descend(VALLEY, START, STEPS, variant="code"),
        "martens, Hessian": descend(VALLEY, START, 30, curvature="hessian"),
        "martens, Gauss-Newton": descend(VALLEY, START, STEPS),
    }
    hessian, gauss_newton = runs["code, Hessian"], runs["code, Gauss-Newton"]
    other = descend(VALLEY, OTHER_START, STEPS, variant="code")
    found = peers(START)
    compared = [comparison for stated in STATED for comparison in compare(stated, hessian)]
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
    return Findings(tables, tuple(compared), conclusions(runs, found), Data(runs, found))


def compare(stated: Stated, run: Run) -> tuple[Comparison, ...]:
    """Return the figures of one step of the example beside ours."""
    report, (x, y) = run.reports[stated.step - 1], run.points[stated.step]
    measured = {
        "x": (stated.x, x),
        "y": (stated.y, y),
        "f": (stated.loss, report.final_loss),
        "ρ (own figure)" if stated.step in OWN_RATIOS else "ρ": (stated.ratio, report.ratio),
        "iterations N": ("2", report.iterations),
        "iteration taken": (stated.chosen, report.chosen),
        "power of 0.8 in a": (stated.power, power(report.step_length)),
        "λ": (stated.damping, report.damping),
    }
    return tuple(Comparison(f"Hessian, step {stated.step}: {name}", *pair) for name, pair in measured.items())


def power(length: Any) -> float:
    """Return i of a = 0.8ⁱ, a whole number: candidates are 0.8 apart, 1e-9 is far beyond their rounding."""
    return round(log(float(length)) / log(0.8), 9) + 0.0


def near_starts(start: Array) -> list[Array]:
    """Return 64 starts up to four roundings away, in the dtype of the start."""
    offsets = [np.array([i, j], start.dtype) for i in range(-4, 4) for j in range(-4, 4)]
    return [start + np.spacing(start) * offset for offset in offsets]


def narrow_ends() -> tuple[Array, Array]:
    """Return f after 20 steps in float32 from starts a few roundings apart, and N of the second step."""
    valley, starts = Valley(np.float32(100)), near_starts(START.astype(np.float32))
    runs = [descend(valley, x, STEPS, curvature="hessian", variant="code") for x in starts]
    return np.array([run.losses[-1] for run in runs]), np.array([run.reports[1].iterations for run in runs])


def path_table(run: Run) -> Table:
    columns = "step | x {:.10f} | y {:.10f} | f {:.9g} | ρ {:.7g} | iterate taken | a | λ {:.6g} | evaluations of f"
    rows = []
    for t, ((x, y), r) in enumerate(zip(run.points[1:], run.reports, strict=True), start=1):
        taken, a = f"{r.chosen} of {r.iterations}", f"0.8^{power(r.step_length):.0f}" if r.step_length < 1 else "1"
        rows.append((t, x, y, r.final_loss, r.ratio, taken, a, r.damping, r.evaluations))
    title = (
        "the example, variant “code” with the Hessian: where each step ends and how it was found (λ: used in the step)"
    )
    return Table.of(title, columns, rows)


def cost_table(runs: dict[str, Run], found: dict[str, Peer]) -> Table:
    rows: list[tuple[Any, ...]] = []
    for name, run in runs.items():
        t = first_below(run.losses, GOAL)
        reports = run.reports[:t]
        values, products = sum(r.evaluations for r in reports), sum(r.products for r in reports)
        rows.append((name, t, values, t, products))
    for name, peer in found.items():
        t = first_below(peer.losses, GOAL)
        rows.append((f"SciPy {name}", t, *peer.efforts[t]))
    columns = "method | steps | evaluations of f | of ∇f | curvature products"
    return Table.of(f"from (-1, 3) until f < {GOAL:g}", columns, rows)


def conclusions(runs: dict[str, Run], found: dict[str, Peer]) -> tuple[str, ...]:
    run, original = runs["code, Hessian"], runs["martens, Hessian"]
    first, other = run.reports[0], original.reports[0]
    eigenvalues = np.linalg.eigvalsh(np.stack([VALLEY.hvp(START, e) for e in np.eye(2)]) + np.eye(2))
    ends, iterations = narrow_ends()
    products = [np.median([r.products for r in one.reports]) for one in (run, original)]
    sentences = [
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
    ]
    if found:
        sentences.append(
            f"SciPy {scipy_version()} has the tolerance {TOLERANCE:g} here. trust-krylov takes "
            f"{len(found['trust-krylov'].points) - 1} iterations in all (52 in an earlier run; not compared)."
        )
    else:
        sentences.append("SciPy is not installed (extra `curvature`): its Newton methods were left out.")
    return tuple(sentences)


study = Study(
    "hessian_free-rosenbrock",
    title="the package's example on Rosenbrock's function",
    question="Does the released optimizer take these steps, and how do other truncated Newton methods fare there?",
    source=f"example of {PACKAGE}; {RUN}; SciPy's iterations: own runs of SciPy 1.17.1",
    measure=measure,
    draw=draw,
    size=(13.0, 6.2),
)
