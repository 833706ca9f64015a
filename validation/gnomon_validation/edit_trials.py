"""What it takes to try edits of the reference: which functions to edit, what they give, an end to those without one."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from gnomon_spec.edits import Address, reach, sources
from gnomon_spec.stand_ins import Function
from gnomon_spec.system import Operation
from gnomon_validation.ports.runner import Call

Tried = TypeVar("Tried")
REJECTIONS = ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError
CHECKS = ("gnomon.arguments", "gnomon.domains")  # what they promise is generated from the signatures


class NeverEndsError(BaseException):
    """An edited function did not end in time; not an `Exception`, which a port may catch."""


def addresses(operations: list[Operation]) -> list[Address]:
    """Return the functions of the reference that the operations are made of, without the checks of arguments."""
    found = dict.fromkeys(at for operation in operations for at in reach(operation.reference))
    return [at for at in found if at.module not in CHECKS and at.name in sources(at.module)]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `NeverEndsError` in the main thread once so much processor time is over, and again where that was lost."""

    def over(_signal: int, _frame: Any) -> None:
        raise NeverEndsError

    collects = gc.isenabled()
    gc.disable()  # an exception in a callback of the collector would be lost, and printed
    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds / 10)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        if collects:
            gc.enable()


def tried(
    seconds: float, spend: Callable[[float], None], otherwise: Tried, act: Callable[..., Tried], *arguments: Any
) -> Tried:
    """Return what an act with an edit gives; `otherwise` if it raises or does not end, as an edit may do anything.

    spend: is told of the seconds that went into one that did not end.
    """
    try:
        with time_limit(seconds):
            return act(*arguments)
    except NeverEndsError:
        spend(seconds)
    except Exception:
        return otherwise
    return otherwise


def narrow_answer(call: Call, function: Function) -> Any:
    """Return what the function for an operation gives for a call in the dtype it was made in; None if it raises."""
    with np.errstate(all="ignore"):
        try:
            return function(call.operation)(*call.inputs, **call.hyperparameters)
        except REJECTIONS:
            return None
