"""Handshakes under a cap: whoever is silent loses the place, whoever comes gets one."""

from hypothesis import given
from hypothesis import strategies as st

from node.shell.child.gate import AcceptGate, Ticket


def gate(*, pending_max: int = 8, per_address: int = 3, room: bool = True) -> AcceptGate:
    return AcceptGate(
        pending_max=pending_max, pending_per_address_max=per_address, room=lambda: room
    )


def admitted(made: AcceptGate, address: str) -> Ticket:
    ticket = made.admit(address)
    assert ticket is not None
    return ticket


async def test_the_oldest_of_an_address_makes_room_for_its_next():
    made = gate(per_address=2)
    first, second = admitted(made, "a"), admitted(made, "a")
    other = admitted(made, "b")
    third = admitted(made, "a")
    assert [t.scope.cancel_called for t in (first, second, other, third)] == [True] + [False] * 3
    assert (made.pending, made.refused) == (3, 1)


async def test_when_all_is_full_the_busiest_address_loses_one():
    made = gate(pending_max=4, per_address=3)
    busy = [admitted(made, "busy") for _ in range(3)]
    lone = admitted(made, "lone")
    newcomer = admitted(made, "new")
    assert [t.scope.cancel_called for t in busy] == [True, False, False]
    assert not lone.scope.cancel_called
    assert not newcomer.scope.cancel_called
    assert made.pending == 4


async def test_without_room_nobody_begins_and_nobody_ends_a_handshake():
    full = gate(room=False)
    assert full.admit("a") is None
    assert full.refused == 1
    rooms = [True, False]
    made = AcceptGate(pending_max=4, pending_per_address_max=4, room=lambda: rooms.pop(0))
    ticket = admitted(made, "a")
    assert not made.settle(ticket)
    assert (made.pending, made.refused) == (0, 1)


async def test_leaving_twice_is_harmless():
    made = gate()
    ticket = admitted(made, "a")
    assert made.settle(ticket)
    made.leave(ticket)
    assert made.pending == 0


@given(st.lists(st.tuples(st.sampled_from("aaab cd"), st.integers(0, 9)), max_size=200))
async def test_the_caps_hold_whatever_comes_and_goes(steps):
    made = gate(pending_max=6, per_address=3)
    open_now: list[Ticket] = []
    for address, choice in steps:
        if choice < 6 or not open_now:
            open_now.append(admitted(made, address))
            assert not open_now[-1].scope.cancel_called
        else:
            made.leave(open_now.pop(choice % len(open_now)))
        open_now = [ticket for ticket in open_now if not ticket.scope.cancel_called]
        assert made.pending == len(open_now) <= 6
        assert all(sum(t.address == a for t in open_now) <= 3 for a in "abcd ")
