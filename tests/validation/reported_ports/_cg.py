"""A plain preconditioned CG with the contract of hessian_free.conjugate_gradients, with a switch for the bugs.
Written for these ports; without a bug it is the honest twin."""

import numpy as np

from gnomon.hessian_free.progress import progress_has_ended
from gnomon.hessian_free.storage_grid import kept_iterations


def with_bug(bug=""):
    def conjugate_gradients(
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
        M = preconditioner or (lambda u: u)
        x = np.zeros_like(rhs) if start is None else start
        r = operator(x) - rhs
        if bug == "relative to the first residual":
            bound = max(rtol * np.linalg.norm(r), atol)
        else:
            bound = max(rtol * np.linalg.norm(rhs), atol)
        y = M(r)
        ry, p = r @ y, -y
        xs, ms = [x], [(r - rhs) @ x / 2]
        products, negative, i = 1, 0, 0
        reason = "zero residual" if ry == 0 else ""
        with np.errstate(all="ignore"):
            while not reason:
                Ap = operator(p)
                products += 1
                pAp = p @ Ap
                if pAp == 0:
                    big = np.abs(p).max()
                    if (p / big) @ (Ap / big) > 0:
                        reason = "zero residual"
                        break
                if not pAp > 0:
                    negative += 1
                    if on_nonpositive_curvature == "raise":
                        raise ValueError("operator must be positive")
                    if on_nonpositive_curvature == "stop" or pAp == 0:
                        reason = "non-positive curvature"
                        break
                    pAp = abs(pAp) if on_nonpositive_curvature == "saddle-free" else pAp
                a = ry / pAp
                xn, rn = x + a * p, r + a * Ap
                if not (np.isfinite(xn).all() and np.isfinite(rn).all()):
                    reason = "divergence"
                    break
                i, x, r = i + 1, xn, rn
                xs.append(x)
                ms.append((r - rhs) @ x / 2)
                y = M(r)
                before, ry = ry, r @ y
                size = r @ r if bug == "squared" else np.sqrt(r @ r)
                if progress_threshold is not None and progress_has_ended(
                    np.array(ms), threshold=progress_threshold, variant=variant
                ):
                    reason = "relative progress"
                elif i >= max_iter:
                    reason = "number of iterations"
                elif size < bound:
                    reason = "residual"
                elif ry == 0:
                    reason = "zero residual"
                beta = ry / before
                p = -y + beta * p
        if bug == "wrong reason" and reason == "residual":
            reason = "number of iterations"
        return (
            np.stack([xs[k] for k in kept_iterations(stored, i)]),
            i,
            np.array(ms, rhs.dtype),
            reason,
            negative,
            products,
        )

    return conjugate_gradients
