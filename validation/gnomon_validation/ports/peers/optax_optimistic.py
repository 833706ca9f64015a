"""optax's optimistic gradient descent as the learner of a run: hint "previous", and no ball."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import optax

dtypes = ("float32", "float64")
flush_subnormals = True
only = {"odog.run": {"hint": ("previous",), "radius": (None,), "variant": ("constant",)}}


def odog_run(
    params: Any, objective: Any, samples: Any = None, hint_samples: Any = None, positions: Any = None,
    start: Any = None, *, lr: float = 1e-3, episodes: int = 10, length: int = 10, **_: Any,
) -> tuple[Any, ...]:  # fmt: skip
    """Return points, displacements, midpoints, gradients, hints, rates, averages and mean gradients.

    `optax.optimistic_gradient_descent(lr)` updates the displacement with the gradient at each midpoint. It has none to
    begin with: the first step has Δ₁ = Δ₀. What it does not know (points, averages) is computed here in NumPy.
    """
    with jax.enable_x64(params.dtype == np.float64):
        method = optax.optimistic_gradient_descent(lr)
        delta = np.zeros_like(params) if start is None else start
        state, grad = method.init(jax.numpy.asarray(delta)), None
        points, deltas, midpoints, grads = [params], [delta], [], []
        for n in range(episodes * length):
            if grad is not None:
                updates, state = method.update(jax.numpy.asarray(grad), state)
                delta = np.asarray(optax.apply_updates(jax.numpy.asarray(delta), updates))
            share = params.dtype.type(0.5 if positions is None else positions[n])
            midpoints.append(points[-1] + share * delta)
            slope = objective.gradient(midpoints[-1])
            grad = slope if samples is None else slope + samples[n + 1]
            grads.append(grad)
            points.append(points[-1] + delta)
            deltas.append(delta)
    w, g = np.stack(midpoints), np.stack(grads)
    origins = np.repeat(np.stack(points[:-1:length]), length, axis=0)
    of_episode = (episodes, length, len(params))
    averages = np.stack(points[:-1:length]) + np.mean((w - origins).reshape(of_episode), axis=1)
    rates = np.full(len(g), lr, params.dtype)
    hints = np.concatenate([0 * g[:1], g[:-1]])
    return np.stack(points), np.stack(deltas), w, g, hints, rates, averages, np.mean(g.reshape(of_episode), axis=1)
