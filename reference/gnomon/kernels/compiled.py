"""How the hot loops are compiled: Numba's decorators with the options of all kernels.

They divide by zero as NumPy does, let other threads run, and leave out the entry for callers in C, a fifth of the time
that compiling takes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from numba import njit

OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "no_cfunc_wrapper": True}

# For a function of a file: kept on disk.
compiled: Any = partial(njit, cache=True, **OPTIONS)
# For a formula that a compiled loop calls: a part of the loop, and kept with it.
called: Any = partial(njit, inline="always", **OPTIONS)
