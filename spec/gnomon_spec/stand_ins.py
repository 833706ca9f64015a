"""Who stands in as the port when a law is evaluated without one: the exact oracle, the perturbed oracle, a mistake."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakSet

import numpy as np

from gnomon_spec.arithmetic import Noise, NoisyArray, ReplicasDisagreeError, wide_dtype
from gnomon_spec.arithmetic.lapack import entering_lapack, is_refusal, leaving_lapack
from gnomon_spec.bands import REPLICAS
from gnomon_spec.cases import ARRAYS, NUMBERS, Case, leaves, map_leaves
from gnomon_spec.facts import Fact
from gnomon_spec.system import Law, Operation, System

Function = Callable[[Operation], Callable[..., Any]]
# Operations that were seen to call a routine of `numpy.linalg` that refuses the wide dtype.
THROUGH_LAPACK: WeakSet[Operation] = WeakSet()


def reference_function(operation: Operation) -> Callable[..., Any]:
    """Return what the oracle does for an operation."""
    return operation.reference


class Implementation:
    """Operations of a system as methods: what a law calls its port. `oracle` is the exact oracle beside it."""

    def __init__(self, system: System, dtype: np.dtype[Any]) -> None:
        self.system = system
        self.dtype = dtype

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operations = self.__dict__["system"].operations
        if name not in operations:
            raise AttributeError(f"{self.system.name} has no operation {name!r}")
        return partial(self._asked, operations[name])

    def _asked(self, operation: Operation, *inputs: Any, **hyperparameters: Any) -> Any:
        """Call an operation; a port knows its inputs by their places and only hyperparameters by their names."""
        misplaced = [name for name in hyperparameters if name not in operation.hyperparameters]
        if misplaced:
            raise AttributeError(f"a law of {operation.id} names what it must give by place: {', '.join(misplaced)}")
        return self.call(operation, *inputs, **hyperparameters)

    @property
    def oracle(self) -> ExactOracle:
        return ExactOracle(self.system, self.dtype)

    def call(self, operation: Operation, *inputs: Any, **hyperparameters: Any) -> Any:
        raise NotImplementedError


class ExactOracle(Implementation):
    """The reference (or a mistake) in the wide dtype: as near to the formula as this machine comes.

    Routines of `numpy.linalg` that refuse the wide dtype compute in float64, all else is computed in the wide one.
    """

    def __init__(self, system: System, dtype: np.dtype[Any], function: Function = reference_function) -> None:
        super().__init__(system, dtype)
        self.function = function

    @property
    def oracle(self) -> ExactOracle:
        return self

    def call(self, operation: Operation, *inputs: Any, **hyperparameters: Any) -> Any:
        wide = wide_dtype(self.dtype)

        def widen(leaf: Any) -> Any:
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
                return leaf.astype(wide, copy=False)
            if isinstance(leaf, NUMBERS):
                return wide.type(leaf)
            return leaf

        function = self.function(operation)
        if not any(isinstance(leaf, NoisyArray) for leaf in leaves(inputs)):
            inputs, hyperparameters = map_leaves(widen, inputs), map_leaves(widen, hyperparameters)
        if operation not in THROUGH_LAPACK:
            try:
                return function(*inputs, **hyperparameters)
            except TypeError as error:
                if not is_refusal(error):
                    raise
                THROUGH_LAPACK.add(operation)
        return map_leaves(leaving_lapack, function(*map_leaves(entering_lapack, inputs), **hyperparameters))


class PerturbedOracle(Implementation):
    """The reference (or a mistake) in the port's dtype, in K perturbed runs at once."""

    def __init__(
        self, system: System, dtype: np.dtype[Any], noise: Noise, function: Function = reference_function
    ) -> None:
        super().__init__(system, dtype)
        self.noise = noise
        self.function = function

    def call(self, operation: Operation, *inputs: Any, **hyperparameters: Any) -> Any:
        entered, numbers = map_leaves(self.enter, inputs), map_leaves(self.enter_number, hyperparameters)
        return map_leaves(self.leave, self.function(operation)(*entered, **numbers))

    def enter(self, leaf: Any) -> Any:
        """Bring an array of the law into the perturbed runs: rounded to the dtype, the same in every replica."""
        if isinstance(leaf, NoisyArray):
            if leaf.source is not None:
                return leaf.source
            if leaf.dtype.kind != "f":
                return leaf
            rounded = leaf.values.astype(self.dtype).astype(wide_dtype(self.dtype))
            return NoisyArray(rounded, self.dtype, self.noise)
        if isinstance(leaf, ARRAYS) and leaf.dtype.kind == "f":
            rounded = np.asarray(leaf, dtype=self.dtype).astype(wide_dtype(self.dtype))
            entered = self.noise.entering(self._repeated(rounded), self.dtype)
            return NoisyArray(entered, self.dtype, self.noise)
        return self.enter_number(leaf)

    def enter_number(self, leaf: Any) -> Any:
        """Bring a hyperparameter in: a Python float, whose own arithmetic is done in float64.

        Beside an array of float64 it is noisy; beside a narrower one its noise would drown in the array's.
        """
        if not isinstance(leaf, NUMBERS):
            return leaf
        if self.dtype.itemsize < 8:
            return float(leaf)
        return NoisyArray(self._repeated(np.asarray(leaf, dtype=np.longdouble)), np.float64, self.noise, "weak")

    def leave(self, leaf: Any) -> Any:
        """Hand an output to the law, whose own arithmetic adds no noise."""
        if isinstance(leaf, NoisyArray) and leaf.kind != "exact" and leaf.dtype.kind == "f":
            wide = wide_dtype(self.dtype)
            outside = NoisyArray(leaf.values.astype(wide, copy=False), wide, self.noise, "exact")
            outside.source = leaf
            return outside
        return leaf

    def _repeated(self, value: Any) -> Any:
        repeated = np.empty((self.noise.replicas, *value.shape), value.dtype)
        repeated[...] = value
        return repeated


class PerturbedRuns:
    """Evaluates laws with the perturbed oracle, all replicas at once that agree on every branch."""

    def __init__(self, dtype: np.dtype[Any], *, seed: int = 0, flush_subnormals: bool = False) -> None:
        self.dtype = dtype
        self.noise = Noise(REPLICAS, seed=seed, flush_subnormals=flush_subnormals)

    def of_law(self, law: Law, case: Case, function: Function = reference_function) -> list[list[Fact]]:
        """Return the facts of all runs: a list for those whose replicas take the same branches, mostly all."""
        seen = case.widened(self.dtype)
        return self._runs(law.operation.system, function, lambda port: list(law.body(port, seen)), self.noise)

    def of_call(self, operation: Operation, inputs: Any, hyperparameters: Any, function: Function) -> list[Any]:
        """Return what the reference, or a mistake, gives in the runs of one call, as in `of_law`."""

        def evaluate(port: Any) -> Any:
            return port.call(operation, *inputs, **hyperparameters)

        return self._runs(operation.system, function, evaluate, self.noise)

    def _runs(self, system: System, function: Function, evaluate: Callable[[Any], Any], noise: Noise) -> list[Any]:
        noise.restart()
        try:
            with np.errstate(all="ignore"):
                return [evaluate(PerturbedOracle(system, self.dtype, noise, function))]
        except ReplicasDisagreeError as error:
            parts = [noise.of(replicas) for replicas in error.parts()]
        return [result for part in parts for result in self._runs(system, function, evaluate, part)]
