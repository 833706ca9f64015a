"""SRKL as its published lines have it, in JAX: the fourth powers of the gradient are formed, and may overflow.

A port file: `gnomon check plain_srkl.py`.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

dtypes = ("float32",)  # JAX's own, unless its 64-bit mode is on
flush_subnormals = True  # XLA does, on a CPU


def srkl_step_code(params: Any, grad: Any, *, alpha: float = 1e-3, beta: float = 0.1) -> Any:
    w, g = jnp.asarray(params), jnp.asarray(grad)
    curvature = jnp.linalg.norm(jnp.square(g).reshape(-1))
    return np.array(w - alpha / (1 + beta * curvature) * g)
