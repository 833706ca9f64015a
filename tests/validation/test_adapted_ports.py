"""Torch and optax optimizers as ports: what maps onto what, both ways, and what cannot be mapped."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import GRAD, PARAMS, assert_explained, operation, outcome

from gnomon.descent import adam, sgd
from gnomon_validation.checker import check_law
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.methods import ROWS
from gnomon_validation.ports.targets import method_said
from gnomon_validation.runs.examine import OTHER_HYPERPARAMETERS
from gnomon_validation.runs.plan import Plan

# Two bugs that libraries shipped: huggingface/transformers#14539 and aiqm/torchani#261.
DECAYING = "reference_in_torch.AdamW(mistake='decay_after_the_update')"
UNCORRECTED = "reference_in_torch.Adam(mistake='epsilon_before_the_bias_correction')"
STEPS = {name: operation(f"{name}.step") for name in ("sgd", "adam", "adamw")}
ADAM = {"lr": 0.5, "beta1": 0.9, "beta2": 0.99, "eps": 1e-3}


def of(kind, rows):
    """Return rows whose first entry is a target in torch or in optax, which need that library."""
    return [pytest.param(f"{kind}:{target}", *rest, marks=getattr(pytest.mark, kind)) for target, *rest in rows]


def used(system, dtype=float, fresh=False):
    """Return parameters, a gradient and a state in a dtype."""
    params, grad, signed = (np.array(values, dtype) for values in (PARAMS, GRAD, [0.1, -0.2, 0.3]))
    second, largest = np.array([[0.01, 4.0, 0.5], [0.02, 3.0, 1.0]], dtype)
    of_sgd = system == "sgd"
    state = sgd.SGDState(signed, 7) if of_sgd else adam.AdamState(signed, second, largest, 7)
    return params, grad, (sgd if of_sgd else adam).init(params) if fresh else state


def held(target, system, inputs, **hyper):
    """Return which outputs of a step are within the band."""
    given = dict(zip(("params", "grad", "state"), inputs, strict=True))
    found = outcome(find_port(target), f"{system}.step", given, hyper, inputs[0].dtype)
    return {judgement.label: judgement.holds for judgement in found.judgements}


NO_DECAY = {"weight_decay": 0.0}
TORCH = [
    ("torch.optim.SGD", "sgd", {}),
    ("torch.optim.SGD(foreach=True)", "sgd", {}),
    ("torch.optim.Adam", "adam", {}),
    ("torch.optim.AdamW", "adamw", {}),
    (
        "torch.optim.AdamW(amsgrad=True, betas=(0.8, 0.9))",
        "adamw",
        {"variant": "amsgrad-torch", "beta1": 0.8, "beta2": 0.9},
    ),
    ("torch.optim.Adam(decoupled_weight_decay=True)", "adamw", {}),
    (DECAYING, "adamw", {"variant": "adam"}),
    (UNCORRECTED, "adam", {"variant": "adam"}),
]
OPTAX = [
    ("optax.sgd", "sgd", NO_DECAY | {"dampening": 0.0}),
    ("optax.sgd(momentum=0.5)", "sgd", NO_DECAY | {"momentum": 0.5, "dampening": 0.0}),
    ("optax.sgd(momentum=None)", "sgd", NO_DECAY | {"momentum": 0.0, "dampening": 0.0}),
    ("optax.adam", "adam", NO_DECAY | {"variant": "adam"}),
    ("optax.adam(b1=0.5)", "adam", NO_DECAY | {"beta1": 0.5, "variant": "adam"}),
    ("optax.amsgrad", "adam", NO_DECAY | {"variant": "amsgrad-optax"}),
    ("optax.adamw", "adamw", {"variant": "adam"}),
]


@pytest.mark.parametrize(("target", "system", "fixed"), of("torch", TORCH) + of("optax", OPTAX))
def test_an_optimizer_is_a_port_of_the_system_in_its_name_and_says_what_it_cannot_vary(target, system, fixed):
    port = find_port(target)
    offer = port.offer(STEPS[system])
    assert offer.fixed == {**fixed, "check_finite": False}
    both = {"variant": ("adam", "amsgrad-torch")} if system != "sgd" and "variant" not in fixed else {}
    assert offer.only == both
    assert all(port.offer(STEPS[other]) is None for other in {*STEPS} - {system})
    assert find_port(port.name).name == port.name == target


@pytest.mark.torch
def test_a_class_that_only_makes_its_base_class_otherwise_is_what_that_is(module):
    text = (
        "class Mine(torch.optim.AdamW):\n    def __init__(self, params, **rest): super().__init__(params, **rest)\n"
        "class Momentum(torch.optim.SGD): pass\n"
        "class AdamWithClipping(torch.optim.Adam): pass\n"
        "class Adopted(torch.optim.Adam):\n    def step(self, closure=None): return super().step(closure)\n"
    )
    module("my_optimizers", "import torch\n" + text)
    for name, system in (("Mine", "adamw"), ("Momentum", "sgd"), ("AdamWithClipping", "adam")):
        assert find_port(f"torch:my_optimizers.{name}").system == system
    assert_explained("torch:my_optimizers.Adopted", "Adopted is a method Gnomon does not have (nearest: adam); ")
    assert find_port("torch:my_optimizers.Adopted", system="adam").name == "torch:my_optimizers.Adopted(system='adam')"


NAMED = {
    "sgd": "SGD sgd SGDNesterov SGDChangesGrad my_sgd",
    "adam": "Adam AdamClosureNoGrad AMSGrad amsgrad FusedAdam Adam8bit AdamWithClipping AdamOfMine make_adam",
    "adamw": "AdamW MyAdamW PagedAdamW8bit AdamWLegacy adamw_with_decay",
    "nadam": "NAdam Nadam nadam",
    "rmsprop": "RMSprop RMSProp rmsprop",
    "lion": "Lion",
    "muon": "Muon muon SingleDeviceMuon MuonWithAuxAdam",
    "hysterograd": "HIOptimizer HysteroGrad",
    "srkl": "SRKLForEachArray",
    None: "A2Grad AccSGD ADOPT AdaBelief AdaBound AdaHessian AdaMax Adamax AdamMini AdaMod AdamP AdamS AdamWSN Adan "
    "AggMo ASGD DAdaptAdam DiffGrad EXAdam FAdam AdaMuon LAMB LARS Lamb MADGRAD MuonClip NorMuon NovoGrad PAdam PID "
    "QHAdam QHM RAdam RMSpropTF ScheduleFreeAdamW AdamWScheduleFree SGDP SGDSaI SGDW SGDHess SignSGD StableAdamW Yogi "
    "acprop adamax adamaxw lars nadamw noisy_sgd novograd optimistic_adam polyak_sgd radam sign_sgd sm3 yogi "
    "SparseAdam Rprop",
}


@pytest.mark.parametrize("system", NAMED)
def test_a_name_says_a_method_alone_or_among_words_that_only_describe(system):
    called = {word: row.system for row in ROWS.values() for word in row.called}
    assert {name: method_said(name, called) for name in NAMED[system].split()} == dict.fromkeys(
        NAMED[system].split(), system
    )


OTHER_METHODS = """
import torch

class Base(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, momentum=0.9, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, momentum=momentum, betas=betas, eps=eps, weight_decay=weight_decay))

    def step(self, closure=None):
        raise NotImplementedError

""" + "".join(
    f"class {name}(Base):\n    def step(self, closure=None): return None\n\n"
    for name in ("ADOPT", "LARS", "SGDW", "SignSGD", "QHM", "AdaBound", "NovoGrad", "RMSpropTF")
)


@pytest.mark.torch
def test_another_method_is_refused_with_the_nearest_that_there_is_and_read_as_what_is_said(module):
    module("other_methods", OTHER_METHODS)
    for name, near in (("ADOPT", "adam"), ("SGDW", "sgd"), ("SignSGD", "sgd"), ("RMSpropTF", "rmsprop")):
        assert_explained(f"torch:other_methods.{name}", f"{name} is a method Gnomon does not have (nearest: {near}); ")
    for name in ("LARS", "QHM", "AdaBound", "NovoGrad"):
        assert_explained(f"torch:other_methods.{name}", f"{name} is a method Gnomon does not have (")
    with pytest.raises(
        ValueError, match=r"SGDW\(system='sgd'\) cannot be read as sgd: its state has nothing called like"
    ):
        find_port("torch:other_methods.SGDW", system="sgd")


BELIEVING = """
import torch

class AdaBelief(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                (b1, b2), s = group["betas"], self.state[p]
                if not s:
                    s.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                s["step"] += 1
                g = p.grad + group["weight_decay"] * p
                s["exp_avg"].mul_(b1).add_(g, alpha=1 - b1)
                surprise = g - s["exp_avg"]
                s["exp_avg_sq"].mul_(b2).addcmul_(surprise, surprise, value=1 - b2).add_(group["eps"])
                m, v = s["exp_avg"] / (1 - b1 ** s["step"]), s["exp_avg_sq"] / (1 - b2 ** s["step"])
                p.addcdiv_(m, v.sqrt() + group["eps"], value=-group["lr"])
"""
SENTENCE = "this looks like another method than adam: "


@pytest.mark.torch
def test_what_breaks_nearly_every_law_looks_like_another_method(gnomon, module):
    module("other_methods", BELIEVING)
    command = ("--examples", "10", "--dtype", "float64", "--system", "adam")
    status, output, _ = gnomon("check", "other_methods.py:AdaBelief", *command)
    assert status == 1 and output.count(SENTENCE) == 1
    assert "10 of 10 laws that say what adam computes fail" in output
    _, output, _ = gnomon("check", f"torch:{UNCORRECTED}", "--set", "system=adam", *command)
    assert "WRONG" in output and SENTENCE not in output


@pytest.mark.torch
def test_a_system_that_contradicts_the_name_must_be_an_option():
    message = (
        "RMSprop says by its name that it is rmsprop, not sgd; to hold it against sgd all the same: --set system=sgd"
    )
    with pytest.raises(ValueError, match=message):
        find_port("torch:torch.optim.RMSprop", system="sgd")
    assert find_port("torch:torch.optim.RMSprop", system="rmsprop").name == "torch:torch.optim.RMSprop"


@pytest.mark.torch
@pytest.mark.parametrize("target", ["torch.optim.Adam(maximize=True)", "torch.optim.SGD(maximize=True)"])
def test_an_optimizer_that_maximises_is_given_what_it_descends_by(target):
    port = find_port(f"torch:{target}")
    law = STEPS[port.system].laws[0]
    assert check_law(port, law, "float32", Plan(20))[0].status == "conforms"


NOT_VARIED = of(
    "torch",
    [
        ("torch.optim.SGD(momentum=0.5)", "sgd", {"momentum": 0.9}, r"^momentum must be 0\.5, which this port cannot"),
        ("torch.optim.Adam", "adam", {"variant": "amsgrad-optax"}, "^variant must be 'adam' or 'amsgrad-torch' for a"),
        ("torch.optim.AdamW", "adamw", {"lr": -1.0}, r"^Invalid learning rate: -1\.0$"),
        ("torch.optim.AdamW", "adamw", {"lr": np.nan}, "^Invalid learning rate: nan$"),
    ],
) + of("optax", [("optax.sgd", "sgd", {"dampening": 0.5}, r"^dampening must be 0\.0, which this port cannot vary")])


@pytest.mark.parametrize(("target", "system", "hyper", "words"), NOT_VARIED)
def test_what_a_port_cannot_vary_and_what_torch_rejects_is_an_error(target, system, hyper, words):
    with pytest.raises(ValueError, match=words):
        find_port(target).call(STEPS[system], used(system), hyper)


@pytest.mark.torch
def test_the_differentiable_step_computes_its_bias_correction_in_float32():
    for dtype, right in ((np.float32, True), (np.float64, False)):
        hyper = ADAM | {"weight_decay": 0.25, "variant": "adam"}
        found = held("torch:torch.optim.Adam(differentiable=True)", "adam", used("adam", dtype), **hyper)
        assert found["params"] is right
        assert found["first_moment"] and found["second_moment"]


@pytest.mark.torch
def test_nan_runs_through_its_own_entry_and_torch_itself_is_left_as_it_was():
    import torch

    before = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    port, (params, grad, state) = find_port("torch:torch.optim.AdamW"), used("adamw")
    new, _ = port.call(STEPS["adamw"], (params, np.array([np.nan, 1.0, 1.0]), state), {"lr": 0.5})
    assert list(np.isnan(new)) == [True, False, False]
    with pytest.raises(RuntimeError, match="grad"):
        port.call(STEPS["adamw"], (params, grad[:2], state), {"lr": 0.5})
    assert (torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()) == before


@pytest.mark.optax
def test_the_64_bit_mode_is_on_for_a_call_in_float64_only():
    import jax

    before = jax.config.jax_enable_x64
    for dtype in (np.float64, np.float32):
        find_port("optax:optax.adam").call(STEPS["adam"], used("adam", dtype), ADAM)
        assert jax.config.jax_enable_x64 == before


@pytest.mark.optax
def test_xla_replaces_subnormals_by_zero_as_the_offer_says():
    port = find_port("optax:optax.sgd")
    tiny = np.array([np.finfo(np.float32).smallest_normal / 4], np.float32)
    new, _ = port.call(STEPS["sgd"], (0 * tiny, tiny, sgd.init(tiny)), {"lr": 1.0})
    assert new == 0
    assert port.offer(STEPS["sgd"]).flush_subnormals


# --- what cannot be mapped -----------------------------------------------------------------------------------------

OTHER_KEYS = """
import torch
from reference_in_torch import Adam

class AdamOfMine(Adam):
    keys = ("m", "v")
    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr, (beta1, beta2), eps)
        del self.defaults["weight_decay"]
    def home(self, group, parameter):
        return group
"""


@pytest.mark.torch
def test_other_keys_of_the_state_and_a_step_count_in_the_group_are_understood(module):
    module("my_optimizers", OTHER_KEYS)
    target = "torch:my_optimizers.AdamOfMine"
    assert find_port(target).fixed == {"weight_decay": 0.0, "variant": "adam"}
    for fresh in (True, False):
        found = held(target, "adam", used("adam", fresh=fresh), **ADAM, weight_decay=0.0, variant="adam")
        assert set(found.values()) == {True}


NOT_MAPPED = of(
    "torch",
    [
        ("AdamW", "an optimizer is named module.name, as in torch.optim.AdamW or optax.adam, got 'AdamW'"),
        ("nosuch.AdamW", "module 'nosuch' cannot be imported: no module named 'nosuch'"),
        ("torch.optim.Nosuch", "module torch.optim has no 'Nosuch'"),
        ("torch.nn.Linear", "torch.nn.Linear must be a class derived from torch.optim.Optimizer, got a type"),
        ("torch.optim.AdamW(fused)", "options must be written name=literal"),
        ("torch.optim.AdamW(spam=1)", "cannot make a step: TypeError: AdamW.__init__() got an unexpected keyword"),
        ("torch.optim.AdamW(capturable=True)", "cannot make a step: AssertionError: If capturable=True"),
        ("torch.optim.AdamW(system='foo')", "system must be one of 'sgd', 'adam', 'adamw', 'nadam', "),
        ("torch.optim.RAdam", "RAdam is a method Gnomon does not have (nearest: adam); where it is one under another"),
        ("torch.optim.NAdam(system='adam')", "cannot be read as adam: its state has 'mu_product'"),
        ("torch.optim.Adagrad", "Adagrad is a method Gnomon does not have (nearest: "),
    ],
) + of(
    "optax",
    [
        ("optax.__version__", "must be a function that returns an optax optimizer, got a str"),
        ("optax.adam(nope=1)", "cannot make a step: TypeError: adam() got an unexpected keyword argument 'nope'"),
        ("optax.adabelief", "adabelief is a method Gnomon does not have (nearest: adam); "),
        ("optax.lars", "lars is a method Gnomon does not have (it has sgd, adam, adamw, nadam, rmsprop, lion, muon); "),
        ("optax.novograd", "novograd is a method Gnomon does not have (nearest: "),
        ("optax.rmsprop(system='sgd')", "cannot be read as sgd: its state has 'nu' (understood: momentum_buffer, "),
        ("optax.lion(system='adamw')", "cannot be read as adamw: it neither takes nor keeps 'eps'"),
        ("optax.l2_loss", "l2_loss is a method Gnomon does not have "),
    ],
)


@pytest.mark.parametrize(("target", "message"), NOT_MAPPED)
def test_what_cannot_be_mapped_is_explained_in_one_line(target, message):
    assert_explained(target, message)


# --- bugs and known differences ------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.parametrize(
    ("target", "system", "acting"), [(DECAYING, "adamw", {"weight_decay": 0.25}), (UNCORRECTED, "adam", {"eps": 1e-3})]
)
def test_a_shipped_bug_is_seen_and_only_where_it_acts(target, system, acting):
    calm = ADAM | {"eps": 1e-8, "weight_decay": 0.0, "variant": "adam"}
    for bug, hyper in ((True, calm | acting), (False, calm | {"eps": 0.0})):
        found = held(f"torch:{target}", system, used(system), **hyper)
        assert found["params"] is not bug
        assert found["first_moment"] and found["second_moment"]


@pytest.mark.torch
@pytest.mark.parametrize("size", [15, 16, 17])
def test_vectors_of_narrow_numbers_are_left_out_by_fused_sgd(size):
    """A step of lr 1 against the gradient 1, from a buffer of 1 with momentum ½: every entry goes from 4 to 2.5."""
    ones, hyper = np.ones(size, np.float16), {"lr": 1.0, "momentum": 0.5}
    state = sgd.SGDState(ones, 1)
    for options, right in (({}, size), ({"fused": True}, size % 16)):
        port = find_port("torch:torch.optim.SGD", options)
        params, after = port.call(STEPS["sgd"], (4 * ones, ones, state), hyper)
        assert np.sum(params == 2.5) == right and np.sum(params == 4) == size - right
        assert np.sum(after.momentum_buffer == 1.5) >= right
        reason = reason_for(port.name, "sgd.step:agrees_with_the_oracle", "float16", "wrong")
        assert (reason is None) is not bool(options)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_differentiable_adam_corrects_its_bias_in_float32(name):
    """1 - β₂ = 0.001 of float32 numbers: its error is that of rounding β₂, 1.3e-5, half of it under the root."""
    system = name.lower()
    hyper = ADAM | {"lr": 1.0, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}
    state = adam.AdamState(np.zeros(1), np.zeros(1), np.zeros(1), 0)
    for options, low, high in (({}, 0.0, 1e-7), ({"differentiable": True}, 6.5e-6, 6.7e-6)):
        port = find_port(f"torch:torch.optim.{name}", options)
        hyper_of = {key: value for key, value in hyper.items() if system == "adam" or key != "variant"}
        params, _ = port.call(STEPS[system], (np.zeros(1), np.ones(1), state), hyper_of)
        assert low <= abs(params[0] + 1) <= high
        assert (reason_for(port.name, f"{system}.step:agrees_with_the_oracle", "float64", "wrong") is None) is not bool(
            options
        )


@pytest.mark.optax
def test_what_optax_computes_in_float32_is_another_bias_correction():
    target, hyper = "optax:optax.amsgrad", ADAM | {"beta2": 0.999, "variant": "amsgrad-optax"}
    for dtype, right in ((np.float32, False), (np.float64, True)):
        found = held(target, "adam", used("adam", dtype, fresh=True), **hyper)
        assert found["largest_second_moment"] is right
        assert found["first_moment"] and found["second_moment"]


@pytest.mark.torch
def test_a_law_that_varies_what_the_port_has_fixed_is_not_about_the_port():
    law = next(law for law in STEPS["sgd"].laws if law.name.startswith("gradients_and_learning_rate_scale"))
    assert check_law(find_port("torch:torch.optim.SGD"), law, "float64", Plan(20))[0].status == "conforms"
    verdict, outcomes = check_law(find_port("torch:torch.optim.SGD", {"lr": 0.5}), law, "float64", Plan(20))
    assert (verdict.status, verdict.reason, outcomes) == ("not provided", OTHER_HYPERPARAMETERS, [])
