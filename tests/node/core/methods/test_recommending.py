"""Lists and their reasons: complete, honest about protection, without what is blocked."""

import pytest

from node.core import events as ev
from node.core.methods.recommending import ITEMS_MAX
from node.query import results
from node.query.schema import ANSWER_BYTES_MAX, encode_result
from protocol.claims import ItemInfo, Vouch
from protocol.ids import Lane
from tests.node.core.peer_world import Refused, World, heard_by, like_all
from tests.node.core.scribe import Scribe, rates


@pytest.fixture
def node():
    """Ada trusts three of eight people, who trust the rest; two strangers stand apart."""
    node = World().node("ada")
    node.people = [Scribe(n) for n in range(10)]
    for at, scribe in enumerate(node.people):
        items = [f"t:{(at * 2 + n) % 40}" for n in range(14)]
        claims = [rates(item, 100 - 3 * at) for item in items]
        heard_by(node, [scribe.says(*claims, ItemInfo(items[3], f"Film {items[3]}", ("x",)))])
        if at < 8:
            vouches = [Vouch(node.people[(at + k) % 8].author, 80) for k in (1, 3)]
            heard_by(node, [scribe.says(*vouches, lane=Lane.VOUCHES)])
    heard_by(node, [node.people[9].says(rates("t:strange"))])
    for n in (0, 1, 2):
        node.ask("trust", peer=node.people[n].author.hex(), weight=1 - n / 4)
    like_all(node, ["t:2", "t:5", "t:8"])
    return node


def test_the_reasons_of_every_item_add_up_to_its_score(node):
    items = node.ask("recommend", n=20)["items"]
    ordinary = [i for i in items if i["discovery"] is None]
    assert len(ordinary) >= 10
    for item in ordinary:
        assert sum(r["share"] for r in item["reasons"]) + item["other_share"] == pytest.approx(1)
        for reason in item["reasons"]:
            assert reason["because"]["item"] in node.owner.facts
            trail = [step["author"] for step in reason["trail"]]
            assert trail[0] == node.author.hex()
            assert trail[-1] == reason["heard_from"]["author"]
    why = node.ask("why", item=ordinary[0]["item"])
    assert why["score"] == pytest.approx(ordinary[0]["score"])
    assert why["rank"] == 1
    assert not why["known"]


def test_why_without_somebody_leaves_her_evidence_out(node):
    first = node.ask("recommend")["items"][0]["item"]
    friend = node.people[0].author
    fewer = node.ask("why", item=first, without=friend.hex())["without"]
    assert fewer["person"] == {"author": friend.hex(), "name": ""}
    assert fewer["score"] < node.ask("why", item=first)["score"]
    assert friend.hex() not in {r["heard_from"]["author"] for r in fewer["reasons"]}


def test_what_is_known_or_blocked_is_not_recommended(node):
    before = [i["item"] for i in node.ask("recommend", n=40)["items"]]
    assert not set(before) & set(node.owner.facts)
    node.ask("block", target=before[0])
    node.ask("block", target=node.people[1].author.hex())
    node.ask("like", item=before[1], weight=-1)
    for _ in range(2):
        listed = node.ask("recommend", n=40)["items"]
        assert not {before[0], before[1]} & {i["item"] for i in listed}
        heard = {r["heard_from"]["author"] for i in listed for r in i["reasons"]}
        assert heard
        assert node.people[1].author.hex() not in heard
        node.restart()
    assert node.ask("why", item=before[0])["known"], "known, or blocked"
    node.ask("unblock", target=before[0])
    assert before[0] in [i["item"] for i in node.ask("recommend", n=40)["items"]]


def test_two_of_twenty_places_are_labelled_discoveries(node):
    listed = node.ask("recommend", n=20)["items"]
    assert {i["discovery"] for i in listed} <= {None, "rare", "newcomer"}
    last = min(19, len(listed) - 1)
    places = [at for at, i in enumerate(listed) if i["discovery"]]
    assert places[0] == 9, "one for each ten begun, as far as there are rare items"
    assert set(places) <= {9, last}
    assert len(listed) >= 10


def test_whoever_trusts_nobody_is_warned(node):
    lonely = node.world.node("bob")
    heard_by(lonely, [s.says(rates("t:1"), rates("t:2")) for s in (Scribe(20), Scribe(21))])
    lonely.ask("like", item="t:1")
    data = lonely.ask("recommend")
    assert data["unprotected"]
    assert [i["item"] for i in data["items"]] == ["t:2"]
    assert any("vouch for someone" in w for w in lonely.last_warnings)
    assert any("you trust nobody" in w for w in lonely.last_warnings)
    lonely.ask("status")
    assert any("unprotected" in w for w in lonely.last_warnings)


def test_an_undefended_list_says_so_and_does_not_become_her_trust(node):
    before = node.ask("trust_get")
    node.ask("recommend", method="undefended")
    assert any("undefended" in w for w in node.last_warnings)
    assert node.ask("trust_get") == before


def test_taking_trust_back_works_at_once(node):
    assert node.trust_in(node.people[0].author) > 0
    for n in (0, 1, 2):
        node.ask("trust", peer=node.people[n].author.hex(), weight=0)
    assert node.ask("recommend")["unprotected"]
    assert node.ask("trust_get") == {"trusted": [], "unprotected": True, "earned": []}


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"item": "t:nobody knows"}, "not_found: nobody heard here knows"),
        ({"item": "no item"}, "usage: 'no item' is not an item name"),
        ({"item": "t:1", "without": "nobody"}, "not_found: nobody here has heard of nobody"),
        ({"item": "t:1", "without": "ada"}, "usage: nobody can be left out of her own list"),
        ({"item": "t:1", "without": "grapevine:half"}, "usage:"),
        ({"item": "t:1", "person": "eve"}, "not_found: nobody called 'eve'"),
    ],
)
def test_why_refuses_clearly(node, asked, refusal):
    with pytest.raises(Refused, match=refusal):
        node.ask("why", **asked)


@pytest.mark.parametrize("n", [0, ITEMS_MAX + 1, -1, 1.0e300, float("nan"), "5", True, None])
def test_a_wrong_length_is_refused(node, n):
    with pytest.raises(Refused, match="usage: n must be a number from 1 to 200"):
        node.ask("recommend", n=n)


def test_the_longest_list_fits_into_one_answer():
    node = World().node("ada")
    long = "mbid:8f3471b5-7e6a-48da-86a9-"
    likes = [f"{long}{n}" for n in range(8)]
    for number in range(6):
        scribe = Scribe(number)
        node.ask("trust", peer=scribe.author.hex())
        for at in range(0, 240, 40):
            items = [f"{long}{n + 100}" for n in range(at, at + 40)]
            infos = [ItemInfo(i, "T" * 60, ("tag", "another")) for i in items]
            heard_by(node, [scribe.says(*map(rates, items)), scribe.says(*infos)])
        heard_by(node, [scribe.says(*map(rates, likes))])
    like_all(node, likes, title="S" * 60)
    data = node.ask("recommend", n=ITEMS_MAX)
    assert len(data["items"]) == ITEMS_MAX
    payload = encode_result(1, results.checked(results.RecommendResult, data), ())
    assert len(payload) <= ANSWER_BYTES_MAX
    assert b"too large" not in payload


def test_what_a_question_worked_out_serves_the_next_until_something_changes(node):
    def view():
        kept = node.peer.state.views._kept
        return kept[0] if kept else None

    node.ask("recommend")
    first = view()
    node.ask("recommend")
    node.ask("why", item="t:9")
    assert view() is first is not None
    node.ask("recommend", method="undefended")
    assert view() is first, "a comparison does not displace it"
    heard_by(node, [node.people[9].says(rates("t:stranger"))])
    node.ask("recommend")
    assert view().snapshot is not first.snapshot
    second = view()
    node.ask("trust", peer=node.people[1].author.hex(), weight=0)
    node.ask("recommend")
    assert view() is not second


def test_questions_at_once_share_one_snapshot_which_the_worker_finishes(node):
    alone = node.ask("recommend", n=9)  # no place for a discovery, which is drawn
    found = node.ask("search", words=["film"])
    heard_by(node, [node.people[9].says(rates("t:another"))])  # untrusted: lists stay the same
    node.lazy = True
    tokens = [node.submit("recommend", ev.OWNER, n=9) for _ in range(2)]
    tokens.append(node.submit("search", ev.OWNER, words=["film"]))
    assert node.state.views.nbytes == 0, "nothing old is kept beside the new one"
    (finish,) = node.held
    assert isinstance(finish, ev.Compute), "one of them finishes it"
    assert node.state.graph._snapshot[1]._made is None, "not on the thread of the Peer"
    node.release()
    first, second, third = (node.answers[token] for token in tokens)
    assert first.data["items"] == second.data["items"] == alone["items"]
    assert third.data == found
    assert node.state.finishing == node.state.waiting == {}
    assert not node.state.graph._items.held


def test_a_question_is_answered_from_the_graph_as_it_was_when_it_was_asked(node):
    node.lazy = True
    before = node.submit("recommend", ev.OWNER, n=40)
    heard_by(node, [node.people[0].says(rates("t:2"), rates("t:fresh"))])
    after = node.submit("recommend", ev.OWNER, n=40)
    assert sum(isinstance(effect, ev.Compute) for effect in node.held) == 2
    node.release()
    listed = [{i["item"] for i in node.answers[t].data["items"]} for t in (before, after)]
    assert listed[1] - listed[0] == {"t:fresh"}


def test_whoever_waits_for_a_snapshot_hears_that_it_failed(node):
    node.lazy = True
    tokens = [node.submit("recommend", ev.OWNER) for _ in range(2)]
    (job,) = node.held
    node.held.clear()
    node.handle(ev.ComputeFailed(job.token, "it broke"))
    for token in tokens:
        assert "it broke" in node.answers[token].message
    assert node.state.finishing == node.state.waiting == {}
    assert not node.state.graph._items.held
