"""cpmech/russell#166: each failed trial is the base of the next one.
Bug: x <- x + a*d in the loop; right is x0 + a*d.
Expectation: wrong after the first rejected candidate."""

import numpy as np


def hessian_free_armijo(
    objective, params, direction, grad, *, lr=1.0, shrink=0.8, slope_fraction=0.01, max_iter=20, reject_ascent=False
):
    f, slope = objective.value(params), grad @ direction
    if not np.isfinite(f):
        raise ValueError("f(x)")
    zero = params.dtype.type(0)
    if reject_ascent and slope > 0:
        return zero, f, 1
    a, x = zero + lr, params
    for k in range(max_iter):
        x = x + a * direction
        g = objective.value(x)
        if np.isfinite(g) and g <= f + slope_fraction * a * slope:
            return a, g, k + 2
        a = a * shrink
    return zero, f, max_iter + 1
