"""What status takes for a fault of the node, and what is advice."""

from tests.node.core.peer_world import World, like_all


def test_what_waits_to_leave_is_a_fault_only_when_nobody_would_send_it():
    node = World().node("ada")
    like_all(node, ["t:1"])
    assert node.ask("status")["faults"] == [], "nobody is trusted, nobody connected: advice"
    node.ask("share_set", taste=True)
    waiting = node.ask("status")
    assert (waiting["sharing"]["pending"], waiting["faults"]) == (1, [])
    node.owner.dirty = False
    [fault] = node.ask("status")["faults"]
    assert "does not leave" in fault
    node.owner.publishing = True
    assert node.ask("status")["faults"] == []


def test_what_is_kept_for_the_last_askers_is_counted_apart():
    node = World().node("ada")
    like_all(node, ["t:1"])
    assert node.ask("status")["graph"]["views_bytes"] == 0
    node.ask("recommend")
    graph = node.ask("status")["graph"]
    assert graph["views_bytes"] == node.state.views.nbytes > 0
