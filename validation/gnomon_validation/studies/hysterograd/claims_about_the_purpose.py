"""Claims of what the gate is good for: early stopping, noise, oscillation, forgetting."""

from __future__ import annotations

import numpy as np

from gnomon.descent import hysterograd
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hysterograd.published import README, THEORY, ledger
from gnomon_validation.studies.hysterograd.runs import SETTINGS, run, walk

MATH_THEORY = "github.com/dingste/HysteroGrad, docs/math_theory.md, 2025-12-29"


@ledger.claim("false", source=THEORY)
def automated_early_stopping() -> Evidence:
    """“an automated, physics-based early stopping mechanism per parameter group”

    It stops, but not at a minimum, and not because of one: it is a leash whose length lr, κ and β set.
    """
    runs = {distance: run(distance) for distance in (10.0, 1e3, 1e4)}
    said = "; ".join(f"D = {d:,g} is shut for ever at {one.end:.6f}" for d, one in runs.items())
    shown = all(one.shut_for_ever is not None and one.end < distance for distance, one in runs.items())
    return Evidence(shown, f"f = ½(θ - D)² from 0: {said}")


@ledger.claim("false", source=README)
def a_low_pass_filter() -> Evidence:
    """“acts as a geometric low-pass filter, protecting the model from short-term statistical fluctuations”

    The other way round: what the gate lets pass is what exceeds the running mean. A steady gradient is refused, and a
    single outlier against it is applied.
    """
    gradients = [np.ones(1)] * 200 + [np.array([-100.0])]
    *told, (moved, _, report) = walk(np.zeros(1), gradients, lr=0.1, stiffening_factor=0.5, beta=0.9)
    refused, params = [one.liquid for *_, one in told[::-1]].index(True), told[-1][0]
    figure = (
        f"the gradient 1 is refused {refused} times in a row; then a single -100 is taken, and moves θ the other way "
        f"by {moved[0] - params[0]:.3f}"
    )
    return Evidence(refused > 0 and report.liquid and bool(moved[0] > params[0]), figure)


@ledger.claim("false", source=README)
def updates_only_if_the_signal_is_strong() -> Evidence:
    """“Updates only occur if the signal is strong enough to overcome the accumulated "stiffness" of the model.”

    The gate cannot see how strong the signal is: the gradient is divided by the root of its own mean square. Gradients
    smaller by 2⁻¹⁰⁰ (and ε with them) give the same statuses, norms and barriers to the last bit.
    """
    draws = np.random.default_rng(0).standard_normal((400, 3))
    told = []
    for scale in (1.0, 2.0**-100):
        steps = walk(np.zeros(3), scale * draws, lr=0.1, stiffening_factor=0.4, eps=scale * 1e-7)
        told.append([(report.liquid, float(report.norm), float(report.width)) for *_, report in steps])
    frozen = sum(not liquid for liquid, _, _ in told[0])
    figure = f"the same {frozen} of {len(draws)} random steps are refused with gradients of size 1 and of size 8e-31"
    return Evidence(told[0] == told[1] and 0 < frozen < len(draws), figure)


@ledger.claim("false", source=MATH_THEORY)
def prevents_oscillation() -> Evidence:
    """“prevents the system from oscillating in flat minima or reacting to noise”

    A run that starts in the cycle ±lr/2, on which the ungated method ends whatever the curvature, goes round until the
    barrier has grown and stops in it, no nearer to the minimum.
    """
    start = np.array([0.05])
    state = hysterograd.init(start)._replace(metric=start * start)
    told = list(walk(start, [lambda x: x] * 999, state, lr=0.1, stiffening_factor=0.3, beta=0.9, eps=0.0))
    first_frozen = [report.liquid for *_, report in told].index(False) + 1
    position = np.concatenate([start, *(params for params, *_ in told)])
    turns, end = np.sum(position[1:] * position[:-1] < 0), abs(position[-1])
    figure = (
        f"f = ½θ² from θ = {start[0]}: crosses the minimum {turns} times, first Frozen at step {first_frozen}, stays "
        f"at |θ| = {end:.3f}"
    )
    return Evidence(bool(turns == first_frozen - 1 and round(end / start[0], 9) == 1), figure)


@ledger.claim("false", source=README)
def prevents_catastrophic_forgetting() -> Evidence:
    """“Prevent catastrophic forgetting by naturally freezing vital information paths.”

    The gate is one for a whole parameter group, and knows nothing of what is vital. A new task with larger gradients
    opens it and undoes the old one; once it is shut for ever, no task can be learnt at all.
    """
    old, new, steps = 10.0, -1e5, 120
    gradients = [lambda x: x - old] * steps + [lambda x: x - new] * steps
    told = list(walk(np.zeros(1), gradients, **SETTINGS))
    ((learnt,), _, report), ((left,), *_) = told[steps - 1], told[-1]
    before, after = (learnt - old) ** 2 / 2, (left - old) ** 2 / 2
    figure = (
        f"task ½(θ - 10)²: Frozen at θ = {learnt:.3f}, loss {before:.3f}; after as many steps of a task at θ = "
        f"-100,000: θ = {left:.3f}, loss {after:.3f}"
    )
    return Evidence(not report.liquid and bool(after > before), figure)
