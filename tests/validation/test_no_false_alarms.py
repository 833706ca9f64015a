"""Honest ports that compute differently are never called wrong or imprecise.

Here a few hundred examples each. The campaign of 100,000 examples a port:

    pytest -m campaign

and, with the extra `torch`, the same for torch's own variants: `pytest -m campaign_torch`.
"""

from __future__ import annotations

from typing import Any

import pytest
from specimens import HONEST

from gnomon_spec.system import System, systems
from gnomon_validation.checker import Plan, check_law, offered_cases
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.mistaken import MistakenPort
from gnomon_validation.ports.port import Port

CAMPAIGN = 100_000
HONEST_PORTS = [
    (MistakenPort(edited, variation), systems()[name])
    for variation, edited in HONEST.items()
    for name in ("sgd", "adam", "adamw")
    if edited.reaches(systems()[name].operations["step"].reference)
]
TORCH = [
    (name, option)
    for name in ("torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW")
    for option in ({}, {"foreach": True}, {"fused": True})
]


def sensible_dtypes(variation: str, system: System) -> tuple[str, ...]:
    """Return where a variation is honest.

    float16 has no range to spare: with its scalars folded differently, Adam overflows where the reference does not
    (lr·m̂/ε against m̂/ε·lr with ε = 6e-5). Real float16 ports compute in float32 and round once.
    """
    has_room = system.name == "sgd" or variation == "rounded once"
    return ("float16", "float32", "float64") if has_room else ("float32", "float64")


def alarms(port: Port, system: System, dtypes: tuple[str, ...], examples: int, seed: int) -> list[str]:
    """Return what is held against a port in about `examples` examples, spread evenly over laws and dtypes."""
    step = system.operations["step"]
    jobs = [(law, d) for law in step.laws for d in dtypes if offered_cases(law, port.offer(step), d)[0]]
    found = []
    for law, dtype in jobs:
        verdict, outcomes = check_law(port, law, dtype, Plan(examples // len(jobs) + 1, seed=seed))
        if outcomes and reason_for(port.name, law.id, dtype, verdict.status) is None:
            found.append(f"{law.id} {dtype} {verdict.status}: {verdict.smallest} {verdict.outcome}")
    return found


@pytest.mark.parametrize(("port", "system"), HONEST_PORTS, ids=lambda x: x.name)
def test_an_honest_variation_raises_no_alarm(port, system):
    assert alarms(port, system, sensible_dtypes(port.name, system), 1_500, seed=1) == []


@pytest.mark.campaign
@pytest.mark.parametrize(("port", "system"), HONEST_PORTS, ids=lambda x: x.name)
def test_no_false_alarm_in_a_hundred_thousand_examples(port, system):
    assert alarms(port, system, sensible_dtypes(port.name, system), CAMPAIGN, seed=2) == []


def torch_port(name: str, option: dict[str, Any]) -> tuple[Port, System]:
    return find_port(f"torch:{name}", option), systems()[name.rpartition(".")[2].lower()]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "option"), TORCH, ids=str)
def test_no_variant_of_torch_raises_an_alarm(name, option):
    port, system = torch_port(name, option)
    assert alarms(port, system, ("float32", "float64"), 1_500, seed=3) == []


@pytest.mark.campaign_torch
@pytest.mark.parametrize(("name", "option"), TORCH, ids=str)
def test_no_variant_of_torch_raises_an_alarm_in_a_hundred_thousand_examples(name, option):
    port, system = torch_port(name, option)
    assert alarms(port, system, ("float32", "float64"), CAMPAIGN, seed=4) == []
