"""Tags as contexts: against sets and sums; strangers say nothing, whatever they say."""

import numpy as np
import pytest

from ranking.tag_contexts import (
    Tags,
    each_once,
    shared_tags,
    tags_only,
    trusted_statements,
    with_tags,
)
from tests.ranking import naive_embedding as naive
from tests.ranking.test_similar import Seen, names

AUTHORS, ITEMS, NAMED, WORDS, WEIGHT = 12, 10, 8, 6, 0.3
TRUST = {1: 0.5, 2: 0.25, 3: 0.25}


def world(seed=0):
    """Tags' own item row k is the graph's item k + 5 up to 4, others the graph does not know."""
    rng = np.random.default_rng(seed)
    people = Seen(
        {v: {v % 5: 1.0, 9: 1.0} for v in range(1, 6)}, TRUST, None, AUTHORS, ITEMS
    ).around
    stated = rng.integers(0, (6, NAMED, WORDS), (40, 3)).astype(np.int32)
    identity = np.concatenate((people.item_identity[5:], names(NAMED - 5, 7)))
    return people, Tags(stated, identity, names(WORDS, 8))


def trust():
    t = np.zeros(AUTHORS, np.float32)
    for v, part in TRUST.items():
        t[v] = part
    return t


def test_a_tag_counts_with_the_trust_of_those_who_say_it_each_once():
    people, tags = world()
    made = with_tags(people, tags, trust(), WEIGHT)
    expected = {}
    for v, item, tag in {tuple(row) for row in tags.stated.tolist()}:
        if v in TRUST:
            key = made.row_of[item], tag
            expected[key] = expected.get(key, 0.0) + TRUST[v]
    contexts = made.around.kinds[-1]
    said = naive.dense(contexts.of_items, made.around.n_items, WORDS)
    assert (said == naive.dense(contexts.items_of, WORDS, made.around.n_items).T).all()
    assert {(i, t): x for i, t in zip(*said.nonzero(), strict=True) for x in [said[i, t]]} == (
        pytest.approx(expected, rel=0.03)
    )
    assert set(contexts.scale[said.any(axis=0)]) == {np.float32(WEIGHT)}
    assert not contexts.scale[~said.any(axis=0)].any()


def test_items_that_only_tags_know_get_rows_behind_the_graphs():
    people, tags = world()
    made = with_tags(people, tags, trust(), WEIGHT)
    assert made.first_cold == ITEMS
    said = {item for v, item, _ in tags.stated.tolist() if v in TRUST}
    for item in range(NAMED):
        row = made.row_of[item]
        if item not in said:
            assert row == -1
        else:
            assert made.around.item_identity[row] == tags.item_identity[item]
            assert (row >= ITEMS) == (item >= 5)
            assert row < ITEMS or made.own_row(row) == item


def test_strangers_say_nothing():
    people, tags = world()
    crowd = np.column_stack((np.full(50, 5), np.arange(50) % NAMED, np.arange(50) % WORDS))
    more = Tags(np.concatenate((tags.stated, crowd.astype(np.int32))), *tags_of(tags))
    a, b = (with_tags(people, one, trust(), WEIGHT) for one in (tags, more))
    assert (a.stated == b.stated).all()
    assert all(
        x.tobytes() == y.tobytes()
        for x, y in zip(a.around.kinds[-1][0], b.around.kinds[-1][0], strict=True)
    )
    unheard = Tags(crowd.astype(np.int32), *tags_of(tags))
    nothing = with_tags(people, unheard, trust(), WEIGHT)
    assert (nothing.row_of == -1).all()
    assert not nothing.around.kinds[-1].scale.any()


def tags_of(tags):
    return tags.item_identity, tags.tag_identity


def test_no_tags_at_all():
    people, _ = world()
    nothing = Tags(np.empty((0, 3), np.int32), np.empty(0, np.uint64), np.empty(0, np.uint64))
    made = with_tags(people, nothing, trust(), WEIGHT)
    assert made.around.n_items == ITEMS
    assert made.around.mass() == pytest.approx(people.mass())
    assert not tags_only(people.item_identity, people.mass() > 0, nothing, trust())


def test_the_quick_look_sees_what_nobody_trusted_likes():
    people, tags = world()
    liked = people.mass() > 0
    assert tags_only(people.item_identity, liked, tags, trust())
    known = tags.stated[tags.stated[:, 1] == 4]  # of the graph's item 9, which all like
    assert not tags_only(people.item_identity, liked, Tags(known, *tags_of(tags)), trust())
    strangers = tags.stated[~np.isin(tags.stated[:, 0], list(TRUST))]
    assert not tags_only(people.item_identity, liked, Tags(strangers, *tags_of(tags)), trust())


def test_statements_once_and_only_trusted():
    stated = np.array([[1, 3, 2], [1, 3, 2], [4, 0, 0], [2, 2**19, 5], [99, 1, 1]], np.int32)
    assert {tuple(r) for r in each_once(stated).tolist()} == {tuple(r) for r in stated.tolist()}
    assert len(each_once(stated)) == 4
    heard = trusted_statements(stated, trust())
    assert heard.tolist() == [[1, 3, 2], [2, 2**19, 5]]


def test_shared_tags_the_most_trusted_first():
    people, _ = world()
    stated = np.array(
        [[2, 0, 0], [1, 0, 1], [2, 5, 0], [1, 5, 1], [1, 5, 2], [3, 0, 3], [3, 5, 3]], np.int32
    )
    tags = Tags(stated, *tags_of(world()[1]))
    made = with_tags(people, tags, trust(), WEIGHT)
    one, two = int(made.row_of[0]), int(made.row_of[5])
    assert shared_tags(made, one, two, 5).tolist() == [1, 0, 3]
    assert shared_tags(made, one, two, 1).tolist() == [1]
    assert shared_tags(made, one, 10**6, 5).size == 0
