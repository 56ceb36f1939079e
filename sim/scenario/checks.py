"""What a scenario may not say although each of its values alone could be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sim.scenario.claims import labels_of, parsed
from sim.scenario.defences import DEFENCES
from sim.scenario.errors import Key, ScenarioError, nearest
from sim.scenario.names import (
    DATA,
    ENTRANCES,
    METHODS,
    METRICS,
    NETWORKS,
    PLAIN,
    REGIONS,
    SPEAKING,
    STRATEGIES,
)
from sim.scenario.schema import Compared, Followers, Scenario, Speaking, Sybil
from sim.scenario.settings import node_config, otherwise


def check(scenario: Scenario) -> None:
    """Raises ScenarioError for the first thing that cannot be; its key says where."""
    for key, word, known in _names(scenario):
        if word not in known:
            raise ScenarioError(f"there is no {word!r}", key, hint=nearest(word, known))
    node_config(scenario)
    for number, other in enumerate(scenario.compared):
        _compared(scenario, number, other)
    references = [number for number, one in enumerate(scenario.compared) if one.reference]
    if len(references) > 1:
        where: Key = ("compared", references[1], "reference")
        raise ScenarioError("there is a reference already", where)
    for problem in (*_people(scenario), *_times(scenario), *_lists(scenario)):
        raise problem
    labels = labels_of(scenario)
    for number, claim in enumerate(scenario.claim):
        try:
            parsed(claim.assert_, labels)
        except ScenarioError as error:
            at: Key = ("claim", number, "assert")
            raise ScenarioError(error.problem, at, hint=error.hint) from None


def _compared(scenario: Scenario, number: int, other: Compared) -> None:
    """Raises ScenarioError where the other settings cannot be."""
    at: Key = ("compared", number)
    try:
        node_config(otherwise(scenario, other))
    except ScenarioError as error:
        raise ScenarioError(error.problem, (*at, *error.key), hint=error.hint) from None
    if again := _twice(other.off):
        raise ScenarioError(f"{again} stands there twice", (*at, "off"))
    for name in ("off", "peer"):
        if other.set and getattr(other, name):
            raise ScenarioError(
                f"{name} and set exclude each other", (*at, name),
                hint="set begins from the method's own defaults",
            )  # fmt: skip


def _names(scenario: Scenario) -> Iterator[tuple[Key, str, Sequence[str]]]:
    """(where, name, what there is) of everything that is a name of something."""
    yield ("method",), scenario.method, METHODS
    yield ("world", "data"), scenario.world.data, DATA
    yield ("network", "topology"), scenario.network.topology, NETWORKS
    for number, name in enumerate(scenario.off):
        yield ("off", number), name, tuple(DEFENCES)
    for number, hostile in enumerate(scenario.adversary):
        at: Key = ("adversary", number)
        if isinstance(hostile, Speaking):
            yield (*at, "how"), hostile.how, SPEAKING
        elif isinstance(hostile, Sybil):
            yield (*at, "topology"), hostile.topology, REGIONS
            yield (*at, "strategy"), hostile.strategy, STRATEGIES
            yield (*at, "entrance"), hostile.entrance, ENTRANCES
    for number, other in enumerate(scenario.compared):
        yield ("compared", number, "method"), other.method, METHODS
        for place, name in enumerate(other.off):
            yield ("compared", number, "off", place), name, tuple(DEFENCES)


def _people(scenario: Scenario) -> Iterator[ScenarioError]:
    world = scenario.world
    people, planted = world.people, world.planted
    if world.data == "planted":
        at: Key = ("world", "planted")
        if people < 2:
            yield ScenarioError("a planted world has 2 people at least", ("world", "people"))
        if planted.friends >= people:
            yield ScenarioError(
                f"nobody has {planted.friends} friends among {people} people", (*at, "friends")
            )
        if planted.likes > planted.items:
            yield ScenarioError(
                f"nobody likes {planted.likes} of {planted.items} items", (*at, "likes")
            )
        if planted.clusters > min(planted.items, people):
            yield ScenarioError("there are more clusters than people or items", (*at, "clusters"))
    if world.held_out == 1:
        yield ScenarioError("held_out = 1 leaves nobody anything to say", ("world", "held_out"))
    if not people:
        return
    if scenario.questions.people > people:
        yield ScenarioError(
            f"{scenario.questions.people} of {people} people cannot be asked",
            ("questions", "people"),
            hint="0 asks all",
        )
    for number, hostile in enumerate(scenario.adversary):
        fooled = 0
        if isinstance(hostile, Followers):
            fooled, name = hostile.followers, "followers"
        elif isinstance(hostile, Speaking):
            fooled, name = hostile.vouched, "vouched"
            if hostile.words > scenario.searches.words:
                yield ScenarioError(
                    f"nobody searches for {hostile.words} words", ("adversary", number, "words"),
                    hint=f"searches.words is {scenario.searches.words}",
                )  # fmt: skip
        if fooled > people:
            yield ScenarioError(
                f"{people} people cannot give {fooled} edges", ("adversary", number, name)
            )


def _times(scenario: Scenario) -> Iterator[ScenarioError]:
    end, news, churn = scenario.time.duration_s, scenario.news, scenario.churn
    for number, part in enumerate(scenario.partition):
        if part.until <= part.at:
            yield ScenarioError(
                f"a partition ends at {part.until:g} s and begins at {part.at:g} s",
                ("partition", number, "until"),
            )
    if news.items and news.until_s < news.from_s:
        yield ScenarioError(
            f"news end at {news.until_s:g} s and begin at {news.from_s:g} s", ("news", "until_s")
        )
    if news.items and news.until_s > end:
        yield ScenarioError(
            f"news go on until {news.until_s:g} s in a world of {end:g} s", ("news", "until_s")
        )
    if churn.up_s and not churn.down_s:
        yield ScenarioError("who leaves stays away for more than 0 s", ("churn", "down_s"))
    if churn.joined_by_s > end:
        yield ScenarioError(
            f"the last joins at {churn.joined_by_s:g} s in a world of {end:g} s",
            ("churn", "joined_by_s"),
        )


def _lists(scenario: Scenario) -> Iterator[ScenarioError]:
    if not scenario.fidelities:
        yield ScenarioError("a scenario runs in one fidelity at least", ("fidelities",))
    if again := _twice(scenario.fidelities):
        yield ScenarioError(f"{again} stands there twice", ("fidelities",))
    if again := _twice(scenario.off):
        yield ScenarioError(f"{again} stands there twice", ("off",))
    labels = [one.label for one in scenario.compared]
    for number, label in enumerate(labels):
        key: Key = ("compared", number, "label")
        if label in labels[:number]:
            yield ScenarioError(f"{label!r} is another's label", key)
        if label == PLAIN or label in METRICS:
            yield ScenarioError(f"{label!r} has its meaning already", key)


def _twice(words: Iterable[str]) -> str:
    return next((str(word) for word, times in Counter(words).items() if times > 1), "")
