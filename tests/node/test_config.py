"""Every layer wins where it should, and every mistake is named."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.config import SETTINGS, Config, ConfigError, load_config, variable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_defaults_need_no_file(file: Path):
    config = load_config(file, environ={})
    assert config == Config()
    assert config.origin("network.mdns") == "default"


def test_flags_beat_environment_beats_file_beats_default(file: Path):
    file.write_text("[gossip]\nround_s = 3\nfollowed_max = 7\nclaims_per_stranger = 1\n")
    environ = {"GRAPEVINE_GOSSIP_ROUND_S": "4", "GRAPEVINE_GOSSIP_FOLLOWED_MAX": "8"}
    flags = {"gossip.round_s": 5.0, "gossip.followed_max": None}
    config = load_config(file, flags=flags, environ=environ)
    assert (config.gossip.round_s, config.gossip.followed_max) == (5.0, 8)
    assert config.gossip.claims_per_stranger == 1
    assert config.origin("gossip.round_s") == "the command line"
    assert config.origin("gossip.followed_max") == "GRAPEVINE_GOSSIP_FOLLOWED_MAX"
    assert config.origin("gossip.claims_per_stranger") == str(file)


@pytest.mark.parametrize(
    ("text", "environ", "flags", "place", "wrong", "nearest"),
    [
        ("[netwrok]\n", {}, {}, "config.toml", "netwrok", "network"),
        ("[network]\nmdsn = true\n", {}, {}, "config.toml", "network.mdsn", "network.mdns"),
        ("mdns = true\n", {}, {}, "config.toml", "mdns", "mdns belongs below [network]"),
        ("[gossip]\nmdns = true\n", {}, {}, "config.toml", "gossip.mdns", "below [network]"),
        ("colour = 1\n", {}, {}, "config.toml", "colour", "there are: node, network, gossip"),
        (
            "",
            {"GRAPEVINE_NETWORK_MDSN": "1"},
            {},
            "the environment",
            "GRAPEVINE_NETWORK_MDSN",
            "GRAPEVINE_NETWORK_MDNS",
        ),
        ("", {}, {"graph.byte_max": 1}, "the command line", "graph.byte_max", "graph.bytes_max"),
    ],
)
def test_unknown_keys_name_the_nearest(file: Path, text, environ, flags, place, wrong, nearest):
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_config(file, flags=flags, environ=environ)
    assert place in raised.value.message
    assert repr(wrong) in raised.value.message
    assert nearest in raised.value.hint
    assert raised.value.exit_code == 6


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[network]\nmdns = 1", "true or false"),
        ("[network]\nconnections_max = true", "a whole number"),
        ("[network]\nconnections_max = 3", "from 4 to 1024"),
        ("[network]\nlisten = '/ip4/0.0.0.0'", "a list of texts"),
        ("[network]\nlisten = ['localhost:80']", "a multiaddress such as /ip4/0.0.0.0/tcp/4001"),
        ("[network]\nbootstrap = ['/ip4/10.0.0.1/tcp/4001']", "ends in /p2p/ and the peer id"),
        ("[network]\nbootstrap = ['/ip4/10.0.0.1/tcp/4001/p2p/']", "ends in /p2p/"),
        ("[network]\nnetwork_id = ''", "1 to 32 printable"),
        ("[gossip]\nround_s = nan", "from 0.05 to 3600.0"),
        ("[gossip]\nround_s = '2'", "a number"),
        ("[node]\nlog_level = 'loud'", "debug, info"),
        ("network = 3", ""),
        ("[network", "mend"),
        ("[query]\nallowed = ['xyz']", "64 hex digits"),
    ],
)
def test_wrong_values_say_what_is_right(file: Path, text: str, hint: str):
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.toml") as raised:
        load_config(file, environ={})
    assert hint in raised.value.hint


def test_environment_speaks_every_type():
    environ = {
        "GRAPEVINE_NETWORK_MDNS": "off",
        "GRAPEVINE_NETWORK_BOOTSTRAP": "/dns4/a/tcp/1/p2p/12D3, /dns4/b/tcp/2/p2p/Qm4,",
        "GRAPEVINE_GRAPH_BYTES_MAX": "2097152",
        "GRAPEVINE_GRAPH_HALF_LIFE_DAYS": "30",
        "GRAPEVINE_HOME": "/elsewhere",
        "PATH": "/bin",
    }
    config = load_config(environ=environ)
    assert config.network.mdns is False
    assert config.network.bootstrap == ("/dns4/a/tcp/1/p2p/12D3", "/dns4/b/tcp/2/p2p/Qm4")
    assert config.graph.bytes_max == 2**21
    assert config.graph.half_life_days == 30.0
    for bad in ({"GRAPEVINE_NETWORK_MDNS": "maybe"}, {"GRAPEVINE_GRAPH_BYTES_MAX": "1e9"}):
        with pytest.raises(ConfigError, match=next(iter(bad))):
            load_config(environ=bad)


def test_an_unreadable_or_huge_file_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot read"):
        load_config(tmp_path, environ={})
    huge = tmp_path / "config.toml"
    huge.write_text("#" * 1_100_000)
    with pytest.raises(ConfigError, match="longer"):
        load_config(huge, environ={})


def test_every_setting_is_documented_and_its_default_passes_its_own_check():
    flags = {name: known.default for name, known in SETTINGS.items()}
    assert load_config(flags=flags, environ={}) == Config(
        origins=dict.fromkeys(SETTINGS, "the command line")
    )
    assert len({variable(name) for name in SETTINGS}) == len(SETTINGS)
    for known in SETTINGS.values():
        assert len(known.doc) > 10
        assert bool(known.pattern) == bool(known.wanted), "a hint is no regular expression"
        if known.kind in (int, float):
            assert known.at_least is not None
            assert known.at_most is not None


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes):
    file = tmp_path_factory.mktemp("config") / "config.toml"
    file.write_bytes(raw)
    with contextlib.suppress(ConfigError):
        assert load_config(file, environ={}).network.network_id
