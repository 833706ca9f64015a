"""The dtype in which a torch program computes what it asks to have in bfloat16."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class InsteadOfBfloat16(TorchFunctionMode):  # type: ignore[misc]
    """While it is entered, a tensor that is to become one of bfloat16 becomes one of another dtype: a copy, always."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        if function is torch.Tensor.bfloat16:
            return args[0].to(self.dtype, copy=True)
        if function is torch.Tensor.to and torch.bfloat16 in (*args[1:], *given.values()):
            args = tuple(self.dtype if value is torch.bfloat16 else value for value in args)
            given = {name: self.dtype if value is torch.bfloat16 else value for name, value in given.items()}
        return function(*args, **given)
