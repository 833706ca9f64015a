"""Adam: the gradient's running mean, divided by the root of the running mean of its square.

Definition, with x the parameters, g the gradient, λ the (coupled) weight decay, t counted from 1::

    g ← g + λ·x
    m ← β₁·m + (1-β₁)·g          m̂ = m/(1-β₁ᵗ)
    v ← β₂·v + (1-β₂)·g²         v̂ = v/(1-β₂ᵗ)
    x ← x - lr·m̂/(√v̂ + ε)

Variants. `adam` is the default. AMSGrad replaces v̂ by a maximum over time, and the two libraries that made it known
differ: `amsgrad-torch` takes the maximum of v and corrects it, `amsgrad-optax` corrects v and takes the maximum. With
gradients that fade, the two trajectories part visibly; while |g| is constant they agree.

Where sources disagree. ε stands outside the root and after the bias correction (torch, optax); the paper's "efficient"
form adds it before the correction, which makes it 31 times smaller at t = 1 with β₂ = 0.999, and some libraries add it
inside the root. Both are catalogued here as mistakes. The paper's bound on a step, lr·max(1, (1-β₁)/√(1-β₂)), is false:
with gradients growing like (β₂/β₁)ˢ a step reaches 7.27·lr for the default β's, where 3.16·lr is claimed; the law
`no_step_is_longer_than_the_sharp_bound` has the right one.

Sources: Kingma & Ba, arXiv 1412.6980; Reddi, Kale & Kumar, "On the Convergence of Adam and Beyond";
`torch.optim.Adam` 2.13; `optax.adam`, `optax.amsgrad` 0.2.8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gnomon.descent import adam as reference
from gnomon_spec.cases import Case
from gnomon_spec.descent import adam_family, elementwise
from gnomon_spec.facts import Fact, equal
from gnomon_spec.system import System

system = System("adam", title="Adam", text=__doc__ or "")
step = system.operation(reference.step, cases=adam_family.steps, rejecting=adam_family.calm)
adam_family.declare_laws(step)
elementwise.declare_repetitions(system, reference, adam_family.hyperparameters, at_rest={"eps": adam_family.some_eps})


@step.law("invariance", cases=adam_family.calm.but(weight_decay=adam_family.decay(0.5, 0.01)))
def weight_decay_is_a_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """Weight decay λ acts as the gradient λ·x: it can be added to the gradient by hand and enters both moments."""
    params, state = port.step(case.params, case.grad, case.state, **case.hyper)
    by_hand = case.grad + case.weight_decay * case.params
    hyper = {**case.hyper, "weight_decay": 0.0}
    expected, oracle_state = port.oracle.step(case.params, by_hand, case.state, **hyper)
    yield equal("params", params, expected)
    yield equal("second_moment", state.second_moment, oracle_state.second_moment)


adam_family.declare_mistakes(step)
COUPLED = "grad = grad + weight_decay * params"
step.edit("decay_left_out", "Weight decay is ignored", (COUPLED, "pass"))
step.edit(
    "decay_decoupled_from_the_gradient",
    "Weight decay is taken off the parameters (as in AdamW) instead of being added to the gradient",
    (COUPLED, "params = params - lr * weight_decay * params"),
)
step.edit(
    "decay_decoupled_and_not_scaled",
    "Weight decay is taken off the parameters without being multiplied by the learning rate",
    (COUPLED, "params = params - weight_decay * params"),
)
step.edit(
    "decay_outside_the_second_moment",
    "The weight decay's gradient enters the first moment but not the second",
    (
        adam_family.UPDATE,
        "first = beta1 * state.first_moment + (1 - beta1) * grad\n"
        f"{adam_family.UPDATE.replace('grad,', 'grad - weight_decay * params,')}\n"
        "state = state._replace(first_moment=first)",
    ),
)
