"""Every adversary that a scenario may name can be built, and there is no other."""

from random import Random

import pytest

from sim.adversaries import SPEAKING, hostile_of
from sim.adversaries.eclipse import Eclipser
from sim.adversaries.feeds import Camouflaged
from sim.adversaries.sybils import Sybils
from sim.scenario import names
from sim.scenario.schema import Eclipse, Followers, Speaking, Sybil
from tests.sim.adversaries.arena import scene


def test_what_scenarios_may_name_is_what_there_is():
    assert set(names.SPEAKING) == set(SPEAKING)


@pytest.mark.parametrize("how", names.SPEAKING)
def test_every_way_of_speaking_runs_and_leaves_honest_peers_alone(how: str):
    made = scene(Speaking(how=how, rate_per_s=2), friends=3, fooled=(0,))
    kind = SPEAKING[how]
    assert isinstance(made.mallory.peer, kind)
    made.world.run(5)
    made.news_arrives()
    made.honest_links_hold()


@pytest.mark.parametrize(
    ("spec", "kind"),
    [(Sybil(edges=1), Sybils), (Followers(followers=2), Sybils), (Eclipse(), Eclipser)],
)
def test_each_table_has_its_peer(spec, kind):
    made = scene(spec, link=False)
    assert isinstance(made.mallory.peer, kind)


def test_camouflage_begins_before_it_turns():
    made = scene(Speaking(how="camouflage", from_s=50), link=False)
    made.world.run(1)
    assert isinstance(made.mallory.peer, Camouflaged)
    assert made.mallory.peer.hostile


def test_a_name_that_is_none_is_refused():
    made = scene(Speaking(how="flood"), link=False)
    with pytest.raises(ValueError, match="whisper"):
        hostile_of(
            Speaking(how="whisper"), made.mallory.inside, Random(1), number=0, stage=made.stage
        )
