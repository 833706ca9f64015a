"""Accuracy per TFLOP: the published table recomputed, the cost counted layer by layer, AdamW's figures beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent.hysterograd_atf import atf, marginal_atf
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.hysterograd import published
from gnomon_validation.studies.hysterograd.published import TEST_IMAGES, TRAINING_IMAGES
from gnomon_validation.studies.printed import Comparison, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """accuracy per TFLOP, recomputed
Does HysteroGrad buy more accuracy per TFLOP than AdamW, by its author's own figures?
github.com/dingste/HysteroGrad, README.md and docs/theory.tex of 2026-01-16; figures of AdamW's ATF, of the ratios
and of the marginal ATF are quotients of those that we took"""


class Curve(NamedTuple):
    """Cumulative TFLOP, accuracy in percent, and its ratio to the cost: of all so far, and of the last epoch's gain."""

    tflop: Array
    accuracy: Array
    atf: Array
    marginal: Array


def curve(accuracy: tuple[float, ...]) -> Curve:
    """Return the ratios of published accuracies to the published costs of as many epochs."""
    tflop, percent = np.array(published.TFLOP[: len(accuracy)], dtype=np.float64), np.array(accuracy)
    return Curve(tflop, percent, atf(percent, tflop), marginal_atf(percent, tflop))


OURS, ADAMW = curve(published.ACCURACY), curve(published.ADAMW_ACCURACY)
COMMON = len(published.ADAMW_ACCURACY)
"""AdamW has an epoch less."""
RATIO = OURS.atf[:COMMON] / ADAMW.atf


class Layer(NamedTuple):
    """A layer. name: stage and kind. parameters: how many it has. flop: of one image's forward pass."""

    name: str
    parameters: int
    flop: int


def layers(depth: int = 28, widen_factor: int = 2, classes: int = 10, size: int = 32) -> Iterator[Layer]:
    """Yield the layers of a wide residual network on images, from the image to the classes.

    Source: Zagoruyko & Komodakis, Wide residual networks (2016), in the form of the author's `examples/ATF-Arena.py`:
    convolutions without bias, a 1×1 convolution where a block changes width or size. Counted as there: a convolution
    or a linear layer costs 2 FLOP for each multiply-add; normalisation, activation, addition and pooling cost nothing.
    depth: 6n + 4, with n blocks a stage. size: of the image.
    """
    blocks = (depth - 4) // 6
    yield convolution("first convolution", 3, 16, 3, size)
    inputs = 16
    for stage in (1, 2, 3):
        outputs = 16 * widen_factor * 2 ** (stage - 1)
        for block in range(blocks):
            stride = 2 if stage > 1 and block == 0 else 1
            name = f"stage {stage}"
            yield Layer(f"{name} normalisation", 2 * inputs, 0)
            yield convolution(f"{name} convolution 3×3", inputs, outputs, 3, size)
            yield Layer(f"{name} normalisation", 2 * outputs, 0)
            size //= stride
            yield convolution(f"{name} convolution 3×3", outputs, outputs, 3, size)
            if stride != 1 or inputs != outputs:
                yield convolution(f"{name} shortcut 1×1", inputs, outputs, 1, size)
            inputs = outputs
    yield Layer("last normalisation", 2 * inputs, 0)
    yield Layer("linear layer", inputs * classes + classes, 2 * inputs * classes)


def convolution(name: str, inputs: int, outputs: int, kernel: int, size: int) -> Layer:
    """Return a convolution without bias. size: width and height of what it puts out."""
    weights = kernel * kernel * inputs * outputs
    return Layer(name, weights, 2 * weights * size * size)


PARAMETERS, FLOP = (sum(counts) for counts in list(zip(*layers(), strict=True))[1:])
GFLOP = round(FLOP / 1e9, 4)
"""A forward pass of WideResNet-28-2 on an image of 32×32, as the source rounds it."""
PFLOP_AN_EPOCH = FLOP * 3 * TRAINING_IMAGES / 1e15
PFLOP_WITH_EVALUATION = FLOP * (3 * TRAINING_IMAGES + TEST_IMAGES) / 1e15
"""If the forward passes of the test images are counted, too."""


def cumulative_tflop() -> Array:
    """Return the training cost after each epoch, added up batch by batch as in the source: 3 times forward an image."""
    begins = np.arange(0, TRAINING_IMAGES, published.BATCH)
    costs = GFLOP * 1e9 * 3 * np.minimum(published.BATCH, TRAINING_IMAGES - begins) / 1e12
    total: Array = np.cumsum(np.tile(costs, len(published.TFLOP)))
    return total[begins.size - 1 :: begins.size]


def measure() -> Findings:
    added_up = cumulative_tflop()
    return Findings(
        tables=tables(),
        comparisons=(
            Comparison("forward FLOP of one 32×32 image", "485,329,408", FLOP),
            Comparison("parameters", "1,467,610", PARAMETERS),
            Comparison("forward GFLOP as the source rounds it", "0.4853", GFLOP),
            Comparison("TFLOP an epoch, unrounded", "72.799", 1000 * PFLOP_AN_EPOCH),
            Comparison("TFLOP an epoch, from the rounded GFLOP", "72.795", added_up[0]),
            *per_epoch("cumulative TFLOP", published.TFLOP, added_up),
            *per_epoch("ATF in %/TFLOP, as printed", published.ATF, OURS.atf),
            *per_epoch("ATF in %/TFLOP, to five digits", (".60187", ".32550", ".31335", ".24988"), OURS.atf),
            *per_epoch("AdamW's ATF in %/TFLOP", (".768", ".448", ".319"), ADAMW.atf),
            *per_epoch("ATF over AdamW's", (".784", ".726", ".982"), RATIO),
            *per_epoch("marginal ATF in %/TFLOP", (".602", ".049", ".289", ".059"), OURS.marginal),
            Comparison("PFLOP an epoch, the test set counted (README of 2026-01-01)", ".07765", PFLOP_WITH_EVALUATION),
        ),
        conclusions=(
            "The table's arithmetic is right, and its cost column follows from the architecture alone: 2 FLOP a "
            "multiply-add, backward counted as twice forward, evaluation left out.",
            f"By the author's own figures AdamW has the higher accuracy per TFLOP at {np.sum(RATIO < 1)} of "
            f"{COMMON} common points: the ratio is {listed(RATIO)}, not 3.",
            "At equal cost the ratio of two ATFs is the ratio of the accuracies, so no method can be behind in one and "
            "ahead in the other.",
            f"ATF falls from epoch to epoch ({listed(OURS.atf)}). What rises in epoch 3 is the "
            f"marginal ATF, accuracy gained per TFLOP spent since the epoch before ({listed(OURS.marginal)}), because "
            "epoch 2 brought so little.",
        ),
        data=(OURS, ADAMW),
    )


def per_epoch(quantity: str, stated: tuple[str, ...], measured: Any) -> list[Comparison]:
    """Return one comparison an epoch."""
    pairs = zip(stated, measured, strict=True)
    return [Comparison(f"{quantity}, epoch {i}", s, float(m)) for i, (s, m) in enumerate(pairs, 1)]


def tables() -> tuple[Table, Table]:
    """Return both methods epoch by epoch, and parameters and cost of the network, like layers together."""
    theirs = [*zip(*ADAMW[1:], RATIO, strict=True), *[("not given",) * 4] * (len(OURS.atf) - COMMON)]
    rows = [(i, *our, *their) for i, (our, their) in enumerate(zip(zip(*OURS, strict=True), theirs, strict=True), 1)]
    epochs = Table.of(
        "accuracy per TFLOP (ATF), from the published accuracies; marginal: gained in this epoch over spent in it",
        "epoch | total TFLOP {:.2f} | accuracy % {:.2f} | ATF %/TFLOP {:.5f} | marginal {:.3f} | "
        "AdamW: accuracy % {:.2f} | ATF %/TFLOP {:.5f} | marginal {:.3f} | ATF/AdamW's {:.3f}",
        rows,
    )
    alike: dict[str, list[int]] = {}
    for name, *counts in layers():
        alike[name] = [total + count for total, count in zip(alike.get(name, (0, 0, 0)), (1, *counts), strict=True)]
    title = "WideResNet-28-2, one forward pass of a 32×32 image (2 FLOP a multiply-add)"
    columns = "layers | how many | parameters {:,} | FLOP {:,}"
    everything = ("all", "", PARAMETERS, FLOP)
    return epochs, Table.of(title, columns, [*((name, *counts) for name, counts in alike.items()), everything])


def draw(curves: tuple[Curve, Curve], figure: Any) -> None:
    """Draw accuracy, ATF and marginal ATF over the cost, with AdamW beside HysteroGrad."""
    accuracy, ratio, marginal = figure.subplots(1, 3)
    width = (OURS.tflop[1] - OURS.tflop[0]) * 0.35
    for c, colour, line, hatch, side, name in (
        (curves[0], COLOURS[1], "o-", "", -0.5, "HysteroGrad"),
        (curves[1], COLOURS[0], "s--", "//", 0.5, "AdamW"),
    ):
        accuracy.plot(c.tflop, c.accuracy, line, color=colour, label=name)
        ratio.plot(c.tflop, c.atf, line, color=colour, label=name)
        marginal.bar(c.tflop + side * width, c.marginal, width, color=colour, hatch=hatch, label=name)
    for x, y, r in zip(ADAMW.tflop, ADAMW.atf, RATIO, strict=True):
        ratio.annotate(f"× {r:.3f}", (x, y), xytext=(7, 5), textcoords="offset points", fontsize="small")
    accuracy.set(title="AdamW is more accurate\nat every common cost", ylabel="test accuracy (%)", ylim=(40, 80))
    ratio.set_title("hence more accurate per TFLOP, too\n(numbers: HysteroGrad's ATF over AdamW's; claimed: 3)")
    ratio.set(ylabel="ATF = accuracy / cumulative cost (%/TFLOP)", ylim=(0, 0.9))
    marginal.set_title("ATF never “spikes”; the gain per epoch does in\nepoch 3, because epoch 2 brought so little")
    marginal.set(ylabel="marginal ATF = Δaccuracy / Δcost (%/TFLOP)", ylim=(0, 0.9))
    for ax in (accuracy, ratio, marginal):
        ax.set(xlabel="cumulative training cost (TFLOP), one epoch = 72.8", xlim=(20, 345))
        ax.title.set_fontsize("medium")
        ax.legend(loc="lower right" if ax is accuracy else "upper right")
    headline = "WideResNet-28-2 on CIFAR-10, the author's own figures for both methods"
    figure.suptitle(f"{headline} (AdamW's fourth epoch was not published)")


study = Study.of("hysterograd-atf", WORDS, measure, draw, size=(14.0, 5.0))
