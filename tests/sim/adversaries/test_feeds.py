"""What is said in valid feeds arrives, and is believed as far as whoever says it is trusted."""

import pytest

from protocol.claims import Click, Interaction, Retract, Vouch
from protocol.ids import FeedId, Lane
from protocol.limits import DAY_MAX, VOID_MARKS_MAX, VOUCHES_LIVE_MAX
from sim.adversaries.stage import names
from sim.scenario.schema import Speaking
from tests.node.core.peer_world import DAY
from tests.sim.adversaries.arena import Member, Scene, scene


def claims_of(made: Scene, friend: Member, kind: type, *, by: int = 0) -> list:
    """What this peer's identity has said to a friend, over whatever link."""
    stored = friend.stored(made.identity(by))
    return [claim for bundle in stored for claim in bundle.claims() if isinstance(claim, kind)]


def test_what_is_dated_ahead_is_refused_and_ages_from_today():
    made = scene(Speaking(how="future", rate_per_s=2), fooled=(0, 1, 2, 3))
    liar = made.identity()
    made.world.run(15)
    for friend in made.friends:
        late = [b for b in friend.heard_of(liar, by="mallory-0") if b.claims_bytes is not None
                and b.header.time >= made.world.now + 600]  # fmt: skip
        assert late, "dated ahead, and delivered"
        assert {b.id for b in friend.stored(liar)}.isdisjoint(b.id for b in late)
        assert {c.day for c in claims_of(made, friend, Interaction)} == {DAY_MAX}
        assert friend.edges(liar)
        assert {day for _, day in friend.edges(liar).values()} == {DAY}, "seen today, not later"
        assert friend.points("mallory-0") == 0
    made.news_arrives()


def test_what_is_dated_long_ago_counts_as_old():
    made = scene(Speaking(how="past", rate_per_s=2), fooled=(0, 1, 2, 3))
    made.world.run(10)
    for friend in made.friends:
        times = [b.header.time for b in friend.stored(made.identity())]
        assert len(times) > 10
        assert max(times) < 86_400
        assert {day for _, day in friend.edges(made.identity()).values()} == {0}
        assert made.fakes_shown(friend) == 0, "what nobody has liked for decades"
    made.news_arrives()


@pytest.mark.slow
def test_what_is_retracted_never_counts_however_often():
    made = scene(Speaking(how="flap", rate_per_s=30), fooled=(0, 1, 2, 3))
    liar = made.identity()
    feed = FeedId(liar, made.mallory.peer.own.feed(Lane.TASTE).device, Lane.TASTE)
    made.world.run(24)
    for friend in made.friends:
        held = friend.store.feeds[feed].bundles
        assert len(held) > 2 * VOID_MARKS_MAX, "more retractions than marks"
        last = held[max(held)].claims()
        counted = {} if isinstance(last[0], Retract) else {c.item for c in last}
        assert set(friend.edges(liar)) == set(counted)
        assert len(friend.state.feeds.voided(feed)) <= VOID_MARKS_MAX
    made.news_arrives()
    made.honest_links_hold()


def test_a_click_counts_once_for_each_term_and_item():
    made = scene(Speaking(how="clicks", rate_per_s=20), fooled=(0,))
    made.world.run(10)
    said = claims_of(made, made.ada, Click)
    assert len(said) > 3 * len(made.feeds.fakes[0])
    counted = [click for click in made.ada.clicks() if click[0] == made.identity()]
    assert len(counted) == 6 * len(made.feeds.fakes[0])
    assert len(made.ada.state.clicks) == len(counted)


def test_clicks_that_are_pushed_come_over_every_link_at_once():
    made = scene(Speaking(how="click-push", rate_per_s=2))
    made.world.run(5)
    for friend in made.friends:
        assert friend.heard_of(made.identity(), by="mallory-0")
    made.honest_links_hold()


def test_strangers_change_nobodys_trust_by_slander():
    made = scene(Speaking(how="slander", peers=4))
    before = made.trust_among_friends()
    made.world.run(15)
    against = [v for n in range(4) for v in claims_of(made, made.ada, Vouch, by=n)]
    assert len(against) >= 4
    assert {v.weight for v in against} == {-100}
    assert made.trust_among_friends() == before


def test_who_is_fooled_lets_slander_take_what_the_slanderer_has_at_most():
    made = scene(Speaking(how="slander"), fooled=(0,))
    honest = scene(Speaking(how="promote"), fooled=(0,))
    for one in (made, honest):
        one.world.run(10)
    has = honest.ada.trust_in(honest.identity())
    assert claims_of(made, made.ada, Vouch)
    lost = sum(honest.trust_among_friends().values()) - sum(made.trust_among_friends().values())
    assert lost <= has + 0.02


def test_promotion_among_strangers_is_worth_nothing():
    made = scene(Speaking(how="promote", peers=5))
    made.world.run(15)
    for friend in made.friends:
        assert len({v.author for v in claims_of(made, friend, Vouch)}) == 4, "each the other four"
        assert sum(friend.trust_in(made.identity(n)) for n in range(5)) == 0
        shown = friend.ask("recommend", n=20)["items"]
        fakes = set(names(made.feeds.fakes[0].tolist()))
        assert all(one["discovery"] for one in shown if one["item"] in fakes)


@pytest.mark.slow
def test_selling_vouches_shares_out_what_the_seller_has():
    made = scene(Speaking(how="sell", rate_per_s=4), fooled=(0,))
    made.world.run(3)
    alone = made.hostile_trust(made.ada)
    made.world.run(90)
    bought = [v for v in claims_of(made, made.ada, Vouch) if v.weight == 100]
    assert len(bought) > VOUCHES_LIVE_MAX
    assert len(made.ada.vouches(made.identity())) <= VOUCHES_LIVE_MAX
    assert made.hostile_trust(made.ada) <= 1.3 * alone
    assert made.fakes_shown(made.ada) <= 3
    made.honest_links_hold()


@pytest.mark.parametrize("how", ["hijack", "clone"])
def test_a_disguise_copies_what_was_heard_and_brings_three_fakes_at_most(how: str):
    made = scene(Speaking(how=how), fooled=(0,))
    made.world.run(20)
    liar, fakes = made.identity(), set(names(made.feeds.fakes[0].tolist()))
    claimed = set(made.ada.edges(liar))
    everybodys = [set(items) for items in made.likes.values()]
    assert fakes < claimed
    if how == "clone":
        assert claimed - fakes in everybodys, "one person's taste, all of it"
    else:
        assert claimed - fakes == set().union(*everybodys)
    for friend in made.friends:
        assert made.fakes_shown(friend) <= 3, "what one person may bring into a short list"
    assert max(made.fakes_shown(friend, "undefended") for friend in made.friends) > 3
    made.honest_links_hold()


def test_camouflage_likes_what_others_like_until_it_turns():
    made = scene(Speaking(how="camouflage", from_s=30), fooled=(0,))
    liar, fakes = made.identity(), set(names(made.feeds.fakes[0].tolist()))
    made.world.run(25)
    claimed = set(made.ada.edges(liar))
    assert claimed in [set(items) for items in made.likes.values()]
    assert made.ada.trust_in(liar) > 0
    made.world.run(15)
    assert set(made.ada.edges(liar)) == claimed | fakes
    for friend in made.friends:
        assert made.fakes_shown(friend) <= 3


def test_until_they_begin_they_are_honest_peers():
    spec = Speaking(how="promote", from_s=20)
    made = scene(spec, fooled=(0,))
    made.world.run(15)
    assert made.ada.stored(made.identity()) == []
    made.world.run(10)
    assert made.ada.stored(made.identity())
