"""Does a warm-up emerge? κ along gradient descent on eight learning problems, and on one where it provably does."""

from __future__ import annotations

from itertools import product
from typing import Any, TypeAlias

import numpy as np

from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.homotopy import training_runs
from gnomon_validation.studies.homotopy.training_runs import MEASURED, PROBLEMS, SEEDS, SMALL, Path, from_saddle, run
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """warm-up or decay?
Does a warm-up emerge from the rule, as is claimed, and what is it worth?
the claim: README of TorchType's homotopy_lr (github.com/thehalleyyoung/TorchType, commit 8b8a54b); stated figures: own
computation
picture: The “emergent warm-up” is a decay, except from a tiny gradient, where it takes 20 to 200 times as many steps
below: κ = ‖H‖₂/‖g‖₂², exact; the rule's rate is b/(1 + max(0, κ/target − 1)), so it rises only while κ falls."""
STATED = {0.01: ("32", "6585"), 0.03: ("26", "1025"), 0.1: ("19", "389")}
Runs: TypeAlias = dict[training_runs.Problem, tuple[training_runs.Run, ...]]
Paths: TypeAlias = dict[float, tuple[Path, ...]]


def measure() -> Findings:
    runs = {problem: tuple(run(problem, seed) for seed in SEEDS) for problem in PROBLEMS}
    paths = {start: tuple(from_saddle(start, homotopy) for homotopy in (False, True)) for start in STATED}
    at_once = {problem: sum(one.lowest == 0 for one in several) for problem, several in runs.items()}
    decays, total = sum(at_once.values()), len(PROBLEMS) * len(SEEDS)
    small = sum(len(SEEDS) - at_once[problem] for problem in SMALL)
    constant, longest = paths[0.01]
    compared = [
        *(
            Comparison(f"½(pq−1)² from p = q = {start:g}: steps to 1e-3, {rule}", stated, path.steps)
            for start, both in paths.items()
            for rule, stated, path in zip(("constant rate", "homotopy"), STATED[start], both, strict=True)
        ),
        Comparison("its largest rate from p = q = 0.01", "0.19752", float(np.max(longest.rates))),
        Comparison("at step", "6266", int(np.argmax(longest.rates))),
    ]
    first = runs[SMALL[0]][0]
    low = MEASURED.index(first.lowest)
    wider = sum(run(problem, seed).lowest == 0 for problem in training_runs.WIDER for seed in SEEDS)
    narrow = sum(at_once[problem] for problem in PROBLEMS[5:7])
    edge = max(float(one.norms[-1] / one.norms[0]) / 2 for one in runs[SMALL[1]])
    conclusions = (
        f"In {decays} of {total} runs κ is least at the very first step: whatever its target, the rule begins with its "
        f"highest rate and lowers it. That is a decay, the opposite of a warm-up. Of the other "
        f"{total - decays}, {small} have a small start (×0.1, ×0.3).",
        f"An earlier count was 14 of 16. It is not reproduced, and cannot be: its data and starts are not recorded, "
        f"and the count hangs on how a start is scaled. Here all weights have variance scale²/inputs. With starts of "
        f"the deep linear network that are twice as wide (variance scale²) it would be {decays - narrow + wider} of "
        f"{total}.",
        f"In the deep linear runs ×0.3 ‖H‖ grows until the constant rate ½/‖H(0)‖ is up to {edge:.1f}/‖H‖ at the "
        f"end; 2/‖H‖ is the limit of stability, and κ flickers.",
        f"It is the gradient that decides: with the start ×0.1 ‖g‖ goes from {first.grad_norms[0]:.2f} to "
        f"{first.grad_norms[low]:.2f} in {first.lowest} steps, while ‖H‖ goes from {first.norms[0]:.2f} up to "
        f"{first.norms[low]:.2f}. A small gradient makes the warm-up, not a large Hessian.",
        f"And it is no help: on ½(pq−1)², where the rise of the rate is provable, the constant rate takes "
        f"{constant.steps} steps from 0.01, the warm-up {longest.steps:,}.",
    )
    table = Table.of(
        "L = ½(pq−1)² from p = q = x, b = 0.2, target 2, a = 1: steps until L < 1e-3",
        "start x {:g} | constant rate {:,} | homotopy {:,} | its first rate {:.2e} | its largest rate {:.5f} | "
        "at step {:,} | its last rate {:.2e}",
        (
            (start, constant.steps, one.steps, one.rates[0], np.max(one.rates), np.argmax(one.rates), one.rates[-1])
            for start, (constant, one) in paths.items()
        ),
    )
    return Findings((training_table(runs), table), tuple(compared), conclusions, (runs, paths))


def training_table(runs: Runs) -> Table:
    rows = []
    for problem, seed in product(runs, SEEDS):
        k, low = runs[problem][seed].curvatures, runs[problem][seed].lowest
        said = f"rises at first, highest at step {low}" if low else "decay"
        rows.append((problem.name, seed, k[0], np.min(k), low, k[-1], said))
    return Table.of(
        "κ = ‖H‖/‖g‖² along gradient descent with the constant rate ½/‖H(0)‖, 150 steps on 40 points; the rate that "
        "the rule would choose falls as κ rises",
        "problem | seed | κ at step 0 {:.3g} | least κ {:.3g} | at step | κ at step 150 {:.4g} | the rule's rate",
        rows,
    )


def draw(data: tuple[Runs, Paths], figure: Any) -> None:
    runs, paths = data
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.3, 1, 1))
    hues = ("black", *(COLOURS[k] for k in (0, 4, 1, 2, 3, 3, 5)))
    for (problem, several), colour, dashes in zip(runs.items(), hues, (*"------", "--", "-"), strict=True):
        for one, name in zip(several, (problem.name, None), strict=True):
            style = {"color": colour, "lw": 2.6 if problem in SMALL else 1.2, "label": name}
            left.plot(np.array(MEASURED) + 1, one.curvatures / one.curvatures[0], dashes, **style)
    left.axhline(1, color="black", lw=0.8)
    left.set(xscale="log", yscale="log", xlabel="step + 1", ylabel="κ relative to its first value", ylim=(0.04, None))
    left.set_title("eight learning problems, two seeds:\nbelow 1 the rule's rate would have risen")
    finish(left, loc="upper left", fontsize=7.5)
    offset = {"textcoords": "offset points"}
    for (start, (constant, homotopy)), colour in zip(paths.items(), COLOURS[1:4], strict=True):
        middle.plot(np.arange(homotopy.steps) + 1, homotopy.rates, color=colour, lw=1.8)
        middle.annotate(f"x = {start:g}", (1, homotopy.rates[0]), xytext=(4, 5), color=colour, fontsize=9, **offset)
        right.plot(np.arange(homotopy.steps + 1) + 1, homotopy.losses, color=colour, lw=1.8)
        right.plot(np.arange(constant.steps + 1) + 1, constant.losses, "--", color=colour, lw=1.8)
        end = (homotopy.steps + 1, training_runs.GOAL)
        right.annotate(f"{homotopy.steps:,}", end, xytext=(-4, -14), ha="center", fontsize=8, **offset)
    middle.axhline(training_runs.RATE, color="black", ls="--", lw=1.2)
    middle.annotate("constant rate 0.2", (1, training_runs.RATE), xytext=(4, 4), fontsize=9, **offset)
    middle.set(xscale="log", yscale="log", xlabel="step + 1", ylabel="learning rate", ylim=(None, 0.6))
    middle.set_title("½(pq−1)² from p = q = x:\nthe rate rises until κ is least, then falls")
    middle.grid(alpha=0.3)
    fewest, *_, most = sorted(constant.steps for constant, _ in paths.values())
    right.plot([], [], "--", color="black", label=f"constant rate ({fewest} … {most} steps)")
    right.plot([], [], "-", color="black", label="homotopy")
    right.set(xscale="log", yscale="log", xlabel="step + 1", ylabel="loss L, down to 0.001", ylim=(1.5e-4, 1))
    right.set_title("½(pq−1)² from p = q = x:\nthe loss, and how many steps it took")
    finish(right, loc="lower center", ncols=2)


study = Study.of("homotopy-warmup", WORDS, measure, draw, size=(15.0, 6.0))
