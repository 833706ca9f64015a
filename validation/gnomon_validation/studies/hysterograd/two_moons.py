"""The data set "two moons": two interleaved half circles with noise, as scikit-learn's `make_moons` draws it.

Source: scikit-learn, `sklearn.datasets.make_moons`; `two_moons(500, 0.15, 42)` is its
`make_moons(500, noise=0.15, random_state=42)` to the bit, wherever both use the same NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array


def two_moons(examples: int, noise: float, seed: int) -> tuple[Array, NDArray[np.integer[Any]]]:
    """Return the features, shape (examples, 2), and the labels 0 and 1 of the upper and the lower moon.

    With half of the examples each, a from 0 to π in equal steps: (cos a, sin a) is the upper moon and
    (1 - cos a, ½ - sin a) the lower one. Shuffled, then normal noise of standard deviation
    `noise` is added to each coordinate.
    examples: even, >= 2. seed: of NumPy's `RandomState`, the generator that scikit-learn uses.
    """
    half = examples // 2
    a = np.linspace(0, np.pi, half)
    upper = np.stack([np.cos(a), np.sin(a)], axis=1)
    lower = np.stack([1 - np.cos(a), 1 - np.sin(a) - 0.5], axis=1)
    features = np.concatenate([upper, lower])
    labels = np.repeat([0, 1], half)

    draw = np.random.RandomState(seed)
    order = np.arange(2 * half)
    draw.shuffle(order)
    return features[order] + draw.normal(scale=noise, size=(2 * half, 2)), labels[order]
