"""What every elementwise first-order method obeys, whatever its formula: laws and mistakes they share.

Such a method has an operation `step(params, grad, state, *, …) -> (params, state)` in which no entry looks at another,
and, repeated on quadratics, the operations `trajectory` and `endpoints`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from gnomon_spec.cases import Case, Cases, Quantity, choice, map_leaves
from gnomon_spec.curvature.symmetries import negated, unchanged
from gnomon_spec.descent.step_cases import StepCases, some_eps
from gnomon_spec.facts import Fact, follows, identical, same_outputs
from gnomon_spec.strategies import (
    VECTORS,
    count,
    indices,
    permutation,
    poisons,
    shapes,
    steps_of,
    symmetric,
    tame,
    zeros,
)
from gnomon_spec.system import ALL_DTYPES, WITH_ROOM, Changed, Operation, System


def on_arrays(change: Callable[[Any], Any], state: Any) -> Any:
    """Apply `change` to the arrays of a state and leave its numbers alone."""
    return map_leaves(lambda leaf: change(leaf) if np.ndim(leaf) else leaf, state)


def rearranged(value: Any, case: Case) -> Any:
    """Return the arrays of a value with their entries in the order of the case."""
    return on_arrays(lambda array: array[case.order], value)


def shifted(value: Any, case: Case) -> Any:
    return value + case.shift


def scaled(degree: int) -> Changed:
    """Return what happens to a number measured in the `degree`-th power of a unit that becomes 2ᵏ times smaller."""
    return lambda value, case: value * 2.0 ** (degree * case.power)


def declare_step_laws(
    step: Operation, cases: StepCases, mirrored: Iterable[str], units: Mapping[str, Changed] | None = None
) -> None:
    """Declare the shared laws of a step.

    mirrored: the parts of the state that are negated where all parameters and gradients are. units: how the parts of
    the state and the hyperparameters change with the unit of the gradient, for methods where nothing else does.
    """
    _, steps, calm, bare, fresh = cases
    step.symmetry(
        "equivariance",
        "entries_do_not_know_their_place",
        "Rearranging the entries of all inputs rearranges the entries of all outputs",
        cases=steps.but(order=permutation()).shaped(shapes((2,), (3,), (5,), (17,), (35,))),
        inputs={"params": rearranged, "grad": rearranged, "state": rearranged},
        outputs=rearranged,
    )
    step.symmetry(
        "equivariance",
        "a_mirrored_run_is_the_mirror_image",
        "Negating parameters and gradients negates the new parameters, bit for bit",
        cases=steps,
        inputs={"params": negated, "grad": negated, **{f"state.{part}": negated for part in mirrored}},
        outputs={"params": negated},
        same=identical,
    )

    @step.law("conservation", cases=calm.but(place=indices(), bad=poisons).shaped(shapes((2,), (3,), (5,), (17,))))
    def a_bad_gradient_stays_in_its_place(port: Any, case: Case) -> Iterable[Fact]:
        """A NaN or infinite entry of the gradient leaves every other entry of every output as it was, bit for bit."""
        poison = np.arange(case.grad.size) == case.place
        outputs = port.step(case.params, case.grad, case.state, **case.hyper)
        poisoned = port.step(case.params, np.where(poison, case.bad, case.grad), case.state, **case.hyper)

        names = ("params", *case.state._fields)
        for name, left, right in zip(names, (poisoned[0], *poisoned[1]), (outputs[0], *outputs[1]), strict=True):
            if np.ndim(left):
                yield identical(name, left[~poison], right[~poison])

    declare_shift(step, bare)
    if units is not None:
        step.symmetry(
            "invariance",
            "the_unit_of_the_gradient_does_not_matter",
            "In a unit of the gradient that is 2ᵏ times smaller the new parameters are the same, bit for bit",
            cases=bare.but(power=count(1, 3, low=-20, high=20)),
            inputs={"grad": scaled(1), **units},
            outputs={"params": unchanged},
            same=identical,
            dtypes=WITH_ROOM,
        )

    @step.law("fixed point", cases=fresh.but(grad=zeros))
    def no_gradient_no_move(port: Any, case: Case) -> Iterable[Fact]:
        """From a fresh state without weight decay, a gradient of 0 leaves the parameters alone, bit for bit."""
        params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
        yield identical("params", params, case.params)

    if "weight_decay" in step.hyperparameters:

        @step.law("invariance", cases=bare.but(elsewhere=tame()))
        def without_decay_the_state_is_of_gradients_alone(port: Any, case: Case) -> Iterable[Fact]:
            """Without weight decay, other parameters change no bit of the new state."""
            _, state = port.step(case.params, case.grad, case.state, **case.hyper)
            _, other = port.step(case.elsewhere, case.grad, case.state, **case.hyper)
            for name, left, right in zip(state._fields, other, state, strict=True):
                yield identical(name, left, right)

    declare_run_laws(step, calm)


def declare_shift(step: Operation, cases: Cases, *along: str, **others: Changed) -> None:
    """Declare that parameters can be shifted. along: inputs that are, too. others: what becomes of other outputs."""
    step.symmetry(
        "equivariance",
        "a_shifted_run_is_the_shift_of_the_run",
        "Without weight decay, adding a constant to the parameters (and to a minimiser) adds it to the new parameters",
        cases=cases.but(shift=tame()),
        inputs=dict.fromkeys(("params", *along), shifted),
        outputs={"params": shifted, **others},
        same=step.compare,
    )


def declare_run_laws(step: Operation, calm: Cases) -> None:
    """Declare the laws of runs of a step, which may return more than parameters and state."""

    @step.law("fixed point", cases=calm.but(lr=0.0))
    def no_learning_rate_no_move(port: Any, case: Case) -> Iterable[Fact]:
        """With learning rate 0 the parameters stay as they are, bit for bit, while the state moves on."""
        params, state, *_ = port.step(case.params, case.grad, case.state, **case.hyper)
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
            params, state, *_ = outputs

    @step.law("trajectory", cases=calm.but(grads=steps_of(tame(), 16)))
    def a_free_run_follows_the_oracle(port: Any, case: Case) -> Iterable[Fact]:
        """A run from the same start stays with the oracle's as long as perturbed runs of the oracle stay together."""
        yield follows("params", run(port, case), run(port.oracle, case))


def run(port: Any, case: Case) -> Any:
    """Return x₁ … x_T of a run along `case.grads`, time along the first axis."""
    params, state, iterates = case.params, case.state, []
    for grad in case.grads:
        params, state, *_ = port.step(params, grad, state, **case.hyper)
        iterates.append(params)
    return np.stack(iterates)


def declare_step_mistakes(step: Operation) -> None:
    """Declare the mistakes that any elementwise step can have."""

    @step.system.mistake(step.name)
    def last_entry_left_out(params: Any, grad: Any, state: Any, **hyper: Any) -> Any:
        """The last entry of an array is not updated (the tail of a vectorised loop is missing)."""
        new, *rest = step.reference(params, grad, state, **hyper)
        last = (np.arange(params.size) == params.size - 1).reshape(params.shape)
        return (np.where(last, params, new), *rest) if params.size else (new, *rest)

    step.edits("""
    absolute_gradient: The sign of the gradient is lost
        `` → `grad = np.abs(grad)`
    ascent_instead_of_descent: The step goes up the gradient: its sign is wrong
        `` → `grad = -grad`
    step_skipped_when_a_gradient_is_not_finite: The whole step is skipped when any entry of the gradient is not finite
        `` → `if not bool(np.all(np.isfinite(grad))):\n    return params, state`
    step_in_proportion_to_the_parameters: The gradient is multiplied by the size of the parameter (a trust ratio that
        nobody asked for)
        `` → `grad = grad * np.abs(params)`
    gradient_of_unit_length: The gradient is scaled down to length 1 when it is longer (clipping that nobody asked for)
        `` → `grad = grad * np.minimum(1, 1 / np.sqrt(np.sum(grad * grad)))`
    """)
    if "weight_decay" in step.hyperparameters:
        statement = "Weight decay 0 is taken for none given, and some is done (`weight_decay or 0.01`)"
        step.edit("no_decay_taken_for_a_default", statement, ("", "weight_decay = weight_decay or 0.01"))


def declare_repetitions(
    system: System,
    reference: Any,
    cases: Cases,
    at_rest: Mapping[str, Quantity] | None = None,
    dtypes: tuple[str, ...] = ALL_DTYPES,
) -> tuple[Operation, Operation]:
    """Declare `trajectory` and `endpoints` with their laws and mistakes.

    reference: the reference's module. cases: the hyperparameters of such a run. at_rest: those that must be limited for
    a run to stay where the gradient is 0, besides weight decay and ε. dtypes: those that such runs are about.
    """
    start = Cases({"params": tame(), "hessian": symmetric(), "minimiser": tame()}, VECTORS)
    runs = start.but(steps=count(1, 2, 3, low=0, high=12)).but(**cases.quantities)
    many = runs.but(params=tame(shape=lambda shape: (3, *shape)), steps=count(1, 2, low=0, high=4))
    trajectory = system.operation(reference.trajectory, cases=runs, compare=follows, dtypes=dtypes)
    endpoints = system.operation(reference.endpoints, cases=many, dtypes=dtypes)

    @trajectory.law("conservation")
    def a_trajectory_begins_at_its_start(port: Any, case: Case) -> Iterable[Fact]:
        """The first row is the start itself, bit for bit."""
        path = port.trajectory(case.params, case.hessian, case.minimiser, **case.hyper)
        yield identical("first row", path[0], case.params)

    rest: dict[str, Any] = {"weight_decay": 0.0, "eps": some_eps, **(at_rest or {})}
    still = runs.but(**{name: value for name, value in rest.items() if name in runs.quantities})

    @trajectory.law("fixed point", cases=still)
    def the_minimiser_is_left_by_nobody(port: Any, case: Case) -> Iterable[Fact]:
        """Started at the minimiser without weight decay, a trajectory stays there, bit for bit."""
        path = port.trajectory(case.minimiser, case.hessian, case.minimiser, **case.hyper)
        yield identical("rows", path, np.broadcast_to(case.minimiser, path.shape))

    endpoints.symmetry(
        "invariance",
        "replicas_do_not_know_each_other",
        "Rearranging the starts rearranges the ends",
        cases=many.but(order=choice((2, 0, 1), (1, 0, 2))),
        inputs={"params": lambda starts, case: starts[list(case.order)]},
        outputs={"params": lambda ends, case: ends[list(case.order)]},
    )

    endpoints.edits("""
    first_replica_for_all: The first start is used for every replica
        `for row in params]` → `for row in np.broadcast_to(params[0], params.shape)]`
    one_step_too_many: A run makes one step more than was asked for
        `steps=steps, **given)` → `steps=steps + 1, **given)`
    """)
    trajectory.edits("""
    minimiser_taken_for_the_origin: The gradient of the quadratic is H·x, as if the minimiser were 0
        `hessian @ (iterates[-1] - minimiser)` → `hessian @ iterates[-1]`
    start_left_out: The start is missing from the trajectory: it begins after the first step
        `range(steps)` → `range(steps + 1)`, `np.stack(iterates)` → `np.stack(iterates[1:])`
    """)
    return trajectory, endpoints
