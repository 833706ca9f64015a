"""How operators, vectors and results change together: times a power of two, turned, shifted, with the matrix's sign."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case


def scaled(value: Any, case: Case) -> Any:
    """Return an operator or a number times 2ᵏ."""
    return Dense(scaled(value.matrix, case)) if isinstance(value, Dense) else value * 2.0**case.power


def negated(value: Any, case: Case) -> Any:
    return Dense(-value.matrix) if isinstance(value, Dense) else -value


def scaled_and_negated(value: Any, case: Case) -> Any:
    """Return an operator or a number times -2ᵏ."""
    return negated(scaled(value, case), case)


def shifted(value: Any, case: Case) -> Any:
    """Return the drawn operator A plus cI, c the drawn shift times the largest entry of A, or numbers plus c."""
    c = case.shift * np.max(np.abs(case.operator.matrix))
    return Dense(value.matrix + c * np.eye(len(value.matrix))) if isinstance(value, Dense) else value + c


def turned(value: Any, case: Case) -> Any:
    """Return an operator RARᵀ, or vectors turned by R."""
    return Dense(case.turn @ value.matrix @ case.turn.T) if isinstance(value, Dense) else value @ case.turn.T


def unchanged(value: Any, case: Case) -> Any:
    return value
