"""What is stated of homotopy, functors and limits in learning, each put to the test; by reading notes."""

from __future__ import annotations

import numpy as np

from gnomon.descent.adam import init, step
from gnomon.domains import Array
from gnomon.dynamics.training_paths.classes import homotopy_classes
from gnomon.dynamics.training_paths.distances import lmc_barrier
from gnomon.dynamics.training_paths.joins import compose, representations
from gnomon.dynamics.training_paths.limits import pullback
from gnomon.dynamics.training_paths.units import gradient, match_units
from gnomon.probability.m_fisher.natural import natural_step
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.training_paths import hills, students

NOTES = "arXiv 2510.04376v1, by public reading notes of its definitions"
FIGURES = "arXiv 2510.04376v1, by a public summary of its experiments"

ledger = Ledger("training_paths")


@ledger.claim("false", source=NOTES)
def runs_fall_into_homotopy_classes() -> Evidence:
    """Runs with the same ends fall into several homotopy classes in Rⁿ (Definition 3.1; seven are reported)

    Rⁿ is contractible: (1 - s)·γ₀ + s·γ₁ moves any path into any other with the same ends. There is one class. Below a
    level there are several.
    """
    paths, obstacles, classes = hills.seen(3)
    one, several = (int(np.max(found)) + 1 for found in (homotopy_classes(tuple(paths), obstacles[:0]), classes))
    figure = f"{len(paths)} runs around three hills: {one} class, {several} below a level"
    return Evidence((one, several) == (1, 4), figure)


@ledger.claim("holds if", source=NOTES, condition="said of runs with the same ends, of which it is trivial")
def homotopic_runs_generalise_alike() -> Evidence:
    """Homotopic runs have test errors that differ by at most ε(Vol H) (Conjecture 3.3)

    A homotopy keeps the ends, so both runs end in one network: the difference is 0, whatever the runs are.
    """
    paths, obstacles, classes = hills.seen(2)
    ends = {tuple(path[-1].tolist()) for path in paths}
    figure = f"{np.max(classes) + 1} classes of runs with the same ends end in {len(ends)} point"
    return Evidence(len(ends) == 1 and np.max(classes) > 0 and len(obstacles) == 2, figure)


def fisher_length(path: Array) -> float:
    """Return how long a path of normal distributions (μ, σ) is, by its chords."""
    chords, middles = np.diff(path, axis=0), (path[1:] + path[:-1]) / 2
    return float(np.sum(np.sqrt(chords[:, 0] ** 2 + 2 * chords[:, 1] ** 2) / middles[:, 1]))


@ledger.claim("false", source=NOTES)
def natural_gradient_follows_geodesics() -> Evidence:
    """Natural gradient follows geodesics of the Fisher metric (Proposition 8.2)

    Of normal distributions with the loss ½(μ - μ*)² it moves μ alone. From (0, 1) to (2, 1) that is 2 long under
    (dμ² + 2dσ²)/σ²; the arc of the ellipse (1 + √3·cos t, √1.5·sin t) is shorter.
    """
    steps = [np.array([0.0, 1.0])]
    while steps[-1][0] < 2 - 1e-12:
        slope, metric = np.array([steps[-1][0] - 2, 0.0]), np.diag([1.0, 2.0]) / steps[-1][1] ** 2
        steps.append(natural_step(steps[-1], slope, metric, lr=0.125, damping=0.0)[0].params)
    # In (μ/√2, σ) the metric is twice the half-plane's: cosh d = 1 + Δ²/2 there, Δ² = 2 between the two points.
    geodesic, straight = 2**0.5 * np.arccosh(1 + 2 / 2), fisher_length(np.stack(steps))
    angles = np.linspace(np.arctan2(1, -(2**-0.5)), np.arctan2(1, 2**-0.5), 20_001)
    length = fisher_length(np.stack([1 + 3**0.5 * np.cos(angles), 1.5**0.5 * np.sin(angles)], axis=1))
    figure = f"natural gradient {straight:.9f}, geodesic √2·arcosh 2 = {geodesic:.9f}, measured along it {length:.6f}"
    shown = f"{straight:.9f} {geodesic:.9f} {length:.6f}" == "2.000000000 1.862459719 1.862460"
    return Evidence(shown, figure)


@ledger.claim("false", source=NOTES)
def homotopic_representations_are_affinely_related() -> Evidence:
    """Homotopic runs end in representations that “differ by smooth affine maps”

    tanh(x) and tanh(2x + 1) are joined by a path; no affine map makes the one of the other.
    """
    path, x = np.stack([1 + (t := np.linspace(0, 1, 11)), t], axis=1), np.linspace(-2, 2, 41)[:, np.newaxis]
    first, last = representations(path, x, hidden=1)[[0, -1], :, 0]
    basis = np.stack([first, np.ones(41)], axis=1)
    rms = float(np.sqrt(np.mean((last - basis @ np.linalg.lstsq(basis, last)[0]) ** 2)))
    return Evidence(f"{rms:.4f}" == "0.2699", f"the best affine map leaves {rms:.4f} (root mean square, 41 points)")


@ledger.claim("false", source=NOTES)
def training_lands_in_contractions() -> Evidence:
    """Paths of representations keep ‖ψ(t)(x) - ψ(t)(x')‖ < k where it was: so training is a functor to Rep

    φ(x) = θx with θ from ½ to 2 and k = 1 breaks it on {0, 1}. That images of joins are joins of images is no condition
    on training: it holds for every path.
    """
    thetas = np.array([[0.5], [2.0]])
    gaps = np.abs(thetas[:, 0] * 1 - thetas[:, 0] * 0)
    path, x = np.random.default_rng(0).standard_normal((9, 6)), np.linspace(-1, 1, 5)[:, np.newaxis]
    images = [representations(part, x, hidden=2) for part in (path[:5], path[4:], compose(path[4:], path[:5]))]
    functor = bool(np.all(np.concatenate([images[0], images[1][1:]]) == images[2]))
    figure = f"distances {gaps[0]} < 1, then {gaps[1]}; images of a random path compose to the bit: {functor}"
    return Evidence(gaps[0] < 1 <= gaps[1] and functor, figure)


def halved(first: Array, then: Array) -> Array:
    """Return the times of the joints of two paths on [0, 1] end to end, each in half of the time."""
    return np.concatenate([first, 1 + then[1:]]) / 2


@ledger.claim("false", source=NOTES)
def constant_paths_are_identities_of_param() -> Evidence:
    """The identity of θ is the constant path, paths follow γ' = -∇L(γ), and composition is concatenation

    A constant path follows the gradient at critical points only; on [0, 1] concatenation is not associative: three
    paths arrive at their joints at other times. Moore's paths, of their own lengths, compose associatively.
    """
    a, b, c = (np.array([[k, 0.0], [k + 1.0, 0.0]]) for k in range(3))
    one = np.array([0.0, 1.0])
    times = halved(halved(one, one), one), halved(one, halved(one, one))  # of the joints of c∘(b∘a) and (c∘b)∘a
    left, right = compose(c, compose(b, a)), compose(compose(c, b), a)
    slope = float(np.abs(hills.descended(0, a[:1], 1)[0, 1] - a[0]).max())
    same = np.array_equal(left, right)
    joints = " and ".join(str(own.tolist()) for own in times)
    figure = f"joints on [0, 1] at {joints}, Moore's paths agree: {same}; a step moves a start by {slope:.4f}"
    return Evidence(same and slope > 0 and bool(np.any(times[0] != times[1])), figure)


@ledger.claim("false", source=FIGURES)
def class_three_fits_its_spread() -> Evidence:
    """Accuracies within a class differ by less than 0.5 %, and those of class 3 are 94.2 ± 0.5 % over 18 networks

    With a standard deviation of s, half the range of n numbers is s·√((n-1)/n) at least: a range below 0.5 has s
    below 0.26.
    """
    largest = 0.25 * (18 / 17) ** 0.5
    return Evidence(largest < 0.5, f"a range of 0.5 allows a standard deviation of {largest:.3f} at most, not 0.5")


@ledger.claim("false", source=NOTES)
def precomposition_is_a_pullback() -> Evidence:
    """Transfer is a pullback: f*φ_S, which is φ_S∘f for f: D_T → D_S, is the limit of f and φ_S

    A limit needs two maps to one space: f maps to data, φ_S to features. Where both spaces are one plane there is a
    limit; it pairs x with the y that has φ_S(y) = f(x), and that is not φ_S(f(x)).
    """
    f, turn = np.array([[1.0], [0.0]]), np.array([[0.0, -1.0], [1.0, 0.0]])
    try:
        pullback(f, turn[:1])
        words = ""
    except ValueError as error:
        words = str(error)
    limit = pullback(f, turn)
    x, y = limit.first[:, 0], limit.second[:, 0]
    off = float(np.linalg.norm(y - turn @ f @ x) / np.linalg.norm(x))
    figure = f"to 2 and 1 dimensions: “{words}”; φ a quarter turn: φ(f(x)) is {off:.1f}·|x| from the y of the limit"
    return Evidence("g must have shape (2, b)" in words and limit.dimension == 1 and f"{off:.6f}" == "2.000000", figure)


def apart(start: Array, turn: Array, *, adam: bool) -> float:
    """Return how far 20 steps from a turned start are from the turned 20 steps, by gradient descent or Adam."""
    ends = []
    for own in (np.eye(len(start)), turn):  # of the loss L(Qᵀφ), whose gradient is Q·∇L(Qᵀφ)
        params: Array = own @ start
        state = init(params)
        for _ in range(20):
            slope = own @ gradient(own.T @ params, students.DATA)
            params, state = step(params, slope, state, lr=0.01) if adam else (params - students.LR * slope, state)
        ends.append(own.T @ params)
    return float(np.max(np.abs(ends[0] - ends[1])))


@ledger.claim(
    "holds if", source=NOTES, condition="the transformation commutes with both, as order and signs of units do"
)
def equivalent_optimisers_are_two_cells() -> Evidence:
    """Optimisers are equivalent by 2-cells: natural transformations between the paths that they make

    Order and signs of units commute with gradient descent and with Adam. A general rotation of the parameters commutes
    with gradient descent and not with Adam, so that no 2-cell between the two is natural for it.
    """
    random = np.random.default_rng(0)
    start, order = random.standard_normal(7), [1, 0, 3, 2, 5, 4, 6]
    image = np.eye(7)[order] * np.array([-1, 1, -1, 1, -1, 1, 1])
    rotation = np.linalg.qr(random.standard_normal((7, 7)))[0]
    found = {
        (name, adam): apart(start, turn, adam=adam)
        for name, turn in (("an exchange of units and a sign", image), ("a rotation", rotation))
        for adam in (False, True)
    }
    figure = "; ".join(
        f"{name}, {'Adam' if adam else 'gradient descent'}: {x:.1e}" for (name, adam), x in found.items()
    )
    # Twenty steps of sums over 41 points and products with 7 numbers: rounding takes far fewer than half the digits.
    *commuting, other = found.values()
    return Evidence(max(commuting) < 2.0**-26 < other, figure)


@ledger.claim("false", source=NOTES)
def averaging_networks_is_a_colimit() -> Evidence:
    """Weighted averaging of networks (FedAvg) is a colimit

    A colimit does not see which of equal networks it is given. The mean of a network and itself is the network; that of
    the network and a copy with the two units exchanged is another function.
    """
    one = students.trained(1, 200)[0]
    copy = one[[1, 0, 3, 2, 5, 4, 6]]
    same = float(np.max(np.abs(students.DATA.outputs(copy) - students.DATA.outputs(one))))
    other = float(np.max(np.abs(students.DATA.outputs((one + copy) / 2) - students.DATA.outputs(one))))
    matched = match_units(copy, one, inputs=1, hidden=2).params
    figure = f"the copy differs by {same:.1e}, its mean with the network by {other:.2f}"
    # Three products and sums of the last layer, in one order and in the other; |tanh| <= 1.
    rounding = 2 * 3 * float(np.finfo(float).eps) * float(np.sum(np.abs(one[4:])))
    barrier = float(lmc_barrier(one, copy, students.DATA))
    shown = same <= rounding < other and bool(np.all(matched == one)) and barrier > 0
    return Evidence(shown, f"{figure}, and by 0 once units are matched")
