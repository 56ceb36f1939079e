"""Three steps against dense matrices, and the published figures on the public splits."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from sim.methods.three_steps import ThreeSteps, p3alpha, rp3beta
from tests.sim.methods.worlds import dense, listed, world


def naive_w(a, alpha, beta, neighbours, normalise):
    """W as one dense product; entries are assumed distinct."""
    heard = (a > 0).astype(float)
    degree = np.maximum(heard.sum(0), 1)
    to_person = (heard / degree).T ** alpha
    to_item = (a / np.maximum(a.sum(1, keepdims=True), 1e-9)) ** alpha
    w = to_person @ to_item * degree**-beta
    np.fill_diagonal(w, 0.0)
    if neighbours:
        for row in w:
            row[np.argsort(row)[: max(0, row.size - neighbours)]] = 0.0
    if normalise:
        w /= np.maximum(w.sum(1, keepdims=True), 1e-12)
    if neighbours:
        for column in w.T:
            column[np.argsort(column)[: max(0, column.size - neighbours)]] = 0.0
    return w


@pytest.mark.parametrize("neighbours", [0, 3, 100])
@pytest.mark.parametrize("normalise", [0, 1])
def test_lists_are_of_the_dense_product(neighbours, normalise) -> None:
    rng = np.random.default_rng(5)
    likes = {
        v: {int(i): float(rng.uniform(0.05, 1)) for i in rng.choice(25, 14, replace=False)}
        for v in range(20)
    }
    the_world = world(likes, n_items=25)
    a = dense(the_world)
    method = ThreeSteps(0.7, 0.4, neighbours, normalise)
    w = naive_w(a, 0.7, 0.4, neighbours, normalise)
    ranker = method.prepare(the_world)
    for person in range(6):
        wanted = np.where(a[person] > 0, 0.0, a[person] @ w)
        found = listed(ranker.rank(person, 30, np.random.default_rng(1)))
        assert set(found) == set(np.flatnonzero(wanted).tolist())
        for item, score in found.items():
            assert score == pytest.approx(wanted[item], rel=1e-4)


def test_hand_computed() -> None:
    # 0 has x; 1 has x and y; 2 has x, y, z. From x each of the three with 1/3.
    the_world = world({0: [0], 1: [0, 1], 2: [0, 1, 2]})
    rng = np.random.default_rng(1)
    found = listed(p3alpha().prepare(the_world).rank(0, 5, rng))
    assert found == pytest.approx({1: 1 / 3 * (1 / 2 + 1 / 3), 2: 1 / 9})
    found = listed(rp3beta(1.0, 1.0).prepare(the_world).rank(0, 5, rng))
    assert found == pytest.approx({1: 1 / 3 * (1 / 2 + 1 / 3) / 2, 2: 1 / 9})


def test_ties_at_the_border_do_not_favour_low_rows() -> None:
    # Every item's listeners have every item: all entries of W are equal.
    the_world = world({v: [*range(12)] for v in range(3)} | {3: []})
    kept = ThreeSteps(neighbours=4).prepare(the_world).kept
    ptr, item, _ = kept
    assert (np.diff(ptr) <= 4).all()
    assert np.bincount(item, minlength=12).tolist() == [4] * 12


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in ({"alpha": 0.0}, {"beta": -1.0}, {"neighbours": -1}, {"normalise": 2}):
        with pytest.raises(ValueError, match="need"):
            ThreeSteps(**wrong)


# --- the published figures -----------------------------------------------------------------------

DATA = Path(os.environ.get("GRAPEVINE_DATA", Path(__file__).parents[4] / "shared" / "data"))


def _edges(name):
    with gzip.open(DATA / name, "rt") as lines:
        rows = [[int(x) for x in line.split()] for line in lines]
    return {row[0]: row[1:] for row in rows}


def _figures(method, train, test, k):
    """(recall@k, nDCG@k) over everybody with something held out."""
    likes = world(
        train, n_items=1 + max(max(i, default=0) for i in [*train.values(), *test.values()])
    )
    ranker = method.prepare(likes)
    discount = 1 / np.log2(np.arange(2, k + 2))
    recall, ndcg = [], []
    for person, held in test.items():
        if not held:
            continue
        found = ranker.rank(person, k, np.random.default_rng([1, person])).item
        hit = np.zeros(k)
        hit[: found.size] = np.isin(found, held)
        recall.append(hit.sum() / len(held))
        ndcg.append(hit @ discount / discount[: min(k, len(held))].sum())
    return np.mean(recall), np.mean(ndcg)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "recall", "ndcg"), [(p3alpha(), 0.1537, 0.1764), (rp3beta(1.0, 0.3), 0.1675, 0.1948)]
)
def test_figures_on_the_lastfm_split_of_lightgcnpp(method, recall, ndcg) -> None:
    train, test = (_edges(f"lastfm-splits/lightgcnpp/{part}.txt.gz") for part in ("train", "test"))
    # Ties: .0002 from one order of equal scores to another.
    assert _figures(method, train, test, 10) == pytest.approx((recall, ndcg), abs=3e-4)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "recall", "ndcg"), [(p3alpha(), 0.2480, 0.1958), (rp3beta(0.6, 0.3), 0.2734, 0.2138)]
)
def test_figures_on_the_lastfm_split_of_lightgcn(method, recall, ndcg) -> None:
    parts = []
    for name in ("data1", "test1"):
        with gzip.open(DATA / f"lastfm-splits/lightgcn/{name}.txt.gz", "rt") as lines:
            pairs = [tuple(int(x) - 1 for x in line.split()[:2]) for line in lines]
        parts.append({})
        for person, item in pairs:
            parts[-1].setdefault(person, []).append(item)
    # Play counts are not looked at. Ties: .2473 (lowest rows first) to .2482 (highest first).
    assert _figures(method, *parts, 20) == pytest.approx((recall, ndcg), abs=8e-4)


@pytest.mark.data
@pytest.mark.slow
def test_published_parameters_give_the_published_figures_on_gowalla() -> None:
    train, test = (_edges(f"gowalla/{part}.txt.gz") for part in ("train", "test"))
    method = rp3beta(0.5663562, 0.0010854, 777, 1)
    assert _figures(method, train, test, 20) == pytest.approx((0.1829, 0.1520), abs=6e-5)
