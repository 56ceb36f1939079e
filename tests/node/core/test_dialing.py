"""Each rule of the address book against the attack that it is there for."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.core.dialing import (
    ADDRESS_CHARS_MAX,
    AddressBook,
    DialConfig,
    KnownAddress,
    group_of,
    is_private,
    peer_of,
)


def at(number: int, *, net: str = "") -> str:
    """A public address, each in its own /16 unless `net` names one."""
    high, low = divmod(number, 250)
    ip = f"{net}.{high}.{low + 1}" if net else f"{20 + high}.{low}.1.1"
    return f"/ip4/{ip}/tcp/4001/p2p/p{number}"


def book(**config) -> AddressBook:
    return AddressBook(DialConfig(**config), Random(1))


def dialled(one: AddressBook, seconds: float, *, answer=None) -> list[str]:
    """What is dialled within so many seconds; `answer(address, now)` says what becomes of it."""
    found = []
    for tick in range(int(seconds * 4)):
        now = 1_000.0 + tick / 4
        address = one.due(now=now)
        if address is not None:
            found.append(address)
            (answer or (lambda a, n: one.failed(a, now=n)))(address, now)
    return found


# ------------------------------------------------------------------------------ filling the table
def test_strangers_addresses_stop_at_their_share_and_push_out_nothing_that_answered():
    one = book(addresses_max=40, hearsay_max=20)
    for n in range(10):
        one.heard([at(n)], own_word=True)
        one.linked(n, f"p{n}", at(n), outbound=True, now=5.0)
        one.closed(n, now=6.0)
    one.heard([at(n) for n in range(1_000, 3_000)], own_word=False)
    assert len(one) == 30
    assert {at(n) for n in range(10)} <= {row.address for row in one.rows()}


def test_addresses_said_to_be_a_friends_push_out_nothing_that_answered_either():
    """Anybody can claim in Kademlia to be where a friend is."""
    one = book(addresses_max=40, hearsay_max=20)
    for n in range(10):
        one.heard([at(n)], own_word=True)
        one.linked(n, f"p{n}", at(n), outbound=True, now=5.0)
        one.closed(n, now=6.0)
    one.heard([at(n) for n in range(1_000, 3_000)], friend=True, own_word=False)
    assert len(one) == 40
    assert {at(n) for n in range(10)} <= {row.address for row in one.rows()}


def test_hearsay_that_failed_makes_way_for_new_hearsay():
    one = book(hearsay_max=3)
    one.heard([at(n) for n in range(3)], own_word=False)
    one.failed(at(1), now=1.0)
    assert one.heard([at(7), at(8)], own_word=False) == 1
    assert [row.address for row in one.rows()] == [at(0), at(2), at(7)]


def test_an_address_that_is_being_dialled_is_not_forgotten_under_way():
    one = book(hearsay_max=1)
    one.heard([at(0)], own_word=False)
    one.failed(at(0), now=0.0)
    assert one.due(now=1_000.0) == at(0)
    one.heard([at(n) for n in range(1, 50)], own_word=False)
    assert one.due(now=1_002.0) is None, "and asking again raises nothing"
    one.linked(1, "p0", at(0), outbound=True, now=1_003.0)
    assert one.rows()[0].last_ok == 1_003


# ------------------------------------------------------------------------------ calling a victim
def test_at_most_one_dial_a_second():
    one = book()
    one.heard([at(n) for n in range(200)], own_word=False)
    assert len(dialled(one, 30)) <= 30


def test_an_address_that_fails_is_left_alone_for_longer_each_time():
    one = book(retry_first_s=5.0, retry_last_s=3_600.0)
    one.heard([at(0)], own_word=False)
    assert 4 <= len(dialled(one, 600)) <= 9
    one.network_lost()
    assert one.due(now=5_000.0) == at(0), "when the network comes back it may be tried at once"


def test_few_dials_wait_for_an_outcome_at_once():
    one = book(pending_max=4, interval_s=0.0)
    one.heard([at(n) for n in range(50)], own_word=False)
    assert len(dialled(one, 60, answer=lambda _a, _n: None)) == 4
    one.heard([at(n) for n in range(50, 99)], own_word=True, friend=True)
    assert len(dialled(one, 60, answer=lambda _a, _n: None)) == 4, "friends may take as many again"


def test_dials_that_a_dead_network_never_answers_are_given_up():
    one = book(pending_max=1)
    one.heard([at(0), at(1)], own_word=False)
    first = one.due(now=1_000.0)
    one.network_lost()
    assert one.due(now=1_010.0) in {at(0), at(1)}
    one.failed(first, now=1_011.0)


def test_a_link_under_another_form_of_the_address_ends_the_dial():
    one = book(pending_max=1)
    one.heard([at(0)], own_word=False)
    assert one.due(now=1_000.0) == at(0)
    one.linked(1, "p0", "/ip4/20.0.1.1/tcp/50000/p2p/p0", outbound=True, now=1_001.0)
    one.heard([at(1)], own_word=False)
    assert one.due(now=1_005.0) == at(1)


# ---------------------------------------------------------------- being all we are linked to
def test_one_outbound_link_into_a_group_friends_excepted():
    one = book()
    one.heard([at(n, net="77.7") for n in range(50)], own_word=False)
    one.heard([at(300)], own_word=False)
    links = iter(range(1, 100))

    def up(address, now):
        one.linked(next(links), peer_of(address), address, outbound=True, now=now)

    assert len(dialled(one, 60, answer=up)) == 2
    one.heard([at(60, net="77.7")], own_word=False, friend=True)
    assert dialled(one, 10, answer=up) == [at(60, net="77.7")]


def test_outbound_links_stop_at_the_target_and_friends_may_take_as_many_again():
    one = book(outbound_target=3, pending_max=100)
    one.heard([at(n) for n in range(20)], own_word=False)
    one.heard([at(n) for n in range(500, 520)], own_word=False, friend=True)
    links = iter(range(1, 100))

    def up(address, now):
        one.linked(next(links), peer_of(address), address, outbound=True, now=now)

    made = dialled(one, 120, answer=up)
    assert len(made) == 6
    assert all(int(peer_of(a)[1:]) >= 500 for a in made), "friends first"


def test_half_of_the_choices_go_to_addresses_that_have_answered():
    one = book(retry_first_s=0.01, retry_last_s=0.01, interval_s=0.0)
    one.heard([at(n) for n in range(500)], own_word=False)
    for n in range(5):
        one.linked(n, f"p{n}", at(n), outbound=True, now=1.0)
        one.closed(n, now=1.0)
    made = dialled(one, 100)
    proved = sum(int(peer_of(a)[1:]) < 5 for a in made)
    assert 0.35 * len(made) < proved < 0.65 * len(made)


def test_the_two_oldest_outbound_links_are_dialled_first_after_a_restart():
    one = book()
    for n in range(5):
        one.heard([at(n)], own_word=True)
        one.linked(n, f"p{n}", at(n), outbound=True, now=10.0 - n)
    again = book()
    again.restore(one.rows())
    assert set(dialled(again, 9)[:2]) == {at(4), at(3)}


def test_anchors_stay_when_the_links_are_gone():
    one = book()
    one.restore([KnownAddress(at(0), "p0", 5, 0, True), KnownAddress(at(1), "p1", 5, 0, False)])
    assert [row.anchor for row in one.rows()] == [True, False]


def test_other_anchors_take_the_place_of_those_before():
    one = book()
    for n in range(3):
        one.heard([at(n)], own_word=True)
        one.linked(n, f"p{n}", at(n), outbound=True, now=float(n))
    assert [row.anchor for row in one.rows()] == [True, True, False]
    one.closed(0, now=9.0)
    assert [row.anchor for row in one.rows()] == [False, True, True]


def test_what_is_restored_must_make_sense():
    one = book(addresses_max=2)
    one.restore([KnownAddress(at(0), "somebody else", 0, 0, False)])
    one.restore([KnownAddress(at(n), f"p{n}", 0, 0, False) for n in range(9)])
    assert len(one) == 2


# ----------------------------------------------------------------------------- what is heard
@pytest.mark.parametrize(
    "address",
    [
        "/ip4/127.0.0.1/tcp/1/p2p/x",
        "/ip4/192.168.1.1/tcp/1/p2p/x",
        "/ip4/100.64.0.1/tcp/1/p2p/x",
        "/ip4/224.0.0.1/udp/1/p2p/x",
        "/ip6/::1/tcp/1/p2p/x",
        "/ip6/::ffff:10.0.0.1/tcp/1/p2p/x",
        "/ip6/fe80::1/tcp/1/p2p/x",
        "/ip6zone/eth0/ip6/fe80::1/tcp/1/p2p/x",
        "/dns4/localhost/tcp/1/p2p/x",
        "/dns/printer.local/tcp/1/p2p/x",
        "/dns4/db.internal./tcp/1/p2p/x",
        "/unix/tmp/socket/p2p/x",
        "/p2p-circuit/p2p/x",
    ],
)
def test_addresses_of_local_networks_are_not_taken_from_others(address):
    assert is_private(address)
    assert book().heard([address], own_word=False, friend=True) == 0
    assert book().heard([address], own_word=True) == 1
    assert book(private=True).heard([address], own_word=False) == 1


@pytest.mark.parametrize(
    "address",
    ["/ip4/8.8.8.8/tcp/1/p2p/x", "/ip6/2a00::1/tcp/1/p2p/x", "/dns4/node.example.org/tcp/1/p2p/x"],
)
def test_public_addresses_are(address):
    assert not is_private(address)
    assert book().heard([address], own_word=False) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/p2p/x",
        "/ip4/8.8.8.8/tcp/1",
        "/ip4/8.8.8.8/tcp/1/p2p/",
        "ip4/8.8.8.8/tcp/1/p2p/x",
        "/ip4/8.8.8.8/tcp/1/p2p/x/http",
        "/ip4/8.8.8.8/tcp/1 /p2p/x",
        "/ip4/8.8.8.8/tcp/1/p2p/\n",
        "/ip4/8.8.8.8/tcp/é/p2p/x",
        "/dns4/" + "a" * ADDRESS_CHARS_MAX + "/tcp/1/p2p/x",
    ],
)
def test_what_is_no_address_of_a_peer_is_not_kept(address):
    assert peer_of(address) is None
    assert book().heard([address], own_word=True) == 0


def test_our_own_address_is_not_dialled():
    one = book()
    one.my_peer_id = "p0"
    assert one.heard([at(0)], own_word=True) == 0


def test_groups():
    assert group_of("/ip4/8.8.1.1/tcp/1/p2p/x") == group_of("/ip4/8.8.200.9/udp/7/p2p/y")
    assert group_of("/ip4/8.9.1.1/tcp/1/p2p/x") != group_of("/ip4/8.8.1.1/tcp/1/p2p/x")
    assert group_of("/ip6/2a00:1:2::1/tcp/1/p2p/x") == group_of("/ip6/2a00:1:9::1/tcp/1/p2p/x")
    relayed = "/ip4/8.8.1.1/tcp/1/p2p/r/p2p-circuit/p2p/x"
    for address in ("/ip4/10.0.0.1/tcp/1/p2p/x", "/dns4/a.org/tcp/1/p2p/x", relayed):
        assert group_of(address) is None


# -------------------------------------------------------------------------------------- introducing
def test_a_node_that_everybody_dials_passes_on_where_they_say_they_are():
    one = book()
    for n in range(3):
        one.linked(n, f"p{n}", f"/ip4/99.0.0.1/tcp/{50_000 + n}/p2p/p{n}", outbound=False, now=n)
    one.introduced(0, [at(7), at(0), "/ip4/9.9.9.9/tcp/1/p2p/p0"])
    one.introduced(1, [at(0), at(2)])
    one.introduced(2, ["/ip4/10.0.0.1/tcp/1/p2p/p2"])
    one.introduced(77, [at(77)])
    assert one.good_addresses(9) == (at(0),), "its own word for itself, and nothing private"
    one.linked(5, "p5", at(5), outbound=True, now=9.0)
    assert one.good_addresses(9) == (at(5), at(0)), "those that answered us come first"
    assert one.good_addresses(1) == (at(5),)
    one.closed(0, now=10.0)
    assert one.good_addresses(9) == (at(5),)


def test_of_two_links_to_one_peer_the_second_outlives_the_first():
    one = book()
    one.heard([at(0)], own_word=True)
    one.linked(1, "p0", at(0), outbound=True, now=1.0)
    one.linked(2, "p0", "/ip4/99.0.0.1/tcp/9/p2p/p0", outbound=False, now=1.0)
    one.closed(1, now=2.0)
    assert dialled(one, 60) == [], "she is still linked"
    one.closed(2, now=3.0)
    assert dialled(one, 5)[0] == at(0)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 30), st.booleans()), max_size=80))
def test_whatever_happens_the_caps_hold_and_nothing_fails(events):
    one = book(addresses_max=12, hearsay_max=6, pending_max=2, outbound_target=3)
    for now, (kind, n, flag) in enumerate(events):
        match kind:
            case 0:
                one.heard([at(n)], friend=flag, own_word=True)
            case 1:
                one.linked(n, f"p{n % 7}", at(n % 9), outbound=flag, now=float(now))
            case 2:
                one.closed(n, now=float(now))
            case 3:
                one.failed(at(n), now=float(now))
            case 4:
                one.network_lost()
            case 5:
                one.introduced(n, [at(n)])
            case 6:
                one.rows()
        one.due(now=float(now * 2))
        assert len(one) <= 12
        assert len(one._dialling) <= 4
        assert len(one.good_addresses(5)) <= 5


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_due_before_the_next_dial(seed) -> None:
    """Whatever has happened, `next_dial` never lets a dial wait, nor calls for looking in vain."""
    rng = Random(seed)
    one, now, links = book(outbound_target=3, pending_max=2), 1_000.0, 0
    vain = 0
    for _ in range(200):
        now += rng.random() * 2
        number = rng.randrange(12)
        match rng.randrange(6):
            case 0:
                one.heard([at(number)], friend=rng.random() < 0.3, own_word=False)
            case 1:
                links += 1
                one.linked(links, f"p{number}", at(number), outbound=rng.random() < 0.5, now=now)
            case 2 if links:
                one.closed(rng.randrange(links) + 1, now=now)
            case 3:
                one.failed(at(number), now=now)
            case 4 if rng.random() < 0.1:
                one.network_lost()
        early = one.next_dial(now=now)
        address = one.due(now=now)
        if address is not None:
            assert early <= now
        elif early <= now:
            vain += 1
    assert vain == 0
