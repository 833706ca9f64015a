"""Products of the Fisher and the empirical Fisher matrix; the definitions stand in `gnomon_spec.curvature.products`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from gnomon.curvature import products as reference
from gnomon.curvature.products import network
from gnomon.objectives.output_losses import softmax
from gnomon_spec.cases import Case
from gnomon_spec.curvature.learning_problems import cases, classification, regression, with_first_output_ahead
from gnomon_spec.curvature.products import OVERFLOW, problems, system
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import shapes
from gnomon_spec.system import WITH_ROOM

fisher_product = system.operation(reference.fisher_product, cases=problems, dtypes=WITH_ROOM)
empirical_fisher_product = system.operation(reference.empirical_fisher_product, cases=problems, dtypes=WITH_ROOM)


@fisher_product.law("closed form", cases=problems)
def it_is_the_gauss_newton_product(port: Any, case: Case) -> Iterable[Fact]:
    """For squared errors and for cross-entropy F is G: a mean over the examples that no label of theirs enters; also
    where a class has hardly any probability, or none."""
    for words, params in with_first_output_ahead(case):
        expected = port.oracle.ggnvp(case.problem, params, case.vector)
        yield equal(words, port.fisher_product(case.problem, params, case.vector), expected)


@fisher_product.law("limit", cases=cases(classification()))
def a_model_without_doubt_has_none(port: Any, case: Case) -> Iterable[Fact]:
    """Where one output is larger than the others by thousands the probabilities are 1 and 0, and F is 0."""
    *_, (_, far) = with_first_output_ahead(case)
    yield equal("product", port.fisher_product(case.problem, far, case.vector), 0 * case.params)


@empirical_fisher_product.law("equivariance", cases=cases(regression()))
def it_grows_with_the_square_of_the_residuals(port: Any, case: Case) -> Iterable[Fact]:
    """Residuals twice as large give four times E, and where the model meets the targets E is 0, as G and H are not."""
    z = network(case.problem).outputs(case.params)
    found, farther, met = (
        port.empirical_fisher_product(case.problem._replace(targets=targets), case.params, case.vector)
        for targets in (case.problem.targets, 2 * case.problem.targets - z, z)
    )
    yield equal("farther", farther, 4 * found)
    yield equal("met", met, 0 * case.params)


@empirical_fisher_product.law("closed form", cases=cases(classification()).shaped(shapes((1,), (2,))))
def averaged_over_the_models_labels_it_is_the_fisher_product(port: Any, case: Case) -> Iterable[Fact]:
    """Over all labels, weighted with the model's probabilities, E has the mean F."""
    p = softmax(network(case.problem).outputs(case.params))
    mean = 0 * case.params
    for labels in product(range(case.problem.classes), repeat=len(p)):
        labelled = case.problem._replace(labels=np.array(labels))
        weight = np.prod(p[np.arange(len(p)), list(labels)])
        mean = mean + weight * port.empirical_fisher_product(labelled, case.params, case.vector)
    yield equal("mean", mean, port.oracle.fisher_product(case.problem, case.params, case.vector))


@empirical_fisher_product.law("bound", cases=problems)
def it_exceeds_the_square_of_the_mean_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """v·Ev >= (ḡ·v)², ḡ the gradient of the mean: E minus ḡḡᵀ is a covariance."""
    found = port.empirical_fisher_product(case.problem, case.params, case.vector)
    slope = np.sum(network(case.problem).gradient(case.params) * case.vector)
    yield at_least("form", np.sum(case.vector * found), slope * slope)


@empirical_fisher_product.law("closed form", cases=problems)
def its_trace_is_the_mean_squared_length(port: Any, case: Case) -> Iterable[Fact]:
    """The trace of E, by unit vectors, is the mean of ‖gᵢ‖²; also where a class has hardly any probability, or none."""
    units = np.eye(len(case.params), dtype=case.params.dtype)
    for words, params in with_first_output_ahead(case):
        entries = [port.empirical_fisher_product(case.problem, params, e)[i] for i, e in enumerate(units)]
        g = network(case.problem).example_gradients(params)
        yield equal(words, np.sum(np.stack(entries)), np.sum(g * g) / len(g))


PROBABILITY, FISHER_MEAN = "p[:, c] *", "total / z.shape[0]"
fisher_product.edits(f"""
fisher_of_the_sum: The examples are added up and not averaged
    `{FISHER_MEAN}` → `total`
probabilities_overflow: The largest output is not taken off before the exponential: large outputs have no probabilities
    `outputs - M` → `outputs`
small_probabilities_are_0: A class of probability below 1e-4 is taken for impossible
    `weights / np.sum(weights, axis=1, keepdims=True)` →
        `np.where(weights < 1e-4, 0 * weights, weights) / np.sum(weights, axis=1, keepdims=True)`
labels_of_the_data: The labels are those of the data: the empirical Fisher product
    `` → `return empirical_fisher_product(problem, params, vector)`
""")
OF_CLASSES = "(p[:, c] if isinstance(problem, Regression) else {}) *"
fisher_product.edits(f"""
classes_are_equally_probable: All classes have the same weight, whatever the model says
    `{PROBABILITY}` → `{OF_CLASSES.format("0 * p[:, c] + 1 / p.shape[1]")}`
classes_are_added_up: The classes have weight 1: they are added up and not averaged
    `{PROBABILITY}` → `1 *`
most_probable_class_only: The label is the class that the model finds most probable
    `{PROBABILITY}` → `np.where(p[:, c] == np.max(p, axis=1), 1 + 0 * p[:, c], 0 * p[:, c]) *`
""")
GRADIENTS, MEAN = "network(problem).example_gradients(params)", " / g.shape[0]"
empirical_fisher_product.edits(f"""
square_of_the_mean_gradient: The gradient of the mean is squared, ḡḡᵀ, and not each example's
    `{GRADIENTS}` → `network(problem).gradient(params)[np.newaxis]`
covariance_of_the_gradients: The mean gradient is subtracted first
    `{GRADIENTS}` → `{GRADIENTS} - network(problem).gradient(params)`
gradients_that_carry_the_mean: The examples' gradients carry the 1/N of the mean, so that E is N² times too small
    `{GRADIENTS}` → `{GRADIENTS} / problem.features.shape[0]`
labels_of_the_model: The labels are the model's
    `` → `return fisher_product(problem, params, vector)`
large_outputs_have_no_gradient: The largest output is not taken off before the exponential: NaN for large outputs
    `{GRADIENTS}` → `{GRADIENTS} + {OVERFLOW}`
empirical_fisher_of_the_sum: The examples are added up and not averaged
    `{MEAN}` → ``
""")
