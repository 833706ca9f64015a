"""The distortion risk measure of a sample, its gradient, and the influence of each value."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from gnomon.probability.drm import lstat as reference
from gnomon.probability.drm.distortions import Distortion, slope
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.probability.drm import inputs as drawn
from gnomon_spec.probability.drm import system
from gnomon_spec.probability.drm.inputs import EQUAL, distortions, ranked, samples, smooth_samples
from gnomon_spec.strategies import count, number, whole_range
from gnomon_spec.system import Misfits

given: Any = {"cases": samples, "rejecting": samples}
lstat = system.operation(reference.lstat, scales={"": lambda case: size(case)}, **given)
lstat_grad = system.operation(reference.lstat_grad, scales={"": lambda _: 1.0}, **given)
influence = system.operation(reference.influence, cases=smooth_samples, scales={"": lambda case: spread(case)})
MEAN = Distortion()


def size(case: Case) -> Any:
    """Return the size of the largest value."""
    return np.max(np.abs(case.y))


def spread(case: Case) -> Any:
    """Return how large influences are: slopes at the survival probabilities times what values are apart."""
    _, S, _ = ranked(case.y, case.weights)
    slopes = slope(S[1:-1], case.distortion, len(case.y))
    return np.sum(np.where(np.isfinite(slopes), slopes, 0) * np.diff(np.sort(case.y)))


moved = samples.but(factor=number(2.0, 0.0, 0.5, exponents=(-3, 3)), by=choice(1.0, -4.0, 64.0), other=drawn.values)


@lstat.law("equivariance", cases=moved)
def it_moves_with_units_and_origin(port: Any, case: Case) -> Iterable[Fact]:
    """ρ(κ·y + c) = κ·ρ(y) + c, κ >= 0; of values that are all c it is c; of samples in one order ρ(x + y) is ρ(x) +
    ρ(y)."""
    k, c = case.factor, case.by
    moved, scale = lstat.call(port, case, y=k * case.y + c), k * size(case) + np.abs(c)
    yield equal("ρ", moved, k * lstat.call(port, case) + c, scale=scale)
    yield equal("constant", lstat.call(port, case, y=0 * case.y + c), c, scale=np.abs(c))
    x, y = np.sort(case.y), np.sort(case.other)
    parts = [lstat.call(port, case, y=v, weights=None) for v in (x, y, x + y)]
    yield equal("sum", parts[2], parts[0] + parts[1], scale=size(case) + np.max(np.abs(y)))


@lstat.law("bound", cases=samples.but(rises=drawn.drawn(0.25, 9, "multiples of 1/4 from 0 to 2")))
def it_rises_with_values_and_by_no_more(port: Any, case: Case) -> Iterable[Fact]:
    """ρ lies between the smallest and the largest value; where each rises by at least 0, ρ rises, by the most at
    most."""
    y = case.y
    used = y if case.weights is None else y[case.weights > 0]
    rho, above = lstat.call(port, case), lstat.call(port, case, y=y + case.rises)
    yield at_least("smallest", rho, np.min(used))
    yield at_least("largest", np.max(used), rho)
    yield at_least("rises", above, rho)
    yield at_least("by the most", rho + np.max(case.rises), above)


alike = samples.but(order=drawn.permuted, times=count(2, 3, low=2, high=4), power=whole_range(1))


@lstat.law("invariance", cases=alike)
def only_the_law_matters(port: Any, case: Case) -> Iterable[Fact]:
    """A rearrangement, every value several times, weights times a factor, however large, and a value of weight 0 more,
    change nothing."""
    y, rho = case.y, lstat.call(port, case)
    p = np.ones_like(y) if case.weights is None else case.weights
    many = {
        "rearranged": (y[case.order], p[case.order]),
        "repeated": (np.repeat(y, case.times), np.repeat(p, case.times)),
        "heavier": (y, case.times * p),
        "of any size": (y, 2.0**case.power * (p / np.max(p))),
        "weight 0": (np.concatenate([y, y[:1] - 64]), np.concatenate([p, 0 * p[:1]])),
    }
    for label, (values, weights) in many.items():
        yield equal(label, port.lstat(values, case.distortion, weights), rho, scale=size(case))


@lstat.law("invariance", cases=smooth_samples)
def losses_and_rewards_are_dual(port: Any, case: Case) -> Iterable[Fact]:
    """ρ(-y) = -ρ̄(y) = -Σ y_(i)·(w̄(S_{i-1}) - w̄(S_i)), w̄ the dual."""
    order, S, _ = ranked(case.y, case.weights)
    w = port.dual(np.minimum(S, 1), case.distortion)
    mirrored = np.sum(case.y[order] * (w[:-1] - w[1:]))
    yield equal("ρ", lstat.call(port, case, y=-case.y), -mirrored, scale=size(case))


@lstat.law("closed form", cases=smooth_samples)
def it_is_an_integral_of_distorted_survival(port: Any, case: Case) -> Iterable[Fact]:
    """ρ = y_(1) + Σ_{i<n} w(S_i)·(y_(i+1) - y_(i)), Choquet's integral."""
    order, S, _ = ranked(case.y, case.weights)
    y = case.y[order]
    w = port.distortion(np.minimum(S, 1), case.distortion)
    yield equal("ρ", lstat.call(port, case), y[0] + np.sum(w[1:-1] * np.diff(y)), scale=size(case))


@lstat.law("bound", cases=samples.but(distortion=distortions(*drawn.CONCAVE), weights=EQUAL, other=drawn.values))
def concave_ones_are_coherent(port: Any, case: Case) -> Iterable[Fact]:
    """If w is concave ρ(x + y) <= ρ(x) + ρ(y), and ρ is at least the mean."""
    parts = [lstat.call(port, case, y=v) for v in (case.y, case.other, case.y + case.other)]
    yield at_least("sum", parts[0] + parts[1], parts[2])
    yield at_least("mean", parts[0], port.lstat(case.y, MEAN, None))


@lstat.law("bound")
def others_are_not(port: Any, case: Case) -> Iterable[Fact]:
    """For each w that is not concave there are x and y with ρ(x + y) > ρ(x) + ρ(y): by 1/4, for those below."""
    for distortion, x in drawn.VIOLATED:
        parts = [port.lstat(np.array(v) + 0 * case.y[0], distortion, None) for v in (x, x[1:] + x[:1])]
        both = [a + b for a, b in zip(x, x[1:] + x[:1], strict=True)]
        together = port.lstat(np.array(both) + 0 * case.y[0], distortion, None)
        yield at_least(distortion.name, together - parts[0] - parts[1], 0.25 + 0 * together)


RISING: Any = (  # from one to the next w is nowhere smaller
    (("mean", ()), ("cvar", (0.3,)), ("cvar", (0.75,))), (("wang", (-0.85,)), ("mean", ()), ("wang", (0.85,))),
    (("ph", (1.7,)), ("mean", ()), ("ph", (0.7,))), (("dual", (0.5,)), ("mean", ()), ("dual", (2.5,))),
    (("gini", (-0.5,)), ("mean", ()), ("gini", (0.5,))),
    (("mean", (), ((0.3, 1.0),)), ("mean", (), ((0.75, 1.0),)), ("cvar", (0.75,))),
)  # fmt: skip


@lstat.law("bound")
def larger_distortions_make_larger_risks(port: Any, case: Case) -> Iterable[Fact]:
    """If w <= w′ everywhere ρ <= ρ′: convex ones, the mean, concave ones; a quantile at a level, at a higher one, and
    cvar, the smallest concave w above."""
    for chain in RISING:
        risks = np.stack([port.lstat(case.y, Distortion(*one), case.weights) for one in chain])
        yield at_least(chain[-1][0], risks[1:], risks[:-1])


@lstat.law("closed form", cases=samples.but(weights=EQUAL, k=choice(2, 3, 1)))
def powers_are_extremes_of_draws(port: Any, case: Case) -> Iterable[Fact]:
    """dual(k) is the mean of the largest of k draws from the sample, with replacement, ph(k) of the smallest."""
    y = case.y
    for name, extreme in (("dual", max), ("ph", min)):
        picked = [extreme(draws) for draws in product(y, repeat=case.k)]
        found = port.lstat(y, Distortion(name, (float(case.k),)), None)  # type: ignore[arg-type]
        yield equal(name, found, sum(picked) / len(picked), scale=size(case))


@lstat.law("closed form", cases=samples.but(level=choice(0.75, 0.5, 0.8, 0.3, 0.0)))
def cvar_is_a_minimum(port: Any, case: Case) -> Iterable[Fact]:
    """cvar(α) = min_c c + E(y - c)⁺/(1-α) (Rockafellar & Uryasev), attained at a value."""
    y, (_, _, p) = case.y, ranked(case.y, case.weights)
    candidates = [c + np.sum(p * np.maximum(y - c, 0)) / (1 - case.level) for c in y]
    found = port.lstat(y, Distortion("cvar", (case.level,)), case.weights)
    yield equal("ρ", found, min(candidates), scale=size(case) / (1 - case.level))


percents = samples.but(y=drawn.drawn(1.0, 9, "integers"), percent=count(80, 90, 20, low=1, high=99))


@lstat.law("closed form", cases=percents.but(n=choice(10, 20, 50, 5)))
def a_quantile_is_an_order_statistic(port: Any, case: Case) -> Iterable[Fact]:
    """var(ζ) of 1 … n is the ⌈nζ⌉-th, counted in whole percent, also if weights of 1/10 each are added up."""
    y = np.arange(1, case.n + 1) + 0 * case.y[0]
    for label, weights in (("equal", None), ("tenths", 0 * y + 0.1)):
        found = port.lstat(y, Distortion(jumps=((case.percent / 100, 1.0),)), weights)
        yield equal(label, found, -(-case.n * case.percent // 100) + 0 * y[0])


@lstat.misfits()
def weights_that_are_all_0_are_rejected(case: Case) -> Misfits:
    """Weights that are all 0 are rejected, and a distortion that is none."""
    return {"weights": {"weights": 0 * case.y}, "distortion": {"distortion": Distortion("ph", (-1.0,))}}


@lstat_grad.law("conservation")
def shares_sum_to_1_and_make_the_measure(port: Any, case: Case) -> Iterable[Fact]:
    """∂ρ/∂y is nowhere below 0, sums to 1, and Σ y·∂ρ/∂y = ρ (Euler)."""
    shares = lstat_grad.call(port, case)
    yield at_least("shares", shares, 0 * shares)
    yield equal("sum", np.sum(shares), 1.0)
    yield equal("ρ", np.sum(case.y * shares), port.lstat(case.y, case.distortion, case.weights), scale=size(case))


halves = drawn.drawn(0.125, 9, "multiples of 1/8 from -1/2 to 1/2", low=-4)
apart = samples.but(y=halves, order=drawn.permuted)


@lstat_grad.law("closed form", cases=apart)
def a_value_moves_the_measure_by_its_share(port: Any, case: Case) -> Iterable[Fact]:
    """Where no two values are closer than 1, one that rises by ½ moves ρ by half of its share."""
    y = case.y + 2 * case.order
    shares = port.lstat_grad(y, case.distortion, case.weights)
    before = port.lstat(y, case.distortion, case.weights)
    for i in range(len(y)):
        after = port.lstat(y + np.where(np.arange(len(y)) == i, 0.5, 0), case.distortion, case.weights)
        yield equal(f"{i}", after - before, shares[i] / 2, scale=np.max(np.abs(y)))


@influence.law("conservation")
def influences_cancel_and_rise(port: Any, case: Case) -> Iterable[Fact]:
    """Σ p·A = 0, and A does not fall as values rise."""
    A, (order, _, p) = influence.call(port, case), ranked(case.y, case.weights)
    yield equal("sum", np.sum(np.where(p > 0, p * np.where(p > 0, A, 0), 0)), 0.0, scale=spread(case))
    kept = np.array([i for i in order if p[i] > 0])
    yield at_least("A", A[kept][1:], A[kept][:-1])


along = drawn.drawn(0.125, 17, "multiples of 1/8 from -1 to 1", low=-8)


@influence.law("closed form", cases=smooth_samples.but(along=along))
def it_is_how_the_measure_moves_with_weights(port: Any, case: Case) -> Iterable[Fact]:
    """Σ p·A·v = Σ_i w′(S_i)·(Σ_{j>i} p_(j)·v_(j))·(y_(i+1) - y_(i)) for Σ p·v = 0."""
    A, (order, S, p) = influence.call(port, case), ranked(case.y, case.weights)
    v = case.along - np.sum(p * case.along)
    slopes = slope(S[1:-1], case.distortion, len(order))
    moved = np.stack([sum(p[j] * v[j] for j in order[i:]) for i in range(len(order))])[1:]
    used = (S[1:-1] > 0) & (S[1:-1] < 1)
    rise = np.sum(np.where(used, np.where(used, slopes, 0) * moved * np.diff(case.y[order]), 0))
    yield equal("ρ", np.sum(np.where(p > 0, p * np.where(p > 0, A, 0) * v, 0)), rise, scale=spread(case))


@influence.law("closed form", cases=samples.but(parameter=choice(0.5, 1.0, -1.0), along=halves))
def of_a_quadratic_it_is_a_difference(port: Any, case: Case) -> Iterable[Fact]:
    """For gini, quadratic in the weights, Σ p·A·v is exactly ρ's central difference along v; for the mean A is
    y - mean."""
    y, (_, _, p) = case.y, ranked(case.y, case.weights)
    v, gini = case.along - np.sum(p * case.along), Distortion("gini", (case.parameter,))
    up, down = (port.lstat(y, gini, p * (1 + sign * v / 4)) for sign in (1, -1))
    A = port.influence(y, gini, case.weights)
    yield equal("gini", np.sum(p * A * v), 2 * (up - down), scale=4 * size(case))
    yield equal("mean", port.influence(y, MEAN, case.weights), y - np.sum(p * y), scale=size(case))


@influence.law("closed form", cases=samples.but(weights=EQUAL))
def of_cvar_it_is_what_exceeds_the_quantile(port: Any, case: Case) -> Iterable[Fact]:
    """For cvar(k/n) A = ((y - q)⁺ - mean of it)/(1-k/n), q the k-th smallest value."""
    y, n = case.y, len(case.y)
    for k in range(1, n):
        excess = np.maximum(y - np.sort(y)[k - 1], 0)
        found = port.influence(y, Distortion("cvar", (k / n,)), None)
        yield equal(f"{k}", found, (excess - np.mean(excess)) * n / (n - k), scale=n * size(case))


@influence.law("equivariance", cases=smooth_samples.but(factor=choice(2.0, 0.5, 4.0), by=choice(0.0, 1.0, -16.0)))
def it_forgets_the_origin(port: Any, case: Case) -> Iterable[Fact]:
    """A of κ·y + c is κ·A; of equal values it is 0."""
    moved = influence.call(port, case, y=case.factor * case.y + case.by)
    yield equal("A", moved, case.factor * influence.call(port, case), scale=case.factor * spread(case))
    yield equal("equal", influence.call(port, case, y=0 * case.y + case.by), 0 * case.y)


@influence.misfits(cases=samples.but(distortion=distortions(*drawn.JUMPS)))
def jumps_have_no_influence(case: Case) -> Misfits:
    """A distortion with jumps is rejected: it needs a density."""
    return {"jumps": {}}


lstat.edits("""
profits_for_losses: w acts on F, not on the survival probability: large values count as small ones should
    `order = np.argsort(y, kind="stable")` → `order = np.argsort(-y, kind="stable")`
weights_not_normalised: Weights are not divided by their sum
    `above / above[0]` → `above`
weights_are_added_as_they_are: The sum of large weights leaves the range
    `weights[order] / np.max(weights)` → `weights[order]`
weights_not_sorted: Weights stay in the order of the input while values are sorted
    `weights[order] / np.max` → `weights / np.max`
survival_with_its_own_weight: S_i counts the i-th value, too: the largest is forgotten, the smallest counts twice
    `np.concatenate([above / above[0], np.zeros_like(p[:1])])` →
        `np.concatenate([np.ones_like(p[:1]), above / above[0]])`
jump_decided_by_rounding: S > 1-ζ is asked as it is rounded, and picks the wrong order statistic
    `return n * max(float(np.finfo(u.dtype).eps), EPS)` → `return 0.0`
""")
lstat_grad.edits("""
shares_in_sorted_order: Shares are in the order of sorted values
    `(w[:-1] - w[1:])[np.argsort(order)]` → `(w[:-1] - w[1:])`
shares_permuted_the_wrong_way: Shares are permuted by the order instead of its inverse
    `[np.argsort(order)]` → `[order]`
gradient_forgets_weights: The gradient is that of equal weights
    `gradient: Array = shares(y, distortion, weights)` → `gradient: Array = shares(y, distortion, None)`
""")
influence.edits("""
influence_of_the_other_sign: The sign is that of a gain
    `return A[np.argsort(order)]` → `return -A[np.argsort(order)]`
influence_at_f: The slope is taken at F_j, not at 1 - F_j
    `slope(S, distortion, len(y))` → `slope(1 - S, distortion, len(y))`
influence_not_centred: The indicator is not centred
    `* (1 - S) * gaps` → `* 0 * gaps`
    `* S * gaps` → `* gaps`
strictly_below: 1{y < y_(j)} stands for 1{y <= y_(j)}
    `[nothing, np.cumsum(up)]` → `[np.cumsum(up), np.reshape(np.sum(up), (1,))]`
    `[np.cumsum(down[::-1])[::-1], nothing]` → `[np.cumsum(down[::-1])[::-1][1:], nothing, nothing]`
gaps_forgotten: Ranks instead of values
    `* gaps` → ``
""")
