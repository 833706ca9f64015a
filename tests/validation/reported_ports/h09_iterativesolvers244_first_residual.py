"""JuliaLinearAlgebra/IterativeSolvers.jl#244: ||r|| <= tol*||r0|| documented, tol*||b|| done.
A convention: here the documented one is the bug, because the reference has ||b||.
Expectation: wrong with a warm start."""

from _cg import cg

BUGS = {"relative to the first residual"}


def hessian_free_conjugate_gradients(
    operator,
    rhs,
    start=None,
    preconditioner=None,
    *,
    max_iter=250,
    rtol=1e-5,
    atol=0.0,
    progress_threshold=5e-4,
    on_nonpositive_curvature="ignore",
    stored=(),
    variant="code",
):
    return cg(
        operator,
        rhs,
        start,
        preconditioner,
        max_iter,
        rtol,
        atol,
        progress_threshold,
        on_nonpositive_curvature,
        stored,
        variant,
        BUGS,
    )
