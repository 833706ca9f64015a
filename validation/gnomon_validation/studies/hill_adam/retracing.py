"""One start on each of five losses: Hill-ADAM at its usual rate goes back the way that it came."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.hill_adam_losses import LOSSES
from gnomon.kernels.descent.hill_adam_runs import trajectory
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.hill_adam.runs import SINGLE_STARTS, both_from
from gnomon_validation.studies.printed import Comparison, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """going back the way that it came
With lr 0.01 and 3,000 calls, does Hill-ADAM leave the first basin, and is its best better than Adam's?
measured beforehand with another program for this project, and with the published code
picture: With lr = 0.01 Hill-ADAM climbs back to where it came from, again and again"""
STATED = {
    "tilted": ("-2.6172057", "-2.6185560"), "bumps": ("2.9274013", "2.9241465"),
    "three-wells": (".6006157", ".5971039"),
    "four-wells": (".4930890", ".4915806"), "camel": ("2.1045926", "2.1042503"),
}  # fmt: skip
CODE_TURNS = ((150, 1), (311, 0), (312, 0), (1538, 1), (1698, 0), (2921, 1))


def measure() -> Findings:
    rows, compared, paths = [], [], {}
    for loss, stated in STATED.items():
        hill, adam = both_from(loss)
        paths[loss] = hill, adam
        rows.append((loss, str(SINGLE_STARTS[loss]), hill.best_loss, adam.best_loss, LOSSES[loss].minimum,
                     int(np.count_nonzero(hill.events))))  # fmt: skip
        for who, text, run in zip(("Hill-ADAM", "Adam"), stated, (hill, adam), strict=True):
            compared.append(Comparison(f"{loss}: best of {who}", text, float(run.best_loss)))
    code = trajectory(np.array([2.0]), loss="tilted", steps=3000, variant="code", bias_dtype="float32")
    turns = np.flatnonzero(code.events)
    for k, (call, up) in enumerate(CODE_TURNS):
        compared.append(Comparison(f"the code on tilted: call of turn {k + 1}", str(call), float(turns[k] + 1)))
        compared.append(Comparison(f"the code on tilted: up at turn {k + 1}", str(up), float(code.ascending[turns[k]])))
    worse = [float(hill.best_loss - adam.best_loss) for hill, adam in paths.values()]
    conclusions = (
        f"It is worse than Adam on all five losses, by {listed(worse, '{:.2g}')}, and never leaves the first basin: a "
        "plateau is met before the gradient changes its sign, and the first step after a turn is lr·sign(g) backwards.",
    )
    columns = "loss | start | best of Hill-ADAM {:.7f} | best of Adam {:.7f} | global minimum {:.7f} | turns"
    return Findings((Table.of("3,000 calls, lr 0.01, δ = 1e-4", columns, rows),), tuple(compared), conclusions, paths)


def draw(data: Any, figure: Any) -> None:
    panels = figure.subplots(5, 1, sharex=True)
    for axes, (loss, (hill, adam)) in zip(panels, data.items(), strict=True):
        axes.plot(hill.losses, color=COLOURS[0], lw=1.2, label="Hill-ADAM")
        axes.plot(adam.losses, color=COLOURS[1], lw=1.2, ls="--", label="Adam")
        turns = np.flatnonzero(hill.events)
        axes.plot(turns, hill.losses[turns], ".", color="black", ms=5, label="it turns")
        axes.axhline(LOSSES[loss].minimum, color="black", ls=":", lw=1, label="global minimum")
        axes.set(ylabel=f"{loss}\nf")
        axes.grid(alpha=0.3)
    finish(panels[0], ncols=2, loc="upper center")
    axes.set(xlabel="call")


study = Study.of("hill_adam-retracing", WORDS, measure, draw, size=(9.0, 9.5))
