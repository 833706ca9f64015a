"""crepes' conformal p-values and its simple jumper. Its uniform draws are replaced by those that are given."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from crepes import martingales

dtypes = ("float32", "float64")
only = {"m_fisher.bet": {"betting": ("jumper",)}}


def m_fisher_conformal_p_values(scores: Any, draws: Any, calibration: Any = None) -> Any:
    """Return p-values stream by stream; those of the calibration scores, which come first, are left out."""
    known, p_values = scores[0, :0] if calibration is None else calibration, []
    for stream, uniform in zip(scores, draws, strict=True):
        given = np.concatenate([np.ones(len(known)), uniform])
        replaced = {**vars(np), "random": SimpleNamespace(rand=lambda n, given=given: given)}
        martingales.np = SimpleNamespace(**replaced)
        try:
            p_values.append(martingales.semi_online_p_values(np.concatenate([known, stream]))[len(known) :])
        finally:
            martingales.np = np
    return np.stack(p_values).astype(scores.dtype)


def m_fisher_bet(p_values: Any, *, betting: str, jump: float = 0.01, **_: Any) -> Any:
    """Return the differences of the logarithm of the jumper's wealth."""
    wealth = np.stack([martingales.SimpleJumper(J=jump).apply(p) for p in p_values])
    return np.diff(np.log(wealth), axis=1, prepend=0.0).astype(p_values.dtype)
