"""An index that follows: against looking at all, whatever has come and gone since it was made."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.embedding import Embedding, EmbeddingConfig
from ranking.similar import SimilarConfig, near_exact
from ranking.similar_index import Picture, SimilarIndex, loaded, saved
from tests.ranking.test_similar import Seen

CONFIG = SimilarConfig(embedding=EmbeddingConfig(dimensions=32), followed_max=100)
KEY = np.array([1, 2], np.uint64)
PEOPLE, ITEMS = 60, 400
NONE = np.empty(0, np.int32)


def tastes(seed=0, people=PEOPLE, items=ITEMS - 40):
    """{person: {item: 1}}: six groups, 40 items each of 60 and some of anybody's."""
    rng = np.random.default_rng(seed)
    made = {}
    for v in range(1, people + 1):
        own = rng.choice(items // 6, 35, replace=False) * 6 + v % 6
        made[v] = dict.fromkeys([*own.tolist(), *rng.choice(items, 5).tolist()], 1.0)
    return made


def seen(likes, trusted=None, config=CONFIG):
    trusted = trusted or range(1, PEOPLE + 1)
    t = dict.fromkeys(trusted, 1 / len(trusted))
    return Seen(likes, t, config, n_authors=PEOPLE + 20, n_items=ITEMS)


def picture(made, hidden=NONE):
    return Picture(made.around, hidden)


def built(made, config=CONFIG, hidden=NONE):
    embedding = Embedding.of(made.around, config.embedding)
    return list(SimilarIndex.building(picture(made, hidden), embedding, config, KEY))[-1]


def recall(index, made, placed, hidden=NONE):
    """Part of the ten nearest by looking at all, with the index's own profiles, that it finds."""
    hits = of = 0
    for item in range(0, ITEMS - 40, 7):
        exact = {o.item for o in near_exact(index.embedding, made.around, item, 10, hidden)}
        hits += len(exact & {o.item for o in index.near(placed, item, 10)})
        of += len(exact)
    return hits / of


def test_it_finds_what_looking_at_all_finds():
    made = seen(tastes())
    index = built(made)
    placed = index.follow(picture(made))
    assert index.drift == 0
    assert recall(index, made, placed) >= 0.95
    exact = near_exact(index.embedding, made.around, 12, 5, NONE)
    found = index.near(placed, 12, 5)
    assert [o.item for o in found] == [o.item for o in exact]
    assert [o.likeness for o in found] == pytest.approx([o.likeness for o in exact], abs=1e-5)
    assert index.near(placed, ITEMS - 1, 5) == [], "nobody has it"


def test_new_items_come_in_and_those_nobody_has_any_more_go():
    likes = tastes()
    config = replace(CONFIG, kappa=0.0)  # or new ones would stand below those that more have
    index = built(seen(likes, config=config), config)
    gone = {5, 11, 17}
    for items in likes.values():
        for item in gone:
            items.pop(item, None)
    for v in (6, 12, 18, 24):
        likes[v] |= dict.fromkeys(range(ITEMS - 40, ITEMS - 30), 1.0)
    made = seen(likes, config=config)
    placed = index.follow(picture(made))
    near = {o.item for o in index.near(placed, ITEMS - 40, 9)}
    assert near == set(range(ITEMS - 39, ITEMS - 30))
    everything = {o.item for i in range(ITEMS) for o in index.near(placed, i, 20)}
    assert not everything & gone
    assert recall(index, made, placed) >= 0.95
    assert 0 < index.drift < 0.1


def test_hidden_items_are_found_no_more_and_again_when_shown():
    made = seen(tastes())
    index = built(made)
    placed = index.follow(picture(made))
    first = index.near(placed, 0, 5)[0].item
    hidden = np.array([first], np.int32)
    placed = index.follow(picture(made, hidden))
    assert first not in {o.item for o in index.near(placed, 0, 50)}
    placed = index.follow(picture(made))
    assert index.near(placed, 0, 5)[0].item == first


def test_it_is_stale_when_a_tenth_has_changed():
    likes = tastes()
    index = built(seen(likes))
    more = {v: tastes(seed=1)[v] for v in range(1, 4)}
    index.follow(picture(seen(likes | {v: likes[v] | more[v] for v in more})))
    assert 0.02 < index.drift < 0.1
    assert not index.stale
    more = {v: tastes(seed=1)[v] for v in range(1, 20)}
    index.follow(picture(seen(likes | {v: likes[v] | more[v] for v in more})))
    assert index.stale


def test_it_is_stale_when_trust_is_with_others():
    likes = tastes()
    index = built(seen(likes))
    index.follow(picture(seen(likes, range(1, PEOPLE - 2))))
    assert index.drift == pytest.approx(3 / PEOPLE, abs=0.03)
    index.follow(picture(seen(likes, range(1, 30))))
    assert index.stale


def test_only_so_many_are_moved_for_one_question():
    config = replace(CONFIG, followed_max=7)
    likes = tastes()
    index = built(seen(likes), config)
    before = len(index)
    likes[6] |= dict.fromkeys(range(ITEMS - 40, ITEMS - 20), 1.0)
    made = seen(likes)
    for expected in (7, 14, 20, 20):
        index.follow(picture(made))
        assert len(index) == before + expected


def test_memory_is_bounded_and_the_least_known_items_are_left_out():
    made = seen(tastes())
    each = built(made).nbytes // len(built(made))
    config = replace(CONFIG, bytes_max=built(made).embedding.nbytes + 100 * each)
    index = built(made, config)
    assert 80 <= len(index) <= 130
    assert index.nbytes <= config.bytes_max * 1.05
    placed = index.follow(picture(made))
    assert len(index) <= 130
    assert index.drift == 0, "what was left out is no change"
    mass = made.around.mass()
    found = {o.item for i in range(ITEMS) for o in index.near(placed, i, 200)}
    assert mass[sorted(found)].min() >= np.sort(mass)[-len(found)] * 0.99
    rare = int(np.flatnonzero(mass == mass[mass > 0].min())[0])
    assert index.near(placed, rare, 5), "it may be asked about all the same"


def test_the_same_graph_gives_the_same_index_whatever_its_rows_are():
    made = [built(seen(tastes())) for _ in range(2)]
    states = [index.nearest.state()[0]["data_level0"].tobytes() for index in made]
    assert states[0] == states[1]


def test_strangers_change_no_bit_of_it():
    likes = tastes()
    crowd = {PEOPLE + 1 + k: {0: 1.0, ITEMS - 1: 1.0} for k in range(15)}
    alone, crowded = built(seen(likes)), built(seen(likes | crowd))
    assert alone.entries.embedded.tobytes() == crowded.entries.embedded.tobytes()
    a, b = (index.nearest.state()[0]["data_level0"].tobytes() for index in (alone, crowded))
    assert a == b


# ------------------------------------------------------------------------------------ to a file
def test_it_comes_back_from_its_arrays_and_goes_on():
    likes = tastes()
    index = built(seen(likes))
    back = loaded(saved(index), CONFIG)
    likes[6] |= {ITEMS - 1: 1.0}
    made = seen(likes)
    for one in (index, back):
        placed = one.follow(picture(made))
        assert recall(one, made, placed) >= 0.95
    assert back.drift == index.drift
    assert back.near(placed, 0, 10) == index.near(placed, 0, 10)
    assert back.key.tolist() == KEY.tolist()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 99),
        ("entries", []),
        ("key", np.zeros(3, np.uint64)),
        ("identity", np.zeros(2, np.uint64)),
        ("mixed", np.zeros(5, np.float32)),
        ("next_label", 3),
        ("dimensions", 16),
        ("nearest", []),
    ],
    ids=str,
)
def test_what_does_not_fit_together_is_refused(name, value):
    arrays = saved(built(seen(tastes())))
    assert name in arrays
    with pytest.raises(ValueError, match="index"):
        loaded(arrays | {name: value}, CONFIG)
