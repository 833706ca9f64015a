"""Every bad input has a sentence of its own that names the argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gnomon.descent.homotopy.records import layers_csv

from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy.bits import required_bits
from gnomon.descent.homotopy.clipping import clip_gradients
from gnomon.descent.homotopy.estimator import NonFiniteError
from gnomon.descent.homotopy.layers import init_layers, layer_rates, rate_of, schedule_layers
from gnomon.descent.homotopy.optimizer import init
from gnomon.descent.homotopy.proxy import init_proxy, proxy_rate
from gnomon.descent.homotopy.rate import adaptive_target, rate
from gnomon.descent.homotopy.scheduler import init_scheduler, schedule
from gnomon.descent.homotopy.warm_up import init_warm_up, warm_up

GRAD, ONE = np.array([1.0, 2.0]), np.float64(1.0)


def scheduled(grad: Any = GRAD, matrix: Any = None, probes: Any = None, start: Any = GRAD, **hyper: Any) -> Any:
    operator = Dense(np.eye(2) if matrix is None else matrix)
    probes = np.ones((1, 2)) if probes is None else probes
    return schedule(init_scheduler(GRAD), operator, grad, probes, start, 0, **hyper)


@pytest.mark.parametrize(
    ("hyper", "sentence"),
    [
        ({"frequency": 0}, "frequency must be an integer >= 1, got 0"),
        ({"iterations": 0}, "iterations must be an integer >= 1, got 0"),
        ({"probes": np.ones((0, 2))}, r"probes must have shape \(m, n\) with m >= 1"),
        ({"decay": 1.0}, r"decay must be a finite number in \[0, 1\), got 1.0"),
        ({"decay": -0.1}, r"decay must be a finite number in \[0, 1\), got -0.1"),
        ({"target_curvature": 0.0}, "target_curvature must be > 0, got 0.0"),
        ({"base_lr": 0.0}, "base_lr must be > 0, got 0.0"),
        ({"alpha": -1.0}, "alpha must be a finite number in"),
        ({"min_lr": 2.0}, "min_lr must be <= max_lr, got 2.0 > 1.0"),
        ({"percentile": 1.01}, r"percentile must be a finite number in \[0, 1\], got 1.01"),
        ({"warmup_steps": -1}, "warmup_steps must be an integer >= 0, got -1"),
        ({"window": 0}, "window must be an integer >= 1, got 0"),
        ({"variant": "best"}, "variant must be one of 'reference', 'code', 'readme', got 'best'"),
        ({"on_nonfinite": "ignore"}, "on_nonfinite must be one of 'raise', 'hold', got 'ignore'"),
        ({"grad": np.ones(3)}, r"probes must have vectors of the shape of grad \(3,\), got \(1, 2\)"),
        ({"grad": np.zeros(0)}, r"grad must have shape \(n,\) with n >= 1"),
        ({"start": np.zeros(2)}, "start must not be zero"),
        ({"start": np.ones(3)}, r"start must have vectors of the shape of grad \(2,\), got \(3,\)"),
    ],
)
def test_a_schedule_says_what_is_wrong(hyper: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        scheduled(**hyper)


@pytest.mark.parametrize(
    ("hyper", "sentence"),
    [
        ({"grad": np.array([1, 2])}, "grad must hold real floating-point numbers, got dtype int64"),
        ({"probes": np.ones((1, 2), np.float32)}, "probes must have the dtype of grad float64, got float32"),
        ({"adaptive": 1}, "adaptive must be True or False, got 1"),
        ({"frequency": 2.0}, "frequency must be an integer >= 1, got 2.0"),
    ],
)
def test_a_schedule_says_what_is_of_the_wrong_type(hyper: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        scheduled(**hyper)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_an_error_and_no_low_curvature(bad: float) -> None:
    with pytest.raises(NonFiniteError, match="grad must be finite"):
        scheduled(grad=np.array([1.0, bad]))
    with pytest.raises(NonFiniteError, match="products of the operator must be finite"):
        scheduled(matrix=np.full((2, 2), bad))


def to(function: Callable[..., Any], *inputs: Any, **hyper: Any) -> Callable[[], Any]:
    return lambda: function(*inputs, **hyper)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (to(rate, np.float64(np.nan), ONE), "curvature must be >= 0 and not nan, got nan"),
        (to(rate, ONE, -ONE), "target must be >= 0 and not nan, got -1.0"),
        (to(rate, np.ones(2), ONE), r"curvature must be one number, got shape \(2,\)"),
        (to(adaptive_target, np.zeros(0)), r"history must have shape \(k,\) with k >= 1, got \(0,\)"),
        (to(adaptive_target, np.array([np.nan])), "history must be >= 0 and not nan in every entry"),
        (to(required_bits, ONE, diameter=0.0, tolerance=1.0), "diameter must be > 0, got 0.0"),
        (to(required_bits, ONE * np.nan, diameter=1.0, tolerance=1.0), "curvature must be one finite number, got nan"),
        (to(layer_rates, np.zeros(0)), r"curvatures must have shape \(k,\) with k >= 1, got \(0,\)"),
        (to(init_layers, []), "names must have at least one layer"),
        (to(init_layers, ["a", "b", "a"]), "names must be different, got 'a' twice"),
        (to(rate_of, init_layers(["a", "b"]), "c"), "name must be one of 'a', 'b', got 'c'"),
        (
            to(schedule_layers, init_layers(["a"]), (), (), (), (), 0),
            "operators must have one entry for each of 1 layers",
        ),
        (to(layers_csv, [init_layers(["a,b"])]), "names must have no comma, quote or line break"),
        (to(clip_gradients, (GRAD,), -ONE), "curvature must be >= 0 and not nan, got -1.0"),
        (to(clip_gradients, (GRAD,), ONE, min_norm=-1.0), "min_norm must be a finite number in"),
        (to(init_warm_up, GRAD, fraction=0.0), "fraction must be > 0, got 0.0"),
        (to(warm_up, init_warm_up(GRAD), ONE, factor=1.0), "factor must be > 1, got 1.0"),
        (to(warm_up, init_warm_up(GRAD), ONE, max_steps=0), "max_steps must be an integer >= 1, got 0"),
        (to(proxy_rate, init_proxy(GRAD), GRAD * np.nan), "grad must be finite, got nan at index"),
        (to(init, GRAD, base="lion"), "base must be one of 'sgd', 'adam', 'adamw', got 'lion'"),
    ],
)
def test_every_part_says_what_is_wrong(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


def test_gradients_of_several_dtypes_are_not_clipped_together() -> None:
    with pytest.raises(TypeError, match="grads must hold arrays of one dtype, got float64 and float32"):
        clip_gradients((GRAD, GRAD.astype(np.float32)), ONE)


def test_a_python_float_is_no_curvature_of_a_dtype() -> None:
    with pytest.raises(TypeError, match="curvature must be a NumPy array of floating-point numbers, got float"):
        rate(1.0, ONE)
