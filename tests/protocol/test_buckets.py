"""Token buckets: never more than burst at once, never more than the rate over time."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.buckets import TokenBucket
from tests.protocol.strategies import examples

steps = st.lists(st.tuples(st.floats(-5, 30), st.integers(0, 50)), max_size=40)


@examples(150)
@given(st.floats(0.1, 100), st.integers(1, 100), steps)
def test_no_more_than_burst_and_rate(rate: float, burst: int, taken):
    bucket = TokenBucket(rate, burst, now=0.0)
    now = latest = total = 0.0
    for wait, wanted in taken:
        now += wait
        latest = max(latest, now)
        granted = bucket.take(wanted, now=now)
        assert 0 <= granted <= min(wanted, burst)
        total += granted
        assert total <= burst + rate * latest + 1e-6
        assert bucket.level(now) >= -1e-9


def test_it_starts_full_and_refills():
    bucket = TokenBucket(2.0, 10, now=5.0)
    assert bucket.take(99, now=5.0) == 10
    assert bucket.take(1, now=5.4) == 0
    assert bucket.take(1, now=5.5) == 1
    assert bucket.take(99, now=100.0) == 10


def test_a_clock_that_stands_or_goes_back_gives_nothing():
    bucket = TokenBucket(1.0, 3, now=100.0)
    assert bucket.take(3, now=100.0) == 3
    assert bucket.take(1, now=50.0) == 0
    assert bucket.take(1, now=100.9) == 0
    assert bucket.take(1, now=101.0) == 1
