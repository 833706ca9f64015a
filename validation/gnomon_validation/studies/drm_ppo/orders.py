"""What simple orders return: the same each period, at random, or what was demanded last (10 at first)."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.probability.drm_ppo.inventory import inventory_episode
from gnomon.probability.drm_ppo.inventory import seasonal_demand
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.drm_ppo.training import ECONOMY
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.sampled import around
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """what simple orders return
Which return has the chain under orders that learn nothing, and how much does it vary?
measured beforehand with another program for this project: 20,000 episodes of 100 periods; at random other orders were
drawn: the ranges are those that two such programs miss one time in a hundred, if figures of a thousand are normal
picture: Ten units a period is the best constant order, two more are a disaster"""
EPISODES, PERIODS, PARTS = 20_000, 100, 20
STATED = {  # mean, standard deviation, and quantiles at 10, 50 and 90 %
    0: ("-767.8", "1.8"),
    5: ("3.9", "4.6", "-2.1", "4.2", "9.7"),
    8: ("388.4", "13.7", "370.6", "388.8", "405.8"),
    10: ("495.3", "76.1", "387.5", "512.9", "575.3"),
    12: ("-243.9", "133.7"),
    20: ("-3794.5", "143.7"),
}
ECHO = ("420.2", "41.9", "365.6", "421.3", "473.6")
AT_RANDOM = ("102.8", "226.6", "-204.1", "128.5", "374.2")
FIGURES = ("mean", "standard deviation", "10 %", "median", "90 %")


def demands(seed: int = 0) -> Any:
    """Return demands of all episodes, drawn as the released code draws them."""
    rng = np.random.default_rng(seed)
    return seasonal_demand(np.stack([rng.choice(7, size=EPISODES) for _ in range(PERIODS)]))


def returns(demand: Any, orders: Any) -> Array:
    """Return what orders return, in as many pieces as memory likes."""
    pieces = [slice(i, i + 1000) for i in range(0, EPISODES, 1000)]
    return np.concatenate([inventory_episode(*ECONOMY, demand[:, s], orders[:, :, s]).returns for s in pieces])


def all_of_them() -> dict[str, Array]:
    """Return the returns of each way to order."""
    demand, shape = demands(), (PERIODS, 3, EPISODES)
    last = np.concatenate([np.full_like(demand[:1], 10), demand[:-1]])
    found = {f"always {k}": returns(demand, np.full(shape, k)) for k in STATED}
    found["at random"] = returns(demand, np.random.default_rng(1).integers(0, 21, shape))
    found["last demand"] = returns(demand, np.repeat(last[:, np.newaxis], 3, axis=1))
    return found


def summary(R: Array) -> tuple[float, ...]:
    """Return mean, standard deviation, and quantiles at 10, 50 and 90 %."""
    return float(R.mean()), float(R.std()), *map(float, np.quantile(R, (0.1, 0.5, 0.9)))


def measure() -> Findings:
    found = all_of_them()
    rows = {name: summary(R) for name, R in found.items()}
    stated = {f"always {k}": figures for k, figures in STATED.items()} | {"last demand": ECHO}
    compared = [
        Comparison(f"{name}: {figure}", said, rows[name][i])
        for name, figures in stated.items()
        for i, (figure, said) in enumerate(zip(FIGURES, figures, strict=False))
    ]
    parts = np.array([summary(R) for R in np.split(found["at random"], PARTS)])
    reach = 2.576 * np.sqrt(2 / PARTS) * np.std(parts, axis=0, ddof=1)
    compared += [
        Comparison(f"at random: {figure} ({said})", around(float(said), wide, 1), value)
        for figure, said, wide, value in zip(FIGURES, AT_RANDOM, reach, rows["at random"], strict=True)
    ]
    best = max(found, key=lambda name: rows[name][0])
    conclusions = (
        f"The best of these is “{best}”, with {rows[best][0]:.1f}, and its lower tail is long: stock runs out in the "
        "high season, or piles up.",
        f"Two units more a period, 12, cost {rows['always 10'][0] - rows['always 12'][0]:.0f}: demand is 10.15 on the "
        "average, and what is ordered beyond it stays in stock for ever.",
    )
    columns = "orders | mean {:.1f} | standard deviation {:.1f} | 10 % {:.1f} | median {:.1f} | 90 % {:.1f}"
    table = Table.of("discounted returns of 20,000 episodes", columns, [(name, *row) for name, row in rows.items()])
    return Findings((table,), tuple(compared), conclusions, found)


def draw(data: Any, figure: Any) -> None:
    axes = figure.subplots()
    drawn = [(name, R) for name, R in data.items() if name not in ("always 0", "always 20")]
    for (name, R), colour in zip(drawn, COLOURS * 2, strict=False):
        axes.hist(R, bins=np.arange(-700, 700, 10), density=True, histtype="step", lw=1.5, color=colour, label=name)
    axes.set(xlabel="discounted return of 100 periods", ylabel="density", yscale="log", ylim=(1e-5, 0.2))
    finish(axes)


study = Study.of("drm_ppo-orders", WORDS, measure, draw, size=(9.0, 5.0))
