"""The detector on all paths of a finite score: unit mean, Ville, Wald, the delay; restarts; what it must not see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gnomon.probability.m_fisher import detector as reference
from gnomon.probability.m_fisher import nulls
from gnomon_spec.cases import Case, Cases, Context, Quantity, choice, constant, map_leaves
from gnomon_spec.evidence import FALSE_ALARM, rate_at_most
from gnomon_spec.facts import Fact, agree, at_least, equal, identical
from gnomon_spec.probability.m_fisher import inputs, system
from gnomon_spec.probability.m_fisher.inputs import LENGTHS, STREAMS, indicator, mean_over, numbers, some
from gnomon_spec.strategies import choices_of, count, of_code, or_none
from gnomon_spec.system import Misfits

DELTAS = choice(0.05, 0.5, 0.25, 0.75)


def after_some(code: int, context: Context) -> reference.DetectorState | None:
    """Return None, or the state after some scores."""
    parts = 2 * numbers(code, 4, context.shape[0]) - 1
    return reference.DetectorState._make([*parts, 1 + code // 2 % 4]) if code % 2 else None


def by_null(usual: Quantity, otherwise: Any, *kinds: Any) -> Quantity:
    """The usual quantity, but one value for some kinds of nulls."""
    return Quantity(
        lambda draw, c: otherwise if isinstance(c.drawn["null"], kinds) else usual.draw(draw, c),
        f"{usual.text}; {otherwise!r} for some nulls",
        usual.allows,
    )


cases = Cases(
    {
        "null": inputs.a_null(*nulls.NULLS),
        "scores": of_code("scores that the null allows", inputs.allowed_scores),
        "tilts": or_none(some(0.0, 0.5)),
        "state": of_code("None, or a DetectorState", after_some),
        "lam": choice(None, 0.25, 0.4375),
        "tilt": by_null(choice("fixed", "adaptive"), "fixed", nulls.Exponential),
        "two_sided": by_null(choice(False, True), False, nulls.EmpiricalUCB),
        "delta": DELTAS,
        **choices_of(reference.alarms),
    },
    STREAMS,
)
detect = system.operation(reference.detect, cases=cases)
none = constant(None)
finite = cases.but(null=inputs.a_null(*inputs.FINITE), tilts=none, state=none, scores=none, length=LENGTHS)
paths = finite.but(lam=choice(0.5, None, 1.5, -0.75), restart="none", shift=choice(0.5, 1.0))


def on_all_paths(port: Any, case: Case, other: Any = None, **changed: Any) -> tuple[Any, Any, Any]:
    """Return all paths, their probabilities, and what the detector makes of them."""
    scores, p = inputs.all_paths(case.null, case.length, other)
    return scores, p, detect.call(port, case, scores=scores, **changed)[0]


def stopped(stops: Any, M: Any) -> Iterator[tuple[Any, Any]]:
    """Yield for each time which paths are still going on, as 0 and 1, and which of them stop; all do at the end."""
    going = 1 + 0 * M[:, 0]
    for t in range(M.shape[1]):
        now = np.where(stops[:, t], going, 0 * going) if t < M.shape[1] - 1 else going
        yield going, now
        going = going - now


@detect.law("conservation", cases=paths)
def the_wealth_has_mean_one_whenever_one_stops(port: Any, case: Case) -> Iterable[Fact]:
    """Σ P(path)·M = 1 at every time, also with tilts made of the scores before; at the first alarm, or the end; and at
    the first time of the largest score, or the end."""
    scores, p, found = on_all_paths(port, case)
    M = np.exp(found.log_wealth)
    yield equal("mean", mean_over(p, M), np.ones(case.length))
    moved = np.cumsum(scores - np.mean(scores), axis=1)
    before = np.concatenate([0 * scores[:, :1], moved[:, :-1]], axis=1)
    _, _, predictable = on_all_paths(port, case, tilts=0.25 - before / 4)
    yield equal("predictable", mean_over(p, np.exp(predictable.log_wealth)), np.ones(case.length))
    for words, stops in (("alarm", found.reached), ("largest score", scores == np.max(scores))):
        value = sum(now * M[:, t] for t, (_, now) in enumerate(stopped(stops, M)))
        yield equal(words, mean_over(p, value), 1.0)


@detect.law("statistical", cases=paths)
def false_alarms_are_as_rare_as_promised(port: Any, case: Case) -> Iterable[Fact]:
    """Ville: Σ P(path)·1{an alarm up to T} <= δ, and where the wealth is set back P(k alarms) <= δᵏ.

    All paths are gone through: the false alarm has probability 0.
    """
    _, p, found = on_all_paths(port, case)
    yield at_least("one alarm", case.delta, mean_over(p, indicator(found.first > 0, found.log_wealth[:, 0])))
    _, _, again = on_all_paths(port, case, restart="reset")
    alarms = np.sum(indicator(again.reached, again.log_wealth), axis=1)
    for k in range(1, case.length + 1):
        yield at_least(f"{k} alarms", case.delta**k, mean_over(p, indicator(alarms >= k, alarms)))


infinite = inputs.a_null(nulls.Gaussian, nulls.Poisson, nulls.Exponential)
streams = cases.but(null=infinite, tilts=none, state=none, scores=none, restart="none", delta=choice(0.25, 0.5))


@detect.law("statistical", cases=streams.but(seed=count(0)), false_alarm=FALSE_ALARM)
def drawn_streams_seldom_have_an_alarm(port: Any, case: Case) -> Iterable[Fact]:
    """Of 200 streams of 8 scores drawn from the null as many have an alarm as a chance of δ each explains: the bets of
    `gnomon_spec.evidence` on there being more do not win 10⁹ times what was put in."""
    rng, null, shape = np.random.default_rng(case.seed), case.null, (200, 8)
    if isinstance(null, nulls.Gaussian):
        scores = null.mean + null.sd * rng.standard_normal(shape)
    elif isinstance(null, nulls.Poisson):
        scores = rng.poisson(null.rate, shape).astype(float)
    else:
        scores = rng.exponential(1, shape) / null.rate
    found = detect.call(port, case, scores=np.asarray(scores, float))[0]
    yield rate_at_most("alarms", found.first > 0, case.delta)


lattice = Cases({"q": choice(0.3125, 0.25, 0.4375), "steps": choice(2, 1, 3), "length": choice(6, 5, 7)}, STREAMS)


@detect.law("closed form", cases=lattice)
def on_a_lattice_the_first_alarm_is_a_first_passage(port: Any, case: Case) -> Iterable[Fact]:
    """Scores ±1, P(+1) = q < ½, λ = log((1 - q)/q): ψ = 0, and τ is when the walk Σs first is at k.

    Its chance rises to (q/(1 - q))ᵏ with T, δ itself where h is k steps: Ville's bound is tight. δ lies half a step
    above, so that rounding decides nothing.
    """
    q, odds = case.q, case.q / (1 - case.q)
    null = nulls.Discrete(np.array([-1.0, 1.0]), np.array([1 - q, q]))
    scores, p = inputs.all_paths(null, case.length)
    found = port.detect(scores, null, lam=-np.log(odds), delta=odds ** (case.steps - 0.5))[0]
    there = np.cumsum(scores, axis=1) >= case.steps
    arrives = np.any(there, axis=1)
    yield agree("τ", found.first, np.where(arrives, np.argmax(there, axis=1) + 1, 0))
    yield at_least("limit", odds**case.steps, mean_over(p, indicator(found.first > 0, found.log_wealth[:, 0])))


@detect.law("closed form", cases=Cases({"c": choice(0.5, 0.25, 1.0)}, STREAMS))
def a_bet_in_hindsight_wins_and_none_learns_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """Fair scores ±1 and λ = c·sign(s), chosen after the score: the mean increment is exp(c)/cosh c > 1; with λ = 0 it
    is 1, and so is that of the first adaptive bet."""
    scores = np.array([[-1.0, 1.0], [1.0, 1.0]]) + 0 * case.c
    null = nulls.Discrete(scores[0], 0 * scores[0] + 0.5)
    found = port.detect(scores, null, case.c * scores)[0]
    yield equal("mean", np.mean(np.exp(found.log_increments[:, 0])), np.exp(case.c) / np.cosh(case.c))
    yield equal("no bet", port.detect(scores, null, 0 * scores)[0].log_wealth, 0 * scores, 1.0)
    yield equal("first", port.detect(scores, null, tilt="adaptive")[0].log_wealth[:, 0], 0 * scores[:, 0], 1.0)


@detect.law("conservation", cases=paths.but(lam=choice(0.5, 0.25), tilt="fixed", two_sided=False))
def waiting_costs_what_the_shift_pays(port: Any, case: Case) -> Iterable[Fact]:
    """Wald: under any other law E log M_τ = Γ·E τ for τ the first alarm or T; and E τ <= (h + E(x⁺)²/Γ)/Γ if Γ > 0."""
    values, p0 = inputs.probabilities(case.null)
    tilted = p0 * np.exp(case.shift * values)
    q = tilted / np.sum(tilted)
    _, p, found = on_all_paths(port, case, q)
    x = case.lam * values - np.log(np.sum(p0 * np.exp(case.lam * values)))
    gain, path = np.sum(q * x), list(stopped(found.reached, found.log_wealth))
    time = mean_over(p, sum(going for going, _ in path))
    value = sum(going * found.log_increments[:, t] for t, (going, _) in enumerate(path))
    yield equal("Wald", mean_over(p, value), gain * time, np.sum(q * np.abs(x)) * case.length)
    if gain > 0:
        yield at_least("delay", (np.log(1 / case.delta) + np.sum(q * np.maximum(x, 0) ** 2) / gain) / gain, time)


@detect.law("equivariance", cases=cases.but(
    null=inputs.a_null(*inputs.MOVED), lam=choice(0.25, 0.4375, None), tilts=none, tilt="fixed",
    state=none, scale=choice(2.0, 0.5, 3.0), shift=choice(1.0, -0.5),
))  # fmt: skip
def units_of_the_score_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """Scores αs + β, the null likewise and λ/α give the same evidence, α > 0 and, where λ < 0 may be, α < 0."""
    null, one = case.null, detect.call(port, case)[0]
    upwards = isinstance(null, nulls.EmpiricalUCB) or case.lam is None
    for a in (case.scale,) if upwards else (case.scale, -case.scale):
        moved = {part: a * value + case.shift for part, value in zip(null._fields, null, strict=True)}
        moved |= {part: getattr(null, part) for part in ("weights", "failure") if part in moved}
        if "sd" in moved:
            moved["sd"] = abs(a) * null.sd
        if a < 0 and "low" in moved:
            moved |= {"low": moved["high"], "high": moved["low"]}
        lam, there = case.lam and case.lam / a, null._replace(**moved)
        other = detect.call(port, case, scores=a * case.scores + case.shift, null=there, lam=lam)[0]
        yield equal(f"α = {a:g}", other.log_wealth, one.log_wealth, 4.0)


@detect.law("closed form", cases=Cases({"code": count(0), "one": some(0.25, 0.75, lambda c: (1, 1))}, STREAMS))
def the_default_bet_is_half_a_deviation(port: Any, case: Case) -> Iterable[Fact]:
    """Without lam λ is ½/σ₀, half the width of an interval counting as σ₀; deviations are summed from μ₀."""
    for kind in nulls.NULLS:
        null = inputs.made(kind, case.code, case.one.dtype)
        mean, sd = inputs.mean_and_deviation(null)
        scores = 0 * case.one + (null.low if isinstance(null, nulls.Bounded) else mean + case.one)
        found, state = port.detect(scores, null)
        yield equal(f"{kind.__name__}: λ", found.log_wealth, port.detect(scores, null, lam=0.5 / sd)[0].log_wealth, 1.0)
        yield equal(f"{kind.__name__}: s - μ₀", state.deviation, (scores - mean)[:, 0], np.abs(mean) + 1)


@detect.law("invariance", cases=cases)
def a_stream_may_come_in_parts_and_among_others(port: Any, case: Case) -> Iterable[Fact]:
    """The state carries everything from one call to the next, and a stream is what it is without the others. With one
    tilt for all scores their order does not matter to the wealth in the end."""
    whole, end = detect.call(port, case)
    T = case.scores.shape[1]
    cut = (T + 1) // 2
    parts = [None, None] if case.tilts is None else [case.tilts[:, :cut], case.tilts[:, cut:]]
    first, state = detect.call(port, case, scores=case.scores[:, :cut], tilts=parts[0])
    if cut < T:
        second, state = detect.call(port, case, scores=case.scores[:, cut:], tilts=parts[1], state=state)
        yield equal("log wealth", second.log_wealth, whole.log_wealth[:, cut:])
        yield equal("statistic", second.statistic, whole.statistic[:, cut:])
    yield equal("first part", first.log_increments, whole.log_increments[:, :cut])
    yield agree("count", state.step_count, end.step_count)
    if case.tilts is None and case.tilt == "fixed":
        backwards = detect.call(port, case, scores=case.scores[:, ::-1])[0]
        yield equal("order", backwards.log_wealth[:, -1], whole.log_wealth[:, -1])
    per_stream = {name: case[name] for name in ("scores", "tilts", "state")}
    alone = map_leaves(lambda leaf: leaf[:1] if isinstance(leaf, np.ndarray) else leaf, per_stream)
    yield equal("alone", detect.call(port, case, **alone)[0].statistic, whole.statistic[:1])


@detect.misfits(cases=cases.but(null=inputs.a_null(nulls.Gaussian, nulls.Bernoulli), tilts=none))
def bets_that_cannot_be_made_are_rejected(case: Case) -> Misfits:
    """λ = 0, λ >= b₀, λ < 0 of an upper bound, scores outside, calibration scores that are all the same."""
    ones, three = 0 * case.scores + 1, 0 * case.scores[0, :1] + np.arange(3)
    same, sample = nulls.Empirical(0 * three + 1), nulls.EmpiricalUCB(three, 0.0, 2.0, 0.5)
    e = nulls.Exponential(1.0)
    return {
        "lam = 0": {"lam": 0.0},
        "λ = b₀": {"null": e, "scores": ones, "lam": 1.0, "tilt": "fixed"},
        "-λ = b₀": {"null": e, "scores": ones, "lam": -1.0, "two_sided": True, "tilt": "fixed"},
        "tilts": {"null": e, "scores": ones, "tilts": ones},
        "-tilts": {"null": e, "scores": ones, "tilts": -ones, "two_sided": True},
        "adaptive": {"null": e, "scores": ones, "tilt": "adaptive"},
        "outside": {"null": sample, "scores": 9 * ones, "lam": 1.0, "two_sided": False},
        "λ < 0": {"null": sample, "scores": ones, "lam": -1.0, "two_sided": False},
        "two-sided": {"null": sample, "scores": ones, "lam": 1.0, "two_sided": True},
        "no spread": {"null": same, "scores": ones, "lam": None, "tilt": "fixed"},
        "no spread, adaptive": {"null": same, "scores": ones, "lam": 1.0, "tilt": "adaptive"},
    }


starts = or_none(some(-1.0, 1.0, lambda c: c.shape[:1]))
increments = Cases({"log_increments": some(-1.5, 1.5), "start": starts}, STREAMS).but(
    delta=DELTAS, **choices_of(reference.alarms)
)
alarms = system.operation(reference.alarms, cases=increments)


@alarms.law("closed form", cases=increments.but(start=none))
def restarts_are_sums_over_where_a_change_may_be(port: Any, case: Case) -> Iterable[Fact]:
    """With S = Σx: log W = max over j < t of Sₜ - Sⱼ, log R = log of the sum of their exponentials; after an alarm a
    wealth that is set back grows from 0."""
    S = np.cumsum(case.log_increments, axis=1)
    before = np.concatenate([0 * S[:, :1], S[:, :-1]], axis=1)
    cusum, sr = (alarms.call(port, case, restart=restart) for restart in ("cusum", "sr"))
    for t in range(S.shape[1]):
        since = S[:, t : t + 1] - before[:, : t + 1]
        yield equal(f"W {t}", cusum.statistic[:, t], np.max(since, axis=1))
        yield equal(f"R {t}", sr.statistic[:, t], np.log(np.sum(np.exp(since), axis=1)))
    yield at_least("W <= R", sr.statistic, cusum.statistic)
    reset = alarms.call(port, case, restart="reset", delta=0.75).statistic
    last = np.concatenate([0 * reset[:, :1], reset[:, :-1]], axis=1)
    after = np.where(last >= np.log(4 / np.longdouble(3)), 0 * last, last)
    yield equal("reset", reset - after, case.log_increments, 1.0)


@alarms.law("conservation", cases=finite.but(lam=choice(0.5, 1.5, -0.75)))
def shiryaev_and_roberts_grow_by_one_a_step(port: Any, case: Case) -> Iterable[Fact]:
    """Under the null the mean of Rₜ is t, over all paths; so that 1/δ bounds the mean run length from below."""
    values, p0 = inputs.probabilities(case.null)
    scores, p = inputs.all_paths(case.null, case.length)
    x = case.lam * scores - np.log(np.sum(p0 * np.exp(case.lam * values)))
    R = np.exp(port.alarms(x, restart="sr").statistic)
    yield equal("mean", mean_over(p, R), np.arange(1, case.length + 1))


@alarms.law("bound", cases=increments)
def the_first_alarm_is_the_first_time_that_the_threshold_is_reached(port: Any, case: Case) -> Iterable[Fact]:
    """An alarm is where the statistic is at least log(1/δ), the first one is the first; the running maximum is one."""
    found, h = alarms.call(port, case), np.log(1 / case.delta)
    T = found.statistic.shape[1]
    times = np.min(np.where(found.statistic >= h, np.arange(1, T + 1), T + 1), axis=1)
    yield agree("reached", found.reached, found.statistic >= h)
    yield agree("first", found.first, np.where(times > T, 0, times))
    for t in range(T):
        yield equal(f"largest {t}", found.running_max[:, t], np.max(found.statistic[:, : t + 1], axis=1))


watching = Cases({n: q for n, q in cases.quantities.items() if n not in ("tilts", "state")}, STREAMS)
passage = system.operation(reference.passage, cases=watching)


@passage.law("closed form", cases=watching)
def it_is_where_the_detector_stops(port: Any, case: Case) -> Iterable[Fact]:
    """τ is that of `detect`, and so are the evidence at τ, or at the end, and the largest up to there."""
    found = passage.call(port, case)
    whole, _ = detect.call(port, case, tilts=None, state=None)
    yield agree("τ", found.first, whole.first)
    T = case.scores.shape[1]
    read = np.arange(1, T + 1) <= np.where(whole.first > 0, whole.first, T)[:, np.newaxis]
    last = np.sum(read, axis=1)[:, np.newaxis] == np.arange(1, T + 1)
    yield equal("statistic", found.statistic, np.sum(np.where(last, whole.statistic, 0 * whole.statistic), axis=1))
    yield equal("largest", found.running_max, np.max(np.where(read, whole.statistic, -np.inf), axis=1))


normal = watching.but(null=inputs.a_null(nulls.Gaussian), tilt="fixed", delta=choice(0.75, 0.5))


@passage.law("invariance", cases=normal)
def what_comes_after_an_alarm_is_not_read(port: Any, case: Case) -> Iterable[Fact]:
    """Streams that go on elsewhere after their alarms have the same ones, bit for bit."""
    found, T = passage.call(port, case), case.scores.shape[1]
    after = np.arange(1, T + 1) > np.where(found.first > 0, found.first, T)[:, np.newaxis]
    other = passage.call(port, case, scores=np.where(after, case.scores + 64, case.scores))
    yield agree("τ", other.first, found.first)
    yield identical("statistic", other.statistic, found.statistic)
    yield identical("largest", other.running_max, found.running_max)


alarms.edits("""
threshold_without_logarithm: The logarithm of the evidence is held against 1/δ
    `-np.log(0 * log_increments[:, 0] + delta)` → `(0 * log_increments[:, 0] + 1 / delta)`
cusum_without_a_wall: The wealth falls without end before a change, with restart "cusum", too
    `before = np.maximum(before, 0)` → `before = np.maximum(before, -99)`
shiryaev_roberts_adds_after_the_bet: R ← R·exp x + 1
    `before = np.logaddexp(before, 0)` → `pass`,
    `path.append(before)` → `before = np.logaddexp(before, 0) if restart == "sr" else before
        path.append(before)`
shiryaev_roberts_begins_with_one: R₀ = 1
    `0 * like[:, 0] - inf if restart == "sr" else` → `0 * like[:, 0] if restart == "sr" else`
alarm_sets_nothing_back: After an alarm the wealth goes on from where it is
    `np.where(before >= threshold, 0, before)` → `np.where(before >= threshold, before, before)`
time_from_nought: The first alarm is counted from 0, and one at the first score looks like none
    `np.argmax(reached, axis=1) + 1` → `np.argmax(reached, axis=1)`
last_alarm_for_the_first: The time of the largest statistic is taken for that of the first alarm
    `np.argmax(reached, axis=1)` → `np.argmax(statistic, axis=1)`
""")
detect.edits("""
adaptive_bet_sees_its_score: The adaptive tilt of a score is made of the scores up to it, itself included
    `np.clip(past / np.maximum(counts, 1)` → `np.clip(totals / (counts + 1)`
adaptive_bet_goes_both_ways: The adaptive tilt may be negative, and its sign changes
    `/ sd / sd, 0, 2 / sd)` → `/ sd / sd, -2 / sd, 2 / sd)`
normaliser_is_missing: The evidence is exp(Σλs), without ψ
    `tilts * scores - log_mgf(tilts, null)` → `tilts * scores - 0 * log_mgf(tilts, null)`
deviations_for_scores: The bet is on s - μ₀, and ψ is that of s
    `tilts * scores - log_mgf(tilts, null)` → `tilts * (scores - mean) - log_mgf(tilts, null)`
two_sided_is_a_sum: Two-sided evidence is the sum of both wealths: every alarm twice as likely as δ says
    `np.logaddexp(up, other) - log(2)` → `np.logaddexp(up, other)`
down_side_with_the_normaliser_of_the_up_side: ψ(λ) normalises the wealth of -λ, too
    `-tilts * scores - log_mgf(-tilts, null)` → `-tilts * scores - log_mgf(tilts, null)`
default_tilt_without_units: λ = ½ by default, whatever the unit of the score is
    `(0.5 / sd if lam is None else lam)` → `(0.5 if lam is None else lam)`
wealth_begins_anew_in_every_call: The state's wealth is not used
    `up = before.up[:, np.newaxis] + np.cumsum(increments, axis=1)` → `up = np.cumsum(increments, axis=1)`
statistic_begins_anew_in_every_call: The restarted statistic is not carried from call to call
    `alarms(increments, before.statistic,` → `alarms(increments, None,`
""")
passage.edits("""
evidence_at_the_end: The evidence is that of the last score, whether there was an alarm or not
    `np.where(found.first > 0, found.first, scores.shape[1]) - 1` → `0 * found.first + scores.shape[1] - 1`
evidence_before_the_alarm: The evidence is that of the score before the alarm
    `np.where(found.first > 0, found.first, scores.shape[1]) - 1` →
        `np.maximum(np.where(found.first > 0, found.first - 1, scores.shape[1]), 1) - 1`
largest_is_the_last: The evidence there is taken for the largest up to there
    `found.running_max[streams, last]` → `found.statistic[streams, last]`
""")
