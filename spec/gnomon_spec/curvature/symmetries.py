"""How operators, vectors and results change together: times a power of two, turned, with the sign of the matrix."""

from __future__ import annotations

from typing import Any

from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case


def scaled(value: Any, case: Case) -> Any:
    """Return an operator or a number times 2ᵏ."""
    return Dense(scaled(value.matrix, case)) if isinstance(value, Dense) else value * 2.0**case.power


def negated(value: Any, case: Case) -> Any:
    return Dense(-value.matrix) if isinstance(value, Dense) else -value


def turned(value: Any, case: Case) -> Any:
    """Return an operator RARᵀ, or vectors turned by R."""
    return Dense(case.turn @ value.matrix @ case.turn.T) if isinstance(value, Dense) else value @ case.turn.T


def unchanged(value: Any, case: Case) -> Any:
    return value
