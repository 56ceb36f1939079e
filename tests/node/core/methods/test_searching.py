"""Words to items: text, then trusted clicks, then what is liked; strangers below and marked."""

from dataclasses import replace

import pytest

from protocol.claims import Click, ItemInfo
from protocol.ids import Lane
from ranking.search import SearchConfig
from tests.node.core.peer_world import CONFIG, Refused, World, heard_by
from tests.node.core.scribe import Scribe, rates


@pytest.fixture
def node():
    """Ada trusts one person; a stranger names and clicks, too."""
    node = World().node("ada")
    node.friend, node.stranger = Scribe(1), Scribe(2)
    for scribe, word in ((node.friend, "good"), (node.stranger, "spam")):
        infos = [ItemInfo(f"t:{word}{n}", f"Night film {word}{n}", ()) for n in range(3)]
        heard_by(node, [scribe.says(*(rates(i.item) for i in infos), *infos)])
    node.ask("trust", peer=node.friend.author.hex())
    return node


def found(node, *words, **more):
    return [
        (i["item"], i["matched"]) for i in node.ask("search", words=list(words), **more)["items"]
    ]


def clicks(node, scribe, item, *terms):
    heard_by(node, [scribe.says(Click(terms, item, 0), lane=Lane.CLICKS)])


def test_strangers_titles_stand_below_trusted_ones_and_are_marked(node):
    clicks(node, node.stranger, "t:spam1", "night")
    clicks(node, node.friend, "t:good2", "night")
    items = node.ask("search", words=["night"])["items"]
    assert [i["item"] for i in items[:3]] == ["t:good2", "t:good0", "t:good1"]
    assert [i["title_by"] for i in items] == ["trusted"] * 3 + ["stranger"] * 3
    clicks(node, node.friend, "t:spam2", "night")
    assert found(node, "night")[3] == ("t:spam2", "text"), "not even a friend's click lifts one"


def test_a_click_leads_where_no_text_does(node):
    clicks(node, node.friend, "t:good1", "noir")
    clicks(node, node.stranger, "t:spam1", "noir")
    first, *rest = found(node, "noir")
    assert first == ("t:good1", "clicks")
    popular = [("t:good0", "popular"), ("t:good2", "popular")]
    assert sorted(rest) == popular, "strangers' clicks count for nothing"
    assert node.ask("search", words=["noir"])["matched_by"] == "clicks"


def test_a_node_may_be_told_to_let_everybody_count():
    config = replace(CONFIG, search=SearchConfig(isolation=1.0))
    node = World().node("ada", config)
    stranger = Scribe(2)
    clicks(node, stranger, "t:spam1", "noir")
    assert found(node, "noir") == [("t:spam1", "clicks")]


def test_her_own_click_counts_and_survives_a_restart(node):
    node.ask("click", item="t:mine", words="Noir")
    assert found(node, "noir")[0] == ("t:mine", "clicks")
    node.restart()
    assert found(node, "noir")[0] == ("t:mine", "clicks")


def test_repeating_a_click_changes_nothing(node):
    clicks(node, node.friend, "t:good1", "noir")
    first = node.ask("search", words=["noir"])["items"][0]["score"]
    for _ in range(5):
        clicks(node, node.friend, "t:good1", "noir")
    assert node.ask("search", words=["noir"])["items"][0]["score"] == first


def test_what_nobody_ever_searched_for_falls_back_to_what_trusted_people_like(node):
    data = node.ask("search", words=["zzz"])
    assert data["matched_by"] == "popular"
    assert {i["item"] for i in data["items"]} == {"t:good0", "t:good1", "t:good2"}
    assert World().node("bob").ask("search", words=["zzz"]) == {
        "items": [],
        "matched_by": "nothing",
        "terms": ["zzz"],
    }


def test_blocked_items_and_what_blocked_authors_named_never_appear(node):
    node.ask("block", target="t:good0")
    node.ask("block", target=node.stranger.author.hex())
    assert sorted(found(node, "night")) == [("t:good1", "text"), ("t:good2", "text")]
    node.ask("block", target=node.friend.author.hex())
    assert found(node, "night") == []


def test_the_asker_says_how_many(node):
    assert len(found(node, "night", n=2)) == 2


@pytest.mark.parametrize(
    "words", [[], "", "   ", ["\x00\x1b"], [5], None, {"a": 1}, [["x"]]], ids=repr
)
def test_no_words_are_refused(node, words):
    with pytest.raises(Refused, match="usage: words must"):
        node.ask("search", words=words)


@pytest.mark.parametrize(
    "words",
    [
        "x" * 10_240,
        '"night" OR (a NEAR b)',
        "title:*",
        "-night",
        "'; DROP TABLE facts; --",
        "ßǅ\u0345",
    ],
    ids=lambda w: w[:12],
)
def test_strange_words_are_answered(node, words):
    data = node.ask("search", words=words)
    assert all(0 < len(term.encode()) <= 32 for term in data["terms"])
    assert node.ask("click", item="t:1", words=words)["terms"] == data["terms"]
