"""What do products with a Hessian cost, and what do estimators add to them? A 2,000-parameter MLP, against SciPy's
`eigsh` and curvlinops (extra `curvature`, if installed).

Run `python validation/benchmarks/curvature.py --help`. Contenders of one table ask for the same number of products, and
those are timed apart: what remains is the contender's own work. The last lines say whether the goals are met.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from gnomon import derivatives
from gnomon.curvature.draws import gaussian
from gnomon.curvature.lanczos import lanczos, tridiagonal
from gnomon.curvature.products import Classification, network
from gnomon.curvature.quadrature import spectral_measure
from gnomon.domains import Array
from gnomon.objectives.mlp import MLP

GOAL_PRODUCT, GOAL_REST = 4.0, 1.5
TOP = 5
# What eigsh is asked for; 0 is machine precision, where it restarts its 20 vectors most and we keep most vectors.
TOLERANCES = (1e-6, 1e-10, 0.0)
SECONDS, OUTSIDE = attrgetter("seconds"), attrgetter("outside")
GNOMON, EIGSH, CURVLINOPS = "gnomon", "scipy eigsh", "curvlinops"


def specimen(inputs: int, hidden: int, classes: int, examples: int) -> tuple[Classification, Array]:
    """Return a classification by an MLP on random data, and parameters to stand at."""
    rng = np.random.default_rng(2026)
    features, labels = rng.standard_normal((examples, inputs)), rng.integers(0, classes, examples)
    problem = Classification(features, labels, classes, (hidden,))
    objective = network(problem)
    return problem, objective.start_from(rng.standard_normal(objective.dimension))


class Timed:
    """An operator that counts its products and how long they take."""

    def __init__(self, operator: Callable[[Any], Any]) -> None:
        self.operator = operator
        self.products, self.seconds = 0, 0.0

    def __call__(self, vector: Any) -> Any:
        start = perf_counter()
        product = self.operator(vector)
        self.seconds += perf_counter() - start
        self.products += 1
        return product

    __matmul__ = __call__


class Run(NamedTuple):
    """One call of an estimator: seconds in all and outside the products, how many products, what it found."""

    seconds: float
    outside: float
    products: int
    found: Any


def timed(operator: Callable[[Any], Any], estimator: Callable[[Timed], Any]) -> Run:
    """Return what an estimator took and found with an operator."""
    counted, start = Timed(operator), perf_counter()
    found = estimator(counted)
    taken = perf_counter() - start
    return Run(taken, taken - counted.seconds, counted.products, found)


def products_table(objective: MLP, params: Array, repeats: int) -> tuple[Table, float, float]:
    """Return the table of one product, and how many gradients a fresh one and one of many cost."""
    vector = np.random.default_rng(1).standard_normal(params.size)
    runs = {
        "gradient, autograd": partial(derivatives.gradient, objective.value, params),
        "Hessian product, autograd, traced anew": partial(derivatives.hvp, objective.value, params, vector),
        "Hessian product, autograd, trace reused": partial(derivatives.make_hvp(objective.value, params), vector),
        "gradient, written out": partial(objective.gradient, params),
        "Hessian product, written out": partial(objective.hvp, params, vector),
        "Gauss-Newton product, written out": partial(objective.ggnvp, params, vector),
    }
    taken, (first, fresh, again, *_) = contest.rounds(runs, repeats), runs
    title = f"MLP of {params.size:,} parameters, {objective.features.shape[0]} examples"
    rows = ((name, 1e3 * taken.seconds(name), taken.ratio(name, first)) for name in runs)
    table = contest.table(title, "one call | ms {:.2f} | ÷ gradient by autograd {:.2f}", rows)
    return table, taken.ratio(fresh, first), taken.ratio(again, first)


def eigenvalues_table(objective: MLP, params: Array, repeats: int) -> tuple[Table, dict[float, float]]:
    """Return the table of the eigenvalues of largest size, and our work outside the products over eigsh's.

    For each of eigsh's tolerances both ask for as many products as it needs.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = derivatives.make_hvp(objective.value, params)
    n, start = params.size, np.random.default_rng(2).standard_normal(params.size)
    dense = np.stack([objective.hvp(params, e) for e in np.eye(n)])
    exact = np.sort(np.abs(np.linalg.eigvalsh((dense + dense.T) / 2)))[-TOP:]

    def by_eigsh(counted: Timed, tolerance: float) -> Array:
        linear = LinearOperator((n, n), matvec=lambda v: counted(v.reshape(-1)), dtype=params.dtype)
        values, _ = eigsh(linear, TOP, v0=start, tol=tolerance)
        return np.sort(np.abs(values))

    def by_lanczos(counted: Timed, steps: int) -> Array:
        found = lanczos(counted, start, steps=steps)
        values, Y = np.linalg.eigh(tridiagonal(found))
        top = np.argsort(np.abs(values))[-TOP:]
        _vectors = Y[:, top].T @ found.basis  # eigsh returns those of the eigenvalues asked for, too
        return np.abs(values[top])

    rows, ratios = [], {}
    for tolerance in TOLERANCES:
        steps = timed(operator, partial(by_eigsh, tolerance=tolerance)).products
        estimators = {GNOMON: partial(by_lanczos, steps=steps), EIGSH: partial(by_eigsh, tolerance=tolerance)}
        taken = contest.rounds(estimators, repeats, partial(timed, operator))
        ratios[tolerance] = taken.ratio(GNOMON, EIGSH, OUTSIDE)
        for name in estimators:
            run = taken.rounds[0][name]
            seconds, outside = (taken.seconds(name, of) for of in (SECONDS, OUTSIDE))
            error = np.max(np.abs(run.found / exact - 1))
            rows.append((name, tolerance, run.products, seconds, outside, taken.ratio(name, EIGSH, OUTSIDE), error))
    columns = (
        "Lanczos | tol of eigsh {:g} | products | seconds {:.3f} | outside the products {:.4f} | ÷ eigsh's {:.2f} | "
        "worst relative error {:.1e}"
    )
    return contest.table(f"The {TOP} eigenvalues of largest size, the same operator and start", columns, rows), ratios


def quadrature_table(problem: Classification, params: Array, repeats: int, probes: int, steps: int) -> Table | None:
    """Return the table of spectral densities on the same network; `None` without curvlinops."""
    try:
        import torch
        from curvlinops import HessianLinearOperator
        from curvlinops.papyan2020traces.spectrum import fast_lanczos

        from gnomon_validation.ports.peers import torch_networks
    except ModuleNotFoundError:
        return None
    torch.set_num_threads(1)
    vectors = gaussian(np.random.default_rng(3), probes, params.size)
    module, loss = torch_networks.module(problem, params), torch.nn.CrossEntropyLoss()
    data = [(torch_networks.tensor(problem.features), torch_networks.answers(problem))]
    linear = HessianLinearOperator(module, loss, list(module.parameters()), data, check_deterministic=False)

    def by_curvlinops(counted: Any) -> float:
        counted.device, counted.dtype, counted.shape = linear.device, linear.dtype, linear.shape
        return max(float(nodes.max()) for nodes, _ in [fast_lanczos(counted, steps) for _ in range(probes)])

    contenders: dict[str, Any] = {
        f"{GNOMON}: reorthogonalised": (
            derivatives.make_hvp(network(problem).value, params),
            lambda counted: np.max(spectral_measure(counted, vectors, steps=steps).nodes),
        ),
        f"{CURVLINOPS}: not reorthogonalised": (linear.__matmul__, by_curvlinops),
    }
    taken, rows = contest.rounds(contenders, repeats, lambda contender: timed(*contender)), []
    for name in contenders:
        run = taken.rounds[0][name]
        assert run.products == probes * steps
        inside = taken.seconds(name, lambda r: 1e3 * (r.seconds - r.outside) / r.products)
        rows.append((name, run.products, taken.seconds(name, SECONDS), inside, taken.seconds(name, OUTSIDE), run.found))
    title = f"Spectral density: {probes} probes × {steps} steps, the same network in torch"
    columns = (
        "Lanczos quadrature | products | seconds {:.3f} | a product, ms {:.2f} | outside the products {:.4f} | "
        "largest node {:.6f}"
    )
    return contest.table(title, columns, rows)


@contest.command(
    7,
    hidden=(64, "Width of the hidden layer."),
    examples=(256,),
    probes=(4, "Of the spectral density."),
    steps=(60, "Of each Lanczos process."),
)
def main(hidden: int, examples: int, probes: int, steps: int, repeats: int) -> None:
    """Time products and estimators and print three tables."""
    processors = contest.share_one_processor()
    contest.keep_freed_memory()
    problem, params = specimen(20, hidden, 10, examples)
    products, fresh, again = products_table(network(problem), params, 3 * repeats)
    eigenvalues, ratios = eigenvalues_table(network(problem), params, repeats)
    quadrature = quadrature_table(problem, params, repeats, probes, steps)
    missing = "curvlinops is not installed: pip install 'gnomon[curvature]'"
    goals = {
        f"a Hessian product costs {fresh:.2f} gradients (at most {GOAL_PRODUCT:g})": fresh <= GOAL_PRODUCT,
        f"with the trace reused {again:.2f}, less than that": again < fresh,
    }
    for tolerance, x in ratios.items():
        goal = f"outside the products {x:.2f} times eigsh's time at tol = {tolerance:g} (at most {GOAL_REST:g})"
        goals[goal] = x <= GOAL_REST
    tables = products, eigenvalues, quadrature or missing
    contest.print_tables(*tables, repeats=repeats, processors=processors, goals=goals)


if __name__ == "__main__":
    main()
