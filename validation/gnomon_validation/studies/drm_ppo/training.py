"""Policies of the chain trained by the clipped surrogate: a network of one hidden layer, in NumPy."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import adam
from gnomon.domains import Array
from gnomon.norms import length
from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_ppo import inventory
from gnomon.probability.drm_ppo.policies import categorical
from gnomon.probability.drm_ppo.surrogates import clipped_surrogate, episode_advantages

PERIODS, WORKERS, HIDDEN, STAGES, ORDERS = 30, 250, 64, 3, 21
SEEN = 5 * 4 * STAGES
PASSES, BATCHES, BETA, RATE, EPS, LONGEST, GAMMA = 3, 5, 0.01, 3e-3, 1e-5, 0.5, 0.99
ECONOMY: Any = tuple(map(np.array, (inventory.PRICES, inventory.PENALTIES, inventory.HOLDING)))
TAIL = 0.3


class Batch(NamedTuple):
    """What was seen, (T, B, 60), ordered, (T, B, 3), and with which log-probability, (B, T); the returns, (B,)."""

    seen: Array
    orders: Any
    log_prob: Array
    returns: Array


def begun(rng: Any) -> Array:
    """Return a network's parameters, in one vector."""
    first, last = rng.standard_normal((SEEN, HIDDEN)) / SEEN**0.5, 0.01 * rng.standard_normal((HIDDEN, STAGES * ORDERS))
    parts = first.reshape(-1), np.zeros(HIDDEN), last.reshape(-1), np.zeros(STAGES * ORDERS)
    return np.concatenate(parts).astype(np.float32)


def layers(params: Array) -> list[Array]:
    """Return the network's matrices and vectors."""
    ends = np.cumsum([SEEN * HIDDEN, HIDDEN, HIDDEN * STAGES * ORDERS])
    W, b, V, c = np.split(params, ends)
    return [W.reshape(SEEN, HIDDEN), b, V.reshape(HIDDEN, -1), c]


def forward(params: Array, seen: Array) -> tuple[Array, Array]:
    """Return the hidden layer of each row of what is seen, and the logits, a row each stage."""
    W, b, V, c = layers(params)
    hidden = np.tanh(seen @ W + b)
    return hidden, (hidden @ V + c).reshape(-1, ORDERS)


def backward(params: Array, seen: Array, hidden: Array, slope: Array) -> Array:
    """Return the gradient in the parameters from that in the logits."""
    V, slope = layers(params)[2], slope.reshape(len(seen), -1)
    inner = (slope @ V.T) * (1 - hidden * hidden)
    parts = seen.T @ inner, inner.sum(0), hidden.T @ slope, slope.sum(0)
    return np.concatenate([part.reshape(-1) for part in parts])


def play(params: Array, rng: Any, periods: int = PERIODS) -> Batch:
    """Play an episode with each worker."""
    demands = inventory.seasonal_demand(np.stack([rng.choice(7, size=WORKERS) for _ in range(periods)]))
    (p, c, h), kept = ECONOMY, list[Any]()
    state, returns = inventory.start(WORKERS, inventory.LEAD_TIMES, 10, 10), np.zeros(WORKERS)
    for t in range(periods):
        seen: Any = state.seen.transpose(2, 0, 1).reshape(WORKERS, SEEN).astype(np.float32) / 10 - 1
        z = forward(params, seen)[1]
        weights = np.cumsum(np.exp(z - z.max(1, keepdims=True)), axis=1)
        orders: Any = (rng.uniform(size=(len(z), 1)) * weights[:, -1:] > weights).sum(1)
        kept.append((seen, orders.reshape(WORKERS, STAGES), categorical(z, orders).log_prob))
        state, r = inventory.inventory_step(p, c, h, state, demands[t], kept[-1][1].T)
        returns = returns + GAMMA**t * r
    seen, orders, log_prob = map(np.stack, zip(*kept, strict=True))
    return Batch(seen, orders, log_prob.reshape(periods, WORKERS, STAGES).sum(2).T, returns)


def climb(params: Array, batch: Batch, among: Any, advantages: Array) -> tuple[Array, Array]:
    """Return the clipped surrogate's gradient of some episodes, with the entropy's, no longer than `LONGEST`; and the
    ratios."""
    T, E = batch.seen.shape[0], len(among)
    seen, orders = batch.seen[:, among].reshape(T * E, -1), batch.orders[:, among].reshape(-1)
    hidden, z = forward(params, seen)
    said = categorical(z, orders)
    ratios = np.exp(said.log_prob.reshape(T, E, STAGES).sum(2).T - batch.log_prob[among])
    pull = np.repeat(clipped_surrogate(ratios, advantages[among]).gradient.T.reshape(-1), STAGES)
    gradient = backward(params, seen, hidden, pull[:, None] * said.score + BETA / (T * E) * said.entropy_gradient)
    return gradient * min(1, LONGEST / length(gradient)), ratios


def advantages(returns: Array, kind: str) -> Array:
    """Return the advantages of returns for the mean of all, of the upper or of the lower part."""
    if kind == "mean":
        return episode_advantages(returns, Distortion()).astype(np.float32)
    sign = 1 if kind == "upper" else -1  # the lower part is the upper one of losses
    return (sign * episode_advantages(sign * returns, Distortion("cvar", (1 - TAIL,)))).astype(np.float32)


def tails(returns: Array) -> tuple[float, float, float]:
    """Return the means of all, of the lower and of the upper part."""
    order, k = np.sort(returns), round(TAIL * len(returns))
    return float(order.mean()), float(order[:k].mean()), float(order[-k:].mean())


def train(kind: str, updates: int, seed: int = 0, periods: int = PERIODS) -> Any:
    """Return the three means of each batch, shape (updates, 3), and the returns of the last ten."""
    rng = np.random.default_rng(seed)
    params = begun(rng)
    state, found, last = adam.init(params), [], []
    for _ in range(updates):
        batch = play(params, rng, periods)
        found.append(tails(batch.returns))
        last.append(batch.returns)
        A = advantages(batch.returns, kind)
        for _ in range(PASSES):
            for among in np.split(rng.permutation(WORKERS), BATCHES):
                gradient, _ = climb(params, batch, among, A)
                params, state = adam.step(params, -gradient, state, lr=RATE, eps=EPS)
    return np.array(found), np.concatenate(last[-10:])
