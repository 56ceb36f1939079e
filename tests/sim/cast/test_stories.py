"""When what is new counts as known, and what its figures are."""

import math

from sim.cast.stories import Story, coverage, curve, delays, rounds_of


def test_a_story_is_known_when_99_percent_have_it():
    story = Story("a:b", frozenset(range(200)), at=100.0)
    assert story.known_at() == math.inf
    story.known = {n: 100.0 + n for n in range(198)}
    assert story.known_at() == 297.0
    story.known.pop(0)
    assert story.known_at() == math.inf
    assert Story("a:b", frozenset(), at=7.0).known_at() == 7.0


def told() -> list[Story]:
    first = Story("a:b", frozenset({1, 2}), at=10.0, known={1: 11.0, 2: 14.0})
    return [first, Story("a:c", frozenset({1, 2}), at=20.0, known={1: 21.0})]


def test_figures_of_two_stories_one_of_which_does_not_arrive() -> None:
    assert coverage(told(), frozenset({1, 2})) == 0.75
    assert coverage(told(), frozenset({1})) == 1
    assert math.isnan(coverage([], frozenset({1})))
    assert delays(told()) == [4.0, math.inf]
    assert delays(told(), [(5.0, 12.0)]) == [2.0, math.inf]
    assert curve(told(), 2.0)[:3] == [(0.0, 0.0), (0.25, 0.0), (0.5, 0.5)]
    assert curve(told(), 2.0)[-1] == (2.0, 0.75)


def test_rounds_are_known_only_when_everything_has_arrived() -> None:
    assert rounds_of([4.0, 8.0], 2.0) == {"rounds_to_99": 3.0, "rounds_to_99_max": 4.0}
    assert all(math.isnan(one) for one in rounds_of(delays(told()), 2.0).values())
    assert all(math.isnan(one) for one in rounds_of([], 2.0).values())
