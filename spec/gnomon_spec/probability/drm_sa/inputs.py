"""Small states, samples and scores; distortions whose jumps lie in a cell of the state's grid; mixtures."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_sa.grid import levels
from gnomon.probability.drm_sa.rates import Rates, Schedule
from gnomon.probability.drm_sa.step import SAState
from gnomon_spec.cases import Cases, Context, Draw, Quantity, choice
from gnomon_spec.probability.drm.inputs import NEITHER, SMOOTH, distortions
from gnomon_spec.strategies import SMALL_CODES, integers, one_of, shapes

FORMS = ("qf", "dm", "hybrid", "batching")
RATES = (
    Rates(Schedule(0.25, 8.0, 0.71), Schedule(0.25, 8.0, 0.7), Schedule(0.125, 8.0, 0.99), Schedule(0.5, 8.0, 0.14)),
    Rates(Schedule(0.5), Schedule(1.0), Schedule(0.25), Schedule(2.0)),
    Rates(Schedule(0.125, 2.0, 0.75), Schedule(2.0, 4.0, 0.5), Schedule(1.0, 1.0, 1.0), Schedule(0.25, 1.0, 0.2)),
)
SMOOTH_HERE = (*SMOOTH[:8], *SMOOTH[12:16], *NEITHER[:3])


def eighths(codes: Any, most: int) -> Any:
    """Return multiples of 1/8 from -most/8 to most/8, 0 first."""
    return (codes % (2 * most + 1) - most * (codes > 0)) / 8


def vectors(text: str, *lengths: int) -> Quantity:
    """An array of multiples of 1/8 from -4 to 4; lengths: those of its axes, 0 for that of the parameters."""

    def draw_vector(draw: Draw, context: Context) -> Any:
        (P,), known, M = context.shape, context.drawn.get("samples"), 1 + draw(SMALL_CODES) % 3
        shape = tuple(P if n == 0 else M if known is None else len(known) for n in lengths)
        return eighths(integers(draw, shape), 32).astype(context.dtype)

    return Quantity(draw_vector, text)


def some_state(draw: Draw, context: Context) -> SAState:
    n, P = 2 + draw(SMALL_CODES) % 2, context.shape[0]
    first, steps, D = (eighths(integers(draw, shape), 16) for shape in ((1,), (n,), (n, P)))
    q = np.cumsum([*first, *(np.abs(steps) + np.where(steps == 3 / 8, -2, 1) / 8)])
    qm = (q[1:] + q[:-1]) / 2
    q, qm, D = (v.astype(context.dtype) for v in (q, qm, D))
    return SAState(q, qm, D, (0, 1, 7, 1000)[draw(SMALL_CODES) % 4])


def jumping_distortions(*, many: bool = False, alone: bool = False) -> Quantity:
    """Distortions that jump at the upper edge of a cell or inside of it; many: in every cell; alone: only there."""

    def draw_distortion(draw: Draw, context: Context) -> Distortion:
        state, code = context.drawn["state"], draw(SMALL_CODES)
        z, zm = levels(state.q.astype(float), state.qm.astype(float), context.drawn["grid_power"])
        inside = z[1:] if code % 2 else zm
        held = range(len(zm)) if many else [code // 2 % len(zm)]
        if alone:
            return Distortion(jumps=((float(inside[held[0]]), 1.0),))
        smooth: Distortion = SMOOTH_HERE[code // 4 % len(SMOOTH_HERE)]
        return smooth._replace(jumps=tuple((float(inside[i]), 0.25) for i in held))

    return Quantity(draw_distortion, "a distortion that jumps in " + ("every cell" if many else "a cell"))


state = Quantity(some_state, "a state of 2 or 3 cells, quantiles rarely crossed")
rates = choice(*RATES)
steps = Cases(
    {
        "params": vectors("parameters from -4 to 4", 0), "samples": vectors("1 to 3 samples from -4 to 4", 1),
        "scores": vectors("scores from -4 to 4", 1, 0), "state": state, "grid_power": choice(1.0, 0.5, 2.0),
        "distortion": one_of(distortions(*SMOOTH_HERE), jumping_distortions()), "rates": rates,
        "form": choice(*FORMS), "maximise": choice(False, True), "extend": choice(True, False),
        "low": choice(-8.0, -2.03125), "high": choice(8.0, 2.03125), "allow_biased": choice(True),
    },
    shapes((1,), (2,)),
)  # fmt: skip
smooth_steps = steps.but(distortion=distortions(*SMOOTH_HERE))
free_steps = {"low": -64.0, "high": 64.0}


def mixture_params(*components: int) -> Quantity:
    """θ of a mixture: multiples of 1/8 from -2 to 2."""

    def draw_params(draw: Draw, context: Context) -> Any:
        J = components[draw(SMALL_CODES) % len(components)]
        return eighths(integers(draw, (3 * J,)), 16).astype(context.dtype)

    return Quantity(draw_params, "θ of a mixture of " + " or ".join(map(str, components)))


def rows(low: int, high: int, scale: float, text: str) -> Quantity:
    """A table of 1 to 3 rows of 2 or 3 draws: multiples of the scale."""

    def draw_rows(draw: Draw, context: Context) -> Any:
        known = context.drawn.get("uniforms")
        shape = (1 + draw(SMALL_CODES) % 3, 2 + draw(SMALL_CODES) % 2) if known is None else known.shape
        return ((low + integers(draw, shape) % (high - low)) * scale).astype(context.dtype)

    return Quantity(draw_rows, text)


run_how = {name: steps.quantities[name] for name in ("grid_power", "distortion", "rates", "form", "maximise", "extend")}
bounded: Any = {"low": -2.5, "high": 2.5, "allow_biased": True}
scalar_runs = Cases(
    {"params": vectors("θ", 0), "draws": rows(-24, 25, 1 / 8 + 1 / 512, "normal draws"), "state": state, **run_how},
    shapes((1,)),
).but(**bounded)
as_many = Quantity(lambda draw, c: some_state(draw, c._replace(shape=c.drawn["params"].shape)), state.text)
mixture_runs = Cases(
    {
        "params": mixture_params(2, 1), "uniforms": rows(0, 63, 1 / 64, "draws from [0, 1)"),
        "normals": rows(-24, 25, 1 / 8 + 1 / 512, "normal draws"), "state": as_many, **run_how,
    },
    shapes((1,)),
).but(**bounded)  # fmt: skip
points = Quantity(
    lambda draw, c: np.sort(eighths(integers(draw, (2 + draw(SMALL_CODES) % 3,)), 32)).astype(c.dtype),
    "2 to 4 points from -4 to 4 that do not fall",
)
mixtures = Cases({"params": mixture_params(2, 1, 3), "samples": points, "points": points}, shapes((1,)))
