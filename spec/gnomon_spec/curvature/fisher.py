"""Products of the Fisher and the empirical Fisher matrix; the definitions stand in `gnomon_spec.curvature.products`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from gnomon.curvature import products as reference
from gnomon.curvature.products import Regression, network
from gnomon.objectives.output_losses import softmax
from gnomon_spec.cases import Case
from gnomon_spec.curvature.learning_problems import (
    bad_arguments,
    cases,
    classification,
    each_example,
    regression,
    unchecked,
    with_other_answers,
)
from gnomon_spec.curvature.products import problems, system
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import shapes
from gnomon_spec.system import WITH_ROOM

fisher_product = system.operation(reference.fisher_product, cases=problems, dtypes=WITH_ROOM)
empirical_fisher_product = system.operation(reference.empirical_fisher_product, cases=problems, dtypes=WITH_ROOM)


@fisher_product.law("rejects", cases=problems)
def fisher_arguments_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Parameters and vectors of another length or shape, of integers or with a NaN are rejected."""
    yield from bad_arguments(port.fisher_product, case)


@empirical_fisher_product.law("rejects", cases=problems)
def empirical_arguments_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Parameters and vectors of another length or shape, of integers or with a NaN are rejected."""
    yield from bad_arguments(port.empirical_fisher_product, case)


@fisher_product.law("closed form", cases=problems)
def it_is_the_gauss_newton_product(port: Any, case: Case) -> Iterable[Fact]:
    """For squared errors and for cross-entropy F is G."""
    expected = port.oracle.ggnvp(case.problem, case.params, case.vector)
    yield equal("product", port.fisher_product(case.problem, case.params, case.vector), expected)


@fisher_product.law("invariance", cases=problems)
def labels_of_the_data_do_not_enter_it(port: Any, case: Case) -> Iterable[Fact]:
    """Other targets or labels give the same F: the labels are the model's."""
    other = port.fisher_product(with_other_answers(case.problem), case.params, case.vector)
    yield equal("product", other, port.fisher_product(case.problem, case.params, case.vector))


@fisher_product.law("conservation", cases=problems)
def of_all_examples_it_is_the_mean(port: Any, case: Case) -> Iterable[Fact]:
    """F·v is the mean of the products of single examples."""
    single = [port.fisher_product(one, case.params, case.vector) for one in each_example(case.problem)]
    mean = np.sum(np.stack(single), axis=0) / len(single)
    yield equal("product", port.fisher_product(case.problem, case.params, case.vector), mean)


@empirical_fisher_product.law("fixed point", cases=cases(regression()))
def it_vanishes_where_the_data_are_interpolated(port: Any, case: Case) -> Iterable[Fact]:
    """With targets that the model meets E is 0, where G and H are not."""
    met = case.problem._replace(targets=network(case.problem).outputs(case.params))
    yield equal("product", port.empirical_fisher_product(met, case.params, case.vector), 0 * case.params)


@empirical_fisher_product.law("equivariance", cases=cases(regression()))
def it_grows_with_the_square_of_the_residuals(port: Any, case: Case) -> Iterable[Fact]:
    """Residuals twice as large give four times E."""
    z = network(case.problem).outputs(case.params)
    farther = case.problem._replace(targets=2 * case.problem.targets - z)
    found = port.empirical_fisher_product(case.problem, case.params, case.vector)
    yield equal("product", port.empirical_fisher_product(farther, case.params, case.vector), 4 * found)


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
    """The trace of E, by unit vectors, is the mean of ‖gᵢ‖²."""
    units = np.eye(len(case.params), dtype=case.params.dtype)
    entries = [port.empirical_fisher_product(case.problem, case.params, e)[i] for i, e in enumerate(units)]
    g = network(case.problem).example_gradients(case.params)
    yield equal("trace", np.sum(np.stack(entries)), np.sum(g * g) / len(g))


@system.mistake("fisher_product")
def fisher_of_the_sum(problem: Any, params: Any, vector: Any) -> Any:
    """The examples are added up and not averaged."""
    return reference.fisher_product(problem, params, vector) * len(problem.features)


@system.mistake("fisher_product")
def labels_of_the_data(problem: Any, params: Any, vector: Any) -> Any:
    """The labels are those of the data: the empirical Fisher product."""
    return reference.empirical_fisher_product(problem, params, vector)


def enumerated(problem: Any, params: Any, vector: Any, weigh: Any) -> Any:
    """Return the Fisher product of a classification with weights of the classes that are weigh(p)."""
    found = reference.fisher_product(problem, params, vector)
    if isinstance(problem, Regression):
        return found
    objective = network(problem)
    p = softmax(objective.outputs(params))
    weights, total = weigh(p), 0 * found
    unit = np.eye(p.shape[1], dtype=p.dtype)
    for c in range(p.shape[1]):
        g = objective.example_pullbacks(params, p - unit[c])
        total = total + np.transpose(g) @ (weights[:, c] * (g @ vector))
    return total / p.shape[0]


@system.mistake("fisher_product")
def classes_are_equally_probable(problem: Any, params: Any, vector: Any) -> Any:
    """All classes have the same weight, whatever the model says."""
    return enumerated(problem, params, vector, lambda p: 0 * p + 1 / p.shape[1])


@system.mistake("fisher_product")
def classes_are_added_up(problem: Any, params: Any, vector: Any) -> Any:
    """The classes have weight 1: they are added up and not averaged."""
    return enumerated(problem, params, vector, lambda p: 1 + 0 * p)


@system.mistake("fisher_product")
def most_probable_class_only(problem: Any, params: Any, vector: Any) -> Any:
    """The label is the class that the model finds most probable."""
    return enumerated(
        problem, params, vector, lambda p: np.where(p == np.max(p, axis=1, keepdims=True), 1 + 0 * p, 0 * p)
    )


@system.mistake("fisher_product")
def fisher_arguments_are_not_checked(problem: Any, params: Any, vector: Any) -> Any:
    """Whatever is given is cut to the length that is needed, and a NaN is passed on."""
    w, v, lost = unchecked(problem, params, vector)
    return reference.fisher_product(problem, w, v) + lost


@system.mistake("empirical_fisher_product")
def square_of_the_mean_gradient(problem: Any, params: Any, vector: Any) -> Any:
    """The gradient of the mean is squared, ḡḡᵀ, and not each example's."""
    reference.empirical_fisher_product(problem, params, vector)
    mean = network(problem).gradient(params)
    return mean * np.sum(mean * vector)


@system.mistake("empirical_fisher_product")
def covariance_of_the_gradients(problem: Any, params: Any, vector: Any) -> Any:
    """The mean gradient is subtracted first."""
    found = reference.empirical_fisher_product(problem, params, vector)
    mean = network(problem).gradient(params)
    return found - mean * np.sum(mean * vector)


@system.mistake("empirical_fisher_product")
def gradients_that_carry_the_mean(problem: Any, params: Any, vector: Any) -> Any:
    """The examples' gradients carry the 1/N of the mean, so that E is N² times too small."""
    N = len(problem.features)
    return reference.empirical_fisher_product(problem, params, vector) / (N * N)


@system.mistake("empirical_fisher_product")
def labels_of_the_model(problem: Any, params: Any, vector: Any) -> Any:
    """The labels are drawn from the model: the Fisher product."""
    return reference.fisher_product(problem, params, vector)


@system.mistake("empirical_fisher_product")
def empirical_fisher_of_the_sum(problem: Any, params: Any, vector: Any) -> Any:
    """The examples are added up and not averaged."""
    return reference.empirical_fisher_product(problem, params, vector) * len(problem.features)


@system.mistake("empirical_fisher_product")
def empirical_arguments_are_not_checked(problem: Any, params: Any, vector: Any) -> Any:
    """Whatever is given is cut to the length that is needed, and a NaN is passed on."""
    w, v, lost = unchecked(problem, params, vector)
    return reference.empirical_fisher_product(problem, w, v) + lost
