"""When a sample is taken: the rate, the decision, and what is remembered of samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent.sam import sampling as reference
from gnomon.descent.sam.sampling import VARIANTS, Sampler
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.curvature.symmetries import scaled, unchanged
from gnomon_spec.descent.sam import system
from gnomon_spec.descent.sam.inputs import blocks, max_p, samplers, seeds, stream, uniforms
from gnomon_spec.facts import Fact, agree, at_least, equal, identical, same_outputs
from gnomon_spec.strategies import VECTORS, count, number, single
from gnomon_spec.system import WITH_ROOM, Misfits

decisions = Cases({"sampler": samplers(full=True), "uniform": uniforms}, VECTORS).but(
    alpha1=choice(0.13, 0.01, 0.0), alpha2=choice(0.13, 0.01, 0.25), max_p=max_p, variant=choice(*VARIANTS)
)
decide = system.operation(
    reference.decide, cases=decisions.but(sampler=samplers(), variant="clean"), rejecting=decisions, dtypes=WITH_ROOM
)
opening = Quantity(
    lambda draw, c: (s := samplers(full=True).draw(draw, c))._replace(step_count=len(s.norms) * (1 + s.step_count % 3)),
    "Sampler at the beginning of a window, its windows full",
)
openings = decisions.but(sampler=opening)


def run(port: Any, case: Case, sampler: Sampler, steps: int, numbers: Any) -> list[tuple[Sampler, bool, bool]]:
    """Return what `decide` gives in a row of steps, each uniform number given until it is used."""
    found: list[tuple[Sampler, bool, bool]] = []
    for _ in range(steps):
        number = numbers[sum(used for _, _, used in found)]
        found.append(port.decide(found[-1][0] if found else sampler, 0 * case.uniform + number, **case.hyper))
    return found


@decide.law("conservation", cases=openings.but(seed=seeds))
def every_window_has_as_many_samples_as_its_rate_says(port: Any, case: Case) -> Iterable[Fact]:
    """From the beginning of a window on, K steps take exactly ⌊S⌋ samples, whatever the uniform numbers are: the last
    ones are forced, and no number is used once there are enough."""
    K = len(case.sampler.norms)
    for label, numbers in (("a stream", stream(case.seed, K)), ("all 0", np.zeros(K))):
        steps = run(port, case, case.sampler, K, numbers)
        rate = steps[0][0].samples_per_window
        yield agree(f"samples, {label}", sum(take for _, take, _ in steps), int(rate))
        needed = [int(rate) - sum(take for _, take, _ in steps[:i]) > 0 for i in range(K)]
        yield agree(f"numbers used, {label}", [used for _, _, used in steps], needed)


@decide.law("closed form", cases=decisions.but(seed=seeds))
def after_a_warm_up_the_first_window_has_no_sample(port: Any, case: Case) -> Iterable[Fact]:
    """With k = 1, as a warm-up leaves it, none of the next K - 1 steps takes a sample or uses a number; with k = 0 one
    does, step K - 1 at the latest."""
    K, one = len(case.sampler.norms), 0 * case.sampler.samples_per_window + 1
    first = case.sampler._replace(step_count=1, samples_per_window=one, probability=one / 2)
    for taken in (1, 0):
        steps = run(port, case, first._replace(taken=taken), K - 1, stream(case.seed, K))
        yield agree(f"samples from k = {taken}", sum(take for _, take, _ in steps), 1 - taken)
    late = [take for _, take, _ in run(port, case, first._replace(taken=0), K - 1, np.zeros(K))]
    yield agree("without luck", late, [False] * (K - 2) + [True])


@decide.law("closed form", cases=openings)
def the_rate_follows_the_relative_changes(port: Any, case: Case) -> Iterable[Fact]:
    """At the beginning of a window S becomes S·(1 + α₁ρ₁ + α₂ρ₂), cut to [1, ⌊K·max_p⌋], p = S/K, and k = 0; ρ₁ and ρ₂
    are the means of the K - 1 changes from one entry to the next, relative to the first of the two, cut to ±1."""
    sampler, take, _ = decide.call(port, case)
    K = len(case.sampler.norms)
    drift = 1
    for weight, window in ((case.alpha1, case.sampler.ratios), (case.alpha2, case.sampler.variances)):
        mean = np.sum(window[1:] / window[:-1] - 1) / (K - 1)
        drift = drift + weight * np.minimum(np.maximum(mean, -1), 1)
    highest = float(int(K * float(case.max_p)))
    S = np.minimum(np.maximum(case.sampler.samples_per_window * drift, 1), highest)
    yield equal("samples_per_window", sampler.samples_per_window, S)
    yield equal("probability", sampler.probability, S / K)
    yield agree("taken", sampler.taken, int(take))


@decide.law("bound", cases=openings)
def the_rate_is_a_slow_drift(port: Any, case: Case) -> Iterable[Fact]:
    """S stays within [1, ⌊K·max_p⌋], and unless it is cut it changes by the fraction α₁ + α₂ at most."""
    sampler, _, _ = decide.call(port, case)
    S, before = sampler.samples_per_window, case.sampler.samples_per_window
    highest = int(len(case.sampler.norms) * float(case.max_p))
    widest = case.alpha1 + case.alpha2
    yield at_least("at least 1", S, 1 + 0 * S)
    yield at_least("at most", highest + 0 * S, S)
    yield at_least("up", before * (1 + widest), S)
    yield at_least("down", S, np.minimum(before * (1 - widest), highest))


def in_units(sampler: Sampler, case: Case) -> Sampler:
    """Return what a sampler remembers where the loss is 2ᵏ times as large."""
    return sampler._replace(norms=2.0**case.power * sampler.norms, variances=4.0**case.power * sampler.variances)


decide.symmetry(
    "invariance",
    "the_unit_of_the_loss_does_not_count",
    "Norms times 2ᵏ and variances times 4ᵏ (ratios have no unit) change neither rate nor decision, bit for bit",
    cases=decisions.but(power=count(1, 3, low=-20, high=20)),
    inputs={"sampler": in_units},
    outputs={"": in_units},
    same=identical,
)


@decide.law("closed form", cases=decisions.but(seed=seeds))
def a_sample_is_taken_where_the_number_is_high(port: Any, case: Case) -> Iterable[Fact]:
    """Where samples are wanted and none is forced, it is taken exactly if U >= 1 - p; where K - (n mod K) <= need it is
    taken whatever U is; where need is 0 it is not. Steps and samples are counted."""
    K = len(case.sampler.norms)
    inside = case.sampler._replace(step_count=K + 1, taken=0, probability=0 * case.sampler.probability + 0.5)
    for label, S, uniform, expected in (
        ("high enough", 1.5, 0.5625, (True, True)),
        ("too low", 1.5, 0.4375, (False, True)),
        ("forced", K - 0.75, 0.0, (True, True)),
    ):
        sampler = inside._replace(samples_per_window=0 * inside.samples_per_window + S)
        after, take, used = port.decide(sampler, 0 * case.uniform + uniform, **case.hyper)
        yield agree(label, (take, used), expected)
        counted = (K + 2, int(take), inside.samples + take)
        yield agree(f"counts, {label}", (after.step_count, after.taken, after.samples), counted)
    enough = inside._replace(samples_per_window=0 * inside.samples_per_window + 1.5, taken=1)
    yield agree("enough", port.decide(enough, 0 * case.uniform + 0.984375, **case.hyper)[1:], (False, False))


@decide.law("conservation", cases=openings.but(sampler=samplers(full=False), variant="clean"))
def the_rate_waits_until_the_windows_are_full(port: Any, case: Case) -> Iterable[Fact]:
    """ "clean": with fewer than K samples S stays as it is, bit for bit; p becomes S/K, and k = 0."""
    begin = case.sampler._replace(step_count=len(case.sampler.norms))
    sampler, take, _ = decide.call(port, case, sampler=begin)
    yield identical("samples_per_window", sampler.samples_per_window, begin.samples_per_window)
    yield equal("probability", sampler.probability * len(begin.norms), begin.samples_per_window)
    yield agree("taken", sampler.taken, int(take))


@decide.law("limit", cases=openings.but(variant="clean", alpha2=0.0))
def what_stays_is_no_change(port: Any, case: Case) -> Iterable[Fact]:
    """ "clean": windows of equal numbers leave S as it is, of 0 and of infinity, too; up from 0 is a change of 1 in the
    mean, from infinity down one of -1 in one place."""
    first = np.arange(len(case.sampler.ratios)) == 0
    highest, ones = int(len(first) * float(case.max_p)), 0 * case.sampler.ratios + 1
    for label, begin, rest, change in (
        ("ones", 1.0, 1.0, 0.0),
        ("zeros", 0.0, 0.0, 0.0),
        ("infinities", np.inf, np.inf, 0.0),
        ("up from 0", 0.0, 1.0, 1.0),
        ("down from infinity", np.inf, 1.0, -1 / (len(first) - 1)),
    ):
        ratios = np.where(first, begin, np.where(ones > 0, rest, ones))
        sampler, _, _ = decide.call(port, case, sampler=case.sampler._replace(ratios=ratios))
        expected = case.sampler.samples_per_window * (1 + change * case.alpha1)
        yield equal(label, sampler.samples_per_window, np.clip(expected, 1, highest))


@decide.misfits(cases=openings.but(variant="code"))
def the_code_divides_by_empty_places(case: Case) -> Misfits:
    """ "code": windows that begin with two zeros end the run at the first change of the rate."""
    empty = np.where(np.arange(len(case.sampler.norms)) < 2, 0, case.sampler.ratios)
    sampler = case.sampler._replace(ratios=empty, variances=empty)
    return {"zeros": {"sampler": sampler}}


def longer(sampler: Any, name: str) -> Any:
    """Return a sampler one of whose windows has twice its length."""
    return sampler._replace(**{name: np.concatenate([sampler.norms, sampler.norms])})


@decide.misfits(cases=decisions)
def what_does_not_fit_is_rejected(case: Case) -> Misfits:
    """Windows of several lengths, and a share of less than one sample a window, are rejected."""
    return {
        "ratios": {"sampler": longer(case.sampler, "ratios")},
        "variances": {"sampler": longer(case.sampler, "variances")},
        "max_p": {"max_p": 0.5 / len(case.sampler.norms)},
    }


decide.edits("""
every_step_draws: A uniform number is used on every step, needed or not: the decisions of a stream are others
    `used = need > 0` → `used = True`
    `bool(used and uniform` → `bool(need > 0 and uniform`
no_sample_is_forced: A window may end with fewer samples than its rate says
    ` or K - n % K <= need` → ``
samples_are_taken_where_the_number_is_low: A sample is taken where U < p
    `uniform >= 1 - sampler.probability` → `uniform < sampler.probability`
samples_are_not_counted_anew: The samples of the window before count in the next one, too
    `taken=0, ` → ``
rate_rounded_up: A window has ⌈S⌉ samples
    `int(sampler.samples_per_window)` → `int(np.ceil(sampler.samples_per_window))`
""")
decide.edits("""
changes_are_absolute: Changes are differences, in units of the loss
    `(after - before) / before` → `after - before`
changes_of_the_last_two: The relative change is between the last two samples alone
    `np.mean(changes)` → `changes[-1]`
relative_to_the_later: Changes are relative to the later of two samples
    `(after - before) / before` → `(after - before) / after`
change_of_the_whole_window: The change is from the first sample of the window to the last
    `np.mean(changes)` → `values[-1] / values[0] - 1`
rate_is_not_bounded_above: The rate may rise above the largest share
    `1, int(K * max_p)` → `1, K`
rate_waits_for_nothing: The rate is updated before the windows are full: of zeros nothing is known, and S drifts
    `variant == "code" or sampler.samples >= K` → `True`
probability_of_the_window_before: The probability is that of the window before
    `, probability=S / K` → ``
""")

samples = Cases(
    {
        "sampler": samplers(),
        "psf_norm": single(number(1.0, 0.5, 0.0, exponents=(-3, 3))),
        "grad_norm": single(number(1.0, 2.0, exponents=(-3, 3))),
    },
    VECTORS,
).but(blocks=blocks)
record = system.operation(reference.record, cases=samples, rejecting=samples.but(blocks=1), dtypes=WITH_ROOM)


@record.law("closed form")
def windows_move_on_by_one_sample(port: Any, case: Case) -> Iterable[Fact]:
    """Each window loses its oldest entry; the new ones are ‖psf‖, ‖psf‖/‖g‖, and the mean of the unbiased variances of
    blocks of ⌊K/B⌋ sorted norms: half the mean square of all differences of two. All else of the sampler stays."""
    before, K = case.sampler, len(case.sampler.norms)
    norms = moved_on(before.norms, case.psf_norm)
    size = K // case.blocks
    blocks = np.reshape(np.sort(norms)[: size * case.blocks], (case.blocks, size))
    gaps = blocks[:, :, np.newaxis] - blocks[:, np.newaxis]
    variance = np.sum(gaps * gaps) / (2 * size * (size - 1) * case.blocks)
    ratios, variances = moved_on(before.ratios, case.psf_norm / case.grad_norm), moved_on(before.variances, variance)
    expected = before._replace(norms=norms, ratios=ratios, variances=variances)
    yield from same_outputs("sampler", record.call(port, case), expected)


def moved_on(window: Any, number: Any) -> Any:
    """Return a window without its oldest entry, and with a new one."""
    return np.concatenate([window[1:], np.reshape(number, (1,))])


record.symmetry(
    "equivariance",
    "variances_have_the_square_of_the_unit",
    "In a unit of the loss 2ᵏ times smaller norms are 2ᵏ times and variances 4ᵏ times as large, bit for bit",
    cases=samples.but(power=count(1, 3, low=-20, high=20)),
    inputs={"sampler": in_units, "psf_norm": scaled, "grad_norm": scaled},
    outputs={"norms": scaled, "ratios": unchanged, "variances": lambda value, case: 4.0**case.power * value},
    same=identical,
)


@record.misfits(cases=samples)
def blocks_of_one_norm_are_rejected(case: Case) -> Misfits:
    """A block of fewer than two norms has no variance: more than K/2 blocks are rejected."""
    return {"blocks": {"blocks": len(case.sampler.norms) // 2 + 1}}


@record.law("limit")
def without_a_gradient_the_ratio_is_no_nan(port: Any, case: Case) -> Iterable[Fact]:
    """Where psf = 0 the ratio is 0, also for g = 0; where only g = 0 it is infinite."""
    nothing = 0 * case.psf_norm
    for label, psf_norm, expected in (("both 0", nothing, 0.0), ("gradient 0", nothing + 1, np.inf)):
        after = record.call(port, case, psf_norm=psf_norm, grad_norm=nothing)
        yield identical(label, after.ratios[-1], nothing + expected)


record.edits("""
oldest_sample_is_kept: The new sample takes the place of the newest one
    `window[1:], np.reshape(number, (1,))` → `window[:-1], np.reshape(number, (1,))`
newest_sample_first: The new sample is put first
    `window[1:], np.reshape(number, (1,))` → `np.reshape(number, (1,)), window[:-1]`
ratio_upside_down: The ratio is ‖g‖/‖psf‖
    `psf_norm / grad_norm` → `grad_norm / psf_norm`
variance_of_the_norms_before: The variance is of the norms without the new one
    `block_variance(norms, blocks)` → `block_variance(sampler.norms, blocks)`
variances_are_biased: The variances of the blocks are divided by their size, not by one less
    `/ (size - 1)` → `/ size`
norms_are_not_sorted: The blocks are of consecutive samples, not of sorted norms
    `np.sort(norms)` → `norms`
variance_has_a_floor: 1e-6 is added, so that nothing is divided by 0
    `* largest * largest` → `* largest * largest + 1e-6`
standard_deviations_for_variances: The mean is of the standard deviations
    `np.mean(np.sum(centred * centred, axis=1) / (size - 1)) * largest * largest` →
        `np.mean(np.sqrt(np.sum(centred * centred, axis=1) / (size - 1))) * largest`
""")
