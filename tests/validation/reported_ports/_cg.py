"""A plain preconditioned CG with the contract of hessian_free.conjugate_gradients, with switches for the bugs.
Written for these ports; `bugs` is a set of names.
The empty set is the honest twin."""

import numpy as np

from gnomon.hessian_free.progress import progress_has_ended
from gnomon.hessian_free.storage_grid import kept_iterations


def cg(
    operator, rhs, start, preconditioner, max_iter, rtol, atol, progress_threshold, policy, stored, variant, bugs=()
):
    T = rhs.dtype.type
    M = preconditioner or (lambda u: u)
    x = np.zeros_like(rhs) if start is None else start
    r = operator(x) - rhs
    if "relative to the first residual" in bugs:
        bound = max(rtol * np.linalg.norm(r), atol)
    else:
        bound = max(rtol * np.linalg.norm(rhs), atol)
    y = M(r)
    ry, p = r @ y, -y
    if "relative to preconditioned b" in bugs:
        bound = max(rtol * np.sqrt(rhs @ M(rhs)), atol)
    xs, ms = [x], [(r - rhs) @ x / 2]
    products, negative, i = 1, 0, 0
    reason = "zero residual" if ry == 0 and "no test of zero" not in bugs else ""
    with np.errstate(all="ignore"):
        while not reason:
            Ap = operator(p)
            products += 1
            pAp = p @ Ap
            if "epsilon in the denominator" in bugs:
                pAp = pAp + T(1e-8)
            if pAp == 0 and "no test of zero" not in bugs:
                big = np.abs(p).max()
                if (p / big) @ (Ap / big) > 0:
                    reason = "zero residual"
                    break
            if not pAp > 0 and not ("no test of zero" in bugs and not pAp < 0):
                negative += 1
                if policy == "raise":
                    raise ValueError("operator must be positive")
                if policy == "stop" or pAp == 0:
                    reason = "non-positive curvature"
                    break
                pAp = abs(pAp) if policy == "saddle-free" else pAp
            a = ry / pAp
            xn, rn = x + a * p, r + a * Ap
            if not (np.isfinite(xn).all() and np.isfinite(rn).all()) and "no test of zero" not in bugs:
                reason = "divergence"
                break
            i, x, r = i + 1, xn, rn
            xs.append(x)
            ms.append((r - rhs) @ x / 2)
            ynew = M(r)
            if "stale preconditioned residual" in bugs and i % 2 == 0:
                r = operator(x) - rhs  # the true residual, without y = M r
                products += 1
            else:
                y = ynew
            if "true residual" in bugs and i % 2 == 0:
                r = operator(x) - rhs
                products += 1
                y = M(r)
            before, ry = ry, r @ y
            if "squared" in bugs:
                size = r @ r
            elif "preconditioned norm" in bugs:
                size = np.sqrt(ry)
            else:
                size = np.sqrt(r @ r)
            late = "ten at least" in bugs and i < min(10, max_iter - 1)
            if progress_threshold is not None and progress_has_ended(
                np.array(ms), threshold=progress_threshold, variant=variant
            ):
                reason = "relative progress"
            elif i >= max_iter:
                reason = "number of iterations"
            elif size < bound and not late and not ("ten at least" in bugs and i < 10):
                reason = "residual"
            elif ry == 0 and "no test of zero" not in bugs:
                reason = "zero residual"
            beta = ry / before
            if "residual for the new direction" in bugs:
                p = -r + beta * p
            else:
                p = -y + beta * p
    if "wrong reason" in bugs and reason == "residual":
        reason = "number of iterations"
    return np.stack([xs[k] for k in kept_iterations(stored, i)]), i, np.array(ms, rhs.dtype), reason, negative, products
