"""The prompt model: predictions, scores, slopes, and the Fisher matrix, which is the Hessian of a KL divergence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd.numpy as traced
import numpy as np

from gnomon.derivatives import gradient, make_hvp
from gnomon.probability.m_fisher import prompts as reference
from gnomon_spec.cases import Case, Cases, Context, choice, constant
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.probability.m_fisher import inputs, system
from gnomon_spec.probability.m_fisher.inputs import UP_TO_4, numbers, some
from gnomon_spec.strategies import of_code, shapes
from gnomon_spec.system import Misfits

model = Cases({"prompt": some(-0.25, 0.25), "images": inputs.images()}, UP_TO_4)
kappa = {"": lambda case: case.images.kappa}
log_predict = system.operation(reference.log_predict, cases=model, scales=kappa)


def traced_log_p(prompt: Any, data: Any) -> Any:
    """Return log p as a function that autograd can differentiate."""
    t = data.anchors + prompt
    u = t / traced.sqrt(traced.sum(t * t, axis=1, keepdims=True))
    logits = data.kappa * traced.dot(data.features, u.T)
    shifted = logits - traced.max(logits, axis=1, keepdims=True)
    return shifted - traced.log(traced.sum(traced.exp(shifted), axis=1, keepdims=True))


@log_predict.law("closed form", cases=model.but(scale=choice(2.0, 2.0**-30, 2.0**30)))
def logits_are_cosines(port: Any, case: Case) -> Iterable[Fact]:
    """log p_a - log p_b = κ·z·(u_a - u_b), and the sum of p is 1; anchors and prompt may be longer together."""
    data, found = case.images, port.log_predict(case.prompt, case.images)
    t = data.anchors + case.prompt
    cosines = data.features @ (t / np.sqrt(np.sum(t * t, axis=1, keepdims=True))).T
    yield equal("differences", found - found[:, :1], data.kappa * (cosines - cosines[:, :1]), data.kappa)
    yield equal("sum", np.sum(np.exp(found), axis=1), np.ones(len(data.features)))
    steep = port.log_predict(case.prompt, data._replace(kappa=0 * data.kappa + 4096))
    yield equal("steep", steep - steep[:, :1], 4096 * (cosines - cosines[:, :1]), 4096.0)
    longer = port.log_predict(case.scale * case.prompt, data._replace(anchors=case.scale * data.anchors))
    yield equal("longer", longer, found, data.kappa)


@log_predict.misfits(cases=model)
def a_prompt_that_undoes_an_anchor_is_rejected(case: Case) -> Misfits:
    """a_c + φ = 0 has no direction."""
    return {"degenerate": {"prompt": -case.images.anchors[-1]}}


def distributions(code: int, context: Context) -> Any:
    """Return rows of probabilities, the first one in four times of one class alone."""
    p = np.floor(numbers(code, *context.shape) * 512 / context.shape[1]) / 512
    p[0] *= code % 4 != 3
    p[:, -1] += 1 - np.sum(p, axis=1)  # in binary digits, so that each dtype has the sum 1
    return p


several, drawn_rows = shapes((1, 2), (2, 3), (3, 1), (2, 4)), of_code("rows of probabilities", distributions)
rows = Cases({"probabilities": drawn_rows, "kind": choice("entropy", "margin", "nll_top")}, several)
score = system.operation(reference.score, cases=rows)


@score.law("bound", cases=rows)
def certain_rows_are_least_strange_and_even_ones_most(port: Any, case: Case) -> Iterable[Fact]:
    """Certain rows score 0; even ones log C, 1 - 1/C or log C, and no row more; the order of classes does not matter;
    1 - max p <= -log max p <= H."""
    p, zero = case.probabilities, 0 * case.probabilities[:, 0]
    even = 1 / (zero + p.shape[1])
    most = 1 - even if case.kind == "margin" else -np.log(even)
    found = score.call(port, case)
    certain = np.where(np.arange(p.shape[1]) == 0, 1 + 0 * p, 0 * p)
    yield equal("certain", score.call(port, case, probabilities=certain), zero, 1.0)
    yield equal("even", score.call(port, case, probabilities=0 * p + even[:, np.newaxis]), most, 1.0)
    yield at_least("most", most, found)
    yield equal("order", score.call(port, case, probabilities=p[:, ::-1]), found)
    H, margin, top = (port.score(p, kind=kind) for kind in ("entropy", "margin", "nll_top"))
    yield at_least("H", H, top)
    yield at_least("-log max p", top, margin)


@score.misfits(cases=rows)
def what_is_no_distribution_is_rejected(case: Case) -> Misfits:
    """Rows that do not sum to 1."""
    p = case.probabilities
    factors = (0.5, 2.0, 1 + 2.0**-12, 1 - 2.0**-12)
    return {f"probabilities times {factor}": {"probabilities": factor * p} for factor in factors}


def some_labels(code: int, context: Context) -> Any:
    anchors, features, _ = context.drawn["images"]
    return None if code % 2 else np.array([(code // (i + 2)) % len(anchors) for i in range(len(features))])


labels = of_code("None, or a label an image", some_labels)
labelled = model.but(labels=labels, loss=choice("entropy", "pseudo_nll"))
slope = system.operation(reference.slope, cases=labelled)


@slope.law("closed form", cases=labelled)
def the_gradient_is_that_of_the_loss(port: Any, case: Case) -> Iterable[Fact]:
    """The loss is the mean of -Σ p·log p, or of -log p_y, y held fixed; its gradient is had by autograd. The images in
    another order have the same."""
    data, N = case.images, len(case.images.features)
    fixed = np.argmax(traced_log_p(case.prompt, data), axis=1) if case.labels is None else case.labels
    hot = np.where(fixed[:, np.newaxis] == np.arange(len(data.anchors)), 1.0, 0.0).astype(case.prompt.dtype)

    def loss(prompt: Any) -> Any:
        log_p = traced_log_p(prompt, data)
        return -traced.sum((traced.exp(log_p) if case.loss == "entropy" else hot) * log_p) / N

    found, backwards = slope.call(port, case), case.labels if case.labels is None else case.labels[::-1]
    yield equal("loss", found.loss, loss(case.prompt), data.kappa)
    yield equal("gradient", found.grad, gradient(loss, case.prompt), data.kappa)
    other = slope.call(port, case, images=data._replace(features=data.features[::-1]), labels=backwards)
    yield equal("order", other.grad, found.grad, data.kappa)


@slope.law("conservation", cases=labelled.but(images=inputs.images(1, 2), labels=constant(None)))
def of_one_image_and_two_classes_gradients_lie_in_the_range_of_fisher(port: Any, case: Case) -> Iterable[Fact]:
    """Any loss of the probabilities has its gradient in the range of F, which here has rank 1: Fg = tr(F)·g."""
    F = port.oracle.fisher_matrix(case.prompt, case.images)
    g = slope.call(port, case).grad
    yield equal("Fg", F @ g, np.trace(F) * g, np.trace(F) * case.images.kappa)


@slope.law("conservation", cases=labelled.but(labels=constant(None)))
def gradients_are_combinations_of_slopes_of_log_p(port: Any, case: Case) -> Iterable[Fact]:
    """∇H = -Σ p·log p·∇log p, and ∇(-log p_y) = -∇log p_y: Sᵀ times numbers, S the rows of F, in the range of F."""
    data, (N, C) = case.images, (len(case.images.features), len(case.images.anchors))
    S, log_p = port.oracle.fisher_rows(case.prompt, data), traced_log_p(case.prompt, data)
    hot = np.argmax(log_p, axis=1)[:, np.newaxis] == np.arange(C)
    root = np.exp(log_p / 2)
    factors = root * log_p if case.loss == "entropy" else hot / root
    along = np.sum(np.reshape(factors / np.sqrt(N + 0 * root), (N * C, 1)) * S, axis=0)
    yield equal("gradient", slope.call(port, case).grad, -along, data.kappa)


@slope.misfits(cases=labelled.but(loss="pseudo_nll"))
def labels_that_do_not_fit_are_rejected(case: Case) -> Misfits:
    """A label from C on; a prompt that undoes an anchor."""
    N, C = len(case.images.features), len(case.images.anchors)
    return {"C": {"labels": np.full(N, C)}, "degenerate": {"prompt": -case.images.anchors[0]}}


KINDS = choice("exact", "mc", "empirical", "diag")
fishers = model.but(fisher=KINDS, draws=inputs.draws_of_mc(lambda drawn: (len(drawn["images"].features),)))
fisher_matrix = system.operation(reference.fisher_matrix, cases=fishers)
exact = fishers.but(fisher="exact", draws=constant(None))


@fisher_matrix.law("closed form", cases=exact)
def it_is_the_hessian_of_the_divergence(port: Any, case: Case) -> Iterable[Fact]:
    """F(φ) = ∇² of the mean KL(p_φ‖p_q) in q, at q = φ; by autograd. "diag" has its diagonal, and 0 elsewhere."""
    data = case.images
    fixed = traced_log_p(case.prompt, data)

    def divergence(q: Any) -> Any:
        return traced.sum(np.exp(fixed) * (fixed - traced_log_p(q, data))) / len(data.features)

    product = make_hvp(divergence, case.prompt)
    hessian = np.stack([product(row) for row in np.eye(len(case.prompt), dtype=case.prompt.dtype)])
    yield equal("F", port.fisher_matrix(case.prompt, data), hessian, data.kappa**2)
    diagonal = port.fisher_matrix(case.prompt, data, fisher="diag")
    yield equal("diag", diagonal, np.diag(np.diagonal(hessian)), data.kappa**2)


@fisher_matrix.law("conservation", cases=exact.but(images=inputs.images(1)))
def drawn_labels_have_the_exact_matrix_as_their_mean(port: Any, case: Case) -> Iterable[Fact]:
    """With one image, Σ p_c·(F of a draw in the c-th interval) is F, and the one of the largest p is "empirical"."""
    data = case.images
    p = np.exp(traced_log_p(case.prompt, data))[0]
    middles = (np.cumsum(p) - p / 2).reshape(-1, 1)
    each = [port.fisher_matrix(case.prompt, data, middle, fisher="mc") for middle in middles]
    mean = sum(share * F for share, F in zip(p, each, strict=True))
    yield equal("mean", mean, port.fisher_matrix(case.prompt, data), data.kappa**2)
    likely = port.fisher_matrix(case.prompt, data, fisher="empirical")
    yield equal("empirical", likely, each[int(np.argmax(p))], data.kappa**2)


alike = Cases({name: fishers.quantities[name] for name in ("images", "fisher", "draws")}, shapes((2,), (3,), (4,)))


@fisher_matrix.law("conservation", cases=alike)
def what_is_added_to_all_logits_has_no_curvature(port: Any, case: Case) -> Iterable[Fact]:
    """φ = 0 and anchors e₁, e₂, … but the last axis: along that all logits grow by the same, F is 0 and no loss has a
    slope there."""
    zero, axes = 0 * case.images.features[0], np.eye(case.images.features.shape[1], dtype=case.images.features.dtype)
    data = case.images._replace(anchors=axes[:-1])
    F = port.fisher_matrix(zero, data, case.draws, fisher=case.fisher)
    yield equal("F", F[-1], zero, data.kappa**2)
    for loss in ("entropy", "pseudo_nll"):
        yield equal(loss, port.slope(zero, data, loss=loss).grad[-1], zero[-1], data.kappa)


@fisher_matrix.law("bound", cases=fishers.but(vector=some(-1.0, 1.0)))
def it_is_positive_and_images_have_no_order(port: Any, case: Case) -> Iterable[Fact]:
    """xᵀFx >= 0, F = Fᵀ, and images in reverse order have the same F."""
    F, data = fisher_matrix.call(port, case), case.images
    yield at_least("xFx", case.vector @ F @ case.vector, 0.0)
    yield equal("symmetric", F, F.T)
    draws = None if case.draws is None else case.draws[::-1]
    other = fisher_matrix.call(port, case, images=data._replace(features=data.features[::-1]), draws=draws)
    yield equal("order", other, F, data.kappa**2)


def without_sense(case: Case) -> Misfits:
    """Return "mc" without draws, draws without "mc", and a prompt that undoes an anchor."""
    return {"none": {"draws": None}, "exact": {"fisher": "exact"}, "degenerate": {"prompt": -case.images.anchors[0]}}


@fisher_matrix.misfits(cases=fishers.but(fisher="mc"))
def draws_that_do_not_fit_are_rejected(case: Case) -> Misfits:
    """Draws are for "mc" and for nothing else; a prompt that undoes an anchor."""
    return without_sense(case)


rowed = fishers.but(fisher=choice("exact", "mc", "empirical"), vector=some(-1.0, 1.0))
fisher_rows = system.operation(reference.fisher_rows, cases=rowed)


@fisher_rows.law("closed form", cases=rowed)
def their_products_are_those_of_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """SᵀS = F; and of the exact one SᵀSv = (1/N)Σ Jᵀ(p∘(Jv) - p·(pᵀJv)), by the Jacobian of the logits."""
    S, data = fisher_rows.call(port, case), case.images
    F = fisher_matrix.call(port, case)
    yield equal("SᵀS", S.T @ S, F, data.kappa**2)
    if case.fisher == "exact":
        p, J = np.exp(traced_log_p(case.prompt, data)), reference.jacobian(case.prompt, data)
        Jv = np.sum(J * case.vector, axis=2)
        moved = p * Jv - p * np.sum(p * Jv, axis=1, keepdims=True)
        product = np.sum(np.sum(J * moved[:, :, np.newaxis], axis=1), axis=0) / len(p)
        yield equal("SᵀSv", S.T @ (S @ case.vector), product, data.kappa**2)


@fisher_rows.law("conservation", cases=rowed.but(fisher="exact", draws=constant(None)))
def slopes_of_log_p_have_the_mean_nought(port: Any, case: Case) -> Iterable[Fact]:
    """Σ p·∇log p = 0 in each image: its C rows, each times √p, sum to 0, and F has a rank of N·(C - 1) at most."""
    S, data = fisher_rows.call(port, case), case.images
    p = np.exp(port.log_predict(case.prompt, data))
    rows = np.reshape(S, (*p.shape, -1))
    mean = np.sum(np.sqrt(p)[:, :, np.newaxis] * rows, axis=1)
    yield equal("mean", mean, 0 * mean, data.kappa)


@fisher_rows.misfits(cases=rowed.but(fisher="mc"))
def rows_without_fitting_draws_are_rejected(case: Case) -> Misfits:
    """Draws are for "mc" and for nothing else; a diagonal has no rows."""
    return {**without_sense(case), "diagonal": {"fisher": "diag", "draws": None}}


log_predict.edits("""
anchors_keep_their_length: Logits are κ·z·(a + φ), not of length 1
    `return t / n, n` → `return t, n`
prompt_is_forgotten: The anchors alone are the directions
    `t = images.anchors + prompt` → `t = images.anchors + 0 * prompt`
""")
score.edits("""
zero_probabilities_are_nan: 0·log 0 is NaN
    `np.where(probabilities > 0, probabilities, 1)` → `probabilities`
mean_entropy: The entropy is divided by the number of classes
    `-np.sum(probabilities *` → `-np.mean(probabilities *`
confidence_for_margin: The margin is the largest probability itself, so that strange images score low
    `return 1 - largest` → `return largest`
""")
slope.edits("""
direction_is_taken_for_constant: The Jacobian leaves out that u has length 1
    `(z - along * u) / n` → `z / n`
entropy_gradient_without_the_mean: ∂H/∂logit is -p·log p
    `-p * (log_p + H[:, np.newaxis])` → `-p * log_p`
entropy_is_maximised: The gradient of the entropy has the other sign
    `-p * (log_p + H[:, np.newaxis])` → `p * (log_p + H[:, np.newaxis])`
labels_are_not_used: The labels are the most likely ones whatever was given
    `np.argmax(log_p, axis=1) if labels is None else labels` → `np.argmax(log_p, axis=1)`
""")
fisher_matrix.edits("""
labels_instead_of_the_expectation: The "exact" matrix is that of the most likely labels, the empirical Fisher matrix
    `if fisher == "empirical":` → `if fisher in ("empirical", "exact"):`
rows_are_not_centred: J itself for ∇ log p: JᵀPJ without the mean, a Gauss-Newton matrix of another loss
    `g = J - np.sum(p[:, :, np.newaxis] * J, axis=1, keepdims=True)` → `g = J`
probabilities_of_the_first_image: Every image has the probabilities of the first one
    `p, weights = np.exp(log_p), np.exp(log_p)` → `p, weights = np.exp(log_p), 0 * log_p + np.exp(log_p[:1])`
sum_of_examples: F is a sum over images and not their mean
    `(weights[:, :, np.newaxis] / len(p)) ** 0.5` → `weights[:, :, np.newaxis] ** 0.5`
""")
fisher_rows.edits("""
rows_without_the_root: A row has p/N, and not its root
    `(weights[:, :, np.newaxis] / len(p)) ** 0.5 * g` → `(weights[:, :, np.newaxis] / len(p)) * g`
""")
