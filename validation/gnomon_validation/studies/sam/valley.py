"""Gradient descent, SAM and vSAM in a valley of minima of different sharpness, (uv - 1)²/2 from (3, 0.2)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.sam.runs import PLAIN, PUBLISHED, Hyperbola, Run, run
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """where gradient descent, SAM and vSAM come to rest in a valley
Does a PSF on sampled steps find the flat part of a valley as SAM does, and at what cost?
stated figures: a run of ajiaaa/vSAM's own class (commit 895e0e5) and of SAM on (uv - 1)²/2; the papers' own results are
networks of millions of parameters, and their tables could not be had
picture: Sampled remainders lead along the valley to the flat minimum, as SAM does"""
STEPS, LR, RHO, WARM_UP = 4000, 0.05, 0.1, 60
GD, SAM, VSAM, CLEAN = "gradient descent", "SAM", "vSAM, as released", "vSAM, clean"
STATED = {
    GD: {"u": "3.0108", "v": ".3321", "sharpness": "9.176", "evaluations": "4000"},
    SAM: {"u": "1.0209", "v": ".9794", "sharpness": "2.0016", "evaluations": "8000"},
    VSAM: {"u": "1.0390", "v": ".9464", "sharpness": "1.975", "evaluations": "6633", "uv - 1": "-.017", "S": "40"},
}


@cache
def runs() -> dict[str, Run]:
    """Return the runs by name."""
    start = np.array([3.0]), np.array([0.2])
    rates: dict[str, Any] = {"lr": LR, "rho": RHO, "last": 1, **PLAIN}
    vsam = {**rates, **PUBLISHED, "warm_up": WARM_UP}
    return {
        GD: run(start, Hyperbola(), STEPS, schedule="never", **rates),
        SAM: run(start, Hyperbola(), STEPS, schedule="always", **rates),
        VSAM: run(start, Hyperbola(), STEPS, variant="code", eps=1e-12, **vsam),
        CLEAN: run(start, Hyperbola(), STEPS, variant="clean", **vsam),
    }


def figures(found: Run) -> dict[str, float]:
    """Return what is stated of a run."""
    u, v = map(float, found.iterates[-1])
    ends = {"u": u, "v": v, "sharpness": u * u + v * v, "evaluations": float(found.state.evaluations)}
    return {**ends, "uv - 1": u * v - 1, "S": float(found.state.sampler.samples_per_window)}


def measure() -> Findings:
    found = {name: figures(one) for name, one in runs().items()}
    compared = [
        Comparison(f"{name}: {what}", figure, found[name][what])
        for name, stated in STATED.items()
        for what, figure in stated.items()
    ]
    rows = [(name, *(f[key] for key in ("u", "v", "sharpness", "uv - 1", "evaluations"))) for name, f in found.items()]
    title = f"(uv - 1)²/2 from (3, 0.2), {STEPS:,} steps, lr {LR}, ρ {RHO}; the least sharpness of a minimum is 2"
    columns = "method | u {:.4f} | v {:.4f} | sharpness u² + v² {:.4f} | uv - 1 {:.1e} | gradients {:.0f}"
    saved = 1 - found[VSAM]["evaluations"] / found[SAM]["evaluations"]
    conclusions = (
        "SAM goes along the valley to where it is flat, gradient descent stays where it enters the valley; a PSF on "
        "sampled steps, used on for six steps, is enough to go there, too.",
        f"vSAM saves {saved:.0%} of SAM's gradients here, not 40 %: its rate rises to the largest that is allowed, "
        f"{found[VSAM]['S']:.0f} samples in 50 steps, and stays there.",
        f"vSAM does not come to rest: it jumps over the valley, and ends where uv - 1 is {found[VSAM]['uv - 1']:.3f}.",
    )
    return Findings((Table.of(title, columns, rows),), tuple(compared), conclusions, runs())


def draw(data: dict[str, Run], figure: Any) -> None:
    left, right = figure.subplots(1, 2)
    u = np.linspace(0.9, 3.2, 200)
    left.plot(u, 1 / u, color="black", lw=1, label="minima, uv = 1")
    left.plot([1], [1], "*", color="black", ms=13, label="the flattest, (1, 1)")
    styles = ((SAM, 2, "o", 6), (VSAM, 1, "^", 4), (GD, 0, "s", 7))
    for name, colour, mark, size in styles:
        path = data[name].iterates
        left.plot(*path[::100].T, mark, color=COLOURS[colour], ms=size, label=name)
        right.plot(np.sum(path**2, axis=1), color=COLOURS[colour], lw=1.8, label=name)
    left.set(xlabel="u", ylabel="v", title="every 100th step from (3, 0.2)")
    right.axhline(2, color="black", lw=1, ls=":")
    right.set(xlabel="step", ylabel="sharpness u² + v²", title="sharpness on the way; no minimum has less than 2")
    for axes in (left, right):
        finish(axes)


study = Study.of("sam-valley", WORDS, measure, draw, size=(11.0, 5.0))
