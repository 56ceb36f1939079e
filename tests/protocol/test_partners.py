"""With whom we exchange, and whom we give up."""

from collections import Counter
from random import Random

from protocol.partners import VOUCHED_BONUS, Candidate, choose, expendable


def candidates(*overlaps: int, vouched: tuple[int, ...] = (), outbound: bool = True):
    return [Candidate(n, o, n in vouched, outbound) for n, o in enumerate(overlaps)]


def test_nobody_is_chosen_of_nobody():
    assert choose([], by_overlap=True, rng=Random(1)) is None
    assert expendable([], Random(1)) is None
    assert expendable(candidates(3), Random(1)) is None


def test_the_uniform_half_does_not_care_what_a_partner_claims():
    rng = Random(1)
    some = candidates(0, 100_000, 0, 0, vouched=(2,))
    drawn = Counter(choose(some, by_overlap=False, rng=rng) for _ in range(4_000))
    assert min(drawn.values()) > 850
    assert sorted(drawn) == [0, 1, 2, 3]


def test_the_other_half_prefers_overlap_and_proved_trust_and_leaves_nobody_out():
    rng = Random(1)
    some = candidates(0, 9, 0, vouched=(2,))
    drawn = Counter(choose(some, by_overlap=True, rng=rng) for _ in range(8_000))
    total = 1 + 10 + 1 + VOUCHED_BONUS
    for link, weight in ((0, 1), (1, 10), (2, 1 + VOUCHED_BONUS)):
        assert abs(drawn[link] / 8_000 - weight / total) < 0.02
    assert drawn[0] > 0


def test_the_better_half_of_the_links_stays():
    rng = Random(1)
    some = candidates(5, 4, 3, 2, 1, 0)
    assert sorted({expendable(some, rng) for _ in range(200)}) == [3, 4, 5]
    odd = candidates(2, 1, 0)
    assert {expendable(odd, rng) for _ in range(50)} == {2}


def test_who_came_on_its_own_goes_first():
    rng = Random(1)
    ours = candidates(5, 4, 0, 0)
    theirs = [Candidate(9, 0, False, False), Candidate(10, 0, False, False)]
    assert sorted({expendable(ours + theirs, rng) for _ in range(200)}) == [9, 10]
    strong = [Candidate(9, 99, False, False)]
    assert 9 not in {expendable(ours + strong, rng) for _ in range(200)}
