"""What Hill-ADAM is asked: states before and after turns, losses on both sides of its thresholds, sequences of both."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, nan
from typing import Any, Literal

import numpy as np

from gnomon.descent import hill_adam as reference
from gnomon.descent.hill_adam import HillAdamState
from gnomon.descent.hill_adam_losses import LOSSES
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.strategies import ANY_SHAPE, SMALL_CODES, VECTORS, fraction, number, tame, vector

VARIANTS = choice("clean", "code")
losses = number(1.0, 0.0, 0.5, 2.0, 100.0, exponents=(-4, 6))
NEAR = (0.0, 0.25, -0.25, 0.5, 2.0, -2.0, 4.0, -0.5)  # in units of δ
HALVES = (0.0, -0.5, -1.0, -1.0, 1.0, 2.5, 3.0, 4.0, -2.5, -3.0, -4.0, 0.5)
NO_BAND = {"hi": inf, "lo": -inf}
NO_TURNS = {"delta": 0.0, **NO_BAND}


def of_the_code(quantity: Quantity, otherwise: Any) -> Quantity:
    """A quantity in the variant "code", and what it is in "clean"."""
    return Quantity(
        lambda draw, c: quantity.draw(draw, c) if c.drawn["variant"] == "code" else otherwise,
        f'{quantity.text}; {otherwise!r} in the variant "clean"',
        quantity.allows,
    )


def one(value: Any, context: Context) -> Any:
    """Return a number of the dtype of a case, as an array without dimensions, which a case file can hold."""
    return np.asarray(value, context.dtype)


def fresh_state(start: Literal["", "min", "max"] = "") -> Quantity:
    """The state before the first call, of the drawn variant. start: up or down; either by default."""

    def draw_fresh(draw: Draw, context: Context) -> HillAdamState:
        first: Any = start or ("max" if draw(SMALL_CODES) % 4 == 3 else "min")
        state = reference.init(np.zeros(context.shape, context.dtype), start=first, variant=context.drawn["variant"])
        return state._replace(best_loss=one(state.best_loss, context), previous_loss=one(nan, context))

    return Quantity(draw_fresh, "HillAdamState: fresh")


def states(arrays: Quantity) -> Quantity:
    """A state of Hill-ADAM: fresh, or after some calls, on the way up or down, inside or outside of the band."""

    def draw_state(draw: Draw, context: Context) -> HillAdamState:
        code, sign = draw(SMALL_CODES), 1 - 2 * (draw(SMALL_CODES) % 2)
        fresh: HillAdamState = fresh_state().draw(draw, context)
        if code % 4 == 0:
            return fresh
        previous = nan if code % 4 == 1 else sign * losses.draw(draw, context)
        best = 2.0**10 if code % 8 == 3 else sign * losses.draw(draw, context)
        first, second, where = (arrays.draw(draw, context) for _ in range(3))
        taken = 1 + draw(SMALL_CODES)
        return HillAdamState(
            first, np.abs(second), where, one(best, context), one(previous, context),
            code % 3 == 0, code % 5 > 1, taken, taken + draw(SMALL_CODES),
        )  # fmt: skip

    return Quantity(draw_state, "HillAdamState: fresh, or any moments, losses, directions and counts")


def near_thresholds() -> Quantity:
    """A loss of any size and sign, or near the one before, or about an end of the band."""

    def draw_loss(draw: Draw, context: Context) -> Any:
        code, drawn = draw(SMALL_CODES), context.drawn
        previous, delta = drawn["state"].previous_loss, drawn["delta"]
        step = NEAR[draw(SMALL_CODES) % len(NEAR)]
        if code % 4 == 1 and np.isfinite(previous):
            return one(float(previous) + step * delta, context)
        end = drawn["hi"] if code % 8 == 2 else drawn["lo"]
        if code % 4 == 2 and np.isfinite(end):
            return one(end + step, context)
        return one(losses.draw(draw, context) * (1 if code % 2 else -1), context)

    return Quantity(draw_loss, "number: of any size, or near the loss before, or about an end of the band")


def loss_path() -> Quantity:
    """A sequence of losses that are halves from -4 to 4, many of them as the one before."""

    def draw_path(draw: Draw, context: Context) -> Any:
        codes = [draw(SMALL_CODES) for _ in range(2 + draw(SMALL_CODES) % 11)]
        path = [HALVES[code % len(HALVES)] for code in codes]
        for i in range(1, len(path)):
            if codes[i] % 5 == 4:
                path[i] = path[i - 1]
        return np.array(path, context.dtype)

    return Quantity(draw_path, "a sequence of 2 to 12 halves from -4 to 4")


def with_path(quantity: Quantity) -> Quantity:
    """An array for each loss of the path drawn before, along a new first axis."""

    def draw_many(draw: Draw, context: Context) -> Any:
        shape = (len(context.drawn["losses"]), *context.shape)
        return quantity.draw(draw, context._replace(shape=shape))

    return Quantity(draw_many, f"for each loss: {quantity.text}")


hyperparameters: dict[str, Any] = {
    "variant": VARIANTS,
    "lr": number(0.01, 1.0, 0.5, exponents=(-10, 0)),
    "beta1": fraction(0.9, 0.0, 0.5),
    "beta2": fraction(0.999, 0.0, 0.5),
    "eps": number(1e-8, 1e-3, 1.0, exponents=(-30, 3)),
    "delta": number(1e-4, 0.0, 0.5, 1.0, exponents=(-10, 2)),
    "hi": choice(200.0, 2.0, inf, 16.0),
    "lo": choice(-1e4, -2.0, -inf, -16.0),
    "weight_decay": of_the_code(number(0.0, 0.01, 0.5), 0.0),
    "bias_dtype": of_the_code(choice("float64", "float32"), "float64"),
}
plain = {**hyperparameters, "weight_decay": choice(0.0), "bias_dtype": choice("float64")}
steps = Cases(
    {**hyperparameters, "params": vector(), "grad": vector(), "state": states(vector()), "loss": near_thresholds()},
    ANY_SHAPE,
)
calm = Cases({**plain, "params": tame(), "grad": tame(), "state": states(tame()), "loss": near_thresholds()}, VECTORS)
runs = Cases(
    {
        **plain, "delta": choice(0.75, 0.25, 0.0), "hi": choice(2.75, inf, 0.75), "lo": choice(-2.75, -inf, -0.75),
        "params": tame(), "state": fresh_state(), "losses": loss_path(), "grads": with_path(tame()),
    },
    VECTORS,
)  # fmt: skip


def each_call(port: Any, case: Case) -> Iterator[Any]:
    """Yield what each call of a run along `case.losses` and `case.grads` returns."""
    params, state = case.params, case.state
    for loss, grad in zip(case.losses, case.grads, strict=True):
        params, state, report = port.step(params, grad, state, loss, **case.hyper)
        yield params, state, report


def known_losses() -> Quantity:
    """The name of a loss of as many variables as the common shape says."""

    def draw_name(draw: Draw, context: Context) -> str:
        names = [name for name, loss in LOSSES.items() if (loss.dimension,) == context.shape[-1:]]
        code: int = draw(SMALL_CODES)
        return names[code % len(names)]

    return Quantity(draw_name, f"one of {', '.join(map(repr, LOSSES))}, as the shape allows", LOSSES.__contains__)
