"""Whether a port agrees with the reference on one call, within the band that perturbed runs of the reference span."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gnomon_spec.bands import Judgement, judge
from gnomon_spec.cases import Case
from gnomon_spec.stand_ins import PerturbedRuns
from gnomon_spec.system import Operation, find_system
from gnomon_validation.ports.port import Port
from gnomon_validation.ports.runner import PortRunner


def operation(name: str) -> Operation:
    """Return the operation `system.name`."""
    system, _, rest = name.partition(".")
    return find_system(system).operations[rest]


def judgements(port: Port, name: str, inputs: tuple[Any, ...], **hyper: Any) -> Iterator[Judgement]:
    """Judge every output of one call of the port."""
    law = next(law for law in operation(name).laws if law.name == "agrees_with_the_oracle")
    dtype = inputs[0].dtype
    offer = port.offer(law.operation)
    assert offer is not None
    case = Case({**dict(zip(law.operation.inputs, inputs, strict=True)), **hyper}, hyper)
    facts = list(law.body(PortRunner(port, law.operation.system, dtype), case.widened(dtype)))
    (runs,) = PerturbedRuns(dtype, flush_subnormals=offer.flush_subnormals).of_law(law, case)
    for fact, run in zip(facts, runs, strict=True):
        yield judge(fact, [run], dtype)
