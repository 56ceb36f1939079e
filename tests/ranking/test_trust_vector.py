import numpy as np
import pytest

from ranking.trust_vector import Passing, TrustVector
from tests.ranking.worlds import trust_vector


def test_everyone_equal_counts_all_but_the_owner_and_those_left_out():
    trust = TrustVector.everyone_equal(5, 1, without=frozenset({3}))
    assert trust.unprotected
    assert trust.t == pytest.approx([1 / 3, 0, 1 / 3, 0, 1 / 3])
    assert trust.effective_authors() == pytest.approx(3)
    assert trust.prior == pytest.approx(trust.t)


def test_everyone_equal_with_nobody_else():
    trust = TrustVector.everyone_equal(1, 0)
    assert trust.t.tolist() == [0]
    assert trust.effective_authors() == 0


def test_prior_is_the_share_of_trust_that_passes():
    passes = {1: {1: 1.0}, 2: {2: 1.0, 1: 0.5}, 3: {3: 1.0, 1: 1.0, 2: 0.25}}
    trust = trust_vector({1: 0.5, 2: 0.3, 3: 0.2}, 0, passes)
    assert trust.prior == pytest.approx([0, 0.5 + 0.15 + 0.2, 0.3 + 0.05, 0.2])
    author, share = trust.passing.of(3)
    assert dict(zip(author.tolist(), share.tolist(), strict=True)) == passes[3]


def test_new_rows_are_strangers():
    trust = trust_vector({1: 0.6, 2: 0.4}, 0)
    more = trust.resized(6)
    assert more.t == pytest.approx([0, 0.6, 0.4, 0, 0, 0])
    assert [more.passing.of(v)[0].tolist() for v in range(6)] == [[], [1], [2], [], [], []]
    assert trust.resized(3) is trust


def test_new_rows_count_when_unprotected_and_the_left_out_stay_out():
    more = TrustVector.everyone_equal(3, 0, without=frozenset({2})).resized(5)
    assert more.t == pytest.approx([0, 1 / 3, 0, 1 / 3, 1 / 3])


def test_a_snapshot_older_than_the_trust_is_refused():
    with pytest.raises(ValueError, match="rows only grow"):
        trust_vector({1: 1.0}, 0).resized(1)


def test_themselves():
    passing = Passing.themselves(np.array([False, True, True]))
    assert passing.ptr.tolist() == [0, 0, 1, 2]
    assert passing.share.tolist() == [1, 1]
