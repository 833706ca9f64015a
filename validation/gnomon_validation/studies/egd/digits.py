"""How many digits of the polar factor each algorithm loses to the condition number, and what the checker says of it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, localcontext
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent.egd.polar import polar, polar_eigh, polar_newton_schulz
from gnomon.domains import Array
from gnomon_spec.cases import Case
from gnomon_spec.system import find_law
from gnomon_validation.judging import Evidence, Judge
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.ports.port import Offer
from gnomon_validation.studies.printed import Comparison, spread
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """digits that the polar factor loses
How do the errors of the three algorithms grow with the condition number, and are they within the bands?
own computation; stated: the powers of κ of perturbation theory, 2 for the Gram matrix and 1 for the others, and errors
of other matrices of this size
picture: Through the Gram matrix the polar factor loses twice as many digits"""
KAPPAS = 10.0 ** np.arange(1, 13)
SIZE, MATRICES, DIGITS = 6, 5, 60
ALGORITHMS = {
    "singular values": lambda G, *, rtol=0.0: polar(G, rtol=rtol),
    "Gram matrix": lambda G, *, rtol=0.0: polar_eigh(G, rtol=rtol),
    "Newton-Schulz, 120 iterations": lambda G, *, rtol=0.0: polar_newton_schulz(G, iterations=120),
}
GRAM = "Gram matrix"
STATED = {
    1e2: ("2e-15", "6e-13", "2e-15"),
    1e4: ("5e-14", "3e-9", "3e-14"),
    1e6: ("4e-12", "8e-5", "2e-12"),
    1e8: ("3e-11", "2e-1", "9e-11"),
    1e12: ("2e-7", "above 1", "2e-7"),
}


class Seen(NamedTuple):
    """Of matrices of one condition number: the median error, the verdicts, the median of deviations over bands."""

    error: float
    verdicts: Counter[str]
    bands: float


def measure() -> Findings:
    found = {name: [seen(name, kappa) for kappa in KAPPAS] for name in ALGORITHMS}
    errors = {name: np.array([one.error for one in all_]) for name, all_ in found.items()}
    rows = [
        (kappa, *(part for name, told in zip(ALGORITHMS, STATED.get(kappa, ("",) * 3), strict=True)
                  for part in (errors[name][i], told)))
        for i, kappa in enumerate(KAPPAS)
    ]  # fmt: skip
    columns = " | ".join(["κ {:.0e}", *(f"{name} {{:.1e}} | stated" for name in ALGORITHMS)])
    verdicts = [
        (kappa, *(part for name in ALGORITHMS for part in (said(found[name][i].verdicts), found[name][i].bands)))
        for i, kappa in enumerate(KAPPAS)
    ]
    judged = " | ".join(["κ {:.0e}", *(f"{name} | bands {{:.1g}}" for name in ALGORITHMS)])
    tables = (
        Table.of(f"largest error, median of {MATRICES} matrices of {SIZE} rows and columns", columns, rows),
        Table.of("the same held against the oracle: verdicts, and deviation over band (median)", judged, verdicts),
    )
    powers = dict(zip(ALGORITHMS, ("1", "2", "1"), strict=True))
    compared = tuple(Comparison(f"{name}: power of κ", stated, power(errors[name])) for name, stated in powers.items())
    ratios = [
        float(told) / errors[name][np.flatnonzero(kappa == KAPPAS)[0]]
        for kappa, all_told in STATED.items()
        for name, told in zip(ALGORITHMS, all_told, strict=True)
        if told != "above 1"
    ]
    useless = int(np.argmax(errors[GRAM] > 0.1))
    one_way = [name for name in ALGORITHMS if all(set(one.verdicts) == {"conforms"} for one in found[name])]
    ranges = [
        f"“{word}” for κ = {spread(where, '{:.0e}') if len(where) > 1 else f'{where[0]:.0e}'}"
        for word in ("conforms", "imprecise", "wrong")
        if (where := [kappa for kappa, one in zip(KAPPAS, found[GRAM], strict=True) if word in one.verdicts])
    ]
    conclusions = (
        "The Gram matrix squares the condition number: its factor is off by more than 0.1 from κ = "
        f"{KAPPAS[useless]:.0e} on (1e8 is stated, where it is {errors[GRAM][7]:.2f} here), where the others are right "
        f"to {errors['singular values'][useless]:.0e}.",
        f"Stated errors, of matrices that are not told, are {spread(ratios, '{:.1f}')} times those found here.",
        f"No tolerance was chosen: the bands grow with κ by themselves. Conforming throughout: {', '.join(one_way)}.",
        f"The Gram matrix: {'; '.join(ranges)}. It is “wrong” where it is off by about as much in float32, so that two "
        "dtypes do not tell it from a mistake.",
    )
    return Findings(tables, compared, conclusions, errors)


def seen(name: str, kappa: float) -> Seen:
    """Return what an algorithm makes of matrices of a condition number, against 60 digits and against the bands."""
    generator, law = np.random.default_rng(int(np.log10(kappa))), find_law("egd.polar:agrees_with_the_oracle")
    port, float64 = FunctionsPort(SimpleNamespace(egd_polar=ALGORITHMS[name]), name), np.dtype(np.float64)
    errors, verdicts, bands = [], Counter[str](), []
    for _ in range(MATRICES):
        U, V = (np.linalg.qr(generator.standard_normal((SIZE, SIZE)))[0] for _ in range(2))
        G = (U * np.geomspace(1, 1 / kappa, SIZE)) @ V
        with np.errstate(all="ignore"):
            off = np.max(np.abs(ALGORITHMS[name](G) - exact(G)))
            outcome = Judge(port, law, float64, Offer(), evidence=Evidence(law, float64)).outcome(
                Case({"rtol": 0.0, "gradient": G})
            )
        errors.append(float(off) if np.isfinite(off) else 1.0)
        verdicts[outcome.status] += 1
        bands.append(max(judgement.ratio for judgement in outcome.judgements))
    return Seen(float(np.median(errors)), verdicts, float(np.median(bands)))


def exact(G: Array) -> Array:
    """Return the polar factor by 90 iterations of Newton and Schulz with 60 digits."""
    with localcontext(prec=DIGITS):
        X: Any = np.array([[Decimal(float(x)) for x in row] for row in G]) / Decimal(float(np.linalg.norm(G)))
        for _ in range(90):
            X = X + (X - X @ X.T @ X) / 2
        found: Array = X.astype(np.float64)
    return found


def said(verdicts: Counter[str]) -> str:
    """Return verdicts with how often each was given, if there are several."""
    return next(iter(verdicts)) if len(verdicts) == 1 else ", ".join(f"{n} {word}" for word, n in verdicts.items())


def power(errors: Array) -> float:
    """Return the slope of log error over log κ, where the error is above rounding and below 1."""
    seen = (errors > 1e-14) & (errors < 0.01)
    return float(np.polyfit(np.log(KAPPAS[seen]), np.log(errors[seen]), 1)[0])


def draw(data: dict[str, Array], figure: Any) -> None:
    axes = figure.subplots()
    for (name, errors), colour, mark in zip(data.items(), COLOURS, "os^", strict=False):
        axes.loglog(KAPPAS, errors, mark + "-", color=colour, label=name)
    for exponent, style in ((1, "--"), (2, ":")):
        bound = np.minimum(np.finfo(float).eps * KAPPAS**exponent, 2)
        axes.loglog(KAPPAS, bound, style, color="black", lw=1, label=f"ε·κ{'²' if exponent == 2 else ''}")
    axes.set(xlabel="condition number κ", ylabel="largest error of an entry")
    finish(axes, loc="upper left")


study = Study.of("egd-digits", WORDS, measure, draw, size=(9.0, 5.5))
