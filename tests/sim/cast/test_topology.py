"""Who dials whom at the start."""

from random import Random

import pytest

from sim.cast.topology import choose
from tests.sim.virtual.small import people, ring_of_friends


def pairs(chosen):
    return [(min(a, b), max(a, b)) for a, others in enumerate(chosen) for b in others]


@pytest.mark.parametrize("topology", ["random", "ring", "interest"])
@pytest.mark.parametrize(("peers", "degree"), [(1, 8), (2, 8), (5, 8), (40, 8), (40, 1), (40, 0)])
def test_nobody_links_to_herself_or_twice_and_all_have_the_degree_on_average(
    topology, peers, degree
):
    chosen = choose(topology, degree, peers, Random(1), ring_of_friends(peers))
    found = pairs(chosen)
    assert len(chosen) == peers
    assert all(a != b for a, b in found)
    assert len(set(found)) == len(found) or peers == 2
    if peers == 40 and degree == 8:
        assert len(found) == 40 * 4
    if degree == 0:
        assert not found


def test_a_ring_links_neighbours_only():
    chosen = choose("ring", 4, 10, Random(1), ring_of_friends(10))
    assert chosen[3] == [4, 5]
    assert chosen[9] == [0, 1]


def test_half_of_the_links_by_interest_go_to_people_with_an_item_in_common():
    likes = [[person % 4] for person in range(80)]
    population = people(likes, [])
    alike = sum(
        one % 4 == other % 4
        for one, other in pairs(choose("interest", 8, 80, Random(2), population))
    )
    uniform = sum(
        one % 4 == other % 4 for one, other in pairs(choose("random", 8, 80, Random(2), population))
    )
    assert alike > 0.5 * 320
    assert uniform < 0.35 * 320


def test_hostile_peers_beyond_the_people_are_linked_like_anybody():
    chosen = choose("interest", 8, 60, Random(3), ring_of_friends(40))
    assert all(len(others) == 4 for others in chosen)


def test_an_unknown_topology_is_refused():
    with pytest.raises(ValueError, match="star"):
        choose("star", 8, 4, Random(1), ring_of_friends(4))
