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
from gnomon_spec.descent import adam_family, elementwise, weight_decay
from gnomon_spec.descent.step_cases import decay
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import count
from gnomon_spec.system import System

system = System("adamw", title="AdamW", text=__doc__ or "")
step = system.operation(reference.step, cases=adam_family.cases.steps, rejecting=adam_family.calm)
adam_family.declare_laws(step)
elementwise.declare_repetitions(system, reference, adam_family.hyperparameters)


@step.law("closed form", cases=adam_family.fresh.but(weight_decay=decay(0.5, 0.01), times=count(1, 2, low=1, high=12)))
def without_gradients_only_decay_is_left(port: Any, case: Case) -> Iterable[Fact]:
    """With gradients 0 from a fresh state, t steps multiply the parameters by (1 - lr·λ)ᵗ."""
    params, state = case.params, case.state
    for _ in range(case.times):
        params, state = port.step(params, 0 * case.grad, state, **case.hyper)
    yield equal("params", params, (1 - case.lr * case.weight_decay) ** case.times * case.params)


adam_family.declare_mistakes(step)
DECAY = "params * (1 - lr * weight_decay)"
weight_decay.declare_decoupled(step, adam_family.calm, f"`{DECAY}` → `params`")
step.edits(f"""
decay_after_the_update: Weight decay is applied to the already updated parameters (huggingface/transformers#14539)
    `{DECAY}` → `params`
    `decayed - lr * m_hat / (np.sqrt(v_hat) + eps)` →
        `(decayed - lr * m_hat / (np.sqrt(v_hat) + eps)) * (1 - lr * weight_decay)`
""")
