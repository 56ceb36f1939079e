"""Names on the wire."""

from protocol.ids import NO_BUNDLE, AuthorKey, DeviceId, FeedId, Lane, short


def test_lanes_are_numbered_as_on_the_wire():
    assert [(lane.name, int(lane)) for lane in Lane] == [
        ("IDENTITY", 0), ("VOUCHES", 1), ("TASTE", 2), ("CLICKS", 3),
    ]  # fmt: skip


def test_a_feed_is_told_apart_by_each_of_its_parts():
    feed = FeedId(AuthorKey(bytes(32)), DeviceId(bytes(8)), Lane.TASTE)
    others = [
        feed._replace(author=AuthorKey(b"a" * 32)),
        feed._replace(device=DeviceId(b"d" * 8)),
        feed._replace(lane=Lane.CLICKS),
    ]
    assert len(dict.fromkeys([feed, *others])) == 4


def test_no_bundle_is_32_zero_bytes():
    assert bytes(32) == NO_BUNDLE


def test_short_is_the_first_eight_digits():
    assert short(bytes.fromhex("0123456789ab")) == "01234567"
