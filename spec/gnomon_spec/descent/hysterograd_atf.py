"""Accuracy per TFLOP, the measure by which HysteroGrad's source compares runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import hysterograd_atf as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.hysterograd import system
from gnomon_spec.descent.hysterograd_cases import magnitude
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import SMALL_CODES, number, shapes
from gnomon_spec.system import WITH_ROOM, Misfits


def _growing(draw: Draw, context: Context) -> Any:
    """Return sums of integers from 1 to 16, times one number: they differ in every dtype."""
    steps = [1 + draw(SMALL_CODES) % 16 for _ in range(int(np.prod(context.shape)))]
    unit = number(1.0, 0.5, 72.5, exponents=(-6, 6)).draw(draw, context)
    return (unit * np.cumsum(steps)).astype(context.dtype).reshape(context.shape)


growing = Quantity(_growing, "array of the common shape, > 0, each entry larger than the one before")
EPOCHS = shapes((1,), (2,), (3,), (4,), (8,), (2,), (17,))
ratios = Cases({"accuracy": magnitude, "tflop": growing}, shapes((1,), (2,), (4,), (), (2, 3), (0,), (17,)))
epochs = Cases({"accuracy": magnitude, "tflop": growing}, EPOCHS)
atf = system.operation(reference.atf, cases=ratios, rejecting=epochs, dtypes=WITH_ROOM)


@atf.law("conservation")
def times_the_cost_it_is_the_accuracy(port: Any, case: Case) -> Iterable[Fact]:
    """ATF·TFLOP is the accuracy."""
    yield equal("accuracy", port.atf(case.accuracy, case.tflop) * case.tflop, case.accuracy)


bad_costs = choice(0.0, -1.0, float("nan"))
bad_accuracies = choice(-1.0, float("nan"), -0.5)


def unusable(case: Case) -> Misfits:
    """Return a bad accuracy and a bad cost; the shape is (epochs,)."""
    last = np.arange(case.tflop.size) == case.tflop.size - 1
    accuracy, tflop = np.where(last, case.bad_accuracy, case.accuracy), np.where(last, case.bad_cost, case.tflop)
    return {
        f"an accuracy of {case.bad_accuracy}": {"accuracy": accuracy},
        f"a cost of {case.bad_cost}": {"tflop": tflop},
    }


@atf.misfits(cases=epochs.but(bad_cost=bad_costs, bad_accuracy=bad_accuracies))
def unusable_costs_and_accuracies_are_rejected(case: Case) -> Misfits:
    """An accuracy that is negative or NaN and a cost that is 0, negative or NaN are rejected."""
    return unusable(case)


marginal_atf = system.operation(reference.marginal_atf, cases=epochs, dtypes=WITH_ROOM)


@marginal_atf.law("conservation")
def what_the_epochs_add_is_the_accuracy(port: Any, case: Case) -> Iterable[Fact]:
    """Marginal ATF times what each epoch cost adds up to the accuracy."""
    gains = port.marginal_atf(case.accuracy, case.tflop) * np.diff(case.tflop, prepend=0 * case.tflop[:1])
    yield equal("accuracy", np.cumsum(gains), case.accuracy)


@marginal_atf.law("bound")
def atf_is_a_mean_of_it(port: Any, case: Case) -> Iterable[Fact]:
    """ATF lies between the smallest and the largest marginal ATF so far, and begins with the first."""
    ratio, marginal = port.atf(case.accuracy, case.tflop), port.marginal_atf(case.accuracy, case.tflop)
    for t in range(len(case.tflop)):
        yield at_least(f"above, epoch {t + 1}", np.max(marginal[: t + 1]), ratio[t])
        yield at_least(f"below, epoch {t + 1}", ratio[t], np.min(marginal[: t + 1]))
    yield equal("first epoch", marginal[0], ratio[0])


@marginal_atf.law("closed form")
def atf_rises_where_it_is_larger(port: Any, case: Case) -> Iterable[Fact]:
    """(ATF_t - ATF_t-1)·c_t = (marginal_t - ATF_t-1)·(c_t - c_t-1): an epoch lifts ATF only if it adds more than that.

    So the marginal ATF may rise, as after an epoch that gained little, while ATF falls all the time.
    """
    ratio, marginal = port.atf(case.accuracy, case.tflop), port.marginal_atf(case.accuracy, case.tflop)
    left = np.diff(ratio) * case.tflop[1:]
    yield equal("rise", left, (marginal[1:] - ratio[:-1]) * np.diff(case.tflop))


@marginal_atf.misfits(
    cases=epochs.but(bad_cost=bad_costs, bad_accuracy=bad_accuracies).shaped(shapes((2,), (3,), (5,)))
)
def costs_that_do_not_grow_are_rejected(case: Case) -> Misfits:
    """Costs that stay or fall from one epoch to the next, and what `atf` rejects, are rejected."""
    flat = np.repeat(case.tflop[:1], case.tflop.size)
    return {**unusable(case), "a falling cost": {"tflop": case.tflop[::-1]}, "a cost that stays": {"tflop": flat}}


RATIO, EACH = "accuracy / tflop", "increments(accuracy) / increments(tflop)"

atf.edits(f"""
accuracy_as_a_fraction: The accuracy is taken as a fraction of 1 instead of in percent
    `{RATIO}` → `accuracy / tflop / 100`
cost_per_accuracy: The ratio is upside down: TFLOP per accuracy
    `{RATIO}` → `tflop / accuracy`
marginal_for_cumulative: What each epoch added is taken instead of the ratio so far
    `{RATIO}` → `(increments(accuracy.reshape(-1)) / increments(tflop.reshape(-1))).reshape(tflop.shape)`
""")
marginal_atf.edits(f"""
cumulative_for_marginal: The ratio so far is taken instead of what each epoch added
    `{EACH}` → `{RATIO}`
gain_per_cost_so_far: What an epoch added is divided by the cost so far instead of by its own
    `increments(tflop)` → `tflop`
first_epoch_counts_as_nothing: The first epoch, which has none before it, is given 0
    `increments(accuracy)` → `increments(accuracy - accuracy[:1])`
losses_count_as_nothing: An epoch that lost accuracy is given 0 instead of a negative number
    `{EACH}` → `np.maximum({EACH}, 0)`
cost_of_the_epoch_before: What an epoch added is divided by the cost of the one before it
    `increments(tflop)` → `np.concatenate([tflop[:1], increments(tflop)[:-1]])`
""")
