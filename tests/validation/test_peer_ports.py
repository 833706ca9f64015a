"""Libraries that compute curvature conform to the specification, but for what is known of them."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from agreement import DTYPES, failing, known, operation, verdicts

from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort

# curvlinops asks for a compiler of torch when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
needs_the_extra = pytest.mark.curvature
PEERS = {
    ("torch.func", "products"): {"hvp", "ggnvp", "fisher_product", "empirical_fisher_product"},
    ("torch.func", "curvature"): {"hutchinson", "bekas", "frobenius_squared", "power_iteration"},
    ("curvlinops", "products"): {"hvp", "ggnvp", "empirical_fisher_product"},
    ("curvlinops", "curvature"): {"hutchinson", "bekas", "frobenius_squared", "hutchpp"},
    ("scipy", "curvature"): {"largest_eigenvalues"},
    ("pyhessian", "curvature"): {"largest_eigenvalues"},
    ("scipy.polar", "egd"): {"polar"},
    ("torch.polar", "egd"): {"polar", "floored", "colnorm"},
    ("matfree", "curvature"): {"hutchinson", "frobenius_squared"},
    ("linear_operator", "curvature"): {"lanczos"},
    ("crepes", "m_fisher"): {"conformal_p_values", "bet"},
    ("ville", "m_fisher"): {"normal_boundary"},
}
SELDOM_WRONG = ("linear_operator", "scipy.polar")
# What LAPACK makes of a rank that rounding decides: scipy.polar breaks them on one processor and not on another.
BY_THE_PROCESSOR = {"it_does_not_matter_how_a_matrix_is_stored", "it_turns_with_the_gradient"}


@needs_the_extra
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("peer", "system"), PEERS, ids=str)
def test_a_peer_conforms_but_for_what_is_known(peer, system, dtype):
    port = find_port(peer)
    found = verdicts(port, system, dtype, 60 if peer in SELDOM_WRONG else 20)
    failed = failing(found, PEERS[peer, system])
    if dtype == "float64":
        assert failed - BY_THE_PROCESSOR == known(port, found).keys() - BY_THE_PROCESSOR


@needs_the_extra
def test_pyhessian_conforms_where_it_divides_by_the_length_alone(monkeypatch):
    port = find_port("pyhessian")

    def normalization(vectors):
        length = sum((v * v).sum() for v in vectors).sqrt()
        return [v / length for v in vectors]

    for module in ("pyhessian.hessian", "pyhessian.utils"):
        monkeypatch.setattr(import_module(module), "normalization", normalization)
    for dtype in DTYPES:
        failed = [v for v in verdicts(port, "curvature", dtype) if v.status != "conforms"]
        # Its squares leave the range; and where it deflates, of 8 eigenvectors 26 units of roundoff are left in others.
        known = {"they_do_not_leave_the_range_before_the_matrix_does", "the_vectors_are_orthonormal_eigenvectors"}
        assert {v.law.name for v in failed if v.law.kind != "rejects"} <= known, [v.law.id for v in failed]


@needs_the_extra
def test_what_a_peer_does_is_a_catalogued_mistake():
    law = "two_probes_halve_the_variance_and_know_it"
    (verdict,) = (v for v in verdicts(find_port("matfree"), "curvature", "float64", 40) if v.law.name == law)
    assert [found.name for found in verdict.diagnosis][:1] == ["standard_error_with_all_samples"]


def gradient_of_the_mean_squared(problem, params, vector):
    """The empirical Fisher product by grad of the mean loss: vmap was forgotten."""
    from gnomon_validation.ports.peers import torch_func
    from gnomon_validation.ports.torch_functions import tensors

    problem, w, v = tensors((problem, params, vector))
    g = torch_func.example_gradients(problem, w, torch_func.answers(problem)).mean(dim=0)
    return (g * (g @ v)).numpy()


def eigsh_as_it_comes(operator, start, *, count):
    """ARPACK's values in ARPACK's order."""
    from gnomon_validation.ports.peers import scipy_sparse

    values, vectors, products = scipy_sparse.curvature_largest_eigenvalues(operator, start, count=count)
    order = np.argsort(values)
    return values[order], vectors[order], products


def eigsh_of_the_largest(operator, start, *, count):
    """`which="LA"`: the largest, not those of largest size."""
    from scipy.sparse.linalg import aslinearoperator, eigsh

    if start.shape != operator.matrix.shape[:1]:  # eigsh reads on beyond a start that is too short
        raise ValueError(f"start does not fit: {start.shape}")
    values, vectors = eigsh(aslinearoperator(operator.matrix), k=count, which="LA", v0=start, tol=0)
    rows = vectors.T[::-1]
    return values[::-1].copy(), rows * np.sign(rows @ start)[:, np.newaxis], 2 * count


MISTAKEN = [
    ("products", "empirical_fisher_product", gradient_of_the_mean_squared, "square_of_the_mean_gradient"),
    ("products", "fisher_product", "products_empirical_fisher_product", "labels_of_the_data"),
    ("products", "hvp", "products_ggnvp", "gauss_newton_for_the_hessian"),
    ("curvature", "largest_eigenvalues", eigsh_as_it_comes, "in_ascending_order"),
    ("curvature", "largest_eigenvalues", eigsh_of_the_largest, "algebraically_largest"),
]


@needs_the_extra
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("system", "name", "function", "mistake"), MISTAKEN, ids=lambda x: getattr(x, "__name__", x))
def test_a_mistake_made_with_a_library_is_called_by_its_name(system, name, function, mistake, dtype):
    if isinstance(function, str):
        function = getattr(import_module("gnomon_validation.ports.peers.torch_func"), function)
    port = FunctionsPort(SimpleNamespace(**{f"{system}_{name}": function}), "mistaken")
    first = verdicts(port, system, dtype, 50)[0]
    assert first.law.name == "agrees_with_the_oracle"
    assert first.status == "wrong"
    assert [m.name for m in first.diagnosis][:1] == [mistake]


@needs_the_extra
def test_lanczos_of_curvlinops_finds_copies_of_eigenvalues_and_ours_does_not(monkeypatch):
    import torch
    from curvlinops.papyan2020traces import spectrum

    from gnomon.curvature.lanczos import ritz
    from gnomon.curvature.operators import Dense

    A = np.diag(np.concatenate([np.linspace(0, 1, 95), [5.0, 10.0, 20.0, 50.0, 100.0]]))
    monkeypatch.setattr(spectrum, "randn", lambda n, **_: torch.ones(n, dtype=torch.float64))
    theirs = spectrum.fast_lanczos(torch.from_numpy(A), 60)[0].numpy()
    ours = ritz(Dense(A), np.ones(100), steps=60).values
    # No other eigenvalue lies between 75 and 125.
    assert np.sum(np.abs(theirs - 100) < 25) > 1
    assert np.sum(np.abs(ours - 100) < 25) == 1


@needs_the_extra
def test_torch_is_left_as_it_was():
    import torch

    before = torch.get_default_dtype(), torch.randn, torch.is_grad_enabled(), torch.get_rng_state()
    for peer in ("pyhessian", "curvlinops"):
        verdicts(find_port(peer), "curvature", "float64", 3)
    after = torch.get_default_dtype(), torch.randn, torch.is_grad_enabled(), torch.get_rng_state()
    assert before[:3] == after[:3] and torch.equal(before[3], after[3])
    assert import_module("pyhessian.hessian").torch is torch


@pytest.mark.parametrize(
    ("peer", "package", "command"),
    [
        ("scipy", "scipy", "'gnomon[curvature]'"),
        ("scipy.polar", "scipy", "'gnomon[curvature]'"),
        ("torch.polar", "torch", "'gnomon[torch]'"),
        ("torch.func", "torch", "'gnomon[curvature]'"),
        ("torch.hessian_free", "torch", "'gnomon[torch]'"),
        ("torch.sam", "torch", "'gnomon[torch]'"),
        ("optax.sam", "jax", "'gnomon[optax]'"),
        pytest.param("curvlinops", "curvlinops", "'gnomon[curvature]'", marks=needs_the_extra),
        pytest.param("matfree", "matfree", "matfree==0.6.3", marks=needs_the_extra),
        pytest.param("linear_operator", "linear_operator", "linear_operator==0.6.1", marks=needs_the_extra),
        pytest.param("crepes", "crepes", "crepes==0.9.1", marks=needs_the_extra),
        pytest.param("ville", "ville", "ville==0.1.0", marks=needs_the_extra),
        pytest.param("pyhessian", "pyhessian", "--no-deps pyhessian==0.1", marks=needs_the_extra),
    ],
)
def test_a_peer_that_is_not_installed_is_asked_for_in_one_line(peer, package, command, monkeypatch):
    written_with_it = ("gnomon_validation.ports.peers.", "gnomon_validation.ports.torch_hessian_free")
    for loaded in [m for m in sys.modules if m.startswith(written_with_it) or m.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, package, None)
    wanted = rf"^the port {peer} needs the package '{package}[\w.]*': pip install {re.escape(command)}$"
    with pytest.raises(ValueError, match=wanted):
        find_port(peer)


def test_a_namespace_may_have_some_values_of_a_hyperparameter_only():
    def plain(operator, probes, *, variant):
        assert variant == "plain"
        return np.mean(probes * (probes @ operator.matrix.T), axis=0), len(probes)

    only = {"curvature.bekas": {"variant": ("plain",)}}
    port = FunctionsPort(SimpleNamespace(curvature_bekas=plain, only=only), "plain only")
    statuses = {verdict.law.name: verdict.status for verdict in verdicts(port, "curvature", "float64")}
    assert "a_ratio_varies_by_the_length_of_its_own_coordinate" not in statuses
    assert statuses["agrees_with_the_oracle"] == "conforms"


def test_what_a_port_asks_for_is_its_own_affair_and_need_not_hide_a_mistake():
    oracle = operation("curvature.largest_eigenvalues").reference

    def named(change):
        def function(operator, start, *, count):
            return change(oracle(operator, start, count=count))

        port = FunctionsPort(SimpleNamespace(curvature_largest_eigenvalues=function), "costly")
        failed = [v for v in verdicts(port, "curvature", "float64", 15) if v.status != "conforms"]
        return {(v.law.name, v.diagnosis[0].name) for v in failed}

    free = {("each_eigenvalue_costs_a_product", "products_are_not_counted_at_all")}
    assert named(lambda found: found._replace(products=1000)) == set()
    assert named(lambda found: found._replace(products=0)) == free
    squares = named(lambda found: found._replace(values=found.values * found.values, products=1000))
    assert {mistake for _, mistake in squares} == {"squares_of_the_eigenvalues"}
