"""Plausible mistakes where loss, gradient and curvature are accumulated over batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gnomon.hessian_free import accumulation as reference
from gnomon.hessian_free.accumulation import Accumulated, Batch
from gnomon.hessian_free.optimizer import HessianFreeState, Report, objective_of, step
from gnomon_spec.hessian_free.family import system

Step = tuple[Any, HessianFreeState, Report]
Lists = tuple[Any, Any, Any]


@dataclass(frozen=True)
class Misweighted(Accumulated):
    """Batches put together with other weights.

    rule: "unweighted" batches count alike; "undivided" the sum of the weighted is not divided; "averaged" the sum is
    divided by the number of examples; "first" divided by the examples of the list of losses.
    """

    rule: str = ""

    def over(self, batches: tuple[Batch, ...], quantity: Any) -> Any:
        right, mean = super().over(batches, quantity), self.reduction == "mean"
        N = sum(b.size for b in batches)
        if self.rule == "unweighted" and mean:
            return sum(quantity(objective_of(b.objective)) for b in batches) / len(batches)
        if self.rule == "undivided" and mean:
            return right * N
        if self.rule == "averaged" and not mean:
            return right / N
        if self.rule == "first" and mean:
            return right * N / sum(b.size for b in self.losses)
        return right


def accumulated(
    params: Any, state: Any, lists: Lists, preconditioner: Any, hyper: dict[str, Any], rule: str = ""
) -> Step:
    """Return the reference's step with lists that were taken for each other, or other weights."""
    reference.acc_step(params, state, *lists, preconditioner, **hyper)
    rest = {name: value for name, value in hyper.items() if name != "reduction"}
    objective = Misweighted(*filled(lists), hyper["reduction"], rule)
    return step(params, state, objective, preconditioner, **rest)


def filled(lists: Lists) -> Lists:
    """Return the lists with that of the losses in the place of `None`."""
    losses, gradients, curvatures = (lists[0] if part is None else part for part in lists)
    return losses, gradients, curvatures


def rearranged(
    params: Any, state: Any, lists: Lists, order: tuple[int, int, int], preconditioner: Any, hyper: dict[str, Any]
) -> Step:
    """Return the reference's step with the lists at these places for losses, gradients and curvatures."""
    reference.acc_step(params, state, *lists, preconditioner, **hyper)
    full = filled(lists)
    return reference.acc_step(params, state, full[order[0]], full[order[1]], full[order[2]], preconditioner, **hyper)


@system.mistake("acc_step")
def only_the_first_batch(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """Of each list only the first batch is used."""
    reference.acc_step(params, state, losses, gradients, curvatures, M, **hyper)
    f, g, B = (part[:1] for part in filled((losses, gradients, curvatures)))
    return reference.acc_step(params, state, f, g, B, M, **hyper)


@system.mistake("acc_step")
def absent_lists_hold_one_batch(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """Where no list is given for gradients or curvature, only the first batch of losses is used for them."""
    reference.acc_step(params, state, losses, gradients, curvatures, M, **hyper)
    g, B = (losses[:1] if part is None else part for part in (gradients, curvatures))
    return reference.acc_step(params, state, losses, g, B, M, **hyper)


@system.mistake("acc_step")
def curvature_over_the_gradients(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """The curvature is accumulated over the list for gradients."""
    return rearranged(params, state, (losses, gradients, curvatures), (0, 1, 1), M, hyper)


@system.mistake("acc_step")
def curvature_over_the_losses(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """The curvature is accumulated over the list for losses."""
    return rearranged(params, state, (losses, gradients, curvatures), (0, 1, 0), M, hyper)


@system.mistake("acc_step")
def gradient_over_the_losses(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """The gradient is accumulated over the list for losses."""
    return rearranged(params, state, (losses, gradients, curvatures), (0, 0, 2), M, hyper)


@system.mistake("acc_step")
def gradient_over_the_curvatures(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """The gradient is accumulated over the list for curvature."""
    return rearranged(params, state, (losses, gradients, curvatures), (0, 2, 2), M, hyper)


@system.mistake("acc_step")
def loss_over_the_gradients(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """The loss is accumulated over the list for gradients."""
    return rearranged(params, state, (losses, gradients, curvatures), (1, 1, 2), M, hyper)


@system.mistake("acc_step")
def loss_over_the_curvatures(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """The loss is accumulated over the list for curvature."""
    return rearranged(params, state, (losses, gradients, curvatures), (2, 1, 2), M, hyper)


@system.mistake("acc_step")
def gradients_and_curvatures_taken_for_each_other(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """The second list is taken for the curvature and the third for the gradient."""
    return rearranged(params, state, (losses, gradients, curvatures), (0, 2, 1), M, hyper)


@system.mistake("acc_step")
def batches_count_alike(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """ "mean" is the mean of the batches' means, whatever their sizes are."""
    return accumulated(params, state, (losses, gradients, curvatures), M, hyper, "unweighted")


@system.mistake("acc_step")
def mean_is_not_divided(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """In "mean" the weighted batches are added up and not divided by the number of examples."""
    return accumulated(params, state, (losses, gradients, curvatures), M, hyper, "undivided")


@system.mistake("acc_step")
def sum_is_divided(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """In "sum" the sum is divided by the number of examples."""
    return accumulated(params, state, (losses, gradients, curvatures), M, hyper, "averaged")


@system.mistake("acc_step")
def every_list_is_divided_by_the_first_ones_size(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """In "mean" gradient and curvature, too, are divided by the number of examples in the list for losses."""
    return accumulated(params, state, (losses, gradients, curvatures), M, hyper, "first")


@system.mistake("acc_step")
def last_batch_is_dropped(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """The last batch of each list of several is left out."""
    reference.acc_step(params, state, losses, gradients, curvatures, M, **hyper)
    f, g, B = (part[: max(1, len(part) - 1)] for part in filled((losses, gradients, curvatures)))
    return reference.acc_step(params, state, f, g, B, M, **hyper)


@system.mistake("acc_step")
def lists_are_not_checked(
    params: Any, state: Any, losses: Any, gradients: Any = None, curvatures: Any = None, M: Any = None, **hyper: Any
) -> Step:
    """Whatever is given is used: an empty list is taken for another that is not, no examples for one, an unknown
    reduction for "sum"."""
    some = losses or gradients or curvatures
    f, g, B = (
        tuple(b._replace(size=max(1, b.size)) for b in (part or some))
        for part in filled((losses, gradients, curvatures))
    )
    known = hyper["reduction"] if hyper["reduction"] in reference.REDUCTIONS else "sum"
    rest = {**hyper, "reduction": known, "decay": abs(hyper["decay"])}
    return reference.acc_step(params, state, f, g, B, M, **rest)
