"""Claims of what the method is: natural gradient, Fisher metric, rotation, amplification."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon_validation.studies.claim import Evidence
from gnomon_validation.studies.hysterograd import training
from gnomon_validation.studies.hysterograd.published import OLDER_README, README, THEORY, ledger
from gnomon_validation.studies.hysterograd.runs import walk


def first_step(params: Array, grad: Array, **hyper: Any) -> Array:
    """Return Δθ of the first step, with ε = 0."""
    return next(walk(params, [grad], eps=0.0, **hyper))[0] - params


@ledger.claim("false", source=THEORY)
def invariant_to_reparameterization() -> Evidence:
    """“The metric G ensures that updates Δθ are invariant to reparameterization, following the Natural Gradient.”

    Because of the root in √G, a coordinate keeps its step as a number when its unit changes: in z = θ/10 the step is as
    large as in θ, so ten times as large in θ.
    """
    theta, grad = np.array([1.0, 0.5]), np.array([1.0, 4.5])
    in_theta, in_z = (shown(c * first_step(theta / c, c * grad, lr=0.1)) for c in (1, 10))
    return Evidence(in_theta != in_z, f"the step in θ is {in_theta}; made in z = θ/10 it is {in_z} in θ")


@ledger.claim("false", source=README)
def implicit_rotation() -> Evidence:
    """“Implicit Rotation (Natural Preconditioning): … effectively aligning updates with geodesic descent directions.”

    A diagonal scaling rotates nothing; it depends on the axes. Turn them by 45° and the same step goes elsewhere.
    """
    theta, H = np.array([1.0, 0.5]), np.diag([1.0, 9.0])
    axes = np.eye(2), np.array([[1.0, -1.0], [1.0, 1.0]]) / 2**0.5
    straight, turned = (shown(theta + Q.T @ first_step(Q @ theta, Q @ H @ theta, lr=0.1)) for Q in axes)
    return Evidence(straight != turned, f"f = ½(x² + 9y²): from (1, ½) to {straight}; with turned axes to {turned}")


@ledger.claim("false", source=THEORY)
def the_empirical_fisher() -> Evidence:
    """“In practice, we employ the empirical Fisher induced by the training loss rather than the true model Fisher.”

    The empirical Fisher is the mean of the squared gradients of single examples. G averages the square of the mean
    gradient of a batch, in which the examples cancel (and the scripts' loss is a focal one, no likelihood).
    """
    features, labels = training.moons()
    params = training.start(np.random.default_rng(0))
    examples = zip(features[:, None], labels[:, None], strict=True)
    single = np.stack([training.loss_and_gradient(params, x, y)[1] for x, y in examples])
    order = np.random.default_rng(1).permutation(training.EXAMPLES)
    batches = np.split(single[order], range(training.BATCH, training.EXAMPLES, training.BATCH))
    empirical = np.sum(np.mean(single**2, axis=0))
    averaged = np.sum(np.mean([np.mean(batch, axis=0) ** 2 for batch in batches], axis=0))
    figure = (
        f"trace on two moons at the start of seed 0: empirical Fisher {empirical:.4f}, squares of batches of "
        f"{training.BATCH} {averaged:.4f}"
    )
    return Evidence(bool(averaged < empirical), figure)


@ledger.claim("false", source=THEORY)
def the_natural_gradient() -> Evidence:
    """“Δθ = -η G⁻¹∇L if ‖G⁻¹∇L‖ > f(τ)”

    No published version does that: the code divides by √G, as RMSprop does. It is as well, for with G⁻¹ smaller
    gradients make larger steps: near a minimum the method is thrown out.
    """
    theta = np.array([1e-3])
    code = theta + first_step(theta, theta, lr=0.01)
    text = theta + first_step(theta, theta, lr=0.01, variant="theory")
    rms = theta - 0.01 * theta / np.sqrt((1 - 0.99) * theta**2)
    figure = f"f = ½θ² from 0.001, lr 0.01: the code goes to {code[0]:.6g}, as RMSprop does, the text to {text[0]:.6g}"
    return Evidence(shown(code) == shown(rms) and bool(abs(text[0]) > abs(code[0])), figure)


@ledger.claim("false", source=README)
def massive_amplification() -> Evidence:
    """“Metric Scaling (Amplification): Massively amplifies the Fisher signal (e.g., 200x - 500x)”

    It divides the learning rate by its root, and does nothing else (with the adaptive barrier): the quick start's
    lr 0.05 with metric_scale 300 is lr 0.0029 without.
    """
    grads = np.random.default_rng(0).standard_normal((300, 4))
    paths = []
    for lr, scale in ((0.05, 300.0), (0.05 / 300**0.5, 1.0), (0.05, 1.0)):
        told = walk(np.zeros(4), grads, lr=lr, metric_scale=scale, stiffening_factor=0.005, eps=0.0)
        paths.append(np.stack([params for params, *_ in told]))
    scaled, slower, plain = paths
    apart = np.max(np.abs(scaled - slower)) / np.max(np.abs(scaled))
    smaller = np.linalg.norm(plain[0]) / np.linalg.norm(scaled[0])
    figure = (
        f"the first step is {smaller:.2f} times smaller than without; {len(grads)} steps with lr/√300 and without it "
        f"differ by {apart:.0e}"
    )
    return Evidence(shown(scaled[-1]) == shown(slower[-1]) and bool(smaller > 1), figure)


@ledger.claim("false", source=OLDER_README)
def another_basis_than_rmsprop() -> Evidence:
    """“Update basis” of Adam and RMSprop: “scaled gradient (running average)”; of HysteroGrad: “natural gradient
    (Fisher metric)”

    The same one: with κ = 0 it is RMSprop without bias correction, to the last bit; with κ > 0 it is RMSprop that
    leaves out some steps.
    """
    mirror, square = np.ones(3), np.zeros(3)
    grads = np.random.default_rng(0).standard_normal((200, 3))
    *_, (params, _, _) = walk(mirror, grads, stiffening_factor=0.0)
    for grad in grads:
        square = 0.99 * square + (1 - 0.99) * (grad * grad)
        mirror = mirror - 1e-3 * (grad / (np.sqrt(square) + 1e-7))
    apart = float(np.max(np.abs(params - mirror)))
    return Evidence(np.array_equal(params, mirror), f"{len(grads)} steps with κ = 0 and of RMSprop differ by {apart:g}")


def shown(vector: Array) -> str:
    """Return a vector as text, to six decimal places."""
    return f"({', '.join(f'{round(float(entry), 6) + 0.0:g}' for entry in vector)})"
