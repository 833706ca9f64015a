"""The gate as a leash: where it holds a run back, how it flickers before, and when it can close at all."""

from __future__ import annotations

from math import nan

import numpy as np

from gnomon_validation.studies.hysterograd.freezing_picture import Freezing, Gate, draw
from gnomon_validation.studies.hysterograd.published import STEPS_AN_EPOCH
from gnomon_validation.studies.hysterograd.runs import LEASH, Clipped, Constant, run
from gnomon_validation.studies.hysterograd.wide_resnet import parameter_count
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

SHOWN = 10.0
ENDS = {SHOWN: "9.237716", 1e3: "10.406268", 1e4: "10.413366"}
CONSTANT: dict[str, tuple[Constant, str, str]] = {
    "1 entry, lr .01, κ .05": (Constant(1, 1, 0.01, 0.05), "40000", "39877"),
    "354 entries (moons network), lr .01, κ .05": (Constant(354, 1, 0.01, 0.05), "2126", "2003"),
    "100 entries, m 300, lr .05, κ .05": (Constant(100, 300, 0.05, 0.05), "13856", "13733"),
}
"""Constant gradients, and what is stated of each: the freeze time predicted, and the one observed."""
SCRIPT = "ATF script: WideResNet-28-2, m 200, lr .07, κ .003"
CONSTANT[SCRIPT] = Constant(parameter_count(), 200, 0.07, 0.003, 0.95), "1.85e4", "1.85e4"
JANUARY = Clipped(lr=0.05, stiffening_factor=0.005, hysteresis_scale=0.6, grad_clip=2.5, cooling_rate=0.995)
DECEMBER = Clipped(lr=0.08, stiffening_factor=0.02, hysteresis_scale=1.2, grad_clip=2.0)


def measure() -> Findings:
    """Follow runs until their gate is shut for ever, and find when the gates of published runs could have closed."""
    shown = {distance: run(distance) for distance in ENDS}
    distances = np.logspace(-1, 4, 11)
    ends = np.array([run(float(distance)).end for distance in distances])
    ten = shown[SHOWN]
    gates = (
        *(Gate.of(name, settings, 50_000, 4 * (name == SCRIPT)) for name, (settings, _, _) in CONSTANT.items()),
        Gate.of("clipped at 2.5: cifar_test.py, January 2026", JANUARY, 9 * STEPS_AN_EPOCH, 9),
        Gate.of("clipped at 2: cifar_test.py, December 2025", DECEMBER, 12_000, 10),
    )
    return Findings(
        tables=(leash_table(), gate_table(gates)),
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
        data=Freezing(SHOWN, ten, distances, ends, gates),
    )


def leash_table() -> Table:
    """Return where runs end, and when they flicker."""
    rows = []
    for distance in (1.0, *ENDS):
        one = run(distance)
        steps = np.sum(one.liquid), one.first_frozen, one.last_liquid, one.changes, one.shut_for_ever or "never"
        rows.append((distance, one.end, distance - one.end, *steps))
    return Table.of(
        "f = ½(θ - D)² from θ = 0; lr 0.1, κ 0.5, β 0.9, ε 1e-12, all else default (adaptive, T₀ = 1, γ = 0.99)",
        "minimum D {:,g} | ends at θ {:.6f} | still to go {:,.4f} | Liquid steps | first Frozen | last Liquid | "
        "changes | shut for ever from {:,}",
        rows,
    )


def gate_table(gates: tuple[Gate, ...]) -> Table:
    """Return when gates close."""
    rows = []
    for gate in gates:
        fall = f"below {gate.needed_fall:.0%} of its mean" if gate.published_steps else ""
        rows.append((gate.name, gate.expected, gate.observed or "not in that run", gate.published_steps or "", fall))
    return Table.of(
        "when the gate first closes, in steps: gradient constant (its k entries all not 0), or norm clipped at every "
        "step",
        "run | formula {:,.1f} | first Frozen {:,} | published run {:,} | needed fall of n",
        rows,
    )


study = Study(
    "hysterograd-freezing",
    title="the gate as a leash",
    question="When does the gate freeze a run, where, and could it have acted in the published CIFAR-10 runs?",
    source="settings: github.com/dingste/HysteroGrad, examples/ATF-Arena.py and cifar_test.py (commits 98fd4e1 and "
    "73afb30); stated figures: closed forms of `gnomon explain hysterograd`",
    measure=measure,
    draw=draw,
    size=(13.0, 8.5),
)
