"""Categorical policies: what an action's logits say of it, and a chain so small that every episode can be listed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, UnitInterval
from gnomon.probability.drm.distortions import Distortion, require_distortion
from gnomon.probability.drm.lstat import influence, lstat, require_no_jumps
from gnomon.probability.drm_ppo.inventory import Whole, inventory_episode, units

# Every demand and order of two periods: 81 episodes.
LISTED = np.array(list(product(range(3), repeat=4))).T
DEMANDS, ORDERS = LISTED[:2], LISTED[2:]


class Categorical(NamedTuple):
    """Of each of S choices among K actions. log_prob: log π(a), (S,). score: its gradient in the logits, (S, K).
    entropy: H, (S,). entropy_gradient: of H, (S, K)."""

    log_prob: Array
    score: Array
    entropy: Array
    entropy_gradient: Array


class Episodes(NamedTuple):
    """Every episode of the tiny chain: its return, its probability, both (81,), and the gradient of the logarithm of
    that, (81, 2, 5, 3)."""

    returns: Array
    probabilities: Array
    scores: Array


def require_actions(given: Mapping[str, Any]) -> None:
    """Require actions of the logits."""
    K, actions = given["logits"].shape[1], given["actions"]
    if np.max(actions) >= K:
        raise ValueError(f"actions must be below {K}, got {actions}")


Logits: TypeAlias = Annotated[Array, Entries(("choices", "actions"), finite=True, least=1)]
Table: TypeAlias = Annotated[Array, Entries(("2", "5", "3"), finite=True)]


@checked(require_actions)
def categorical(logits: Logits, actions: Annotated[Whole, units("choices")]) -> Categorical:
    """Return what a softmax policy says of the actions that were taken.

    π = exp(z - max z)/Σ exp(z - max z);  ∇ log π(a) = 1ₐ - π;  H = -Σ π·log π;  ∇H = -π·(log π + H). logits: z, (S, K),
    finite. actions: a, integers (S,). Several choices at one time are several rows, of which logarithms add up.
    """
    z = logits - np.max(logits, axis=1, keepdims=True)
    log_pi = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    pi = np.exp(log_pi)
    taken = np.arange(logits.shape[1]) == actions[:, np.newaxis]
    entropy = -np.sum(pi * log_pi, axis=1)
    slope = -pi * (log_pi + entropy[:, np.newaxis])
    return Categorical(np.sum(np.where(taken, log_pi, 0), axis=1), np.where(taken, 1 - pi, -pi), entropy, slope)


@checked()
def tiny_episodes(theta: Table, *, gamma: UnitInterval = 0.99) -> Episodes:
    """List the episodes of the tiny chain under the policy π(order) = softmax(θ[period, min(stock, 4)]).

    One stage with a stock of 1 and 1 unit on the way, lead time 1, two periods, demands 0, 1 or 2 with probability ⅓,
    orders of 0, 1 or 2; p = (2, 0.5), c = 0.125, h = 0.2, lost sales. The stock is that before units arrive. 81
    episodes with 81 returns: p(τ) = Π ⅓·π(order), and everything about θ is a finite sum. They come in the order of
    (first demand, second demand, first order, second order), the last of these changing fastest.
    """
    zero = 0 * theta[0, 0, 0]
    prices, penalties, holding = np.stack([zero + 2, zero + 0.5]), np.stack([zero + 0.125]), np.stack([zero + 0.2])
    played = inventory_episode(
        prices, penalties, holding, DEMANDS, ORDERS[:, np.newaxis],
        lead_times=(1,), initial_stock=1, initial_shipment=1, gamma=gamma,
    )  # fmt: skip
    stocks = np.minimum(played.rows[:2, 0], 4)
    log_probability, scores = zero - 2 * np.log(zero + 3), []
    for t in range(2):
        said = categorical(theta[t][stocks[t]], ORDERS[t])
        log_probability = log_probability + said.log_prob
        here = np.arange(5)[:, np.newaxis] == stocks[t][:, np.newaxis, np.newaxis]
        scores.append(np.where(here, said.score[:, np.newaxis], 0))
    return Episodes(played.returns, np.exp(log_probability), np.stack(scores, axis=1))


class TinyValue(NamedTuple):
    """value: ρ of the return, one number. gradient: in θ, (2, 5, 3)."""

    value: Any
    gradient: Array


@checked(require_distortion, require_no_jumps)
def tiny_value(theta: Table, distortion: Distortion, *, gamma: UnitInterval = 0.99) -> TinyValue:
    """Return the exact value of a policy of the tiny chain under a distortion, and its exact gradient.

    ρ = lstat of the 81 returns with their probabilities, ∇ρ = Σ p(τ)·A(R(τ))·∇ log p(τ), A the influence function: what
    every update estimates. distortion: without jumps. theta, gamma: of `tiny_episodes`.
    """
    listed = tiny_episodes(theta, gamma=gamma)
    A = influence(listed.returns, distortion, listed.probabilities)
    weights = (listed.probabilities * A)[:, np.newaxis, np.newaxis, np.newaxis]
    value = lstat(listed.returns, distortion, listed.probabilities)
    return TinyValue(value, np.sum(weights * listed.scores, axis=0))
