"""What is to be known of a gradient before its singular values are made equal."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.egd.polar import Gradient, of_size_one, rank, threshold
from gnomon.domains import Array, Fraction, Positive
from gnomon.rounding import rounded_once


class Diagnosis(NamedTuple):
    """The singular values of a gradient, shape (min(m, p),), descending, and what follows from them.

    rank: r, how many are > rtol·s₁. nuclear_norm: Σ sᵢ, i <= r, which is ⟨G, EGD(G)⟩, by how much a step with rate 1
    lowers the loss to first order. condition: s₁/s_r, 1 for rank 0. update_norm: lr·√r, the length of the step.
    """

    singular_values: Array
    rank: int
    nuclear_norm: Any
    condition: Any
    update_norm: Any


@checked()
@rounded_once
def diagnose(gradient: Gradient, *, lr: Positive = 1.0, rtol: Fraction | None = None) -> Diagnosis:
    """Return the diagnosis of a gradient, shape (m, p), finite; lr and rtol as in `step` and `polar`."""
    if gradient.size == 0:
        nothing = gradient.dtype.type(0)
        return Diagnosis(gradient.reshape(-1), 0, nothing, nothing + 1, nothing)
    s = np.linalg.svd(of_size_one(gradient), full_matrices=False)[1]
    r = rank(s, threshold(gradient, rtol))
    kept, largest = s[:r], np.max(np.abs(gradient))
    condition = kept[0] / kept[-1] if r > 0 else 0 * largest + 1
    return Diagnosis(largest * s, r, largest * np.sum(kept), condition, 0 * largest + lr * r**0.5)
