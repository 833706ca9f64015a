"""What do products with a Hessian cost, and what do estimators add to them? A 2,000-parameter MLP, against SciPy's
`eigsh` and curvlinops (extra `curvature`, if installed).

Run `python validation/benchmarks/curvature.py --help`. Contenders of one table ask for the same number of products, and
those are timed apart: what remains is the contender's own work. The last lines say whether the goals are met.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import click
import numpy as np
from rich.table import Table

from gnomon import derivatives
from gnomon.curvature.draws import gaussian
from gnomon.curvature.lanczos import lanczos, tridiagonal
from gnomon.curvature.quadrature import spectral_measure
from gnomon.domains import Array
from gnomon.objectives.mlp import MLP

GOAL_PRODUCT, GOAL_REST = 4.0, 1.5
TOP = 5
# What eigsh is asked for; 0 is machine precision, where it restarts its 20 vectors most and we keep most vectors.
TOLERANCES = (1e-6, 1e-10, 0.0)
GNOMON, EIGSH, CURVLINOPS = "gnomon", "scipy eigsh", "curvlinops"


class Network(NamedTuple):
    """An MLP with softmax outputs on random data, parameters to stand at, and its data as drawn."""

    objective: MLP
    params: Array

    @classmethod
    def of(cls, inputs: int, hidden: int, classes: int, examples: int) -> Network:
        rng = np.random.default_rng(2026)
        features, labels = rng.standard_normal((examples, inputs)), rng.integers(0, classes, examples)
        objective = MLP(features, labels, (hidden,), "softmax", classes)
        return cls(objective, objective.start_from(rng.standard_normal(objective.dimension)))


class Timed:
    """An operator that counts its products and how long they take."""

    def __init__(self, operator: Callable[[Array], Array]) -> None:
        self.operator = operator
        self.products, self.seconds = 0, 0.0

    def __call__(self, vector: Array) -> Array:
        start = perf_counter()
        product = self.operator(vector)
        self.seconds += perf_counter() - start
        self.products += 1
        return product


class Run(NamedTuple):
    """One call of an estimator: seconds in all and outside the products, how many products, what it found."""

    seconds: float
    outside: float
    products: int
    found: Any


def timed(operator: Callable[[Array], Array], estimator: Callable[[Timed], Any]) -> Run:
    """Return what an estimator took and found with an operator."""
    counted, start = Timed(operator), perf_counter()
    found = estimator(counted)
    taken = perf_counter() - start
    return Run(taken, taken - counted.seconds, counted.products, found)


def products_table(network: Network, repeats: int) -> tuple[Table, float, float]:
    """Return the table of one product, and how many gradients a fresh one and one of many cost."""
    objective, params = network
    vector = np.random.default_rng(1).standard_normal(params.size)
    reused = derivatives.make_hvp(objective.value, params)
    runs: dict[str, Callable[[], Any]] = {
        "gradient, autograd": lambda: derivatives.gradient(objective.value, params),
        "Hessian product, autograd, traced anew": lambda: derivatives.hvp(objective.value, params, vector),
        "Hessian product, autograd, trace reused": lambda: reused(vector),
        "gradient, written out": lambda: objective.gradient(params),
        "Hessian product, written out": lambda: objective.hvp(params, vector),
        "Gauss-Newton product, written out": lambda: objective.ggnvp(params, vector),
    }
    first, *_ = runs
    taken = contest.rounds(runs, repeats)
    title = f"MLP of {params.size:,} parameters, {objective.features.shape[0]} examples"
    table = contest.table(title, "one call", "ms", "÷ gradient by autograd")
    for name in runs:
        table.add_row(name, f"{1e3 * taken.seconds(name):.2f}", f"{taken.ratio(name, first):.2f}")
    _, fresh, again, *_ = runs
    return table, taken.ratio(fresh, first), taken.ratio(again, first)


def eigenvalues_table(network: Network, repeats: int) -> tuple[Table, dict[float, float]]:
    """Return the table of the eigenvalues of largest size, and our work outside the products over eigsh's.

    For each of eigsh's tolerances both ask for as many products as it needs.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    objective, params = network
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

    headings = "tol of eigsh", "products", "seconds", "outside the products", "÷ eigsh's", "worst relative error"
    title = f"The {TOP} eigenvalues of largest size, the same operator and start"
    table = contest.table(title, "Lanczos", *headings)
    ratios = {}
    for tolerance in TOLERANCES:
        steps = timed(operator, partial(by_eigsh, tolerance=tolerance)).products
        estimators = {GNOMON: partial(by_lanczos, steps=steps), EIGSH: partial(by_eigsh, tolerance=tolerance)}
        taken = [{name: timed(operator, run) for name, run in estimators.items()} for _ in range(repeats + 1)][1:]
        ratios[tolerance] = _outside(taken, GNOMON, EIGSH)
        for name in estimators:
            runs = [one[name] for one in taken]
            cells = [f"{tolerance:g}", f"{runs[0].products}", f"{median(r.seconds for r in runs):.3f}"]
            cells += [f"{median(r.outside for r in runs):.4f}", f"{_outside(taken, name, EIGSH):.2f}"]
            table.add_row(name, *cells, f"{np.max(np.abs(runs[0].found / exact - 1)):.1e}")
    return table, ratios


def _outside(taken: list[dict[str, Run]], name: str, yardstick: str) -> float:
    return median(one[name].outside / one[yardstick].outside for one in taken)


def quadrature_table(network: Network, repeats: int, probes: int, steps: int) -> Table | None:
    """Return the table of spectral densities on the same network; `None` without curvlinops."""
    try:
        import torch
        from curvlinops import HessianLinearOperator
        from curvlinops.papyan2020traces.spectrum import fast_lanczos
    except ModuleNotFoundError:
        return None
    torch.set_num_threads(1)
    objective, params = network
    operator = derivatives.make_hvp(objective.value, params)
    vectors = gaussian(np.random.default_rng(3), probes, params.size)
    linear = HessianLinearOperator(*_as_torch(network), check_deterministic=False)

    class Counting:
        """What `fast_lanczos` asks of an operator, with its products timed."""

        device, dtype, shape = linear.device, linear.dtype, linear.shape

        def __init__(self) -> None:
            self.timed = Timed(lambda v: linear @ v)

        def __matmul__(self, vector: Any) -> Any:
            return self.timed(vector)

    def theirs() -> Run:
        counting, begin = Counting(), perf_counter()
        found = [fast_lanczos(counting, steps) for _ in range(probes)]  # type: ignore[arg-type]
        taken = perf_counter() - begin
        return Run(taken, taken - counting.timed.seconds, counting.timed.products, found)

    contenders: dict[str, Callable[[], Run]] = {
        f"{GNOMON}: reorthogonalised": lambda: timed(
            operator, lambda counted: spectral_measure(counted, vectors, steps=steps)
        ),
        f"{CURVLINOPS}: not reorthogonalised": theirs,
    }
    taken = [{name: run() for name, run in contenders.items()} for _ in range(repeats + 1)][1:]
    headings = "products", "seconds", "a product, ms", "outside the products", "largest node"
    title = f"Spectral density: {probes} probes × {steps} steps, the same network in torch"
    table = contest.table(title, "Lanczos quadrature", *headings)
    for name in contenders:
        runs = [one[name] for one in taken]
        assert runs[0].products == probes * steps
        inside = median((r.seconds - r.outside) / r.products for r in runs)
        found = runs[0].found
        largest = float(np.max(found.nodes)) if hasattr(found, "nodes") else max(float(v.max()) for v, _ in found)
        cells = [f"{runs[0].products}", f"{median(r.seconds for r in runs):.3f}", f"{1e3 * inside:.2f}"]
        table.add_row(name, *cells, f"{median(r.outside for r in runs):.4f}", f"{largest:.6f}")
    return table


def _as_torch(network: Network) -> tuple[Any, Any, list[Any], list[tuple[Any, Any]]]:
    """Return the network as a torch model, its loss, its parameters and its data."""
    import torch

    objective, params = network
    widths = objective.widths
    model = torch.nn.Sequential(
        torch.nn.Linear(widths[0], widths[1]), torch.nn.Tanh(), torch.nn.Linear(widths[1], widths[2])
    ).double()
    with torch.no_grad():
        for layer, (W, b) in zip((model[0], model[2]), objective.layers(params), strict=True):
            layer.weight.copy_(torch.as_tensor(W))
            layer.bias.copy_(torch.as_tensor(b))
    data = [(torch.as_tensor(objective.features), torch.as_tensor(objective.targets))]
    return model, torch.nn.CrossEntropyLoss(), list(model.parameters()), data


@click.command()
@contest.count_option("--hidden", 64, "Width of the hidden layer.")
@contest.count_option("--examples", 256)
@contest.count_option("--probes", 4, "Of the spectral density.")
@contest.count_option("--steps", 60, "Of each Lanczos process.")
@contest.repeats_option(7)
def main(hidden: int, examples: int, probes: int, steps: int, repeats: int) -> None:
    """Time products and estimators and print three tables."""
    processors = contest.share_one_processor()
    contest.keep_freed_memory()
    network = Network.of(20, hidden, 10, examples)
    products, fresh, again = products_table(network, 3 * repeats)
    eigenvalues, outside = eigenvalues_table(network, repeats)
    quadrature = quadrature_table(network, repeats, probes, steps)
    missing = "curvlinops is not installed: pip install 'gnomon[curvature]'"
    contest.print_tables(products, eigenvalues, quadrature or missing, repeats=repeats, processors=processors)
    goals = {
        f"a Hessian product costs {fresh:.2f} gradients (at most {GOAL_PRODUCT:g})": fresh <= GOAL_PRODUCT,
        f"with the trace reused {again:.2f}, less than that": again < fresh,
    }
    for tolerance, x in outside.items():
        goal = f"outside the products {x:.2f} times eigsh's time at tol = {tolerance:g} (at most {GOAL_REST:g})"
        goals[goal] = x <= GOAL_REST
    contest.print_goals(goals)


if __name__ == "__main__":
    main()
