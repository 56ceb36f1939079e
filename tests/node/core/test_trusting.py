"""Which word about whom stands, and who may not count at all."""

from dataclasses import replace

import numpy as np
import pytest

from node.core.author_rows import free_author_rows
from node.core.events import Compute
from node.core.state import VECTORS_MAX
from node.core.trusting import (
    LOCAL,
    Stamp,
    TrustDesk,
    Walked,
    WalkJob,
    highest_trust,
    set_priorities,
)
from protocol.claims import Click, Vouch
from protocol.ids import AuthorKey, DeviceId, Lane
from protocol.limits import SEQ_MAX
from ranking.graph import PROTECTED, GraphConfig
from ranking.priorities import PRIOR_SHARED
from ranking.trust_vector import TrustVector
from tests.node.core.peer_world import CONFIG, Refused, World, heard_by
from tests.node.core.scribe import Scribe, rates
from trust.config import TrustConfig, VouchConfig
from trust.kept_walks import KeptWalks, WalkGraph


def key(n: int) -> AuthorKey:
    return Scribe(n).author


def at(seq: int, device: int = 0) -> Stamp:
    return seq, DeviceId(device.to_bytes(8, "big"))


@pytest.fixture
def graph():
    return World().node("ada").state.graph


@pytest.fixture
def desk(graph):
    return TrustDesk(graph, TrustConfig(walks=500))


def test_the_latest_word_stands_and_of_equal_ones_the_last(desk, graph):
    row = graph.author_row(key(1))
    desk.vouch(row, key(2), 50, at(5, 2))
    desk.vouch(row, key(2), 10, at(4, 9))
    desk.vouch(row, key(2), 20, at(5, 1))
    assert list(desk.vouched_by(row).values()) == [50]
    desk.vouch(row, key(2), 60, at(5, 2))
    assert list(desk.vouched_by(row).values()) == [60]
    desk.vouch(row, key(2), 0, at(6, 1))
    assert desk.vouched_by(row) == {}
    desk.vouch(row, key(2), 70, at(5, 3))
    assert desk.vouched_by(row) == {}, "taking back is remembered"


def test_what_is_said_here_can_be_said_again_and_again():
    node = World().node("ada")
    for weight in (1, 0.2, -1, 0, 0.5):
        node.ask("trust", peer=key(1).hex(), weight=weight)
        held = node.vouches(node.author)
        assert held == ({key(1): round(weight * 100)} if weight else {})
    heard_by(node, [Scribe(2).says(Vouch(key(1), 10), lane=Lane.VOUCHES)])
    assert node.vouches(node.author) == {key(1): 50}


def test_the_same_vouches_give_the_same_walks_whatever_order_they_came_in():
    def trust(order):
        node = World().node("ada")
        for n in order:
            said = [Vouch(key((n + step) % 9), 20 + 7 * step) for step in order if step]
            heard_by(node, [Scribe(n).says(*said, lane=Lane.VOUCHES)])
        for n in order[:3]:
            node.state.graph.author_row(key(100 + n))
        for n in sorted(order)[:4] if order[0] else reversed(sorted(order)[:4]):
            node.ask("trust", peer=key(n).hex(), weight=0.3 + n / 10)
        return {t["author"]: round(t["t"], 6) for t in node.ask("trust_get")["trusted"]}

    forwards = trust([0, 1, 2, 3, 4, 5, 6, 7, 8])
    assert len(forwards) == 9
    assert trust([4, 8, 1, 0, 7, 3, 2, 6, 5]) == forwards


def circle():
    """Ada vouches for four people, who vouch for each other and for some further ones."""
    node = World().node("ada")
    for n in range(1, 5):
        said = [Vouch(key(to), 100) for to in (1 + n % 4, 10 + n, 20 + n)]
        heard_by(node, [Scribe(n).says(*said, lane=Lane.VOUCHES)])
        node.ask("trust", peer=key(n).hex(), weight=1.0)
    return node


def test_a_changed_vouch_leaves_walks_that_it_does_not_concern_as_they_are():
    node = circle()
    node.ask("trust_get")
    before = node.state.walks[node.owner.row]
    heard_by(node, [Scribe(11).says(Vouch(key(30), 100), lane=Lane.VOUCHES)])
    trusted = {entry["author"]: entry["t"] for entry in node.ask("trust_get")["trusted"]}
    after = node.state.walks[node.owner.row]
    moved = (before.walks != after.walks).any(axis=1)
    there = (after.walks == node.state.graph.author_row(key(11))).any(axis=1)
    assert trusted[key(30).hex()] > 0
    assert 0 < moved.sum() <= there.sum() < len(moved) / 4
    assert not (moved & ~there).any()


def test_equal_histories_give_equal_trust_and_a_fresh_start_the_seeds_own_walks():
    def asked_between(often):
        node = circle()
        for n in range(11, 15):
            heard_by(node, [Scribe(n).says(Vouch(key(30), 100), lane=Lane.VOUCHES)])
            if often:
                node.ask("trust_get")
        return {entry["author"]: entry["t"] for entry in node.ask("trust_get")["trusted"]}

    assert asked_between(often=True) == asked_between(often=True)
    once = asked_between(often=False)
    assert once == asked_between(often=False)
    assert asked_between(often=True) == pytest.approx(once, abs=0.02)


def test_walks_can_be_drawn_anew_each_time(desk, graph):
    me, config = graph.author_row(key(0)), replace(desk.config, keep_walks=False)
    desk.vouch(me, key(1), 100, LOCAL)
    jobs = [
        WalkJob(desk.compiled(), me, made, desk.refused, seed=1, version=desk.version)
        for made in (desk.config, config)
    ]
    kept, anew = (job.run() for job in jobs)
    assert kept.kept is not None
    assert anew.kept is None
    assert (kept.vector.walks == anew.vector.walks).all()


def test_so_many_peoples_walks_are_kept():
    node = World().node("ada")
    vector = TrustVector.everyone_equal(3, 0)
    empty = np.zeros(10, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    walks = KeptWalks(WalkGraph(*empty), np.zeros((1, 2), np.int32), 0.15)
    for row in range(VECTORS_MAX + 2):
        node.state.keep_walked(1, Walked(replace(vector, owner=row), walks))
    assert [*node.state.walks] == [*node.state.vectors] == [*range(2, VECTORS_MAX + 2)]


def test_barring_is_by_key_and_for_two_reasons_that_do_not_mix(desk, graph):
    desk.block(key(1), True)
    assert desk.refused.tolist() == [], "no row yet"
    row = graph.author_row(key(1))
    assert desk.refused.tolist() == [row]
    desk.disown(key(1))
    desk.block(key(1), False)
    assert desk.refuses(key(1))
    assert desk.refused.tolist().count(row) == 1
    assert not desk.refuses(key(2))


def test_a_barred_author_is_reached_by_no_walk(desk, graph):
    me = graph.author_row(key(0))
    for n in (1, 2):
        desk.vouch(me, key(n), 100, LOCAL)
        desk.vouch(graph.author_row(key(n)), key(9), 100, at(1))
    desk.disown(key(9))
    desk.disown(key(1))
    job = WalkJob(desk.compiled(), me, desk.config, desk.refused, seed=1, version=desk.version)
    t = job.run().vector.t
    assert t[graph.author_row(key(2))] > 0
    assert t[graph.author_row(key(9))] == t[graph.author_row(key(1))] == 0


def test_a_bundles_vouches_are_heard_at_once_in_their_order(desk, graph):
    rows = [graph.author_row(key(n)) for n in (1, 2)]
    authors = [key(2), key(3), key(3), key(1)]
    desk.vouch_many([rows[0]] * 3 + [rows[1]], authors, [50, 80, -20, 5], [at(3)] * 4)
    heard = [desk.vouched_by(row) for row in rows]
    assert heard == [{rows[1]: 50, graph.author_row(key(3)): -20}, {rows[0]: 5}]


def test_without_rows_for_some_the_others_are_heard(desk, graph):
    me, known = graph.author_row(key(0)), graph.author_row(key(1))
    while graph.author_row(len(graph.authors).to_bytes(32, "big")) >= 0:
        pass
    desk.vouch_many([me] * 2, [key(77), key(1)], [50, 60], [at(1)] * 2)
    assert desk.vouched_by(me) == {known: 60}
    assert desk.compiled().out(me)[0].tolist() == [known]


def test_targets_stand_by_key_also_when_others_have_no_row(desk, graph):
    me = graph.author_row(key(0))
    while graph.author_row((len(graph.authors) * 7919 % 65_536).to_bytes(2) + bytes(30)) >= 0:
        pass
    nobody = AuthorKey(b"\xff" * 32)
    for row in range(me + 1, me + 200):
        name = AuthorKey(graph.authors.name(row))
        desk.vouch_many([me] * 2, [name, nobody], [50] * 2, [at(1)] * 2)
    names = [graph.authors.name(row) for row in desk.compiled().out(me)[0].tolist()]
    assert len(names) == 199
    assert names == sorted(names)


def test_nothing_in_her_own_feeds_stands_above_what_is_said_here(desk, graph):
    me = graph.author_row(key(0))
    desk.vouch(me, key(1), 70, LOCAL)
    desk.vouch(me, key(1), 10, at(SEQ_MAX, 2**64 - 2))
    assert list(desk.vouched_by(me).values()) == [70]


def test_the_version_goes_up_with_what_may_change_a_walk(desk, graph):
    me, version = graph.author_row(key(0)), desk.version
    acts = [
        lambda: desk.vouch(me, key(1), 50, at(5)),
        lambda: desk.block(key(3), True),
        lambda: desk.disown(key(4)),
        lambda: desk.forget_rows(np.zeros(graph.authors.rows, np.bool_)),
        lambda: desk.drop_caster(me),
    ]
    for act in acts:
        act()
        assert desk.version > version
        version = desk.version
    desk.drop_caster(me)
    assert desk.version == version


def test_statements_are_bounded_for_each_author_and_in_all(graph):
    caps = VouchConfig(vouches_per_author_max=4, statements_per_author_max=4, statements_max=10)
    desk = TrustDesk(graph, TrustConfig(), vouch_config=caps)
    me = graph.author_row(key(99))
    desk.protect(me)
    for n in range(5):
        row = graph.author_row(key(n))
        for target in range(20, 30):
            desk.vouch(row, key(target), 0 if target % 2 else 50, at(target))
        assert len(desk.vouched_by(row)) == (4, 3, 1, 0, 0)[n]
    full = desk.nbytes
    desk.vouch(me, key(20), 80, LOCAL)
    assert len(desk.vouched_by(me)) == 1, "whoever lives here is never refused"
    assert desk.nbytes == full + 21
    desk.make_room(np.zeros(graph.authors.rows, np.bool_))
    assert len(desk) == 1
    assert desk.nbytes == full + 21 - 10 * 21, "and hers is all that is left"


def test_there_is_room_to_make_only_when_it_is_nearly_full(graph):
    desk = TrustDesk(graph, TrustConfig(), vouch_config=VouchConfig(statements_max=100))
    for n in range(10):
        for target in range(20, 28):
            desk.vouch(graph.author_row(key(n)), key(target), 50, at(1))
    nobody = np.zeros(graph.authors.rows, np.bool_)
    assert desk.make_room(nobody) == 0
    for target in range(20, 40):
        desk.vouch(graph.author_row(key(11)), key(target), 50, at(1))
    nobody = np.zeros(graph.authors.rows, np.bool_)
    nobody[graph.author_row(key(0))] = True
    assert desk.make_room(nobody) == 92
    assert len(desk) == 8


# ------------------------------------------------------------------------------- who gives way
def test_priorities_are_set_for_every_row_at_once(graph):
    rows = [graph.author_row(key(n)) for n in range(1, 6)]
    graph.set_priority(rows[4], 0.9)
    worth = np.zeros(rows[3] + 1, np.float32)
    worth[rows[:3]] = 0.1, 0.2, 0.3
    set_priorities(graph, worth, [rows[2], rows[3]])
    order = graph.stalest_authors(graph.authors.rows).tolist()
    assert not {rows[2], rows[3]} & {*order}, "the kept ones never go"
    assert order[-2:] == rows[:2]
    assert rows[4] in order[:-2], "who came after the walks is a stranger"


class Narrow(GraphConfig):
    """Ample bytes, few edges."""

    @property
    def edges_max(self):
        return 640


def priority_of(node, n):
    graph = node.state.graph
    row = graph.author_row(key(n), create=False)
    return float(graph._standing.priority[row])


def likes(n, kind, first, last):
    return Scribe(n).says(*[rates(f"{kind}:{at}") for at in range(first, last)])


def acquaintances(liked_by_strangers):
    """Ada and her friend 1, who vouches alike for 2, of Ada's taste, and 3 and 4; strangers."""
    node = World().node("ada", replace(CONFIG, graph=Narrow(bytes_max=16 * 1024 * 1024)))
    for at in range(40):
        node.ask("like", item=f"o:{at}")
    heard_by(node, [likes(2, "o", 0, 40), likes(3, "u", 0, 40)])
    for first in range(0, liked_by_strangers, 40):
        heard_by(node, [likes(100 + first, "s", first, first + 40)])
    said = [Vouch(key(n), 100) for n in (2, 3, 4)]
    heard_by(node, [Scribe(1).says(*said, lane=Lane.VOUCHES)])
    node.ask("trust", peer=key(1).hex(), weight=1.0)
    node.world.run(7)
    return node


def test_while_there_is_room_only_trust_counts_and_the_graph_is_not_read():
    node = acquaintances(80)
    for n in (2, 3, 4):
        assert priority_of(node, n) == pytest.approx(PRIOR_SHARED * node.trust_in(key(n)))
    assert node.state.graph.statistics().snapshot_nbytes == 0
    assert priority_of(node, 1) == PROTECTED


def test_when_it_is_nearly_full_those_who_share_her_taste_stay_longest():
    node = acquaintances(400)
    assert priority_of(node, 2) == pytest.approx(node.trust_in(key(2)) * 40.1 / 41)
    assert priority_of(node, 3) == pytest.approx(node.trust_in(key(3)) * 0.1 / 41)
    assert priority_of(node, 4) == pytest.approx(node.trust_in(key(4)) * 0.1)
    assert priority_of(node, 100) == 0
    assert priority_of(node, 1) == PROTECTED


def test_newcomers_are_judged_when_enough_has_made_way_though_nobody_vouches_anew():
    node = acquaintances(400)
    newcomer, version = Scribe(4), node.state.trust.version
    heard_by(node, [newcomer.says(*[rates(f"v:{at}") for at in range(40)])])
    node.world.run(30)
    unheard = pytest.approx(node.trust_in(key(4)) * 0.1)
    assert priority_of(node, 4) == unheard, "nobody has made way yet"
    heard_by(node, [newcomer.says(*[rates(f"w:{at}") for at in range(160)])])
    assert node.state.graph.statistics().evicted >= 40
    node.world.run(7)
    held = len(node.edges(key(4)))
    assert held == 200
    assert priority_of(node, 4) == pytest.approx(node.trust_in(key(4)) * 0.1 / (held + 1))
    assert node.state.trust.version == version
    jobs = len(node.effects(Compute))
    node.world.run(30)
    assert len(node.effects(Compute)) == jobs, "and once is enough"


# ------------------------------------------------------------------------------------ author rows
SMALL = replace(CONFIG, graph=GraphConfig(bytes_max=512 * 1024))


def crowd(node, first, count):
    """A stranger names so many others in vouches."""
    scribe = Scribe(first)
    for at in range(0, count, 200):
        named = [Vouch(key(first + 1 + n), 50) for n in range(at, min(at + 200, count))]
        heard_by(node, [scribe.says(*named, lane=Lane.VOUCHES)])
    return scribe


def test_names_dropped_by_strangers_make_way_for_newcomers():
    node = World().node("ada", SMALL)
    graph = node.state.graph
    friend, second, blocked = Scribe(1), Scribe(2), key(3)
    node.ask("trust", peer=friend.author.hex())
    heard_by(node, [friend.says(rates("t:1"))])
    heard_by(node, [friend.says(Vouch(second.author, 80), lane=Lane.VOUCHES)])
    node.ask("block", target=blocked.hex())
    node.ask("trust", peer=key(4).hex(), weight=-1)
    stranger = crowd(node, 10_000, graph.config.authors_max)
    again = [Vouch(key(10_001 + n), 50) for n in range(100)]
    heard_by(node, [stranger.says(*again, lane=Lane.VOUCHES)])
    heard_by(node, [stranger.says(Click(("w",), "t:1", 0), lane=Lane.CLICKS)])
    assert len(graph.authors) == graph.config.authors_max
    with pytest.raises(Refused, match="no room for another author"):
        node.ask("trust", peer=key(5).hex())
    node.world.run(11)
    assert len(graph.authors) < 0.9 * graph.config.authors_max
    node.ask("trust", peer=key(5).hex(), weight=0.5)
    newcomer = Scribe(6)
    heard_by(node, [newcomer.says(rates("t:2"))])
    assert node.edges(newcomer.author)
    assert node.edges(friend.author)
    assert node.vouches(friend.author) == {second.author: 80}
    assert node.trust_in(second.author) > 0
    assert node.vouches(node.author) == {friend.author: 100, key(4): -100, key(5): 50}
    for row in range(graph.authors.rows):
        for target in node.state.trust.vouched_by(row):
            assert graph.authors.in_use(target), "nobody vouches for a row that is free"
    heard_by(node, [friend.says(Vouch(blocked, 100), lane=Lane.VOUCHES)])
    assert node.trust_in(blocked) == 0


def test_rows_that_a_running_job_reads_stand_for_nobody_else_before_it_ends():
    node = World().node("ada", SMALL)
    graph = node.state.graph
    crowd(node, 10_000, graph.config.authors_max)
    row = graph.author_row(key(10_050))
    node.lazy = True
    node.submit("recommend")
    trusted = highest_trust(graph, []) > 0
    assert free_author_rows(node.state, trusted) > 0
    assert graph.authors.name(row) == key(10_050)
    node.release()
    assert not graph.authors.in_use(row)
