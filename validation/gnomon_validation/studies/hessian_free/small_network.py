"""Two tiny networks under the released defaults: how the warm start and the damping rule go together.

60 steps with the Gauss-Newton matrix from three dampings: as released; with cold starts (decay 0), all else as
released; and with the original authors' rules.

Where conjugate gradients run until they have lost orthogonality, a rounding decides in which iteration they stop, and
after that runs part. So each run is repeated from starts that differ by a few roundings, with the matrix computed as a
whole, more often where that matters most. A stated figure that all of those print alike is compared digit by digit; of
the others it is asked that no factor of ten lies between them and our runs.
"""

from __future__ import annotations

from decimal import Decimal
from math import log
from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.products import network
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.hessian_free.runs import DenseCurvature, Run, Specimen, descend, tiny_networks
from gnomon_validation.studies.hessian_free.sources import PACKAGE, RUN
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = f"""the released defaults on two tiny networks
Do the released defaults minimise the loss of a tiny network, and if not, what stops them?
rules of {PACKAGE}; {RUN}; under the original authors' rules: own computation"""
STEPS, ROUNDINGS, FEW, MANY = 60, 4, 4, 16
DAMPINGS = (1.0, 10.0, 100.0)
STATIONS = (10, 20, 40, 60)
ROUGHLY = "; within ten times of "
# From here on digits of runs that converge differ from one library of linear algebra to the next.
LATE = 20
RULES: dict[str, dict[str, Any]] = {
    "the package's defaults": {"variant": "code"},
    "the package with cold starts": {"variant": "code", "decay": 0.0},
    "the original authors' rules": {"variant": "martens"},
}
RELEASED, COLD, ORIGINAL = RULES
STATED = {
    "squared error": {
        1.0: ("0.341741 0.340801 0.340783 0.340783", "0.171981 0.0369125 6.33e-5 8.2e-11", "5.4e-11", "1.089e10"),
        10.0: ("0.363664 0.361282 0.361245 0.361245", "0.315423 0.0813297 1.54e-4 3.1e-5", "2.0e-6", "9.56e9"),
        100.0: ("0.400855 0.356564 0.356201 0.3562", "0.400717 0.204076 2.32e-4 4.7e-5", "5.3e-6", "7.37e8"),
    },
    "cross-entropy": {
        1.0: ("0.871672 0.87073 0.870713 0.870713", "0.632965 0.0148643 3.8e-6 1.1e-9", "5.1e-10", "1.089e10"),
        10.0: ("0.849124 0.132163 0.0070034 0.0069948", "0.849093 0.133801 1.7e-5 5.1e-9", "5.1e-9", "1946"),
        100.0: ("0.940249 0.718099 0.00414067 0.004019", "0.940249 0.718056 3.9e-4 1.1e-7", "1.1e-7", "44.44"),
    },
}
"""By network and λ₀: f at the stations under each rule (if one is stated, after 60 steps); λ of step 60 as released."""
BEGINNINGS = {
    "squared error": {"f at the start": "0.98019909394909", "‖∇f‖ there": "1.4522083745077"},
    "cross-entropy": {"f at the start": "1.1032086080542", "‖∇f‖ there": "0.54958162446208"},
}
BEGINNINGS["squared error"]["largest eigenvalue of G there"] = "2.276621581"
FIRST = ("0.815704568735 4 4", "0.658197149788 4 1", "0.529227684647 5 5", "0.441325590282 5 5", "0.392392044785 6 3")


class Case(NamedTuple):
    """One network, λ₀ and rule: the run first, then those from starts a few roundings away."""

    network: str
    damping: float
    rule: str
    runs: tuple[Run, ...]

    @property
    def place(self) -> str:
        return f"{self.network}, λ₀ = {self.damping:g}"

    @property
    def ends(self) -> list[Any]:
        """f after the last step of each run."""
        return [run.losses[-1] for run in self.runs]


def measure() -> Findings:
    networks, compared = tiny_networks(), []
    for name, problem, x in networks:
        f = network(problem)
        measured = {"f at the start": f.value(x), "‖∇f‖ there": float(np.linalg.norm(f.gradient(x)))}
        G = np.stack([f.ggnvp(x, e) for e in np.eye(x.size)])
        measured["largest eigenvalue of G there"] = np.linalg.eigvalsh(G)[-1]
        compared += compare_each(f"{name}: {{}}", BEGINNINGS[name], measured)
    cases = [case(one, damping, rule) for one in networks for damping in DAMPINGS for rule in RULES]
    (ten,) = (c for c in cases if (c.network, c.damping, c.rule) == ("squared error", 10.0, RELEASED))
    for t, (stated, r) in enumerate(zip(FIRST, ten.runs[0].reports, strict=False), start=1):
        measured = {"f": r.final_loss, "iterations": r.iterations, "iteration taken": r.chosen}
        printed = dict(zip(measured, stated.split(), strict=True))
        compared += compare_each(f"{ten.place}, as released, step {t}: {{}}", printed, measured)
    for c in cases:
        compared += figures(c)
    stations = " | ".join(f"f after {t} {{:.6g}}" for t in STATIONS)
    tables = (
        Table.of(
            "two tiny networks, Gauss-Newton matrix: f after 10, 20, 40 and 60 steps",
            f"network | rules | {stations} | after 60, from starts a few roundings apart",
            ((c.place, c.rule, *(c.runs[0].losses[t] for t in STATIONS), span(c.ends)) for c in cases),
        ),
        Table.of(
            "the last of 60 steps",
            "network | rules | λ {:.4g} | ρ {:.5f} | its length ‖Δθ‖ {:.1e}",
            ((c.place, c.rule, run.dampings[-2], run.ratios[-1], run.lengths[-1]) for c in cases for run in c.runs[:1]),
        ),
    )
    undecided = sum(ROUGHLY in one.quantity for one in compared)
    return Findings(tables, tuple(compared), conclusions(cases, undecided), tuple(cases))


def case(specimen: Specimen, damping: float, rule: str) -> Case:
    """Return a run and its neighbours, which compute with a dense Gauss-Newton matrix."""
    f, start, draw = network(specimen.problem), specimen.start, np.random.default_rng(0)
    count = MANY if rule == RELEASED or (specimen.name, damping) == ("squared error", 1.0) else FEW
    runs = [descend(f, start, STEPS, damping=damping, **RULES[rule])]
    for _ in range(count):
        moved = start + np.spacing(start) * draw.integers(-ROUNDINGS, ROUNDINGS + 1, start.shape)
        runs.append(descend(DenseCurvature(**vars(f)), moved, STEPS, damping=damping, **RULES[rule]))
    return Case(specimen.name, damping, rule, tuple(runs))


def figures(c: Case) -> list[Comparison]:
    """Return what is stated of a case beside what was measured."""
    *stated, damping = STATED[c.network][c.damping]
    losses, place = dict(zip(RULES, stated, strict=True))[c.rule].split(), f"{c.place}, {c.rule}"
    told = []
    for t, printed in zip(STATIONS[-len(losses) :], losses, strict=True):
        ours, late = [float(run.losses[t]) for run in c.runs], t > LATE and c.rule != RELEASED
        told.append(compare(f"{place}: f after {t} steps", printed, ours, late))
    if c.rule == RELEASED:
        told.append(compare(f"{place}: λ of step {STEPS}", damping, [float(run.dampings[-2]) for run in c.runs]))
    return told


def compare(quantity: str, stated: str, ours: list[float], late: bool = False) -> Comparison:
    """Return the comparison of the first of ours digit by digit if all print alike and the step is not a late one.

    Else it is asked that the nearest of ours, by its quotient, lie within a factor of ten of the stated figure.
    """
    last, number = len(Decimal(stated).as_tuple().digits) - 1, float(stated)
    if not late and len({f"{one:.{last}e}" for one in ours}) == 1:
        return Comparison(quantity, stated, ours[0])
    because = "a late step" if late else "rounding decides"
    within, nearest = f"{number / 10:.3g} … {10 * number:.3g}", min(ours, key=lambda one: abs(log(one / number)))
    return Comparison(f"{quantity}: {because}{ROUGHLY}{stated}, ours {span(ours)}", within, nearest)


def span(numbers: list[Any]) -> str:
    """Return the least and the largest of some numbers, or one if they print alike."""
    return " … ".join(dict.fromkeys(f"{end:.4g}" for end in (min(numbers), max(numbers))))


def conclusions(cases: list[Case], undecided: int) -> tuple[str, ...]:
    released, cold, original = ([c.ends[0] for c in cases if c.rule == rule] for rule in RULES)
    grown = sum(c.runs[0].dampings[-2] > c.damping for c in cases if c.rule == RELEASED)
    return (
        f"In the {len(released)} runs as released f ends between {min(released):.2g} and {max(released):.2g}; in "
        f"{grown} of them λ is larger in the last step than at the start.",
        f"With cold starts, nothing else changed, f ends between {min(cold):.1e} and {max(cold):.1e}; with the "
        f"original authors' rules, warm starts included, between {min(original):.1e} and {max(original):.1e}.",
        f"{undecided} of the stated figures are compared by their order of magnitude: those whose printed digits "
        f"change if the start moves by at most {ROUNDINGS} units in the last place and G is computed as a whole, and "
        f"those after step {LATE} of runs that converge, whose digits change with the library of linear algebra, too.",
    )


def draw(data: tuple[Case, ...], figure: Any) -> None:
    axes = figure.subplots(1, 2, sharey=True)
    ends = {rule: [end for c in data if c.rule == rule for end in c.ends] for rule in RULES}
    spans = ", ".join(f"{rule} {min(found):.1g} … {max(found):.1g}" for rule, found in ends.items())
    figure.suptitle(f"Two tiny networks, f after {STEPS} steps, all runs:\n{spans}", weight="bold", fontsize=11)
    colours = dict(zip(RULES, COLOURS, strict=False))
    dashes = dict(zip(DAMPINGS, ("-", "--", ":"), strict=True))
    panels = dict(zip(STATED, axes, strict=True))
    for c in data:
        first, *near = (np.maximum(run.losses, 1e-13) for run in c.runs)
        for losses in near:
            panels[c.network].plot(losses, color=colours[c.rule], lw=0.5, alpha=0.35)
        panels[c.network].plot(first, dashes[c.damping], color=colours[c.rule], lw=1.9)
    for name, ax in panels.items():
        ax.set(yscale="log", ylim=(1e-12, 3), xlim=(0, STEPS), xlabel="step", title=name)
    axes[0].set_ylabel("f, whose infimum is 0")
    for rule in RULES:
        axes[0].plot([], [], color=colours[rule], lw=2.5, label=rule)
    for damping in DAMPINGS:
        axes[1].plot([], [], dashes[damping], color="black", label=f"λ₀ = {damping:g}")
    for ax in axes:
        finish(ax, fontsize=10, loc="lower left")
    figure.supxlabel(
        "44 and 43 parameters, 12 and 15 examples, Gauss-Newton matrix, full batch. Thin: the same from starts that "
        "differ by a few roundings,\nwith the matrix computed as a whole: where thin lines part, a rounding decides.",
        fontsize=9.5,
    )


study = Study.of("hessian_free-networks", WORDS, measure, draw, size=(12.5, 6.0))
