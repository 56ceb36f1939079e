import numpy as np
import pytest

from sim.demo.cast import VOUCHES_EACH, hosted, make_attackers, make_cast
from sim.demo.dataset import Dataset
from sim.demo.sybil import ATTACK_EDGES, FAKE_FILMS, IDENTITIES_PER_EDGE


@pytest.fixture(scope="module")
def data() -> Dataset:
    """60 people with 40 ratings each of 400 films."""
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(60), 40).astype(np.int32)
    film = np.concatenate([rng.permutation(400)[:40] for _ in range(60)]).astype(np.int32)
    stars = rng.integers(1, 6, person.size).astype(np.int8)
    time = rng.integers(8 * 10**8, 9 * 10**8, person.size)
    films = tuple(str(k) for k in range(400))
    return Dataset(person, film, stars, time, films[:60], films, films)


def test_the_seed_and_the_day_decide_everything(data) -> None:
    one, same, other = (make_cast(data, seed=s, today=20_000) for s in (1, 1, 2))
    assert (one.feeds, one.vouches, one.vouches_at_random) == (
        same.feeds,
        same.vouches,
        same.vouches_at_random,
    )
    assert one.feeds != other.feeds


def test_what_is_wanted_was_told_to_nobody(data) -> None:
    cast = make_cast(data, seed=1, today=20_000)
    for name, feed in cast.feeds.items():
        assert cast.wanted[name].isdisjoint(feed.items)
    assert sum(map(len, cast.wanted.values())) > 100


def test_everybody_vouches_for_a_few(data) -> None:
    cast = make_cast(data, seed=1, today=20_000)
    for vouches in (cast.vouches, cast.vouches_at_random):
        assert {who for who, _ in vouches} | {whom for _, whom in vouches} <= set(cast.names)
        cast_by = [sum(who == name for who, _ in vouches) for name in cast.names]
        assert max(cast_by) <= VOUCHES_EACH
    assert sorted(who for who, _ in cast.vouches) == sorted(w for w, _ in cast.vouches_at_random)


def test_attackers_are_let_in_by_honest_people_only(data) -> None:
    attackers = make_attackers(data, seed=1, today=20_000)
    assert len(attackers.feeds) == ATTACK_EDGES * IDENTITIES_PER_EDGE
    assert len(set(attackers.fooled)) == len(attackers.heads) == ATTACK_EDGES
    assert set(attackers.fooled).isdisjoint(attackers.feeds)
    assert {who for who, _ in attackers.vouches} == set(attackers.heads)
    assert {whom for _, whom in attackers.vouches} | set(attackers.heads) == set(attackers.feeds)


def test_every_item_has_a_title(data) -> None:
    cast = make_cast(data, seed=1, today=20_000)
    attackers = make_attackers(data, seed=1, today=20_000)
    told = {i for feeds in (cast.feeds, attackers.feeds) for f in feeds.values() for i in f.items}
    assert told <= set(cast.title_of)
    assert sum(item.startswith("ml:movie:fake-") for item in told) == FAKE_FILMS


def test_everybody_lives_somewhere_once() -> None:
    homes = hosted([str(k) for k in range(943)], 8)
    assert sorted(name for home in homes for name in home) == sorted(str(k) for k in range(943))
    assert {len(home) for home in homes} == {117, 118}
