"""What the operations are given: functions of several arrays, points away from their minimum, samplers, states."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.sam.optimizer import SamState, descended
from gnomon.descent.sam.sampling import Sampler
from gnomon.descent.sam.steps import SampledState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.hessian_free.drawn_objectives import positive_matrix
from gnomon_spec.several_arrays import arrays, cubic, like
from gnomon_spec.strategies import CODES, SMALL_CODES, VECTORS, number, single, tame

vectors = nonzero_vector()
quadratic = cubic(positive_matrix(2.0**-4, 8.0), vectors)
bent = cubic(positive_matrix(2.0**-4, 8.0, signed=True), vectors, bends=(0.0, 0.5, -0.25))
cubics = cubic(positive_matrix(2.0**-4, 8.0, signed=True), vectors, bends=(0.5, -0.25, 2.0))
away = arrays(
    Quantity(
        lambda draw, c: np.asarray(c.drawn["objective"].objective.stationary + vectors.draw(draw, c), c.dtype),
        "vector (n,), entries from 1/4 to 4 away from the stationary point",
    )
)
RHO = number(0.05, 0.5, 1.0, 0.125, exponents=(-6, 1))
GUARD = choice(0.0, 0.0, 0.25, 1e-12)
RATES: dict[str, Any] = {
    "lr": number(0.05, 0.5, 0.125, exponents=(-6, 0)),
    "momentum": choice(0.0, 0.9, 0.5),
    "weight_decay": choice(0.0, 1e-3, 0.25),
}
PLAIN = {"lr": 0.5, "momentum": 0.0, "weight_decay": 0.0}
problems = Cases({"objective": bent, "params": away}, VECTORS).but(rho=RHO, eps=GUARD)
quadratics = problems.but(objective=quadratic, eps=0.0)


def states(most: int = 3) -> Quantity:
    """A `SamState` after up to `most` steps, with any buffers."""

    def draw_state(draw: Draw, context: Context) -> SamState:
        count = draw(SMALL_CODES) % (most + 1)
        buffers = like("params", tame(-1)).draw(draw, context)
        return SamState(buffers if count else tuple(map(np.zeros_like, buffers)), count)

    return Quantity(draw_state, f"SamState after 0 to {most} steps, any buffers")


def windows(draw: Draw, context: Context, length: int, filled: int) -> Any:
    """Return numbers from 1/2 to 4, the first ones 0 if fewer than `length` are filled."""
    code = draw(CODES)
    drawn = np.random.Generator(np.random.PCG64(code)).uniform(0.5, 4.0, length) if code else np.arange(1.0, length + 1)
    return np.where(np.arange(length) < length - filled, 0, drawn).astype(context.dtype)


def samplers(*, full: bool | None = None) -> Quantity:
    """A `Sampler` of 4 to 9 steps a window; `full`: with a sample in each place of its windows, or with too few."""

    def draw_sampler(draw: Draw, context: Context) -> Sampler:
        code, K = draw(CODES), LENGTHS[draw(SMALL_CODES) % len(LENGTHS)]
        many = code % 3 > 0 if full is None else full
        samples = K + code // 3 % 3 if many else code // 3 % K
        S = 1 + (code // 9 % (4 * K - 4)) / 4 + (0.125 if code // 36 % 4 else 0)
        S = np.asarray(min(S, K - 0.875), context.dtype)
        n = 1 + code // 36 % (3 * K) if code % 2 else K * (1 + code // 36 % 3)
        arrays = (windows(draw, context, K, samples) for _ in range(3))
        taken = min(code // 108 % (K + 1), (n - 1) % K + 1)
        return Sampler(n, taken, samples, S, S / K, *arrays)

    return Quantity(draw_sampler, "Sampler at any step of windows of 4 to 9 steps")


def drawn_length(context: Context) -> int:
    """Return K of the sampler, or the state, that was drawn before."""
    sampler = context.drawn["sampler"] if "sampler" in context.drawn else context.drawn["state"].sampler
    return len(sampler.norms)


LENGTHS = (4, 6, 5, 7, 9)
max_p = Quantity(
    lambda draw, c: (1.5 + int(draw(SMALL_CODES)) % (drawn_length(c) - 1)) / drawn_length(c),
    "number in (0, 1] that allows a number of samples that rounding does not change",
    lambda value: 0 < value <= 1,
)
blocks = Quantity(
    lambda draw, c: 2 if draw(SMALL_CODES) % 4 else 1 + draw(SMALL_CODES) % (drawn_length(c) // 2),
    "a number of blocks of two entries at least",
    lambda value: value >= 1,
)
last = Quantity(
    lambda draw, c: 1 + draw(SMALL_CODES) % len(c.drawn["params"]),
    "1 to the number of arrays",
    lambda value: value >= 1,
)
all_arrays = Quantity(lambda _, c: len(c.drawn["params"]), "the number of arrays", lambda value: value >= 1)
uniforms = single(number(0.0, 0.5, 0.9, 0.99, exponents=(-6, -2)))
seeds = Quantity(lambda draw, _c: int(draw(CODES)), "any seed")


def stream(seed: int, length: int) -> Any:
    """Return numbers of a uniform stream."""
    return np.random.Generator(np.random.PCG64(seed)).uniform(size=length)


def sampled_states(sampler: Quantity, *, started: bool | None = None) -> Quantity:
    """A `SampledState` with such a sampler; `started`: after a sample, or before any."""

    def draw_state(draw: Draw, context: Context) -> SampledState:
        code, drawn = draw(CODES), sampler.draw(draw, context)
        begun = code % 4 > 0 if started is None else started
        buffers, psf = (like("params", tame(-1)).draw(draw, context) for _ in range(2))
        norm = np.asarray(1 + code // 4 % 7, context.dtype)
        if not begun:
            drawn, psf, norm = drawn._replace(samples=0), tuple(map(np.zeros_like, psf)), 0 * norm
        reuses = code // 84 % 4
        product = np.asarray(0.7**reuses if begun else 1.0, context.dtype)
        return SampledState(buffers, psf, norm, drawn, 1 + code // 28 % 3, reuses, product, code % 5, code % 7)

    return Quantity(draw_state, f"SampledState: {sampler.text}")


def sgd_along(case: Case, directions: Any) -> tuple[Any, Any]:
    """Return parameters and buffers after a step of SGD along a direction for each array, from the case's state."""
    rates = {name: case[name] for name in RATES}
    return descended(case.params, directions, case.state, rates)
