import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.data.affinity import RULES, with_affinities
from tests.sim.data.test_interactions import likes


def weighted(values: list[tuple[int, int, float]], rule: str) -> list[float]:
    data = likes([(u, i) for u, i, _ in values])
    data = replace(data, weight=np.array([w for *_, w in values], np.float32))
    return with_affinities(data, rule).weight.tolist()


PLAYS = [(0, 0, 99.0), (1, 0, 7.0), (0, 1, 9.0), (1, 1, 7.0), (0, 2, 9.0), (0, 3, 0.5)]


def test_rules_by_hand() -> None:
    assert weighted(PLAYS, "equal") == [1] * 6
    assert weighted(PLAYS, "rank") == [1, 1, 0.75, 1, 0.75, 0.25]
    logs = [1, 1, 0.5, 1, 0.5, math.log(1.5) / math.log(100)]
    assert weighted(PLAYS, "log") == pytest.approx(logs)


triples = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.floats(2.0**-20, 2.0**20, width=32)),
    unique_by=lambda t: t[:2], min_size=1,
)  # fmt: skip


@given(triples, st.sampled_from(sorted(RULES)))
def test_affinities_lie_between_0_and_1_and_keep_the_order(values, rule: str) -> None:
    made = weighted(values, rule)
    assert all(0 < affinity <= 1 for affinity in made)
    for (u, _, w), a in zip(values, made, strict=True):
        for (v, _, x), b in zip(values, made, strict=True):
            assert not (u == v and w <= x and a > b + 1e-6)


@given(triples)
def test_rank_is_the_share_of_what_she_likes_no_more(values) -> None:
    made = weighted(values, "rank")
    for (u, _, w), a in zip(values, made, strict=True):
        own = [x for v, _, x in values if v == u]
        assert a == pytest.approx(sum(x <= w for x in own) / len(own))


def test_an_unknown_rule_is_told() -> None:
    with pytest.raises(ValueError, match="there are log, rank, equal"):
        weighted(PLAYS, "square")
