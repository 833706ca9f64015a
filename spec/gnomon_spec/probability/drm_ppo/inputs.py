"""What is drawn for DRM-PPO: chains, what is asked of them, states that they can be in; episodes with their scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_ppo import inventory as reference
from gnomon.probability.drm_ppo.update import DppoState
from gnomon_spec.cases import Cases, Context, Draw, Quantity, choice
from gnomon_spec.probability.drm.inputs import distortions
from gnomon_spec.strategies import CODES, shapes, tame

PERIODS = shapes((1, 1), (2, 3), (6, 2), (8, 1), (3, 4))  # (T, B)
LEAD_TIMES = choice((1,), (2, 3, 5), (1, 2), (3, 1))


def units(most: int, shape: Callable[[Context], tuple[int, ...]]) -> Quantity:
    """Integers from 0 to `most`, in a shape that what was drawn before decides."""

    def draw_units(draw: Draw, context: Context) -> Any:
        code = draw(CODES)
        drawn = np.random.Generator(np.random.PCG64(code)).integers(0, most + 1, shape(context))
        return drawn if code else np.zeros_like(drawn)

    return Quantity(draw_units, f"integers from 0 to {most}")


def of_stages(more: int = 0) -> Quantity:
    """One number a stage, and some more."""
    return Quantity(
        lambda draw, c: tame(-2, lambda _: (len(c.drawn["lead_times"]) + more,)).draw(draw, c), "one number a stage"
    )


def a_state(draw: Draw, context: Context) -> Any:
    """Return a state with any units in it, and none on a way longer than it is."""
    lead_times, B = context.drawn["lead_times"], context.shape[1]
    N = len(lead_times)
    generator = np.random.Generator(np.random.PCG64(draw(CODES)))
    seen, coming = generator.integers(0, 9, (5, 4 * N, B)), generator.integers(0, 9, (max(lead_times), N, B))
    ways = np.arange(max(lead_times))[:, None, None] < np.array(lead_times)[:, None]
    return reference.InventoryState(seen, np.where(ways, coming, 0))


chains = Cases(
    {
        "lead_times": LEAD_TIMES,
        "prices": of_stages(1),
        "penalties": of_stages(),
        "holding": of_stages(),
        "backlog": choice(False, True),
    },
    PERIODS,
)
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

    def draw_numbers(draw: Draw, context: Context) -> Any:
        code = draw(CODES)
        drawn = np.random.Generator(np.random.PCG64(code)).integers(0, 1025, shape(context)) if code else 512
        return np.asarray(low + (high - low) * (drawn + np.zeros(shape(context))) / 1024, context.dtype)

    return Quantity(draw_numbers, f"numbers from {low:g} to {high:g}")


CHOICES = shapes((1, 2), (3, 3), (2, 4), (4, 1))  # (choices, actions)
choices = Cases(
    {
        "logits": numbers(-4.0, 4.0, lambda c: c.shape),
        "actions": Quantity(
            lambda draw, c: units(c.shape[1] - 1, lambda c: c.shape[:1]).draw(draw, c), "one action a choice"
        ),
    },
    CHOICES,
)
tables = Cases({"theta": numbers(-2.0, 2.0, lambda _: (2, 5, 3)), "gamma": choice(0.99, 1.0, 0.5)}, shapes((1,)))

VALUED = tuple(
    Distortion(name, parameters)  # type: ignore[arg-type]
    for name, parameters in (
        ("mean", ()), ("dual", (2.5,)), ("gini", (0.7,)), ("tk", (0.7,)), ("ph", (0.5,)), ("sshape", (5.0,)),
    )
)  # fmt: skip
# Discounts with which all returns differ: rounding doesn't decide their order.
valued = tables.but(distortion=distortions(*VALUED), gamma=choice(0.99, 0.95, 0.7))


def of_batch(quantity: Callable[[Callable[[Context], tuple[int, ...]]], Quantity], *axes: Any) -> Quantity:
    """A quantity whose axes are "E" and "n" of the common shape, or lengths; "n+1" is one more."""

    def shape(context: Context) -> tuple[int, ...]:
        E, n = context.shape
        return tuple({"E": E, "n": n, "n+1": n + 1}.get(axis, axis) for axis in axes)

    return quantity(shape)


def halves(low: float, high: float, *axes: Any) -> Quantity:
    """Multiples of ½ from `low` to `high`: there are ties."""
    inner = of_batch(lambda shape: units(int(2 * (high - low)), shape), *axes)
    return Quantity(
        lambda draw, c: np.asarray(low + inner.draw(draw, c) / 2, c.dtype), f"multiples of ½ from {low:g} to {high:g}"
    )


def spread(low: float, high: float, *axes: Any) -> Quantity:
    """Numbers of an interval, in a shape of a batch."""
    return of_batch(lambda shape: numbers(low, high, shape), *axes)


def rising(draw: Draw, context: Context) -> Any:
    """Return n + 1 increasing multiples of ½."""
    gaps = units(5, lambda c: (c.shape[1] + 1,)).draw(draw, context) + 1
    return np.asarray(np.cumsum(gaps) / 2 - 3, context.dtype)


def between(draw: Draw, context: Context) -> Any:
    """Return a number in each cell of the quantiles drawn before, ends included."""
    q, share = context.drawn["quantiles"], units(2, lambda c: (c.shape[1],)).draw(draw, context) / 2
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
quarters = Quantity(lambda draw, c: 0.25 + units(7, lambda c: c.shape).draw(draw, c).astype(c.dtype) / 4, "¼, …, 2")
steps = Cases({"ratios": quarters, "advantages": halves(-2.0, 2.0, "E"), "clip": choice(0.2, 0.125, 0.5, 0.0)}, BATCHES)
PARAMETERS = 2


def some_masked(draw: Draw, context: Context) -> Any:
    """Return which cells are masked: some, or none."""
    n, code = context.shape[1], draw(CODES)
    return np.array([code >> i & 1 == 1 for i in range(n)])


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
        "masked": Quantity(some_masked, "truth values, one a cell"),
        "state": Quantity(a_tracked, "increasing quantiles, one in each cell, and some D"),
        "slopes": spread(0.0, 3.0, "n"),
        "masses": spread(0.0, 1.0, "n"),
        "low": choice(0.6, 0.5, 0.25),
        "high": choice(1.4, 1.5, 1.25),
        "beta": choice(0.05, 0.0, 0.5),
        "bandwidth": choice(1.0, 0.25, 2.0),
        "density_rate": choice(0.25, 1e-3, 1.0),
        "steps": choice(100, 1, 3),
        "max_norm": choice(64.0, 0.5, 0.0625),
    },
    BATCHES,
)
ranked = Cases(
    {
        "returns": halves(-4.0, 6.0, "E"),
        "distortion": distortions(*VALUED, Distortion("wang", (0.85,)), Distortion("cvar", (0.75,))),
        "normalised": choice(True, False),
    },
    BATCHES,
)
