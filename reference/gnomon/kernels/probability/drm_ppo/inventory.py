"""`gnomon.probability.drm_ppo.inventory.inventory_episode` compiled: workers side by side, units written once.

What arrives is read where it was written when it was sent. Inner prices cancel, and are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.probability.drm_ppo import inventory as reference
from gnomon.probability.drm_ppo.inventory import Episode, start

__all__ = ["Episode", "inventory_episode"]


@compiled
def pass_periods(
    prices: Array, penalties: Array, holding: Array, demands: Any, orders: Any, ways: Any, backlog: bool,
    rewards: Array, rows: Any,
) -> None:  # fmt: skip
    """Write the rewards, which are 0, and the rows after the first."""
    T, B = demands.shape
    N = len(ways)
    for t in range(1, T + 1):
        before, row, earned = rows[t - 1], rows[t], rewards[t - 1]
        for n in range(N):
            asked = demands[t - 1] if n == 0 else orders[t - 1, n - 1]
            arrived = rows[max(t - ways[n], 0), 2 * N + n]
            last = orders[t - 1, N - 1]
            for b in range(B):
                need, ready = asked[b] + before[N + n, b] * backlog, before[n, b] + arrived[b]
                sent = min(need, ready)
                row[n, b], row[N + n, b], row[3 * N + n, b] = ready - sent, need - sent, asked[b]
                if n > 0:
                    row[2 * N + n - 1, b] = sent
                else:
                    row[3 * N - 1, b] = last[b]
                    earned[b] = prices[0] * prices.dtype.type(sent) - prices[N] * prices.dtype.type(last[b])
                short, left = prices.dtype.type(need - sent), prices.dtype.type(ready - sent)
                earned[b] -= penalties[n] * short + holding[n] * left


@in_place_of(reference.inventory_episode)
def inventory_episode(
    prices: Array, penalties: Array, holding: Array, demands: Any, orders: Any, lead_times: Any, initial_stock: int,
    initial_shipment: int, gamma: float, backlog: bool, largest_order: int,
) -> Episode:  # fmt: skip
    T, N, B = orders.shape
    rewards, rows = np.zeros((T, B), prices.dtype), np.empty((T + 1, 4 * N, B), np.int64)
    rows[0] = start(B, tuple(lead_times), int(initial_stock), int(initial_shipment)).seen[-1]
    units = (contiguous(x.astype(np.int64, copy=False)) for x in (demands, orders))
    economy = (contiguous(x) for x in (prices, penalties, holding))
    pass_periods(*economy, *units, np.array(lead_times, np.int64), bool(backlog), rewards, rows)
    returns, discount = np.zeros(B, prices.dtype), 1.0
    for r in rewards:
        returns, discount = returns + discount * r, discount * gamma
    return Episode(returns, rewards, rows)
