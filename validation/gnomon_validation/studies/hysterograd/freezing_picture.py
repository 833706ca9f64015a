"""The picture of the freezing study: one run that stops short, how far any run gets, and when gates could close."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.hysterograd.published import STEPS_AN_EPOCH
from gnomon_validation.studies.hysterograd.runs import LEASH, Clipped, Constant, QuadraticRun

BLUE, ORANGE, GREEN = COLOURS[:3]


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


class Freezing(NamedTuple):
    """What the picture shows: the run to the minimum at `minimum`, ends over distances of the minimum, and gates."""

    minimum: float
    shown: QuadraticRun
    distances: Array
    ends: Array
    gates: tuple[Gate, ...]


def draw(data: Freezing, figure: Any) -> None:
    axes = figure.subplot_mosaic([["position", "leash"], ["gate", "times"]])
    draw_position(data, axes["position"])
    draw_gate(data.shown, axes["gate"])
    draw_leash(data, axes["leash"])
    draw_times(data.gates, axes["times"])
    figure.suptitle(
        "HysteroGrad on f = ½(θ - D)² from θ = 0, no noise (lr 0.1, κ 0.5, β 0.9, adaptive). A step is taken only if "
        "its norm n exceeds the barrier h,\nwhich grows with the root of the path walked: n and h are ratios without "
        "unit, θ is in units of the parameter",
        fontsize="medium",
    )


def shade_frozen(run: QuadraticRun, ax: Any) -> None:
    """Shade the refused steps of a run."""
    frozen = np.flatnonzero(~run.liquid) + 1
    style = {"width": 1, "color": ORANGE, "alpha": 0.25, "lw": 0, "label": "Frozen: n ≤ h"}
    ax.bar(frozen, 1, transform=ax.get_xaxis_transform(), **style)


def draw_position(data: Freezing, ax: Any) -> None:
    """Draw how the run approaches its minimum and stops."""
    run, last = data.shown, 180
    shade_frozen(run, ax)
    ax.axhline(data.minimum, color=GREEN, ls="--", label=f"minimum, θ = {data.minimum:g}")
    ax.plot(np.arange(last + 1), np.concatenate([[0.0], run.position[:last]]), color=BLUE, label="position θ")
    arrow = {"xytext": (last - 75, 6.5), "arrowprops": {"arrowstyle": "->"}}
    ax.annotate(f"stays at {run.end:.4f} for ever", (last - 20, run.end), **arrow)
    ax.set(xlim=(0, last), ylim=(0, 1.15 * data.minimum), xlabel="step", ylabel="position θ")
    ax.set_title(f"The run stops {data.minimum - run.end:.2f} short of its minimum")
    ax.legend(loc="lower right", fontsize="small", framealpha=1)


def draw_gate(run: QuadraticRun, ax: Any) -> None:
    """Draw norm and barrier around the time when the gate closes."""
    first, last = run.first_frozen - 14, run.last_liquid + 17
    steps = np.arange(first, last + 1)
    shade_frozen(run, ax)
    ax.plot(steps, run.norm[first - 1 : last], ".-", color=BLUE, label="norm n")
    ax.plot(steps, run.width[first - 1 : last], color="black", label="barrier h")
    ax.set(xlim=(first - 0.5, last + 0.5), xlabel="step", ylabel="norm n, barrier h")
    ax.set_title(f"Before it freezes it flickers: {run.changes} changes of status, without noise")
    ax.legend(loc="upper left", ncols=3, fontsize="small", framealpha=1)


def draw_leash(data: Freezing, ax: Any) -> None:
    """Draw where runs end, over how far away their minimum is."""
    ax.plot(data.distances, data.distances, color=GREEN, ls="--", label="the minimum itself, θ = D")
    ax.plot(data.distances, data.ends, "o-", ms=4, color=BLUE, label="where the run ends")
    ax.axhline(LEASH, color="black", ls=":", label=f"(κ(1-β))⁻² = {LEASH:.0f}: no gradient gets it further")
    last = data.distances[-1], data.ends[-1]
    ax.annotate(f"{last[1]:.1f}", last, xytext=(-12, 8), textcoords="offset points")
    ax.set(xscale="log", yscale="log", xlabel="distance D from the start to the minimum", ylabel="end position θ")
    ax.set_title("It is a leash: far minima are not approached any further")
    ax.legend(loc="upper left", fontsize="small")


def draw_times(gates: tuple[Gate, ...], ax: Any) -> None:
    """Draw how long published runs were, and from which step on their gate could have closed."""
    known = [gate for gate in gates if gate.published_steps]
    rows = np.arange(len(known))[::-1]
    lengths, expected = [gate.published_steps for gate in known], [gate.expected for gate in known]
    ax.hlines(rows, lengths, expected, color="0.7", lw=1)
    ax.plot(lengths, rows, "o", ms=9, color=BLUE, label="the published run ends, all its steps Liquid")
    ax.plot(expected, rows, "D", ms=9, color=ORANGE, label="a steady norm freezes (closed form)")
    for row, gate in zip(rows, known, strict=True):
        ax.annotate(f"{gate.published_steps:,} ", (0.9 * gate.published_steps, row), ha="right", va="center")
        ax.annotate(f" {gate.expected:,.0f}", (1.1 * gate.expected, row), ha="left", va="center")
        ax.annotate(gate.name, (1.2e3, row + 0.15), va="bottom", fontsize="small")
    ax.set(xscale="log", xlim=(1e3, 3e6), ylim=(-0.6, len(known)), yticks=[], xlabel="steps")
    ax.set_title("The published CIFAR-10 runs ended before a steady norm freezes")
    ax.legend(loc="upper right", ncols=2, fontsize="small")
