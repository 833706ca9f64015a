"""Claims about what the rate does: a warm-up, a rate for each layer."""

from __future__ import annotations

import numpy as np

from gnomon.descent.homotopy.layers import layer_rates
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.homotopy import saddle
from gnomon_validation.studies.homotopy.sources import CODE, DOCUMENTS, ledger
from gnomon_validation.studies.homotopy.training_runs import PROBLEMS, SEEDS, run


@ledger.claim("holds if", source=DOCUMENTS, condition="the gradient is small at the start, as near a saddle")
def warm_up_emerges() -> Evidence:
    """“Learning rate warm-up emerges naturally from the geometry”

    The rate rises only while κ = ‖H‖/‖g‖² falls, and gradient descent makes ‖g‖ smaller almost everywhere: on a
    positive definite quadratic the rate never rises, and on ordinary starts of a network it is highest at the first
    step. Near a saddle it rises, at the price of very many steps.
    """
    lowest = [run(PROBLEMS[0], seed).lowest for seed in SEEDS]
    constant, homotopy = (saddle.descend(0.03, rule) for rule in (False, True))
    top = int(np.argmax(homotopy.rates))
    rising = bool(np.all(np.diff(homotopy.rates[: top + 1]) >= 0))
    figure = (
        f"softmax regression from 0: κ is least, the rate highest, at step {' and '.join(map(str, lowest))} (two "
        f"seeds); ½(pq−1)² from p = q = 0.03: the rate rises from {homotopy.rates[0]:.2e} to {homotopy.rates[top]:.4f} "
        f"at step {top}, and the run takes {homotopy.steps:,} steps, with the constant rate {constant.steps}"
    )
    return Evidence(lowest == [0, 0] and top > 0 and rising and homotopy.steps > constant.steps, figure)


@ledger.claim("false", source=DOCUMENTS)
def the_warm_up_test() -> Evidence:
    """The warm-up validated by a test

    The test asks that the final rate be at least half of the initial one. A constant rate passes, and so does a rate
    that has fallen by half: it cannot tell a warm-up from its opposite.
    """
    schedules = {
        "a constant rate": np.full(100, 1e-3),
        "a decay to 60 %": np.linspace(1e-3, 6e-4, 100),
        "a warm-up": np.linspace(1e-4, 1e-3, 100),
    }
    passed = {name: bool(rates[-1] >= 0.5 * rates[0]) for name, rates in schedules.items()}
    figure = ", ".join(f"{name} {'passes' if good else 'fails'}" for name, good in passed.items())
    return Evidence(all(passed.values()), f"of 3 schedules {sum(passed.values())} pass: {figure}")


@ledger.claim("false", source=CODE)
def the_median_layer() -> Evidence:
    """“Per layer: the median layer gets base_lr”

    The formula b/(1 + κ/median) gives it half of that.
    """
    curvatures = np.array([2.0, 512.0, 8.0, 64.0, 1.0])
    ordered = {name: layer_rates(curvatures, base_lr=0.125, variant=name) for name in ("code", "docs")}
    median = int(np.argsort(curvatures)[2])
    code, docs = (float(rates[median]) for rates in ordered.values())
    figure = (
        f"five layers, κ = {', '.join(f'{k:g}' for k in curvatures)}, base_lr = 0.125: the median layer gets "
        f"{code:.6f}; b·median/κ, the formula of the comment, gives it {docs:.6f}"
    )
    return Evidence(f"{code:.6f}" == f"{0.0625:.6f}" and f"{docs:.6f}" == f"{0.125:.6f}", figure)
