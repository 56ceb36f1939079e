"""What the hostile have got, counted in small worlds where it is known."""

import math

import pytest

from sim.scenario.schema import Churn, Eclipse, Speaking, Sybil
from sim.virtual.spoils import spoils_of
from tests.sim.virtual.small import world


def test_nothing_is_hostile_where_nobody_is():
    made = world()
    made.run(20)
    made.ask_everybody()
    found = spoils_of(made)
    for name in ("bytes", "held", "edges", "trust", "earned", "links", "addresses"):
        assert found[f"hostile_{name}"] == 0, name
    assert found["held_bytes_per_peer"] > 0
    assert found["held_ahead_per_peer"] == 0


def test_where_nothing_is_held_there_is_no_share_of_it():
    made = world()
    found = spoils_of(made)
    assert math.isnan(found["hostile_held"])
    assert math.isnan(found["hostile_bytes"])
    assert found["held_bytes_per_peer"] == 0


def test_shares_are_those_of_what_identities_have_said_and_of_who_vouches_for_them():
    hostile = (Sybil(edges=12, identities=1, entries=1, fakes=5, strategy="own"),)
    made = world(adversary=hostile)
    made.run(20)
    made.ask_everybody()
    found = spoils_of(made)
    honest = made.hosts[:6]
    keys = {host.author for host in honest}
    held = [
        (feed.author in keys, len(blob.wire))
        for host in honest
        for feed, stored in host.store.feeds.items()
        if feed.author != host.author
        for blob in stored.blobs.values()
    ]
    whole, hers = sum(n for _, n in held), sum(n for known, n in held if not known)
    assert found["held_bytes_per_peer"] == whole / 6
    assert 0 < found["hostile_held"] == hers / whole < 1
    assert 0 < found["hostile_edges"] < 1
    assert 0 < found["hostile_trust"] < 0.8
    sent = sum(host.uplink.bytes for host in made.hosts[6:])
    assert 0 < found["hostile_bytes"] == sent / made.wires.bytes < 1


def test_links_and_addresses_are_those_of_who_joined_late():
    made = world(adversary=(Eclipse(peers=6, fillers=20),), churn=Churn(joining=0.2))
    made.run(30)
    found = spoils_of(made)
    (victim,) = made.late
    others = [end.other for end in victim.ends.values()]
    assert found["hostile_links"] == sum(other.hostile for other in others) / len(others) > 0
    told = [a for a in victim.peer.state.addresses.known() if "filler" in a]
    assert told
    assert found["hostile_addresses"] >= len(told) / len(victim.peer.state.addresses)


@pytest.mark.parametrize(("off", "ahead"), [((), False), (("future-refusal",), True)])
def test_what_is_dated_ahead_is_counted_where_it_is_taken(off, ahead):
    hostile = (Speaking(how="future", peers=1, vouched=6, rate_per_s=2.0),)
    made = world(adversary=hostile, off=off)
    made.run(20)
    found = spoils_of(made)
    assert (found["held_ahead_per_peer"] > 0) is ahead
    assert (found["edges_ahead_per_peer"] > 0) is ahead
