"""Our own method: the node's code, its parameters by name."""

import numpy as np
import pytest

from ranking.config import Method
from ranking.recommend import RecommendRequest, recommend
from sim.methods.grapevine import Grapevine
from sim.methods.method import World
from sim.methods.registry import method
from tests.sim.attacks.towns import PEOPLE, town
from trust.config import ConnectivityDecay
from trust.meritrank import trust_from


def test_a_list_is_what_the_node_would_show() -> None:
    world = town()
    ours = Grapevine()
    assert world.vouches is not None
    for person in range(0, PEOPLE, 7):
        shown = ours.prepare(world).rank(person, 10, np.random.default_rng(person))
        rng = np.random.default_rng(person)
        trust = trust_from(world.vouches, person, ours.trust, rng)
        request = RecommendRequest(n=10, config=ours.rank)
        theirs = recommend(world.snapshot, trust, request, rng)
        assert shown.item.tolist() == [entry.item for entry in theirs.items]


def test_everybody_is_trusted_alike_where_nothing_is_known_of_trust() -> None:
    found = Grapevine().prepare(World(town().snapshot)).rank(3, 10, np.random.default_rng(1))
    assert found.item.size == 10


def test_parameters_go_by_name_to_walks_or_ranking() -> None:
    ours = method("grapevine", {"alpha": "0.3", "walks": 500, "item_walks": 700, "exponent": 1})
    assert isinstance(ours, Grapevine)
    assert (ours.trust.alpha, ours.trust.walks) == (0.3, 500)
    assert (ours.rank.walks, ours.rank.exponent) == (700, 1.0)
    named = Grapevine.of(connectivity="none", method="sampled", separation="none", gamma="0.5")
    assert named.trust.connectivity is ConnectivityDecay.NONE
    assert named.rank.method is Method.SAMPLED
    assert (named.rank.separation, named.trust.gamma) == (None, 0.5)


@pytest.mark.parametrize("wrong", [{"alpah": 1}, {"alpha": 2}, {"connectivity": "strange"}])
def test_wrong_parameters_are_refused(wrong: dict[str, float | str]) -> None:
    with pytest.raises(ValueError, match=r"alpa|alpha|strange"):
        Grapevine.of(**wrong)
