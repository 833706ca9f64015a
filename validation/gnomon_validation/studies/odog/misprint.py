"""What the condition on the rate must be: 1/(√3·L₁), and not 1/√(3L₁)."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.odog.episodes import run
from gnomon.domains import Array
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """a condition without units
Does η <= 1/√(3·L₁), as the condition on the rate is reported, make the method converge?
own computation; the condition is that of a third party's reading of arXiv 2510.03167
picture: The misprinted condition has no units: where L₁ = 100 it allows a rate that never converges
below: Left: F = 50x², D = 0.01, episodes of 20 steps. Right: without a ball it is stable on ½λx² exactly for ηλ < 1."""
L1, RADIUS, LENGTH, EPISODES, LATE = 100.0, 0.01, 20, 100, 50
RATES = {"1/√(3·L₁)": (3 * L1) ** -0.5, "1/(√3·L₁)": 1 / (3**0.5 * L1)}
WITHOUT_UNITS, WITH_UNITS = RATES
MODULI = {0.1: "0.97352", 0.577: "0.82269"}


def companion(share: float) -> Array:
    """Return the matrix that takes (xₙ, Δₙ, Δₙ₋₁) to the next on ½λx² with ηλ = share, without a ball."""
    return np.array([[1 - share, 1 - share, share / 2], [-share, 1 - share, share / 2], [0, 1, 0]])


def modulus(share: float) -> float:
    """Return the largest modulus of its eigenvalues."""
    return float(np.max(np.abs(np.linalg.eigvals(companion(share)))))


def gradients(lr: float) -> Array:
    """Return |F'(w̄ₖ)| on F = L₁x²/2 from x₀ = 1."""
    f = Quadratic(np.array([[L1]]), np.zeros(1))
    found = run(np.ones(1), f, radius=RADIUS, lr=lr, length=LENGTH, episodes=EPISODES)
    sizes: Array = np.abs(L1 * found.averages[:, 0])
    return sizes


def measure() -> Findings:
    found = {name: gradients(lr) for name, lr in RATES.items()}
    late = {name: float(np.mean(each[-LATE:])) for name, each in found.items()}
    stated = {WITHOUT_UNITS: "0.5", WITH_UNITS: "5e-80"}
    compared = [Comparison(f"mean |F'(w̄)|, η = {name}", stated[name], late[name]) for name in RATES]
    compared.append(Comparison("ηL₁ with η = 1/√(3·L₁)", "5.77", RATES[WITHOUT_UNITS] * L1))
    compared += [Comparison(f"modulus, ηλ = {share}", each, modulus(share)) for share, each in MODULI.items()]
    best = min(np.linspace(0.83, 0.835, 5001), key=modulus)
    compared += [Comparison("best ηλ", "0.833", best), Comparison("smallest modulus", "0.74679", modulus(best))]
    rows = [(name, lr, lr * L1, late[name]) for name, lr in RATES.items()]
    conclusions = (
        f"On 50x² with η = 1/√(3·L₁) = {RATES[WITHOUT_UNITS]:.4f} the run goes round for ever: the mean gradient of "
        f"the last {LATE} averages is {late[WITHOUT_UNITS]:.3g}; with 1/(√3·L₁) it is {late[WITH_UNITS]:.1g}.",
        f"Without a ball a quadratic is stable exactly for 0 < ηλ < 1, with a root -1 at 1: the modulus there is "
        f"{modulus(1.0):.6f}; it is smallest, {modulus(best):.5f}, at ηλ = {best:.4f}.",
        f"For small ηλ it is 1 - ηλ/4: {modulus(1e-4):.9f} at 1e-4. All friction is the double hint's.",
    )
    table = Table.of(
        "F = 50x², x₀ = 1, D = 0.01, T = 20, K = 100",
        "η | value {:.5f} | η·L₁ {:.3f} | mean gradient of the last 50 {:.3g}",
        rows,
    )
    return Findings((table,), tuple(compared), conclusions, found)


def draw(data: dict[str, Array], figure: Any) -> None:
    runs, roots = figure.subplots(1, 2)
    for (name, each), colour in zip(data.items(), COLOURS[1::-1], strict=True):
        runs.plot(np.maximum(each, np.finfo(float).tiny), color=colour, label=f"η = {name}")
    runs.set(yscale="log", xlabel="episode", ylabel="|F′| at its average")
    finish(runs)
    shares = np.linspace(0, 1.4, 300)
    roots.plot(shares, [modulus(a) for a in shares], color=COLOURS[0], label="largest modulus")
    roots.plot(shares, 1 - shares / 4, ":", color="black", label="1 − ηλ/4")
    roots.axhline(1, color="grey", lw=0.8)
    roots.axvline(3**-0.5, color=COLOURS[0], ls="--", lw=1, label="ηλ = 1/√3")
    roots.set(xlabel="ηλ", ylabel="growth in a step", ylim=(0.6, 1.6))
    finish(roots, loc="upper left")


study = Study.of("odog-misprint", WORDS, measure, draw, size=(11.5, 5.2))
