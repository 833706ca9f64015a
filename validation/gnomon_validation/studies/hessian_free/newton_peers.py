"""SciPy's truncated Newton methods on Rosenbrock's valley: how far they come with how many evaluations.

They belong to the extra `curvature`; without SciPy there are none.
"""

from __future__ import annotations

from functools import partial
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
    """points: of each outer iteration, the start first. losses: f there. efforts: taken until then."""

    points: Array
    losses: Array
    efforts: tuple[Effort, ...]


def peers(start: Array) -> dict[str, Peer]:
    """Return what each method did; nothing without SciPy."""
    return {method: followed(method, start) for method in METHODS} if find_spec("scipy") else {}


def followed(method: str, start: Array) -> Peer:
    f = Counted(Valley(100.0))
    told, options = [(start, f.effort)], {"xtol" if method == "Newton-CG" else "gtol": TOLERANCE}
    minimize: Any = import_module("scipy.optimize").minimize
    minimize = partial(minimize, callback=lambda x: told.append((np.array(x), f.effort)), options=options)
    minimize(f.value, start, method=method, jac=f.gradient, hess=f.hessian)
    points, efforts = zip(*told, strict=True)
    return Peer(np.stack(points), np.array([Valley(100.0).value(x) for x in points]), efforts)


def scipy_version() -> str:
    """Return SciPy's version, or nothing without it."""
    return str(import_module("scipy").__version__) if find_spec("scipy") else ""
