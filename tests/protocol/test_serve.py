"""The answering side of a link: every want is answered, within its bytes, in frames that fit."""

from dataclasses import replace
from random import Random

import pytest

from protocol.events import ReadBundles
from protocol.ids import FeedId
from protocol.limits import BUNDLE_BYTES_MAX, FRAME_BYTES_MAX
from protocol.messages import (
    BUNDLES_PER_PART_MAX,
    PARTS_PER_FRAME_MAX,
    Data,
    decode_frame,
    encode_frame,
)
from protocol.serve import READ_BYTES, SHORT_BYTES, Packer, Server, Serving
from tests.protocol.chains import feed_of

FEED = feed_of()


def serving(want: int, lo: int = 1, hi: int = 9, credit: int = 10**6, **other) -> Serving:
    return Serving(want, FEED, lo, hi, credit, **{"newest_first": False, **other})


class Shelf:
    """Bundles of one feed, all bytes, in place of a store; answers reads as a store does."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self.bundles = {seq: seq.to_bytes(4, "big") * (size // 4) for seq, size in sizes.items()}

    def read(self, order: ReadBundles) -> list[int]:
        seqs = sorted(s for s in self.bundles if order.lo <= s <= order.hi)
        found: list[int] = []
        size = 0
        for seq in reversed(seqs) if order.newest_first else seqs:
            size += len(self.bundles[seq])
            if found and size > order.bytes_max:
                break
            found.append(seq)
        return found

    def answer(self, server: Server, order: ReadBundles) -> list[Data]:
        seqs = self.read(order)
        wires = [self.bundles[seq] for seq in seqs]
        return server.on_read(order.token, wires, seqs[-1] if seqs else None)


def drain(server: Server, shelf: Shelf, *, rng: Random | None = None) -> list[Data]:
    """Answer reads, in order or not, until there are none."""
    token, reading, frames = 0, list[ReadBundles](), list[Data]()
    while True:
        while (order := server.next_read(token + 1)) is not None:
            token += 1
            reading.append(order)
        if not reading:
            return frames + server.flush_if_idle()
        order = reading.pop(rng.randrange(len(reading)) if rng else 0)
        frames += shelf.answer(server, order)


def answers(frames: list[Data]) -> dict[int, list[int]]:
    """Sequence numbers by want; each want must be done exactly once, at its end."""
    found: dict[int, list[int]] = {}
    done: list[int] = []
    for frame in frames:
        wire = encode_frame(frame)
        assert len(wire) <= FRAME_BYTES_MAX
        assert decode_frame(wire) == frame
        for part in frame.parts:
            assert part.want not in done
            found.setdefault(part.want, []).extend(
                int.from_bytes(b[:4], "big") for b in part.bundles
            )
            done += [part.want] * part.done
    assert sorted(done) == sorted(found)
    return found


def test_a_want_is_answered_in_the_order_asked_for():
    shelf = Shelf(dict.fromkeys(range(1, 200), 1000))
    server = Server(queue_max=9, reads_max=4)
    assert server.add(serving(7, 5, 180))
    assert server.add(serving(8, 5, 180, newest_first=True))
    found = answers(drain(server, shelf))
    assert found == {7: [*range(5, 181)], 8: [*range(180, 4, -1)]}
    assert len(server) == 0


def test_an_answer_keeps_to_its_bytes():
    shelf = Shelf(dict.fromkeys(range(1, 200), 1000))
    server = Server(queue_max=9, reads_max=4)
    server.add(serving(1, 1, 199, credit=10_500))
    assert answers(drain(server, shelf)) == {1: [*range(1, 11)]}


def test_an_answer_has_one_bundle_even_if_that_is_larger_and_no_second_one():
    shelf = Shelf({1: 16_000, 2: 16_000, 3: 16_000})
    server = Server(queue_max=9, reads_max=4)
    server.add(serving(1, 1, 3, credit=100))
    server.add(serving(2, 1, 3, credit=20_000))
    server.add(serving(3, 1, 3, credit=48_000))
    assert answers(drain(server, shelf)) == {1: [1], 2: [1], 3: [1, 2, 3]}


def test_gaps_and_empty_ranges_end_an_answer():
    shelf = Shelf({1: 100, 5: 100, 9: 100})
    server = Server(queue_max=9, reads_max=4)
    server.add(serving(1, 1, 9))
    server.add(serving(2, 6, 8))
    server.add(serving(3, 10, 10**6))
    assert answers(drain(server, shelf)) == {1: [1, 5, 9], 2: [], 3: []}


def test_the_queue_and_the_reads_are_bounded():
    server = Server(queue_max=5, reads_max=2)
    reads = []
    taken = []
    for want in range(8):
        taken.append(server.add(serving(want)))
        reads.append(server.next_read(want))
    assert taken == [True] * 5 + [False] * 3
    assert [read is not None for read in reads] == [True] * 2 + [False] * 6
    assert len(server) == 5


def test_one_read_is_one_frame_at_most():
    server = Server(queue_max=5, reads_max=2)
    server.add(serving(1, credit=10**6))
    server.add(serving(2, credit=500))
    sizes = sorted(order.bytes_max for n in (1, 2) if (order := server.next_read(n)))
    assert sizes == [500, READ_BYTES]


def test_short_wants_go_before_long_ones_and_those_take_turns():
    shelf = Shelf(dict.fromkeys(range(1, 100), 4000))
    server = Server(queue_max=9, reads_max=1)
    server.add(serving(1, 1, 99))
    server.add(serving(2, 1, 99))
    server.add(serving(3, 1, 1, credit=SHORT_BYTES))
    order, token = [], 0
    while (read := server.next_read(token := token + 1)) is not None and token < 8:
        order.append(server._reading[token].want)
        shelf.answer(server, read)
    assert order[:5] == [3, 1, 2, 1, 2]


def test_refusals_share_a_frame():
    server = Server(queue_max=5, reads_max=2)
    frames = [frame for want in range(PARTS_PER_FRAME_MAX) for frame in server.refuse(want)]
    frames += server.flush_if_idle()
    assert len(frames) == 1
    assert answers(frames) == {want: [] for want in range(PARTS_PER_FRAME_MAX)}


def test_small_answers_wait_for_one_another_while_reads_are_out():
    shelf = Shelf(dict.fromkeys(range(1, 20), 100))
    server = Server(queue_max=9, reads_max=4)
    for want in range(4):
        server.add(serving(want, want + 1, want + 1, credit=500))
    reads = [order for n in range(4) if (order := server.next_read(n)) is not None]
    assert [shelf.answer(server, read) for read in reads[:3]] == [[], [], []]
    assert answers(shelf.answer(server, reads[3])) == {0: [1], 1: [2], 2: [3], 3: [4]}


@pytest.mark.parametrize("seed", range(10))
def test_everything_asked_for_is_answered_whatever_the_sizes(seed: int):
    rng = Random(seed)
    seqs = sorted(rng.sample(range(1, 2_000), 400))
    shelf = Shelf({s: rng.choice((200, 4_000, BUNDLE_BYTES_MAX)) for s in seqs})
    server = Server(queue_max=128, reads_max=4)
    asked: dict[int, Serving] = {}
    for want in range(40):
        lo = rng.randrange(1, 2_000)
        one = serving(
            want, lo, lo + rng.randrange(300), rng.choice((100, 5_000, 10**6)),
            newest_first=rng.random() < 0.5,
        )  # fmt: skip
        asked[want] = replace(one)
        assert server.add(one)
    found = answers(drain(server, shelf, rng=rng))
    for want, one in asked.items():
        assert found[want] == expected(shelf, one)


def expected(shelf: Shelf, one: Serving) -> list[int]:
    fits = [seq for seq in sorted(shelf.bundles) if one.lo <= seq <= one.hi]
    if one.newest_first:
        fits.reverse()
    taken, credit = list[int](), one.credit
    for seq in fits:
        credit -= len(shelf.bundles[seq])
        if taken and credit < 0:
            break
        taken.append(seq)
        if credit <= 0:
            break
    return taken


def test_the_packer_fills_frames_and_cuts_at_every_cap():
    packer = Packer()
    tiny = [bytes(4)] * (BUNDLES_PER_PART_MAX + 1)
    frames = packer.add(1, tiny, done=True) + packer.flush()
    assert [len(part.bundles) for frame in frames for part in frame.parts] == [1_024, 1]
    frames = [f for want in range(100) for f in packer.add(want, (), done=True)] + packer.flush()
    assert [len(frame.parts) for frame in frames] == [PARTS_PER_FRAME_MAX, 36]
    frames = packer.add(1, [bytes(17_000)] * 7, done=True) + packer.flush()
    assert [sum(len(p.bundles) for p in f.parts) for f in frames] == [3, 3, 1]
    assert all(len(encode_frame(frame)) <= FRAME_BYTES_MAX for frame in frames)
    assert packer.flush() == []


def test_feeds_are_named_in_the_reads():
    server = Server(queue_max=5, reads_max=2)
    server.add(serving(1, 3, 4, 99, newest_first=True))
    order = server.next_read(12)
    assert order == ReadBundles(12, FeedId(*FEED), 3, 4, 99, newest_first=True)
