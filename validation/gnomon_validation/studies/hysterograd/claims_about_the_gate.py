"""Claims of how the gate works, and of what it is good for."""

from __future__ import annotations

from functools import partial

import numpy as np

from gnomon.descent import hysterograd
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hysterograd import published, training
from gnomon_validation.studies.hysterograd.freezing import CONSTANT, DECEMBER, JANUARY, SCRIPT
from gnomon_validation.studies.hysterograd.published import OLDER_README, README, THEORY, ledger
from gnomon_validation.studies.hysterograd.runs import SETTINGS, run, walk
from gnomon_validation.studies.printed import listed, spread

MATH_THEORY = "github.com/dingste/HysteroGrad, docs/math_theory.md, 2025-12-29"
WALKED = hysterograd.HysteroGradState(np.ones(2), np.float64(4.0), np.float64(0.0), np.float64(1.0), True)
"""The state of a group of two parameters that has walked and cooled."""


@ledger.claim("false", source=README)
def a_schmitt_trigger() -> Evidence:
    """“Unlike AdamW, which "jitters" in local minima, HysteroGrad enforces a Schmitt-Trigger barrier.”

    A Schmitt trigger has two thresholds and remembers its state. Here one norm is compared with one barrier, whatever
    the status was before: two groups that differ in their last status alone do the same, at any gradient.
    """
    gradients, decided = np.linspace(0, 2, 201), []
    for ratio in (1.0, 0.5):
        step = partial(hysterograd.step, np.zeros(2), stiffening_factor=0.3, release_ratio=ratio)
        groups = (WALKED, WALKED._replace(liquid=False))
        statuses = [[step(np.full(2, g), group)[2].liquid for g in gradients] for group in groups]
        decided.append(int(np.sum(np.diff(statuses, axis=0))))
    figure = (
        f"of {gradients.size} gradients the last status decides about {decided[0]}; with a true second threshold at "
        f"half of the barrier about {decided[1]}"
    )
    return Evidence(decided[0] == 0 < decided[1], figure)


@ledger.claim("false", source=THEORY)
def the_barrier_causes_the_surge() -> Evidence:
    """“Once the accumulated information path length induces sufficient hysteresis stiffening, accuracy increases
    rapidly”

    The gate did nothing: every row of the table is Liquid, and an ungated run is RMSprop. With the settings of the
    script a steady gradient would freeze long after the table ends; the clipped run of the figure could not freeze at
    all.
    """
    steps = len(published.TFLOP) * published.STEPS_AN_EPOCH
    first = CONSTANT[SCRIPT][0].first_frozen(20_000) or 0
    clipped = 9 * published.STEPS_AN_EPOCH
    figure = (
        f"a steady gradient freezes at step {first:,}, the table ends at {steps:,}; clipped at {JANUARY.grad_clip}, "
        f"nothing freezes before step {JANUARY.expected:,.0f}, the figure ends at {clipped:,}"
    )
    return Evidence(first > steps and clipped < JANUARY.expected, figure)


@ledger.claim("false", source=THEORY)
def the_surge_comes_when_the_barrier_stabilizes() -> Evidence:
    """“the observed accuracy surge coincides with the stabilization of the hysteresis width”

    The widths in the same figure go on growing, much as the root of a path that is walked at a steady pace: its mean
    over epoch i grows like i^1.5 - (i-1)^1.5. Nothing happens in epoch 3.
    """
    widths = np.array(published.AVERAGE_WIDTH)
    steady = np.diff(np.arange(widths.size + 1) ** 1.5)
    growth, steady_growth = (w[1:] / w[:-1] - 1 for w in (widths, steady))
    figure = (
        f"widths {listed(widths)} grow by {listed(growth, '{:.0%}')}; at a steady pace it would be "
        f"{listed(steady_growth, '{:.0%}')}"
    )
    return Evidence(bool(np.all(growth > 0)), figure)


@ledger.claim("holds if", source=OLDER_README, condition="every norm is clipped")
def remained_liquid() -> Evidence:
    """“Remained "Liquid" throughout the run (no premature freezing).” (10 epochs, clipped at 2)

    With a norm that is always clipped it could not have been otherwise, so it says nothing for the gate.
    """
    steps = 10 * published.STEPS_AN_EPOCH
    first = DECEMBER.first_frozen(11_000) or 0
    figure = (
        f"its {steps:,} steps end before step {DECEMBER.expected:,.1f}, until when the gate is open; run on, it "
        f"first closes at step {first:,}"
    )
    return Evidence(first > steps, figure)


@ledger.claim("false", source=THEORY)
def the_barrier_grows_monotonically() -> Evidence:
    """“The monotonic growth of the hysteresis barrier reflects irreversible information accumulation”

    The path grows, but the adaptive barrier (the default) is multiplied by the mean norm, which falls. The author's own
    moons run ends with a barrier that falls and rises.
    """
    width = training.from_every_seed("head")[0].width.reshape(-1)
    falls = int(np.sum(np.diff(width) < 0))
    figure = (
        f"moons, seed 0: the barrier falls in {falls} of {width.size - 1} steps; published epochs 97-99: "
        f"{listed(published.LAST_WIDTHS)}"
    )
    return Evidence(falls > 0 and bool(np.any(np.diff(published.LAST_WIDTHS) < 0)), figure)


@ledger.claim("false", source=README)
def adaptive_prevents_premature_freezing() -> Evidence:
    """“The barrier height adapts to the moving average of the system's energy, preventing premature freezing during
    high-turbulence phases.”

    On two moons, the source's own example, the adaptive barrier freezes earlier and more often than the fixed one, for
    each of six seeds: norms exceed 1, so multiplying by their mean raises the barrier.
    """
    runs = [training.from_every_seed(gate) for gate in ("head", "head fixed")]
    frozen = np.array([[one.frozen for one in group] for group in runs])
    first = np.array([[one.first_frozen for one in group] for group in runs])
    figure = (
        f"Frozen of 1600 steps: {spread(frozen[0])} adaptive, {spread(frozen[1])} fixed; first at step "
        f"{spread(first[0])} and {spread(first[1])}"
    )
    return Evidence(bool(np.all(frozen[0] > frozen[1]) and np.all(first[0] < first[1])), figure)


@ledger.claim("false", source=THEORY)
def the_temperature_falls_monotonically() -> Evidence:
    """“T ∈ [0,1] denotes a monotonically annealed geometric temperature”

    A shock raises it, and the source's own example starts at 1.5.
    """
    begun = hysterograd.init(np.zeros(2), initial_temp=1.5)
    *_, (_, cooled, _) = walk(np.zeros(2), [np.ones(2)] * 300, begun)
    start, low, warmed = (state.temperature for state in (begun, cooled, hysterograd.shock(cooled)))
    figure = f"at the start {start}, after 300 steps {low:.3f}, after a shock {warmed:.3f}"
    return Evidence(bool(start > 1 and warmed > low), figure)


@ledger.claim("false", source=README)
def the_shock_detects_stagnation() -> Evidence:
    """“Geometric Shock: A feedback mechanism that "liquefies" the model (resets …) if it detects stagnation in
    local minima.”

    It detects nothing, and nothing in the optimizer calls it: a run that is stuck stays stuck. The rule that calls it,
    by test accuracy, stands in an example. Called, it multiplies τ by a factor and warms T.
    """
    stuck, before, after = run(1e4), WALKED.path_length, hysterograd.shock(WALKED).path_length
    quiet = (stuck.shut_for_ever or 0) - stuck.last_liquid
    figure = (
        f"a run stands still for {quiet:,} steps, {1e4 - stuck.end:,.0f} away from its minimum, until it is shut for "
        f"ever; a shock takes τ from {before:g} to {after:g}, not to 0"
    )
    return Evidence(bool(quiet > 0 and 0 < after < before), figure)


@ledger.claim("false", source=THEORY)
def the_norm_is_a_root_mean_square() -> Evidence:
    """“The norm is computed as the RMS norm of the preconditioned gradient.”

    It is the Euclidean norm, which grows with the root of the number of parameters.
    """
    one, many = (next(walk(np.zeros(k), [np.ones(k)], eps=0.0))[2].norm for k in (1, 100))
    figure = f"gradient of ones: norm {one:.6g} with 1 entry, {many:.6g} with 100; the RMS would be the same"
    return Evidence(round(many / one) == 10, figure)


@ledger.claim("false", source=THEORY)
def the_path_is_that_of_applied_steps() -> Evidence:
    """“τ is accumulated per parameter group using the diagonal metric and the applied update magnitude.”

    It is the Euclidean length of the proposed step, and grows while every step is refused.
    """
    cold = hysterograd.init(np.zeros(2), initial_temp=0.0)
    told = list(walk(np.zeros(2), [np.ones(2)] * 5, cold, lr=0.1, stiffening_factor=50.0))
    path, statuses = [float(state.path_length) for _, state, _ in told], "".join("FL"[r.liquid] for *_, r in told)
    return Evidence(statuses == "LFFFF" and bool(np.all(np.diff(path) > 0)), f"statuses {statuses}, τ {listed(path)}")


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
