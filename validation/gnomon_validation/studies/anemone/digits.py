"""Hidden Chow-Liu trees of 8×8 digits, learnt from batches of 50: anemone, mini-batch EM, Adam, EM. By scikit-learn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.probability.anemone.circuits import require_segments
from gnomon.probability.anemone.structures import chow_liu, hclt, initial, mutual_information
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.anemone.training import Trainer
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """learning curves on real images
Does anemone learn faster from batches than mini-batch EM, and does it generalise better?
own stand-in for arXiv 2505.19982's data: scikit-learn's digits, 1,500 to learn from; stated: means of three runs
± 0.7, twice the largest standard deviation of a run"""
STATES, LEVELS, BATCH, EPOCHS, SPREAD = 16, 17, 50, 20, 0.7
METHODS = ("mini-batch EM", "anemone")
# ε, α, whether α falls to 0.01; log-likelihoods in training and in testing, of mini-batch EM and of anemone.
ROWS = (
    (0.1, 0.05, False, (-93.49, -94.41), (-89.90, -91.62)),
    (0.1, 0.1, False, (-88.70, -90.55), (-86.51, -89.55)),
    (0.1, 0.2, False, (-88.34, -90.51), (-86.55, -89.87)),
    (0.1, 0.2, True, (-88.14, -90.14), (-85.72, -89.05)),
    (0.1, 0.4, True, (-86.61, -89.05), (-84.42, -88.49)),
    (0.01, 0.05, False, (-89.61, -91.22), (-86.60, -89.63)),
    (0.01, 0.1, False, (-85.03, -88.47), (-83.56, -89.01)),
    (0.01, 0.2, False, (-85.36, -89.24), (-84.43, -90.18)),
    (0.01, 0.2, True, (-84.33, -87.86), (-82.92, -88.85)),
    (0.01, 0.4, True, (-83.22, -87.48), (-82.30, -88.76)),
)


class Run(NamedTuple):
    """A way to learn; ε is a pseudocount in counts."""

    method: str
    eps: float = 1e-6
    rate: float = 0.4
    falls: bool = False
    momentum: float = 0.0

    @property
    def setting(self) -> str:
        return f"{self.eps:g}, {self.rate:g}{', falling' if self.falls else ''}"

    @property
    def name(self) -> str:
        if self.method in METHODS:
            return f"{self.method}, {f'm = {self.momentum}' if self.eps == 1e-6 else self.setting}"
        return f"{self.method}, rate {self.rate:g}" if self.method == "Adam" else self.method


PAIRS = [tuple(Run(method, *row[:3]) for method in METHODS) for row in ROWS]
WEAK, STRONG = Run("anemone"), Run("anemone", momentum=0.9)
FULL, *ADAMS = Run("full EM", rate=1.0), *(Run("Adam", rate=rate) for rate in (0.02, 0.05, 0.1))
BESIDE = FULL, ADAMS[1]
DRAWN = PAIRS[1], PAIRS[4], PAIRS[6], PAIRS[9]
# In training and on images held back.
STATED = {
    **{run: figures for pair, row in zip(PAIRS, ROWS, strict=True) for run, figures in zip(pair, row[3:], strict=True)},
    WEAK: (-89.92, -93.96), STRONG: (-83.48, -89.85),
    FULL: (-92.14, -93.44), ADAMS[0]: (-87.80, -90.42), ADAMS[1]: (-84.67, -89.53), ADAMS[2]: (-84.00, -89.96),
}  # fmt: skip


def images() -> tuple[Array, Array]:
    """Return 1,500 images to learn from, and 297 to test with, numbers 0 … 16."""
    pixels = import_module("sklearn.datasets").load_digits().data[np.random.default_rng(0).permutation(1797)]
    return pixels[:1500], pixels[1500:]


class Learnt(NamedTuple):
    """The mean log-likelihood in training after each epoch, or at the end alone, and of images held back."""

    curve: list[float]
    tested: float

    @property
    def ends(self) -> tuple[float, float]:
        return self.curve[-1], self.tested


def learnt(train: Array, test: Array, circuit: Any, epochs: int, run: Run) -> Learnt:
    rng = np.random.default_rng(1)
    trainer = Trainer(circuit, initial(rng.uniform(size=require_segments(circuit)), circuit, perturbation=1.0))
    size = len(train) if run is FULL else BATCH
    whole = run in (*BESIDE, *chain(*DRAWN))
    total, made, found = epochs * (len(train) // size), 0, []
    for _ in range(epochs):
        order = rng.permutation(len(train))
        for start in range(0, len(train) - size + 1, size):
            step_size = run.rate + (0.01 - run.rate) * made / max(total - 1, 1) if run.falls else run.rate
            trainer.step(train[order[start : start + size]], run.method, step_size, run.eps, run.momentum)
            made += 1
        found += [trainer.likelihood(train)] if whole or made == total else []
    return Learnt(found, trainer.likelihood(test))


def around(run: Run, ends: tuple[float, float]) -> list[Comparison]:
    """Return the figures of a run beside what was stated, the spread of its momentum's only for those in training."""
    triples = zip(("train",) if run in (WEAK, STRONG) else ("train", "test"), STATED[run], ends, strict=False)
    return [Comparison(f"{run.name}: {what}", f"{x - SPREAD:.2f} … {x + SPREAD:.2f}", end) for what, x, end in triples]


def measure(epochs: int = EPOCHS) -> Findings:
    train, test = images()
    circuit = hclt(chow_liu(mutual_information(train, LEVELS)), STATES, LEVELS)
    with ThreadPoolExecutor() as threads:
        results = list(threads.map(partial(learnt, train, test, circuit, epochs), STATED))
    found = dict(zip(STATED, results, strict=True))
    ends = {run: result.ends for run, result in found.items()}
    ahead, tested = np.array([np.subtract(ends[anemone], ends[em]) for em, anemone in PAIRS]).T
    gains = np.subtract(ends[STRONG], ends[WEAK])
    adam = np.max([ends[run] for run in ADAMS], axis=0)
    conclusions = (
        f"In training anemone leads mini-batch EM in {np.sum(ahead > 0)} of {len(ROWS)} rows, by {np.min(ahead):.2f} "
        f"to {np.max(ahead):.2f} nats an image.",
        f"On images held back it leads in {np.sum(tested > 0)} of {len(ROWS)}: with a weak pseudocount it overfits "
        "more.",
        f"Adam on logits ends at {adam[0]:.2f} in training and at {adam[1]:.2f} on images held back, each with the "
        f"rate that is best for it; full EM, with {epochs} updates, at {ends[FULL][0]:.2f} and {ends[FULL][1]:.2f}.",
        f"With ε = 1e-6, α = 0.4 a momentum of 0.9 is worth {gains[0]:.1f} nats in training and {gains[1]:.1f} on "
        f"images held back, where {ends[WEAK][1]:.2f} for {STATED[WEAK][1]} and {ends[STRONG][1]:.2f} for "
        f"{STATED[STRONG][1]} were found: the spread of these is not stated.",
    )
    table = Table.of(
        f"mean log-likelihood of an image in nats after {epochs} epochs, batches of {BATCH}",
        "ε, α | mini-batch EM {:.2f} | on test images {:.2f} | anemone {:.2f} | on test images {:.2f}",
        [(em.setting, *ends[em], *ends[anemone]) for em, anemone in PAIRS],
    )
    beside = Table.of(
        "others, after as many epochs", "method | in training {:.2f} | on test images {:.2f}",
        [(run.name, *ends[run]) for run in (FULL, *ADAMS)],
    )  # fmt: skip
    compared = chain(*(around(run, ends[run]) for run in STATED)) if epochs == EPOCHS else ()
    return Findings((table, beside), tuple(compared), conclusions, {run: found[run].curve for run in STATED})


def draw(data: Any, figure: Any) -> None:
    entitle(
        figure, "From the same batches anemone learns faster than mini-batch EM",
        f"Hidden Chow-Liu tree, {STATES} states a pixel; batches of {BATCH} digits; ε: pseudocount, α: step size.",
    )  # fmt: skip
    for axes, pair in zip(figure.subplots(1, len(DRAWN), sharey=True), DRAWN, strict=True):
        for run, style in zip((*pair, *BESIDE), ("-", "-", "--", ":"), strict=True):
            colour = dict(zip(METHODS, COLOURS, strict=False)).get(run.method, "grey")
            label = run.method if run in pair else run.name
            axes.plot(np.arange(1, len(data[run]) + 1), data[run], color=colour, ls=style, label=label)
        axes.set(
            title=f"ε, α = {pair[0].setting}", xlabel="epochs", ylabel="mean log-likelihood in training (nats)",
            ylim=(-105, -81),
        )  # fmt: skip
        axes.label_outer()
        finish(axes, loc="lower right")


study = Study.of("anemone-digits", WORDS, measure, draw, size=(13.0, 4.6))
