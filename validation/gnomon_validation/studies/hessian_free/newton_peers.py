"""SciPy's truncated Newton methods on Rosenbrock's valley: how far they come with how many evaluations.

They belong to the extra `curvature`; without SciPy there are none.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.hessian_free.small_objectives import Valley
from gnomon_validation.studies.counted import Counted, Effort

METHODS = ("trust-exact", "trust-ncg", "trust-krylov", "Newton-CG")
TOLERANCE = 1e-8
"""Of ‖∇f‖ for the trust-region methods, of the mean change of a parameter for Newton-CG."""


class Peer(NamedTuple):
    """points: of each outer iteration, the start first. efforts: taken until then. losses: f there."""

    points: Array
    losses: Array
    efforts: tuple[Effort, ...]


def peers(start: Array, steepness: float = 100.0) -> dict[str, Peer]:
    """Return what each method did; nothing without SciPy."""
    if find_spec("scipy") is None:
        return {}
    minimize: Any = import_module("scipy.optimize").minimize
    return {method: _followed(minimize, method, start, steepness) for method in METHODS}


def scipy_version() -> str:
    """Return SciPy's version, or nothing without it."""
    return str(import_module("scipy").__version__) if find_spec("scipy") else ""


def _followed(minimize: Any, method: str, start: Array, steepness: float) -> Peer:
    f = Counted(Valley(steepness))
    told: list[tuple[Array, Effort]] = [(start, f.effort)]
    minimize(
        f.value,
        start,
        jac=f.gradient,
        method=method,
        options={"xtol" if method == "Newton-CG" else "gtol": TOLERANCE},
        callback=lambda x: told.append((np.array(x), f.effort)),
        hess=f.hessian,
    )
    points = np.stack([x for x, _ in told])
    return Peer(points, np.array([Valley(steepness).value(x) for x in points]), tuple(effort for _, effort in told))
