"""Hessian-free against first-order methods on a deep autoencoder of real images, by what they cost.

Every method but the released defaults gets three settings (first damping or learning rate), tried from one start; the
one with the least f at the end is shown, from that start and two others.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.objectives import MLP
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.hessian_free import autoencoder
from gnomon_validation.studies.hessian_free.autoencoder import LOSS_COST, METHODS, PRODUCT_COST, RELEASED
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """a deep autoencoder of real images
What does Hessian-free optimization buy on a deep network, beside Adam, momentum and gradient descent?
own computation; images: scikit-learn's load_digits (UCI, Alpaydin & Kaynak 1998)"""
BUDGET, SEEDS, SCALES, RESOLUTION = 2000.0, (0, 1, 2), (1.0, 0.25), 5.0
STATIONS = (50, 100, 200, 500, 1000, 2000)


class Contest(NamedTuple):
    """A method from starts of one scale: f at the end for each setting (first start), the best, its curve by start."""

    method: autoencoder.Method
    tried: dict[float, float]
    best: float
    curves: tuple[autoencoder.Curve, ...]

    def median(self, at: Any) -> Array:
        """Return the median over starts of f at some costs."""
        return np.asarray(np.median([curve.at(at) for curve in self.curves], axis=0))

    @property
    def ends(self) -> list[float]:
        """f at the end of the budget, for each start."""
        return [float(curve.at(BUDGET)) for curve in self.curves]

    @property
    def end(self) -> float:
        """The median of f at the end of the budget."""
        return float(np.median(self.ends))


def measure() -> Findings:
    images, blank = autoencoder.digits(), np.ones((autoencoder.IMAGES, 64))
    loss, product = autoencoder.costs(MLP(blank, blank, autoencoder.HIDDEN))
    of_loss, of_product = (f" (charged {charge:g})" for charge in (LOSS_COST, PRODUCT_COST))
    compared = (
        Comparison(f"operations of a loss, in gradients{of_loss}", f"0.00 … {LOSS_COST:.2f}", loss),
        Comparison(f"of a Gauss-Newton product{of_product}", f"1.00 … {PRODUCT_COST:.2f}", product),
    )
    charged = Table.of(
        "what is charged, in gradients over all images: matrix products of the reference counted, and rounded up",
        "of | operations counted {:.2f} | charged {:g}",
        (("loss", loss, LOSS_COST), ("gradient", 1.0, 1.0), ("Gauss-Newton product", product, PRODUCT_COST)),
    )
    if images is None:
        missing = "scikit-learn is not installed (extra `digits`): without its images nothing was trained."
        return Findings((charged,), compared, (missing,), ({}, np.nan))
    train = autoencoder.training(images)
    constant = float(np.sum(np.var(images, axis=0)) / 2)
    contests = {scale: tuple(contest(m, train, scale) for m in (*METHODS, RELEASED)) for scale in SCALES}
    tables = (charged, *(loss_table(scale, found) for scale, found in contests.items()))
    sentences = [sentence for scale, found in contests.items() for sentence in conclusions(scale, found, constant)]
    sentences.append(
        "Nothing here is about generalisation, time or larger networks; the budget is short, no rate is lowered on the "
        "way, and no preconditioner is used."
    )
    return Findings(tables, compared, tuple(sentences), (contests, constant))


def contest(
    method: autoencoder.Method, train: autoencoder.Training, scale: float, budget: float = BUDGET, seeds: Any = SEEDS
) -> Contest:
    """Return what a method reaches: every setting from the first start, the best one from all."""
    first, *others = seeds
    runs = {s: method.run(train, train.start(first, scale), s, budget, first) for s in method.settings}
    tried = {setting: float(curve.at(budget)) for setting, curve in runs.items()}
    best = min(tried, key=lambda setting: tried[setting])
    rest = (method.run(train, train.start(seed, scale), best, budget, seed) for seed in others)
    return Contest(method, tried, best, (runs[best], *rest))


def loss_table(scale: float, contests: tuple[Contest, ...]) -> Table:
    rows = []
    for one in contests:
        best, tried = f"{one.method.symbol} = {one.best:g}", ", ".join(map("{:g}".format, one.method.settings))
        ends = f"{min(one.ends):.3f} … {max(one.ends):.3f}"
        rows.append((one.method.name, best, tried, one.curves[0].updates, *one.median(STATIONS), ends))
    stations = " | ".join(f"f at {cost:,} {{:.3f}}" for cost in STATIONS)
    return Table.of(
        f"start scaled by {scale:g}: f at costs of 50 to 2,000 gradients, median of {len(SEEDS)} starts; their range",
        f"method | setting | best of | steps {{:,}} | {stations} | at the end",
        rows,
    )


def conclusions(scale: float, contests: tuple[Contest, ...], constant: float) -> list[str]:
    ranked = sorted(contests, key=lambda one: one.end)
    hf, *first_order, released = contests
    order = ", ".join(f"{one.method.name} {one.end:.3f}" for one in ranked)
    place = [one.method.name for one in ranked].index(hf.method.name) + 1
    behind = [float(hf.median(c) / min(one.median(c) for one in first_order)) for c in (500, 1000, BUDGET)]
    return [
        f"Start scaled by {scale:g}: for the price of {BUDGET:,.0f} gradients f comes to: {order}. Hessian-free is "
        f"number {place} of {len(ranked)}, with {hf.curves[0].updates} steps.",
        f"Its f is {behind[0]:.1f} times that of the best of the others at cost 500, {behind[1]:.1f} at 1,000, "
        f"{behind[2]:.1f} at the end.",
        f"The released defaults end between f = {min(released.ends):.3f} and {max(released.ends):.3f} from "
        f"{len(released.ends)} starts, after {max(c.updates for c in released.curves)} steps at most; with the mean "
        f"image as every answer f = {constant:.3f}.",
    ]


def headline(contests: dict[float, tuple[Contest, ...]]) -> str:
    """Return who comes furthest, and whom Hessian-free leaves behind, from every start."""
    names = [[one.method.name for one in sorted(found, key=lambda one: one.end)] for found in contests.values()]
    best = " or ".join(dict.fromkeys(order[0] for order in names))
    behind = [name for name in names[0] if all(o.index(name) > o.index(METHODS[0].name) for o in names)]
    return (
        f"A deep autoencoder of digits, for the price of {BUDGET:,.0f} gradients: {best} comes furthest;\n"
        f"Hessian-free leaves behind: {', '.join(behind) or 'none'}"
    )


def draw(data: tuple[dict[float, tuple[Contest, ...]], float], figure: Any) -> None:
    all_contests, constant = data
    if not all_contests:
        figure.subplots().axis("off")
        figure.suptitle("Nothing to see: the images of scikit-learn are missing (extra `digits`)", weight="bold")
        return
    panels = figure.subplots(1, len(all_contests), sharey=True)
    entitle(
        figure,
        headline(all_contests),
        f"64-32-16-8-16-32-64 with tanh, {autoencoder.IMAGES} images of 8×8 pixels, batches of {autoencoder.BATCH}. "
        f"Thick: median of three starts, thin: each. Charged: gradient 1, Gauss-Newton\nproduct 2, loss ½. Settings: "
        f"the best of three at the end of the first start's run. Hessian-free: the original authors' rules; as "
        f"released: all the package's defaults.",
    )
    cost = np.arange(10.0, BUDGET + 1, RESOLUTION)
    for ax, (scale, contests) in zip(panels, all_contests.items(), strict=True):
        for one, colour, dashes in zip(contests, COLOURS, ("-", "--", "-.", "-", "-", ":"), strict=True):
            for curve in one.curves:
                ax.plot(cost, curve.at(cost), color=colour, lw=0.6, alpha=0.6, ls=dashes)
            end = f"{one.method.name} ({one.method.symbol} = {one.best:g}): {one.end:.2f}"
            ax.plot(cost, one.median(cost), dashes, color=colour, lw=2.4, label=end)
        ax.axhline(constant, color="grey", lw=0.8)
        ax.annotate("always the mean image", (BUDGET, constant), ha="right", va="bottom", fontsize=9, color="grey")
        ax.set(xscale="log", yscale="log", xlim=(10, BUDGET), ylim=(0.03, 12), title=f"start scaled by {scale:g}")
        ax.set_xlabel("cost, in gradients over all images")
        ax.set_xticks([10, 30, 100, 300, 1000], ["10", "30", "100", "300", "1,000"])
        ax.set_yticks([0.1, 0.2, 0.5, 1, 2, 5, 10], [0.1, 0.2, 0.5, 1, 2, 5, 10])
        ax.minorticks_off()
        finish(ax, loc="lower left", title="median f at the end", title_fontsize=9)
    panels[0].set_ylabel("f, mean of ½‖z − x‖² over all images")


study = Study.of("hessian_free-digits", WORDS, measure, draw, size=(14.0, 6.6))
