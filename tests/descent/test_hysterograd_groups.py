"""HysteroGrad's groups: the known numbers, groups by hand, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gnomon.descent import hysterograd_groups as groups
from gnomon.descent.hysterograd_groups import GroupState

HYPER: dict[str, Any] = {"lr": 0.1, "stiffening_factor": 1.0, "beta": 0.9}


def test_a_group_cut_in_two_groups_parts_from_it_at_the_known_step() -> None:
    """Gradients 1 and 0.5ᵗ: in one group both entries have one gate, in two groups each its own."""
    zero = np.zeros(1)
    together: Any = ((zero, zero),)
    apart: Any = ((zero,), (zero,))
    states, others = groups.init_groups(together), groups.init_groups(apart)
    parted = []
    for t in range(12):
        one, two = np.ones(1), np.array([0.5**t])
        together, states, _ = groups.step_groups(together, ((one, two),), states, **HYPER)
        apart, others, _ = groups.step_groups(apart, ((one,), (two,)), others, **HYPER)
        parted.append(not np.array_equal(np.concatenate(together[0]), np.concatenate([*apart[0], *apart[1]])))
    assert parted.index(True) + 1 == 9


def state(path: float, size: int = 1) -> GroupState:
    return GroupState((np.zeros(size),), np.float64(path), np.float64(0.5), np.float64(0.0), True)


def test_three_groups_by_hand() -> None:
    """With β = ε = 0, d = sign(g)/√m: m = 1/16 makes it ±4. The barrier of the frozen group is √τ·½·E, E = n.

    τ = 64 - ½ becomes 64: h = 8·½·4 > n = 4. The other has τ = ½: h = √½·½·4 < 4. The third is skipped.
    """
    params = tuple((np.array([x]),) for x in (1.0, 2.0, 3.0))
    grads = ((np.array([-5.0]),), (np.array([0.25]),), (None,))
    hyper: dict[str, Any] = {
        "lr": 0.125,
        "beta": 0.0,
        "eps": 0.0,
        "metric_scale": 0.0625,
        "cooling_rate": 1.0,
        "stiffening_factor": 1.0,
    }
    new, after, summary = groups.step_groups(params, grads, (state(63.5), state(0.0), state(0.0)), **hyper)
    assert [group[0].item() for group in new] == [1.0, 1.5, 3.0]
    assert [s.liquid for s in after] == [False, True, True]
    assert [float(s.path_length) for s in after] == [64.0, 0.5, 0.0]
    assert [float(s.mean_norm) for s in after] == [4.0, 4.0, 0.0]
    assert summary.status == "Liquid"
    assert summary.norm == 8 / 3
    # E + 1e-8 stands in both barriers.
    assert summary.width == (8 * 0.5 * (4 + 1e-8) + 0.5**0.5 * 0.5 * (4 + 1e-8) + 0.0) / 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_shape_are_kept_and_no_input_changes(dtype: type) -> None:
    shapes = (((2,), (), (2, 3)), ((0,),), ((3,), (1, 1)))
    params = tuple(tuple(np.ones(shape, dtype) for shape in group) for group in shapes)
    grads = tuple(
        tuple(None if shape == () else np.full(shape, 2, dtype) for shape in group) if i < 2 else (None, None)
        for i, group in enumerate(shapes)
    )
    states = groups.init_groups(params, initial_temp=0.5)
    for array in (*params[0], *params[1], *params[2], *states[0].metrics):
        array.flags.writeable = False
    new, after, summary = groups.step_groups(params, grads, states)
    for i, group in enumerate(shapes):
        for j, shape in enumerate(group):
            for array in (new[i][j], after[i].metrics[j]):
                assert array.dtype == dtype and array.shape == shape
        assert all(isinstance(x, dtype) for x in after[i][1:4])
    assert summary.status == "Liquid" and isinstance(summary.norm, dtype) and isinstance(summary.width, dtype)
    assert after[2] is states[2] and new[0][1] is params[0][1]


ONE = np.ones(2)
PARAMS, STATES = ((ONE,),), groups.init_groups(((ONE,),))
BAD = [
    (lambda: groups.step_groups((), (), ()), "same number >= 1 of groups, got 0, 0 and 0"),
    (lambda: groups.step_groups(PARAMS, (), STATES), "same number >= 1 of groups, got 1, 0 and 1"),
    (lambda: groups.step_groups(((),), ((),), STATES), "params must have at least one array in each group"),
    (lambda: groups.step_groups(PARAMS, ((),), STATES), "a group of 1 arrays must have as many grads, got 0"),
    (
        lambda: groups.step_groups(PARAMS, ((np.ones(3),),), STATES),
        r"grads must have the shape of params \(2,\), got \(3,\)",
    ),
    (
        lambda: groups.step_groups(PARAMS, PARAMS, (STATES[0]._replace(metrics=(np.ones(3),)),)),
        r"states.metrics must have the shape of params \(2,\), got \(3,\)",
    ),
    (lambda: groups.step_groups(PARAMS, ((None,),), STATES, lr=-1.0), r"lr must be a finite number in \[0, inf\)"),
    (
        lambda: groups.init_groups(((ONE, ONE.astype(np.float32)),)),
        "params must have one dtype in each group, got float64 and float32",
    ),
    (lambda: groups.init_groups(((),)), "params must have at least one array in each group, got an empty group"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD)
def test_what_does_not_fit_gets_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        call()
