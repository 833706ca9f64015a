"""What is said of REG, and what can be found out without its paper."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.newton_schulz import MUON, newton_schulz
from gnomon.descent.reg.diagnostics import diagnostics
from gnomon.descent.reg.racs import normalised, racs_reg
from gnomon.norms import length
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.printed import listed, spread
from gnomon_validation.studies.reg.conditioning import WORSE, conditions, matrices
from gnomon_validation.studies.reg.networks import METHODS, RATES, SEEDS, tuned

ABSTRACT = "Liu et al., arXiv 2510.03691, abstract"
NOTES = "two public reading notes of arXiv 2510.03691"
ledger = Ledger("reg")


@ledger.claim(
    "holds if", source=ABSTRACT, condition="only the columns are meant, or rows and columns are scaled for ever"
)
def it_balances_the_matrix() -> Evidence:
    """Row-and-column scaling balances the momentum matrix

    One pass leaves columns of norm 1 and rows of other lengths. Both are balanced in the limit of repeated passes only.
    """
    once, more = (diagnostics(WORSE, racs_reg(WORSE, mode=mode)) for mode in ("rc", "sinkhorn"))
    figure = (
        f"a full 3×3 matrix: row norms are off their mean by up to {once.row_imbalance:.3f} after one pass, by "
        f"{more.row_imbalance:.1e} after repeated ones; columns are off 1 by {once.column_imbalance:.1e}"
    )
    return Evidence(bool(once.row_imbalance > 0.1 and once.column_imbalance < 1e-15), figure)


@ledger.claim("false", source=ABSTRACT)
def it_regularises_the_condition() -> Evidence:
    """An ill-conditioned momentum becomes better conditioned

    Bad scales are repaired. But no pass is bound to help: of a 3×3 matrix of small whole numbers the condition number
    rises by a third.
    """
    (one,), (other,) = conditions(WORSE[None])
    figure = f"{WORSE.astype(int).tolist()}: {one:.3f} to {other:.3f}; 8×8 matrices, median"
    for decades in (2, 3):
        before, after = conditions(matrices(float(decades), 1)[:200])
        figure += f", rows and columns times 10^±{decades}: {np.median(before):.1e} to {np.median(after):.0f}"
    figure += "; stated is 1.5e6 to 31, without the factors"
    return Evidence(bool(other > 1.3 * one), figure)


@ledger.claim(
    "holds if", source=ABSTRACT, condition="the matrix has several directions; of rank one it is the sign itself"
)
def it_is_gentler_than_the_sign() -> Evidence:
    """It is less drastic than the matrix sign of Muon

    A layer that is trained on gains few directions, as with AdamW. But of a gradient of rank one, as a batch of one
    gives, every entry becomes ±1/√m: sign descent, where the polar factor keeps uvᵀ/(‖u‖‖v‖).
    """
    u, v = np.array([1.0, -8.0, 0.125, 3.0])[:, None], np.array([0.5, -2.0, 64.0])
    found, polar = racs_reg(u * v), u * v / (length(u) * length(v))
    ratios = [tuned("Muon", s, RATES[1]).stable_rank / tuned("REG", s, RATES[1]).stable_rank for s in SEEDS]
    figure = (
        f"uvᵀ with entries from {np.min(np.abs(u * v)):.3g} to {np.max(np.abs(u * v)):.3g} in size: REG makes all "
        f"{spread(np.abs(found).ravel(), '{:.6f}')}, the polar factor {spread(np.abs(polar).ravel(), '{:.1e}')}; "
        f"stable rank of what fine-tuning adds, Muon over REG: {listed(ratios, '{:.1f}')}"
    )
    even = {f"{entry:.12f}" for entry in np.abs(found).ravel()} == {"0.500000000000"}
    return Evidence(even and min(ratios) > 5, figure)


@ledger.claim("holds", source=ABSTRACT)
def it_is_consistent_with_adamw() -> Evidence:
    """Fine-tuning of what AdamW trained stays consistent with AdamW

    In a miniature: of a 30-64-64-6 network whose classes move, the middle layer's change has AdamW's stable rank within
    a factor of two. That nothing else about the claim is measured, accuracy above all, has its own entry.
    """
    ranks = {method: [tuned(method, seed, RATES[1]).stable_rank for seed in SEEDS] for method in METHODS}
    figure = "stable ranks of three seeds: " + "; ".join(f"{m} {listed(r, '{:.1f}')}" for m, r in ranks.items())
    near = all(0.5 < a / b < 2 for a, b in zip(ranks["REG"], ranks["AdamW"], strict=True))
    return Evidence(near, figure)


@ledger.claim("false", source=f"{ABSTRACT}, which names no basis")
def it_does_not_depend_on_the_basis() -> Evidence:
    """The scaling belongs to the gradient, not to the coordinates that it is written in

    Muon's polar factor turns with the gradient. Rows and columns are those of a basis: turned by 0.3 rad before or
    after, a gradient gives other steps.
    """
    c, s = np.cos(0.3), np.sin(0.3)
    turn, M = np.array([[c, -s], [s, c]]), np.array([[1.0, 2.0], [0.0, 3.0]])

    def polar(matrix: Any) -> Any:
        left, _, right = np.linalg.svd(matrix)
        return left @ right

    off = [float(length(method(turn @ M) - turn @ method(M))) for method in (racs_reg, polar)]
    figure = (
        f"[[1, 2], [0, 3]] turned by 0.3 rad: REG is off by a length of {off[0]:.3f}, the polar factor by {off[1]:.1e}"
    )
    return Evidence(f"{off[0]:.3f}" == "0.268" and off[1] < 1e-14, figure)


@ledger.claim("holds if", source=NOTES, condition="it is condition numbers in the row-sum norm that are meant")
def classical_theory_prefers_one() -> Evidence:
    """p = 2 is best in training, against what classical equilibration theory prefers

    Van der Sluis: rows of 1-norm 1 minimise ‖M‖∞‖M⁻¹‖∞ over all row scalings, exactly; rows of 2-norm 1 come within √m
    of the least σ₁/σₘ. The theory is about one side, scaled once; which p trains better it does not say.
    """
    draw = np.random.default_rng(4)
    better = tried = 0
    for _ in range(300):
        M = draw.standard_normal((3, 3))
        best = np.linalg.cond(normalised(M, p=1.0), np.inf)
        for _ in range(30):
            other = np.linalg.cond(10 ** draw.uniform(-1, 1, 3)[:, None] * M, np.inf)
            better, tried = better + (other < best * (1 - 1e-10)), tried + 1
    return Evidence(better == 0, f"of {tried:,} other row scalings of 300 matrices {better} are better than p = 1")


@ledger.claim("holds", source=ABSTRACT)
def it_costs_less_than_newton_schulz() -> Evidence:
    """It is cheaper than Muon's iteration

    Each entry is divided twice and squared twice, where five Newton-Schulz steps of an m×n matrix, m <= n, take
    10·m²n + 5·m³ products. What the iteration does not reach in five steps, small singular values, is no matter here.
    """
    n = 1024
    products, entries = 10 * n**3 + 5 * n**3, 4 * n**2
    Q, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((8, 8)))
    M = np.geomspace(1, 1e-8, 8)[:, None] * Q
    left = [np.linalg.svd(R, compute_uv=False)[-1] for R in (racs_reg(M), newton_schulz(M / length(M), [MUON] * 5))]
    figure = (
        f"{n}×{n}: {products / entries:,.0f} times as many multiplications; of diag(d)·Q of condition 1e8 the smallest "
        f"singular value becomes {left[0]:.6f}, with Newton-Schulz {left[1]:.1e}"
    )
    return Evidence(products > 1000 * entries and f"{left[0]:.6f}" == "1.000000" and left[1] < 1e-3, figure)


@ledger.claim("not reproducible", source=NOTES)
def the_accuracies_of_language_models() -> Evidence:
    """MATH500 64.8 with REG, 61.8 with AdamW; 51.19 on average on modelling tasks; Muon falls to 49.1 on GSM8K

    No code, no text of the paper, and models of 1.5 billion parameters. In the miniature AdamW is right more often than
    REG, and REG more often than Muon, at the smaller rate with every seed; that is a network of six classes.
    """
    right = {(m, lr): [tuned(m, seed, lr).accuracy for seed in SEEDS] for lr in RATES for m in METHODS}
    said = (f"{lr:g}: " + ", ".join(f"{m} {spread(right[m, lr], '{:.1%}')}" for m in METHODS) for lr in RATES)
    smaller = zip(*(right[m, RATES[0]] for m in ("AdamW", "REG", "Muon")), strict=True)
    ordered = all(a > b > c for a, b, c in smaller)
    return Evidence(ordered, f"the miniature, points recognised at rate {'; at rate '.join(said)}")


@ledger.claim("not reproducible", source="two contradictory reading notes of arXiv 2510.03691")
def convergence_is_proved() -> Evidence:
    """Convergence is guaranteed; or: the proof for the full algorithm is open

    The notes contradict each other and the text was not to be had. What is certain is that R points down the gradient:
    ⟨M, R⟩ >= Σᵢ‖Mᵢ‖/√m > 0 — of the momentum, not of the gradient itself.
    """
    draw = np.random.default_rng(5)
    slack = []
    for _ in range(300):
        M = draw.standard_normal((4, 6)) * 10 ** draw.uniform(-3, 3, (4, 1)) * 10 ** draw.uniform(-3, 3, 6)
        slack.append(np.sum(M * racs_reg(M)) / (np.sum(np.sqrt(np.sum(M * M, axis=1))) / 2))
    return Evidence(min(slack) > 1 - 1e-12, f"300 matrices: ⟨M, R⟩ is {spread(slack, '{:.2f}')} times its bound")
