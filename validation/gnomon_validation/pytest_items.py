"""Laws as pytest items: one decorator in a port author's own test suite.

    from gnomon_validation import conformance

    @conformance("my_port.py", systems=["adam"], expected={"adam.step:bad_input_is_rejected": "our caller validates"})
    def test_my_port(check):
        check()

Every law of every dtype becomes one item with a readable name. An expected failure is an xfail with its reason; a law
that is expected to fail by its full id must fail, or the suite says so. That bad input is accepted is an xfail, too,
unless `strict_input=True` is said.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.system import Law, find_system, systems
from gnomon_validation.checker import check
from gnomon_validation.expectations import Expected, expecting, require_laws
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.ports.port import Port
from gnomon_validation.report_causes import block
from gnomon_validation.runs.examine import offered_cases
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.pool import SECONDS_OF_A_CALL, DescribedPort, Owner, Pool
from gnomon_validation.runs.work import Workers
from gnomon_validation.verdicts import ACCEPTS


def conformance(
    port: Any,
    *,
    systems: str | Sequence[str] | None = None,
    dtypes: str | Sequence[str] = ("float32", "float64"),
    examples: int = 100,
    seed: int = 0,
    expected: Mapping[str, str] | None = None,
    strict_input: bool = False,
    jobs: int = 1,
    timeout: float = SECONDS_OF_A_CALL,
) -> Callable[[Callable[..., Any]], Any]:
    """Turn every law that a port can be held to into a pytest item.

    port: what `gnomon check` takes as a string, or a module, class or object with functions such as `adam_step`.
    systems: names; all that the port provides by default. expected: reasons by law id, wildcards allowed.
    strict_input: whether accepting bad input is a failure. jobs: 1 for a process beside this one, which loads a port
    that is given as a string, so that it can hang or end without harm; 0 for this process, which coverage and debuggers
    see. timeout: how many seconds a call of the port may take there.
    The decorated test gets `check`, a function without arguments that raises `AssertionError` with the full verdict.
    """
    import pytest

    systems = [systems] if isinstance(systems, str) else systems
    plan = Plan(examples, (dtypes,) if isinstance(dtypes, str) else tuple(dtypes), seed)
    beside = _beside(port, plan, timeout) if isinstance(port, str) and jobs else None
    actual, workers = beside or (as_port(port), None)
    require_laws(expected or {}, (law.id for law in _laws(None)))
    reason = expecting(expected or {})
    items = []
    for law in _laws(systems):
        for dtype in plan.dtypes:
            if offered_cases(law, actual.offer(law.operation), as_dtype(dtype).name)[0] is None:
                continue
            item = Item(actual, workers, law, dtype, plan, reason, (expected or {}).get(law.id), strict_input)
            items.append(pytest.param(item, id=f"{law.id}-{dtype}"))
    if not items:
        raise ValueError(f"{actual.name} provides no operation of {', '.join(systems or ['any system'])}")
    return pytest.mark.parametrize("check", items)


def _beside(port: str, plan: Plan, timeout: float) -> tuple[Port, Workers]:
    """Return what a worker process tells of a port, and the process, which ends with this one."""
    pool = Pool(Owner(port, {}, None, plan, timeout), jobs=1)
    atexit.register(pool.close)
    return DescribedPort(pool.ask({"do": "describe"})), pool


def as_port(port: Any) -> Port:
    """Return what was given as a port."""
    if isinstance(port, str):
        return find_port(port)
    if hasattr(port, "offer") and hasattr(port, "call"):
        return port  # type: ignore[no-any-return]
    return FunctionsPort(port, getattr(port, "__name__", type(port).__name__))


def _laws(names: Sequence[str] | None) -> list[Law]:
    chosen = [find_system(name) for name in names] if names else list(systems().values())
    return [law for system in chosen for law in system.laws]


@dataclass(eq=False)
class Item:
    """One law and dtype, to be checked by calling it.

    reason: says why a verdict is expected. must_fail: the author's own reason for this very law, if there is one.
    """

    port: Port
    workers: Workers | None
    law: Law
    dtype: str
    plan: Plan
    reason: Expected
    must_fail: str | None
    strict_input: bool

    def __call__(self) -> None:
        __tracebackhide__ = True
        import pytest

        plan = replace(self.plan, dtypes=(self.dtype,))
        asked: dict[str, Any] = {"laws": lambda law: law is self.law, "expected": self.reason, "workers": self.workers}
        (verdict,) = check(self.port, [self.law.operation.system], plan, **asked).verdicts
        if verdict.status == "not provided":
            pytest.skip(verdict.reason)
        if verdict.status == "no case drawn":
            raise AssertionError(f"no case of {self.law.id} could be drawn: nothing was checked")
        if verdict.status in ("conforms", "ambiguous only"):
            if self.must_fail:
                raise AssertionError(f"conforms, but is expected to fail ({self.must_fail}): remove the expectation")
            return
        why = verdict.expected
        if not why and verdict.status == ACCEPTS and not self.strict_input and verdict.outcome:
            why = f"accepts bad input ({verdict.outcome.message}), which is a failure with strict_input=True"
        if why:
            pytest.xfail(why)
        raise AssertionError("\n" + block(verdict).plain)
