"""What is drawn for DRM-PPO: chains, what is asked of them, states that they can be in; episodes with their scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon.probability.drm_ppo import inventory as reference
from gnomon.probability.drm_ppo.update import DppoState
from gnomon_spec.cases import Cases, Context, Draw, Quantity, choice
from gnomon_spec.probability.drm.inputs import distortions, made
from gnomon_spec.strategies import CODES, array_of, integers, shapes, tame

PERIODS = shapes((1, 1), (2, 3), (6, 2), (8, 1), (3, 4))  # (T, B)
LEAD_TIMES = choice((1,), (2, 3, 5), (1, 2), (3, 1))


def units(most: int, shape: Callable[[Context], tuple[int, ...]]) -> Quantity:
    """Integers from 0 to `most`, in a shape that what was drawn before decides."""
    return array_of(f"integers from 0 to {most}", lambda codes: codes % (most + 1), shape)


def of_stages(more: int = 0) -> Quantity:
    """One number a stage, and some more."""

    def draw_numbers(draw: Draw, context: Context) -> Any:
        return tame(-2, lambda _: (len(context.drawn["lead_times"]) + more,)).draw(draw, context)

    return Quantity(draw_numbers, "one number a stage")


def a_state(draw: Draw, context: Context) -> Any:
    """Return a state with any units in it, and none on a way longer than it is."""
    lead_times, B = context.drawn["lead_times"], context.shape[1]
    N = len(lead_times)
    seen, coming = (integers(draw, shape) % 9 for shape in ((5, 4 * N, B), (max(lead_times), N, B)))
    ways = np.arange(max(lead_times))[:, None, None] < np.array(lead_times)[:, None]
    return reference.InventoryState(seen, np.where(ways, coming, 0))


costs = {"prices": of_stages(1), "penalties": of_stages(), "holding": of_stages()}
chains = Cases({"lead_times": LEAD_TIMES, **costs, "backlog": choice(False, True)}, PERIODS)
periods = chains.but(
    state=Quantity(a_state, "a state"),
    demand=units(20, lambda c: c.shape[1:]),
    orders=units(12, lambda c: (len(c.drawn["lead_times"]), c.shape[1])),
    largest_order=choice(12, 20),
)
episodes = chains.but(
    demands=units(9, lambda c: c.shape),
    orders=units(9, lambda c: (c.shape[0], len(c.drawn["lead_times"]), c.shape[1])),
    initial_stock=choice(10, 0, 3),
    initial_shipment=choice(10, 0, 4),
    gamma=choice(0.99, 1.0, 0.5, 0.0),
)


def numbers(low: float, high: float, shape: Callable[[Context], tuple[int, ...]]) -> Quantity:
    """Numbers of an interval with ten binary digits, in a shape that what was drawn before decides."""
    text = f"numbers from {low:g} to {high:g}"
    return array_of(text, lambda codes: low + (high - low) * ((codes + 512) % 1025) / 1024, shape)


CHOICES = shapes((1, 2), (3, 3), (2, 4), (4, 1))  # (choices, actions)
actions = Quantity(lambda draw, c: integers(draw, c.shape[:1]) % c.shape[1], "one action a choice")
choices = Cases({"logits": numbers(-4.0, 4.0, lambda c: c.shape), "actions": actions}, CHOICES)
tables = Cases({"theta": numbers(-2.0, 2.0, lambda _: (2, 5, 3)), "gamma": choice(0.99, 1.0, 0.5)}, shapes((1,)))

VALUED = made(
    ("mean", ()), ("dual", (2.5,)), ("gini", (0.7,)), ("tk", (0.7,)), ("ph", (0.5,)), ("sshape", (5.0,)),
)  # fmt: skip
# Discounts with which all returns differ: rounding doesn't decide their order.
valued = tables.but(distortion=distortions(*VALUED), gamma=choice(0.99, 0.95, 0.7))


def of_batch(*axes: Any) -> Callable[[Context], tuple[int, ...]]:
    """Return a shape whose axes are "E" and "n" of the common one, or lengths."""
    return lambda c: tuple({"E": c.shape[0], "n": c.shape[1]}.get(axis, axis) for axis in axes)


def halves(low: float, high: float, *axes: Any) -> Quantity:
    """Multiples of ½ from `low` to `high`: there are ties."""
    text = f"multiples of ½ from {low:g} to {high:g}"
    return array_of(text, lambda codes: low + codes % (2 * (high - low) + 1) / 2, of_batch(*axes))


def spread(low: float, high: float, *axes: Any) -> Quantity:
    """Numbers of an interval, in a shape of a batch."""
    return numbers(low, high, of_batch(*axes))


def rising(draw: Draw, context: Context) -> Any:
    """Return n + 1 increasing multiples of ½."""
    gaps = integers(draw, (context.shape[1] + 1,)) % 6 + 1
    return np.asarray(np.cumsum(gaps) / 2 - 3, context.dtype)


def between(draw: Draw, context: Context) -> Any:
    """Return a number in each cell of the quantiles drawn before, ends included."""
    q, share = context.drawn["quantiles"], integers(draw, context.shape[1:]) % 3 / 2
    return np.asarray(q[:-1] + share * (q[1:] - q[:-1]), context.dtype)


def crossing(draw: Draw, context: Context) -> Any:
    """Return what `rising` does, two neighbours of it in the other order one time in three: estimates may cross."""
    q, code = rising(draw, context), draw(CODES)
    if code % 3 == 2:
        i = code // 3 % context.shape[1]
        q[[i, i + 1]] = q[[i + 1, i]]
    return q


BATCHES = shapes((1, 1), (2, 2), (4, 3), (3, 1), (5, 4))  # (episodes, cells)
quantities = {"quantiles": Quantity(rising, "increasing numbers"), "middles": Quantity(between, "one in each cell")}
weighed = Cases(
    {"returns": halves(-4.0, 6.0, "E"), **quantities, "levels": spread(0.0, 1.0, "n"), "slopes": spread(0.0, 3.0, "n")},
    BATCHES,
)
crossed = weighed.but(quantiles=Quantity(crossing, "increasing numbers, but for two at most"))
compared = Cases({"log_prob": spread(-3.0, 0.0, "E", "n"), "old": spread(-3.0, 0.0, "E", "n")}, BATCHES)
quarters = array_of("¼, …, 2", lambda codes: 0.25 + codes % 8 / 4)
# At an end of the clip, 1 ± ε, any slope between that within and 0 is one: no ratio is there.
apart = array_of("5/16, 9/16, …, 33/16", lambda codes: 0.3125 + codes % 8 / 4)
steps = Cases({"ratios": apart, "advantages": halves(-2.0, 2.0, "E"), "clip": choice(0.2, 0.125, 0.5, 0.0)}, BATCHES)
PARAMETERS = 2


def a_tracked(draw: Draw, context: Context) -> Any:
    """Return quantiles and middles, and D of the masked cells drawn before."""
    q = rising(draw, context)
    middles = between(draw, context._replace(drawn={**context.drawn, "quantiles": q}))
    D = numbers(-2.0, 2.0, lambda c: (int(np.sum(c.drawn["masked"])), PARAMETERS)).draw(draw, context)
    return DppoState(q, middles, D)


updates = Cases(
    {
        "returns": halves(-4.0, 6.0, "E"),
        "ratios": Quantity(lambda draw, c: quarters.draw(draw, c._replace(shape=c.shape[:1])), quarters.text),
        "scores": spread(-1.0, 1.0, "E", PARAMETERS),
        "entropy_gradient": spread(-1.0, 1.0, PARAMETERS),
        "masked": array_of("truth values, one a cell", lambda codes: codes % 2 == 1, of_batch("n")),
        "state": Quantity(a_tracked, "increasing quantiles, one in each cell, and some D"),
        "slopes": spread(0.0, 3.0, "n"),
        "masses": spread(0.0, 1.0, "n"),
    },
    BATCHES,
).but(low=choice(0.6, 0.5, 0.25), high=choice(1.4, 1.5, 1.25), beta=choice(0.05, 0.0, 0.5), steps=choice(100, 1, 3))
updates = updates.but(bandwidth=choice(1.0, 0.25, 2.0), density_rate=choice(0.25, 1e-3, 1.0))
updates = updates.but(max_norm=choice(64.0, 0.5, 0.0625))
preferences = distortions(*VALUED, *made(("wang", (0.85,)), ("cvar", (0.75,))))
ranked = Cases(
    {"returns": halves(-4.0, 6.0, "E"), "distortion": preferences, "normalised": choice(True, False)}, BATCHES
)
