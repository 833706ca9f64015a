"""Both forms of weight decay: added to the gradient (coupled), or taken off the parameters themselves (decoupled)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gnomon_spec.cases import Case, Cases
from gnomon_spec.descent.step_cases import decay
from gnomon_spec.facts import Fact, equal, same_outputs
from gnomon_spec.system import Operation


def declare_coupled(step: Operation, calm: Cases) -> None:
    """Declare the law and the mistakes of weight decay that is added to the gradient."""

    @step.law("invariance", cases=calm.but(weight_decay=decay(0.5, 0.01)))
    def weight_decay_is_a_gradient(port: Any, case: Case) -> Iterable[Fact]:
        """Weight decay λ acts as the gradient λ·x: it can be added to the gradient by hand, and enters the state."""
        outputs = port.step(case.params, case.grad, case.state, **case.hyper)
        by_hand = case.grad + case.weight_decay * case.params
        without = {**case.hyper, "weight_decay": 0.0}
        yield from same_outputs("params", outputs, port.oracle.step(case.params, by_hand, case.state, **without))

    step.edits("""
    decay_left_out: Weight decay is ignored
        `grad = grad + weight_decay * params` → `pass`
    decay_of_the_wrong_sign: Weight decay pushes the parameters away from 0
        `grad = grad + weight_decay * params` → `grad = grad - weight_decay * params`
    decay_decoupled_from_the_gradient: Weight decay is taken off the parameters (as in AdamW) instead of being added to
        the gradient [decoupled weight decay: Loshchilov & Hutter 2019]
        `grad = grad + weight_decay * params` → `params = params - lr * weight_decay * params`
    decay_decoupled_and_not_scaled: Weight decay is taken off the parameters without being multiplied by the learning
        rate
        `grad = grad + weight_decay * params` → `params = params - weight_decay * params`
    decay_is_a_constant: λ is added to every entry of the gradient, whatever the size and the sign of the parameter
        `grad = grad + weight_decay * params` → `grad = grad + weight_decay`
    """)


def declare_decoupled(step: Operation, calm: Cases, left_out: str, *, turns: bool = True) -> None:
    """Declare the laws and the mistakes of weight decay that is taken off the parameters.

    left_out: the edit. turns: whether lr·λ > 1 is legal, where the parameters are turned round.
    """
    decaying = calm.but(weight_decay=decay(0.5, 0.01))

    @step.law("invariance", cases=decaying)
    def decay_acts_on_the_parameters_before_the_step(port: Any, case: Case) -> Iterable[Fact]:
        """The oracle's step without decay, from parameters shrunk by 1 - lr·λ by hand, gives the same parameters."""
        params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
        shrunk = case.params * (1 - case.lr * case.weight_decay)
        expected, _ = port.oracle.step(shrunk, case.grad, case.state, **{**case.hyper, "weight_decay": 0.0})
        yield equal("params", params, expected)

    @step.law("invariance", cases=decaying)
    def decay_never_enters_the_state(port: Any, case: Case) -> Iterable[Fact]:
        """The new state is that of the oracle's step without weight decay."""
        _, state = port.step(case.params, case.grad, case.state, **case.hyper)
        without = {**case.hyper, "weight_decay": 0.0}
        yield from same_outputs("state", state, port.oracle.step(case.params, case.grad, case.state, **without)[1])

    step.edits(f"""
    decay_left_out: Weight decay is ignored
        {left_out}
    decay_through_the_gradient: Weight decay is added to the gradient (coupled, as in Adam) instead of being taken off
        the parameters
        `` → `grad = grad + weight_decay * params`, {left_out}
    decay_not_scaled_by_the_learning_rate: The parameters are multiplied by 1 - λ instead of 1 - lr·λ
        [decay as in Loshchilov & Hutter 2019, algorithm 2, with a schedule multiplier of 1]
        `` → `params = params * (1 - weight_decay)`, {left_out}
    decay_is_a_constant: lr·λ is taken off every parameter, whatever its size and its sign
        `` → `params = params - lr * weight_decay`, {left_out}
    """)
    if turns:
        step.edits(f"""
        decay_stops_at_nought: Where lr·λ is above 1 the parameters become 0, and are not turned round
            `` → `params = params * max(1 - lr * weight_decay, 0.0)`, {left_out}
        """)
