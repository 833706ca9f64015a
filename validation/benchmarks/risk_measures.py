"""Steps a second of the stochastic approximation of risk measures, and how its time and that of L-statistics grow.

The worst mixture of Gaussians, as the authors have it: compiled, and in torch, written anew with scores by reverse mode
and the quantile form in tensors. Run `python validation/benchmarks/risk_measures.py --help`; it needs the extra
`torch`.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from collections.abc import Callable
from functools import partial
from math import log, pi
from typing import Any

import numpy as np
import torch

from gnomon.kernels.probability.drm_sa.runs import mixture_run
from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm.lstat import influence, lstat
from gnomon.probability.drm_sa.grid import levels, slopes
from gnomon.probability.drm_sa.rates import Rates
from gnomon.probability.drm_sa.step import SAState

COMPONENTS, CELLS, SAMPLES = 10, 100, 4
OF = Distortion("sshape", (5.0,))
KERNEL, TORCH = "compiled", "torch"


class Run:
    """Steps of a mixture of so many Gaussians, from a random start, with the first gains of `Rates`."""

    def __init__(self, components: int, cells: int, samples: int, steps: int) -> None:
        rng = np.random.default_rng(0)
        self.theta = rng.uniform(-0.6, 0.6, 3 * components)
        self.uniforms, self.normals = rng.uniform(size=(steps, samples)), rng.standard_normal((steps, samples))
        self.z, self.zm = levels(np.zeros(cells + 1), np.zeros(cells), 1.0)
        self.q, self.qm = np.linspace(-2, 2, cells + 1), np.linspace(-1.98, 1.98, cells)

    def compiled(self) -> Any:
        """Return the last θ of the kernel."""
        state = SAState(self.q, self.qm, np.zeros((len(self.qm), len(self.theta))), 0)
        still = Rates(*(schedule._replace(c=0.0) for schedule in Rates()))
        how: Any = {"maximise": True, "extend": False}
        return mixture_run(self.theta, self.uniforms, self.normals, state, OF, still, **how).path[-1]

    def in_torch(self) -> Any:
        """Return the last θ of the quantile form without cells at the ends."""
        J = len(self.theta) // 3
        theta, z, middles, q, qm = map(torch.tensor, (self.theta, self.z, self.zm, self.q, self.qm))
        omega = torch.tensor(slopes(self.zm, OF))
        for u, normal in zip(torch.tensor(self.uniforms), torch.tensor(self.normals), strict=True):
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


def growth() -> list[tuple[str, dict[int, Callable[[], Any]]]]:
    """Return what is timed at several sizes."""
    runs: list[tuple[str, dict[int, Callable[[], Any]]]] = [
        ("a step, J components", {J: Run(J, CELLS, SAMPLES, 300).compiled for J in (10, 20, 40, 80)}),
        ("a step, cells of the grid", {m: Run(COMPONENTS, m, SAMPLES, 300).compiled for m in (100, 200, 400, 800)}),
        ("a step, samples", {M: Run(COMPONENTS, CELLS, M, 300).compiled for M in (4, 8, 16, 32)}),
    ]
    sizes = 10_000, 30_000, 100_000, 300_000
    values = {n: np.random.default_rng(n).standard_normal(n) for n in sizes}
    for name, function in (("L-statistic, n values", lstat), ("its influence, n values", influence)):
        runs.append((name, {n: partial(function, values[n], OF) for n in sizes}))
    return runs


@contest.command(5, steps=(300, "Steps of a run."))
def main(steps: int, repeats: int) -> None:
    """Time both on the same draws, print how far apart they end, and how the compiled one grows."""
    torch.set_num_threads(1)
    processors, run = contest.share_one_processor(), Run(COMPONENTS, CELLS, SAMPLES, steps)
    taken = contest.rounds({KERNEL: run.compiled, TORCH: run.in_torch}, repeats)
    apart = float(np.max(np.abs(run.compiled() - run.in_torch())))
    rows = [(name, steps / taken.seconds(name), taken.ratio(name, KERNEL)) for name in (KERNEL, TORCH)]
    title = (
        f"a mixture of {COMPONENTS} Gaussians, {CELLS} cells, {SAMPLES} samples; after {steps} steps {apart:.1e} apart"
    )
    grown = []
    for name, of in growth():
        seconds = [contest.rounds({name: call}, repeats).seconds(name) for call in of.values()]
        sizes = list(of)
        grown.append((name, f"{sizes[0]:,} … {sizes[-1]:,}", 1e3 * seconds[-1], contest.exponent(sizes, seconds)))
    tables = (
        contest.table(title, "by | steps a second {:,.0f} | of the compiled one's time {:.0f}", rows),
        contest.table("Growth: time ~ sizeᵃ", "what | sizes | the last, ms {:.1f} | a {:.2f}", grown, left=2),
    )
    goals = {"50 times as many steps a second as torch": taken.ratio(TORCH, KERNEL) >= 50}
    contest.print_tables(*tables, repeats=repeats, processors=processors, goals=goals)


if __name__ == "__main__":
    main()
