"""Honest ports that compute differently are never called wrong or imprecise.

Here a few hundred examples each. The campaign of 100,000 examples a port:

    pytest -m campaign -n auto tests/validation/test_no_false_alarms.py

and, with the extra `torch`, the same for torch's own variants: `pytest -m "campaign_torch"`.
"""

from __future__ import annotations

from typing import Any

import pytest
from specimens import HONEST

from gnomon_spec.system import System, systems
from gnomon_validation.checker import Plan, check_law, offered_cases
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.port import Port

DTYPES = ("float16", "float32", "float64")
CAMPAIGN = 100_000
TORCH = [
    (name, option)
    for name in ("torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW")
    for option in ({}, {"foreach": True}, {"fused": True})
]


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


@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
@pytest.mark.parametrize("variation", HONEST)
def test_an_honest_variation_raises_no_alarm(variation: str, system: System) -> None:
    port = FunctionsPort(HONEST[variation], variation)
    assert alarms(port, system, DTYPES, 1_500, seed=1) == []


@pytest.mark.campaign
@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
@pytest.mark.parametrize("variation", HONEST)
def test_no_false_alarm_in_a_hundred_thousand_examples(variation: str, system: System) -> None:
    port = FunctionsPort(HONEST[variation], variation)
    assert alarms(port, system, DTYPES, CAMPAIGN, seed=2) == []


def torch_port(name: str, option: dict[str, Any]) -> tuple[Port, System]:
    return find_port(f"torch:{name}", option), systems()[name.rpartition(".")[2].lower()]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "option"), TORCH, ids=str)
def test_no_variant_of_torch_raises_an_alarm(name: str, option: dict[str, Any]) -> None:
    port, system = torch_port(name, option)
    assert alarms(port, system, ("float32", "float64"), 1_500, seed=3) == []


@pytest.mark.campaign_torch
@pytest.mark.parametrize(("name", "option"), TORCH, ids=str)
def test_no_variant_of_torch_raises_an_alarm_in_a_hundred_thousand_examples(name: str, option: dict[str, Any]) -> None:
    port, system = torch_port(name, option)
    assert alarms(port, system, ("float32", "float64"), CAMPAIGN, seed=4) == []
