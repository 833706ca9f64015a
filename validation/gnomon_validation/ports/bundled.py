"""The ports that come with Gnomon: the Numba kernels, and the reference itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from gnomon_spec.system import Operation
from gnomon_validation.ports.port import Offer


class NumbaPort:
    """The kernels of `gnomon.kernels`: the same tree and the same names as the reference."""

    name = "numba"

    def find(self, operation: Operation) -> Callable[..., Any] | None:
        module = operation.reference.__module__.replace("gnomon.", "gnomon.kernels.", 1)
        try:
            return getattr(import_module(module), operation.reference.__name__, None)
        except ModuleNotFoundError:
            return None

    def offer(self, operation: Operation) -> Offer | None:
        return Offer(dtypes=("float32", "float64")) if self.find(operation) else None

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        function = self.find(operation)
        if function is None:
            raise LookupError(f"no kernel for {operation.id}")
        return function(*inputs, **hyperparameters)


class ReferencePort:
    """The reference in the dtype under test: the check of the checker."""

    name = "reference"

    def offer(self, operation: Operation) -> Offer | None:
        return Offer()

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        return operation.reference(*inputs, **hyperparameters)
