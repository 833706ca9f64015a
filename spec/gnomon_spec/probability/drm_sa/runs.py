"""Whole runs on a Gaussian with one parameter, and on mixtures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm_sa import runs as reference
from gnomon.probability.drm_sa.mixture import mixture
from gnomon.probability.drm_sa.mixture import mixture_scores as scores_of_mixture
from gnomon.probability.drm_sa.scores import gaussian_scores as scores_of_gaussian
from gnomon.probability.drm_sa.step import step as reference_step
from gnomon_spec.cases import Case
from gnomon_spec.facts import Fact, equal
from gnomon_spec.probability.drm.inputs import distortions
from gnomon_spec.probability.drm_sa import system
from gnomon_spec.probability.drm_sa.inputs import SMOOTH_HERE, mixture_runs, scalar_runs
from gnomon_spec.system import Misfits

SCALES: Any = {
    "path": lambda _: 2.5, "q": lambda case: 64 + np.max(np.abs(case.state.q)),
    "qm": lambda case: 64 + np.max(np.abs(case.state.qm)),
    "D": lambda case: 64 * (1 + case.rates.gradients.a / case.rates.width.a) * (1 + np.max(np.abs(case.state.D))),
}  # fmt: skip
how: Any = {"scales": SCALES}
smooth: Any = {"distortion": distortions(*SMOOTH_HERE)}
scalar_run = system.operation(reference.scalar_run, cases=scalar_runs, rejecting=scalar_runs.but(form="dm"), **how)
mixture_run = system.operation(reference.mixture_run, cases=mixture_runs, rejecting=mixture_runs.but(form="dm"), **how)


def stepped(case: Case, hyper: Any, rows: Any, law: Any) -> Any:
    """Return the path of the reference's steps, and the state at the end; law gives samples and scores."""
    params, state, path = case.params, case.state, []
    for row in rows:
        samples, scores = law(params, row)
        params, state, _ = reference_step(params, samples, scores, state, case.distortion, case.rates, **hyper)
        path.append(params)
    return np.stack(path), state


def plain(case: Case) -> dict[str, Any]:
    """Return a case's keyword arguments as Python's numbers."""
    return {name: float(v) if isinstance(v, np.floating) else v for name, v in case.hyper.items()}


@scalar_run.law("trajectory", cases=scalar_runs.but(**smooth))
def a_run_is_a_step_after_the_other(port: Any, case: Case) -> Iterable[Fact]:
    """Each step is given Y = μ(θ) + σ(θ)·Z and its scores at the θ of the step before."""

    def law(theta: Any, z: Any) -> Any:
        mean, sd = (theta[0] - 1) ** 2 / 2, np.exp(theta[0] / 2)
        Y = mean + sd * z
        return Y, scores_of_gaussian(Y, np.asarray(mean), np.asarray(sd), theta - 1, np.exp(theta / 2) / 2)

    found = scalar_run.call(port, case)
    path, state = stepped(case, plain(case), case.draws, law)
    yield equal("path", found.path, path, scale=2.5)
    yield equal("q", found.state.q, state.q, scale=SCALES["q"](case))
    yield equal("D", found.state.D, state.D, scale=SCALES["D"](case))


@scalar_run.misfits()
def two_parameters_are_too_many(case: Case) -> Misfits:
    """Two parameters, and a state of two, are rejected."""
    D = np.concatenate([case.state.D, case.state.D], axis=1)
    return {"two": {"params": case.params.repeat(2), "state": case.state._replace(D=D)}}


@mixture_run.law("trajectory", cases=mixture_runs.but(**smooth))
def components_are_picked_in_order(port: Any, case: Case) -> Iterable[Fact]:
    """Each step is given X = (d_j + t_j·N)/s with the first j whose cumulated weight exceeds U, and its scores."""

    def law(theta: Any, row: Any) -> Any:
        p, d, t, s = mixture(theta)
        total, picked = np.cumsum(p), []
        for u in row[0]:
            picked.append(next((j for j in range(len(p)) if total[j] > u), len(p) - 1))
        X = (d[picked] + t[picked] * row[1]) / s
        return X, scores_of_mixture(theta, X)

    found = mixture_run.call(port, case)
    path, state = stepped(case, plain(case), list(zip(case.uniforms, case.normals, strict=True)), law)
    yield equal("path", found.path, path, scale=2.5)
    yield equal("q", found.state.q, state.q, scale=SCALES["q"](case))


@mixture_run.misfits()
def draws_that_do_not_fit_are_rejected(case: Case) -> Misfits:
    """Uniform numbers of 1 or more, and another number of them, are rejected."""
    return {"1": {"uniforms": case.uniforms + 1}, "many": {"uniforms": case.uniforms.repeat(2, 0)}}


scalar_run.edits("""
scores_of_standard_normals: Scores are those of σ = 1
    `(samples, mean, sd, theta - 1` → `(samples, mean, 0 * sd + 1, theta - 1`
slope_of_sigma_forgotten: σ′ is left out of the scores
    `theta - 1, np.exp(theta / 2) / 2` → `theta - 1, 0 * theta`
state_is_not_kept: Every step begins with the state of the first
    `params, state, report = unchecked(step)` → `params, _, report = unchecked(step)`
last_stiffness: The stiffness that is reported is that of the last step
    `stiffness = np.maximum(stiffness, report.stiffness)` → `stiffness = report.stiffness`
""")
mixture_run.edits("""
samples_not_divided: Samples are not divided by s
    `(d[j] + t[j] * normals) / s` → `d[j] + t[j] * normals`
components_from_the_other_end: Components are picked in the order of weights cumulated from the last
    `np.where(np.cumsum(p)[:-1] <= uniforms[:, np.newaxis], 1, 0)` →
        `np.where(np.cumsum(p[::-1])[:-1] <= uniforms[:, np.newaxis], 1, 0)`
components_alternate: Normals are those of the first component
    `return (d[j] + t[j] * normals) / s` → `return (d[j] + t[0] * normals) / s`
""")
