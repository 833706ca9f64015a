"""Hill-ADAM: Adam that turns round, to climb hills and descend behind them, where the loss stops changing.

Each call is given the loss f and the gradient g of the current x; what it does with them is the formula of `step`.
There is no randomness and no end. With δ = 0 and no band it is Adam. What is best is remembered and is the answer.

The variant "code" is the published optimizer, with what we take for slips; "clean" is without them and the default:

c1  only a loss that becomes f_previous is recorded: none at an event, none outside of the band; f_best begins at
    999999999
c2  the two ends of the band are two blocks of the program, and the first one forgets that the second had been entered:
    below lo every call throws the moments away, so that each step there has length lr in every entry; above hi only the
    first one does. In both, every call outside is an event
c3  begun on the way up, f_best begins at -999999999, and nothing is ever recorded
c4  the weight decay is computed and thrown away
c5  Adam's corrections are computed in float32: the first step is lr·(1 - 6.6e-6) long. `bias_dtype`
c6  only the first parameter group is stepped, and what is remembered is the object that the caller passed, no copy. A
    matter of objects: `gnomon_validation.ports.peers.torch_hill_adam` has it, pure functions cannot

A direction may also change without an event in "clean": from above hi to below lo at once. The moments are kept then.

Where the source is silent. The paper could not be had: the code is all that "code" rests on, and the losses, the escape
length (`climb`) and the test of turning on the spot (`slope_change`) are ours. δ and hi are taken for what the paper
calls delta and gamma. The warning that a threshold is beyond any change of the loss is not given by the step, which
only computes: `slope_change` says it.

What is known of it. A plateau is no evidence of a stationary point: it is also met at a turning point, and where two
iterates straddle a minimum. Whoever climbs begins along the way that it came (the first step after a turn is lr·sign(g)
in the other direction), so that only overshooting, a large lr, gets across a hill. With noise the test of a plateau is
about noise: two losses with independent normal errors of deviation σ, at one place, differ by less than δ with
probability erf(δ/2σ), δ/(√π·σ) for a σ well above δ. Where |f| is large the test is about rounding:
δ = 1e-4 is a few units of the last digit, or less than one, above 1e11, in float32 above 200.

Sources: Manikandan & Gilpin, arXiv 2510.03613; github.com/2manikan/Hill-ADAM, commit 68abef4.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.descent import adam
from gnomon.descent import hill_adam as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.curvature.symmetries import negated, unchanged
from gnomon_spec.descent import elementwise
from gnomon_spec.descent.adam_family import sharp_bound
from gnomon_spec.descent.hill_adam_cases import (
    NO_BAND,
    NO_TURNS,
    VARIANTS,
    calm,
    each_call,
    fresh_state,
    loss_path,
    runs,
    steps,
    with_path,
)
from gnomon_spec.facts import Fact, agree, at_least, equal, follows, identical, same_outputs
from gnomon_spec.strategies import (
    ANY_SHAPE,
    count,
    fraction,
    indices,
    nonzero,
    number,
    permutation,
    poisons,
    shapes,
    tame,
    vector,
)
from gnomon_spec.system import WITH_ROOM, Misfits, System

system = System("hill_adam", title="Hill-ADAM", text=__doc__ or "")
starts = Cases({"params": vector(), "start": choice("min", "max"), "variant": VARIANTS}, ANY_SHAPE)
init = system.operation(reference.init, cases=starts, rejecting=starts, dtypes=WITH_ROOM)
step = system.operation(reference.step, cases=steps, rejecting=calm, dtypes=WITH_ROOM)
SEVERAL = shapes((2,), (3,), (5,), (17,))


@step.law("limit", cases=runs.but(**NO_TURNS, state=fresh_state("min"), others=with_path(tame())))
def without_thresholds_it_is_adam(port: Any, case: Case) -> Iterable[Fact]:
    """With δ = 0 and no band it is Adam, and no loss changes a bit of where it goes (H1)."""
    params, state = case.params, adam.init(case.params)
    rates = {name: case[name] for name in ("lr", "beta1", "beta2", "eps")}
    for grad in case.grads:
        params, state = adam.step(params, grad, state, **rates)
    path = [x for x, _, _ in each_call(port, case)]
    yield follows("params", np.stack(path)[-1:], params[np.newaxis])
    level = case.but(losses=0 * case.losses + 1)
    yield identical("other losses", path[-1], [x for x, _, _ in each_call(port, level)][-1])


@step.law("invariance", cases=runs.but(**NO_BAND, delta=choice(0.75, 0.25)))
def after_a_turn_it_begins_anew(port: Any, case: Case) -> Iterable[Fact]:
    """From one event to the next it is Adam from a fresh state, up or down, bit for bit (H2)."""
    before, begun, other = case.params, None, None
    for (params, _, report), grad, loss in zip(each_call(port, case), case.grads, case.losses, strict=True):
        if report.reset:
            begun, other = port.init(before, start="max" if report.ascending else "min"), before
        if begun is not None:
            changed = {**case.hyper, **NO_TURNS}
            other, begun, _ = port.step(other, grad, begun, loss, **changed)
        before = params
    yield identical("params", before, before if other is None else other)


@step.law("closed form", cases=calm.but(delta=0.5, hi=200.0, lo=-200.0, why=choice("plateau", "hi", "lo")))
def the_first_step_after_a_turn_is_as_long_as_lr(port: Any, case: Case) -> Iterable[Fact]:
    """At an event x moves by lr·g/(|g|+ε), up where it turned up, down where it turned down: back the way that it came,
    if that was no hill; the moments are those of g alone and its turn is reported (H3, H12)."""
    loss = {"plateau": 1.0, "hi": 201.0, "lo": -201.0}[case.why] + 0 * case.loss
    previous = loss + (0.25 if case.why == "plateau" else 4)
    state = case.state._replace(previous_loss=previous, inside=True)
    params, after, report = step.call(port, case, state=state, loss=loss)
    up = {"plateau": not case.state.ascending, "hi": False, "lo": True}[case.why]
    d = case.lr * case.grad / (np.abs(case.grad) + case.eps)
    yield equal("params", params, case.params + d if up else case.params - d)
    yield equal("first_moment", after.first_moment, (1 - case.beta1) * case.grad)
    yield equal("second_moment", after.second_moment, (1 - case.beta2) * case.grad**2)
    yield agree("turn", [report.event, report.ascending, after.ascending, report.reset], [case.why, up, up, True])
    yield agree("state", [after.inside, after.step_count], [case.why == "plateau", 1])
    yield agree("forgets", bool(np.isnan(after.previous_loss)), True)


@step.law("fixed point", cases=runs.but(state=fresh_state("min"), **NO_BAND, delta=choice(0.75, 0.25)))
def at_a_stationary_point_it_turns_on_the_spot(port: Any, case: Case) -> Iterable[Fact]:
    """While the gradient is 0, x stays, bit for bit, and there is a plateau at every second call (H4)."""
    level = case.but(losses=0 * case.losses + 1, grads=0 * case.grads)
    seen = list(each_call(port, level))
    for params, _, _ in seen:
        yield identical("params", params, case.params)
    yield agree("events", [r.event for *_, r in seen], ["", "plateau"] * (len(seen) // 2) + [""] * (len(seen) % 2))


def along_a_slope(
    port: Any, case: Case, d: Any, places: list[int], events: list[str], **thresholds: Any
) -> Iterable[Fact]:
    """Claim where a run on f = c·x from 0 goes, in steps of d, and its events; c is the gradient of the case.

    Nothing is recorded: whether a loss that returns is lower than before is a matter of rounding.
    """
    params, state, path, met = 0 * case.grad, case.state._replace(best_loss=-case.state.best_loss), [], []
    for _ in places:
        loss = np.sum(case.grad * params)
        params, state, report = step.call(port, case, params=params, state=state, loss=loss, **thresholds)
        path.append(params)
        met.append(report.event)
    yield equal("params", np.stack(path), np.array(places)[:, np.newaxis] * d, scale=max(map(abs, places)) * np.abs(d))
    yield agree("events", met, events)


slopes = calm.but(
    grad=nonzero,
    state=fresh_state("min"),
    times=count(8, 5, 12, low=5, high=12),
    eps=1e-8,
    factor=choice(2.0, 4.0, 8.0),
)


@step.law("closed form", cases=slopes.but(**NO_BAND))
def on_a_gentle_slope_it_goes_to_and_fro(port: Any, case: Case) -> Iterable[Fact]:
    """On f = c·x with lr·Σcᵢ²/(|cᵢ|+ε) < δ it moves by -d, 0, d, 0, … and turns at every second call: it cannot come
    closer than ‖g‖₁ ~ δ/lr to anything (H5, E4)."""
    d = case.lr * case.grad / (np.abs(case.grad) + case.eps)
    places = [(-1, 0, 1, 0)[k % 4] for k in range(case.times)]
    events = [("", "plateau")[k % 2] for k in range(case.times)]
    yield from along_a_slope(port, case, d, places, events, delta=case.factor * np.sum(case.grad * d))


@step.law("closed form", cases=slopes.but(above=count(1, 2, high=5), below=count(2, 1, 0, high=5)))
def on_a_steep_slope_it_goes_from_end_to_end_of_the_band(port: Any, case: Case) -> Iterable[Fact]:
    """On f = c·x with D = lr·Σcᵢ²/(|cᵢ|+ε) > δ every step changes f by D, it turns only outside of the band, and f is
    never farther out than D (H6)."""
    d = case.lr * case.grad / (np.abs(case.grad) + case.eps)
    change, places, events, place, way = np.sum(case.grad * d), [], [], 0, -1
    for _ in range(case.times):
        events.append("hi" if place > case.above else "lo" if place < -case.below else "")
        way = {"hi": -1, "lo": 1, "": way}[events[-1]]
        place += way
        places.append(place)
    ends = {"hi": (case.above + 0.5) * change, "lo": -(case.below + 0.5) * change}
    yield from along_a_slope(port, case, d, places, events, delta=change / case.factor, **ends)


@step.law("bound", cases=runs)
def two_plateaus_are_two_calls_apart(port: Any, case: Case) -> Iterable[Fact]:
    """After an event, and after a call outside of the band, there is no plateau at the next call (H7)."""
    seen, close, was_silent = list(each_call(port, case)), 0, True
    for (_, state, report), loss in zip(seen, case.losses, strict=True):
        close += was_silent and report.event == "plateau"
        was_silent = report.event != "" or not state.inside
        yield agree("previous_loss", bool(np.isnan(state.previous_loss)), was_silent)
        yield identical("previous_loss", state.previous_loss, loss * (np.nan if was_silent else 1))
    yield agree("plateaus", close, 0)


@step.law("conservation", cases=runs.but(variant="clean"))
def the_lowest_loss_is_remembered(port: Any, case: Case) -> Iterable[Fact]:
    """What is recorded is the lowest of all losses that were passed, whatever happened, and the first x that had it,
    bit for bit (H8)."""
    seen, before = list(each_call(port, case)), [case.params]
    before += [params for params, _, _ in seen]
    for k, (_, state, _) in enumerate(seen):
        lowest = int(np.argmin(case.losses[: k + 1]))
        yield identical("best_loss", state.best_loss, case.losses[lowest])
        yield identical("best_params", state.best_params, before[lowest])


@step.law("bound", cases=runs.but(variant="code", **NO_BAND, state=fresh_state("min")))
def the_code_misses_less_than_a_plateau(port: Any, case: Case) -> Iterable[Fact]:
    """Inside of the band the code's best loss is the lowest but for those at plateaus, which are less than δ lower
    (c1, H8); begun on the way up it records nothing (c3)."""
    seen, best = list(each_call(port, case)), np.inf
    for (_, state, report), loss in zip(seen, case.losses, strict=True):
        best = best if report.event else min(best, loss)
        yield identical("best_loss", state.best_loss, best + 0 * loss)
    yield at_least("missed", case.losses.min() + max(case.delta, 0), best + 0 * case.losses[0])
    up = case.state._replace(ascending=True, best_loss=case.state.best_loss * -1)
    _, state, _ = step.call(port, case, grad=case.grads[0], state=up, loss=case.losses[0])
    yield agree("nothing recorded", bool(np.all(np.isnan(state.best_params))), True)


def moved(value: Any, case: Case) -> Any:
    return -elementwise.rearranged(value, case)


step.symmetry(
    "equivariance",
    "entries_know_neither_their_place_nor_their_sign",
    "Rearranging the entries of all inputs and negating parameters and gradients does so with the outputs, bit for bit "
    "(H10)",
    cases=calm.but(order=permutation()).shaped(SEVERAL),
    inputs={
        **dict.fromkeys(("params", "grad", "state.first_moment", "state.best_params"), moved),
        "state.second_moment": elementwise.rearranged,
    },
    outputs=dict.fromkeys(("params", "first_moment", "best_params"), moved),
    same=identical,
)
elementwise.declare_shift(step, calm, "state.best_params", best_params=elementwise.shifted)
step.symmetry(
    "invariance",
    "the_unit_of_the_loss_does_not_matter",
    "With loss, gradient, δ, hi, lo and ε times 2ᵏ the parameters are the same, bit for bit, and best_loss is 2ᵏ times "
    "as large (H9)",
    cases=calm.but(power=count(1, 3, low=-20, high=20)),
    inputs={
        **dict.fromkeys(("loss", "grad", "delta", "hi", "lo", "eps"), elementwise.scaled(1)),
        **dict.fromkeys(("state.previous_loss", "state.best_loss", "state.first_moment"), elementwise.scaled(1)),
        "state.second_moment": elementwise.scaled(2),
    },
    outputs={"params": unchanged, "best_loss": elementwise.scaled(1)},
    same=identical,
)
step.symmetry(
    "invariance",
    "a_constant_in_the_loss_does_not_matter",
    "With a constant added to the loss, to hi and to lo everything goes the same way (H10)",
    cases=calm.but(
        delta=choice(0.5, 1.0), hi=choice(200.0, 2.0), lo=choice(-100.0, -2.0), shift=choice(64.0, 1.0, 16.0)
    ),
    inputs=dict.fromkeys(("loss", "hi", "lo", "state.previous_loss", "state.best_loss"), elementwise.shifted),
    outputs={"params": unchanged, "event": unchanged},
)
step.symmetry(
    "invariance",
    "climbing_is_descending_the_negative",
    "Of the negative loss, the band mirrored, the other direction is taken to the same parameters, bit for bit "
    "(H11): not so in the code (c2)",
    cases=calm.but(variant="clean"),
    inputs={
        **dict.fromkeys(("loss", "grad", "state.first_moment", "state.previous_loss"), negated),
        "state.ascending": lambda value, case: not value,
        "hi": lambda value, case: -case.lo,
        "lo": lambda value, case: -case.hi,
    },
    outputs={"params": unchanged, "reset": unchanged, "inside": unchanged},
    same=identical,
)


@step.law("bound", cases=runs.but(beta2=fraction(0.999, 0.5, 0.99)))
def no_step_is_longer_than_the_sharp_bound(port: Any, case: Case) -> Iterable[Fact]:
    """The t-th step since the moments were thrown away moves no entry by more than lr·S(t), as in Adam: that is how far
    it may leave the band (E2, H12)."""
    before = case.params
    for params, state, _ in each_call(port, case):
        bound = case.lr * sharp_bound(case.beta1, case.beta2, state.step_count)
        yield at_least("bound", bound + 0 * params, np.abs(params - before))
        before = params


@step.law("conservation", cases=calm.but(delta=0.5, hi=2.0, lo=-2.0, far=choice(3.0, -3.0)))
def a_plateau_comes_before_the_band(port: Any, case: Case) -> Iterable[Fact]:
    """Where the loss has stopped changing outside of the band, it turns for that; the band has its say at the next call
    (H13)."""
    loss = case.far + 0 * case.loss
    state = case.state._replace(previous_loss=loss, inside=True)
    params, state, report = step.call(port, case, state=state, loss=loss)
    yield agree("event", [report.event, report.ascending], ["plateau", not case.state.ascending])
    _, _, report = step.call(port, case, params=params, state=state, loss=loss)
    yield agree("event after", [report.event, report.ascending], ["hi" if case.far > 0 else "lo", case.far < 0])


outside = runs.but(
    lo=-5.0, hi=5.0, state=fresh_state("min"), far=choice(-9.0, 9.0), losses=loss_path(), grads=with_path(nonzero)
)


@step.law("closed form", cases=outside)
def outside_of_the_band_only_the_entry_counts(port: Any, case: Case) -> Iterable[Fact]:
    """Beyond an end of the band it heads back by Adam from a fresh state, and only the first call is an event; but the
    code begins anew at every call below lo, where all steps are lr long, and calls every call there and above hi an
    event, and records nothing of it (c1, c2, H14)."""
    low, code = case.far < 0, case.variant == "code"
    there = case.but(losses=0 * case.losses + case.far)
    seen = list(each_call(port, there))
    params, state = case.params, port.init(case.params, start="max" if low else "min", variant=case.variant)
    for k, (grad, loss) in enumerate(zip(case.grads, there.losses, strict=True)):
        if low and code:
            before = case.params if k == 0 else seen[k - 1][0]
            move = case.lr * grad / (np.abs(grad) + case.eps)
            yield equal("step below", seen[k][0], before + move)
        else:
            params, state, _ = port.step(params, grad, state, loss, **{**case.hyper, **NO_TURNS})
            yield identical("params", seen[k][0], params)
    first, last = "lo" if low else "hi", seen[-1][1]
    yield agree("events", [r.event for *_, r in seen], [first, *[first if code else ""] * (len(seen) - 1)])
    yield agree("recorded", bool(np.all(np.isfinite(last.best_params))), not code)


@step.law("invariance", cases=calm.but(variant="code", decay=number(0.01, 0.5, 1.0)))
def the_code_ignores_its_weight_decay(port: Any, case: Case) -> Iterable[Fact]:
    """In the code the weight decay changes no bit of anything (c4)."""
    decayed = step.call(port, case, weight_decay=case.decay)
    yield from same_outputs("params", decayed, step.call(port, case), identical)


@step.law("closed form", cases=calm.but(variant="code", bias_dtype="float32", **NO_TURNS, state=fresh_state("min")))
def corrections_in_single_precision_shorten_the_first_step(port: Any, case: Case) -> Iterable[Fact]:
    """With float32 corrections the first step is lr/p₁·(1-β₁)g/(√((1-β₂)g²)/√p₂ + ε), p = 1 - β as float32 rounds it:
    6.6e-6 of lr shorter for the default βs (c5)."""
    params, _, _ = step.call(port, case)
    one, lr, *betas = (np.float32(float(number)) for number in (1, case.lr, case.beta1, case.beta2))
    rate, root = one / (one - betas[0]) * lr, np.sqrt(one - betas[1])
    m, v = (1 - case.beta1) * case.grad, (1 - case.beta2) * case.grad**2
    yield equal("params", params, case.params - float(rate) * m / (np.sqrt(v) / float(root) + case.eps))


@step.law("conservation", cases=calm.but(variant="code", delta=1.0, hi=2.0, lo=-2.0))
def a_nan_in_the_loss_turns_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """In the code a NaN for a loss is no event, at that call and at the next; the step is taken, nothing recorded
    (H18)."""
    state = case.state._replace(previous_loss=0 * case.loss)
    params, after, report = step.call(port, case, state=state, loss=np.nan * case.loss)
    lower = state._replace(best_loss=0 * case.loss)
    expected, _, _ = step.call(port, case, state=lower, loss=1.5 + 0 * case.loss)
    yield agree("turn", [report.event, report.ascending, after.inside], ["", case.state.ascending, True])
    yield identical("params", params, expected)
    yield identical("best_params", after.best_params, case.state.best_params)
    _, _, report = step.call(port, case, params=params, state=after, loss=0 * case.loss)
    yield agree("event after", report.event, "")


@step.law("conservation", cases=calm.but(variant="code", place=indices(), bad=poisons).shaped(SEVERAL))
def a_bad_gradient_stays_in_its_place(port: Any, case: Case) -> Iterable[Fact]:
    """In the code a NaN or infinite entry of the gradient leaves every other entry as it was, bit for bit (H18)."""
    poison = np.arange(case.grad.size) == case.place
    right, state, _ = step.call(port, case)
    wrong, other, _ = step.call(port, case, grad=np.where(poison, case.bad, case.grad))
    yield identical("params", wrong[~poison], right[~poison])
    yield identical("first_moment", other.first_moment[~poison], state.first_moment[~poison])


@step.misfits(cases=calm.but(bad=poisons))
def what_does_not_go_together_is_rejected(case: Case) -> Misfits:
    """An empty band is rejected; by "clean" also what only the code has, and a loss or gradient that is not finite."""
    bad: dict[str, dict[str, Any]] = {"lo = hi": {"lo": 1.0, "hi": 1.0}}
    if case.variant == "clean":
        bad |= {
            "weight_decay with 'clean'": {"weight_decay": 0.5},
            "bias_dtype with 'clean'": {"bias_dtype": "float32"},
            "loss not finite": {"loss": case.bad * (1 + 0 * case.loss)},
            "grad not finite": {"grad": case.bad + 0 * case.grad},
        }
    return bad


init.edits("""
start_ignored: The start says up and the first direction is down
    `start == "max"` → `False`
best_begins_at_zero: The lowest loss so far begins at 0, so that positive losses are never recorded
    `inf if variant == "clean"` → `0 if variant == "clean"`
""")
