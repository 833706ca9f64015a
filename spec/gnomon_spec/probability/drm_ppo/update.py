"""One minibatch of DPPO: what it says of the policy, of the quantiles, and of the density's gradient where w jumps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm_ppo import update as reference
from gnomon_spec.cases import Case, choice, constant
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.probability.drm_ppo import system
from gnomon_spec.probability.drm_ppo.inputs import updates
from gnomon_spec.system import Misfits

FREE = {"max_norm": constant(1024.0), "beta": constant(0.0)}
both = updates.but(variant=choice("paper", "code"))


def size(case: Case) -> Any:
    """Return what a direction is a sum of, at most: ratios are at most 2, scores 1, I and K/h at most 2."""
    smooth = np.where(case.masked, 0, case.slopes) * (case.state.quantiles[1:] - case.state.quantiles[:-1])
    masked = case.masses[case.masked][:, None] * (2 + 2 * np.abs(case.state.density_gradients))
    return 2 * np.sum(smooth) + np.sum(masked) + case.beta


largest: Any = dict.fromkeys(("quantiles", "middles"), lambda _: 2.0) | {"density_gradients": lambda _: 16.0}
dppo_gradients = system.operation(reference.dppo_gradients, cases=both, scales={"params": size, **largest})


def kept(case: Case) -> list[int]:
    """Return the episodes that pass the filter."""
    return [e for e, ratio in enumerate(case.ratios) if case.low < ratio < case.high]


def grid(case: Case) -> tuple[Any, Any]:
    """Return the levels of the quantiles and of the middles."""
    n = len(case.masked)
    z = (np.arange(n + 1) + 1 + 0 * case.state.quantiles) / (n + 2)
    return z, (z[1:] + z[:-1]) / 2


def drift_and_density(case: Case, i: Any) -> tuple[Any, Any]:
    """Return I and K of a cell, as means over the episodes kept."""
    among, (_, zm), m, h = kept(case), grid(case), case.state.middles[i], case.bandwidth
    drift, density = 0 * case.scores[0], 0 * m
    for e in among:
        t = np.abs(m - case.returns[e]) / h
        drift = drift + case.ratios[e] * (int(case.returns[e] <= m) - zm[i]) * case.scores[e] / len(among)
        density = density + case.ratios[e] / (np.exp(t / 2) + np.exp(-t / 2)) ** 2 / (h * len(among))
    return drift, density


@dppo_gradients.law("closed form")
def quantiles_go_down_what_is_below_them(port: Any, case: Case) -> Iterable[Fact]:
    """Of each quantile: the mean over episodes kept of ρ(1{R <= q} - z), z = (i + 1)/(n + 2); of middles, with the
    means of neighbouring z."""
    found, among = dppo_gradients.call(port, case), kept(case)
    yield agree("kept", found.kept, len(among))
    for name, z in zip(("quantiles", "middles"), grid(case), strict=True):
        held, total = getattr(case.state, name), 0 * z
        for e in among:
            total = total + case.ratios[e] * (np.where(case.returns[e] <= held, 1, 0) - z) / len(among)
        yield equal(name, getattr(found, name), total, scale=2.0)


@dppo_gradients.law("closed form", cases=both.but(**FREE))
def smooth_cells_are_climbed_by_weights_masked_ones_by_masses(port: Any, case: Case) -> Iterable[Fact]:
    """θ climbs the mean over episodes kept of ρΨ∇log p, Ψ over unmasked cells, less Σ Δw·D over masked ones: D before
    the step in "paper", after it in "code"."""
    found, among, (_, zm) = dppo_gradients.call(port, case), kept(case), grid(case)
    smooth, total = np.where(case.masked, 0, case.slopes), 0 * case.entropy_gradient
    for e in among:
        psi = port.oracle.quantile_weights(case.returns[e : e + 1], *case.state[:2], zm, smooth)
        total = total + case.ratios[e] * psi[0] * case.scores[e] / len(among)
    D = case.state.density_gradients if case.variant == "paper" else found.density_gradients
    masked = case.masses[case.masked][:, None] * D
    yield equal("params", found.params, total - (np.sum(masked, axis=0) if among else 0), scale=size(case))


@dppo_gradients.law("closed form")
def the_density_gradient_is_stepped_towards_its_own(port: Any, case: Case) -> Iterable[Fact]:
    """In a masked cell D ← D + γ(I - KD), which stands still at I/K; K is the mean of the logistic density, weighed by
    ρ, 0 where all returns are far. Without an episode that is kept it stays."""
    found, among = dppo_gradients.call(port, case, variant="paper").density_gradients, kept(case)
    for j, i in enumerate(np.flatnonzero(case.masked)):
        before, (drift, density) = case.state.density_gradients[j], drift_and_density(case, i)
        after = before + case.density_rate * (drift - density * before) if among else before
        yield equal(f"cell {i}", found[j], after, scale=16.0)
    for far in (4096.0, -4096.0):
        state = case.state._replace(density_gradients=1 + 0 * case.state.density_gradients)
        other = dppo_gradients.call(port, case, returns=case.returns + far, state=state, variant="paper")
        score = sum((case.ratios[e] * case.scores[e] for e in among), 0 * case.scores[0]) / max(len(among), 1)
        for j, i in enumerate(np.flatnonzero(case.masked)):
            after = 1 + case.density_rate * (int(far < 0) - grid(case)[1][i]) * score
            yield equal(f"{far:g} from cell {i}", other.density_gradients[j], after, scale=2.0)


@dppo_gradients.law("fixed point")
def the_released_density_gradient_has_the_opposite_sign(port: Any, case: Case) -> Iterable[Fact]:
    """With "code" D = -(I/T)/(1 - K) stands still, whatever the rate is: where K < 1, against I/K."""
    state, among = case.state, kept(case)
    pairs = [drift_and_density(case, i) for i in np.flatnonzero(case.masked)]
    rest = [-I / case.steps / (1 - K) for I, K in pairs]  # noqa: E741
    D = np.stack(rest) if rest and among else state.density_gradients
    found = dppo_gradients.call(port, case, state=state._replace(density_gradients=D), variant="code")
    yield equal("stands still", found.density_gradients, D, scale=2 / case.steps + np.max(np.abs(D), initial=0))
    zero = dppo_gradients.call(port, case, state=state._replace(density_gradients=0 * D), variant="code")
    for j, (drift, _) in enumerate(pairs):
        yield equal(f"from 0: {j}", zero.density_gradients[j], -drift / case.steps, scale=2 / case.steps)


@dppo_gradients.law("limit", cases=both.but(low=constant(0.5), high=constant(1.5)))
def episodes_at_the_ends_of_the_filter_are_dropped(port: Any, case: Case) -> Iterable[Fact]:
    """ρ = low and ρ = high are dropped; where all are, nothing is said of quantiles, D stays, and only the entropy is
    climbed."""
    E, given = len(case.returns), np.arange(len(case.returns))
    found = dppo_gradients.call(port, case, ratios=np.where(given % 2 == 0, 0.5, 1.5) + 0 * case.ratios)
    yield agree("kept", found.kept, 0)
    yield equal("quantiles", found.quantiles, 0 * found.quantiles)
    yield equal("middles", found.middles, 0 * found.middles)
    yield equal("D", found.density_gradients, case.state.density_gradients)
    bonus = case.beta * case.entropy_gradient
    norm = np.sqrt(np.sum(bonus**2))
    yield equal("params", found.params, bonus * np.minimum(1, case.max_norm / (norm + 1e-6)), scale=1.0)
    inside = dppo_gradients.call(port, case, ratios=1 + 0 * case.ratios)
    yield agree("inside", inside.kept, E)


@dppo_gradients.law("bound")
def no_direction_is_longer_than_its_bound(port: Any, case: Case) -> Iterable[Fact]:
    """The direction is at most max_norm long, and that of no bound but for its length; the entropy is part of it."""
    found = dppo_gradients.call(port, case).params
    free = dppo_gradients.call(port, case, max_norm=1024.0).params
    plain = dppo_gradients.call(port, case, max_norm=1024.0, beta=0.0).params
    yield at_least("length", case.max_norm, np.sqrt(np.sum(found**2)))
    norm = np.sqrt(np.sum(free**2))
    yield equal("direction", found, free * np.minimum(1, case.max_norm / (norm + 1e-6)), scale=size(case))
    yield equal("entropy", free, plain + case.beta * case.entropy_gradient, scale=size(case))


@dppo_gradients.law("equivariance", cases=both.but(**FREE))
def units_of_returns_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """Returns, quantiles, the bandwidth, D and its rate in other units: the direction and D in those, and the same is
    said of quantiles."""
    found, state = dppo_gradients.call(port, case), case.state
    if case.variant == "code":
        return
    scaled = {name: 4 * case[name] for name in ("returns", "bandwidth", "density_rate")}
    other = dppo_gradients.call(port, case, state=type(state)(*(4 * part for part in state)), **scaled)
    yield equal("params", other.params, 4 * found.params, scale=4 * size(case))
    yield equal("D", other.density_gradients, 4 * found.density_gradients, scale=64.0)
    yield equal("quantiles", other.quantiles, found.quantiles, scale=2.0)


@dppo_gradients.law("limit")
def an_infinite_slope_counts_where_no_cell_is_masked(port: Any, case: Case) -> Iterable[Fact]:
    """w' may be infinite in a masked cell, where it is not used."""
    steep = np.where(case.masked, np.inf, case.slopes)
    found, plain = (dppo_gradients.call(port, case, **given).params for given in ({"slopes": steep}, {}))
    yield equal("params", found, plain, scale=size(case))


@dppo_gradients.misfits()
def what_does_not_fit_is_rejected(case: Case) -> Misfits:
    """An infinite w' where no cell is masked, and D of other cells than those that are."""
    none = case.state._replace(density_gradients=case.state.density_gradients[:0])
    infinite = {"slopes": np.inf + case.slopes, "masked": case.masked & False, "state": none}
    more = np.concatenate([case.state.density_gradients, case.entropy_gradient[np.newaxis]])
    return {"infinite": infinite, "D": {"state": case.state._replace(density_gradients=more)}}


dppo_gradients.edits("""
density_is_its_own_drift: D is overwritten by its own negative drift, with I/T for I, and climbed at once [0c13f5d]
    `variant == "code"` → `True`
code_has_no_variant: The released step of D is not offered: D is stepped
    `variant == "code"` → `False`
density_step_of_the_quantile: D goes towards the gradient of the quantile, -I/K
    `density_rate * (drift - decay)` → `density_rate * (-drift - decay)`
density_without_decay: D adds up its drift
    `density_rate * (drift - decay)` → `density_rate * drift`
new_density_is_climbed: θ climbs by D after its step
    `(new if variant == "code" else D)` → `new`
old_density_is_climbed: With "code" θ climbs by D before its step
    `(new if variant == "code" else D)` → `D`
score_of_the_sum_in_code: With "code" the score of an episode is the sum over its steps, not the mean
    `-(drift / steps - decay)` → `-(drift - decay)`
bandwidth_scales_nothing: The kernel is not divided by its bandwidth
    `(density / bandwidth)[:, np.newaxis]` → `density[:, np.newaxis]`
kernel_is_gaussian: The kernel is a Gaussian
    `return e / (1 + e) ** 2` → `return np.exp(-t * t / 2) / (2 * np.pi) ** 0.5`
kernel_without_ratios: The kernel's mean is not weighted by ratios
    `/ bandwidth) * share, axis=1)` → `/ bandwidth) * np.where(kept, 1, 0) / np.maximum(count, 1), axis=1)`
filter_with_its_ends: Episodes at the ends of the filter are kept
    `(ratios > low) & (ratios < high)` → `(ratios >= low) & (ratios <= high)`
ratios_are_clipped: Ratios outside are held at the ends, and no episode is dropped
    `np.where(kept, ratios, 0) / np.maximum(count, 1)` → `np.clip(ratios, low, high) / len(ratios)`
mean_over_all_episodes: The sum over the episodes kept is divided by the number of all
    `share = np.where(kept, ratios, 0) / np.maximum(count, 1)` → `share = np.where(kept, ratios, 0) / len(ratios)`
ratios_are_left_out: Episodes that are kept all weigh the same
    `np.where(kept, ratios, 0)` → `np.where(kept, 1, 0 * ratios)`
masked_cells_twice: Masked cells are in the weights of returns, too
    `slopes = np.where(masked, 0, slopes)` → `slopes = np.where(np.isfinite(slopes), slopes, 0)`
masses_with_the_wrong_sign: The masked cells' part is added
    `climb = climb - np.sum(masses` → `climb = climb + np.sum(masses`
entropy_goes_down: The entropy is a penalty
    `climb + beta * entropy_gradient` → `climb - beta * entropy_gradient`
entropy_after_the_bound: The entropy is added after the bound on the length
    `climb = climb + beta * entropy_gradient
    climb = climb * np.minimum(max_norm / (length(climb) + SMALLEST_NORM), 1)` →
        `climb = climb * np.minimum(max_norm / (length(climb) + SMALLEST_NORM), 1) + beta * entropy_gradient`
length_is_not_bounded: Directions have any length
    `climb = climb * np.minimum(max_norm / (length(climb) + SMALLEST_NORM), 1)` → `climb = climb`
always_of_the_largest_length: All directions are as long as the bound
    `np.minimum(max_norm / (length(climb) + SMALLEST_NORM), 1)` → `max_norm / (length(climb) + SMALLEST_NORM)`
levels_of_the_open_interval: Levels are i/n, from 0 to 1
    `np.arange(1, n + 2).astype(like.dtype) / (n + 2)` → `np.arange(n + 1).astype(like.dtype) / n`
middles_at_the_lower_level: A middle has the level of the quantile below
    `(z[1:] + z[:-1]) / 2` → `z[:-1]`
""")
