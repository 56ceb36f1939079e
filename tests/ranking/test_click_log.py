"""Two sorted runs hold what a dictionary would, in less room and in order."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numba import config

from ranking import click_log
from ranking.click_log import CLICK_BYTES, SHORT_MAX, SortedClicks, clicks_at, no_clicks
from tests.ranking.naive_clicks import NaiveClicks

ROW = st.integers(0, 5)
CLICKS = st.lists(st.tuples(ROW, ROW, st.integers(0, 30), st.integers(0, 1000)), max_size=60)


def columns(said):
    """(author, term, item, position) of each as columns."""
    new = no_clicks(len(said))
    for k, column in enumerate(new[:4]):
        column[:] = [one[k] for one in said]
    return new


def rows(clicks):
    names = clicks.term, clicks.author, clicks.item, clicks.position
    return list(zip(*(column.tolist() for column in names), strict=True))


def keys(clicks):
    return [row[:3] for row in rows(clicks)]


class Machine(RuleBasedStateMachine):
    """Everything that can be done to the clicks, and the same to the twin."""

    @initialize(limit=st.integers(1, 20))
    def begin(self, limit):
        self.clicks, self.twin = SortedClicks(per_term_max=limit), NaiveClicks(limit)

    @rule(said=CLICKS)
    def add(self, said):
        new, gone = self.clicks.add_many(columns(said))
        assert new.tolist() == [self.twin.add(a, t, i, p) for a, t, i, p in said]
        assert sorted(keys(gone)) == sorted(self.twin.thin_out())

    @rule(author=ROW)
    def drop(self, author):
        gone = self.clicks.keep(self.clicks.merged().author != author)
        hers = [key for key in self.twin.held if key[1] == author]
        assert sorted(keys(gone)) == sorted(hers)
        for key in hers:
            del self.twin.held[key]

    @rule()
    def rename(self):
        """Terms that nobody uses leave gaps, which close."""
        used = sorted({key[0] for key in self.twin.held})
        new = np.full(6, -1, np.int32)
        new[used] = np.arange(len(used))
        self.clicks.rename_terms(new)
        self.twin.held = {(int(new[t]), a, i): s for (t, a, i), s in self.twin.held.items()}

    @rule()
    def through(self):
        again = SortedClicks(per_term_max=self.twin.per_term_max)
        again.restore(self.clicks.all())
        self.clicks = again

    @rule()
    def number_anew(self):
        self.clicks._number_anew()

    @rule(terms=st.lists(st.integers(0, 7)))
    def read(self, terms):
        assert rows(self.clicks.for_terms(np.array(terms, np.int32))) == self.twin.rows(set(terms))

    @invariant()
    def the_same(self):
        assert rows(self.clicks.all()) == self.twin.rows()
        assert len(self.clicks) == len(self.twin.held)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=10 if config.DISABLE_JIT else 60, stateful_step_count=20, deadline=None
)


def test_a_full_short_run_is_merged_and_costs_what_is_said():
    rng = np.random.default_rng(1)
    n = SHORT_MAX * 3 if not config.DISABLE_JIT else SHORT_MAX // 4
    said = rng.integers(0, [50, 40, 500, 10], (n, 4))
    clicks, twin = SortedClicks(per_term_max=n), NaiveClicks(n)
    for part in np.array_split(said, 5):
        clicks.add_many(columns(part.tolist()))
    for a, t, i, p in said.tolist():
        twin.add(a, t, i, p)
    assert rows(clicks.all()) == twin.rows()
    assert clicks.nbytes <= CLICK_BYTES * (len(clicks) + SHORT_MAX)


def test_what_was_read_does_not_change():
    clicks = SortedClicks(per_term_max=9)
    clicks.add_many(columns([(1, 0, 5, 3)]))
    clicks.merged()
    before, whole = clicks.for_terms(np.array([0])), clicks.all()
    clicks.add_many(columns([(1, 0, 5, 1), (1, 0, 4, 0)]))
    assert rows(before) == rows(whole) == [(0, 1, 5, 3)]
    assert rows(clicks.all()) == [(0, 1, 4, 0), (0, 1, 5, 1)]


def test_numbers_begin_anew_before_they_end(monkeypatch):
    """The oldest go first, also after more clicks than there are numbers."""
    monkeypatch.setattr(click_log, "SEEN_MAX", 40)
    clicks = SortedClicks(per_term_max=8)
    for item in range(100):
        clicks.add_many(columns([(1, 0, item, 0)]))
        held = clicks.all().item.tolist()
        assert held == list(range(item - len(held) + 1, item + 1))
        assert len(held) <= 8
    assert clicks.all().seen.max() <= 40


@pytest.mark.parametrize("which", [[1, 0, 2], [0, 0, 1]], ids=["disorder", "twice"])
def test_only_what_is_sorted_and_distinct_is_taken(which):
    clicks = SortedClicks(per_term_max=9)
    clicks.add_many(columns([(0, 0, 1, 0), (0, 1, 1, 0), (1, 1, 0, 0)]))
    with pytest.raises(ValueError, match="fit"):
        SortedClicks(per_term_max=9).restore(clicks_at(clicks.all(), np.array(which)))
    negative = clicks.all()
    negative.item[0] = -1
    with pytest.raises(ValueError, match="fit"):
        SortedClicks(per_term_max=9).restore(negative)
    shorter = clicks.all()._replace(seen=np.zeros(2, np.uint32))
    with pytest.raises(ValueError, match="fit"):
        SortedClicks(per_term_max=9).restore(shorter)


def test_a_limit_is_needed():
    with pytest.raises(ValueError, match="per_term_max"):
        SortedClicks(per_term_max=0)
