"""How fast two runs part near the boundary, and what remains predictable."""

from __future__ import annotations

from math import log, pi
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.gd_chaos.boundary import transverse_exponent
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.gd_chaos.minima import about, by_step
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """how long two right implementations agree
How many steps does a free run stay comparable near the boundary, and how fast does it leave it?
own derivation: ln 3 a step along the boundary, the transverse exponent across, horizons of 33 and 15 steps
picture: Near the boundary two right implementations part threefold a step, and no zoom makes the outcome predictable
below: Left: starts with E = −1e-24, ηy = 0.3. Others: u = 2.5, v = 0.3, y = 1, with step sizes nearer and nearer to
the critical one."""
STARTS, Y, STEPS = 400, 0.3, 46
HORIZONS = {"float64": log(2**53) / log(3), "float32": log(2**24) / log(3)}
ZOOMS, PLACES = (1e-2, 1e-5, 1e-8), (np.arange(1200) + 0.5) / 1200


def orbits(dtype: Any) -> tuple[Array, Array]:
    """Return R and E of orbits that begin a hair inside the boundary, shape (steps, starts)."""
    theta = (np.arange(STARTS) + 0.5) * pi / STARTS
    R = (2 * np.cos(theta)).astype(dtype)
    E = np.full(STARTS, -1e-24, dtype)
    rows = [(R, E)]
    while len(rows) < STEPS:
        R, E = R * R * R - 3 * R - R * E, E * (1 + Y * R + R * R)
        rows.append((R, E))
    return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])


def apart(dtype: Any) -> Any:
    """Return ln|difference of R| between a run in a dtype and one in the longest that there is, of each start."""
    difference = np.abs(orbits(dtype)[0] - orbits(np.longdouble)[0]).astype(float)
    return np.log(np.maximum(difference, float(np.finfo(np.longdouble).eps)))


def growth(values: Array) -> tuple[float, float]:
    """Return the mean slope in time of what is measured of each start, and its standard error."""
    slopes = np.polyfit(range(len(values)), values, 1)[0]
    return float(np.mean(slopes)), float(np.std(slopes) / len(slopes) ** 0.5)


def measure() -> Findings:
    each = {name: apart(name) for name in HORIZONS}
    separations = {name: np.mean(own, axis=1) for name, own in each.items()}
    energy = np.log(np.abs(orbits(np.longdouble)[1]).astype(float))
    energies = np.mean(energy, axis=1)
    exponent = float(transverse_exponent(np.array([Y]))[0])
    # Half of what the runs differ by in the end.
    reached = {name: int(np.argmax(x > np.max(x) - log(2))) for name, x in separations.items()}
    (along, along_error), (across, across_error) = growth(each["float64"][8:28]), growth(energy)
    zoomed = {zoom: by_step(1 - zoom * PLACES, 1500) for zoom in ZOOMS}
    compared = [
        Comparison("growth of the difference in float64, nats a step: ln 3", about(log(3), along_error), along),
        Comparison("growth of the distance to the boundary: Λ⊥", about(exponent, across_error), across),
        # The first steps err by a ninth of the dtype's rounding to nine times as much: by two steps of the horizon.
        *(
            Comparison(f"steps until {name} has lost all digits", f"{h - 2:.0f} … {h + 2:.0f}", reached[name])
            for name, h in HORIZONS.items()
        ),
    ]
    conclusions = (
        f"Rounding grows by a factor {np.exp(along):.2f} a step; ln(1/u)/ln 3 is {HORIZONS['float64']:.1f} in float64 "
        f"and {HORIZONS['float32']:.1f} in float32, and there all digits are lost. A free run near the boundary is "
        "comparable up to there, a step at any time.",
        f"Orbits leave the boundary at Λ⊥ = {exponent:.4f}, more slowly than they part along it: {across:.4f} "
        "measured. So a start 10^-k inside stays chaotic for about 2.3·k/Λ⊥ steps.",
        "However close one looks at the critical step, the sharpness that is selected keeps jumping over the whole of "
        + ", ".join(f"{np.min(w):.2f} … {np.max(w):.2f} (within {zoom:g})" for zoom, w in zoomed.items()) + ".",
    )  # fmt: skip
    means = np.exp([*separations.values(), energies])
    rows = [(t, *means[:, t]) for t in range(0, STEPS, 5)]
    columns = "step | float64 apart {:.2g} | float32 apart {:.2g} | distance to the boundary, |E| {:.2g}"
    table = Table.of("geometric means over 400 starts, Y = 0.3", columns, rows)
    return Findings((table,), tuple(compared), conclusions, (separations, energies, exponent, zoomed))


def draw(data: Any, figure: Any) -> None:
    separations, energies, exponent, zoomed = data
    left, *others = figure.subplots(1, 4, width_ratios=(1.7, 1, 1, 1))
    t = np.arange(STEPS)
    for (name, rows), colour in zip(separations.items(), COLOURS, strict=False):
        left.semilogy(t, np.exp(rows), "o-", ms=3, color=colour, label=f"{name}, difference to more digits")
        left.semilogy(t, np.exp(rows[3]) * 3.0 ** (t - 3), ":", color=colour, lw=1.2)
    left.semilogy(t, np.exp(energies), "s-", ms=3, color=COLOURS[2], label="|E|, distance to the boundary")
    left.semilogy(t, np.exp(energies[0] + exponent * t), "--", color=COLOURS[2], lw=1.2)
    left.set(xlabel="step", ylabel="geometric mean over 400 starts", ylim=(1e-25, 1e3))
    left.set_title("dotted: 3ᵗ, dashed: exp(Λ⊥·t)", fontsize=10)
    finish(left, loc="lower right")
    for axes, (zoom, w) in zip(others, zoomed.items(), strict=True):
        axes.plot(PLACES, w, ".", ms=1.5, color=COLOURS[0])
        axes.set(xlabel=f"(1 − η/η*) / {zoom:g}", ylim=(1.9, 3.4))
        axes.set_title(f"within {zoom:g} of η*", fontsize=10)
    others[0].set_ylabel("sharpness of the selected minimum")


study = Study.of("gd_chaos-sensitivity", WORDS, measure, draw, size=(15.0, 5.2))
