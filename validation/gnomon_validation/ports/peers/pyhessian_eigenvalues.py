"""pyhessian's `eigenvalues` as a port of `curvature.largest_eigenvalues`: power iteration with deflation.

The Hessian is that of a module whose loss is ½wᵀAw. pyhessian draws a start for each eigenvalue, in torch's default
dtype; for a call it is handed the case's start instead. It is asked for `tol=0`: all its iterations are made.
"""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from gnomon_validation.ports.torch_functions import tensor

dtypes = ("float32", "float64")
library = import_module("pyhessian.hessian")  # the package has a class of the same name
# Each eigenvalue is at most 5/8 of the one before in size, and 0.625^100 is far below what float64 resolves.
ITERATIONS = 100


def curvature_largest_eigenvalues(operator: Any, start: Any, *, count: int) -> tuple[Any, Any, int]:
    """Return the eigenvalues in the order in which deflation finds them, their vectors, and the number of products."""
    model, data = Quadratic(operator.matrix), (torch.zeros(1), torch.zeros(1))
    handing_the_start = SimpleNamespace(**{**vars(torch), "randn": lambda *_: tensor(start)})
    with patch.object(library, "torch", handing_the_start):
        hessian = library.hessian(model, lambda value, _: value, data=data, cuda=False)
        values, vectors = hessian.eigenvalues(maxIter=ITERATIONS, tol=0, top_n=count)
    rows = np.stack([vector.numpy() for (vector,) in vectors])
    signs = np.copysign(1, rows @ start)[:, np.newaxis].astype(rows.dtype)
    return np.array(values, start.dtype), rows * signs, ITERATIONS * count


class Quadratic(torch.nn.Module):  # type: ignore[misc]
    """A module whose output is ½wᵀAw, whatever its input is."""

    def __init__(self, matrix: Any) -> None:
        super().__init__()
        self.matrix = tensor(matrix)
        self.weights = torch.nn.Parameter(torch.zeros(len(matrix), dtype=self.matrix.dtype))

    def forward(self, _: Any) -> Any:
        return self.weights @ self.matrix @ self.weights / 2
