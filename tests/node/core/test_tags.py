"""Tags against sets: counted once, forgotten with whoever said them, within their caps."""

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from node.core.tags import FULL, TagLog, TagStatements

AUTHORS = st.integers(0, 5)
ITEMS = st.integers(0, 8).map("t:{}".format)
WORDS = st.lists(st.sampled_from(["Rock", "jazz", "ΣΟΦΌΣ", "x" * 30]), max_size=3)


def said(*statements):
    made = TagStatements()
    for author, item, tags in statements:
        made.say(author, item, tags)
    return made


def named(log):
    """{(author, item, tag)} by name."""
    return {
        (author, log.items.name(item).decode(), log.tags.name(tag).decode())
        for author, item, tag in log.stated().tolist()
    }


class Tags(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.log, self.model = TagLog(hash_key=7), set()

    @rule(statements=st.lists(st.tuples(AUTHORS, ITEMS, WORDS), max_size=4))
    def add(self, statements):
        self.log.add(said(*statements))
        self.model |= {(a, i, tag.casefold()) for a, i, tags in statements for tag in tags}

    @rule(author=AUTHORS)
    def drop(self, author):
        self.log.drop_author(author)
        self.model = {s for s in self.model if s[0] != author}

    @rule(author=AUTHORS, items=st.lists(ITEMS, max_size=3))
    def remove(self, author, items):
        self.log.remove(author, [item.encode() for item in items])
        self.model = {s for s in self.model if s[0] != author or s[1] not in items}

    @rule(gone=st.lists(st.booleans(), max_size=6))
    def forget(self, gone):
        self.log.forget_rows(np.array(gone, np.bool_))
        self.model = {s for s in self.model if s[0] >= len(gone) or not gone[s[0]]}

    @rule()
    def come_back(self):
        back = TagLog(hash_key=8)
        back.load(self.log.dump())
        self.log = back

    @invariant()
    def the_same(self):
        assert named(self.log) == self.model
        assert len(self.log.items) == len({s[1] for s in self.model})
        assert len(self.log.tags) == len({s[2] for s in self.model})


TestTags = Tags.TestCase


def test_repetition_takes_no_room_for_good():
    log = TagLog(hash_key=1, stated_max=100)
    for _ in range(300):
        log.add(said((1, "t:1", ["a", "b", "c"])))
    assert len(named(log)) == 3
    assert len(log) <= 100


def test_strangers_make_way_when_it_is_nearly_full_and_people_here_always_fit():
    log = TagLog(hash_key=1, stated_max=100)
    log.protect(0)
    for n in range(200):
        log.add(said((1 + n % 2, f"t:{n}", ["a"])))
    assert len(log) == FULL * 100
    log.add(said((1, "t:new", ["a"])))
    assert (1, "t:new", "a") not in named(log)
    log.add(said((0, "t:mine", ["a", "b"]), (2, "t:other", ["a"])))
    assert {(0, "t:mine", "a"), (0, "t:mine", "b")} <= named(log)
    assert (2, "t:other", "a") not in named(log)
    before = log.version
    assert log.make_room(np.array([False, True])) == 45
    assert log.version > before
    assert {s[0] for s in named(log)} == {0, 1}
    assert log.make_room(np.array([False, True])) == 0


def test_a_full_log_is_not_looked_through_again_for_every_bundle(monkeypatch):
    log, looks = TagLog(hash_key=1, stated_max=1000), []
    real = log._count_once
    monkeypatch.setattr(log, "_count_once", lambda: (looks.append(1), real()))
    for n in range(3000):
        log.add(said((1, f"t:{n}", ["a"])))
    assert len(looks) <= 1
    for _ in range(3000):
        log.add(said((2, "t:1", ["a"])))
    assert len(looks) <= 1, "nothing was taken in since"


def test_memory_is_counted():
    log = TagLog(hash_key=1)
    log.add(said(*((n % 7, f"t:{n}", ["a", f"b{n}"]) for n in range(5000))))
    arrays = log._rows.nbytes + log.items.nbytes + log.tags.nbytes
    assert log.nbytes == arrays > 12 * len(log)


@pytest.mark.parametrize("change", [lambda p: p[:-1], lambda p: [p[0] + 50, *p[1:]], lambda p: []])
def test_what_does_not_fit_is_refused(change):
    log = TagLog(hash_key=1)
    log.add(said((1, "t:1", ["a"])))
    with pytest.raises(ValueError, match="fit"):
        TagLog(hash_key=1).load(change(log.dump()))
