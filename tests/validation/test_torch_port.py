"""Torch optimizers as ports: what maps onto what, both ways, and what cannot be mapped."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import (
    ADAM_STATE,
    GRAD,
    METHODS,
    PARAMS,
    SGD_STATE,
    assert_explained,
    assert_kept,
    cast,
    judgements,
    operation,
    state_of,
)

from gnomon.descent import adam, rmsprop, sgd
from gnomon_validation.checker import OTHER_HYPERPARAMETERS, Plan, check_law
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for

pytestmark = pytest.mark.torch


# Two bugs that libraries shipped: huggingface/transformers#14539 and aiqm/torchani#261.
SHIPPED = {
    "adamw": "reference_in_torch.AdamW(mistake='decay_after_the_update')",
    "adam": "reference_in_torch.Adam(mistake='epsilon_before_the_bias_correction')",
}


@pytest.mark.parametrize(
    ("target", "system"),
    [
        ("torch.optim.SGD", "sgd"),
        ("torch.optim.Adam", "adam"),
        ("torch.optim.AdamW", "adamw"),
        ("torch.optim.Adam(decoupled_weight_decay=True)", "adamw"),
        ("torch.optim.SGD(foreach=True)", "sgd"),
        ("torch.optim.NAdam", "nadam"),
        ("torch.optim.RMSprop", "rmsprop"),
        (SHIPPED["adamw"], "adamw"),
        (SHIPPED["adam"], "adam"),
    ],
)
def test_a_class_is_a_port_of_the_system_in_its_name(target, system):
    port = find_port(f"torch:{target}")
    assert port.offer(operation(f"{system}.step")) is not None
    assert all(port.offer(operation(f"{other}.step")) is None for other in METHODS.keys() - {system})
    assert find_port(port.name).name == port.name == f"torch:{target}"


def test_a_class_without_a_telling_name_goes_by_its_base_class_or_its_arguments(module):
    text = (
        "class Mine(torch.optim.AdamW):\n    def __init__(self, params, **rest): super().__init__(params, **rest)\n"
        "class Momentum(torch.optim.SGD): pass\n"
        "class AdamWithClipping(torch.optim.Adam): pass\n"
    )
    module("my_optimizers", "import torch\n" + text)
    assert find_port("torch:my_optimizers.Mine").system == "adamw"
    assert find_port("torch:my_optimizers.Momentum").system == "sgd"
    assert find_port("torch:my_optimizers.AdamWithClipping").system == "adam"


def test_what_a_port_cannot_vary_is_said():
    adamw = operation("adamw.step")
    offer = find_port("torch:torch.optim.AdamW").offer(adamw)
    assert offer.fixed == {"check_finite": False}
    assert offer.only == {"variant": ("adam", "amsgrad-torch")}
    offer = find_port("torch:torch.optim.AdamW", {"amsgrad": True, "betas": (0.8, 0.9)}).offer(adamw)
    assert offer.fixed == {"check_finite": False, "variant": "amsgrad-torch", "beta1": 0.8, "beta2": 0.9}
    offer = find_port(f"torch:{SHIPPED['adamw']}").offer(adamw)
    assert offer.fixed == {"check_finite": False, "variant": "adam"}
    assert offer.only == {}


def test_asking_for_what_a_port_cannot_vary_is_an_error():
    port = find_port("torch:torch.optim.SGD", {"momentum": 0.5})
    with pytest.raises(ValueError, match=r"^momentum must be 0\.5, which this port cannot vary, got 0\.9$"):
        port.call(operation("sgd.step"), (PARAMS, GRAD, SGD_STATE), {"momentum": 0.9})
    port = find_port("torch:torch.optim.Adam")
    with pytest.raises(ValueError, match=r"^variant must be 'adam' or 'amsgrad-torch' for a torch optimizer, got"):
        port.call(operation("adam.step"), (PARAMS, GRAD, ADAM_STATE), {"variant": "amsgrad-optax"})


ADAM_CALLS = [
    {"lr": 0.5, "beta1": 0.9, "beta2": 0.99, "eps": 1e-3, "weight_decay": 0.25, "variant": variant}
    for variant in ("adam", "amsgrad-torch")
]
SGD_CALLS = [
    {"lr": 0.5, "momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.25},
    {"lr": 0.5, "momentum": 0.9, "dampening": 0.5, "nesterov": False, "weight_decay": 0.0},
    {"lr": 0.5, "momentum": 0.9, "dampening": 0.0, "nesterov": True, "weight_decay": 0.25},
]
NADAM = {**ADAM_CALLS[0], "variant": "scheduled"}
RMSPROP = {"lr": 0.5, "alpha": 0.9, "eps": 1e-3, "momentum": 0.9, "weight_decay": 0.25, "variant": "outside"}
AGREEING = [
    *[(f"torch.optim.{name}", f"{name.lower()}.step", hyper) for name in ("Adam", "AdamW") for hyper in ADAM_CALLS],
    *[("torch.optim.SGD", "sgd.step", hyper) for hyper in SGD_CALLS],
    ("torch.optim.AdamW(fused=True)", "adamw.step", ADAM_CALLS[1]),
    ("torch.optim.AdamW(foreach=True)", "adamw.step", ADAM_CALLS[1]),
    ("torch.optim.Adam(decoupled_weight_decay=True)", "adamw.step", ADAM_CALLS[0]),
    ("torch.optim.NAdam(default_dtype='float64')", "nadam.step", {**NADAM, "momentum_decay": 0.004}),
    *[("torch.optim.RMSprop", "rmsprop.step", {**RMSPROP, "centred": centred}) for centred in (False, True)],
]


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
@pytest.mark.parametrize("fresh", (True, False))
@pytest.mark.parametrize(("target", "name", "hyper"), AGREEING)
def test_a_step_agrees_with_the_reference(target, name, hyper, fresh, dtype):
    port = find_port(f"torch:{target}")
    inputs = (PARAMS.astype(dtype), GRAD.astype(dtype), state_of(name, dtype, fresh=fresh))
    for judgement in judgements(port, name, inputs, **hyper):
        assert judgement.holds is True, judgement


def test_the_differentiable_step_computes_its_bias_correction_in_float32():
    port = find_port("torch:torch.optim.Adam(differentiable=True)")
    for dtype, right in ((np.float32, True), (np.float64, False)):
        inputs = (PARAMS.astype(dtype), GRAD.astype(dtype), cast(ADAM_STATE, dtype))
        found = {j.label: j.holds for j in judgements(port, "adam.step", inputs, **ADAM_CALLS[0])}
        assert found["params"] is right
        assert found["first_moment"] and found["second_moment"]


def test_nadam_keeps_its_product_in_the_default_dtype():
    for dtype, right in ((np.float32, True), (np.float64, False)):
        inputs = (PARAMS.astype(dtype), GRAD.astype(dtype), state_of("nadam", dtype))
        found = judgements(find_port("torch:torch.optim.NAdam"), "nadam.step", inputs, **NADAM, momentum_decay=0.004)
        assert {j.label: j.holds for j in found}["momentum_product"] is right


def test_a_state_that_does_not_fit_is_refused_even_where_it_is_not_shown_to_torch():
    state = rmsprop.init(np.zeros(2))
    with pytest.raises(ValueError, match=r"state.mean_gradient must have the shape of params \(3,\), got \(2,\)"):
        inputs = (PARAMS, GRAD, rmsprop.init(PARAMS)._replace(mean_gradient=state.mean_gradient))
        find_port("torch:torch.optim.RMSprop").call(operation("rmsprop.step"), inputs, RMSPROP)


def test_a_state_that_the_step_does_not_use_comes_back_as_it_was():
    _, after = find_port("torch:torch.optim.SGD").call(
        operation("sgd.step"), (PARAMS, GRAD, SGD_STATE), {"lr": 0.5, "momentum": 0.0}
    )
    np.testing.assert_array_equal(after.momentum_buffer, SGD_STATE.momentum_buffer)
    for target in ("torch.optim.Adam", SHIPPED["adam"]):
        _, after = find_port(f"torch:{target}").call(
            operation("adam.step"), (PARAMS, GRAD, ADAM_STATE), {"lr": 0.5, "variant": "adam"}
        )
        np.testing.assert_array_equal(after.largest_second_moment, ADAM_STATE.largest_second_moment)
        assert after.step_count == 8


@pytest.mark.parametrize("dtype", (np.float16, np.float32, np.float64))
@pytest.mark.parametrize("shape", ((), (0,), (3, 1), (17,)))
@pytest.mark.parametrize(("target", "module"), (("torch.optim.SGD", sgd), ("torch.optim.AdamW", adam)))
def test_dtype_and_shape_are_kept_and_inputs_are_not_changed(target, module, shape, dtype):
    name = "sgd.step" if module is sgd else "adamw.step"
    hyper = {"momentum": 0.9} if module is sgd else {"variant": "amsgrad-torch"}
    assert_kept(find_port(f"torch:{target}"), name, module.init(np.ones(shape, dtype)), shape, dtype, lr=0.5, **hyper)


def test_nan_runs_through_its_own_entry():
    grad = np.array([np.nan, 1.0, 1.0])
    new, _ = find_port("torch:torch.optim.AdamW").call(operation("adamw.step"), (PARAMS, grad, ADAM_STATE), {"lr": 0.5})
    assert list(np.isnan(new)) == [True, False, False]


def test_what_torch_rejects_is_rejected_in_its_own_words():
    port, adamw = find_port("torch:torch.optim.AdamW"), operation("adamw.step")
    for lr in (-1.0, np.nan):
        with pytest.raises(ValueError, match=f"^Invalid learning rate: {lr}$"):
            port.call(adamw, (PARAMS, GRAD, ADAM_STATE), {"lr": lr})
    with pytest.raises(RuntimeError, match="grad"):
        port.call(adamw, (PARAMS, GRAD[:2], ADAM_STATE), {"lr": 0.5})


def test_torch_itself_is_left_as_it_was():
    import torch

    before = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    find_port("torch:torch.optim.AdamW").call(operation("adamw.step"), (PARAMS, GRAD, ADAM_STATE), {"lr": 0.5})
    assert (torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()) == before


OTHER_KEYS = """
from reference_in_torch import Adam

class AdamOfMine(Adam):
    keys = ("MEAN", "v")
    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr, (beta1, beta2), eps)
        del self.defaults["weight_decay"]
    def home(self, group, parameter):
        return group
"""


def test_other_keys_of_the_state_and_a_step_count_in_the_group_are_understood(module):
    module("my_optimizers", "import torch\n" + OTHER_KEYS.replace("MEAN", "m"))
    port = find_port("torch:my_optimizers.AdamOfMine")
    assert port.fixed == {"weight_decay": 0.0, "variant": "adam"}
    for state in (adam.init(PARAMS), ADAM_STATE):
        hyper = {**ADAM_CALLS[0], "weight_decay": 0.0}
        assert all(judgement.holds for judgement in judgements(port, "adam.step", (PARAMS, GRAD, state), **hyper))


def test_a_state_that_cannot_be_read_is_an_error(module):
    module("my_optimizers", "import torch\n" + OTHER_KEYS.replace("MEAN", "mean_of_all"))
    expected = (
        r"^torch:my_optimizers.AdamOfMine cannot be read as adam: its state has 'mean_of_all' \(understood: exp_avg, "
    )
    with pytest.raises(ValueError, match=expected):
        find_port("torch:my_optimizers.AdamOfMine")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("AdamW", "an optimizer is named module.name, as in torch.optim.AdamW or optax.adam, got 'AdamW'"),
        ("nosuch.AdamW", "module 'nosuch' cannot be imported: no module named 'nosuch'"),
        ("torch.optim.Nosuch", "module torch.optim has no 'Nosuch'"),
        ("torch.nn.Linear", "torch.nn.Linear must be a class derived from torch.optim.Optimizer, got a type"),
        ("torch.optim.AdamW(fused)", "options must be written name=literal"),
        ("torch.optim.AdamW(spam=1)", "cannot make a step: TypeError: AdamW.__init__() got an unexpected keyword"),
        ("torch.optim.AdamW(capturable=True)", "cannot make a step: AssertionError: If capturable=True"),
        ("torch.optim.AdamW(system='foo')", "system must be one of 'sgd', 'adam', 'adamw', 'nadam', "),
        ("torch.optim.RAdam", "RAdam sounds like a method other than sgd, adam, adamw, nadam, "),
        ("torch.optim.NAdam(system='adam')", "cannot be read as adam: its state has 'mu_product'"),
        ("torch.optim.RMSprop(system='sgd')", "cannot be read as sgd: its state has 'square_avg'"),
        ("torch.optim.Adagrad", "torch.optim.Adagrad maps onto no system: neither a name (Adagrad) nor"),
    ],
)
def test_what_cannot_be_mapped_is_explained_in_one_line(target, message):
    assert_explained(f"torch:{target}", message)


@pytest.mark.parametrize(
    ("target", "name", "hyper"),
    [
        (SHIPPED["adamw"], "adamw.step", {"weight_decay": 0.25}),
        (SHIPPED["adam"], "adam.step", {"eps": 1e-3}),
    ],
)
def test_a_shipped_bug_is_seen_and_only_where_it_acts(target, name, hyper):
    port = find_port(f"torch:{target}")
    for bug, calm in ((True, {}), (False, {"weight_decay": 0.0, "eps": 0.0})):
        call = {"lr": 0.5, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.0, "variant": "adam", **hyper}
        found = {j.label: j.holds for j in judgements(port, name, (PARAMS, GRAD, ADAM_STATE), **{**call, **calm})}
        assert found["params"] is not bug
        assert found["first_moment"] and found["second_moment"]


def test_the_known_differences_of_torch_are_there():
    fresh = sgd.init(PARAMS)
    new, _ = find_port("torch:torch.optim.SGD").call(operation("sgd.step"), (PARAMS, GRAD, fresh), {"lr": np.nan})
    assert np.all(np.isnan(new))
    assert "NaN" in reason_for("torch:torch.optim.SGD", "sgd.step:bad_input_is_rejected", "float32", "wrong")

    port, state = find_port("torch:torch.optim.Adam"), cast(ADAM_STATE, np.float32)
    inputs = (PARAMS.astype(np.float32), np.zeros(3, np.float32), state)
    call = {**ADAM_CALLS[0], "weight_decay": 0.0}
    for beta1, right in ((0.001, False), (0.9, True)):
        found = {j.label: j.holds for j in judgements(port, "adam.step", inputs, **{**call, "beta1": beta1})}
        assert found["first_moment"] is right
    assert "lerp" in reason_for("torch:torch.optim.AdamW", "adamw.step:agrees_with_the_oracle", "float64", "imprecise")
    assert reason_for("torch:torch.optim.AdamW", "adamw.step:agrees_with_the_oracle", "float64", "wrong") is None
    assert reason_for(f"torch:{SHIPPED['adamw']}", "adamw.step:no_gradient_no_move", "float64", "wrong") is None


def test_a_law_that_varies_what_the_port_has_fixed_is_not_about_the_port():
    law = next(law for law in operation("sgd.step").laws if law.name.startswith("gradients_and_learning_rate_scale"))
    assert check_law(find_port("torch:torch.optim.SGD"), law, "float64", Plan(20))[0].status == "conforms"
    verdict, outcomes = check_law(find_port("torch:torch.optim.SGD", {"lr": 0.5}), law, "float64", Plan(20))
    assert (verdict.status, verdict.reason, outcomes) == ("not provided", OTHER_HYPERPARAMETERS, [])
