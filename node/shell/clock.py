"""The daemon's clock: Unix seconds that never run backwards."""

import time


class Clock:
    """Wall time at the start plus monotonic time since; re-anchored forwards only.

    A laptop that slept, or whose clock was set forwards, catches up at the next `resync`; one
    whose clock was set back keeps counting until the wall catches up. Timers are never surprised
    by a step backwards.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Unix seconds, non-decreasing."""
        return time.monotonic() + self._offset

    def resync(self) -> None:
        """Follow the wall clock if it has moved ahead of ours by more than a second."""
        ahead = time.time() - self.now()
        if ahead > 1.0:
            self._offset += ahead
