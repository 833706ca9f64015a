"""One step in its four forms, and the state before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_sa import step as reference
from gnomon.probability.drm_sa.grid import levels
from gnomon.probability.drm_sa.rates import Rates
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, same_outputs
from gnomon_spec.probability.drm_sa import inputs as drawn
from gnomon_spec.probability.drm_sa import system
from gnomon_spec.probability.drm_sa.inputs import free_steps, jumping_distortions, smooth_steps, steps
from gnomon_spec.strategies import count
from gnomon_spec.system import Misfits


def size(case: Case) -> Any:
    """Return the size of a direction: of scores, quantiles and D together."""
    spread = np.max(np.abs(case.state.q)) + np.max(np.abs(case.samples)) + 1
    return 4 * np.max(np.abs(case.scores)) * spread + 4 * np.max(np.abs(case.state.D))


def magnitude(case: Case) -> Any:
    """Return the size of parameters after a step."""
    return np.max(np.abs(case.params)) + case.rates.params.a * size(case)


SCALES: Any = {
    "direction": size, "params": magnitude,
    "D": lambda case: (1 + case.rates.gradients.a / case.rates.width.a) * size(case),
    "q": lambda case: np.max(np.abs(case.state.q)) + 1, "qm": lambda case: np.max(np.abs(case.state.qm)) + 1,
    "gap": lambda case: np.max(np.abs(case.state.q)) + np.max(np.abs(case.samples)),
}  # fmt: skip
of_gradients = SCALES["D"]
step = system.operation(reference.step, cases=steps, rejecting=smooth_steps.but(form="hybrid"), scales=SCALES)
starts = steps.but(cells=count(2, 3, low=2, high=5), variant=choice("paper", "code"))
warm_up = system.operation(reference.warm_up, cases=starts, scales={"D": lambda case: 64 * size(case)})


def gain(schedule: Any, k: int) -> Any:
    """Return a·(b/(b + k))^c."""
    return schedule.a * (schedule.b / (schedule.b + k)) ** schedule.c


@step.law("closed form", cases=steps.but(form=choice("qf", "dm", "hybrid")))
def quantiles_move_by_what_is_missing_below_them(port: Any, case: Case) -> Iterable[Fact]:
    """q ← q + γ_q·(z - share of samples <= q), at the edges z = ((i+1)/(n+2))^power and at the middles, γ = a·(b/(b +
    k))^c; k is counted."""
    _, after, report = step.call(port, case)
    z, zm = levels(case.state.q, case.state.qm, case.grid_power)
    push = gain(case.rates.quantiles, case.state.step_count)
    for name, level in (("q", z), ("qm", zm)):
        before = getattr(case.state, name)
        share = np.mean(case.samples <= before[:, np.newaxis], axis=1)
        moved = before + push * (level - share)
        yield equal(name, getattr(after, name), moved, scale=np.max(np.abs(before)) + 1)
    yield equal("gap", report.gap, np.min(np.diff(case.state.q)))
    yield agree("steps", after.step_count, case.state.step_count + 1)


@step.law("bound", cases=steps.but(form=choice("qf", "dm", "hybrid")))
def quantiles_cross_by_less_than_their_gain(port: Any, case: Case) -> Iterable[Fact]:
    """Quantiles at levels z < z′ come nearer by at most γ_q·(1 - (z′ - z)); where they are level or have crossed they
    open by at least γ_q·(z′ - z). So q′ - q >= -γ_q·(1 - (z′ - z)) for ever, with the first gain, if at first."""
    after, push = step.call(port, case)[1], gain(case.rates.quantiles, case.state.step_count)
    for name, level in zip(("q", "qm"), levels(case.state.q, case.state.qm, case.grid_power), strict=True):
        before, moved = getattr(case.state, name), getattr(after, name)
        low, high = np.triu_indices(len(before), 1)
        nearer = np.where(before[high] > before[low], push, 0)
        gap = before[high] - before[low] + push * (level[high] - level[low]) - nearer
        yield at_least(name, moved[high], moved[low] + gap)


@step.law("closed form", cases=steps.but(**free_steps))
def parameters_move_along_the_direction(port: Any, case: Case) -> Iterable[Fact]:
    """θ ← θ - γ_θ·d to minimise, + to maximise, where no bound is near."""
    params, _, report = step.call(port, case)
    moved = gain(case.rates.params, case.state.step_count) * report.direction
    yield equal("params", params, case.params + moved if case.maximise else case.params - moved, scale=magnitude(case))
    yield agree("clipped", report.clipped, 0)


@step.law("bound", cases=steps.but(low=choice(-0.53125, -2.03125), high=choice(-0.53125, 1.03125)))
def parameters_stay_between_their_bounds(port: Any, case: Case) -> Iterable[Fact]:
    """low <= θ <= high, each parameter by itself as it would be without bounds; a direction that is 0 counts none."""
    params, _, report = step.call(port, case)
    free = step.call(port, case, low=-64.0, high=64.0)[0]
    inside = np.minimum(np.maximum(free, case.low), case.high)
    yield equal("params", params, inside, scale=magnitude(case))
    yield agree("clipped", report.clipped, np.count_nonzero(free < case.low) + np.count_nonzero(free > case.high))


@step.law("conservation", cases=steps.but(form=choice("qf", "dm", "hybrid")))
def a_step_is_the_mean_of_steps_with_one_sample(port: Any, case: Case) -> Iterable[Fact]:
    """Direction, quantiles and D after a step with M samples are the means of those after M steps with one each."""
    _, after, report = step.call(port, case)
    M = len(case.samples)
    parts = [{"samples": case.samples[i : i + 1], "scores": case.scores[i : i + 1]} for i in range(M)]
    single = [step.call(port, case, **part) for part in parts]
    yield equal("direction", report.direction, sum(s[2].direction for s in single) / M, scale=size(case))
    yield equal("q", after.q, sum(s[1].q for s in single) / M, scale=np.max(np.abs(case.state.q)) + 1)
    yield equal("D", after.D, sum(s[1].D for s in single) / M, scale=of_gradients(case))


@step.law("limit", cases=steps.but(form="dm"))
def far_from_all_samples_nothing_decays(port: Any, case: Case) -> Iterable[Fact]:
    """Where quantiles are far from all samples no density is left: D ← D + γ_D·(1 - z̄)·mean s above them, and below
    D ← D - γ_D·z̄·mean s."""
    state, push = case.state, gain(case.rates.gradients, case.state.step_count)
    _, zm = levels(state.q, state.qm, case.grid_power)
    largest = np.max(np.abs(state.D)) + case.rates.gradients.a * np.max(np.abs(case.scores))
    for words, far, share in (("above", 2.0**14, 1 - zm), ("below", -(2.0**14), -zm)):
        moved = state._replace(q=state.q + far, qm=state.qm + far)
        expected = state.D + push * share[:, np.newaxis] * np.mean(case.scores, axis=0)
        yield equal(words, step.call(port, case, state=moved)[1].D, expected, scale=largest)


@step.law("limit", cases=smooth_steps)
def without_jumps_hybrid_is_qf(port: Any, case: Case) -> Iterable[Fact]:
    """Where w does not jump hybrid is qf, and neither moves D."""
    one, other = (step.call(port, case, form=form) for form in ("hybrid", "qf"))
    yield from same_outputs("params", one, other, identical)
    yield identical("D", one[1].D, case.state.D)


@step.law("limit", cases=steps.but(distortion=jumping_distortions(many=True)))
def with_jumps_everywhere_hybrid_is_dm(port: Any, case: Case) -> Iterable[Fact]:
    """Where w jumps in every cell hybrid is dm, but for the cells added at the ends."""
    one, other = (step.call(port, case, form=form, extend=False) for form in ("hybrid", "dm"))
    yield from same_outputs("params", one, other, identical)


@step.law("closed form", cases=steps.but(distortion=jumping_distortions(alone=True), extend=False))
def a_jump_alone_is_a_quantile(port: Any, case: Case) -> Iterable[Fact]:
    """Of a quantile alone qf and batching see nothing: d = 0; dm and hybrid take d = -D of its cell, which alone moves
    with hybrid: by γ_D·(mean (1{Y <= q̄} - z̄)·s - K·D), K the mean of logistic densities of width h."""
    k, D, qm = case.state.step_count, case.state.D, case.state.qm
    z, zm = levels(case.state.q, qm, case.grid_power)
    level = case.distortion.jumps[0][0]
    cell = int(np.argmin(np.where(z[1:] >= level - 2.0**-20, z[1:], 2)))
    for form in ("qf", "batching"):
        one = {"samples": case.samples[:1], "scores": case.scores[:1]}
        yield equal(form, step.call(port, case, form=form, **one)[2].direction, 0 * case.params)
    t = (case.samples - qm[cell]) / gain(case.rates.width, k)
    K = np.mean(np.exp(t) / (1 + np.exp(t)) ** 2) / gain(case.rates.width, k)
    G = np.mean(((case.samples <= qm[cell]) - zm[cell])[:, np.newaxis] * case.scores, axis=0)
    moved = D[cell] + gain(case.rates.gradients, k) * (G - K * D[cell])
    for form in ("dm", "hybrid"):
        _, after, report = step.call(port, case, form=form)
        yield equal(form, report.direction, -D[cell], scale=size(case))
        yield equal("D", after.D[cell], moved, scale=of_gradients(case))
    kept = np.arange(len(qm)) != cell
    yield identical("others", step.call(port, case, form="hybrid")[1].D[kept], D[kept])
    yield equal("stiffness", step.call(port, case, form="hybrid")[2].stiffness, gain(case.rates.gradients, k) * K)


@step.law("conservation", cases=smooth_steps.but(form="dm", grid_power=1.0))
def cells_share_the_whole_of_w(port: Any, case: Case) -> Iterable[Fact]:
    """Where D is the same g in all cells and w the mean d = -g·(z_n - z_0); -g with the cells at the ends."""
    state = case.state._replace(D=0 * case.state.D + case.state.D[0])
    z, _ = levels(case.state.q, case.state.qm, 1.0)
    found = step.call(port, case, state=state, distortion=Distortion(), extend=True)[2].direction
    yield equal("extended", found, -case.state.D[0], scale=size(case))
    inner = step.call(port, case, state=state, distortion=Distortion(), extend=False)[2].direction
    yield equal("not extended", inner, -case.state.D[0] * (z[-1] - z[0]), scale=size(case))


def rescaled(rates: Rates, factor: Any) -> Rates:
    """Return rates for samples in another unit."""
    factors = (factor, factor, 1 / factor, factor)
    return Rates(*(schedule._replace(a=schedule.a * by) for schedule, by in zip(rates, factors, strict=True)))


@step.law("equivariance", cases=steps.but(factor=choice(2.0, 0.25, 8.0), by=choice(1.0, -16.0)))
def units_and_origin_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """With κ·Y + c, κ·q + c, κ·D, and h, γ_q, γ_D κ times and γ_θ 1/κ times as large, θ moves as before, and q and D
    stay κ times what they were, q and c."""
    k, state = case.factor, case.state
    moved = state._replace(q=k * state.q + case.by, qm=k * state.qm + case.by, D=k * state.D)
    given = {"samples": k * case.samples + case.by, "state": moved, "rates": rescaled(case.rates, k)}
    new, after, _ = step.call(port, case, **given)
    params, expected, _ = step.call(port, case)
    yield equal("params", new, params, scale=magnitude(case) * (1 + np.abs(case.by) / k))
    for name in ("q", "qm"):
        scale = k * (np.max(np.abs(state.q)) + np.max(np.abs(case.samples)) + 1) + np.abs(case.by)
        yield equal(name, getattr(after, name), k * getattr(expected, name) + case.by, scale=scale)
    yield equal("D", after.D, k * expected.D, scale=k * of_gradients(case))


DUALS = (
    (Distortion("wang", (0.85,)), Distortion("wang", (-0.85,))), (Distortion("ph", (0.7,)), Distortion("dual", (0.7,))),
    (Distortion("gini", (0.5,)), Distortion("gini", (-0.5,))), (Distortion("sshape", (5.0,)),) * 2,
)  # fmt: skip


@step.law("equivariance", cases=steps.but(form=choice("qf", "dm"), grid_power=1.0, which=choice(0, 1, 2, 3)))
def losses_and_rewards_are_dual(port: Any, case: Case) -> Iterable[Fact]:
    """Minimising ρ of Y and maximising that of -Y under the dual move θ alike; q and D are mirrored."""
    state, (w, dual) = case.state, DUALS[case.which]
    apart = {"samples": case.samples + 1 / 64, "distortion": w, "maximise": False}
    mirror = state._replace(q=-state.q[::-1], qm=-state.qm[::-1], D=-state.D[::-1])
    params, after, _ = step.call(port, case, **apart)
    other, mirrored, _ = step.call(port, case, samples=-apart["samples"], distortion=dual, maximise=True, state=mirror)
    yield equal("params", other, params, scale=magnitude(case))
    yield equal("q", mirrored.q, -after.q[::-1], scale=np.max(np.abs(state.q)) + 1)
    yield equal("D", mirrored.D, -after.D[::-1], scale=of_gradients(case))


@step.law("closed form", cases=steps.but(form="batching"))
def batches_have_their_own_quantiles(port: Any, case: Case) -> Iterable[Fact]:
    """batching: q and q̄ are the quantiles of the batch, linear between its order statistics; D stays."""
    after = step.call(port, case)[1]
    z, zm = levels(case.state.q, case.state.qm, case.grid_power)
    for name, level in (("q", z), ("qm", zm)):
        expected = np.quantile(case.samples, level)
        yield equal(name, getattr(after, name), expected, scale=np.max(np.abs(case.samples)))
    yield identical("D", after.D, case.state.D)


@step.law("closed form", cases=smooth_steps.but(form="batching", extend=False, samples=drawn.vectors("samples", 1)))
def batches_are_not_centred(port: Any, case: Case) -> Iterable[Fact]:
    """batching with w the mean: d = -Σ mean(1{Y <= q̄_i}·s)·(q_{i+1} - q_i)."""
    z, zm = levels(case.state.q, case.state.qm, case.grid_power)
    q, qm = np.quantile(case.samples, z), np.quantile(case.samples, zm)
    G = np.stack([np.mean((case.samples <= x)[:, np.newaxis] * case.scores, axis=0) for x in qm])
    found = step.call(port, case, distortion=Distortion())[2].direction
    yield equal("direction", found, -np.sum(G * np.diff(q)[:, np.newaxis], axis=0), scale=size(case))


@step.law("closed form", cases=steps.but(form="qf", grid_power=1.0))
def the_mean_is_moved_by_centred_shares(port: Any, case: Case) -> Iterable[Fact]:
    """qf with w the mean: d = -Σ mean((1{Y <= q̄_i} - z̄_i)·s)·(q_{i+1} - q_i), over the cells added at the ends, too."""
    _, zm = levels(case.state.q, case.state.qm, 1.0)
    q, qm = case.state.q, case.state.qm
    for extend in (False, True):
        if extend:
            q, qm, zm = (np.concatenate([2 * v[:1] - v[1:2], v, 2 * v[-1:] - v[-2:-1]]) for v in (q, qm, zm))
        shares = np.stack([(case.samples <= x) - level for x, level in zip(qm, zm, strict=True)])
        G = np.mean(shares[:, :, np.newaxis] * case.scores, axis=1)
        found = step.call(port, case, distortion=Distortion(), extend=extend)[2].direction
        yield equal(f"{extend}", found, -np.sum(G * np.diff(q)[:, np.newaxis], axis=0), scale=size(case))


@step.misfits(cases=steps.but(grid_power=1.0, distortion=jumping_distortions()))
def what_does_not_fit_is_rejected(case: Case) -> Misfits:
    """Quantile forms where w jumps, a jump beyond the last edge or before the first, bounds the wrong way round."""
    jumps = {level: Distortion(jumps=((level, 0.5),)) for level in (0.9, 0.1)}
    return {
        **{form: {"form": form, "allow_biased": False} for form in ("qf", "batching")},
        **{f"a jump at {level}": {"distortion": jump, "form": "dm"} for level, jump in jumps.items()},
        "bounds": {"low": 1.0, "high": -1.0},
        "no distortion": {"distortion": Distortion("ph", (-1.0,))},
    }


@warm_up.law("closed form")
def it_begins_with_the_quantiles_of_samples(port: Any, case: Case) -> Iterable[Fact]:
    """q and q̄ are quantiles of the samples, linear between order statistics; D = mean(1{Y <= q̄}·s)/K with h = 1, of
    the other sign with variant "code"."""
    found = warm_up.call(port, case)
    n, t = case.cells, case.samples
    z = ((np.arange(n + 1) + 1 + 0 * t[0]) / (n + 2)) ** case.grid_power
    zm = ((np.arange(n) + 1.5 + 0 * t[0]) / (n + 2)) ** case.grid_power
    yield equal("q", found.q, np.quantile(t, z), scale=np.max(np.abs(t)))
    yield equal("qm", found.qm, np.quantile(t, zm), scale=np.max(np.abs(t)))
    qm = np.quantile(t, zm)
    apart = qm[:, np.newaxis] - t
    K = np.mean(1 / (np.exp(apart / 2) + np.exp(-apart / 2)) ** 2, axis=1)
    ones, minus = (warm_up.call(port, case, variant=v).D for v in ("paper", "code"))
    yield equal("code", minus, -ones, scale=64 * size(case))
    G = np.mean((t <= qm[:, np.newaxis])[:, :, np.newaxis] * case.scores, axis=1)
    yield equal("D", ones, G / K[:, np.newaxis], scale=64 * size(case))
    yield agree("steps", found.step_count, 0)


@warm_up.misfits()
def one_cell_is_too_few(case: Case) -> Misfits:
    """A single cell, and a middle quantile far from all samples, are rejected."""
    apart = {"samples": 2.0**20 * np.arange(2) + 0 * case.samples[:1], "scores": case.scores[:1].repeat(2, 0)}
    return {"cells": {"cells": 1}, "samples apart": apart}


step.edits("""
kernel_of_infinities: The kernel is e^-t/(1 + e^-t)², which far below the samples is ∞/∞
    `np.exp(-np.abs(t))` → `np.exp(-t)`
gauss_seidel: The direction is taken with D as it has been moved
    `by_masses[:, np.newaxis] * wide(D)` → `by_masses[:, np.newaxis] * wide(new_D)`
descends_to_maximise: θ goes down where it should go up, and up where down
    `gain(rates.params, k) if maximise else -gain(rates.params, k)` →
        `-gain(rates.params, k) if maximise else gain(rates.params, k)`
d_tracks_the_gradient: D follows ∇Q = -G/f
    `D + gain(rates.gradients, k) * G[cells]` → `D - gain(rates.gradients, k) * G[cells]`
gradient_of_d_published: ∇ρ = +Σ D·Δw, as one summary prints it
    `G + by_masses[:, np.newaxis] * wide(D)` → `G - by_masses[:, np.newaxis] * wide(D)`
quantiles_run_away: Quantiles move by the share below less the level
    `q + push * (z - np.mean(below(samples, q), axis=1))` → `q - push * (z - np.mean(below(samples, q), axis=1))`
middles_are_means: q̄ is half way between the edges' quantiles, not tracked
    `qm = qm + push * (zm - np.mean(below(samples, qm), axis=1))` → `qm = (q[1:] + q[:-1]) / 2`
middles_of_raised_levels: z̄ is half way between levels that have been raised to the power
    `return edges**power, middles**power` → `return edges**power, (edges[1:] ** power + edges[:-1] ** power) / 2`
levels_of_n: The levels are (i+1)/(n+1)
    `+ np.ones_like(q)) / (n + 2)` → `+ np.ones_like(q)) / (n + 1.5)`
slopes_at_the_level: ω is w′(z̄), not w′(1-z̄)
    `return slope(1 - zm, distortion)` → `return slope(zm, distortion)`
masses_of_the_dual: Δw is w(z_{i+1}) - w(z_i), that of the dual
    `np.diff(of_level(z, distortion, ROUNDINGS))` → `-np.diff(of_level(1 - z, distortion, ROUNDINGS))`
indicators_not_centred: 1{Y <= q̄} is not centred by z̄
    `centre = 0 * zm_w if form == "batching" else zm_w` → `centre = 0 * zm_w`
batches_centred: batching centres, too
    `centre = 0 * zm_w if form == "batching" else zm_w` → `centre = zm_w`
kernel_not_divided_by_its_width: K is not divided by h
    `logistic((q[:, np.newaxis] - samples) / width) / width` → `logistic((q[:, np.newaxis] - samples) / width)`
hybrid_is_qf: hybrid leaves out its jumps
    `if form in ("dm", "hybrid"):` → `if form == "dm":`
jumps_counted_twice: Cells with jumps are in both sums
    `by_slopes, by_masses = np.where(direct, 0, by_slopes), ` → `by_slopes, by_masses = by_slopes, `
jump_in_the_next_cell: A jump at an edge belongs to the cell above
    `below = level - z > blur(z, ROUNDINGS)` → `below = level - z > -blur(z, ROUNDINGS)`
jump_found_from_the_other_end: The cell of a jump is that of 1-ζ
    `below = level - z > blur(z, ROUNDINGS)` → `below = (1 - level) - z > blur(z, ROUNDINGS)`
d_moves_everywhere: hybrid moves D in every cell
    `np.where(direct[:, np.newaxis], moved, D)` → `moved`
no_cells_at_the_ends: The grid is never extended
    `if extend:` → `if False:`, `if extend else direct` → `if False else direct`
steps_counted_from_1: The first step has k = 1
    `k, (q, qm, D, _) = state.step_count, state` → `k, (q, qm, D, _) = state.step_count + 1, state`
steps_not_counted: k stays what it is
    `SAState(q, qm, new_D, k + 1)` → `SAState(q, qm, new_D, k)`
exponent_inside: The gain is a·b/(b + k^c)
    `return a * (b / (b + k)) ** c` → `return a * (b / (b + k**c))`
not_clipped: Bounds are forgotten
    `new = np.minimum(np.maximum(free, low), high)` → `new = free`
strictly_below: 1{Y < q} stands for 1{Y <= q}
    `samples <= q[:, np.newaxis]` → `samples < q[:, np.newaxis]`
sums_for_means: Sums over samples stand for means
    `return np.mean(weights[:, :, np.newaxis] * scores, axis=1)` →
        `return np.sum(weights[:, :, np.newaxis] * scores, axis=1)`
order_statistics: The quantiles of a batch are order statistics, not lines between them
    `ranked[below] + (place - whole) * (ranked[above] - ranked[below])` → `ranked[below]`
gap_is_the_largest: The gap that is reported is the largest
    `np.min(np.diff(q))` → `np.max(np.diff(q))`
""")
warm_up.edits("""
starts_with_the_wrong_sign: D begins as ∇Q with "paper", too [the authors' code]
    `-D if variant == "code" else D` → `-D`
starts_centred: 1{Y <= q̄} is centred before the first step
    `averaged(below(samples, qm), scores)` → `averaged(below(samples, qm) - zm[:, np.newaxis], scores)`
starts_without_density: D begins as G
    `averaged(below(samples, qm), scores) / K[:, np.newaxis]` →
        `averaged(below(samples, qm), scores)`
""")
