import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.demo.vouches import most_similar, same_degrees_at_random

likes = st.lists(st.sets(st.integers(0, 11), max_size=8), min_size=1, max_size=9)


def columns(people: list[set[int]]):
    rows = [(p, film) for p, films in enumerate(people) for film in sorted(films)]
    table = np.array(rows, np.int32).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@given(likes, st.integers(1, 4))
def test_everybody_vouches_for_the_nearest(people, each) -> None:
    pairs = most_similar(*columns(people), len(people), 12, each)
    for who, mine in enumerate(people):
        overlap = {
            whom: len(mine & theirs) / np.sqrt(len(mine) * len(theirs))
            for whom, theirs in enumerate(people)
            if whom != who and mine & theirs
        }
        chosen = pairs[pairs[:, 0] == who, 1].tolist()
        assert len(chosen) == min(each, len(overlap))
        left_out = [overlap[whom] for whom in overlap if whom not in chosen]
        assert all(overlap[c] >= max(left_out, default=0) - 1e-6 for c in chosen)


@given(likes, st.integers(1, 4), st.integers(0, 99))
def test_random_vouches_keep_every_degree(people, each, seed) -> None:
    pairs = most_similar(*columns(people), len(people), 12, each)
    mixed = same_degrees_at_random(pairs, np.random.default_rng(seed))
    for side in (0, 1):
        assert sorted(mixed[:, side].tolist()) == sorted(pairs[:, side].tolist())
    assert len({tuple(pair) for pair in mixed.tolist()}) == len(pairs)
    assert not (mixed[:, 0] == mixed[:, 1]).any()


def test_random_vouches_are_random() -> None:
    rng = np.random.default_rng(1)
    people = [set(rng.choice(200, 30, replace=False).tolist()) for _ in range(100)]
    pairs = most_similar(*columns(people), 100, 200, 10)
    mixed = same_degrees_at_random(pairs, rng)
    kept = len({tuple(p) for p in pairs.tolist()} & {tuple(p) for p in mixed.tolist()})
    assert kept < 0.25 * len(pairs), "chance alone keeps about a tenth"
