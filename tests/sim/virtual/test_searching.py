"""People find what others have clicked; strangers' clicks are heard and weigh nothing."""

import numpy as np
import pytest

from sim.scenario.schema import Eclipse, Searches, Speaking
from sim.virtual.searching import Results, SearchDesk, attacked_words
from tests.sim.virtual.small import people, ring_of_friends, world

WORDS = Searches(words=3, clicks=3, k=4)


def searched(population=None, **changes):
    made = world(population, searches=WORDS, **changes)
    made.run(20)
    made.ask_everybody()
    return made


def test_a_search_finds_what_friends_have_clicked_for_the_word_first():
    made = searched()
    assert len(made.searches.results) == 6 * 3
    for one in made.searches.results:
        assert one.items[0] % 3 == one.word
    found = made.searches.metrics(made.hosts)
    # Everybody wants one item, which the next one has clicked.
    assert found["search_mrr"] > 0.5
    assert found["search_fakes"] == found["search_first_fake"] == found["clicks_hostile"] == 0


def test_nobody_searches_unless_told():
    made = world()
    made.run(5)
    made.ask_everybody()
    assert made.searches.metrics(made.hosts) == {}
    assert all(len(host.peer.state.clicks) == 0 for host in made.hosts)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["clicks", "click-push"])
def test_strangers_clicks_are_heard_and_count_only_where_everybody_counts(how):
    strangers = (Speaking(how=how, peers=3, words=2, rate_per_s=2),)
    found = {}
    for isolation in (0.0, 1.0):
        bare = {"search.prior_weight": 0.0, "search.corroboration": 0.0}
        made = searched(adversary=strangers, peer={"search.isolation": isolation} | bare)
        found[isolation] = made.searches.metrics(made.hosts[: made.people])
    assert found[0.0]["clicks_hostile"] > 0.1
    assert found[0.0]["search_fakes"] == found[0.0]["search_first_fake"] == 0
    assert found[1.0]["search_fakes"] > 0.2


def test_places_are_counted_among_what_she_does_not_know_yet():
    population = people([[0, 3, 6], [9]], [], wanted=[[12, 1], []])
    desk = SearchDesk(WORDS, (), population, 0)
    desk.results = [
        Results(0, 0, np.array([0, 3, 9, 12], np.int32)),  # 12 is second behind 9
        Results(0, 1, np.array([4, 7, -1, -1], np.int32)),  # 1 is not found
        Results(0, 2, np.array([2, 5, 8, 11], np.int32)),  # nothing is wanted
    ]
    assert desk.metrics(())["search_mrr"] == pytest.approx((0.5 + 0) / 2)


def test_fakes_are_counted_where_they_are_aimed_at():
    aimed = (Speaking(how="clicks", words=1),)
    desk = SearchDesk(WORDS, aimed, ring_of_friends(), 2)
    desk.results = [
        Results(0, 0, np.array([20, 3, 21, -1], np.int32)),
        Results(1, 0, np.array([3, 20, 6, 9], np.int32)),
        Results(0, 1, np.array([4, 7, -1, -1], np.int32)),
    ]
    found = desk.metrics(())
    assert found["search_fakes"] == 3 / 8
    assert found["search_first_fake"] == 1 / 2


def test_the_words_that_are_attacked():
    click = Speaking(how="clicks", words=2)
    assert attacked_words(WORDS, (click,)) == 2
    assert attacked_words(WORDS, (Speaking(how="click-push"), click)) == 3
    assert attacked_words(WORDS, (Speaking(how="flood"), Eclipse())) == 3
