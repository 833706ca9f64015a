"""matthieugomez/LeastSquaresOptim.jl#36: the predicted reduction is taken by its size.
There it was the fix (a negative prediction let rises be accepted); as a ratio it loses the sign.
Expectation: wrong where the prediction is positive or in "code"."""

import numpy as np


def hessian_free_reduction_ratio(before, after, predicted, *, variant="martens"):
    change = after - before
    if variant == "martens" and (change > 0 or after == -np.inf):
        return np.where(change != 0, -np.inf, change)[()]
    if after == -np.inf:
        return np.where(change != 0, np.nan, change)[()]
    with np.errstate(all="ignore"):
        return np.divide(change, -np.abs(predicted))
