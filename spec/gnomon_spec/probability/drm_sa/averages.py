"""What a step does on the average: every draw from a law of a few samples is made, none at random."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm.lstat import influence
from gnomon.probability.drm_sa.grid import levels
from gnomon.probability.drm_sa.rates import Rates, Schedule
from gnomon_spec.cases import Case, choice
from gnomon_spec.facts import Fact, equal
from gnomon_spec.probability.drm_sa.inputs import smooth_steps, steps
from gnomon_spec.probability.drm_sa.step import gain, size, step

STILL = Schedule(0.0)
FALLING, EVEN = (Schedule(0.5, 2.0, 0.75), Schedule(2.0)), (Schedule(1.0), Schedule(4.0))  # γ_D and h
by_density = steps.but(form="dm", rates=choice(*(Rates(STILL, pull, STILL, h) for pull, h in (FALLING, EVEN))))


@step.law("fixed point", cases=by_density)
def independent_draws_leave_the_gradient_at_g_over_k(port: Any, case: Case) -> Iterable[Fact]:
    """dm: while θ, q and h stay, D over all sequences of two independent draws has the mean that D ← D + γ_D·(Ḡ - K̄·D)
    gives with the means Ḡ and K̄; on the average it stays where D = Ḡ/K̄."""
    state, k, h = case.state, case.state.step_count, case.rates.width.a
    samples, scores = case.samples[:2], case.scores[:2]
    _, zm = levels(state.q, state.qm, case.grid_power)
    t = (samples - state.qm[:, np.newaxis]) / h
    K = np.mean(np.exp(t) / (1 + np.exp(t)) ** 2, axis=1)[:, np.newaxis] / h
    shares = (samples <= state.qm[:, np.newaxis]) - zm[:, np.newaxis]
    G = np.mean(shares[:, :, np.newaxis] * scores, axis=1)
    draws = [{"samples": samples[i : i + 1], "scores": scores[i : i + 1]} for i in range(len(samples))]
    once = [step.call(port, case, **draw)[1] for draw in draws]
    twice = [step.call(port, case, state=after, **draw)[1].D for after in once for draw in draws]
    expected = state.D
    for i in (k, k + 1):
        expected = expected + gain(case.rates.gradients, i) * (G - K * expected)
    yield equal("twice", sum(twice) / len(twice), expected, scale=size(case))
    rest = [step.call(port, case, state=state._replace(D=G / K), **draw)[1].D for draw in draws]
    yield equal("rest", sum(rest) / len(rest), G / K, scale=size(case))


tracked = smooth_steps.but(form=choice("qf", "dm", "hybrid"), grid_power=1.0, push=choice(0.5, 0.25, 0.75))


@step.law("fixed point", cases=tracked.but(unit=choice(1.0, 2.0, 8.0), origin=choice(0.0, -3.0)))
def single_samples_scatter_a_quantile_by_its_gain(port: Any, case: Case) -> Iterable[Fact]:
    """E (q - Q)² = γ_q·z·(1-z)/(2f) remains what it is with one sample a step, where the distribution function of these
    rises by f a unit about Q."""
    zero, unit = 0 * case.params[0], case.unit
    z = np.array([1, 2, 3]) / (4 + zero)
    Q, r = unit * 4 * z + case.origin, 4 * case.push * z * (1 - z)  # r² is that, with f·r = 1/8
    rates = case.rates._replace(quantiles=Schedule(case.push))
    square = zero
    for i, share in enumerate((1, 2, 2, 2, 1)):  # in eighths: at Q - r and Q + r the shares below are z ± 1/8
        drawn = {"samples": zero + np.array([unit * i + case.origin]), "scores": case.scores[:1]}
        for q in (Q - r, Q + r):
            state = case.state._replace(q=q, qm=q[1:], D=0 * q[1:, np.newaxis] * case.params)
            after = step.call(port, case, state=state, rates=rates, **drawn)[1]
            square = square + share / 16 * (after.q - Q) ** 2
    yield equal("E (q - Q)²", square, r**2)


@step.law("closed form", cases=smooth_steps.but(form="qf", extend=False))
def scores_weigh_what_their_samples_influence(port: Any, case: Case) -> Iterable[Fact]:
    """qf: where the edges' quantiles are the values of a law and those of the middles its values but the last, of
    levels z̄, d = mean A(Y_m)·s_m with the influence A on ρ of that law, whatever smooth w is."""
    q = np.sort(case.state.q)
    _, zm = levels(q, q[:-1], case.grid_power)
    ends = 0 * zm[:1]
    A = influence(q, case.distortion, np.diff(np.concatenate([ends, zm, 1 + ends])))
    place = np.minimum(np.sum(case.samples[:, np.newaxis] > q, axis=1), len(q) - 1)  # the first value >= Y
    found = step.call(port, case, state=case.state._replace(q=q, qm=q[:-1]))[2].direction
    yield equal("direction", found, np.mean(A[place][:, np.newaxis] * case.scores, axis=0), scale=size(case))
