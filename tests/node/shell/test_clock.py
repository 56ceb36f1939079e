"""Time never runs backwards, and catches up when the wall clock has moved ahead."""

import pytest

from node.shell import clock as module
from node.shell.clock import Clock


class Wall:
    """Both clocks of the machine, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.steady = 1_760_000_000.0, 50.0
        monkeypatch.setattr(module.time, "time", lambda: self.wall)
        monkeypatch.setattr(module.time, "monotonic", lambda: self.steady)

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


def test_it_starts_at_the_wall_clock_and_counts_seconds(wall: Wall):
    clock = Clock()
    assert clock.now() == wall.wall
    wall.pass_(12.5)
    assert clock.now() == wall.wall


def test_a_wall_clock_set_back_does_not_take_it_back(wall: Wall):
    clock = Clock()
    before = clock.now()
    wall.wall -= 3_600
    clock.resync()
    wall.pass_(1)
    assert clock.now() == before + 1
    wall.pass_(3_599)
    clock.resync()
    assert clock.now() == before + 3_600


def test_a_machine_that_slept_catches_up_at_the_next_resync(wall: Wall):
    clock = Clock()
    wall.wall += 7_200  # the monotonic clock of a sleeping machine stands still
    assert clock.now() == wall.wall - 7_200
    clock.resync()
    assert clock.now() == wall.wall


def test_small_corrections_are_left_alone(wall: Wall):
    clock = Clock()
    wall.wall += 0.9
    clock.resync()
    assert clock.now() == wall.wall - 0.9
