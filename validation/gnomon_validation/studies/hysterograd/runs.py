"""HysteroGrad along given gradients: what each step reports, until its gate first closes or can never open again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.descent import hysterograd
from gnomon.domains import Array

SETTINGS: dict[str, Any] = {"lr": 0.1, "stiffening_factor": 0.5, "beta": 0.9, "eps": 1e-12}
"""Of the runs on quadratics."""
LEASH = 1 / (SETTINGS["stiffening_factor"] * (1 - SETTINGS["beta"])) ** 2


def walk(
    start: Array,
    gradients: Iterable[Array | Callable[[Array], Array]],
    state: hysterograd.HysteroGradState | None = None,
    **hyper: Any,
) -> Iterator[tuple[Array, hysterograd.HysteroGradState, hysterograd.Report]]:
    """Yield parameters, state and report after each step. gradients: one a step, or a function of the parameters."""
    params, state = start, hysterograd.init(start) if state is None else state
    for grad in gradients:
        params, state, report = hysterograd.step(params, grad(params) if callable(grad) else grad, state, **hyper)
        yield params, state, report


@dataclass(frozen=True)
class Run:
    """Norm n, barrier h and liquid of every step of a run; steps are counted from 1."""

    norm: Array
    width: Array
    liquid: NDArray[np.bool_]

    @property
    def frozen(self) -> int:
        """How many steps were refused."""
        return int(np.sum(~self.liquid))

    @property
    def first_frozen(self) -> int:
        """The first refused step."""
        return int(np.argmin(self.liquid)) + 1

    @property
    def changes(self) -> int:
        """How often the run went from Liquid to Frozen or back."""
        return int(np.sum(np.diff(self.liquid.reshape(-1))))


@dataclass(frozen=True)
class QuadraticRun(Run):
    """A run on f = ½(θ-D)² with θ a single number. position: after each step.

    shut_for_ever: the step from which every gradient whatsoever is refused; `None` if none was.
    """

    position: Array
    shut_for_ever: int | None

    @property
    def end(self) -> float:
        """Where the run ends."""
        return float(self.position[-1])

    @property
    def last_liquid(self) -> int:
        """The last step taken."""
        return int(np.flatnonzero(self.liquid)[-1]) + 1

    @property
    def statuses(self) -> str:
        """The status of each step: L (Liquid) or F (Frozen)."""
        return "".join("FL"[int(liquid)] for liquid in self.liquid)


@cache
def run(minimiser: float) -> QuadraticRun:
    """Return the run from θ = 0 with lr 0.1, κ 0.5, β 0.9, ε 1e-12, until it is shut for ever or has made 20,000 steps.

    Adaptive, E >= (1-β)·n after every step. So once κ·(1-T)·√τ·(1-β) >= 1, h >= n whatever the gradient; and the left
    side never falls. From there on the position cannot change, and the run is cut short.
    """
    told, shut = [], None
    for params, state, report in walk(np.zeros(1), repeat(lambda x: x - minimiser, 20_000), **SETTINGS):
        told.append((report.norm, report.width, report.liquid, params[0]))
        if (1 - state.temperature) * sqrt(state.path_length) >= sqrt(LEASH):
            shut = len(told)
            break
    norm, width, liquid, position = np.array(told).T
    return QuadraticRun(norm, width, liquid == 1, position, shut)


class Constant(NamedTuple):
    """What decides when a gradient that never changes freezes, under the names of `hysterograd.step`.

    metric_scale: m/k. With ε = 0 a constant gradient with k entries that are not zero has N = √(k/(m(1-βᵗ))) whatever
    its size, so one entry with m/k stands for k entries with m.
    """

    metric_scale: float
    lr: float
    stiffening_factor: float
    beta: float = 0.99

    @property
    def expected(self) -> float:
        """√m/(lr·√k·κ²): the step at which κ·√τ reaches 1, if the norm is √(k/m), to which it falls, and nothing is
        left of the start."""
        return 1 / (self.lr * sqrt(1 / self.metric_scale) * self.stiffening_factor**2)

    def first_frozen(self, limit: int) -> int | None:
        """Return the first step, counted from 1, that the adaptive gate refuses; `None` if it takes all `limit`."""
        return _first_refused(limit, eps=0.0, **self._asdict())


class Clipped(NamedTuple):
    """A gate whose norm is clipped at every step, under the names of `hysterograd.step`; adaptive, variant "v4"."""

    lr: float
    stiffening_factor: float
    hysteresis_scale: float
    grad_clip: float
    cooling_rate: float = 0.99

    @property
    def expected(self) -> float:
        """1/(lr·c·(κ·s)²): before this step the gate cannot close.

        The norm is c, hence τ = lr·c·t and E <= c, and h <= κ·s·√τ·c is below c while κ·s·√τ < 1.
        """
        return 1 / (self.lr * self.grad_clip * (self.stiffening_factor * self.hysteresis_scale) ** 2)

    def first_frozen(self, limit: int) -> int | None:
        """Return the first step that is refused while every norm exceeds the clip; `None` as in `Constant`."""
        # With metric_scale m the unclipped norm of a constant gradient is at least 1/√m: here twice the clip.
        return _first_refused(limit, variant="v4", metric_scale=1 / (2 * self.grad_clip) ** 2, **self._asdict())


def _first_refused(limit: int, **hyper: Any) -> int | None:
    told = walk(np.zeros(1), repeat(np.ones(1), limit), **hyper)
    return next((t for t, (*_, report) in enumerate(told, start=1) if not report.liquid), None)
