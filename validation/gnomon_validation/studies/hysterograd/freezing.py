"""The gate as a leash: where it holds a run back, how it flickers before, and when it can close at all."""

from __future__ import annotations

from math import nan, sqrt
from typing import Any, NamedTuple

import numpy as np

from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.hysterograd import atf
from gnomon_validation.studies.hysterograd.published import STEPS_AN_EPOCH
from gnomon_validation.studies.hysterograd.runs import LEASH, Clipped, Constant, QuadraticRun, run
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the gate as a leash
When does the gate freeze a run, where, and could it have acted in the published CIFAR-10 runs?
settings: github.com/dingste/HysteroGrad, examples/ATF-Arena.py and cifar_test.py (commits 98fd4e1 and 73afb30);
stated figures: closed forms of `gnomon explain hysterograd`"""
BLUE, ORANGE, GREEN = COLOURS[:3]
SHOWN = 10.0
ENDS = {SHOWN: "9.237716", 1e3: "10.406268", 1e4: "10.413366"}
SCRIPT = "ATF script: WideResNet-28-2, m 200, lr .07, κ .003"
CONSTANT = {
    "1 entry, lr .01, κ .05": (Constant(1, 0.01, 0.05), "40000", "39877"),
    "354 entries (moons network), lr .01, κ .05": (Constant(1 / 354, 0.01, 0.05), "2126", "2003"),
    "100 entries, m 300, lr .05, κ .05": (Constant(300 / 100, 0.05, 0.05), "13856", "13733"),
    SCRIPT: (Constant(200 / atf.PARAMETERS, 0.07, 0.003, 0.95), "1.85e4", "1.85e4"),
}
"""Constant gradients, and what is stated of each: the freeze time predicted, and the one observed."""
JANUARY = Clipped(lr=0.05, stiffening_factor=0.005, hysteresis_scale=0.6, grad_clip=2.5, cooling_rate=0.995)
DECEMBER = Clipped(lr=0.08, stiffening_factor=0.02, hysteresis_scale=1.2, grad_clip=2.0)
DISTANCES = np.logspace(-1, 4, 11)


class Gate(NamedTuple):
    """When the gate closes. expected: by the formula. observed: `None` if not within the steps that were run.

    published_steps: how long the published run with these settings was; 0 if there is none.
    """

    name: str
    expected: float
    observed: int | None
    published_steps: int

    @classmethod
    def of(cls, name: str, settings: Constant | Clipped, limit: int, epochs: int) -> Gate:
        """Return the gate with these settings. limit: how many steps to run. epochs: how long the published run was."""
        return cls(name, settings.expected, settings.first_frozen(limit), epochs * STEPS_AN_EPOCH)

    @property
    def needed_fall(self) -> float:
        """Below which share of its running mean a norm must fall to be refused at the end of the published run.

        The adaptive gate refuses n <= κ·s·√τ·(1-T)·E. With a steady norm κ·s·√τ grows like the root of the step, and it
        is 1 at the expected one.
        """
        return sqrt(self.published_steps / self.expected)


def measure() -> Findings:
    shown = {distance: run(distance) for distance in ENDS}
    ten = shown[SHOWN]
    gates = (
        *(Gate.of(name, settings, 50_000, 4 * (name == SCRIPT)) for name, (settings, _, _) in CONSTANT.items()),
        Gate.of("clipped at 2.5: cifar_test.py, January 2026", JANUARY, 9 * STEPS_AN_EPOCH, 9),
        Gate.of("clipped at 2: cifar_test.py, December 2025", DECEMBER, 12_000, 10),
    )
    return Findings(
        tables=tables(gates),
        comparisons=(
            *(Comparison(f"D = {d:g}: where the run ends", stated, shown[d].end) for d, stated in ENDS.items()),
            Comparison("D = 10: first Frozen step", "94", ten.first_frozen),
            Comparison("D = 10: changes of status", "15", ten.changes),
            Comparison("D = 10: Liquid steps in all", "101", int(np.sum(ten.liquid))),
            Comparison("D = 10: last Liquid step", "113", ten.last_liquid),
            *(
                comparison
                for gate, (_, predicted, observed) in zip(gates, CONSTANT.values(), strict=False)
                for comparison in (
                    Comparison(f"{gate.name}: predicted freeze time", predicted, gate.expected),
                    Comparison(f"{gate.name}: first Frozen step", observed, gate.observed or nan),
                )
            ),
            Comparison("clipped at 2.5: no Frozen step before", "888,889", JANUARY.expected),
            Comparison("that is in epoch", "1137", JANUARY.expected / STEPS_AN_EPOCH),
        ),
        conclusions=(
            f"The gate is a leash, not an early stop: from θ = 0 the run ends at {ten.end:.6f} if the minimum is at "
            f"10, and at {shown[1e3].end:.6f} and {shown[1e4].end:.6f} if it is at 1,000 and 10,000. How far a run "
            "gets is set by lr, κ and β, not by the minimum.",
            f"From κ·(1-T)·√τ·(1-β) ≥ 1 on (step {ten.shut_for_ever:,} for D = 10) every gradient whatsoever is "
            "refused, since the mean norm E is at least (1-β)·n. Only a shock, which nothing in the optimizer calls, "
            f"opens the gate again. With these settings no run can get further than about (κ(1-β))⁻² = {LEASH:.0f}, "
            "and one step.",
            "Before, it flickers, without any noise: for D = 10 the statuses from step 89 on are "
            f"{ten.statuses[88:117]}… A second threshold would prevent that; there is one only, although the source "
            "speaks of a Schmitt trigger.",
            "If clipping holds the norm at c, the gate cannot close before step 1/(lr·c·(κ·s)²); if the gradient does "
            "not change, it closes near √m/(lr·√k·κ²). The published CIFAR-10 runs are shorter: "
            + "; ".join(f"{g.published_steps:,} of {g.expected:,.0f} steps" for g in gates if g.published_steps)
            + ". Even in its last step the norm would have had to fall below "
            + ", ".join(f"{g.needed_fall:.0%}" for g in gates if g.published_steps)
            + " of its own mean to be refused; in the figure of January it is the clip throughout. A gate "
            "that never closes is no gate: those runs are RMSprop, with or without clipping.",
        ),
        data=(ten, [run(float(distance)).end for distance in DISTANCES], gates),
    )


def tables(gates: tuple[Gate, ...]) -> tuple[Table, Table]:
    """Return where runs end and when they flicker, and when gates close."""
    leash, closed = [], []
    for distance in (1.0, *ENDS):
        one = run(distance)
        steps = np.sum(one.liquid), one.first_frozen, one.last_liquid, one.changes, one.shut_for_ever or "never"
        leash.append((distance, one.end, distance - one.end, *steps))
    for gate in gates:
        fall = f"below {gate.needed_fall:.0%} of its mean" if gate.published_steps else ""
        closed.append((gate.name, gate.expected, gate.observed or "not in that run", gate.published_steps or "", fall))
    return Table.of(
        "f = ½(θ - D)² from θ = 0; lr 0.1, κ 0.5, β 0.9, ε 1e-12, all else default (adaptive, T₀ = 1, γ = 0.99)",
        "minimum D {:,g} | ends at θ {:.6f} | still to go {:,.4f} | Liquid steps | first Frozen | last Liquid | "
        "changes | shut for ever from {:,}",
        leash,
    ), Table.of(
        "when the gate first closes, in steps: gradient constant (its k entries all not 0), or norm clipped at every "
        "step",
        "run | formula {:,.1f} | first Frozen {:,} | published run {:,} | needed fall of n",
        closed,
    )


def draw(data: tuple[QuadraticRun, list[float], tuple[Gate, ...]], figure: Any) -> None:
    """Draw one run that stops short, how far any run gets, and when gates could close."""
    shown, ends, gates = data
    axes = figure.subplot_mosaic([["position", "leash"], ["gate", "times"]])
    draw_position(shown, axes["position"])
    draw_gate(shown, axes["gate"])
    draw_leash(ends, axes["leash"])
    draw_times([gate for gate in gates if gate.published_steps], axes["times"])
    figure.suptitle(
        "HysteroGrad on f = ½(θ - D)² from θ = 0, no noise (lr 0.1, κ 0.5, β 0.9, adaptive). A step is taken only if "
        "its norm n exceeds the barrier h,\nwhich grows with the root of the path walked: n and h are ratios without "
        "unit, θ is in units of the parameter",
        fontsize="medium",
    )


def shade_frozen(run: QuadraticRun, ax: Any) -> None:
    frozen = np.flatnonzero(~run.liquid) + 1
    style = {"width": 1, "color": ORANGE, "alpha": 0.25, "lw": 0, "label": "Frozen: n ≤ h"}
    ax.bar(frozen, 1, transform=ax.get_xaxis_transform(), **style)


def draw_position(run: QuadraticRun, ax: Any, last: int = 180) -> None:
    shade_frozen(run, ax)
    ax.axhline(SHOWN, color=GREEN, ls="--", label=f"minimum, θ = {SHOWN:g}")
    ax.plot(np.arange(last + 1), np.concatenate([[0.0], run.position[:last]]), color=BLUE, label="position θ")
    arrow = {"xytext": (last - 75, 6.5), "arrowprops": {"arrowstyle": "->"}}
    ax.annotate(f"stays at {run.end:.4f} for ever", (last - 20, run.end), **arrow)
    ax.set(xlim=(0, last), ylim=(0, 1.15 * SHOWN), xlabel="step", ylabel="position θ")
    ax.set_title(f"The run stops {SHOWN - run.end:.2f} short of its minimum")
    ax.legend(loc="lower right", fontsize="small", framealpha=1)


def draw_gate(run: QuadraticRun, ax: Any) -> None:
    first, last = run.first_frozen - 14, run.last_liquid + 17
    steps = np.arange(first, last + 1)
    shade_frozen(run, ax)
    ax.plot(steps, run.norm[first - 1 : last], ".-", color=BLUE, label="norm n")
    ax.plot(steps, run.width[first - 1 : last], color="black", label="barrier h")
    ax.set(xlim=(first - 0.5, last + 0.5), xlabel="step", ylabel="norm n, barrier h")
    ax.set_title(f"Before it freezes it flickers: {run.changes} changes of status, without noise")
    ax.legend(loc="upper left", ncols=3, fontsize="small", framealpha=1)


def draw_leash(ends: list[float], ax: Any) -> None:
    ax.plot(DISTANCES, DISTANCES, color=GREEN, ls="--", label="the minimum itself, θ = D")
    ax.plot(DISTANCES, ends, "o-", ms=4, color=BLUE, label="where the run ends")
    ax.axhline(LEASH, color="black", ls=":", label=f"(κ(1-β))⁻² = {LEASH:.0f}: no gradient gets it further")
    ax.annotate(f"{ends[-1]:.1f}", (DISTANCES[-1], ends[-1]), xytext=(-12, 8), textcoords="offset points")
    ax.set(xscale="log", yscale="log", xlabel="distance D from the start to the minimum", ylabel="end position θ")
    ax.set_title("It is a leash: far minima are not approached any further")
    ax.legend(loc="upper left", fontsize="small")


def draw_times(gates: list[Gate], ax: Any) -> None:
    rows = np.arange(len(gates))[::-1]
    lengths, expected = [gate.published_steps for gate in gates], [gate.expected for gate in gates]
    ax.hlines(rows, lengths, expected, color="0.7", lw=1)
    ax.plot(lengths, rows, "o", ms=9, color=BLUE, label="the published run ends, all its steps Liquid")
    ax.plot(expected, rows, "D", ms=9, color=ORANGE, label="a steady norm freezes (closed form)")
    for row, gate in zip(rows, gates, strict=True):
        ax.annotate(f"{gate.published_steps:,} ", (0.9 * gate.published_steps, row), ha="right", va="center")
        ax.annotate(f" {gate.expected:,.0f}", (1.1 * gate.expected, row), ha="left", va="center")
        ax.annotate(gate.name, (1.2e3, row + 0.15), va="bottom", fontsize="small")
    ax.set(xscale="log", xlim=(1e3, 3e6), ylim=(-0.6, len(gates)), yticks=[], xlabel="steps")
    ax.set_title("The published CIFAR-10 runs ended before a steady norm freezes")
    ax.legend(loc="upper right", ncols=2, fontsize="small")


study = Study.of("hysterograd-freezing", WORDS, measure, draw, size=(13.0, 8.5))
