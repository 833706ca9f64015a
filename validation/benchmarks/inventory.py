"""How many periods of the inventory chain does the compiled episode play in a second, and NumPy over workers beside it?

Run `python validation/benchmarks/inventory.py --help`.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from typing import Any

import numpy as np

from gnomon.kernels.probability.drm_ppo.inventory import inventory_episode
from gnomon.probability.drm_ppo.inventory import HOLDING, LEAD_TIMES, PENALTIES, PRICES, seasonal_demand

KERNEL, VECTORISED = "kernel", "NumPy"
ECONOMY = tuple(map(np.array, (PRICES, PENALTIES, HOLDING)))


def vectorised(demands: Any, orders: Any) -> Any:
    """Play an episode by whole-array operations over the workers, as environments of this kind are written."""
    (T, N, B), (p, c, h) = orders.shape, ECONOMY
    requests = np.concatenate([demands[:, np.newaxis], orders], axis=1)
    shipped, stock, returns = np.full((T + 1, N + 1, B), 10), np.full((N, B), 10), np.zeros(B)
    for t in range(1, T + 1):
        arrived = np.stack([shipped[max(t - way, 0), n + 1] for n, way in enumerate(LEAD_TIMES)])
        sent = np.minimum(requests[t - 1, :-1], stock + arrived)
        shipped[t, :-1], shipped[t, -1] = sent, requests[t - 1, -1]
        stock = stock + arrived - sent
        earned = p[:-1] @ shipped[t, :-1] - p[1:] @ shipped[t, 1:]
        returns += 0.99 ** (t - 1) * (earned - c @ (requests[t - 1, :-1] - sent) - h @ stock)
    return returns


def drawn(T: int, B: int) -> Any:
    """Return demands and orders of so many periods and workers."""
    rng = np.random.default_rng(0)
    return seasonal_demand(rng.integers(0, 7, (T, B))), rng.integers(0, 21, (T, 3, B))


@contest.command(7)
def main(repeats: int) -> None:
    """Time episodes of several lengths and numbers of workers and print one table."""
    contest.keep_freed_memory()
    processors, rows, seconds = contest.share_one_processor(), [], {}
    for T, B in ((100, 25), (100, 250), (100, 2500), (10, 2500), (1000, 250)):
        demands, orders = drawn(T, B)
        runs = {
            KERNEL: lambda d=demands, o=orders: inventory_episode(*ECONOMY, d, o),
            VECTORISED: lambda d=demands, o=orders: vectorised(d, o),
        }
        apart = np.max(np.abs(runs[KERNEL]().returns - runs[VECTORISED]()))
        taken = contest.rounds(runs, repeats)
        seconds[T, B] = taken.seconds(KERNEL)
        rows.append((T, B, T * B / seconds[T, B] / 1e6, taken.ratio(VECTORISED, KERNEL), apart))
    columns = "periods | workers | million periods a second {:.1f} | NumPy ÷ kernel {:.1f} | returns apart {:.0e}"
    table = contest.table(
        "Episodes of the chain with three stages, float64, with all rows that are seen", columns, rows
    )
    growth = [np.log(seconds[1000, 250] / seconds[100, 250]), np.log(seconds[100, 2500] / seconds[100, 250])] / np.log(
        10
    )
    goals = {"1.5 times NumPy with 250 workers": rows[1][3] >= 1.5,
             f"time grows as periods^{growth[0]:.2f} and workers^{growth[1]:.2f}, at most linearly but for caches":
             max(growth) < 1.3}  # fmt: skip
    contest.print_tables(table, repeats=repeats, processors=processors, goals=goals)


if __name__ == "__main__":
    main()
