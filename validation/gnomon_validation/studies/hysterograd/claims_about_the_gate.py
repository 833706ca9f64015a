"""Claims of how the gate works: its thresholds, its barrier, its temperature, its shock."""

from __future__ import annotations

from functools import partial

import numpy as np

from gnomon.descent import hysterograd
from gnomon.domains import Array
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hysterograd import freeze_time, published, training
from gnomon_validation.studies.hysterograd.claims_about_compute import listed
from gnomon_validation.studies.hysterograd.freezing import CONSTANT, DECEMBER, JANUARY
from gnomon_validation.studies.hysterograd.quadratic_runs import run
from gnomon_validation.studies.hysterograd.sources import OLDER_README, README, THEORY, ledger
from gnomon_validation.studies.hysterograd.walk import walk


def small_state(liquid: bool = True) -> hysterograd.HysteroGradState:
    """Return the state of a group of two parameters that has walked and cooled."""
    number = np.float64
    return hysterograd.HysteroGradState(np.ones(2), number(4.0), number(0.0), number(1.0), liquid)


@ledger.claim("false", source=README)
def a_schmitt_trigger() -> Evidence:
    """“Unlike AdamW, which "jitters" in local minima, HysteroGrad enforces a Schmitt-Trigger barrier.”

    A Schmitt trigger has two thresholds and remembers its state. Here one norm is compared with one barrier, whatever
    the status was before: two groups that differ in their last status alone do the same, at any gradient.
    """
    gradients, step = np.linspace(0, 2, 201), partial(hysterograd.step, np.zeros(2), stiffening_factor=0.3)
    statuses = {
        (ratio, before): [step(np.full(2, g), small_state(before), release_ratio=ratio)[2].liquid for g in gradients]
        for ratio in (1.0, 0.5)
        for before in (True, False)
    }
    differing = {
        ratio: sum(a != b for a, b in zip(statuses[ratio, True], statuses[ratio, False], strict=True))
        for ratio in (1.0, 0.5)
    }
    return Evidence(
        differing[1.0] == 0 < differing[0.5],
        f"of {gradients.size} gradients the last status decides about {differing[1.0]}; with a true second threshold "
        f"at half of the barrier about {differing[0.5]}",
    )


@ledger.claim("false", source=THEORY)
def the_barrier_causes_the_surge() -> Evidence:
    """“Once the accumulated information path length induces sufficient hysteresis stiffening, accuracy increases
    rapidly”

    The gate did nothing: every row of the table is Liquid, and an ungated run is RMSprop. With the settings of the
    script a steady gradient would freeze long after the table ends; the clipped run of the figure could not freeze at
    all.
    """
    steps = len(published.TFLOP) * published.STEPS_AN_EPOCH
    first = freeze_time.first_frozen_step(CONSTANT[-1].settings, 20_000)
    assert first is not None
    clipped = 9 * published.STEPS_AN_EPOCH
    return Evidence(
        first > steps and clipped < JANUARY.open_until,
        f"a steady gradient freezes at step {first:,}, the table ends at {steps:,}; clipped at {JANUARY.grad_clip}, "
        f"nothing freezes before step {JANUARY.open_until:,.0f}, the figure ends at {clipped:,}",
    )


@ledger.claim("false", source=THEORY)
def the_surge_comes_when_the_barrier_stabilizes() -> Evidence:
    """“the observed accuracy surge coincides with the stabilization of the hysteresis width”

    The widths in the same figure go on growing, much as the root of a path that is walked at a steady pace: its mean
    over epoch i grows like i^1.5 - (i-1)^1.5. Nothing happens in epoch 3.
    """
    widths = np.array(published.AVERAGE_WIDTH)
    steady = np.diff(np.arange(widths.size + 1) ** 1.5)
    growth, steady_growth = (w[1:] / w[:-1] - 1 for w in (widths, steady))
    return Evidence(
        bool(np.all(growth > 0)),
        f"widths {listed(widths)} grow by {', '.join(f'{g:.0%}' for g in growth)}; at a steady pace it would be "
        f"{', '.join(f'{g:.0%}' for g in steady_growth)}",
    )


@ledger.claim("holds if", source=OLDER_README, condition="every norm is clipped")
def remained_liquid() -> Evidence:
    """“Remained "Liquid" throughout the run (no premature freezing).” (10 epochs, clipped at 2)

    With a norm that is always clipped it could not have been otherwise, so it says nothing for the gate.
    """
    steps = 10 * published.STEPS_AN_EPOCH
    first = freeze_time.first_frozen_clipped(DECEMBER, 11_000)
    return Evidence(
        first is not None and first > steps,
        f"its {steps:,} steps end before step {DECEMBER.open_until:,.1f}, until when the gate is open; run on, it "
        f"first closes at step {first:,}",
    )


@ledger.claim("false", source=THEORY)
def the_barrier_grows_monotonically() -> Evidence:
    """“The monotonic growth of the hysteresis barrier reflects irreversible information accumulation”

    The path grows, but the adaptive barrier (the default) is multiplied by the mean norm, which falls. The author's own
    moons run ends with a barrier that falls and rises.
    """
    width = training.train(0, "head").width.reshape(-1)
    falls = int(np.sum(np.diff(width) < 0))
    return Evidence(
        falls > 0 and bool(np.any(np.diff(published.LAST_WIDTHS) < 0)),
        f"moons, seed 0: the barrier falls in {falls} of {width.size - 1} steps; published epochs 97-99: "
        f"{listed(published.LAST_WIDTHS)}",
    )


@ledger.claim("false", source=README)
def adaptive_prevents_premature_freezing() -> Evidence:
    """“The barrier height adapts to the moving average of the system's energy, preventing premature freezing during
    high-turbulence phases.”

    On two moons, the source's own example, the adaptive barrier freezes earlier and more often than the fixed one, for
    each of six seeds: norms exceed 1, so multiplying by their mean raises the barrier.
    """
    runs = training.from_every_seed("head"), training.from_every_seed("head", adaptive=False)
    frozen = [[one.frozen for one in group] for group in runs]
    first = [[int(np.argmin(one.liquid)) + 1 for one in group] for group in runs]
    return Evidence(
        all(a > f for a, f in zip(*frozen, strict=True)) and all(a < f for a, f in zip(*first, strict=True)),
        f"Frozen of 1600 steps: {min(frozen[0])} … {max(frozen[0])} adaptive, {min(frozen[1])} … {max(frozen[1])} "
        f"fixed; first at step {min(first[0])} … {max(first[0])} and {min(first[1])} … {max(first[1])}",
    )


@ledger.claim("false", source=THEORY)
def the_temperature_falls_monotonically() -> Evidence:
    """“T ∈ [0,1] denotes a monotonically annealed geometric temperature”

    A shock raises it, and the source's own example starts at 1.5.
    """
    state = hysterograd.init(np.zeros(2), initial_temp=1.5)
    temperatures = [float(state.temperature)]
    *_, (_, state, _) = walk(np.zeros(2), [np.ones(2)] * 300, state)
    shocked = hysterograd.shock(state)
    temperatures += [float(state.temperature), float(shocked.temperature)]
    return Evidence(
        temperatures[0] > 1 and temperatures[2] > temperatures[1],
        f"at the start {temperatures[0]}, after 300 steps {temperatures[1]:.3f}, after a shock {temperatures[2]:.3f}",
    )


@ledger.claim("false", source=README)
def the_shock_detects_stagnation() -> Evidence:
    """“Geometric Shock: A feedback mechanism that "liquefies" the model (resets …) if it detects stagnation in
    local minima.”

    It detects nothing, and nothing in the optimizer calls it: a run that is stuck stays stuck. The rule that calls it,
    by test accuracy, stands in an example. Called, it multiplies τ by a factor and warms T.
    """
    stuck = run(1e4)
    quiet = (stuck.shut_for_ever or 0) - stuck.last_liquid
    state = small_state()
    after = hysterograd.shock(state)
    return Evidence(
        quiet > 0 and 0 < after.path_length < state.path_length,
        f"a run stands still for {quiet:,} steps, {1e4 - stuck.end:,.0f} away from its minimum, until it is shut for "
        f"ever; a shock takes τ from {state.path_length:g} to {after.path_length:g}, not to 0",
    )


@ledger.claim("false", source=THEORY)
def the_norm_is_a_root_mean_square() -> Evidence:
    """“The norm is computed as the RMS norm of the preconditioned gradient.”

    It is the Euclidean norm, which grows with the root of the number of parameters.
    """
    norms = []
    for entries in (1, 100):
        params: Array = np.zeros(entries)
        _, _, report = hysterograd.step(params, np.ones(entries), hysterograd.init(params), eps=0.0)
        norms.append(float(report.norm))
    return Evidence(
        round(norms[1] / norms[0]) == 10,
        f"gradient of ones: norm {norms[0]:.6g} with 1 entry, {norms[1]:.6g} with 100; the RMS would be the same",
    )


@ledger.claim("false", source=THEORY)
def the_path_is_that_of_applied_steps() -> Evidence:
    """“τ is accumulated per parameter group using the diagonal metric and the applied update magnitude.”

    It is the Euclidean length of the proposed step, and grows while every step is refused.
    """
    start = np.zeros(2)
    cold = hysterograd.init(start, initial_temp=0.0)
    told = list(walk(start, [np.ones(2)] * 5, cold, lr=0.1, stiffening_factor=50.0))
    path, statuses = [float(state.path_length) for _, state, _ in told], "".join("FL"[r.liquid] for *_, r in told)
    return Evidence(statuses == "LFFFF" and bool(np.all(np.diff(path) > 0)), f"statuses {statuses}, τ {listed(path)}")
