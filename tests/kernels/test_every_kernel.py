"""What every compiled operation promises: the reference's signature and sentences, two dtypes, any layout in memory.

The operations, and what they are given, are those of the specification: a new kernel is found here by itself.
"""

import sys
from inspect import signature

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_contract import DTYPES, assert_same_outputs, leaves, refusal

from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Cases, map_leaves
from gnomon_spec.strategies import ANY_SHAPE, vector
from gnomon_spec.system import Operation, systems
from gnomon_validation.ports.bundled import NumbaPort


def operations():
    for system in systems().values():
        yield from system.operations.values()
        shape = system.operations["step"].cases.shape if "step" in system.operations else ANY_SHAPE
        for module in {sys.modules[operation.reference.__module__] for operation in system.operations.values()}:
            if hasattr(module, "init"):
                yield Operation(system, "init", module.init, Cases({"params": vector()}, shape))


KERNELS = {o.id: (o, compiled) for o in operations() if (compiled := NumbaPort().find(o))}
LAYOUTS = (
    lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    np.asfortranarray,
    lambda array: array[::-1].copy()[::-1],
    lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),  # read-only
)
# What each argument may be, but not both.
THEORY_CLIPPED = {"variant": "theory", "grad_clip": 1.0}
AT_ODDS = {
    "sgd.step": [{"nesterov": True, "momentum": 0.0}],
    "homotopy.descend": [{"min_lr": 1.0, "max_lr": 0.5}],
    **{f"hysterograd.{name}": [THEORY_CLIPPED, {"grad_clip": 0.0}] for name in ("step", "trajectory", "endpoints")},
}

every_kernel = pytest.mark.parametrize("name", KERNELS)
a_few = settings(deadline=None, max_examples=5, suppress_health_check=list(HealthCheck))
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def drawn(data, operation, dtype):
    """Every argument by its name, as the specification draws it or by default."""
    case, parameters = data.draw(operation.cases.strategy(np.dtype(dtype))), signature(operation.reference).parameters
    return {name: case.get(name, parameter.default) for name, parameter in parameters.items()}


@every_kernel
def test_the_signature_is_that_of_the_reference(name):
    operation, compiled = KERNELS[name]
    ours, theirs = (signature(function).parameters.values() for function in (compiled, operation.reference))
    assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]


@every_kernel
@a_few
@given(data=st.data(), dtype=st.sampled_from(DTYPES))
def test_the_layout_in_memory_does_not_matter_and_nothing_is_changed(name, data, dtype):
    """Estimators of curvature scale their vectors by NumPy's sums: they are given whole numbers, which add exactly."""
    operation, compiled = KERNELS[name]
    arguments = drawn(data, operation, dtype)
    if operation.system.name == "curvature":
        arguments = map_leaves(lambda leaf: np.sign(leaf) if hasattr(leaf, "dtype") else leaf, arguments)
    expected = compiled(**arguments)
    assert {d for leaf in leaves(expected) if (d := getattr(leaf, "dtype", None)) and d.kind == "f"} <= {
        np.dtype(dtype)
    }
    for layout in LAYOUTS:
        laid_out = map_leaves(lambda leaf, layout=layout: layout(leaf) if np.ndim(leaf) else leaf, arguments)
        assert_same_outputs(compiled(**laid_out), expected)
        assert_same_outputs(tuple(laid_out.values()), tuple(arguments.values()))


def replacements(value):
    """Values that may not do in place of one that does."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        for field, part in zip(value._fields, value, strict=True):
            bad = [other for other in replacements(part) if hasattr(other, "dtype") or not isinstance(value, Dense)]
            yield from (value._replace(**{field: other}) for other in bad)
    elif hasattr(value, "dtype") and value.dtype.kind == "b":
        yield from (value.tolist(), value.astype(float), value[np.newaxis])
    elif hasattr(value, "dtype"):
        other = np.float32 if value.dtype == np.float64 else np.float64
        yield from (value.tolist(), np.ones(np.shape(value), int), value.astype(other), value[np.newaxis])
        if value.dtype.kind == "f":
            yield from (-value, value * np.nan, np.full_like(value, np.inf))
        for axis in range(np.ndim(value)):
            yield from (np.repeat(value, 2, axis), np.take(value, [], axis), np.sum(value, axis))
        if np.ndim(value) == 2:
            yield from (np.repeat(np.repeat(value, 2, 0), 2, 1), value + np.triu(np.ones_like(value)))
    elif isinstance(value, tuple):
        yield (1, -1)
    elif isinstance(value, bool):
        yield from (1, "yes")
    elif isinstance(value, int):
        yield from (-1, 0, 1.5)
    elif isinstance(value, float):
        yield from (-1.0, 0.0, 2.0, np.inf, np.nan, "1")
    elif isinstance(value, str):
        yield "no such name"


@every_kernel
@a_few
@given(data=st.data())
def test_bad_input_is_refused_in_the_words_of_the_reference(name, data):
    operation, compiled = KERNELS[name]
    arguments = drawn(data, operation, np.float64)
    if "check_finite" in arguments:
        arguments["check_finite"] = True
    calls = [
        {**arguments, argument: bad}
        for argument, value in arguments.items()
        for bad in replacements(value)
        if argument != "preconditioner"  # see `test_hessian_free_kernels.py`
    ]
    calls += [{**arguments, **together} for together in AT_ODDS.get(name, ())]
    refused = [(call, said) for call in calls if (said := refusal(operation.reference, **call))]
    assert refused
    for call, said in refused:
        assert refusal(compiled, **call) == said, call
    for missing_or_unknown in ({}, {**arguments, "x": 1}):
        assert refusal(compiled, **missing_or_unknown)[0] is TypeError


@pytest.mark.parametrize("name", [name for name in KERNELS if name != "gd_chaos.box_count"])
@a_few
@given(data=st.data())
def test_a_dtype_without_a_kernel_is_named(name, data):
    """HysteroGrad's state has numbers, which know no order of bytes; pictures have truth values alone.

    Probabilities are not brought near 1, nor are units of an inventory given another dtype.
    """
    operation, compiled = KERNELS[name]
    others = [np.float16, np.longdouble] + [">f8"] * (operation.system.name != "hysterograd")
    dtype = np.dtype(data.draw(st.sampled_from(others)))

    def converted(leaf):
        """The array or number in the other dtype, within its range, with the same sign."""
        size = np.where(leaf == 0, 0, np.clip(np.abs(leaf), 0.5, 4)) if hasattr(leaf, "dtype") else None
        if operation.system.name in ("anemone", "drm_ppo"):
            return leaf.astype(dtype) if size is not None and leaf.dtype.kind == "f" else leaf
        return leaf if size is None else np.asarray(np.copysign(size, leaf)).astype(dtype)

    kind, text = refusal(compiled, **map_leaves(converted, drawn(data, operation, np.float64)))
    assert kind is TypeError
    assert f"must have dtype float32 or float64 for a compiled kernel, got dtype {dtype}" in text
