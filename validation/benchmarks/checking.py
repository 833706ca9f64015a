"""What checking costs: examples per second against bare Hypothesis with the same strategies and an empty body.

    python validation/benchmarks/checking.py

Both sides of a row draw the same cases in the same process, in turn, several times; the best of each counts, in
seconds of processor time.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from functools import partial
from statistics import median
from time import process_time

import click
import numpy as np

from gnomon_spec.system import Law, systems
from gnomon_validation.checker import check_law
from gnomon_validation.drawing import visit
from gnomon_validation.ports.bundled import NumbaPort
from gnomon_validation.runs.plan import Plan


@click.command()
@click.option("--examples", default=300, show_default=True)
@click.option("--repeats", default=3, show_default=True)
@click.option("--dtype", default="float32", show_default=True)
def main(examples: int, repeats: int, dtype: str) -> None:
    """Print a row for every law of a single step of adam, and the median ratio."""
    port, plan, rows = NumbaPort(), Plan(examples), []
    for law in one_step_laws():
        strategy = law.cases.strategy(np.dtype(dtype))
        runs = {
            "bare": partial(visit, strategy, examples=examples, random_seed=0, visitor=lambda _: False),
            "checked": partial(check_law, port, law, dtype, plan),
        }
        taken = contest.rounds(runs, repeats, processor_seconds).rounds
        fast, slow = (min(one[name] for one in taken) for name in runs)
        rows.append((law.name, examples / fast, examples / slow, slow / fast))
    columns = "law of adam.step | bare / s {:,.0f} | checked / s {:,.0f} | cost ratio {:.2f}"
    contest.console().print(contest.table("", columns, rows))
    cost = median(ratio for *_, ratio in rows)
    click.echo(f"median cost of a checked example: {cost:.2f} times a bare one (goal: at most 1.5)")


def one_step_laws() -> list[Law]:
    """Return the laws of adam.step whose body makes one step of the port (and not a run of several)."""
    several = ("grads", "times", "signs")
    return [law for law in systems()["adam"].operations["step"].laws if not set(several) & set(law.cases.quantities)]


def processor_seconds(run: contest.Run) -> float:
    started = process_time()
    run()
    return process_time() - started


if __name__ == "__main__":
    main()
