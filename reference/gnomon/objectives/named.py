"""The objectives that a name on the command line stands for: functions of two variables, each with its usual start."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

import numpy as np

from gnomon.objectives.contract import KnownObjective
from gnomon.objectives.quadratics import Quadratic, quadratic_with_spectrum
from gnomon.objectives.test_functions import Ackley, Beale, Himmelblau, Rastrigin, Rosenbrock


def ill_conditioned_quadratic() -> Quadratic:
    """Return the quadratic with eigenvalues 1 and 100, turned by the angle of the 3-4-5 triangle, minimal at 0."""
    rotation = np.array([[0.8, -0.6], [0.6, 0.8]])
    return quadratic_with_spectrum(np.array([1.0, 100.0]), rotation, np.zeros(2))


NAMED: dict[str, Callable[[], KnownObjective]] = {
    "ackley": Ackley,
    "beale": Beale,
    "himmelblau": Himmelblau,
    "quadratic": ill_conditioned_quadratic,
    "rastrigin": Rastrigin,
    "rosenbrock": Rosenbrock,
}


def named(name: str) -> KnownObjective:
    """Return the objective of that name; raise `ValueError`, with the names there are, for any other."""
    if name not in NAMED:
        near = get_close_matches(name, NAMED, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"objective must be one of {', '.join(map(repr, NAMED))}, got {name!r}{hint}")
    return NAMED[name]()
