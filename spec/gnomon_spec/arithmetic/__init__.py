"""Arithmetic with rounding noise: one array stands for many runs of the same computation in a port's dtype.

A `NoisyArray` carries K replicas of an array. Every elementary operation on it is done in a wider dtype and its result
then moved at random by about one unit in the last place of the dtype that is being imitated, independently in each
replica. A function written for NumPy runs on it unchanged, and the spread of its K results says how far rounding alone
can carry a correct implementation (stochastic arithmetic: CESTAC, Monte Carlo arithmetic).
"""

from gnomon_spec.arithmetic import linear_algebra, products, rearrangements, reductions, selections
from gnomon_spec.arithmetic.arrays import NoisyArray, ReplicasDisagreeError
from gnomon_spec.arithmetic.lapack import lapack
from gnomon_spec.arithmetic.noise import Noise, wide_dtype

__all__ = [
    "Noise",
    "NoisyArray",
    "ReplicasDisagreeError",
    "lapack",
    "linear_algebra",
    "products",
    "rearrangements",
    "reductions",
    "selections",
    "wide_dtype",
]
