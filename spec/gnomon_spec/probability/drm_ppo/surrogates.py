"""Ratios of episodes, weights of their returns, and the clipped surrogate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm.distortions import Distortion, density
from gnomon.probability.drm_ppo import surrogates as reference
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.probability.drm.inputs import distortions
from gnomon_spec.probability.drm_ppo import system
from gnomon_spec.probability.drm_ppo.inputs import VALUED, compared, crossed, ranked, steps, weighed
from gnomon_spec.strategies import whole_range
from gnomon_spec.system import Misfits

episode_ratios = system.operation(reference.episode_ratios, cases=compared)
quantile_weights = system.operation(reference.quantile_weights, cases=crossed, rejecting=weighed)
size: Any = {"scales": {"": lambda _: 16.0}}
episode_advantages = system.operation(reference.episode_advantages, cases=ranked, **size)
clipped_surrogate = system.operation(reference.clipped_surrogate, cases=steps)


@episode_ratios.law("closed form")
def a_ratio_is_the_product_over_the_steps(port: Any, case: Case) -> Iterable[Fact]:
    """ρ = Π π/π_old, the inverse of what it is the other way round; beyond e^±20 it stays there."""
    found, product = episode_ratios.call(port, case), 1 + 0 * case.old[:, 0]
    for t in range(case.old.shape[1]):
        product = product * np.exp(case.log_prob[:, t]) / np.exp(case.old[:, t])
    yield equal("ratios", found, product)
    yield equal("inverse", found * episode_ratios.call(port, case, log_prob=case.old, old=case.log_prob), 1 + 0 * found)
    for sign in (1, -1):
        far = episode_ratios.call(port, case, log_prob=case.old + 64 * sign)
        yield equal(f"far {sign}", far, np.exp(20 * sign + 0 * found))


@quantile_weights.law("closed form")
def cells_add_up(port: Any, case: Case) -> Iterable[Fact]:
    """Ψ is a sum over cells, of zω(q₁ - q₀) where R is above the cell's middle, and of (z - 1)ω(q₁ - q₀) elsewhere."""
    total, size = 0 * case.returns, 0 * case.returns
    for i, (m, z, slope) in enumerate(zip(case.middles, case.levels, case.slopes, strict=True)):
        cell = slope * (case.quantiles[i + 1] - case.quantiles[i])
        total = total + cell * np.where(case.returns > m, z, z - 1)
        size = size + np.abs(cell)
    yield equal("weights", quantile_weights.call(port, case), total, scale=size)


@quantile_weights.law("bound", cases=weighed)
def for_the_mean_they_are_winsorised_returns(port: Any, case: Case) -> Iterable[Fact]:
    """w(u) = u: Ψ(R) is R, held between q₀ and q_n, less q_n - Σ z(q₁ - q₀), but for at most the widest cell."""
    q, gaps = case.quantiles, case.quantiles[1:] - case.quantiles[:-1]
    found = quantile_weights.call(port, case, slopes=1 + 0 * case.slopes)
    held = np.clip(case.returns, q[0], q[-1]) - (q[-1] - np.sum(case.levels * gaps))
    yield at_least("apart", np.max(gaps) + 0 * held, np.abs(found - held))


at_quantiles = weighed.but(returns=weighed.quantities["quantiles"], distortion=distortions(*VALUED))


@quantile_weights.law("closed form", cases=at_quantiles)
def at_the_sorted_returns_they_are_the_influence_function(port: Any, case: Case) -> Iterable[Fact]:
    """With the sorted returns for quantiles and j/E for levels they are the advantages of a distortion."""
    R, n = case.returns, len(case.returns)
    z = (np.arange(1, n) + 0 * R[1:]) / n
    slopes = density(1 - z, case.distortion)
    found = port.quantile_weights(R, R, R[:-1], z, slopes)
    A = port.oracle.episode_advantages(R, case.distortion, normalised=False)
    yield equal("weights", found, A, scale=np.sum(slopes * np.diff(R)))


@episode_advantages.law("closed form")
def for_the_mean_they_are_what_is_above_it(port: Any, case: Case) -> Iterable[Fact]:
    """w(u) = u: R - mean, as PPO has it; divided by their standard deviation if they are normalised."""
    above, plain = case.returns - np.mean(case.returns), Distortion()
    size = np.max(np.abs(case.returns))
    yield equal("plain", port.episode_advantages(case.returns, plain, normalised=False), above, scale=size)
    deviation = np.sqrt(np.mean(above**2))
    unit = above / np.where(deviation > 0, deviation, 1)
    scale = size * np.where(deviation > 0, 1 / np.where(deviation > 0, deviation, 1), 1)
    yield equal("normalised", port.episode_advantages(case.returns, plain), unit, scale=scale)


@episode_advantages.law("invariance", cases=ranked.but(power=whole_range(8)))
def units_and_origin_of_returns_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """Normalised, those of 4R + 8 and of R times any power of 2 are those of R, and their mean square is 1, or 0 if all
    returns are equal."""
    found = episode_advantages.call(port, case, normalised=True)
    moved = episode_advantages.call(port, case, returns=4 * case.returns + 8, normalised=True)
    yield equal("moved", moved, found, scale=16.0)
    far = episode_advantages.call(port, case, returns=case.returns * 2.0**case.power, normalised=True)
    yield equal("far", far, found, scale=16.0)
    yield equal("mean", np.mean(found), 0.0, scale=16.0)
    same = episode_advantages.call(port, case, returns=case.returns[:1] + 0 * case.returns, normalised=True)
    yield equal("all equal", same, 0 * same)


upper = choice(*(Distortion("cvar", (a,)) for a in (0.5, 0.75, 0.25)))


@episode_advantages.law("closed form", cases=ranked.but(distortion=upper))
def below_the_quantile_all_weigh_the_same(port: Any, case: Case) -> Iterable[Fact]:
    """For the mean of the upper share 1-α, those of the lowest α·E returns are equal."""
    found = episode_advantages.call(port, case, normalised=False)
    (alpha,) = case.distortion.parameters
    low = found[np.argsort(case.returns, kind="stable")][: int(np.ceil(alpha * len(found)))]
    yield equal("low", low, low[0] + 0 * low, scale=np.max(np.abs(case.returns)) / (1 - alpha))


@episode_advantages.misfits()
def advantages_of_a_jump_are_rejected(case: Case) -> Misfits:
    """A quantile of a batch has no influence function without a density."""
    jump = case.distortion._replace(name="mean", parameters=(), jumps=((0.5, 0.25),))
    return {"a jump": {"distortion": jump}}


@clipped_surrogate.law("limit", cases=steps.but(clip=choice(0.2, 0.125, 0.5)))
def before_the_first_step_nothing_is_clipped(port: Any, case: Case) -> Iterable[Fact]:
    """With π = π_old the value is the mean advantage, and the gradient in each step's log π its share of it, for every
    ε > 0: the gradient in parameters is mean(A·∇log π), that of episodes' ratios."""
    found = clipped_surrogate.call(port, case, ratios=1 + 0 * case.ratios)
    yield equal("value", found.value, np.mean(case.advantages), scale=2.0)
    yield equal("gradient", found.gradient, (case.advantages[:, None] + 0 * case.ratios) / case.ratios.size)


@clipped_surrogate.law("closed form")
def a_step_that_has_gone_far_enough_stops(port: Any, case: Case) -> Iterable[Fact]:
    """The value is a mean over steps; A > 0: (1+ε)A and no gradient once ρ > 1+ε; A < 0: (1-ε)A and none once ρ < 1-ε;
    otherwise ρA, and so is the gradient in log π, however far ρ has gone the wrong way."""
    found, value, gradient = clipped_surrogate.call(port, case), 0 * case.clip, 0 * case.ratios
    E, T = case.ratios.shape
    for e in range(E):
        for t in range(T):
            A, ratio = case.advantages[e], case.ratios[e, t]
            if A >= 0:
                stopped, bounded = ratio > 1 + case.clip, np.minimum(ratio, 1 + case.clip)
            else:
                stopped, bounded = ratio < 1 - case.clip, np.maximum(ratio, 1 - case.clip)
            value = value + bounded * A / (E * T)
            gradient[e, t] = 0 if stopped else ratio * A / (E * T)
    yield equal("value", found.value, value, scale=4.0)
    yield equal("gradient", found.gradient, gradient)


episode_ratios.edits("""
ratio_of_the_mean_step: The logarithms of steps are averaged, not added
    `np.sum(log_prob - old, axis=1)` → `np.mean(log_prob - old, axis=1)`
ratio_of_old_to_new: The ratio is that of the old policy to the new one
    `log_prob - old` → `old - log_prob`
ratio_without_bound: The logarithm of a ratio is not held within ±20
    `np.clip(np.sum(log_prob - old, axis=1), -FARTHEST, FARTHEST)` → `np.sum(log_prob - old, axis=1)`
""")
quantile_weights.edits("""
indicator_is_strict: A return that is a middle counts as above it
    `returns[:, np.newaxis] <= middles` → `returns[:, np.newaxis] < middles`
weights_of_losses: The sign is that of a loss
    `weights: Array = -np.sum(` → `weights: Array = np.sum(`
weights_are_not_centred: The level is not taken off the indicator
    `(below - levels) * cells` → `(below + 0 * levels) * cells`
cells_of_one_width: The widths of cells are left out
    `slopes * (quantiles[1:] - quantiles[:-1])` → `slopes + 0 * quantiles[1:]`
""")
episode_advantages.edits("""
never_normalised: Advantages are not divided by their standard deviation
    `if not normalised` → `if True`
always_normalised: Advantages are divided by their standard deviation in any case
    `if not normalised` → `if False`
advantages_are_not_centred: Advantages are the returns
    `A = influence(returns, distortion)` → `A = returns`
deviation_of_the_returns: Advantages are divided by the standard deviation of the returns
    `deviation = np.std(shares)` → `deviation = np.std(returns) / np.where(largest > 0, largest, 1)`
nought_over_nought: Where all returns are equal advantages are 0/0
    `np.where(deviation > 0, shares / np.where(deviation > 0, deviation, 1), A)` → `shares / deviation`
deviation_with_a_guard: A hundredth of a unit is added to the standard deviation
    `np.where(deviation > 0, deviation, 1)` → `(deviation + 0.01 / np.where(largest > 0, largest, 1))`
advantages_of_losses: Advantages are those of a loss: of the dual distortion
    `A = influence(returns, distortion)` → `A = -influence(-returns, distortion)`
""")
clipped_surrogate.edits("""
clipped_on_both_sides: Outside of 1 ± ε no step has a gradient, even one that has gone the wrong way
    `stopped = ((A > 0) & (ratios > 1 + clip)) | ((A < 0) & (ratios < 1 - clip))` →
        `stopped = (ratios > 1 + clip) | (ratios < 1 - clip)`
value_of_the_clipped_ratio: The value is that of the clipped ratio alone, without the smaller of two
    `np.minimum(ratios * A, clipped * A)` → `clipped * A`
larger_of_the_two: The larger of the two terms is taken
    `np.minimum(ratios * A, clipped * A)` → `np.maximum(ratios * A, clipped * A)`
never_clipped: All steps have a gradient
    `np.where(stopped, 0, ratios * A)` → `ratios * A`
gradient_without_the_ratio: The gradient is A, that in the ratio and not in its logarithm
    `np.where(stopped, 0, ratios * A)` → `np.where(stopped, 0, A + 0 * ratios)`
clipped_as_a_logarithm: The lower end is 1/(1+ε)
    `1 - clip` → `1 / (1 + clip)`
sum_over_steps: The gradient is averaged over episodes only
    `/ ratios.size` → `/ ratios.shape[0]`
""")
