"""Softmax policies, and the tiny chain of which every episode is listed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from gnomon.probability.drm_ppo import policies as reference
from gnomon_spec.cases import Case
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.probability.drm_ppo import system
from gnomon_spec.probability.drm_ppo.inputs import choices, tables, valued
from gnomon_spec.system import Misfits

categorical = system.operation(reference.categorical, cases=choices, scales={"entropy_gradient": lambda _: 1.0})
tiny_episodes = system.operation(reference.tiny_episodes, cases=tables)
tiny_value = system.operation(reference.tiny_value, cases=valued, scales={"gradient": lambda _: 8.0})


def of_every_action(port: Any, case: Case, logits: Any = None) -> list[Any]:
    """Return what is said of each action if all choices are that one."""
    S, K = case.logits.shape
    return [port.categorical(case.logits if logits is None else logits, np.full(S, k)) for k in range(K)]


@categorical.law("closed form")
def probabilities_are_those_of_a_softmax(port: Any, case: Case) -> Iterable[Fact]:
    """Probabilities of all actions add up to 1, and logarithms differ as logits do, however far these are from 0 and
    from each other."""
    for times, further in ((1, 0), (1024, 0), (1, 4096)):
        logits = times * case.logits + further
        every = of_every_action(port, case, logits)
        size = 8.0 + np.max(np.abs(logits))
        yield equal("sum", sum(np.exp(said.log_prob) for said in every), 1 + 0 * logits[:, 0], scale=size)
        for k, said in enumerate(every):
            gap = logits[:, k] - logits[:, 0]
            yield equal(f"action {k}", said.log_prob - every[0].log_prob, gap, scale=size)


@categorical.law("closed form")
def scores_and_entropies_are_means_over_actions(port: Any, case: Case) -> Iterable[Fact]:
    """∇ log π(a) is 1ₐ less what is common to all actions, and has mean 0; H is the mean of -log π, its gradient that
    of -log π times the score."""
    every, own = of_every_action(port, case), categorical.call(port, case)
    pi = [np.exp(said.log_prob) for said in every]
    one = np.eye(len(every))
    for k, said in enumerate(every):
        yield equal(f"apart {k}", said.score - every[0].score, one[k] - one[0] + 0 * case.logits, scale=1.0)
    columns = [p[:, None] for p in pi]
    mean = sum(p * said.score for p, said in zip(columns, every, strict=True))
    yield equal("mean score", mean, 0 * case.logits, scale=1.0)
    yield equal("entropy", own.entropy, -sum(p * said.log_prob for p, said in zip(pi, every, strict=True)), scale=8.0)
    slope = -sum(p * said.log_prob[:, None] * said.score for p, said in zip(columns, every, strict=True))
    yield equal("entropy gradient", own.entropy_gradient, slope, scale=8.0)


@categorical.law("bound")
def entropy_is_largest_without_a_preference(port: Any, case: Case) -> Iterable[Fact]:
    """H <= log K, reached with equal logits, where it has no gradient."""
    K = case.logits.shape[1]
    top = np.log(K + 0 * case.logits[:, 0])
    yield at_least("entropy", top, categorical.call(port, case).entropy)
    same = categorical.call(port, case, logits=case.logits[:, :1] + 0 * case.logits)
    yield equal("equal logits", same.entropy, top, scale=1.0)
    yield equal("gradient", same.entropy_gradient, 0 * case.logits, scale=1.0)


@categorical.misfits()
def an_action_that_there_is_not_is_rejected(case: Case) -> Misfits:
    """An action from K on."""
    return {"K": {"actions": case.actions + case.logits.shape[1]}}


def by_hand(gamma: Any) -> list[tuple[Any, tuple[tuple[int, int, int], ...]]]:
    """Return each episode's return, and the period, row and order of its two choices: s = min(d, I + due)."""
    found, fifth = [], np.divide(1, 5 + 0 * gamma)
    for *demands, first, second in product(range(3), repeat=4):
        stock, due, total, chosen = 1, 1, 0 * gamma, []
        for t, (d, a) in enumerate(zip(demands, (first, second), strict=True)):
            chosen.append((t, min(stock, 4), a))
            sold = min(d, stock + due)
            stock, due = stock + due - sold, a
            total = total + gamma**t * (2 * sold - a / 2 - (d - sold) / 8 - fifth * stock)
        found.append((total, tuple(chosen)))
    return found


@tiny_episodes.law("closed form")
def the_tiny_chain_is_what_it_says(port: Any, case: Case) -> Iterable[Fact]:
    """Each return and probability by hand: R = Σ γᵗ(2s - a/2 - (d - s)/8 - I/5), p = Π ⅓·softmax(θ[t, min(I, 4)])[a];
    the scores are 1ₐ - π in the row that was used, and 0 elsewhere."""
    found = tiny_episodes.call(port, case)
    pi = np.exp(case.theta) / np.sum(np.exp(case.theta), axis=2, keepdims=True)
    listed, expected = by_hand(case.gamma), []
    for _, chosen in listed:
        p, scores = 0 * case.gamma + 1, 0 * case.theta
        for t, row, a in chosen:
            p, scores[t, row] = p * pi[t, row, a] / 3, np.where(np.arange(3) == a, 1, 0) - pi[t, row]
        expected.append((p, scores))
    yield equal("returns", found.returns, np.stack([total for total, _ in listed]), scale=2 + 8 * (1 + case.gamma))
    yield equal("probabilities", found.probabilities, np.stack([p for p, _ in expected]))
    yield equal("scores", found.scores, np.stack([scores for _, scores in expected]), scale=1.0)


@tiny_episodes.law("conservation")
def probabilities_of_all_episodes_add_up_to_one(port: Any, case: Case) -> Iterable[Fact]:
    """Σ p = 1 whatever θ is, so that Σ p·∇ log p = 0; and actions of a row have scores that add up to 0."""
    found = tiny_episodes.call(port, case)
    p = found.probabilities.reshape((81, 1, 1, 1))
    yield equal("sum", np.sum(found.probabilities), 1.0)
    yield equal("mean score", np.sum(p * found.scores, axis=0), 0 * case.theta, scale=1.0)
    yield equal("of a row", np.sum(found.scores, axis=3), 0 * found.scores[..., 0], scale=1.0)


def distorted(u: Any, distortion: Any) -> Any:
    """Return w(u) of complex numbers too."""
    a = distortion.parameters[0] if distortion.parameters else 0 * u
    return {
        "mean": lambda: u,
        "dual": lambda: 1 - (1 - u) ** a,
        "gini": lambda: (1 + a) * u - a * u * u,
        "tk": lambda: u**a / (u**a + (1 - u) ** a) ** (1 / a),
        "ph": lambda: u**a,
        "sshape": lambda: (1 + np.tanh(a * (u - 1 / 2)) / np.tanh(a / 2)) / 2,
    }[distortion.name]()


@tiny_value.law("closed form")
def the_gradient_is_the_derivative_of_the_value(port: Any, case: Case) -> Iterable[Fact]:
    """ρ is a smooth function of θ: its value at θ + ih·e has the derivative along e as its imaginary part, over h, to
    all digits, for an h whose square is nothing."""
    found, listed, h = tiny_value.call(port, case), by_hand(case.gamma), 2.0**-100
    steps = np.eye(30).reshape(2, 5, 3, 2, 5, 3) * h
    pi = np.exp(case.theta + 1j * steps)
    pi = pi / np.sum(pi, axis=5, keepdims=True)
    ranked = sorted(listed, key=lambda episode: episode[0])
    p = [np.prod([pi[:, :, :, t, row, a] / 3 for t, row, a in chosen], axis=0) for _, chosen in ranked]
    value, above = ranked[0][0] + 0 * p[0], 0 * p[0]
    for j in range(80, 0, -1):
        above = above + p[j]
        value = value + distorted(above, case.distortion) * (ranked[j][0] - ranked[j - 1][0])
    yield equal("value", found.value, value.real[0, 0, 0], scale=8.0)
    yield equal("gradient", found.gradient, value.imag / h, scale=8.0)


@tiny_value.law("conservation")
def a_common_number_in_a_row_changes_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """The gradient of each row adds up to 0, and rows that cannot be met have none."""
    gradient = tiny_value.call(port, case).gradient
    yield equal("sum", np.sum(gradient, axis=2), 0 * gradient[..., 0], scale=8.0)
    never = gradient[0][[0, 2, 3, 4]]
    yield equal("never met", never, 0 * never)


@tiny_value.misfits()
def a_quantile_of_few_episodes_has_no_gradient(case: Case) -> Misfits:
    """A distortion with a jump is rejected."""
    jump = case.distortion._replace(name="mean", parameters=(), jumps=((0.5, 0.25),))
    return {"a jump": {"distortion": jump}}


categorical.edits("""
scores_of_probabilities: The score is the gradient of π(a), not of log π(a)
    `np.where(taken, 1 - pi, -pi), entropy, slope` →
        `np.where(taken, 1 - pi, -pi) * np.sum(np.where(taken, pi, 0), axis=1, keepdims=True), entropy, slope`
scores_without_the_mean: The score is 1 at the action and 0 elsewhere
    `np.where(taken, 1 - pi, -pi), entropy, slope` → `np.where(taken, 1 + 0 * pi, 0), entropy, slope`
entropy_in_bits: The entropy has the base 2
    `entropy = -np.sum(pi * log_pi, axis=1)` → `entropy = -np.sum(pi * log_pi, axis=1) / 0.6931471805599453`
entropy_gradient_without_the_mean: The gradient of the entropy is taken as if probabilities were free: -π·(log π + 1)
    `slope = -pi * (log_pi + entropy[:, np.newaxis])` → `slope = -pi * (log_pi + 1)`
logits_are_exponentiated: The largest logit is not taken off first, so that large ones leave the range
    `z = logits - np.max(logits, axis=1, keepdims=True)` → `z = logits`
logits_are_scaled: Logits are divided by the largest one
    `z = logits - np.max(logits, axis=1, keepdims=True)` →
        `z = logits / (1 + np.max(np.abs(logits), axis=1, keepdims=True))`
""")
tiny_episodes.edits("""
stock_after_arrival: The policy sees the stock together with what is about to arrive
    `np.minimum(played.rows[:2, 0], 4)` → `np.minimum(played.rows[:2, 0] + 1, 4)`
stock_after_sales: The policy sees the stock after the period in which it orders
    `np.minimum(played.rows[:2, 0], 4)` → `np.minimum(played.rows[1:, 0], 4)`
orders_alone_are_random: Probabilities are those of the orders, given the demands
    `zero - 2 * np.log(zero + 3), []` → `zero, []`
scores_of_the_last_order: The score is that of the last order alone
    `np.stack(scores, axis=1)` → `np.stack([0 * scores[0], scores[1]], axis=1)`
""")
tiny_value.edits("""
gradient_of_the_mean: Returns are the advantages, whatever the distortion is
    `A = influence(listed.returns, distortion, listed.probabilities)` → `A = listed.returns`
episodes_count_alike: The influence function is that of returns which are all as probable
    `A = influence(listed.returns, distortion, listed.probabilities)` → `A = influence(listed.returns, distortion)`
gradient_of_listed_episodes: Episodes in the gradient are not weighed by their probability
    `(listed.probabilities * A)` → `(A / len(A))`
""")
