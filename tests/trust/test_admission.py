import numpy as np
import pytest

from ranking.trust_vector import TrustVector
from tests.ranking.worlds import trust_vector
from trust.admission import AdmissionConfig, Standing, admit


def rows(*values):
    return np.array(values, np.int32)


def decide(trust, own=(0,), vouched=(), refused=(), seed=1, **config):
    return admit(
        trust,
        rows(*own),
        rows(*vouched),
        rows(*refused),
        AdmissionConfig(**config),
        np.random.default_rng(seed),
    )


def test_own_then_vouched_then_trusted_then_probation():
    trust = trust_vector({2: 0.1, 3: 0.5, 4: 0.4}, 0).resized(30)
    result = decide([trust], vouched=(2,), followed_max=20, probation_share=0.1)
    followed = result.followed().tolist()
    assert followed[:4] == [0, 2, 3, 4]
    assert len(followed) == 6
    assert result.priority[[0, 2]].tolist() == [np.inf, np.inf]
    assert result.priority[3] == pytest.approx(0.5)
    assert (result.standing[followed[4:]] == Standing.PROBATION).all()


def test_the_best_trusted_are_kept_within_the_cap():
    trust = trust_vector({v: v / 4950 for v in range(1, 100)}, 0)
    result = decide([trust], vouched=(1,), followed_max=12, probation_share=0.25)
    assert np.flatnonzero(result.standing == Standing.TRUSTED).tolist() == [*range(93, 100)]


def test_strangers_share_a_fixed_part_however_many():
    for n in (100, 5000):
        result = decide([trust_vector({1: 1.0}, 0).resized(n)], followed_max=100)
        assert (result.standing == Standing.PROBATION).sum() == 5


def test_everybodys_turn_comes():
    trust = [trust_vector({1: 1.0}, 0).resized(30)]
    met = set()
    for seed in range(60):
        met |= set(decide(trust, seed=seed, followed_max=40).followed().tolist())
    assert met == set(range(30))


def test_a_refusal_outweighs_a_vouch_but_not_ones_own():
    trust = [trust_vector({1: 0.5, 2: 0.5}, 0)]
    result = decide(trust, vouched=(1,), refused=(0, 1, 2))
    assert result.standing.tolist() == [Standing.OWN, Standing.REFUSED, Standing.REFUSED]
    assert result.priority[1] < 0


def test_an_author_counts_with_the_most_trust_of_the_nodes_people():
    one, two = trust_vector({2: 0.9, 3: 0.1}, 0), trust_vector({2: 0.2, 3: 0.8}, 1)
    assert decide([one, two], own=(0, 1)).priority[2:] == pytest.approx([0.9, 0.8])


def test_the_unprotected_trust_nobody_in_particular():
    result = decide([TrustVector.everyone_equal(50, 0)], followed_max=20)
    assert (result.standing == Standing.TRUSTED).sum() == 0
    assert (result.standing == Standing.PROBATION).sum() == 1


def test_a_node_without_people_is_refused():
    with pytest.raises(ValueError, match="at least one person"):
        decide([])
