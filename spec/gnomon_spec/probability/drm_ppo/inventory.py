"""Demand, one period of the chain, and a whole episode."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm_ppo import inventory as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, agree, equal
from gnomon_spec.probability.drm_ppo import system
from gnomon_spec.probability.drm_ppo.inputs import PERIODS, episodes, periods, units
from gnomon_spec.system import Misfits

noises = Cases({"noise": units(6, lambda c: c.shape), "season": choice(15, 4), "shift": choice(6, 0, 9)}, PERIODS)
seasonal_demand = system.operation(reference.seasonal_demand, cases=noises)
inventory_step = system.operation(reference.inventory_step, cases=periods)
inventory_episode = system.operation(reference.inventory_episode, cases=episodes)


@seasonal_demand.law("bound")
def demand_stays_within_its_season(port: Any, case: Case) -> Iterable[Fact]:
    """In period t = 1, 2, … it is (t + shift) mod season and what is drawn."""
    found = seasonal_demand.call(port, case)
    for t, row in enumerate(found, 1):
        yield agree(f"period {t}", row, case.noise[t - 1] + (t + case.shift) % case.season)


@inventory_step.law("closed form")
def inner_prices_cancel(port: Any, case: Case) -> Iterable[Fact]:
    """r = p₀s₀ - p_No_N - c·B - h·I: what a stage pays the stage above earns."""
    state, r = inventory_step.call(port, case)
    stock, short, *_ = np.split(state.seen[-1], 4)
    asked = case.demand + (np.split(case.state.seen[-1], 4)[1][0] if case.backlog else 0)
    ends = case.prices[0] * (asked - short[0]) - case.prices[-1] * case.orders[-1]
    terms = case.penalties[:, None] * short, case.holding[:, None] * stock
    largest = 24 * np.max(np.abs(case.prices)) + sum(np.max(np.abs(term)) for term in terms)
    yield equal("reward", r, ends - np.sum(terms[0] + terms[1], axis=0), scale=largest)


@inventory_step.law("conservation")
def units_are_neither_made_nor_lost(port: Any, case: Case) -> Iterable[Fact]:
    """Stock changes by what arrives less what is sent; what is needed is sent or falls short; and nobody falls short
    who has a stock left."""
    state, _ = inventory_step.call(port, case)
    before, owed, *_ = np.split(case.state.seen[-1], 4)
    stock, short, to_stages, requested = np.split(state.seen[-1], 4)
    need = requested + owed if case.backlog else requested
    yield agree("requested", requested, np.concatenate([case.demand[None], case.orders[:-1]]))
    yield agree("stock", stock, before + case.state.coming[0] - (need - short))
    yield agree("stock or shortage", stock * short, 0 * stock)
    yield agree("sent", to_stages, np.concatenate([(need - short)[1:], case.orders[-1:]]))
    yield agree("no less than none", bool(np.min(stock) >= 0 and np.min(short) >= 0), True)


@inventory_step.law("trajectory")
def what_is_sent_arrives_a_lead_time_later(port: Any, case: Case) -> Iterable[Fact]:
    """What comes moves one period nearer, and what is sent to a stage now stands at its lead time; the rows that are
    seen move by one."""
    state, _ = inventory_step.call(port, case)
    for n, way in enumerate(case.lead_times):
        expected = [*case.state.coming[1:way, n], np.split(state.seen[-1], 4)[2][n]]
        yield agree(f"to stage {n}", state.coming[:way, n], np.array(expected))
    yield agree("seen", state.seen[:-1], case.state.seen[1:])


@inventory_step.misfits()
def what_does_not_fit_the_chain_is_rejected(case: Case) -> Misfits:
    """Fewer lead times than stages, other ones than those of the state, and more than the largest order."""
    return {
        "lead times": {"lead_times": (*case.lead_times, 1)},
        "more than the largest order": {"orders": case.orders + case.largest_order + 1},
        "a state of other ways": {"state": case.state._replace(coming=case.state.coming.repeat(2, 0))},
        "a state of other stages": {"state": case.state._replace(seen=case.state.seen[:, 1:])},
    }


@inventory_episode.law("trajectory", cases=episodes.but(gamma=choice(0.5, 1.0, 0.25)))
def an_episode_is_made_of_steps(port: Any, case: Case) -> Iterable[Fact]:
    """Each row and reward is that of the step from the row before; the return discounts the first reward by γ⁰."""
    found = inventory_episode.call(port, case)
    N, T = len(case.lead_times), len(case.demands)
    state, total = started(case), 0 * found.rewards[0]
    yield agree("before the first", found.rows[0], state.seen[-1])
    for t in range(T):
        seen = case.prices, case.penalties, case.holding, state, case.demands[t], case.orders[t]
        state, r = port.oracle.inventory_step(*seen, lead_times=case.lead_times, backlog=case.backlog)
        yield agree(f"row {t + 1}", found.rows[t + 1], state.seen[-1])
        yield equal(f"reward {t + 1}", found.rewards[t], r, scale=20 * N * np.max(np.abs(case.prices)))
        total = total + case.gamma**t * found.rewards[t]
    size = np.sum(np.abs(found.rewards), axis=0)
    yield equal("returns", found.returns, total, scale=size)


def started(case: Case) -> Any:
    """Return the state before the first period."""
    zeros = np.zeros((len(case.lead_times), case.demands.shape[1]), np.int64)
    row = np.concatenate([zeros + case.initial_stock, zeros, zeros + case.initial_shipment, zeros])
    waits = np.arange(max(case.lead_times))[:, None] < np.array(case.lead_times)
    return reference.InventoryState(np.stack([row] * 5), case.initial_shipment * waits[:, :, None] + 0 * zeros)


@inventory_episode.law("closed form", cases=episodes.but(initial_shipment=choice(10, 4), initial_stock=choice(10, 3)))
def without_orders_the_first_shipment_arrives_for_a_lead_time(port: Any, case: Case) -> Iterable[Fact]:
    """Nobody orders or demands anything: stage n is sent its first shipment min(lₙ, T) times, and keeps it."""
    found = inventory_episode.call(port, case, demands=0 * case.demands, orders=0 * case.orders)
    times = np.minimum(np.array(case.lead_times), len(case.demands))
    stock = case.initial_stock + case.initial_shipment * times[:, None] + 0 * case.demands[:1]
    yield agree("stock", np.split(found.rows[-1], 4)[0], stock)


@inventory_episode.law("conservation", cases=episodes.but(backlog=True))
def a_backlog_is_all_that_was_asked_and_not_sent(port: Any, case: Case) -> Iterable[Fact]:
    """With backlog B_T = Σ requested - Σ sent, and I_T = I₀ + Σ arrived - Σ sent."""
    found = inventory_episode.call(port, case)
    _, short, to_stages, requested = np.split(found.rows, 4, axis=1)
    for n in range(1, len(case.lead_times)):
        missing = np.sum(requested[1:, n] - to_stages[1:, n - 1], axis=0)
        yield agree(f"stage {n}", short[-1, n], missing)


@inventory_episode.law("invariance")
def workers_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """Workers in another order have the same returns in that order, and one alone has its own."""
    found, size = inventory_episode.call(port, case), 64 * np.max(np.abs(case.prices))
    turned = {"demands": case.demands[:, ::-1], "orders": case.orders[:, :, ::-1]}
    yield equal("turned", inventory_episode.call(port, case, **turned).returns, found.returns[::-1], scale=size)
    alone = {"demands": case.demands[:, -1:], "orders": case.orders[:, :, -1:]}
    yield equal("alone", inventory_episode.call(port, case, **alone).returns, found.returns[-1:], scale=size)


seasonal_demand.edits("""
periods_are_counted_from_nought: The first period is t = 0
    `np.arange(1, len(noise) + 1)` → `np.arange(len(noise))`
season_begins_with_the_episode: The season is not shifted
    `(t + shift) % season` → `t % season`
""")
inventory_step.edits("""
lost_sales_are_owed: What was lost in the period before is asked for again, without backlog, too
    `requests[:-1] + short if backlog else requests[:-1]` → `requests[:-1] + short`
backlog_is_forgotten: With backlog nothing is owed from the period before
    `requests[:-1] + short if backlog else requests[:-1]` → `requests[:-1]`
shortage_adds_up: Without backlog B is all that was lost so far
    `short = stock + arrived - sent[:-1], need - sent[:-1]` →
        `short = stock + arrived - sent[:-1], short + requests[:-1] - sent[:-1]`
one_demand_for_all_workers: All workers have the demand of the first
    `[demand[np.newaxis], orders]` → `[demand[:1] + 0 * demand[np.newaxis], orders]`
what_arrives_cannot_be_sent_on: What arrives is put into stock after the stage has sent its units
    `np.minimum(need, stock + arrived)` → `np.minimum(need, stock)`
arrives_a_period_late: What is sent arrives a period after its lead time
    `np.array(lead_times)[:, np.newaxis] - 1` → `np.array(lead_times)[:, np.newaxis]`
holding_before_the_period: Holding is paid for the stock before the period
    `reward(prices, penalties, holding, sent, stock, short)` →
        `reward(prices, penalties, holding, sent, state.seen[-1][:N], short)`
stages_buy_at_their_own_price: A stage pays for units the price at which it sells them
    `p[:-1] * s[:-1] - p[1:] * s[1:]` → `p[:-1] * s[:-1] - p[:-1] * s[1:]`
rewards_of_the_first_stage: The reward is what the stage that sells to customers earns
    `p[:-1] * s[:-1] - p[1:] * s[1:] - c * B - h * held, axis=0` →
        `(p[:-1] * s[:-1] - p[1:] * s[1:] - c * B - h * held)[:1], axis=0`
own_orders_are_seen: A policy sees the orders of stages, not what is requested of them
    `row = np.concatenate([stock, short, sent[1:], requests[:-1]])` →
        `row = np.concatenate([stock, short, sent[1:], requests[1:]])`
what_it_sent_is_seen: A policy sees what each stage sent, not what was sent to it
    `row = np.concatenate([stock, short, sent[1:], requests[:-1]])` →
        `row = np.concatenate([stock, short, sent[:-1], requests[:-1]])`
one_period_is_seen: All rows that a policy sees are the newest one
    `np.concatenate([state.seen[1:], row[np.newaxis]])` → `np.stack([row] * len(state.seen))`
""")
inventory_episode.edits("""
first_shipment_arrives_once: The initial shipment arrives once, after the lead time
    `np.arange(max(lead_times))[:, np.newaxis, np.newaxis] < each[:, np.newaxis]` →
        `np.arange(max(lead_times))[:, np.newaxis, np.newaxis] == each[:, np.newaxis] - 1`
discounted_from_the_first: The first reward is discounted by γ
    `returns, discount = [state.seen[-1]], [], 0 * prices[0], 1.0` →
        `returns, discount = [state.seen[-1]], [], 0 * prices[0], gamma`
returns_without_discount: Rewards are added up as they are
    `discount = discount * gamma` → `discount = discount`
stages_begin_empty: Stages begin without stock
    `row[:N] = initial_stock` → `row[:N] = 0`
""")
