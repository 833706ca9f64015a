"""What a port is: anything that provides operations of the specification by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gnomon_spec.system import Operation


@dataclass(frozen=True)
class Offer:
    """What a port offers of an operation.

    fixed: hyperparameters that the port cannot vary, with the value that it has.
    only: hyperparameters of which the port has some values but not all, with those that it has.
    dtypes: names of the dtypes that it computes in; None if it does not say.
    flush_subnormals: the port may replace subnormal numbers by zero.
    defaults: in words, the port's own defaults that are not the reference's. No law looks at them.
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    only: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    dtypes: tuple[str, ...] | None = None
    flush_subnormals: bool = False
    defaults: tuple[str, ...] = ()


class Port(Protocol):
    """An implementation under test.

    `name` is what a report calls it (and what finds it again on the command line).
    """

    name: str

    def offer(self, operation: Operation) -> Offer | None:
        """Return what this port offers of the operation; None if nothing."""
        ...

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        """Perform the operation.

        inputs: the positional arguments of the reference's function: NumPy arrays of one dtype, NamedTuples of arrays
        and integers (states). hyperparameters: its keyword arguments, Python numbers and strings. Returns what the
        reference's function returns, arrays as NumPy arrays; a state may be the NamedTuple, a tuple or a dictionary of
        its fields.
        """
        ...
