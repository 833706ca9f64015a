"""What is drawn for M-FISHER: nulls with scores that they allow, all paths of a finite score, images and prompts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from gnomon.probability.m_fisher import nulls as n
from gnomon.probability.m_fisher.prompts import Images
from gnomon_spec.cases import Context, Quantity, choice
from gnomon_spec.strategies import CODES, of_code, shapes

EXACT = (n.Gaussian, n.Bernoulli, n.Poisson, n.Exponential, n.Discrete)
FINITE = (n.Bernoulli, n.Discrete)
MOVED = (n.Gaussian, n.Discrete, n.Bounded, n.Empirical, n.GaussianPlugin, n.EmpiricalUCB)
STREAMS = shapes((1, 2), (1, 1), (2, 3), (3, 4), (1, 5))


def numbers(code: int, *shape: int) -> Any:
    """Return numbers of (0, 1) with six binary digits, so that every dtype has them; ½ for code 0."""
    drawn = np.random.Generator(np.random.PCG64(code)).uniform(0, 1, shape) if code else np.full(shape, 0.5)
    return np.clip(np.round(drawn * 64), 1, 63) / 64


def made(kind: Any, code: int, dtype: Any) -> Any:
    """Return a null of a kind."""
    x = [float(each) for each in numbers(code, 8)]
    sample = np.asarray(4 * numbers(code + 1, 5) * np.array([1, -1, 0, 1, -0.5]), dtype)
    if kind is n.Gaussian:
        return kind(2 * x[0] - 1, 0.5 + x[1])
    if kind is n.Discrete:
        size = 2 + code % 2
        return kind(np.asarray(np.cumsum([2 * x[0] - 2, *x[1:size]]), dtype), np.asarray([*x[3:5], x[5]][:size], dtype))
    if kind is n.Bounded:
        return kind(x[0] * x[1] + x[2], x[2], x[0] + x[2])
    if kind is n.EmpiricalUCB:
        return kind(sample, -4.0, 4.0 + x[0], x[1])
    if kind in (n.Empirical, n.GaussianPlugin):
        return kind(sample)
    return kind(x[0] if kind is n.Bernoulli else 0.5 + x[0])


def a_null(*kinds: Any) -> Quantity:
    """A null of one of these kinds."""
    names = ", ".join(kind.__name__ for kind in kinds)
    return Quantity(
        lambda draw, c: made(kinds[draw(CODES) % len(kinds)], draw(CODES), c.dtype),
        f"a null: {names}",
        lambda value: isinstance(value, kinds),
    )


def allowed_scores(code: int, context: Context) -> Any:
    """Return scores of the common shape that the drawn null allows, shifted or not."""
    x, spread, null = numbers(code, *context.shape), 1 + code % 3, context.drawn["null"]
    if isinstance(null, n.Bounded | n.EmpiricalUCB):
        x = null.low + x * (null.high - null.low)
    elif isinstance(null, n.Discrete):
        x = null.values[np.asarray(x * null.values.shape[0], int)]
    elif isinstance(null, n.Bernoulli | n.Poisson):
        x = np.floor(x * (2 if isinstance(null, n.Bernoulli) else 4))
    elif not isinstance(null, n.Exponential):
        x = spread * (2 * x - 1) + 0.25
    return x


def some(low: float, high: float, shape: Callable[[Any], Any] = lambda c: c.shape) -> Quantity:
    """Numbers of an interval, in an array of the common shape or another one of it."""
    text = f"array of numbers from {low:g} to {high:g}"
    return of_code(text, lambda code, c: low + (high - low) * numbers(code, *shape(c)))


def probabilities(null: Any) -> tuple[Any, Any]:
    """Return the values of a finite law and their probabilities, in the wide dtype of the null."""
    if isinstance(null, n.Bernoulli):
        one = null.probability
        return np.array([0 * one, 0 * one + 1]), np.array([1 - one, one])
    return null.values, null.weights / np.sum(null.weights)


def mean_and_deviation(null: Any) -> tuple[Any, Any]:
    """Return μ₀ and σ₀ of a null as textbooks have them; of an interval half its width."""
    if isinstance(null, n.Gaussian):
        return null
    if isinstance(null, n.Poisson | n.Exponential):
        return (null.rate, np.sqrt(null.rate)) if isinstance(null, n.Poisson) else (1 / null.rate, 1 / null.rate)
    if isinstance(null, n.Bounded):
        return null.mean, (null.high - null.low) / 2
    if isinstance(null, n.Bernoulli | n.Discrete):
        values, p = probabilities(null)
        return np.sum(p * values), np.sqrt(np.sum(p * values**2) - np.sum(p * values) ** 2)
    return np.mean(null.scores), np.std(null.scores, ddof=1)


def all_paths(null: Any, length: int, other: Any = None) -> tuple[Any, Any]:
    """Return all paths of a finite law, (paths, length), and their probabilities; those of another law, if given."""
    values, p = probabilities(null)
    places = np.array(list(product(range(len(values)), repeat=length)))
    return values[places], np.prod((p if other is None else other)[places], axis=1)


def mean_over(p: Any, each: Any) -> Any:
    """Return Σ P(path)·each, for every column."""
    return np.sum(p.reshape((-1,) + (1,) * (each.ndim - 1)) * each, axis=0)


def indicator(outcomes: Any, like: Any) -> Any:
    """Return 1 where an outcome of a port is true and 0 elsewhere; like: real numbers of the port, finite, as many."""
    return np.where(outcomes, 0 * like + 1, 0 * like)


UP_TO_4 = shapes((1,), (2,), (3,), (4,))


def images(examples: int = 0, classes: int = 0) -> Quantity:
    """`Images` in the dimension of the common shape: 1 to 4 of them and 2 to 4 classes, unless they are given."""

    def make(code: int, context: Context) -> Images:
        (d,) = context.shape
        N, C = examples or 1 + code % 4, classes or 2 + code // 4 % 3
        rng = np.random.Generator(np.random.PCG64(code))
        anchors = rng.standard_normal((C, d)) + 2 * np.eye(C, d)
        anchors[1:, : d - 1] *= rng.integers(0, 2)  # zeros, where there is room for them
        anchors[:, -1] += np.where(np.abs(anchors[:, -1]) < 0.5, np.sign(anchors[:, -1]), 0)
        z = rng.standard_normal((N, d))
        z *= (1 + code % 7 % 3 / 4) / np.linalg.norm(z, axis=1, keepdims=True)  # of any length, though usually 1
        return Images(anchors, z, 1.0 + code % 4)

    return of_code("Images: 1 to 4 of them, 2 to 4 classes, κ from 1 to 4", make)


def matrix(code: int, context: Context) -> Any:
    """Return a symmetric positive definite matrix (d, d), d the length of the common shape."""
    (d,) = context.shape
    rows = np.random.Generator(np.random.PCG64(code)).standard_normal((d + 2, d)) if code else np.eye(d)
    F = rows.T @ rows / len(rows) + np.eye(d) / 4
    return (F + F.T) / 2


spd = of_code("symmetric positive definite matrix (d, d)", matrix)


def draws_of_mc(shape: Callable[[Any], Any]) -> Quantity:
    """None, or for fisher "mc" numbers of (0, 1) in a shape that what was drawn before decides."""
    return of_code(
        "draws for fisher mc, else None",
        lambda code, c: numbers(code, *shape(c.drawn)) if c.drawn["fisher"] == "mc" else None,
    )


LENGTHS = choice(3, 1, 2, 4)
