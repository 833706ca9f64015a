"""The norm that all parts use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon import norms
from gnomon.domains import Array


def length(arrays: Sequence[Array]) -> Any:
    """Return the Euclidean norm of all entries of the arrays (one or more) together, a number of their dtype."""
    return norms.length(np.concatenate([array.reshape(-1) for array in arrays]))
