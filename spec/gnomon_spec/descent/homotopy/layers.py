"""The layers along a run: an estimator for each."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.descent.homotopy import layers as reference
from gnomon.descent.homotopy.estimator import EstimatorState
from gnomon.descent.homotopy.layers import LayersState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, probes, regular_matrix
from gnomon_spec.descent.homotopy import system
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.inputs import HIGHEST, decay, declare_order_of_bounds, near_one, nonzero
from gnomon_spec.descent.homotopy.layer_rates import bounds
from gnomon_spec.facts import Fact, agree, equal, identical, rejects
from gnomon_spec.strategies import SMALL_CODES, count
from gnomon_spec.system import WITH_ROOM

NAMES = ("first", "second", "third")


def layered(quantity: Quantity) -> Quantity:
    """One of each quantity for every layer of the state drawn before."""

    def draw_layers(draw: Draw, context: Context) -> tuple[Any, ...]:
        return tuple(quantity.draw(draw, context) for _ in context.drawn["state"].names)

    return Quantity(draw_layers, f"for each layer: {quantity.text}")


def draw_state(draw: Draw, context: Context) -> LayersState:
    layers, calls = 1 + draw(SMALL_CODES) % 3, max(0, draw(SMALL_CODES) % 9 - 3)

    def some(fresh: float) -> Any:
        drawn = [near_one.draw(draw, context) if calls else fresh for _ in range(layers)]
        return np.array(drawn, context.dtype)

    return LayersState(NAMES[:layers], calls, some(0.0), some(0.0), some(1.0), some(1e-3))


states = Quantity(draw_state, "LayersState of 1 to 3 layers: fresh, or any after 1 to 5 calls")
steps = Cases(
    {
        "state": states,
        "operators": layered(operator(regular_matrix())),
        "grads": layered(nonzero()),
        "probes": layered(probes(2)),
        "starts": layered(nonzero_vector()),
        "step_index": count(0, 2, 6, high=12),
    },
    UP_TO_3,
).but(
    layer_frequency=count(1, 2, 3, low=1, high=3),
    frequency=count(1, 2, 3, low=1, high=3),
    decay=decay,
    iterations=count(1, 2, low=1, high=2),
    rtol=0.0,
    **bounds,
    normalize_by_median=True,
)
schedule_layers = system.operation(reference.schedule_layers, cases=steps, dtypes=WITH_ROOM)
declare_order_of_bounds(schedule_layers)
plain = steps.but(variant="standard", min_lr=0.0, max_lr=HIGHEST)


@schedule_layers.law("conservation", cases=plain.but(layer_frequency=count(2, 3, low=2, high=4)))
def between_its_turns_nothing_changes(port: Any, case: Case) -> Iterable[Fact]:
    """At steps that layer_frequency does not divide the state stays as it is, and no product is made."""
    state, products = schedule_layers.call(port, case, step_index=case.layer_frequency + 1)
    yield identical("rates", state.rates, case.state.rates)
    yield identical("curvatures", state.curvatures, case.state.curvatures)
    yield agree("calls", state.calls, case.state.calls)
    yield agree("products", products, 0)


@schedule_layers.law("closed form", cases=plain.but(iterations=1))
def the_two_frequencies_multiply(port: Any, case: Case) -> Iterable[Fact]:
    """The estimators count the turns and not the steps: the Hessian is asked at the first and at every N-th of them."""
    state, made = case.state._replace(calls=0), []
    for step_index in range(5):
        state, products = schedule_layers.call(port, case, state=state, step_index=step_index)
        made.append(products)
    cost = sum(1 + len(rows) for rows in case.probes)
    expected = []
    for step_index in range(5):
        turn = step_index // case.layer_frequency + 1
        now = step_index % case.layer_frequency == 0 and (turn == 1 or turn % case.frequency == 0)
        expected.append(cost * now)
    yield agree("products", made, expected)


@schedule_layers.law("closed form", cases=plain)
def each_layer_has_its_own_estimator(port: Any, case: Case) -> Iterable[Fact]:
    """κ of a layer is what `estimate` gives from its own block, gradient and means; the rates are those of
    `layer_rates`."""
    state, _ = schedule_layers.call(port, case, step_index=0)
    measuring = {name: case[name] for name in ("frequency", "decay", "iterations", "rtol")}
    for layer, name in enumerate(case.state.names):
        before = EstimatorState(case.state.calls, case.state.norm_averages[layer], case.state.trace_averages[layer])
        vectors = (case.operators[layer], case.grads[layer], case.probes[layer], case.starts[layer])
        after, found = port.oracle.estimate(before, *vectors, **measuring, variant="standard")
        yield equal(f"curvature of {name}", state.curvatures[layer], found.curvature)
        yield equal(f"norm of {name}", state.norm_averages[layer], after.norm_average)
    bounds = {name: case[name] for name in ("base_lr", "min_lr", "max_lr", "normalize_by_median", "variant")}
    yield equal("rates", state.rates, port.oracle.layer_rates(state.curvatures, **bounds))


@schedule_layers.law("rejects", cases=plain)
def bad_layers_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A gradient too few and a name given twice are rejected."""
    call = partial(schedule_layers.call, port, case, step_index=0)
    yield rejects("a gradient too few", lambda: call(grads=case.grads[:-1]))
    doubled = LayersState(
        (*case.state.names, case.state.names[0]), 0, *(np.concatenate([x, x[:1]]) for x in case.state[2:])
    )
    more = {name: (*case[name], case[name][0]) for name in ("operators", "grads", "probes", "starts")}
    yield rejects("a name given twice", lambda: call(state=doubled, **more))


schedule_layers.edits("""
layers_measured_at_every_step: layer_frequency is ignored
    `if step_index % layer_frequency != 0:` → `if False:`
frequencies_do_not_multiply: The Hessian is measured at every turn: N is ignored
    `**measuring` → `**{**measuring, "frequency": 1}`
first_gradient_for_all_layers: Every layer's curvature is taken with the first layer's gradient
    `grads[layer]` → `grads[0]`
layers_keep_their_first_rates: The rates are computed and never stored
    `traces, curvatures, rates)` → `traces, curvatures, state.rates)`
products_of_one_layer_counted: Only the first layer's products are counted
    `sum(measurement.products for _, measurement in found)` → `found[0][1].products`
""")
