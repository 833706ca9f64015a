"""What every elementwise first-order method obeys, whatever its formula: laws and mistakes they share.

Such a method has an operation `step(params, grad, state, *, …) -> (params, state)` in which no entry looks at another,
and, repeated on quadratics, the operations `trajectory` and `endpoints`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from gnomon.descent import on_quadratics
from gnomon_spec.cases import Case, Cases, Quantity, choice, map_leaves
from gnomon_spec.facts import Fact, equal, follows, identical, rejects, same_outputs
from gnomon_spec.strategies import (
    VECTORS,
    count,
    indices,
    permutation,
    shapes,
    steps_of,
    symmetric,
    tame,
)
from gnomon_spec.system import ALL_DTYPES, Operation, System

Step = Callable[..., tuple[Any, Any]]


def on_arrays(change: Callable[[Any], Any], state: Any) -> Any:
    """Apply `change` to the arrays of a state and leave its numbers alone."""
    return map_leaves(lambda leaf: leaf if isinstance(leaf, int) else change(leaf), state)


def declare_step_laws(step: Operation, steps: Cases, calm: Cases, mirrored: Callable[[Any], Any]) -> None:
    """Declare the shared laws of a step.

    steps: any cases. calm: cases whose numbers stay far from the ends of the dtype's range. mirrored: the state that a
    run with all parameters and gradients negated would have.
    """

    @step.law("equivariance", cases=steps.but(order=permutation()).shaped(shapes((2,), (3,), (5,), (17,), (35,))))
    def entries_do_not_know_their_place(port: Any, case: Case) -> Iterable[Fact]:
        """Rearranging the entries of all inputs rearranges the entries of all outputs."""

        def rearrange(array: Any) -> Any:
            return array[case.order]

        outputs = port.step(case.params, case.grad, case.state, **case.hyper)
        moved = port.step(rearrange(case.params), rearrange(case.grad), on_arrays(rearrange, case.state), **case.hyper)
        return same_outputs("params", moved, on_arrays(rearrange, outputs))

    @step.law("equivariance", cases=steps)
    def a_mirrored_run_is_the_mirror_image(port: Any, case: Case) -> Iterable[Fact]:
        """Negating parameters and gradients negates the new parameters, bit for bit."""
        params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
        mirror, _ = port.step(-case.params, -case.grad, mirrored(case.state), **case.hyper)
        yield identical("params", mirror, -params)

    @step.law(
        "conservation",
        cases=calm.but(place=indices(), bad=choice(np.nan, np.inf, -np.inf)).shaped(shapes((2,), (3,), (5,), (17,))),
    )
    def a_bad_gradient_stays_in_its_place(port: Any, case: Case) -> Iterable[Fact]:
        """A NaN or infinite entry of the gradient leaves every other entry of every output as it was, bit for bit."""
        poison = np.arange(case.grad.size) == case.place
        outputs = port.step(case.params, case.grad, case.state, **case.hyper)
        poisoned = port.step(case.params, np.where(poison, case.bad, case.grad), case.state, **case.hyper)

        def others(array: Any) -> Any:
            return array[~poison]

        names = ("params", *case.state._fields)
        before = (outputs[0], *outputs[1])
        after = (poisoned[0], *poisoned[1])
        for name, left, right in zip(names, after, before, strict=True):
            if not isinstance(left, int):
                yield identical(name, others(left), others(right))

    @step.law("fixed point", cases=calm.but(lr=0.0))
    def no_learning_rate_no_move(port: Any, case: Case) -> Iterable[Fact]:
        """With learning rate 0 the parameters stay as they are, bit for bit, while the state moves on."""
        params, state = port.step(case.params, case.grad, case.state, **case.hyper)
        yield identical("params", params, case.params)
        yield from same_outputs("state", state, port.oracle.step(case.params, case.grad, case.state, **case.hyper)[1])

    @step.law("trajectory", cases=calm.but(grads=steps_of(tame(), 8)))
    def every_step_of_a_run_is_right(port: Any, case: Case) -> Iterable[Fact]:
        """Along a run of its own, every step is what the oracle does from the port's own state (step-locked)."""
        params, state = case.params, case.state
        for t, grad in enumerate(case.grads):
            outputs = port.step(params, grad, state, **case.hyper)
            expected = port.oracle.step(params, grad, state, **case.hyper)
            for fact in same_outputs("params", outputs, expected):
                yield fact._replace(label=f"{fact.label} after step {t + 1}")
            params, state = outputs

    @step.law("trajectory", cases=calm.but(grads=steps_of(tame(), 16)))
    def a_free_run_follows_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
        """A run from the same start stays with the oracle's as long as perturbed runs of the oracle stay together."""
        yield follows("params", run(port, case), run(port.oracle, case))

    @step.law("bad input", cases=calm)
    def bad_input_is_rejected(port: Any, case: Case) -> Iterable[Fact]:
        """A learning rate that is negative or not a number, and arrays that do not fit, are rejected, not used."""
        arguments = {"params": case.params, "grad": case.grad, "state": case.state}
        wrong_shape = np.concatenate([case.grad.reshape(-1), case.grad.reshape(-1), np.ones(2, case.grad.dtype)])
        for label, changed in (
            ("lr = -1", {"lr": -1.0}),
            ("lr = nan", {"lr": np.nan}),
            ("grad of another shape", {"grad": wrong_shape}),
        ):
            given = {**arguments, **case.hyper, **changed}
            yield rejects(label, partial(_call, port.step, given))


def _call(step: Step, given: dict[str, Any]) -> Any:
    hyper = {name: value for name, value in given.items() if name not in ("params", "grad", "state")}
    return step(given["params"], given["grad"], given["state"], **hyper)


def run(port: Any, case: Case) -> Any:
    """Return x₁ … x_T of a run along `case.grads`, time along the first axis."""
    params, state, iterates = case.params, case.state, []
    for grad in case.grads:
        params, state = port.step(params, grad, state, **case.hyper)
        iterates.append(params)
    return np.stack(iterates)


def declare_step_mistakes(system: System, reference: Step) -> None:
    """Declare the mistakes that any elementwise step can have."""

    @system.mistake("step")
    def last_entry_left_out(params: Any, grad: Any, state: Any, **hyper: Any) -> Any:
        """The last entry of an array is not updated (the tail of a vectorised loop is missing)."""
        new, state = reference(params, grad, state, **hyper)
        if params.size == 0:
            return new, state
        last = (np.arange(params.size) == params.size - 1).reshape(params.shape)
        return np.where(last, params, new), state

    @system.mistake("step")
    def absolute_gradient(params: Any, grad: Any, state: Any, **hyper: Any) -> Any:
        """The sign of the gradient is lost."""
        return reference(params, np.abs(grad), state, **hyper)

    @system.mistake("step")
    def ascent_instead_of_descent(params: Any, grad: Any, state: Any, **hyper: Any) -> Any:
        """The step goes up the gradient: its sign is wrong."""
        return reference(params, -grad, state, **hyper)

    @system.mistake("step")
    def step_skipped_when_a_gradient_is_not_finite(params: Any, grad: Any, state: Any, **hyper: Any) -> Any:
        """The whole step is skipped when any entry of the gradient is not finite."""
        return reference(params, grad, state, **hyper) if bool(np.all(np.isfinite(grad))) else (params, state)

    @system.mistake("step")
    def step_in_proportion_to_the_parameters(params: Any, grad: Any, state: Any, **hyper: Any) -> Any:
        """The gradient is multiplied by the size of the parameter (a trust ratio that nobody asked for)."""
        return reference(params, grad * np.abs(params), state, **hyper)

    @system.mistake("step")
    def gradient_of_unit_length(params: Any, grad: Any, state: Any, **hyper: Any) -> Any:
        """The gradient is scaled down to length 1 when it is longer (clipping that nobody asked for)."""
        length = np.sqrt(np.sum(grad * grad))
        return reference(params, grad * np.minimum(1, 1 / length), state, **hyper)


def declare_repetitions(
    system: System,
    reference: Any,
    init: Callable[..., Any],
    cases: Cases,
    at_rest: Mapping[str, Quantity] | None = None,
    dtypes: tuple[str, ...] = ALL_DTYPES,
) -> tuple[Operation, Operation]:
    """Declare `trajectory` and `endpoints` with their laws and mistakes.

    reference: the reference's module. init: its initial state, given the start and the hyperparameters that it names.
    cases: the hyperparameters of such a run. at_rest: those that must be limited for a run to stay where the gradient
    is 0, besides weight decay. dtypes: those that such runs are about.
    """
    runs = (
        Cases({"params": tame(), "hessian": symmetric(), "minimiser": tame()}, VECTORS)
        .but(steps=count(1, 2, 3, low=0, high=12))
        .but(**cases.quantities)
    )
    many = runs.but(params=tame(shape=lambda shape: (3, *shape)), steps=count(1, 2, low=0, high=4))
    trajectory = system.operation(
        reference.trajectory,
        cases=runs,
        built_from="step",
        build=partial(_build_trajectory, init),
        compare=follows,
        dtypes=dtypes,
    )
    endpoints = system.operation(
        reference.endpoints, cases=many, built_from="step", build=partial(_build_endpoints, init), dtypes=dtypes
    )

    @trajectory.law("conservation")
    def a_trajectory_begins_at_its_start(port: Any, case: Case) -> Iterable[Fact]:
        """The first row is the start itself, bit for bit, and there is one row a step after it."""
        path = port.trajectory(case.params, case.hessian, case.minimiser, **case.hyper)
        yield identical("first row", path[0], case.params)
        yield identical("rows", np.array(path.shape[0]), np.array(case.steps + 1))

    still = runs.but(weight_decay=0.0) if "weight_decay" in runs.quantities else runs

    @trajectory.law("fixed point", cases=still.but(**(at_rest or {})))
    def the_minimiser_is_left_by_nobody(port: Any, case: Case) -> Iterable[Fact]:
        """Started at the minimiser without weight decay, a trajectory stays there, bit for bit."""
        path = port.trajectory(case.minimiser, case.hessian, case.minimiser, **case.hyper)
        yield identical("rows", path, np.broadcast_to(case.minimiser, path.shape))

    @endpoints.law("invariance", cases=many.but(order=choice((2, 0, 1), (1, 0, 2))))
    def replicas_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
        """Rearranging the starts rearranges the ends."""
        ends = port.endpoints(case.params, case.hessian, case.minimiser, **case.hyper)
        order = list(case.order)
        moved = port.endpoints(case.params[order], case.hessian, case.minimiser, **case.hyper)
        yield equal("ends", moved, ends[order])

    @system.mistake("trajectory")
    def minimiser_taken_for_the_origin(params: Any, hessian: Any, minimiser: Any, **hyper: Any) -> Any:
        """The gradient of the quadratic is H·x, as if the minimiser were 0."""
        return reference.trajectory(params, hessian, np.zeros_like(minimiser), **hyper)

    @system.mistake("trajectory")
    def start_left_out(params: Any, hessian: Any, minimiser: Any, *, steps: int, **hyper: Any) -> Any:
        """The start is missing from the trajectory: it begins after the first step."""
        return reference.trajectory(params, hessian, minimiser, steps=steps + 1, **hyper)[1:]

    @system.mistake("endpoints")
    def first_replica_for_all(params: Any, hessian: Any, minimiser: Any, **hyper: Any) -> Any:
        """The first start is used for every replica."""
        return reference.endpoints(np.broadcast_to(params[0], params.shape), hessian, minimiser, **hyper)

    @system.mistake("endpoints")
    def one_step_too_many(params: Any, hessian: Any, minimiser: Any, *, steps: int, **hyper: Any) -> Any:
        """A run makes one step more than was asked for."""
        return reference.endpoints(params, hessian, minimiser, steps=steps + 1, **hyper)

    return trajectory, endpoints


def _build_trajectory(init: Callable[..., Any], step: Callable[..., Any]) -> Callable[..., Any]:
    first = [name for name, parameter in signature(init).parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]

    def trajectory(params: Any, hessian: Any, minimiser: Any, *, steps: int, **hyper: Any) -> Any:
        begin = partial(init, **{name: hyper.pop(name) for name in first if name in hyper})
        return on_quadratics.iterate(begin, step, params, hessian, minimiser, steps, **hyper)

    return trajectory


def _build_endpoints(init: Callable[..., Any], step: Callable[..., Any]) -> Callable[..., Any]:
    def endpoints(params: Any, hessian: Any, minimiser: Any, *, steps: int, **hyper: Any) -> Any:
        trajectory = _build_trajectory(init, step)
        return on_quadratics.iterate_many(trajectory, params, hessian, minimiser, steps, **hyper)

    return endpoints
