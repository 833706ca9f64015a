"""The step sizes and the width of the kernel, which fall as the steps are counted."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

from gnomon.domains import NonNegative, Number, Positive

Above: TypeAlias = Annotated[float, Number(above=True)]


class Schedule(NamedTuple):
    """a·(b/(b + k))^c at the step k = 0, 1, …: a at first, half of it about where k = b for c = 1."""

    a: NonNegative
    b: Positive = 500.0
    c: NonNegative = 0.0


class Rates(NamedTuple):
    """Of quantiles γ_q, of their gradients γ_D, of the parameters γ_θ, and the width h of the kernel.

    The defaults are the authors' for cvar. Heuristics for the exponents: 1 for γ_θ, 5/7, 5/7 and 1/7 for the others in
    the density form, 2/3 for γ_q in the quantile form. γ = 0 keeps what it belongs to.
    """

    quantiles: Schedule = Schedule(0.25, 500.0, 0.71)
    gradients: Schedule = Schedule(0.25, 500.0, 0.7)
    params: Schedule = Schedule(0.0625, 500.0, 0.99)
    width: Schedule = Schedule(0.01, 500.0, 0.14)


def gain(schedule: Schedule, k: int) -> Any:
    """Return a·(b/(b + k))^c."""
    a, b, c = schedule
    return a * (b / (b + k)) ** c
