"""An id string survives a chat message; one with any typo is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.id_string import (
    ADDRESSES_MAX,
    MalformedId,
    NodeId,
    format_id,
    parse_author,
    parse_id,
)
from protocol.ids import AuthorKey

KEY = AuthorKey(bytes(range(32)))
ADDRESSES = ("/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW", "/dns4/home.example/tcp/4001")


@given(
    st.binary(min_size=32, max_size=32),
    st.lists(st.from_regex(r"/[a-z0-9/.]{1,40}", fullmatch=True), max_size=ADDRESSES_MAX),
)
def test_an_id_survives_a_round_trip(key: bytes, addresses: list[str]):
    text = format_id(AuthorKey(key), addresses)
    assert parse_id(f"  {text}\n") == NodeId(AuthorKey(key), tuple(addresses))
    assert len(text.split()) == 1


@given(st.data())
def test_one_changed_character_is_found(data: st.DataObject):
    text = format_id(KEY, ADDRESSES)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.sampled_from("0123456789abcdefxyz/@,:.").filter(lambda c: c != text[place])
    )
    with pytest.raises(MalformedId):
        parse_id(text[:place] + other + text[place + 1 :])


@given(st.integers(0, 200))
def test_a_cut_off_id_is_found(length: int):
    text = format_id(KEY, ADDRESSES)
    with pytest.raises(MalformedId):
        parse_id(text[: min(length, len(text) - 1)])


@given(st.text(max_size=300))
def test_arbitrary_text_is_an_id_or_malformed(text: str):
    for candidate in (text, f"grapevine:{text}", format_id(KEY) + "@" + text):
        with pytest.raises(MalformedId):
            parse_id(candidate)


def test_too_many_addresses_are_left_out_and_refused():
    many = [f"/dns4/host{n}/tcp/1" for n in range(ADDRESSES_MAX + 1)]
    assert parse_id(format_id(KEY, many)).addresses == tuple(many[:ADDRESSES_MAX])
    with pytest.raises(MalformedId, match="at most"):
        parse_id(f"{format_id(KEY, many)},{many[-1]}")
    with pytest.raises(MalformedId, match="multiaddress"):
        format_id(KEY, ["/has,comma"])


def test_a_bare_author_key_is_64_hex_digits():
    assert parse_author(KEY.hex()) == KEY
    assert parse_author(KEY.hex().upper()) == KEY
    for bad in ("", KEY.hex()[:-1], KEY.hex() + "0", "zz" * 32, " " + KEY.hex()[1:]):
        with pytest.raises(MalformedId):
            parse_author(bad)
