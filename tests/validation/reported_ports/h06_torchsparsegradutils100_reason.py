"""cai4cai/torchsparsegradutils#100: the reason says max_iter when the tolerance ended it.
Bug: report wrong, numbers right; right is to say "residual".
Expectation: wrong, a matter of the reason."""

from _cg import cg

BUGS = {"wrong reason"}


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
