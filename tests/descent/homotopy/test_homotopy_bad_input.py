"""The sentences for bad input: some that follow from the signatures, and all those of rules between arguments."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy.baselines import polyak_rate
from gnomon.descent.homotopy.bits import required_bits
from gnomon.descent.homotopy.clipping import clip_gradients
from gnomon.descent.homotopy.export import layers_csv
from gnomon.descent.homotopy.layers import init_layers, rate_of, schedule_layers
from gnomon.descent.homotopy.proposals import init_creeping, proposal_adaptive
from gnomon.descent.homotopy.rate import adaptive_target, rate
from gnomon.descent.homotopy.scheduler import init_scheduler, schedule
from gnomon.descent.homotopy.warm_up import init_warm_up
from gnomon.domains import NonFiniteError

GRAD, ONE = np.array([1.0, 2.0]), np.float64(1.0)


def scheduled(grad: Any = GRAD, matrix: Any = None, probes: Any = None, start: Any = GRAD, **hyper: Any) -> Any:
    operator = Dense(np.eye(2) if matrix is None else matrix)
    probes = np.ones((1, 2)) if probes is None else probes
    return schedule(init_scheduler(GRAD), operator, grad, probes, start, 0, **hyper)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (partial(scheduled, frequency=0), ValueError, "frequency must be an integer >= 1, got 0"),
        (partial(scheduled, frequency=2.0), TypeError, "frequency must be an integer >= 1, got 2.0"),
        (partial(scheduled, decay=1.0), ValueError, r"decay must be a finite number in \[0, 1\), got 1.0"),
        (partial(scheduled, base_lr=0.0), ValueError, r"base_lr must be a finite number in \(0, inf\), got 0.0"),
        (partial(scheduled, min_lr=2.0), ValueError, "min_lr must be <= max_lr, got 2.0 > 1.0"),
        (
            partial(scheduled, variant="best"),
            ValueError,
            "variant must be one of 'standard', 'code', 'readme', got 'best'",
        ),
        (partial(scheduled, adaptive=1), TypeError, "adaptive must be True or False, got 1"),
        (
            partial(scheduled, probes=np.ones((0, 2))),
            ValueError,
            r"probes must have shape \(m, 2\) with m >= 1 to fit grad",
        ),
        (
            partial(scheduled, start=np.ones(3)),
            ValueError,
            r"start must have shape \(2,\) to fit grad \(2,\), got \(3,\)",
        ),
        (partial(scheduled, start=np.zeros(2)), ValueError, "start must not be zero"),
        (partial(rate, ONE * np.nan, ONE), ValueError, "curvature must be >= 0 and not nan, got nan"),
        (partial(rate, 1.0, ONE), TypeError, "curvature must be a NumPy array of floating-point numbers, got float"),
        (partial(rate, np.ones(2), ONE), ValueError, r"curvature must be one number, got shape \(2,\)"),
        (partial(adaptive_target, np.zeros(0)), ValueError, r"history must have shape \(k,\) with k >= 1, got \(0,\)"),
        (partial(required_bits, ONE * np.nan, diameter=1.0, tolerance=1.0), ValueError, "curvature must be finite"),
        (
            partial(required_bits, ONE, diameter=1.0, tolerance=np.inf),
            ValueError,
            r"tolerance must be a finite number in",
        ),
        (partial(polyak_rate, np.float32(1), GRAD), TypeError, "gap must have the dtype of grad float64, got float32"),
        (partial(polyak_rate, ONE, 0 * GRAD), ValueError, "grad must not be 0 where gap is 1.0"),
        (partial(polyak_rate, ONE, np.nan * GRAD), ValueError, "grad must be finite in every entry"),
        (partial(init_layers, []), ValueError, "names must have at least one layer"),
        (partial(init_layers, ["a", "b", "a"]), ValueError, "names must be different, got 'a' twice"),
        (partial(rate_of, init_layers(["a", "b"]), "c"), ValueError, "name must be one of 'a', 'b', got 'c'"),
        (
            partial(schedule_layers, init_layers(["a"]), (), (), (), (), 0),
            ValueError,
            "operators must have one entry for each of 1 layers",
        ),
        (partial(layers_csv, [init_layers(["a,b"])]), ValueError, "names must have no comma, quote or line break"),
        (
            partial(clip_gradients, (GRAD, GRAD.astype(np.float32)), ONE),
            TypeError,
            "grads must hold arrays of the dtype of curvature float64, got float32",
        ),
        (
            partial(proposal_adaptive, init_creeping(GRAD), np.float32(1)),
            TypeError,
            "curvature must have the dtype of state.history float64, got float32",
        ),
        (
            partial(init_warm_up, GRAD, fraction=0.0),
            ValueError,
            r"fraction must be a finite number in \(0, 1\], got 0.0",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        call()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_an_error_and_no_low_curvature(bad: float) -> None:
    with pytest.raises(NonFiniteError, match="grad must be finite"):
        scheduled(grad=np.array([1.0, bad]))
    with pytest.raises(NonFiniteError, match="product 0 of the operator must be finite"):
        scheduled(matrix=np.full((2, 2), bad))
