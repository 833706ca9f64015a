"""Loops over a formula that is theirs to call: written once, compiled for each formula, kept on disk with it.

Numba keeps on disk what it compiles from a function of a file, and finds it again if that file has not changed. A
closure over a compiled function, or one that is given as an argument, it does not find again. So a loop that stands for
many is a plain function that calls its formula by a global name, and what is compiled is a copy of it with the formula
among its globals, which claims to stand in the formula's file.

An edit of the loop itself is not seen there: delete the `__pycache__` beside the formula.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from gnomon.kernels.compiled import compiled


def loop_over(formula: Any, loop: Any, **calls: Any) -> Any:
    """Return `loop` compiled, kept with `formula`. calls: what it calls, compiled, by the global names for them."""
    name = "_".join([loop.__name__, formula.__name__, *(function.__name__ for function in calls.values())])
    code = loop.__code__.replace(co_filename=formula.__code__.co_filename, co_name=name, co_qualname=name)
    scope = {**loop.__globals__, **calls, "__name__": formula.__module__}
    copy = FunctionType(code, scope, argdefs=loop.__defaults__)
    return compiled(copy)
