"""How long a shift goes unnoticed: Wald's and Lorden's bounds, and what comes of a shift that is not there at first."""

from __future__ import annotations

from math import log, pi
from statistics import NormalDist
from typing import Any

import numpy as np

from gnomon.kernels.probability.m_fisher.detector import detect
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.m_fisher.passages import NORMAL, first_alarms
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """how long a shift goes unnoticed
Is the delay about log(1/δ)/Γ, as the abstract says?
own computation; the statement is that of the abstract of arXiv 2510.03839
picture: Evidence that falls before a shift must be won back
below: Left: one stream, λ = Δ = 1, the shift at 400. Right: means of 2,000 streams; δ = 0.01."""
DELTA = 0.01
# By λ = shift: lower bound, mean of a long simulation, upper bound.
SANDWICH = {0.5: ("36.84", 39.55, "48.57"), 1.0: ("9.21", 10.69, "13.37"), 2.0: ("2.30", 3.20, "4.23")}
# By when the shift begins, for λ = 1: the mean delay of the plain wealth; that of CUSUM is 8.8 to 9.5 for all.
CHANGES = {0: 10.5, 100: 110.3, 400: 411.4, 1600: 1613.0}
STREAMS = 2000


def bounds(shift: float) -> tuple[float, float]:
    """Return h/Γ and (h + E(x⁺)²/Γ)/Γ for x ~ N(Γ, λ²), λ the shift."""
    gain, h, z = shift * shift / 2, log(1 / DELTA), NormalDist()
    squares = (gain**2 + shift**2) * z.cdf(gain / shift) + gain * shift * z.pdf(gain / shift)
    return h / gain, (h + squares / gain) / gain


def within(mean: float, shift: float, change: int = 0, width: float = 0.0) -> str:
    """Return a range around a mean delay: six standard deviations of the mean here, about 2e-9 of a normal one.

    By Wald's second identity Σx - Γτ has the variance λ²·Eτ, and Σx up to the shift λ²·change; the overshoot a second
    moment of at most E(x⁺)³/(3Γ), by Lorden, where x⁺ <= |x|. Standard deviations add up at most.
    """
    gain = shift * shift / 2
    third = (gain + shift * (2 * (2 / pi) ** 0.5) ** (1 / 3)) ** 3  # of E|x|³, by Minkowski: E|z|³ = 2√(2/π)
    sd = (shift * change**0.5 + shift * mean**0.5 + (third / (3 * gain)) ** 0.5) / gain
    error = 6 * sd / STREAMS**0.5 + width
    return f"{mean - error:.2f} … {mean + error:.2f}"


def delay(change: int, restart: str, shift: float = 1.0) -> float:
    """Return the mean delay of the streams whose first alarm is after the change."""
    mean = np.repeat([0.0, shift], [change, change + 600])
    times = first_alarms(5, STREAMS, len(mean), mean, lam=shift, delta=DELTA, restart=restart).first
    return float(np.mean(times[times > change] - change))


def measure() -> Findings:
    found = {s: (low, delay(0, "none", s), high) for s in SANDWICH for low, high in [bounds(s)]}
    late = {change: (delay(change, "none"), delay(change, "cusum")) for change in CHANGES}
    compared = []
    for s, (low, mean, high) in SANDWICH.items():
        figures = zip(("h/Γ", "mean", "upper bound"), (low, within(mean, s), high), found[s], strict=True)
        compared += [Comparison(f"λ = Δ = {s}: {words}", stated, x) for words, stated, x in figures]
    for change, stated in CHANGES.items():
        plain, cusum = late[change]
        compared.append(Comparison(f"shift at {change}: plain", within(stated, 1.0, change), plain))
        compared.append(Comparison(f"shift at {change}: CUSUM", within(9.15, 1.0, width=0.35), cusum))
    conclusions = (
        "With the shift there from the first score on the delay is h/Γ and an overshoot, below Lorden's bound.",
        f"A shift that begins at 1600 is noticed {late[1600][0]:,.0f} scores later: before it the wealth falls by Γ a "
        f"score, which must be won back. CUSUM needs {late[1600][1]:.1f}, but 1/δ bounds its mean run length then, and "
        "not the chance of a false alarm.",
    )
    rows, later = ([(key, *values) for key, values in means.items()] for means in (found, late))
    head = "λ = Δ | h/Γ {:.2f} | mean {:.2f} | at most {:.2f}"
    first = Table.of("shift from the first score on, δ = 0.01", head, rows)
    second = Table.of("shift later, λ = Δ = 1", "begins at | plain {:.1f} | CUSUM {:.1f}", later)
    return Findings((first, second), tuple(compared), conclusions, late)


def draw(data: Any, figure: Any) -> None:
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    scores = np.random.default_rng(7).standard_normal((1, 900)) + np.repeat([0.0, 1.0], [400, 500])
    found, _ = detect(scores, NORMAL, lam=1.0, delta=DELTA, restart="cusum")
    left.plot(found.log_wealth[0], color=COLOURS[0], label="plain: log M")
    left.plot(found.statistic[0], color=COLOURS[1], label="CUSUM: log W")
    left.axhline(log(1 / DELTA), color="black", ls="--", lw=1, label="threshold log(1/δ)")
    left.axvline(400, color="grey", lw=0.8)
    left.set(xlabel="score", ylabel="logarithm of the evidence", ylim=(-260, 120))
    finish(left, loc="upper left")
    changes = [c + 1 for c in data]
    for i, name in enumerate(("plain", "CUSUM")):
        right.plot(changes, [pair[i] for pair in data.values()], "o-", color=COLOURS[i], label=name)
    right.set(xscale="log", yscale="log", xlabel="scores before the shift, plus 1", ylabel="mean delay, scores")
    finish(right)


study = Study.of("m_fisher-delay", WORDS, measure, draw, size=(11.0, 5.0))
