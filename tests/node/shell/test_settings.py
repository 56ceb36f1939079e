"""Every setting reaches the part that it is about."""

from dataclasses import replace

import pytest

from node.config import SETTINGS, Config, load_config
from node.shell.settings import network_config, peer_config

ELSEWHERE = {
    "node.log_level": "the command that starts the daemon",
    "node.log_bytes_max": "the command that starts the daemon",
    "gossip.upload_bytes_per_s": "node.shell.links",
    "query.remote": "node.shell.daemon",
    "query.allowed": "node.shell.daemon",
    "query.remote_per_minute": "node.shell.remote_queries",
}
"""Settings that are read where they are used."""

OTHER = {
    "network.listen": ("/ip4/10.0.0.1/tcp/7",),
    "network.bootstrap": ("/ip4/10.0.0.2/tcp/7/p2p/x",),
    "network.network_id": "other",
    "network.inbound_per_address_max": 9,
}


def another(name: str) -> object:
    """A valid value that is not the default."""
    known = SETTINGS[name]
    if name in OTHER:
        return OTHER[name]
    if isinstance(known.default, bool):
        return not known.default
    assert isinstance(known.default, int | float)
    return known.default + 1


def built(config: Config) -> str:
    return repr((peer_config(config), network_config(config)))


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in ELSEWHERE])
def test_a_changed_setting_changes_what_is_built(name: str):
    changed = load_config(None, flags={name: another(name)}, environ={})  # type: ignore[dict-item]
    assert built(changed) != built(Config())


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in ELSEWHERE])
def test_whatever_the_config_allows_can_be_built(name: str):
    known = SETTINGS[name]
    for end in (known.at_least, known.at_most):
        if end is not None:
            value = type(known.default)(end)
            built(load_config(None, flags={name: value}, environ={}))  # type: ignore[dict-item]


@pytest.mark.parametrize(("connections", "kept"), [(64, 48), (4, 8), (11, 8), (100, 75)])
def test_a_quarter_of_the_connections_is_for_newcomers(connections: int, kept: int):
    config = Config(network=replace(Config().network, connections_max=connections))
    assert peer_config(config).links_kept == kept


def test_room_is_made_before_gossip_turns_links_away():
    config = Config(network=replace(Config().network, connections_max=1_024))
    peer = peer_config(config)
    assert peer.links_kept < peer.gossip.links_max


def test_discoveries_are_slots_of_twenty_and_may_be_none():
    rank = Config().rank
    for discoveries, every in [(0, 0), (1, 20), (2, 10), (5, 4), (10, 2)]:
        config = Config(rank=replace(rank, discoveries=discoveries))
        assert peer_config(config).rank.discovery_every == every


@pytest.mark.parametrize(
    ("listen", "private"),
    [
        (("/ip4/0.0.0.0/tcp/0",), False),
        (("/ip6/::/tcp/0",), False),
        (("/ip4/127.0.0.1/tcp/0",), True),
        (("/ip4/192.168.1.4/tcp/4001", "/ip6/::1/tcp/4001"), True),
        (("/ip4/192.168.1.4/tcp/4001", "/ip4/8.8.8.8/tcp/4001"), False),
        (("/dns4/example.org/tcp/1",), False),
        ((), False),
    ],
)
def test_a_node_that_listens_on_private_addresses_alone_dials_them(
    listen: tuple[str, ...], private: bool
):
    config = Config(network=replace(Config().network, listen=listen))
    assert peer_config(config).dial.private is private
