"""A small stand-in for CLIP: five classes in 16 dimensions, entropy as score, a shift along one direction."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.probability.m_fisher.conformal import conformal_p_values
from gnomon.probability.m_fisher.conformal import bet
from gnomon.probability.m_fisher.detector import alarms
from gnomon.probability.m_fisher.loop import adapt
from gnomon.probability.m_fisher.nulls import Empirical, Gaussian, log_mgf
from gnomon.probability.m_fisher.prompts import Images, log_predict, score, slope
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, listed
from gnomon_validation.studies.sampled import alike, near
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """a classifier's entropies as scores, and its prompt adapted
Which detectors keep false alarms below δ, which notice a shift, and does a Fisher step adapt better than a gradient?
own stand-in: five classes, 400 streams of 300 images; stated: another run of as many, from other draws
picture: ψ learnt from few scores raises false alarms; conformal evidence needs no ψ, and misses fewer shifts
below: Scores: entropies of a classifier's predictions; 400 streams of 300 images, δ = 0.05."""
C, D, KAPPA, NOISE, DELTA, STREAMS, HORIZON, POOL = 5, 16, 10.0, 0.15, 0.05, 400, 300, 400_000
BATCH, TESTED, STEPS = 256, 4000, 20
# The shift, and how many images come before it.
SHIFTS = {"none": (0.0, 0), "½ at 0": (0.5, 0), "1 at 0": (1.0, 0), "1 at 100": (1.0, 100)}
# Of each shift the share of streams with an alarm after it began, and their mean delay.
STATED = {
    "ψ of 50 scores": ((0.260, 0.0), (0.955, 7.5), (0.993, 2.4), (0.770, 12.1)),
    "ψ of 200 scores": ((0.102, 0.0), (0.892, 10.7), (0.988, 2.8), (0.843, 20.6)),
    "ψ of 1,000 scores": ((0.010, 0.0), (0.815, 12.1), (0.995, 3.1), (0.897, 32.9)),
    "ψ = 1.857": ((0.003, 0.0), (0.468, 9.5), (1.000, 3.5), (0.998, 94.8)),
    "conformal, 50 scores": ((0.028, 0.0), (0.993, 26.5), (1.000, 4.9), (0.993, 18.7)),
    "conformal, 200 scores": ((0.013, 0.0), (1.000, 13.2), (1.000, 3.6), (0.983, 15.0)),
}
MEAN, SD, PSI, TWO_MOMENTS = 0.0234, 0.0355, 1.857, 0.455
# Entropy of the batch and share of test images that are right, after 20 steps.
METHODS = {"start": (0.0960, 0.9880), "gradient, η = 0.05": (0.0682, 0.9978), "Fisher, η = 0.1": (0.0813, 0.9895)}
METHODS["Fisher, η = 0.5"] = (0.1281, 0.9872)


class Cell(NamedTuple):
    """share: of the streams with an alarm after the shift. delay, sd: mean and standard deviation of these."""

    share: float
    delay: float
    sd: float


@cache
def world() -> tuple[Array, Array]:
    """Return the anchors, one a class, and the direction of the shift."""
    rows = np.random.default_rng(0).standard_normal((C + 1, D))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[:C], rows[C]


def drawn(rng: Any, count: int, shift: Any = 0.0) -> tuple[Images, Any]:
    """Return images, their classes being as likely as each other, and the classes. shift: of all, or of each."""
    (anchors, direction), labels = world(), rng.integers(0, C, count)
    z = anchors[labels] + NOISE * rng.standard_normal((count, D)) + np.multiply.outer(shift, direction)
    return seen(z), labels


def seen(z: Array) -> Images:
    """Return images whose features are these vectors, made of length 1."""
    return Images(world()[0], z / np.linalg.norm(z, axis=1, keepdims=True), KAPPA)


def entropies(images: Images, phi: Any = None) -> Array:
    """Return the entropies of images, at φ = 0."""
    found: Array = score(np.exp(log_predict(np.zeros(D) if phi is None else phi, images)))
    return found


def strangeness(rng: Any, shifts: Array) -> Array:
    """Return the entropies of images in all streams at φ = 0. shifts: of the images of a stream."""
    images, _ = drawn(rng, STREAMS * len(shifts), np.tile(shifts, STREAMS))
    return np.reshape(entropies(images), (STREAMS, -1))


@cache
def pool() -> Array:
    """Return the entropies of many images without a shift."""
    return entropies(drawn(np.random.default_rng(4), POOL)[0])


def psi_of(lam: float, scores: Array) -> float:
    """Return the logarithm of the mean of exp(λs) over some scores."""
    return float(log_mgf(np.array([lam]), Empirical(scores))[0])


@cache
def true_psi(lam: float, count: int = 200_000) -> tuple[float, float]:
    """Return ψ(λ) and its standard error, by importance sampling: strange images, on which it depends, are rare.

    They are drawn about means of anchors, one to all of them, and weighed by p/q, which is at most 31/5.
    """
    rng, sets = np.random.default_rng(7), np.array(list(product((0.0, 1.0), repeat=C)))[1:]
    anchors, _ = world()
    centres = sets @ anchors / np.sum(sets, axis=1, keepdims=True)
    z = centres[rng.integers(0, len(centres), count)] + NOISE * rng.standard_normal((count, D))
    p, q = (np.mean(np.exp(((z @ a.T) - np.sum(a * a, axis=1) / 2) / NOISE**2), axis=1) for a in (anchors, centres))
    terms = np.exp(lam * entropies(seen(z))) * p / q
    return float(np.log(np.mean(terms))), float(np.std(terms) / np.mean(terms) / count**0.5)


@cache
def tilt() -> float:
    """Return λ = ½/sd, of all scores of the pool."""
    return 0.5 / float(np.std(pool(), ddof=1))


def by_psi(psi: Any, scores: Array) -> Any:
    """Return the times of the first alarms with this ψ, or with one of each stream."""
    return alarms(tilt() * scores - psi, delta=DELTA).first


@cache
def watched() -> dict[str, dict[str, Cell]]:
    """Return what each detector does with each shift; every stream has calibration scores of its own."""
    rng = np.random.default_rng(1)
    known, uniform = strangeness(rng, np.zeros(1000)), 1 - rng.random((STREAMS, 200 + HORIZON))
    detectors: dict[str, Callable[[Array], Array]] = {}
    for n in (50, 200, 1000):
        each = np.array([[psi_of(tilt(), row[:n].copy())] for row in known])
        detectors[f"ψ of {n:,} scores"] = partial(by_psi, each)
    detectors |= {f"ψ = {PSI}": partial(by_psi, PSI), "true ψ": partial(by_psi, true_psi(tilt())[0])}
    for n in (50, 200):
        detectors[f"conformal, {n} scores"] = partial(conformal, known[:, :n], uniform[:, : n + HORIZON])
    found: dict[str, dict[str, Cell]] = {name: {} for name in detectors}
    for words, (shift, begins) in SHIFTS.items():
        scores = strangeness(rng, np.repeat([0.0, shift], [begins, HORIZON - begins]))
        for name, detector in detectors.items():
            times = detector(scores)
            delays = list(times[times > begins] - begins) or [0]
            found[name][words] = Cell(float(np.mean(times > begins)), float(np.mean(delays)), float(np.std(delays)))
    return found


def conformal(known: Array, uniform: Array, scores: Array) -> Any:
    """Return the times of the first alarms of the conformal detector with bets of a grid of ε."""
    p = conformal_p_values(np.concatenate([known, scores], axis=1), uniform)[:, known.shape[1] :].copy()
    return alarms(bet(p, betting="grid"), delta=DELTA).first


@cache
def adapted(method: str) -> tuple[Array, float, float]:
    """Return entropies of 256 shifted images along 20 steps on them, their deviation, and the share of others right."""
    rng = np.random.default_rng(2)
    (images, _), (tests, labels) = drawn(rng, BATCH, 0.5), drawn(rng, TESTED, 0.5)
    lr = float(method.rpartition(" ")[2]) if method != "start" else 0.0
    prompts = [np.zeros(D)]
    if method.startswith("Fisher"):
        prompts = list(adapt(prompts[0], images, steps=STEPS, lr=lr).prompts)
    while len(prompts) <= STEPS:
        prompts.append(prompts[-1] - lr * slope(prompts[-1], images).grad)
    right = np.argmax(log_predict(prompts[-1], tests), axis=1) == labels
    path = np.array([np.mean(entropies(images, phi)) for phi in prompts])
    return path, float(np.std(entropies(images, prompts[-1]))), float(np.mean(right))


def measure() -> Findings:
    found, ends = watched(), {method: adapted(method) for method in METHODS}
    mean, sd, lam = float(np.mean(pool())), float(np.std(pool(), ddof=1)), tilt()
    psi, error = true_psi(lam)
    of_pool = psi_of(lam, pool())
    two = [log_mgf(np.array([0.5 / s]), Gaussian(m, s))[0] for m, s in ((mean, sd), (MEAN, SD))]
    compared = [
        Comparison("mean of the scores", near(MEAN, sd, POOL, 4), mean),
        Comparison("their deviation", near(SD, float(np.std((pool() - mean) ** 2)) / (2 * sd), POOL, 4), sd),
        Comparison("ψ of a normal law with the stated moments", str(TWO_MOMENTS), float(two[1])),
    ]
    for name, cells in STATED.items():
        for words, (share, delay), cell in zip(SHIFTS, cells, found[name].values(), strict=True):
            compared.append(Comparison(f"{name}, shift {words}: alarms", alike(share, STREAMS), cell.share))
            if words != "none":
                range_of = near(delay, cell.sd, round(cell.share * STREAMS))
                compared.append(Comparison(f"{name}, shift {words}: delay", range_of, cell.delay))
    for method, (entropy, right) in METHODS.items():
        path, deviation, share = ends[method]
        compared.append(Comparison(f"{method}: entropy", near(entropy, deviation, BATCH, 4), path[-1]))
        range_of = near(right, (right * (1 - right)) ** 0.5, TESTED, 4)
        compared.append(Comparison(f"{method}: share right", range_of, share))
    false = {name: cells["none"].share for name, cells in found.items()}
    few, late = [false[f"ψ of {n} scores"] for n in ("50", "200", "1,000")], found[f"ψ = {PSI}"]
    conclusions = (
        f"With ψ of 50, 200 and 1,000 scores {listed(few, '{:.1%}')} of all streams have a false alarm; δ is 5 %. The "
        f"conformal detector needs no ψ: {false['conformal, 50 scores']:.1%} and {false['conformal, 200 scores']:.1%}.",
        f"ψ({lam:.2f}) hangs on images that are rare: two moments give {two[0]:.3f}, {POOL:,} scores {of_pool:.3f}, as "
        f"many of another run {PSI}, stated as the true ψ; importance sampling {psi:.3f} ± {error:.3f}. "
        f"With that a shift of ½ is noticed in {found['true ψ']['½ at 0'].share:.1%} of all streams.",
        f"With ψ = {PSI} a shift of 1 goes unnoticed for {late['1 at 0'].delay:.1f} images if it is there at first, "
        f"and for {late['1 at 100'].delay:.1f} if it begins after 100.",
        f"In {STEPS} steps a gradient lowers the entropy from {ends['start'][0][-1]:.4f} to "
        f"{ends['gradient, η = 0.05'][0][-1]:.4f}, Fisher steps with η = 0.1 to {ends['Fisher, η = 0.1'][0][-1]:.4f}; "
        f"with η = 0.5 it is {ends['Fisher, η = 0.5'][0][-1]:.4f} in the end, and up to "
        f"{np.max(ends['Fisher, η = 0.5'][0]):.4f} before.",
    )
    shares = [(name, *(cell.share for cell in cells.values())) for name, cells in found.items()]
    delays = [(name, *(cell.delay for cell in list(cells.values())[1:])) for name, cells in found.items()]
    heads = [" | ".join(f"{words} {form}" for words in SHIFTS) for form in ("{:.3f}", "{:.1f}")]
    tables = (
        Table.of("share of streams with an alarm after the shift", f"detector | {heads[0]}", shares),
        Table.of("mean delay of these, images", "detector | " + heads[1].partition(" | ")[2], delays),
        Table.of(
            f"{BATCH} images with a shift of ½, after {STEPS} steps on them; others right",
            "method | entropy {:.4f} | right {:.4f}",
            [(method, path[-1], right) for method, (path, _, right) in ends.items()],
        ),
    )
    return Findings(tables, tuple(compared), conclusions, (found, ends))


def draw(data: Any, figure: Any) -> None:
    found, ends = data
    (false, noticed), (delay, entropy) = figure.subplots(2, 2)
    places = np.arange(len(found))[::-1]
    none, *shifted = SHIFTS
    for axes, what, kinds in ((false, "share", [none]), (noticed, "share", shifted), (delay, "delay", shifted)):
        for kind, colour in zip(kinds, COLOURS, strict=False):
            label = f"shift of {kind.replace(' at ', ' after ')} images" if kind != "none" else "measured"
            axes.plot([getattr(cells[kind], what) for cells in found.values()], places, "o", color=colour, label=label)
        axes.set_yticks(places, list(found))
    noticed.set(xlabel="share of streams with an alarm after the shift")
    false.axvline(DELTA, color="black", ls="--", label="δ = 0.05, what is promised")
    false.set(xlabel="share of streams without a shift that have an alarm", xlim=(-0.01, None))
    delay.set(xlabel="mean delay, images", xscale="log", xlim=(2, 1500))
    for method, colour in zip(METHODS, ("grey", *COLOURS), strict=False):
        entropy.plot(ends[method][0], color=colour, label="no step" if method == "start" else method)
    entropy.set(xlabel=f"steps on {BATCH} images with a shift of ½", ylabel="mean entropy of predictions")
    entropy.set_xticks(range(0, STEPS + 1, 5))
    for axes, loc in ((false, "lower right"), (noticed, "upper left"), (delay, "lower right"), (entropy, "best")):
        finish(axes, loc=loc)


study = Study.of("m_fisher-stand_in", WORDS, measure, draw, size=(12.0, 8.0))
