"""Accuracy per TFLOP, the measure by which HysteroGrad's source compares runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from gnomon.descent import hysterograd_atf as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.descent.hysterograd import system
from gnomon_spec.descent.hysterograd_cases import magnitude
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects
from gnomon_spec.strategies import SMALL_CODES, count, number, permutation, shapes
from gnomon_spec.system import WITH_ROOM


def _growing(draw: Draw, context: Context) -> Any:
    """Return sums of integers from 1 to 16, times one number: they differ in every dtype."""
    steps = [1 + draw(SMALL_CODES) % 16 for _ in range(int(np.prod(context.shape)))]
    unit = number(1.0, 0.5, 72.5, exponents=(-6, 6)).draw(draw, context)
    return (unit * np.cumsum(steps)).astype(context.dtype).reshape(context.shape)


growing = Quantity(_growing, "array of the common shape, > 0, each entry larger than the one before")
EPOCHS = shapes((1,), (2,), (3,), (4,), (8,), (2,), (17,))
ratios = Cases({"accuracy": magnitude, "tflop": growing}, shapes((1,), (2,), (4,), (), (2, 3), (0,), (17,)))
epochs = Cases({"accuracy": magnitude, "tflop": growing}, EPOCHS)
atf = system.operation(reference.atf, cases=ratios, dtypes=WITH_ROOM)


@atf.law("conservation")
def times_the_cost_it_is_the_accuracy(port: Any, case: Case) -> Iterable[Fact]:
    """ATF·TFLOP is the accuracy."""
    yield equal("accuracy", port.atf(case.accuracy, case.tflop) * case.tflop, case.accuracy)


@atf.law("closed form", cases=ratios.but(other=magnitude))
def at_equal_cost_it_compares_accuracies_only(port: Any, case: Case) -> Iterable[Fact]:
    """At equal cost the ratio of two ATFs is that of the accuracies: who is less accurate is not more efficient."""
    ours, theirs = port.atf(case.accuracy, case.tflop), port.atf(case.other, case.tflop)
    yield equal("ratio", ours * case.other, theirs * case.accuracy)


@atf.law("equivariance", cases=ratios.but(power=count(1, 3, low=-8, high=8)))
def units_divide_and_multiply(port: Any, case: Case) -> Iterable[Fact]:
    """2ᵏ times the cost has 2⁻ᵏ times the ATF, 2ᵏ times the accuracy 2ᵏ times, bit for bit."""
    c, ratio = 2.0**case.power, port.atf(case.accuracy, case.tflop)
    yield identical("cost", c * port.atf(case.accuracy, c * case.tflop), ratio)
    yield identical("accuracy", port.atf(c * case.accuracy, case.tflop), c * ratio)


@atf.law("equivariance", cases=ratios.but(order=permutation()).shaped(EPOCHS))
def runs_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """Rearranging the entries of accuracy and cost rearranges the ratios."""
    moved = port.atf(case.accuracy[case.order], case.tflop[case.order])
    yield equal("atf", moved, port.atf(case.accuracy, case.tflop)[case.order])


bad_costs = choice(0.0, -1.0, float("nan"))
bad_accuracies = choice(-1.0, float("nan"), -0.5)


def unusable(call: Callable[[Any, Any], Any], case: Case) -> Iterator[Fact]:
    """Claim that a bad accuracy, a bad cost and arrays of two shapes are rejected; the shape is (epochs,)."""
    last = np.arange(case.tflop.size) == case.tflop.size - 1
    accuracy, tflop = np.where(last, case.bad_accuracy, case.accuracy), np.where(last, case.bad_cost, case.tflop)
    yield rejects(f"an accuracy of {case.bad_accuracy}", lambda: call(accuracy, case.tflop))
    yield rejects(f"a cost of {case.bad_cost}", lambda: call(case.accuracy, tflop))
    yield rejects("a cost too few", lambda: call(np.concatenate([case.accuracy, case.accuracy[:1]]), case.tflop))


@atf.law("rejects", cases=epochs.but(bad_cost=bad_costs, bad_accuracy=bad_accuracies))
def unusable_costs_and_accuracies_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """An accuracy that is negative or NaN, a cost that is 0, negative or NaN, and shapes that differ are rejected."""
    yield from unusable(port.atf, case)


marginal_atf = system.operation(reference.marginal_atf, cases=epochs, dtypes=WITH_ROOM)


def costs(tflop: Any) -> Any:
    """Return what each epoch cost."""
    return np.concatenate([tflop[:1], np.diff(tflop)])


@marginal_atf.law("conservation")
def what_the_epochs_add_is_the_accuracy(port: Any, case: Case) -> Iterable[Fact]:
    """Marginal ATF times what each epoch cost adds up to the accuracy."""
    gains = port.marginal_atf(case.accuracy, case.tflop) * costs(case.tflop)
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


@marginal_atf.law("limit", cases=epochs.but(rate=number(1.0, 0.5, 2.0, exponents=(-4, 3))))
def a_steady_gain_has_one_marginal_atf(port: Any, case: Case) -> Iterable[Fact]:
    """Where accuracy grows in proportion to the cost, the marginal ATF is that constant, in every epoch."""
    marginal = port.marginal_atf(case.rate * case.tflop, case.tflop)
    yield equal("marginal_atf", marginal, case.rate + 0 * case.tflop)


@marginal_atf.law("invariance", cases=epochs.but(head_start=number(1.0, 2.0, 0.5, exponents=(-4, 4))))
def a_head_start_counts_in_the_first_epoch_only(port: Any, case: Case) -> Iterable[Fact]:
    """Adding a constant to all accuracies changes the first marginal ATF, by the constant over its cost, no other."""
    marginal = port.marginal_atf(case.accuracy, case.tflop)
    ahead = port.marginal_atf(case.accuracy + case.head_start, case.tflop)
    is_first = np.arange(case.tflop.size) == 0
    yield equal("marginal_atf", ahead, marginal + np.where(is_first, case.head_start / case.tflop[0], 0))


@marginal_atf.law(
    "rejects", cases=epochs.but(bad_cost=bad_costs, bad_accuracy=bad_accuracies).shaped(shapes((2,), (3,), (5,)))
)
def costs_that_do_not_grow_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Costs that stay or fall from one epoch to the next, tables, and what `atf` rejects are rejected."""
    yield from unusable(port.marginal_atf, case)
    yield rejects("a falling cost", lambda: port.marginal_atf(case.accuracy, case.tflop[::-1]))
    flat = np.repeat(case.tflop[:1], case.tflop.size)
    yield rejects("a cost that stays", lambda: port.marginal_atf(case.accuracy, flat))
    table = case.accuracy.reshape(1, -1), case.tflop.reshape(1, -1)
    yield rejects("a table", lambda: port.marginal_atf(*table))


@system.mistake("atf")
def accuracy_as_a_fraction(accuracy: Any, tflop: Any) -> Any:
    """The accuracy is taken as a fraction of 1 instead of in percent."""
    return reference.atf(accuracy, tflop) / 100


@system.mistake("atf")
def cost_per_accuracy(accuracy: Any, tflop: Any) -> Any:
    """The ratio is upside down: TFLOP per accuracy."""
    reference.require_cost(accuracy, tflop)
    return tflop / accuracy


@system.mistake("atf")
def marginal_for_cumulative(accuracy: Any, tflop: Any) -> Any:
    """What each epoch added is taken instead of the ratio so far."""
    reference.require_cost(accuracy, tflop)
    gains, steps = (np.concatenate([x[:1], np.diff(x)]) for x in (accuracy.reshape(-1), tflop.reshape(-1)))
    return (gains / steps).reshape(accuracy.shape)


@system.mistake("atf")
def any_cost_and_accuracy(accuracy: Any, tflop: Any) -> Any:
    """Accuracies and costs are not checked, and cut to the shorter of both."""
    if accuracy.shape == tflop.shape:
        return accuracy / tflop
    length = min(accuracy.size, tflop.size)
    return accuracy.reshape(-1)[:length] / tflop.reshape(-1)[:length]


@system.mistake("marginal_atf")
def cumulative_for_marginal(accuracy: Any, tflop: Any) -> Any:
    """The ratio so far is taken instead of what each epoch added."""
    reference.marginal_atf(accuracy, tflop)
    return accuracy / tflop


@system.mistake("marginal_atf")
def gain_per_cost_so_far(accuracy: Any, tflop: Any) -> Any:
    """What an epoch added is divided by the cost so far instead of by its own."""
    reference.marginal_atf(accuracy, tflop)
    return np.concatenate([accuracy[:1], np.diff(accuracy)]) / tflop


@system.mistake("marginal_atf")
def first_epoch_counts_as_nothing(accuracy: Any, tflop: Any) -> Any:
    """The first epoch, which has none before it, is given 0."""
    marginal = reference.marginal_atf(accuracy, tflop)
    return np.concatenate([0 * marginal[:1], marginal[1:]])


@system.mistake("marginal_atf")
def losses_count_as_nothing(accuracy: Any, tflop: Any) -> Any:
    """An epoch that lost accuracy is given 0 instead of a negative number."""
    return np.maximum(reference.marginal_atf(accuracy, tflop), 0)


@system.mistake("marginal_atf")
def cost_of_the_epoch_before(accuracy: Any, tflop: Any) -> Any:
    """What an epoch added is divided by the cost of the one before it."""
    marginal = reference.marginal_atf(accuracy, tflop)
    steps = costs(tflop)
    return marginal * steps / np.concatenate([steps[:1], steps[:-1]])


@system.mistake("marginal_atf")
def costs_may_fall(accuracy: Any, tflop: Any) -> Any:
    """Nothing is checked: an epoch may cost nothing or less, and arrays are cut to the shorter of both."""
    length = min(accuracy.size, tflop.size)
    accuracy, tflop = accuracy.reshape(-1)[:length], tflop.reshape(-1)[:length]
    return np.concatenate([accuracy[:1], np.diff(accuracy)]) / costs(tflop)
