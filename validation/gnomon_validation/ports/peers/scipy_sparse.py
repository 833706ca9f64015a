"""SciPy's solvers for matrices that are only multiplied with: `cg` and `eigsh`."""

from __future__ import annotations

from gnomon_validation.ports.peers.scipy_cg import hessian_free_conjugate_gradients
from gnomon_validation.ports.peers.scipy_eigsh import curvature_largest_eigenvalues

__all__ = ["curvature_largest_eigenvalues", "dtypes", "hessian_free_conjugate_gradients", "only"]

dtypes = ("float32", "float64")
only = {"hessian_free.conjugate_gradients": {"progress_threshold": (None,), "on_nonpositive_curvature": ("ignore",)}}
