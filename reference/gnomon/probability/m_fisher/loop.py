"""Adaptation of a prompt to a batch, and the loop: score, bet, and adapt after an alarm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked, with_keywords
from gnomon.domains import Array, Entries, Number, Positive, PositiveInt
from gnomon.probability.m_fisher.detector import detect
from gnomon.probability.m_fisher.natural import natural_step
from gnomon.probability.m_fisher.nulls import Empirical, EmpiricalUCB, GaussianPlugin, Null
from gnomon.probability.m_fisher.prompts import (
    Fisher,
    Images,
    Kind,
    Loss,
    Prompt,
    fisher_matrix,
    log_predict,
    require_directions,
    require_draws,
    score,
    slope,
)

Calm = Annotated[Array, Entries(("images", "d"), least=1, finite=True)]


class Adapted(NamedTuple):
    """prompts: φ₀ … φ_K, shape (K + 1, d). losses: at each, shape (K + 1,). slopes, predicted_kl, realised_kl,
    inverse_conditions: of each step, shape (K,); the realised one is the mean KL(p before‖p after)."""

    prompts: Array
    losses: Array
    slopes: Array
    predicted_kl: Array
    realised_kl: Array
    inverse_conditions: Array


class Run(NamedTuple):
    """prompts: φ before each of the B batches that were seen and after the last one, shape (B + 1, d). log_wealth: at
    the end of each batch, or at its alarm, shape (B,). alarms: the samples at which there was one, integers, from 1.
    epochs: how often the wealth was set back. null_stale: whether the null is that of a prompt before the last one:
    nothing is guaranteed then."""

    prompts: Array
    log_wealth: Array
    alarms: NDArray[np.int64]
    epochs: int
    null_stale: bool


@checked(require_directions, require_draws)
@with_keywords(natural_step)
def adapt(
    prompt: Prompt, images: Images,
    draws: Annotated[Array, Entries(("K", "N"), least=1, each=Number(0, 1))] | None = None, *,
    steps: PositiveInt = 5, loss: Loss = "entropy", fisher: Fisher = "exact", **given: Any,
) -> Adapted:  # fmt: skip
    """Make K natural-gradient steps on a batch and return all of them.

    prompt, images: as in `log_predict`. draws: of fisher "mc", shape (K, N). steps: K. loss: as in `slope`; the labels
    of "pseudo_nll" are the most likely ones at the first φ. The rest as in `natural_step`. Raises `ValueError` as well
    for draws of other steps.
    """
    if draws is not None and len(draws) != steps:
        raise ValueError(f"draws must have {steps} rows, one a step, got {len(draws)}")
    log_p = log_predict(prompt, images)
    labels = np.argmax(log_p, axis=1)
    prompts, losses, reports, state = [prompt], [], [], None
    for k in range(steps):
        found = slope(prompts[-1], images, labels, loss=loss)
        F = fisher_matrix(prompts[-1], images, None if draws is None else draws[k], fisher=fisher)
        step, state = natural_step(prompts[-1], found.grad, F, state, **given)
        before, log_p = log_p, log_predict(step.params, images)
        realised = np.sum(np.exp(before) * (before - log_p)) / before.shape[0]
        prompts.append(step.params)
        losses.append(found.loss)
        reports.append((step.slope, step.predicted_kl, realised, step.inverse_condition))
    losses.append(slope(prompts[-1], images, labels, loss=loss).loss)
    return Adapted(np.stack(prompts), np.stack(losses), *(np.stack(each) for each in zip(*reports, strict=True)))


def require_recalibration(given: Mapping[str, Any]) -> None:
    if given["calibration"] is not None and not isinstance(given["null"], Empirical | GaussianPlugin | EmpiricalUCB):
        raise ValueError(f"null must be of calibration scores where calibration is given, got {given['null']}")


@checked(require_directions, require_recalibration)
@with_keywords(detect, "lam", "tilt", "two_sided", "delta")
def run(
    prompt: Prompt, images: Images, null: Null, calibration: Calm | None = None, *, batch: PositiveInt = 8,
    kind: Kind = "entropy", per: Literal["sample", "batch"] = "sample", stop_at_first_alarm: bool = False,
    steps: PositiveInt = 5, lr: Positive = 0.1, **given: Any,
) -> Run:  # fmt: skip
    """Watch the images in batches, and adapt the prompt to each batch that has an alarm.

    ::

        s = score of the batch with φ as it was before
        bet on each score; at the first alarm, leave the rest, make K steps on the batch, log M = 0

    prompt: φ₀. images: whose features come in this order. null: of the scores at φ₀. calibration: images without a
    shift, shape (n, d), with which a null of calibration scores is made anew after each adaptation; without it the null
    is stale from then on. batch: how many images come at once, the last of them may be fewer. kind: of `score`. per:
    "batch" asks for an alarm at the end of a batch only, never earlier. stop_at_first_alarm: no adaptation, no more
    images. steps, lr: as in `adapt`. The rest as in `detect`.

    Choices: the sources say nothing of the null after an adaptation. It is that of the new φ, and must be learnt anew.
    """
    prompts, log_wealth, found, state = [prompt], [], [], None
    stale, epochs = False, 0
    for begin in range(0, images.features.shape[0], batch):
        seen = images._replace(features=images.features[begin : begin + batch])
        scores = score(np.exp(log_predict(prompts[-1], seen)), kind=kind)
        detection, state = detect(scores[np.newaxis], null, None, state, **given)
        at = int(detection.first[0]) if per == "sample" else len(scores) * bool(detection.reached[0, -1])
        log_wealth.append(detection.log_wealth[0, at - 1])
        prompts.append(prompts[-1])
        if at == 0:
            continue
        found.append(begin + at)
        if stop_at_first_alarm:
            break
        prompts[-1] = adapt(prompts[-1], seen, steps=steps, lr=lr).prompts[-1]
        state, stale, epochs = None, calibration is None, epochs + 1
        if calibration is not None:
            known = images._replace(features=calibration)
            null = null._replace(scores=score(np.exp(log_predict(prompts[-1], known)), kind=kind))
    return Run(np.stack(prompts), np.stack(log_wealth), np.array(found, np.int64), epochs, stale)
