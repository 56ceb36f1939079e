"""What leaves a node: nothing unasked, rounded, in small portions, once it is durable."""

from dataclasses import replace

import pytest

from node.core.events import Commit, Committed, FindAuthor, Provide, PutOwnBundle, StoreBundles
from node.core.publishing import BUNDLES_PER_TICK, CLAIMS_PER_BUNDLE, quantised
from protocol.claims import Endpoint, Interaction, ItemInfo, Retract, Vouch
from protocol.events import Send, Tick
from protocol.ids import FeedId, Lane
from protocol.limits import VOID_MARKS_MAX
from tests.node.core.peer_world import CONFIG, World, like_all, sharing
from tests.node.core.scribe import Scribe


def said(node, lane=None):
    """All claims in own stored bundles, with the seq that carries them."""
    return [
        (seq, claim)
        for feed, held in node.store.feeds.items()
        if feed.author == node.author and lane in (None, feed.lane)
        for seq, bundle in sorted(held.bundles.items())
        for claim in bundle.claims()
    ]


def public_items(node):
    return {c.item for _, c in said(node, Lane.TASTE) if isinstance(c, Interaction | ItemInfo)}


@pytest.fixture
def friends():
    """Ada and Bob, linked, trusting each other, both sharing everything."""
    world = World()
    ada, bob = world.node("ada"), world.node("bob")
    sharing(ada)
    sharing(bob)
    ada.ask("trust", peer=bob.author.hex(), weight=1)
    bob.ask("trust", peer=ada.author.hex(), weight=1)
    world.link(ada, bob)
    world.run(10)
    return world, ada, bob


@pytest.mark.parametrize(
    ("weight", "shared"),
    [(0, 0), (1, 20), (-1, -20), (29, 20), (30, 40), (100, 100), (-95, -100), (-49, -40)],
)
def test_shared_weights_are_rounded_and_never_to_nothing(weight, shared):
    assert quantised(weight) == shared


def test_taste_and_vouches_leave_rounded(friends):
    world, ada, bob = friends
    ada.ask("like", item="t:1", weight=0.37)
    ada.ask("trust", peer=bob.author.hex(), weight=0.73)
    world.run(2)
    assert bob.edges(ada.author)["t:1"][0] == 40
    assert bob.vouches(ada.author)[bob.author] == 80
    assert ada.edges(ada.author)["t:1"][0] == 37, "her own walks use her own words"
    assert ada.vouches(ada.author)[bob.author] == 73


def test_a_large_import_leaves_in_many_bundles_a_few_at_each_tick():
    world = World()
    ada = world.node("ada")
    rows = [[None, f"t:{n}", 1, 19_000, f"Title of {n}", []] for n in range(60_000)]
    for at in range(0, len(rows), 500):
        ada.ask("import_rows", rows=rows[at : at + 500])
    sharing(ada, taste=True)
    per_tick = []
    while any(fact.seq is None for fact in ada.owner.facts.values()):
        world.now += 0.25
        effects = ada.handle(Tick())
        commits = [e for e in effects if isinstance(e, Commit)]
        per_tick.append(sum(isinstance(w, PutOwnBundle) for c in commits for w in c.writes))
    assert max(per_tick) <= BUNDLES_PER_TICK
    assert sum(per_tick) >= 120_000 / CLAIMS_PER_BUNDLE
    assert len(per_tick) <= 60, "a quarter of a minute"
    feed = FeedId(ada.author, ada.device, Lane.TASTE)
    replica = ada.state.feeds.replica(feed)
    assert (replica.lo, replica.claims) == (1, 120_000), "own data are served whole"


def test_own_data_are_whole_before_anybody_has_been_walked_for():
    world = World()
    ada = world.node("ada", replace(CONFIG, trust_interval_s=1_000.0))
    world.run(1)
    ada.ask("add_person", name="eve")
    rows = [[None, f"t:{n}", 1, 19_000, f"Title of {n}", []] for n in range(12_000)]
    for at in range(0, len(rows), 500):
        ada.ask("import_rows", rows=rows[at : at + 500], person="eve")
    ada.ask("share_set", people=["eve"], taste=True)
    world.run(4)
    eve = ada.state.persons.named("eve")
    replica = ada.state.feeds.replica(FeedId(eve.author, eve.device, Lane.TASTE))
    assert (replica.lo, replica.claims) == (1, 24_000)


def test_many_people_share_the_budget_of_one_tick():
    world = World()
    ada = world.node("ada")
    people = [[f"p{n % 20}", f"t:{n}", 1, 19_000, None, []] for n in range(6_000)]
    for at in range(0, 6_000, 500):
        ada.ask("import_rows", rows=people[at : at + 500], people=True)
    ada.ask("share_set", people="*", taste=True)
    for _ in range(10):
        world.now += 0.25
        commits = [e for e in ada.handle(Tick()) if isinstance(e, Commit)]
        writes = [w for c in commits for w in c.writes]
        assert sum(isinstance(w, PutOwnBundle) for w in writes) <= BUNDLES_PER_TICK
    assert all(f.seq for p in ada.state.persons for f in p.facts.values()), "everybody's turn came"


def test_nothing_is_announced_before_it_is_durable(friends):
    world, ada, _ = friends
    ada.ask("like", item="t:1")
    ada.lazy = True
    sent = len(ada.effects(Send))
    world.now += 1.0
    ada.handle(Tick())
    held = [e for e in ada.held if isinstance(e, Commit)]
    assert isinstance(held[0].writes[0], PutOwnBundle)
    bundle = held[0].writes[0].bundle
    assert ada.state.feeds.replica(bundle.feed) is None
    assert not any(bundle.header_bytes in e.frame for e in ada.effects(Send)[sent:])
    ada.release()
    assert ada.state.feeds.replica(bundle.feed).hi == bundle.seq
    assert any(bundle.header_bytes in e.frame for e in ada.effects(Send)[sent:])


def test_a_failed_commit_leaves_a_gap_and_joins_the_chain_again(friends):
    world, ada, bob = friends
    ada.ask("like", item="t:1")
    world.run(1)
    before = ada.owner.writers[Lane.TASTE].head
    ada.ask("like", item="t:2")
    ada.store.failing = True
    world.run(2)
    lost = ada.owner.writers[Lane.TASTE].head[0]
    assert lost > before[0], "numbers were given out"
    assert "t:2" not in bob.edges(ada.author)
    ada.store.failing = False
    world.run(2)
    assert set(bob.edges(ada.author)) == {"t:1", "t:2"}
    seqs = sorted(ada.store.feeds[FeedId(ada.author, ada.device, Lane.TASTE)].bundles)
    assert seqs[-1] > lost, "no number is used twice"


def test_what_changed_while_it_was_published_is_published_again(friends):
    world, ada, bob = friends
    ada.ask("like", item="t:1", weight=1)
    ada.lazy = True
    world.now += 1.0
    ada.handle(Tick())
    publish, ada.held = list(ada.held), []
    ada.lazy = False
    ada.ask("like", item="t:1", weight=-1)
    for effect in publish:
        ada.perform(effect)
    world.run(2)
    assert bob.edges(ada.author)["t:1"][0] == -100
    ada.ask("forget", item="t:1")
    world.run(2)
    assert "t:1" not in bob.edges(ada.author)


# ------------------------------------------------------------------------------------- forgetting
def test_forgetting_takes_an_item_back_everywhere_and_keeps_its_neighbours(friends):
    world, ada, bob = friends
    like_all(ada, [f"t:{n}" for n in range(10)], title="canary")
    world.run(2)
    assert len(bob.edges(ada.author)) == 10
    seq = ada.owner.facts["t:3"].seq
    assert ada.ask("forget", item="t:3") == {"item": "t:3", "retracted": True}
    world.run(3)
    feed = FeedId(ada.author, ada.device, Lane.TASTE)
    named = {item for item, source in bob.store.infos if source == ada.author}
    assert named == {f"t:{n}" for n in range(10) if n != 3}
    for node in (ada, bob):
        assert set(node.edges(ada.author)) == {f"t:{n}" for n in range(10) if n != 3}
        assert node.store.feeds[feed].bundles[seq].claims_bytes is None, "the body is gone"
        assert not any(b"t:3" in b.wire() for b in node.store.feeds[feed].bundles.values())
    late = world.node("late")
    late.ask("trust", peer=ada.author.hex())
    world.link(late, bob)
    world.run(6)
    assert set(late.edges(ada.author)) == {f"t:{n}" for n in range(10) if n != 3}
    assert not any(b"t:3" in b.wire() for b in late.store.feeds[feed].bundles.values())


def test_forgetting_reaches_every_form_in_which_the_item_was_ever_said(friends):
    world, ada, bob = friends
    for weight in (1, 0.5, -1):
        ada.ask("like", item="t:1", weight=weight)
        ada.ask("like", item=f"t:keep{weight}", weight=1)
        world.run(1)
    ada.restart()  # it is found again in her own bundles
    world.link(ada, bob)
    ada.ask("forget", item="t:1")
    world.run(5)
    assert public_items(ada) == {"t:keep1", "t:keep0.5", "t:keep-1"}
    assert set(bob.edges(ada.author)) == public_items(ada)


def test_what_another_device_said_is_taken_back_by_weight(friends):
    world, ada, bob = friends
    like_all(ada, ["t:1", "t:2"])
    world.run(2)
    # A restored backup: another device, and no fact knows which bundle carries it.
    person = ada.store.people["ada"]
    person.record = person.record.__class__("ada", person.record.seed, b"\xee" * 8)
    for fact in person.facts.values():
        fact.seq = None
    ada.restart()
    world.link(ada, bob)
    world.run(5)
    ada.ask("forget", item="t:1")
    world.run(5)
    assert bob.edges(ada.author)["t:2"][0] == 100
    assert bob.edges(ada.author).get("t:1", (0, 0))[0] == 0, "nobody counts it"


def test_void_marks_stay_few_and_survivors_are_stated_again(friends):
    world, ada, bob = friends
    items = [f"t:{n}" for n in range(400)]
    for item in items:  # one bundle each, so that each retraction is a mark of its own
        ada.ask("like", item=item)
        world.now += 1
        ada.handle(Tick())
        world.settle()
    for item in items[:390:2] + items[1:200:2]:
        ada.ask("forget", item=item)
        world.run(0.25)
    world.run(10)
    feed = FeedId(ada.author, ada.device, Lane.TASTE)
    left = set(ada.owner.facts)
    assert len(left) == 400 - 195 - 100
    for node in (ada, bob):
        replica = node.state.feeds.replica(feed)
        assert replica.floor > 1
        assert len(node.state.feeds.voided(feed)) <= VOID_MARKS_MAX
        assert min(node.store.feeds[feed].bundles) >= replica.lo, "what is below the floor went"
    assert set(bob.edges(ada.author)) == left


def test_a_forgetting_that_failed_leaves_floor_and_marks_as_they_were(friends):
    world, ada, _ = friends
    like_all(ada, ["t:1", "t:2"])
    world.run(2)
    writer = ada.owner.writers[Lane.TASTE]
    before = writer.marks, writer.head[1]
    ada.store.failing = True
    with pytest.raises(Exception, match="store: not forgotten"):
        ada.ask("forget", item="t:1")
    assert (writer.marks, writer.head[1]) == before
    assert "t:1" in ada.owner.facts
    ada.store.failing = False
    assert ada.ask("forget", item="t:1")["retracted"]


def test_a_private_item_is_forgotten_without_a_word():
    world = World()
    ada = world.node("ada")
    ada.ask("like", item="t:1")
    assert ada.ask("forget", item="t:1") == {"item": "t:1", "retracted": False}
    world.run(2)
    assert said(ada) == []


# ---------------------------------------------------------------------------------------- privacy
CANARY = "canary7f3a"


def private_life(node, stranger):
    """A node's owner does everything that could leave a trace."""
    node.ask("like", item=f"t:{CANARY}", title=f"{CANARY} the film", tags=[CANARY], weight=0.37)
    node.ask("import_rows", rows=[[None, f"i:{CANARY}", 1, 19_000, CANARY, [CANARY]]])
    node.ask("trust", peer=stranger.author.hex(), weight=0.9)
    node.ask("click", item=f"c:{CANARY}", words=[CANARY])
    node.ask("search", words=[CANARY, "q" + CANARY])
    node.ask("recommend")
    node.ask("why", item=f"t:{CANARY}", without=stranger.author.hex())
    node.ask("block", target=f"b:{CANARY}")


def left_the_node(node):
    """Every effect handed to the transport, as bytes."""
    out = []
    for effect in node.log:
        if isinstance(effect, Send):
            out.append(effect.frame)
        elif isinstance(effect, Provide | FindAuthor):
            out.append(effect.author)
        elif type(effect).__name__ == "Dial":
            out.append(effect.address.encode())
    return out


def hits(node, *needles):
    sought = [n.encode() if isinstance(n, str) else n for n in needles]
    sought += [n.hex().encode() for n in sought]
    return [n for n in sought for sent in left_the_node(node) if n in sent]


@pytest.fixture
def company():
    """Ada among two others who share everything, and somebody whom nobody knows."""
    world = World()
    ada, bob, eve = (world.node(name) for name in ("ada", "bob", "eve"))
    for node in (bob, eve):
        sharing(node)
        like_all(node, [f"t:{n}" for n in range(20)])
    world.link(ada, bob)
    world.link(eve, ada)
    world.run(5)
    return world, ada, Scribe(1)


def test_a_node_that_shares_nothing_gives_nothing_away(company):
    world, ada, stranger = company
    private_life(ada, stranger)
    enemy = Scribe(2)
    ada.ask("trust", peer=enemy.author.hex(), weight=-1)
    world.run(60)
    assert hits(ada, CANARY, stranger.author, enemy.author, ada.author) == []
    assert not ada.effects(Provide, FindAuthor)
    assert len(left_the_node(ada)) > 50, "it did talk"


def test_who_shares_taste_alone_gives_no_vouch_click_or_query_away(company):
    world, ada, stranger = company
    private_life(ada, stranger)
    enemy = Scribe(2)
    ada.ask("trust", peer=enemy.author.hex(), weight=-1)
    sharing(ada, taste=True)
    world.run(60)
    assert f"t:{CANARY}" in public_items(ada)
    assert (
        hits(ada, stranger.author, enemy.author, f"c:{CANARY}", "q" + CANARY, f"b:{CANARY}") == []
    )
    assert all(c.weight % 20 == 0 for _, c in said(ada) if isinstance(c, Interaction))


def test_who_shares_vouches_gives_no_negative_one_away_not_even_by_taking_it_back(company):
    world, ada, friend = company
    enemies = [Scribe(2), Scribe(3), Scribe(4)]
    ada.ask("trust", peer=friend.author.hex(), weight=0.9)
    for enemy in enemies:
        ada.ask("trust", peer=enemy.author.hex(), weight=-1)
    sharing(ada, vouches=True)
    world.run(5)
    ada.ask("trust", peer=enemies[0].author.hex(), weight=0)
    ada.ask("trust", peer=friend.author.hex(), weight=-1)
    world.run(5)
    vouches = [c for _, c in said(ada, Lane.VOUCHES)]
    assert vouches == [Vouch(friend.author, 100), Vouch(friend.author, 0)], "praise is withdrawn"
    assert hits(ada, *(enemy.author for enemy in enemies)) == []
    ada.restart()
    world.run(5)
    assert [c for _, c in said(ada, Lane.VOUCHES)] == vouches, "and nothing is said twice"
    sharing(ada, negative_vouches=True)
    world.run(5)
    last = {c.author: c.weight for _, c in said(ada, Lane.VOUCHES)}
    assert last == {s.author: -100 for s in (friend, *enemies[1:])}


def test_addresses_are_said_only_by_who_shares_something_and_once(company):
    world, ada, _ = company
    world.run(60)
    assert said(ada) == []
    sharing(ada, taste=True)
    world.run(1_300)
    endpoints = [c for _, c in said(ada, Lane.IDENTITY)]
    assert endpoints == [Endpoint((ada.address,))]
    ada.restart()
    world.run(1_300)
    assert [c for _, c in said(ada, Lane.IDENTITY)] == endpoints


def test_addresses_that_could_not_be_stored_are_said_later(company):
    world, ada, _ = company
    sharing(ada, taste=True)
    ada.store.failing = True
    world.run(60)
    ada.store.failing = False
    world.run(1_300)
    assert [c for _, c in said(ada, Lane.IDENTITY)] == [Endpoint((ada.address,))]


def test_looking_for_somebody_waits_until_vouches_are_shared(company):
    world, ada, friend = company
    ada.ask("trust", peer=friend.author.hex(), weight=0.9)
    world.run(60)
    assert not ada.effects(FindAuthor)
    sharing(ada, vouches=True)
    world.run(60)
    assert {e.author for e in ada.effects(FindAuthor)} == {friend.author}


def test_own_bundles_cut_by_the_floor_are_cut_in_the_store_too(friends):
    world, ada, _ = friends
    for n in range(130):
        ada.ask("like", item=f"t:{n}")
        world.now += 1
        ada.handle(Tick())
    for n in range(128):
        ada.ask("forget", item=f"t:{n}")
        ada.ask("like", item=f"t:again{n}")
        world.run(0.5)
        ada.ask("forget", item=f"t:again{n}")
    raised = [lo for e in ada.effects(StoreBundles) for feed, lo in e.raised
              if feed.author == ada.author]  # fmt: skip
    assert raised
    assert {c.item for _, c in said(ada, Lane.TASTE) if isinstance(c, Interaction)} == {
        "t:128",
        "t:129",
    }
    assert any(isinstance(c, Retract) for _, c in said(ada, Lane.TASTE))


def test_committed_is_answered_once(friends):
    _, ada, _ = friends
    assert ada.handle(Committed(10_000)) == []
