"""Single edits of the reference that change nothing that a law could be about, each with the reason.

`gnomon adequacy` leaves them out of its count. An edit is known by its function and by the line before and after it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

from gnomon_spec.edits import Address


class Argument(NamedTuple):
    """Why some edits change nothing. where: a pattern of functions. before: the line. after: what it becomes."""

    where: str
    before: str
    after: tuple[str, ...]
    reason: str


ZERO = "np.abs(0 * params[0])"
IMBALANCE = (
    "return np.max(np.where(largest > 0, np.abs(largest * norm / (max(n, 1) / max(m, 1)) ** (1 / p) - 1), 0 * norm))"
)
EIGENVALUES = (
    "return vectors @ (inverse * (np.transpose(vectors) @ g)), values[0] / np.where(values[-1] > 0, values[-1], 1)"
)
AT_THE_ENDS = "return np.where(u > 0, np.where(v > 0, w, 1), 0 * u)"
HASTINGS = "x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))"
DEFLATION = "v = orthogonal_part(v, basis)"
ARGUMENTS = (
    Argument(
        "gnomon.descent.*.step",
        "if weight_decay != 0:",
        ("if weight_decay != -1:", "if True:"),
        "0 is added: another gradient only for parameters that are not finite, or a zero of the other sign",
    ),
    *(
        Argument(f"gnomon.hessian_free.{where}", before, (before.replace(ZERO, "0 * params[0]"),), "a step of 0 or -0")
        for where, before in (
            ("optimizer.step", f"found = LineSearch({ZERO}, loss, 0)"),
            ("line_search.armijo", f"none = {ZERO}"),
        )
    ),
    Argument(
        "gnomon.descent.homotopy.baselines.cdat_rate",
        "slope = np.maximum(-np.dot(grad, update), 0)",
        ("slope = np.maximum(0, -np.dot(grad, update))",),
        "0 or -0, and both are the rate 0",
    ),
    Argument(
        "gnomon.descent.homotopy.scheduler.schedule",
        "clamped = bool(free < min_lr or free > max_lr)",
        ("clamped = bool(free < min_lr or free >= max_lr)", "clamped = bool(free <= min_lr or free > max_lr)"),
        "otherwise only where the rate is a bound itself, which rounding decides",
    ),
    Argument(
        "gnomon.descent.sam.reuse.reuse_weight",
        "if not product > beta**horizon:",
        ("if not product >= beta**horizon:",),
        "otherwise only where the product is the power, which rounding decides",
    ),
    Argument(
        "gnomon.descent.sam.sampling.decide",
        "take = bool(used and uniform >= 1 - sampler.probability) or K - n % K <= need",
        ("take = bool(used and uniform > 1 - sampler.probability) or K - n % K <= need",),
        "otherwise only where U is 1 - p, which rounding decides",
    ),
    Argument(
        "gnomon.descent.reg.racs.imbalance",
        IMBALANCE,
        (IMBALANCE.replace("0 * norm", "-1 * norm"),),
        "0 or -0: the norm of such a row is 0",
    ),
    Argument(
        "gnomon.descent.reg.racs.root_norms",
        "return np.where(largest > 0, largest**0.5 * norm**0.5, 1)",
        ("return np.where(largest > 0, -largest**0.5 * norm**0.5, 1)",),
        "rows and columns get the sign, their product does not",
    ),
    Argument(
        "gnomon.descent.hysterograd.clip",
        "return scale, np.ones_like(full_norm) * grad_clip",
        ("return scale, grad_clip",),
        "the same number, of Python and not of the dtype: what is computed from it is rounded once less",
    ),
    *(
        Argument(
            "gnomon.descent.newton_schulz.from_unit_length",
            before,
            after,
            "(XXᵀ)X = X(XᵀX): transposing a matrix saves products, and changes nothing but the last digits",
        )
        for before, after in (
            (
                "if start.shape[0] > start.shape[1]:",
                (
                    "if start.shape[0] >= start.shape[1]:",
                    "if start.shape[0] <= start.shape[1]:",
                    "if start.shape[1] > start.shape[1]:",
                    "if start.shape[-1] > start.shape[1]:",
                    "if start.shape[0] > start.shape[0]:",
                    "if True:",
                    "if False:",
                ),
            ),
            ("return newton_schulz(start.T, coefficients).T", ("pass",)),
        )
    ),
    Argument(
        "gnomon.descent.srkl.step_code",
        "scale, v, root = factors(grad, 1)",
        ("scale, v, root = factors(grad, 2)",),
        "s is another number of about that size, and cancels",
    ),
    *(
        Argument("gnomon.descent.odog.tuning.tune", before, (after,), "the larger of two numbers, whatever their order")
        for before, after in (
            ('T = _whole(np.maximum(loud, quiet), "length")', 'T = _whole(np.maximum(quiet, loud), "length")'),
            (
                "lr = 1 / np.maximum(3**0.5 * L1, noise * T**0.5 / D)",
                "lr = 1 / np.maximum(noise * T**0.5 / D, 3**0.5 * L1)",
            ),
        )
    ),
    Argument(
        "gnomon.probability.m_fisher.natural.solved",
        EIGENVALUES,
        (EIGENVALUES.replace("(values[-1] >", "(values[-0] >"),),
        "a smallest eigenvalue that is not above 0 is 0 but for rounding, and so is what is made of it",
    ),
    Argument(
        "gnomon.probability.m_fisher.nulls.log_mgf",
        "psi = np.where(tilts > 0, up, np.log1p(null.probability * below))",
        ("psi = np.where(tilts >= 0, up, np.log1p(null.probability * below))",),
        "0 or -0 for a tilt of 0",
    ),
    Argument(
        "gnomon.probability.m_fisher.detector.detect",
        "zero = 0 * scores[:, 0]",
        ("zero = 0 * scores[:, 1]", "zero = 0 * scores[:, -1]"),
        "0 of any score of a stream, or an error where there is one alone",
    ),
    Argument(
        "gnomon.probability.m_fisher.conformal.bet",
        "grown = [c * (1 + e * (p_values[:, t] - 0.5)) for c, e in zip(shares, JUMPS, strict=True)]",
        ("grown = [c * (1 - e * (p_values[:, t] - 0.5)) for c, e in zip(shares, JUMPS, strict=True)]",),
        "with each e there is -e: capitals change places",
    ),
    Argument(
        "gnomon.dynamics.gd_chaos.outcomes.outcome",
        'label = "plus" if lead >= 0 else "minus"',
        ('label = "plus" if lead > 0 else "minus"',),
        "otherwise only where the sum is 0, which rounding decides",
    ),
    Argument(
        "gnomon.dynamics.gd_chaos.preimages.sign_changes",
        "low, high, above = points[:-1], points[1:], function(points) >= 0",
        ("low, high, above = points[:-1], points[1:], function(points) > 0",),
        "a 0 counts as above or as below: it is a root of one of two neighbours",
    ),
    Argument(
        "gnomon.dynamics.gd_chaos.preimages.sign_changes",
        "same = (function(middle) >= 0) == above[:-1]",
        ("same = (function(middle) > 0) == above[:-1]",),
        "where it is 0 the root is on either side",
    ),
    Argument(
        "gnomon.dynamics.gd_chaos.preimages.sign_changes",
        "for _ in range(np.finfo(points.dtype).nmant + 8):",
        tuple(f"for _ in range(np.finfo(points.dtype).nmant{more}):" for more in ("", " + 7", " + 9")),
        "the last halvings change the last digits only",
    ),
    Argument(
        "gnomon.dynamics.topology.distances.wasserstein",
        "costs = matching_costs(finite(P), finite(Q), ground) ** p",
        ("costs = matching_costs(finite(Q), finite(P), ground) ** p",),
        "the same costs, transposed: it is a distance",
    ),
    Argument(
        "gnomon.dynamics.topology.distances.assignment",
        "row_of, column_of, price = [-1] * size, [-1] * size, 0 * np.sum(costs, axis=0)",
        tuple(
            f"row_of, column_of, price = [-1] * size, [-1] * size, {x}np.sum(costs, axis=0)"
            for x in ("", "1 * ", "-1 * ")
        ),
        "any prices will do to begin with, while no column is taken",
    ),
    Argument(
        "gnomon.dynamics.topology.distances.assignment",
        "nearer = ~done & (further < distance)",
        ("nearer = ~done & (further <= distance)",),
        "of two ways of one length either will do",
    ),
    Argument(
        "gnomon.descent.odog.tuning._whole",
        "if not np.isfinite(number):",
        ("if False:",),
        "infinity is no integer: another error, in other words",
    ),
    Argument(
        "gnomon.curvature.lanczos.lanczos",
        "w = orthogonal_part(w, Q[: j + 1])",
        ("w = orthogonal_part(w, Q[: j + 2])",),
        "the next row of Q is still 0",
    ),
    Argument(
        "gnomon.curvature.lanczos.lanczos",
        "if b < AGAIN * before:",
        ("if b < before:", "if b <= AGAIN * before:", "if True:"),
        "a second orthogonalisation where one was enough changes the last digits only",
    ),
    Argument(
        "gnomon.curvature.lanczos.breakdown_threshold",
        "return float(np.finfo(start.dtype).eps) * start.shape[0] ** 0.5",
        (
            "return float(np.finfo(start.dtype).eps)",
            "return float(np.finfo(start.dtype).eps) * start.shape[0]",
            "return float(np.finfo(start.dtype).eps) * (start.shape[0] * 0.5)",
            "return float(np.finfo(start.dtype).eps) * start.shape[0] ** 1.5",
        ),
        "what rounding leaves varies by as much",
    ),
    Argument(
        "gnomon.probability.drm.distortions.of_*",
        AT_THE_ENDS,
        (AT_THE_ENDS.replace("0 * u", "-1 * u"),),
        "it is taken where u is 0: 0 or -0",
    ),
    Argument(
        "gnomon.probability.drm.normal.quantile",
        HASTINGS,
        (
            *(
                HASTINGS.replace("(0.802853 + t * 0.010328)", other)
                for other in ("(0.802853 - t * 0.010328)", "(0.802853 + 0.010328)", "0.802853")
            ),
            *(
                HASTINGS.replace("(0.189269 + t * 0.001308)", other)
                for other in ("(0.189269 - t * 0.001308)", "(0.189269 + 0.001308)", "0.189269")
            ),
        ),
        "another start: Newton's steps end within six units of roundoff of max(|x|, 1), as a fourth step moves them",
    ),
    Argument(
        "gnomon.probability.drm.normal.quantile",
        "for _ in range(3):",
        ("for _ in range(4):",),
        "the third of Newton's steps leaves 2e-29 of the error: nothing but rounding",
    ),
    Argument(
        "gnomon.probability.drm.normal.quantile",
        "x = np.maximum(x, 0)",
        ("x = np.maximum(x, -1)", "pass"),
        "it is below 0 by 4.5e-4 at most, and only near ½: Newton's steps end alike",
    ),
    Argument(
        "gnomon.probability.drm.normal.quantile",
        "return np.where(u < v, -x, x)",
        ("return np.where(u <= v, -x, x)",),
        "they are equal at ½, where x is 0 up to rounding",
    ),
    Argument(
        "gnomon.probability.drm_sa.runs.run",
        "stiffness = np.maximum(stiffness, report.stiffness)",
        ("stiffness = np.maximum(report.stiffness, stiffness)",),
        "0 or -0",
    ),
    Argument(
        "gnomon.curvature.trace.orthonormal",
        "for _ in range(2):",
        ("for _ in range(3):",),
        "a third orthogonalisation changes the last digits only",
    ),
    *(
        Argument(
            "gnomon.curvature.power.power_iteration",
            f"{DEFLATION}\n{line.replace('v_before', 'v')}",
            (f"v_before = v; {DEFLATION}\n{line}",),
            "v was orthogonal up to rounding before, too",
        )
        for line in (
            "w = orthogonal_part(product(operator, v_before, k), basis)",
            "rayleigh, norm = np.dot(v_before, w), length(w)",
            "rayleigh = rayleigh / (np.dot(v_before, v) + 1e-10)",
            "rayleigh = rayleigh / (np.dot(v, v_before) + 1e-10)",
        )
    ),
)


def argument(at: Address, before: str, after: str) -> str:
    """Return why an edit changes nothing; empty if nobody says that it does not."""
    place = ".".join(at)
    known = (a for a in ARGUMENTS if before == a.before and after in a.after and fnmatchcase(place, a.where))
    return next((a.reason for a in known), "")
