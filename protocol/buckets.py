"""Token buckets: how much unsolicited traffic one link may cause.

Answers to our own wants never pass a bucket (their cap is the budget under which we asked), so an
imported history of 60,000 listens travels at full speed while a flood of pushes does not.
"""


class TokenBucket:
    """`rate` tokens a second up to `burst`. Starts full. Memory O(1), each call O(1)."""

    __slots__ = ("_at", "_burst", "_level", "_rate")

    def __init__(self, rate: float, burst: float, *, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = now

    def level(self, now: float) -> float:
        """Tokens there are now."""
        elapsed = max(0.0, now - self._at)
        self._level = min(self._burst, self._level + elapsed * self._rate)
        self._at = max(self._at, now)
        return self._level

    def take(self, wanted: int, *, now: float) -> int:
        """Take up to `wanted` whole tokens; returns how many there were."""
        granted = max(0, min(wanted, int(self.level(now))))
        self._level -= granted
        return granted
