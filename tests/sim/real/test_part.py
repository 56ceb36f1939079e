"""Who is who follows from the scenario, the seed and a number."""

import pytest

from protocol.signing import Signer
from sim.cast.config import config_of
from sim.cast.people import keys_of
from sim.real.part import LISTEN
from sim.scenario.schema import Speaking, Sybil
from tests.sim.real.plays import small


def test_hostile_peers_come_after_the_people_adversary_by_adversary() -> None:
    play = small(adversary=(Sybil(peers=2, edges=2), Speaking(how="flood", peers=1)))
    assert (play.people, play.peers) == (3, 6)
    found = [play.adversary_of(number) for number in range(6)]
    assert found == [None, None, None, (0, 0), (0, 1), (1, 0)]
    with pytest.raises(ValueError, match="no peer 6"):
        play.adversary_of(6)


def test_keys_are_those_of_virtual_runs() -> None:
    play = small()
    keys = [Signer(play.secret(number)).public_key for number in range(4)]
    assert tuple(keys[:3]) == keys_of(1, 3)
    assert len({*keys, *(Signer(play.transport_secret(n)).public_key for n in range(4))}) == 8


def test_settings_are_those_of_virtual_runs_and_the_network_stays_at_home() -> None:
    play = small(peer={"trust.walks": 777, "transport.handshake_s": 3.0}, off=("beta",))
    assert play.settings().trust == config_of(play.scenario, play.population).trust
    assert play.settings().trust.walks == 777
    assert play.settings().dial.private
    transport = play.transport()
    assert transport.listen == (LISTEN,)
    assert transport.handshake_s == 3
    outside = transport.bootstrap, transport.mdns, transport.autonat, transport.relay_client
    assert not any(outside)
