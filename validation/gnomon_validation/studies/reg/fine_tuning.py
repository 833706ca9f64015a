"""What a small network's weights gain when it is trained on: how many directions the change of a layer has."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, listed, spread
from gnomon_validation.studies.reg.networks import METHODS, RATES, SEEDS, Tuned, runs
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """how many directions fine-tuning adds to a layer
Is the change that REG makes of a network trained with AdamW as AdamW's own, where Muon's is not?
the abstract of arXiv 2510.03691: “consistent with AdamW”, “less drastic than Muon”; without figures: a stand-in
picture: Trained on, REG changes a layer in as few directions as AdamW; Muon in most that there are"""
STATED = {"AdamW": "2.5 … 4.0", "REG": "2.6 … 4.3", "Muon": "25.5 … 29.1"}
Run = tuple[int, float, dict[str, Tuned]]


def measure() -> Findings:
    found = list(runs())
    rows = [
        (f"{lr:g}", seed, *(tuned[m].stable_rank for m in METHODS), *(tuned[m].accuracy for m in METHODS))
        for seed, lr, tuned in found
    ]
    ranks = " | ".join(f"{method} {{:.1f}}" for method in METHODS)
    shares = " | ".join(f"right: {method} {{:.1%}}" for method in METHODS)
    table = Table.of("stable rank of what 100 steps add to the 64×64 layer", f"lr | seed | {ranks} | {shares}", rows)
    wider = sum(tuned["Muon"].stable_rank > 5 * tuned["REG"].stable_rank for _, _, tuned in found)
    near = sum(0.5 < tuned["REG"].stable_rank / tuned["AdamW"].stable_rank < 2 for _, _, tuned in found)
    every = f"{len(RATES) * len(SEEDS)}"
    compared = (
        Comparison("runs in which Muon's change has more than 5 times the stable rank of REG's", every, float(wider)),
        Comparison("runs in which REG's is within a factor of 2 of AdamW's", every, float(near)),
    )
    extent = {method: spread([tuned[method].stable_rank for *_, tuned in found], "{:.1f}") for method in METHODS}
    right = {(m, lr): [tuned[m].accuracy for _, at, tuned in found if at == lr] for m in METHODS for lr in RATES}
    order = [sorted(METHODS, key=lambda m: -tuned[m].accuracy) for _, lr, tuned in found if lr == RATES[0]]
    shown = {lr: "; ".join(f"{m} {listed(right[m, lr], '{:.1%}')}" for m in METHODS) for lr in RATES}
    conclusions = (
        f"REG changes as few directions as AdamW does: stable ranks {extent['REG']} and {extent['AdamW']}, with Muon "
        f"{extent['Muon']} of 64. That much of the claim holds in a miniature. Stated, of other draws of the same, are "
        f"{', '.join(f'{ranks} with {m}' for m, ranks in STATED.items())}.",
        f"Accuracies after fine-tuning, seed by seed, at rate {RATES[0]:g}: {shown[RATES[0]]}. "
        f"{sum(one == order[0] for one in order)} of {len(order)} seeds have the order {', '.join(order[0])}. At rate "
        f"{RATES[1]:g}: {shown[RATES[1]]}. Stated are 100 % for all.",
    )
    return Findings((table,), compared, conclusions, found)


def draw(data: list[Run], figure: Any) -> None:
    for axes, rate in zip(figure.subplots(1, len(RATES), sharey=True), RATES, strict=True):
        for colour, method in zip(COLOURS, METHODS, strict=False):
            for seed, lr, tuned in data:
                if lr == rate:
                    values = tuned[method].values
                    label = f"{method}: stable rank {tuned[method].stable_rank:.1f}" if seed == SEEDS[0] else None
                    axes.semilogy(np.arange(1, 65), values / values[0], color=colour, lw=1.6, label=label)
        axes.set(xlabel="which singular value of the change", title=f"learning rate {rate:g}, {len(SEEDS)} seeds")
        axes.set_ylim(1e-4, 1.5)
        finish(axes, loc="lower left")
    figure.axes[0].set_ylabel("relative to the largest")


study = Study.of("reg-fine-tuning", WORDS, measure, draw, size=(11.0, 5.0))
