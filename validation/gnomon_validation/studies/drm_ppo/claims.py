"""What was published about DRM-PPO, in the abstract and by the released code, put to the test on what is exact."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.probability.drm.distortions import discontinuous, slope
from gnomon.probability.drm.distortions import distortion as distorted
from gnomon.probability.drm_ppo.policies import tiny_episodes
from gnomon.probability.drm_ppo.surrogates import clipped_surrogate, quantile_weights
from gnomon.probability.drm_ppo.update import DppoState, Gradients, dppo_gradients, levels
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.drm_ppo import training

PAPER = "arXiv 2510.04563, abstract"
CODE = "github.com/JinyangJiangAI/SA-Methods-for-DRM-Optimization, 0c13f5d, inventory_management"
CELLS, PERIODS = 10, 2

ledger = Ledger("drm_ppo")


def settled(variant: str) -> tuple[Array, Gradients]:
    """Return the part of the direction that masked cells make, when D has settled, and what is said last.

    The batch is every episode of the tiny chain without preferences: all are as probable, so that its mean is exact.
    """
    w, listed = discontinuous(0.3, 0.5, 0.72), tiny_episodes(np.zeros((2, 5, 3)))
    R, scores = listed.returns, listed.scores.reshape(81, 30)
    z, middle = levels(CELLS, R)
    masked = np.array([any(low < p <= high for p in (0.3, 0.5, 0.72)) for low, high in pairwise(z)])
    slopes, masses = slope(1 - middle, w), -np.diff(distorted(1 - z, w))
    state = DppoState(np.quantile(R, z), np.quantile(R, middle), np.zeros((int(masked.sum()), 30)))
    how: Any = {"variant": variant, "steps": PERIODS, "density_rate": 1.0, "max_norm": 1e9}
    for _ in range(400):
        said = dppo_gradients(R, np.ones(81), scores, np.zeros(30), state, slopes, masses, masked, **how)
        state = state._replace(density_gradients=said.density_gradients)
    part: Array = -masses[masked] @ state.density_gradients
    return part, said


@ledger.claim("false", source=f"{PAPER}, of what {CODE}/algo.py computes")
def the_hybrid_form_around_jumps() -> Evidence:
    """“applying the DM-form for robust performance around distortion function jumps”

    The released DPPO overwrites D by its own negative drift, and its optimizer never steps: in masked cells θ descends
    where it should climb. The method itself, with D stepped, is as the abstract says.
    """
    (method, said), (code, released) = settled("paper"), settled("code")
    cosine = float(method @ code / np.linalg.norm(method) / np.linalg.norm(code))
    whole = float(said.params @ released.params / np.linalg.norm(said.params) / np.linalg.norm(released.params))
    lengths = f"lengths {np.linalg.norm(method):.3f} and {np.linalg.norm(code):.3f}"
    figure = f"cosine {cosine:.3f} between the parts of masked cells, {whole:.3f} between whole directions, {lengths}"
    return Evidence(cosine < -0.9, f"discontinuous(.3, .5, .72), every episode of the tiny chain: {figure}")


@ledger.claim("holds if", source=PAPER, condition="proximal: episodes far off are left out, and nothing is clipped")
def a_proximal_policy_optimization() -> Evidence:
    """“a DRM-based Proximal Policy Optimization algorithm”, with an `episode_clip_bound` of [0.6, 1.4]

    PPO stops an episode with positive weight at 1 + ε. Here it climbs on, the stronger the farther, up to 1.4.
    """
    z, middle = levels(1, np.zeros(1))
    state = DppoState(np.array([0.0, 2.0]), np.ones(1), np.zeros((0, 1)))
    pulls = {}
    for ratio in (1.0, 1.3, 1.39, 1.41):
        seen = np.array([3.0]), np.array([ratio]), np.ones((1, 1)), np.zeros(1)
        said = dppo_gradients(*seen, state, np.ones(1), np.diff(z), np.array([False]), max_norm=1e9)
        stopped = clipped_surrogate(np.array([[ratio]]), np.array([2 * middle[0]])).gradient[0, 0]
        pulls[ratio] = float(said.params[0]), float(stopped)
    shown = pulls[1.39][0] > pulls[1.3][0] > pulls[1.0][0] > 0 == pulls[1.41][0] == pulls[1.3][1]
    figure = "; ".join(f"ρ = {ratio}: pull {a:.2f}, PPO's {b:.2f}" for ratio, (a, b) in pulls.items())
    return Evidence(bool(shown), figure)


@ledger.claim("holds if", source=f"{CODE}/main.py", condition="returns beyond the outermost quantiles count as these")
def with_the_mean_it_is_risk_neutral() -> Evidence:
    """DPPO with the distortion “mean” maximises the mean

    What an episode weighs is its return, held between the first and the last of 101 quantiles, less a constant, but for
    at most the widest gap between neighbours.
    """
    batch = training.play(training.begun(np.random.default_rng(0)), np.random.default_rng(0))
    z, middle = levels(100, batch.returns)
    q, m = np.quantile(batch.returns, z), np.quantile(batch.returns, middle)
    weights = quantile_weights(batch.returns, q, m, middle, np.ones(100))
    held = np.clip(batch.returns, q[0], q[-1]) - (q[-1] - middle @ np.diff(q))
    apart, widest = float(np.max(np.abs(weights - held))), float(np.max(np.diff(q)))
    lost = np.abs(batch.returns - np.clip(batch.returns, q[0], q[-1]))
    beyond = f"{np.sum(lost > 0)} of 250 returns beyond, by up to {np.max(lost):.0f}"
    figure = f"apart by at most {apart:.1f}, gaps up to {widest:.1f}; {beyond}"
    return Evidence(apart <= widest and bool(np.any(lost > 0)), figure)


@ledger.claim("not reproducible", source=PAPER)
def applied_to_multi_echelon_inventory() -> Evidence:
    """“applied to multi-echelon dynamic inventory management, showcasing its practical applicability”

    The runs have ten million episodes of 100 periods, and no table was to be had. A stand-in learns: twelve updates of
    250 episodes of 30 periods. See also the study drm_ppo-tails.
    """
    curve, _ = training.train("mean", 12)
    (mean, low, _), (later, lower, _) = curve[0], curve[-1]
    figure = f"mean return {mean:.0f} at first, {later:.0f} then; lower 30 %: {low:.0f}, {lower:.0f}"
    return Evidence(bool(np.all(curve[-1] > curve[0])), figure)
