"""Mixtures over tilts in closed form; conformal p-values, and bets on them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations
from typing import Any

import numpy as np

from gnomon.probability.m_fisher import conformal, mixtures
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.facts import Fact, at_least, equal, identical
from gnomon_spec.probability.m_fisher import system
from gnomon_spec.probability.m_fisher.inputs import STREAMS, some
from gnomon_spec.strategies import VECTORS, choices_of, number, or_none

sums = Cases({"deviations": some(-12.0, 12.0), "variances": some(0.0, 8.0)}, VECTORS).but(
    precision=number(1.0, 0.25, 4.0, exponents=(-4, 4)), two_sided=choice(True, False)
)
normal_mixture = system.operation(mixtures.normal_mixture, cases=sums)


@normal_mixture.law("closed form", cases=sums)
def it_is_the_integral_over_all_tilts(port: Any, case: Case) -> Iterable[Fact]:
    """∫ exp(λS - λ²v/2) dN(λ; 0, 1/r) over all λ, or twice that over λ > 0, by quadrature of 24 panels of 20 points."""
    v, r, S = case.variances, case.precision, case.deviations
    nodes, weights = np.polynomial.legendre.leggauss(20)
    width = 14 / np.sqrt(v + r)
    low = 0 * S if not case.two_sided else S / (v + r) - width
    high = np.maximum(S / (v + r), 0 * S) + width
    total = 0 * S
    for panel in range(24):
        a, b = low + (high - low) * panel / 24, low + (high - low) * (panel + 1) / 24
        for x, w in zip(nodes, weights, strict=True):
            tilt = (a + b) / 2 + (b - a) / 2 * x
            total = total + (b - a) / 2 * w * np.exp(tilt * S - tilt**2 * (v + r) / 2)
    integral = np.log(total * np.sqrt(r / (2 * np.pi)) * (1 if case.two_sided else 2))
    yield equal("log M", normal_mixture.call(port, case), integral, 1.0)


@normal_mixture.law("closed form", cases=sums)
def both_directions_make_the_two_sided_one(port: Any, case: Case) -> Iterable[Fact]:
    """½(M of S) + ½(M of -S), each for upward shifts only, is the two-sided mixture; far below, M keeps its digits."""
    given = {"precision": case.precision, "two_sided": False}
    up, down = (port.normal_mixture(sign * case.deviations, case.variances, **given) for sign in (1, -1))
    both = port.normal_mixture(case.deviations, case.variances, precision=case.precision)
    yield equal("mean", np.logaddexp(up, down) - np.log(2 + 0 * case.precision), both, 1.0)
    z = 2.0**20 + 0 * case.deviations
    far = port.normal_mixture(-z, 0 * z, precision=1.0, two_sided=False)
    yield equal("far below", far, np.log(2 / np.pi + 0 * z) / 2 - np.log(z) - 1 / z**2)


at_delta, usual = sums.but(delta=choice(0.05, 0.5, 0.01)), sums.but(delta=choice(0.05))
normal_boundary = system.operation(mixtures.normal_boundary, cases=at_delta, rejecting=usual)


@normal_boundary.law("closed form")
def on_the_boundary_the_mixture_is_an_alarm(port: Any, case: Case) -> Iterable[Fact]:
    """The two-sided mixture of S = ± the boundary is log(1/δ), before the first score, too."""
    for words, variances in (("", case.variances), (" at first", 0 * case.variances)):
        S = port.normal_boundary(variances, delta=case.delta, precision=case.precision)
        for sign in (1, -1):
            log_M = port.oracle.normal_mixture(sign * S, variances, precision=case.precision)
            yield equal(f"{sign}{words}", log_M, 0 * variances - np.log(case.delta))


draws, fine = some(0.0, 1.0), some(0.0, 4.0)
coarse = Quantity(lambda draw, c: np.floor(fine.draw(draw, c)), "scores 0, 1, 2 or 3")
three = Quantity(lambda draw, c: coarse.draw(draw, c._replace(shape=(3,))), "three such scores")
ranked = Cases(
    {"scores": coarse, "draws": draws, "calibration": or_none(three), "eps": choice(0.5, 0.1, 0.92)}, STREAMS
)
conformal_p_values = system.operation(conformal.conformal_p_values, cases=ranked)


@conformal_p_values.law("conservation", cases=Cases({"eps": ranked.quantities["eps"], "known": choice(0, 1)}, STREAMS))
def over_all_orders_the_wealth_has_mean_one(port: Any, case: Case) -> Iterable[Fact]:
    """Four distinct scores in all 24 orders: p lies in ((k)/m, (k + 1)/m], k the rank, each equally often; the product
    of power bets, integrated over U, has mean 1, and with U = 1 a mean of at most 1."""
    orders = np.array(list(permutations((1.0, 2.0, 4.0, 8.0)))) + 0 * case.eps
    one = 1 + 0 * orders
    top, half = port.conformal_p_values(orders, one), port.conformal_p_values(orders, one / 2)
    bottom, m = 2 * half - top, np.arange(1, 5)
    yield equal("width", top - bottom, one / m)
    yield equal("mean", np.mean(top, axis=0), (m + 1) / (2 * m))
    factors = m * (top**case.eps - np.maximum(bottom, 0) ** case.eps)
    yield equal("wealth", np.mean(np.prod(factors, axis=1)), 1.0)
    yield at_least("U = 1", 1.0, np.mean(np.prod(case.eps * top ** (case.eps - 1), axis=1)))


@conformal_p_values.law("invariance", cases=ranked)
def only_the_order_counts(port: Any, case: Case) -> Iterable[Fact]:
    """Scores through an increasing map have the same p-values, bit for bit; a score of its own kind counts as a tie."""
    known, s = case.calibration, case.scores
    one = port.conformal_p_values(s, case.draws, known)
    other = port.conformal_p_values(s**3 + s, case.draws, None if known is None else known**3 + known)
    yield identical("p", other, one)
    same = port.conformal_p_values(0 * s, case.draws)
    yield equal("all the same", same, case.draws)


bets = Cases(
    {
        "p_values": Quantity(lambda draw, c: draws.draw(draw, c) ** (1 + len(c.shape)), "p-values in (0, 1)"),
        **choices_of(conformal.bet),
        "eps": choice(0.5, 1.0, 0.1, 0.92),
        "jump": choice(0.01, 0.25),
    },
    STREAMS,
)
bet = system.operation(conformal.bet, cases=bets)


def log_wealth(port: Any, case: Case, **changed: Any) -> Any:
    return np.cumsum(bet.call(port, case, **changed), axis=1)


@bet.law("closed form", cases=bets)
def each_bet_is_a_mean_of_simpler_ones(port: Any, case: Case) -> Iterable[Fact]:
    """The grid's wealth is the mean of nine power bets', the mixture's their integral over ε, by quadrature."""
    powers = [log_wealth(port, case, betting="power", eps=e / 10) for e in range(1, 10)]
    yield equal("grid", log_wealth(port, case, betting="grid"), np.log(sum(map(np.exp, powers)) / 9), 1.0)
    nodes, weights = np.polynomial.legendre.leggauss(100)
    p = np.tile(case.p_values[:1], 24) ** 0.25
    n, a, total = np.arange(1, p.shape[1] + 1), -np.cumsum(np.log(p), axis=1), 0 * p
    for x, w in zip((nodes + 1) / 2, weights / 2, strict=True):
        total = total + w * np.exp(n * np.log(x) + a * (1 - x))
    yield equal("mixture", log_wealth(port, case, p_values=p, betting="mixture"), np.log(total), 1.0)
    tiny = 0 * case.p_values + 2.0**-120
    best = np.cumsum(np.log(0.1 + 0 * tiny) + 108 * np.log(2 + 0 * tiny), axis=1)
    yield at_least("tiny", log_wealth(port, case, p_values=tiny, betting="grid"), best - np.log(9 + 0 * tiny))


@bet.law("closed form", cases=bets.but(betting="jumper"))
def the_jumper_moves_its_capital(port: Any, case: Case) -> Iterable[Fact]:
    """Five capitals of 1/5 grow by 1 + e(p - ½); after each a share J of all is dealt out anew, equally."""
    capitals, J = [np.ones_like(case.p_values[:, 0]) / 5] * 5, case.jump
    found = log_wealth(port, case)
    for t in range(case.p_values.shape[1]):
        p, steps = case.p_values[:, t], (-1, -0.5, 0, 0.5, 1)
        capitals = [c * (1 + e * (p - 0.5)) for c, e in zip(capitals, steps, strict=True)]
        M = sum(capitals)
        yield equal(f"wealth {t}", found[:, t], np.log(M), 1.0)
        capitals = [(1 - J) * c + J / 5 * M for c in capitals]


normal_mixture.edits("""
prior_with_precision_for_variance: The prior is N(0, r) and not N(0, 1/r)
    `z = deviations` → `precision = 1 / precision; z = deviations`
shrinking_is_not_halved: log(r/(v + r)) has no factor ½
    `-np.log1p(variances / precision) / 2` → `-np.log1p(variances / precision)`
half_normal_prior_is_not_doubled: The one-sided prior has mass ½ only
    `log(2) + shrunk + log_scaled_cdf(z)` → `shrunk + log_scaled_cdf(z)`
""")
normal_boundary.edits("""
boundary_of_one_side: The boundary has log(1/δ) once, as if for √(v + r)·√(log …/(rδ))
    `2 * np.log(0 * variances + delta)` → `np.log(0 * variances + delta)`
""")
conformal_p_values.edits("""
bag_stays_as_it_is: Scores are compared with the calibration scores alone: such p-values depend on each other
    `bag = np.concatenate([bag, np.reshape(s, (N, 1))], axis=1)` → `pass`
ties_count_as_larger: p = (#{s' >= s} + U)/(n + 1): a tie is no reason to draw
    `(larger + draws[:, t] * (1 + as_large))` → `(larger + as_large + draws[:, t])`
ties_do_not_count: Scores that are as large are left out
    `draws[:, t] * (1 + as_large)` → `draws[:, t]`
smaller_scores_are_stranger: p counts the scores that are smaller
    `(bag > s)` → `(bag < s)`
""")
bet.edits("""
mean_of_logarithms: The grid is the mean of the logarithms of its wealths, and not the logarithm of their mean
    `top + np.log(np.mean(np.exp(each - top), axis=0))` → `np.mean(each, axis=0)`
power_without_its_integral: log f = (ε - 1)·log p, whose integral is 1/ε
    `np.log(0 * logs + eps) + (eps - 1) * logs` → `(eps - 1) * logs`
jumper_never_jumps: The jumper's capital stays where it is
    `(1 - jump) * c / wealth + jump / len(JUMPS)` → `c / wealth`
jumper_jumps_before_it_bets: The capital is dealt out before the bet
    `grown = [c * (1 + e` → `grown = [((1 - jump) * c + jump / len(JUMPS)) * (1 + e`
wealth_for_its_increments: The increments of grid and mixture are the wealth itself
    `log_wealth - np.concatenate` → `log_wealth - 0 * np.concatenate`
""")
