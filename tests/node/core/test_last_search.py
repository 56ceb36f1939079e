"""The last list of each person, for an hour, of few people."""

from node.core.last_search import KEPT_MAX, VALID_S, LastSearches, Shown


def test_a_place_is_of_the_last_list_only():
    last = LastSearches()
    last.showed("ada", ("night",), ["t:1", "t:2"], now=0)
    assert last.place("ada", "t:2", now=5) == Shown(("night",), 1)
    assert last.place("bob", "t:2", now=5) is None
    last.showed("ada", ("day",), ["t:3"], now=6)
    assert last.place("ada", "t:2", now=7) is None
    assert last.place("ada", "t:3", now=7) == Shown(("day",), 0)


def test_it_is_forgotten_after_an_hour():
    last = LastSearches()
    last.showed("ada", ("night",), ["t:1"], now=0)
    assert last.place("ada", "t:1", now=VALID_S) is not None
    assert last.place("ada", "t:1", now=VALID_S + 1) is None


def test_few_people_are_remembered_the_last_to_search():
    last = LastSearches()
    for k in range(KEPT_MAX + 1):
        last.showed(f"p{k}", ("w",), ["t:1"], now=k)
        last.showed("p0", ("w",), ["t:1"], now=k)
    assert last.place("p0", "t:1", now=KEPT_MAX) is not None
    assert last.place("p1", "t:1", now=KEPT_MAX) is None
    assert last.place("p2", "t:1", now=KEPT_MAX) is not None
