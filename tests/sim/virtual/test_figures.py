"""Figures of a finished world."""

import math

import pytest

from sim.scenario.schema import News
from sim.virtual.figures import Cost, Course, metrics_of, samples_of
from tests.sim.virtual.small import world
from tests.sim.virtual.test_asking import alike


@pytest.fixture(scope="module")
def finished():
    made = world(alike(), news=News(items=3, from_s=5, until_s=9))
    course = Course({})
    for second in (5, 10, 20):
        made.run(second)
        course.note(made)
    made.ask_everybody()
    return made, course


def test_all_figures_of_a_run_stand_there_and_add_up(finished):
    made, _ = finished
    found = metrics_of(made, made.inquiry.lists, Cost(2.0, 8_000_000))
    assert found["coverage"] == 1
    assert 0 < found["rounds_to_99"] <= found["rounds_to_99_max"] < 5
    assert found["exchanges"] == pytest.approx(8 * 20, rel=0.1)
    assert found["messages"] == made.wires.frames
    assert found["bytes_per_peer_s"] == pytest.approx(made.wires.bytes / 8 / 20)
    kept = sum(host.store.received_bytes for host in made.hosts)
    assert found["bytes_per_new_byte"] == pytest.approx(made.wires.bytes / kept)
    assert found["cpu_s_per_peer"] == 0.25
    assert found["bytes_of_memory_per_peer"] == 1_000_000
    assert found["fakes"] == 0
    assert found["offences"] == found["refused"] == 0
    assert found["redundancy"] >= 0
    steady = made.steady
    assert steady.bundles == 3 * 7
    assert 200 * steady.bundles < steady.kept < steady.sent < made.wires.bytes
    share = steady.sent / (1.2 * steady.kept + 250 * steady.bundles)
    assert found["news_bytes_share"] == pytest.approx(share)
    assert math.isnan(found["gain_per_edge"])
    assert math.isnan(found["newcomer_s"])


def test_accuracy_is_that_of_the_lists(finished):
    made, _ = finished
    samples = samples_of(made, made.inquiry.lists)
    wanted = made.population.wanted
    for shown, recall in zip(made.inquiry.lists, samples["recall"], strict=True):
        assert recall == (wanted.of_person(shown.person)[0] in shown.items)
    assert samples["recall"].mean() > 0


def test_lines_have_a_point_for_each_note(finished):
    _, course = finished
    assert [at for at, _ in course.series["peers"]] == [5, 10, 20]
    assert course.series["coverage"][-1] == (20, 1.0)
    assert "exposure" not in course.series
