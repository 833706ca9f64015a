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

from gnomon.descent import adam as reference
from gnomon_spec.descent import adam_family, elementwise, weight_decay
from gnomon_spec.system import System

system = System("adam", title="Adam", text=__doc__ or "")
step = system.operation(reference.step, cases=adam_family.cases.steps, rejecting=adam_family.calm)
adam_family.declare_laws(step)
elementwise.declare_repetitions(system, reference, adam_family.hyperparameters)

adam_family.declare_mistakes(step)
weight_decay.declare_coupled(step, adam_family.calm)
step.edits(f"""
decay_outside_the_second_moment: The weight decay's gradient enters the first moment but not the second
    `{adam_family.UPDATE}` → `first = beta1 * state.first_moment + (1 - beta1) * grad
        {adam_family.UPDATE.replace("grad,", "grad - weight_decay * params,")}
        state = state._replace(first_moment=first)`
""")
