"""The ports that come with Gnomon: the Numba kernels, the reference, and the reference with something changed in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from gnomon_spec.edits import Edited
from gnomon_spec.system import Operation
from gnomon_validation.ports.port import Offer


class NumbaPort:
    """The kernels of `gnomon.kernels`: the same tree and the same names as the reference."""

    name = "numba"

    def find(self, operation: Operation) -> Callable[..., Any] | None:
        return kernel_of(operation.reference)

    def offer(self, operation: Operation) -> Offer | None:
        return Offer(dtypes=("float32", "float64")) if self.find(operation) else None

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        function = self.find(operation)
        if function is None:
            raise LookupError(f"no kernel for {operation.id}")
        return function(*inputs, **hyperparameters)


@cache
def kernel_of(reference: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the kernel in place of a function of the reference, if there is one."""
    module = reference.__module__.replace("gnomon.", "gnomon.kernels.", 1)
    try:
        return getattr(import_module(module), reference.__name__, None)
    except ModuleNotFoundError:
        return None


class MistakenPort:
    """The reference with an edit: right in everything that does not call what was edited."""

    def __init__(self, edited: Edited, name: str = "mistaken") -> None:
        self.edited = edited
        self.name = name

    def offer(self, operation: Operation) -> Offer:
        return Offer()

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        return self.edited.function(operation.reference)(*inputs, **hyperparameters)


class ReferencePort(MistakenPort):
    """The reference in the dtype under test: the check of the checker."""

    def __init__(self) -> None:
        super().__init__(Edited({}), "reference")


BUNDLED: dict[str, type[NumbaPort] | type[ReferencePort]] = {"numba": NumbaPort, "reference": ReferencePort}
