"""PPO as it is usually written in torch, by autograd: a categorical policy, ratios, the clipped surrogate."""

from __future__ import annotations

from typing import Any

import torch
from torch.distributions import Categorical

from gnomon.probability.drm_ppo import policies, surrogates
from gnomon_validation.ports.torch_functions import offered

dtypes = ("float32", "float64")


@offered("drm_ppo.categorical")
def drm_ppo_categorical(logits: Any, actions: Any) -> Any:
    logits = logits.requires_grad_(True)
    policy = Categorical(logits=logits)
    log_prob, entropy = policy.log_prob(actions), policy.entropy()
    score, slope = (torch.autograd.grad(x.sum(), logits, retain_graph=True)[0] for x in (log_prob, entropy))
    return policies.Categorical(log_prob, score, entropy, slope)


@offered("drm_ppo.episode_ratios")
def drm_ppo_episode_ratios(log_prob: Any, old: Any) -> Any:
    return (log_prob - old).sum(1).clamp(-20, 20).exp()


@offered("drm_ppo.clipped_surrogate")
def drm_ppo_clipped_surrogate(ratios: Any, advantages: Any, clip: float) -> Any:
    moved = torch.zeros_like(ratios).requires_grad_(True)
    ratio, A = ratios * moved.exp(), advantages[:, None]
    value = torch.min(ratio * A, ratio.clamp(1 - clip, 1 + clip) * A).mean()
    return surrogates.Surrogate(value, torch.autograd.grad(value, moved)[0])
