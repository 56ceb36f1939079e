"""The way of what is new."""

import math

from sim.scenario.schema import News, Partition
from tests.sim.virtual.small import ring_of_friends, world


def test_each_new_like_is_followed_to_everybody_interested():
    made = world(ring_of_friends(8), news=News(items=4, from_s=4, until_s=10))
    made.run(3.9)
    assert math.isnan(made.news.coverage(made.there()))
    made.run(20)
    assert [round(s.at - made.shell.heap.now + 20) for s in made.news.stories] == [4, 6, 8, 10]
    assert made.news.coverage(made.there()) == 1
    assert all(0 < delay < 3 for delay in made.news.delays())
    for story in made.news.stories:
        assert set(story.known) == story.interested
        assert story.size > 200
    curve = made.news.curve(1.0)
    assert curve[0] == (0.0, 0.0)
    assert curve[-1][1] == 1.0
    assert [y for _, y in curve] == sorted(y for _, y in curve)


def test_only_those_who_are_interested_count():
    made = world(ring_of_friends(10, each=1), news=News(items=2, from_s=4, until_s=5, interest=0.3))
    made.run(20)
    for story in made.news.stories:
        assert len(story.interested) == 3
        assert set(story.known) == story.interested


def test_what_is_said_during_a_partition_counts_from_when_it_heals():
    made = world(
        ring_of_friends(6, each=3),
        partition=(Partition(at=3, until=30),),
        news=News(items=1, from_s=5, until_s=5),
    )
    made.run(29)
    assert made.news.delays() == [math.inf]
    assert 0 < made.news.coverage(made.there()) < 1
    made.run(50)
    (delay,) = made.news.delays()
    assert 0 < delay < 20


def test_a_speaker_who_is_away_speaks_when_she_is_back():
    made = world(ring_of_friends(6), news=News(items=1, from_s=5, until_s=5))
    made.run(3)
    (speaker,) = [h for h in made.hosts if h.number not in made.news.stories[0].interested]
    speaker.stop()
    made.run(9)
    assert made.news.stories[0].at == math.inf
    speaker.start()
    made._came(speaker)
    made.run(20)
    assert made.news.coverage(made.there()) == 1


def test_what_a_speaker_says_in_one_bundle_counts_as_often_as_she_says_it():
    made = world(ring_of_friends(6), news=News(items=12, from_s=4, until_s=6))
    made.run(3)
    for host in made.hosts:
        host.stop()
    made.run(9)
    for host in made.hosts:
        host.start()
        made._came(host)
    made.run(30)
    bundles = [stories for stories in made.news._by_bundle.values() if len(stories) > 1]
    assert bundles
    assert made.news.coverage(made.there()) == 1
