"""A serial supply chain: demand at its one end, orders at each stage, and what is ordered arrives periods later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import INTEGERS, Array, Entries, NonNegativeInt, Number, PositiveInt, UnitInterval

LEAD_TIMES = (2, 3, 5)
PRICES, PENALTIES, HOLDING = (2.0, 1.5, 1.0, 0.5), (0.125, 0.1, 0.075), (0.2, 0.15, 0.1)


Whole = NDArray[np.int64]


def units(*axes: str) -> Entries:
    """Return the domain of arrays of integers from 0 on; no length is 0."""
    return Entries(axes, least=1, holds=INTEGERS, each=Number())


Prices: TypeAlias = Annotated[Array, Entries(("stages + 1",), least=2, finite=True)]
Penalties: TypeAlias = Annotated[Array, Entries(("stages",), finite=True)]
LeadTimes: TypeAlias = tuple[PositiveInt, ...]


class InventoryState(NamedTuple):
    """What a chain of N stages remembers between two periods, of each of B workers.

    seen: the latest rows of what a policy sees, (window, 4N, B), the newest last: stock I, shortage B, units sent to
    each stage, units requested of each stage. coming: what arrives in 1, 2, … periods, (longest lead time, N, B).
    """

    seen: Annotated[Whole, units("window", "4·stages", "workers")]
    coming: Annotated[Whole, units("longest lead time", "stages", "workers")]


class Episode(NamedTuple):
    """returns: Σ γᵗ⁻¹rₜ, (B,). rewards: (T, B). rows: of what is seen, that before the first period first,
    (T + 1, 4N, B)."""

    returns: Array
    rewards: Array
    rows: Whole


def require_stages(given: Mapping[str, Any]) -> None:
    """Require one lead time a stage, and orders that may be."""
    N, orders = len(given["lead_times"]), given["orders"]
    if given["penalties"].shape != (N,):
        raise ValueError(f"penalties must have one entry for each of {N} lead times, got {given['penalties'].shape}")
    if np.max(orders) > given["largest_order"]:
        raise ValueError(f"orders must be at most {given['largest_order']}, got {np.max(orders)}")


def require_state(given: Mapping[str, Any]) -> None:
    """Require a state of these stages and lead times."""
    state, N, longest = given["state"], len(given["lead_times"]), max(given["lead_times"])
    if (state.seen.shape[1], len(state.coming)) != (4 * N, longest):
        raise ValueError(f"state must have {4 * N} rows seen and {longest} periods coming, got {state.seen.shape[1:]}")


@checked()
def seasonal_demand(
    noise: Annotated[Whole, units("periods", "workers")], *, season: PositiveInt = 15, shift: NonNegativeInt = 6
) -> Whole:
    """Return the demand noise + (t + shift) mod season of the periods t = 1, 2, …, shape (T, B).

    noise: integers, drawn from 0 … 6 where results were published.
    """
    t = np.arange(1, len(noise) + 1)
    return noise + ((t + shift) % season)[:, np.newaxis]


def start(
    workers: int, lead_times: tuple[int, ...], initial_stock: int, initial_shipment: int, window: int = 5
) -> InventoryState:
    """Return the state before the first period: each stage has a stock, and in every period that is shorter than its
    lead time the first shipment arrives anew."""
    N, each = len(lead_times), np.array(lead_times)
    row = np.zeros((4 * N, workers), np.int64)
    row[:N] = initial_stock
    row[2 * N : 3 * N] = initial_shipment
    waiting = np.arange(max(lead_times))[:, np.newaxis, np.newaxis] < each[:, np.newaxis]
    coming = np.where(waiting, initial_shipment, np.zeros((1, N, workers), np.int64))
    return InventoryState(np.stack([row] * window), coming)


@checked(require_stages, require_state)
def inventory_step(
    prices: Prices, penalties: Penalties, holding: Penalties, state: InventoryState,
    demand: Annotated[Whole, units("workers")], orders: Annotated[Whole, units("stages", "workers")], *,
    lead_times: LeadTimes = LEAD_TIMES, backlog: bool = False, largest_order: NonNegativeInt = 20,
) -> tuple[InventoryState, Array]:  # fmt: skip
    """Let one period pass and return the new state and the rewards, shape (B,).

    Stage n is asked for oₙ units by the one below it, o₀ the demand, o_N what an outside supplier sends in full. With
    aₙ what arrives at stage n, I its stock and B its shortage before::

        need = oₙ (+ B in backlog mode)
        sₙ = min(need, I + aₙ)                       sent to the stage below
        I ← I + aₙ - sₙ,   B ← need - sₙ
        r = Σₙ pₙsₙ - pₙ₊₁sₙ₊₁ - cₙB - hₙI           s_N = o_N

    prices: p, shape (N + 1,). penalties: c, holding: h, shape (N,). demand: (B,), orders: (N, B), units. lead_times: of
    each stage, >= 1: what is sent to it now arrives so many periods later. Units are integers, and exact.

    Choice: without backlog B is what was lost in this period alone, as in the code.
    """
    N = len(lead_times)
    requests = np.concatenate([demand[np.newaxis], orders])
    stock, short, arrived = state.seen[-1][:N], state.seen[-1][N : 2 * N], state.coming[0]
    need = requests[:-1] + short if backlog else requests[:-1]
    sent = np.concatenate([np.minimum(need, stock + arrived), requests[-1:]])
    stock, short = stock + arrived - sent[:-1], need - sent[:-1]
    row = np.concatenate([stock, short, sent[1:], requests[:-1]])
    seen = np.concatenate([state.seen[1:], row[np.newaxis]])
    r = reward(prices, penalties, holding, sent, stock, short)
    return InventoryState(seen, later(state.coming, sent[1:], lead_times)), r


def later(coming: Whole, sent: Whole, lead_times: tuple[int, ...]) -> Whole:
    """Return what arrives in 1, 2, … periods when one has passed and something was sent in it."""
    place = np.arange(len(coming))[:, np.newaxis, np.newaxis] == np.array(lead_times)[:, np.newaxis] - 1
    moved = np.concatenate([coming[1:], 0 * coming[:1]])
    return np.where(place, sent, moved)


def reward(prices: Array, penalties: Array, holding: Array, sent: Whole, stock: Whole, short: Whole) -> Array:
    """Return what the stages earn together in a period, shape (B,)."""
    s, held, B = (units.astype(prices.dtype) for units in (sent, stock, short))
    p, c, h = (each[:, np.newaxis] for each in (prices, penalties, holding))
    earned: Array = np.sum(p[:-1] * s[:-1] - p[1:] * s[1:] - c * B - h * held, axis=0)
    return earned


@checked(require_stages)
def inventory_episode(
    prices: Prices, penalties: Penalties, holding: Penalties, demands: Annotated[Whole, units("periods", "workers")],
    orders: Annotated[Whole, units("periods", "stages", "workers")], *, lead_times: LeadTimes = LEAD_TIMES,
    initial_stock: NonNegativeInt = 10, initial_shipment: NonNegativeInt = 10, gamma: UnitInterval = 0.99,
    backlog: bool = False, largest_order: NonNegativeInt = 20,
) -> Episode:  # fmt: skip
    """Return the episode that demands and orders make of the chain, from its start: steps of `inventory_step`.

    initial_shipment: arrives at stage n in each of its first lead_times[n] periods, not in one of them. R = Σ γᵗ⁻¹rₜ.
    """
    state = start(orders.shape[2], lead_times, initial_stock, initial_shipment)
    rows, rewards, returns, discount = [state.seen[-1]], [], 0 * prices[0], 1.0
    for demand, order in zip(demands, orders, strict=True):
        state, r = inventory_step(
            prices, penalties, holding, state, demand, order,
            lead_times=lead_times, backlog=backlog, largest_order=largest_order,
        )  # fmt: skip
        rows.append(state.seen[-1])
        rewards.append(r)
        returns = returns + discount * r
        discount = discount * gamma
    return Episode(returns, np.stack(rewards), np.stack(rows))
