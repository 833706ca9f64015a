"""What a run did, as CSV text that keeps every bit (the source's has six digits, and another rate than was used)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.homotopy.estimator import Variant
from gnomon.descent.homotopy.layers import LayersState
from gnomon.descent.homotopy.rate import rate
from gnomon.descent.homotopy.scheduler import Report

HEADER = "step,spectral_norm,trace,gradient_norm,kappa_curv,learning_rate"
LAYERS_HEADER = "layer,step,curvature,learning_rate"


@checked()
def history_csv(
    reports: Sequence[Report], *,
    variant: Variant = "standard", base_lr: float = 1e-3, target_curvature: float = 1e4, alpha: float = 1.0,
    min_lr: float = 1e-7, max_lr: float = 1.0,
) -> str:  # fmt: skip
    """Return the header and one line for each report of `schedule`, the steps counted from 1.

    variant: "standard", the rate that was used, every number in as many digits as `float` needs to read the same bits;
    "code", six significant digits, and the rate that `rate` gives for the *fixed* target, which with an adaptive target
    is not the one used. Only "code" needs the other arguments, those of `rate`.
    """
    bounds, lines = {"min_lr": min_lr, "max_lr": max_lr}, [HEADER]
    for step, report in enumerate(reports, start=1):
        lr, kappa = report.lr, np.asarray(report.curvature)
        if variant == "code":
            target = target_curvature + np.zeros_like(kappa)
            lr = rate(kappa, target, base_lr=base_lr, alpha=alpha, **bounds, variant="code")
        numbers = (report.norm, report.trace, report.grad_norm, report.curvature, lr)
        lines.append(",".join([str(step), *(written(number, variant) for number in numbers)]))
    return "\n".join(lines) + "\n"


@checked()
def layers_csv(states: Sequence[LayersState], *, variant: Variant = "standard") -> str:
    """Return the header and a line for each layer and state of `schedule_layers`, one state a step, counted from 0.

    variant: "standard", the rate of that step; "code", the layer's last rate in every line, and six digits.
    """
    lines = [LAYERS_HEADER]
    for layer, name in enumerate(states[0].names if states else ()):
        if any(mark in name for mark in ',"\n\r'):
            raise ValueError(f"names must have no comma, quote or line break to stand in a table, got {name!r}")
        for step, state in enumerate(states):
            used = states[-1] if variant == "code" else state
            numbers = (written(number, variant) for number in (state.curvatures[layer], used.rates[layer]))
            lines.append(",".join([name, str(step), *numbers]))
    return "\n".join(lines) + "\n"


def written(number: Any, variant: Variant) -> str:
    """Return a number in six digits, or in as many as it needs."""
    return format(float(number), ".6g" if variant == "code" else "")
