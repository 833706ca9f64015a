"""AdamW: Adam whose weight decay shrinks the parameters themselves and never enters the moments.

Definition, with x the parameters, λ the weight decay, m̂ and v̂ Adam's corrected moments of the gradient alone::

    x ← x·(1 - lr·λ)
    x ← x - lr·m̂/(√v̂ + ε)

Variants: those of Adam.

Where sources disagree. The decay is that of the *old* parameters: it acts before the step (torch), or is added to the
update as λ·x (optax), which is the same number up to rounding. Decaying the parameters after the step is a bug that a
library shipped (huggingface/transformers#14539). Default weight decay: 1e-2 (torch); optax has 1e-4.

Sources: Loshchilov & Hutter, arXiv 1711.05101; `torch.optim.AdamW` 2.13; `optax.adamw` 0.2.8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gnomon.descent import adamw as reference
from gnomon_spec.cases import Case
from gnomon_spec.descent import adam_family, elementwise
from gnomon_spec.descent.step_cases import decay
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import count
from gnomon_spec.system import System

system = System("adamw", title="AdamW", text=__doc__ or "")
step = system.operation(reference.step, cases=adam_family.cases.steps, rejecting=adam_family.calm)
adam_family.declare_laws(step)
elementwise.declare_repetitions(system, reference, adam_family.hyperparameters)

decaying = adam_family.calm.but(weight_decay=decay(0.5, 0.01))


@step.law("invariance", cases=decaying)
def decay_acts_on_the_parameters_before_the_step(port: Any, case: Case) -> Iterable[Fact]:
    """Shrinking the parameters by 1 - lr·λ by hand and stepping without decay gives the same parameters."""
    params, _ = port.step(case.params, case.grad, case.state, **case.hyper)
    shrunk = case.params * (1 - case.lr * case.weight_decay)
    expected, _ = port.oracle.step(shrunk, case.grad, case.state, **{**case.hyper, "weight_decay": 0.0})
    yield equal("params", params, expected)


@step.law("invariance", cases=decaying)
def decay_never_enters_the_moments(port: Any, case: Case) -> Iterable[Fact]:
    """The moments are those of the same step without weight decay."""
    _, state = port.step(case.params, case.grad, case.state, **case.hyper)
    _, expected = port.oracle.step(case.params, case.grad, case.state, **{**case.hyper, "weight_decay": 0.0})
    yield equal("first_moment", state.first_moment, expected.first_moment)
    yield equal("second_moment", state.second_moment, expected.second_moment)


@step.law(
    "closed form",
    cases=adam_family.fresh.but(weight_decay=decay(0.5, 0.01), times=count(1, 2, low=1, high=12)),
)
def without_gradients_only_decay_is_left(port: Any, case: Case) -> Iterable[Fact]:
    """With gradients 0 from a fresh state, t steps multiply the parameters by (1 - lr·λ)ᵗ."""
    params, state = case.params, case.state
    for _ in range(case.times):
        params, state = port.step(params, 0 * case.grad, state, **case.hyper)
    yield equal("params", params, (1 - case.lr * case.weight_decay) ** case.times * case.params)


adam_family.declare_mistakes(step)
DECAY = "params * (1 - lr * weight_decay)"
step.edit("decay_left_out", "Weight decay is ignored", (DECAY, "params"))
step.edit(
    "decay_after_the_update",
    "Weight decay is applied to the already updated parameters (huggingface/transformers#14539)",
    (DECAY, "params"),
    (
        "decayed - lr * m_hat / (np.sqrt(v_hat) + eps)",
        "(decayed - lr * m_hat / (np.sqrt(v_hat) + eps)) * (1 - lr * weight_decay)",
    ),
)
step.edit(
    "decay_through_the_gradient",
    "Weight decay is added to the gradient (coupled, as in Adam) instead of being taken off the parameters",
    ("", "grad = grad + weight_decay * params"),
    (DECAY, "params"),
)
step.edit(
    "decay_not_scaled_by_the_learning_rate",
    "The parameters are multiplied by 1 - λ instead of 1 - lr·λ",
    (DECAY, "params * (1 - weight_decay)"),
)
