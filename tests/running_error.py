"""Arithmetic that carries its own error bound: a float64 array beside a bound on its distance from the exact result.

Each operation adds, to what the operands' errors make of it, the rounding of its own result; this is Wilkinson's
running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, section 3.3). So a test needs no
tolerance: it asks whether two results agree within the sum of their bounds.

With u = 2⁻⁵³ and η = 2⁻¹⁰⁷⁴ (for underflow) one rounding costs

    u·|r| + η               + - * / √                   correctly rounded
    8u·|r| + η              exp, expm1, log, sin, tanh … within the 4 units in the last place that NumPy states
    16u·(|x| + |y| + 1)     logaddexp                   one exp, log1p and addition, each of at most that size
    n·u/(1 - n·u)·Σ|xᵢ|     a sum of n terms, in any order; likewise a matrix product, with |A||B|

The class knows nothing of NumPy but the protocols `__array_ufunc__` and `__array_function__`, so whatever runs on it is
shown to need nothing else.
"""

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

UNIT = 2.0**-53
TINY = 2.0**-1074


class Bounded(NDArrayOperatorsMixin):
    """An array `value`, and `error` >= |value - exact result| entry by entry."""

    def __init__(self, value, error=0.0):
        self.value = np.asarray(value)
        self.error = np.broadcast_to(np.asarray(error, dtype=np.float64), self.value.shape)

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    dtype = property(lambda self: self.value.dtype)

    def __repr__(self):
        return f"{self.value} ± {self.error}"

    def __getitem__(self, index):
        return Bounded(self.value[index], self.error[index])

    def __array__(self, *_, **__):
        raise TypeError("the error bound would be lost")

    __float__ = __array__

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method != "__call__" or options:
            return NotImplemented
        if ufunc in COMPARISONS:
            return ufunc(*(lift(x).value for x in inputs))
        return UFUNCS[ufunc](*map(lift, inputs))

    def __array_function__(self, function, types, args, kwargs):
        return FUNCTIONS[function](*args, **kwargs)


def lift(x):
    return x if isinstance(x, Bounded) else Bounded(x)


def rounded(value, error, units=1):
    """Return the result of one operation: the propagated error and that of its own rounding."""
    return Bounded(value, error + units * UNIT * np.abs(value) + TINY)


def product(x, y):
    return rounded(x.value * y.value, np.abs(x.value) * y.error + np.abs(y.value) * x.error + x.error * y.error)


def quotient(x, y):
    value, room = x.value / y.value, np.abs(y.value) - y.error
    assert np.all(room > 0), "a divisor may be 0"
    return rounded(value, (x.error + np.abs(value) * y.error) / room)


def power(x, k):
    if np.all(k.value == 2):
        return product(x, x)
    size, n = np.abs(x.value), k.value
    return rounded(x.value**n, (size + x.error) ** n - size**n + (n + 8) * UNIT * (size + x.error) ** n)


def logarithm(x):
    assert np.all(x.value > x.error), "a logarithm's argument may be 0"
    return rounded(np.log(x.value), x.error / (x.value - x.error), 8)


def square_root(x):
    assert np.all((x.value > x.error) | (x.error == 0)), "a root's argument may be negative"
    safe = np.where(x.value > 0, x.value - x.error, 1)
    return rounded(np.sqrt(x.value), np.where(x.value > 0, x.error / np.sqrt(safe), 0))


def exponential(x):
    return rounded(np.exp(x.value), np.exp(x.value) * np.expm1(x.error), 8)


def matrix_product(a, b):
    a, b = lift(a), lift(b)
    n = a.shape[-1]
    size = np.abs(a.value) @ np.abs(b.value)
    carried = np.abs(a.value) @ b.error + a.error @ np.abs(b.value) + a.error @ b.error
    return Bounded(a.value @ b.value, carried + sum_error(n, size))


def sum_error(terms, size):
    return terms * UNIT / (1 - terms * UNIT) * size + terms * TINY


def total(x, axis=None, keepdims=False, **_):
    x = lift(x)
    value = np.sum(x.value, axis=axis, keepdims=keepdims)
    terms = x.value.size // max(1, np.asarray(value).size)
    carried = np.sum(x.error, axis=axis, keepdims=keepdims)
    return Bounded(value, carried + sum_error(terms, np.sum(np.abs(x.value), axis=axis, keepdims=keepdims)))


def largest(x, axis=None, keepdims=False, **_):
    options = {"axis": axis, "keepdims": keepdims}
    return Bounded(np.max(x.value, **options), np.max(x.error, **options))


def chosen(condition, x, y):
    x, y = lift(x), lift(y)
    return Bounded(np.where(condition, x.value, y.value), np.where(condition, x.error, y.error))


def as_moved(function):
    return lambda x, *args, **kwargs: Bounded(function(x.value, *args, **kwargs), function(x.error, *args, **kwargs))


def joined(function):
    def join(parts, *args, **kwargs):
        lifted = [lift(part) for part in parts]
        values = function([part.value for part in lifted], *args, **kwargs)
        return Bounded(values, function([part.error for part in lifted], *args, **kwargs))

    return join


COMPARISONS = {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isfinite}
UFUNCS = {
    np.add: lambda x, y: rounded(x.value + y.value, x.error + y.error),
    np.subtract: lambda x, y: rounded(x.value - y.value, x.error + y.error),
    np.multiply: product,
    np.divide: quotient,
    np.power: power,
    np.square: lambda x: product(x, x),
    np.negative: lambda x: Bounded(-x.value, x.error),
    np.absolute: lambda x: Bounded(np.abs(x.value), x.error),
    np.sqrt: square_root,
    np.exp: exponential,
    np.expm1: lambda x: rounded(np.expm1(x.value), np.exp(x.value) * np.expm1(x.error), 8),
    np.log: logarithm,
    np.tanh: lambda x: rounded(np.tanh(x.value), x.error, 8),
    np.sin: lambda x: rounded(np.sin(x.value), x.error, 8),
    np.cos: lambda x: rounded(np.cos(x.value), x.error, 8),
    np.logaddexp: lambda x, y: Bounded(
        np.logaddexp(x.value, y.value),
        np.maximum(x.error, y.error) + 16 * UNIT * (np.abs(x.value) + np.abs(y.value) + 1),
    ),
    np.matmul: matrix_product,
}
FUNCTIONS = {
    np.sum: total,
    np.dot: matrix_product,
    np.max: largest,
    np.where: chosen,
    np.reshape: as_moved(np.reshape),
    np.transpose: as_moved(np.transpose),
    np.concatenate: joined(np.concatenate),
    np.stack: joined(np.stack),
}


def agree(left, right, times=1):
    """Assert |left - right| <= times·(bound of left + bound of right); plain arrays have bound 0.

    The bounds are themselves computed in float64, by fewer than 2²⁰ operations on numbers that are not negative;
    enlarging them by 2⁻³⁰ covers that.
    """
    left, right = lift(left), lift(right)
    distance = np.abs(left.value - right.value)
    allowed = times * (left.error + right.error) * (1 + 2.0**-30)
    assert np.all(distance <= allowed), f"{left.value} and {right.value} differ by {distance}, allowed {allowed}"
