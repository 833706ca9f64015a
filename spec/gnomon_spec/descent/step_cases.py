"""The cases of an elementwise step: parameters, gradient, state and hyperparameters, wild ones and calm ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Number
from gnomon_spec.cases import Cases, Context, Draw, Quantity
from gnomon_spec.strategies import ANY_SHAPE, VECTORS, anywhere, count, fraction, hyperparameters, number, tame, vector

some_eps = number(1e-8, 1e-3, 1.0, exponents=(-30, 3))


class StepCases(NamedTuple):
    """Cases of one step, and the hyperparameters in them.

    steps: any. calm: numbers far from the ends of the dtype's range, ε > 0. bare: calm, without weight decay. fresh:
    bare, and nothing has been seen yet.
    """

    hyperparameters: Cases
    steps: Cases
    calm: Cases
    bare: Cases
    fresh: Cases

    def with_calm(self, **narrower: Any) -> StepCases:
        """Return these cases with what all but `steps` are limited to."""
        return self._replace(**{name: getattr(self, name).but(**narrower) for name in ("calm", "bare", "fresh")})


def step_cases(
    reference: Any,
    *,
    positive: Iterable[str] = (),
    consistent: Callable[[Any], Any] = lambda state: state,
    **narrower: Any,
) -> StepCases:
    """Return the cases of a method's step.

    reference: its module. positive: the arrays of the state that are >= 0. consistent: makes of any state one whose
    parts go together. narrower: hyperparameters that are not drawn from all of their domain, as lr is not: 0 has a law
    of its own.
    """
    lr = anywhere(Number(above=True), signature(reference.step).parameters["lr"].default)
    given = hyperparameters(reference.step, **{"lr": lr, **narrower})
    states = partial(any_states, reference.init, positive=positive, consistent=consistent)
    drawn = {"params": vector(), "grad": vector(), "state": states(vector())}
    steps = Cases(drawn, ANY_SHAPE).but(**given.quantities)
    calm = steps.but(params=tame(), grad=tame(), state=states(tame())).shaped(VECTORS)
    calm = calm.but(eps=some_eps) if "eps" in calm.quantities else calm
    bare = calm.but(weight_decay=0.0)
    fresh = Quantity(lambda _draw, context: reference.init(np.zeros(context.shape, context.dtype)), "fresh state")
    return StepCases(given, steps, calm, bare, bare.but(state=fresh))


def any_states(
    init: Callable[[Any], Any], arrays: Quantity, positive: Iterable[str], consistent: Callable[[Any], Any]
) -> Quantity:
    """A state of a method: fresh, or any arrays, counts and fractions.

    init: makes the fresh one. arrays: what its arrays are drawn from. positive, consistent: as for `step_cases`.
    """

    def draw_state(draw: Draw, context: Context) -> Any:
        fresh, steps = (
            init(np.zeros(context.shape, context.dtype)),
            count(0, 1, 2, 9, 99, 999, 100_000).draw(draw, context),
        )

        def drawn(name: str, value: Any) -> Any:
            if isinstance(value, int):
                return steps
            if isinstance(value, float):
                return fraction(0.5, 0.0, 0.9).draw(draw, context)
            array = arrays.draw(draw, context)
            return np.asarray(np.abs(array)) if name in positive else array

        if steps == 0:
            return fresh
        with np.errstate(over="ignore"):
            return consistent(type(fresh)(**{name: drawn(name, value) for name, value in fresh._asdict().items()}))

    return Quantity(draw_state, "state: fresh, or any arrays and counts")


def decay(*simple: float, turns: bool = False) -> Quantity:
    """A weight decay λ with lr·λ <= ½: nearer to 1 the decay cancels the parameters, and forms of it differ.

    turns: also lr·λ = 2, which is legal: 1 - lr·λ = -1 turns the parameters round. A λ of 2 is drawn for it.
    """
    free = number(*simple, 2.0) if turns else number(*simple)

    def draw_decay(draw: Draw, context: Context) -> float:
        drawn, lr = float(free.draw(draw, context)), float(context.drawn["lr"])
        return 2 / lr if turns and drawn == 2 and lr >= 2.0**-12 else min(drawn, 0.5 / max(lr, 2.0**-12))

    return Quantity(draw_decay, f"{free.text}; lr·λ at most ½{', or 2' if turns else ''}", free.allows)


def momenta(*simple: float) -> Quantity:
    """A momentum: below 1, or 1 or 1.5, which are legal and unstable."""
    inner = fraction(*simple, 1.0, 1.5)
    return Quantity(inner.draw, f"{inner.text}; 1 and 1.5, too", lambda value: value >= 0)
