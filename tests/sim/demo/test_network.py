"""The demo's steps with two real daemons and eight people, over loopback libp2p."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.demo import network
from sim.demo.feeds import Feed
from sim.demo.fleet import DemoFailed, Fleet, running
from sim.demo.network import Directory
from sim.demo.show import Screen

pytestmark = pytest.mark.slow

TODAY = 20_000
PEOPLE = [f"user-{k}" for k in range(8)]
TITLES = {f"ml:movie:{k}": f"Film {k}" for k in range(20)}


def feeds() -> dict[str, Feed]:
    """Everybody likes eight of twenty films; neighbours like nearly the same ones."""
    made = {}
    for k, name in enumerate(PEOPLE):
        feed = made[name] = Feed()
        for film in range(k, k + 8):
            feed.add(f"ml:movie:{film}", 100, TODAY)
    return made


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with running(tmp_path, "test-demo") as made:
        yield made


def test_people_on_two_daemons_hear_each_other_and_get_lists(fleet: Fleet) -> None:
    daemons = fleet.join(["one", "two"])
    directory, screen = Directory({}, {}), Screen(io.StringIO())
    for daemon, names in zip(daemons, (PEOPLE[::2], PEOPLE[1::2]), strict=True):
        assert network.move_in(daemon, feeds(), names, TITLES, directory) == 32
    assert set(directory.author_of) == set(PEOPLE)
    vouches = tuple((a, b) for a in PEOPLE for b in PEOPLE if a != b)
    cast: list[int] = []
    network.vouch(vouches, directory, cast.append)
    assert sum(cast) == len(vouches)
    assert [network.held(daemon) for daemon in daemons] == [(32, 28), (32, 28)]  # nothing has left
    network.share_all(daemons)
    assert network.exchange(daemons, 64, 56, screen) == [(64, 56), (64, 56)]
    lists = network.lists(PEOPLE, directory, 5, cast.append)
    assert {entry["title"] for entry in lists["user-0"]} & {"Film 8", "Film 9"}
    near = network.neighbours(["user-0"], directory, "ml:movie:8", 5)["user-0"]
    assert near
    assert all(entry["title"] for entry in near)
    known = set(feeds()["user-0"].items)
    assert not known & {entry["item"] for entry in lists["user-0"]}


def test_a_daemon_that_has_ended_is_named_with_its_last_words(fleet: Fleet) -> None:
    (daemon,) = fleet.join(["one"])
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()
    with pytest.raises(DemoFailed, match=r"one ended with -9"), daemon.client() as client:
        client.ask("status")
