"""Steps a second of the stochastic approximation of risk measures: compiled, and in torch, written anew.

Needs the extra `torch`. The worst mixture of ten Gaussians, 100 levels, 4 samples a step, as the authors have it:
scores by reverse mode, and the quantile form in tensors.

    python validation/benchmarks/risk_measures.py
"""

from __future__ import annotations

from math import log, pi
from time import perf_counter
from typing import Any

import numpy as np

from gnomon.kernels.probability.drm_sa.runs import mixture_run
from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_sa.grid import levels, slopes
from gnomon.probability.drm_sa.rates import Rates
from gnomon.probability.drm_sa.step import SAState

J, CELLS, M = 10, 100, 4
OF = Distortion("sshape", (5.0,))


def torch_steps(torch: Any, theta: Any, uniforms: Any, normals: Any, z: Any, zm: Any) -> Any:
    """Return θ after steps of the quantile form without cells at the ends, with the first gains of `Rates`."""
    theta, z, middles, omega = (torch.tensor(v) for v in (theta, z, zm, slopes(zm, OF)))
    q, qm = torch.linspace(-2, 2, CELLS + 1, dtype=z.dtype), torch.linspace(-1.98, 1.98, CELLS, dtype=z.dtype)
    for u, normal in zip(torch.tensor(uniforms), torch.tensor(normals), strict=True):
        raw = theta.clone().requires_grad_()
        p, t = torch.softmax(raw[2 * J :], 0), torch.exp(raw[J : 2 * J])
        d = raw[:J] - p @ raw[:J]
        s = torch.sqrt(p @ (t * t + d * d))
        j = torch.searchsorted(torch.cumsum(p, 0)[:-1].detach(), u, right=True)
        X = ((d[j] + t[j] * normal) / s).detach()
        T = (X[:, None] * s - d) / t
        log_density = torch.logsumexp(torch.log(p) - torch.log(t) - T * T / 2 - log(2 * pi) / 2, 1) + torch.log(s)
        scores = torch.stack([torch.autograd.grad(x, raw, retain_graph=True)[0] for x in log_density])
        G = (((qm[:, None] >= X).to(z.dtype) - middles[:, None])[:, :, None] * scores).mean(1)
        direction = -((omega * torch.diff(q))[:, None] * G).sum(0)
        theta = torch.clamp(theta + 0.0625 * direction, -2.5, 2.5)
        q = q + 0.25 * (z - (q[:, None] >= X).to(z.dtype).mean(1))
        qm = qm + 0.25 * (middles - (qm[:, None] >= X).to(z.dtype).mean(1))
    return theta.numpy()


def main() -> None:
    """Time both on the same draws, and print how far apart they end."""
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    theta, uniforms, normals = rng.uniform(-0.6, 0.6, 3 * J), rng.uniform(size=(300, M)), rng.standard_normal((300, M))
    z, zm = levels(np.zeros(CELLS + 1), np.zeros(CELLS), 1.0)
    state = SAState(np.linspace(-2, 2, CELLS + 1), np.linspace(-1.98, 1.98, CELLS), np.zeros((CELLS, 3 * J)), 0)
    still = Rates(*(schedule._replace(c=0.0) for schedule in Rates()))
    how: Any = {"maximise": True, "extend": False}
    mixture_run(theta, uniforms[:1], normals[:1], state, OF, still, **how)
    began = perf_counter()
    path = mixture_run(theta, uniforms, normals, state, OF, still, **how).path
    compiled = perf_counter() - began
    began = perf_counter()
    end = torch_steps(torch, theta, uniforms, normals, z, zm)
    tensors = perf_counter() - began
    print(
        f"steps a second: compiled {len(normals) / compiled:,.0f}, torch {len(normals) / tensors:,.0f}, "
        f"{tensors / compiled:.0f} times fewer"
    )
    print(f"θ apart after {len(normals)} steps: {np.max(np.abs(path[-1] - end)):.1e}")


if __name__ == "__main__":
    main()
