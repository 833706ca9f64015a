"""The other operator called RACS: gradients scaled by a fit of rank one to their squares, and a step with it.

Source: Gong, Scetbon, Ma & Meeds, "Towards Efficient Optimizer Design for LLM via Structured Fisher Approximation with
a Low-Rank Extension", arXiv 2502.07752: Row and Column Scaled SGD.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.reg.optimizer import LikeParams
from gnomon.descent.reg.racs import Matrix
from gnomon.domains import Array, Entries, Fraction, NonNegative, Number, Positive, PositiveInt, Scalar
from gnomon.norms import length
from gnomon.rounding import rounded_once

RowFactors: TypeAlias = Annotated[Array, Entries(("m",), fit="params", each=Number(closed=True), of=("m", "n"))]
ColumnFactors: TypeAlias = Annotated[Array, Entries(("n",), fit="params", each=Number(closed=True))]


class Factors(NamedTuple):
    """q of the rows, shape (m,), and s of the columns, (n,): G∘G ≈ q·sᵀ. scaled: diag(q)^{-½}·G·diag(s)^{-½}."""

    rows: Array
    columns: Array
    scaled: Array


class FisherState(NamedTuple):
    """What the step remembers: running means of q, (m,), and s, (n,), and the length φ of the last scaled gradient."""

    rows: RowFactors
    columns: ColumnFactors
    length: Annotated[Any, Scalar("params", low=0.0, finite=True)]


@checked()
@rounded_once
def racs_fisher(grad: Matrix, *, iterations: PositiveInt = 5) -> Factors:
    """Fit q·sᵀ to the squares of a gradient by alternating least squares, and scale the gradient with it.

    ::

        P = G∘G,  q = (1, …, 1);   K times:  s = Pᵀq/‖q‖²,  q = P s/‖s‖²
        scaled = diag(q)^{-½}·G·diag(s)^{-½}

    grad: G, shape (m, n), m and n >= 1, finite. iterations: K >= 1. A row or column of zeros has the factor 0 and stays
    0. q·sᵀ tends to the best fit σ₁uvᵀ of P. s has the units of G², and its range; q and the scaled gradient have none.
    """
    largest = np.max(np.abs(grad))
    share = grad / np.where(largest > 0, largest, 1)
    rows, columns = fit(share * share, iterations)
    return Factors(rows, columns * largest * largest, divided(share, rows, columns))


def fit(squares: Array, iterations: int) -> tuple[Array, Array]:
    """Return q and s after as many sweeps."""
    rows = np.ones_like(squares[:, 0])
    for _ in range(iterations):
        columns = squares.T @ rows / positive(np.sum(rows * rows))
        rows = squares @ columns / positive(np.sum(columns * columns))
    return rows, columns


def divided(grad: Array, rows: Array, columns: Array) -> Array:
    """Return diag(q)^{-½}·G·diag(s)^{-½}, without what has the factor 0."""
    scaled: Array = grad / positive(rows[:, np.newaxis] ** 0.5) / positive(columns**0.5)
    return np.where((rows[:, np.newaxis] > 0) & (columns > 0), scaled, 0)


def positive(number: Any) -> Any:
    """Return what is divided by: 1 where it would be 0."""
    return np.where(number > 0, number, 1)


@checked()
def fisher_init(params: Matrix) -> FisherState:
    """Return the state before the first step: zeros."""
    zeros = np.zeros_like(params)
    return FisherState(zeros[:, 0].copy(), zeros[0].copy(), zeros[0, 0])


@checked()
@rounded_once
def fisher_step(
    params: Matrix, grad: LikeParams, state: FisherState, *,
    lr: NonNegative = 0.02, beta: Fraction = 0.9, alpha: NonNegative = 0.05, gamma: Positive = 1.01,
    iterations: PositiveInt = 5,
) -> tuple[Array, FisherState]:  # fmt: skip
    """Take one step of Row and Column Scaled SGD and return the new parameters and the new state.

    With q', s' the factors of `racs_fisher`, W = params, α = alpha, γ = gamma::

        q ← β·q + (1-β)·q',  s ← β·s + (1-β)·s'
        G' = diag(q)^{-½}·G·diag(s)^{-½}
        η = γ/max(‖G'‖/φ, γ),  or 1 while φ = 0
        φ ← η·‖G'‖
        W ← W - lr·α·η·G'

    so that no step is more than γ times as long as the one before. params, grad, state: as in `fisher_init`, one dtype.
    gamma: > 0. iterations: K of `racs_fisher`.

    Choices: the means begin at 0 and are not corrected, so that with β = 0.9 the first step is ten times as long as
    the fit of that gradient alone would make it. φ = 0, as before the first step, limits nothing: by the formula a
    single gradient of 0 would end all movement for ever.
    """
    found = racs_fisher(grad, iterations=iterations)
    rows = beta * state.rows + (1 - beta) * found.rows
    columns = beta * state.columns + (1 - beta) * found.columns
    scaled = divided(grad, rows, columns)
    norm = length(scaled)
    growth = norm / positive(state.length)
    limit = np.where(state.length > 0, gamma / np.maximum(growth, gamma), 1)
    return params - lr * alpha * limit * scaled, FisherState(rows, columns, limit * norm)
