"""like, forget, share: what is kept here, and what leaves."""

import pytest

from tests.node.cli.terminal import Terminal

pytestmark = pytest.mark.slow


def test_a_like_is_private_until_taste_is_shared_and_forgotten_for_good(node: Terminal) -> None:
    assert node("like", "t:1", "--weight", "-0.5").out == "t:1: -0.50 (kept on this node)\n"
    assert node("like", "t:2", "--kind", "skip").out == "t:2: -1.00 (kept on this node)\n"
    assert node("like", "t:1", "--title", "One").out == "t:1: +1.00 (kept on this node)\n"
    assert (
        node("share").out
        == "me shares: nothing\n0 records have left, 0 are waiting, 2 are private\n"
    )
    preview = node("share", "--preview")
    assert preview.err.startswith("3 records would leave if everything were shared, signed by ")
    assert "item='t:1'" in preview.out
    assert "title='One'" in preview.out
    assert node.json("share")["taste"] is False, "a preview changes nothing"

    assert node("share", "--taste").out == "me shares: taste\n"
    assert node("like", "t:3").out.endswith("(shared)\n")
    node.until("share", lambda data: (data["shared"], data["pending"]) == (3, 0))
    assert node.json("share", "--preview")["total"] == 0, "everything has left"
    told = node("forget", "t:3")
    assert told.out == "forgot t:3\n"
    assert "a copy may survive" in told.err
    gone = node("forget", "t:3", "--json")
    assert (gone.code, gone.error["code"]) == (4, "not_found")
    assert "grapevine forget ITEM" in node("share", "--no-taste").err
    assert "(kept on this node)" in node("like", "t:4").out


def test_a_title_too_long_to_travel_is_refused(node: Terminal) -> None:
    told = node("like", "t:long", "--title", "x" * 201)
    assert told.code == 2
    assert "at most 200 bytes" in told.err


def test_a_preview_tries_switches_out(node: Terminal) -> None:
    node.json("people", "--add", "vera")
    for command in (["like", "t:1"], ["trust", "ab" * 32], ["trust", "cd" * 32, "-1"]):
        node.json(*command, "--as", "vera")

    def kinds(*switches: str) -> list[str]:
        data = node.json("share", "--preview", *switches, "--as", "vera")
        return sorted(record["kind"] for record in data["records"])

    assert kinds("--vouches") == ["Vouch"]
    assert kinds("--vouches", "--negative-vouches") == ["Vouch", "Vouch"]
    assert kinds("--taste") == ["Interaction"]
    assert kinds("--no-taste") == []
    assert kinds() == ["Interaction", "Vouch", "Vouch"]
    told = node("share", "--preview", "--limit", "1", "--as", "vera")
    assert "the first 1 are" in told.err
    assert told.out.count("\n") == 1
    assert node("share", "--as", "vera").out.startswith("vera shares: nothing\n")


def test_one_command_switches_everybody(node: Terminal) -> None:
    node.json("people", "--add", "eva")
    lines = node("share", "--clicks", "--everyone").out.splitlines()
    assert "eva shares: clicks" in lines
    assert len(lines) == len(node.json("people")["people"])
    assert node.json("share", "--no-clicks", "--everyone")["changed"] == len(lines)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("like", "no namespace"), 2, "ml:movie:50"),
        (("like", "t:1", "--kind", "love"), 2, "play, like, rate, skip, save"),
        (("like", "t:1", "--as", "nobody"), 4, "grapevine people"),
        (("forget", "t:never"), 4, "t:never"),
    ],
)
def test_what_cannot_be_done_says_why(node: Terminal, arguments, code: int, said: str) -> None:
    told = node(*arguments)
    assert told.code == code
    assert said in told.err
