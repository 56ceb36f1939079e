"""What comes in: who is charged for what, what is parked, looked for, proved and told on."""

from dataclasses import replace

import msgspec
import pytest

from protocol import messages as m
from protocol.bundle import Bundle, Header, from_parts, sign_bundle
from protocol.claims import Retract
from protocol.config import LinkConfig
from protocol.errors import Offence
from protocol.events import Accepted, LinkDown
from protocol.fetch import FetchConfig
from protocol.ids import NO_BUNDLE, BundleId
from protocol.intake import PROBE_BYTES, RETRACTED_MAX, SCOUT_BYTES, SCOUTED_MAX
from protocol.limits import BUNDLE_BYTES_MAX, FUTURE_SECONDS_MAX
from protocol.signing import BUNDLE, digest
from tests.protocol.chains import bundle_of, chain, feed_of, fork_of
from tests.protocol.gossip_world import NETWORK, QUIET, START, Node, play, signer_of
from tests.protocol.puppet import Puppet, scene

FEED = feed_of()
pack = msgspec.msgpack.encode


def held(node: Node) -> list[int]:
    return node.feeds.held(FEED)


def stored(node: Node) -> list[bytes]:
    return [wire for _, wire in sorted(node.store.feeds.get(FEED, {}).items())]


# --- what a sender answers for -------------------------------------------------------------------


def forged(bundle: Bundle) -> bytes:
    signature = bytes([bundle.signature[0] ^ 1]) + bundle.signature[1:]
    return pack((1, bundle.header_bytes, signature, bundle.claims_bytes))


def foreign(bundle: Bundle) -> bytes:
    made = sign_bundle(
        signer_of(1), FEED, [play(1)], network=b"other", seq=bundle.seq, time=int(START),
        prev=BundleId(bundle.header.prev),
    )  # fmt: skip
    return made.wire()


def wrong_claims(bundle: Bundle) -> bytes:
    """Signed by the author, and malformed under a known kind."""
    claims = pack([[1, "no namespace", 0, 5, 5]])
    header = pack(
        Header(NETWORK, FEED.author, FEED.device, FEED.lane, bundle.seq, bundle.header.prev, 0,
               int(START), digest(claims), len(claims))
    )  # fmt: skip
    return from_parts(header, signer_of(1).sign(BUNDLE, header), claims).wire()


@pytest.mark.parametrize(
    ("make", "offence", "fatal"),
    [
        (forged, Offence.BAD_SIGNATURE, True),
        (foreign, Offence.WRONG_NETWORK, True),
        (wrong_claims, Offence.MALFORMED, True),
        (lambda bundle: bundle.wire()[:-1], Offence.MALFORMED, True),
        (lambda bundle: b"", Offence.MALFORMED, True),
        (lambda bundle: bytes(BUNDLE_BYTES_MAX + 1), Offence.OVERSIZE, True),
        (lambda bundle: chain(9)[8].wire(), Offence.UNSOLICITED, False),
        (lambda bundle: chain(3, author=2)[2].wire(), Offence.UNSOLICITED, False),
    ],
)
def test_what_its_sender_could_have_checked_is_charged_and_what_came_before_counts(
    make, offence: Offence, fatal: bool
):
    _, node, puppet = scene()
    bundles = chain(4)
    puppet.head(bundles[3])
    (want,) = puppet.wants()
    puppet.answer_bytes(
        want, bundles[0].wire(), bundles[1].wire(), make(bundles[2]), bundles[2].wire()
    )
    assert puppet.charged == [offence]
    assert (puppet.closed is not None) is fatal
    assert held(node) == [1, 2]
    assert stored(node) == [b.wire() for b in bundles[:2]]


def test_other_links_are_not_charged_and_go_on():
    world, node, puppet = scene()
    other = Puppet(world, node, "honest")
    bundles = chain(3)
    puppet.head(bundles[2])
    other.head(bundles[2])
    (want,) = puppet.wants()
    assert other.wants() == []
    puppet.answer_bytes(want, forged(bundles[0]))
    assert puppet.closed is not None
    world.run(1)
    other.serve(*bundles)
    assert held(node) == [1, 2, 3]
    assert other.charged == []


def test_versions_of_the_future_are_left_out_unpunished():
    _, node, puppet = scene()
    bundles = chain(3)
    puppet.head(bundles[2])
    (want,) = puppet.wants()
    puppet.answer_bytes(want, pack((2, "whatever", [1])), bundles[0].wire())
    puppet.say(m.Push([pack((7,))]))
    puppet.say(m.Evidence([pack((pack((2, b"")), bundles[0].bare().wire()))]))
    assert puppet.charged == []
    assert held(node) == [1]
    assert node.gossip.statistics().totals["bundles_unknown_version"] == 3


def test_the_far_future_is_refused_unpunished_and_may_come_again():
    world, node, puppet = scene()
    bundle = bundle_of(FEED, 1, 1, [play(1)], time=START + FUTURE_SECONDS_MAX + 60)
    puppet.offer(bundle)
    assert (held(node), puppet.charged) == ([], [])
    world.run(61)
    puppet.offer(bundle)
    assert (held(node), puppet.charged) == ([1], [])


@pytest.mark.parametrize("late", [False, True])
def test_answers_to_nothing_are_charged_and_late_ones_are_not(late: bool):
    world, _, puppet = scene()
    bundles = chain(2)
    puppet.head(bundles[1])
    (want,) = puppet.wants()
    if late:
        world.run(FetchConfig().stalled_s + 1)
        puppet.answer(want, *bundles)
        puppet.answer(want, *bundles)
        assert puppet.charged == []
    else:
        puppet.say(m.Data([m.Part(want.want + 1, [bundles[0].wire()], True)]))
        assert puppet.charged == [Offence.UNSOLICITED]
    assert puppet.closed is None


def test_more_than_was_asked_for_is_charged():
    _, node, puppet = scene()
    bundle = chain(1)[0]
    puppet.head(bundle)
    (want,) = puppet.wants()
    for _ in range(10):
        puppet.answer_bytes(want, *[bundle.wire()] * 40, done=False)
    assert set(puppet.charged) == {Offence.UNSOLICITED}
    assert held(node) == [1]


def test_answers_that_bring_nothing_fill_the_bucket_of_frames():
    config = replace(QUIET, link=LinkConfig(frames_per_s=1, frames_burst=5))
    _, node, puppet = scene(config=config)
    bundles = chain(200)
    puppet.head(bundles[-1])
    (want,) = puppet.wants()
    for bundle in bundles[:50]:  # what was asked for costs nothing
        puppet.answer(want, bundle, done=False)
    assert (puppet.charged, held(node)[-1]) == ([], 50)
    for message in (m.Data([]), m.Push([]), m.Data([m.Part(want.want, [], False)])):
        puppet.say(message)
    puppet.say(m.Data([]), m.Data([]))
    assert set(puppet.charged) == {Offence.FLOOD}


def test_what_one_frame_brings_is_one_effect():
    _, node, puppet = scene()
    bundles = chain(40)
    puppet.head(bundles[-1])
    (want,) = puppet.wants()
    puppet.answer(want, *bundles)
    (accepted,) = [e for e in node.effects(Accepted) if e.bundles]
    assert [b.seq for b in accepted.bundles] == [b.seq for b in bundles]
    assert accepted.link == puppet.link


# --- voided bodies -------------------------------------------------------------------------------


def voiding_feed() -> list[Bundle]:
    """1..5, of which 4 takes 2 back."""
    made: list[Bundle] = []
    for seq in range(1, 6):
        claims = [play(seq), Retract(2)] if seq == 4 else [play(seq)]
        made.append(bundle_of(FEED, 1, seq, claims, prev=made[-1].id if made else NO_BUNDLE))
    return made


def test_a_header_alone_is_taken_only_when_its_author_has_taken_the_claims_back():
    _, node, puppet = scene()
    bundles = voiding_feed()
    bundles[1] = bundles[1].bare()
    puppet.head(bundles[4])
    puppet.serve(*bundles)
    assert held(node) == [1, 2, 3, 4, 5]
    assert stored(node) == [b.wire() for b in bundles]
    assert puppet.charged == []


def test_stripped_history_is_not_held():
    _, node, puppet = scene()
    bundles = [chain(5)[0], *(b.bare() for b in chain(5)[1:])]
    for _ in range(5):
        puppet.head(bundles[4])
        puppet.serve(*bundles)
    assert held(node) in ([], [1])
    assert puppet.charged == []
    asked = len(puppet.wants())
    puppet.serve(*bundles)
    assert len(puppet.wants()) == asked, "a stripped offer must not be asked for again by itself"
    honest = Puppet(puppet.world, node, "honest")
    honest.offer(*chain(5))
    assert held(node) == [1, 2, 3, 4, 5]


def test_a_retract_is_looked_for_above_a_stripped_bundle():
    """Reading upwards, the Retract stands above what it voids: in another answer, perhaps."""
    _, node, puppet = scene()
    bundles = voiding_feed()
    puppet.offer(bundles[0])
    bundles[1] = bundles[1].bare()
    puppet.head(bundles[4])
    upwards = puppet.wants()[-1]
    assert (upwards.lo, upwards.hi, upwards.newest_first) == (2, 5, False)
    puppet.answer(upwards, bundles[1], done=False)
    scout = puppet.wants()[-1]
    assert (scout.lo, scout.hi, scout.newest_first) == (3, 5, True)
    assert scout.bytes_max <= SCOUT_BYTES
    puppet.answer(upwards, bundles[1], done=False)
    assert puppet.wants()[-1] == scout, "one scout is enough"
    puppet.answer(upwards)
    assert held(node) == [1]
    puppet.answer(scout, *reversed(bundles[2:]))
    assert held(node) == [1]  # a scout's findings are thrown away
    puppet.serve(*bundles)
    assert held(node) == [1, 2, 3, 4, 5]
    assert puppet.charged == []


def long_gap() -> list[Bundle]:
    """203 bundles, 800 KiB; the second is taken back by the sixtieth."""
    made = list[Bundle]()
    for seq in range(1, 204):
        said = [Retract(2)] if seq == 60 else [play(seq * 1_000 + k) for k in range(64)]
        prev = made[-1].id if made else NO_BUNDLE
        made.append(bundle_of(FEED, 1, seq, said, prev=prev))
    made[1] = made[1].bare()
    return made


def answer_all(puppet: Puppet, made: list[Bundle], answered: set[int]) -> None:
    """Whatever has been asked for, until nothing more is."""
    for _ in range(20):
        for want in [want for want in puppet.wants() if want.want not in answered]:
            answered.add(want.want)
            answer_within(puppet, want, made)


def test_a_retract_far_below_the_newest_bundle_is_found_as_well():
    _, node, puppet = scene()
    made = long_gap()
    puppet.offer(made[0])
    puppet.head(made[-1])
    answer_all(puppet, made, {want.want for want in puppet.wants()[:1]})
    assert puppet.charged == []
    assert held(node) == list(range(1, 204))
    assert node.gossip._intake._searches == {}


def test_a_search_for_a_retract_goes_on_where_a_link_broke_off():
    world, node, puppet = scene()
    made = long_gap()
    puppet.offer(made[0])
    puppet.head(made[-1])
    upwards = puppet.wants()[-1]
    answer_within(puppet, upwards, made)
    first = puppet.wants()[-1]
    assert first.hi == 203
    answer_within(puppet, first, made)
    read_down_to = puppet.wants()[-1].hi
    assert read_down_to < 150
    world.deliver(node, LinkDown(puppet.link))
    other = Puppet(world, node, "other")
    other.head(made[-1])
    answer_within(other, other.wants()[-1], made)
    assert other.wants()[-1].hi == read_down_to
    answer_all(other, made, {want.want for want in other.wants()[:-1]})
    assert held(node) == list(range(1, 204))


def test_a_feed_without_the_retract_is_read_once_and_no_more():
    _, node, puppet = scene()
    made = long_gap()
    made[59] = bundle_of(FEED, 1, 60, [play(60)], prev=made[58].id)
    made[60:] = []
    made += [bundle_of(FEED, 1, 61, [play(61)], prev=made[-1].id)]
    puppet.offer(made[0])
    puppet.head(made[-1])
    answer_all(puppet, made, {want.want for want in puppet.wants()[:1]})
    assert held(node) == [1]
    assert node.gossip._intake._searches == {}
    assert sum(want.newest_first for want in puppet.wants()) <= 2


def answer_within(puppet: Puppet, want: m.Want, bundles: list[Bundle]) -> None:
    """As an honest peer answers: in order, frame by frame, within the bytes asked for."""
    fits = [b for b in bundles if want.lo <= b.seq <= want.hi]
    fits.sort(key=lambda b: b.seq, reverse=want.newest_first)
    wires = [bundle.wire() for bundle in fits]
    while wires and sum(map(len, wires)) > want.bytes_max:
        wires.pop()
    for at in range(0, len(wires), 10):
        puppet.answer_bytes(want, *wires[at : at + 10], done=at + 10 >= len(wires))


def test_a_scout_that_finds_nothing_is_the_end_of_it():
    _, node, puppet = scene()
    bundles = chain(5)
    puppet.offer(bundles[0])
    puppet.head(bundles[4])
    upwards = puppet.wants()[-1]
    puppet.answer(upwards, bundles[1].bare())
    scout = puppet.wants()[-1]
    puppet.answer(scout, *reversed(bundles[2:]))
    assert puppet.wants()[-1] == scout
    assert held(node) == [1]


def test_an_author_who_has_taken_back_more_than_can_be_remembered_is_still_read():
    """Heard live, then away for a moment: a bundle and its Retract come to be in the gap."""
    _, node, puppet = scene()
    feed, made = FEED, list[Bundle]()
    for seq in range(1, 2 * RETRACTED_MAX + 11):
        prev, floor = (made[-1].id, made[-1].header.floor) if made else (NO_BUNDLE, 0)
        said = [Retract(seq - 1)] if seq % 2 == 0 else [play(seq)]
        # as authors do near the cap of marks
        floor = seq - 100 if seq % 200 == 0 else floor
        made.append(bundle_of(feed, 1, seq, said, prev=prev, floor=floor))
    early, gap = made[:-2], [made[-2].bare(), made[-1]]
    for at in range(0, len(early), 40):
        puppet.offer(*early[at : at + 40])
    assert node.feeds.head(FEED).hi == early[-1].seq
    puppet.head(gap[-1])
    puppet.serve(*gap)
    puppet.world.run(1)
    puppet.serve(*gap)
    assert node.feeds.head(FEED).hi == gap[-1].seq
    assert puppet.charged == []


def test_known_retractions_are_bounded():
    _, node, puppet = scene()
    retracted = node.gossip._intake._retracted
    many = [Retract(seq) for seq in range(1, 200)]
    one = bundle_of(FEED, 1, 600, many)
    other = bundle_of(FEED, 1, 601, [Retract(seq) for seq in range(200, 456)], prev=one.id)
    puppet.offer(one, other)
    assert [len(known) for known in retracted.values()] == [RETRACTED_MAX]
    for number in range(SCOUTED_MAX + 5):
        feed = feed_of(1)._replace(device=number.to_bytes(8, "big"))  # type: ignore[arg-type]
        node.gossip._intake._note_retracts(bundle_of(feed, 1, 2, [Retract(1)]))
    assert len(retracted) == SCOUTED_MAX


# --- order ---------------------------------------------------------------------------------------


def test_bundles_that_do_not_continue_ours_make_us_ask_for_theirs():
    _, node, puppet = scene()
    bundles = chain(6)
    puppet.offer(*bundles[:3])
    puppet.head(bundles[5])
    upwards = puppet.wants()[-1]
    puppet.answer(upwards, *bundles[4:])
    assert node.feeds.parked(FEED) == 2
    probe = puppet.wants()[-1]
    assert (probe.lo, probe.hi, probe.newest_first) == (1, 3, True)
    assert probe.bytes_max <= PROBE_BYTES
    puppet.answer(probe, *reversed(bundles[:3]))
    assert puppet.charged == []
    assert node.gossip.statistics().totals["bundles_parked"] == 2


# --- pushes --------------------------------------------------------------------------------------


def test_a_pushed_header_is_followed_up_and_never_taken():
    _, node, puppet = scene()
    bundles = chain(3)
    puppet.push(bundles[2])
    (want,) = puppet.wants()
    assert (want.lo, want.hi) == (1, 3)
    assert held(node) == []
    puppet.answer(want, *reversed(bundles))
    assert held(node) == [1, 2, 3]
    puppet.push(bundles[1], bundles[2])
    assert len(puppet.wants()) == 1


def test_pushes_of_strangers_and_what_is_below_the_floor_are_not_asked_for():
    _, _, puppet = scene()
    puppet.push(chain(1, author=2)[0])
    assert puppet.wants() == []
    puppet.push(bundle_of(FEED, 1, 9, [], floor=7))
    (want,) = puppet.wants()
    assert (want.lo, want.hi) == (7, 9)


@pytest.mark.parametrize(
    ("wire", "offence"),
    [
        (b"\xc1", Offence.MALFORMED),
        (bytes(BUNDLE_BYTES_MAX + 1), Offence.OVERSIZE),
        (foreign(chain(2)[1]), Offence.WRONG_NETWORK),
    ],
)
def test_bad_pushes_are_charged(wire: bytes, offence: Offence):
    _, _, puppet = scene()
    puppet.say(m.Push([chain(2)[0].bare().wire(), wire]))
    assert puppet.charged == [offence]
    assert puppet.closed is not None


def test_pushes_beyond_the_bucket_are_ignored_and_charged():
    config = replace(QUIET, link=LinkConfig(pushes_per_s=1, pushes_burst=3))
    world, node, puppet = scene(config=config)
    others = [chain(1, author=number)[0] for number in range(2, 8)]
    world.follow(node, *(b.feed.author for b in others))
    puppet.push(*others)
    assert puppet.charged == [Offence.FLOOD]
    assert puppet.closed is None
    assert len(puppet.wants()) == 3
    world.run(2)
    puppet.push(*others[4:])
    assert puppet.charged == [Offence.FLOOD]


def test_a_forged_header_is_charged_only_where_it_would_accuse():
    _, node, puppet = scene()
    bundles = chain(2)
    puppet.offer(*bundles)
    fork = fork_of(bundles[1])
    accusing = pack((1, fork.header_bytes, bytes(64), None))
    puppet.say(m.Push([pack((1, bundles[0].header_bytes, bytes(64), None))]))
    assert puppet.charged == []
    puppet.say(m.Push([accusing]))
    assert puppet.charged == [Offence.BAD_SIGNATURE]
    assert not node.feeds.disowned(FEED.author)
