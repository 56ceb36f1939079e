"""Secrets stay private and whole; an id string with any typo is refused."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from node.identity import (
    ADDRESSES_MAX,
    KeyFileDamaged,
    KeyFileExposed,
    MalformedId,
    NodeId,
    author_key,
    create_seed,
    format_id,
    new_device,
    parse_author,
    parse_id,
    read_or_create_seed,
    read_seed,
)
from protocol.ids import AuthorKey

KEY = AuthorKey(bytes(range(32)))
ADDRESSES = ("/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW", "/dns4/home.example/tcp/4001")


def test_a_seed_is_written_once_and_read_back(tmp_path: Path):
    file = tmp_path / "author.key"
    seed = read_or_create_seed(file)
    assert read_or_create_seed(file) == read_seed(file) == seed
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["author.key"]
    assert author_key(seed) == bytes(SigningKey(seed).verify_key)
    with pytest.raises(FileExistsError):
        create_seed(file)
    assert read_seed(file) == seed


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_an_exposed_key_is_refused_with_the_remedy(tmp_path: Path, mode: int):
    file = tmp_path / "author.key"
    create_seed(file)
    file.chmod(mode)
    with pytest.raises(KeyFileExposed) as raised:
        read_or_create_seed(file)
    assert raised.value.exit_code == 8
    assert raised.value.hint == f"run: chmod 600 {file}"


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, bytes(32)])
def test_a_damaged_key_is_named_and_left_alone(tmp_path: Path, content: bytes):
    file = tmp_path / "author.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyFileDamaged, match=r"author\.key") as raised:
        read_or_create_seed(file)
    assert "backup restore" in raised.value.hint
    assert file.read_bytes() == content


def test_a_missing_key_a_directory_and_a_link_are_no_keys(tmp_path: Path):
    create_seed(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "directory").mkdir(mode=0o700)
    for name in ("missing", "link", "directory"):
        with pytest.raises(KeyFileDamaged, match=name):
            read_seed(tmp_path / name)


def test_devices_differ():
    assert len({new_device() for _ in range(64)}) == 64
    assert len(new_device()) == 8


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
