"""A port that is the reference with something changed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gnomon_spec.edits import Edited
from gnomon_spec.system import Operation
from gnomon_validation.ports.port import Offer


class MistakenPort:
    """The reference with an edit: right in everything that does not call what was edited."""

    def __init__(self, edited: Edited, name: str = "mistaken") -> None:
        self.edited = edited
        self.name = name

    def offer(self, operation: Operation) -> Offer:
        return Offer()

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        return self.edited.function(operation.reference)(*inputs, **hyperparameters)
