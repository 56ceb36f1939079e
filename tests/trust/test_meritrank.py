"""Walks against exact visit probabilities, and what each bound is there for."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.kernels_walks import count_hits
from tests.trust.kept_rules import FAR, two_samples
from trust.config import ConnectivityDecay, Credit, Distrust, TrustConfig
from trust.decays import walk_penalty
from trust.meritrank import (
    admission_of,
    credited,
    draw_walks,
    trust_from,
    trust_kept,
    trust_of_walks,
    without_author,
)
from trust.vouches import VouchGraph

PLAIN = TrustConfig(alpha=0.15, connectivity=ConnectivityDecay.NONE, edge_flow_max=1.0)


def graph(*casts):
    vouches = VouchGraph()
    for caster, target, weight in casts:
        vouches.put(caster, target, weight)
    return vouches


def compiled(*casts, n=None):
    return graph(*casts).compiled(n or max(max(c, t) for c, t, _ in casts) + 1)


def rng(seed=1):
    return np.random.default_rng(seed)


def test_hits_are_the_exact_visit_probabilities():
    """The test graph of the reference implementation: 1, .425, .78625 (and 0 stays out)."""
    vouches = compiled((0, 1, 100), (0, 2, 100), (1, 2, 100))
    config = replace(PLAIN, walks=200_000, credit=Credit.HITS)
    trust = trust_from(vouches, 0, config, rng())
    assert trust.hits / 200_000 == pytest.approx([1, 0.425, 0.78625], abs=0.005)
    assert trust.t == pytest.approx([0, 0.425 / 1.21125, 0.78625 / 1.21125], abs=0.005)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("casts", "ranks"),
    [
        ([(0, 1, 100), (0, 2, 100), (1, 2, 100)], [0.453, 0.193, 0.35, 0]),
        (
            [(0, 1, 100), (0, 2, 100), (1, 2, 100), (0, 3, -100), (2, 3, 100)],
            [0.118, 0.04, 0.041, 0],
        ),
        ([(0, 2, 100)], [0.54, 0, 0.46, 0]),
    ],
)
def test_published_meritrank_gives_its_own_test_vectors(casts, ranks):
    """hits less penalties, as parts of all hits, the owner's among them (to .01, as there)."""
    config = replace(PLAIN, walks=50_000, credit=Credit.HITS, distrust=Distrust.MERITRANK)
    vouches = compiled(*casts, n=4)
    admit = admission_of(vouches, 0, None, config.distrust)
    walks = draw_walks(vouches, 0, admit, config, rng())
    hits = count_hits(walks, 4) / config.walks
    left = (hits - walk_penalty(vouches, walks, 0)) / hits.sum()
    assert left == pytest.approx(ranks, abs=0.01)
    t = trust_from(vouches, 0, replace(config, author_cap=1.0), rng()).t
    assert t[1:] == pytest.approx(left[1:] / left[1:].sum(), abs=0.01)


def test_epochs_are_counted():
    vouches, config = compiled((0, 1, 100), (0, 2, 100)), replace(PLAIN, gamma=0.5)
    once = trust_from(vouches, 0, config, rng())
    twice = trust_from(vouches, 0, config, rng(2), earlier=once)
    assert (once.epochs, twice.epochs) == (1, 2)


LOOP = ((0, 1, 100), (1, 2, 100), (2, 1, 50), (2, 0, 50), (2, 3, 100))
"""0 -> 1 -> 2, and 2 -> 1, 0 or 3 in shares 1/4, 1/4, 1/2; nobody goes on from 3."""


@pytest.mark.compiled
@pytest.mark.parametrize("credit", Credit)
def test_each_credit_is_its_exact_probability(credit):
    """Visits n = (1, 0, ..) (I - .85 P)^-1, hits n_v / n_vv, ends .15 n, or n without an exit."""
    config = replace(PLAIN, walks=200_000, steps_max=150, credit=credit)
    step = 0.85 * np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0.25, 0.25, 0, 0.5], [0, 0, 0, 0]])
    visits = np.linalg.inv(np.eye(4) - step)
    exact = {
        Credit.ENDPOINT: visits[0] * [0.15, 0.15, 0.15, 1],
        Credit.HITS: visits[0] / np.diag(visits),
        Credit.VISITS: visits[0],
    }[credit]
    vouches = compiled(*LOOP)
    walks = draw_walks(vouches, 0, admission_of(vouches, 0, None), config, rng())
    mass = credited(vouches, walks, count_hits(walks, 4), config)
    assert mass == pytest.approx(exact, abs=0.01)
    assert exact[1:] / exact[1:].sum() == pytest.approx(
        trust_of_walks(vouches, walks, 0, replace(config, author_cap=1.0)).t[1:], abs=0.01
    )
    if credit is Credit.ENDPOINT:
        assert exact.sum() == pytest.approx(1)


def test_earned_edges_are_the_owners_beside_her_vouches():
    vouches = compiled((0, 1, 50), (1, 2, 100), (2, 0, 100), n=5)
    earned = np.array([3, 1], np.int32), np.array([0.25, 0.25], np.float32)
    trust = trust_from(vouches, 0, replace(PLAIN, walks=50_000), rng(), earned=earned)
    said = compiled((0, 1, 75), (0, 3, 25), (1, 2, 100), (2, 0, 100), n=5)
    expected = trust_from(said, 0, replace(PLAIN, walks=50_000), rng(2))
    assert trust.t == pytest.approx(expected.t, abs=0.01)
    alone = trust_from(compiled((1, 2, 100), n=5), 0, PLAIN, rng(), earned=earned)
    assert not alone.unprotected
    assert np.flatnonzero(alone.t).tolist() == [1, 2, 3]


def crowd(seed, n=40, changed=0):
    """A random graph of vouches, the first `changed` people's other than at 0."""
    cast = {}
    for v in range(n):
        by = np.random.default_rng((seed, v, v < changed))
        for w in by.choice(n, 5, replace=False).tolist():
            if v != w:
                cast[v, w] = int(by.choice([-50, 20, 60, 100]))
    return compiled(*((v, w, weight) for (v, w), weight in cast.items()), n=n)


def test_the_first_kept_walks_are_those_drawn_for_one_answer():
    vouches, refused = crowd(1), np.array([3, 7], np.int32)
    earned = np.array([9], np.int32), np.array([0.5], np.float32)
    asked = {"refused": refused, "earned": earned}
    plain = trust_from(vouches, 0, TrustConfig(), rng(), **asked)
    trust, kept = trust_kept(vouches, 0, TrustConfig(), rng(), **asked)
    assert (trust.walks == plain.walks).all()
    assert (trust.t == plain.t).all()
    same, again = trust_kept(vouches, 0, TrustConfig(), rng(9), **asked, kept=kept)
    assert (again.walks == kept.walks).all(), "nothing has changed"
    assert (same.t == plain.t).all()


@pytest.mark.compiled
def test_kept_trust_follows_vouches_refusals_and_what_is_earned():
    """Ten rounds of changes, then the visits are those of fresh walks, by chi-square."""
    config = replace(PLAIN, walks=20_000)
    kept, draws = None, rng(3)
    for turn in range(10):
        vouches = crowd(1, changed=4 * turn, n=40 + turn)
        asked = {
            "refused": np.arange(1 + turn % 3, dtype=np.int32) + 5,
            "earned": (np.array([9 + turn], np.int32), np.array([0.5], np.float32)),
        }
        trust, kept = trust_kept(vouches, 0, config, draws, **asked, kept=kept)
    fresh = trust_from(vouches, 0, config, rng(4), **asked)
    for cells in (lambda w: w[:, 1], lambda w: w[:, 3], lambda w: (w >= 0).sum(axis=1)):
        counts = [np.bincount(cells(t.walks) + 1, minlength=60) for t in (trust, fresh)]
        assert two_samples(*counts) < FAR


def test_kept_walks_of_another_owner_are_refused():
    vouches = crowd(1)
    _, kept = trust_kept(vouches, 0, TrustConfig(), rng())
    with pytest.raises(ValueError, match="another owner"):
        trust_kept(vouches, 1, TrustConfig(), rng(), kept=kept)
    with pytest.raises(ValueError, match="other numbers"):
        trust_kept(vouches, 0, TrustConfig(walks=99), rng(), kept=kept)


def test_weights_steer_the_walk():
    trust = trust_from(compiled((0, 1, 90), (0, 2, 30)), 0, PLAIN, rng())
    assert trust.t == pytest.approx([0, 0.75, 0.25], abs=0.02)


def test_the_same_seed_gives_the_same_vector():
    vouches = compiled(*((v, (7 * v + k) % 50, 100) for v in range(50) for k in (1, 3, 9)))
    first, again, other = (trust_from(vouches, 0, TrustConfig(), rng(s)) for s in (1, 1, 2))
    assert (first.walks == again.walks).all()
    assert (first.t == again.t).all()
    assert (first.t != other.t).any()


def test_a_long_walk_is_cut():
    vouches = compiled(*((v, v + 1, 100) for v in range(30)))
    config = replace(PLAIN, steps_max=5, alpha=0.01)
    walks = draw_walks(vouches, 0, admission_of(vouches, 0, None), config, rng())
    assert walks.shape == (10_000, 6)
    assert walks.max() == 5


def test_who_trusts_nobody_is_unprotected():
    trust = trust_from(compiled((1, 2, 100)), 0, TrustConfig(), rng())
    assert trust.unprotected
    assert trust.t == pytest.approx([0, 0.5, 0.5])


def test_the_refused_do_not_count_even_when_unprotected():
    trust = trust_from(compiled((1, 2, 100)), 0, TrustConfig(), rng(), refused=np.array([2]))
    assert trust.t.tolist() == [0, 1, 0]


def test_the_refused_are_walls():
    """Blocked or equivocating: no trust, and none through them."""
    vouches = compiled((0, 1, 100), (0, 2, 100), (2, 3, 100))
    trust = trust_from(vouches, 0, PLAIN, rng(), refused=np.array([2], np.int32))
    assert trust.t.tolist() == [0, 1, 0, 0]


def test_the_owners_distrust_keeps_walks_out():
    base = [(0, 1, 100), (1, 2, 100), (2, 3, 100)]
    free = trust_from(compiled(*base), 0, PLAIN, rng())
    half = trust_from(compiled(*base, (0, 2, -50)), 0, PLAIN, rng())
    full = trust_from(compiled(*base, (0, 2, -100)), 0, PLAIN, rng())
    assert half.hits[2] / free.hits[2] == pytest.approx(0.5, abs=0.03)
    assert full.hits[2] == full.hits[3] == 0


def test_anothers_distrust_costs_what_she_has():
    base = [(0, 1, 100), (0, 2, 25), (0, 3, 100)]
    free = trust_from(compiled(*base), 0, PLAIN, rng())
    down = trust_from(compiled(*base, (2, 1, -100)), 0, PLAIN, rng())
    lost = (free.hits[1] - free.hits[2]) / free.hits[1]
    assert down.t[1] / down.t[3] == pytest.approx(lost, abs=0.03)


def test_friends_who_distrust_each_other_do_not_leave_the_owner_unprotected():
    friends = [(0, 1, 100), (0, 2, 100)]
    free = trust_from(compiled(*friends), 0, PLAIN, rng())
    both = trust_from(compiled(*friends, (1, 2, -100), (2, 1, -100)), 0, PLAIN, rng())
    assert not both.unprotected
    assert both.t.sum() == pytest.approx(free.t.sum()) == pytest.approx(1)


def test_distrust_is_bounded_by_what_beta_has_left():
    """6 hangs on 1 alone: whom she distrusts loses next to nothing."""
    config = replace(PLAIN, connectivity=ConnectivityDecay.EXCESS)
    friends = [(0, v, 100) for v in range(1, 6)]
    free = trust_from(compiled(*friends, (1, 6, 100)), 0, config, rng())
    said = trust_from(compiled(*friends, (1, 6, 100), (6, 2, -100)), 0, config, rng())
    assert 0 < (free.t[2] - said.t[2]) / free.t[2] < 0.03


def test_those_reached_by_too_few_walks_are_strangers():
    vouches = compiled((0, 1, 100), (0, 2, 1))
    config = replace(PLAIN, walks=1000, hits_min=20)
    trust = trust_from(vouches, 0, config, rng())
    assert 0 < trust.hits[2] < 20
    assert trust.t.tolist() == [0, 1, 0]


@pytest.mark.parametrize("shape", ["star", "chain", "clique"])
def test_an_edge_bounds_the_region_behind_it(shape):
    """One honest person is fooled; whatever stands behind her edge shares its flow / alpha."""
    honest = [(0, v, 100) for v in range(1, 6)] + [
        (v, w, 100) for v in range(1, 6) for w in range(1, 6) if v != w
    ]
    region = range(6, 26)
    behind = {
        "star": [(6, v, 100) for v in region[1:]],
        "chain": [(v, v + 1, 100) for v in region[:-1]],
        "clique": [(v, w, 100) for v in region for w in region if v != w],
    }[shape]
    vouches = compiled(*honest, (1, 6, 100), *behind)
    config = replace(PLAIN, edge_flow_max=0.01, author_cap=1.0, hits_min=1)
    free = trust_from(vouches, 0, replace(config, edge_flow_max=1.0), rng())
    bound = trust_from(vouches, 0, config, rng())
    assert bound.hits[6] <= 0.01 * config.walks
    assert bound.hits[6:].sum() <= 0.01 / config.alpha * config.walks
    assert bound.t[6:].sum() < 0.5 * free.t[6:].sum()


def test_a_person_alone_behind_another_loses_trust_to_the_excess_rule():
    """6 hangs on 1 alone, 7 is vouched for by 1 and 2; both get the same from 1."""
    friends = [(0, v, 100) for v in range(1, 6)]
    vouches = compiled(*friends, (1, 6, 100), (2, 7, 50), (3, 7, 50))
    plain = trust_from(vouches, 0, PLAIN, rng())
    decayed = trust_from(vouches, 0, replace(PLAIN, connectivity=ConnectivityDecay.EXCESS), rng())
    assert decayed.t[6] / plain.t[6] < 0.2
    assert decayed.t[7] / plain.t[7] > 0.9


def test_an_only_friend_is_no_bottleneck():
    """Everybody is known through her: nobody is punished for that."""
    vouches = compiled((0, 1, 100), (1, 2, 100), (1, 3, 100))
    excess = replace(PLAIN, connectivity=ConnectivityDecay.EXCESS)
    plain, decayed = trust_from(vouches, 0, PLAIN, rng()), trust_from(vouches, 0, excess, rng())
    assert decayed.t == pytest.approx(plain.t, abs=0.01)


def test_epochs_are_remembered_only_when_asked():
    before = trust_from(compiled((0, 1, 100), n=3), 0, PLAIN, rng())
    now = compiled((0, 2, 100), n=3)
    assert trust_from(now, 0, PLAIN, rng(), earlier=before).t.tolist() == [0, 0, 1]
    both = compiled((0, 2, 50), (0, 1, 50), n=3)
    decayed = trust_from(both, 0, replace(PLAIN, gamma=0.5), rng(), earlier=before)
    assert decayed.t == pytest.approx([0, 2 / 3, 1 / 3], abs=0.02)


def test_without_somebody_who_only_she_reached_is_gone():
    vouches = compiled((0, 1, 100), (0, 2, 100), (1, 3, 100), (2, 4, 100))
    trust = trust_from(vouches, 0, PLAIN, rng())
    fewer = without_author(vouches, trust, 1, PLAIN)
    assert fewer.t[1] == fewer.t[3] == 0
    assert fewer.t[4] > 0
    assert not fewer.unprotected


def test_without_the_only_friend_nobody_is_trusted_and_nobody_else_counts():
    vouches = compiled((0, 1, 100), (1, 2, 100))
    fewer = without_author(vouches, trust_from(vouches, 0, PLAIN, rng()), 1, PLAIN)
    assert fewer.t.tolist() == [0, 0, 0]
    assert not fewer.unprotected


def test_without_in_the_unprotected_case():
    vouches = compiled((1, 2, 100), n=4)
    trust = trust_from(vouches, 0, PLAIN, rng(), refused=np.array([3]))
    assert without_author(vouches, trust, 1, PLAIN).t.tolist() == [0, 0, 1, 0]


def test_the_owner_cannot_be_left_out_nor_unknown():
    vouches = compiled((0, 1, 100))
    with pytest.raises(ValueError, match="owner"):
        without_author(vouches, trust_from(vouches, 0, PLAIN, rng()), 0, PLAIN)
    with pytest.raises(ValueError, match="owner row 9"):
        trust_from(vouches, 9, PLAIN, rng())
