"""`optax.contrib.sam` around `optax.sgd` as a port of `sam.perturb`, `sam.decompose` and `sam.step`.

It is used as its documentation shows: `normalize()` and `sgd(rho)` as the adversary, two updates a step. optax has no ε
in its norm; it takes what it is given.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from optax import contrib

dtypes = ("float32", "float64")
flush_subnormals = True


def adversary(rho: float) -> Any:
    """Return the optimizer that makes the loss higher."""
    return optax.chain(contrib.normalize(), optax.sgd(rho))


def gradient_of(objective: Any) -> Any:
    """Return ∇f of a tuple of JAX arrays."""
    f = objective.objective
    H, x, c, r = (jnp.asarray(part) for part in f)

    def loss(params: Any) -> Any:
        d = jnp.concatenate([w.reshape(-1) for w in params]) - x
        known = jnp.where(jnp.max(jnp.abs(d)) <= r, 1.0, jnp.nan).astype(d.dtype)
        return (d @ H @ d / 2 + c * jnp.sum(d * d * d) / 3) * known

    return jax.grad(loss)


def in_numpy(value: Any) -> Any:
    """Return a value with NumPy's arrays for JAX's."""
    return jax.tree.map(np.asarray, value)


def sam_perturb(params: Any, grads: Any, *, rho: float = 0.05) -> Any:
    """Return the perturbed point: parameters after the first of two updates."""
    with jax.enable_x64(params[0].dtype == np.float64):
        w, g = (tuple(map(jnp.asarray, given)) for given in (params, grads))
        made = contrib.sam(optax.sgd(0.0), adversary(rho))
        updates, _ = made.update(g, made.init(w), w)
        return in_numpy(optax.apply_updates(w, updates))


def sam_decompose(params: Any, objective: Any, *, rho: float = 0.05) -> Any:
    """Return both gradients and their difference."""
    ahead = None
    with jax.enable_x64(params[0].dtype == np.float64):
        w, gradient = tuple(map(jnp.asarray, params)), gradient_of(objective)
        grads = gradient(w)
        ahead = tuple(map(jnp.asarray, sam_perturb(params, in_numpy(grads), rho=rho)))
        others = gradient(ahead)
        return in_numpy((grads, others, tuple(s - g for s, g in zip(others, grads, strict=True))))


def sam_step(
    params: Any, state: Any, objective: Any, *, rho: float = 0.05, lr: float = 0.05, momentum: float = 0.9,
    weight_decay: float = 1e-3,
) -> Any:  # fmt: skip
    """Return parameters, state and report of one step, which is two updates."""
    with jax.enable_x64(params[0].dtype == np.float64):
        w, gradient = tuple(map(jnp.asarray, params)), gradient_of(objective)
        base = optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(lr, momentum=momentum or None))
        made = contrib.sam(base, adversary(rho))
        kept = made.init(w)
        if momentum and state.step_count > 0:
            decay, (trace, *rest) = kept.opt_state
            buffers = tuple(map(jnp.asarray, state.buffers))
            kept = kept._replace(opt_state=(decay, (trace._replace(trace=buffers), *rest)))
        seen = []
        for _ in range(2):
            seen.append(gradient(w))
            updates, kept = made.update(seen[-1], kept, w)
            w = optax.apply_updates(w, updates)
        buffers = kept.opt_state[1][0].trace if momentum else state.buffers
        grads, others = (jnp.concatenate([g.reshape(-1) for g in found]) for found in seen)
        return in_numpy((w, (buffers, state.step_count + 1), report(grads, others - grads)))


def report(grads: Any, psf: Any) -> tuple[Any, Any, Any]:
    """Return ‖g‖, ‖psf‖ and ⟨g, psf⟩/‖g‖²."""
    size = jnp.linalg.norm(grads)
    return size, jnp.linalg.norm(psf), jnp.where(size > 0, (grads / size) @ psf / size, 0 * size)
