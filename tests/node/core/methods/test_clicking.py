"""Clicks say for which words and where the item stood, without anybody counting places."""

from dataclasses import replace

import pytest

from node.core.events import Caller
from node.core.last_search import VALID_S
from node.core.methods.clicking import CLICKS_MAX
from node.core.persons import ClickFact
from protocol.claims import Click, ItemInfo
from protocol.ids import Lane
from ranking.search import SearchConfig
from tests.node.core.peer_world import CONFIG, Refused, World, heard_by
from tests.node.core.scribe import Scribe, rates


@pytest.fixture
def node():
    return six_films(World().node("ada"))


def six_films(node):
    """Ada hears of six films, three of them good ones."""
    node.friend = Scribe(1)
    names = [f"{kind} night {n}" for kind in ("good", "late") for n in range(3)]
    infos = [ItemInfo(f"t:{name.replace(' ', '-')}", name, ()) for name in names]
    heard_by(node, [node.friend.says(*(rates(i.item) for i in infos), *infos)])
    node.ask("trust", peer=node.friend.author.hex())
    return node


def listed(node, *words):
    return [place["item"] for place in node.ask("search", words=list(words))["items"]]


def kept(node):
    return {key: fact.position for key, fact in node.owner.clicks.items()}


def test_a_click_is_for_the_words_of_the_last_search_and_knows_its_place(node):
    items = listed(node, "Night")
    data = node.ask("click", item=items[3])
    assert data == {"item": items[3], "terms": ["night"], "position": 3, "shared": False}
    assert kept(node) == {(("night",), items[3]): 3}
    node.restart()
    assert kept(node) == {(("night",), items[3]): 3}
    assert listed(node, "night")[0] == items[3], "one click changes the next list"


def test_what_the_last_search_did_not_show_needs_words(node):
    with pytest.raises(Refused, match="not_found: t:x is not among what your last search showed"):
        node.ask("click", item="t:x")
    good, late = listed(node, "good"), listed(node, "late")
    with pytest.raises(Refused, match="not among"):
        node.ask("click", item=good[0])
    node.world.now += VALID_S + 10
    with pytest.raises(Refused, match="an hour ago"):
        node.ask("click", item=late[0])


def test_words_that_are_not_of_the_last_search_say_no_place(node):
    items = listed(node, "night")
    assert node.ask("click", item=items[2], words="night")["position"] == 2
    assert node.ask("click", item=items[2], words="other")["position"] == 0
    assert node.ask("click", item=items[2], words="night", position=7)["position"] == 7


@pytest.mark.parametrize("kind", ["like", "play", "save"])
def test_liking_a_result_is_a_click_on_it(node, kind):
    items = listed(node, "night")
    assert node.ask("like", item=items[4], kind=kind)["clicked"] == ["night"]
    assert kept(node) == {(("night",), items[4]): 4}
    assert listed(node, "night")[0] == items[4]
    assert node.ask("like", item=items[4])["clicked"] == [], "noted already"
    node.restart()
    assert kept(node) == {(("night",), items[4]): 4}


def test_disliking_it_or_liking_what_was_not_shown_is_none(node):
    items = listed(node, "good")
    assert not node.ask("like", item=items[0], kind="skip")["clicked"]
    assert not node.ask("like", item=items[1], weight=-0.5)["clicked"]
    assert not node.ask("like", item="t:elsewhere")["clicked"]
    assert kept(node) == {}


def test_a_like_that_could_not_be_saved_is_no_click(node):
    items = listed(node, "night")
    node.store.failing = True
    with pytest.raises(Refused, match="store"):
        node.ask("like", item=items[0])
    with pytest.raises(Refused, match="store"):
        node.ask("click", item=items[0])
    assert kept(node) == {}
    assert len(node.state.clicks) == 0


def test_what_was_found_by_an_asker_from_afar_is_not_the_owners(node):
    bob = Scribe(3).author
    bob_asks = Caller(owner=False, authors=(bob,))
    node.ask("allow", author=bob.hex())
    data = node.ask("search", caller=bob_asks, words=["night"])
    assert len(data["items"]) == 6
    with pytest.raises(Refused, match="not among"):
        node.ask("click", item=data["items"][0]["item"])
    with pytest.raises(Refused, match="not_allowed: click is for the owner only"):
        node.ask("click", caller=bob_asks, item=data["items"][0]["item"], words="night")


def test_with_swaps_the_place_kept_is_the_one_that_was_shown():
    """Off unless it is set: a script wants the same answer twice."""
    config = replace(CONFIG, search=SearchConfig(swaps=1.0))
    plain, swapping = six_films(World().node("ada")), six_films(World().node("ada", config))
    before = listed(plain, "night")
    assert listed(plain, "night") == before
    for _ in range(5):
        items = listed(swapping, "night")
        moved = [at for at in range(6) if items[at] != before[at]]
        assert len(moved) == 2, "two of them, at each answer"
        data = swapping.ask("click", item=items[moved[1]])
        assert data["position"] == moved[1]
        swapping.owner.clicks.clear()
        swapping.state.clicks.drop_author(swapping.owner.row)


def test_a_shared_click_says_its_place_and_nothing_leaves_before(node):
    items = listed(node, "night")
    node.ask("click", item=items[2])
    node.world.run(1)
    assert not published(node)
    node.ask("share_set", clicks=True)
    node.world.run(1)
    assert published(node) == [Click(("night",), items[2], 2)]


def published(node):
    person = node.owner
    feeds = [f for f in node.state.feeds.feeds_of(person.author) if f.lane is Lane.CLICKS]
    return [c for f in feeds for b in node.store.feeds[f].bundles.values() for c in b.claims()]


def test_the_clicks_of_one_person_are_bounded(node):
    items = listed(node, "night")
    node.owner.clicks |= {((f"w{n}",), "t:1"): ClickFact(0) for n in range(CLICKS_MAX)}
    with pytest.raises(Refused, match="store: at most 10000 clicks are kept"):
        node.ask("click", item="t:1", words="new")
    node.ask("click", item="t:1", words="w5")
    assert node.ask("like", item=items[0])["clicked"] == [], "the like itself is kept"
