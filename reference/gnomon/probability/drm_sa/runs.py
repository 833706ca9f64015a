"""Whole runs: of one parameter that moves a Gaussian's mean and deviation, and of the mixture's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked, unchecked, with_keywords
from gnomon.domains import Array, Entries, Number
from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_sa.mixture import Raw, drawn, require_thirds, scores_of
from gnomon.probability.drm_sa.rates import Rates
from gnomon.probability.drm_sa.scores import gaussian_scores
from gnomon.probability.drm_sa.step import RULES, Params, SAState, step

Draws: TypeAlias = Annotated[Array, Entries(("K", "M"), least=1, finite=True)]


class Run(NamedTuple):
    """path: the parameters after each step, (K, P). state: at the end. stiffness: the largest of the reports."""

    path: Array
    state: SAState
    stiffness: Array


def require_one(given: Mapping[str, Any]) -> None:
    """Require one parameter."""
    if given["params"].shape != (1,):
        raise ValueError(f"params must have shape (1,), got {given['params'].shape}")


@checked(require_one, *RULES)
@with_keywords(step)
def scalar_run(
    params: Params, draws: Draws, state: SAState, distortion: Distortion, rates: Rates, **how: Any
) -> Run:  # fmt: skip
    """Return the run of `step` on Y = μ(θ) + σ(θ)·Z, μ = ½(θ-1)², σ = e^(θ/2), with ρ = μ + c_w·σ for normal Z.

    params: θ, shape (1,). draws: Z, (K, M), one row a step. The rest is passed on to `step`.
    """
    return run(params, draws, state, distortion, rates, how, gaussian)


def gaussian(theta: Any, z: Any) -> tuple[Any, Any]:
    """Return samples and their scores."""
    mean, sd = (theta[0] - 1) ** 2 / 2, np.exp(theta[0] / 2)
    samples = mean + sd * z
    return samples, unchecked(gaussian_scores)(samples, mean, sd, theta - 1, np.exp(theta / 2) / 2)


@checked(require_thirds, *RULES)
@with_keywords(step)
def mixture_run(
    params: Raw, uniforms: Annotated[Array, Entries(("K", "M"), each=Number(0, 1))], normals: Draws, state: SAState,
    distortion: Distortion, rates: Rates, **how: Any,
) -> Run:  # fmt: skip
    """Return the run of `step` on mixtures; to seek the worst law it maximises.

    params: θ, (3J,), see `gnomon.probability.drm_sa.mixture`. uniforms: (K, M), in [0, 1), pick components, in order of
    cumulated weights. normals: (K, M). The rest is passed on to `step`.
    """
    draws = np.stack([uniforms, normals], axis=1)
    return run(params, draws, state, distortion, rates, how, mixed)


def mixed(theta: Any, z: Any) -> tuple[Any, Any]:
    """Return samples and their scores."""
    samples = drawn(theta, z[0], z[1])
    return samples, scores_of(samples, theta)


def run(
    params: Any, draws: Any, state: SAState, distortion: Distortion, rates: Rates, how: Mapping[str, Any], law: Any
) -> Run:
    """Return the run in which law(θ, draws of the step) gives samples and scores."""
    path, stiffness = [], 0 * params[0]
    for row in draws:
        samples, scores = law(params, row)
        params, state, report = unchecked(step)(params, samples, scores, state, distortion, rates, **how)
        path.append(params)
        stiffness = np.maximum(stiffness, report.stiffness)
    return Run(np.stack(path), state, stiffness)
