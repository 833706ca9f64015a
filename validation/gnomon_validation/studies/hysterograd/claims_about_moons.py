"""Claims of the two-moons runs, of which the source holds three files."""

from __future__ import annotations

import numpy as np

from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hysterograd import published
from gnomon_validation.studies.hysterograd.moons import FIGURES, UNSEEN, losses, lower, rank
from gnomon_validation.studies.hysterograd.published import OLDEST_README, ledger
from gnomon_validation.studies.hysterograd.runs import Run
from gnomon_validation.studies.hysterograd.training import BATCHES, LR, SEEDS, STIFFENING_FACTOR, from_every_seed
from gnomon_validation.studies.printed import spread

FILE = "github.com/dingste/HysteroGrad, validation_results.csv, "


@ledger.claim("holds", source=FILE + "2nd revision (2025-12-29, commit 98fd4e1)")
def the_second_file() -> Evidence:
    """Two moons, 100 epochs: loss 0.3797 in the first epoch and 0.0029 in the last ten, 710 of 1600 steps Frozen, …

    The code of that day, from six seeds, gives figures on either side of each of them. No seed was published.
    """
    within = sum(rank(figure).reproduced for figure in FIGURES)
    return Evidence(within == len(FIGURES), f"{within} of {len(FIGURES)} figures lie within the spread of six seeds")


@ledger.claim("not reproducible", source=FILE + "1st revision (2025-12-29, commit 4b36dc4)")
def the_first_file() -> Evidence:
    """Two moons, 100 epochs: barrier 0.0405 in the first epoch, 0.1796 in the last

    Its barrier is κ·√τ to all digits, without cooling and mean norm: an older rule. The code of that day has both, and
    takes other arguments than the script that wrote the file passes.
    """
    apart = max(abs(width / (STIFFENING_FACTOR * path**0.5) - 1) for path, width in published.FIRST_REVISION)
    first = published.FIRST_REVISION[0][1]
    widths = [run.width[0, -1] for run in from_every_seed("v4")]
    figure = (
        f"h/(κ√τ) - 1 is at most {apart:.0e} in the epochs 0, 1, 10, 50, 99; the published code gives "
        f"{spread(widths, '{:.3f}')} in the first, not {first:.4f}"
    )
    # Root, product and quotient round once each, and the source's product did: 4 roundings of half a unit.
    return Evidence(bool(apart <= 2 * np.finfo(np.float64).eps and first < min(widths)), figure)


@ledger.claim("not reproducible", source=FILE + "3rd revision (2026-01-11, commit 73afb30)")
def the_current_file() -> Evidence:
    """Two moons, 100 epochs: mean norm 0.49 and loss 0.68 in the first epoch

    No published code gives that. The norms start a hundred times too small. And the published default multiplies the
    barrier κ·√τ·(1-T) by the running mean norm, which lies between sums of the epochs' means; the printed one is almost
    never there. What holds in all epochs: it is a share of κ·√τ·(1-T), from a quarter to all of it. No version has such
    a factor.
    """
    norms, widths = np.array(published.THIRD_REVISION_NORMS), np.array(published.THIRD_REVISION_WIDTHS)
    epochs = np.arange(norms.size)
    shares = widths / (
        STIFFENING_FACTOR * np.sqrt(LR * BATCHES * np.cumsum(norms)) * (1 - 0.99 ** (BATCHES * (epochs + 1)))
    )
    ages = BATCHES * (epochs[:, None] - epochs)
    least, most = (np.tril(0.01 * BATCHES * 0.99 ** (ages + younger)) @ norms for younger in (BATCHES - 1, 0))
    default = int(np.sum((least <= shares) & (shares <= most)))
    # A norm and a barrier are printed to nine digits, so the share to eight.
    printed_alike, above = int(np.sum(np.round(shares, 8) == 1)), int(np.sum(shares > 1 + 1e-8))
    ours = min(np.mean(run.norm[0]) for run in from_every_seed("head"))
    figure = (
        f"first mean norm {norms[0]:.2f}, the published code's is {ours:.1f} or more; the barrier is the default's "
        f"in {default} of {norms.size} epochs; over κ√τ(1-T) it is {shares.min():.4f} to {shares.max():.6f}, "
        f"{np.median(shares):.4f} in the median: above 1 in {above} epochs, 1 to all digits in {printed_alike}"
    )
    return Evidence(bool(norms[0] < ours) and max(default, printed_alike) < norms.size and above == 0, figure)


@ledger.claim("false", source=OLDEST_README)
def prevents_overfitting() -> Evidence:
    """“the system enters the Frozen state, effectively ignoring noise and preventing overfitting”

    The runs without a gate, which the source does not show, end with the lower loss: on the training data and, on
    average over six seeds, on unseen data.
    """
    unseen, trained = np.array([[losses(gate, seed) for gate in ("v4", "ungated")] for seed in (UNSEEN, 42)])
    (a, b), (c, d) = np.mean(unseen, axis=1), np.mean(trained, axis=1)
    figure = (
        f"mean loss of unseen examples {a:.4f} gated, {b:.4f} not; of trained ones {c:.4f} and {d:.4f}; the gate is "
        f"better for {lower(*unseen)} and {lower(*trained)} of {len(SEEDS)} seeds"
    )
    return Evidence(bool(a > b and c > d), figure)


@ledger.claim("false", source=OLDEST_README)
def it_tells_when_it_is_done() -> Evidence:
    """“No need to guess when to stop training; the system tells you when it's "done" (Frozen).”

    On two moons the status goes to and fro until the last epoch, and a third of the last steps is taken.
    """
    late = [Run(run.norm[-10:], run.width[-10:], run.liquid[-10:]) for run in from_every_seed("head")]
    changes, liquid = [run.changes for run in late], [int(np.sum(run.liquid)) for run in late]
    figure = f"in the last 160 steps {spread(changes)} changes of status, {spread(liquid)} steps Liquid"
    return Evidence(min(changes) > 1 and min(liquid) > 0, figure)
