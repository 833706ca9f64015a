"""Accuracy per TFLOP: the published table recomputed, the cost counted layer by layer, AdamW's figures beside it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.descent.hysterograd_atf import atf, marginal_atf
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.hysterograd import published, wide_resnet
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

EXACT_ATF = (".60187", ".32550", ".31335", ".24988")
ADAMW_ATF = (".768", ".448", ".319")
RATIO = (".784", ".726", ".982")
MARGINAL_ATF = (".602", ".049", ".289", ".059")


class Curves(NamedTuple):
    """Accuracy in percent and ATF of both methods, at the same cumulative TFLOP; AdamW has an epoch less."""

    tflop: Array
    accuracy: Array
    atf: Array
    marginal: Array
    adamw_accuracy: Array
    adamw_atf: Array
    adamw_marginal: Array


def curves() -> Curves:
    """Return the ratios of the published accuracies and costs."""
    tflop = np.array([float(printed) for printed in published.TFLOP])
    accuracy, adamw = np.array(published.ACCURACY), np.array(published.ADAMW_ACCURACY)
    common = tflop[: adamw.size]
    return Curves(
        tflop,
        accuracy,
        atf(accuracy, tflop),
        marginal_atf(accuracy, tflop),
        adamw,
        atf(adamw, common),
        marginal_atf(adamw, common),
    )


def cumulative_tflop(epochs: int, forward_gflop: float) -> list[float]:
    """Return the training cost after each epoch, added up batch by batch as in the source: 3 times forward an image."""
    total, after = 0.0, []
    for _ in range(epochs):
        for begin in range(0, published.TRAINING_IMAGES, published.BATCH):
            images = min(published.BATCH, published.TRAINING_IMAGES - begin)
            total += forward_gflop * 1e9 * 3 * images / 1e12
        after.append(total)
    return after


def pflop_with_evaluation() -> float:
    """Return the cost of an epoch in PFLOP if the forward passes of the test images are counted, too."""
    return wide_resnet.forward_flop() * (3 * published.TRAINING_IMAGES + published.TEST_IMAGES) / 1e15


def measure() -> Findings:
    """Recompute the table, count the network, and set AdamW's published figures beside it."""
    c = curves()
    common = c.adamw_atf.size
    ratio = c.atf[:common] / c.adamw_atf
    flop = wide_resnet.forward_flop()
    rounded = round(flop / 1e9, 4)
    tflop = flop * 3 * published.TRAINING_IMAGES / 1e12
    added_up = cumulative_tflop(len(published.TFLOP), rounded)
    better = int(np.sum(c.adamw_atf > c.atf[:common]))
    return Findings(
        tables=(ratios(c), network()),
        comparisons=(
            Comparison("forward FLOP of one 32×32 image", "485,329,408", flop),
            Comparison("parameters", "1,467,610", wide_resnet.parameter_count()),
            Comparison("forward GFLOP as the source rounds it", "0.4853", rounded),
            Comparison("TFLOP an epoch, unrounded", "72.799", tflop),
            Comparison("TFLOP an epoch, from the rounded GFLOP", "72.795", added_up[0]),
            *per_epoch("cumulative TFLOP", published.TFLOP, added_up),
            *per_epoch("ATF in %/TFLOP, as printed", published.ATF, c.atf),
            *per_epoch("ATF in %/TFLOP, to five digits", EXACT_ATF, c.atf),
            *per_epoch("AdamW's ATF in %/TFLOP", ADAMW_ATF, c.adamw_atf),
            *per_epoch("ATF over AdamW's", RATIO, ratio),
            *per_epoch("marginal ATF in %/TFLOP", MARGINAL_ATF, c.marginal),
            Comparison(
                "PFLOP an epoch, the test set counted (README of 2026-01-01)", ".07765", pflop_with_evaluation()
            ),
        ),
        conclusions=(
            "The table's arithmetic is right, and its cost column follows from the architecture alone: 2 FLOP a "
            "multiply-add, backward counted as twice forward, evaluation left out.",
            f"By the author's own figures AdamW has the higher accuracy per TFLOP at {better} of {common} common "
            f"points: the ratio is {', '.join(f'{r:.3f}' for r in ratio)}, not 3.",
            "At equal cost the ratio of two ATFs is the ratio of the accuracies, so no method can be behind in one and "
            "ahead in the other.",
            f"ATF falls from epoch to epoch ({', '.join(f'{a:.3f}' for a in c.atf)}). What rises in epoch 3 is the "
            "marginal ATF, accuracy gained per TFLOP spent since the epoch before "
            f"({', '.join(f'{a:.3f}' for a in c.marginal)}), because epoch 2 brought so little.",
        ),
        data=c,
    )


def per_epoch(quantity: str, stated: tuple[str, ...], measured: Any) -> list[Comparison]:
    """Return one comparison an epoch."""
    pairs = zip(stated, measured, strict=True)
    return [Comparison(f"{quantity}, epoch {i}", s, float(m)) for i, (s, m) in enumerate(pairs, 1)]


def ratios(c: Curves) -> Table:
    """Return both methods epoch by epoch."""
    rows: list[list[Any]] = []
    for i in range(c.tflop.size):
        rows.append([i + 1, c.tflop[i], c.accuracy[i], c.atf[i], c.marginal[i], *["not given"] * 4])
        if i < c.adamw_atf.size:
            rows[i][5:] = c.adamw_accuracy[i], c.adamw_atf[i], c.adamw_marginal[i], c.atf[i] / c.adamw_atf[i]
    return Table.of(
        "accuracy per TFLOP (ATF), from the published accuracies; marginal: gained in this epoch over spent in it",
        "epoch | total TFLOP {:.2f} | accuracy % {:.2f} | ATF %/TFLOP {:.5f} | marginal {:.3f} | "
        "AdamW: accuracy % {:.2f} | ATF %/TFLOP {:.5f} | marginal {:.3f} | ATF/AdamW's {:.3f}",
        rows,
    )


def network() -> Table:
    """Return parameters and cost of WideResNet-28-2, like layers together."""
    alike: dict[str, list[wide_resnet.Layer]] = {}
    for layer in wide_resnet.layers():
        alike.setdefault(layer.name, []).append(layer)
    rows: list[tuple[Any, ...]] = [
        (name, len(group), sum(one.parameters for one in group), sum(one.flop for one in group))
        for name, group in alike.items()
    ]
    rows.append(("all", "", wide_resnet.parameter_count(), wide_resnet.forward_flop()))
    return Table.of(
        "WideResNet-28-2, one forward pass of a 32×32 image (2 FLOP a multiply-add)",
        "layers | how many | parameters {:,} | FLOP {:,}",
        rows,
    )


def draw(c: Curves, figure: Any) -> None:
    """Draw accuracy, ATF and marginal ATF over the cost, with AdamW beside HysteroGrad."""
    ours, theirs = COLOURS[1], COLOURS[0]
    common = c.tflop[: c.adamw_atf.size]
    accuracy, ratio, marginal = figure.subplots(1, 3)

    accuracy.plot(c.tflop, c.accuracy, "o-", color=ours, label="HysteroGrad")
    accuracy.plot(common, c.adamw_accuracy, "s--", color=theirs, label="AdamW")
    accuracy.set(title="AdamW is more accurate\nat every common cost", ylabel="test accuracy (%)", ylim=(40, 80))

    ratio.plot(c.tflop, c.atf, "o-", color=ours, label="HysteroGrad")
    ratio.plot(common, c.adamw_atf, "s--", color=theirs, label="AdamW")
    for x, y, r in zip(common, c.adamw_atf, c.atf[: common.size] / c.adamw_atf, strict=True):
        ratio.annotate(f"× {r:.3f}", (x, y), xytext=(7, 5), textcoords="offset points", fontsize="small")
    ratio.set_title("hence more accurate per TFLOP, too\n(numbers: HysteroGrad's ATF over AdamW's; claimed: 3)")
    ratio.set(ylabel="ATF = accuracy / cumulative cost (%/TFLOP)", ylim=(0, 0.9))

    width = (c.tflop[1] - c.tflop[0]) * 0.35
    marginal.bar(c.tflop - width / 2, c.marginal, width, color=ours, label="HysteroGrad")
    marginal.bar(common + width / 2, c.adamw_marginal, width, color=theirs, hatch="//", label="AdamW")
    marginal.set_title("ATF never “spikes”; the gain per epoch does in\nepoch 3, because epoch 2 brought so little")
    marginal.set(ylabel="marginal ATF = Δaccuracy / Δcost (%/TFLOP)", ylim=(0, 0.9))
    for ax in (accuracy, ratio, marginal):
        ax.set(xlabel="cumulative training cost (TFLOP), one epoch = 72.8", xlim=(20, 345))
        ax.title.set_fontsize("medium")
        ax.legend(loc="lower right" if ax is accuracy else "upper right")
    figure.suptitle(
        "WideResNet-28-2 on CIFAR-10, the author's own figures for both methods (AdamW's fourth epoch was not "
        "published)"
    )


study = Study(
    "hysterograd-atf",
    title="accuracy per TFLOP, recomputed",
    question="Does HysteroGrad buy more accuracy per TFLOP than AdamW, by its author's own figures?",
    source="github.com/dingste/HysteroGrad, README.md and docs/theory.tex of 2026-01-16; figures of AdamW's ATF, of "
    "the ratios and of the marginal ATF are quotients of those that we took",
    measure=measure,
    draw=draw,
    size=(14.0, 5.0),
)
