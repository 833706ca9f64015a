"""What was published about Hill-ADAM, put to the test on losses whose minima are known and on its colour correction."""

from __future__ import annotations

import numpy as np

from gnomon.descent import hill_adam, nadam
from gnomon.descent.hill_adam_escape import slope_change
from gnomon.descent.hill_adam_losses import LOSSES
from gnomon.domains import Array
from gnomon.kernels.descent.hill_adam import step as compiled_step
from gnomon.kernels.descent.hill_adam_runs import explore
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.hill_adam.runs import ADAM, both_from, gap_of_gains, instance, network, shares, starts
from gnomon_validation.studies.printed import listed, spread

PAPER = "arXiv 2510.03613, abstract"
README = "github.com/2manikan/Hill-ADAM, README"
CODE = "github.com/2manikan/Hill-ADAM, updated_optimizer.py"

ledger = Ledger("hill_adam")


@ledger.claim("false", source=PAPER)
def never_above_adam() -> Evidence:
    """“lower or equal minimum loss than ADAM”

    It turns as soon as the loss changes by less than δ, and so leaves a minimum before it is reached. The smaller the
    rate the farther off; with a large one, on some losses, it is true of every start that was tried.
    """
    found = {lr: [shares(loss, lr).worse for loss in LOSSES] for lr in (1e-3, 1e-2, 1e-1)}
    said = "; ".join(f"{spread(of, '{:.1%}')} with lr {lr:g}" for lr, of in found.items())
    return Evidence(
        min(found[1e-3]) > 0.5 and min(found[1e-2]) > 0.1,
        f"share of 400 starts on each of five losses from which its best of 5,000 calls is over 0.001 worse: {said}",
    )


@ledger.claim("false", source=README)
def escape_from_local_minima() -> Evidence:
    """“escapes local minima by alternating between minimization and maximization goals”

    With the script's rate, 0.01, a plateau is met on the near side of a minimum, and the first step of the climb goes
    back: from one start on each of five losses it never crosses the hill before the better minimum.
    """
    inside, worse = [], []
    for loss in LOSSES:
        hill, adam = both_from(loss)
        first = next(k for k, event in enumerate(hill.events) if event)
        behind = np.min(np.linalg.norm(hill.iterates[:, None] - np.array(LOSSES[loss].minimisers), axis=2))
        inside.append(bool(behind > np.linalg.norm(hill.iterates[first] - adam.iterates[-1])))
        worse.append(float(hill.best_loss - LOSSES[loss].minimum))
    return Evidence(
        all(inside) and min(worse) > 0.1,
        f"lr 0.01, 3,000 calls: its best is {listed(worse, '{:.2f}')} above the minima, none of which it came near",
    )


@ledger.claim("false", source=CODE)
def defaults_that_descend() -> Evidence:
    """With its default rate of 1e-4 and its threshold of 1e-4 it is an optimizer.

    Where lr·‖g‖₁ < δ a step of Adam changes the loss by less than δ, and it turns at every second call.
    """
    x = np.array([0.9])
    state, least = hill_adam.init(x, variant="code"), float(slope_change(x, lr=1e-4))
    path = []
    for _ in range(5000):
        x, state, _ = compiled_step(x, x, state, np.float64(x[0] ** 2 / 2), lr=1e-4, variant="code")
        path.append(float(x[0]))
    return Evidence(
        least < 1e-4 and min(path) > 0.8998,
        f"f = x²/2 from 0.9: lr·g²/(|g|+ε) = {least:.1e}; in 5,000 calls x stays in {spread(path, '{:.6f}')}, and the "
        f"best loss is {float(state.best_loss):.5f}",
    )


@ledger.claim(
    "holds if", source=PAPER, condition="both have the published rate, 0.01, and the gains come from the network"
)
def colour_correction_beside_adam() -> Evidence:
    """It is better than Adam at colour correction.

    With ten times less Adam comes to the optimum, and on the three gains themselves it does so with the published rate.
    """
    few = range(2)
    hill, adam, slow = ([network(i, lr, plain).gap for i in few]
                        for lr, plain in ((1e-2, False), (1e-2, True), (1e-3, True)))  # fmt: skip
    gains = gap_of_gains(instance(0), np.ones(3)), gap_of_gains(instance(0), np.ones(3), **ADAM)
    return Evidence(
        max(hill) < 5e-3 < 5e-2 < min(adam) and max(slow) < 1e-9 and gains[1] < 1e-14 < gains[0],
        f"gaps of two instances: {listed(hill, '{:.1e}')}, Adam {listed(adam, '{:.2f}')}, Adam with lr 0.001 "
        f"{listed(slow, '{:.0e}')}; on the gains {gains[0]:.1e}, Adam {gains[1]:.0e}",
    )


@ledger.claim("false", source=README)
def local_minima_that_stop_adam() -> Evidence:
    """“hills … prevent ADAM from finding the global minimum” of the colour correction

    Its loss has local minima in the gains, but what Adam is stuck in with lr 0.01 are saturated sigmoids: with lr 0.001
    it comes to the global minimum of the same loss, from the same weights.
    """
    fast, slow = network(0, 1e-2, True), network(0, 1e-3, True)
    idle = float(np.ptp(fast.losses[-500:]))
    return Evidence(
        slow.gap < 1e-9 and fast.gap > 5e-2 and idle < 1e-3,
        f"instance 0: gap {fast.gap:.3f} with lr 0.01, where the last 500 losses differ by {idle:.0e}; {slow.gap:.0e} "
        "with lr 0.001",
    )


@ledger.claim("false", source=PAPER)
def competitive_with_nadam() -> Evidence:
    """“competitive with NADAM and RMSprop”

    Not where it is most accurate to compare: on the three gains NAdam is exact to rounding, and Hill-ADAM turns before.
    Of the published networks our ledger says nothing: their images were not to be had.
    """
    gaps = []
    for i in range(12):
        x: Array
        colours, x = instance(i), np.ones(3)
        state, best = nadam.init(x), np.inf
        for _ in range(1000):
            best = min(best, float(colours.value(x)))
            x, state = nadam.step(x, colours.gradient(x), state, lr=1e-2)
        gaps.append((best - colours.optimum()[1], gap_of_gains(colours, np.ones(3))))
    nadams, hills = zip(*gaps, strict=True)
    figure = f"gaps of 12 instances: NAdam {spread(nadams, '{:.0e}')}, Hill-ADAM {spread(hills, '{:.1e}')}"
    return Evidence(max(nadams) < 1e-9 < min(hills), figure)


@ledger.claim("false", source=CODE)
def a_plateau_is_a_stationary_point() -> Evidence:
    """A loss that changes by less than the threshold has reached a stationary point.

    On a line no point is stationary, and where lr·‖g‖₁ < δ it turns at every second call.
    """
    x, c = np.zeros(2), np.array([3e-3, -4e-3])
    state, turns = hill_adam.init(x), 0
    for _ in range(100):
        x, state, report = compiled_step(x, c, state, np.float64(c @ x))
        turns += report.event == "plateau"
    return Evidence(turns == 50, f"f = 0.003x - 0.004y, lr 0.01: {turns} plateaus in 100 calls")


@ledger.claim("false", source=CODE)
def weight_decay_decays() -> Evidence:
    """It has a weight decay, 0.01 by default.

    What is computed with it is thrown away.
    """
    x, state = np.full(3, 1e3), hill_adam.init(np.zeros(3), variant="code")
    given = (x, np.zeros(3), state, np.float64(1))
    ends = [compiled_step(*given, variant="code", weight_decay=decay)[0] for decay in (0.0, 0.5)]
    return Evidence(bool(np.all(ends[0] == ends[1])), f"x = 1000, g = 0: {ends[1][0]:g} after a step with λ = 0.5")


@ledger.claim("holds", source=PAPER)
def determinism() -> Evidence:
    """“deterministic”

    Nothing is drawn: all that a call depends on is in its arguments and its state.
    """
    x = starts()["camel"]
    runs = [explore(x, loss="camel", steps=500, lr=0.1) for _ in range(2)]
    same = np.all(runs[0].best_params == runs[1].best_params) and np.all(runs[0].params == runs[1].params)
    return Evidence(bool(same), f"{len(x)} runs of 500 calls, made twice: the same bits")
