"""Gaussian mixtures of mean 0 and variance 1, whatever their parameters: among them the worst law is sought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries
from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import Distortion, of_survival, require_distortion

Raw: TypeAlias = Annotated[Array, Entries(("P",), least=3, finite=True)]
Points: TypeAlias = Annotated[Array, Entries(("n",), finite=True)]


class Mixture(NamedTuple):
    """p, (J,): weights. d, t: means and standard deviations before the division by s, which makes the variance 1."""

    p: Any
    d: Any
    t: Any
    s: Any


def require_thirds(given: Mapping[str, Any]) -> None:
    """Require three parameters for each component."""
    if len(given["params"]) % 3:
        raise ValueError(f"params must have shape (3J,), means, log deviations, logits, got {given['params'].shape}")


def mixture(params: Any) -> Mixture:
    """Return p = softmax(c), d = a - Σ p·a, t = e^b, s² = Σ p·(t² + d²)."""
    J = len(params) // 3
    a, b, c = params[:J], params[J : 2 * J], params[2 * J :]
    e = np.exp(c - np.max(c))
    p = e / np.sum(e)
    d, t = a - np.sum(p * a), np.exp(b)
    s = np.sqrt(np.sum(p * (t * t + d * d)))
    if not s > 0:
        raise ValueError("params must not make the mixture degenerate: its deviation is 0")
    return Mixture(p, d, t, s)


def scores_of(samples: Any, params: Any) -> Any:
    """Return ∂ log f(X)/∂(a, b, c), (M, 3J)."""
    p, d, t, s = mixture(params)
    x = samples[:, np.newaxis]
    T = (x - d / s) / (t / s)
    log_r = np.log(p) - np.log(t) - T * T / 2
    r = np.exp(log_r - np.max(log_r, axis=1)[:, np.newaxis])
    r = r / np.sum(r, axis=1)[:, np.newaxis]
    A = np.sum(r * (T * x * s / t - 1), axis=1)[:, np.newaxis]
    B = np.sum(r * T / t, axis=1)[:, np.newaxis]
    means = r * T / t - p * B - A * p * d / s**2
    logs = r * (T * T - 1) - A * p * t * t / s**2
    logits = r - p - B * p * d - A * p * (t * t + d * d - s**2) / (2 * s**2)
    return np.concatenate([means, logs, logits], axis=1)


def drawn(params: Any, uniforms: Any, normals: Any) -> Any:
    """Return samples: the component that the uniform number picks, in order of cumulated weights, at the normal one."""
    p, d, t, s = mixture(params)
    passed = np.where(np.cumsum(p)[:-1] <= uniforms[:, np.newaxis], 1, 0)
    j = np.sum(passed, axis=1)
    return (d[j] + t[j] * normals) / s


@checked(require_thirds)
def mixture_scores(params: Raw, samples: Points) -> Array:
    """Return ∇_θ log f(X), (M, 3J), f the mixture's density.

    params: θ = (a, b, c) with J entries each: means, logarithms of deviations, logits. With T_j = (x·s - d_j)/t_j,
    responsibilities r_j, A = Σ r·(T·x·s/t - 1), B = Σ r·T/t::

        ∂a = r·T/t - p·B - A·p·d/s²      ∂b = r·(T² - 1) - A·p·t²/s²
        ∂c = r - p - p·d·B - A·p·(t² + d² - s²)/(2s²)
    """
    scores: Array = scores_of(samples, params)
    return scores


@checked(require_thirds, require_distortion)
def mixture_measure(params: Raw, points: Points, distortion: Distortion) -> Array:
    """Return ρ by the trapezoidal rule, y_1 + Σ ½·(w(S_i) + w(S_{i+1}))·(y_{i+1} - y_i), S = P(X > y).

    points: y_1 <= … <= y_n; what lies outside of them counts as lying at their ends.
    """
    if not np.all(np.diff(points) >= 0):
        raise ValueError("points must not fall")
    p, d, t, s = mixture(params)
    above = np.sum(p * normal.cdf((d - points[:, np.newaxis] * s) / t), axis=1)
    w = of_survival(np.minimum(above, 1), distortion)
    rho: Array = points[0] + np.sum((w[:-1] + w[1:]) / 2 * np.diff(points))
    return rho
