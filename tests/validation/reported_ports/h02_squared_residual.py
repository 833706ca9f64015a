"""code quoted in boyu-ai/Hands-on-RL#108 (not what it reports): r.r < tol without the root.
Bug: the squared norm is compared with the tolerance; right is the norm.
Expectation: wrong, stops early or late."""

from _cg import cg

BUGS = {"squared"}


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
