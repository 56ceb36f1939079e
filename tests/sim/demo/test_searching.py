"""The act of words, with two real daemons and three people."""

import io
from pathlib import Path

import pytest

from sim.demo import network, searching
from sim.demo.cast import Cast
from sim.demo.feeds import Feed
from sim.demo.fleet import running
from sim.demo.network import Directory
from sim.demo.show import Screen

TITLES = {"ml:movie:1": "Alien (1979)", "ml:movie:2": "Space Jam (1996)", "ml:movie:3": "Fargo"}


def test_a_result_says_why_it_is_there() -> None:
    key = "ab" * 32
    people = [{"author": key, "share": 0.6}, {"author": "cd" * 32, "share": 0.4}]
    items = [
        {"title": "Space Jam", "matched": "text", "clicked_by": {"people": [], "count": 0}},
        {"title": "Alien", "matched": "clicks", "clicked_by": {"people": people, "count": 7}},
    ]
    assert searching.result_lines(items, {key: "ann"}) == [
        "  1. Space Jam  [text]",
        "  2. Alien  [clicks, opened by ann, cdcdcdcd and 5 more]",
    ]


@pytest.mark.slow
def test_what_a_friend_opened_is_found_by_her_who_vouches_for_her(tmp_path: Path) -> None:
    feeds = {name: Feed() for name in ("ann", "bob")}
    for feed in feeds.values():
        for item, percent in zip(TITLES, (100, 100, -100), strict=True):
            feed.add(item, percent, 20_000)
    cast = Cast(feeds, {}, (("ann", "bob"),), (), TITLES)
    with running(tmp_path, "test-demo") as fleet:
        directory, screen = Directory({}, {}), Screen(io.StringIO())
        daemons = fleet.join(["one", "two"])
        for daemon, name in zip(daemons, feeds, strict=True):
            network.move_in(daemon, feeds, [name], TITLES, directory)
        network.vouch(cast.vouches, directory, lambda _more: None)
        network.share_all(daemons)
        assert searching.heard(directory, "ann", 0) == 0
        found = searching.show(screen, directory, "ann")
        assert [entry["title"] for entry in found] == ["Space Jam (1996)"]
        assert searching.friends_click(cast, directory, "ann") == (1, 1)
        assert searching.heard(directory, "ann", 1) == 1
        found = searching.show(screen, directory, "ann")
        assert [entry["matched"] for entry in found] == ["text", "clicks"]
        assert found[1]["clicked_by"]["people"][0]["author"] == directory.author_of["bob"]
        assert searching.like(directory, "ann", "ml:movie:1") == [searching.WORD]
