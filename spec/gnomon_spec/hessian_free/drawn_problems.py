"""Many small problems at once: what runs of the optimizer are given in a case."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon_spec.cases import Cases, Context, Draw, Quantity, choice
from gnomon_spec.hessian_free.drawn_objectives import positive_matrix, searchable, up_to_the_dimension
from gnomon_spec.strategies import CODES, SMALL_CODES, count, shapes

# P problems of n parameters each.
MANY = shapes((1, 1), (2, 2), (2, 1), (1, 2), (3, 1), (2, 3), (2, 2))
ONE_DIMENSION = shapes((1, 1), (2, 1), (3, 1))


def sizes(draw: Draw, shape: tuple[int, ...], low: float, high: float) -> NDArray[Any]:
    """Return numbers from `low` to `high` in size, of either sign; all of them `high` for the simplest case."""
    code = draw(CODES)
    rng = np.random.Generator(np.random.PCG64(code))
    signs = 2 * rng.integers(0, 2, shape) - 1
    drawn: NDArray[Any] = signs * rng.uniform(low, high, shape) if code else np.full(shape, high)
    return drawn


def points(low: float, high: float) -> Quantity:
    """One point a problem, shape (P, n), every entry from `low` to `high` in size."""
    return Quantity(
        lambda draw, c: np.asarray(sizes(draw, c.shape, low, high), c.dtype),
        f"points (P, n), entries from {low:g} to {high:g} in size",
    )


def away() -> Quantity:
    """Points whose entries are from 1/2 to 4 away from the drawn stationary points."""
    return Quantity(
        lambda draw, c: np.asarray(c.drawn["stationary"] + sizes(draw, c.shape, 0.5, 4.0), c.dtype),
        "points (P, n), entries from 1/2 to 4 away from the stationary points",
    )


def positive_matrices() -> Quantity:
    """One symmetric matrix a problem, shape (P, n, n), eigenvalues from 1 to 8."""
    matrix = positive_matrix()
    return Quantity(
        lambda draw, c: np.stack([matrix.draw(draw, c._replace(shape=c.shape[1:])) for _ in range(c.shape[0])]),
        f"for each problem a {matrix.text}",
    )


def features() -> Quantity:
    """One matrix of examples a problem, shape (P, N, n), N from 1 to 5, entries from 1/4 to 1 in size."""

    def draw_features(draw: Draw, context: Context) -> Any:
        (P, n), N = context.shape, 1 + draw(SMALL_CODES) % 5
        return np.asarray(sizes(draw, (P, N, n), 0.25, 1.0), context.dtype)

    return Quantity(draw_features, "examples (P, N, n), N from 1 to 5, entries from 1/4 to 1 in size")


def targets() -> Quantity:
    """What the drawn loss allows: 0, 1 or between for "logistic", counts for "poisson", any for "squared"."""

    def draw_targets(draw: Draw, context: Context) -> Any:
        shape, loss = context.drawn["features"].shape[:2], context.drawn["loss"]
        drawn = sizes(draw, shape, 0.5, 4.0)
        if loss == "logistic":
            drawn = np.where(np.abs(drawn) < 3.5, drawn > 0, np.abs(drawn) / 8)
        elif loss == "poisson":
            drawn = np.floor(np.abs(drawn))
        return np.asarray(drawn, context.dtype)

    return Quantity(draw_targets, "targets (P, N) that the loss allows")


SETTINGS = {
    "steps": count(1, 2, 3, low=1, high=3),
    "damping": choice(1.25, 0.5, 4.25, 0.75),
    "variant": choice("martens", "code"),
    "adapt_damping": choice(True, True, True, False),
    "max_iter": up_to_the_dimension(),
    "decay": choice(0.0, 0.95, 0.5),
    "backtracking": choice(True, False),
    "lr": choice(1.0, 0.5, 1.5),
    "linesearch": searchable(lambda drawn: drawn["decay"] == 0 or drawn["steps"] == 1, " with warm starts"),
    "rtol": choice(0.25, 0.0625, 0.01),
    "progress_threshold": choice(5e-4),
}
quadratics = Cases(
    {"stationary": points(0.25, 4.0), "params": away(), "matrices": positive_matrices(), **SETTINGS}, MANY
)
models = Cases(
    {
        "loss": choice("squared", "logistic", "poisson"),
        "params": points(0.25, 1.0),
        "features": features(),
        "targets": targets(),
        "ridge": choice(0.25, 0.5, 0.0),
        **SETTINGS,
    },
    MANY,
)
