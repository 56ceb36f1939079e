import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.data.interactions import Vouches
from sim.data.rewire import rewired

N = 12


def vouches(pairs: list[tuple[int, int]], weight: list[float] | None = None) -> Vouches:
    source, target = np.array(pairs, np.int32).reshape(-1, 2).T
    weights = np.ones(len(pairs)) if weight is None else np.array(weight)
    return Vouches(source, target, weights.astype(np.float32), None)


def both(trust: Vouches) -> set[tuple[int, int]]:
    return {*zip(trust.source.tolist(), trust.target.tolist(), strict=True)}


people = st.integers(0, N - 1)
edges = st.sets(st.tuples(people, people).filter(lambda e: e[0] != e[1]), max_size=40)


@given(edges, st.integers(0, 5))
def test_degrees_stay_and_no_edge_is_void_or_double(pairs, seed: int) -> None:
    trust = vouches(sorted(pairs), [0.01 * (n + 1) for n in range(len(pairs))])
    made = rewired(trust, N, np.random.default_rng(seed))
    for side in ("source", "target"):
        before, after = (np.bincount(getattr(t, side), minlength=N) for t in (trust, made))
        assert before.tolist() == after.tolist()
    assert len(both(made)) == len(pairs)
    assert all(a != b for a, b in both(made))
    weights = [sorted(t.weight[t.source == p].tolist() for p in range(N)) for t in (trust, made)]
    assert sorted(weights[0]) == sorted(weights[1])


@given(edges, st.integers(0, 5))
def test_a_mutual_graph_stays_mutual(pairs, seed: int) -> None:
    mutual = sorted(pairs | {(b, a) for a, b in pairs})
    made = rewired(vouches(mutual), N, np.random.default_rng(seed))
    assert {(b, a) for a, b in both(made)} == both(made)
    assert len(both(made)) == len(mutual)
    assert np.bincount(made.source, minlength=N).tolist() == (
        np.bincount(vouches(mutual).source, minlength=N).tolist()
    )


def test_a_large_graph_keeps_hardly_an_edge_and_a_seed_repeats_it() -> None:
    rng = np.random.default_rng(1)
    pairs = {(int(a), int(b)) for a, b in rng.integers(0, 300, (900, 2)) if a != b}
    for mutual in (False, True):
        trust = vouches(sorted(pairs | {(b, a) for a, b in pairs} if mutual else pairs))
        made = rewired(trust, 300, np.random.default_rng(2))
        again = rewired(trust, 300, np.random.default_rng(2))
        assert both(made) == both(again)
        assert len(both(made) & both(trust)) < 0.1 * len(trust)
