"""Statements about probabilities, tested so that a right implementation fails with probability at most 10⁻⁹."""

from math import comb

FALSE_ALARM = 1e-9


def at_least_as_many(trials, probability, count):
    """Return P(X >= count) for X the successes among independent trials. trials: at most 1000 (of the range)."""
    assert trials <= 1000
    terms = (comb(trials, i) * probability**i * (1 - probability) ** (trials - i) for i in range(count, trials + 1))
    return min(1.0, sum(terms))


def assert_rate_at_most(probability, outcomes):
    """Assert that the rate of `True` is compatible with a probability of at most `probability`."""
    count = sum(outcomes)
    chance = at_least_as_many(len(outcomes), probability, count)
    assert chance > FALSE_ALARM, f"{count} of {len(outcomes)} where the rate is at most {probability}"
