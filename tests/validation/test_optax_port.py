"""Optax optimizers as ports: what maps onto what, both ways, and what cannot be mapped."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import (
    GRAD,
    METHODS,
    PARAMS,
    SGD_STATE,
    assert_explained,
    assert_kept,
    judgements,
    operation,
    state_of,
)

from gnomon.descent import adam, sgd
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for

pytestmark = pytest.mark.optax

ADAM = {"lr": 0.5, "beta1": 0.9, "beta2": 0.99, "eps": 1e-3}
RMSPROP = {"lr": 0.5, "alpha": 0.9, "eps": 1e-3, "momentum": 0.9}


@pytest.mark.parametrize(
    ("target", "system", "fixed"),
    [
        ("optax.sgd", "sgd", {"weight_decay": 0.0, "dampening": 0.0}),
        ("optax.sgd(momentum=0.5)", "sgd", {"momentum": 0.5, "weight_decay": 0.0, "dampening": 0.0}),
        ("optax.sgd(momentum=None)", "sgd", {"momentum": 0.0, "weight_decay": 0.0, "dampening": 0.0}),
        ("optax.adam", "adam", {"weight_decay": 0.0, "variant": "adam"}),
        ("optax.adam(b1=0.5)", "adam", {"beta1": 0.5, "weight_decay": 0.0, "variant": "adam"}),
        ("optax.amsgrad", "adam", {"weight_decay": 0.0, "variant": "amsgrad-optax"}),
        ("optax.adamw", "adamw", {"variant": "adam"}),
        ("optax.nadam", "nadam", {"weight_decay": 0.0, "momentum_decay": 4e-3, "variant": "constant"}),
        ("optax.rmsprop", "rmsprop", {"weight_decay": 0.0}),
        ("optax.rmsprop(eps_in_sqrt=False)", "rmsprop", {"weight_decay": 0.0, "variant": "outside"}),
        ("optax.lion", "lion", {}),
    ],
)
def test_a_function_is_a_port_of_the_system_in_its_name(target, system, fixed):
    port = find_port(f"optax:{target}")
    offer = port.offer(operation(f"{system}.step"))
    assert offer.fixed == {**fixed, "check_finite": False}
    assert all(port.offer(operation(f"{other}.step")) is None for other in METHODS.keys() - {system})
    assert find_port(port.name).name == port.name == f"optax:{target}"


AGREEING = [
    ("optax.sgd", "sgd.step", {"lr": 0.5, "momentum": 0.0, "nesterov": False}),
    ("optax.sgd", "sgd.step", {"lr": 0.5, "momentum": 0.9, "nesterov": False}),
    ("optax.sgd", "sgd.step", {"lr": 0.5, "momentum": 0.9, "nesterov": True}),
    ("optax.adam", "adam.step", {**ADAM, "variant": "adam"}),
    ("optax.amsgrad", "adam.step", {**ADAM, "variant": "amsgrad-optax"}),
    ("optax.adamw", "adamw.step", {**ADAM, "weight_decay": 0.25, "variant": "adam"}),
    ("optax.nadam", "nadam.step", {**ADAM, "variant": "constant"}),
    ("optax.rmsprop", "rmsprop.step", {**RMSPROP, "centred": False, "variant": "outside"}),
    ("optax.rmsprop", "rmsprop.step", {**RMSPROP, "centred": True, "variant": "inside"}),
    ("optax.lion", "lion.step", {"lr": 0.5, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.25}),
]


@pytest.mark.parametrize("fresh", (True, False))
@pytest.mark.parametrize(("target", "name", "hyper"), AGREEING)
def test_a_step_agrees_with_the_reference(target, name, hyper, fresh):
    inputs = (PARAMS, GRAD, state_of(name, np.float64, fresh=fresh))
    for judgement in judgements(find_port(f"optax:{target}"), name, inputs, **hyper):
        assert judgement.holds is True, judgement


def test_the_moments_and_the_buffer_agree_in_float32():
    for target, name, hyper in AGREEING:
        inputs = PARAMS.astype(np.float32), GRAD.astype(np.float32), state_of(name, np.float32)
        for judgement in judgements(find_port(f"optax:{target}"), name, inputs, **hyper):
            assert judgement.holds is True or judgement.label in ("params", "largest_second_moment"), judgement


def test_without_momentum_the_buffer_comes_back_as_it_was():
    _, after = find_port("optax:optax.sgd").call(
        operation("sgd.step"), (PARAMS, GRAD, SGD_STATE), {"lr": 0.5, "momentum": 0.0}
    )
    np.testing.assert_array_equal(after.momentum_buffer, SGD_STATE.momentum_buffer)
    assert after.step_count == 8


@pytest.mark.parametrize("dtype", (np.float16, np.float32, np.float64))
@pytest.mark.parametrize("shape", ((), (0,), (3, 1), (17,)))
@pytest.mark.parametrize(("target", "module"), (("optax.sgd", sgd), ("optax.amsgrad", adam)))
def test_dtype_and_shape_are_kept_and_inputs_are_not_changed(target, module, shape, dtype):
    name = "sgd.step" if module is sgd else "adam.step"
    hyper = {"momentum": 0.9} if module is sgd else {"beta1": 0.9, "beta2": 0.9, "eps": 1e-3}
    assert_kept(find_port(f"optax:{target}"), name, module.init(np.ones(shape, dtype)), shape, dtype, lr=0.5, **hyper)


def test_the_64_bit_mode_is_on_for_a_call_in_float64_only():
    import jax

    before = jax.config.jax_enable_x64
    for dtype in (np.float64, np.float32):
        inputs = (PARAMS.astype(dtype), GRAD.astype(dtype), state_of("adam", dtype))
        find_port("optax:optax.adam").call(operation("adam.step"), inputs, ADAM)
        assert jax.config.jax_enable_x64 == before


def test_xla_replaces_subnormals_by_zero_as_the_offer_says():
    port = find_port("optax:optax.sgd")
    tiny = np.array([np.finfo(np.float32).smallest_normal / 4], np.float32)
    new, _ = port.call(operation("sgd.step"), (0 * tiny, tiny, sgd.init(tiny)), {"lr": 1.0})
    assert new == 0
    assert port.offer(operation("sgd.step")).flush_subnormals


def test_asking_for_what_a_port_cannot_vary_is_an_error():
    with pytest.raises(ValueError, match=r"^dampening must be 0\.0, which this port cannot vary, got 0\.5$"):
        find_port("optax:optax.sgd").call(operation("sgd.step"), (PARAMS, GRAD, SGD_STATE), {"dampening": 0.5})


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("adam", "an optimizer is named module.name, as in torch.optim.AdamW or optax.adam, got 'adam'"),
        ("optax.nosuch", "module optax has no 'nosuch'"),
        ("optax.__version__", "must be a function that returns an optax optimizer, got a str"),
        ("optax.adam(nope=1)", "cannot make a step: TypeError: adam() got an unexpected keyword argument 'nope'"),
        ("optax.radam", "radam sounds like a method other than sgd, adam, adamw, nadam, "),
        ("optax.adabelief", "adabelief sounds like a method other than sgd, adam, adamw, nadam, "),
        ("optax.rmsprop(system='sgd')", "cannot be read as sgd: its state has 'nu' (understood: momentum_buffer, "),
        ("optax.lion(system='adamw')", "cannot be read as adamw: it neither takes nor keeps 'eps'"),
        ("optax.l2_loss", "optax.l2_loss maps onto no system: neither a name (l2_loss) nor an argument"),
        ("optax.adam(system='foo')", "system must be one of 'sgd', 'adam', 'adamw', 'nadam', 'rmsprop', 'lion', got"),
    ],
)
def test_what_cannot_be_mapped_is_explained_in_one_line(target, message):
    assert_explained(f"optax:{target}", message)


def test_the_known_differences_of_optax_are_there():
    sgd_step, port = operation("sgd.step"), find_port("optax:optax.sgd")
    for hyper in ({"lr": -1.0}, {"lr": np.nan}, {"lr": 0.5, "momentum": 0.0, "nesterov": True}):
        port.call(sgd_step, (PARAMS, GRAD, SGD_STATE), hyper)
    for law in ("bad_input_is_rejected", "nesterov_needs_momentum"):
        assert reason_for("optax:optax.sgd", f"sgd.step:{law}", "float64", "wrong")

    law, hyper = "adam.step:agrees_with_the_oracle", {**ADAM, "beta2": 0.999, "variant": "amsgrad-optax"}
    for dtype, right in ((np.float32, False), (np.float64, True)):
        inputs = (PARAMS.astype(dtype), GRAD.astype(dtype), adam.init(PARAMS.astype(dtype)))
        found = {j.label: j.holds for j in judgements(find_port("optax:optax.amsgrad"), "adam.step", inputs, **hyper)}
        assert found["largest_second_moment"] is right
        assert (reason_for("optax:optax.amsgrad", law, np.dtype(dtype).name, "imprecise") is None) is right
