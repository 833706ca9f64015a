"""Adaptation to a batch, and the loop around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.m_fisher import loop as reference
from gnomon.probability.m_fisher.nulls import Bounded, Empirical, Gaussian
from gnomon_spec.cases import Case, Cases, Context, choice
from gnomon_spec.facts import Fact, agree, equal
from gnomon_spec.probability.m_fisher import inputs, system
from gnomon_spec.probability.m_fisher.inputs import numbers, some
from gnomon_spec.probability.m_fisher.natural import radius
from gnomon_spec.strategies import choices_of, of_code, shapes
from gnomon_spec.system import Misfits

UP_TO_3 = shapes((2,), (3,))  # in one dimension all scores are alike


adapting = Cases(
    {
        "prompt": some(-0.25, 0.25),
        "images": inputs.images(),
        "steps": choice(2, 1, 3),
        **choices_of(reference.adapt),
        "draws": inputs.draws_of_mc(lambda c: (c["steps"], len(c["images"].features))),
        "lr": choice(0.125, 1.0, 3.0),
        "damping": choice(0.125, 0.5),
        "beta": choice(0.0, 0.5),
        "kl_radius": radius,
    },
    UP_TO_3,
)
size = {name: lambda case: case.images.kappa**2 for name in ("losses", "slopes", "predicted_kl", "realised_kl")}
adapt = system.operation(reference.adapt, cases=adapting, scales=size)


@adapt.misfits(cases=adapting.but(fisher="mc"))
def draws_of_other_steps_are_rejected(case: Case) -> Misfits:
    """One row of draws a step, for "mc" alone."""
    longer = np.concatenate([case.draws, case.draws])
    return {"rows": {"draws": longer}, "none": {"draws": None}, "exact": {"fisher": "exact"}}


def a_null(code: int, _context: Context) -> Any:
    """Return a null that the scores of some images fit, or do not: normal, bounded or calibration scores."""
    half = numbers(code, 4) / 2
    x, y, z = map(float, half[:3])
    return (Gaussian(x, y), Bounded(0.25 + z / 2, 0.0, 2.0), Empirical(half))[code % 3]


def calm_images(code: int, context: Context) -> Any:
    """Return None, or three images to learn a null of calibration scores from."""
    none = not isinstance(context.drawn["null"], Empirical) or code % 2
    return None if none else 2 * numbers(code, 3, *context.shape) - 1 + np.eye(3, context.shape[0])


watching = Cases(
    {
        "prompt": some(-0.25, 0.25),
        "images": inputs.images(5),
        "null": of_code("Gaussian, Bounded or Empirical", a_null),
        "calibration": of_code("None, or images without a shift", calm_images),
        "batch": choice(2, 3, 1, 5),
        **choices_of(reference.run),
        "steps": choice(1, 2),
        "lr": choice(0.125, 0.25),
        "lam": choice(1.5, 3.0, None),
        "delta": choice(0.5, 0.75, 0.9),
    },
    UP_TO_3,
)
run = system.operation(reference.run, cases=watching, length_varies=True)


@run.law("invariance", cases=watching.but(delta=0.5, lam=3.0, two_sided=False, stop_at_first_alarm=False))
def before_the_first_alarm_batches_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """Up to its first alarm a stream is that of its scores at φ₀, however it is cut; then the prompt moves."""
    found, oracle = run.call(port, case, per="sample"), port.oracle
    scores = oracle.score(np.exp(oracle.log_predict(case.prompt, case.images)), kind=case.kind)
    whole = oracle.detect(scores[np.newaxis], case.null, lam=case.lam, tilt=case.tilt, delta=case.delta)[0]
    first = int(found.alarms[0]) if len(found.alarms) else 0
    yield agree("τ", first, whole.first[0])
    still = (first - 1) // case.batch if first else len(found.prompts) - 1
    yield equal("prompts", found.prompts[: still + 1], np.stack([case.prompt] * (still + 1)))


@run.misfits(cases=watching)
def a_known_null_is_not_learnt_anew(case: Case) -> Misfits:
    """Calibration images are for nulls that are made of calibration scores."""
    given = {"null": Gaussian(0.5, 1.0), "calibration": case.images.features}
    return {"calibration": given}


adapt.edits("""
labels_follow_the_prompt: The pseudo-labels are those of the newest φ in every step
    `labels = np.argmax(log_p, axis=1)` → `labels = None`
fisher_of_the_first_prompt: The Fisher matrix stays that of φ₀
    `fisher_matrix(prompts[-1], images, None if` → `fisher_matrix(prompt, images, None if`
average_is_forgotten: The average of Fisher matrices begins anew in every step
    `found.grad, F, state, **given)` → `found.grad, F, None, **given)`
""")
run.edits("""
adapts_then_scores: The prompt moves to every batch before that is scored: the score chooses the bet
    `scores = score(` → `prompts[-1] = adapt(prompts[-1], seen, steps=steps, lr=lr).prompts[-1]
        scores = score(`
wealth_goes_on_after_an_alarm: The wealth is not set back, so that the next score is an alarm again
    `state, stale, epochs = None, calibration is None, epochs + 1` →
        `stale, epochs = calibration is None, epochs + 1`
null_is_never_called_stale: After an adaptation the old null passes for the null
    `None, calibration is None, epochs + 1` → `None, False, epochs + 1`
alarm_is_counted_within_its_batch: Alarms are counted from the beginning of their batch
    `found.append(begin + at)` → `found.append(at)`
""")
