"""The prompt model: class anchors share one context vector φ, as prompts of a text encoder do; its Fisher matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import INTEGERS, Array, Entries, Number, Positive
from gnomon.norms import length

Prompt: TypeAlias = Annotated[Array, Entries(("d",), least=1, finite=True)]
Rows: TypeAlias = Annotated[Array, Entries(("N", "d"), least=1, finite=True)]
Draws: TypeAlias = Annotated[Array, Entries(("N",), least=1, each=Number(0, 1))]
Labels: TypeAlias = Annotated[NDArray[np.integer[Any]], Entries(("N",), holds=INTEGERS, each=Number())]
Kind: TypeAlias = Literal["entropy", "margin", "nll_top"]
Loss: TypeAlias = Literal["entropy", "pseudo_nll"]
Fisher: TypeAlias = Literal["exact", "diag", "empirical", "mc"]
SMALLEST = 1e-12  # length of an anchor and the prompt together


class Images(NamedTuple):
    """anchors: a, one row a class, shape (C, d). features: z of N images, shape (N, d). kappa: κ, of the logits."""

    anchors: Annotated[Array, Entries(("C", "d"), least=1, finite=True)]
    features: Rows
    kappa: Positive


class Slope(NamedTuple):
    """A loss, the mean over the images, and its gradient in φ."""

    loss: Any
    grad: Array


def require_directions(given: Mapping[str, Any]) -> None:
    for c, anchor in enumerate(given["images"].anchors):
        if length(anchor + given["prompt"]) < SMALLEST:
            raise ValueError(f"prompt must not be the opposite of an anchor: degenerate prompt for class {c}")


def require_labels(given: Mapping[str, Any]) -> None:
    labels, C = given["labels"], len(given["images"].anchors)
    if labels is not None and np.max(labels) >= C:
        raise ValueError(f"labels must be integers in [0, {C}), got {labels}")


def require_draws(given: Mapping[str, Any]) -> None:
    if (given["draws"] is None) == (given["fisher"] == "mc"):
        raise ValueError(f"draws must be given for fisher 'mc', and be None for others, got {given['draws']}")


def require_distributions(given: Mapping[str, Any]) -> None:
    p = given["probabilities"]
    allowed = max(1e-9, 8 * p.shape[1] * float(np.finfo(p.dtype).eps))
    if not np.all(np.abs(np.sum(p, axis=1) - 1) <= allowed):
        raise ValueError("probabilities must sum to 1 in each row")


def towards(prompt: Array, images: Images) -> tuple[Array, Array]:
    """Return u_c = (a_c + φ)/n_c, shape (C, d), and n_c, shape (C, 1)."""
    t = images.anchors + prompt
    largest = np.max(np.abs(t), axis=1, keepdims=True)
    n = largest * np.sqrt(np.sum((t / largest) ** 2, axis=1, keepdims=True))
    return t / n, n


@checked(require_directions)
def log_predict(prompt: Prompt, images: Images) -> Array:
    """Return log p, shape (N, C), p = softmax(κ·z·u), u_c = (a_c + φ)/‖a_c + φ‖.

    prompt: φ, shape (d,). images: whose features need not have length 1. Raises `ValueError` as well where an anchor
    and φ are shorter than 1e-12 together.
    """
    u, _ = towards(prompt, images)
    logits = images.kappa * (images.features @ np.transpose(u))
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_p: Array = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return log_p


@checked(require_distributions)
def score(
    probabilities: Annotated[Array, Entries(("N", "C"), least=1, each=Number())], *, kind: Kind = "entropy"
) -> Array:
    """Return how strange each row is, shape (N,); larger is stranger.

    ::

        entropy  -Σ p·log p        margin  1 - max p        nll_top  -log max p

    probabilities: p, shape (N, C), rows of sum 1 (to 1e-9, or 8C units of roundoff). 0·log 0 = 0. They must be those of
    a model that was fixed before it saw the images.
    """
    largest: Array = np.max(probabilities, axis=1)
    if kind == "margin":
        return 1 - largest
    if kind == "nll_top":
        return -np.log(largest)
    entropies: Array = -np.sum(probabilities * np.log(np.where(probabilities > 0, probabilities, 1)), axis=1)
    return entropies


def jacobian(prompt: Array, images: Images) -> Array:
    """Return ∂(logit c of image i)/∂φ = (κ/n_c)·(zᵢ - (zᵢ·u_c)·u_c), shape (N, C, d)."""
    u, n = towards(prompt, images)
    z = images.features[:, np.newaxis, :]
    along = (images.features @ np.transpose(u))[:, :, np.newaxis]
    J: Array = images.kappa * ((z - along * u) / n)
    return J


def one_hot(labels: Any, like: Array) -> Array:
    """Return 1_y, in the shape and dtype of `like`, (N, C)."""
    hot: Array = np.where(labels[:, np.newaxis] == np.arange(like.shape[1]), 1 + 0 * like, 0 * like)
    return hot


@checked(require_directions, require_labels)
def slope(prompt: Prompt, images: Images, labels: Labels | None = None, *, loss: Loss = "entropy") -> Slope:
    """Return the mean loss over the images and its gradient, Σ over i, c of (∂ℓᵢ/∂logit c)·J_ic/N.

    ::

        entropy     H = -Σ p·log p    ∂H/∂logit = -p·(log p + H)
        pseudo_nll  -log p_y          ∂/∂logit = p - 1_y

    prompt, images: as in `log_predict`. labels: y of "pseudo_nll", integers of shape (N,), by default the most likely
    ones at φ; they are held fixed.

    Choice: no callback for other losses. `natural_step` knows no loss: it takes any gradient, with `fisher_matrix`.
    """
    log_p, J = log_predict(prompt, images), jacobian(prompt, images)
    p = np.exp(log_p)
    if loss == "entropy":
        H = -np.sum(p * log_p, axis=1)
        outer, losses = -p * (log_p + H[:, np.newaxis]), H
    else:
        hot = one_hot(np.argmax(log_p, axis=1) if labels is None else labels, p)
        outer, losses = p - hot, -np.sum(hot * log_p, axis=1)
    return Slope(np.mean(losses), np.sum(np.mean(outer[:, :, np.newaxis] * J, axis=0), axis=0))


@checked(require_directions, require_draws)
def fisher_rows(
    prompt: Prompt, images: Images, draws: Draws | None = None, *,
    fisher: Literal["exact", "empirical", "mc"] = "exact",
) -> Array:  # fmt: skip
    """Return S, shape (N·C, d), rows √(p_ic/N)·∇ log p_ic: F = SᵀS, which none need to multiply out.

    All as in `fisher_matrix`; for "empirical" and "mc" a row is 0 where its class is not the label. ∇ log p_ic is
    J_ic - Σ p_ic'·J_ic' over the classes c', J the Jacobian of the logits.
    """
    log_p, J = log_predict(prompt, images), jacobian(prompt, images)
    p, weights = np.exp(log_p), np.exp(log_p)
    g = J - np.sum(p[:, :, np.newaxis] * J, axis=1, keepdims=True)
    if fisher == "empirical":
        weights = one_hot(np.argmax(log_p, axis=1), p)
    elif draws is not None:
        passed = np.cumsum(p, axis=1)[:, :-1] <= np.reshape(draws, (-1, 1))
        weights = one_hot(np.sum(passed, axis=1), p)
    rows: Array = np.reshape((weights[:, :, np.newaxis] / len(p)) ** 0.5 * g, (-1, prompt.shape[0]))
    return rows


@checked(require_directions, require_draws)
def fisher_matrix(prompt: Prompt, images: Images, draws: Draws | None = None, *, fisher: Fisher = "exact") -> Array:
    """Return a Fisher matrix, shape (d, d): the mean over images of g·gᵀ, g = ∇ log p_y.

    ::

        exact      the expectation over y from the model: (1/N) Σ p_ic·g_ic·g_icᵀ
        diag       its diagonal, 0 elsewhere
        empirical  y the most likely label: another matrix, kept for comparison
        mc         y drawn from the model with the uniform `draws`, shape (N,), in [0, 1): the first c with Σ p > U

    The labels of data never enter. prompt, images: as in `log_predict`.
    """
    rows = fisher_rows(prompt, images, draws, fisher="exact" if fisher == "diag" else fisher)
    F: Array = np.transpose(rows) @ rows
    return F * np.eye(len(F), dtype=F.dtype) if fisher == "diag" else F
