"""Claims of the two-moons runs, of which the source holds three files."""

from __future__ import annotations

import numpy as np

from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hysterograd import published, training
from gnomon_validation.studies.hysterograd.claims_about_compute import listed, printed
from gnomon_validation.studies.hysterograd.moons import changes_of_status, lower, trained_losses, unseen_losses
from gnomon_validation.studies.hysterograd.moons_figures import FIGURES, rank
from gnomon_validation.studies.hysterograd.sources import ledger

OLDEST_README = "github.com/dingste/HysteroGrad, README.md, 2025-12-29 (commit 4b36dc4)"
FILE = "github.com/dingste/HysteroGrad, validation_results.csv, "


@ledger.claim("holds", source=FILE + "2nd revision (2025-12-29, commit 98fd4e1)")
def the_second_file() -> Evidence:
    """Two moons, 100 epochs: loss 0.3797 in the first epoch and 0.0029 in the last ten, 710 of 1600 steps Frozen, …

    The code of that day, from six seeds, gives figures on either side of each of them. No seed was published.
    """
    runs = training.from_every_seed()
    within = sum(rank(figure, runs).reproduced for figure in FIGURES)
    return Evidence(within == len(FIGURES), f"{within} of {len(FIGURES)} figures lie within the spread of six seeds")


@ledger.claim("not reproducible", source=FILE + "1st revision (2025-12-29, commit 4b36dc4)")
def the_first_file() -> Evidence:
    """Two moons, 100 epochs: barrier 0.0405 in the first epoch, 0.1796 in the last

    Its barrier is κ·√τ to all digits, without cooling and mean norm: an older rule. The code of that day has both, and
    takes other arguments than the script that wrote the file passes.
    """
    apart = max(abs(width / (training.STIFFENING_FACTOR * path**0.5) - 1) for path, width in published.FIRST_REVISION)
    first = published.FIRST_REVISION[0][1]
    widths = [run.width[0, -1] for run in training.from_every_seed()]
    # Root, product and quotient round once each, and the source's product did: 4 roundings of half a unit.
    return Evidence(
        apart <= 2 * np.finfo(np.float64).eps and first < min(widths),
        f"h/(κ√τ) - 1 is at most {apart:.0e} in the epochs 0, 1, 10, 50, 99; the published code gives "
        f"{min(widths):.3f} … {max(widths):.3f} in the first, not {first:.4f}",
    )


@ledger.claim("not reproducible", source=FILE + "3rd revision (2026-01-11, commit 73afb30)")
def the_current_file() -> Evidence:
    """Two moons, 100 epochs: mean norm 0.49 and loss 0.68 in the first epoch

    No published code gives that. The norms start a hundred times too small, and the barrier of epochs 20 and 30 is
    κ·√τ·(1-T) with the path of its own norms, without the factor of the mean norm that every version has by default.
    """
    norms = np.array(published.THIRD_REVISION_NORMS)
    path = np.cumsum(norms) * training.LR * training.BATCHES
    epochs = np.array(list(published.THIRD_REVISION_WIDTHS))
    cooled = 1 - 0.99 ** (training.BATCHES * (epochs + 1))
    without_mean_norm = training.STIFFENING_FACTOR * np.sqrt(path[epochs]) * cooled
    widths = tuple(published.THIRD_REVISION_WIDTHS.values())
    ours = min(float(np.mean(run.norm[0])) for run in training.from_every_seed("head"))
    return Evidence(
        bool(norms[0] < ours) and printed(widths, without_mean_norm),
        f"first mean norm {norms[0]:.2f}, the published code's is {ours:.1f} or more; κ√τ(1-T) of epochs 20 and 30 is "
        f"{listed(without_mean_norm, 6)}, the printed barrier {', '.join(widths)}",
    )


@ledger.claim("false", source=OLDEST_README)
def prevents_overfitting() -> Evidence:
    """“the system enters the Frozen state, effectively ignoring noise and preventing overfitting”

    The runs without a gate, which the source does not show, end with the lower loss: on the training data and, on
    average over six seeds, on unseen data.
    """
    gated, ungated = training.from_every_seed(), training.from_every_seed(hysteresis_scale=0.0)
    unseen = unseen_losses(gated), unseen_losses(ungated)
    trained = trained_losses(gated), trained_losses(ungated)
    means = [float(np.mean(losses)) for losses in (*unseen, *trained)]
    return Evidence(
        means[0] > means[1] and means[2] > means[3],
        f"mean loss of unseen examples {means[0]:.4f} gated, {means[1]:.4f} not; of trained ones {means[2]:.4f} and "
        f"{means[3]:.4f}; the gate is better for {lower(*unseen)} and {lower(*trained)} of {len(gated)} seeds",
    )


@ledger.claim("false", source=OLDEST_README)
def it_tells_when_it_is_done() -> Evidence:
    """“No need to guess when to stop training; the system tells you when it's "done" (Frozen).”

    On two moons the status goes to and fro until the last epoch, and a third of the last steps is taken.
    """
    runs = training.from_every_seed("head")
    late = [run._replace(liquid=run.liquid[-10:]) for run in runs]
    changes, liquid = [changes_of_status(run) for run in late], [int(np.sum(run.liquid)) for run in late]
    return Evidence(
        min(changes) > 1 and min(liquid) > 0,
        f"in the last 160 steps {min(changes)} … {max(changes)} changes of status, {min(liquid)} … {max(liquid)} steps "
        "Liquid",
    )
