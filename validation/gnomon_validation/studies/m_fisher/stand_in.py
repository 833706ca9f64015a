"""A small stand-in for CLIP: five classes in 16 dimensions, entropy as score, a shift along one direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.probability.m_fisher.conformal import conformal_p_values
from gnomon.kernels.probability.m_fisher.detector import alarms, detect
from gnomon.probability.m_fisher.conformal import bet
from gnomon.probability.m_fisher.loop import adapt
from gnomon.probability.m_fisher.nulls import Empirical
from gnomon.probability.m_fisher.prompts import Images, log_predict, score, slope

C, D, KAPPA, NOISE, DELTA, STREAMS, HORIZON = 5, 16, 10.0, 0.15, 0.05, 400, 300


ROWS = np.random.default_rng(0).standard_normal((C + 1, D))
ROWS /= np.linalg.norm(ROWS, axis=1, keepdims=True)
ANCHORS, DIRECTION = ROWS[:C], ROWS[C]  # an anchor a class, and where a shift goes


def drawn(rng: Any, count: int, shift: float = 0.0) -> tuple[Images, Any]:
    """Return images, their classes being as likely as each other, and the classes."""
    labels = rng.integers(0, C, count)
    z = ANCHORS[labels] + NOISE * rng.standard_normal((count, D)) + shift * DIRECTION
    return Images(ANCHORS, z / np.linalg.norm(z, axis=1, keepdims=True), KAPPA), labels


def strangeness(rng: Any, count: int, shift: float = 0.0) -> Array:
    """Return the entropies of so many images at φ = 0."""
    entropies: Array = score(np.exp(log_predict(np.zeros(D), drawn(rng, count, shift)[0])))
    return entropies


def false_alarms(n: int, detector: str) -> float:
    """Return the share of streams without a shift that have an alarm, each with n calibration scores of its own."""
    rng, count = np.random.default_rng(1), 0
    for _ in range(STREAMS):
        known, scores = strangeness(rng, n), strangeness(rng, HORIZON)[np.newaxis]
        if detector == "empirical":
            found: Any = detect(scores, Empirical(known), delta=DELTA)[0]
        else:
            p = conformal_p_values(scores, 1 - rng.random(scores.shape), known)
            found = alarms(bet(p, betting="grid"), delta=DELTA)
        count += int(found.first[0] > 0)
    return count / STREAMS


def adapted(lr: float, how: str, steps: int = 20) -> tuple[float, float]:
    """Return the entropy and the accuracy on 256 shifted images after so many steps on them."""
    images, labels = drawn(np.random.default_rng(2), 256, 0.5)
    phi = np.zeros(D)
    if how == "gradient":
        for _ in range(steps):
            phi = phi - lr * slope(phi, images).grad
    elif lr > 0:
        phi = adapt(phi, images, steps=steps, lr=lr).prompts[-1]
    right = np.argmax(log_predict(phi, images), axis=1) == labels
    return float(slope(phi, images).loss), float(np.mean(right))
