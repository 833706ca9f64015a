"""`gnomon.descent.sam.reuse.mixed_step` as one compiled pass: direction, buffer and parameters, each read once."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.sam import reuse as reference
from gnomon.descent.sgd import SGDState
from gnomon.domains import Array
from gnomon.kernels.compiled import called, compiled
from gnomon.kernels.descent.sgd import Constants, constants
from gnomon.kernels.descent.sgd import entry as sgd_entry
from gnomon.kernels.domains import flat, in_place_of

__all__ = ["mixed_step"]

moved = called(sgd_entry)


@compiled
def mixed_loop(
    params: Array, grad: Array, psf: Array, buffer: Array, is_first: bool, weight: Any, c: Constants, new_params: Array,
    new_buffer: Array,
) -> None:  # fmt: skip
    """Write the new parameters and buffer, all of shape (n,)."""
    for i in range(params.size):
        new_params[i], new_buffer[i] = moved(params[i], grad[i] + weight * psf[i], buffer[i], is_first, c)


@in_place_of(reference.mixed_step)
def mixed_step(
    params: Array, grad: Array, psf: Array, state: SGDState, *, weight: float, **rates: Any
) -> tuple[Array, SGDState]:
    number = params.dtype.type
    numbers = constants(number, dampening=0.0, nesterov=False, **rates)
    new, buffer = (np.empty(params.shape, params.dtype) for _ in range(2))
    inputs = (flat(a) for a in (params, grad, psf, state.momentum_buffer))
    mixed_loop(*inputs, state.step_count == 0, number(weight), numbers, flat(new), flat(buffer))
    return new, SGDState(buffer, state.step_count + 1)
