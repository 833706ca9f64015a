"""How many digits of the polar factor each algorithm loses to the condition number."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.egd.polar import polar, polar_eigh, polar_newton_schulz
from gnomon.domains import Array
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """digits that the polar factor loses
How do the errors of the three algorithms grow with the condition number?
own computation; stated: the powers of κ of perturbation theory, 2 for the Gram matrix and 1 for the others"""
KAPPAS = 10.0 ** np.arange(1, 11)
SIZE, MATRICES = 6, 10
ALGORITHMS = {
    "singular values": lambda G: polar(G, rtol=0.0),
    "Gram matrix": lambda G: polar_eigh(G, rtol=0.0),
    "Newton-Schulz, 120 iterations": lambda G: polar_newton_schulz(G, iterations=120),
}


def measure() -> Findings:
    errors = {name: np.array([error(name, kappa) for kappa in KAPPAS]) for name in ALGORITHMS}
    powers = {name: power(found) for name, found in errors.items()}
    rows = [(kappa, *(errors[name][i] for name in ALGORITHMS)) for i, kappa in enumerate(KAPPAS)]
    columns = " | ".join(["κ {:.0e}", *(f"{name} {{:.1e}}" for name in ALGORITHMS)])
    table = Table.of(f"largest error, median of {MATRICES} matrices of {SIZE} rows and columns", columns, rows)
    stated = dict(zip(ALGORITHMS, ("1", "2", "1"), strict=True))
    compared = tuple(Comparison(f"{name}: power of κ", stated[name], powers[name]) for name in ALGORITHMS)
    useless = KAPPAS[np.argmax(errors["Gram matrix"] > 0.1)]
    conclusions = (
        f"The Gram matrix squares the condition number: its factor is useless from κ = {useless:.0e} on, where "
        f"the others are right to {errors['singular values'][useless == KAPPAS][0]:.0e}.",
        "Held against the laws of `polar` the Gram matrix is judged imprecise, by no tolerance that somebody chose.",
    )
    return Findings((table,), compared, conclusions, errors)


def error(name: str, kappa: float) -> float:
    """Return the median error for matrices of a condition number, against an iteration in extended precision."""
    generator, found = np.random.default_rng(int(np.log10(kappa))), []
    for _ in range(MATRICES):
        U, V = (np.linalg.qr(generator.standard_normal((SIZE, SIZE)))[0] for _ in range(2))
        G = (U * np.geomspace(1, 1 / kappa, SIZE)) @ V
        with np.errstate(all="ignore"):
            off = np.max(np.abs(ALGORITHMS[name](G) - exact(G)))
        found.append(float(off) if np.isfinite(off) else 1.0)
    return float(np.median(found))


def exact(G: Array) -> Array:
    """Return the polar factor by 150 iterations of Newton and Schulz in extended precision."""
    X = G.astype(np.longdouble) / np.longdouble(np.linalg.norm(G))
    for _ in range(150):
        X = X + (X - X @ X.T @ X) / 2
    return X


def power(errors: Array) -> float:
    """Return the slope of log error over log κ, where the error is above rounding and below 1."""
    seen = (errors > 1e-14) & (errors < 0.01)
    return float(np.polyfit(np.log(KAPPAS[seen]), np.log(errors[seen]), 1)[0])


def draw(data: dict[str, Array], figure: Any) -> None:
    axes = figure.subplots()
    entitle(figure, "Through the Gram matrix the polar factor loses twice as many digits")
    for (name, errors), colour, mark in zip(data.items(), COLOURS, "os^", strict=False):
        axes.loglog(KAPPAS, errors, mark + "-", color=colour, label=name)
    for exponent, style in ((1, "--"), (2, ":")):
        bound = np.minimum(np.finfo(float).eps * KAPPAS**exponent, 2)
        axes.loglog(KAPPAS, bound, style, color="black", lw=1, label=f"ε·κ{'²' if exponent == 2 else ''}")
    axes.set(xlabel="condition number κ", ylabel="largest error of an entry")
    finish(axes, loc="upper left")


study = Study.of("egd-digits", WORDS, measure, draw, size=(9.0, 5.5))
