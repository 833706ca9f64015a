"""Anemone: circuits that are too large to list their choices, exact fractions, and what holds after many updates."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from kernel_contract import assert_within, gamma

from gnomon.descent import adam
from gnomon.kernels.probability.anemone import passes as compiled
from gnomon.probability.anemone import passes
from gnomon.probability.anemone.baselines import free_gradient, gradient, renormalised
from gnomon.probability.anemone.circuits import Node, groups, require_segments
from gnomon.probability.anemone.structures import (
    centred,
    chow_liu,
    hclt,
    hmm,
    initial,
    mixture,
    mutual_information,
    random_tree,
)
from gnomon.probability.anemone.updates import full_em, init, mini_em, update
from gnomon_validation.studies.anemone import bias
from gnomon_validation.studies.anemone.training import Trainer


def begun(circuit, seed=0):
    return initial(np.random.default_rng(seed).uniform(size=require_segments(circuit)), circuit)


def anemone(params, circuit, data, **hyper):
    said = passes.statistics(params, circuit, data)
    return update(params, circuit, said, init(params, circuit), momentum=0.0, eps=0.0, **hyper)[0]


@pytest.mark.parametrize("module", [passes, compiled])
def test_two_thousand_variables_do_not_underflow(module):
    """p = Σ w·2^-k over components of 2000 bits, of which each is known: far below 2^-1074; flows are exact powers
    too."""
    circuit = mixture(2, [2] * 2000)
    params = np.array([0.5, 0.5] * 2000 + [0.25, 0.75] * 2000 + [0.5, 0.5])
    data = np.ones((1, 2000))
    data[0, :1262] = 0  # the components are about as likely: 2^-2000 and 3^738·4^-2000
    log_p = module.log_likelihood(params, circuit, data)
    share = Fraction(3**738, 4**2000) / Fraction(1, 2**2000)
    expected = np.log(0.5) - 2000 * np.log(2) + np.log1p(float(share))
    assert_within(log_p, np.array([expected]), 2000, 1400.0)
    flows = module.flows(params, circuit, data)
    assert_within(flows[2000], np.array([float(1 / (1 + share))]), 4 * 2000, 1400.0)
    for v in (0, 1999):
        assert_within(flows[v] + flows[2001 + v], np.ones(1), 4, 1400.0)


def test_one_update_in_fractions():
    """Two components, one bit, one sample: every number by hand. θ = (2/3, 1/3), (1/4, 3/4), w = (1/2, 1/2), x = 0."""
    circuit, params = mixture(2, [2]), np.array([2 / 3, 1 / 3, 1 / 4, 3 / 4, 1 / 2, 1 / 2])
    half = Fraction(1, 2)
    p = half * Fraction(2, 3) + half * Fraction(1, 4)
    F = (half * Fraction(2, 3) / p, half * Fraction(1, 4) / p)
    assert (Fraction(8, 11), Fraction(3, 11)) == F
    expected = []
    for flow, theta in zip(F, (Fraction(2, 3), Fraction(1, 4)), strict=True):
        mass = half * flow + half * half
        expected += [(half * flow + half * half * theta) / mass, half * half * (1 - theta) / mass]
    expected += [half * flow + half * half for flow in F]
    assert_within(
        anemone(params, circuit, np.zeros((1, 1)), step_size=0.5), np.array(list(map(float, expected))), 30, 1.0
    )


def test_batches_pull_mini_em_away_from_the_truth_but_not_anemone():
    """Expected targets for P(x₀ = 1 | c = 0) at the truth 0.8, over all batches of 1 to 4: exact enumeration."""
    found = [bias.expected_target(size) for size in (1, 2, 3, 4)]
    assert [f"{x:.10f}" for x, _ in found] == ["0.5500000000", "0.6887628748", "0.7354692124", "0.7558080867"]
    assert_within(np.array([y for _, y in found]), np.full(4, 0.8), 4**5, 1.0)


def test_after_convergence_anemone_moves_no_farther_than_em():
    """θ′ - θ = g·(θ_EM - θ) with 0 <= g <= 1: where EM has come to rest anemone rests, whatever its step size is. All
    is sums and quotients of positive numbers: fewer than 16 roundings and one for each node."""
    circuit = random_tree([1, 0, 2], 2, 2)
    data = np.random.default_rng(1).integers(0, 2, (12, 3)).astype(float)
    params = begun(circuit)
    for _ in range(3000):
        params = full_em(params, circuit, compiled.statistics(params, circuit, data))
    said = compiled.statistics(params, circuit, data)
    rest = np.abs(full_em(params, circuit, said) - params)
    for a in (0.1, 0.5, 1.0):
        new = update(params, circuit, said, init(params, circuit), step_size=a, momentum=0.0, eps=0.0)[0]
        rounding = 2 * gamma(16 + len(circuit), np.dtype(float)) * params
        assert np.all(np.abs(new - params) <= rest + rounding)


def test_a_tied_model_is_not_stepwise_online_em():
    """From the same start two steps differ by more than 1e-3: running statistics are no longer TD·θ."""
    circuit, rng = hmm(3, 2, 2), np.random.default_rng(1)
    params = online = initial(rng.uniform(size=10), circuit, perturbation=4.0)
    running, data = passes.model_moments(params, circuit), rng.integers(0, 2, (4, 1, 3)) * 1.0
    for batch in data:
        params = anemone(params, circuit, batch)
        said = passes.statistics(online, circuit, batch)
        running = passes.Moments(*(0.6 * s + 0.4 * new for s, new in zip(running, said.moments, strict=True)))
        online = full_em(online, circuit, said._replace(moments=running))
    assert np.max(np.abs(params - online)) > 1e-3


def test_adam_climbs_free_parameters_and_stays_a_distribution():
    circuit, rng = random_tree([0, 1, 2], 2, 2), np.random.default_rng(2)
    params, data = begun(circuit), rng.integers(0, 2, (20, 3)).astype(float)
    state, first = adam.init(params), np.mean(passes.log_likelihood(params, circuit, data))
    for _ in range(20):
        slope = free_gradient(params, circuit, passes.statistics(params, circuit, data))
        logits, state = adam.step(np.log(params), -slope, state, lr=0.05, beta1=0.9, beta2=0.95)
        params = renormalised(logits, circuit)
    assert np.mean(passes.log_likelihood(params, circuit, data)) > first
    every = np.array(list(product((0.0, 1.0), repeat=3)))
    assert_within(np.sum(np.exp(passes.log_likelihood(params, circuit, every)), keepdims=True), np.ones(1), 100, 1.0)


def test_the_trainer_of_studies_makes_the_updates_of_the_reference():
    """Three of each, Adam's on logits, anemone's with momentum, too; a batch is less than 2⁷ operations a parameter."""
    circuit, rng = hclt([-1, 0, 1], 2, 3), np.random.default_rng(4)
    data = rng.integers(0, 3, (3, 8, 3)).astype(float)
    for method, momentum in (
        ("anemone", 0.0),
        ("anemone", 0.9),
        ("mini-batch EM", 0.0),
        ("full EM", 0.0),
        ("Adam", 0.0),
    ):
        params, moments = begun(circuit), adam.init(begun(circuit))
        trainer, state = Trainer(circuit, params), init(params, circuit)
        for batch in data:
            trainer.step(batch, method, 0.3, 0.5, momentum)
            said = passes.statistics(params, circuit, batch)
            if method == "anemone":
                params, state, _ = update(params, circuit, said, state, step_size=0.3, momentum=momentum, eps=0.5)
            elif method == "Adam":
                slope = gradient(params, circuit, said)
                logits, moments = adam.step(np.log(params), -slope, moments, lr=0.3)
                params = np.concatenate(
                    [np.exp(x) / np.sum(np.exp(x)) for x in (logits[i:j] for i, j, _ in groups(circuit))]
                )
            elif method == "full EM":
                params = full_em(params, circuit, said, eps=0.5)
            else:
                params = mini_em(params, circuit, said, step_size=0.3, eps=0.5)
            assert_within(trainer.params, params, 128, 1.0)
            params = trainer.params
        assert_within(
            np.array(trainer.likelihood(batch)), np.mean(passes.log_likelihood(params, circuit, batch)), 128, 10.0
        )


def test_structures_have_the_nodes_that_they_are_said_to_have():
    assert require_segments(hmm(5, 3, 4)) == 3 * 4 + 3 * 3 + 3
    assert require_segments(hmm(5, 3, 4, tied=False)) == 5 * 3 * 4 + 4 * 3 * 3 + 3
    assert [node.kind for node in hmm(1, 1, 2)] == ["categorical", "sum"]
    tree = random_tree([2, 0, 1], 2, 3)
    assert [node.variable for node in tree if node.kind == "categorical"] == [2, 2, 0, 0, 1, 1]
    assert sum(node.kind == "product" for node in tree) == 2 * 2
    assert sum(node.kind == "sum" for node in hclt([-1, 0, 1, 1], 3, 2)) == 3 * 3 + 1
    assert mixture(1, [2, 3])[-2] == Node("product", (0, 1))


def test_the_tree_of_most_information_is_the_best_of_all():
    """Held against all 16 spanning trees of four variables; information in nats against entropies."""
    data = np.random.default_rng(3).integers(0, 3, (40, 4)).astype(float)
    data[:, 2] = np.where(np.arange(40) % 4 > 0, data[:, 1], data[:, 2])
    information = mutual_information(data, 3)
    counts = np.unique(data[:, 0], return_counts=True)[1] / 40
    assert_within(information[0, :1], -np.sum(counts * np.log(counts), keepdims=True), 20, 2.0)
    parents = chow_liu(information)
    assert parents[0] == -1 and (parents[2] == 1 or parents[1] == 2)
    trees = [p for p in product(range(4), repeat=3) if reaches_root((-1, *p))]
    assert len(trees) == 16
    best = max(sum(information[v + 1, p] for v, p in enumerate(tree)) for tree in trees)
    assert_within(sum(information[v, p] for v, p in enumerate(parents) if p >= 0), best, 40, best)
    assert chow_liu(np.ones((3, 3))) == [-1, 0, 0]


def test_the_codes_tree_says_as_much_with_fewer_sums():
    """A leaf's states, mixed, are categories again: with θ ← Aθ both circuits have one distribution. From a path of
    five variables the code's root is the one in the middle. Bits are told apart by 32 bins as by themselves."""
    whole, short = hclt([-1, 0, 0], 2, 2), hclt([-1, 0, 0], 2, 2, "code")
    params = begun(whole)
    leaf, other, root = params[:4].reshape(2, 2), params[4:8].reshape(2, 2), params[8:12]
    mixed = [params[12 + 4 * i : 16 + 4 * i].reshape(2, 2) @ theta for i, theta in enumerate((leaf, other))]
    every = np.array(list(product((0.0, 1.0), repeat=3)))
    found = passes.log_likelihood(np.concatenate([*(m.reshape(-1) for m in mixed), root, params[20:]]), short, every)
    assert_within(found, passes.log_likelihood(params, whole, every), 60, 10.0)
    assert (sum(n.kind == "sum" for n in whole), sum(n.kind == "sum" for n in short)) == (5, 1)
    assert centred([-1, 0, 1, 2, 3]) == [1, 2, -1, 2, 3] and centred([-1, 0]) == [-1, 0]
    bits = np.random.default_rng(5).integers(0, 2, (40, 3)).astype(float)
    off = ~np.eye(3, dtype=bool)
    found, expected = mutual_information(bits, 2, "code"), mutual_information(bits, 2)
    assert_within(found[off], expected[off], 40 * 32, 2.0)


def reaches_root(parents):
    def depth(v, steps=0):
        return steps <= 4 and (v == 0 or depth(parents[v], steps + 1))

    return all(depth(v) for v in range(4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_passes_take_sums_term_by_term_where_the_largest_child_hardly_counts(dtype):
    """The first child is e^800 times as likely and has the weight 0, or the smallest weight: nothing may be lost."""
    circuit = mixture(2, [2], "gaussian")
    for weight in (0.0, 2.0**-20):
        params = np.array([0.0, 0.0625, 2.5, 0.0625, weight, 1 - weight], dtype)
        data = np.array([[0.0], [2.5], [1.25]], dtype)
        for name in ("log_likelihood", "flows"):
            found, expected = (getattr(module, name)(params, circuit, data) for module in (compiled, passes))
            assert_within(found, expected, 50, 1 + np.abs(expected) + 800)
        if weight == 0:
            said = compiled.statistics(params, circuit, data).moments
            assert_within(said.masses, np.array([0, 3, 3], dtype), 50, 3.0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda c: passes.log_likelihood(np.array([0.5, 0.6]), c, np.zeros((1, 1))), "must be a probability vector"),
        (
            lambda c: passes.log_likelihood(np.array([0.5, 0.5]), c, np.full((1, 1), 2.0)),
            r"data\[0, 0\] must be one of 0",
        ),
        (lambda c: passes.statistics(np.array([1.0, 0.0]), c, np.ones((1, 1))), "sample 0 has zero probability"),
        (
            lambda c: passes.top_down(np.array([0.5, 0.5]), (*c, Node("sum", (0,), 0, 1))),
            "must be of one kind and size",
        ),
        (
            lambda c: passes.top_down(np.ones(1), (Node("product", (0,)),)),
            r"circuit\[0\].children must stand before it",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call((Node("categorical", (), 0, 2, 0),))
