"""What the cap on handshakes is worth at the node's own settings; red without it."""

from node.shell.child.gate import AcceptGate
from node.shell.network import NetworkConfig


async def test_silent_sockets_hold_few_places():
    caps = NetworkConfig()
    gate = AcceptGate(
        pending_max=caps.pending_max,
        pending_per_address_max=caps.pending_per_address_max,
        room=lambda: True,
    )
    for _ in range(100):
        gate.admit("one")
    assert gate.pending == 16
    for number in range(1_000):
        gate.admit(f"other {number}")
    assert gate.pending == 128
