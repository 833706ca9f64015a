"""The picture of the example on Rosenbrock's function: paths and losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.hessian_free.small_objectives import Valley
from gnomon_validation.pictures import COLOURS, entitle
from gnomon_validation.studies.hessian_free.runs import first_below


def draw(data: Any, figure: Any) -> None:
    paths, curves = figure.subplots(1, 2, width_ratios=(1.15, 1))
    needed = {name: first_below(run.losses, 1e-6) for name, run in data.runs.items()}
    entitle(
        figure,
        f"Rosenbrock's valley, to f < 1e-6: the package's rules take {needed['code, Hessian']} steps with the "
        f"Hessian, {needed['code, Gauss-Newton']} with the Gauss-Newton matrix",
        "f = (1−x)² + 100(y−x²)². “code”: the rules of the released package, with the matrix that is named; “martens”: "
        "those of the original authors.\nA mark is a step; the picture is cut off where its axes end.",
    )
    x, y = np.linspace(-2.1, 1.4, 240), np.linspace(-0.6, 3.3, 200)
    mesh = np.array(np.meshgrid(x, y))
    paths.contour(
        x, y, Valley(100.0).value(mesh), levels=np.logspace(-1, 3.2, 13), colors="grey", linewidths=0.6, alpha=0.6
    )
    lines = {name: (run.points, run.losses) for name, run in data.runs.items()}
    if "trust-ncg" in data.peers:
        lines["SciPy trust-ncg"] = (data.peers["trust-ncg"].points, data.peers["trust-ncg"].losses)
    for (name, (points, losses)), colour, mark in zip(lines.items(), COLOURS, "osD^v", strict=False):
        paths.plot(points[:, 0], points[:, 1], "-", marker=mark, color=colour, ms=4, lw=1.3, label=name)
        curves.plot(
            np.arange(len(losses)), np.maximum(losses, 1e-16), "-", marker=mark, color=colour, ms=4, lw=1.5, label=name
        )
    paths.plot(-1, 3, "s", color="black", ms=8, zorder=6)
    paths.annotate("start (−1, 3)", (-1, 3), xytext=(-0.9, 3.05), fontsize=10)
    paths.plot(1, 1, "*", color="gold", mec="black", ms=17, zorder=7)
    paths.annotate("minimum (1, 1)", (1, 1), xytext=(0.95, 1.2), fontsize=10, ha="right")
    paths.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel="x", ylabel="y", title="the paths")
    curves.set(
        yscale="log", xlabel="step", ylabel="f(x, y), whose minimum is 0", title="f after each step", xlim=(0, 56)
    )
    curves.set_ylim(1e-15, 1e3)
    curves.grid(alpha=0.3)
    curves.legend(fontsize=9, loc="center", bbox_to_anchor=(0.72, 0.2))
