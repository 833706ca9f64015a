"""What does a polar factor cost? The reference's three algorithms against `scipy.linalg.polar` and torch's SVD (if they
are installed), matrices of n rows and columns, and the compiled iteration against NumPy's for small ones.

Run `python validation/benchmarks/polar_factors.py --help`. All of a row are timed in turns in one run, the fastest of
some repetitions counts, and what is printed is a ratio: times of the reference's `polar` (singular values).
"""

from __future__ import annotations

import contest  # noqa: F401 - isort: skip (before NumPy)

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from gnomon.descent.egd import polar as reference
from gnomon.domains import Array
from gnomon.kernels.descent.egd import polar as compiled

Contenders = dict[str, Callable[[Array], Any]]


def contenders() -> Contenders:
    """Return who takes part."""
    found: Contenders = {
        "singular values": reference.polar,
        "Gram matrix": reference.polar_eigh,
        "Newton-Schulz, 40": reference.polar_newton_schulz,
        "Muon's five": partial(reference.polar_newton_schulz, iterations=5, coefficients="muon"),
    }
    try:
        from scipy.linalg import polar

        found["scipy.linalg.polar"] = polar
    except ModuleNotFoundError:
        pass
    try:
        import torch

        torch.set_num_threads(1)

        def by_torch(G: Array) -> Any:
            U, _, Vh = torch.linalg.svd(torch.from_numpy(G), full_matrices=False)
            return U @ Vh

        found["torch's SVD"] = by_torch
    except ModuleNotFoundError:
        pass
    return found


def fastest(taking_part: Contenders, G: Array, repetitions: int) -> dict[str, float]:
    """Return the seconds of each contender's fastest run, all of them in turns."""
    seconds = dict.fromkeys(taking_part, np.inf)
    for _ in range(repetitions):
        for name, function in taking_part.items():
            start = perf_counter()
            function(G)
            seconds[name] = min(seconds[name], perf_counter() - start)
    return seconds


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256, 512, 1024])
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    generator, taking_part = np.random.default_rng(0), contenders()
    print("n", *taking_part, sep=" | ")
    for n in asked.sizes:
        seconds = fastest(taking_part, generator.standard_normal((n, n)), asked.repetitions)
        base = seconds["singular values"]
        print(n, *(f"{t / base:.2f}" for t in seconds.values()), f"(1 is {1000 * base:.1f} ms)", sep=" | ")
    print("\nthe compiled iteration, times of the reference's")
    for n in (4, 8, 16, 32, 64):
        pair = {"numpy": reference.polar_newton_schulz, "numba": compiled.polar_newton_schulz}
        G = generator.standard_normal((n, n))
        pair["numba"](G)
        seconds = fastest(pair, G, 20 * asked.repetitions)
        print(f"n = {n}: {seconds['numpy'] / seconds['numba']:.1f} times faster")


if __name__ == "__main__":
    main()
