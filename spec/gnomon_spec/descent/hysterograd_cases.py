"""What HysteroGrad is asked: its hyperparameters, states near and far from the gate, zeros on purpose; and its runs.

A state's numbers are arrays without dimensions here, of the dtype of the parameters, so that a case file can hold them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import hysterograd as reference
from gnomon.descent.hysterograd import HysteroGradState, Report
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice, constant, map_leaves
from gnomon_spec.strategies import (
    ANY_SHAPE,
    SMALL_CODES,
    VECTORS,
    fraction,
    nonnegative,
    normal,
    number,
    or_none,
    single,
    tame,
    unit_interval,
    vector,
    zeros,
)

ALL_VARIANTS = choice(*reference.VARIANTS)
CODE = choice("head", "v4")

temperatures = number(1.0, 0.0, 1.5, 0.5, 3.0, exponents=(-4, 2))
stiff = number(1.0, 0.5, 2.0, 8.0, exponents=(-2, 5))
cold = number(0.0, 0.5, 0.2, 0.9, exponents=(-6, -1))
paths = number(0.0, 1.0, 4.0, 0.25, exponents=(-6, 8))
mean_norms = number(0.0, 1.0, 2.0, 0.5, exponents=(-6, 5))


def fresh_states(temperature: Quantity = temperatures) -> Quantity:
    """The state before the first step, of any initial temperature."""

    def draw_state(draw: Draw, context: Context) -> HysteroGradState:
        zero, warm = np.zeros((), context.dtype), single(temperature).draw(draw, context)
        return HysteroGradState(zeros.draw(draw, context), zero, warm, zero, True)

    return Quantity(draw_state, f"HysteroGradState: fresh; temperature: {temperature.text}")


def states(metric: Quantity) -> Quantity:
    """A state of HysteroGrad: fresh, or after some steps: warm or cooled, liquid or frozen.

    Where a step was drawn before it, the metric is often about the square of its gradient, and the path such that the
    barrier is a quarter to four times the norm.
    """

    def draw_metric(draw: Draw, context: Context) -> Any:
        if draw(SMALL_CODES) % 2 and "grad" in context.drawn:
            grad, largest = context.drawn["grad"], np.finfo(context.dtype).max
            with np.errstate(over="ignore"):
                return np.minimum(grad * grad * context.dtype.type(2.0 ** (draw(SMALL_CODES) % 9 - 4)), largest)
        return metric.draw(draw, context)

    def draw_state(draw: Draw, context: Context) -> HysteroGradState:
        code = draw(SMALL_CODES)
        if code % 8 == 0:
            fresh: HysteroGradState = fresh_states().draw(draw, context)
            return fresh
        is_free = code % 4 == 1 or "variant" not in context.drawn
        numbers = (paths, temperatures if is_free else cold, mean_norms)
        path, warm, mean = (single(q).draw(draw, context) for q in numbers)
        squares = np.asarray(draw_metric(draw, context))
        state = HysteroGradState(squares, path, warm, mean, draw(SMALL_CODES) % 2 == 1)
        if is_free:
            return state
        exponent = 1 + draw(SMALL_CODES) % 16
        return near_the_gate(state, 2.0 ** ((-exponent if code % 4 == 3 else exponent) / 8), context)

    return Quantity(
        draw_state,
        "HysteroGradState: fresh, or any metric, path_length, mean_norm, temperature from 0 to 8, liquid or not",
    )


def near_the_gate(state: HysteroGradState, ratio: float, context: Context) -> HysteroGradState:
    """Return the state with the path at which the step that was drawn meets a barrier of `ratio` times its norm.

    If no path does, as without a barrier, the state is returned as it is.
    """
    double = np.float64
    start = state._replace(path_length=np.ones((), double))
    params, grad, start = map_leaves(
        lambda leaf: leaf.astype(double) if isinstance(leaf, np.ndarray) else leaf,
        (context.drawn["params"], context.drawn["grad"], start),
    )
    hyper = {name: value for name, value in context.drawn.items() if name in hyperparameters.quantities}
    with np.errstate(all="ignore"):
        _, after, report = reference.step(params, grad, start, **hyper)
        walked = 0 if hyper["variant"] == "theory" else after.path_length - 1
        path = np.array((1 + walked) * (ratio * report.norm / report.width) ** 2 - walked, context.dtype)
    return state._replace(path_length=path) if 0 <= path < np.inf else state


def or_zeros(quantity: Quantity) -> Quantity:
    """Like `quantity`, or all zeros for one case in eight."""

    def draw_either(draw: Draw, context: Context) -> Any:
        return (zeros if draw(SMALL_CODES) % 8 == 7 else quantity).draw(draw, context)

    return Quantity(draw_either, f"{quantity.text}; or all zeros")


def for_the_code(quantity: Quantity, theory: Any, *variants: str) -> Quantity:
    """`quantity` for the named variants (those of the code by default), `theory` for the others."""
    chosen = variants or ("head", "v4")

    def draw_it(draw: Draw, context: Context) -> Any:
        drawn = quantity.draw(draw, context)
        return drawn if context.drawn["variant"] in chosen else theory

    text = f"{quantity.text}; {theory!r} for other variants than {', '.join(chosen)}"
    return Quantity(draw_it, text, lambda value: value == theory or quantity.allows(value))


clips = or_none(number(1.0, 0.0625, 0.001, exponents=(-12, 0)))
some_eps = normal(number(1e-7, 1e-3, 1.0, exponents=(-30, 3)))
NO_CLIP = constant(None)

hyperparameters = Cases({"variant": ALL_VARIANTS}, VECTORS).but(
    lr=number(1e-3, 1.0, 0.5, 0.1),
    beta=fraction(0.99, 0.0, 0.5, 0.9, closest=10),
    eps=number(1e-7, 0.0, 1e-3, 1.0, exponents=(-30, 3)),
    cooling_rate=unit_interval(),
    metric_scale=number(1.0, 300.0, 0.25, 25.0, exponents=(-6, 20)),
    adaptive_threshold=choice(True, False),
    hysteresis_scale=for_the_code(number(1.0, 0.5, 2.0, 0.0, exponents=(-3, 2)), 1.0),
    release_ratio=number(1.0, 0.5, 0.9, exponents=(-4, -1)),
    grad_clip=for_the_code(clips, None),
    stiffening_factor=number(0.01, 1.0, 0.0, 0.5, 8.0, exponents=(-6, 4)),
)
inputs = Cases({"params": vector(), "grad": or_zeros(vector())}, ANY_SHAPE)
steps = inputs.but(**hyperparameters.quantities).but(state=states(nonnegative()))

# `asarray`: NumPy makes a number of |x| where x is an array without axes.
magnitude = Quantity(
    lambda draw, context: np.asarray(np.abs(tame().draw(draw, context))), f"{tame().text}, not negative"
)
calm = steps.but(params=tame(), grad=tame(), state=states(magnitude), eps=some_eps).shaped(VECTORS)
plain = calm.but(variant=CODE, release_ratio=1.0)
fresh = plain.but(state=fresh_states())
unclipped = plain.but(grad_clip=NO_CLIP)
fresh_unclipped = unclipped.but(state=fresh_states())


def mirrored(array: Any, case: Case) -> Any:
    """Return an array with the entry `case.mirror` negated."""
    return np.where(np.arange(array.size) == case.mirror, -1.0, 1.0).reshape(array.shape) * array


class Run(NamedTuple):
    """What a port did along a sequence of gradients, one entry a step."""

    params: list[Any]
    states: list[HysteroGradState]
    reports: list[Report]

    @property
    def norms(self) -> Any:
        return np.stack([report.norm for report in self.reports])

    @property
    def widths(self) -> Any:
        return np.stack([report.width for report in self.reports])

    @property
    def liquid(self) -> Any:
        return np.array([bool(report.liquid) for report in self.reports])


def run(port: Any, case: Case, grads: Iterable[Any], **changed: Any) -> Run:
    """Let a port step along the gradients from where the case starts, with some hyperparameters changed."""
    params, state, done = case.params, case.state, Run([], [], [])
    for grad in grads:
        params, state, report = port.step(params, grad, state, **{**case.hyper, **changed})
        done.params.append(params)
        done.states.append(state)
        done.reports.append(report)
    return done


def running_mean(values: Any, beta: Any) -> Any:
    """Return (1-β)·Σₖ βᵗ⁻ᵏ·vₖ for every t, from 0 and without bias correction."""
    means, mean = [], 0 * values[0]
    for value in values:
        mean = beta * mean + (1 - beta) * value
        means.append(mean)
    return np.stack(means)


def norms_under_a_constant_gradient(case: Case, times: int) -> Any:
    """Return N_t = √(k/(m(1-βᵗ))), t = 1 … times, k the number of entries: for ε = 0 and no entry of 0."""
    t = np.arange(1, times + 1)
    return np.sqrt(case.grad.size / (case.metric_scale * (1 - case.beta**t)))
