"""Honest ports that compute differently, and what libraries have, are never called wrong or imprecise.

Here a few hundred examples each; with `pytest -m "campaign or campaign_torch or campaign_optax"`, which need the extras
`torch` and `optax`, 100,000 each.
"""

from __future__ import annotations

from typing import Any

import pytest
from reported import EXPECTED, reported
from specimens import HONEST

from gnomon_spec.system import ALL_DTYPES, WITH_ROOM, System, systems
from gnomon_validation.checker import check_law
from gnomon_validation.ports.bundled import MistakenPort
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.port import Port
from gnomon_validation.runs.examine import offered_cases
from gnomon_validation.runs.plan import Plan
from gnomon_validation.verdicts import ACCEPTS

CAMPAIGN = 100_000
HONEST_PORTS = [
    (MistakenPort(edited, variation), systems()[name])
    for variation, edited in HONEST.items()
    for name in ("sgd", "adam", "adamw")
    if edited.reaches(systems()[name].operations["step"].reference)
]
REPORTED = [name for name, (_, allowed, _) in EXPECTED.items() if allowed == {"conforms"} and "bug" not in name]
TORCH = [
    f"torch:torch.optim.{name}{option}"
    for name in ("SGD", "Adam", "AdamW")
    for option in ("", "(foreach=True)", "(fused=True)")
]
MORE = [
    f"torch:torch.optim.{name}" for name in ("SGD", "AdamW", "Adam(decoupled_weight_decay=True)", "NAdam", "RMSprop")
]
OPTAX = [f"optax:optax.{name}" for name in ("sgd", "adam", "amsgrad", "adamw", "nadam", "rmsprop", "lion")]


def sensible_dtypes(variation: str, system: System) -> tuple[str, ...]:
    """Return where a variation is honest.

    float16 has no range to spare: with its scalars folded differently, Adam overflows where the reference does not
    (lr·m̂/ε against m̂/ε·lr with ε = 6e-5). Real float16 ports compute in float32 and round once.
    """
    has_room = system.name == "sgd" or variation == "rounded once"
    return ALL_DTYPES if has_room else WITH_ROOM


def alarms(port: Port, system: System, dtypes: tuple[str, ...], examples: int, seed: int) -> list[str]:
    """Return what is held against a port in about `examples` examples, spread evenly over laws and dtypes.

    That is also bad input that it is known to accept and rejects.
    """
    laws = [law for law in system.laws if law.operation.name == "step" or port.offer(law.operation)]
    jobs = [(law, d) for law in laws for d in dtypes if offered_cases(law, port.offer(law.operation), d)[0]]
    found = []
    for law, dtype in jobs:
        verdict, outcomes = check_law(port, law, dtype, Plan(examples // len(jobs) + 1, seed=seed))
        unknown = reason_for(port.name, law.id, dtype, verdict.status if outcomes else ACCEPTS) is None
        if unknown if outcomes else law.kind == "rejects" and not unknown:
            found.append(f"{law.id} {dtype} {verdict.status}: {verdict.smallest} {verdict.outcome}")
    return found


@pytest.mark.parametrize(("examples", "seed"), [(500, 1), pytest.param(CAMPAIGN, 2, marks=pytest.mark.campaign)])
@pytest.mark.parametrize(("port", "system"), HONEST_PORTS, ids=lambda x: x.name)
def test_an_honest_variation_raises_no_alarm(port, system, examples, seed):
    assert alarms(port, system, sensible_dtypes(port.name, system), examples, seed) == []


@pytest.mark.parametrize(("examples", "seed"), [(300, 5), pytest.param(CAMPAIGN, 6, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("name", REPORTED)
def test_an_honest_twin_of_a_reported_port_raises_no_alarm_but_that_it_checks_nothing(name, examples, seed):
    found = alarms(reported(name), systems()[EXPECTED[name][0]], WITH_ROOM, examples, seed)
    assert [alarm for alarm in found if f" {ACCEPTS}: " not in alarm] == []


def of(mark: str, targets: list[str], dtypes: tuple[str, ...], examples: int, seed: int) -> list[Any]:
    return [pytest.param(target, dtypes, examples, seed, marks=getattr(pytest.mark, mark)) for target in targets]


@pytest.mark.parametrize(
    ("target", "dtypes", "examples", "seed"),
    [
        *of("torch", TORCH, WITH_ROOM, 500, 3),
        *of("campaign_torch", TORCH, WITH_ROOM, CAMPAIGN, 4),
        *of("torch", MORE, ALL_DTYPES, 300, 3),
        *of("optax", OPTAX, ALL_DTYPES, 300, 3),
        *of("campaign_optax", OPTAX, WITH_ROOM, CAMPAIGN, 4),
    ],
)
def test_no_optimizer_of_a_library_raises_an_alarm(target, dtypes, examples, seed):
    port = find_port(target)
    assert alarms(port, systems()[port.system], dtypes, examples, seed) == []
