"""Which law comes next: what is new gets more of the time, and nobody starves."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from campaign_doubles import row

from gnomon_validation.campaign.priority import FAILING, GAINING, PLAIN, UNKNOWN, Gained, beyond


def gained(*rows):
    one = Gained(guess=1.0)
    for each in rows:
        one.add(each)
    return one


def blocks(number, **changes):
    return [row(block, **changes) for block in range(number)]


def test_a_law_of_which_little_is_known_comes_first():
    assert gained(*blocks(2)).weight == UNKNOWN


def test_a_law_whose_last_blocks_brought_nothing_new_is_plain():
    assert gained(*blocks(5)).weight == PLAIN


@pytest.mark.parametrize(
    "news",
    [{"worst_ratio": 0.5}, {"largest": 9}, {"ranges": json.dumps({"lr": [0.1, 1.0]})}, {"worst_ratio": float("inf")}],
)
def test_a_block_that_went_further_lets_the_law_gain_for_four_blocks(news):
    rows = [*blocks(5), row(5, **news)]
    again = [row(6 + i, **news) for i in range(4)]
    assert [gained(*rows, *again[:n]).weight for n in range(5)] == [GAINING] * 4 + [PLAIN]


def test_a_hyperparameter_gains_at_either_end_and_only_by_a_tenth():
    first = [row(b, ranges=json.dumps({"lr": [1.0, 2.0]})) for b in range(6)]
    for ends, weight in (((1.0, 2.1), PLAIN), ((1.0, 2.3), GAINING), ((0.95, 2.0), PLAIN), ((0.8, 2.0), GAINING)):
        assert gained(*first, row(6, ranges=json.dumps({"lr": ends}))).weight == weight


def test_a_law_that_fails_goes_on_at_a_lower_priority():
    failing = row(3, kinds='["wrong: params"]', worst_ratio=7.0)
    assert gained(*blocks(3), failing).weight == FAILING
    assert gained(failing).failed == {"wrong"}


def test_only_a_rise_counts():
    assert beyond(1.0, 0.0) and beyond(float("inf"), 1.0) and beyond(1.2, 1.0)
    assert not beyond(1.05, 1.0) and not beyond(1.0, 1.0) and not beyond(float("inf"), float("inf"))


def test_time_is_given_in_proportion_to_the_weights_and_to_all():
    """Of four laws one fails, one gains for ever, two bring nothing new; the last takes ten times as long a block."""
    laws = [gained(*blocks(6)) for _ in range(4)]
    laws[0].failed = {"wrong"}
    seconds, turns = [1.0, 1.0, 1.0, 10.0], []
    for turn in range(2000):
        number = min(range(4), key=lambda i: laws[i].share(0))
        news = {"worst_ratio": 1.2**turn} if number == 1 else {}
        laws[number].add(row(turn, seconds=seconds[number], **news))
        turns.append(number)
    spent = [turns.count(i) * seconds[i] for i in range(4)]
    assert [s / spent[2] for s in spent] == pytest.approx([FAILING, GAINING, PLAIN, PLAIN], rel=0.1)
    for number in range(4):
        at = [turn for turn, each in enumerate(turns) if each == number]
        assert max(after - before for before, after in pairwise(at)) < 100


def test_what_is_being_judged_counts_as_its_mean():
    one = gained(*blocks(4, seconds=3.0))
    assert one.share(2) == pytest.approx((12 + 6) / one.weight)
    assert Gained(guess=0.5).share(4) == pytest.approx(2.0 / UNKNOWN)
