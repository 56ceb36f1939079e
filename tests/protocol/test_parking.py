"""What waits out of order is bounded, for each feed and in all, and its size is known exactly."""

from random import Random

from protocol.bundle import Bundle
from protocol.limits import PARKED_MAX
from protocol.parking import Parking
from tests.protocol.chains import chain, feed_of

LENGTH = PARKED_MAX + 6


def fill(parking: Parking, bundles: tuple[Bundle, ...], *, hi: int = 0) -> None:
    for bundle in bundles:
        parking.add(bundle, hi=hi)


def test_what_waits_is_taken_once():
    parking = Parking(10**6)
    bundles = chain(3)
    fill(parking, bundles)
    assert [b.seq for b in parking.waiting(feed_of())] == [1, 2, 3]
    assert parking.take(feed_of(), 2) == bundles[1]
    assert [b.seq for b in parking.waiting(feed_of())] == [1, 3]
    parking.forget(feed_of())
    assert (parking.count(feed_of()), parking.nbytes) == (0, 0)
    assert [*parking.waiting(feed_of())] == []


def test_the_farthest_goes_at_the_cap_of_a_feed():
    parking = Parking(10**6)
    fill(parking, chain(LENGTH), hi=LENGTH)
    assert [b.seq for b in parking.waiting(feed_of())] == [*range(7, LENGTH + 1)]
    assert parking.count(feed_of()) == PARKED_MAX


def test_the_feed_that_waits_longest_goes_at_the_cap_of_all():
    one = Parking(10**6)
    fill(one, chain(3))
    parking = Parking(one.nbytes * 5 // 2)
    for author in (1, 2, 3):
        fill(parking, chain(3, author=author))
    assert [parking.count(feed_of(author)) for author in (1, 2, 3)] == [0, 3, 3]
    assert parking.nbytes == 2 * one.nbytes


def test_a_bundle_larger_than_the_cap_does_not_wait():
    parking = Parking(100)
    fill(parking, chain(1))
    assert (parking.count(feed_of()), parking.nbytes) == (0, 0)


def test_claims_wait_undecoded():
    bundle = chain(1)[0].undecoded()
    bundle.claims()
    parking = Parking(10**6)
    parking.add(bundle, hi=0)
    assert [b._claims for b in parking.waiting(feed_of())] == [None]


def test_the_size_is_exact_whatever_comes_and_goes():
    rng = Random(5)
    parking = Parking(40_000)
    for _ in range(2_000):
        author = rng.randrange(1, 4)
        match rng.randrange(4):
            case 0:
                parking.forget(feed_of(author))
            case 1 if waiting := [*parking.waiting(feed_of(author))]:
                parking.take(feed_of(author), rng.choice(waiting).seq)
            case _:
                bundle = rng.choice(chain(LENGTH, author=author))
                parking.add(bundle, hi=rng.randrange(LENGTH))
        again = Parking(10**9)
        for number in (1, 2, 3):
            fill(again, tuple(parking.waiting(feed_of(number))))
        assert parking.nbytes == again.nbytes <= 40_000
