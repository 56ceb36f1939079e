import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.data.interactions import Vouches
from sim.evaluation.strata import PROFILE_BOUNDS, components, strata_of
from tests.sim.data.test_splits import people_with


def vouches(pairs: list[tuple[int, int]], weight: float = 1.0) -> Vouches:
    source, target = np.array(pairs, np.int32).reshape(-1, 2).T
    return Vouches(source, target, np.full(len(pairs), weight, np.float32), None)


def test_groups_by_hand() -> None:
    train = people_with([10, 11, 20, 3, 0, 50])
    trust = vouches([(0, 1), (0, 2), (0, 3), (1, 0), (2, 3), (2, 0)])
    found = strata_of(train, trust)
    groups = {
        kind: {n: g.nonzero()[0].tolist() for n, g in of.items()} for kind, of in found.items()
    }
    assert groups["friends"] == {"0": [3, 4, 5], "1-2": [1, 2], ">=3": [0]}
    assert groups["component"] == {"largest": [0, 1, 2, 3], "other": [4, 5]}
    assert groups["profile"]["0-10"] == [0, 3, 4]
    assert groups["profile"]["11-20"] == [1, 2]
    assert groups["profile"]["41-80"] == [5]
    assert [*strata_of(train, None)] == ["profile"]


def test_enemies_are_no_friends() -> None:
    found = strata_of(people_with([3, 3]), vouches([(0, 1)], -1.0))
    assert found["friends"]["0"].all()


@given(st.lists(st.integers(0, 60), min_size=1, max_size=9))
def test_groups_of_a_kind_are_disjoint_and_complete(sizes) -> None:
    n = len(sizes)
    trust = vouches([(a, b) for a in range(n) for b in range(a)])
    for groups in strata_of(people_with(sizes), trust).values():
        assert (np.sum([*groups.values()], axis=0) == 1).all()
    assert [*PROFILE_BOUNDS] == sorted(PROFILE_BOUNDS)


def naive(n: int, pairs: list[tuple[int, int]]) -> list[int]:
    label = [*range(n)]
    for a, b in pairs * n:
        label[a] = label[b] = min(label[a], label[b])
    return label


rows = st.integers(0, 14)


@given(st.lists(st.tuples(rows, rows), max_size=25))
def test_components_against_the_naive_twin(pairs) -> None:
    a, b = np.array(pairs, np.int32).reshape(-1, 2).T
    assert components(15, a, b).tolist() == naive(15, pairs)
